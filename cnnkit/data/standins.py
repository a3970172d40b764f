"""The built-in sets, which need no file: digits, shapes10 and shapes10_grey."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from cnnkit.data.choice import stratified
from cnnkit.data.dataset import Dataset
from cnnkit.data.drawing import SHAPES, draw
from cnnkit.data.enlarge import enlarge

__all__ = ["BUILT_IN"]

TEST_DIGITS = 359  # a fifth of 1,797
DRAWN = (10_000, 2_000)


@cache
def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    small = load_digits()
    x = enlarge(small.images.astype(np.int64))
    y = small.target.astype(np.int64)
    test = stratified(y, TEST_DIGITS, seed=0)
    train = np.delete(np.arange(len(y)), test)
    return Dataset.of(
        "digits",
        tuple("0123456789"),
        (x[train], y[train]),
        (x[test], y[test]),
        "scikit-learn's digits, 8×8, enlarged",
    )


@cache
def _shapes10() -> Dataset:
    return _drawn("shapes10", size=32, channels=3, seed=10)


@cache
def _shapes10_grey() -> Dataset:
    return _drawn("shapes10_grey", size=28, channels=1, seed=11)


def _drawn(name: str, size: int, channels: int, seed: int) -> Dataset:
    y = np.arange(sum(DRAWN), dtype=np.int64) % len(SHAPES)
    x = draw(y, size, channels, seed)
    train, test = slice(DRAWN[0]), slice(DRAWN[0], None)
    return Dataset.of(name, SHAPES, (x[train], y[train]), (x[test], y[test]), "cnnkit's own drawing")


BUILT_IN: dict[str, Callable[[], Dataset]] = {
    "digits": _digits,
    "shapes10": _shapes10,
    "shapes10_grey": _shapes10_grey,
}
