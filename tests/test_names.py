"""Which names a cell takes from outside, read from its text; and where the names of students lead."""

from __future__ import annotations

from typing import Any

import pytest

from autograde.names import names_of
from autograde.origins import Origins
from autograde.sources import Sources

LOADS = {
    "x = a": "a",
    "x = a\nb = x": "a",
    "x += 1": "x",
    "x = x + 1": "x",
    "x: int = a": "a int",
    "x: int": "int",
    "f'{a:{width}} {x!r}'": "a width x",
    "(y := a) + y": "a",
    "print(a[i].b(c=d, *e))": "a c_ d e i print",
    "[x + k for x in a if x > b]": "a b k",
    "{x: y for x, y in a.items()}": "a",
    "[x for x in a] + [x]": "a x",
    "[y for x in a for y in x]": "a",
    "sum(x for x in a)": "a sum",
    "for i in range(n):\n    s = i\ns + i": "i n range s",
    "while a:\n    a = a - 1": "a",
    "if a:\n    b = 1\nelse:\n    b = 2\nb": "a",
    "if a:\n    b = 1\nb": "a b",
    "with open(p) as f, g() as h:\n    f.read(h)": "g open p",
    "try:\n    x = a\nexcept E as e:\n    print(e)\n    raise\nx": "E a print",
    "try:\n    x = a\nexcept E:\n    pass\nx": "E a x",
    "try:\n    pass\nfinally:\n    x = a\nx": "a",
    "def f(p, q=a, *r, k: T = b, **s) -> R:\n    return p + q + g + r + k + s": "R T a b g",
    "def f():\n    return y\ny = 1": "",
    "f()\ndef f(): pass": "f",
    "def f():\n    y = 1\n    def h(): return y + z\n    return h": "z",
    "def f():\n    global c\n    c = c + 1": "c",
    "f = lambda a, b=d: a + b + c": "c d",
    "@a.b\nclass C(D, metaclass=M):\n    x = y\n    z = x\n    def m(self): return x + w": "D M a w x y",
    "import a.b, c as d\na.b(d)": "",
    "from m import n\nn()": "",
    "del a": "a",
    "a = 1\ndel a\na": "a",
    "a, (b, *c) = d\na + b + c": "d",
    "x.y = z\nx[i] = z": "i x z",
    "match a:\n    case {'k': v, **rest} if v > m: v, rest": "a m",
    "match a:\n    case [first, *others]: first, others\n    case other: other": "a",
    "async def f():\n    async for x in a: await b(x)": "a b",
    "await a": "a",
    "%matplotlib inline\nx = a": "a get_ipython",
    "!ls {a}": "get_ipython",
    "%%time\nx = a": "a get_ipython",
    "%time x = a\nx": "a get_ipython x",
    "def f(:": "",
}


@pytest.mark.parametrize("text", LOADS)
def test_names_that_a_cell_takes_from_outside(text: str) -> None:
    expected = {name for name in LOADS[text].split() if name != "c_"}
    assert expected == names_of(text).loads


def test_a_name_that_is_bound_on_some_path_is_wanted_but_not_needed() -> None:
    names = names_of("if a:\n    b = 1\nb + c")
    assert {"a", "c"} == names.needs
    assert {"b"} == names.binds


def test_a_conditional_import_stays_an_import() -> None:
    names = names_of("try:\n    import torch\nexcept ImportError:\n    torch = None")
    assert {"torch": ("import torch",)} == names.imports


def cell(source: str, role: str = "", tags: tuple[str, ...] = ()) -> dict[str, Any]:
    roles = {
        "": {},
        "solution": {"solution": True},
        "test": {"grade": True, "points": 1},
        "read-only": {"locked": True},
    }
    return {"cell_type": "code", "source": source, "metadata": {"nbgrader": roles[role], "tags": list(tags)}}


def prelude(test: str, *cells: dict[str, Any]) -> tuple[list[str], list[str], set[str]]:
    made = Origins({"cells": [*cells, cell(test, "test")]}).prelude(test, len(cells))
    return made.imports, [text.partition("(")[0] for text in made.definitions], made.needed


