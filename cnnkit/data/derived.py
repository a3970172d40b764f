"""Data sets that were made of others: their names say how, and lead back to the same images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnnkit.data import colours, kinds
from cnnkit.errors import ArgumentError

if TYPE_CHECKING:
    from cnnkit.data.dataset import Dataset

__all__ = ["derived", "origin"]

COLOURS = {"in grey": colours.grey, "in rgb": colours.rgb}


def origin(name: str) -> tuple[str, tuple[str, ...]]:
    """Split the name of a data set into the original's, and what was done to it.

    Examples
    --------
    >>> origin("cifar10 of 5-9 in grey"), origin("mnist")
    (('cifar10', ('of 5-9', 'in grey')), ('mnist', ()))
    """
    original, *steps = re.split(" (?=of |in )", name)
    return original, tuple(steps)


def derived(dataset: Dataset, steps: tuple[str, ...]) -> Dataset:
    """Return a data set with done to it what `origin` found.

    Raises
    ------
    ArgumentError, ShapeError
        No data set is made in this way, or not this one.
    """
    for step in steps:
        colour = COLOURS.get(step)
        dataset = colour(dataset) if colour else kinds.only(dataset, _classes(dataset, step))
    return dataset


def _classes(dataset: Dataset, step: str) -> list[int]:
    how, _, listed = step.partition(" ")
    try:
        if how == "of":
            return kinds.numbers(listed)
    except ValueError:
        pass
    raise ArgumentError(
        f"load: `name` is '{dataset.name} {step}', expected after {dataset.name!r} nothing, 'in grey',"
        " 'in rgb' or the numbers of classes, such as 'of 0-4'. Write one of these."
    )
