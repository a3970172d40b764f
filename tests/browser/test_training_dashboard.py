"""The training dashboard in a real JupyterLab: started, paused, changed and resumed while it trains."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Notebook

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
    "import time; time.sleep(4)",
    "board.start()",
    "board.close()",
]
MAKE, READ_BACK, SHOW_AGAIN, SET, BUSY, START, CLOSE = range(len(CELLS))
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


def test_screens(notebook: Notebook, board: Locator, screenshot: Any, in_theme: Any) -> None:
    start(board, 2500)
    rate = board.get_by_role("spinbutton", name="Learning rate")
    rate.fill("0.05")
    rate.press("Enter")
    expect_more_than(board, 4200)
    go(board).click()
    expect(state(board)).to_have_text("paused")
    board.get_by_role("button", name="Reset").click()
    go(board).click()
    expect_more_than(board, 3000)
    rate.fill("0.01")
    rate.press("Enter")
    expect_more_than(board, 4000)
    go(board).click()
    board.page.set_viewport_size({"width": 1280, "height": 1500})
    for tab in ("Answers", "Layers", "Network", "Runs"):
        board.get_by_role("tab", name=tab).click()
        board.page.wait_for_timeout(700)
        screenshot(board, f"try-{tab}")
    with in_theme("JupyterLab Dark"):
        board.get_by_role("tab", name="Answers").click()
        board.page.wait_for_timeout(700)
        screenshot(board, "try-dark")
        board.get_by_role("tab", name="Layers").click()
        board.page.wait_for_timeout(700)
        screenshot(board, "try-dark-layers")
