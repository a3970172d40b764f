"""Specifications that cannot be built as they are written, A2-10 and A2-11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnkit import zoo
from cnnkit.answers.question import Mistake, Question
from cnnkit.errors import ShapeError
from cnnkit.shapes import output_size

__all__ = ["QUESTIONS"]


def _pa2(padding: int) -> int:
    return zoo.pa2_2019(padding)["fc1"].input_shape[0]


def _pa2_answer() -> dict[str, int]:
    fits = next(padding for padding in range(5) if _pa2(padding) == 6272)
    return {"padding": fits, "features_with_1": _pa2(1), "total": zoo.pa2_2019(fits).ledger().total}


PA2_PADDING = Question(
    id="pa2-padding",
    code="A2-10",
    points=2,
    variable="pa2",
    ask="Which padding fits FC1's 6272 inputs, what does padding 1 give, and the total?",
    method=_pa2_answer,
    mistakes=(
        Mistake(
            "one-is-same",
            "padding 1 is taken for 'same' with a 5×5 kernel",
            "Padding 1 keeps the size for 3×3 kernels only: follow the size through the layers.",
            lambda: {"padding": 1, "features_with_1": 6272, "total": zoo.pa2_2019().ledger().total},
        ),
        Mistake(
            "total-with-padding-1",
            "the total is counted with the 4608 inputs of padding 1",
            "Count the network whose FC1 has 6272 inputs.",
            lambda: _pa2_answer() | {"total": zoo.pa2_2019(1).ledger().total},
        ),
        Mistake(
            "rounded-up",
            "the last pooling is rounded up to 7",
            "Pooling rounds down: 13 by 2 gives 6.",
            lambda: _pa2_answer() | {"features_with_1": 128 * 7 * 7},
        ),
        Mistake(
            "channels-only",
            "one of the last maps is counted without its 128 channels",
            "Flatten all of them: channels × height × width.",
            lambda: _pa2_answer() | {"features_with_1": _pa2(1) // 128},
        ),
        Mistake(
            "classes-201",
            "the 20 classes are read as 201",
            "The 1 behind the 20 is a footnote mark.",
            lambda: _pa2_answer() | {"total": zoo.pa2_2019().ledger().total + 181 * 257},
        ),
    ),
)


def _convnetjs() -> dict[str, Any]:
    network = zoo.convnetjs_mnist()
    return {
        "layers": 1 + sum(stage.layer.kind != "flatten" for stage in network),
        "parameters": network.ledger().total,
        "impossible": _first_impossible((10, 15)),
    }


def _first_impossible(kernels: tuple[int, int]) -> str:
    size = 24
    for place, (kernel, pool) in enumerate(zip(kernels, (2, 3), strict=True), start=1):
        for name, window, stride, padding in (("conv", kernel, 1, 2), ("pool", pool, pool, 0)):
            try:
                size = output_size(size, window, stride, padding)
            except ShapeError:
                return f"{name}{place}"
    return "none"


def _convnetjs_otherwise(**changes: Any) -> Callable[[], dict[str, Any]]:
    return lambda: _convnetjs() | changes


CONVNETJS = Question(
    id="convnetjs-layers",
    code="A2-11",
    points=2,
    variable="convnetjs",
    ask="Layers and parameters of the ConvNetJS network; the first impossible layer with kernels 10 and 15.",
    method=_convnetjs,
    choices=("none", "conv1", "pool1", "conv2", "pool2", "fc"),
    mistakes=(
        Mistake(
            "no-feasibility-check",
            "a size of −1 is accepted",
            "A layer cannot be smaller than one cell: check each kernel against its padded input.",
            _convnetjs_otherwise(impossible="none"),
        ),
        Mistake(
            "noticed-late",
            "the layer after the impossible one is named",
            "Name the first layer whose kernel does not fit.",
            _convnetjs_otherwise(impossible="pool2"),
        ),
        Mistake(
            "input-not-counted",
            "the input is not counted as a layer",
            "ConvNetJS counts it: its list begins with type 'input'.",
            _convnetjs_otherwise(layers=8),
        ),
        Mistake(
            "written-layers-only",
            "only the six lines of the listing are counted",
            "ConvNetJS inserts the ReLUs, and a fully connected layer before the softmax.",
            _convnetjs_otherwise(layers=6),
        ),
        Mistake(
            "fc-forgotten",
            "the fully connected layer before the softmax is forgotten",
            "ConvNetJS inserts it, with 256 inputs and 10 outputs.",
            _convnetjs_otherwise(layers=8, parameters=208 + 3216),
        ),
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter and one per output.",
            _convnetjs_otherwise(parameters=5994 - 8 - 16 - 10),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (PA2_PADDING, CONVNETJS)
