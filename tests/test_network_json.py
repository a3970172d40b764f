"""Networks as plain data: one table of cases that Python, the browser's arithmetic and torch all give."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnkit import zoo
from cnnkit.errors import ArgumentError, CnnkitError
from cnnkit.layers import Conv2d, ReLU
from cnnkit.network import Network
from cnnkit.nn import build
from cnnkit.widgets.parts.assets import script
from cnnkit.widgets.parts.network_json import KINDS, UNKNOWN, checked, code, from_json, stages, to_json

TABLE = json.loads((Path(__file__).parent / "cases/networks.json").read_text(encoding="utf-8"))
CASES = TABLE["cases"]
POSSIBLE = [case for case in CASES if case["expected"]["problem"] is None]
IMPOSSIBLE = [case for case in CASES if case["expected"]["problem"] is not None]
SCRIPT = script("parts/layers")
InNode = Callable[[str, list[list[Any]]], list[Any]]


def each(cases: list[dict[str, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case["why"] for case in cases])


def expected(case: dict[str, Any]) -> dict[str, Any]:
    """Return what the table expects; what a row does not say is None."""
    rows = [UNKNOWN | row for row in case["expected"]["rows"]]
    return case["expected"] | {"rows": rows}


@each(CASES)
def test_python_gives_the_case(case: dict[str, Any]) -> None:
    assert expected(case) == stages(case["network"])


@pytest.mark.node
def test_the_browser_gives_every_case(in_node: InNode) -> None:
    results = in_node(SCRIPT, [["stages", case["network"]] for case in CASES])
    wrong = {
        case["why"]: result for case, result in zip(CASES, results, strict=True) if expected(case) != result
    }
    assert wrong == {}


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("dilation * (kernel_size - 1) + 1;\n  const rounding", "dilation * kernel_size;\n  const rounding"),
        ("if (ceil_mode && (output - 1)", "if (ceil_mode && output"),
        ("settings.in_channels / settings.groups", "settings.in_channels"),
        ("seen.jump.map((jump, place) => jump * axes", "seen.jump.map((jump, place) => jump + axes"),
        ("start - axes[place].pads[0] * seen.jump[place]", "start - axes[place].pads[0]"),
        ("size + (axes[place].extent - 1) * seen", "size + axes[place].extent * seen"),
        ("(conv ? weights / into : weights) + bias", "weights + bias"),
        ("keras: trainable + statistics", "keras: trainable"),
        ("stride ?? kernel_size", "stride ?? 1"),
        ("amount > half[axis]", "amount >= half[axis]"),
        ("names.indexOf(name) < place", "false"),
        ("settings.bias ? out : 0", "out"),
        ('follows === "in_features" ? product(input)', 'follows === "in_features" ? input[0]'),
        (".length > 1 ? `${family}", ".length > 0 ? `${family}"),
        ("if (bad) return refuse", "if (bad) refuse"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert SCRIPT.count(right) == 1
    try:
        results = in_node(SCRIPT.replace(right, mistake), [["stages", case["network"]] for case in CASES])
    except AssertionError:
        return  # it did not even run to its end
    assert [expected(case) for case in CASES] != results


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@each(POSSIBLE)
def test_torch_gives_the_shapes_and_counts_of_the_case(case: dict[str, Any]) -> None:
    rows = expected(case)["rows"]
    with torch.device("meta"):
        module = build(from_json(case["network"])).to("meta").eval()
        shape = [1, *case["network"]["input_shape"]]
        for row, layer in zip(rows, module, strict=True):
            with FlopCounterMode(display=False) as flops:
                made = list(layer(torch.empty(shape)).shape)
            held = sum(weight.numel() for weight in layer.parameters())
            kept = sum(array.numel() for name, array in layer.named_buffers() if "running" in name)
            told = (row["output_shape"], row["trainable"], row["statistics"], 2 * row["multiply_adds"])
            assert (made[1:], held, kept, flops.get_total_flops()) == told
            shape = made


@each(POSSIBLE)
def test_the_sums_of_the_case_are_those_of_its_rows(case: dict[str, Any]) -> None:
    rows, totals = expected(case)["rows"], expected(case)["totals"]
    summed = {name: sum(row[name] for row in rows) for name in ("trainable", "statistics", "multiply_adds")}
    assert totals == totals | summed
    assert totals["keras"] == summed["trainable"] + summed["statistics"]
    for row in rows:
        for product, total in (("parameter_product", "trainable"), ("multiply_add_product", "multiply_adds")):
            assert row[total] == (eval(row[product].replace("·", "*")) if row[product] else 0)
    shapes = [case["network"]["input_shape"], *(row["output_shape"] for row in rows)]
    assert [list(pair) for pair in pairwise(shapes)] == [
        [row["input_shape"], row["output_shape"]] for row in rows
    ]


@each(POSSIBLE)
def test_the_network_of_the_case_is_made_and_says_the_same(case: dict[str, Any]) -> None:
    network = from_json(case["network"])
    rows = expected(case)["rows"]
    assert [row["code"] for row in rows] == [repr(layer) for layer in network.layers]
    assert [row["name"] for row in rows] == [stage.name for stage in network]
    assert network.ledger("report").total == case["expected"]["totals"]["report"]
    again = from_json(to_json(network))
    assert (network, [stage.name for stage in network], network.name) == (
        again,
        [stage.name for stage in again],
        again.name,
    )


@each(IMPOSSIBLE)
def test_the_network_of_the_case_is_refused_in_the_same_words(case: dict[str, Any]) -> None:
    with pytest.raises(CnnkitError) as refused:
        from_json(case["network"])
    assert case["expected"]["problem"] == str(refused.value)
    rows = expected(case)["rows"]
    (place,) = (place for place, row in enumerate(rows) if row["problem"])
    assert case["expected"]["problem"].endswith(f": {rows[place]['problem']}. {rows[place]['cure']}")
    assert all(row["output_shape"] for row in rows[:place])
    assert all(row["input_shape"] is None and row["trainable"] is None for row in rows[place + 1 :])


# What the kit refuses and torch does not: torch's Linear takes the last of three sizes, names are no matter,
# and an integer is what Python can make one of.
KINDER = ("not flattened", "a name that", "two problems", "True for a number", "a window over two sizes")


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors:UserWarning")
@each([case for case in IMPOSSIBLE if not any(words in case["why"] for words in KINDER)])
def test_torch_refuses_the_layer_too(case: dict[str, Any], torch_twin: Callable[[Any], nn.Module]) -> None:
    (row,) = (row for row in case["expected"]["rows"] if row.get("problem"))
    with pytest.raises((RuntimeError, ValueError, TypeError)):
        torch_twin(Called(row["code"]))(torch.zeros([2, *row["input_shape"]]))


class Called:
    """Stands for a layer that cannot be made: it is the call alone."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __repr__(self) -> str:
        return self.code


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@each(POSSIBLE)
def test_the_code_makes_the_network(case: dict[str, Any]) -> None:
    network = from_json(case["network"])
    names: dict[str, Any] = {}
    exec(code(network), names)
    exec(code(network, "torch"), names)
    assert (network, network.name) == (names["network"], names["network"].name)
    assert [stage.name for stage in network] == [stage.name for stage in names["network"]]
    model = names["model"].to("meta").eval()
    made = model(torch.empty([1, *network.input_shape], device="meta"))
    assert network.output_shape == tuple(made.shape[1:])
    assert network.ledger("torch").total == sum(weight.numel() for weight in model.parameters())


