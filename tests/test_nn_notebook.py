"""The progress bar of cnnkit.nn.fit where it matters most: in a real notebook kernel."""

import warnings
from pathlib import Path

import nbformat
import pytest

CELL = """
from cnnkit import data, nn, zoo
run = nn.fit(zoo.tfjs_mnist(), data.load("digits"), examples=640, lr=0.05)
"""


@pytest.fixture(scope="module")
def outputs():
    """Return what a notebook shows under a cell that trains."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the client's own libraries
        from nbclient import NotebookClient

        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
        root = str(Path(__file__).parent.parent)  # so that the kernel imports this very cnnkit
        NotebookClient(notebook, timeout=120, resources={"metadata": {"path": root}}).execute()
    return notebook.cells[0].outputs


def test_a_notebook_shows_one_bar_and_not_a_word_on_stderr(outputs):
    assert [output for output in outputs if output.output_type == "stream"] == []
    bars = [output for output in outputs if output.output_type == "display_data"]
    assert len(bars) == 1
    assert "application/vnd.jupyter.widget-view+json" in bars[0].data


def test_without_widgets_the_bar_is_still_one_line_of_text(outputs):
    (bar,) = outputs
    assert len(bar.data["text/plain"].splitlines()) == 1
