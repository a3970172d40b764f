"""Notebook 01: the right and the wrong ways of convolving by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question
from cnnkit.data import scribbles
from cnnkit.functional import conv2d, convolve2d, correlate2d, max_pool2d, pad, relu

__all__ = ["ASYMMETRIC", "IMAGE", "QUESTIONS", "SOBEL"]

# NTNU TDT4265, assignment 3, task 1a: the image and the kernel of the published 3x5 result.
IMAGE = np.array([[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]])
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
# Sobel is symmetric top to bottom, so some mistakes coincide on it; on this kernel none do.
ASYMMETRIC = np.array([[1, 2, 0], [0, -1, 3], [-2, 1, -1]])

Method = Callable[..., Any]


def _bordered(slide: Method, mode: str) -> Method:
    return lambda image, kernel: slide(image, kernel, padding=1, mode=mode)


def _with_kernel(change: Callable[[np.ndarray], np.ndarray], slide: Method = correlate2d) -> Method:
    return lambda image, kernel: slide(image, change(kernel), padding=1)


def _late_window(slide: Method) -> Method:
    """Put each window's first cell, not its centre, on the pixel: all the padding lands behind."""
    return lambda image, kernel: slide(np.pad(image, ((0, 2), (0, 2))), kernel)


same_correlation = _bordered(correlate2d, "zeros")
same_convolution = _bordered(convolve2d, "zeros")


def _pad_with(widths: Any, mode: Any = "constant") -> Method:
    return lambda image, padding: np.pad(image, np.multiply(widths, padding), mode=mode)


FLIPPED = "the kernel is flipped before it slides, which is true convolution"
NOT_FLIPPED = "the kernel slides as it is written, which is cross-correlation"
KEEP_KERNEL = "Lay the kernel on the image as it is written, multiply and add."
FLIP_BOTH = "Turn the kernel by 180 degrees first: top to bottom and left to right. Check the sign of a cell."
ZEROS_OUTSIDE = "Put zeros around the image: what lies outside counts as 0."
MIRROR = "Mirror the image at its outermost cells, without repeating them: the row above row 0 is row 1."

PADDING_MISTAKES = (
    Mistake(
        "padded-behind-only",
        "the zeros stand only below and to the right",
        "Put them on all four sides.",
        _pad_with(((0, 1), (0, 1))),
    ),
    Mistake(
        "padded-before-only",
        "the zeros stand only above and to the left",
        "Put them on all four sides.",
        _pad_with(((1, 0), (1, 0))),
    ),
    Mistake(
        "padded-columns-only",
        "only columns of zeros are added",
        "Add a row above and a row below too.",
        _pad_with(((0, 0), (1, 1))),
    ),
    Mistake(
        "padded-rows-only",
        "only rows of zeros are added",
        "Add a column at the left and one at the right too.",
        _pad_with(((1, 1), (0, 0))),
    ),
    Mistake(
        "padded-rows-and-one-column",
        "zeros stand above, below and on one side",
        "Put a column of zeros on each side.",
        _pad_with(((1, 1), (1, 0))),
    ),
    Mistake("padded-twice", "two rings of zeros are added", "One ring is asked for.", _pad_with(2)),
    Mistake(
        "border-replicate",
        "the border cells are repeated outwards",
        ZEROS_OUTSIDE,
        _pad_with(1, "edge"),
    ),
    Mistake("border-reflect", "the image is mirrored at its border", ZEROS_OUTSIDE, _pad_with(1, "reflect")),
)

NO_PADDING = Mistake(
    "no-padding",
    "the kernel only visits places where it fits entirely, without padding",
    "Pad the image by one cell on every side, so that each of its cells gets a window.",
    lambda image, kernel: correlate2d(image, kernel),
)
NO_PADDING_CONVOLUTION = Mistake(
    NO_PADDING.id, NO_PADDING.when, NO_PADDING.cure, lambda image, kernel: convolve2d(image, kernel)
)


