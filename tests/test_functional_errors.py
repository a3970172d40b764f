"""What cnnkit.functional says to arguments that cannot work: every promised text."""

import numpy as np
import pytest

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.functional import (
    avg_pool2d,
    conv2d,
    convolve2d,
    correlate2d,
    explain_window,
    max_pool2d,
    pad,
    relu,
    softmax,
)

IMAGE = np.array([[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]])
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
X, W = np.ones((1, 4, 5, 6)), np.ones((2, 4, 3, 3))

SHAPE_ERRORS = [
    (
        lambda: conv2d(np.ones((1, 1, 5, 5)), np.ones((2, 3, 3, 3))),
        "conv2d: `weight` has 3 input channels, `x` has 1. Give `weight` the shape (F, 1, kH, kW).",
    ),
    (
        lambda: conv2d(X, W, groups=2),
        "conv2d: `weight` has 4 input channels, `x` has 4 in 2 groups of 2."
        " Give `weight` the shape (F, 2, kH, kW).",
    ),
    (
        lambda: conv2d(X, W, groups=3),
        "conv2d: `groups` is 3, but `x` has 4 channels; expected a divisor of 4."
        " Use groups=1, or change the number of channels.",
    ),
    (
        lambda: conv2d(X, W[:1, :2], groups=2),
        "conv2d: `groups` is 2, but `weight` has 1 filter; expected a divisor of 1."
        " Use groups=1, or change the number of filters.",
    ),
    (
        lambda: conv2d(X, W, bias=[1, 2, 3]),
        "conv2d: `bias` has shape (3,), expected (2,): one number for each of the 2 filters."
        " Give `bias` the shape (2,).",
    ),
    (
        lambda: conv2d(X[0, 0], W),
        "conv2d: `x` has 2 axes, shape (5, 6), expected 4: (N, C, H, W)."
        " Add the missing axes: x[None, None].",
    ),
    (
        lambda: conv2d(X[None], W),
        "conv2d: `x` has 5 axes, shape (1, 1, 4, 5, 6), expected 4: (N, C, H, W)."
        " Join the axes in front with x.reshape.",
    ),
    (
        lambda: conv2d(X, W[0, 0]),
        "conv2d: `weight` has 2 axes, shape (3, 3), expected 4: (F, C, kH, kW)."
        " A single kernel is kernel[None, None].",
    ),
    (
        lambda: conv2d(X, 3),
        "conv2d: `weight` has 0 axes, shape (), expected 4: (F, C, kH, kW)."
        " A single kernel is kernel[None, None].",
    ),
    (
        lambda: conv2d(X[:, :, :0], W),
        "conv2d: `x` has shape (1, 4, 0, 6), expected at least 1 along each of its last 3 axes."
        " Check the slice that made it.",
    ),
    (
        lambda: conv2d(X, np.ones((2, 4, 9, 3)), padding=1, dilation=(1, 2)),
        "conv2d: `weight` is 9 × 3 with dilation (1, 2) and covers 9 × 5 pixels, but `x` with its padding"
        " has 7 × 8; expected at most that. Use a smaller kernel, or 1 more padding for rows and 0 for"
        " columns.",
    ),
    (
        lambda: correlate2d(IMAGE, np.ones((4, 8))),
        "correlate2d: `kernel` is 4 × 8 and covers 4 × 8 pixels, but `x` with its padding has 3 × 5;"
        " expected at most that. Use a smaller kernel, or 1 more padding for rows and 2 for columns.",
    ),
    (
        lambda: convolve2d(IMAGE[None], SOBEL),
        "convolve2d: `x` has 3 axes, shape (1, 3, 5), expected 2: (H, W)."
        " For batches and channels use conv2d.",
    ),
    (
        lambda: correlate2d(IMAGE, SOBEL[0]),
        "correlate2d: `kernel` has 1 axis, shape (3,), expected 2: (H, W)."
        " For batches and channels use conv2d.",
    ),
    (
        lambda: correlate2d(IMAGE[:0], SOBEL),
        "correlate2d: `x` has shape (0, 5), expected at least 1 along each of its last 2 axes."
        " Check the slice that made it.",
    ),
    (
        lambda: correlate2d([[1, 2], [3]], SOBEL),
        "correlate2d: `x` has rows of different lengths, expected a rectangle of numbers."
        " Give every row the same length.",
    ),
    (
        lambda: correlate2d(IMAGE, SOBEL, padding=3, mode="reflect"),
        "correlate2d: `padding` is 3, but `x` has only 3 rows, shape (3, 5); expected at most 2 for mode"
        " 'reflect'. Use less padding, or mode='zeros'.",
    ),
    (
        lambda: pad(IMAGE, (0, 6), mode="circular"),
        "pad: `padding` is 6, but `x` has only 5 columns, shape (3, 5); expected at most 5 for mode"
        " 'circular'. Use less padding, or mode='zeros'.",
    ),
    (
        lambda: pad([1, 2, 3], 1),
        "pad: `x` has 1 axis, shape (3,), expected at least 2: (..., H, W)."
        " Write a single row as [[1, 2, 3]].",
    ),
    (
        lambda: max_pool2d([1, 2, 3], 2),
        "max_pool2d: `x` has 1 axis, shape (3,), expected at least 2: (..., H, W)."
        " Write a single row as [[1, 2, 3]].",
    ),
    (
        lambda: avg_pool2d(IMAGE, 4),
        "avg_pool2d: `kernel_size` is 4 × 4 and covers 4 × 4 pixels, but `x` with its padding has 3 × 5;"
        " expected at most that. Use a smaller kernel, or 1 more padding for rows and 0 for columns.",
    ),
    (
        lambda: explain_window(X, SOBEL, 0, 0),
        "explain_window: `x` has 4 axes, shape (1, 4, 5, 6), expected 2: (H, W)."
        " Pick one channel, as in x[0].",
    ),
    (
        lambda: explain_window(IMAGE, np.ones((4, 4)), 0, 0),
        "explain_window: `weight` is 4 × 4 and covers 4 × 4 pixels, but `x` with its padding has 3 × 5;"
        " expected at most that. Use a smaller kernel, or 1 more padding for rows and 0 for columns.",
    ),
]

