"""The filter grid in a real JupyterLab: filters chosen by mouse and by keyboard, answers from the kernel."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Notebook

pytestmark = pytest.mark.browser

BROKEN = """\
from torch import nn
widgets.filter_grid(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(9, 2)))"""
CELLS = [
    "from cnnkit import widgets\ngrid = widgets.filter_grid()\ngrid",
    "import json\nprint(json.dumps({'layer': grid.layer, 'filter': grid.filter, 'channel': grid.channel,"
    " 'scale': grid.scale, 'image': grid.image, 'shape': grid.value.weights.shape}))",
    'grid.layer = "conv4"\ngrid.filter = 55',
    "grid",
    BROKEN,
]
MAKE, READ, SET, SHOW_AGAIN, FAIL = range(len(CELLS))
THEMES = ["JupyterLab Light", "JupyterLab Dark"]


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Notebook]) -> Notebook:
    return open_notebook("filter-grid", CELLS)


@pytest.fixture
def widget(notebook: Notebook) -> Locator:
    """A new grid, with its first answer."""
    shown = notebook.run(MAKE).locator(".cnnkit-filter-grid")
    expect(shown).to_have_count(1, timeout=30_000)  # the first one comes with torch
    settled(shown)
    return shown


def settled(widget: Locator) -> None:
    expect(widget.locator(".looks")).to_have_attribute("aria-busy", "false", timeout=30_000)


def filters(widget: Locator) -> Locator:
    return widget.get_by_role("slider", name="Filters")


def caption(widget: Locator) -> Locator:
    return widget.locator(".caption")


def test_the_grid_opens_with_the_first_convolution(widget: Locator) -> None:
    expect(caption(widget)).to_have_text("conv1, filter 0 of 64")
    expect(widget.locator(".one .about").first).to_contain_text("Row 0, column 0. Three channels as colours.")
    expect(filters(widget)).to_have_attribute("aria-valuemax", "63")
    expect(widget.locator(".values span")).to_have_count(9)
    expect(widget.locator(".top .boxes rect:not([hidden])")).to_have_count(9)
    expect(widget.locator(".told")).to_contain_text("Strongest at row")


def test_a_filter_is_chosen_by_mouse(notebook: Notebook, widget: Locator) -> None:
    place = filters(widget).bounding_box()
    assert place is not None
    filters(widget).click(position={"x": place["width"] * 1.5 / 8, "y": place["height"] * 6.5 / 8})
    expect(caption(widget)).to_have_text("conv1, filter 49 of 64")
    expect(widget.locator(".one .about").first).to_contain_text("Row 6, column 1.")
    settled(widget)
    notebook.expect_value(READ, filter=49, shape=[3, 5, 5])


def test_a_filter_is_chosen_by_keyboard(notebook: Notebook, widget: Locator) -> None:
    filters(widget).focus()
    filters(widget).press("ArrowDown")
    filters(widget).press("ArrowRight")
    expect(caption(widget)).to_have_text("conv1, filter 9 of 64")
    expect(filters(widget)).to_be_focused()
    expect(filters(widget)).to_have_css("outline-style", "solid")
    expect(widget.locator(".spoken")).to_have_text(
        re.compile(r"^conv1, filter 9 of 64\. Three channels as colours\. W")
    )
    filters(widget).press("End")
    expect(filters(widget)).to_have_attribute("aria-valuenow", "63")
    expect(notebook.cell(MAKE)).to_have_class(re.compile("jp-mod-active"))
    settled(widget)
    notebook.expect_value(READ, filter=63)


def test_the_channels_of_a_deep_layer_are_looked_at_one_by_one(notebook: Notebook, widget: Locator) -> None:
    widget.get_by_label("Layer").select_option("conv2")
    settled(widget)
    expect(caption(widget)).to_have_text("conv2, filter 0 of 64")
    expect(widget.get_by_role("checkbox", name="Channels as colours")).to_be_hidden()
    slider = widget.get_by_role("slider", name="Input channel")
    slider.focus()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(widget.locator(".one .about").first).to_contain_text("Channel 2 of 64.")
    expect(slider).to_be_focused()
    notebook.expect_value(READ, layer="conv2", channel=2, shape=[64, 3, 3])


def test_the_scale_is_stated(notebook: Notebook, widget: Locator) -> None:
    expect(widget.locator(".scale-text")).to_have_text(
        "For red, green and blue; mid-grey is 0. Each filter has its own scale."
    )
    own = widget.locator(".high").inner_text()
    widget.get_by_label("Scale").select_option("shared")
    expect(widget.locator(".scale-text")).to_contain_text("One scale for all filters.")
    assert float(widget.locator(".high").inner_text()) > float(own)
    widget.get_by_role("checkbox", name="Channels as colours").uncheck()
    expect(widget.locator(".scale-text")).to_have_text("White is 0. One scale for all filters.")
    notebook.expect_value(READ, scale="shared", channel=0)


def test_one_of_the_strongest_images_is_looked_at(notebook: Notebook, widget: Locator) -> None:
    strongest = widget.get_by_role("slider", name="Images that it answers most strongly")
    strongest.focus()
    strongest.press("Home")
    settled(widget)
    value = widget.locator(".values span").first.inner_text()
    expect(widget.locator(".told")).to_contain_text(f": {value}.")
    expect(strongest).to_have_attribute("aria-valuetext", re.compile(rf"^1: image \d+, {re.escape(value)}$"))
    assert json.loads(notebook.run(READ).inner_text())["image"] > 0


def test_what_python_sets_is_shown_and_a_second_view_follows(notebook: Notebook, widget: Locator) -> None:
    notebook.run(SET)
    expect(caption(widget)).to_have_text("conv4, filter 55 of 128")
    second = notebook.run(SHOW_AGAIN).locator(".cnnkit-filter-grid")
    settled(second)
    expect(caption(second)).to_have_text("conv4, filter 55 of 128")
    filters(second).focus()
    filters(second).press("ArrowRight")
    expect(caption(widget)).to_have_text("conv4, filter 56 of 128")
    settled(widget)
    settled(second)


def test_an_error_of_the_kernel_is_shown_in_the_page(notebook: Notebook, widget: Locator) -> None:
    expect(widget).to_be_visible()
    broken = notebook.run(FAIL).locator(".cnnkit-filter-grid")
    expect(broken.locator(".state")).to_have_text(
        re.compile(r"^The kernel could not compute it: activations: `images` has shape")
    )
    expect(caption(broken)).to_have_text("0, filter 0 of 4")  # the filters are there all the same


@pytest.mark.parametrize("theme", THEMES)
def test_every_word_can_be_read_in_both_themes(
    notebook: Notebook,
    widget: Locator,
    screenshot: Callable[[Locator, str], Path],
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
    theme: str,
) -> None:
    try:
        notebook.page.set_viewport_size({"width": 1280, "height": 1200})  # so that all of it is in sight
        place = filters(widget).bounding_box()
        assert place is not None
        filters(widget).click(position={"x": place["width"] * 1.5 / 8, "y": place["height"] * 6.5 / 8})
        settled(widget)
        strongest = widget.get_by_role("slider", name="Images that it answers most strongly")
        strongest.focus()
        strongest.press("ArrowRight")
        settled(widget)
        with in_theme(theme):
            words = "h4, .choice > span, select, .toggle span, .row span, .caption, .about, .legend span"
            found = contrasts(widget, f"{words}, figcaption, .values span")
            screenshot(widget, f"filter-grid-{theme.split()[-1].lower()}")
    finally:
        notebook.page.set_viewport_size({"width": 1280, "height": 1000})
    assert len(found) > 20
    assert {word: ratio for word, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_is_cut_off(notebook: Notebook, widget: Locator, width: int) -> None:
    page = notebook.page
    try:
        page.set_viewport_size({"width": width, "height": 1000})
        settled(widget)
        page.wait_for_function(
            """(widget) => {
                const { left, right, width } = widget.getBoundingClientRect();
                const parts = widget.querySelectorAll("svg, canvas, p, button, input, select, figure");
                return width <= 700 && [...parts]
                    .map((part) => part.getBoundingClientRect())
                    .filter((box) => box.width > 0)
                    .every((box) => box.left >= left - 1 && box.right <= right + 1);
            }""",
            arg=widget.element_handle(),
        )
    finally:
        page.set_viewport_size({"width": 1280, "height": 1000})


def test_after_a_restart_the_cell_makes_a_live_grid_again(notebook: Notebook, widget: Locator) -> None:
    settled(widget)
    notebook.restart_kernel()
    filters(widget).focus()
    filters(widget).press("ArrowRight")
    told = "No answer yet: the kernel is busy. If it was restarted, run the cell again."
    expect(widget.locator(".state")).to_have_text(told, timeout=20_000)
    again = notebook.run(MAKE).locator(".cnnkit-filter-grid")
    expect(again).to_have_count(1, timeout=30_000)
    settled(again)
    filters(again).focus()
    filters(again).press("ArrowRight")
    settled(again)
    notebook.expect_value(READ, filter=1)
