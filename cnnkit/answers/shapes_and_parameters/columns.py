"""The columns of any network's ledger as questions: what each row holds, and what each mistake puts there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from math import prod
from typing import Any

from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.shapes_and_parameters.cs7011 import CS7011_NEURONS, CS7011_PARAMETERS, CS7011_WORK
from cnnkit.answers.shapes_and_parameters.functions import N_PARAMS
from cnnkit.answers.shapes_and_parameters.report import REPORT_PARAMETERS
from cnnkit.answers.shapes_and_parameters.sizes import ODD_SIZES
from cnnkit.layers import Conv2d, Flatten, Layer, Linear, Shape, Windowed
from cnnkit.ledger import TOTAL, Row
from cnnkit.network import Network, Stage
from cnnkit.shapes import Axis

__all__ = ["column", "rows_asked"]

Count = Callable[[Row], int]
Method = Callable[[Network], Mapping[str, Any]]


def column(network: Network, name: str, convention: str = "keras") -> Question:
    """Return one column of a network's ledger as a question, with the mistakes that people make in it.

    Parameters
    ----------
    network : Network
    name : one of `cnnkit.ledger.COLUMNS`
    convention : "keras", "torch" or "report"
        As `Network.ledger`: which numbers count as parameters.

    Returns
    -------
    Question
        Its answer is a dict: a row's name to an integer, or for "output" to a tuple of them. All columns
        but "output" end in a total.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> from cnnkit.answers import diagnose
    >>> question = column(zoo.report_cnn(), "parameters")
    >>> question.right["conv1"], question.wrong["channels-forgotten"]["total"]
    (2432, 137610)
    """
    method, mistakes = _COLUMNS[name](network, convention)
    right = method(network)
    return Question(
        id=f"ledger-{name}",
        code="",
        points=1,
        variable="answer",
        ask=f"The column {name} of the ledger.",
        method=method,
        mistakes=tuple(mistake for mistake in mistakes if mistake.method(network) != right),
        inputs={"network": network},
        sums_to=None if name == "output" else TOTAL,
        lines=tuple(row.name for row in rows_asked(network, name)),
    )


def rows_asked(network: Network, name: str) -> tuple[Row, ...]:
    """Return the rows in which a column says something: other layers keep sizes and hold nothing."""
    asked: dict[str, Callable[[Row], bool]] = {
        "parameters": lambda row: bool(row.layer.weight_shapes),
        "output": lambda row: isinstance(row.layer, Windowed | Flatten | Linear),
        "neurons": lambda row: row.neurons > 0,
        "multiply-adds": lambda row: row.multiply_adds > 0,
    }
    return tuple(row for row in network.ledger() if asked[name](row))


def _counted(name: str, count: Count, extra: Callable[[Network], int] = lambda _: 0) -> Method:
    """The whole column, counted by `count`; `extra` is what is added to the total alone."""

    def method(network: Network) -> dict[str, int]:
        lines = {row.name: count(row) for row in rows_asked(network, name)}
        return lines | {TOTAL: sum(lines.values()) + extra(network)}

    return method


def _as_in(question: Question, id: str, method: Method, **words: str) -> Mistake:
    """A mistake that `question` catalogues, made in a column."""
    (known,) = (mistake for mistake in question.mistakes if mistake.id == id)
    return Mistake(id, words.get("when", known.when), words.get("cure", known.cure), method)


# --- Parameters -----------------------------------------------------------------------------------


def _weights(layer: Layer) -> tuple[int, int, int, int]:
    """(kernel height, kernel width, inputs, outputs) of a weight; a fully connected one has a kernel of 1."""
    outputs, inputs, *kernel = layer.weight_shapes["weight"]
    height, width = kernel or (1, 1)
    return height, width, inputs, outputs


def _of_weights(
    right: Count,
    weights: Callable[[int, int, int, int], int] = lambda h, w, a, b: h * w * a * b,
    bias: Callable[[int, int], int] = lambda a, b: b,
    only: type[Layer] | tuple[type[Layer], ...] = (Conv2d, Linear),
    depth: int | None = None,
) -> Count:
    """Count convolutions and fully connected layers otherwise than `right` does; `depth` of the kernels."""

    def count(row: Row) -> int:
        if not isinstance(row.layer, only):
            return right(row)
        height, width, inputs, outputs = _weights(row.layer)
        if depth and isinstance(row.layer, Conv2d):
            inputs = depth
        biases = bias(inputs, outputs) if "bias" in row.layer.weight_shapes else 0
        return weights(height, width, inputs, outputs) + biases

    return count


def _parameters(network: Network, convention: str) -> tuple[Method, tuple[Mistake, ...]]:
    right: Count = network.ledger(convention).parameters
    otherwise = partial(_of_weights, right, depth=1 if convention == "report" else None)

    def column(count: Count) -> Method:
        return _counted("parameters", count)

    def first_fc(features: int | None) -> Method:
        """The column when the flattened maps are thought to be so many."""
        behind = _flattened(network)
        if behind is None or features is None:
            return column(right)
        count = otherwise(lambda h, w, a, b: features * b, only=Linear)
        return column(lambda row: count(row) if row.name == behind.name else right(row))

    channels = network.input_shape[0]
    known = REPORT_PARAMETERS
    return column(right), (
        *_of_convention(convention, right),
        _as_in(
            known, "always-three-channels",
            column(_of_weights(right, only=Conv2d, depth=channels) if channels > 1 else right),
            when=f"every convolution is given the image's {channels} channels",
        ),
        _as_in(known, "bias-forgotten", column(otherwise(bias=lambda a, b: 0))),
        _as_in(
            N_PARAMS, "bias-always", column(lambda row: right(row) + _missing_biases(row.layer)),
            cure="This layer is made without a bias.",
        ),
        _as_in(known, "one-bias-per-layer", column(otherwise(bias=lambda a, b: 1))),
        _as_in(known, "bias-per-slice", column(otherwise(bias=lambda a, b: a * b, only=Conv2d))),
        _as_in(known, "kernel-not-squared", column(otherwise(lambda h, w, a, b: h * a * b, only=Conv2d))),
        _as_in(
            known, "last-pool-forgotten", first_fc(_features_before_last_pool(network)),
            cure="Pool the maps once more before you flatten them.",
        ),
        _as_in(known, "flatten-without-channels", first_fc(_features_of_one_map(network))),
        _as_in(
            CS7011_PARAMETERS, "bn-forgotten", column(lambda row: 0 if row.statistics else right(row)),
            cure="It holds a scale, a shift, a running mean and a running variance for each of its inputs.",
        ),
        Mistake(
            "work-for-parameters",
            "work is taken for parameters",
            "A kernel's weights are stored once, however many places of the map use them.",
            column(lambda row: row.multiply_adds or right(row)),
        ),
    )  # fmt: skip


def _missing_biases(layer: Layer) -> int:
    """How many biases a layer would have, had it been given some."""
    bare = isinstance(layer, Conv2d | Linear) and not layer.bias
    return layer.weight_shapes["weight"][0] if bare else 0


def _of_convention(convention: str, right: Count) -> Iterator[Mistake]:
    """The mistakes that one way of counting makes, and another has for the truth."""

    def column(count: Count) -> Method:
        return _counted("parameters", count)

    if convention == "report":
        yield Mistake(
            "channels-put-in",
            "the input channels are counted, as they should be",
            "This column books as the report did: leave them out.",
            column(_of_weights(right)),
        )
    else:
        without = _of_weights(right, only=Conv2d, depth=1)
        yield _as_in(REPORT_PARAMETERS, "channels-forgotten", column(without))
    if convention == "keras":
        yield _as_in(
            CS7011_PARAMETERS, "running-statistics-forgotten", column(lambda row: row.trainable or right(row))
        )
    else:
        yield _as_in(
            CS7011_PARAMETERS,
            "statistics-trained",
            column(lambda row: right(row) + row.statistics),
            cure="They are measured, not trained; torch calls them buffers.",
        )


def _flattened(network: Network) -> Stage | None:
    """The first fully connected layer behind maps."""
    if not any(isinstance(stage.layer, Flatten) for stage in network):
        return None
    return next((stage for stage in network if isinstance(stage.layer, Linear)), None)


def _features_of_one_map(network: Network) -> int | None:
    maps = next((stage.input_shape for stage in network if isinstance(stage.layer, Flatten)), ())
    return prod(maps[1:]) if len(maps) == 3 else None


def _features_before_last_pool(network: Network) -> int | None:
    """What would be flattened without the last pooling; None where a convolution follows it."""
    windows = [stage for stage in network if isinstance(stage.layer, Windowed)]
    return prod(windows[-1].input_shape) if windows and windows[-1].layer.kind == "pool" else None


# --- Output sizes ----------------------------------------------------------------------------------


def _output(network: Network, convention: str) -> tuple[Method, tuple[Mistake, ...]]:
    def method(shape: Callable[[Row], Shape]) -> Method:
        return lambda network: {row.name: shape(row) for row in rows_asked(network, "output")}

    def sizes(size: Callable[[Axis], int]) -> Method:
        def shape(row: Row) -> Shape:
            if not isinstance(row.layer, Windowed):
                return row.output_shape
            return row.output_shape[0], *(size(axis) for axis in row.layer.axes(row.input_shape))

        return method(shape)

    def kept_channels(row: Row) -> Shape:
        return (row.input_shape[0], *row.output_shape[1:]) if len(row.output_shape) == 3 else row.output_shape

    def one_map(row: Row) -> Shape:
        return (prod(row.input_shape[1:]),) if isinstance(row.layer, Flatten) else row.output_shape

    def inputs(row: Row) -> Shape:
        return row.input_shape if isinstance(row.layer, Linear) else row.output_shape

    def pooled_channels(row: Row) -> Shape:
        if row.layer.kind != "pool":
            return row.output_shape
        channels, *rest = row.output_shape
        return (channels * rest[0] // row.input_shape[1], *rest)

    def floor(number: int, by: int) -> int:
        return max(number // by, 0)

    known = ODD_SIZES
    return method(lambda row: row.output_shape), (
        _as_in(known, "plus-one-forgotten", sizes(lambda x: floor(x.padded - x.extent, x.stride))),
        _as_in(known, "rounded-up", sizes(lambda x: -(-(x.padded - x.extent) // x.stride) + 1)),
        _as_in(known, "padded-once", sizes(lambda x: floor(x.size + x.pads[0] - x.extent, x.stride) + 1)),
        _as_in(known, "padding-ignored", sizes(lambda x: floor(x.size - x.extent, x.stride) + 1)),
        _as_in(known, "stride-ignored", sizes(lambda x: x.padded - x.extent + 1)),
        _as_in(known, "same-assumed", sizes(lambda x: -(-x.size // x.stride))),
        Mistake(
            "input-channels-kept",
            "the input's channels are kept",
            "A convolution puts out one map for each filter.",
            method(kept_channels),
        ),
        Mistake(
            "channels-pooled",
            "the channels are pooled too",
            "Pooling makes maps smaller, not fewer.",
            method(pooled_channels),
        ),
        _as_in(REPORT_PARAMETERS, "flatten-without-channels", method(one_map)),
        _as_in(CS7011_NEURONS, "input-sizes", method(inputs), when="the layer's inputs are counted"),
    )


# --- Neurons and multiply-adds -----------------------------------------------------------------------


def _neurons(network: Network, convention: str) -> tuple[Method, tuple[Mistake, ...]]:
    def method(count: Count, extra: Callable[[Network], int] = lambda _: 0) -> Method:
        return _counted("neurons", count, extra)

    def pools(network: Network) -> int:
        return sum(row.units for row in network.ledger() if row.layer.kind == "pool")

    def flattened(network: Network) -> int:
        return sum(row.units for row in network.ledger() if isinstance(row.layer, Flatten))

    def classes(network: Network) -> int:
        return -network.output_shape[0] if isinstance(rows_asked(network, "neurons")[-1].layer, Linear) else 0

    known = CS7011_NEURONS
    return method(lambda row: row.neurons), (
        _as_in(known, "channels-only", method(lambda row: row.output_shape[0])),
        Mistake(
            "one-map",
            "only one map is counted",
            "Every cell of every map is a neuron: filters × height × width.",
            method(lambda row: prod(row.output_shape[1:]) if len(row.output_shape) == 3 else row.neurons),
        ),
        _as_in(known, "input-sizes", method(lambda row: prod(row.input_shape))),
        Mistake(
            "parameters-for-neurons",
            "parameters are taken for neurons",
            "A neuron is one output value, however many weights it has.",
            method(lambda row: row.trainable),
        ),
        _as_in(known, "pool-units-included", method(lambda row: row.neurons, pools)),
        _as_in(
            known, "flatten-counted", method(lambda row: row.neurons, flattened),
            when="the flattened values are counted as a layer",
        ),
        _as_in(
            known, "classes-forgotten", method(lambda row: row.neurons, classes),
            when="the last layer's outputs are left out",
        ),
    )  # fmt: skip


def _multiply_adds(network: Network, convention: str) -> tuple[Method, tuple[Mistake, ...]]:
    def method(count: Count) -> Method:
        return _counted("multiply-adds", count)

    def depth(row: Row) -> int:
        return _weights(row.layer)[2] if isinstance(row.layer, Conv2d) else 1

    def cells(row: Row) -> int:
        return prod(row.output_shape[1:])

    def at_every_input_cell(row: Row) -> int:
        return row.multiply_adds // cells(row) * prod(row.input_shape[1:])

    known = CS7011_WORK
    return method(lambda row: row.multiply_adds), (
        _as_in(known, "parameters-for-compute", method(lambda row: row.trainable)),
        Mistake(
            "weights-used-once",
            "each weight of a kernel is used once",
            "A kernel's weights are used again at every place of the map: multiply by height × width.",
            method(lambda row: row.multiply_adds // cells(row)),
        ),
        _as_in(known, "channels-forgotten", method(lambda row: row.multiply_adds // depth(row))),
        _as_in(known, "multiplies-and-adds", method(lambda row: 2 * row.multiply_adds)),
        Mistake(
            "biases-multiplied-too",
            "the biases are counted too",
            "A bias is added once and multiplies nothing: leave it out.",
            method(lambda row: row.trainable * cells(row)),
        ),
        Mistake(
            "at-every-input-cell",
            "the kernel is laid on every cell of the input",
            "It is used once for every cell of the output map.",
            method(at_every_input_cell),
        ),
    )


_COLUMNS: dict[str, Callable[[Network, str], tuple[Method, tuple[Mistake, ...]]]] = {
    "parameters": _parameters,
    "output": _output,
    "neurons": _neurons,
    "multiply-adds": _multiply_adds,
}