@pytest.mark.node
@pytest.mark.parametrize("library", ["cnnkit", "torch"])
def test_the_browser_writes_the_same_code(in_node: InNode, library: str) -> None:
    results = in_node(SCRIPT, [["networkCode", case["network"], library] for case in CASES])
    by_python = [
        None if case["expected"]["problem"] else code(from_json(case["network"]), library) for case in CASES
    ]
    assert by_python == results


def test_the_table_holds_every_kind_of_case() -> None:
    used = [layer["kind"] for case in POSSIBLE for layer in case["network"]["layers"]]
    assert {kind: used.count(kind) for kind in KINDS if used.count(kind) < 2} == {}
    assert len(POSSIBLE) >= 40
    assert len(IMPOSSIBLE) >= 30
    assert len({json.dumps(case["network"]) for case in CASES}) == len(CASES)
    networks = [to_json(getattr(zoo, name)()) for name in zoo.__all__]
    assert [network for network in networks if network not in [case["network"] for case in CASES]] == []


def test_only_names_of_ones_own_are_written_down() -> None:
    network = Network((1, 9, 9), [("first", Conv2d(1, 2, 3)), ReLU(), Conv2d(2, 2, (3, 1))])
    assert [layer.get("name") for layer in to_json(network)["layers"]] == ["first", None, None]
    shared = Network((1, 9, 9), [("conv2", Conv2d(1, 2, 3)), ("conv1", Conv2d(2, 2, 3))])
    assert [layer.get("name") for layer in to_json(shared)["layers"]] == ["conv2", "conv1"]


SHAPE = {"input_shape": [1, 8, 8]}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([3, 32, 32], "draw: `network` is [3, 32, 32], expected a Network, or a dict with `input_shape` and"),
        ({"layers": []}, "draw: `network` is {'layers': []}, expected a Network, or a dict"),
        ({"input_shape": [0], "layers": []}, "Network: `input_shape` is (0,), expected positive integers"),
        (
            SHAPE | {"layers": [{"kind": "Conv3d"}]},
            "layer 1 is of kind 'Conv3d', expected one of AvgPool2d, ",
        ),
        (SHAPE | {"layers": [{"kind": "Conv3d"}]}, "Did you mean 'Conv2d'?"),
        (SHAPE | {"layers": [{"kind": "Layer"}]}, "layer 1 is of kind 'Layer', expected one of"),
        (SHAPE | {"layers": ["ReLU"]}, "draw: layer 1 is 'ReLU', expected a dict with its `kind` and its"),
        (
            SHAPE | {"layers": [{"kind": "ReLU", "inplace": True}]},
            "draw: layer 1 has the setting 'inplace', expected one of none for ReLU. Leave it out.",
        ),
        (
            SHAPE | {"layers": [{"kind": "MaxPool2d", "kernelsize": 2}]},
            "for MaxPool2d. Did you mean 'kernel_size'?",
        ),
        (
            SHAPE | {"layers": [{"kind": "ReLU"}, {"kind": "Conv2d", "kernel_size": 3}]},
            "draw: layer 2, Conv2d, lacks `out_channels`, expected a number. Give one.",
        ),
        (
            SHAPE | {"layers": [{"kind": "ReLU", "name": 3}]},
            "draw: the name of layer 1 is 3, expected a text.",
        ),
    ],
)
def test_what_is_no_description_is_refused(given: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        checked(given, "draw")
    assert words in str(refused.value)
