"""The noise explorer in a real JupyterLab, moved by mouse and by keyboard."""

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

CELLS = [
    "from cnnkit import widgets\nexplorer = widgets.noise_explorer()\nexplorer",
    (
        "import json\n"
        "made = explorer.value\n"
        "print(json.dumps({'p': made.p, 'n': made.n, 'draws': made.draws, 'seed': made.seed, 'p2': made.p2,\n"
        "    'compare': made.compare, 'covered': sum(made.windows.covered),\n"
        "    'measured': [f'{share:.2f}' for share in made.windows.accuracies],\n"
        "    'answer': explorer.answer, 'rounds': made.rounds}))"
    ),
    "explorer.p, explorer.n, explorer.draws = 0.6, 10, 12",
    "explorer",
]
MAKE, READ, SET, SHOW_AGAIN = range(len(CELLS))
THEMES = ["JupyterLab Light", "JupyterLab Dark"]
WORDS = (
    "label span, .caption, .legend span, .facts dt, .facts dd, .tag, .note > span, .tally, button, .many p"
)


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Notebook]) -> Notebook:
    return open_notebook("noise-explorer", CELLS)


@pytest.fixture
def widget(notebook: Notebook) -> Locator:
    """A new widget with the settings of the start."""
    shown = notebook.run(MAKE).locator(".cnnkit-noise-explorer")
    expect(shown).to_have_count(1)
    return shown


def slider(widget: Locator, name: str) -> Locator:
    return widget.locator(f"input[type=range][name={name}]")


def box(widget: Locator, name: str) -> Locator:
    return widget.locator(f"input[type=number][name={name}]")


def value(notebook: Notebook, **expected: Any) -> dict[str, Any]:
    """Read `.value` through a cell; again, for the page holds a change back while the kernel is busy."""
    for _ in range(20):
        found: dict[str, Any] = json.loads(notebook.run(READ).inner_text())
        if expected.items() <= found.items():
            break
    assert found == found | expected
    return found


def test_the_page_shows_the_draws_that_python_has(notebook: Notebook, widget: Locator) -> None:
    found = value(notebook, covered=19)
    numbers = widget.locator(".one svg text.right:not(.left)")
    expect(numbers).to_have_text([re.compile(rf"^(✗ )?{each}$") for each in found["measured"]])
    expect(widget.locator(".one svg text.missed")).to_have_text(["✗ 0.95"])
    expect(widget.locator(".one .caption")).to_have_text(
        "One model, 20 measurements: the best and the worst are 0.09 apart."
    )
    expect(widget.locator(".facts")).to_contain_text("√(0.9 · 0.1 / 100) = 0.03")
    expect(widget.locator(".facts")).to_contain_text("19 of 20 hold the true accuracy")


