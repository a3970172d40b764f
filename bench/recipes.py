"""How far the recipes get on real CIFAR-10 in a given number of CPU seconds: ``python bench/recipes.py``.

The smallest budget with one seed (two CPU-minutes), or ``--seconds 120 600 1200 --seeds 0 1 2`` for the whole
challenge (96 CPU-minutes); ``--keep`` writes what is shown, and the run logs, to docs/results/challenge. One
thread; only the seconds of training count, as ``cnnkit.nn.fit`` counts them. The test images are looked at
once, at the end of each run; "mirrored" is the same network, its logits averaged over each image and its
mirror image. A run that was finished before is read from build/challenge and not trained again.

Without CIFAR-10 (``cnnkit data get cifar10``) there is nothing to measure.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import shutil
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path
from statistics import mean, variance

import torch

from cnnkit import data, nn

ROOT = Path(__file__).parents[1]
RUNS, RESULTS = ROOT / "build/challenge", ROOT / "docs/results/challenge"
AIMS = {120: 0.79, 600: 0.87, 1200: 0.90}
HEAD = (
    "CPU seconds",
    "network",
    "parameters",
    "epochs",
    "validation",
    "test",
    "mirrored",
    "seeds",
    "aim",
    "",
)
PAGE = """# The challenge: CIFAR-10 in so many CPU seconds

{table}

Accuracies are means over the seeds ± one standard error (of the seeds and of the images together). Training
takes the CPU seconds of the first column on one thread; evaluations are not in them. No pretrained weights;
the best checkpoint by validation (5,000 images cut out of the training images); the 10,000 test images were
used once, at the end of each run. *Mirrored*: logits averaged over each image and its mirror image.
torch {torch} with {capability}; how many epochs the seconds buy depends on the machine.

Test accuracy of each run, as its log beside this page ends:

{runs}

Again: `python bench/recipes.py --seconds {seconds} --seeds {seeds} --keep`.
"""


class Mirrored(torch.nn.Module):
    """A model whose logits are the mean over an image and its mirror image."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N, classes)."""
        mean: torch.Tensor = (self.model(x) + self.model(x.flip(3))) / 2
        return mean


def trained(seconds: int, seed: int, cifar: data.Dataset) -> tuple[nn.Run, nn.Metrics]:
    """Train, or read what was trained; return the run and the test metrics with mirror images."""
    RUNS.mkdir(parents=True, exist_ok=True)
    every = 3 * len(cifar.train)
    log = RUNS / f"{seconds}-seconds-seed-{seed}.jsonl"
    run = nn.recipe(seconds).fit(cifar, seed=seed, log=log, evaluate_every=every)
    assert run.model is not None
    return run, nn.evaluate(Mirrored(run.model), cifar.test)


def accuracy(found: Sequence[nn.Metrics]) -> str:
    """Return the mean over seeds and its standard error."""
    values = [each.accuracy for each in found]
    spread = variance(values) / len(values) if len(values) > 1 else 0.0
    return f"{mean(values):.1%} ± {sqrt(spread + mean(each.standard_error**2 for each in found)):.1%}"


def row(seconds: int, results: Sequence[tuple[nn.Run, nn.Metrics]]) -> tuple[str, ...]:
    """Return one line of the table."""
    runs = [run for run, _ in results]
    network = runs[0].network
    assert network is not None
    finals = [(run.final.validation, run.final.test) for run in runs]
    validation, test = ([each for each in column if each] for column in zip(*finals, strict=True))
    aim = AIMS.get(seconds)
    reached = "" if aim is None else "reached" if mean(each.accuracy for each in test) >= aim else "MISSED"
    return (
        f"{seconds:,}",
        str(network.name),
        f"{network.ledger().trainable:,}",
        f"{mean(run.history[-1].epoch for run in runs):.1f}",
        accuracy(validation),
        accuracy(test),
        accuracy([mirrored for _, mirrored in results]),
        str(len(runs)),
        "" if aim is None else f"{aim:.0%}",
        reached,
    )


def markdown(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table."""
    yield from (f"| {' | '.join(cells)} |" for cells in (HEAD, ["---"] * len(HEAD), *rows))


def main() -> None:
    """Print one line for each budget."""
    parser = ArgumentParser(description="Train the recipes on CIFAR-10.")
    parser.add_argument("--seconds", type=int, nargs="+", default=[min(AIMS)], help="CPU seconds of training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--keep", action="store_true", help="write docs/results/challenge")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    cifar = data.load("cifar10")
    if cifar.stand_in:
        print("CIFAR-10 is not here: nothing to measure.")
        return
    rows, runs = [], []
    for seconds in asked.seconds:
        results = [trained(seconds, seed, cifar) for seed in asked.seeds]
        rows.append(row(seconds, results))
        runs += [run for run, _ in results]
    table = list(markdown(rows))
    print("", *table, sep="\n")
    if asked.keep:
        RESULTS.mkdir(parents=True, exist_ok=True)
        for run in runs:
            shutil.copy(str(run.log), RESULTS)
        lines = [
            f"- {run.config['seconds']:,.0f} seconds, seed {run.seed}: {run.final.test.accuracy:.2%}"
            f" ± {run.final.test.standard_error:.2%}, {run.history[-1].cpu_seconds:,.1f} CPU seconds,"
            f" n={run.final.test.n:,}"
            for run in runs
            if run.final.test
        ]
        page = PAGE.format(
            table="\n".join(table),
            runs="\n".join(lines),
            torch=torch.__version__.partition("+")[0],
            capability=torch.backends.cpu.get_cpu_capability(),
            seconds=" ".join(map(str, asked.seconds)),
            seeds=" ".join(map(str, asked.seeds)),
        )
        (RESULTS / "README.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