def test_a_test_gets_the_imports_it_uses_and_no_others() -> None:
    setup = cell("import numpy as np\nimport torch\nimport os.path\nimport os.path as p")
    assert (["import numpy as np"], [], {"x"}) == prelude("np.abs(x)", setup)
    assert (["import os.path"], [], set()) == prelude("os", setup)


def test_the_instructor_s_functions_come_with_all_that_they_use() -> None:
    helpers = cell("import math\ndef a(x): return b(x) + math.pi\ndef b(x): return K * x\nK = load()")
    assert (["import math"], ["def a", "def b"], {"K", "x"}) == prelude("a(x)", helpers)


def test_the_last_definition_before_the_test_counts() -> None:
    one, two = cell("def a(): return 1", "read-only"), cell("def a(): return 2", "read-only")
    made = Origins({"cells": [one, cell("a()", "test"), two]}).prelude("a()", 1)
    assert ["def a():\n    return 1"] == made.definitions


def test_what_a_solution_binds_is_the_student_s() -> None:
    setup = cell("from lib import conv\ndef relu(x): return x")
    work = cell("def conv(x): return x\ndef relu(x): return x\ndef sum(x): return x", "solution")
    assert ([], [], {"conv", "relu", "sum"}) == prelude("conv, relu, sum, max", setup, work)


PLAIN = {
    "x = 3": True,
    "x = [1, 2] * k": True,
    "x, y = (1, 2), {'a': -3.5}": True,
    "x: int = 3": True,
    "x = np.array([[1, 2], [3, 4]]).T / 2": True,
    "x = np.random.default_rng(3).normal(size=(2, 2))": True,
    "x = np.random.default_rng().normal(size=3)": False,
    "x = np.random.default_rng(seed()).normal(size=3)": False,
    "rng = np.random.default_rng(3)\nx = rng.normal(size=3)": False,
    "x = np.random.default_rng(3)": False,
    "x = np.random.rand(3)": False,
    "x = load('mnist')": False,
    "x = [load(i) for i in range(3)]": False,
    "if k:\n    x = 3": False,
    "for x in range(3): pass": False,
    "x = 3\nx = load()": False,
    "x = load()\nx = 3": True,
    "x = 3\nx += 1": False,
    "x = y": False,
    "y = 2\nx = y": True,
    "x = [1]\nx.append(2)": False,
    "x = np.zeros(3)\nx[0] = 1": False,
    "x = np.zeros(3)\nx.flat[0] = 1": False,
    "x = np.zeros(3)\nnp.add(1, 2, out=x)": False,
    "x = np.zeros(3)\nnp.random.shuffle(x)": False,
    "x = np.zeros(3)\nspoil(x)": False,
    "x = np.zeros(3)\nprint(x, x.sum(), np.abs(x))": True,
    "x = lambda: 3": False,
}


@pytest.mark.parametrize("text", PLAIN)
def test_plain_data_of_the_instructor_are_the_judge_s_own(text: str) -> None:
    imports, definitions, needed = prelude("x", cell("import numpy as np\nk = 2"), cell(text))
    assert PLAIN[text] == (needed == set()) == bool(definitions)
    assert ["import numpy as np"] * ("np" in text and PLAIN[text]) == imports


def test_data_that_a_solution_changes_are_the_student_s() -> None:
    given = cell("x = []\ny = 0\nz = 1")
    solution = cell("x.append(1)\ny += 1\nprint(z)", "solution")
    assert ([], ["z = 1"], {"x", "y"}) == prelude("x, y, z", given, solution)


def test_a_cell_with_the_tag_is_left_to_the_student_s_side() -> None:
    assert ([], ["def a"], set()) == prelude("a()", cell("def a(): pass"))
    assert ([], [], {"a"}) == prelude("a()", cell("def a(): pass", tags=("student-side",)))


def test_classes_of_the_instructor_stay_on_the_student_s_side() -> None:
    assert ([], [], {"Net"}) == prelude("Net()", cell("class Net: pass", "read-only"))


