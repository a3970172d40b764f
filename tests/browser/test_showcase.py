"""All widgets at once, as in docs/widgets.ipynb: saved, and when their kernel is restarted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from cnnkit.widgets.parts.fallback import VIEW

if TYPE_CHECKING:
    from conftest import Lab, Notebook

pytestmark = pytest.mark.browser

SHOWCASE = Path(__file__).resolve().parents[2] / "docs/widgets.ipynb"
CELLS = [
    "".join(cell["source"])
    for cell in json.loads(SHOWCASE.read_text(encoding="utf-8"))["cells"]
    if cell["cell_type"] == "code"
]
SHOWN = [place for place, cell in enumerate(CELLS) if "widgets." in cell and "import widgets" not in cell]
LOST = "The kernel of this widget is gone: Python hears nothing of what you do here. Run its cell again."


@pytest.fixture
def errors(page: Page) -> list[str]:
    """What the page throws."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


@pytest.fixture(scope="module")
def notebook(open_notebook: Callable[[str, list[str]], Notebook]) -> Notebook:
    """All widgets, shown."""
    notebook = open_notebook("all-widgets", CELLS)
    for place in range(len(CELLS)):
        output = notebook.run(place)
        if place in SHOWN:
            expect(output.locator(".cnnkit-widget")).to_have_count(1)
    assert len(SHOWN) == 9
    return notebook


def test_the_saved_notebook_holds_text_and_picture_for_where_no_widget_runs(
    notebook: Notebook, lab: Lab
) -> None:
    notebook.save()
    saved = json.loads((lab.root / "all-widgets.ipynb").read_text(encoding="utf-8"))
    for place in SHOWN:
        (shown,) = (output["data"] for output in saved["cells"][place]["outputs"] if "data" in output)
        assert set(shown) == {VIEW, "image/png", "text/plain"}


def test_every_widget_says_that_its_kernel_is_gone_and_throws_nothing(
    notebook: Notebook, errors: list[str]
) -> None:
    widgets = {place: notebook.output(place).locator(".cnnkit-widget") for place in SHOWN}
    notebook.restart_kernel()
    for widget in widgets.values():
        expect(widget.get_by_role("alert").filter(has_text=LOST)).to_have_count(1)
    sliders = widgets[SHOWN[0]]
    sliders.locator("input[type=range][name=stride]").press("ArrowRight")
    expect(sliders.get_by_role("math")).to_have_attribute(
        "aria-label", "floor((12 + 2·2 − 3) / 3) + 1 = floor(13/3) + 1 = 5"
    )
    board = notebook.output(next(place for place in SHOWN if "training_dashboard" in CELLS[place]))
    board.get_by_role("button", name="Train again").click()
    expect(board.locator(".state")).to_have_text("the kernel is gone")
    pad = notebook.output(next(place for place in SHOWN if "draw_digit" in CELLS[place]))
    pad.get_by_role("button", name="Keep", exact=True).click()
    expect(pad.locator("[aria-live]").filter(has_text="Not kept: the kernel is gone.")).to_have_count(1)
    expect(pad.locator(".kept-list li")).to_have_count(0)
    assert errors == []

    again = notebook.run(0) and notebook.run(SHOWN[0]).locator(".cnnkit-layer-shapes")
    expect(again).to_have_count(1)
    expect(again.get_by_role("alert")).to_have_count(0)
