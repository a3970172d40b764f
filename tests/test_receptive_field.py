"""The receptive field: one table that Python and the browser give, and torch's gradients beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cnnkit import Network, nn, widgets, zoo
from cnnkit.errors import ArgumentError
from cnnkit.layers import AvgPool2d, BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.widgets.parts.assets import script
from cnnkit.widgets.parts.network_json import to_json
from cnnkit.widgets.receptive_field.measured import measure
from cnnkit.widgets.receptive_field.value import SeenUnit, steps

TABLE = json.loads((Path(__file__).parent / "cases/receptive_field.json").read_text(encoding="utf-8"))
SCRIPT = script("receptive_field")
InNode = Callable[[str, list[list[Any]]], list[Any]]

UNEVEN = Network(
    (1, 15, 22),
    [
        Conv2d(1, 4, (3, 5), stride=(1, 2), padding=(1, 0)),
        ReLU(),
        AvgPool2d(2),
        Conv2d(4, 6, 3, dilation=2, padding=2),
        BatchNorm2d(6),
        MaxPool2d(3, stride=2, ceil_mode=True),
        Flatten(),
        Linear(36, 5),
        ReLU(),
        Linear(5, 2),
    ],
    name="uneven",
)
KERAS = Network(
    (2, 11, 11), [Conv2d(2, 3, 4, stride=2, padding="keras-same"), Conv2d(3, 2, 3, padding="same")]
)
NETWORKS = {
    "cs7011": zoo.cs7011(),
    "report_cnn": zoo.report_cnn(),
    "convnetjs_mnist": zoo.convnetjs_mnist(),
    "uneven": UNEVEN,
    "keras": KERAS,
}
each_network = pytest.mark.parametrize("name", NETWORKS)
each_unit = pytest.mark.parametrize("case", TABLE["units"], ids=[case["why"] for case in TABLE["units"]])


def of(case: dict[str, Any]) -> SeenUnit:
    return SeenUnit(NETWORKS[case["network"]], case["layer"], tuple(case["unit"]), case.get("norm", False))


def plain(box: tuple[slice, slice]) -> list[list[int]]:
    return [[edge.start, edge.stop] for edge in box]


# --- The table ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLE["steps"])
def test_python_gives_the_steps(name: str) -> None:
    found = {step.name: [step.sees, step.jumps, step.starts] for step in steps(NETWORKS[name])}
    assert TABLE["steps"][name] == found


@each_unit
def test_python_gives_the_unit(case: dict[str, Any]) -> None:
    seen = of(case)
    assert case["expected"] == {"box": plain(seen.box), "window": plain(seen.window), "caption": seen.caption}


@pytest.mark.node
@each_network
def test_the_browser_gives_the_steps_of_python(in_node: InNode, name: str) -> None:
    (found,) = in_node(SCRIPT, [["fieldSteps", to_json(NETWORKS[name])]])
    for step in found:
        step.pop("through")
    assert found == [step.as_dict() for step in steps(NETWORKS[name])]


def calls() -> list[list[Any]]:
    made = []
    for case in TABLE["units"]:
        seen = of(case)
        image = NETWORKS[case["network"]].input_shape[1:]
        made.append(["seenUnit", seen.step.as_dict(), case["unit"], image, case.get("norm", False)])
    return made


@pytest.mark.node
def test_the_browser_gives_every_unit(in_node: InNode) -> None:
    found = in_node(SCRIPT, calls())
    keys = ("box", "window", "caption")
    assert [case["expected"] for case in TABLE["units"]] == [
        {key: each[key] for key in keys} for each in found
    ]


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("place * step.jump[axis] + step.start[axis]", "place * step.jump[axis] - step.start[axis]"),
        ("first + step.size[axis]]", "first + step.size[axis] - 1]"),
        ("clamp(edge, 0, image[axis])", "clamp(edge, 0, image[axis] - 1)"),
        ("norm && step.normalised", "norm"),
        ("`${first} to ${end - 1}`", "`${first} to ${end}`"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert SCRIPT.count(right) == 1
    found = in_node(SCRIPT.replace(right, mistake), calls())
    assert [case["expected"]["caption"] for case in TABLE["units"]] != [each["caption"] for each in found]


@pytest.mark.node
@each_network
def test_the_units_that_feed_another_are_those_of_its_window(in_node: InNode, name: str) -> None:
    """Back through the layers one arrives at the window that the recursion gives."""
    network = NETWORKS[name]
    image = network.input_shape[1:]
    (found,) = in_node(SCRIPT, [["fieldSteps", to_json(network)]])
    for place, step in enumerate(steps(network)):
        for axis in (0, 1):
            unit = min(2, step.sizes[axis] - 1)
            (ranges,) = in_node(SCRIPT, [["feeding", found, place, unit, axis]])
            first, last = ranges[0]
            if step.window == "all units":
                assert (max(first, 0), min(last, image[axis] - 1)) == (0, image[axis] - 1)
            else:
                start = unit * step.jump[axis] + step.start[axis]
                assert [first, last] == [start, start + step.size[axis] - 1]


def test_the_published_boxes_of_cs7011_are_in_the_table() -> None:
    found = {
        tuple(case["unit"]): case["expected"]["window"] for case in TABLE["units"] if case["layer"] == "conv4"
    }
    assert len(found) >= 3
    for (row, column), window in found.items():
        assert window == [[4 * row - 11, 4 * row + 15], [4 * column - 11, 4 * column + 15]]


# --- Theory against measurement ------------------------------------------------------------------------


def positive(network: Network) -> torch.nn.Module:
    """A model in which nothing cancels and no ReLU is dead: what it can see it does see."""
    parts = []
    for stage in network:
        if isinstance(stage.layer, MaxPool2d | AvgPool2d):
            size, stride = stage.layer.kernel_size, stage.layer.stride
            pads = {"padding": stage.layer.padding, "ceil_mode": stage.layer.ceil_mode}
            parts.append(torch.nn.AvgPool2d(size, stride, **pads))  # type: ignore[arg-type]
        else:
            (part,) = nn.build(Network(stage.input_shape, [stage.layer])).children()
            parts.append(part)
    model = torch.nn.Sequential(*parts).double().eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(0.01)
    return model


@each_network
def test_the_gradient_reaches_exactly_the_box_unless_cells_are_left_over(name: str) -> None:
    network = NETWORKS[name]
    model = positive(network)
    names = [stage.name for stage in network]
    for step in steps(network)[1:]:
        front = model[: names.index(step.name) + 1]  # type: ignore[index]
        for unit in {(0, 0), (step.sizes[0] // 2, step.sizes[1] - 1), (step.sizes[0] - 1, 0)}:
            x = torch.ones(1, *network.input_shape, dtype=torch.float64, requires_grad=True)
            y = front(x)
            (slope,) = torch.autograd.grad(y[0, 0, unit[0], unit[1]] if y.ndim == 4 else y[0, 0], x)
            rows, columns = (np.flatnonzero(slope[0, 0].numpy().any(axis=axis)) for axis in (1, 0))
            found = [[rows[0], rows[-1] + 1], [columns[0], columns[-1] + 1]]
            box = plain(SeenUnit(network, step.name, unit).box)
            if name == "uneven":  # its poolings leave cells over, which no unit behind them sees
                assert all(a <= c < d <= b for (a, b), (c, d) in zip(box, found, strict=True))
            else:
                assert box == found


def test_what_is_measured_lies_in_the_box_and_is_concentrated_in_its_middle() -> None:
    field = widgets.receptive_field(layer="conv4", unit=(4, 4))
    average = field.measure("average")
    rows, columns = field.value.box
    assert (average.support, average.models) == ((rows, columns), 16)
    outside = average.map.copy()
    outside[rows, columns] = 0
    assert not outside.any()
    middle = average.map[rows.start + 6 : rows.stop - 6, columns.start + 6 : columns.stop - 6].sum()
    assert 1.5 * (14 / 26) ** 2 < middle < 1  # (14 / 26) ** 2 if every pixel of the box counted alike


def test_a_dead_relu_shrinks_what_is_measured() -> None:
    network = Network((1, 9, 9), [Conv2d(1, 2, 3), ReLU(), Conv2d(2, 1, 3)])
    model = nn.build(network)
    image = np.zeros((1, 9, 9), np.float32)
    image[:, :, 4:] = 1
    with torch.no_grad():
        model.conv1.weight.fill_(1)
        model.conv1.bias.fill_(-2)  # alive where its window holds at least 3 bright pixels
        model.conv2.weight.fill_(1)
    field = widgets.receptive_field(network, model, image, layer="conv2", unit=(2, 1), overlay="gradient")
    assert field.value.box == (slice(2, 7), slice(1, 6))
    assert field.measure().support == (slice(2, 7), slice(2, 6))
    with torch.no_grad():
        model.conv1.bias.fill_(-100)
    assert not field.measure().map.any()
    assert field.measure().support == (slice(0, 0), slice(0, 0))


def test_an_instance_norm_lets_a_unit_see_the_whole_image() -> None:
    field = widgets.receptive_field(layer="conv2", unit=(3, 3), instance_norm=True)
    assert field.value.box == (slice(0, 32), slice(0, 32))
    assert field.measure("gradient").support == (slice(0, 32), slice(0, 32))
    field.instance_norm = False
    assert field.value.box == (slice(3, 11), slice(3, 11)) == field.measure("gradient").support


def test_the_models_own_gradient_is_measured_and_leaves_it_as_it_was() -> None:
    network = zoo.tfjs_mnist()
    model = nn.build(network, seed=5).train()
    image = np.random.default_rng(0).normal(size=(1, 28, 28)).astype(np.float32)
    found = measure(network, image, "conv2", (1, 6), model=model, channel=9)
    x = torch.from_numpy(image)[None].requires_grad_(True)
    model[:4](x)[0, 9, 1, 6].backward()
    expected = x.grad[0].abs().sum(dim=0).double().numpy()  # type: ignore[index]
    np.testing.assert_allclose(found.map, expected / expected.sum(), rtol=1e-6)
    assert found.channel == 9
    assert model.training
    model.zero_grad()
    measure(network, image, "conv2", (1, 6), model=model)
    assert [weight.grad for weight in model.parameters() if weight.grad is not None] == []


# --- The widget ----------------------------------------------------------------------------------------


def test_the_value_follows_the_settings() -> None:
    field = widgets.receptive_field(layer="conv4", unit=(4, 0))
    assert (field.value.size, field.value.jump, field.value.start) == ((26, 26), (4, 4), (-11, -11))
    assert field.value.box == (slice(5, 31), slice(0, 15))
    field.set_state({"layer": "pool1", "unit": [15, 15]})
    assert field.value.box == (slice(29, 32), slice(29, 32))
    field.layer = "fc1"
    assert (field.value.unit, field.value.box) == ((0, 0), (slice(0, 32), slice(0, 32)))


def test_a_wish_of_the_page_is_answered_unless_the_page_has_moved_on() -> None:
    field = widgets.receptive_field(zoo.tfjs_mnist(), layer="conv1", unit=(2, 3), overlay="gradient")
    field.set_state({"_wish": ["conv1", 2, 4, "gradient", False]})
    assert field.measured == {}
    field.set_state({"_wish": ["conv1", 2, 3, "gradient", False]})
    found = np.frombuffer(field.measured["map"], "<f4").reshape(28, 28)
    assert found[2:7, 3:8].all()
    assert np.count_nonzero(found) == 25
    field.set_state({"_wish": "nonsense"})
    assert field.measured["of"] == ["conv1", 2, 3, "gradient", False]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"layer": "relu1"},
            "`layer` is 'relu1', expected one of conv1, pool1, conv2, pool2, conv3, conv4, pool3, fc1:"
            " others see what the layer before them sees. Take one of these names.",
        ),
        (
            {"layer": "conv4", "unit": (8, 0)},
            "`unit` is (8, 0), expected less than (8, 8), the rows and columns of `conv4`. Count from 0.",
        ),
        (
            {"unit": 3},
            "`unit` is 3, expected two integers of at least 0. Give the unit's (row, column).",
        ),
        (
            {"overlay": "heat"},
            "`overlay` is 'heat', expected one of 'nothing', 'gradient', 'average'. Give one of these names.",
        ),
        (
            {"image": np.zeros((3, 28, 28))},
            "`image` has the shape (3, 28, 28) and type float64, expected (3, 32, 32) of uint8 or float, as"
            " the network takes it. Give one image.",
        ),
        (
            {"network": Network((7,), [Linear(7, 2)])},
            "`network` takes (7,) and has 0 layers with windows, expected images (C, H, W) and at least 1."
            " Take a network from cnnkit.zoo.",
        ),
        (
            {"network": "cs7011"},
            "`network` is of type str, expected a Network. Take one from cnnkit.zoo.",
        ),
        (
            {"model": torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3))},
            "`model` has other layers than `network`, expected the same. Give the network that it was built"
            " from: nn.describe(model, input_shape).",
        ),
    ],
)
def test_a_bad_setting_is_refused_by_name(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        widgets.receptive_field(**settings)
    assert f"receptive_field: {message}" == str(refused.value)


def test_the_picture_shows_the_unit_and_what_is_measured() -> None:
    field = widgets.receptive_field(UNEVEN, layer="conv2")
    pictures = [field.picture()]
    for name, value in (
        ("unit", (0, 0)),
        ("neighbours", True),
        ("overlay", "gradient"),
        ("instance_norm", True),
    ):
        setattr(field, name, value)
        pictures.append(field.picture())
    assert len(set(pictures)) == 5
    assert all(picture[:8] == b"\x89PNG\r\n\x1a\n" for picture in pictures)
