"""One filter again and again, and two filters in either order: what the border makes of it, A7-5 and A7-6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["BLUR", "QUESTIONS", "RELIEF"]

Array = NDArray[Any]

MODES = {"zeros": "constant", "reflect": "reflect"}


def _once(x: Array, kernel: Array, mode: str = "constant", pad: bool = True) -> Array:
    """Slide a kernel over a picture, as cross-correlation: one shifted picture for each of its cells."""
    reach = len(kernel) // 2
    around = np.pad(x, reach, mode=mode) if pad else x  # type: ignore[call-overload]
    height, width = (side - 2 * reach for side in around.shape)
    total = np.zeros((height, width))
    for row, weights in enumerate(kernel):
        for column, weight in enumerate(weights):
            total += weight * around[row : row + height, column : column + width]
    return total


def _box(size: int) -> Array:
    return np.full((size, size), 1 / size**2)


def _blur(
    mode: Callable[[str], str] = lambda padding: MODES[padding],
    passes: Callable[[int], int] = lambda times: times,
    kernel: Callable[[int], Array] = _box,
) -> Callable[..., Array]:
    """Return a function that blurs again and again, with something changed."""

    def blurred(x: Array, size: int, times: int, padding: str) -> Array:
        x = x.astype(float)
        for _ in range(passes(times)):
            x = _once(x, kernel(size), mode(padding))
        return x

    return blurred


def _padded_at_once(x: Array, size: int, times: int, padding: str) -> Array:
    x = np.pad(x.astype(float), times * (size // 2), mode=MODES[padding])  # type: ignore[call-overload]
    for _ in range(times):
        x = _once(x, _box(size), pad=False)
    return x


def _unpadded(x: Array, size: int, times: int, padding: str) -> Array:
    x = x.astype(float)
    for _ in range(times):
        x = _once(x, _box(size), pad=False)
    return x


def _pictures(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for size, times, padding in (
        (3, 1, "zeros"),
        (3, 3, "zeros"),
        (5, 2, "zeros"),
        (3, 2, "reflect"),
        (5, 3, "reflect"),
    ):
        x = rng.integers(10, size=(14, 17)).astype(float)
        label = f"size {size}, {times} pass{'es' if times > 1 else ''}, {padding}"
        probes.append(Probe(label, {"x": x, "size": size, "times": times, "padding": padding}))
    return {"probes": tuple(probes)}


BLURRED = FunctionQuestion(
    id="blurred",
    code="A7-5a",
    points=1.5,
    variable="blurred",
    ask="Write blurred(x, size, times, padding): the box blur again and again, zeros or a mirror around.",
    method=_blur(),
    inputs=_pictures(np.random.default_rng(77)),
    draw=_pictures,
    mistakes=(
        Mistake(
            "once",
            "the filter is applied once, whatever `times` says",
            "Feed the result back into the filter, `times` times.",
            _blur(passes=lambda times: 1),
        ),
        Mistake(
            "once-too-often",
            "the filter is applied once more than asked for",
            "Begin with the picture itself and make `times` passes.",
            _blur(passes=lambda times: times + 1),
        ),
        Mistake(
            "padded-at-once",
            "the border of all passes is added before the first one",
            "Pad before each pass, by half the kernel: the network of a style transfer does so too.",
            _padded_at_once,
        ),
        Mistake(
            "not-padded",
            "the picture is not padded and shrinks with each pass",
            "Pad by size // 2 before each pass.",
            _unpadded,
        ),
        Mistake(
            "always-zeros",
            "there are zeros around the picture, whatever `padding` says",
            'With "reflect", use np.pad(x, width, mode="reflect").',
            _blur(mode=lambda padding: "constant"),
        ),
        Mistake(
            "always-reflect",
            "there is a mirror around the picture, whatever `padding` says",
            'With "zeros", use np.pad(x, width).',
            _blur(mode=lambda padding: "reflect"),
        ),
        Mistake(
            "symmetric",
            "the mirror repeats the outermost pixel",
            'The outermost pixel is the mirror: mode="reflect", not "symmetric".',
            _blur(mode=lambda padding: "symmetric" if padding == "reflect" else "constant"),
        ),
        Mistake(
            "edge",
            "the outermost pixel is repeated outwards",
            'That is mode="edge"; a mirror shows what lies inside: mode="reflect".',
            _blur(mode=lambda padding: "edge" if padding == "reflect" else "constant"),
        ),
        Mistake(
            "sum",
            "the pixels are added up and not averaged",
            "Divide by size².",
            _blur(kernel=lambda size: np.ones((size, size))),
        ),
        Mistake(
            "divided-by-size",
            "the sum is divided by size, not by its square",
            "A square of size × size pixels holds size² of them.",
            _blur(kernel=lambda size: np.full((size, size), 1 / size)),
        ),
    ),
)


# --- the ring -----------------------------------------------------------------------------------------------

WIDTHS = {"3×3, 5 passes": (3, 5), "5×5, 3 passes": (5, 3), "9×9, 4 passes": (9, 4)}
WHITE = 64  # pixels along each side, so that the ring of 16 leaves a middle


def _ring(size: int, times: int, padding: str = "zeros") -> int:
    """Return how many pixels from the edge of a white picture are no longer white in its middle row."""
    row = _blur()(np.ones((WHITE, WHITE)), size, times, padding)[WHITE // 2, : WHITE // 2]
    return int((np.abs(row - 1) > 1e-12).sum())


def _rings(
    width: Callable[[int, int], int] = _ring,
    reflect: Callable[[int, int], int] = lambda size, times: _ring(size, times, "reflect"),
    passes: int = 5,
    corner: tuple[int, int] = (0, 0),
    blur: Callable[..., Array] | None = None,
) -> dict[str, float]:
    white = (blur or _blur())(np.ones((WHITE, WHITE)), 3, passes, "zeros")
    return {
        **{name: width(*given) for name, given in WIDTHS.items()},
        "3×3, 5 passes, reflect": reflect(3, 5),
        "edge": float(white[0, WHITE // 2]),
        "corner": float(white[corner]),
    }


RING = Question(
    id="ring",
    code="A7-5b",
    points=1.5,
    variable="ring",
    ask="How wide is the ring in a white picture after so many passes, and how dark is it at the very edge?",
    method=_rings,
    atol=1e-3,
    mistakes=(
        Mistake(
            "does-not-grow",
            "the ring is thought to stay as wide as after the first pass",
            "Each pass carries it further inwards by half a kernel.",
            lambda: _rings(lambda size, times: size // 2),
        ),
        Mistake(
            "whole-kernel",
            "the ring is thought to grow by a whole kernel a pass",
            "A kernel reaches (k - 1) / 2 pixels to each side of its middle.",
            lambda: _rings(lambda size, times: size * times),
        ),
        Mistake(
            "both-sides",
            "the ring is counted on both sides of the picture",
            "Count from one edge inwards.",
            lambda: _rings(lambda size, times: 2 * (size // 2) * times),
        ),
        Mistake(
            "one-pixel-a-pass",
            "the ring is thought to grow by one pixel a pass, whatever the kernel",
            "Larger kernels reach further: (k - 1) / 2 pixels.",
            lambda: _rings(lambda size, times: times),
        ),
        Mistake(
            "reflection-too",
            "the mirror is thought to leave a ring as well",
            "Around a white picture the mirror is white: look at the result.",
            lambda: _rings(reflect=_ring),
        ),
        Mistake(
            "after-one-pass",
            "edge and corner are those after one pass",
            "Read them off after all five.",
            lambda: _rings(passes=1),
        ),
        Mistake(
            "padded-at-once",
            "the border of all passes is added before the first one",
            "Pad before each pass, by half the kernel.",
            lambda: _rings(blur=_padded_at_once),
        ),
        Mistake(
            "corner-is-edge",
            "the corner is read off at the middle of the edge",
            "At the corner zeros come in from two sides: x[0, 0].",
            lambda: _rings(corner=(0, WHITE // 2)),
        ),
    ),
)


# --- the order of two filters -------------------------------------------------------------------------------

BLUR = _box(3)
RELIEF = np.array([[-2.0, -1.0, 0.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])  # as if light came from one side
INSIDE = slice(2, -2)  # two 3×3 kernels reach two pixels in


def _same(x: Array) -> Array:
    return x


def _order(
    inside: slice = INSIDE,
    relu: Callable[[Array], Array] = lambda x: np.maximum(x, 0),
    between: bool = True,
    why: str = "relu",
) -> Callable[..., dict[str, Any]]:
    """Return someone's way of measuring the gap between the two orders."""

    def method(picture: Array, first: Array, second: Array) -> dict[str, Any]:
        def passed(one: Array, other: Array, after: Callable[[Array], Array]) -> Array:
            return after(_once(after(_once(picture, one)), other))

        def gap(after: Callable[[Array], Array], last: Callable[[Array], Array]) -> float:
            there, back = last(passed(first, second, after)), last(passed(second, first, after))
            return float(np.abs(there - back)[inside, inside].max())

        bent = gap(relu, _same) if between else gap(_same, relu)
        return {"linear": gap(_same, _same), "with relu": bent, "why": why}

    return method


