"""The convolution stepper in a real JupyterLab, worked by mouse and by keyboard."""

from __future__ import annotations

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

CELLS = [
    "from cnnkit import widgets\nstepper = widgets.convolution_stepper()\nstepper",
    (
        "import json\n"
        "made = stepper.value\n"
        "print(json.dumps({'x': made.x.tolist(), 'kernel': made.kernel.tolist(),\n"
        "    'output': made.output.tolist(), 'padding': made.padding,\n"
        "    'flip': made.flip, 'stride': made.stride, 'step': stepper.step,\n"
        "    'answer': [None if cell != cell else cell for cell in stepper.answer.flat]}))"
    ),
    "stepper.kernel, stepper.stride, stepper.step = [[1, 2], [3, 4]], 2, 4",
    "stepper",
    (
        "stepper = widgets.convolution_stepper([[[1, 2, 0], [3, 1, 1]], [[0, 1, 2], [4, 0, 1]]],\n"
        "    [[[1, 0], [0, 2]], [[0, -1], [1, 0]]], bias=3, padding='valid')\nstepper"
    ),
    "stepper = widgets.convolution_stepper([[1, 2], [3, 4]], padding='valid')\nstepper",
]
MAKE, READ, SET, SHOW_AGAIN, MAKE_CHANNELS, MAKE_IMPOSSIBLE = range(len(CELLS))
THEMES = ["JupyterLab Light", "JupyterLab Dark"]
WORDS = "label span, .caption, figcaption, .sums b, .sums span, .sums .so-far, .sum, .steps button, .place,"
WORDS += " table.cells td:not(:has(input)), table.cells button, .relation, .tag, .verdict span"


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Notebook]) -> Notebook:
    return open_notebook("convolution-stepper", CELLS)


@pytest.fixture
def widget(notebook: Notebook) -> Locator:
    """A new widget with the settings of the start."""
    return shown(notebook, MAKE)


def shown(notebook: Notebook, cell: int) -> Locator:
    made = notebook.run(cell).locator(".cnnkit-convolution-stepper")
    expect(made).to_have_count(1)
    return made


def pixel(widget: Locator, row: int, column: int) -> Locator:
    return widget.get_by_role("textbox", name=f"Input row {row}, column {column}", exact=True)


def weight(widget: Locator, row: int, column: int) -> Locator:
    return widget.get_by_role("textbox", name=f"Kernel row {row}, column {column}", exact=True)


def select(widget: Locator, name: str) -> Locator:
    return widget.locator(f"select[name={name}]")


def output_cell(widget: Locator, row: int, column: int, name: str = "correlation") -> Locator:
    return widget.locator(f".{name} tr").nth(row).locator("button").nth(column)


def total(widget: Locator) -> Locator:
    return widget.locator(".sum strong")


def test_the_page_opens_at_the_first_window(widget: Locator) -> None:
    expect(widget.locator(".place")).to_have_text("window 1 of 30")
    expect(widget.locator(".sum")).to_have_text("Output row 0, column 0: 0 + 0 + 1 = 1")
    expect(widget.locator(".sums td:not(.so-far) b")).to_have_text(["0"] * 8 + ["1"])
    expect(output_cell(widget, 0, 0)).to_have_text("1")
    expect(output_cell(widget, 0, 1)).to_have_text("·")
    expect(widget.locator(".input figcaption")).to_have_text("Input 5 × 6, padded to 7 × 8")


def test_a_window_is_stepped_to_and_an_output_cell_is_pressed_by_mouse(
    notebook: Notebook, widget: Locator
) -> None:
    widget.get_by_role("button", name="Step ▶").click()
    expect(widget.locator(".place")).to_have_text("window 2 of 30")
    expect(output_cell(widget, 0, 1)).to_have_text("5")
    output_cell(widget, 1, 2).click()
    expect(widget.locator(".sum")).to_have_text("Output row 1, column 2: 3 + 6 + 1 = 10")
    expect(output_cell(widget, 1, 0)).to_have_text("5")  # all cells before it are filled in
    expect(output_cell(widget, 1, 2, "convolution")).to_have_text("−10")
    widget.get_by_role("button", name="◀ Back").click()
    expect(widget.locator(".place")).to_have_text("window 8 of 30")
    expect(output_cell(widget, 1, 2)).to_have_text("10")
    notebook.expect_value(READ, step=7)


