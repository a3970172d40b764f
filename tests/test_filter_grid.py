"""The filter grid: its colours in Python and in the browser, and what the kernel computes for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cnnkit import data, widgets
from cnnkit.data.pieces import pieces
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.filters import normalised
from cnnkit.nn import as_input, inspect, pretrained
from cnnkit.widgets.parts.assets import script

CASES = json.loads((Path(__file__).parent / "cases/filter_grid.json").read_text(encoding="utf-8"))["cases"]
SCRIPT = script("filter_grid")
InNode = Callable[[str, list[list[Any]]], list[Any]]

each_case = pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])


def settings(case: dict[str, Any]) -> dict[str, Any]:
    return {"shared": case["shared"], "channel": case["channel"]}


@each_case
def test_python_gives_the_case(case: dict[str, Any]) -> None:
    weights = np.array(case["weights"], float).reshape(case["shape"])
    shares = normalised(weights, "shared" if case["shared"] else "own")
    if case["channel"] < 0 and weights.shape[1] == 3:
        tiles = np.moveaxis(shares, 1, -1).reshape(len(weights), -1, 3)
    else:
        tiles = shares[:, max(case["channel"], 0)].reshape(len(weights), -1)
    assert case["tiles"] == tiles.tolist()


def in_browser(in_node: InNode, source: str) -> list[Any]:
    return in_node(source, [["bankPixels", case["weights"], case["shape"], settings(case)] for case in CASES])


@pytest.mark.node
def test_the_browser_gives_every_case(in_node: InNode) -> None:
    assert [{"tiles": case["tiles"], "most": case["most"]} for case in CASES] == in_browser(in_node, SCRIPT)


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("/ (2 * most[filter])", "/ most[filter]"),
        ("shared ? all : own", "shared ? own : all"),
        ("Math.max(channel, 0) * plane", "0"),
        ("share(filter, c * plane + place)", "share(filter, place * 3 + c)"),
        ("|| 1)", "|| 2)"),
        ("channel < 0 && channels === 3", "channel < 0"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert right in SCRIPT
    found = in_browser(in_node, SCRIPT.replace(right, mistake))
    assert [{"tiles": case["tiles"], "most": case["most"]} for case in CASES] != found


@pytest.mark.node
def test_tiles_are_found_where_they_are_drawn(in_node: InNode) -> None:
    shape = {"count": 10, "height": 3, "width": 5}
    (layout,) = in_node(SCRIPT, [["tileLayout", shape, {"tile": 20, "room": 100, "gap": 2}]])
    assert (layout["zoom"], layout["columns"], layout["rows"], layout["size"]) == (4, 4, 3, [86, 40])
    boxes = in_node(SCRIPT, [["tileBox", layout, index] for index in range(10)])
    corners = [(x + dx, y + dy) for x, y, *_ in boxes for dx, dy in ((0, 0), (19, 11))]
    found = in_node(SCRIPT, [["tileAt", layout, *corner] for corner in corners])
    assert found == [[index, row, column] for index in range(10) for row, column in ((0, 0), (2, 4))]
    outside = [(-1, 0), (0, -1), (20, 0), (0, 12), (86, 0), (44, 30), (0, 200)]
    assert in_node(SCRIPT, [["tileAt", layout, *place] for place in outside]) == [None] * len(outside)


@pytest.mark.node
def test_arrow_keys_stay_inside_the_grid(in_node: InNode) -> None:
    keys = [
        ("ArrowRight", 0),
        ("ArrowRight", 9),
        ("ArrowUp", 3),
        ("ArrowDown", 3),
        ("ArrowDown", 7),
        ("End", 0),
    ]
    found = in_node(
        SCRIPT, [["tileByKey", key, at, 4, 10] for key, at in [*keys, ("Home", 5), ("ArrowLeft", 0)]]
    )
    assert found == [1, 9, 3, 7, 7, 9, 0, 0]


def look(grid: widgets.FilterGrid) -> None:
    """Ask as the page does, for what is chosen."""
    grid._look(None, {"look": [grid.layer, grid.filter, grid.image]}, [])


@pytest.fixture(scope="module")
def grid() -> widgets.FilterGrid:
    return widgets.filter_grid(layer="conv4", filter=55, image=3)


@pytest.fixture(scope="module")
def answer(grid: widgets.FilterGrid) -> dict[str, Any]:
    look(grid)
    return dict(grid.answer)


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return as_input("cifar10", pieces(32))


def test_the_pieces_begin_with_those_of_notebook_06() -> None:
    from PIL import Image
    from sklearn.datasets import load_sample_image

    crops = []
    for name in ("china.jpg", "flower.jpg"):
        photograph = Image.fromarray(load_sample_image(name))
        for top in (0, 213):
            for left in (0, 213, 426):
                crop = photograph.crop((left, top, left + 213, top + 213))
                crops.append(np.asarray(crop.resize((32, 32), Image.Resampling.LANCZOS)))
    assert np.array_equal(np.stack(crops).transpose(0, 3, 1, 2), pieces(32)[:12])


def test_the_map_is_what_the_layer_gives(answer: dict[str, Any], x: torch.Tensor) -> None:
    expected = inspect.activations(pretrained("cifar10").model, x[3:4], "conv4", 55)[0, 0]
    found = np.frombuffer(answer["map"]["values"], "<f4").reshape(answer["map"]["shape"])
    assert found == pytest.approx(expected, abs=1e-4)
    assert answer["place"] == list(np.unravel_index(expected.argmax(), expected.shape))
    assert answer["value"] == pytest.approx(expected.max(), abs=1e-4)


def test_the_strongest_are_those_of_top_patches(answer: dict[str, Any], x: torch.Tensor) -> None:
    top = inspect.top_patches(pretrained("cifar10").model, x, "conv4", 55)
    assert [best["index"] for best in answer["top"]] == top.index.tolist()
    assert [best["value"] for best in answer["top"]] == pytest.approx(top.value.tolist(), abs=1e-4)
    boxes = [[edge for part in box for edge in (part.start, part.stop)] for box in top.boxes]
    assert [best["box"] for best in answer["top"]] == boxes
    pictures = np.frombuffer(answer["pictures"], np.uint8).reshape(9, 3, 32, 32)
    assert np.array_equal(pictures, pieces(32)[top.index])


def test_the_guided_gradient_is_inspects(answer: dict[str, Any], x: torch.Tensor) -> None:
    expected = inspect.guided_backprop(pretrained("cifar10").model, x[3:4], 55, layer="conv4")[0]
    found = np.frombuffer(answer["guided"], "<f4").reshape(3, 32, 32)
    assert found == pytest.approx(expected, abs=1e-6)


def test_the_weights_of_the_layer_come_with_the_first_look(grid: widgets.FilterGrid) -> None:
    look(grid)
    assert grid.weights["of"] == "conv4"
    found = np.frombuffer(grid.weights["values"], "<f4").reshape(128, 96, 3, 3)
    assert np.array_equal(found, pretrained("cifar10").model.conv4.weight.detach().numpy())
    assert np.array_equal(found[55], grid.value.weights)
    assert grid.answer["of"] == '["conv4",55,3]'


def test_another_layer_keeps_what_it_can() -> None:
    grid = widgets.filter_grid(filter=40, channel=2, scale="shared")
    grid.layer = "conv2"
    assert (grid.filter, grid.channel) == (40, 2)
    grid.layer, grid.filter = "conv5", 159
    grid.layer = "conv1"
    assert (grid.filter, grid.channel) == (0, 2)
    grid.channel = -1
    grid.layer = "conv3"
    assert grid.channel == 0
    assert (grid.value.layer, grid.value.scale, grid.value.weights.shape) == ("conv3", "shared", (64, 3, 3))


def test_an_error_of_the_kernel_is_told_to_the_page() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(9, 2))
    grid = widgets.filter_grid(model)
    look(grid)
    assert grid.answer["problem"].startswith(
        "The kernel could not compute it: activations: `images` has shape"
    )
    assert grid.answer["of"] == '["0",0,0]'
    assert grid.weights["of"] == "0"
    assert grid.picture()[:8] == b"\x89PNG\r\n\x1a\n"


def test_where_a_relu_is_a_function_all_but_the_guided_gradient_is_shown() -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.two(torch.relu(self.one(x)))

    grid = widgets.filter_grid(Plain(), layer="two")
    look(grid)
    assert grid.answer["guided"] == b""
    assert grid.answer["note"].startswith("guided_backprop: ")
    assert len(grid.answer["top"]) == 9


def test_a_split_is_normalised_as_its_loader_does() -> None:
    split = data.load("digits").test.take(30)
    model = nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU())
    grid = widgets.filter_grid(model, images=split, filter=2)
    look(grid)
    top = inspect.top_patches(model, split, "0", 2)
    assert [best["index"] for best in grid.answer["top"]] == top.index.tolist()
    assert [best["value"] for best in grid.answer["top"]] == pytest.approx(top.value.tolist(), abs=1e-5)
    assert np.array_equal(np.frombuffer(grid.answer["picture"], np.uint8), split.images[0].ravel())


def test_a_network_of_digits_is_shown_digits() -> None:
    grid = widgets.filter_grid("digits", layer="conv2", filter=5)
    look(grid)
    assert "problem" not in grid.answer
    assert (grid.count, grid.answer["shape"]) == (200, [1, 28, 28])


def test_where_layers_skip_the_box_is_the_whole_image() -> None:
    class Skipping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.two(self.one(x))

    grid = widgets.filter_grid(Skipping(), layer="two")
    look(grid)
    assert grid.answer["box"] == [0, 32, 0, 32]


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (
            {"model": 3},
            ArgumentError,
            "filter_grid: `model` is of type int, expected a torch module, a run or",
        ),
        (
            {"model": nn.Linear(2, 2)},
            ArgumentError,
            "filter_grid: `model` has no convolution, expected at least",
        ),
        ({"layer": "fc"}, ArgumentError, "filter_grid: `layer` is 'fc', expected one of conv1, conv2, conv3"),
        ({"filter": 64}, ArgumentError, "filter_grid: `filter` is 64, expected 0 to 63. Count from 0."),
        (
            {"channel": 3},
            ArgumentError,
            "filter_grid: `channel` is 3, expected -1 to 2. Count from 0; -1 is all",
        ),
        ({"layer": "conv2", "channel": -1}, ArgumentError, "filter_grid: `channel` is -1, expected 0 to 63."),
        ({"image": 192}, ArgumentError, "filter_grid: `image` is 192, expected 0 to 191. Count from 0."),
        ({"scale": "big"}, ArgumentError, "filter_grid: `scale` is 'big', expected one of 'own', 'shared'."),
        ({"columns": 0}, ArgumentError, "filter_grid: `columns` is 0, expected an integer of at least 1."),
        (
            {"images": np.zeros((3, 32, 32))},
            ShapeError,
            "filter_grid: `images` has shape (3, 32, 32), expected",
        ),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as refused:
        widgets.filter_grid(**given)
    assert message in str(refused.value)


def test_the_text_and_the_picture_say_what_is_chosen() -> None:
    grid = widgets.filter_grid(filter=49)
    text = "filter_grid: conv1, filter 49: 3 × 5 × 5 weights from -0.644 to 0.848. 192 images are looked at."
    assert repr(grid) == text
    first = grid.picture()
    grid.filter = 26
    assert first[:8] == b"\x89PNG\r\n\x1a\n"
    assert first != grid.picture()


def test_a_grader_gets_what_was_asked_for_as_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert repr(widgets.filter_grid(filter=3)) == "filter_grid: the first convolution, filter 3"
