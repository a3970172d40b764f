"""What is trained and what is frozen of ResNet-18, and freezing that keeps the statistics still, A7-1."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised, no_outcome
from cnnkit.answers.reading import in_words

__all__ = ["QUESTIONS", "watching"]

# --- counting ResNet-18 -------------------------------------------------------------------------------------

TRAINED = ("layer4", "fc")


@dataclass(frozen=True)
class Part:
    """A part of a network: weights of convolutions or connections, and channels of batch normalisations."""

    weights: int
    channels: int = 0
    norms: int = 0
    shortcut: int = 0  # how many of the weights belong to a 1x1 shortcut


def _layer(before: int, width: int) -> Part:
    """Return two blocks of two 3×3 convolutions; where the width changes, with a 1×1 shortcut."""
    shortcut = before * width if before != width else 0
    norms = 5 if shortcut else 4
    return Part(9 * before * width + 3 * 9 * width * width + shortcut, norms * width, norms, shortcut)


def _resnet18(classes: int = 10) -> dict[str, Part]:
    widths = (64, 64, 128, 256, 512)
    layers = {f"layer{n}": _layer(widths[n - 1], widths[n]) for n in range(1, 5)}
    return {"stem": Part(7 * 7 * 3 * 64, 64, 1), **layers, "fc": Part(512 * classes + classes)}


def _counts(
    classes: int = 10,
    trained: tuple[str, ...] = TRAINED,
    of: Callable[[Part], int] = lambda part: part.weights + 2 * part.channels,
    statistics: Callable[[Part], int] = lambda part: 2 * part.channels,
    still: Callable[[str], bool] | None = None,
) -> dict[str, int]:
    """Return the four numbers of someone who counts `of` each part, and its running `statistics`."""
    parts = _resnet18(classes)
    total = sum(map(of, parts.values()))
    learning = sum(of(parts[name]) for name in trained)
    kept = [part for name, part in parts.items() if (still or (lambda name: name not in trained))(name)]
    return {
        "total": total,
        "trained": learning,
        "frozen": total - learning,
        "statistics": sum(map(statistics, kept)),
    }


def _exchanged() -> dict[str, int]:
    right = _counts()
    return right | {"trained": right["frozen"], "frozen": right["trained"]}


COUNTS = Question(
    id="resnet-counts",
    code="A7-1a",
    points=2,
    variable="resnet_counts",
    ask="ResNet-18 with ten classes, all frozen but layer4 and fc: what is trained, and what is not?",
    method=_counts,
    mistakes=(
        Mistake(
            "fc-of-1000-classes",
            "the last layer still has ImageNet's 1,000 classes",
            "Ten classes: give resnet18 classes=10.",
            lambda: _counts(1000),
        ),
        Mistake(
            "fc-alone",
            "only the last layer is trained",
            "layer4 is trained as well: its 3×3 convolutions hold most of all parameters.",
            lambda: _counts(trained=("fc",)),
        ),
        Mistake(
            "fc-forgotten",
            "the last layer is frozen too",
            "The new last layer knows nothing yet: it must be trained.",
            lambda: _counts(trained=("layer4",)),
        ),
        Mistake(
            "trained-and-frozen-exchanged",
            "trained and frozen are exchanged",
            "Trained is what has requires_grad.",
            _exchanged,
        ),
        Mistake(
            "statistics-as-parameters",
            "running means and variances are counted as parameters",
            "They are buffers: parameters() does not list them, and no optimizer changes them.",
            lambda: _counts(of=lambda part: part.weights + 4 * part.channels),
        ),
        Mistake(
            "batch-norm-forgotten",
            "the weights and biases of batch normalisation are left out",
            "Each normalised channel has a weight and a bias, which are trained.",
            lambda: _counts(of=lambda part: part.weights),
        ),
        Mistake(
            "shortcuts-forgotten",
            "the 1×1 convolutions in the shortcuts are left out",
            "Where width or size changes, the shortcut has a convolution of its own.",
            lambda: _counts(of=lambda part: part.weights - part.shortcut + 2 * part.channels),
        ),
        Mistake(
            "means-alone",
            "only the running means are counted, not the variances",
            "Each normalised channel has both.",
            lambda: _counts(statistics=lambda part: part.channels),
        ),
        Mistake(
            "all-statistics",
            "the statistics of layer4 are counted too",
            "There they may move: layer4 is trained.",
            lambda: _counts(still=lambda name: True),
        ),
        Mistake(
            "batches-counted",
            "num_batches_tracked is counted with the statistics",
            "Means and variances: two numbers for each normalised channel.",
            lambda: _counts(statistics=lambda part: 2 * part.channels + part.norms),
        ),
    ),
)


# --- freezing -----------------------------------------------------------------------------------------------

Freeze = Callable[[Any, tuple[str, ...]], Any]
NAMES = ("stem", "body", "fc")


def watching(freeze: Freeze) -> Callable[..., np.ndarray | None]:
    """Return what the notebook's `watch_freeze` does, for any function that freezes.

    The function returned takes (trained, seed): it freezes a small model but for the parts named in
    `trained`, makes two updates, and returns (3, 2): for stem, body and fc the share of their weights, and of
    their running statistics, that have moved; the fc has none. None where nothing was switched at all.
    """

    def watch_freeze(trained: tuple[str, ...], seed: int) -> np.ndarray | None:
        import torch
        from torch import nn

        torch.manual_seed(seed)
        block = nn.Sequential(nn.Conv2d(4, 4, 3, bias=False), nn.BatchNorm2d(4))
        parts = {
            "stem": nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU()),
            "body": nn.Sequential(nn.Conv2d(4, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), block),
            "fc": nn.Sequential(nn.Flatten(), nn.Linear(16, 3)),
        }
        model = nn.Sequential(OrderedDict(parts)).double()
        for name in trained:
            getattr(model, name).requires_grad_(False)
        for part in model.children():  # so that no way of freezing, right or wrong, leaves it as it was
            next(part.parameters()).requires_grad_(False)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        switches = _switches(model)
        freeze(model, trained)
        if _switches(model) == switches:
            return None  # not written yet
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            x, y = torch.randn(6, 3, 8, 8).double(), torch.randint(3, (6,))
            loss = nn.functional.cross_entropy(model(x), y)
            if loss.requires_grad:
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        moved = {name: not torch.equal(value, before[name]) for name, value in model.state_dict().items()}
        learns = {name for name, _ in model.named_parameters()}
        table = np.zeros((3, 2))
        for row, name in enumerate(parts):
            for column in (0, 1):
                names = [n for n in moved if n.startswith(f"{name}.") and (n not in learns) == column]
                table[row, column] = sum(moved[n] for n in names) / len(names) if names else 0
        return table

    return watch_freeze


def _switches(model: Any) -> tuple[list[bool], list[bool]]:
    return [each.requires_grad for each in model.parameters()], [part.training for part in model.modules()]


@dataclass(frozen=True)
class FreezeQuestion(FunctionQuestion):
    """A function that freezes, seen through `watch_freeze`: four properties over all probes."""

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return what moved, by property: one number for each part of each probe."""
        tables = [probe.outcome(method) for probe in self.probes]
        bad = [table for table in tables if not (isinstance(table, np.ndarray) and table.shape == (3, 2))]
        if bad:
            return dict.fromkeys(PROPERTIES, no_outcome(bad[0], UNFIT))
        named = [set(probe.arguments["trained"]) for probe in self.probes]
        found = {}
        for entry, (learns, column) in PROPERTIES.items():
            found[entry] = np.array(
                [
                    table[row, column]
                    for table, trained in zip(tables, named, strict=True)
                    for row, part in enumerate(NAMES)
                    if (part in trained) == learns and (part, column) != ("fc", 1)
                ]
            )
        return found

    def given(self, answer: Callable[..., Any]) -> dict[str, Any]:
        """Return the outcome, with a sentence in place of numbers that no catalogued function gives."""
        return in_words(self, self.outcome(answer), lambda name, value: _says(name, value))