def test_cells_are_typed_into_by_keyboard_as_in_a_spreadsheet(notebook: Notebook, widget: Locator) -> None:
    keyboard = notebook.page.keyboard
    pixel(widget, 0, 0).focus()
    for key in ("ArrowRight", "ArrowDown"):
        keyboard.press(key)
    expect(pixel(widget, 1, 1)).to_be_focused()
    keyboard.type("7")
    expect(pixel(widget, 1, 1)).to_be_focused()
    expect(total(widget)).to_have_text("7")
    keyboard.press("Enter")  # to the cell below
    expect(pixel(widget, 2, 1)).to_be_focused()
    keyboard.type("-2.5")
    keyboard.press("ArrowLeft")  # the cursor goes first
    expect(pixel(widget, 2, 1)).to_be_focused()
    keyboard.press("ArrowUp")
    expect(pixel(widget, 2, 1)).to_have_value("−2.5")
    keyboard.press("Tab")
    expect(weight(widget, 0, 0)).to_be_focused()
    keyboard.type("1/2")
    expect(notebook.cell(MAKE)).to_have_class(re.compile("jp-mod-active"))
    expect(widget.locator("select[name=preset]")).to_have_value("own numbers")
    image = [
        [0, 0, 1, 3, 4, 4],
        [0, 7, 3, 4, 4, 2],
        [1, -2.5, 4, 4, 1, 0],
        [2, 4, 4, 1, 0, 0],
        [4, 4, 2, 0, 0, 1],
    ]
    notebook.expect_value(READ, x=image, kernel=[[0.5, 0, 1], [-2, 0, 2], [-1, 0, 1]])


@pytest.mark.parametrize("typed", ["x", "", "1/0", "9999999"])
def test_what_is_no_number_is_said_and_changes_nothing(
    notebook: Notebook, widget: Locator, typed: str
) -> None:
    pixel(widget, 1, 1).fill(typed)
    expect(widget.locator(".hint")).to_have_text("Input row 1, column 1: a number, such as −2, 0.5 or 1/9.")
    expect(pixel(widget, 1, 1)).to_have_attribute("aria-invalid", "true")
    expect(total(widget)).to_have_text("1")
    pixel(widget, 1, 1).blur()
    expect(pixel(widget, 1, 1)).to_have_value("1")
    expect(widget.locator(".hint")).to_be_empty()


def test_the_output_is_walked_by_arrow_keys(notebook: Notebook, widget: Locator) -> None:
    output_cell(widget, 0, 0).focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowUp"):
        notebook.page.keyboard.press(key)
    expect(output_cell(widget, 0, 2)).to_be_focused()
    expect(widget.locator(".place")).to_have_text("window 3 of 30")
    expect(output_cell(widget, 1, 1)).to_have_text("10")
    expect(widget.locator("output")).to_have_text("Output row 0, column 2: 9.")
    notebook.expect_value(READ, step=2)


def test_settings_are_chosen_and_the_flip_shows_both_results(
    notebook: Notebook,
    widget: Locator,
    screenshot: Callable[[Locator, str], Path],
    in_theme: Callable[[str], AbstractContextManager[None]],
) -> None:
    select(widget, "preset").select_option("no symmetry")
    widget.get_by_label("Flip the kernel: convolution").check()
    expect(widget.locator(".turned")).to_be_visible()
    expect(widget.locator(".turned td")).to_have_text(["0", "0", "5", "0", "0", "4", "3", "2", "1"])
    widget.get_by_role("button", name="All").click()
    expect(widget.locator(".relation")).to_have_text("The flip changes 29 of 30 cells.")
    output_cell(widget, 1, 2, "convolution").click()
    expect(total(widget)).to_have_text("52")
    expect(output_cell(widget, 1, 2)).to_have_text("30")
    notebook.expect_value(READ, flip=True, step=8)
    screenshot(widget, "convolution-stepper-light")
    with in_theme("JupyterLab Dark"):
        screenshot(widget, "convolution-stepper-dark")
    select(widget, "preset").select_option("Sobel x")
    expect(widget.locator(".relation")).to_have_text(
        "Here the flip changes the sign of every cell, and nothing else."
    )


