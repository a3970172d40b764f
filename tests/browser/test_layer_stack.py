"""The layer stack in a real JupyterLab, changed by mouse and by keyboard."""

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
    "from cnnkit import widgets, zoo\nstack = widgets.layer_stack()\nstack",
    "import json\nprint(json.dumps([stack.network, stack.selected, stack.problem]))",
    "stack.value = zoo.cs7011()",
    "stack",
    "from cnnkit import widgets, zoo\nwidgets.layer_stack(zoo.cs7011(), selected=9)",
    "print(stack.torch_code)",
]
MAKE, READ, SET, SHOW_AGAIN, LARGE, TORCH = range(len(CELLS))
THEMES = ["JupyterLab Light", "JupyterLab Dark"]
START = ["Conv2d", "ReLU", "MaxPool2d", "Conv2d", "ReLU", "MaxPool2d", "Flatten", "Linear", "ReLU", "Linear"]


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Notebook]) -> Notebook:
    return open_notebook("layer-stack", CELLS)


@pytest.fixture
def widget(notebook: Notebook) -> Locator:
    """A new widget with the small network that it starts with."""
    shown = notebook.run(MAKE).locator(".cnnkit-layer-stack")
    expect(shown).to_have_count(1)
    return shown


def row(widget: Locator, name: str) -> Locator:
    return widget.locator(f'tr.layer:has(b:text-is("{name}"))')


def head(widget: Locator, name: str) -> Locator:
    """Return the button that opens a layer's row."""
    return row(widget, name).locator("button")


def box(widget: Locator, name: str) -> Locator:
    return widget.locator(f"input[type=number][name={name}]")


def press(widget: Locator, words: str) -> None:
    widget.get_by_role("button", name=words).click()


def names(widget: Locator) -> list[str]:
    return widget.locator("tr.layer button b").all_inner_texts()


def kinds(widget: Locator) -> list[str]:
    return [code.split("(")[0] for code in widget.locator("tr.layer button code").all_inner_texts()[1:]]


def read(notebook: Notebook) -> list[Any]:
    return json.loads(notebook.run(READ).inner_text())


def expect_layers(notebook: Notebook, expected: list[str]) -> None:
    """Read the network's kinds through a cell; again, for a change waits while the kernel is busy."""
    for _ in range(20):
        kinds = [layer["kind"] for layer in read(notebook)[0]["layers"]]
        if kinds == expected:
            return
    assert expected == kinds


def test_the_page_opens_with_sizes_counts_and_code(widget: Locator) -> None:
    assert START == kinds(widget)
    conv2 = row(widget, "conv2")
    expect(conv2.locator(".made")).to_have_text("(32, 16, 16)")
    expect(conv2.locator(".numbers b")).to_have_text(["4,640", "1,179,648"])
    expect(conv2.locator(".sees")).to_have_text("8×8")
    expect(conv2.locator(".cost")).to_have_attribute(
        "title", "4,640 parameters, 3.4\u00a0%; 1,179,648 multiply-adds, 67\u00a0%"
    )
    expect(widget.locator("tfoot .numbers b")).to_have_text(["136,874", "1,753,728"])
    expect(widget.locator(".share.trainable .told")).to_have_text("convolutions 3.7 % · fully connected 96 %")
    expect(widget.locator("pre")).to_contain_text("Conv2d(16, 32, 3, padding=1),  # (32, 16, 16)")
    expect(widget.locator("tr.open")).to_be_hidden()


def test_the_boxes_shrink_as_the_image_does_and_widen_with_the_channels(widget: Locator) -> None:
    sizes = widget.locator("tr.layer rect").evaluate_all(
        "(boxes) => boxes.map((box) => [box.height.baseVal.value, box.width.baseVal.value])"
    )
    heights, widths = zip(*sizes, strict=True)
    assert sorted(heights, reverse=True) == list(heights)
    assert heights[0] > heights[3] > heights[6] > heights[7]  # input, pool1, pool2, flatten
    assert widths[0] < widths[1] < widths[4] < widths[7]  # input, conv1, conv2, flatten


def test_a_slider_of_a_layer_changes_all_that_follows(notebook: Notebook, widget: Locator) -> None:
    head(widget, "conv1").click()
    expect(head(widget, "conv1")).to_have_attribute("aria-expanded", "true")
    slider = widget.locator("input[type=range][name=stride]")
    slider.focus()
    slider.press("ArrowRight")
    expect(row(widget, "conv1").locator("code")).to_have_text("Conv2d(3, 16, 3, stride=2, padding=1)")
    expect(row(widget, "flatten").locator(".made")).to_have_text("(512,)")
    expect(row(widget, "fc1").locator("code")).to_have_text("Linear(512, 64)")
    expect(slider).to_be_focused()
    box(widget, "out_channels").fill("24")
    expect(row(widget, "conv2").locator("code")).to_have_text("Conv2d(24, 32, 3, padding=1)")
    expect(widget.locator(".drawer .facts")).to_contain_text("3·3·3·24 + 24 = 672")
    expect(widget.locator(".drawer [role=math]")).to_have_attribute(
        "aria-label", "floor((32 + 2·1 − 3) / 2) + 1 = floor(31/2) + 1 = 16"
    )
    network, selected, problem = read(notebook)
    assert network["layers"][0] == {
        "kind": "Conv2d",
        "out_channels": 24,
        "kernel_size": 3,
        "padding": 1,
        "stride": 2,
    }
    assert (selected, problem) == (1, None)


