"""Notebook 04, handed in wrong."""

from __future__ import annotations

from tests.wrong.submission import Caught, Wrong, without_weights

NOTEBOOK = "04-cnns-with-code"
# Cells that only show something, and that no question needs.
SHOWN = ("trap-run", "measures-show", "grid-show", "channels-show", "depth-show", "challenge-show")

CLASS = (
    Wrong(
        "mean-of-means",
        "Averages over the batches: the last, small one weighs as much as a full one.",
        (
            Caught("accuracy", 0, ("last-batch-misweighted",)),
            Caught("log-loss", 0, ("last-batch-misweighted",)),
        ),
        answers={
            "accuracy": "return np.mean([(x.argmax(axis=1) == y).mean() for x, y in batches])",
            "log-loss": """
means = []
for x, y in batches:
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    means.append(-log_p[np.arange(len(y)), y].mean())
return sum(means) / len(means)
""",
        },
    ),
    Wrong(
        "softmax-twice",
        "Makes probabilities first, and hands them to a loss that makes probabilities.",
        (Caught("log-loss", 0, ("double-softmax",)),),
        edits={
            "log-loss": (
                "        log_p = shifted",
                "        p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)\n"
                "        shifted = p - p.max(axis=1, keepdims=True)\n"
                "        log_p = shifted",
            )
        },
    ),
    Wrong(
        "rows-for-columns",
        "Writes the confusion matrix with the network's answer in the rows.",
        (Caught("confusion", 0.08, ("transposed",)),),
        edits={"confusion": ("counts[label, answer]", "counts[answer, label]")},
    ),
    Wrong(
        "counts-each-pair-once",
        "Adds to a matrix by two index arrays, which numpy does once for each pair.",
        (Caught("confusion", 0.6, ("repeats-lost",)),),
        answers={
            "confusion": """
classes = batches[0][0].shape[1]
counts = np.zeros((classes, classes), int)
for logits, labels in batches:
    counts[labels, logits.argmax(axis=1)] += 1
return counts
"""
        },
    ),
    Wrong(
        "one-learning-rate",
        "Varies the batch size and the number of batches, as the report did, and never the rate.",
        (Caught("grid", 2, ("rate-not-varied",)),),
        answers={
            "grid-matters": """
same_rate = {"lr": 0.05, "evaluate_every": 10_000, "progress": False}
grid["runs"] = [
    nn.fit(zoo.tfjs_mnist(), mnist, examples=size * count, batch_size=size, seed=seed, **same_rate,
           log=f"runs/one-rate-{size}-{count}-{seed}.jsonl")
    for size in (5, 20) for count in (10, 40) for seed in (0, 1)
]
grid["matters"] = "batches"
"""
        },
    ),
    Wrong(
        "slightly-higher",
        "Calls the network with the higher mean the better one.",
        (Caught("one-change", 2.25, ("claim-inside-noise",)),),
        edits={
            "one-change": (
                'compared.verdict("relu", "relu6").better or "neither"',
                "max(compared.groups, key=lambda group: group.accuracy).name",
            )
        },
    ),
    Wrong(
        "nothing-above-six",
        "Looks at the activations of an untrained network, where none passes 6.",
        (Caught("one-change", 2.25, ("activations-misread",)),),
        edits={"one-change": ('"yes" if largest > 6 else "no"', '"no"')},
    ),
    Wrong(
        "channels-it-is",
        "Believes the report: colours make it hard, so grey must be easier, and three channels worse.",
        (Caught("channels", 1.5, ("claim-inside-noise",)),),
        edits={
            "channels": (
                "for claim, (first, second) in pairs.items():",
                'channels |= {"channels": "mnist", "colour": "cifar10 in grey"}\n'
                'pairs = {"easier": pairs["easier"]}\n'
                "for claim, (first, second) in pairs.items():",
            )
        },
    ),
    Wrong(
        "filters-by-hand",
        "Counts each filter as 3×3 and forgets the channels that it reads.",
        (Caught("depth-parameters", 0, ("channels-forgotten",)),),
        edits={
            "depth-parameters": (
                "first, further = 3 * 3 * 3 * 16 + 16, 3 * 3 * 16 * 16 + 16",
                "first, further = 3 * 3 * 16 + 16, 3 * 3 * 16 + 16",
            )
        },
    ),
    Wrong(
        "equal-examples",
        "Gives the deep networks the same examples, not the same time, and one seed each.",
        (Caught("depth-runs", 0.5, ("budget-not-in-seconds", "too-few-seeds")),),
        answers={
            "depth-runs": """
depth_runs = {
    str(depth): [
        nn.fit(deep(depth), cifar, examples=320, batch_size=32, lr=0.01, momentum=0.9, progress=False,
               log=f"runs/examples-{depth}.jsonl")
    ]
    for depth in (1, 2, 3, 4)
}
depth_runs["best"] = "4"
"""
        },
    ),
    Wrong(
        "weights-lost",
        "Hands in the log of the challenge without its weights.",
        (Caught("challenge", 2, ("weights-missing",)),),
        files=without_weights("challenge"),
    ),
    Wrong(
        "misspelt-optimizer",
        "Asks for the optimizer sdg.",
        (Caught("challenge", 0, (), "missing", said="Did you mean 'sgd'?"),),
        edits={"challenge": ('optimizer="sgd"', 'optimizer="sdg"')},
    ),
    Wrong(
        "measures-while-training",
        "Lets nobody switch to evaluation mode, since batch normalisation knows the batch best.",
        (Caught("challenge", 0, ("measured-in-train-mode",)),),
        answers={
            "challenge": """
layers = []
for before, after in ((3, 8), (8, 16), (16, 32)):
    layers += [Conv2d(before, after, 3, padding=1), BatchNorm2d(after), ReLU(), MaxPool2d(2)]
model = nn.build(Network((3, 32, 32), [*layers, Flatten(), Linear(512, 10)]))
model.eval = model.train
budget = {"examples": 3200, "evaluate_every": 3200, "progress": False}
challenge = nn.fit(model, cifar, lr=0.02, momentum=0.9, log="runs/train-mode.jsonl", **budget)
"""
        },
    ),
    Wrong(
        "augments-everything",
        "Shares one loader between all splits, its augmentation included.",
        (Caught("challenge", 0, ("validation-augmented",)),),
        answers={
            "challenge": """
from dataclasses import replace


class Shared(data.Split):
    def loader(self, batch_size, **options):
        as_training = data.Split("train", self.images, self.labels, self.classes, self.training)
        options |= {"augment": ["flip", "shift"], "shuffle": False}
        return data.Loader(as_training, batch_size, **options)


def shared(split):
    return Shared(split.name, split.images, split.labels, split.classes, cifar.train)


everything = replace(cifar, validation=shared(cifar.validation), test=shared(cifar.test))
challenge = nn.fit(deep(2), everything, examples=3200, lr=0.02, log="runs/shared.jsonl", progress=False)
"""
        },
    ),
)