def test_padding_stride_and_border_change_the_walk(notebook: Notebook, widget: Locator) -> None:
    widget.get_by_label("What stands in the padding").select_option("reflect")
    expect(total(widget)).to_have_text("0")
    select(widget, "stride").select_option("2")
    expect(widget.locator(".place")).to_have_text("window 1 of 9")
    select(widget, "padding").select_option("valid")
    expect(widget.locator(".place")).to_have_text("window 1 of 4")
    expect(widget.get_by_label("What stands in the padding")).to_be_disabled()
    expect(widget.locator(".input figcaption")).to_have_text("Input 5 × 6")
    notebook.expect_value(READ, padding="valid", stride=2, output=[[10, 2], [5, -13]])


def test_a_play_goes_on_by_itself_until_it_is_paused(widget: Locator) -> None:
    widget.get_by_role("button", name="Play").click()
    expect(widget.locator(".place")).to_have_text("window 3 of 30")
    widget.get_by_role("button", name="Pause").click()
    expect(widget.get_by_role("button", name="Play")).to_be_visible()


def test_a_pixel_under_the_mouse_shows_its_weight_and_its_product(widget: Locator) -> None:
    output_cell(widget, 1, 2).click()
    widget.locator(".sums tr").nth(2).locator("td").nth(2).hover()  # row 1, column 2 of the kernel
    expect(widget.locator(".input .pointed input")).to_have_value("4")
    expect(widget.locator(".kernel .pointed input")).to_have_value("2")
    pixel(widget, 0, 3).hover()
    expect(widget.locator(".sums .pointed b")).to_have_text("3")


def test_a_prediction_is_judged_and_the_mistake_is_named(
    notebook: Notebook, widget: Locator, screenshot: Callable[[Locator, str], Path]
) -> None:
    select(widget, "preset").select_option("no symmetry")
    widget.get_by_label("Predict the output").check()
    expect(widget.locator(".sum")).to_be_hidden()
    expect(widget.locator(".correlation button")).to_have_text(["·"] * 30)
    typed = widget.get_by_role("textbox", name="Output row 0, column 0 =")
    typed.fill("1")
    typed.press("Enter")
    verdict = widget.locator(".verdict")
    expect(verdict).to_have_text(
        "✗ not yetThat is what comes out when the kernel is flipped before it slides, which is true"
        " convolution. Lay the kernel on the image as it is written, multiply and add."
    )
    expect(widget.locator(".sums td:not(.so-far) b")).to_have_text(["?"] * 9)
    screenshot(widget, "convolution-stepper-predicting")
    typed.fill("0")
    typed.press("Enter")
    expect(verdict).to_have_text("✓ rightRight.")
    expect(widget.locator(".sum")).to_have_text("Output row 0, column 0: 0 + 0 + 0 = 0")
    notebook.page.keyboard.press("Enter")  # the next cell
    expect(widget.locator(".place")).to_have_text("window 2 of 30")
    second = widget.get_by_role("textbox", name="Output row 0, column 1 =")
    expect(second).to_be_focused()
    second.fill("99")
    widget.get_by_role("button", name="Check").click()
    expect(verdict).to_contain_text("No mistake that is known here.")
    widget.get_by_role("button", name="Show me").click()
    expect(total(widget)).to_have_text("0")
    notebook.expect_value(READ, answer=[0, 99, *[None] * 28])
    pixel(widget, 0, 0).fill("3")  # what was predicted is another output's now
    notebook.expect_value(READ, answer=[None] * 30)


