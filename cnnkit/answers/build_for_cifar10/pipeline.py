"""From images to batches: a split that does not leak, and augmentation where it belongs, A5-6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised

__all__ = ["QUESTIONS"]

Split = Callable[[int, int, int], tuple[Any, Any]]
UNFIT = Raised("TypeError", "it does not return what was asked for")


# --- which images are held out ------------------------------------------------------------------------------


@dataclass(frozen=True)
class SplitQuestion(FunctionQuestion):
    """A function (n, held_out, seed) that draws two sets of places: what counts is how they are related."""

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return seven numbers for every probe: sizes, and what is wrong with the two sets."""
        return {probe.label: _related(probe, method) for probe in self.probes}


def _related(probe: Probe, method: Callable[..., Any]) -> Any:
    n, held_out, seed = probe.arguments.values()
    np.random.seed(1)
    first = probe.outcome(method)
    np.random.seed(2)
    drawn = [
        first,
        probe.outcome(method),
        Probe("", {"n": n, "held_out": held_out, "seed": seed + 1}).outcome(method),
    ]
    sets = [_places(found, n) for found in drawn]
    if sets[0] is None or any(each is None for each in sets):
        return first if first is None or isinstance(first, Raised) else UNFIT
    (train, validation), again, other = (each for each in sets if each is not None)
    spread = np.diff(np.sort(validation)).max() if len(validation) > 1 else 2
    return np.array(
        [
            len(validation),
            bool(np.intersect1d(train, validation).size),
            len(np.union1d(train, validation)) < n,
            len(np.unique(validation)) < len(validation) or len(np.unique(train)) < len(train),
            not all(np.array_equal(a, b) for a, b in zip((train, validation), again, strict=True)),
            np.array_equal(np.sort(validation), np.sort(other[1])),
            spread == 1,
        ],
        float,
    )


