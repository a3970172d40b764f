"""Random integers that are the same on every machine and with every version of numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chance"]

GOLDEN = 0x9E3779B97F4A7C15
WORD = 2**64


class Chance:
    """A stream of random integers, made of whole-number arithmetic only.

    Parameters
    ----------
    *seeds : int, at least 0
        Every list of seeds is a stream of its own.

    Notes
    -----
    SplitMix64: the numbers of a counter, mixed. numpy promises the streams of its generators for one version
    at a time only, and data sets, splits and their hashes have to outlive that. Source: Steele, Lea & Flood
    (2014), Fast splittable pseudorandom number generators, OOPSLA, doi:10.1145/2660193.2660195.

    Examples
    --------
    >>> Chance(1, 2).below(6, 8)
    array([4, 3, 2, 3, 0, 4, 3, 3])
    """

    def __init__(self, *seeds: int) -> None:
        self._place = 0
        for seed in seeds:
            start = np.array([(self._place ^ (seed % WORD)) * GOLDEN % WORD], dtype=np.uint64)
            self._place = int(_mixed(start)[0])

    def bits(self, count: int) -> NDArray[np.uint64]:
        """Return the next `count` numbers, 64 random bits each."""
        steps = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN)
        drawn = _mixed(steps + np.uint64(self._place))
        self._place = (self._place + count * GOLDEN) % WORD
        return drawn

    def below(self, end: int, *shape: int) -> NDArray[np.int64]:
        """Return integers of 0 to `end` - 1, as an array of `shape`; `end` is at most 2**32."""
        drawn = self.bits(int(np.prod(shape)))
        scaled = ((drawn >> np.uint64(32)) * np.uint64(end)) >> np.uint64(32)
        return scaled.astype(np.int64).reshape(shape)

    def between(self, low: int, high: int, *shape: int) -> NDArray[np.int64]:
        """Return integers of `low` to `high`, both possible, as an array of `shape`."""
        return low + self.below(high - low + 1, *shape)

    def bytes(self, *shape: int) -> NDArray[np.uint8]:
        """Return integers of 0 to 255 as an array of `shape`, eight for the price of one."""
        count = int(np.prod(shape))
        return self.bits(-(-count // 8)).astype("<u8").view(np.uint8)[:count].reshape(shape)

    def order(self, count: int) -> NDArray[np.int64]:
        """Return 0 to `count` - 1 in a random order."""
        return np.argsort(self.bits(count), kind="stable").astype(np.int64)


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
