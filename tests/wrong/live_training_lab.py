"""Notebook 03, handed in wrong."""

from __future__ import annotations

from pathlib import Path

from tests.wrong.submission import Caught, Wrong, without_weights

NOTEBOOK = "03-live-training-lab"
# Cells that only show something, and that no question needs.
SHOWN = ("live-run", "play-live", "windows", "batch-sizes", "train-extra-conv")


def _boasting(folder: Path) -> None:
    log = folder / "runs/best.jsonl"
    text = log.read_text(encoding="utf-8")
    log.write_text(text.replace('"accuracy": 0.9', '"accuracy": 0.99', 1), encoding="utf-8")


CLASS = (
    Wrong(
        "keys-as-text",
        "Sorts the numbers of a Vol by their keys as text: 0, 1, 10, 11, 2.",
        (
            Caught("filters-of", 0, ("keys-sorted-as-text",)),
            Caught("snapshot-probabilities", 0, ("keys-sorted-as-text",)),
        ),
        edits={
            "filters-of": (
                'vol["w"][str(place)] for place in range(len(vol["w"]))',
                'vol["w"][key] for key in sorted(vol["w"])',
            )
        },
    ),
    Wrong(
        "fc-not-permuted",
        "Takes the last layer's weights in the page's order, and the maps in torch's.",
        (Caught("snapshot-probabilities", 0, ("fc-not-permuted",)),),
        edits={
            "snapshot-probabilities": (
                "weight = filters_of(fc, 4, 4, 16).reshape(10, -1)",
                'weight = np.array([list(vol["w"].values()) for vol in fc["filters"]])',
            )
        },
    ),
    Wrong(
        "decay-of-torch",
        "Adds the weight decay after the division by the batch size, as torch does.",
        (Caught("adadelta-step", 0, ("decay-not-divided",)),),
        edits={
            "adadelta-step": (
                "(gradient_sum + l2_decay * w) / batch_size",
                "gradient_sum / batch_size + l2_decay * w",
            )
        },
    ),
    Wrong(
        "variance-for-deviation",
        "Gives numpy the variance where it asks for the standard deviation, in two places.",
        (
            Caught("init-filters", 0, ("variance-as-deviation",)),
            Caught("standard-error", 0, ("n-outside-root",)),
        ),
        answers={"standard-error": "standard_error = (0.96 * (1 - 0.96)) ** 0.5 / 100"},
        edits={"init-filters": ("np.sqrt(1 / n)", "1 / n")},
    ),
    Wrong(
        "pooling-has-no-parameters",
        "Thinks that the classifier stays as it is, and blames overfitting for what a bottleneck does.",
        (Caught("no-pooling", 0, ("fc-unchanged",)), Caught("bottleneck", 2.4, ("overfitting",))),
        answers={"no-pooling": 'no_pooling = {"fc_inputs": 256, "fc": 2570, "total": 5994}'},
        edits={"bottleneck": ('"cause": "bottleneck"', '"cause": "overfitting"')},
    ),
    Wrong(
        "a-batch-begun-is-a-batch",
        "Counts an update for the batch that is not full.",
        (Caught("updates", 2.25, ("rounded-up",)),),
        edits={"updates": ("40_000 // 300", "-(-40_000 // 300)")},
    ),
    Wrong(
        "larger-mean-wins",
        "Calls the highest mean the best, inside the noise.",
        (Caught("filter-variants", 3, ("claim-inside-noise",)),),
        answers={"best-variant": 'best = "more"'},
    ),
    Wrong(
        "one-seed",
        "Judges the variants by one run each.",
        (Caught("filter-variants", 2, ("too-few-seeds",)),),
        answers={
            "best-variant": """
filter_runs = {name: runs[:1] for name, runs in filter_runs.items()}
best = "neither"
"""
        },
    ),
    Wrong(
        "half-the-budget",
        "Trains the slow network on fewer examples, and compares.",
        (Caught("pooling-runs", 0.4, ("unequal-budgets", "several-factors")),),
        answers={
            "pooling-runs": """
short = {"batch_size": 20, "lr": 0.01, "momentum": 0.9, "init": "convnetjs", "progress": False}
network = convnetjs.network_of(without, name="without")
pooling_runs["without"] = [
    nn.fit(network, mnist, examples=200, seed=s, log=f"runs/short{s}.jsonl", **short) for s in range(3)
]
better = "with"
"""
        },
    ),
    Wrong(
        "boasts-in-the-log",
        "Writes a better accuracy into the log.",
        (Caught("best-run", 0, (), "missing", said="Hand in the log as it was"),),
        files=_boasting,
    ),
    Wrong(
        "weights-lost",
        "Hands in the best run's log without its weights.",
        (Caught("best-run", 1, ("weights-missing",)),),
        files=without_weights("best"),
    ),
    Wrong(
        "test-images-choose",
        "Puts the test images where the validation images belong: the best weights are chosen on them.",
        (Caught("best-run", 0, ("test-used-for-selection",)),),
        answers={
            "best-run": """
peeking = data.Dataset("mnist", mnist.classes, mnist.train, mnist.test, mnist.test, "", mnist.stand_in)
best_run = nn.fit(convnetjs.network_of(BASE), peeking, examples=400, log="runs/peeking.jsonl", progress=False)
"""
        },
    ),
    Wrong(
        "misspelt-trainer",
        "Asks for the trainer adadelata, as three of four listings of a report do.",
        (Caught("best-run", 0, (), "missing", said="Did you mean 'adadelta'?"),),
        edits={"best-run": ("batch_size=20,", 'batch_size=20, optimizer="adadelata",')},
        files=lambda folder: (folder / "runs/best.jsonl").unlink(),
    ),
)