PADDINGS = "expected a whole number of at least 0, (pH, pW), ((top, bottom), (left, right))"

ARGUMENT_ERRORS = [
    (
        lambda: correlate2d([["1", "2"]], SOBEL),
        "correlate2d: `x` holds text (dtype <U1), expected real numbers."
        " Convert it first: np.array(x, dtype=float).",
    ),
    (
        lambda: relu([1, None]),
        "relu: `x` holds Python objects (dtype object), expected real numbers."
        " Convert it first: np.array(x, dtype=float).",
    ),
    (
        lambda: conv2d(X, W * 1j),
        "conv2d: `weight` holds complex numbers (dtype complex128), expected real numbers."
        " Take its real part, weight.real.",
    ),
    (
        lambda: pad(np.array([["2020-01-01"]], "M8[D]"), 1),
        "pad: `x` holds values (dtype datetime64[D]), expected real numbers."
        " Convert it first: np.array(x, dtype=float).",
    ),
    (
        lambda: correlate2d(np.array([[2**63]], np.uint64), [[1]]),
        "correlate2d: `x` holds 9223372036854775808, expected integers of at most 9223372036854775807."
        " Convert it first: x.astype(float).",
    ),
    (
        lambda: conv2d(X, W, stride=0),
        "conv2d: `stride` is 0, expected a whole number of at least 1, or two of them"
        " (height, width). Write for instance stride=1.",
    ),
    (
        lambda: conv2d(X, W, stride=(1, 2, 3)),
        "conv2d: `stride` is (1, 2, 3), expected a whole number of at least 1, or two of them"
        " (height, width). Write for instance stride=1.",
    ),
    (
        lambda: conv2d(X, W, dilation=1.5),
        "conv2d: `dilation` is 1.5, expected a whole number of at least 1, or two of them"
        " (height, width). Write for instance dilation=1.",
    ),
    (
        lambda: conv2d(X, W, dilation=float("nan")),
        "conv2d: `dilation` is nan, expected a whole number of at least 1, or two of them"
        " (height, width). Write for instance dilation=1.",
    ),
    (
        lambda: conv2d(X, W, groups="2"),
        "conv2d: `groups` is '2', expected a whole number of at least 1. Write for instance groups=1.",
    ),
    (
        lambda: conv2d(X, W, padding=True),
        f"conv2d: `padding` is True, {PADDINGS}, same or valid. Write for instance padding=1.",
    ),
    (
        lambda: conv2d(X, W, padding="sane"),
        f"conv2d: `padding` is 'sane', {PADDINGS}, same or valid. Write for instance padding=1.",
    ),
    (
        lambda: conv2d(X, W, stride=2, padding="same"),
        "conv2d: `padding` is 'same' with `stride` (2, 2), expected stride 1: with a larger stride the output"
        " cannot keep the size of `x`. Give `padding` as a number.",
    ),
    (
        lambda: pad(IMAGE, -1),
        f"pad: `padding` is -1, {PADDINGS}. Write for instance padding=1.",
    ),
    (
        lambda: pad(IMAGE, "same"),
        f"pad: `padding` is 'same', {PADDINGS}. Write for instance padding=1.",
    ),
    (
        lambda: pad(IMAGE, ((1, 2), (3, 4), (5, 6))),
        f"pad: `padding` is ((1, 2), (3, 4), (5, 6)), {PADDINGS}. Write for instance padding=1.",
    ),
    (
        lambda: pad(IMAGE, ((1, 2), 3.5)),
        f"pad: `padding` is ((1, 2), 3.5), {PADDINGS}. Write for instance padding=1.",
    ),
    (
        lambda: pad(IMAGE, (1, 2, 3, 4)),
        f"pad: `padding` is (1, 2, 3, 4), {PADDINGS}."
        " For torch's (left, right, top, bottom) write ((3, 4), (1, 2)).",
    ),
    (
        lambda: correlate2d(IMAGE, SOBEL, 1, "mirror"),
        "correlate2d: `mode` is 'mirror', expected one of zeros, reflect, replicate, circular."
        " Choose one of them.",
    ),
    (
        lambda: max_pool2d(IMAGE, 3, padding=2),
        "max_pool2d: `padding` is 2, expected at most half of `kernel_size`: 1 for a kernel of 3."
        " Use padding=1, or a larger kernel_size.",
    ),
    (
        lambda: avg_pool2d(IMAGE, (3, 2), padding=(1, 2)),
        "avg_pool2d: `padding` is (1, 2), expected at most half of `kernel_size`: 1 for a kernel of 2."
        " Use padding=1, or a larger kernel_size.",
    ),
    (
        lambda: max_pool2d(IMAGE, 2, ceil_mode=1),
        "max_pool2d: `ceil_mode` is 1, expected True or False. Write ceil_mode=True.",
    ),
    (
        lambda: avg_pool2d(IMAGE, 2, count_include_pad="no"),
        "avg_pool2d: `count_include_pad` is 'no', expected True or False. Write count_include_pad=True.",
    ),
    (
        lambda: softmax(IMAGE, axis=2),
        "softmax: `axis` is 2, but `x` of shape (3, 5) has axes -2 to 1; expected one of them."
        " Use axis=-1 for the last one.",
    ),
    (
        lambda: softmax(3.0),
        "softmax: `axis` is -1, but `x` of shape () has no axis; expected one of them."
        " Use axis=-1 for the last one.",
    ),
    (
        lambda: explain_window(IMAGE, SOBEL, 1, 0),
        "explain_window: `row` is 1, expected 0 to 0: the output is 1 × 3. Count from 0.",
    ),
    (
        lambda: explain_window(IMAGE, SOBEL, 0, 5, padding=1),
        "explain_window: `col` is 5, expected 0 to 4: the output is 3 × 5. Count from 0.",
    ),
    (
        lambda: explain_window(IMAGE, SOBEL, -1, 0),
        "explain_window: `row` is -1, expected a whole number of at least 0. Write for instance row=0.",
    ),
]


@pytest.mark.parametrize(("call", "text"), SHAPE_ERRORS, ids=[text[:60] for _, text in SHAPE_ERRORS])
def test_shapes_that_cannot_work_say_what_to_do(call, text):
    with pytest.raises(ShapeError) as caught:
        call()
    assert text == str(caught.value)


@pytest.mark.parametrize(("call", "text"), ARGUMENT_ERRORS, ids=[text[:60] for _, text in ARGUMENT_ERRORS])
def test_arguments_that_cannot_work_say_what_to_do(call, text):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert text == str(caught.value)