def test_layers_are_added_anywhere_and_removed_by_mouse(notebook: Notebook, widget: Locator) -> None:
    head(widget, "input").click()
    kind = widget.get_by_role("combobox", name="Kind of the layer to add")
    kind.select_option("Dropout")
    press(widget, "+ Add behind")
    expect(row(widget, "dropout")).to_have_class(re.compile("selected"))
    kind.select_option("BatchNorm2d")
    press(widget, "+ Add behind")
    expect(row(widget, "bn").locator("code")).to_have_text("BatchNorm2d(3)")
    assert kinds(widget) == ["Dropout", "BatchNorm2d", *START]
    expect(widget.get_by_role("button", name="+ Add behind")).to_be_focused()
    expect(widget.locator(".summary")).to_contain_text("and 6 are running statistics")
    head(widget, "fc2").click()
    press(widget, "Duplicate")
    expect(row(widget, "fc3").locator("code")).to_have_text("Linear(10, 10)")
    head(widget, "dropout").click()
    press(widget, "Remove")
    expect_layers(notebook, ["BatchNorm2d", *START, "Linear"])
    expect(row(widget, "bn")).to_have_class(re.compile("selected"))


def test_layers_are_moved_and_removed_by_keyboard(notebook: Notebook, widget: Locator) -> None:
    keyboard = notebook.page.keyboard
    head(widget, "pool1").focus()
    keyboard.press("Alt+ArrowUp")
    assert kinds(widget)[:3] == ["Conv2d", "MaxPool2d", "ReLU"]
    expect(head(widget, "pool1")).to_be_focused()
    keyboard.press("ArrowDown")
    expect(head(widget, "relu1")).to_be_focused()
    keyboard.press("Delete")
    expect(head(widget, "conv2")).to_be_focused()
    keyboard.press("Enter")
    expect(head(widget, "conv2")).to_have_attribute("aria-expanded", "true")
    keyboard.press("Tab")
    keyboard.press("Space")  # Move up
    assert names(widget)[:4] == ["input", "conv1", "conv2", "pool1"]
    expect(widget.get_by_role("button", name="Move up")).to_be_focused()
    keyboard.press("Space")
    keyboard.press("Space")  # it is the first by now and stays
    expect(widget.get_by_role("button", name="Move up")).to_have_attribute("aria-disabled", "true")
    expect(widget.locator(".spoken[aria-live=polite]")).to_contain_text("Output 10. ")
    expect(notebook.cell(MAKE)).to_have_class(re.compile("jp-mod-active"))
    expect_layers(notebook, ["Conv2d", "Conv2d", "MaxPool2d", *START[4:]])


def test_a_layer_is_dragged_to_another_place(notebook: Notebook, widget: Locator) -> None:
    row(widget, "pool1").locator(".drawn").drag_to(row(widget, "conv1").locator(".drawn"))
    expect(row(widget, "pool1").locator(".made")).to_have_text("(3, 16, 16)")
    expect_layers(notebook, ["MaxPool2d", "Conv2d", "ReLU", *START[3:]])


def test_an_impossible_layer_is_red_with_its_reason_and_the_rest_has_no_size(
    notebook: Notebook, widget: Locator, screenshot: Callable[[Locator, str], Path]
) -> None:
    head(widget, "pool2").click()
    box(widget, "kernel_size").fill("18")
    trouble = widget.locator("tr.trouble")
    expect(trouble.locator(".bad")).to_have_text(
        "pool2: its 18×18 kernel does not fit into the 16×16 input (16×16 with padding);"
        " the output would be 0×0."
    )
    expect(trouble.locator(".cure")).to_have_text("Change this layer or the ones before it.")
    expect(row(widget, "pool2").locator(".made")).to_have_text("no output")
    expect(row(widget, "pool2").locator(".made")).to_have_css("color", "rgb(211, 47, 47)")
    expect(row(widget, "fc2").locator(".made")).to_have_text("no size yet")
    expect(row(widget, "fc1").locator("code")).to_have_text("Linear(?, 64)")
    expect(widget.locator("pre")).to_have_text("No code yet: the network cannot work.")
    expect(widget.locator(".drawer .misfit.outside")).to_have_count(1)
    screenshot(widget, "layer-stack-impossible-light")
    assert read(notebook)[2].startswith("Network: layer 6, `pool2` = MaxPool2d(18), cannot take its input")
    press(widget, "Undo")
    expect(trouble).to_be_hidden()
    expect(row(widget, "fc2").locator(".made")).to_have_text("(10,)")


