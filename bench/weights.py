"""Train the networks that come with the course: ``python bench/weights.py`` (all), or some by name.

Each lands in data/weights as three files: the run log, the weights, and a card. The training is the same to
the last bit on the same kind of CPU; elsewhere it ends within the card's error. A network that is there
already is not trained again; delete its files for that. ``cnnkit weights`` measures what is there.

It needs the real images (``cnnkit data get mnist``), and trains for a quarter of an hour of one core.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from cnnkit import data, nn
from cnnkit.data.derived import origin
from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnkit.network import Network
from cnnkit.nn.recipes import OPTIONS
from cnnkit.nn.trained import FOLDER

CARD = """# {name}

{what}

- **Network**: {parameters:,} parameters, {size:,} bytes of weights.

```
{network}
```

- **Trained on**: {trained}, {examples:,} images in {updates:,} updates, {seconds:,.0f} CPU seconds of one
  thread. Options, every default resolved, and the curve: `{name}.jsonl`.
- **Validation**: {validation}. The checkpoint is the best one on these images.
- **Test**: {test}. The test images were used once, at the end.
  `cnnkit weights` measures both again.
- **Limits**: {limits}
- **Licence**: BSD-3-Clause, as cnnkit. The images are not in it; `data/README.md` says whose they are.
- **Again**: `python bench/weights.py {name}`.
"""


@dataclass(frozen=True)
class Plan:
    """What is trained how, and what its card says."""

    network: Network
    dataset: str
    options: dict[str, Any]
    what: str
    limits: str


def digits() -> Network:
    """Return a network whose maps are large enough to be looked at, and few enough to be drawn live."""
    layers: list[Layer] = []
    for in_channels, out_channels in ((1, 16), (16, 32)):
        layers += [Conv2d(in_channels, out_channels, 5, padding=2), ReLU(), MaxPool2d(2)]
    return Network((1, 28, 28), [*layers, Flatten(), Linear(32 * 7 * 7, 10)], name="digits")


def cifar10() -> Network:
    """Return a network with 64 filters of 5x5 to look at, and four convolutions more to look through."""
    layers: list[Layer] = []
    before = 3
    for place, (width, kernel) in enumerate(((64, 5), (64, 3), (96, 3), (128, 3), (160, 3))):
        layers.append(Conv2d(before, width, kernel, padding=kernel // 2, bias=False))
        layers += [MaxPool2d(2)] if place % 2 == 0 else []
        layers += [BatchNorm2d(width), ReLU()]
        before = width
    return Network((3, 32, 32), [*layers, Flatten(), Linear(before * 4 * 4, 10)], name="cifar10")


def five_classes() -> Network:
    """Return a network small enough to be trained further, with a fresh last layer, in seconds."""
    layers: list[Layer] = []
    for before, width in ((3, 32), (32, 64), (64, 128)):
        layers += [Conv2d(before, width, 3, padding=1, bias=False), BatchNorm2d(width), ReLU(), MaxPool2d(2)]
    return Network((3, 32, 32), [*layers, Flatten(), Linear(128 * 4 * 4, 5)], name="five_classes")


PLANS = {
    "digits": Plan(
        digits(),
        "mnist",
        {
            "epochs": 5,
            "batch_size": 128,
            "optimizer": "adam",
            "lr": 0.003,
            "schedule": nn.schedule.OneCycle(peak=0.2),
            "augment": ["shift"],
            "seed": 1,
        },
        "A classifier of handwritten digits, for drawing a digit and watching every layer answer.",
        "Digits in MNIST's manner: light strokes on black, in the middle of 28 × 28 pixels, moved by a few"
        " pixels at most. It answers with a digit whatever it is shown.",
    ),
    "cifar10": Plan(
        cifar10(),
        "cifar10",
        OPTIONS | {"epochs": 16, "augment": ["flip", "shift"], "seed": 1},
        "A classifier of small colour photographs: 64 filters to look at, five convolutions to look through.",
        "Ten classes of CIFAR-10, 32 × 32 pixels, one thing in the middle. It names one of the ten whatever"
        " it is shown.",
    ),
    "five_classes": Plan(
        five_classes(),
        "cifar10 of 0-4",
        {
            "epochs": 15,
            "optimizer": "adam",
            "lr": 0.002,
            "schedule": nn.schedule.OneCycle(peak=0.2),
            "augment": ["flip", "shift"],
            "seed": 2026,  # one that nobody compares with, whose network would begin with the same numbers
        },
        "A classifier of five kinds of photographs, made to be taken over: it has never seen the other five.",
        "Airplanes, automobiles, birds, cats and deer of CIFAR-10. To tell other things apart, give it a new"
        " last layer and train that, or all of it, on images of those.",
    ),
}


def trained(name: str) -> nn.Run | None:
    """Train a network, or read it; None where its images are not here."""
    plan = PLANS[name]
    dataset = data.load(plan.dataset, download=False)
    if dataset.stand_in:
        print(f"{name}: {plan.dataset} is not here. Fetch it: cnnkit data get {origin(plan.dataset)[0]}")
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    log = FOLDER / f"{name}.jsonl"
    run = nn.fit(plan.network, dataset, log=log, **plan.options)
    log.with_suffix(".state.safetensors").unlink(missing_ok=True)  # to go on with it, which nobody will
    return run


def card(name: str, run: nn.Run) -> str:
    """Return the page about a trained network."""
    plan, last = PLANS[name], run.history[-1]
    return CARD.format(
        name=name,
        what=plan.what,
        limits=plan.limits,
        parameters=plan.network.ledger().total,
        size=(FOLDER / f"{name}.safetensors").stat().st_size,
        network=plan.network,
        trained=run.data["name"],
        examples=last.examples,
        updates=last.updates,
        seconds=last.cpu_seconds,
        validation=said(run.final.validation),
        test=said(run.final.test),
    )


def said(measured: nn.Metrics | None) -> str:
    """Return an accuracy with its standard error."""
    assert measured is not None
    return f"{measured.accuracy:.2%} ± {measured.standard_error:.2%} (n={measured.n:,})"


def main(names: list[str]) -> int:
    """Train what is asked for, and write the cards."""
    unknown = [name for name in names if name not in PLANS]
    if unknown:
        print(f"weights: there is no plan for {', '.join(unknown)}. There are {', '.join(PLANS)}.")
        return 2
    torch.set_num_threads(1)
    missing = False
    for name in names or PLANS:
        run = trained(name)
        missing |= run is None
        if run is not None:
            path = Path(FOLDER / f"{name}.md")
            path.write_text(card(name, run), encoding="utf-8")
            print(run, path, sep="\n")
    return int(missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