def _borders(slide: Method, *modes: str, cure: str) -> tuple[Mistake, ...]:
    when = {
        "zeros": "zeros stand around the image",
        "replicate": "the border cells are repeated outwards",
        "reflect": "the image is mirrored at its border",
        "circular": "the image goes on at its opposite side",
    }
    return tuple(Mistake(f"border-{mode}", when[mode], cure, _bordered(slide, mode)) for mode in modes)


def _turned(slide: Method, *names: str, cure: str) -> tuple[Mistake, ...]:
    turns: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
        "kernel-transposed": ("rows and columns of the kernel are exchanged", np.transpose),
        "kernel-flipped-vertically": ("the kernel is flipped top to bottom only", np.flipud),
        "kernel-flipped-horizontally": ("the kernel is flipped left to right only", np.fliplr),
    }
    return tuple(Mistake(name, turns[name][0], cure, _with_kernel(turns[name][1], slide)) for name in names)


CENTRE = "Lay the centre of the kernel, not its corner, on the cell that you compute."
LATE = "each window begins at its cell instead of being centred on it"
MATMUL = Mistake(
    "matrix-product",
    "the kernel is multiplied with the image as a matrix",
    "Multiply cell by cell inside each window, then add up.",
    lambda image, kernel: kernel @ image,
)


def _sobel_draw(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"image": rng.integers(0, 9, (3, 5)), "kernel": SOBEL}


def _padding_draw(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"image": rng.integers(1, 9, (3, 5)), "padding": 1}


def _kernel_draw(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"image": rng.integers(0, 9, (3, 5)), "kernel": rng.integers(-3, 4, (3, 3))}


def _both(correlation: Method, convolution: Method) -> Method:
    return lambda image, kernel: {
        "correlation": correlation(image, kernel),
        "convolution": convolution(image, kernel),
    }


def _same_for_both(mistake: Mistake) -> Mistake:
    """The same slip in both tables: the kernel is changed once, then slid and flipped."""
    return Mistake(mistake.id, mistake.when, mistake.cure, _both(mistake.method, mistake.method))


def _valid_with_one_window_less(slide: Method) -> Method:
    return lambda image, kernel: slide(image, kernel)[:, 1:]


