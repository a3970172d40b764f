"""Padding an image and sliding one kernel over it, A1-1 to A1-6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.variants import Numbers
from cnnkit.answers.wording import FLIPPED, KEEP_KERNEL
from cnnkit.functional import convolve2d, correlate2d, pad

__all__ = ["ASYMMETRIC", "IMAGE", "QUESTIONS", "SOBEL", "VARIANTS"]


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


NOT_FLIPPED = "the kernel slides as it is written, which is cross-correlation"
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


QUESTIONS: tuple[Question, ...] = (
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

# One image for all six questions: that of notebook 01.
VARIANTS = (Numbers(questions=QUESTIONS, draw=lambda rng: {"image": rng.integers(0, 9, (3, 5))}),)