PROPERTIES: dict[str, tuple[bool, int]] = {
    "the weights of frozen parts": (False, 0),
    "the weights of trained parts": (True, 0),
    "the statistics of frozen parts": (False, 1),
    "the statistics of trained parts": (True, 1),
}
UNFIT = Raised("", "is not what `watch_freeze` gives. Leave that function as it was")


def _says(name: str, value: np.ndarray) -> str:
    learns, _ = PROPERTIES[name]
    off = f"{int((value != float(learns)).sum())} of {len(value)} places"
    return f"stay as they are in {off}, and should move" if learns else f"move in {off}, and should stay"


def _freezing(
    weights: Callable[[str, bool], bool | None] = lambda name, trained: trained,
    training: Callable[[str, bool], bool] = lambda name, trained: trained,
) -> Callable[..., np.ndarray | None]:
    """Return a freezing function that sets requires_grad, and the mode, by these rules; None leaves it."""

    def freeze(model: Any, trained: tuple[str, ...]) -> None:
        for name, part in model.named_children():
            learns = weights(name, name in trained)
            if learns is not None:
                part.requires_grad_(learns)
            part.train(training(name, name in trained))

    return watching(freeze)


def _probes(rng: np.random.Generator) -> Mapping[str, Any]:
    chosen = (("body", "fc"), ("fc",), ("stem", "fc"))
    return {
        "probes": tuple(
            Probe(" and ".join(names) + " trained", {"trained": names, "seed": int(rng.integers(1000))})
            for names in chosen
        )
    }


