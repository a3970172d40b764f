"""Max pooling as ConvNetJS does it."""

from __future__ import annotations

import numpy as np

from cnnkit.convnetjs.layer import Array, Windowed
from cnnkit.convnetjs.spec import LayerSpec

__all__ = ["Pool"]

# ConvNetJS: "hopefully small enough"; what a window gives in which no cell is larger
START = -99999.0


class Pool(Windowed):
    """The largest cell of each window; of equal ones the first, column by column.

    Cells outside the image are passed over. A window without a cell above -99999 gives -99999 and
    passes no gradient on.
    """

    def __init__(self, spec: LayerSpec) -> None:
        super().__init__(spec)
        self._winner = np.empty((0, *spec.output_size.rows_first), dtype=np.int32)

    def forward(self, x: Array, training: bool) -> Array:
        """Return (N, sy', sx', depth)."""
        padded = self._bordered(len(x), -np.inf)
        padded[self._inside] = x
        best = np.full((len(x), *self.spec.output_size.rows_first), START)
        winner = np.zeros(best.shape, dtype=np.int32)
        for tap, window in enumerate(self._taps(), 1):
            cells = padded[window]
            if training:
                # a later winner has the larger number
                np.maximum(winner, np.multiply(cells > best, tap, dtype=np.int32), out=winner)
            np.fmax(best, cells, out=best)  # fmax passes over NaN, as > does in ConvNetJS
        if training:
            self._winner = winner
        return best

    def backward(self, grad: Array) -> Array:
        """Return the gradient of the input: that of the output, at the cell that won."""
        padded = self._bordered(len(grad), 0.0)
        for tap, window in enumerate(self._taps(), 1):
            padded[window] += np.where(self._winner == tap, grad, 0)
        return padded[self._inside]
