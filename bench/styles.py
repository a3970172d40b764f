"""Train the transform networks that come with the course: ``python bench/styles.py`` (all), or some by name.

Each lands in data/weights/style as three files: the run log, the weights, and a card. The training is the
same to the last bit on the same kind of CPU; elsewhere it ends near it. A network that is there already is
not trained again; delete its files for that. ``cnnkit weights`` measures what is there.

It needs `nn.pretrained("cifar10")` as loss network and CIFAR-10's images (``cnnkit data get cifar10``), and
trains for three minutes of one core each.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import sys
from typing import Any

import numpy as np
import torch
from PIL import Image

from cnnkit import data, nn
from cnnkit.nn.style.painters import folder

CARD = """# {name}

{what}

- **Network**: `nn.style.TransformNetwork()`, {parameters:,} parameters, {size:,} bytes of weights.
- **Style**: `data.painting("{name}")`, painted by rule.
- **Trained on**: {examples:,} pieces of {crop} × {crop} pixels in {steps:,} steps, {seconds:,.0f} CPU
  seconds of one thread; half of them of scikit-learn's two photographs (at 640 and 320 pixels), half of
  {images} training images of CIFAR-10, enlarged four times. The loss network is `nn.pretrained("cifar10")`,
  content {content_layers}, style {style_layers}. Options and the curve: `{name}.jsonl`.
- **Measured** on `data.photograph("{photograph}")`: content {content:.4f}, style {style:.4f}, as shares
  (1: nothing of it); the photograph itself, unpainted, has content 0 and style {before:.4f}. `cnnkit weights`
  measures it again. It is one of the photographs that it was trained on.
- **Limits**: {limits}
- **Licence**: BSD-3-Clause, as cnnkit. The images are not in it; `data/README.md` says whose they are.
- **Again**: `python bench/styles.py {name}`.
"""
LIMITS = (
    "Strokes are as wide as those of the painting at 256 pixels, whatever the size of the picture. It knows"
    " two photographs well, and others less."
)
PHOTOGRAPH = "china"
IMAGES = 200

SHARED: dict[str, Any] = {
    "steps": 1800,
    "batch_size": 2,
    "crop": 128,
    "lr": 0.003,
    "content_layers": ["relu2", "relu3"],
    "precision": "bfloat16",
    "seed": 1,
}
PLANS: dict[str, tuple[dict[str, Any], str]] = {
    "waves": (
        {"style_weight": 6.0},
        "Paints a picture in strokes of blue, with gold where it is light.",
    ),
    "mosaic": (
        {"style_weight": 8.0},
        "Lays a picture out in tiles of coloured glass with dark joints.",
    ),
    "ink": (
        {"style_weight": 15.0, "variation_weight": 2.0},
        "Draws a picture in black hatching on warm paper; the painting's red has got lost on the way.",
    ),
}


def contents() -> list[np.ndarray]:
    """Return the pictures to learn on: photographs and images, each half of the list."""
    photographs = [data.photograph(name, size=size) for name in ("china", "flower") for size in (640, 320)]
    cifar = data.load("cifar10", download=False)
    if cifar.stand_in:
        raise SystemExit("styles: cifar10 is not here. Fetch it: cnnkit data get cifar10")
    small = cifar.train.take(IMAGES, seed=0).images
    large = [
        Image.fromarray(x.transpose(1, 2, 0)).resize((128, 128), Image.Resampling.BICUBIC) for x in small
    ]
    return photographs * (IMAGES // len(photographs)) + [np.asarray(x).transpose(2, 0, 1) for x in large]


def trained(name: str) -> nn.style.StyleRun:
    """Train a network, or read it."""
    if name in nn.style.shipped():
        return nn.style.pretrained(name)
    options, _ = PLANS[name]
    return nn.style.fit_style(
        data.painting(name),
        contents(),
        measured_on=data.photograph(PHOTOGRAPH),
        log=folder() / f"{name}.jsonl",
        **SHARED,
        **options,
    )


def card(name: str, run: nn.style.StyleRun) -> str:
    """Return the page about a trained network."""
    last, options = run.history[-1], run.options
    unpainted = nn.style.transfer(
        data.photograph(PHOTOGRAPH), data.painting(name), steps=1, progress=False
    ).history[0]
    return CARD.format(
        name=name,
        what=PLANS[name][1],
        limits=LIMITS,
        parameters=sum(weight.numel() for weight in run.model.parameters()),
        size=(folder() / f"{name}.safetensors").stat().st_size,
        examples=last.examples,
        crop=options["crop"],
        steps=last.steps,
        seconds=last.cpu_seconds,
        images=IMAGES,
        content_layers=", ".join(options["content_layers"]),
        style_layers=", ".join(options["style_layers"]),
        photograph=PHOTOGRAPH,
        content=run.final.content,
        style=run.final.style,
        before=unpainted.style,
    )


def main(names: list[str]) -> int:
    """Train what is asked for, and write the cards."""
    unknown = [name for name in names if name not in PLANS]
    if unknown:
        print(f"styles: there is no plan for {', '.join(unknown)}. There are {', '.join(PLANS)}.")
        return 2
    torch.set_num_threads(1)
    for name in names or PLANS:
        run = trained(name)
        path = folder() / f"{name}.md"
        path.write_text(card(name, run), encoding="utf-8")
        print(run, path, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
