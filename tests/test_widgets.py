"""What holds for every widget: its module, its styles, its settings, its still picture."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cnnkit import data, widgets, zoo
from cnnkit.errors import ArgumentError
from cnnkit.widgets.parts.assets import FOLDER, IMPORT, script, style
from cnnkit.widgets.parts.fallback import VIEW, PicturedWidget
from cnnkit.widgets.parts.settings import Choice, Number, Switch, WholeNumber

WIDGETS = [
    kind for kind in vars(widgets).values() if isinstance(kind, type) and issubclass(kind, PicturedWidget)
]
SHEETS = sorted(FOLDER.rglob("*.css"))
SCRIPTS = sorted(FOLDER.rglob("*.js"))


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


each_widget = pytest.mark.parametrize("kind", WIDGETS, ids=lambda kind: kind.__name__)


@each_widget
def test_a_widget_is_called_as_the_function_that_makes_it(kind: type[PicturedWidget]) -> None:
    assert callable(getattr(widgets, kind.called))
    assert {kind.called, kind.__name__} <= set(widgets.__all__)
    assert FOLDER / f"{kind.called}/{kind.called}.js" in SCRIPTS


@each_widget
def test_a_setting_that_there_is_not_is_refused_with_the_nearest(kind: type[PicturedWidget]) -> None:
    given = [zoo.tfjs_mnist(), data.load("digits")] if kind.called == "training_dashboard" else []
    widget = getattr(widgets, kind.called)(*given)
    settings = [name for name, trait in widget.traits(sync=True).items() if not trait.read_only]
    own = [each for each in settings if each in vars(kind) and not each.startswith("_")]
    for name in own:
        setattr(widget, name, getattr(widget, name))
        with pytest.raises(ArgumentError, match=f"`{name}_` is no setting.* Did you mean '{name}'"):
            setattr(widget, f"{name}_", getattr(widget, name))
    assert own


MAKE_ALL = """
import json, sys, threading
from cnnkit import data, widgets, zoo

made = {name: getattr(widgets, name)() for name in NAMES}
made["training_dashboard"] = widgets.training_dashboard(zoo.tfjs_mnist(), data.load("digits"))
bundles = {name: widget._repr_mimebundle_()[0] for name, widget in made.items()}
heavy = [name for name in ("torch", "matplotlib", "PIL", "sklearn") if name in sys.modules]
kinds = {name: sorted(bundle) for name, bundle in bundles.items()}
texts = [bundle["text/plain"] for bundle in bundles.values()]
print(json.dumps([kinds, texts, heavy, threading.active_count()]))
"""


def afresh(code: str, **environment: str) -> str:
    """Return what a new process prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_grader_gets_texts_and_nothing_heavy_happens() -> None:
    names = [kind.called for kind in WIDGETS if kind.called != "training_dashboard"]
    code = MAKE_ALL.replace("NAMES", repr(names))
    kinds, texts, heavy, threads = json.loads(afresh(code, NBGRADER_EXECUTION="autograde"))
    assert kinds == {kind.called: [VIEW, "text/plain"] for kind in WIDGETS}
    assert all(texts)
    assert (set(heavy) - {"sklearn"}, threads) == (set(), 1)  # the digits of the dashboard are sklearn's
    kinds, _, _, _ = json.loads(afresh(code))
    assert kinds == {kind.called: [VIEW, "image/png", "text/plain"] for kind in WIDGETS}


def test_importing_them_all_loads_neither_torch_nor_matplotlib_nor_the_catalogue() -> None:
    heavy = ("torch", "matplotlib", "cnnkit.answers")
    loaded = afresh(f"import sys, cnnkit.widgets; print([name for name in {heavy} if name in sys.modules])")
    assert loaded.strip() == "[]"


@each_widget
def test_a_page_gets_one_module_that_imports_nothing(kind: type[PicturedWidget]) -> None:
    text = script(kind.called)
    assert text.count("export default { render: watched(render) };") == 1
    assert re.findall(r"^\s*import\b|\bimport\(", text, flags=re.MULTILINE) == []


@pytest.mark.node
@each_widget
def test_the_module_is_one_that_a_page_can_load(in_node: Any, kind: type[PicturedWidget]) -> None:
    assert in_node(script(kind.called), [["minus", -1]]) == ["−1"]


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_every_import_is_a_neighbour_that_is_put_in_front(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("import ")]
    assert len(lines) == len(IMPORT.findall(text))


@pytest.mark.parametrize("path", [*SCRIPTS, *SHEETS], ids=name_of)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    text = IMPORT.sub("", path.read_text(encoding="utf-8"))
    assert re.findall(r"https?:|//cdn|@import|\bfetch\(|XMLHttpRequest|\beval\(|new Function", text) == []


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_a_style_reaches_no_further_than_its_widget(path: Path) -> None:
    sheet = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    rules = re.findall(r"^([^{}@\s][^{}]*)\{", sheet, flags=re.MULTILINE)
    far = [
        part.strip() for rule in rules for part in re.split(r",(?![^()]*\))", rule) if ".cnnkit-" not in part
    ]
    assert len(rules) > 0
    assert far == []


def test_the_styles_of_what_a_module_imports_come_with_it() -> None:
    assert style("layer_shapes").index(".cnnkit-widget") < style("layer_shapes").index(".cnnkit-axis")


class Tried(PicturedWidget):
    """One setting of each kind."""

    called = "tried"
    _esm = "export default { render() {} };"
    count = WholeNumber(1, 9, "pixels")
    plain = WholeNumber(-3, 3)
    share = Number(0, 0.5, "Give a share.")
    way = Choice(["up", "down"])
    flip = Switch(False)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("count", 10, "is 10, expected an integer from 1 to 9. Give `count` as a whole number of pixels."),
        (
            "count",
            True,
            "is True, expected an integer from 1 to 9. Give `count` as a whole number of pixels.",
        ),
        ("plain", 1.0, "is 1.0, expected an integer from -3 to 3. Give `plain` as a whole number."),
        ("share", 0.6, "is 0.6, expected a number from 0 to 0.5. Give a share."),
        ("share", float("nan"), "is nan, expected a number from 0 to 0.5. Give a share."),
        ("share", "0.1", "is '0.1', expected a number from 0 to 0.5. Give a share."),
        ("share", False, "is False, expected a number from 0 to 0.5. Give a share."),
        ("way", "left", "is 'left', expected one of 'up', 'down'. Give one of these names."),
        ("way", None, "is None, expected one of 'up', 'down'. Give one of these names."),
        ("flip", 1, "is 1, expected True or False. Give one of the two."),
    ],
)
def test_a_setting_refuses_what_it_cannot_be(name: str, value: Any, message: str) -> None:
    tried = Tried()
    before = getattr(tried, name)
    with pytest.raises(ArgumentError) as refused:
        setattr(tried, name, value)
    assert f"tried: `{name}` {message}" == str(refused.value)
    assert before == getattr(tried, name)


def test_a_setting_takes_what_is_at_its_limits() -> None:
    tried = Tried(count=9, plain=-3, share=0, way="down", flip=True)
    assert (9, -3, 0.0, "down", True) == (tried.count, tried.plain, tried.share, tried.way, tried.flip)
    assert isinstance(tried.share, float)