def test_a_linear_layer_before_flatten_is_told_the_cure(widget: Locator) -> None:
    head(widget, "flatten").click()
    press(widget, "Remove")
    expect(widget.locator("tr.trouble .bad")).to_have_text(
        "fc1: its input is (32, 8, 8), expected (2048,): put Flatten() before it."
    )


def test_changes_are_undone_and_redone(notebook: Notebook, widget: Locator) -> None:
    undo, redo = widget.get_by_role("button", name="Undo"), widget.get_by_role("button", name="Redo")
    expect(undo).to_have_attribute("aria-disabled", "true")
    head(widget, "conv1").click()
    slider = widget.locator("input[type=range][name=out_channels]")
    for value in (20, 30, 40):  # one move of a hand
        slider.evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }", value
        )
    slider.dispatch_event("change")
    head(widget, "relu1").click()
    press(widget, "Remove")
    expect(row(widget, "conv1").locator("code")).to_have_text("Conv2d(3, 40, 3, padding=1)")
    undo.click()
    assert START == kinds(widget)
    undo.click()
    expect(row(widget, "conv1").locator("code")).to_have_text("Conv2d(3, 16, 3, padding=1)")
    expect(undo).to_have_attribute("aria-disabled", "true")
    redo.click()
    redo.click()
    expect(redo).to_have_attribute("aria-disabled", "true")
    expect_layers(notebook, [START[0], *START[2:]])


def test_what_follows_can_be_set_by_hand(widget: Locator) -> None:
    head(widget, "conv2").click()
    expect(box(widget, "in_channels")).to_be_hidden()
    follows = widget.get_by_label("in_channels follows the layer before")
    follows.uncheck()
    expect(box(widget, "in_channels")).to_have_value("16")
    box(widget, "in_channels").fill("8")
    expect(widget.locator("tr.trouble .bad")).to_have_text(
        "conv2: its input has 16 channels, expected in_channels=8."
    )
    follows.check()
    expect(widget.locator("tr.trouble")).to_be_hidden()


def test_an_image_that_is_not_square_is_drawn_along_its_height(widget: Locator) -> None:
    head(widget, "conv1").click()
    about = widget.locator(".drawer .about")
    expect(about).to_have_text("Along one axis; height and width work alike.")
    head(widget, "input").click()
    box(widget, "width").fill("20")
    head(widget, "conv1").click()
    expect(about).to_have_text("Along the height; the width has other numbers.")
    expect(row(widget, "conv1").locator(".made")).to_have_text("(16, 32, 20)")


def test_a_layer_gets_a_name_and_padding_a_word(notebook: Notebook, widget: Locator) -> None:
    head(widget, "conv1").click()
    name = widget.get_by_label("Name")
    name.fill("first")
    name.press("Enter")
    expect(row(widget, "first")).to_be_visible()
    expect(row(widget, "conv")).to_be_visible()  # the other one is the only one without a name
    widget.get_by_label("Padding given").select_option("same")
    expect(row(widget, "first").locator("code")).to_have_text("Conv2d(3, 16, 3, padding='same')")
    expect(widget.locator("pre")).to_contain_text("('first', Conv2d(3, 16, 3, padding='same')),")
    assert read(notebook)[0]["layers"][0]["name"] == "first"


def test_the_code_has_tabs_and_is_copied(notebook: Notebook, widget: Locator) -> None:
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cnnkit = widget.get_by_role("tab", name="cnnkit")
    cnnkit.focus()
    cnnkit.press("ArrowRight")
    expect(widget.get_by_role("tab", name="torch")).to_be_focused()
    expect(widget.locator("pre")).to_contain_text("nn.Conv2d(3, 16, 3, padding=1),")
    press(widget, "Copy")
    expect(widget.locator(".copied")).to_have_text("Copied.")
    copied = notebook.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.strip() == notebook.run(TORCH).inner_text().strip()


def test_the_code_is_copied_without_the_clipboards_permission(notebook: Notebook, widget: Locator) -> None:
    page = notebook.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("() => navigator.clipboard.writeText('before')")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    try:
        press(widget, "Copy")
        expect(widget.locator(".copied")).to_have_text("Copied.")
        expect(widget.get_by_role("button", name="Copy")).to_be_focused()
        assert page.evaluate("() => navigator.clipboard.readText()").startswith("from cnnkit import Network")
    finally:
        page.evaluate("() => delete navigator.clipboard.writeText")