CONV = "torch.nn.functional.conv2d"
LIBRARIES = {
    "its own loops": ("import numpy as np\ndef f(x): return np.zeros(3) + x", ["numpy.zeros"]),
    "an attribute of an alias": (
        "import torch.nn.functional as F\ndef f(x): return F.conv2d(x)",
        [CONV],
    ),
    "a full path": (
        "import torch.nn\ndef f(x): return torch.nn.functional.conv2d(x)",
        [CONV],
    ),
    "an imported name": (
        "from scipy.signal import convolve2d as c\ndef f(x): return c(x)",
        ["scipy.signal.convolve2d"],
    ),
    "an import inside": (
        "def f(x):\n    import scipy.signal as s\n    return s.convolve(x)",
        ["scipy.signal"],
    ),
    "a friend": ("import torch\ndef g(x): return torch.relu(x)\ndef f(x): return g(x)", ["torch.relu"]),
    "a friend's friend in another cell": (
        "import torch\ndef h(x): return torch.relu\n###\ndef g(x): return h(x)\n###\ndef f(x): return g(x)",
        ["torch.relu"],
    ),
    "another name": ("import torch\nf = torch.relu", ["torch.relu"]),
    "a table of functions": (
        "import torch\ntools = {'r': torch.relu}\ndef f(x): return tools['r'](x)",
        ["torch.relu"],
    ),
    "a default": ("import torch\ndef f(x, g=torch.relu): return g(x)", ["torch.relu"]),
    "a decorator": ("import torch\n@torch.compile\ndef f(x): return x", ["torch.compile"]),
    "a class": (
        "import torch\nclass C:\n    def go(self, x): return torch.relu(x)\ndef f(x): return C().go(x)",
        ["torch.relu"],
    ),
    "a partial": (
        "import functools, torch\nf = functools.partial(torch.conv2d, padding=1)",
        ["functools.partial", "torch.conv2d"],
    ),
    "everything of a module": (
        "from torch.nn.functional import *\ndef f(x): return conv2d(x)",
        [CONV],
    ),
    "a global in another function": (
        "import torch\ndef setup():\n    global f\n    f = torch.relu\nsetup()",
        ["torch.relu"],
    ),
    "a loop": ("import torch\nfor f in [torch.relu]: pass", ["torch.relu"]),
    "__import__": ("def f(x): return __import__('torch').relu(x)", ["torch"]),
    "a computed import": ("def f(x): return __import__('tor' + 'ch').relu(x)", ["importlib.import_module"]),
    "importlib": (
        "import importlib\ndef f(x): return importlib.import_module('torch').relu(x)",
        ["importlib.import_module", "torch"],
    ),
    "sys.modules": ("import sys\ndef f(x): return sys.modules['torch'].relu(x)", ["sys.modules"]),
    "exec": ("def f(x):\n    exec('import torch')", ["builtins.exec"]),
    "no definition at all": ("from_nowhere = 1", ["builtins.exec"]),
    "another definition by exec": ("def f(x): return x\nexec('f = 1')", ["builtins.exec"]),
    "another definition by globals": ("def f(x): return x\nglobals()['f'] = 1", ["builtins.globals"]),
    "one more by globals": ("def f(x): return x\nglobals().update(f=1)", ["builtins.globals"]),
    "globals are only looked at": ("def f(x): return x\n'f' in globals() and globals()['f']", []),
    "a cell with a stop-watch": ("%%time\nimport torch\ndef f(x): return torch.relu(x)", ["torch.relu"]),
    "a line with a stop-watch": ("import torch\ndef f(x): return x\n%time f = torch.relu", ["torch.relu"]),
    "a name that only looks alike": ("import torch\ndef f(torch): return torch.relu()", []),
    "a local name": ("from cnnkit import check\ndef f(x):\n    check = 1\n    return check", []),
    "another function beside it": ("import torch\ndef g(x): return torch.relu(x)\ndef f(x): return x", []),
}


@pytest.mark.parametrize("name", LIBRARIES)
def test_libraries_are_found_however_they_are_reached(name: str) -> None:
    text, expected = LIBRARIES[name]
    assert expected == Sources(text.split("\n###\n")).library_calls("f")


def test_the_text_of_a_name_is_its_last_definition() -> None:
    sources = Sources(["def f(): return 1", "def f(): return 2\nx = 3"])
    assert "def f():\n    return 2" == sources.text("f")
    assert ("x = 3", "") == (sources.text("x"), sources.text("y"))
