"""The receptive field in a real JupyterLab: layers and units chosen, boxes drawn, gradients measured."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

IMPORTS, MAKE, READ, VIEW, SET = range(5)
CELLS = [
    "import json\nfrom cnnkit import widgets, zoo",
    "field = widgets.receptive_field(layer='conv4', unit=(4, 3))\nfield",
    "seen = field.value\n"
    "box = [[edge.start, edge.stop] for edge in seen.box]\n"
    "print(json.dumps({'layer': seen.layer, 'unit': seen.unit, 'box': box, 'size': seen.size}))",
    "field",
    "field.layer = 'pool2'; field.unit = (0, 7); field.neighbours = True",
]
TORCH = 60_000  # milliseconds in which a busy machine will have loaded it
THEMES = ("JupyterLab Light", "JupyterLab Dark")


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Any]) -> Any:
    notebook = open_notebook("receptive-field", CELLS)
    notebook.run(IMPORTS)
    return notebook


@pytest.fixture
def widget(notebook: Any) -> Locator:
    """CS7011 at unit (4, 3) of conv4."""
    made: Locator = notebook.run(MAKE).locator(".cnnkit-receptive-field")
    expect(made).to_have_count(1)
    return made


def caption(widget: Locator) -> Locator:
    return widget.locator("p.caption")


def grid(widget: Locator) -> Locator:
    return widget.get_by_role("slider", name="Unit of")


def depth(widget: Locator) -> Locator:
    return widget.get_by_role("slider", name="Layer", exact=True)


def test_the_box_is_drawn_and_the_recursion_is_filled_up_to_the_layer(widget: Locator) -> None:
    expect(caption(widget)).to_have_text(
        "Unit (4, 3) of conv4 sees rows 5 to 30 and columns 1 to 26: 26 × 26 pixels."
    )
    expect(widget.locator(".over .box")).to_have_attribute("d", "M1 5H27V31H1z")
    expect(widget.locator("tbody td.sees")).to_have_text(
        ["1", *(f"{a} + ({k} − 1)·{j} = {b}" for a, k, j, b in [
            (1, 3, 1, 3), (3, 2, 1, 4), (4, 3, 2, 8), (8, 2, 2, 10), (10, 3, 4, 18), (18, 3, 4, 26)]), "", ""]
    )  # fmt: skip
    expect(widget.locator("tr.chosen th")).to_have_text("conv4")


def test_arrow_keys_move_the_unit(notebook: Any, widget: Locator) -> None:
    grid(widget).focus()
    for key in ("ArrowUp", "ArrowLeft", "ArrowLeft"):
        grid(widget).press(key)
    expect(caption(widget)).to_contain_text("Unit (3, 1) of conv4 sees rows 1 to 26 and columns 0 to 18")
    expect(grid(widget)).to_be_focused()
    expect(grid(widget)).to_have_attribute("aria-valuenow", "25")
    expect(widget.locator(".outside")).to_have_attribute("d", "M-7 1H19V27H-7z")
    notebook.expect_value(READ, layer="conv4", unit=[3, 1], box=[[1, 27], [0, 19]], size=[26, 26])
    grid(widget).press("End")
    expect(caption(widget)).to_contain_text("Unit (7, 7)")
    grid(widget).press("ArrowDown")
    expect(caption(widget)).to_contain_text("Unit (7, 7)")
    grid(widget).press("Home")
    expect(caption(widget)).to_contain_text("Unit (0, 0)")


def test_the_depth_slider_goes_through_the_layers_and_stays_at_the_place(
    notebook: Any, widget: Locator
) -> None:
    depth(widget).focus()
    depth(widget).press("ArrowLeft")
    expect(depth(widget)).to_have_attribute("aria-valuetext", "conv3")
    expect(caption(widget)).to_contain_text("Unit (4, 3) of conv3 sees rows 9 to 26 and columns 5 to 22")
    depth(widget).press("Home")
    expect(caption(widget)).to_contain_text("of conv1 sees rows 17 to 19 and columns 13 to 15")
    depth(widget).press("End")
    expect(caption(widget)).to_contain_text("The unit of fc1 sees rows 0 to 31")
    notebook.expect_value(READ, layer="fc1", unit=[0, 0], box=[[0, 32], [0, 32]], size=[32, 32])
    widget.get_by_role("button", name="pool1").click()
    expect(widget.locator("tr.chosen th")).to_have_text("pool1")
    grid(widget).press("PageDown")
    expect(widget.locator("tr.chosen th")).to_have_text("conv2")


def test_the_mouse_picks_a_unit_on_the_grid_and_on_the_image(notebook: Any, widget: Locator) -> None:
    place = grid(widget).bounding_box()
    assert place is not None
    mouse = widget.page.mouse
    mouse.move(place["x"] + place["width"] * 1.5 / 8, place["y"] + place["height"] * 6.5 / 8)
    mouse.down()
    expect(caption(widget)).to_contain_text("Unit (6, 1)")
    mouse.move(place["x"] + place["width"] * 2.5 / 8, place["y"] + place["height"] * 0.5 / 8)
    mouse.up()
    expect(caption(widget)).to_contain_text("Unit (0, 2)")
    image = widget.locator("svg.over").bounding_box()
    assert image is not None
    mouse.click(image["x"] + image["width"] / 2, image["y"] + image["height"] / 2)
    expect(caption(widget)).to_contain_text("Unit (4, 4)")
    notebook.expect_value(READ, unit=[4, 4])


def test_neighbours_and_an_instance_norm_are_drawn(widget: Locator) -> None:
    widget.get_by_label("8 neighbours").check()
    shown = widget.locator(".over .others").get_attribute("d") or ""
    assert shown.count("M") == 8
    assert "M-3 1H23V27H-3z" in shown
    widget.get_by_label("instance norm").check()
    expect(caption(widget)).to_contain_text("sees all 32 × 32 pixels: an instance norm divides each map")
    expect(widget.locator(".over .box")).to_have_attribute("d", "M0 0H32V32H0z")
    expect(widget.locator(".over .window")).to_have_attribute("d", "M1 5H27V31H1z")


def test_the_kernel_measures_what_the_windows_promise(widget: Locator) -> None:
    widget.get_by_role("button", name="gradient").click()
    expect(widget.locator(".told")).to_contain_text("all 676 pixels of the box", timeout=TORCH)
    expect(widget.locator("canvas.heat")).to_be_visible()
    alpha = """(canvas) => {
        const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const seen = [...data].flatMap((value, at) => (at % 4 === 3 && value ? [(at - 3) / 4] : []));
        const [rows, columns] = [seen.map((at) => Math.floor(at / width)), seen.map((at) => at % width)];
        return [seen.length, Math.min(...rows), Math.min(...columns)];
    }"""
    assert widget.locator("canvas.heat").evaluate(alpha) == [676, 5, 1]
    widget.get_by_role("button", name="average").click()
    expect(widget.locator(".told")).to_contain_text("Mean of 16 random models")
    expect(widget.locator(".told")).to_contain_text("Half of its influence comes from the middle")
    grid(widget).focus()
    grid(widget).press("Home")
    expect(widget.locator(".told")).to_contain_text("all 225 pixels of the box")
    widget.get_by_role("button", name="windows only").click()
    expect(widget.locator("canvas.heat")).to_be_hidden()


def test_every_view_follows_the_page_and_python(notebook: Any, widget: Locator) -> None:
    second = notebook.run(VIEW).locator(".cnnkit-receptive-field")
    grid(widget).focus()
    grid(widget).press("ArrowUp")
    expect(caption(second)).to_contain_text("Unit (3, 3) of conv4")
    notebook.run(SET)
    for view in (widget, second):
        expect(caption(view)).to_contain_text("Unit (0, 7) of pool2 sees rows 0 to 6 and columns 25 to 31")
        expect(view.get_by_label("8 neighbours")).to_be_checked()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("at", ["neighbours", "measured"])
def test_every_word_can_be_read_in_both_themes(
    widget: Locator,
    screenshot: Callable[[Locator, str], Path],
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
    theme: str,
    at: str,
) -> None:
    if at == "measured":
        widget.get_by_role("button", name="average").click()
        expect(widget.locator(".told")).to_contain_text("Mean of 16", timeout=TORCH)
    else:
        widget.get_by_label("8 neighbours").check()
    grid(widget).press("ArrowUp")
    if at == "measured":
        expect(widget.locator(".told")).to_contain_text("Mean of 16")
    with in_theme(theme):
        found = contrasts(widget, "label span, b, button, figcaption, p, th, td, .choice > span")
        shade = theme.split()[-1].lower()
        screenshot(
            widget, f"receptive-field-{shade}" if at == "measured" else f"receptive-field-{at}-{shade}"
        )
    assert len(found) > 30
    assert {word: ratio for word, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_is_cut_off(
    notebook: Any, widget: Locator, screenshot: Callable[[Locator, str], Path], width: int
) -> None:
    page = notebook.page
    try:
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_function(
            """(widget) => {
                const { right, width } = widget.getBoundingClientRect();
                const parts = [...widget.querySelectorAll("input, button, th, td, span, p, svg, canvas, b")];
                return width <= 700 && parts
                    .filter((part) => part.getClientRects().length)
                    .every((part) => part.getBoundingClientRect().right <= right + 1);
            }""",
            arg=widget.element_handle(),
        )
        screenshot(widget, f"receptive-field-window-{width}")
    finally:
        page.set_viewport_size({"width": 1280, "height": 1000})


def test_after_a_restart_the_cell_makes_a_live_widget_again(notebook: Any, widget: Locator) -> None:
    expect(widget).to_be_visible()
    notebook.restart_kernel()
    grid(widget).focus()
    grid(widget).press("ArrowDown")
    expect(caption(widget)).to_contain_text("Unit (")  # what the page computes goes on
    widget.get_by_role("button", name="gradient").click()
    told = "Measuring needs a running kernel: run the cell again."
    expect(widget.locator(".told")).to_have_text(told, timeout=60_000)
    notebook.run(IMPORTS)
    again = notebook.run(MAKE).locator(".cnnkit-receptive-field")
    again.get_by_role("button", name="gradient").click()
    expect(again.locator(".told")).to_contain_text("all 676 pixels", timeout=TORCH)
    grid(again).focus()
    grid(again).press("ArrowUp")
    expect(caption(again)).to_contain_text("Unit (3, 3)")
    notebook.expect_value(READ, unit=[3, 3])
