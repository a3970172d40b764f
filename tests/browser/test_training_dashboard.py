"""The training dashboard in a real JupyterLab: started, paused, changed and resumed while it trains."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Lab, Notebook

pytestmark = pytest.mark.browser

DEMO = """
layer_defs.push({type:'input', out_sx:24, out_sy:24, out_depth:1});
layer_defs.push({type:'conv', sx:5, filters:8, stride:1, pad:2, activation:'relu'});
layer_defs.push({type:'pool', sx:2, stride:2});
layer_defs.push({type:'conv', sx:5, filters:16, stride:1, pad:2, activation:'relu'});
layer_defs.push({type:'pool', sx:3, stride:3});
layer_defs.push({type:'softmax', num_classes:10});
"""
READ = """
import json, threading
value = board.value
threads = sum(thread.name == "cnnkit-training" for thread in threading.enumerate())
changes = [str(each) for each in value.changes]
print(json.dumps({"status": value.status, "updates": value.updates, "examples": value.examples,
    "lr": board.lr, "changes": changes, "threads": threads, "runs": list(board.runs)}))
"""
CELLS = [
    "from cnnkit import data, widgets, nn\n"
    f"DEMO = '''{DEMO}'''\n"
    "board = widgets.training_dashboard(DEMO, data.load('digits'), speed=500, evaluate_every=500)\nboard",
    READ,
    "board",
    "board.lr = 0.5",
    "import pathlib, time\n"
    "for _ in range(600):\n"
    "    if pathlib.Path('end-it').exists(): break\n"
    "    time.sleep(0.1)\n"
    "print('done')",
    "board.lr, board.weight_decay = 1000, 100\nboard.start()",
    "net = nn.build(board._plan.network)\nsum(p.numel() for p in net.parameters())",
]
MAKE, READ_BACK, SHOW_AGAIN, SET, BUSY, BREAK, OTHER = range(len(CELLS))
THEMES = ["JupyterLab Light", "JupyterLab Dark"]


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Notebook]) -> Notebook:
    return open_notebook("training-dashboard", CELLS)


@pytest.fixture
def board(notebook: Notebook) -> Locator:
    """A new dashboard that has not been started."""
    shown = notebook.run(MAKE).locator(".cnnkit-training-dashboard")
    expect(shown).to_have_count(1)
    expect(shown.locator(".state")).to_have_text("not started")
    return shown


def go(board: Locator) -> Locator:
    return board.locator("button.go")


def state(board: Locator) -> Locator:
    return board.locator(".state")


def seen(board: Locator) -> int:
    """How many examples the page says were seen."""
    found = re.match(r"([\d,]+) examples", board.locator(".count").inner_text())
    return int(found[1].replace(",", "")) if found else 0


def expect_more_than(board: Locator, examples: int) -> None:
    board.page.wait_for_function(
        """([element, least]) => parseInt(element.textContent.replaceAll(",", "")) > least""",
        arg=[board.locator(".count").element_handle(), examples],
    )


def start(board: Locator, examples: int = 600) -> None:
    go(board).click()
    expect(state(board)).to_have_text("training")
    expect_more_than(board, examples)


def in_python(notebook: Notebook) -> dict[str, Any]:
    return json.loads(notebook.run(READ_BACK).inner_text().splitlines()[-1])


def curve(board: Locator, name: str = "running") -> str:
    return board.locator(f".loss .line.{name}").get_attribute("d") or ""


def test_it_trains_pauses_takes_a_change_and_goes_on(notebook: Notebook, board: Locator) -> None:
    start(board)
    before = curve(board)
    expect_more_than(board, seen(board) + 200)
    assert len(curve(board)) > len(before) > 0

    go(board).click()
    expect(state(board)).to_have_text("paused")
    stood = in_python(notebook)
    assert (stood["status"], stood["threads"], stood["examples"]) == ("paused", 0, seen(board))
    assert in_python(notebook)["updates"] == stood["updates"]

    go(board).click()
    expect_more_than(board, stood["examples"] + 100)
    rate = board.get_by_role("spinbutton", name="Learning rate")
    rate.fill("0.05")
    rate.press("Enter")
    expect(board.locator("ol.changes li")).to_have_text([re.compile(r"examples: lr 0.01 → 0.05$")])
    expect(board.locator(".loss .flags text")).to_have_text(["1"])
    expect_more_than(board, seen(board) + 100)
    go(board).click()
    expect(state(board)).to_have_text("paused")
    found = in_python(notebook)
    assert (found["lr"], found["changes"]) == (0.05, ["lr 0.01 → 0.05"])


def test_the_keyboard_starts_changes_and_reads(notebook: Notebook, board: Locator) -> None:
    keyboard = notebook.page.keyboard
    go(board).focus()
    keyboard.press("Enter")
    expect(state(board)).to_have_text("training")
    expect(go(board)).to_have_text("Pause")
    expect(go(board)).to_be_focused()
    expect_more_than(board, 300)
    keyboard.press("Space")
    expect(state(board)).to_have_text("paused")
    expect(board.locator("output")).to_have_text(re.compile(r"^paused\. [\d,]+ examples, \d+ updates$"))

    batch = board.get_by_role("spinbutton", name="Batch size")
    batch.focus()
    keyboard.press("Control+a")
    keyboard.type("50")
    keyboard.press("Tab")
    expect(board.locator("ol.changes li")).to_have_text([re.compile("batch_size 20 → 50$")])

    places = board.get_by_role("slider", name="Place on the curves")
    places.focus()
    keyboard.press("Home")
    expect(places).to_have_attribute("aria-valuetext", re.compile(r"^20 examples, 1 update: last 100 "))
    expect(board.locator(".readout")).to_have_text(re.compile(r"training .* %; validation .* %"))
    keyboard.press("ArrowRight")
    expect(places).to_have_attribute("aria-valuenow", "40")
    expect(board.locator(".loss .cursor circle")).to_have_count(3)
    keyboard.press("Escape")
    expect(board.locator(".loss .cursor circle")).to_have_count(0)

    board.get_by_role("tab", name="Answers").focus()
    keyboard.press("ArrowRight")
    expect(board.get_by_role("tab", name="Layers")).to_be_focused()
    expect(board.get_by_role("tabpanel")).to_contain_text("5·5·1·8 + 8 = 208")
    expect(notebook.cell(MAKE)).to_have_class(re.compile("jp-mod-active"))


def test_other_cells_run_while_it_trains_and_a_pause_comes_at_once_or_is_said_to_wait(
    lab: Lab, notebook: Notebook, board: Locator
) -> None:
    start(board)
    assert "5994" in notebook.run(OTHER).inner_text()
    notebook.page.evaluate(
        """(index) => {
            const { commands, shell } = window.jupyterapp;
            shell.currentWidget.content.activeCellIndex = index;
            window.ran = commands.execute("notebook:run-cell");
        }""",
        BUSY,
    )
    expect(notebook.cell(BUSY).locator(".jp-InputPrompt")).to_have_text("[*]:")
    before = seen(board)
    go(board).click()
    # ipykernel answers a comm on the shell that last sent on it: the busy one, or one that is free
    expect(state(board)).to_have_text(re.compile("^(waiting: the kernel is busy|paused)$"))
    if state(board).inner_text() != "paused":
        expect_more_than(board, before + 200)  # it trains and draws meanwhile
    (lab.root / "end-it").touch()
    notebook.page.evaluate("() => window.ran")
    expect(state(board)).to_have_text("paused")
    assert in_python(notebook)["threads"] == 0


def test_running_the_cell_again_stops_what_it_began(notebook: Notebook, board: Locator) -> None:
    start(board)
    again = notebook.run(MAKE).locator(".cnnkit-training-dashboard")
    expect(state(again)).to_have_text("not started")
    assert in_python(notebook)["threads"] == 0


def test_clearing_the_output_pauses_the_training(notebook: Notebook, board: Locator) -> None:
    start(board)
    notebook.page.evaluate(
        """(index) => {
            const { commands, shell } = window.jupyterapp;
            shell.currentWidget.content.activeCellIndex = index;
            return commands.execute("notebook:clear-cell-output");
        }""",
        MAKE,
    )
    expect(notebook.output(MAKE).locator(".cnnkit-training-dashboard")).to_have_count(0)
    for _ in range(200):
        notebook.page.wait_for_timeout(100)
        found = in_python(notebook)
        if found["status"] == "paused":
            break
    assert (found["status"], found["threads"]) == ("paused", 0)


def test_python_and_a_second_view_are_in_step(notebook: Notebook, board: Locator) -> None:
    start(board)
    second = notebook.run(SHOW_AGAIN).locator(".cnnkit-training-dashboard")
    notebook.run(SET)
    for view in (board, second):
        expect(view.locator("ol.changes li")).to_have_text([re.compile("lr 0.01 → 0.5$")])
        expect(view.get_by_role("spinbutton", name="Learning rate")).to_have_value("0.5")
    go(second).click()
    expect(state(board)).to_have_text("paused")
    second.get_by_role("tab", name="Layers").click()
    expect(board.get_by_role("tab", name="Layers")).to_have_attribute("aria-selected", "true")
    notebook.page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-cell-output')")


def test_the_window_is_moved_in_the_page_alone(notebook: Notebook, board: Locator) -> None:
    start(board, 2000)
    go(board).click()
    expect(state(board)).to_have_text("paused")
    noisy = curve(board)
    window = board.get_by_role("slider", name="Running mean over")
    window.focus()
    window.press("End")
    expect(board.locator(".window .examples")).to_have_text("5,000 examples")
    assert curve(board) != noisy
    window.press("Home")
    expect(board.locator(".tiles dt").first).to_have_text("Training, last 20")
    expect(board.locator(".tiles small").first).to_have_text(re.compile("n = 20$"))
    board.get_by_label("x axis").select_option("updates")
    expect(board.locator(".loss .tick.name")).to_have_text("updates")


def test_the_text_is_edited_and_a_slip_in_it_is_told(notebook: Notebook, board: Locator) -> None:
    start(board, 500)
    go(board).click()
    board.get_by_role("tab", name="Network").click()
    text = board.get_by_role("textbox", name="layer_defs")
    message = board.locator("[data-where=network]")
    trainer = "trainer = new convnetjs.SGDTrainer(net, {method:'adadelata', batch_size:20});"
    text.fill(DEMO + trainer)
    board.get_by_role("button", name="Change network").click()
    expect(message).to_have_text(re.compile(r"'adadelata', expected one of .* Did you mean 'adadelta'\?"))
    text.fill(DEMO.replace("sx:5, filters:16, stride:1, pad:2", "sx:15, filters:16, stride:1, pad:0"))
    board.get_by_role("button", name="Change network").click()
    expect(message).to_have_text(
        re.compile(r"^sx of layer 5 \(conv, definition 4\) is 15, expected at most 12")
    )
    expect(board.locator(".data")).to_contain_text("5,994 parameters")
    text.fill(DEMO.replace("filters:16", "filters:4") + trainer.replace("adadelata", "adadelta"))
    board.get_by_role("button", name="Change network").click()
    expect(message).to_have_text("network is the network now.")
    expect(board.locator(".data")).to_contain_text("1,662 parameters")
    expect(board.get_by_label("Optimizer")).to_have_value("adadelta")
    expect(board.get_by_role("spinbutton", name="Momentum")).to_be_disabled()
    expect(board.locator(".loss .faint text")).to_have_text(["run 1"])
    start(board, 500)
    board.get_by_role("tab", name="Runs").click()
    lines = board.locator(".runs tbody tr")
    expect(lines).to_have_count(2)
    board.get_by_role("textbox", name="name of run 1").fill("sixteen")
    board.get_by_role("textbox", name="name of run 1").press("Enter")
    expect(board.locator(".loss .faint text")).to_have_text(["sixteen"])
    board.get_by_role("checkbox", name="show sixteen").uncheck()
    expect(board.locator(".loss .faint text")).to_have_count(0)
    assert in_python(notebook)["runs"] == ["sixteen"]


def test_a_snapshot_goes_out_and_comes_in(notebook: Notebook, board: Locator, tmp_path: Path) -> None:
    start(board, 500)
    go(board).click()
    board.get_by_role("tab", name="Network").click()
    with notebook.page.expect_download() as downloading:
        board.get_by_role("button", name="Save snapshot").click()
    downloading.value.save_as(tmp_path / "network.json")
    saved = json.loads((tmp_path / "network.json").read_text(encoding="utf-8"))
    assert [layer["layer_type"] for layer in saved["layers"]][:3] == ["input", "conv", "relu"]
    assert set(saved["layers"][1]["filters"][0]) == {"sx", "sy", "depth", "w"}
    board.get_by_label("Load a snapshot").set_input_files(tmp_path / "network.json")
    expect(board.locator("[data-where=snapshot]")).to_have_text(
        re.compile("^The snapshot is the network now")
    )
    expect(state(board)).to_have_text("not started")
    (tmp_path / "other.json").write_text("no snapshot")
    board.get_by_label("Load a snapshot").set_input_files(tmp_path / "other.json")
    expect(board.locator("[data-where=snapshot]")).to_have_text(re.compile("^the file holds no object"))


def test_what_stops_the_thread_is_shown(notebook: Notebook, board: Locator) -> None:
    notebook.run(BREAK)
    expect(board.get_by_role("alert")).to_have_text(re.compile("the loss is .* expected a finite number"))
    expect(state(board)).to_have_text("stopped: the loss is no number")
    expect(go(board)).to_have_text("Train again")


@pytest.fixture
def told(notebook: Notebook, board: Locator) -> Iterator[Locator]:
    """A dashboard with a story: a run that is over, and one that was changed."""
    notebook.page.set_viewport_size({"width": 1280, "height": 1600})
    start(board, 2400)
    board.get_by_role("button", name="Reset").click()
    expect(state(board)).to_have_text("not started")
    rate = board.get_by_role("spinbutton", name="Learning rate")
    rate.fill("0.0025")
    rate.press("Enter")
    start(board, 1200)
    board.get_by_role("button", name="Double the learning rate").click()
    expect_more_than(board, 2600)
    go(board).click()
    expect(state(board)).to_have_text("paused")
    yield board
    notebook.page.set_viewport_size({"width": 1280, "height": 1000})


def test_every_word_can_be_read_in_both_themes(
    notebook: Notebook,
    told: Locator,
    screenshot: Callable[[Locator, str], Path],
    contrasts: Callable[[Locator, str], dict[str, float]],
    in_theme: Callable[[str], AbstractContextManager[None]],
) -> None:
    for theme in THEMES:
        with in_theme(theme):
            for tab in ("Layers", "Network", "Runs", "Answers"):
                told.get_by_role("tab", name=tab).click()
                panel = told.get_by_role("tabpanel")
                expect(panel).to_have_class(re.compile("panel"))
                found = contrasts(
                    told,
                    ".head > *, .state, .count, label span, .tiles dt, .tiles dd, .tiles small, .changes li,"
                    " .readout, .panel:not([hidden]) :is(th, td, p, .word, .share, .mark, h4, button)",
                )
                assert len(found) > 20
                assert {word: ratio for word, ratio in found.items() if ratio < 4.5} == {}, tab
                screenshot(told, f"training-dashboard-{tab.lower()}-{theme.split()[-1].lower()}")
            screenshot(told, f"training-dashboard-{theme.split()[-1].lower()}")


@pytest.mark.parametrize("width", [1060, 700])
def test_nothing_is_cut_off(
    notebook: Notebook, told: Locator, screenshot: Callable[[Locator, str], Path], width: int
) -> None:
    page = notebook.page
    page.set_viewport_size({"width": width, "height": 1600})
    for tab in ("Layers", "Network", "Runs", "Answers"):
        told.get_by_role("tab", name=tab).click()
        page.wait_for_function(
            """(widget) => {
                const right = widget.getBoundingClientRect().right;
                const parts = "input:not([type=file]), button, textarea, p, .tiles dd, .card, svg text";
                return [...widget.querySelectorAll(parts)].filter((part) => !part.closest(".scroll"))
                    .every((part) => part.getBoundingClientRect().right <= right + 1);
            }""",
            arg=told.element_handle(),
        )
    screenshot(told, f"training-dashboard-window-{width}")


def test_after_a_restart_the_cell_makes_a_live_dashboard_again(notebook: Notebook, board: Locator) -> None:
    start(board)
    notebook.restart_kernel()
    again = notebook.run(MAKE).locator(".cnnkit-training-dashboard")
    expect(again).to_have_count(1)
    expect(state(again)).to_have_text("not started")
    start(again, 200)
    go(again).click()
    expect(state(again)).to_have_text("paused")
    assert in_python(notebook)["threads"] == 0
