"""Layers as values: torch's names and parameters, no weights, and the arithmetic of their shapes.

A shape is what one example has, without the batch: ``(C, H, W)`` for images, ``(features,)`` for vectors.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from math import prod

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.shapes import Axis, same_padding, shape_text

__all__ = [
    "AvgPool2d",
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "Dropout",
    "Flatten",
    "Layer",
    "Linear",
    "MaxPool2d",
    "ReLU",
    "ReLU6",
    "Shape",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "Windowed",
]

Shape = tuple[int, ...]
Pair = int | tuple[int, int]
SAME = {"same": "torch", "keras-same": "keras"}


@dataclass(frozen=True, repr=False)
class Layer:
    """What every layer answers; a layer without weights that keeps its input's shape is just this."""

    kind = "layer"

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the output shape for `input_shape`, or raise a ShapeError that says why there is none."""
        return input_shape

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """Trainable arrays by torch's name."""
        return {}

    @property
    def statistic_shapes(self) -> dict[str, Shape]:
        """Arrays that are stored but not trained (torch: buffers; Keras: non-trainable parameters)."""
        return {}

    def multiply_adds(self, input_shape: Shape) -> int:
        """Multiplications that the weights cost for one example, each with its addition."""
        return 0

    @property
    def parameters(self) -> int:
        """Number of trainable numbers."""
        return sum(map(prod, self.weight_shapes.values()))

    @property
    def statistics(self) -> int:
        """Number of stored numbers that are not trained."""
        return sum(map(prod, self.statistic_shapes.values()))

    def __repr__(self) -> str:
        """Return the call that makes this layer, defaults left out and torch's positional ones unnamed."""
        required = [f for f in fields(self) if f.default is MISSING]
        given = [f for f in fields(self) if f not in required and getattr(self, f.name) != f.default]
        arguments = [repr(getattr(self, f.name)) for f in required]
        arguments += [f"{f.name}={getattr(self, f.name)!r}" for f in given]
        return f"{type(self).__name__}({', '.join(arguments)})"


@dataclass(frozen=True, repr=False)
class ReLU(Layer):
    """max(0, x)."""

    kind = "relu"


@dataclass(frozen=True, repr=False)
class ReLU6(Layer):
    """min(max(0, x), 6)."""

    kind = "relu"


@dataclass(frozen=True, repr=False)
class Tanh(Layer):
    """Hyperbolic tangent."""

    kind = "tanh"


@dataclass(frozen=True, repr=False)
class Sigmoid(Layer):
    """1 / (1 + exp(-x))."""

    kind = "sigmoid"


@dataclass(frozen=True, repr=False)
class Softmax(Layer):
    """Exponentials, scaled to sum to 1 over the features."""

    kind = "softmax"


@dataclass(frozen=True, repr=False)
class Dropout(Layer):
    """Zero each value with probability `p` while training; nothing in evaluation."""

    kind = "dropout"
    p: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.p, int | float) or not 0 <= self.p <= 1:
            raise ArgumentError(
                f"Dropout: `p` is {self.p!r}, expected a probability from 0 to 1. Give 0.5 for one half."
            )


