"""What this machine lacks, what that costs, and how to get it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograde.course import Course
from autograde.sandbox import available

__all__ = ["Finding", "examine", "lacks"]

REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\[.*?\])?\s*(?:>=\s*([0-9.]+))?")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for.

    Attributes
    ----------
    what : str
        Its name.
    found : str
        What is there; empty if it is missing.
    cost : str
        What does not work without it.
    cure : str
        How to get it.
    required : bool
        Whether the course cannot be released and graded without it.
    """

    what: str
    found: str
    cost: str
    cure: str
    required: bool = True

    def __str__(self) -> str:
        """Show it as one line."""
        if self.found:
            return f"✓ {self.what}: {self.found}"
        sign = "✗" if self.required else "–"
        return f"{sign} {self.what}: missing. {self.cost} {self.cure}".rstrip()


def examine(course: Course | None) -> list[Finding]:
    """Look at this machine.

    Parameters
    ----------
    course : Course or None
        Its ``pyproject.toml`` says what is needed; None if no course was found.
    """
    found = []
    if course is None:
        found.append(Finding("course", "", "Nothing can be released or graded.", "Give --course DIR."))
    else:
        found += [Finding("course", f"{course.title} in {course.root}", "", ""), _work(course)]
        found += _of_project(course.root / "pyproject.toml")
    return [*found, _sandbox(), *_programs()]


def lacks(findings: Sequence[Finding]) -> bool:
    """Say whether something required is missing."""
    return any(finding.required and not finding.found for finding in findings)


def _work(course: Course) -> Finding:
    place = next(folder for folder in (course.work, *course.work.parents) if folder.is_dir())
    writable = str(course.work) if os.access(place, os.W_OK) else ""
    return Finding("work folder", writable, "Results cannot be kept.", f"Make {place} writable.")


def _of_project(path: Path) -> Iterator[Finding]:
    try:
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        return  # a course of notebooks only asks for nothing but nbgrader's own requirements
    yield _python(project.get("requires-python", ""))
    name = project["name"]
    yield Finding(
        f"the course's package {name}",
        _installed(name) or "",
        f"Notebooks cannot import {name}.",
        f"pip install -e . in {path.parent}",
    )
    groups = {"": project.get("dependencies", [])} | project.get("optional-dependencies", {})
    costs = {
        "": ("what notebooks import", "Notebooks fail.", "pip install -e ."),
        "grader": ("what grading imports", "Nothing can be graded.", "pip install -e '.[grader]'"),
        "dev": ("what contributors use", "Tests and checks cannot run.", "pip install -e '.[dev]'"),
    }
    for group, requirements in groups.items():
        what, cost, cure = costs.get(group, (f"packages for {group}", "", f"pip install -e '.[{group}]'"))
        missing = [text for text in map(_unmet, requirements) if text]
        there = f"{len(requirements)} packages" if not missing else ""
        cost = f"{', '.join(missing)}. {cost}" if missing else cost
        yield Finding(what, there, cost, cure, required=group in ("", "grader"))


def _python(required: str) -> Finding:
    wanted = _numbers(required.removeprefix(">="))
    here = platform.python_version() if sys.version_info[:2] >= wanted else ""
    cost = f"This is {platform.python_version()}."
    return Finding(f"Python {required}".strip(), here, cost, "Make an environment with a newer Python.")


def _unmet(requirement: str) -> str:
    """Return a requirement with what is there instead, or nothing if it is met.

    Examples
    --------
    >>> _unmet("pytest>=1.0")
    ''
    >>> _unmet("no-such-package>=2")
    'no-such-package>=2'
    """
    match = REQUIREMENT.match(requirement)
    assert match is not None
    name, least = match.groups()
    there = _installed(name)
    if there is None:
        return requirement
    return "" if _numbers(there) >= _numbers(least or "") else f"{requirement} (here {there})"


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _numbers(text: str) -> tuple[int, ...]:
    """Read the numbers that a version begins with.

    Examples
    --------
    >>> _numbers("2.13.0+cpu")
    (2, 13, 0)
    """
    numbers = re.match(r"[0-9.]*", text)
    return tuple(int(part) for part in numbers[0].split(".") if part) if numbers else ()


def _sandbox() -> Finding:
    missing = available()
    cost = f"{missing} Without it, `grade` asks for --no-sandbox and runs students' code with your rights."
    return Finding("sandbox", "" if missing else "it starts, and ends", cost, "", required=False)


def _programs() -> Iterator[Finding]:
    kernel = _installed("ipykernel")
    named = f"ipykernel {kernel}" if kernel else ""
    yield Finding("Jupyter's Python kernel", named, "Notebooks cannot run.", "pip install ipykernel")
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ.get("PATH", "")])
    for what, names, cost, cure, required in (
        ("alembic", ["alembic"], "nbgrader cannot create a gradebook.", "pip install nbgrader", True),
        (
            "Chromium",
            ["chromium", "chromium-browser", "google-chrome"],
            "The widgets' browser tests are skipped.",
            "apt install chromium",
            False,
        ),
        ("Node.js", ["node"], "The widgets' JavaScript is not tested.", "apt install nodejs", False),
        ("git", ["git"], "A student kit leaves out small data files.", "apt install git", False),
    ):
        there = next((where for where in (shutil.which(name, path=path) for name in names) if where), "")
        yield Finding(what, there, cost, cure, required)
