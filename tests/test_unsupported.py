"""What a test cannot have is found before the release, with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograde.notebook import Notebook, load
from autograde.origins import Origins
from autograde.unsupported import asks_for_changes, unsupported

ROOT = Path(__file__).resolve().parent.parent
SOLVED = """
from dataclasses import dataclass
class Net: pass
@dataclass
class Point: x: int
class Low(ValueError): pass
class Metre(float): pass
def f(x): return x
def count():
    global calls
    calls += 1
x = 1
calls = 0
net = Net()
"""


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
    "assert 1\nassert Net() == net": (
        2,
        "`Net() == net` needs an operator or a special method of the student's",
    ),
    "assert (Net() + net).size == 3": (1, "`Net() + net` needs an operator"),
    "len(net)": (
        1,
        "`len(net)` needs an operator or a special method of the student's class Net. Compute it",
    ),
    "assert net[0]": (1, "`net[0]` needs an operator"),
    "for k in net: f(k)": (1, "`for k in net:` needs an operator"),
    "assert [k for k in Net()]": (1, "`for k in Net()` needs an operator"),
    "one = Net()\nassert 3 in one": (2, "`3 in one` needs an operator"),
    "assert str(net) == 'net'": (1, "`str(net)` needs an operator"),
    "assert f'{net}' == 'net'": (1, "`{net}` needs an operator"),
    "with Net() as one: f(one)": (1, "`with Net() as one:` needs an operator"),
    "assert not net": (1, "`not net` needs an operator"),
    "assert net": (1, "`assert net` needs an operator"),
    "assert Point(1) < Point(2)": (1, "`Point(1) < Point(2)` needs an operator"),
    "assert type(net) is Net": (1, "`type(net) is Net`: a student's class is none here. Use `isinstance`."),
    "assert inspect.isfunction(f)": (
        1,
        "`inspect.isfunction(f)`: a student's function or class is none here.",
    ),
    "import types\nassert isinstance(f, types.FunctionType)": (
        2,
        "`types.FunctionType`: a student's function",
    ),
    "assert 'w' in net.__dict__": (1, "`net.__dict__`: what is inside a student's object stays there."),
    "a = [1, 2]\nf(a)\nassert a == [2, 1]": (
        3,
        "`a` is copied to the student's side; a function that changes",
    ),
    "a = [1]\nassert f(a) is a": (2, "`f(a) is a`: what a function returns is a copy here."),
    "count()\nassert calls == 1": (2, "`calls` is read before the test begins; a function that changes it"),
    "f('a.txt')\nassert open('a.txt').read()": (2, "`open('a.txt')`: a file that a function writes stays on"),
    "with open('a.txt', 'w') as file: file.write('1')\nf('a.txt')": (
        1,
        "`open('a.txt', 'w')`: a file that a test",
    ),
    "import warnings\nwith warnings.catch_warnings(record=True) as seen: f(1)": (
        2,
        "`warnings.catch_warnings(record=True)`: a student's warnings",
    ),
    "import builtins\nbuiltins.input = lambda: '3'": (
        2,
        "`builtins.input` is replaced here, not on the student's",
    ),
    "np.mean = None": (1, "`np.mean` is replaced here"),
    "class Fake: n = 1\nf(Fake())": (2, "an object of `Fake` is the test's own, and no student's function"),
    "class Deep(Net): pass": (1, "`Deep` cannot be derived here from a class of the student's."),
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


@pytest.mark.parametrize(
    ("test", "asks"),
    [
        ("a = [2, 1]\nassert f(a) == [1, 2]\nassert a == [2, 1]", True),
        ("a = [2, 1]\nf(a)\nassert a[0] == 2", True),
        ("a = [2, 1]\nb = f(a)\nassert b is not a", True),
        ("a = np.ones(3)\nf(a)\nsame = np.array_equal(a, np.ones(3))", True),
        ("a = [2, 1]\nassert f(a) == a and f(a) == sorted(a)", False),
        ("a = (2, 1)\nf(a)\nassert a == (2, 1)", False),
        ("a = [2, 1]\nassert a == [2, 1]\nf(a)", False),
        ("assert f(net) is net and f(3) is None", False),
    ],
)
def test_a_test_that_asks_for_a_changed_argument_is_known(test: str, asks: bool) -> None:
    source = notebook(test)
    assert asks == asks_for_changes(source, test, Origins(source).solved)


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
    "net.weight = 3\nassert net.weight == 3",
    "assert Point(1) == Point(1) and Point(2) != f(Point(1))",
    "assert isinstance(net, Net) and issubclass(Net, Net) and type(net).__name__ == 'Net' and f.__defaults__",
    "assert f(net) is net and net is not None",
    "g = f([1])\nassert next(iter(g)) == 1\nfor k in f([1]): f(k)",
    "a = [1, 2]\nassert f(a) == [1, 2]\nassert a == [1, 2]",
    "a = [1, 2]\nassert f(a) is not a and f(a) == sorted(a) and f(a) == a",
    "a = np.ones(3)\nf(a)\nassert np.array_equal(a, np.ones(3))",
    "try: f(-1)\nexcept Low: pass\nassert Metre(3) + 1 == 4 and len(f([1])) == 1",
    "import io, sys\nsys.stdout = io.StringIO()\nf(1)\nassert sys.stdout.getvalue() == ''",
    "text = open('given.csv').read()\nassert f(text)",
    "class Error(Exception): pass\ntry: f(1)\nexcept Error: pass",
    "assert net.values[0] == 1 and len(net.values) == 1 and str(net.values) and [k for k in net.values]",
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
