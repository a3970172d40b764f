"""`cnnkit lab` opens the first notebook, which a student works through with mouse and keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect

from cnnkit.homework.lab import FIRST
from tests.browser.conftest import Notebook, browsing, running_lab

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory,
    playwright: Playwright,
    chromium: str,
    outside_requests: list[str],
) -> Iterator[Page]:
    """What the browser shows after `cnnkit lab` in the folder of another notebook."""
    home = tmp_path_factory.mktemp("kit")
    for name in (FIRST, "01-convolution-by-hand"):
        shutil.copytree(ROOT / "notebooks" / name, home / "notebooks" / name)
    with (
        running_lab(home, "-m", "cnnkit", "lab") as lab,
        browsing(playwright, lab, chromium, outside_requests, path="") as page,
    ):
        yield page
    shutil.rmtree(home, ignore_errors=True)


def run_all(page: Page) -> None:
    """Run every cell, and wait until they are done."""
    page.evaluate(
        """async () => {
            const { commands, shell } = window.jupyterapp;
            await shell.currentWidget.sessionContext.ready;
            await commands.execute("notebook:run-all-cells");
        }"""
    )


def test_the_first_notebook_is_open_and_runs(opened: Page, outside_requests: list[str]) -> None:
    notebook = Notebook(opened)
    expect(notebook.panel.get_by_role("heading", name="0 · Start here")).to_be_visible()
    assert opened.evaluate("() => window.jupyterapp.shell.currentWidget.context.path") == (
        f"{FIRST}/{FIRST}.ipynb"
    )
    run_all(opened)
    expect(notebook.panel.get_by_text("All that the notebooks need is here.")).to_be_visible()
    expect(notebook.panel.get_by_text("is not answered yet")).to_be_visible()
    expect(notebook.panel.get_by_role("slider").first).to_be_visible()
    notebook.panel.get_by_role("link", name="01 Convolution by hand").click()
    expect(Notebook(opened).panel.get_by_role("heading", name="1 · Convolution by hand")).to_be_visible()
    opened.evaluate("() => window.jupyterapp.commands.execute('application:close')")
    assert outside_requests == []


def cell_of(notebook: Notebook, text: str) -> Locator:
    return notebook.panel.locator(".jp-CodeCell").filter(has_text=text).first


def test_a_wrong_answer_is_typed_and_named(opened: Page) -> None:
    notebook = Notebook(opened)
    run_all(opened)
    expect(notebook.panel.get_by_text("is not answered yet")).to_be_visible()
    editor = cell_of(notebook, "numbers = None").locator(".cm-content")
    editor.click()
    opened.keyboard.press("Control+a")
    opened.keyboard.type("numbers = 600")
    opened.keyboard.press("Shift+Enter")
    opened.keyboard.press("Shift+Enter")
    told = cell_of(notebook, "check.answer").locator(".jp-OutputArea")
    expect(told).to_contain_text("A pixel in colour has one number each for red, green and blue.")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_table_of_the_doctor_can_be_read_in_both_themes(
    opened: Page, theme: str, contrasts: Callable[[Locator, str], dict[str, float]]
) -> None:
    notebook = Notebook(opened)
    notebook.theme(theme)
    run_all(opened)
    table = cell_of(notebook, "doctor.report()").locator("table")
    expect(table).to_be_visible()
    found = contrasts(table, "td, th")
    assert len(found) > 5
    assert {words: contrast for words, contrast in found.items() if contrast < 4.5} == {}