ORDER = Question(
    id="order",
    code="A7-6",
    points=1,
    variable="order",
    ask="Two filters in either order: how far apart are the results inside, without and with ReLU, and why?",
    method=_order(),
    inputs={
        "picture": np.random.default_rng(7).normal(size=(32, 32)),
        "first": BLUR,
        "second": RELIEF,
    },
    choices=("border", "relu", "rounding"),
    weights={"linear": 0.5, "with relu": 0.25, "why": 0.25},
    mistakes=(
        Mistake(
            "border-compared",
            "the border is compared as well",
            "Leave out two pixels along each edge: there the zeros around the picture come in.",
            _order(inside=slice(None)),
        ),
        Mistake(
            "border-blamed",
            "the border is compared as well, and is taken for the reason",
            "Leave out two pixels along each edge: what is left differs only with ReLU.",
            _order(inside=slice(None), why="border"),
        ),
        Mistake(
            "relu-at-the-end",
            "ReLU is applied to the two results only",
            "It follows each filter: what it cuts off between the two does not come back.",
            _order(between=False),
        ),
        Mistake(
            "absolute-for-relu",
            "the absolute value is taken in place of ReLU",
            "ReLU makes what is negative 0: np.maximum(x, 0).",
            _order(relu=np.abs),
        ),
        Mistake(
            "rounding-blamed",
            "rounding is taken for the reason",
            "Rounding explains the first gap, about 1e-15. The second is so much larger that it cannot.",
            _order(why="rounding"),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (BLURRED, RING, ORDER)
