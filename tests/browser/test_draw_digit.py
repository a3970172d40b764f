"""The drawing pad in a real JupyterLab: drawn on by mouse and by keyboard, with every layer following."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Notebook

pytestmark = pytest.mark.browser

MODEL = """\
import torch
class Skipping(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 4, 3, padding=1)
        self.fc = torch.nn.Linear(4 * 784, 10)
    def forward(self, x):
        return self.fc((x + self.conv(x)).flatten(1))
widgets.draw_digit(Skipping(), strokes=[[(14, 4), (14, 24)]])"""
CELLS = [
    'from cnnkit import widgets\npad = widgets.draw_digit(names=("sure", "confusing", "moved"))\npad',
    "import json\nprint(json.dumps({'strokes': pad.strokes, 'top': pad.prediction, 'code': pad.code,"
    " 'kept': list(pad.kept), 'ink': int(pad.value.sum()), 'right': pad.right}))",
    "pad.strokes = [[(9, 5), (7, 15), (20, 15)], [(17, 5), (16, 24)]]",
    "pad",
    MODEL,
]
MAKE, READ, SET, SHOW_AGAIN, BY_KERNEL = range(len(CELLS))
THEMES = ["JupyterLab Light", "JupyterLab Dark"]
FOUR = [[(9, 5), (7, 15), (20, 15)], [(17, 5), (16, 24)]]


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Notebook]) -> Notebook:
    return open_notebook("draw-digit", CELLS)


@pytest.fixture
def widget(notebook: Notebook) -> Locator:
    """A new and empty pad."""
    shown = notebook.run(MAKE).locator(".cnnkit-draw-digit")
    expect(shown).to_have_count(1, timeout=30_000)  # the first one comes with torch
    return shown


@pytest.fixture
def draw(notebook: Notebook, widget: Locator) -> Callable[[list[list[tuple[float, float]]]], None]:
    """Draw strokes with the mouse."""

    def draw(strokes: list[list[tuple[float, float]]]) -> None:
        widget.locator(".pad").scroll_into_view_if_needed()
        place = widget.locator(".pad").bounding_box()
        assert place is not None
        mouse = notebook.page.mouse
        for (x, y), *points in strokes:
            cell = place["width"] / 28
            mouse.move(place["x"] + x * cell, place["y"] + y * cell)
            mouse.down()
            for x, y in points:
                mouse.move(place["x"] + x * cell, place["y"] + y * cell, steps=8)
            mouse.up()

    return draw


def first(widget: Locator) -> Locator:
    return widget.locator(".cnnkit-answers li b").first


def read(notebook: Notebook) -> dict[str, Any]:
    return dict(json.loads(notebook.run(READ).inner_text()))


def expect_value(notebook: Notebook, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Read through a cell; again, for the page holds a change back while the kernel is busy."""
    for _ in range(20):
        if holds(value := read(notebook)):
            return value
    raise AssertionError(value)


