"""What a test cannot have is found before the release, with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograde.notebook import Notebook, load
from autograde.unsupported import unsupported

ROOT = Path(__file__).resolve().parent.parent
SOLVED = "class Net: pass\ndef f(x): return x\nx = 1\nnet = Net()"


def notebook(test: str, *later: dict[str, Any]) -> Notebook:
    return {
        "cells": [
            _cell("import numpy as np\nimport inspect", "setup"),
            _cell(SOLVED, "answer", solution=True),
            _cell("helper = 1", "other-test", grade=True, points=1),
            _cell(test, "test", grade=True, points=1),
            *later,
        ]
    }


def _cell(source: str, id: str, **role: Any) -> dict[str, Any]:
    meta = {"nbgrader": {"grade_id": id, **role}} if role else {}
    return {"cell_type": "code", "id": id, "source": source, "metadata": meta}


REFUSED = {
    "inspect.getsource(f)": (
        1,
        "`inspect.getsource`: the code of a student's function stays on the student's side",
    ),
    "1\nfrom inspect import getsource": (2, "`inspect`: the code of a student's function stays"),
    "assert f(1)\nassert f.__code__.co_names": (2, "`f.__code__`: the code of a student's function stays"),
    "import dis\ndis.dis(f)": (2, "`dis.dis`: the code"),
    "get_ipython().history_manager": (1, "a magic, a shell line or `get_ipython` has no notebook to act on"),
    "x\n%timeit f(1)": (2, "a magic, a shell line or `get_ipython`"),
    "assert _ == 3": (1, "`_` is the notebook's history, which no test sees. Give the value a name."),
    "assert 'for' not in In[3]": (1, "`In` is the notebook's history"),
    "Out[4]": (1, "`Out` is the notebook's history"),
    "old = x\nx = 5\nf(2)": (
        2,
        "`x` is the student's: changed here, it stays as it is for the student's functions.",
    ),
    "del f": (1, "`f` is the student's: changed here"),
    "net.fc.weight.data = 3": (1, "`net.fc.weight.data` is set on an object of the student's"),
    "from unittest.mock import patch": (1, "what a test replaces is not replaced on the student's side."),
    "from unittest import mock": (1, "what a test replaces is not replaced"),
    "import unittest.mock": (1, "what a test replaces is not replaced"),
    "assert helper": (
        1,
        "`helper` is made by other-test, and each test begins afresh. Make it here, or in no test.",
    ),
    "assert f(1)\nassert nowhere": (2, "`nowhere` is made nowhere in the notebook. Make it here."),
}


@pytest.mark.parametrize("test", REFUSED)
def test_what_cannot_work_is_found_in_its_line(test: str) -> None:
    line, why = REFUSED[test]
    found = unsupported(notebook(test))
    assert [("test", line)] == [(cell, at) for cell, at, _ in found]
    assert found[0][2].startswith(why)


def test_what_a_later_cell_of_the_student_reads_cannot_be_made_in_a_test() -> None:
    later = _cell("print(total)", "later")
    why = "`total` is read later by later, and what a test makes stays in it."
    why += " Make it in a cell that is no test."
    assert [("test", 2, why)] == unsupported(notebook("f(1)\ntotal = f(2)", later))
    assert [] == unsupported(notebook("total = 1", _cell("total = 2", "sets"), later))


ALLOWED = [
    "score = f(1)\nassert score == 1\nscore",
    "assert np.allclose(x, 1) and inspect.signature(f)",
    "y = [f(k) for k in range(3)]\ny[0] = 1",
    "import random\nrandom.seed(1)",
    "a = np.zeros(3)\na.flags.writeable = False\nf(lambda q: q)",
    "named = {'In': 1}\nassert named['In']",
]


@pytest.mark.parametrize("test", ALLOWED)
def test_what_works_is_left_alone(test: str) -> None:
    assert [] == unsupported(notebook(test))


def test_where_a_star_or_a_magic_can_make_any_name_none_is_missed() -> None:
    source = notebook("nowhere")
    source["cells"][0]["source"] = "%run tools.py"
    assert [] == unsupported(source)
    source["cells"][0]["source"] = "from tools import *"
    assert [] == unsupported(source)


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_the_course_asks_for_nothing_that_cannot_work(path: Path) -> None:
    assert [] == unsupported(load(path))
