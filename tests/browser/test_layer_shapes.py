"""The layer-shape sliders in a real JupyterLab, moved by mouse and by keyboard."""

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
    "from cnnkit import widgets\nsliders = widgets.layer_shapes()\nsliders",
    "import json\nprint(json.dumps(sliders.value.as_dict()))",
    "sliders.size, sliders.kernel_size, sliders.stride, sliders.padding = 9, 7, 3, 1",
    "sliders",
]
MAKE, READ, SET, SHOW_AGAIN = range(len(CELLS))
THEMES = ["JupyterLab Light", "JupyterLab Dark"]

IMPOSSIBLE = {"size": 9, "kernel_size": 7, "padding": 0, "dilation": 2}
WITH_GAPS = {"size": 16, "kernel_size": 2, "stride": 5, "padding": 0}


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Notebook]) -> Notebook:
    return open_notebook("layer-shapes", CELLS)


@pytest.fixture
def widget(notebook: Notebook) -> Locator:
    """A new widget with the settings of the start."""
    shown = notebook.run(MAKE).locator(".cnnkit-layer-shapes")
    expect(shown).to_have_count(1)
    return shown


@pytest.fixture
def set_to(widget: Locator) -> Callable[..., None]:
    """Type settings into the number boxes."""

    def set_to(**settings: int) -> None:
        for name, value in settings.items():
            box(widget, name).fill(str(value))

    return set_to


def slider(widget: Locator, name: str) -> Locator:
    return widget.locator(f"input[type=range][name={name}]")


def box(widget: Locator, name: str) -> Locator:
    return widget.locator(f"input[type=number][name={name}]")


def formula(widget: Locator) -> Locator:
    return widget.get_by_role("math")


def test_the_page_opens_with_the_settings_of_the_call(widget: Locator) -> None:
    expect(formula(widget)).to_have_attribute(
        "aria-label", "floor((32 + 2·2 − 5) / 1) + 1 = floor(31) + 1 = 32"
    )
    expect(widget).to_contain_text("The windows fit exactly.")
    expect(widget).to_contain_text("Conv2d(3, 32, 5, padding=2)")
    expect(widget).to_contain_text("(3, 32, 32) → (32, 32, 32)")
    expect(widget).to_contain_text("5·5·3·32 + 32 = 2,432")
    expect(widget).to_contain_text("5·5·3·32·32·32 = 2,457,600")
    expect(widget.locator(".chip.is")).to_have_text(["✓ same (torch): 2", "✓ same (Keras): 2"])


def test_a_label_its_slider_and_its_number_stand_in_one_line(widget: Locator) -> None:
    for row in widget.locator(".controls .row").all():
        parts = [part.bounding_box() for part in row.locator("label > span, input").all()]
        places = [(part["x"], part["y"] + part["height"] / 2) for part in parts if part]
        assert places == sorted(places)
        assert max(y for _, y in places) - min(y for _, y in places) < 4