BY_HAND = (
    Question(
        id="zero-padding",
        code="A1-1",
        points=1,
        variable="padded",
        ask="Pad the 3x5 image with one ring of zeros.",
        method=lambda image, padding: pad(image, padding),
        mistakes=PADDING_MISTAKES,
        inputs={"image": IMAGE, "padding": 1},
        draw=_padding_draw,
    ),
    Question(
        id="sobel-same-padding",
        code="A1-2",
        points=3,
        variable="sobel_same",
        ask="Cross-correlate the image with the Sobel kernel, zero padding, 3x5.",
        method=same_correlation,
        mistakes=(
            Mistake("kernel-flipped", FLIPPED, KEEP_KERNEL, same_convolution),
            *_borders(correlate2d, "reflect", "replicate", "circular", cure=ZEROS_OUTSIDE),
            NO_PADDING,
            *_turned(correlate2d, "kernel-transposed", cure=KEEP_KERNEL),
            Mistake("window-not-centred", LATE, CENTRE, _late_window(correlate2d)),
            MATMUL,
        ),
        inputs={"image": IMAGE, "kernel": SOBEL},
        draw=_sobel_draw,
    ),
    Question(
        id="sobel-convolution",
        code="A1-3",
        points=3,
        variable="sobel_convolution",
        ask="Convolve the image with the Sobel kernel, zero padding, 3x5.",
        method=same_convolution,
        mistakes=(
            Mistake("kernel-not-flipped", NOT_FLIPPED, FLIP_BOTH, same_correlation),
            *_borders(convolve2d, "reflect", "replicate", "circular", cure=ZEROS_OUTSIDE),
            NO_PADDING_CONVOLUTION,
            *_turned(convolve2d, "kernel-transposed", cure=FLIP_BOTH),
            Mistake("window-not-centred", LATE, CENTRE, _late_window(convolve2d)),
            MATMUL,
        ),
        inputs={"image": IMAGE, "kernel": SOBEL},
        draw=_sobel_draw,
    ),
    Question(
        id="sobel-reflect-padding",
        code="A1-4",
        points=2,
        variable="sobel_reflect",
        ask="Convolve the image with the Sobel kernel, mirrored at the border, 3x5.",
        method=_bordered(convolve2d, "reflect"),
        mistakes=(
            *_borders(convolve2d, "zeros", "replicate", "circular", cure=MIRROR),
            Mistake("kernel-not-flipped", NOT_FLIPPED, FLIP_BOTH, _bordered(correlate2d, "reflect")),
            NO_PADDING_CONVOLUTION,
        ),
        inputs={"image": IMAGE, "kernel": SOBEL},
        draw=_sobel_draw,
    ),
    Question(
        id="sobel-valid",
        code="A1-5",
        points=1,
        variable="sobel_valid",
        ask="Both, without padding.",
        method=_both(correlate2d, convolve2d),
        mistakes=(
            Mistake(
                "kernel-flip-exchanged",
                "convolution and cross-correlation are exchanged",
                "It is convolution that flips the kernel.",
                _both(convolve2d, correlate2d),
            ),
            Mistake(
                "zeros-kept",
                "the image is padded all the same",
                "Without padding the kernel visits only the places where it fits entirely.",
                _both(same_correlation, same_convolution),
            ),
            Mistake(
                "first-window-lost",
                "the first window is left out",
                "The first window begins at the image's first column.",
                _both(_valid_with_one_window_less(correlate2d), _valid_with_one_window_less(convolve2d)),
            ),
            Mistake(
                "kernel-not-flipped",
                "both are computed with the kernel as it is written",
                "Flip it for the convolution.",
                _both(correlate2d, correlate2d),
            ),
            Mistake(
                "kernel-flipped",
                "both are computed with the flipped kernel",
                "Cross-correlation takes the kernel as it is written.",
                _both(convolve2d, convolve2d),
            ),
        ),
        inputs={"image": IMAGE, "kernel": SOBEL},
        draw=_sobel_draw,
    ),
    Question(
        id="asymmetric-kernel",
        code="A1-6",
        points=4,
        variable="asymmetric",
        ask="Both, zero padding, with a kernel without symmetry.",
        method=_both(same_correlation, same_convolution),
        mistakes=(
            Mistake(
                "kernel-flip-exchanged",
                "convolution and cross-correlation are exchanged",
                "It is convolution that flips the kernel.",
                _both(same_convolution, same_correlation),
            ),
            Mistake(
                "kernel-not-flipped",
                "the convolution is computed with the kernel as it is written",
                FLIP_BOTH,
                _both(same_correlation, same_correlation),
            ),
            Mistake(
                "kernel-flipped",
                "the cross-correlation is computed with the flipped kernel",
                KEEP_KERNEL,
                _both(same_convolution, same_convolution),
            ),
            Mistake(
                "kernel-flipped-vertically",
                "the kernel is flipped top to bottom only",
                "Convolution flips both ways: top to bottom and left to right.",
                _both(same_correlation, _with_kernel(np.flipud)),
            ),
            Mistake(
                "kernel-flipped-horizontally",
                "the kernel is flipped left to right only",
                "Convolution flips both ways: top to bottom and left to right.",
                _both(same_correlation, _with_kernel(np.fliplr)),
            ),
            Mistake(
                "kernel-transposed",
                "rows and columns of the kernel are exchanged",
                "Flipping is not transposing: turn the kernel by 180 degrees.",
                _both(_with_kernel(np.transpose), _with_kernel(np.transpose)),
            ),
            _same_for_both(MATMUL),
            Mistake(
                "border-reflect",
                "the image is mirrored at its border",
                ZEROS_OUTSIDE,
                _both(_bordered(correlate2d, "reflect"), _bordered(convolve2d, "reflect")),
            ),
        ),
        inputs={"image": IMAGE, "kernel": ASYMMETRIC},
        draw=_kernel_draw,
    ),
)