def test_the_slider_of_images_is_moved_by_mouse_and_the_interval_shrinks(
    notebook: Notebook, widget: Locator
) -> None:
    band = widget.locator(".still .band")
    before = band.bounding_box()
    place = slider(widget, "n").bounding_box()
    assert before is not None
    assert place is not None
    middle = place["y"] + place["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(place["x"] + place["width"] / 3, middle)
    mouse.down()
    mouse.move(place["x"] + place["width"] - 2, middle, steps=8)
    expect(box(widget, "n")).to_have_value("10000")  # live: the button is still down
    expect(widget.locator(".facts")).to_contain_text("/ 10,000) = 0.003")
    mouse.up()
    after = band.bounding_box()
    assert after is not None
    assert after["width"] < before["width"] / 8
    value(notebook, n=10000)


def test_the_sliders_are_moved_by_keyboard_and_the_notebook_stays_where_it_is(
    notebook: Notebook, widget: Locator
) -> None:
    keyboard = notebook.page.keyboard
    slider(widget, "p").focus()
    keyboard.press("ArrowRight")
    expect(box(widget, "p")).to_have_value("0.905")
    keyboard.press("Tab")  # the number box
    keyboard.press("Tab")  # the next slider
    expect(slider(widget, "n")).to_be_focused()
    keyboard.press("Home")
    expect(box(widget, "n")).to_have_value("10")
    expect(slider(widget, "n")).to_have_attribute("aria-valuetext", "10")
    expect(widget.locator(".doubt")).to_contain_text(
        "Who sees no wrong image in 10 computes a standard error of 0"
    )
    expect(notebook.cell(MAKE)).to_have_class(re.compile("jp-mod-active"))
    value(notebook, p=0.905, n=10)


@pytest.mark.parametrize(
    ("name", "typed", "message"),
    [
        ("p", "96", "True accuracy p: a share from 0 to 1."),
        ("p", "", "True accuracy p: a share from 0 to 1."),
        ("n", "9", "Images n: a whole number from 10 to 10000."),
        ("n", "10.5", "Images n: a whole number from 10 to 10000."),
        ("draws", "51", "Measurements: a whole number from 5 to 50."),
    ],
)
def test_what_a_number_box_cannot_take_is_said_and_changes_nothing(
    notebook: Notebook, widget: Locator, name: str, typed: str, message: str
) -> None:
    before = box(widget, name).input_value()
    box(widget, name).fill(typed)
    expect(widget.locator(".hint")).to_have_text(message)
    value(notebook, p=0.9, n=100, draws=20)
    box(widget, name).blur()
    expect(box(widget, name)).to_have_value(before)
    expect(widget.locator(".hint")).to_be_empty()


def test_other_measurements_are_drawn(
    notebook: Notebook,
    widget: Locator,
    screenshot: Callable[[Locator, str], Path],
    in_theme: Callable[[str], AbstractContextManager[None]],
) -> None:
    screenshot(widget, "noise-explorer-light")
    with in_theme("JupyterLab Dark"):
        screenshot(widget, "noise-explorer-dark")
    before = widget.locator(".one .still .dot").first.get_attribute("d")
    widget.get_by_role("button", name="Draw again").click()
    expect(widget.locator(".one .still .dot").first).not_to_have_attribute("d", before or "")
    value(notebook, seed=5)


def test_two_models_are_guessed_and_the_truth_is_told(
    notebook: Notebook, widget: Locator, screenshot: Callable[[Locator, str], Path]
) -> None:
    widget.get_by_label("Two models: which is better?").check()
    section = widget.locator(".two")
    expect(section.locator(".caption")).to_contain_text("Round 1: X and Y, each measured on 100 images")
    expect(section.locator(".many")).to_be_hidden()
    expect(section.locator(".real")).to_have_count(0)
    section.get_by_role("button", name="X is better").click()
    expect(section.locator(".verdict")).to_contain_text("X is truly")
    expect(section.locator(".real")).to_have_count(2)
    found = value(notebook, compare=True)
    (first,) = found["answer"]
    assert first["decided"] == "X"
    expect(section.locator(".tag")).to_have_text("right" if first["best"] == "X" else "wrong")
    worse = found["rounds"]["worse"] / 10
    expect(section.locator(".many")).to_contain_text(f"the better one looked worse {worse:.0f} %")
    section.get_by_role("button", name="Next round").focus()
    notebook.page.keyboard.press("Enter")
    expect(section.locator(".caption")).to_contain_text("Round 2")
    expect(section.get_by_role("button", name="X is better")).to_be_focused()
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Space")
    expect(section.locator(".tally")).to_contain_text("1 not decided.")
    assert ["X", "neither"] == [each["decided"] for each in value(notebook, compare=True)["answer"]]
    screenshot(widget, "noise-explorer-two-models")
    box(widget, "p2").fill("0.99")  # the decisions were about another model
    expect(section.locator(".many")).to_be_hidden()
    value(notebook, p2=0.99, answer=[])


def test_the_page_follows_python_and_so_does_a_second_view(notebook: Notebook, widget: Locator) -> None:
    second = notebook.run(SHOW_AGAIN).locator(".cnnkit-noise-explorer")
    notebook.run(SET)
    for view in (widget, second):
        expect(view.locator(".facts")).to_contain_text("√(0.6 · 0.4 / 10) = 0.155")
        expect(view.locator(".one .caption")).to_contain_text("12 measurements")
    box(second, "n").fill("1000")
    expect(widget.locator(".facts")).to_contain_text("/ 1,000) = 0.0155")


def test_the_result_is_spoken(widget: Locator) -> None:
    spoken = widget.locator("output")
    expect(spoken).to_have_attribute("aria-live", "polite")
    box(widget, "n").fill("400")
    expect(spoken).to_contain_text("Standard error 0.015.")
    expect(widget.get_by_role("img")).to_have_attribute("aria-label", re.compile(r"Accuracies: 0\.\d+, "))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("compare", [False, True], ids=["one", "two"])
def test_every_word_can_be_read_in_both_themes(
    widget: Locator,
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
    theme: str,
    compare: bool,
) -> None:
    box(widget, "n").fill("10")
    if compare:
        widget.get_by_label("Two models: which is better?").check()
        widget.get_by_role("button", name="Y is better").click()
    with in_theme(theme):
        found = contrasts(widget, WORDS)
    disabled = {"X is better", "This cannot tell"} if compare else set()
    assert len(found) > 10
    assert {word: ratio for word, ratio in found.items() if ratio < 4.5 and word not in disabled} == {}


@pytest.mark.parametrize("width", [1280, 700])
@pytest.mark.parametrize("compare", [False, True], ids=["one", "two"])
def test_nothing_is_cut_off(
    notebook: Notebook,
    widget: Locator,
    screenshot: Callable[[Locator, str], Path],
    width: int,
    compare: bool,
) -> None:
    page = notebook.page
    box(widget, "n").fill("10")
    if compare:
        widget.get_by_label("Two models: which is better?").check()
        widget.get_by_role("button", name="Y is better").click()
    try:
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_function(
            """(widget) => {
                const right = widget.getBoundingClientRect().right + 1;
                const parts = widget.querySelectorAll("input, dd, p, button, .still *, .stripe");
                return [...parts].every((part) => part.getBoundingClientRect().right <= right);
            }""",
            arg=widget.element_handle(),
        )
        screenshot(widget, f"noise-explorer-{'two' if compare else 'one'}-window-{width}")
    finally:
        page.set_viewport_size({"width": 1280, "height": 1000})
    place = widget.bounding_box()
    assert place is not None
    assert place["width"] <= 700


def test_after_a_restart_the_cell_makes_a_live_widget_again(notebook: Notebook, widget: Locator) -> None:
    box(widget, "n").fill("50")
    notebook.restart_kernel()
    again = notebook.run(MAKE).locator(".cnnkit-noise-explorer")
    expect(again).to_have_count(1)
    expect(box(again, "n")).to_have_value("100")
    box(again, "n").fill("900")
    expect(again.locator(".facts")).to_contain_text("/ 900) = 0.01")
    value(notebook, n=900)