def test_a_slider_is_moved_by_mouse_and_python_has_its_value(notebook: Notebook, widget: Locator) -> None:
    place = slider(widget, "stride").bounding_box()
    assert place is not None
    middle = place["y"] + place["height"] / 2
    mouse = notebook.page.mouse
    mouse.move(place["x"] + 8, middle)
    mouse.down()
    mouse.move(place["x"] + place["width"] / 2, middle, steps=6)
    moved = int(slider(widget, "stride").input_value())
    expect(box(widget, "stride")).to_have_value(str(moved))  # live: the button is still down
    expect(formula(widget)).to_have_attribute("aria-label", re.compile(rf"^floor\(\(.* − 5\) / {moved}\)"))
    mouse.up()
    assert 3 <= moved <= 6
    notebook.expect_value(READ, stride=moved, output=31 // moved + 1)


def test_the_sliders_are_moved_by_keyboard_and_the_notebook_stays_where_it_is(
    notebook: Notebook, widget: Locator
) -> None:
    keyboard = notebook.page.keyboard
    slider(widget, "size").focus()
    keyboard.press("ArrowLeft")
    keyboard.press("Tab")  # the number box
    keyboard.press("Tab")  # the next slider
    expect(slider(widget, "kernel_size")).to_be_focused()
    keyboard.press("ArrowUp")
    keyboard.press("ArrowRight")
    expect(formula(widget)).to_have_attribute(
        "aria-label", "floor((31 + 2·2 − 7) / 1) + 1 = floor(28) + 1 = 29"
    )
    keyboard.press("End")
    expect(box(widget, "kernel_size")).to_have_value("11")
    expect(slider(widget, "kernel_size")).to_be_focused()
    expect(notebook.cell(MAKE)).to_have_class(re.compile("jp-mod-active"))
    notebook.expect_value(READ, size=31, kernel_size=11)


def test_every_control_has_a_name_and_a_visible_focus(widget: Locator) -> None:
    for words in (
        "Input size n",
        "Kernel k",
        "Stride s",
        "Padding p",
        "Dilation d",
        "Input channels",
        "Filters",
    ):
        control = widget.get_by_role("slider", name=words, exact=True)
        control.focus()
        control.press("Home")  # the outline is drawn for the keyboard alone
        expect(control).to_have_css("outline-style", "solid")
    for words in ("Input size", "Kernel", "Stride", "Padding", "Dilation", "Input channels", "Filters"):
        expect(widget.get_by_role("spinbutton", name=f"{words}, as a number", exact=True)).to_be_visible()


def test_a_number_box_goes_on_where_its_slider_ends(
    notebook: Notebook, widget: Locator, set_to: Callable[..., None]
) -> None:
    set_to(size=512, kernel_size=9, padding=0)
    expect(formula(widget)).to_have_attribute(
        "aria-label", "floor((512 + 2·0 − 9) / 1) + 1 = floor(503) + 1 = 504"
    )
    expect(slider(widget, "size")).to_have_value("512")
    notebook.expect_value(READ, output=504)


@pytest.mark.parametrize("typed", ["0", "33", "2.5", ""])
def test_what_a_number_box_cannot_take_is_said_and_changes_nothing(
    notebook: Notebook, widget: Locator, typed: str
) -> None:
    dilation = box(widget, "dilation")
    dilation.fill(typed)
    expect(widget.get_by_role("status").first).to_have_text("Dilation: a whole number from 1 to 32.")
    expect(widget).to_contain_text("Conv2d(3, 32, 5, padding=2)")
    notebook.expect_value(READ, dilation=1)
    dilation.blur()
    expect(dilation).to_have_value("1")
    expect(widget.locator(".hint")).to_be_empty()


def test_windows_are_looked_at_by_keyboard(
    notebook: Notebook, widget: Locator, set_to: Callable[..., None]
) -> None:
    set_to(size=9, kernel_size=7, stride=3, padding=1)
    window = widget.get_by_role("slider", name="Window looked at")
    expect(widget.locator(".caption")).to_have_text("Output 0 reads input cells 0 to 5 plus 1 padding cell.")
    window.focus()
    window.press("ArrowDown")
    expect(window).to_have_attribute("aria-valuetext", "Output 1 reads input cells 2 to 8.")
    window.press("ArrowDown")  # the last one stays
    expect(window).to_have_attribute("aria-valuenow", "1")
    expect(window).to_have_attribute("aria-valuemax", "1")
    expect(window.locator(".picked")).not_to_have_css("stroke", "none")
    window.press("Home")
    expect(window).to_have_attribute("aria-valuenow", "0")
    expect(notebook.cell(MAKE)).to_have_class(re.compile("jp-mod-active"))


def test_windows_are_looked_at_by_mouse(widget: Locator, set_to: Callable[..., None]) -> None:
    set_to(size=12, kernel_size=3, stride=2, padding=2, dilation=2)
    expect(widget.locator(".caption")).to_have_text("Output 0 reads input cells 0, 2 plus 1 padding cell.")
    row = widget.locator(".output").bounding_box()
    drawing = widget.locator(".drawing").bounding_box()
    assert row is not None
    assert drawing is not None
    fourth = row["y"] - drawing["y"] + row["height"] * 3.5 / 6
    widget.locator(".drawing").hover(position={"x": 200, "y": fourth})
    expect(widget.locator(".caption")).to_have_text("Output 3 reads input cells 4, 6, 8.")


def test_an_impossible_size_is_red_with_its_reason_and_its_cure(
    notebook: Notebook,
    widget: Locator,
    set_to: Callable[..., None],
    screenshot: Callable[[Locator, str], Path],
) -> None:
    set_to(**IMPOSSIBLE)
    reason = widget.locator(".note .bad")
    expect(reason).to_have_text(
        "kernel_size is 7 with dilation 2, spanning 13 cells, but the input has only 9 cells"
        " (9 and padding 0+0); expected at most 9."
    )
    expect(reason).to_have_css("color", "rgb(211, 47, 47)")
    expect(formula(widget).locator("strong")).to_have_css("color", "rgb(211, 47, 47)")
    cure = widget.locator(".note").get_by_text("Use a smaller kernel, or padding of at least 2 at each end.")
    expect(cure).to_be_visible()
    expect(widget.get_by_text("no output")).to_be_visible()
    expect(widget.locator(".output")).to_have_count(0)
    notebook.expect_value(READ, output=-3)
    screenshot(widget, "layer-shapes-impossible-light")


def test_cells_that_no_window_reads_are_shaded(
    widget: Locator, set_to: Callable[..., None], screenshot: Callable[[Locator, str], Path]
) -> None:
    set_to(**WITH_GAPS)
    expect(widget).to_contain_text("No window reads 10 of the 16 input cells.")
    expect(widget).to_contain_text("torch rounds down, CS231n's notes call this stride invalid.")
    shaded = widget.locator(".still .unread")
    assert (shaded.get_attribute("d") or "").count("M") == 10
    expect(shaded).to_have_css("fill", re.compile(r'^url\("#cnnkit-hatch-[\w-]+"\)'))
    screenshot(widget, "layer-shapes-gaps-light")


def test_the_page_follows_python_and_so_does_a_second_view(notebook: Notebook, widget: Locator) -> None:
    second = notebook.run(SHOW_AGAIN).locator(".cnnkit-layer-shapes")
    notebook.run(SET)
    for view in (widget, second):
        expect(formula(view)).to_have_attribute(
            "aria-label", "floor((9 + 2·1 − 7) / 3) + 1 = floor(4/3) + 1 = 2"
        )
        expect(slider(view, "kernel_size")).to_have_value("7")
    box(second, "stride").fill("2")
    expect(formula(widget)).to_have_attribute("aria-label", "floor((9 + 2·1 − 7) / 2) + 1 = floor(2) + 1 = 3")


def test_the_result_is_spoken(widget: Locator, set_to: Callable[..., None]) -> None:
    spoken = widget.locator("output")
    expect(spoken).to_have_attribute("aria-live", "polite")
    set_to(size=28, stride=2)
    expect(spoken).to_have_text(
        "Output size 14. 1 of the 32 cells is left over: torch rounds down,"
        " CS231n's notes call this stride invalid."
    )


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("settings", [{}, IMPOSSIBLE, WITH_GAPS], ids=["start", "impossible", "gaps"])
def test_every_word_can_be_read_in_both_themes(
    widget: Locator,
    set_to: Callable[..., None],
    screenshot: Callable[[Locator, str], Path],
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
    theme: str,
    settings: dict[str, int],
) -> None:
    set_to(**settings)
    with in_theme(theme):
        found = contrasts(
            widget, "label span, .note > span, .tag, .caption, .facts dt, .facts dd, .chip, .formula i"
        )
        name = "" if not settings else "-impossible" if settings == IMPOSSIBLE else "-gaps"
        screenshot(widget, f"layer-shapes{name}-{theme.split()[-1].lower()}")
    assert len(found) > 15
    assert {word: ratio for word, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [1280, 700])
def test_nothing_is_cut_off(
    notebook: Notebook, widget: Locator, screenshot: Callable[[Locator, str], Path], width: int
) -> None:
    page = notebook.page
    try:
        page.set_viewport_size({"width": width, "height": 1000})
        expect(widget.locator(".drawing")).to_have_attribute("viewBox", re.compile(r"^0 0 \d+"))
        place = widget.bounding_box()
        assert place is not None
        assert place["width"] <= 700
        right = place["x"] + place["width"]
        page.wait_for_function(
            """([widget, right]) => [...widget.querySelectorAll("input, dd, p, .still path, .still text")]
                .every((part) => part.getBoundingClientRect().right <= right + 1)""",
            arg=[widget.element_handle(), right],
        )
        screenshot(widget, f"layer-shapes-window-{width}")
    finally:
        page.set_viewport_size({"width": 1280, "height": 1000})


def test_after_a_restart_the_cell_makes_a_live_widget_again(notebook: Notebook, widget: Locator) -> None:
    box(widget, "size").fill("9")
    notebook.restart_kernel()
    again = notebook.run(MAKE).locator(".cnnkit-layer-shapes")
    expect(again).to_have_count(1)
    expect(box(again, "size")).to_have_value("32")
    box(again, "size").fill("10")
    expect(formula(again)).to_have_attribute(
        "aria-label", "floor((10 + 2·2 − 5) / 1) + 1 = floor(9) + 1 = 10"
    )
    notebook.expect_value(READ, size=10)