def _places(found: Any, n: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Return two arrays of places, or None where it is something else."""
    if not isinstance(found, tuple | list) or len(found) != 2:
        return None
    try:
        train, validation = (np.asarray(part) for part in found)
    except ValueError:
        return None
    for part in (train, validation):
        if (
            part.ndim != 1
            or part.dtype.kind not in "iu"
            or not part.size
            or part.min() < 0
            or part.max() >= n
        ):
            return None
    return train, validation


def _shuffled(n: int, held_out: int, seed: int) -> tuple[Any, Any]:
    order = np.random.default_rng(seed).permutation(n)
    return order[held_out:], order[:held_out]


def _drawn_twice(n: int, held_out: int, seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.permutation(n)[held_out:], rng.permutation(n)[:held_out]


def _from_global(n: int, held_out: int, seed: int) -> tuple[Any, Any]:
    order = np.random.permutation(n)
    return order[held_out:], order[:held_out]


def _with_replacement(n: int, held_out: int, seed: int) -> tuple[Any, Any]:
    chosen = np.random.default_rng(seed).integers(n, size=held_out)
    return np.setdiff1d(np.arange(n), chosen), chosen


def _splits(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for _ in range(3):
        n = int(rng.integers(400, 900))
        given = {"n": n, "held_out": int(rng.integers(n // 12, n // 5)), "seed": int(rng.integers(1000))}
        probes.append(Probe(", ".join(f"{name} {value}" for name, value in given.items()), given))
    return {"probes": tuple(probes)}


SPLIT = SplitQuestion(
    id="split-of",
    code="A5-6a",
    points=1,
    variable="split_of",
    ask="Write split_of(n, held_out, seed): places of the training and of the validation images.",
    whole=True,
    method=_shuffled,
    inputs=_splits(np.random.default_rng(56)),
    draw=_splits,
    mistakes=(
        Mistake(
            "overlapping",
            "validation images are drawn without taking them out of the training images",
            "Shuffle once; the first part is for one split, the rest for the other.",
            _drawn_twice,
        ),
        Mistake(
            "all-are-trained-on",
            "the training images are all images",
            "Leave out those that are held out.",
            lambda n, held_out, seed: (np.arange(n), _shuffled(n, held_out, seed)[1]),
        ),
        Mistake(
            "not-reproducible",
            "the places are drawn from numpy's global random numbers",
            "Draw from np.random.default_rng(seed): the same seed must give the same split, always.",
            _from_global,
        ),
        Mistake(
            "seed-ignored",
            "every seed gives the same split",
            "Put the seed into default_rng.",
            lambda n, held_out, seed: _shuffled(n, held_out, 0),
        ),
        Mistake(
            "not-shuffled",
            "a block of neighbouring images is held out",
            "Files are often sorted by class: shuffle first.",
            lambda n, held_out, seed: (np.arange(held_out, n), np.arange(held_out)),
        ),
        Mistake(
            "with-replacement",
            "places are drawn with replacement",
            "An image may be held out once: take the first of a permutation.",
            _with_replacement,
        ),
        Mistake(
            "swapped",
            "the validation images come first",
            "Return the training places, then the validation places.",
            lambda n, held_out, seed: _shuffled(n, held_out, seed)[::-1],
        ),
        Mistake(
            "some-forgotten",
            "some images are in neither of the two",
            "Every image that is not held out is trained on.",
            lambda n, held_out, seed: (_shuffled(n, held_out, seed)[0][:-1], _shuffled(n, held_out, seed)[1]),
        ),
    ),
)


# --- what is done to them -----------------------------------------------------------------------------------

COPIES = 64


@dataclass(frozen=True)
class PrepareQuestion(FunctionQuestion):
    """A function (images, split, mean, std, seed): each split is shown many copies of one image."""

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return how the numbers are scaled, and for every split: all alike, half mirrored, nothing else."""
        shown = {probe.label: _shown(probe, method) for probe in self.probes}
        bad = next((each for each in shown.values() if not isinstance(each, tuple)), UNFIT)
        if any(not isinstance(each, tuple) for each in shown.values()):
            return dict.fromkeys([SCALED, *shown], bad)
        return {SCALED: np.array([each[0] for each in shown.values()])} | {
            label: each[1] for label, each in shown.items()
        }


SCALED = "the numbers of all three splits"


def _shown(probe: Probe, method: Callable[..., Any]) -> Any:
    """Return mean and deviation of each channel, and three flags; or why there are none."""
    found = probe.outcome(method)
    if found is None or isinstance(found, Raised):
        return found
    given = probe.arguments["images"]
    try:
        x = np.asarray(found, float)
    except (TypeError, ValueError):
        return UNFIT
    if x.shape != given.shape or not np.isfinite(x).all():
        return Raised("ShapeError", f"it returns shape {x.shape}, expected {given.shape}")
    # each channel with mean 0 and deviation 1, so that mirrored copies show however they are scaled
    plain, scaled = _standard(given[:1].astype(float))[0], _standard(x)
    same = np.abs(scaled - plain).max(axis=(1, 2, 3)) < 1e-4
    mirrored = np.abs(scaled - plain[:, :, ::-1]).max(axis=(1, 2, 3)) < 1e-4
    flags = [same.all(), 0.2 < mirrored.mean() < 0.8, (same | mirrored).all()]
    scale = [*x.mean(axis=(0, 2, 3)), *x.std(axis=(0, 2, 3))]
    return np.array(scale, float), np.array(flags, float)


def _standard(x: np.ndarray) -> np.ndarray:
    """Return every image with mean 0 and deviation 1 in each channel."""
    centred = x - x.mean(axis=(2, 3), keepdims=True)
    scaled: np.ndarray = centred / np.maximum(centred.std(axis=(2, 3), keepdims=True), 1e-9)
    return scaled


def _prepare(
    augmented: tuple[str, ...] = ("train",),
    axis: int = 3,
    together: bool = False,
    normal: Callable[[Any, Any, Any], Any] = lambda x, mean, std: (x / 255 - mean) / std,
) -> Callable[..., Any]:
    def prepare(images: Any, split: str, mean: Any, std: Any, seed: int) -> Any:
        rng = np.random.default_rng(seed)
        x = images.copy()
        if split in augmented:
            chosen = rng.integers(2, size=len(x)) == 1 if not together else np.ones(len(x), bool)
            x[chosen] = np.flip(x[chosen], axis)
        return normal(x.astype(float), mean[:, None, None], std[:, None, None])

    return prepare


def _own_statistics(x: Any, mean: Any, std: Any) -> Any:
    return (x - x.mean(axis=(0, 2, 3), keepdims=True)) / x.std(axis=(0, 2, 3), keepdims=True)


def _one_number(x: Any, mean: Any, std: Any) -> Any:
    return (x / 255 - mean.mean()) / std.mean()


def _shows(rng: np.random.Generator) -> Mapping[str, Any]:
    image = rng.integers(256, size=(1, 3, 6, 8), dtype=np.uint8)
    mean, std = rng.uniform(0.3, 0.6, 3).round(3), rng.uniform(0.15, 0.3, 3).round(3)
    given = {"mean": mean, "std": std, "seed": int(rng.integers(1000))}
    copies = image.repeat(COPIES, axis=0)
    return {
        "probes": tuple(
            Probe(f"{split} images", {"images": copies, "split": split, **given})
            for split in ("train", "validation", "test")
        )
    }


TRAINING_ONLY = "Only the training images may change: the same image twice must be the same numbers twice."

PREPARE = PrepareQuestion(
    id="prepare",
    code="A5-6b",
    points=2,
    variable="prepare",
    ask="Write prepare(images, split, mean, std, seed): mirror half of the training images, normalise all.",
    whole=True,
    tries="parts",
    method=_prepare(),
    atol=1e-5,
    inputs=_shows(np.random.default_rng(57)),
    draw=_shows,
    mistakes=(
        Mistake(
            "augmented-everywhere",
            "validation and test images are mirrored by chance as well",
            TRAINING_ONLY,
            _prepare(("train", "validation", "test")),
        ),
        Mistake(
            "validation-augmented",
            "validation images are mirrored by chance as well",
            TRAINING_ONLY,
            _prepare(("train", "validation")),
        ),
        Mistake(
            "not-augmented",
            "no training image is mirrored",
            "Mirror each training image with probability one half.",
            _prepare(()),
        ),
        Mistake(
            "all-mirrored",
            "all training images are mirrored, or none",
            "Draw for each image anew: rng.integers(2, size=len(images)) == 1.",
            _prepare(together=True),
        ),
        Mistake(
            "upside-down",
            "images are turned upside down",
            "The last axis runs from left to right.",
            _prepare(axis=2),
        ),
        Mistake(
            "channels-reversed",
            "the channels are reversed",
            "The last axis runs from left to right; axis 1 holds the colours.",
            _prepare(axis=1),
        ),
        Mistake(
            "not-divided",
            "the pixels are not divided by 255",
            "mean and std are those of pixels from 0 to 1.",
            _prepare(normal=lambda x, mean, std: (x - mean) / std),
        ),
        Mistake(
            "only-divided",
            "mean and std are not used",
            "Subtract the mean of each channel and divide by its std.",
            _prepare(normal=lambda x, mean, std: x / 255),
        ),
        Mistake(
            "not-scaled",
            "std is not used",
            "Divide by the std of each channel after subtracting the mean.",
            _prepare(normal=lambda x, mean, std: x / 255 - mean),
        ),
        Mistake(
            "own-statistics",
            "each batch is normalised by its own mean and std",
            "Use those that are given: they are of the training images, for all splits.",
            _prepare(normal=_own_statistics),
        ),
        Mistake(
            "one-number-for-all-channels",
            "one mean and one std are used for all channels",
            "Give them the shape (3, 1, 1), so that each channel gets its own.",
            _prepare(normal=_one_number),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (SPLIT, PREPARE)