class Windowed(Layer):
    """A layer that slides a kernel over (C, H, W): convolution and pooling."""

    kernel_size: Pair
    stride: Pair | None
    padding: Pair | str
    dilation: Pair
    ceil_mode: bool = False

    def __post_init__(self) -> None:
        owner = type(self).__name__
        for name in ("kernel_size", "stride", "dilation"):
            if name != "stride" or self.stride is not None:
                _pair(owner, name, getattr(self, name))
        if not isinstance(self.padding, str):
            _pair(owner, "padding", self.padding, least=0)
        elif self.padding not in ("valid", *SAME):
            raise ArgumentError(
                f"{owner}: `padding` is {self.padding!r}, expected a number, 'valid', 'same' (torch's)"
                " or 'keras-same'. Give one of these."
            )
        elif self.padding == "same" and self._strides != (1, 1):
            raise ArgumentError(
                f"{owner}: `padding` is 'same' with stride {self._strides}, expected stride 1: torch's"
                " 'same' exists for stride 1 only. Give the padding as a number, or 'keras-same'."
            )

    @property
    def _kernel(self) -> tuple[int, int]:
        return _twice(self.kernel_size)

    @property
    def _strides(self) -> tuple[int, int]:
        return self._kernel if self.stride is None else _twice(self.stride)

    def axes(self, input_shape: Shape) -> tuple[Axis, Axis]:
        """Return the vertical and the horizontal axis for `input_shape` (C, H, W)."""
        if len(input_shape) != 3:
            raise ShapeError(f"its input is {shape_text(input_shape)}, expected three sizes (C, H, W)")
        per_axis = zip(input_shape[1:], self._kernel, self._strides, _twice(self.dilation), strict=True)
        vertical, horizontal = (
            Axis(size, kernel, stride, self._pad(place, size), dilation, self.ceil_mode)
            for place, (size, kernel, stride, dilation) in enumerate(per_axis)
        )
        return vertical, horizontal

    def _pad(self, place: int, size: int) -> int | tuple[int, int]:
        if self.padding == "valid":
            return 0
        if isinstance(self.padding, str):
            kernel, stride, dilation = (
                pair[place] for pair in (self._kernel, self._strides, _twice(self.dilation))
            )
            return same_padding(size, kernel, stride, dilation, convention=SAME[self.padding])
        return _twice(self.padding)[place]

    def _windows(self, input_shape: Shape) -> tuple[int, int]:
        """Return (H', W'), or say which kernel does not fit into which input."""
        vertical, horizontal = self.axes(input_shape)
        if not (vertical.fits and horizontal.fits):
            kernel = f"{vertical.extent}×{horizontal.extent}"
            padded = f"{vertical.padded}×{horizontal.padded}"
            height, width = input_shape[1:]
            raise ShapeError(
                f"its {kernel} kernel does not fit into the {height}×{width} input"
                f" ({padded} with padding); the output would be"
                f" {vertical.output}×{horizontal.output}".replace("-", "−")
            )
        return vertical.output, horizontal.output


@dataclass(frozen=True, repr=False)
class Conv2d(Windowed):
    """A bank of `out_channels` kernels, each as deep as its input (divided by `groups`).

    Parameters
    ----------
    in_channels, out_channels : int
    kernel_size, stride, dilation : int or (int, int), in pixels
    padding : int, (int, int), "valid", "same" (torch's, stride 1 only) or "keras-same"
    groups : int
    bias : bool

    Raises
    ------
    ArgumentError
        A number is not a positive integer, `padding` is another word, or `groups` does not divide both
        channel counts.

    Notes
    -----
    As ``torch.nn.Conv2d``.

    Examples
    --------
    >>> conv = Conv2d(3, 32, 5, padding=2)
    >>> conv.output_shape((3, 32, 32)), conv.parameters
    ((32, 32, 32), 2432)
    """

    kind = "conv"
    in_channels: int
    out_channels: int
    kernel_size: Pair
    stride: Pair = 1
    padding: Pair | str = 0
    dilation: Pair = 1
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        for name in ("in_channels", "out_channels", "groups"):
            _positive("Conv2d", name, getattr(self, name))
        super().__post_init__()
        _pair("Conv2d", "stride", self.stride)  # pooling may leave it None; a convolution may not
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ArgumentError(
                f"Conv2d: `groups` is {self.groups}, expected a divisor of in_channels={self.in_channels}"
                f" and out_channels={self.out_channels}. Use groups=1 unless you want a grouped convolution."
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (out_channels, H', W')."""
        height, width = self._windows(input_shape)
        if input_shape[0] != self.in_channels:
            raise ShapeError(
                f"its input has {input_shape[0]} channels, expected in_channels={self.in_channels}"
            )
        return self.out_channels, height, width

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """``weight`` (out_channels, in_channels / groups, kH, kW) and ``bias`` (out_channels,)."""
        shape = (self.out_channels, self.in_channels // self.groups, *self._kernel)
        shapes: dict[str, Shape] = {"weight": shape}
        return shapes | {"bias": (self.out_channels,)} if self.bias else shapes

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return one multiplication per weight and output position."""
        _, height, width = self.output_shape(input_shape)
        return prod(self.weight_shapes["weight"]) * height * width


class _Pool(Windowed):
    kind = "pool"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.padding, str):
            return
        for amount, size in zip(_twice(self.padding), self._kernel, strict=True):
            if amount > size // 2:
                raise ArgumentError(
                    f"{type(self).__name__}: `padding` is {amount}, expected at most {size // 2}, half of the"
                    " kernel. Use a larger kernel or less padding."
                )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C, H', W')."""
        return input_shape[0], *self._windows(input_shape)


@dataclass(frozen=True, repr=False)
class MaxPool2d(_Pool):
    """The largest value of each window, channel by channel. As ``torch.nn.MaxPool2d``.

    `stride` defaults to the kernel size; torch allows `padding` up to half the kernel.
    """

    kernel_size: Pair
    stride: Pair | None = None
    padding: Pair | str = 0
    dilation: Pair = 1
    ceil_mode: bool = False


@dataclass(frozen=True, repr=False)
class AvgPool2d(_Pool):
    """The mean of each window, channel by channel. As ``torch.nn.AvgPool2d``."""

    kernel_size: Pair
    stride: Pair | None = None
    padding: Pair | str = 0
    ceil_mode: bool = False
    dilation = 1


@dataclass(frozen=True, repr=False)
class Linear(Layer):
    """Every output is a weighted sum of all inputs. As ``torch.nn.Linear``.

    Examples
    --------
    >>> Linear(2048, 64).parameters
    131136
    """

    kind = "fc"
    in_features: int
    out_features: int
    bias: bool = True

    def __post_init__(self) -> None:
        for name in ("in_features", "out_features"):
            _positive("Linear", name, getattr(self, name))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (out_features,)."""
        if len(input_shape) != 1:
            raise ShapeError(
                f"its input is {shape_text(input_shape)}, expected ({self.in_features},):"
                " put Flatten() before it"
            )
        if input_shape != (self.in_features,):
            raise ShapeError(
                f"its input has {input_shape[0]} features, expected in_features={self.in_features}"
            )
        return (self.out_features,)

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """``weight`` (out_features, in_features) and ``bias`` (out_features,)."""
        shapes: dict[str, Shape] = {"weight": (self.out_features, self.in_features)}
        return shapes | {"bias": (self.out_features,)} if self.bias else shapes

    def multiply_adds(self, input_shape: Shape) -> int:
        """Return one multiplication per weight."""
        return self.in_features * self.out_features


