"""The floor: the same cells in a bare Python with everything imported. ``floor.py SOURCE SUBMITTED TO N``.

One fork for each submission, N at a time; the cells run one after another in one namespace, by exec, with the
instructor's text in the test cells. No sandbox, no time limits, no outputs kept, no gradebook: nobody could
grade like this, and nobody can be faster.

With ``--shown`` as the last word what the cells show is also drawn, as a notebook would show it.
"""

from __future__ import annotations

import ast
import builtins
import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

IMPORTED = (
    "numpy.testing",
    "torch._dynamo",
    "matplotlib.pyplot",
    "IPython.core.interactiveshell",
    "matplotlib_inline.backend_inline",
)


def main(source: Path, submitted: Path, to: Path, at_once: int, shown: bool) -> None:
    """Grade every submission and write ``TO/<student>.json``: each test's points."""
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # as every grader says it to the code that it runs
    tests = {cell["id"]: cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")}
    for name in IMPORTED:
        import_module(name)
    for cell in cells:
        for node in ast.parse("".join(cell["source"])).body if cell["cell_type"] == "code" else ():
            if isinstance(node, ast.Import | ast.ImportFrom):
                exec(ast.unparse(node), {})
    running = 0
    for path in sorted(submitted.glob("*/*/*.ipynb")):
        if running == at_once:
            os.wait()
            running -= 1
        running += 1
        if os.fork() == 0:
            try:
                grade(path, tests, to / f"{path.parts[-3]}.json", shown)
            finally:
                os._exit(0)
    while running:
        os.wait()
        running -= 1


def grade(path: Path, tests: dict[str, Any], to: Path, shown: bool) -> None:
    """Run one notebook and write its points."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    points = {}
    run = Shown() if shown else Bare()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for cell in notebook["cells"]:
            if cell["cell_type"] != "code":
                continue
            test = tests.get(cell["id"])
            try:
                value = run("".join((test or cell)["source"]))
            except Exception:
                value = 0
            if test is not None:
                most = float(test["metadata"]["nbgrader"]["points"])
                points[test["id"]] = most if value is None else min(max(float(value), 0.0), most)
    to.write_text(json.dumps(points), encoding="utf-8")


class Bare:
    """Runs cells in one namespace."""

    def __init__(self) -> None:
        builtins.display = lambda *values: print(*map(repr, values))  # type: ignore[attr-defined]
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def __call__(self, source: str) -> Any:
        tree = ast.parse(source)
        last = tree.body[-1] if tree.body else None
        if not isinstance(last, ast.Expr):
            exec(compile(tree, "<cell>", "exec"), self.names)
            return None
        tree.body.pop()
        exec(compile(tree, "<cell>", "exec"), self.names)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), self.names)
        if value is not None:
            print(repr(value))
        return value


class Shown:
    """Runs cells in an IPython shell, which draws what they show."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        kind: Any = InteractiveShell
        self.shell = kind.instance(config=config)
        self.shell.enable_gui = lambda gui=None: None
        self.shell.display_formatter.active_types = ["text/plain", "image/png"]
        self.shell.enable_matplotlib("inline")

    def __call__(self, source: str) -> Any:
        result = self.shell.run_cell(source)
        result.raise_error()
        return result.result


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]), "--shown" in sys.argv)
