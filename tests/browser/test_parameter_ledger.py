"""The parameter ledger in a real JupyterLab: typed, marked, shown, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

IMPORTS, MAKE, READ, VIEW, SET, EXAM = range(6)
CELLS = [
    "from cnnkit import Network, widgets, zoo\n"
    "from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU\n"
    "network = Network((3, 12, 12), [Conv2d(3, 8, 3, padding=1, stride=2), ReLU(), BatchNorm2d(8),"
    " Conv2d(8, 16, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(64, 10)], name='practice')",
    "ledger = widgets.parameter_ledger(network)\nledger",
    "import json\nprint(json.dumps({'ask': ledger.ask, 'answer': ledger.answer, 'right': ledger.value.right,"
    " 'convention': ledger.convention, 'bias': ledger.bias, 'shown': ledger.shown}))",
    "ledger",
    "",
    "widgets.parameter_ledger(network, reveal=False)",
]
THEMES = ("JupyterLab Light", "JupyterLab Dark")


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Any]) -> Any:
    notebook = open_notebook("parameter-ledger", CELLS)
    notebook.run(IMPORTS)
    return notebook


@pytest.fixture
def widget(notebook: Any) -> Locator:
    """A ledger that nothing has been typed into."""
    made: Locator = notebook.run(MAKE).locator(".cnnkit-parameter-ledger")
    expect(made).to_have_count(1)
    return made


def entry(widget: Locator, row: str, column: str = "parameters") -> Locator:
    return widget.get_by_role("textbox", name=f"{row}, {column}", exact=True)


def line(widget: Locator, row: str) -> Locator:
    return widget.locator("tr.line", has=widget.page.locator("th").get_by_text(row, exact=True))


def told(widget: Locator) -> Locator:
    return widget.locator(".told:not([hidden])")


def fill(widget: Locator, entries: dict[str, str], column: str = "parameters") -> None:
    for row, words in entries.items():
        entry(widget, row, column).fill(words)
        entry(widget, row, column).press("Enter")


ALL_RIGHT = {"conv1": "9*3*8 + 8", "bn": "32", "conv2": "1,168", "fc": "650", "total": "2074"}


def test_a_typed_number_is_marked_and_its_mistake_named(notebook: Any, widget: Locator) -> None:
    fill(widget, {"conv1": "3*3*3*8 + 8", "conv2": "160"})
    expect(line(widget, "conv1").locator(".sign")).to_have_text("✓")
    expect(line(widget, "conv1").locator("td.parameters .sum")).to_have_text("3·3·3·8 + 8")
    expect(told(widget)).to_have_count(1)
    expect(told(widget)).to_contain_text("Perhaps the input channels are left out of the kernels?")
    expect(entry(widget, "conv2")).to_have_attribute("aria-invalid", "true")
    expect(widget.locator(".spoken")).to_contain_text("conv2: Perhaps the input channels")
    answer = {"conv1": 224, "bn": None, "conv2": 160, "fc": None, "total": None}
    notebook.expect_value(READ, answer=answer, right=1)


def test_a_number_that_is_still_being_typed_is_not_yet_a_mistake(widget: Locator) -> None:
    entry(widget, "conv2").press_sequentially("160")
    expect(entry(widget, "conv2")).to_be_focused()
    expect(told(widget)).to_have_count(0)
    entry(widget, "conv2").press("Enter")
    expect(told(widget)).to_have_count(1)
    expect(entry(widget, "fc")).to_be_focused()


def test_the_keyboard_alone_fills_the_column(notebook: Any, widget: Locator) -> None:
    entry(widget, "conv1").focus()
    keyboard = widget.page.keyboard
    for words in ALL_RIGHT.values():
        keyboard.type(words)
        keyboard.press("Enter")
    expect(widget.locator(".stack")).to_have_count(2)
    notebook.expect_value(READ, right=5)
    keyboard.press("ArrowUp")
    entry(widget, "total").focus()
    keyboard.press("ArrowUp")
    expect(entry(widget, "fc")).to_be_focused()


def test_what_gives_the_column_away_is_hidden_until_it_is_known(widget: Locator) -> None:
    cells = line(widget, "conv2").locator("td")
    expect(cells).to_contain_text(["16×4×4", "", "?", "256", "?"])
    expect(widget.locator(".stack")).to_have_count(0)
    fill(widget, ALL_RIGHT)
    expect(cells).to_contain_text(["16×4×4", "", "18,432", "256", "4,672"])
    expect(widget.locator(".stack")).to_have_count(2)
    expect(widget.locator(".whole").first).to_contain_text("2,074 parameters")


def test_asked_for_a_row_is_shown(notebook: Any, widget: Locator) -> None:
    widget.get_by_role("button", name="Show conv2").click()
    expect(line(widget, "conv2").locator("td.parameters .number")).to_have_text("1,168")
    expect(entry(widget, "conv2")).to_have_count(0)
    notebook.expect_value(READ, shown={"parameters": ["conv2"]}, right=0)
    widget.get_by_role("button", name="Start again").click()
    expect(entry(widget, "conv2")).to_be_visible()
    notebook.expect_value(READ, shown={"parameters": []})


def test_another_way_of_counting_marks_again(notebook: Any, widget: Locator) -> None:
    fill(widget, {"bn": "32", "conv2": "1168"})
    widget.get_by_label("Count as").select_option("torch")
    expect(told(widget)).to_contain_text("Perhaps the running mean and variance are counted as trained?")
    widget.get_by_label("Count as").select_option("report")
    expect(told(widget)).to_contain_text(
        ["running mean", "the input channels are counted, as they should be"]
    )
    widget.get_by_label("Count as").select_option("keras")
    widget.get_by_label("biases", exact=True).uncheck()
    expect(told(widget)).to_contain_text("the biases are counted even when there are none")
    notebook.expect_value(READ, convention="keras", bias=False)


def test_another_column_is_asked_for(notebook: Any, widget: Locator) -> None:
    widget.get_by_label("I type").select_option("output")
    expect(line(widget, "input").locator("td.output")).to_have_text("3×12×12")
    expect(line(widget, "bn").locator("td.output")).to_have_text("?")
    fill(widget, {"conv1": "8x6x6", "pool": "16 x 2 x 2", "flatten": "4"}, "output")
    expect(line(widget, "conv1").locator(".sign")).to_have_text("✓")
    expect(told(widget)).to_contain_text("only one of the last maps is flattened")
    notebook.expect_value(
        READ, answer={"conv1": [8, 6, 6], "conv2": None, "pool": [16, 2, 2], "flatten": [4], "fc": None}
    )
    widget.get_by_label("I type").select_option("nothing")
    expect(widget.locator("input[type=text]")).to_have_count(0)
    expect(widget.locator(".stack")).to_have_count(2)


def test_every_view_follows_the_page_and_python(notebook: Any, widget: Locator) -> None:
    second = notebook.run(VIEW).locator(".cnnkit-parameter-ledger")
    fill(widget, {"conv2": "160"})
    expect(entry(second, "conv2")).to_have_value("160")
    expect(told(second)).to_have_count(1)
    notebook.page.evaluate(
        """(code) => {
            const { content } = window.jupyterapp.shell.currentWidget;
            content.widgets[4].model.sharedModel.setSource(code);
        }""",
        "ledger.typed = {'parameters': {'conv1': '224'}}",
    )
    notebook.run(SET)
    for view in (widget, second):
        expect(line(view, "conv1").locator(".sign")).to_have_text("✓")
        expect(entry(view, "conv2")).to_have_value("")


def test_without_reveal_nothing_can_be_shown(notebook: Any, widget: Locator) -> None:
    expect(widget).to_be_visible()
    exam = notebook.run(EXAM).locator(".cnnkit-parameter-ledger")
    expect(entry(exam, "conv1")).to_be_visible()
    expect(exam.locator("button.show:visible")).to_have_count(0)
    expect(exam.get_by_label("I type")).to_be_hidden()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("at", ["open", "filled"])
def test_every_word_can_be_read_in_both_themes(
    widget: Locator,
    screenshot: Callable[[Locator, str], Path],
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
    theme: str,
    at: str,
) -> None:
    fill(widget, {"conv1": "9*3*8 + 8", "conv2": "160"} if at == "open" else ALL_RIGHT)
    widget.page.mouse.move(0, 0)
    with in_theme(theme):
        found = contrasts(
            widget,
            "label > span, .prompt, th, code, .number, .sum, .told td, button:visible, .whole span, .stack i,"
            " .later, .about, .sign",
        )
        shade = theme.split()[-1].lower()
        screenshot(
            widget, f"parameter-ledger-{shade}" if at == "open" else f"parameter-ledger-filled-{shade}"
        )
    assert len(found) > 15
    assert {word: ratio for word, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_is_cut_off(
    notebook: Any, widget: Locator, screenshot: Callable[[Locator, str], Path], width: int
) -> None:
    page = notebook.page
    fill(widget, {"conv1": "9*3*8 + 8", "conv2": "160"})
    try:
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_function(
            """(widget) => {
                const { right, width } = widget.getBoundingClientRect();
                return width <= 700 && [...widget.querySelectorAll("input, select, button, th, td, span, p")]
                    .filter((part) => part.offsetParent)
                    .every((part) => part.getBoundingClientRect().right <= right + 1);
            }""",
            arg=widget.element_handle(),
        )
        screenshot(widget, f"parameter-ledger-window-{width}")
    finally:
        page.set_viewport_size({"width": 1280, "height": 1000})


def test_after_a_restart_the_cell_makes_a_live_widget_again(notebook: Any, widget: Locator) -> None:
    fill(widget, {"conv1": "224"})
    notebook.restart_kernel()
    notebook.run(IMPORTS)
    again = notebook.run(MAKE).locator(".cnnkit-parameter-ledger")
    expect(entry(again, "conv1")).to_have_value("")
    fill(again, {"conv1": "224"})
    notebook.expect_value(READ, right=1)
