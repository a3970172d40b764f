"""Notebooks converted to pages: where no browser runs a widget, a picture and a text stand for it.

The notebooks that train are looked at where they are run anyway, in ``test_wrong_submissions``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nbformat import v4

from cnnkit.widgets.parts.fallback import VIEW
from tests.pages import MAKERS, poor_pages, widget_cells

ROOT = Path(__file__).resolve().parents[1]
SHOWCASE = ROOT / "docs/widgets.ipynb"
SOURCES = [
    *sorted(ROOT.glob("solutions/0[012]-*/*.ipynb")),
    SHOWCASE,
]
RENEW = f"jupyter nbconvert --to notebook --execute --inplace {SHOWCASE.relative_to(ROOT)}"


def convert(source: Path, folder: Path, form: str) -> Path:
    """Execute a notebook from top to bottom and convert it, offline."""
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--execute", "--to", form]
    command += ["--output-dir", str(folder), "--ExecutePreprocessor.record_timing=False", str(source)]
    environment = os.environ | {"CNNKIT_OFFLINE": "1", "CNNKIT_DATA": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / source.with_suffix(".html" if form == "html" else ".ipynb").name


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_widget_leaves_a_picture_on_the_page(source: Path, tmp_path: Path) -> None:
    executed = convert(source, tmp_path, "notebook")
    assert poor_pages(read(executed)) == []
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", str(executed)]
    subprocess.run(command, capture_output=True, check=True)
    html = executed.with_suffix(".html").read_text(encoding="utf-8")
    pictures = re.findall(r'<img [^>]*src="data:image/png;base64,', html)
    assert len(pictures) >= len(list(widget_cells(read(executed)))) > 0
    assert f'<script type="{VIEW}">' not in html


def test_the_showcase_shows_every_widget_and_as_its_cells_make_them(tmp_path: Path) -> None:
    kept = list(widget_cells(read(SHOWCASE)))
    assert {maker for maker, _ in kept} == MAKERS
    made = list(widget_cells(read(convert(SHOWCASE, tmp_path, "notebook"))))
    for (maker, stored), (_, now) in zip(kept, made, strict=True):
        assert _said(stored) == _said(now), f"{maker}: run `{RENEW}`"
    assert poor_pages(read(SHOWCASE)) == []


def _said(cell: dict[str, Any]) -> list[str]:
    """Return the texts of a cell's outputs, without what another processor computes a little differently."""
    texts = ["".join(output["data"]["text/plain"]) for output in cell["outputs"] if "data" in output]
    return [re.sub(r"\d+\.\d+", "#", text) for text in texts]


def page(*cells: tuple[str, dict[str, str]]) -> dict[str, Any]:
    made = []
    for source, data in cells:
        outputs = [v4.new_output("display_data", data)] if data else []
        made.append(v4.new_code_cell(source, outputs=outputs, id=f"cell-{len(made)}"))
    return dict(v4.new_notebook(cells=made))


def test_a_widget_that_leaves_nothing_is_noticed() -> None:
    text = {"text/plain": "Conv2d(3, 32, 5, padding=2): (3, 32, 32) -> (32, 32, 32)"}
    png = {"image/png": "iVBORw0KGgo="}
    view = {VIEW: "{}"}
    call = "from cnnkit import widgets\nwidgets.layer_shapes()"
    assert poor_pages(page((call, text | png))) == []
    assert poor_pages(page((call, {}))) == [
        "cell-0: layer_shapes leaves no picture",
        "cell-0: layer_shapes says only ''",
    ]
    assert poor_pages(
        page((call, {"text/plain": "<cnnkit.widgets.LayerShapes object at 0x7f00>"} | png))
    ) == ["cell-0: layer_shapes says only '<cnnkit.widgets.LayerShapes object at 0x7f00>'"]
    assert poor_pages(page((call, text | png | view))) == [
        "cell-0: layer_shapes leaves a view, which a page would fetch a player for"
    ]
    named = page(("sliders = widgets.layer_shapes()", {}), ("sliders", text), ("sliders.value", text))
    assert poor_pages(named) == ["cell-1: layer_shapes leaves no picture"]
