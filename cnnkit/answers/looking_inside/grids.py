"""The first layer's filters as a picture, and which of them look for colour: A6-3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["QUESTIONS", "colour_share"]

Array = np.ndarray


def _picture(
    weight: Array,
    columns: int,
    shared: bool,
    size: Callable[[Array, bool], tuple[Array, Array]] | None = None,
    down_first: bool = False,
    kernel: Callable[[Array], Array] = lambda w: w,
) -> Array:
    """Return the grid as a picture (rows · kH, columns · kW, C), with something changed."""
    weight = np.asarray(weight, float)
    F, C, kH, kW = weight.shape
    middle, most = (size or _by_largest)(weight, shared)
    tiles = kernel(0.5 + (weight - middle) / (2 * most)).transpose(0, 2, 3, 1)  # (F, kH, kW, C)
    rows = -(-F // columns)
    full = np.full((rows * columns, kH, kW, C), 0.5)
    full[:F] = tiles
    if down_first:
        full = full.reshape(columns, rows, kH, kW, C).transpose(1, 0, 2, 3, 4)
    grid = full.reshape(rows, columns, kH, kW, C)
    return grid.transpose(0, 2, 1, 3, 4).reshape(rows * kH, columns * kW, C)


def _extent(weight: Array, shared: bool, reduce: Callable[..., Array]) -> Array:
    return np.asarray(reduce(weight, axis=(0, 1, 2, 3) if shared else (1, 2, 3), keepdims=True))


def _by_largest(weight: Array, shared: bool) -> tuple[Array, Array]:
    most = _extent(np.abs(weight), shared, np.max)
    return np.zeros_like(most), np.where(most > 0, most, 1)


def _the_other(weight: Array, shared: bool) -> tuple[Array, Array]:
    return _by_largest(weight, not shared)


def _always(which: bool, weight: Array, shared: bool) -> tuple[Array, Array]:
    return _by_largest(weight, which)


def _by_range(weight: Array, shared: bool) -> tuple[Array, Array]:
    low, high = _extent(weight, shared, np.min), _extent(weight, shared, np.max)
    return (low + high) / 2, np.where(high > low, (high - low) / 2, 1)


def _by_signed_largest(weight: Array, shared: bool) -> tuple[Array, Array]:
    most = _extent(weight, shared, np.max)
    return np.zeros_like(most), np.where(most > 0, most, 1)


def _by_channel(weight: Array, shared: bool) -> tuple[Array, Array]:
    most = np.abs(weight).max(axis=(0, 2, 3) if shared else (2, 3), keepdims=True)
    return np.zeros_like(most), np.where(most > 0, most, 1)


def _clipped(weight: Array, columns: int, shared: bool) -> Array:
    return _picture(np.clip(weight, -0.5, 0.5) * 2, columns, True, lambda w, s: (np.zeros(()), np.ones(())))


def _scrambled(weight: Array, columns: int, shared: bool) -> Array:
    """Return the scaled numbers in a picture of the right size, without moving an axis."""
    full = _picture(weight, columns, shared)
    kH, kW = weight.shape[2:]
    grid = full.reshape(full.shape[0] // kH, kH, columns, kW, full.shape[2])
    return grid.transpose(0, 2, 4, 1, 3).reshape(full.shape)


def _probes(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for F, kernel, columns in ((6, (3, 3), 3), (7, (4, 2), 3)):
        for shared in (True, False):
            weight = rng.normal(size=(F, 3, *kernel)) * rng.uniform(0.2, 2, (F, 1, 1, 1))
            last = " (the last row is short)" if F % columns else ""
            label = f"{F} filters of {kernel[0]}×{kernel[1]}{last}, shared={shared}"
            probes.append(Probe(label, {"weight": weight, "columns": columns, "shared": shared}))
    return {"probes": tuple(probes)}


FILTER_PICTURE = FunctionQuestion(
    id="filter-picture",
    code="A6-3a",
    points=3,
    variable="filter_picture",
    ask="Write filter_picture(weight, columns, shared): the filters side by side as one colour image.",
    method=_picture,
    atol=1e-6,
    inputs=_probes(np.random.default_rng(63)),
    draw=_probes,
    mistakes=(
        Mistake(
            "down-first",
            "the filters are numbered down the columns",
            "Filter n stands in row n // columns, column n % columns.",
            partial(_picture, down_first=True),
        ),
        Mistake(
            "axes-not-moved",
            "the array is only reshaped, and pixels of one filter land in another",
            "A reshape moves no axis: transpose to (rows, kH, columns, kW, channels) before the last one.",
            _scrambled,
        ),
        Mistake(
            "kernels-on-their-side",
            "rows and columns of each kernel are exchanged",
            "The axes of `weight` are filter, channel, row, column.",
            partial(
                _picture, kernel=lambda w: w.reshape(*w.shape[:2], *w.shape[:1:-1]).transpose(0, 1, 3, 2)
            ),
        ),
        Mistake(
            "kernels-flipped",
            "each kernel is turned by half a turn",
            "Show the weights as they are.",
            partial(_picture, kernel=lambda w: w[:, :, ::-1, ::-1]),
        ),
        Mistake(
            "own-for-shared",
            "the shared scale and the own one are exchanged",
            "shared=True divides all filters by one number, the largest |weight| of all.",
            partial(_picture, size=_the_other),
        ),
        Mistake(
            "always-own",
            "each filter has its own scale, also where it should be shared",
            "With shared=True divide all filters by one number.",
            partial(_picture, size=partial(_always, False)),
        ),
        Mistake(
            "always-shared",
            "all filters share a scale, also where each should have its own",
            "With shared=False divide each filter by its own largest |weight|.",
            partial(_picture, size=partial(_always, True)),
        ),
        Mistake(
            "zero-is-not-grey",
            "the smallest weight becomes 0 and the largest 1, so that a weight of 0 is no mid-grey",
            "Add 0.5 to weight / (2 · largest |weight|).",
            partial(_picture, size=_by_range),
        ),
        Mistake(
            "largest-without-sign",
            "it is divided by the largest weight instead of the largest |weight|",
            "Take the absolute value before the maximum, or a strong negative weight leaves 0 to 1.",
            partial(_picture, size=_by_signed_largest),
        ),
        Mistake(
            "scale-per-channel",
            "red, green and blue are scaled each by themselves",
            "A filter's three channels share its scale, or its colour is lost.",
            partial(_picture, size=_by_channel),
        ),
        Mistake(
            "clipped",
            "weights are cut off instead of scaled",
            "Divide by twice the largest |weight| before adding 0.5.",
            _clipped,
        ),
    ),
)


# --- colour or edge -----------------------------------------------------------------------------------------

CHOSEN = (14, 26, 32, 49, 52)


def colour_share(weight: Array) -> Array:
    """Return how much of each filter would be lost in grey, 0 to 1.

    Parameters
    ----------
    weight : (F, 3, kH, kW) array of float

    Examples
    --------
    >>> grey, red = np.ones((1, 3, 2, 2)), np.zeros((1, 3, 2, 2))
    >>> red[:, 0] = 1
    >>> colour_share(np.concatenate([grey, red])).round(3)
    array([0.   , 0.667])
    """
    return _share(np.asarray(weight, float), lambda w: w.mean(axis=1, keepdims=True))


def _share(weight: Array, grey: Callable[[Array], Array]) -> Array:
    lost = ((weight - grey(weight)) ** 2).sum(axis=(1, 2, 3))
    return np.asarray(lost / (weight**2).sum(axis=(1, 2, 3)))


def _weight() -> Array:
    from cnnkit.nn import pretrained

    model = pretrained("cifar10").model
    assert model is not None
    return model.get_parameter("conv1.weight").detach().double().numpy()


def _kinds(
    share: Callable[[Array], Array] = colour_share, first: int = 0, flip: bool = False
) -> dict[str, Any]:
    weight = _weight()
    found = share(weight) > 0.5
    kinds = {str(n): "colour" if found[n - first] != flip else "edge" for n in CHOSEN}
    strongest = int(np.abs(weight).max(axis=(1, 2, 3)).argmax())
    row, column = divmod(strongest, 8)
    return kinds | {"strongest": (row + first, column + first)}


def _kinds_placed(place: tuple[int, int]) -> dict[str, Any]:
    return _kinds() | {"strongest": place}


FILTER_KINDS = Question(
    id="filter-kinds",
    code="A6-3b",
    points=1,
    variable="filter_kinds",
    ask="Which of five filters would lose more than half in grey, and where the strongest one is.",
    method=_kinds,
    choices=("colour", "edge"),
    mistakes=(
        Mistake(
            "counted-from-one",
            "filters, rows and columns are counted from 1",
            "Count from 0, as Python does.",
            lambda: _kinds(first=1),
        ),
        Mistake(
            "the-other-way-round",
            "colour and edge are exchanged",
            "A filter that would be lost in grey is one for colour.",
            lambda: _kinds(flip=True),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (FILTER_PICTURE, FILTER_KINDS)
