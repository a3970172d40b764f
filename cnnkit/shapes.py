"""Output sizes along one axis: the formula, its exact value, and the cells that no window covers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from cnnkit.errors import ArgumentError, ShapeError

__all__ = ["SAME_CONVENTIONS", "Axis", "output_size", "same_padding", "shape_text"]

SAME_CONVENTIONS = ("torch", "keras")


@dataclass(frozen=True)
class Axis:
    """One axis of a convolution or pooling: everything that follows from its five numbers.

    Parameters
    ----------
    size, kernel_size, stride, dilation : int, in pixels
    padding : int or (int, int), in pixels; a pair is (before, after)
    ceil_mode : bool
        Round up instead of down, as torch's pooling layers can. A last window that would start in
        the padding behind the input is dropped, as torch does.

    Raises
    ------
    ArgumentError
        A number is not an integer, or is smaller than it can be.

    Notes
    -----
    Source: Dumoulin & Visin (2016), arXiv:1603.07285, relationship 15 with padding at both ends.

    Examples
    --------
    >>> Axis(9, 7, stride=3, padding=1)
    floor((9 + 2·1 − 7) / 3) + 1 = floor(4/3) + 1 = 2
    >>> Axis(9, 7, stride=3, padding=1).exact
    Fraction(7, 3)
    """

    size: int
    kernel_size: int
    stride: int = 1
    padding: int | tuple[int, int] = 0
    dilation: int = 1
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        for name, least in (("size", 1), ("kernel_size", 1), ("stride", 1), ("dilation", 1)):
            _require_int(name, getattr(self, name), least)
        for amount in self.pads:
            _require_int("padding", amount, 0)

    @property
    def pads(self) -> tuple[int, int]:
        """Padding (before, after), in pixels."""
        return self.padding if isinstance(self.padding, tuple) else (self.padding, self.padding)

    @property
    def padded(self) -> int:
        """Size with its padding."""
        return self.size + sum(self.pads)

    @property
    def extent(self) -> int:
        """How many cells the kernel spans, the gaps of its dilation included."""
        return self.dilation * (self.kernel_size - 1) + 1

    @property
    def fits(self) -> bool:
        """Whether there is any output; with `ceil_mode` a window may hang over the end."""
        return self.output >= 1

    @property
    def exact(self) -> Fraction:
        """The output size before it is rounded."""
        return Fraction(self.padded - self.extent, self.stride) + 1

    @property
    def output(self) -> int:
        """The output size; 0 or less where the kernel does not fit."""
        if not self.ceil_mode:
            return floor(self.exact)
        rounded_up = -floor(-self.exact)
        starts_behind_input = (rounded_up - 1) * self.stride >= self.size + self.pads[0]
        return rounded_up - starts_behind_input

    @property
    def uncovered(self) -> tuple[int, ...]:
        """Indices of the input's own cells that no window touches (padding not counted)."""
        touched = {
            start * self.stride + tap * self.dilation - self.pads[0]
            for start in range(max(self.output, 0))
            for tap in range(self.kernel_size)
        }
        return tuple(cell for cell in range(self.size) if cell not in touched)

    def __repr__(self) -> str:
        before, after = self.pads
        pads = f"2·{before}" if before == after else f"{before} + {after}"
        kernel = str(self.kernel_size)
        if self.dilation > 1:
            kernel = f"({self.dilation}·({self.kernel_size} − 1) + 1)"
        rounding = "ceil" if self.ceil_mode else "floor"
        quotient = self.exact - 1
        return (
            f"{rounding}(({self.size} + {pads} − {kernel}) / {self.stride}) + 1"
            f" = {rounding}({str(quotient).replace('-', '−')}) + 1 = {str(self.output).replace('-', '−')}"
        )


def output_size(
    size: int,
    kernel_size: int,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Return how many windows fit along one axis.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation : int, in pixels
        `padding` is added at both ends; a pair is (before, after).
    ceil_mode : bool
        Round up instead of down, as torch's pooling layers can.

    Returns
    -------
    int
        ``floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride) + 1``

    Raises
    ------
    ShapeError
        The kernel is larger than the padded input.
    ArgumentError
        A number is not an integer, or is smaller than it can be.

    Notes
    -----
    As ``torch.nn.Conv2d`` and ``MaxPool2d``. Source: Dumoulin & Visin (2016), arXiv:1603.07285.

    Examples
    --------
    >>> output_size(32, 5, padding=2)
    32
    >>> output_size(28, 5, stride=2, padding=2)
    14
    """
    axis = Axis(size, kernel_size, stride, padding, dilation, ceil_mode)
    if not axis.fits:
        spans = f" with dilation {dilation}, spanning {axis.extent} cells," if dilation > 1 else ""
        pads = f"{axis.pads[0]}+{axis.pads[1]}"
        overhang = stride - 1 if ceil_mode else 0
        missing = axis.extent - size - overhang
        raise ShapeError(
            f"output_size: `kernel_size` is {kernel_size}{spans} but the input has only {axis.padded} cells"
            f" ({size} and padding {pads}); expected at most {axis.padded + overhang}."
            f" Use a smaller kernel, or padding of at least {-(-missing // 2)} at each end."
        )
    return axis.output


def same_padding(
    size: int, kernel_size: int, stride: int = 1, dilation: int = 1, convention: str = "torch"
) -> tuple[int, int]:
    """Return the padding (before, after) that ``padding="same"`` stands for.

    Parameters
    ----------
    size, kernel_size, stride, dilation : int, in pixels
    convention : "torch" or "keras"
        Torch pads so that output size = input size and allows stride 1 only. Keras (TensorFlow) pads
        so that output size = ceil(size / stride). Both put the odd pixel behind.

    Returns
    -------
    (int, int), in pixels

    Raises
    ------
    ShapeError
        Torch's convention with a stride above 1.
    ArgumentError
        An unknown convention.

    Notes
    -----
    Source: the documentation of ``torch.nn.Conv2d``; TensorFlow's "Notes on padding combinations".

    Examples
    --------
    >>> same_padding(28, 5)
    (2, 2)
    >>> same_padding(28, 5, stride=2, convention="keras")
    (1, 2)
    """
    if convention not in SAME_CONVENTIONS:
        raise ArgumentError(
            f"same_padding: `convention` is {convention!r}, expected one of {', '.join(SAME_CONVENTIONS)}."
            " Name whose 'same' you mean."
        )
    if convention == "torch" and stride != 1:
        raise ShapeError(
            f"same_padding: `stride` is {stride}, expected 1: torch's 'same' exists for stride 1 only."
            " Give the padding as a number, or use convention='keras'."
        )
    axis = Axis(size, kernel_size, stride, dilation=dilation)
    wanted = -(-size // stride)
    total = max((wanted - 1) * stride + axis.extent - size, 0)
    return total // 2, total - total // 2


def shape_text(shape: tuple[int | str, ...]) -> str:
    """Return a shape as messages write it.

    Examples
    --------
    >>> shape_text((3, 32, 32)), shape_text((10,))
    ('(3, 32, 32)', '(10,)')
    """
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _require_int(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ArgumentError(
            f"output_size: `{name}` is {value!r}, expected an integer of at least {least}."
            f" Give `{name}` as a whole number of pixels."
        )
