"""The layer stack: a network that a page and Python change, its code, its text and its picture."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest

from cnnkit import widgets, zoo
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import Conv2d, Flatten, Linear, ReLU
from cnnkit.network import Network
from cnnkit.widgets.layer_stack import LIMITS
from cnnkit.widgets.parts.assets import script
from cnnkit.widgets.parts.network_json import from_json, stages

SCRIPT = script("layer_stack")
InNode = Callable[[str, list[list[Any]]], list[Any]]
IMPOSSIBLE = {
    "input_shape": [1, 28, 28],
    "layers": [
        {"kind": "Conv2d", "out_channels": 8, "kernel_size": 5},
        {"kind": "MaxPool2d", "kernel_size": 40},
        {"kind": "Flatten"},
        {"kind": "Linear", "out_features": 10},
    ],
}
REFUSED = (
    "Network: layer 2, `pool` = MaxPool2d(40), cannot take its input (8, 24, 24): its 40×40 kernel does not"
    " fit into the 24×24 input (24×24 with padding); the output would be 0×0. Change this layer or the ones"
    " before it."
)


@pytest.mark.parametrize("name", zoo.__all__)
def test_the_value_is_the_network_that_was_given(name: str) -> None:
    network = getattr(zoo, name)()
    stack = widgets.layer_stack(network)
    assert (network, network.name, None) == (stack.value, stack.value.name, stack.problem)
    assert repr(network.ledger()) == repr(stack)
    given = {"in_channels", "in_features", "num_features"}
    assert [layer for layer in stack.network["layers"] if given & set(layer)] == []


def test_without_a_network_it_starts_with_a_small_one() -> None:
    assert widgets.layer_stack().value.ledger().total == 136_874
    assert widgets.layer_stack().selected is None


def test_what_follows_from_a_layer_follows_when_the_page_changes_it() -> None:
    stack = widgets.layer_stack(zoo.report_cnn())
    layers = [dict(layer) for layer in stack.network["layers"]]
    layers[0]["out_channels"] = 48
    stack.set_state({"network": stack.network | {"layers": layers}, "selected": 1})
    assert stack.value.layers[3] == Conv2d(48, 64, 5, padding=2)
    assert (stack.selected, stack.value.ledger().total) == (1, 417_226)


def test_the_value_can_be_set() -> None:
    stack = widgets.layer_stack()
    network = Network((1, 8, 8), [("first", Conv2d(1, 2, 3)), ReLU(), Flatten(), Linear(72, 3)], name="mine")
    stack.value = network
    assert (network, "mine") == (stack.value, stack.value.name)
    assert [stage.name for stage in stack.value] == ["first", "relu", "flatten", "fc"]
    stack.network = zoo.tfjs_mnist()
    assert zoo.tfjs_mnist() == stack.value


def test_an_impossible_network_has_a_problem_and_no_value() -> None:
    stack = widgets.layer_stack(IMPOSSIBLE)
    assert REFUSED == stack.problem
    for question in ("value", "code", "torch_code"):
        with pytest.raises(ShapeError) as refused:
            getattr(stack, question)
        assert REFUSED == str(refused.value)
    assert repr(stack).splitlines() == [
        "input: (1, 28, 28)",
        "conv: Conv2d(1, 8, 5) -> (8, 24, 24)",
        "pool: MaxPool2d(40) -> impossible",
        "flatten: Flatten() -> no size",
        "fc: Linear(?, 10) -> no size",
        REFUSED,
    ]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("network", 3, "layer_stack: `network` is 3, expected a Network, or a dict with `input_shape` and"),
        ("network", {"input_shape": [3], "layers": [{"kind": "Conv"}]}, "Did you mean 'Conv2d'?"),
        ("network", {"input_shape": [0], "layers": []}, "Network: `input_shape` is (0,), expected positive"),
        (
            "selected",
            -1,
            "layer_stack: `selected` is -1, expected a layer's place from 1, 0 for the input, or",
        ),
        ("selected", "conv1", "layer_stack: `selected` is 'conv1', expected a layer's place from 1, 0"),
        ("selected", True, "layer_stack: `selected` is True, expected a layer's place from 1, 0"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(name: str, value: Any, message: str) -> None:
    with pytest.raises(ArgumentError) as at_the_start:
        widgets.layer_stack(**{name: value})
    assert message in str(at_the_start.value)
    stack = widgets.layer_stack(zoo.tfjs_mnist(), selected=1)
    with pytest.raises(ArgumentError) as later:
        setattr(stack, name, value)
    assert str(at_the_start.value) == str(later.value)
    assert (zoo.tfjs_mnist(), 1) == (stack.value, stack.selected)


def test_every_network_of_the_course_is_on_the_menu() -> None:
    presets = widgets.layer_stack().presets
    assert list(presets) == zoo.__all__
    assert [from_json(presets[name]) for name in presets] == [getattr(zoo, name)() for name in presets]


def test_every_count_of_a_layer_is_one_that_the_browser_holds_exactly() -> None:
    most = {name: limits[-1] for name, limits in LIMITS.items()}
    image = [most["channels"], most["size"], most["size"]]
    largest = {name: most[name] for name in ("out_channels", "kernel_size", "padding")}
    told = stages({"input_shape": image, "layers": [{"kind": "Conv2d", **largest}]})
    assert 1e15 < told["rows"][0]["multiply_adds"] < 2**53


def png_size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def test_the_picture_is_as_long_as_the_network() -> None:
    pictures = [widgets.layer_stack(network) for network in (zoo.tfjs_mnist(), zoo.cs7011(), IMPOSSIBLE)]
    sizes = [png_size(stack.picture()) for stack in pictures]
    rows = [len(stack.network["layers"]) for stack in pictures]
    assert [1050] * 3 == [width for width, _ in sizes]
    assert sizes[1][1] - sizes[0][1] == 45 * (rows[1] - rows[0])
    assert 300 < sizes[2][1] < sizes[0][1]


def test_pictures_of_different_networks_differ() -> None:
    given = (zoo.tfjs_mnist(), zoo.convnetjs_mnist(), zoo.pa2_2019(), zoo.pa2_2019(padding=1))
    assert len({widgets.layer_stack(network).picture() for network in given}) == len(given)


@pytest.mark.node
def test_the_page_moves_and_changes_layers(in_node: InNode) -> None:
    layer = {"kind": "Conv2d", "kernel_size": 3}
    calls: list[tuple[list[Any], Any]] = [
        (["moved", ["a", "b", "c", "d"], 0, 2], ["b", "c", "a", "d"]),
        (["moved", ["a", "b", "c", "d"], 3, 0], ["d", "a", "b", "c"]),
        (["moved", ["a", "b"], 1, 1], ["a", "b"]),
        (["changed", layer, "kernel_size", 5], {"kind": "Conv2d", "kernel_size": 5}),
        (["changed", layer, "stride", 2], layer | {"stride": 2}),
        (["changed", layer, "kernel_size"], {"kind": "Conv2d"}),  # it follows again
    ]
    assert [result for _, result in calls] == in_node(SCRIPT, [call for call, _ in calls])


@pytest.mark.node
@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "0 %"),
        (0.0001, "under 0.1 %"),
        (0.0637, "6.4 %"),
        (0.154, "15 %"),
        (0.9364, "94 %"),
        (0.9937, "99.4 %"),
        (0.99999, "over 99.9 %"),
        (1, "100 %"),
    ],
)
def test_a_share_is_never_called_none_or_all_that_is_not(in_node: InNode, share: float, words: str) -> None:
    assert [words.replace(" ", "\u00a0")] == in_node(SCRIPT, [["percent", share]])


HISTORY = """
export function walk(moves) {
  const steps = history();
  let now = "start";
  return moves.map(([way, to, key]) => {
    if (way === "to") [now] = [to, steps.note(now, key ?? null)];
    else if (way === "pause") steps.pause();
    else now = steps[way](now) ?? now;
    return [now, steps.can.undo, steps.can.redo];
  });
}
"""


@pytest.mark.node
def test_a_sliders_way_is_undone_in_one_step_and_redone(in_node: InNode) -> None:
    walks = [
        [["to", "a", "kernel"], ["to", "b", "kernel"], ["undo"], ["undo"], ["redo"], ["redo"]],
        [["to", "a", "kernel"], ["pause"], ["to", "b", "kernel"], ["undo"], ["undo"]],
        [["to", "a"], ["to", "b"], ["undo"], ["to", "c"], ["redo"], ["undo"], ["undo"]],
    ]
    assert in_node(SCRIPT + HISTORY, [["walk", walk] for walk in walks]) == [
        [
            ["a", True, False],
            ["b", True, False],
            ["start", False, True],
            ["start", False, True],
            ["b", True, False],
            ["b", True, False],
        ],
        [
            ["a", True, False],
            ["a", True, False],
            ["b", True, False],
            ["a", True, True],
            ["start", False, True],
        ],
        [
            ["a", True, False],
            ["b", True, False],
            ["a", True, True],
            ["c", True, False],
            ["c", True, False],
            ["a", True, True],
            ["start", False, True],
        ],
    ]
