"""The layer-shape sliders: one table of cases that Python, the browser's arithmetic and torch all give."""

from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbformat import v4
from torch import nn

from cnnkit import widgets
from cnnkit.errors import ArgumentError
from cnnkit.widgets.layer_shapes import LIMITS
from cnnkit.widgets.parts.assets import script
from cnnkit.widgets.parts.fallback import VIEW

TABLE = json.loads((Path(__file__).parent / "cases/layer_shapes.json").read_text(encoding="utf-8"))
CASES = TABLE["cases"]
SCRIPT = script("layer_shapes")
InNode = Callable[[str, list[list[Any]]], list[Any]]

each_case = pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])


@each_case
def test_python_gives_the_case(case: dict[str, Any]) -> None:
    assert case["settings"] | case["expected"] == widgets.LayerShape(**case["settings"]).as_dict()


@pytest.mark.node
def test_the_browser_gives_every_case(in_node: InNode) -> None:
    results = in_node(SCRIPT, [["layerShape", case["settings"]] for case in CASES])
    wrong = {
        case["why"]: result
        for case, result in zip(CASES, results, strict=True)
        if case["settings"] | case["expected"] != result
    }
    assert wrong == {}


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("Math.floor(spare / stride) + 1", "Math.ceil(spare / stride) + 1"),
        ("size + 2 * padding", "size + padding"),
        ("dilation * (kernel_size - 1) + 1", "dilation * kernel_size"),
        (
            "kernel_size * kernel_size * in_channels * out_channels",
            "kernel_size * kernel_size * out_channels",
        ),
        ("Math.ceil(total / 2)]", "Math.floor(total / 2)]"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert right in SCRIPT
    calls = [["layerShape", case["settings"]] for case in CASES]
    results = in_node(SCRIPT.replace(right, mistake), calls)
    assert [case["settings"] | case["expected"] for case in CASES] != results


@pytest.mark.node
def test_the_browser_names_the_cells_of_a_window(in_node: InNode) -> None:
    windows = TABLE["windows"]
    assert [window["text"] for window in windows] == in_node(
        SCRIPT, [["windowText", window["settings"], window["index"]] for window in windows]
    )


@each_case
def test_torch_gives_the_sizes_and_counts_of_the_case(case: dict[str, Any]) -> None:
    settings, expected = case["settings"], case["expected"]
    names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation")
    layer = nn.Conv2d(*(settings[name] for name in names), device="meta")
    assert expected["parameters"] == sum(weight.numel() for weight in layer.parameters())
    assert expected["weights"] == layer.weight.numel()
    image = torch.empty(1, settings["in_channels"], settings["size"], settings["size"], device="meta")
    if expected["fits"]:
        assert expected["output_shape"] == list(layer(image).shape[1:])
    else:
        with pytest.raises(RuntimeError, match=r"Kernel size can't be greater than actual input size"):
            layer(image)


@each_case
def test_torch_reads_the_cells_that_the_case_says(case: dict[str, Any]) -> None:
    settings, expected = case["settings"], case["expected"]
    line = torch.ones(1, 1, settings["size"], dtype=torch.float64, requires_grad=True)
    kernel = torch.ones(1, 1, settings["kernel_size"], dtype=torch.float64)
    if not expected["fits"]:
        assert expected["uncovered"] == list(range(settings["size"]))
        return
    geometry = {name: settings[name] for name in ("stride", "padding", "dilation")}
    nn.functional.conv1d(line, kernel, **geometry).sum().backward()
    assert line.grad is not None
    assert expected["uncovered"] == torch.nonzero(line.grad[0, 0] == 0).flatten().tolist()


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@each_case
def test_torch_pads_as_the_case_says_that_same_does(case: dict[str, Any]) -> None:
    settings, pads = case["settings"], case["expected"]["same_torch"]
    if settings["stride"] > 1:
        assert pads is None
        with pytest.raises(ValueError, match="padding='same' is not supported for strided convolutions"):
            nn.Conv2d(1, 1, settings["kernel_size"], stride=settings["stride"], padding="same")
        return
    torch.manual_seed(0)
    line = torch.rand(1, 1, settings["size"], dtype=torch.float64)
    kernel = torch.rand(1, 1, settings["kernel_size"], dtype=torch.float64)
    dilation = settings["dilation"]
    padded = nn.functional.pad(line, pads)
    torch.testing.assert_close(
        nn.functional.conv1d(line, kernel, padding="same", dilation=dilation),
        nn.functional.conv1d(padded, kernel, dilation=dilation),
    )


def test_the_table_holds_every_kind_of_case() -> None:
    expected = [case["expected"] for case in CASES]
    kinds = {
        "dilated": sum(case["settings"]["dilation"] > 1 for case in CASES),
        "impossible": sum(not case["fits"] for case in expected),
        "dilated and impossible": sum("dilation" in (case["problem"] or "") for case in expected),
        "rounded down": sum(case["left_over"] > 0 for case in expected),
        "unread cells": sum(case["uncovered_note"] is not None for case in expected),
        "no named padding": sum(case["padding_is"] == [] for case in expected),
        "Keras alone": sum(case["padding_is"] == ["same (Keras)"] for case in expected),
        "all three": sum(len(case["padding_is"]) == 3 for case in expected),
    }
    assert len(CASES) >= 60
    assert len({json.dumps(case["settings"]) for case in CASES}) == len(CASES)
    assert {kind: count for kind, count in kinds.items() if count < 2} == {}


def test_every_count_is_one_that_the_browser_holds_exactly() -> None:
    most = {name: limits[-1] for name, limits in LIMITS.items()} | {"stride": 1, "dilation": 1}
    assert 1e15 < widgets.LayerShape(**most).multiply_adds < 2**53


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("size", 0, "an integer from 1 to 1024. Give `size` as a whole number of pixels."),
        ("kernel_size", "3", "an integer from 1 to 31. Give `kernel_size` as a whole number of pixels."),
        ("stride", 1.5, "an integer from 1 to 32. Give `stride` as a whole number of pixels."),
        ("padding", -1, "an integer from 0 to 32. Give `padding` as a whole number of pixels."),
        ("dilation", True, "an integer from 1 to 32. Give `dilation` as a whole number of pixels."),
        ("in_channels", 4096, "an integer from 1 to 2048. Give `in_channels` as a whole number."),
        ("out_channels", None, "an integer from 1 to 2048. Give `out_channels` as a whole number."),
    ],
)
def test_a_bad_setting_is_refused_by_name(name: str, value: Any, rule: str) -> None:
    message = f"layer_shapes: `{name}` is {value!r}, expected {rule}"
    with pytest.raises(ArgumentError) as at_the_start:
        widgets.layer_shapes(**{name: value})
    assert message == str(at_the_start.value)
    sliders = widgets.layer_shapes()
    with pytest.raises(ArgumentError) as later:
        setattr(sliders, name, value)
    assert message == str(later.value)
    assert widgets.LayerShape() == sliders.value


