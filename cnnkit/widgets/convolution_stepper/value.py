"""One convolution of a small image, window by window: the arithmetic behind the convolution stepper."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnkit.functional import ExplainedWindow, conv2d, pad
from cnnkit.functional.arguments import Array
from cnnkit.shapes import Axis, same_padding

__all__ = ["KERNELS", "PADDINGS", "Convolution"]

PADDINGS = ("valid", "same", "full")

_RING = [[1, 1, 1], [1, 1, 1], [1, 1, 1]]
_HILL = [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
KERNELS: dict[str, list[list[float]]] = {
    "Sobel x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Sobel y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "shift": [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
    "box": [[value / 9 for value in row] for row in _RING],
    "Gaussian": [[value / 16 for value in row] for row in _HILL],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "no symmetry": [[1, 2, 3], [4, 0, 0], [5, 0, 0]],
}


@dataclass(frozen=True, eq=False, repr=False)
class Convolution:
    """An image, a kernel, how the one slides over the other, and everything that follows.

    Parameters
    ----------
    x : (H, W) array of numbers, or (C, H, W)
    kernel : (kH, kW) array of numbers, or (C, kH, kW)
        As it is written; one for each channel.
    bias : number
        Added once to every cell of the output.
    padding : "valid", "same" or "full"
        None; as much as keeps the size at stride 1; as much as lets a single cell of the kernel overlap.
    mode : "zeros", "reflect", "replicate" or "circular"
        What stands in the padding, as in `cnnkit.functional.pad`.
    stride, dilation : int, in cells
    flip : bool
        Whether the kernel is turned by 180° first: convolution, not cross-correlation.
    step : int
        The window looked at, counted from 0 in reading order.

    Examples
    --------
    >>> import numpy as np
    >>> Convolution(np.array([[1, 2, 4], [0, 1, 3]]), np.array([[1, -1]]), step=1)
    cross-correlation, padding valid, stride 1
    input (2, 3)    kernel (1, 2)    output (2, 2)
    1 2 4           1 −1             −1 −2
    0 1 3                            −1 −2
    <BLANKLINE>
    output (0, 1):
      2·1 + 4·(−1)
    = −2
    """

    x: Array
    kernel: Array
    bias: float = 0
    padding: str = "valid"
    mode: str = "zeros"
    stride: int = 1
    dilation: int = 1
    flip: bool = False
    step: int = 0

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """Rows and columns, each with its size, kernel size, stride, padding and dilation."""
        rows, columns = (
            Axis(size, k, self.stride, self._sides(size, k), self.dilation)
            for size, k in zip(self.x.shape[-2:], self.kernel.shape[-2:], strict=True)
        )
        return rows, columns

    def _sides(self, size: int, kernel_size: int) -> tuple[int, int]:
        if self.padding == "valid":
            return 0, 0
        if self.padding == "same":
            return same_padding(size, kernel_size, dilation=self.dilation)
        around = self.dilation * (kernel_size - 1)
        return around, around

    @property
    def border(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The padding as ((top, bottom), (left, right)), in cells."""
        rows, columns = self.axes
        return rows.pads, columns.pads

    @property
    def problem(self) -> str | None:
        """Why there is no output, and a cure; None where there is one."""
        for axis, name in zip(self.axes, ("rows", "columns"), strict=True):
            reach = {"reflect": axis.size - 1, "circular": axis.size}.get(self.mode, max(axis.pads))
            if max(axis.pads) > reach:
                how = "mirrored" if self.mode == "reflect" else "taken from the other side"
                return (
                    f"{max(axis.pads)} cells of padding cannot be {how}: the input has {axis.size} {name}."
                    " Choose zeros, or less padding."
                )
        rows, columns = self.axes
        if rows.fits and columns.fits:
            return None
        return (
            f"The kernel covers {rows.extent} × {columns.extent} cells, the input with its padding has"
            f" {rows.padded} × {columns.padded}: it fits nowhere. Choose more padding, or less dilation."
        )

    @property
    def padded(self) -> Array:
        """The input with its padding, (..., top + H + bottom, left + W + right)."""
        return pad(self.x, self.border, self.mode)

    @property
    def laid(self) -> Array:
        """The kernel as it is laid on the image: turned by 180° for a convolution."""
        return np.flip(self.kernel, axis=(-2, -1)) if self.flip else self.kernel

    @property
    def output(self) -> Array:
        """The whole output, (H', W'); empty where there is a `problem`."""
        if self.problem:
            return np.zeros((0, 0), np.int64)
        bias = np.array([self.bias])
        x, weight = _planes(self.padded)[None], _planes(self.laid)[None]
        maps = conv2d(x, weight, bias, stride=self.stride, dilation=self.dilation)
        output: Array = maps[0, 0]
        return output

    @property
    def cell(self) -> tuple[int, int]:
        """Row and column of the output cell that `step` means."""
        rows, columns = self.axes
        step = max(0, min(self.step, rows.output * columns.output - 1))
        return step // columns.output, step % columns.output

    @property
    def window(self) -> tuple[slice, slice]:
        """Where the kernel lies now: rows and columns of `padded`."""
        taps = []
        for place, axis in zip(self.cell, self.axes, strict=True):
            start = place * self.stride
            taps.append(slice(start, start + axis.extent, self.dilation))
        return taps[0], taps[1]

    @property
    def explained(self) -> tuple[ExplainedWindow, ...]:
        """The window looked at, the weights, their products and their sum, for each channel."""
        made = []
        for plane, weight in zip(_planes(self.padded), _planes(self.laid), strict=True):
            window = plane[self.window]
            products = window * weight
            made.append(ExplainedWindow(window, weight, products, products.sum().item()))
        return tuple(made)

    @property
    def title(self) -> str:
        """What is computed, in words."""
        kind = "convolution (the kernel is turned by 180°)" if self.flip else "cross-correlation"
        beyond = "" if self.padding == "valid" else f" ({self.mode})"
        spread = f", dilation {self.dilation}" if self.dilation > 1 else ""
        return f"{kind}, padding {self.padding}{beyond}, stride {self.stride}{spread}"

    def __repr__(self) -> str:
        """Return the arrays side by side, and the sum of the window looked at."""
        return self.text()

    def text(self, output: Array | None = None, hidden: bool = False) -> str:
        """Return the summary, with another `output` in it, or without the sum."""
        if self.problem:
            return f"{self.title}\n{self.problem}"
        rest = [] if hidden else [_sum_text(self)]
        return "\n".join([self.title, *_side_by_side(self, self.output if output is None else output), *rest])


