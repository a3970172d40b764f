"""How many windows fit, A2-1 to A2-5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.variants import Numbers
from cnnkit.answers.wording import COUNT_WINDOWS

__all__ = ["QUESTIONS", "VARIANTS"]

SIZES = (
    Question(
        id="padding-for-same",
        code="A2-1",
        points=1,
        variable="padding_for_same",
        ask="Which padding on each side keeps the size, for a 5x5 kernel and stride 1?",
        method=lambda kernel_size: (kernel_size - 1) // 2,
        mistakes=(
            Mistake(
                "padding-of-3x3",
                "the padding that suits a 3×3 kernel is taken",
                "Ask how far this kernel reaches beyond its centre.",
                lambda kernel_size: 1,
            ),
            Mistake(
                "padding-both-sides",
                "the padding of both sides is added up",
                "Give the padding of one side.",
                lambda kernel_size: kernel_size - 1,
            ),
            Mistake(
                "padding-none",
                "no padding is thought necessary",
                "Without padding the output shrinks by kernel size − 1.",
                lambda kernel_size: 0,
            ),
            Mistake(
                "padding-rounded-up",
                "half of the kernel is rounded up",
                "The centre cell itself does not reach out: take (kernel size − 1) / 2.",
                lambda kernel_size: (kernel_size + 1) // 2,
            ),
        ),
        inputs={"kernel_size": 5},
        draw=lambda rng: {"kernel_size": int(rng.choice([5, 7, 9, 11, 13]))},
    ),
    Question(
        id="kernel-from-sizes",
        code="A2-2",
        points=1,
        variable="kernel_from_sizes",
        ask="512 to 504 without padding, stride 1: which kernel size?",
        method=lambda before, after: before - after + 1,
        mistakes=(
            Mistake(
                "plus-one-forgotten",
                "the + 1 of the formula is left out",
                COUNT_WINDOWS,
                lambda before, after: before - after,
            ),
            Mistake(
                "shrinks-twice",
                "the kernel is thought to reach that far on each side",
                "What is lost on both sides together is kernel size − 1.",
                lambda before, after: 2 * (before - after) + 1,
            ),
            Mistake(
                "minus-one",
                "1 is subtracted instead of added",
                "Solve after = before − kernel size + 1 for the kernel size.",
                lambda before, after: before - after - 1,
            ),
        ),
        inputs={"before": 512, "after": 504},
        draw=lambda rng: {
            "before": (n := int(rng.integers(60, 600))),
            "after": n - 2 * int(rng.integers(2, 9)),
        },
    ),
    Question(
        id="pooled-size",
        code="A2-3",
        points=1,
        variable="pooled_size",
        ask="Those 504×504 maps are pooled by 2×2 with stride 2: which size?",
        method=lambda before, after: after // 2,
        mistakes=(
            Mistake(
                "plus-one-forgotten",
                "the + 1 of the formula is left out",
                COUNT_WINDOWS,
                lambda before, after: (after - 2) // 2,
            ),
            Mistake(
                "stride-ignored",
                "the stride is ignored",
                "The windows move by 2 cells.",
                lambda before, after: after - 2 + 1,
            ),
            Mistake(
                "wrong-input",
                "the image before the convolution is pooled",
                "The pooling layer's input is the convolution's output.",
                lambda before, after: before // 2,
            ),
        ),
        inputs={"before": 512, "after": 504},
        draw=lambda rng: {
            "before": (n := 2 * int(rng.integers(30, 300))) + 2 * int(rng.integers(2, 9)),
            "after": n,
        },
    ),
    Question(
        id="second-conv-size",
        code="A2-4",
        points=1,
        variable="second_conv_size",
        ask="The pooled maps meet 3×3 kernels, stride 1, no padding: which size?",
        method=lambda after: after // 2 - 2,
        mistakes=(
            Mistake(
                "plus-one-forgotten",
                "the + 1 of the formula is left out",
                COUNT_WINDOWS,
                lambda after: after // 2 - 3,
            ),
            Mistake(
                "same-assumed",
                "padding is assumed to keep the size",
                "There is no padding here.",
                lambda after: after // 2,
            ),
            Mistake(
                "pooling-skipped",
                "the maps before the pooling are convolved",
                "The second convolution's input is the pooled map.",
                lambda after: after - 2,
            ),
            Mistake(
                "stride-carried-over",
                "the stride 2 of the pooling is used again",
                "This layer's stride is 1.",
                lambda after: (after // 2 - 3) // 2 + 1,
            ),
        ),
        inputs={"after": 504},
        draw=lambda rng: {"after": 2 * int(rng.integers(20, 300))},
    ),
)


def _pair(size: Callable[[int, int, int, int], int]) -> Callable[..., tuple[int, int]]:
    def method(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, int]:
        return size(*first), size(*second)

    return method


def _draw_pair(rng: np.random.Generator) -> Mapping[str, Any]:
    def layer() -> tuple[int, ...]:
        kernel, stride = int(rng.integers(3, 8)), int(rng.integers(2, 4))
        return int(rng.integers(kernel + 1, 40)), kernel, stride, int(rng.integers(1, kernel // 2 + 1))

    return {"first": layer(), "second": layer()}


ODD_SIZES = Question(
    id="odd-sizes",
    code="A2-5",
    points=2,
    variable="odd_sizes",
    ask="Output sizes of (n=9, k=7, s=3, p=1) and (n=28, k=5, s=2, p=2).",
    method=_pair(lambda n, k, s, p: (n + 2 * p - k) // s + 1),
    mistakes=(
        Mistake(
            "rounded-up",
            "the division is rounded up",
            "Round down: a window must fit entirely.",
            _pair(lambda n, k, s, p: -(-(n + 2 * p - k) // s) + 1),
        ),
        Mistake(
            "not-rounded",
            "the division is not rounded",
            "Half a window does not exist: round down.",
            _pair(lambda n, k, s, p: (n + 2 * p - k) / s + 1),  # type: ignore[arg-type, return-value]
        ),
        Mistake(
            "plus-one-forgotten",
            "the + 1 of the formula is left out",
            COUNT_WINDOWS,
            _pair(lambda n, k, s, p: (n + 2 * p - k) // s),
        ),
        Mistake(
            "padded-once",
            "the padding is counted on one side only",
            "Both ends are padded: n + 2p.",
            _pair(lambda n, k, s, p: (n + p - k) // s + 1),
        ),
        Mistake(
            "padding-ignored",
            "the padding is ignored",
            "Both ends are padded: n + 2p.",
            _pair(lambda n, k, s, p: (n - k) // s + 1),
        ),
        Mistake(
            "stride-ignored",
            "the stride is ignored",
            "Divide by the stride before you add 1.",
            _pair(lambda n, k, s, p: n + 2 * p - k + 1),
        ),
        Mistake(
            "same-assumed",
            "'same' padding is assumed, so that only the stride counts",
            "Use the padding that is given.",
            _pair(lambda n, k, s, p: -(-n // s)),
        ),
    ),
    inputs={"first": (9, 7, 3, 1), "second": (28, 5, 2, 2)},
    draw=_draw_pair,
)

QUESTIONS: tuple[Question, ...] = (*SIZES, ODD_SIZES)


def _draw_sizes(rng: np.random.Generator) -> Mapping[str, Any]:
    """Draw the sizes of an image, and of the maps that a convolution makes of it."""
    after = 2 * int(rng.integers(60, 400))
    return {"before": after + 2 * int(rng.integers(2, 9)), "after": after}


VARIANTS = (
    Numbers(questions=SIZES[:1], draw=lambda rng: {"kernel_size": int(rng.choice([7, 9, 11, 13, 15]))}),
    Numbers(questions=SIZES[1:], draw=_draw_sizes),
)