def test_the_value_follows_the_settings() -> None:
    sliders = widgets.layer_shapes(size=28, stride=2)
    assert sliders.value.output_shape == (32, 14, 14)
    sliders.kernel_size, sliders.padding = 7, 0
    assert widgets.LayerShape(size=28, kernel_size=7, stride=2, padding=0) == sliders.value
    assert sliders.value.output == 11


def test_a_message_from_the_page_sets_the_value() -> None:
    sliders = widgets.layer_shapes()
    sliders.set_state({"kernel_size": 3, "padding": 1})
    assert widgets.LayerShape(kernel_size=3, padding=1) == sliders.value


def png_size(encoded: str) -> tuple[int, int]:
    data = base64.b64decode(encoded)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize(
    "settings",
    [{}, {"size": 9, "kernel_size": 7, "padding": 0, "dilation": 2}, {"size": 512, "kernel_size": 9}],
    ids=["fits", "impossible", "large"],
)
def test_without_a_kernel_the_output_is_the_view_a_text_and_a_picture(settings: dict[str, int]) -> None:
    sliders = widgets.layer_shapes(**settings)
    bundle, metadata = sliders._repr_mimebundle_()
    assert {VIEW, "text/plain", "image/png"} == set(bundle)
    assert metadata["image/png"] == {"alt": repr(sliders)}  # what a screen reader says of the picture
    assert repr(sliders.value) == bundle["text/plain"]
    assert sliders.value.formula in bundle["text/plain"]
    assert sliders.value.parameter_sum in bundle["text/plain"]
    width, height = png_size(bundle["image/png"])
    assert width == 990
    assert 200 < height < 900


def test_the_pictures_of_different_settings_differ() -> None:
    pictures = {widgets.layer_shapes(padding=padding).picture() for padding in range(4)}
    assert len(pictures) == 4


@pytest.fixture
def notebook() -> nbformat.NotebookNode:
    cells = [
        "from cnnkit import widgets\nsliders = widgets.layer_shapes(9, 7, 3, 1)\nsliders",
        "sliders.value.output",
    ]
    return v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells])


def test_a_notebook_run_unattended_holds_the_text_and_the_picture(notebook: nbformat.NotebookNode) -> None:
    done = NotebookClient(notebook, timeout=120).execute()
    shown, value = (cell.outputs[0]["data"] for cell in done.cells)
    assert {"text/plain", "image/png"} == set(shown)
    assert "floor((9 + 2·1 − 7) / 3) + 1 = floor(4/3) + 1 = 2" in shown["text/plain"]
    assert png_size(shown["image/png"])[0] == 990
    assert value["text/plain"] == "2"


def test_nbconvert_puts_the_picture_on_the_page(notebook: nbformat.NotebookNode, tmp_path: Path) -> None:
    source = tmp_path / "sliders.ipynb"
    nbformat.write(notebook, source)
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--execute", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    html = source.with_suffix(".html").read_text(encoding="utf-8")
    (picture,) = re.findall(r'<img [^>]*src="data:image/png;base64,([^"]+)"', html)
    assert png_size(picture)[0] == 990
    assert f'<script type="{VIEW}">' not in html