@dataclass(frozen=True, repr=False)
class Flatten(Layer):
    """(C, H, W) to (C * H * W,), channel by channel. As ``torch.nn.Flatten``."""

    kind = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the product of all sizes."""
        return (prod(input_shape),)


class _BatchNorm(Layer):
    kind = "bn"
    expected: tuple[str, ...]
    num_features: int

    def __post_init__(self) -> None:
        _positive(type(self).__name__, "num_features", self.num_features)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        if len(input_shape) != len(self.expected):
            raise ShapeError(f"its input is {shape_text(input_shape)}, expected {shape_text(self.expected)}")
        if input_shape[0] != self.num_features:
            raise ShapeError(
                f"its input has {input_shape[0]} channels, expected num_features={self.num_features}"
            )
        return input_shape

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """Scale and shift, ``weight`` and ``bias``, one of each per channel."""
        return {"weight": (self.num_features,), "bias": (self.num_features,)}

    @property
    def statistic_shapes(self) -> dict[str, Shape]:
        """``running_mean`` and ``running_var``, measured in training and used in evaluation."""
        return {"running_mean": (self.num_features,), "running_var": (self.num_features,)}


@dataclass(frozen=True, repr=False)
class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (features,). As ``torch.nn.BatchNorm1d``.

    Examples
    --------
    >>> BatchNorm1d(10).parameters, BatchNorm1d(10).statistics
    (20, 20)
    """

    expected = ("features",)
    num_features: int


@dataclass(frozen=True, repr=False)
class BatchNorm2d(_BatchNorm):
    """Batch normalisation of (C, H, W), per channel. As ``torch.nn.BatchNorm2d``."""

    expected = ("C", "H", "W")
    num_features: int


def _twice(value: Pair) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


def _pair(owner: str, name: str, value: object, least: int = 1) -> None:
    pair = value if isinstance(value, tuple) else (value, value)
    if len(pair) != 2 or not all(isinstance(n, int) and not isinstance(n, bool) and n >= least for n in pair):
        raise ArgumentError(
            f"{owner}: `{name}` is {value!r}, expected an integer of at least {least}, or a pair of them."
            f" Give `{name}` as a whole number of pixels."
        )


def _positive(owner: str, name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ArgumentError(
            f"{owner}: `{name}` is {value!r}, expected an integer of at least 1."
            f" Give `{name}` as a whole number."
        )