def _two_channels(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    maps: np.ndarray = conv2d(x[None], weight, bias)[0]
    return maps


TWO_CHANNELS = Question(
    id="two-channels",
    code="A1-7",
    points=2,
    variable="two_channels",
    ask="Two channels, two filters, two biases.",
    method=_two_channels,
    mistakes=(
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add each filter's bias to every cell of its map.",
            lambda x, weight, bias: _two_channels(x, weight, 0 * bias),
        ),
        Mistake(
            "channels-forgotten",
            "only the first channel is used",
            "Each filter has one kernel per channel: add up the channels' results.",
            lambda x, weight, bias: _two_channels(x[:1], weight[:, :1], bias),
        ),
        Mistake(
            "kernel-flipped",
            FLIPPED,
            KEEP_KERNEL,
            lambda x, weight, bias: _two_channels(x, weight[:, :, ::-1, ::-1], bias),
        ),
        Mistake(
            "bias-per-channel",
            "the bias is added once for each channel",
            "Add up the channels first, then add the bias once.",
            lambda x, weight, bias: _two_channels(x, weight, bias * len(x)),
        ),
        Mistake(
            "channels-exchanged",
            "each kernel meets the other channel",
            "The first kernel of a filter belongs to the first channel.",
            lambda x, weight, bias: _two_channels(x, weight[:, ::-1], bias),
        ),
        Mistake(
            "filters-exchanged",
            "the two filters' maps stand in the wrong order",
            "The first filter makes the first map.",
            lambda x, weight, bias: _two_channels(x, weight, bias)[::-1],
        ),
    ),
    inputs={
        "x": np.array([[[1, 0, 2], [0, 1, 0], [3, 0, 1]], [[0, 1, 0], [2, 0, 1], [0, 1, 0]]]),
        "weight": np.array([[[[1, 0], [0, -1]], [[0, 2], [1, 0]]], [[[0, 1], [1, 0]], [[1, 0], [0, 1]]]]),
        "bias": np.array([1, -2]),
    },
    draw=lambda rng: {
        "x": rng.integers(0, 4, (2, 3, 3)),
        "weight": rng.integers(-2, 3, (2, 2, 2, 2)),
        "bias": np.array([1, -2]),
    },
)


def _conv_probe(rng: np.random.Generator, label: str, **sizes: Any) -> Probe:
    n, c, h, w = sizes["x"]
    f, kh, kw = sizes["kernels"]
    arguments = {
        "x": rng.integers(-5, 6, (n, c, h, w)).astype(float),
        "weight": rng.integers(-3, 4, (f, c, kh, kw)).astype(float),
        "bias": rng.integers(1, 9, f).astype(float),
        "stride": sizes.get("stride", 1),
        "padding": sizes.get("padding", 0),
    }
    return Probe(label, arguments)


def _conv_probes(rng: np.random.Generator) -> Mapping[str, Any]:
    """Six shapes that show each mistake by itself, or (drawn again) 40 random ones."""
    return {
        "probes": (
            _conv_probe(rng, "one 5x5 image, one 3x3 kernel", x=(1, 1, 5, 5), kernels=(1, 3, 3)),
            _conv_probe(rng, "height 4, width 7", x=(1, 1, 4, 7), kernels=(1, 3, 3)),
            _conv_probe(rng, "3 channels, 2 filters", x=(2, 3, 5, 6), kernels=(2, 3, 3)),
            _conv_probe(rng, "padding 2", x=(1, 2, 4, 5), kernels=(2, 3, 3), padding=2),
            _conv_probe(rng, "stride 2", x=(1, 1, 7, 8), kernels=(2, 3, 3), stride=2),
            _conv_probe(rng, "a 2x3 kernel", x=(1, 2, 5, 6), kernels=(3, 2, 3), stride=2, padding=1),
        )
    }


def random_conv_probes(rng: np.random.Generator, count: int = 40) -> Mapping[str, Any]:
    """Draw `count` legal calls of conv2d: H != W, 1x1 kernels, stride > kernel, kernel = input."""
    probes: list[Probe] = []
    while len(probes) < count:
        n, c, f, stride = rng.integers(1, 4, 4).tolist()
        h, w = rng.integers(1, 10, 2).tolist()
        padding = int(rng.integers(0, 3))
        kh, kw = (int(rng.integers(1, min(5, size + 2 * padding) + 1)) for size in (h, w))
        label = f"x {n}×{c}×{h}×{w}, weight {f}×{c}×{kh}×{kw}, stride {stride}, padding {padding}"
        if label not in {probe.label for probe in probes}:
            sizes = {"x": (n, c, h, w), "kernels": (f, kh, kw), "stride": stride, "padding": padding}
            probes.append(_conv_probe(rng, label, **sizes))
    return {"probes": tuple(probes)}


