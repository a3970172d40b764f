"""From images to batches: a split that does not leak, and augmentation where it belongs, A5-6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised, no_outcome
from cnnkit.answers.reading import in_words, same
from cnnkit.answers.scaling import forgotten

__all__ = ["QUESTIONS"]

Split = Callable[[int, int, int], tuple[Any, Any]]
WANTED = "gives no two arrays of places. Return whole numbers from 0 to n - 1, no masks, in a pair"


# --- which images are held out ------------------------------------------------------------------------------


@dataclass(frozen=True)
class SplitQuestion(FunctionQuestion):
    """A function (n, held_out, seed) that draws two sets of places: what counts is how they are related."""

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return seven numbers for every probe: sizes, and what is wrong with the two sets."""
        return {probe.label: _related(probe, method) for probe in self.probes}

    def given(self, answer: Any) -> Any:
        """Return the outcome, with a sentence in place of numbers that no catalogued function gives."""
        return in_words(self, self.outcome(answer), lambda name, value: _says(value, self.right[name]))


FAULTS = (
    "holds out another number of images",
    "has images in both",
    "leaves images out of both",
    "has an image twice in one of them",
    "draws other places the second time with the same seed",
    "holds out the same images with another seed",
    "holds out a block of neighbours",
)


def _says(found: np.ndarray, right: np.ndarray) -> str:
    return ", and ".join(text for text, ok in zip(FAULTS, found == right, strict=True) if not ok)


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
        return no_outcome(first, Raised("", WANTED))
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
        """Return how the numbers are scaled, what happens by chance, and what that leaves behind.

        Validation or test images that change by chance count in three of the four entries: they spoil
        what every later number is measured by.
        """
        shown = [_shown(probe, method) for probe in self.probes]
        bad = next((each for each in shown if not isinstance(each, Shown)), None)
        if not all(isinstance(each, Shown) for each in shown):
            return dict.fromkeys(ENTRIES, bad)
        train, *yardsticks = (each for each in shown if isinstance(each, Shown))
        steady = all(each.mirrored == NONE and each.nothing_else for each in yardsticks)
        return {
            SCALED: np.array([train.scale, *(each.scale for each in yardsticks)]),
            TRAINING: np.array([train.mirrored, train.nothing_else, steady], float),
            YARDSTICKS: np.array([[each.mirrored, each.nothing_else] for each in yardsticks], float),
            BY_SEED: np.array([train.left_alone, *_seeded(self.probes[0], method), steady], float),
        }

    def given(self, answer: Any) -> Any:
        """Return the outcome, with a sentence in place of flags that no catalogued function gives."""
        return in_words(self, self.outcome(answer), lambda name, value: SENTENCES[name](value))


SCALED, TRAINING, YARDSTICKS, BY_SEED = ENTRIES = (
    "images of all three splits",
    "train images",
    "validation and test images",
    "the same images and seed again, and with another seed",
)
NONE, FEW, HALF, MOST, ALL = range(5)


def _of_training(flags: np.ndarray) -> str:
    if not flags[1]:
        return "does more to them than to mirror some and to scale all"
    if not flags[2]:
        return f"is told by validation and test images: these change. {TRAINING_ONLY}"
    return f"mirrors {'too few' if flags[0] < HALF else 'too many'} of {COPIES}, expected about half"


def _of_seeds(flags: np.ndarray) -> str:
    if not flags[0]:
        return "changes the array that it is given. Work on a copy: images.copy()"
    if not flags[1]:
        return "gives other numbers the second time. Draw from np.random.default_rng(seed)"
    if not flags[2]:
        return "mirrors the same ones with each seed. Draw from np.random.default_rng(seed)"
    return f"is told by validation and test images: these change. {TRAINING_ONLY}".removesuffix(".")


SENTENCES: Mapping[str, Callable[[np.ndarray], str]] = {
    SCALED: lambda _: "gives another mean or deviation. Divide by 255, subtract mean, divide by std",
    TRAINING: _of_training,
    YARDSTICKS: lambda _: f"changes some of them. {TRAINING_ONLY}".removesuffix("."),
    BY_SEED: _of_seeds,
}


