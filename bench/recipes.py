"""How far the recipes get on real CIFAR-10 in a given number of CPU seconds: ``python bench/recipes.py``.

The smallest budget with one seed (two CPU-minutes), or ``--seconds 120 600 1200 --seeds 0 1 2`` for the whole
challenge (96 CPU-minutes). ``--keep`` copies the run logs to docs/results/challenge and writes the page there
from all logs that it holds. One thread; only the seconds of training count, as ``cnnkit.nn.fit`` counts them.
The test images are looked at once, at the end of each run.

Without CIFAR-10 (``cnnkit data get cifar10``) there is nothing to measure.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import shutil
import sys
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
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
    "augment",
    "precision",
    "epochs",
    "seeds",
    "validation",
    "test",
)
PAGE = """# The challenge: CIFAR-10 in so many CPU seconds

{table}

Accuracies are means over the seeds ± one standard error (of the seeds and of the images together). Training
takes the CPU seconds of the first column, on one thread; evaluations are not in them. No pretrained weights,
no averaging over changed test images. The checkpoint is the best one on the 5,000 validation images, which
are cut out of the training images; the 10,000 test images were used once, at the end of each run.

How many epochs the seconds buy depends on the CPU, and somewhat on what else it does. The column precision
says what updates were computed in: the recipes ask for bfloat16, and get it where the CPU has instructions
for it; updates then take half to two thirds of the time that float32 takes there.

Several rows with the same seconds are stages of one recipe, whose last stage `nn.recipe` describes: float32
was before bfloat16, images that are mirrored only before images that are moved as well (without, 600 seconds
end at 99 % of the training images). Test figures of the earlier stages were known by then; what to change
was read from training and validation.

Each run, as its log beside this page ends:

{runs}

Again: `python bench/recipes.py --seconds {seconds} --seeds {seeds} --keep`.
"""


def trained(seconds: int, seed: int, cifar: data.Dataset) -> nn.Run:
    """Train, go on with what was interrupted, or read what was finished."""
    RUNS.mkdir(parents=True, exist_ok=True)
    log = RUNS / f"{seconds}-seconds-seed-{seed}.jsonl"
    earlier = nn.runlog.read(log) if log.exists() else None
    stopped = earlier if earlier and earlier.final.test is None else None
    every = 3 * len(cifar.train)
    return nn.recipe(seconds).fit(cifar, seed=seed, log=log, resume=stopped, evaluate_every=every)


def kept() -> list[nn.Run]:
    """Return the runs whose logs are kept, by budget and seed."""
    runs = [nn.runlog.parse(log.read_text(encoding="utf-8"), log.name)[0] for log in RESULTS.glob("*.jsonl")]
    return sorted(runs, key=lambda run: (*kind(run), run.seed))


def kind(run: nn.Run) -> tuple[float, str, str]:
    """Return in what the rows of the table differ."""
    config = run.config
    # an older log says only what was asked for
    computed_in = config.get("computed_in") or config.get("precision") or "float32"
    return config["seconds"], config["augment"], computed_in


def accuracy(measured: Iterable[nn.Metrics | None]) -> tuple[float, str]:
    """Return the mean over seeds, and the same with its standard error as text."""
    found = [each for each in measured if each]
    values = [each.accuracy for each in found]
    spread = variance(values) / len(values) if len(values) > 1 else 0.0
    error = sqrt(spread + mean(each.standard_error**2 for each in found))
    return mean(values), f"{mean(values):.1%} ± {error:.1%}"


def table(runs: Iterable[nn.Run]) -> Iterator[str]:
    """Yield the lines of a table with a row for each budget."""
    groups = defaultdict(list)
    for run in runs:
        groups[kind(run)].append(run)
    head = (*HEAD, "aim")
    yield from (f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head)))
    for (seconds, augment, precision), group in groups.items():
        network, aim = group[0].network, AIMS.get(seconds)
        assert network is not None
        test, shown = accuracy(run.final.test for run in group)
        cells = (
            f"{seconds:,.0f}",
            str(network.name),
            f"{network.ledger().trainable:,}",
            augment,
            precision,
            f"{mean(run.history[-1].epoch for run in group):.1f}",
            str(len(group)),
            accuracy(run.final.validation for run in group)[1],
            shown,
            "" if aim is None else f"{aim:.0%}: {'reached' if test >= aim else 'missed'}",
        )
        yield f"| {' | '.join(cells)} |"


def page(runs: list[nn.Run]) -> str:
    """Return the page about the kept runs."""
    lines = [
        f"- {run.config['seconds']:,.0f} seconds, {', '.join(kind(run)[1:])}, seed {run.seed}:"
        f" {run.final.test.accuracy:.2%} ± {run.final.test.standard_error:.2%} (n={run.final.test.n:,}) after"
        f" {run.history[-1].cpu_seconds:,.1f} CPU seconds and {run.history[-1].examples:,} images"
        for run in runs
        if run.final.test
    ]
    asked = ({int(run.config["seconds"]) for run in runs}, {run.seed for run in runs})
    seconds, seeds = (" ".join(map(str, sorted(each))) for each in asked)
    return PAGE.format(
        table="\n".join(table(runs)),
        runs="\n".join(lines),
        seconds=seconds,
        seeds=seeds,
    )


def main() -> None:
    """Print one line for each budget."""
    parser = ArgumentParser(description="Train the recipes on CIFAR-10.")
    parser.add_argument("--seconds", type=int, nargs="+", default=[min(AIMS)], help="CPU seconds of training")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--keep", action="store_true", help="write docs/results/challenge")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    cifar = data.load("cifar10", download=False)
    if cifar.stand_in:
        print("CIFAR-10 is not here: nothing to measure.")
        return
    runs = []
    for seconds, seed in product(asked.seconds, asked.seeds):
        runs.append(trained(seconds, seed, cifar))
        if runs[-1].final.test is None:
            sys.exit("Stopped. The same call goes on from here.")
    print("", *table(runs), sep="\n")
    if asked.keep:
        RESULTS.mkdir(parents=True, exist_ok=True)
        for run in runs:
            shutil.copy(str(run.log), RESULTS)
        (RESULTS / "README.md").write_text(page(kept()), encoding="utf-8")


if __name__ == "__main__":
    main()