def _conv(x: Any, weight: Any, bias: Any, stride: int = 1, padding: int = 0) -> np.ndarray:
    return conv2d(x, weight, bias, stride=stride, padding=padding)


def _conv_ceil(x: Any, weight: Any, bias: Any, stride: int = 1, padding: int = 0) -> np.ndarray:
    h, w = (
        -(-(n + 2 * padding - k) // stride) * stride + k
        for n, k in zip(x.shape[2:], weight.shape[2:], strict=True)
    )
    grown = np.zeros((*x.shape[:2], h, w))
    padded = pad(x, padding)
    grown[:, :, : padded.shape[2], : padded.shape[3]] = padded
    return conv2d(grown, weight, bias, stride=stride)


CONV2D = FunctionQuestion(
    id="conv2d",
    code="A1-8",
    points=5,
    variable="conv2d",
    ask="Write conv2d(x, weight, bias, stride, padding).",
    method=_conv,
    atol=1e-8,
    mistakes=(
        Mistake(
            "kernel-flipped",
            FLIPPED,
            KEEP_KERNEL,
            lambda x, w, b, s, p: _conv(x, w[:, :, ::-1, ::-1], b, s, p),
        ),
        Mistake(
            "bias-forgotten",
            "the bias is left out",
            "Add bias[f] to every cell of map f.",
            lambda x, w, b, s, p: _conv(x, w, None, s, p),
        ),
        Mistake(
            "bias-per-channel",
            "the bias is added once for each channel",
            "Add it once, after the sum over channels.",
            lambda x, w, b, s, p: _conv(x, w, b * x.shape[1], s, p),
        ),
        Mistake(
            "channels-forgotten",
            "only the first channel is used",
            "Sum over the channels of x and weight too.",
            lambda x, w, b, s, p: _conv(x[:, :1], w[:, :1], b, s, p),
        ),
        Mistake(
            "stride-ignored",
            "the stride is ignored",
            "Window (i, j) begins at row i * stride and column j * stride.",
            lambda x, w, b, s, p: _conv(x, w, b, 1, p),
        ),
        Mistake(
            "stride-shrinks-only",
            "the output is smaller by the stride, but the windows still move by one cell",
            "Window (i, j) begins at row i * stride and column j * stride.",
            lambda x, w, b, s, p: _cut(_conv(x, w, b, 1, p), _conv(x, w, b, s, p).shape),
        ),
        Mistake(
            "padding-ignored",
            "the padding is ignored",
            "Pad height and width with zeros on both sides first.",
            lambda x, w, b, s, p: _conv(x, w, b, s, 0),
        ),
        Mistake(
            "padded-behind-only",
            "all the zeros stand below and to the right",
            "Put `padding` zeros on every side.",
            lambda x, w, b, s, p: _conv(np.pad(x, ((0, 0), (0, 0), (0, 2 * p), (0, 2 * p))), w, b, s, 0),
        ),
        Mistake(
            "padded-once",
            "the padding stands on one side only",
            "Put `padding` zeros on every side: the size grows by 2 * padding.",
            lambda x, w, b, s, p: _conv(np.pad(x, ((0, 0), (0, 0), (p, 0), (p, 0))), w, b, s, 0),
        ),
        Mistake(
            "axes-exchanged",
            "height and width are exchanged",
            "The axes are (N, C, H, W): height comes before width.",
            lambda x, w, b, s, p: _conv(x, w, b, s, p).swapaxes(2, 3),
        ),
        Mistake(
            "last-window-lost",
            "the + 1 of the size formula is left out, so the last window is missing",
            "Count the windows, not the steps between them.",
            lambda x, w, b, s, p: _conv(x, w, b, s, p)[:, :, :-1, :-1],
        ),
        Mistake(
            "rounded-up",
            "the output size is rounded up",
            "Round down: a window must fit entirely.",
            _conv_ceil,
        ),
        Mistake(
            "filters-summed",
            "the filters' maps are added up",
            "Each filter makes a map of its own: the output has one channel per filter.",
            lambda x, w, b, s, p: _conv(x, w, b, s, p).sum(axis=1, keepdims=True),
        ),
        Mistake(
            "batch-forgotten",
            "only the first image of the batch is used",
            "Do it for every image: x.shape[0] of them.",
            lambda x, w, b, s, p: _conv(x[:1], w, b, s, p),
        ),
    ),
    inputs=_conv_probes(np.random.default_rng(18)),
    draw=random_conv_probes,
)


def _cut(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return x[tuple(slice(0, size) for size in shape)]


def _pool_probe(rng: np.random.Generator, label: str, shape: tuple[int, ...], k: int, s: int) -> Probe:
    x = rng.permutation(int(np.prod(shape))).reshape(shape).astype(float) - int(np.prod(shape)) - 1
    return Probe(label, {"x": x, "kernel_size": k, "stride": s})


def _pool_probes(rng: np.random.Generator) -> Mapping[str, Any]:
    """All values are negative: a maximum that starts from 0 shows itself."""
    return {
        "probes": (
            _pool_probe(rng, "4x4, kernel 2, stride 2", (1, 1, 4, 4), 2, 2),
            _pool_probe(
                rng, "5x7, kernel 2, stride 2 (a column and a row are left over)", (1, 2, 5, 7), 2, 2
            ),
            _pool_probe(rng, "5x6, kernel 3, stride 1 (windows overlap)", (2, 1, 5, 6), 3, 1),
            _pool_probe(rng, "7x9, kernel 2, stride 3 (gaps between windows)", (1, 2, 7, 9), 2, 3),
        )
    }


def random_pool_probes(rng: np.random.Generator, count: int = 30) -> Mapping[str, Any]:
    """Draw `count` legal calls of max_pool2d on negative values."""
    probes: list[Probe] = []
    while len(probes) < count:
        n, c, k, s = rng.integers(1, 4, 4).tolist()
        h, w = rng.integers(k, 11, 2).tolist()
        label = f"x {n}×{c}×{h}×{w}, kernel_size {k}, stride {s}"
        if label not in {probe.label for probe in probes}:
            probes.append(_pool_probe(rng, label, (n, c, h, w), k, s))
    return {"probes": tuple(probes)}


def _windows(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    """Return every window, (N, C, H', W', k, k)."""
    view = np.lib.stride_tricks.sliding_window_view(x, (kernel_size, kernel_size), axis=(2, 3))
    return view[:, :, ::stride, ::stride]


def _max_pool(x: np.ndarray, kernel_size: int, stride: int) -> np.ndarray:
    return max_pool2d(x, kernel_size, stride)


MAX_POOL2D = FunctionQuestion(
    id="max-pool2d",
    code="A1-9",
    points=2,
    variable="max_pool2d",
    ask="Write max_pool2d(x, kernel_size, stride).",
    method=_max_pool,
    atol=1e-8,
    mistakes=(
        Mistake(
            "rounded-up",
            "the output size is rounded up",
            "Round down: a window that would hang over the edge does not count.",
            lambda x, k, s: max_pool2d(x, k, s, ceil_mode=True),
        ),
        Mistake(
            "windows-do-not-overlap",
            "the windows move by the kernel size, whatever the stride",
            "Move by `stride`: windows may overlap or leave gaps.",
            lambda x, k, s: max_pool2d(x, k, k),
        ),
        Mistake(
            "maximum-from-zero",
            "the maximum starts from 0",
            "Values may all be negative: start from the window's own values.",
            lambda x, k, s: np.maximum(max_pool2d(x, k, s), 0),
        ),
        Mistake(
            "mean-instead",
            "the mean of each window is taken",
            "Take the largest value.",
            lambda x, k, s: _windows(x, k, s).mean(axis=(-2, -1)),
        ),
        Mistake(
            "minimum-instead",
            "the smallest value of each window is taken",
            "Take the largest value.",
            lambda x, k, s: _windows(x, k, s).min(axis=(-2, -1)),
        ),
        Mistake(
            "channels-merged",
            "the maximum is taken over the channels too",
            "Pool each channel by itself.",
            lambda x, k, s: max_pool2d(x, k, s).max(axis=1, keepdims=True),
        ),
        Mistake(
            "last-window-lost",
            "the + 1 of the size formula is left out, so the last window is missing",
            "Count the windows, not the steps between them.",
            lambda x, k, s: max_pool2d(x, k, s)[:, :, :-1, :-1],
        ),
        Mistake(
            "stride-ignored",
            "the stride is ignored",
            "Window (i, j) begins at row i * stride and column j * stride.",
            lambda x, k, s: max_pool2d(x, k, 1),
        ),
    ),
    inputs=_pool_probes(np.random.default_rng(9)),
    draw=random_pool_probes,
)


def sensitivity(x: np.ndarray, weight: np.ndarray, *steps: Callable[[np.ndarray], np.ndarray]) -> float:
    """Return how much the output of a convolution and `steps` changes when the input moves by one pixel.

    Parameters
    ----------
    x : (N, 1, H, W) array of float
    weight : (F, 1, kH, kW) array of float
    steps : functions of the convolution's output, applied in turn

    Returns
    -------
    float
        ``|f(moved) - f(x)| / |f(x)|``, Euclidean, over all images at once
    """

    def features(images: np.ndarray) -> np.ndarray:
        out = conv2d(images, weight, padding=weight.shape[-1] // 2)
        for step in steps:
            out = step(out)
        return out

    before, after = features(x), features(np.roll(x, 1, axis=-1))
    return float(np.linalg.norm(after - before) / np.linalg.norm(before))


def _measured(layer: str, *, before: tuple[Any, ...], after: tuple[Any, ...]) -> Method:
    def method(x: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
        return {
            "layer": layer,
            "before_pooling": sensitivity(x, weight, *before),
            "after_pooling": sensitivity(x, weight, *after),
        }

    return method


def _shift_inputs(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"x": scribbles(200, seed=int(rng.integers(1 << 31))), "weight": rng.normal(size=(8, 1, 5, 5))}


_pool_by_2 = partial(max_pool2d, kernel_size=2)
SHIFT_SENSITIVITY = Question(
    id="shift-sensitivity",
    code="A1-10",
    points=2,
    variable="shift",
    ask="Which layer makes the output less sensitive to a shift, and by how much?",
    method=_measured("max pooling", before=(relu,), after=(relu, _pool_by_2)),
    atol=0.02,
    choices=("convolution", "relu", "max pooling"),
    mistakes=(
        Mistake(
            "convolution-invariant",
            "convolution is taken to be invariant",
            "It is equivariant: the map moves along with the image. Compare your two numbers.",
            _measured("convolution", before=(relu,), after=(relu, _pool_by_2)),
        ),
        Mistake(
            "relu-invariant",
            "ReLU is taken to remove the shift",
            "It works on each cell by itself, so its output moves along. Compare the two numbers.",
            _measured("relu", before=(relu,), after=(relu, _pool_by_2)),
        ),
        Mistake(
            "relu-forgotten",
            "the ReLU is left out",
            "Apply relu to the convolution's output in both measurements.",
            _measured("max pooling", before=(), after=(_pool_by_2,)),
        ),
        Mistake(
            "measurements-exchanged",
            "the two measurements are exchanged",
            "The first is without pooling, the second with it.",
            _measured("max pooling", before=(relu, _pool_by_2), after=(relu,)),
        ),
    ),
    inputs={"x": scribbles(200, seed=1), "weight": np.random.default_rng(1).normal(size=(8, 1, 5, 5))},
    draw=_shift_inputs,
)

QUESTIONS: tuple[Question, ...] = (*BY_HAND, TWO_CHANNELS, CONV2D, MAX_POOL2D, SHIFT_SENSITIVITY)
