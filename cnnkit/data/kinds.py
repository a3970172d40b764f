"""Some of a data set's classes alone: for a network that shall learn others, with what it learnt of these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cnnkit.data.split import Split
from cnnkit.errors import ArgumentError, did_you_mean

if TYPE_CHECKING:
    from cnnkit.data.dataset import Dataset

__all__ = ["numbers", "only"]


def only(dataset: Dataset, classes: Iterable[int | str]) -> Dataset:
    """Return the images of some classes; see `Dataset.only`."""
    given = [classes] if isinstance(classes, str) else list(classes)
    chosen = sorted({_number(dataset, each) for each in given})
    if len(chosen) < 2:
        raise ArgumentError(
            f"only: `classes` are {given}, expected at least 2 different ones of {dataset.name}."
            " There is nothing to tell apart in one."
        )
    train = _of(dataset.train, chosen)
    suffix = f"of {_listed(chosen)}"
    return replace(
        dataset,
        name=f"{dataset.name} {suffix}",
        classes=train.classes,
        train=train,
        validation=_of(dataset.validation, chosen, train),
        test=_of(dataset.test, chosen, train),
        stand_in=dataset.stand_in and f"{dataset.stand_in} {suffix}",
    )


def numbers(text: str) -> list[int]:
    """Return the numbers of classes that the name of a data set lists.

    Raises
    ------
    ValueError
        It lists none.

    Examples
    --------
    >>> numbers("0,2,5-7")
    [0, 2, 5, 6, 7]
    """
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _of(split: Split, chosen: Sequence[int], training: Split | None = None) -> Split:
    kept = np.isin(split.labels, chosen)
    if not kept.any():
        names = ", ".join(split.classes[number] for number in chosen)
        raise ArgumentError(
            f"only: `classes` are {names}, expected some of which there are {split.name} images."
            " Take others, or more images."
        )
    labels = np.searchsorted(chosen, split.labels[kept])
    classes = tuple(split.classes[number] for number in chosen)
    return Split(split.name, split.images[kept], labels, classes, training)


def _number(dataset: Dataset, given: object) -> int:
    if isinstance(given, str):
        if given in dataset.classes:
            return dataset.classes.index(given)
        cure = did_you_mean(given, dataset.classes, "Take one of these names.")
        expected = f"expected one of {', '.join(dataset.classes)}. {cure}"
    else:
        if isinstance(given, int | np.integer) and 0 <= given < len(dataset.classes):
            return int(given)
        expected = f"expected names, or whole numbers from 0 to {len(dataset.classes) - 1}. Count from 0."
    raise ArgumentError(f"only: `classes` holds {given!r}, {expected}")


def _listed(chosen: Sequence[int]) -> str:
    """Return numbers as text, neighbours as a range: the reverse of `numbers`."""
    ranges: list[list[int]] = []
    for number in chosen:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1].append(number)
        else:
            ranges.append([number])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in ranges)
