"""Notebook 05, handed in wrong."""

from __future__ import annotations

from pathlib import Path

from tests.wrong.submission import Caught, Wrong, without_weights

NOTEBOOK = "05-build-for-cifar10"
# Cells that only show something, and that no question needs.
SHOWN = (
    "three-ways",
    "shared-object",
    "base-curves",
    "kept-of-base",
    "before-after-graph",
    "two-models-curves",
)


def _without_base(folder: Path) -> None:
    for path in folder.glob("runs/base.*"):
        path.unlink()


CLASS = (
    Wrong(
        "softmax-in-the-model",
        "Ends the model as the table does, with a softmax, and gives that to cross_entropy.",
        (
            Caught("make-model", 2, ("softmax-at-end",)),
            Caught("memory", 0, ("probabilities",)),
            Caught("base-run", 0, (), "missing", said="the model gives probabilities, expected logits"),
            Caught("all-splits", 0, (), "missing", said="has no attribute"),
        ),
        answers={
            "make-model": """
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        sizes = ((3, 32), (32, 64), (64, 128))
        self.maps = torch.nn.ModuleList(torch.nn.Conv2d(a, b, 5, padding=2) for a, b in sizes)
        self.hidden, self.last = torch.nn.Linear(2048, 64), torch.nn.Linear(64, 10)

    def forward(self, x):
        for conv in self.maps:
            x = torch.nn.functional.max_pool2d(torch.relu(conv(x)), 2)
        return torch.softmax(self.last(torch.relu(self.hidden(x.flatten(1)))), dim=1)

return Net()
"""
        },
        files=_without_base,
    ),
    Wrong(
        "last-batch-counts-as-much",
        "Averages the means of the batches, as the official program did.",
        (Caught("compute-loss-and-accuracy", 1.5, ("mean-of-batch-means",)),),
        answers={
            "compute-loss-and-accuracy": """
was_training = model.training
model.eval()
losses, accuracies = [], []
with torch.no_grad():
    for x, y in loader:
        logits = model(x)
        losses.append(cross_entropy(logits, y).item())
        accuracies.append((logits.argmax(dim=1) == y).double().mean().item())
model.train(was_training)
return np.mean(losses), np.mean(accuracies)
"""
        },
    ),
    Wrong(
        "never-calls-eval",
        "Measures the model in the mode in which it comes.",
        (Caught("compute-loss-and-accuracy", 1.5, ("measured-in-train-mode",)),),
        edits={"compute-loss-and-accuracy": ("model.eval()", "pass")},
    ),
    Wrong(
        "augments-validation",
        "Mirrors whatever is not a test image.",
        (Caught("prepare", 0.5, ("validation-augmented",)),),
        edits={"prepare": ('split == "train"', 'split != "test"')},
    ),
    Wrong(
        "holds-out-what-it-trains-on",
        "Draws the validation images, and trains on all.",
        (Caught("split-of", 0, ("all-are-trained-on",)),),
        edits={"split-of": ("return order[held_out:]", "return np.arange(n)")},
    ),
    Wrong(
        "running-loss-as-training-loss",
        "Draws the loss of the training batches beside the validation loss.",
        (Caught("curves-of", 0, ("running-for-train",)),),
        edits={"curves-of": ('row["train"]["loss"]', '(row["running"] or row["train"])["loss"]')},
    ),
    Wrong(
        "misspelt-optimizer",
        "Trains by 'adagard'.",
        (
            Caught("base-run", 0, (), "missing", said="Did you mean 'adagrad'?"),
            Caught("all-splits", 0, (), "missing", said="has no attribute"),
        ),
        edits={"base-run": ('optimizer="sgd"', 'optimizer="adagard"')},
        files=_without_base,
    ),
    Wrong(
        "validation-numbers-twice",
        "Measures validation where test was meant.",
        (Caught("all-splits", 1.3, ("other-split",)),),
        edits={"all-splits": ('("test", cifar.test)', '("test", cifar.validation)')},
    ),
    Wrong(
        "waits-since-the-last",
        "Compares each loss with the one before it.",
        (Caught("stop-and-best", 0.8, ("against-the-last",)),),
        answers={
            "stop-and-best": """
best, waited = 1, 0
for number in range(2, len(losses) + 1):
    waited = 0 if losses[number - 1] < losses[number - 2] else waited + 1
    if losses[number - 1] < losses[best - 1]:
        best = number
    if waited >= patience:
        return number, best
return len(losses), best
"""
        },
    ),
    Wrong(
        "chooses-by-test",
        "Keeps the weights that are best on test images, where the log has them, and trains in that way.",
        (
            Caught("kept", 0.66, ("chosen-by-test",)),
            Caught("two-models", 0, ("test-used-for-selection",)),
            Caught("fit-report", 0, ("test-used-for-selection",)),
        ),
        answers={
            "first-model": """
splits = (cifar.train, cifar.test, cifar.test)
swapped = data.Dataset("cifar10", cifar.classes, *splits, "", cifar.stand_in)
how = {"examples": 200, "progress": False}
first_run = nn.fit(network_with(True, False), swapped, log="runs/swapped-1.jsonl", **how)
""",
            "two-models": """
second_run = nn.fit(network_with(True, True), swapped, log="runs/swapped-2.jsonl", **how)
""",
        },
        edits={"kept": ('row["validation"]["loss"]', 'row.get("test", row["validation"])["loss"]')},
    ),
    Wrong(
        "bn-all-trained",
        "Counts the running mean and variance as trained.",
        (Caught("bn-facts", 0.4, ("all-trainable",)),),
        edits={
            "bn-facts": (
                '"trainable": 2 * 10,\n    "not_trainable": 2 * 10,\n    "keras_total": 4 * 10,\n'
                '    "maps_trainable": 2 * 32,',
                '"trainable": 4 * 10,\n    "not_trainable": 0,\n    "keras_total": 4 * 10,\n'
                '    "maps_trainable": 4 * 32,',
            )
        },
    ),
    Wrong(
        "rows-exchanged",
        "Puts the runs of two of the four networks under each other's name.",
        (Caught("bn-dropout", 1.5, ("not-a-factorial",)),),
        edits={
            "bn-dropout": (
                "verdicts = ",
                'bn_dropout |= {"dropout": bn_dropout["both"], "both": bn_dropout["dropout"]}\nverdicts = ',
            )
        },
    ),
    Wrong(
        "a-little-better-is-better",
        "Calls a change better by the higher mean.",
        (Caught("before-after", 0.5, ("claim-inside-noise",)),),
        edits={
            "before-after": ('nn.compare(both).verdict("before", "after").better or "neither"', '"after"')
        },
    ),
    Wrong(
        "two-things-at-once",
        "Compares networks with other layers that were trained in other ways.",
        (Caught("before-after", 0.75, ("several-factors",)),),
        answers={
            "before-after": """
before_after["before"] = bn_dropout["both"]
before_after["after"] = three_seeds("flipped", network_with(True, False), augment="flip")
both = {name: before_after[name] for name in ("before", "after")}
before_after["better"] = nn.compare(both).verdict("before", "after").better or "neither"
"""
        },
    ),
    Wrong(
        "weights-lost",
        "Hands in a log without its weights.",
        (Caught("two-models", 3, ("weights-missing",)),),
        files=without_weights("first"),
    ),
    Wrong(
        "gap-to-running-accuracy",
        "Subtracts validation from what training batches had, augmented and in training mode.",
        (Caught("fit-report", 1, ("gap-of-running-accuracy",)),),
        edits={
            "fit-report": (
                'fit_report["gap"] = gap',
                "last = second_run.history[-1]\n"
                'fit_report["gap"] = last.running.accuracy - last.validation.accuracy',
            )
        },
    ),
)