def _planes(x: Array) -> Array:
    """Return `x` with an axis of channels."""
    return x if x.ndim == 3 else x[None]


def number(value: float) -> str:
    """Return a number as a page writes it: no tail of zeros, a real minus, a dot for what is not known."""
    return "·" if value != value else f"{value + 0:.4g}".replace("-", "−").replace("e+0", "e")


def _side_by_side(made: Convolution, output: Array) -> list[str]:
    """Return the arrays in columns of text: one row of blocks for each channel, the output in the first."""
    lines = []
    for channel, (x, kernel) in enumerate(zip(_planes(made.x), _planes(made.kernel), strict=True)):
        which = f" {channel}" if made.x.ndim == 3 else ""
        blocks = [_block(f"input{which}", x), _block(f"kernel{which}", kernel)]
        if channel == 0:
            blocks.append(_block("output", output))
        height = max(map(len, blocks))
        widths = [max(map(len, block)) for block in blocks]
        lines += [
            "    ".join(
                (block[row] if row < len(block) else "").ljust(width)
                for block, width in zip(blocks, widths, strict=True)
            ).rstrip()
            for row in range(height)
        ]
    return lines


def _block(name: str, values: Array) -> list[str]:
    cells = [[number(value) for value in row] for row in values.tolist()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rows = [" ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in cells]
    return [f"{name} {values.shape}", *rows]


def _sum_text(made: Convolution) -> str:
    explained = made.explained
    row, column = made.cell
    head = f"\noutput ({row}, {column}):\n"
    if len(explained) == 1 and not made.bias:
        return head + repr(explained[0])
    sums = [f"{number(part.total)} (channel {index})" for index, part in enumerate(explained)]
    total = sum(part.total for part in explained) + made.bias
    return head + " + ".join([*sums, f"{number(made.bias)} (bias)"]) + f" = {number(total)}"