def test_an_empty_pad_says_so(widget: Locator) -> None:
    expect(widget.locator(".confusion")).to_have_text("Nothing is drawn yet.")
    expect(first(widget)).to_have_text("–")
    expect(widget.locator(".head b")).to_have_text(
        ["conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "fc"]
    )
    expect(widget.get_by_role("button", name="Undo")).to_be_disabled()


def test_a_digit_is_drawn_by_mouse_and_recognised(notebook: Notebook, widget: Locator, draw: Any) -> None:
    draw(FOUR)
    expect(first(widget)).to_have_text("4")
    expect(widget.locator(".verdict")).to_have_text("sureabove 0.9")
    value = expect_value(notebook, lambda value: len(value["strokes"]) == 2)
    assert value["top"][0][0] == 4
    assert value["top"][0][1] > 0.9
    assert sum(map(len, value["strokes"])) < 12  # straight lines, simplified
    shown = widget.locator(".cnnkit-answers .share").first.inner_text()
    assert float(shown.strip("> %")) == pytest.approx(100 * value["top"][0][1], abs=0.06)


def test_the_answer_follows_while_the_pen_is_down(notebook: Notebook, widget: Locator, draw: Any) -> None:
    place = widget.locator(".pad").bounding_box()
    assert place is not None
    mouse, cell = notebook.page.mouse, place["width"] / 28
    mouse.move(place["x"] + 14 * cell, place["y"] + 4 * cell)
    mouse.down()
    mouse.move(place["x"] + 14 * cell, place["y"] + 24 * cell, steps=10)
    expect(first(widget)).to_have_text("1")
    mouse.up()
    expect_value(notebook, lambda value: value["top"] and value["top"][0][0] == 1)


def test_a_digit_is_drawn_by_keyboard(notebook: Notebook, widget: Locator) -> None:
    pad = widget.get_by_role("application")
    spoken = widget.locator(".spoken")
    pad.focus()
    expect(pad).not_to_have_css("outline-style", "none")
    for _ in range(10):
        pad.press("ArrowUp")
    expect(spoken).to_have_text("14, 4")
    pad.press("Space")
    expect(spoken).to_have_text("Pen down at 14, 4")
    for _ in range(5):
        pad.press("Shift+ArrowDown")
    pad.press("Space")
    expect(spoken).to_have_text(re.compile(r"^1 at \S+ ?\S+ %\. Nearest confusion: "))
    expect(first(widget)).to_have_text("1")
    expect(notebook.cell(MAKE)).to_have_class(re.compile("jp-mod-active"))
    value = expect_value(notebook, lambda value: bool(value["strokes"]))
    assert value["code"] == "strokes.draw([[(14, 4), (14, 24)]], centred=True)"
    pad.focus()
    pad.press("Backspace")
    expect(first(widget)).to_have_text("–")
    expect_value(notebook, lambda value: value["strokes"] == [])


def test_the_diagonal_keys_move_the_pen_along_both_axes(widget: Locator) -> None:
    pad = widget.get_by_role("application")
    pad.focus()
    for key, place in (("Home", "13, 13"), ("PageUp", "14, 12"), ("PageDown", "15, 13"), ("End", "14, 14")):
        pad.press(key)
        expect(widget.locator(".spoken")).to_have_text(place)


def test_strokes_are_erased_undone_and_cleared(notebook: Notebook, widget: Locator, draw: Any) -> None:
    draw([[(4, 14), (24, 14)]])
    widget.get_by_role("button", name="Eraser").click()
    expect(widget.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "true")
    draw([[(14, 10), (14, 18)]])
    expect_value(notebook, lambda value: len(value["strokes"]) == 2)
    widget.get_by_role("button", name="Undo").click()
    expect_value(notebook, lambda value: len(value["strokes"]) == 1)
    widget.get_by_role("button", name="Pen", exact=True).click()
    widget.get_by_role("button", name="Clear").click()
    expect_value(notebook, lambda value: value["strokes"] == [])
    expect(widget.get_by_role("button", name="Clear")).to_be_disabled()


def test_a_drawing_is_moved_and_turned_until_it_is_another(
    notebook: Notebook, widget: Locator, draw: Any
) -> None:
    draw([[(14, 4), (14, 24)]])
    expect(first(widget)).to_have_text("1")
    right = widget.get_by_role("button", name="Move right by a pixel")
    for _ in range(11):
        right.press("Enter")
    expect(widget.locator(".shift output")).to_have_text("11, 0")
    expect(first(widget)).not_to_have_text("1")
    expect_value(notebook, lambda value: value["right"] == 11 and value["top"][0][0] != 1)
    widget.get_by_role("button", name="Back to where it was drawn").click()
    expect(first(widget)).to_have_text("1")
    turn = widget.get_by_role("slider", name="Turn")
    turn.focus()
    turn.press("End")
    expect(widget.locator(".dial output").nth(1)).to_have_text("90°")
    expect(first(widget)).not_to_have_text("1")


def test_a_cell_of_a_map_is_looked_at_by_mouse_and_by_keyboard(widget: Locator, draw: Any) -> None:
    draw(FOUR)
    strip = widget.get_by_role("slider", name="Maps of conv2")
    strip.hover(position={"x": 30 * 3 + 15, "y": 15})
    expect(widget.locator(".cell-text")).to_have_text(re.compile(r"^conv2, map 3, row 7, column 7: −?\d"))
    expect(widget.locator(".window-text")).to_have_text(
        "It sees rows 8 to 21, columns 8 to 21: 14 × 14 pixels."
    )
    box = widget.locator(".frame .window")
    expect(box).to_have_attribute("x", "8")
    expect(box).to_have_attribute("width", "14")
    strip.focus()
    strip.press("ArrowRight")
    expect(strip).to_have_attribute("aria-valuenow", "4")
    strip.press("ArrowDown")  # the strip has two rows of 16
    expect(strip).to_have_attribute("aria-valuenow", "20")
    lens = widget.get_by_role("slider", name="Cell of the map")
    lens.focus()
    lens.press("Home")
    expect(lens).to_have_attribute(
        "aria-valuetext",
        re.compile(
            r"^row 0, column 0: \S+\. It sees rows 0 to 7, columns 0 to 7: 14 × 14 pixels, cut at the edge\.$"
        ),
    )


def test_the_scale_of_the_maps_is_stated(widget: Locator, draw: Any) -> None:
    draw(FOUR)
    stated = widget.locator(".most").first
    expect(stated).to_have_text(re.compile(r"^± \d"))
    widget.get_by_label("Colours").select_option("own")
    expect(stated).to_have_text("own scales")


def test_drawings_are_kept_as_code(notebook: Notebook, widget: Locator, draw: Any) -> None:
    draw(FOUR)
    widget.get_by_role("button", name="Keep").click()
    expect(widget.locator(".kept-list b")).to_have_text("sure")
    expect(widget.locator(".kept-list li")).to_contain_text("4: 99")
    name = widget.get_by_label("Keep as")
    expect(name).to_have_attribute("placeholder", "confusing")
    widget.get_by_role("button", name="Move right by a pixel").click()
    name.fill("moved")
    name.press("Enter")
    value = expect_value(notebook, lambda value: value["kept"] == ["sure", "moved"])
    code = widget.get_by_label("Code for your answer cell")
    sure, moved = code.input_value().splitlines()
    assert sure.startswith('drawings["sure"] = strokes.draw([[(')
    assert moved == f'drawings["moved"] = {value["code"]}'
    assert moved.endswith(", shift=(1, 0))")
    widget.get_by_role("button", name="Remove moved").click()
    expect_value(notebook, lambda value: value["kept"] == ["sure"])
    widget.get_by_role("button", name="Clear").click()
    widget.get_by_role("button", name="Open sure").click()
    expect(first(widget)).to_have_text("4")


def test_what_python_sets_is_drawn_and_a_second_view_follows(notebook: Notebook, widget: Locator) -> None:
    notebook.run(SET)
    expect(first(widget)).to_have_text("4")
    second = notebook.run(SHOW_AGAIN).locator(".cnnkit-draw-digit")
    expect(first(second)).to_have_text("4")
    second.get_by_role("checkbox", name="Centre like MNIST").uncheck()
    expect(widget.get_by_role("checkbox", name="Centre like MNIST")).not_to_be_checked()
    second.get_by_role("button", name="Clear").click()
    expect(first(widget)).to_have_text("–")


def test_a_network_that_the_page_does_not_know_is_computed_by_the_kernel(
    notebook: Notebook, widget: Locator
) -> None:
    expect(widget).to_be_visible()
    other = notebook.run(BY_KERNEL).locator(".cnnkit-draw-digit")
    expect(other.locator(".state")).to_have_text(
        "Skipping holds a layer that this page does not know: the kernel computes, after each stroke."
    )
    expect(first(other)).to_have_text(re.compile(r"^\d$"))
    before = other.locator(".confusion").inner_text()
    other.get_by_role("button", name="Move right by a pixel").click()
    expect(other.locator(".confusion")).not_to_have_text(before)
    expect(other.locator(".head b")).to_have_text(["conv", "fc"])


@pytest.mark.parametrize("theme", THEMES)
def test_every_word_can_be_read_in_both_themes(
    notebook: Notebook,
    widget: Locator,
    draw: Any,
    screenshot: Callable[[Locator, str], Path],
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
    theme: str,
) -> None:
    notebook.page.set_viewport_size({"width": 1280, "height": 1400})  # so that all of it is in sight
    draw(FOUR)
    widget.get_by_role("button", name="Keep").click()
    strip = widget.get_by_role("slider", name="Maps of relu2")
    strip.hover(position={"x": 30 * 5 + 15, "y": 5})
    expect(widget.locator(".cell-text")).to_contain_text("relu2, map 5")
    with in_theme(theme):
        words = "h4, li b, .share, .confusion, .verdict span, .tag, button:enabled, .dial span, .dial output"
        words += ", .choice > span, .head b, .head code, .head span, .ticks i, .cell-text, .window-text"
        words += ", .legend > span, .kept-list span, .kept-code label, textarea, select"
        found = contrasts(widget, words)
        screenshot(widget, f"draw-digit-{theme.split()[-1].lower()}")
    notebook.page.set_viewport_size({"width": 1280, "height": 1000})
    assert len(found) > 30
    assert {word: ratio for word, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_is_cut_off(notebook: Notebook, widget: Locator, draw: Any, width: int) -> None:
    page = notebook.page
    try:
        page.set_viewport_size({"width": width, "height": 1000})
        draw(FOUR)
        widget.get_by_role("button", name="Keep").click()
        expect(widget.locator(".kept-list li")).to_be_visible()
        page.wait_for_function(
            """(widget) => {
                const { left, right, width } = widget.getBoundingClientRect();
                const parts = widget.querySelectorAll("svg, canvas, p, button, input, output, textarea");
                return width <= 700 && [...parts]
                    .map((part) => part.getBoundingClientRect())
                    .filter((box) => box.width > 0)
                    .every((box) => box.left >= left - 1 && box.right <= right + 1);
            }""",
            arg=widget.element_handle(),
        )
    finally:
        page.set_viewport_size({"width": 1280, "height": 1000})


def test_after_a_restart_the_cell_makes_a_live_pad_again(notebook: Notebook, widget: Locator) -> None:
    expect(widget).to_be_visible()
    notebook.restart_kernel()
    again = notebook.run(MAKE).locator(".cnnkit-draw-digit")
    expect(again).to_have_count(1)
    pad = again.get_by_role("application")
    pad.focus()
    pad.press("Space")
    pad.press("Shift+ArrowDown")
    pad.press("Space")
    expect(first(again)).to_have_text(re.compile(r"^\d$"))
    expect_value(notebook, lambda value: len(value["strokes"]) == 1)