def test_the_channels_of_a_window_add_up(notebook: Notebook) -> None:
    widget = shown(notebook, MAKE_CHANNELS)
    expect(widget.locator(".sum")).to_have_text(
        "Output row 0, column 0: 3 channel 0 + 3 channel 1 + 3 bias = 9"
    )
    first, second = widget.get_by_role("tab").all()
    expect(first).to_have_attribute("aria-selected", "true")
    first.focus()
    notebook.page.keyboard.press("ArrowRight")
    expect(second).to_be_focused()
    expect(pixel(widget, 1, 0)).to_have_value("4")
    expect(widget.locator(".sums .so-far").last).to_have_text("3")
    widget.get_by_label("Bias").fill("-1")
    expect(total(widget)).to_have_text("5")


def test_an_impossible_kernel_says_why_and_finds_back(notebook: Notebook) -> None:
    widget = shown(notebook, MAKE_IMPOSSIBLE)
    reason = "The kernel covers 3 × 3 cells, the input with its padding has 2 × 2: it fits nowhere."
    expect(widget.locator(".problem")).to_contain_text(reason)
    expect(widget.locator(".outputs")).to_be_hidden()
    pixel(widget, 0, 0).fill("5")
    select(widget, "padding").select_option("same")
    expect(widget.locator(".problem")).to_be_empty()
    expect(total(widget)).to_have_text("8")


def test_the_page_follows_python_and_so_does_a_second_view(notebook: Notebook, widget: Locator) -> None:
    second = shown(notebook, SHOW_AGAIN)
    notebook.run(SET)
    for view in (widget, second):
        expect(view.locator(".place")).to_have_text("window 5 of 9")
        expect(view.locator(".kernel input")).to_have_count(4)
        expect(total(view)).to_have_text("28")
    output_cell(second, 0, 1).click()
    expect(widget.locator(".place")).to_have_text("window 2 of 9")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("predict", [False, True], ids=["watching", "predicting"])
def test_every_word_can_be_read_in_both_themes(
    widget: Locator,
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
    theme: str,
    predict: bool,
) -> None:
    widget.get_by_role("button", name="All").click()
    widget.get_by_label("Flip the kernel: convolution").check()
    if predict:
        widget.get_by_label("Predict the output").check()
        for typed in ("2", "-1"):
            widget.get_by_label("Output row").fill(typed)
            widget.get_by_role("button", name="Check").click()
    with in_theme(theme):
        found = contrasts(widget, WORDS)
    assert len(found) > 20
    assert {word: ratio for word, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_is_cut_off(
    notebook: Notebook, widget: Locator, screenshot: Callable[[Locator, str], Path], width: int
) -> None:
    page = notebook.page
    select(widget, "padding").select_option("full")
    select(widget, "preset").select_option("Gaussian")
    widget.get_by_role("button", name="All").click()
    try:
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_function(
            """(widget) => {
                const right = widget.getBoundingClientRect().right + 1;
                const parts = [...widget.querySelectorAll("td, select, button, p, figcaption, .lens")];
                const fits = (cell) => cell.scrollWidth <= cell.clientWidth + 1;
                return parts.every((part) => part.getBoundingClientRect().right <= right)
                    && [...widget.querySelectorAll("table.cells :is(input, button)")].every(fits);
            }""",
            arg=widget.element_handle(),
        )
        place = widget.bounding_box()
        assert place is not None
        assert place["width"] <= 700
        screenshot(widget, f"convolution-stepper-window-{width}")
    finally:
        page.set_viewport_size({"width": 1280, "height": 1000})


def test_after_a_restart_the_cell_makes_a_live_widget_again(notebook: Notebook, widget: Locator) -> None:
    pixel(widget, 0, 0).fill("9")
    notebook.restart_kernel()
    again = shown(notebook, MAKE)
    expect(pixel(again, 0, 0)).to_have_value("0")
    pixel(again, 1, 1).fill("5")
    expect(total(again)).to_have_text("5")
    notebook.expect_value(READ, step=0)
