"""Which module may import which: one table, enforced by reading every import, those inside functions too."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from autograde.sandbox import needed

ROOT = Path(__file__).resolve().parent.parent

# module or subpackage: what it may import of its own package, and what from elsewhere
TABLE: dict[str, dict[str, tuple[str, str]]] = {
    "cnnkit": {
        "__init__": ("network shapes", ""),
        "errors": ("", ""),
        "shapes": ("errors", ""),
        "layers": ("errors shapes", ""),
        "receptive": ("layers shapes", ""),
        "ledger": ("errors layers receptive", ""),
        "network": ("errors layers ledger receptive shapes", ""),
        "zoo": ("layers network", ""),
        "functional": ("errors shapes", "numpy"),
        "filters": ("errors", "numpy"),
        "strokes": ("errors", "numpy"),
        "data": ("errors functional shapes __init__", "numpy PIL sklearn torch tqdm"),
        "convnetjs": ("errors layers network shapes", "numpy"),
        "plot": ("errors filters functional shapes", "numpy matplotlib"),
        "answers": (
            "convnetjs data errors functional layers ledger network nn shapes strokes zoo",
            "numpy torch PIL",
        ),
        "check": ("answers errors", "numpy IPython"),
        "nn": (
            "__init__ errors filters layers network receptive shapes",
            "numpy torch torchvision safetensors tqdm IPython",
        ),
        "doctor": ("data errors", "torch"),
        "homework": ("answers check errors nn", "nbclient nbformat"),
        "__main__": ("data doctor errors homework nn", ""),
        "widgets": (
            "answers convnetjs data errors filters functional layers ledger network nn plot receptive shapes"
            " strokes zoo",
            "numpy torch PIL anywidget traitlets matplotlib IPython",
        ),
    },
    "autograde": {
        "__init__": ("", ""),
        "errors": ("", ""),
        "text": ("", ""),
        "notebook": ("errors text", ""),
        "sanity": ("notebook unsupported", ""),
        "leaks": ("notebook", ""),
        "course": ("errors notebook", ""),
        "stock": ("course errors", "nbformat nbgrader sqlalchemy traitlets"),
        "result": ("course text", ""),
        "catalogue": ("course errors notebook", ""),
        "given": ("names notebook", ""),
        "variants": ("catalogue course errors given notebook result text", ""),
        "template": ("course errors", ""),
        "release": ("catalogue course errors given leaks notebook sanity stock", ""),
        "kit": ("course errors leaks notebook release", ""),
        "intake": ("course errors limits notebook result text", ""),
        # the sandbox's side
        "nodes": ("", ""),
        "iterators": ("", ""),
        "standard": ("nodes", ""),
        "export": ("iterators nodes standard", "numpy torch"),
        "load": ("nodes standard", "numpy torch"),
        "wire": ("export load nodes", "msgpack"),
        "capture": ("text", "IPython matplotlib traitlets"),
        "chance": ("", "numpy torch"),
        "session": ("capture chance export load wire", "matplotlib_inline numpy torch"),
        "limits": ("", ""),
        "namespaces": ("", ""),
        "pages": ("", ""),
        "parcel": ("", ""),
        "seccomp": ("", ""),
        "warden": ("limits", ""),
        "warm": ("limits namespaces pages parcel seccomp warden", ""),
        # the grader's side
        "zygote": ("errors limits parcel warm", ""),
        "sandbox": ("errors limits zygote", ""),
        "names": ("", "IPython"),
        "walk": ("notebook", ""),
        "sources": ("names", ""),
        "origins": ("names notebook", ""),
        "made": ("names notebook", ""),
        "operators": ("made names", ""),
        "unseen": ("made names", ""),
        "unsupported": ("made names notebook operators origins unseen walk", ""),
        "raised": ("", ""),
        "claims": ("capture wire", ""),
        "hidden": ("names", ""),
        "verdict": ("capture hidden", ""),
        "proxies": ("raised", ""),
        "remote": ("chance export iterators load proxies raised sources wire", ""),
        "judge": (
            "capture chance claims hidden names notebook origins proxies remote sources text unsupported"
            " verdict walk wire",
            "",
        ),
        "marks": ("course judge notebook result walk", ""),
        "executed": ("judge notebook walk", ""),
        "task": ("course intake notebook result times", ""),
        "grading": (
            "capture errors executed hidden judge limits marks namespaces notebook origins pages result"
            " sandbox task walk",
            "numpy",
        ),
        "child": ("", ""),
        "engine": ("child errors grading result task", ""),
        "cluster": ("engine errors grading result task", "distributed"),
        "gradebook": ("child course errors intake notebook result stock text times", "nbformat nbgrader"),
        "progress": ("result task", "rich"),
        "regrade": ("course notebook result text", ""),
        "grade": (
            "cluster course engine errors gradebook grading intake notebook progress regrade result task"
            " variants",
            "",
        ),
        # the class's rules
        "late": ("", ""),
        "rulebook": ("course errors late", ""),
        "policy": ("course errors handback late rulebook", ""),
        "times": ("downloads errors rulebook", "nbgrader"),
        "settlement": ("course filing late policy result times", "nbgrader"),
        "penalties": ("course policy", "nbgrader"),
        "outlook": ("course filing late policy times", ""),
        "summary": ("course result", ""),
        "table": ("course result", "rich"),
        "layout": ("", "jinja2 markupsafe"),
        "formgrader": ("", "bleach jinja2 nbconvert"),
        "report": ("course errors layout policy result settlement similar stock summary text", "nbgrader"),
        "answers": ("course notebook walk", ""),
        "similar": ("answers course errors notebook text walk", "numpy pygments scipy sklearn"),
        "feedback": (
            "answers course layout leaks notebook report result stock text",
            "markupsafe nbgrader pygments",
        ),
        "envelope": ("course feedback filing text", ""),
        "doctor": ("course sandbox", ""),
        "demo": ("course errors notebook", ""),
        "archive": ("limits", ""),
        "downloads": ("", ""),
        "handback": ("course downloads errors result text", ""),
        "filing": ("archive course downloads errors intake notebook policy text times", ""),
        "commands": (
            "course demo doctor envelope errors feedback filing grade handback kit outlook policy regrade"
            " release report result sandbox settlement table template times variants",
            "",
        ),
        "__main__": ("commands course errors", ""),
    },
}
# what a student's code can see and reach of this package
INSIDE = {"nodes", "export", "load", "wire", "capture", "chance", "session", "text", "limits", "namespaces"}
INSIDE |= {"iterators", "standard", "pages", "parcel", "seccomp", "warden", "warm"}
HEAVY = {"torch", "torchvision", "matplotlib", "scipy", "sklearn", "pandas", "nbgrader", "anywidget"}
HEAVY |= {"PIL", "tqdm"}


def modules(root: Path, package: str) -> dict[str, Path]:
    """Return every module of `package` under `root` by its dotted name; a package's is ``x.__init__``."""
    files = {file.relative_to(root).with_suffix("").parts: file for file in (root / package).rglob("*.py")}
    # autograde/work holds what grading leaves behind, students' files among it
    return {".".join(parts): file for parts, file in sorted(files.items()) if "work" not in parts}


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse


