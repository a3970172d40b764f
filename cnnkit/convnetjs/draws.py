"""JavaScript's ``Math.random`` from a seed, and the Gaussian numbers that ConvNetJS makes of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError

__all__ = ["MathRandom"]

STEP = 0x6D2B79F5


class MathRandom:
    """Numbers as a page would draw them whose ``Math.random`` is mulberry32 started at `seed`.

    Parameters
    ----------
    seed : int, 0 to 2**32 - 1

    Raises
    ------
    ArgumentError
        `seed` is no such integer.

    Notes
    -----
    Mulberry32 is Tommy Ettinger's 32-bit generator, here in its usual JavaScript form. Its state only
    counts upwards, so any number of draws is one array operation.

    Examples
    --------
    >>> MathRandom(1).uniform(2)
    array([0.62707394, 0.00273572])
    """

    def __init__(self, seed: int = 0) -> None:
        if not isinstance(seed, int | np.integer) or isinstance(seed, bool) or not 0 <= seed < 2**32:
            raise ArgumentError(
                f"MathRandom: `seed` is {seed!r}, expected an integer from 0 to {2**32 - 1}."
                " Give 0, for example."
            )
        self._state = int(seed)
        # ConvNetJS draws Gaussian numbers in pairs and keeps the second for the next call
        self._kept: list[float] = []

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Return the next `count` numbers from 0 to below 1, as that many calls of ``Math.random()``."""
        steps = np.arange(1, count + 1, dtype=np.uint64)
        state = (np.uint64(self._state) + steps * np.uint64(STEP)).astype(np.uint32)
        self._state = (self._state + count * STEP) % 2**32
        mixed = (state ^ (state >> 15)) * (state | 1)  # uint32 wraps as Math.imul does
        mixed ^= mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)
        fractions: NDArray[np.float64] = (mixed ^ (mixed >> 14)) / 2**32
        return fractions

    def normal(self, count: int) -> NDArray[np.float64]:
        """Return the next `count` Gaussian numbers of mean 0 and deviation 1.

        Notes
        -----
        Marsaglia's polar method, as ``gaussRandom`` in ConvNetJS: of a pair whose point falls into the
        unit circle, the second number is kept for the next draw, be it of another network.

        Examples
        --------
        >>> MathRandom(1).normal(3)
        array([0.0219173 , 0.38413387, 0.7624597 ])
        """
        values = [*self._kept]
        while len(values) < count:
            # no more points than pairs are missing: what is not needed is not drawn
            pairs = 2 * self.uniform(2 * -(-(count - len(values)) // 2)).reshape(-1, 2) - 1
            square = (pairs**2).sum(axis=1)
            inside = (square > 0) & (square <= 1)
            square = square[inside, None]
            values.extend((pairs[inside] * np.sqrt(-2 * np.log(square) / square)).ravel())
        self._kept = values[count:]
        return np.array(values[:count], dtype=np.float64)

    def integer(self, low: int, high: int) -> int:
        """Return the next integer from `low` to below `high`, as ``convnetjs.randi``."""
        return int(np.floor(self.uniform(1)[0] * (high - low) + low))
