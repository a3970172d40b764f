"""Which images are taken out of a set: the same ones on every machine, in every class its share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnkit.data.chance import Chance

__all__ = ["stratified"]


def stratified(labels: NDArray[np.int64], count: int, seed: int) -> NDArray[np.int64]:
    """Choose `count` places of `labels` at random, so that each class keeps its share.

    Parameters
    ----------
    labels : (N,) array of int, at least 0
    count : int, 0 to N
    seed : int

    Returns
    -------
    (count,) array of int, ascending

    Notes
    -----
    Shares that are no whole numbers are rounded by the method of the largest remainder.

    Examples
    --------
    >>> labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2])
    >>> np.bincount(labels[stratified(labels, 5, seed=0)])
    array([2, 2, 1])
    """
    sizes = np.bincount(labels)
    quotas, remainders = np.divmod(sizes * count, max(len(labels), 1))
    quotas[np.argsort(-remainders, kind="stable")[: count - quotas.sum()]] += 1
    keys = Chance(seed).bits(len(labels))
    chosen = []
    for label, quota in enumerate(quotas):
        members = np.flatnonzero(labels == label)
        chosen.append(members[np.argsort(keys[members], kind="stable")[:quota]])
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)