FREEZE = FreezeQuestion(
    id="freeze",
    code="A7-1b",
    points=2,
    variable="freeze",
    ask="Write freeze(model, trained): all but the named parts keep their weights and their statistics.",
    whole=True,
    tries="properties",
    method=_freezing(),
    libraries=("torch",),
    inputs=_probes(np.random.default_rng(71)),
    draw=_probes,
    mistakes=(
        Mistake(
            "statistics-move",
            "only requires_grad is switched off: running means and variances move on",
            "Batch normalisation moves them in the forward pass: put frozen parts into evaluation mode.",
            _freezing(training=lambda name, trained: True),
        ),
        Mistake(
            "weights-move",
            "the frozen parts are put into evaluation mode, and their weights are trained all the same",
            "Evaluation mode stops no gradient: switch requires_grad off as well.",
            _freezing(weights=lambda name, trained: True),
        ),
        Mistake(
            "all-in-evaluation-mode",
            "the whole model is in evaluation mode",
            "What is trained must be in training mode: model.train() first, then eval() of frozen parts.",
            _freezing(training=lambda name, trained: False),
        ),
        Mistake(
            "not-thawed",
            "what was frozen before stays frozen, although it is named",
            "Switch requires_grad on for the named parts.",
            _freezing(weights=lambda name, trained: None if trained else False),
        ),
        Mistake(
            "exchanged",
            "the named parts are the ones that are frozen",
            "`trained` names what is trained.",
            _freezing(lambda name, trained: not trained, lambda name, trained: not trained),
        ),
        Mistake(
            "exchanged-statistics-move",
            "the named parts are the ones that are frozen, and all statistics move",
            "`trained` names what is trained; frozen parts belong into evaluation mode.",
            _freezing(lambda name, trained: not trained, lambda name, trained: True),
        ),
        Mistake(
            "nothing-frozen",
            "nothing is frozen at all",
            "Set requires_grad of every parameter outside the named parts to False.",
            _freezing(lambda name, trained: True, lambda name, trained: True),
        ),
        Mistake(
            "all-frozen",
            "everything is frozen",
            "The named parts must learn.",
            _freezing(lambda name, trained: False, lambda name, trained: False),
        ),
        Mistake(
            "last-layer-alone",
            "only the last layer is trained, whatever is named",
            "Train all the parts that `trained` names.",
            _freezing(lambda name, trained: name == "fc", lambda name, trained: name == "fc"),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (COUNTS, FREEZE)