def imports(name: str, file: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted target of every import in `file`, wherever in it that stands.

    What only a type checker reads is none.
    """
    tree = ast.parse(file.read_text(encoding="utf-8"))
    unread = {inner for node in ast.walk(tree) if is_for_types(node) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if node in unread:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = name.split(".")[: -node.level] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
            "import_module",
            "__import__",
        ):
            yield from ((node.lineno, arg.value) for arg in node.args if isinstance(arg, ast.Constant))


def problems(root: Path, table: Mapping[str, Mapping[str, tuple[str, str]]]) -> list[str]:
    """Return a line for every import that `table` does not allow and every module that it lacks."""
    found = []
    for package, may in table.items():
        for name, file in modules(root, package).items():
            where = file.relative_to(root).as_posix()
            unit = name.split(".")[1]
            if unit not in may:
                found.append(
                    f"{where}: {package}.{unit} is not in the table of tests/test_layering.py."
                    " Add it there, with what it may import."
                )
                continue
            inside, outside = (set(names.split()) for names in may[unit])
            for line, target in imports(name, file):
                top, _, rest = target.partition(".")
                below = rest.partition(".")[0]
                if top == package:
                    # a name that is no module comes from the package's own __init__
                    below = below if below in may else "__init__"
                    allowed = below in inside | {unit}
                elif top in table:
                    allowed = False
                else:
                    allowed = top in outside or top in sys.stdlib_module_names
                if not allowed:
                    found.append(
                        f"{where}:{line} imports {target}; the table of tests/test_layering.py lets"
                        f" {package}.{unit} import {' '.join(sorted(inside | outside)) or 'nothing'}."
                    )
    return found


def loaded_by(root: Path, names: list[str]) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after it imported `names`."""
    script = (
        "import importlib, json, sys\n"
        "root, *names = sys.argv[1:]\n"
        "sys.path.insert(0, root)\n"
        "for name in names: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    command = [sys.executable, "-c", script, str(root), *names]
    return set(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def importable(root: Path, package: str) -> list[str]:
    return [name.removesuffix(".__init__") for name in modules(root, package)]


def test_every_import_is_allowed_by_the_table():
    found = problems(ROOT, TABLE)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("package", TABLE)
def test_the_tables_arrows_point_one_way(package):
    arrows = {unit: inside.split() for unit, (inside, _) in TABLE[package].items()}
    assert set(TopologicalSorter(arrows).static_order()) == set(TABLE[package])


def test_what_runs_beside_students_code_imports_nothing_else_of_the_grader():
    reached = needed({"session", "warm"}) - {"__init__"}
    assert INSIDE == reached
    assert all(set(TABLE["autograde"][name][0].split()) <= reached for name in reached)


def test_nothing_may_import_the_widgets_and_few_the_training():
    allowed = [name for inside, _ in TABLE["cnnkit"].values() for name in inside.split()]
    assert "widgets" not in allowed
    assert ["answers", "homework", "__main__", "widgets"] == [
        unit for unit, (inside, _) in TABLE["cnnkit"].items() if "nn" in inside.split()
    ]
    assert "zoo" in allowed


def test_a_bare_import_of_cnnkit_loads_no_array_library():
    assert loaded_by(ROOT, ["cnnkit"]).isdisjoint(HEAVY | {"numpy", "autograde"})


def test_what_students_compute_with_loads_nothing_heavy():
    rooms = ("cnnkit.widgets", "cnnkit.nn")
    names = [name for name in importable(ROOT, "cnnkit") if not name.startswith(rooms)]
    loaded = loaded_by(ROOT, names)
    assert "numpy" in loaded
    assert loaded.isdisjoint(HEAVY | {"IPython", "autograde"})


def test_the_widgets_load_neither_torch_nor_matplotlib():
    names = [name for name in importable(ROOT, "cnnkit") if name.startswith("cnnkit.widgets")]
    assert loaded_by(ROOT, names).isdisjoint(HEAVY - {"anywidget"} | {"autograde"})


def test_training_loads_torch_but_no_figures():
    names = [name for name in importable(ROOT, "cnnkit") if name.startswith("cnnkit.nn")]
    loaded = loaded_by(ROOT, names)
    assert "torch" in loaded
    assert loaded.isdisjoint(HEAVY - {"torch", "tqdm"} | {"autograde"})  # torch loads tqdm itself


def test_the_graders_commands_start_without_the_library_that_students_edit():
    ours = set(importable(ROOT, "autograde")) - {"autograde.penalties"}  # nbgrader imports that one, not we
    assert loaded_by(ROOT, sorted(ours)).isdisjoint(HEAVY | {"cnnkit"})


FAKE = {
    "fake": {"__init__": ("", ""), "low": ("", "numpy"), "high": ("low", "")},
    "other": {"__init__": ("", "")},
}


@pytest.fixture
def fake(tmp_path):
    """Return a function that writes a small package, obedient but for the given sources."""

    def write(**sources):
        files = {"fake/__init__": "", "fake/low": "import numpy", "fake/high": "from fake import low"}
        for path, text in (files | sources | {"other/__init__": ""}).items():
            file = tmp_path / f"{path}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_an_obedient_package_has_no_problems(fake):
    assert problems(fake(), FAKE) == []


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("import fake.high", "fake.high"),
        ("from fake.high import thing", "fake.high.thing"),
        ("from fake import high", "fake.high"),
        ("from fake import NAME", "fake.NAME"),
        ("from . import high", "fake.high"),
        ("from .high import thing", "fake.high.thing"),
        ("def late():\n    if late:\n        import fake.high", "fake.high"),
        ("import importlib\nimportlib.import_module('fake.high')", "fake.high"),
        ("import other", "other"),
        ("def late():\n    from other import thing", "other.thing"),
        ("import torch", "torch"),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import torch", "torch"),
    ],
)
def test_an_import_against_the_arrows_is_found(fake, source, target):
    line = len(source.splitlines())
    assert problems(fake(**{"fake/low": source}), FAKE) == [
        f"fake/low.py:{line} imports {target};"
        " the table of tests/test_layering.py lets fake.low import numpy."
    ]


def test_an_import_for_the_type_checker_is_none(fake):
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import fake.high"
    assert problems(fake(**{"fake/low": source}), FAKE) == []


def test_an_import_inside_a_subpackage_is_read_too(fake):
    root = fake(**{"fake/sub/__init__": "", "fake/sub/deep": "from ..high import thing\nfrom . import x"})
    assert problems(root, {"fake": FAKE["fake"] | {"sub": ("low", "")}}) == [
        "fake/sub/deep.py:1 imports fake.high.thing;"
        " the table of tests/test_layering.py lets fake.sub import low."
    ]


def test_a_module_that_the_table_lacks_is_asked_for(fake):
    assert problems(fake(**{"fake/new": ""}), FAKE) == [
        "fake/new.py: fake.new is not in the table of tests/test_layering.py."
        " Add it there, with what it may import."
    ]


def test_arrows_in_a_circle_are_found():
    with pytest.raises(CycleError):
        TopologicalSorter({"low": ["high"], "high": ["low"]}).prepare()


def test_the_fresh_interpreter_sees_what_is_loaded_in_passing(fake):
    root = fake(**{"fake/low": "import torch", "torch/__init__": ""})
    assert "torch" in loaded_by(root, ["fake.high"])
    assert "torch" not in loaded_by(root, ["fake"])