@dataclass(frozen=True)
class Shown:
    """What a function does to copies of one image."""

    scale: tuple[float, ...]  # mean and deviation of each channel
    mirrored: int  # from NONE to ALL
    nothing_else: bool
    left_alone: bool  # the array that it was given


def _shown(probe: Probe, method: Callable[..., Any]) -> Any:
    """Return what a function does to a split, or why it shows nothing."""
    given = probe.arguments["images"].copy()
    try:
        found = method(given, *list(probe.arguments.values())[1:])
    except Exception as error:
        return Raised("ValueError" if isinstance(error, ValueError) else type(error).__name__, str(error))
    if found is None:
        return None
    try:
        x = np.asarray(found, float)
    except (TypeError, ValueError):
        return Raised("", f"returns a {type(found).__name__}, expected an array of floats")
    image = probe.arguments["images"]
    if x.shape != image.shape or not np.isfinite(x).all():
        return Raised("ShapeError", f"it returns shape {x.shape}, expected {image.shape}")
    # each channel with mean 0 and deviation 1, so that mirrored copies show however they are scaled
    plain, scaled = _standard(image[:1].astype(float))[0], _standard(x)
    same = np.abs(scaled - plain).max(axis=(1, 2, 3)) < 1e-4
    mirrored = np.abs(scaled - plain[:, :, ::-1]).max(axis=(1, 2, 3)) < 1e-4
    part = mirrored.mean()
    level = NONE if same.all() else ALL if part == 1 else int(np.digitize(part, (0.2, 0.8))) + FEW
    scale = (*x.mean(axis=(0, 2, 3)), *x.std(axis=(0, 2, 3)))
    return Shown(scale, level, bool((same | mirrored).all()), np.array_equal(given, image))


def _seeded(probe: Probe, method: Callable[..., Any]) -> tuple[bool, bool]:
    """Return whether a seed gives the same numbers again, and whether another seed gives others.

    The second is asked only of what mirrors some and not others: the rest is wrong in another way.
    """
    again = Probe("", {**probe.arguments, "seed": probe.arguments["seed"] + 1})
    np.random.seed(1)
    first = _array(probe.outcome(method))
    np.random.seed(2)
    second, other = _array(probe.outcome(method)), _array(again.outcome(method))
    some = first.size > 0 and bool(np.abs(first - first[:1]).max() > 1e-9)
    return same(first, second, 1e-9), not some or not same(first, other, 1e-9)


def _array(found: Any) -> np.ndarray:
    try:
        return np.asarray(found, float)
    except (TypeError, ValueError):
        return np.empty(0)


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
    draw: Callable[[int], np.random.Generator] = np.random.default_rng,
    copied: bool = True,
) -> Callable[..., Any]:
    def prepare(images: Any, split: str, mean: Any, std: Any, seed: int) -> Any:
        rng = draw(seed)
        x = images.copy() if copied else images
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
            "test-augmented",
            "test images are mirrored by chance as well",
            TRAINING_ONLY,
            _prepare(("train", "test")),
        ),
        Mistake(
            "seed-ignored",
            "the same images are mirrored with every seed",
            "Draw from np.random.default_rng(seed).",
            _prepare(draw=lambda seed: np.random.default_rng(0)),
        ),
        Mistake(
            "not-reproducible",
            "the same seed mirrors other images the next time",
            "Draw from np.random.default_rng(seed): who repeats a run must get the same numbers.",
            _prepare(draw=lambda seed: np.random.default_rng()),
        ),
        Mistake(
            "changed-in-place",
            "the array `images` itself is mirrored",
            "Work on a copy, such as images / 255: whoever looks at `images` later finds them as they were.",
            _prepare(copied=False),
        ),
        Mistake(
            "not-augmented",
            "no training image is mirrored",
            "Mirror each training image with probability one half.",
            _prepare(()),
        ),
        Mistake(
            "all-mirrored",
            "all training images are mirrored",
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
        *forgotten(_prepare),
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
