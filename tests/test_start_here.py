"""The first notebook: what it shows is true, and only on Colab does it fetch the course."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograde.notebook import load
from cnnkit import check
from cnnkit.answers import ALL, EXAMPLE
from cnnkit.answers.variants import confusions
from cnnkit.check import DIAGNOSIS_MIME
from cnnkit.doctor import Finding, Report
from cnnkit.errors import WrongAnswer

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "notebooks/00-start-here/00-start-here.ipynb"
CELLS = {cell["id"]: cell["source"] for cell in load(NOTEBOOK)["cells"]}
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
# nbclient's libraries warn about themselves
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def run(**sources: str) -> dict[str, Any]:
    """Run the released notebook with other sources in some cells; id -> outputs."""
    from nbclient import NotebookClient

    notebook: Any = nbformat.read(NOTEBOOK, 4)
    for cell in notebook.cells:
        cell.source = sources.get(cell.id.replace("-", "_"), cell.source)
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    NotebookClient(notebook, timeout=120, allow_errors=True, resources=where).execute()
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


@pytest.fixture(scope="module")
def outputs() -> dict[str, Any]:
    """What a student sees who writes what the notebook asks for."""
    asked = re.search(r"Write `(\d+)` in place of `None`", CELLS["answer-and-check"])
    assert asked is not None
    return run(numbers=f"numbers = {asked[1]}")


def test_the_notebook_runs_from_top_to_bottom_as_it_is_given_out() -> None:
    found = run()
    assert [id for id, made in found.items() if any(each.output_type == "error" for each in made)] == []
    assert found["check-numbers"][0].data[DIAGNOSIS_MIME]["verdict"] == "missing"


def test_what_it_asks_to_write_is_told_as_the_mistake_that_it_is(outputs: dict[str, Any]) -> None:
    shown, error = outputs["check-numbers"]
    assert shown.data[DIAGNOSIS_MIME]["mistakes"] == ["colours-forgotten"]
    assert (error.output_type, error.ename) == ("error", "WrongAnswer")


def test_it_looks_at_the_machine_and_shows_a_table(outputs: dict[str, Any]) -> None:
    (table,) = outputs["doctor"]
    assert "<table" in table.data["text/html"]
    assert f"✓ Python: {sys.version.split()[0]}" in table.data["text/plain"]


def test_its_question_belongs_to_no_assignment_and_tells_its_mistakes_apart() -> None:
    assert EXAMPLE.id not in [entry.id for entry in ALL]
    assert confusions(EXAMPLE) == []
    assert check.answer(EXAMPLE.id, 30 * 20 * 3) == 1
    with pytest.raises(WrongAnswer, match="A pixel in colour has one number each for red, green and blue"):
        check.answer(EXAMPLE.id, 30 * 20)


def test_every_notebook_that_it_leads_to_is_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", "\n".join(CELLS.values()))
    assert len(links) > 0
    assert [link for link in links if not (NOTEBOOK.parent / link).is_file()] == []


def test_a_report_escapes_what_it_shows_and_sets_commands_as_code() -> None:
    findings = (Finding("a<b", "x & y"), Finding("mnist", "", "not here. Run: get <it>", required=False))
    page = Report(findings)._repr_html_()
    assert "a&lt;b" in page
    assert "x &amp; y" in page
    assert "not here. Run: <code>get &lt;it&gt;</code>" in page
    assert "All that the notebooks need is here." in page
    lacking = Report((*findings, Finding("torch", "", "cannot be loaded")))
    assert str(lacking).splitlines()[-2:] == [
        "✗ torch: cannot be loaded",
        "Something that the notebooks need is missing (✗).",
    ]