def test_a_network_of_the_course_is_taken_from_the_menu(notebook: Notebook, widget: Locator) -> None:
    widget.get_by_label("Start from").select_option("tfjs_mnist")
    expect(row(widget, "fc").locator("code")).to_have_text("Linear(256, 10)")
    assert read(notebook)[0]["name"] == "tfjs_mnist"
    press(widget, "Undo")
    expect_layers(notebook, START)


def test_the_page_follows_python_and_so_does_a_second_view(notebook: Notebook, widget: Locator) -> None:
    second = notebook.run(SHOW_AGAIN).locator(".cnnkit-layer-stack")
    notebook.run(SET)
    for view in (widget, second):
        expect(row(view, "conv4").locator(".sees")).to_have_text("26×26")
        expect(view.locator("tfoot .numbers b")).to_have_text(["6,216,094", "82,520,064"])
    head(second, "conv4").click()
    box(second, "out_channels").fill("64")
    expect(row(widget, "fc1").locator("code")).to_have_text("Linear(1024, 1024)")
    expect(box(widget, "out_channels")).to_have_value("64")
    press(widget, "Undo")
    expect(row(second, "fc1").locator("code")).to_have_text("Linear(4096, 1024)")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("possible", [True, False], ids=["possible", "impossible"])
def test_every_word_can_be_read_in_both_themes(
    notebook: Notebook,
    screenshot: Callable[[Locator, str], Path],
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
    theme: str,
    possible: bool,
) -> None:
    shown = notebook.run(LARGE).locator(".cnnkit-layer-stack")
    if not possible:
        box(shown, "kernel_size").fill("11")
        expect(shown.locator("tr.trouble")).to_be_visible()
    words = "th, td:not([colspan]), th b, code, .numbers b, .summary, .share span, .facts dt, .facts dd"
    words += ", label span, .tag, .note span, button:not([aria-disabled=true])"
    notebook.page.set_viewport_size({"width": 1280, "height": 2400})
    try:
        with in_theme(theme):
            found = contrasts(shown, words)
            shade = theme.split()[-1].lower()
            screenshot(shown, f"layer-stack-{shade}" if possible else f"layer-stack-impossible-{shade}")
    finally:
        notebook.page.set_viewport_size({"width": 1280, "height": 1000})
    assert len(found) > 40
    assert {word: ratio for word, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", [1280, 780])
def test_nothing_is_cut_off(
    notebook: Notebook, screenshot: Callable[[Locator, str], Path], width: int
) -> None:
    page = notebook.page
    shown = notebook.run(LARGE).locator(".cnnkit-layer-stack")
    try:
        page.set_viewport_size({"width": width, "height": 2600})
        page.wait_for_function(
            """(widget) => {
                const right = widget.getBoundingClientRect().right;
                const drawn = widget.querySelector(".drawing");
                const list = widget.querySelector(".list");
                return drawn.viewBox.baseVal.width === drawn.clientWidth
                    && list.scrollWidth <= list.clientWidth
                    && [...widget.querySelectorAll("button, input, dd, td, th, .still path, .share span")]
                        .every((part) => part.getBoundingClientRect().right <= right + 1);
            }""",
            arg=shown.element_handle(),
        )
        place = shown.bounding_box()
        assert place is not None
        assert place["width"] <= (700 if width == 1280 else 420)
        screenshot(shown, f"layer-stack-window-{width}")
    finally:
        page.set_viewport_size({"width": 1280, "height": 1000})


def test_no_layers_at_all_are_a_network_too(notebook: Notebook, widget: Locator) -> None:
    head(widget, "conv1").click()
    for _ in START:
        press(widget, "Remove")
    assert kinds(widget) == []
    expect(head(widget, "input")).to_be_focused()
    expect(widget.locator(".summary")).to_have_text("No layers yet: open the input and add the first one.")
    expect(widget).not_to_contain_text(re.compile("NaN|undefined|Infinity"))
    press(widget, "+ Add behind")
    expect_layers(notebook, ["Conv2d"])


def test_after_a_restart_the_cell_makes_a_live_widget_again(notebook: Notebook, widget: Locator) -> None:
    head(widget, "conv1").click()
    notebook.restart_kernel()
    again = notebook.run(MAKE).locator(".cnnkit-layer-stack")
    expect(again).to_have_count(1)
    expect(again.locator("tr.open")).to_be_hidden()
    head(again, "conv1").click()
    box(again, "kernel_size").fill("5")
    expect(row(again, "conv1").locator(".made")).to_have_text("(16, 30, 30)")
    for _ in range(20):  # the page holds a change back while the kernel is busy
        if read(notebook)[0]["layers"][0]["kernel_size"] == 5:
            return
    assert read(notebook)[0]["layers"][0]["kernel_size"] == 5
