"""The student kit: one zip file with what a student needs, and nothing that an instructor keeps."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path

from autograde.course import Course
from autograde.errors import CourseError
from autograde.leaks import Secrets, leaks
from autograde.notebook import load
from autograde.release import files_in

__all__ = ["addressed", "collect", "problems", "trimmed", "without_grader", "write"]

FOLDERS = ("cnnkit", "data")
LOGS = "data/weights/*.jsonl"  # written by `fit`: half of a short line stands in them by chance
FILES = ("LICENSE", "environment.yml", "pyproject.toml")
# For Binder and Codespaces, and the page that says how to use them: taken along where the course has them.
STUDENTS = "docs/students.md"
ALSO = (".binder/environment.yml", ".binder/postBuild", ".devcontainer/devcontainer.json", STUDENTS)
KEPT = ("build-system", "project", "project.scripts")  # tables of pyproject.toml
AT_CONDA = "-python"  # what conda-forge adds to the name of a package that other languages have too
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold: equal input gives equal bytes

README = """\
# {title}

{description}

## Start

With conda:

    conda env create -f environment.yml
    conda activate {name}

or with Python 3.11 or newer, in a new environment:

    pip install -e .

Then run `cnnkit lab` in this folder: JupyterLab opens on the first notebook.{more}

## Notebooks

{notebooks}

Write your answers where a cell says `your answer here`, run the check below it as often as you like, save.
In a terminal, `cnnkit check 02` runs a notebook from top to bottom and says what is done and what is left;
`cnnkit submit 02` packs it, with its `runs`, into the one file to hand in.
Before you hand a notebook in, choose *Restart Kernel and Run All Cells*: what runs there will be graded.
Keep the notebook's name, and do not delete or copy cells.
"""


def collect(course: Course) -> dict[str, bytes]:
    """Gather the kit's files: path within the kit -> content.

    Raises
    ------
    CourseError
        Something that a kit needs is missing.
    """
    missing = [name for name in (*FOLDERS, *FILES) if not (course.root / name).exists()]
    missing += [f"{a.release.relative_to(course.root)}" for a in course.notebooks if not a.release.is_file()]
    if missing:
        raise CourseError(
            f"release: a student kit needs {', '.join(missing)} in {course.root}. Add what is missing."
        )
    files: dict[str, bytes] = {}
    for assignment in course.notebooks:
        inside = files_in(assignment.release.parent)
        files |= {f"notebooks/{assignment.name}/{name}": data for name, data in inside.items()}
    for folder in FOLDERS:
        files |= {path: (course.root / path).read_bytes() for path in _kept(course.root, folder)}
    files |= {name: (course.root / name).read_bytes() for name in ALSO if (course.root / name).is_file()}
    files["LICENSE"] = (course.root / "LICENSE").read_bytes()
    whole = (course.root / "pyproject.toml").read_text(encoding="utf-8")
    environment = (course.root / "environment.yml").read_text(encoding="utf-8")
    files["pyproject.toml"] = trimmed(whole).encode()
    files["environment.yml"] = without_grader(environment, whole).encode()
    files["README.md"] = _readme(course, whole, more=STUDENTS in files).encode()
    address = tomllib.loads(whole)["project"].get("urls", {}).get("Students", "")
    if STUDENTS in files:
        files[STUDENTS] = addressed(files[STUDENTS].decode(), address).encode()
    return dict(sorted(files.items()))


def _kept(root: Path, folder: str) -> list[str]:
    """List a folder's files that git would keep: downloads and build products stay out of the kit."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder]
    try:
        run = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True)
        listed = run.stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        # No checkout, so nothing says what is a download: take the sources, and of the data what is ours.
        suffixes = (".md",) if folder == "data" else (".py", ".js", ".css", ".md", "py.typed")
        listed = [f"{folder}/{name}" for name in files_in(root / folder) if name.endswith(suffixes)]
        if folder == "data":
            listed += [f"data/weights/{name}" for name in files_in(root / "data/weights")]
    return sorted(name for name in listed if name and (root / name).is_file())


def trimmed(pyproject: str) -> str:
    r"""Return a ``pyproject.toml`` without the tables and comments that are not for students.

    The command ``autograde`` goes with them: a kit has no grader to run.

    Examples
    --------
    >>> print(trimmed('[project]\n# Ours.\nname = "x"\n\n[tool.ruff]\nline-length = 110\n'))
    [project]
    name = "x"
    <BLANKLINE>
    """
    kept, wanted = [], True
    for line in pyproject.splitlines(keepends=True):
        if line.startswith("["):
            table = line.split("]")[0].strip("[] ")
            wanted = table in KEPT or f"{table}.".startswith("tool.setuptools.")
        if wanted and not line.startswith(("#", "autograde ")):
            kept.append(line)
    return "".join(kept).rstrip() + "\n"


def addressed(page: str, address: str) -> str:
    """Return the page for students whose cell for Colab knows where the kit can be fetched.

    Parameters
    ----------
    page : str
        It has the line ``KIT = ""``.
    address : str
        ``Students`` in ``[project.urls]`` of pyproject.toml: the git repository that students get the kit
        from, which is not the one with the solutions. Without one, Colab asks for the zip file.

    Raises
    ------
    CourseError
        It is no address.

    Examples
    --------
    >>> print(addressed('KIT = ""  # where', "https://example.org/kit.git"))
    KIT = "https://example.org/kit.git"  # where
    """
    if address and not re.fullmatch(r"(https|file)://[\w.~:/@%+-]+", address):
        raise CourseError(
            f"release: Students in [project.urls] of pyproject.toml is {address!r}, expected the address of a"
            " git repository. Write it in full, with https://."
        )
    return page.replace('KIT = ""', f'KIT = "{address}"')


def without_grader(environment: str, pyproject: str) -> str:
    r"""Return an ``environment.yml`` without comments and what only grading needs.

    Examples
    --------
    >>> project = '[project.optional-dependencies]\ngrader = ["rich>=13"]'
    >>> print(without_grader("- numpy>=2\n# ours\n- rich>=13\n- pip:\n  - -e .[grader]\n", project))
    - numpy>=2
    - pip:
      - -e .
    <BLANKLINE>
    """
    extras = tomllib.loads(pyproject).get("project", {}).get("optional-dependencies", {})
    ours = {_name(requirement) for requirement in extras.get("grader", [])}
    kept = [
        line.replace(".[grader]", ".")
        for line in environment.splitlines(keepends=True)
        if not line.lstrip().startswith("#") and _name(line.lstrip(" -")).removesuffix(AT_CONDA) not in ours
    ]
    return "".join(kept)


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement.strip(), maxsplit=1)[0]


def _readme(course: Course, pyproject: str, *, more: bool) -> str:
    project = tomllib.loads(pyproject)["project"]
    notebooks = "\n".join(
        f"- `notebooks/{each.name}/{each.name}.ipynb`, "
        + ("to begin with" if each.ungraded else f"{each.points:g} points")
        for each in course.notebooks
    )
    page = (
        "\n[docs/students.md](docs/students.md) says what to do when something does not work." if more else ""
    )
    return README.format(
        title=project["name"],
        name=project["name"],
        description=project["description"],
        notebooks=notebooks,
        more=page,
    )


def problems(course: Course, files: Mapping[str, bytes]) -> list[str]:
    """Say what of the instructor's part would leave the house with these files."""
    found = []
    sources = {assignment.name: load(assignment.source) for assignment in course.notebooks}
    for name, source in sources.items():
        own = {path: data for path, data in files.items() if path.startswith(f"notebooks/{name}/")}
        found += leaks(Secrets(source), own)
    secrets = Secrets(*sources.values())
    library = {path: data for path, data in files.items() if path.startswith("cnnkit/")}
    other = {
        path: data
        for path, data in files.items()
        if path not in library and not path.startswith("notebooks/") and not fnmatch(path, LOGS)
    }
    return found + leaks(secrets, library, library=True) + leaks(secrets, other)


def write(files: Mapping[str, bytes], path: Path) -> None:
    """Write the kit in one step; equal files give equal bytes.

    Raises
    ------
    CourseError
        The file cannot be written there, or is something else than a zip.
    """
    if path.suffix != ".zip" or (path.exists() and not zipfile.is_zipfile(path)):
        raise CourseError(
            f"release: `--student-kit` is {path}, expected a new .zip file or an old one to replace. "
            "Give it another name."
        )
    half = path.with_name(f".{path.name}.half")
    try:
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as kit:
            for name, data in sorted(files.items()):
                info = zipfile.ZipInfo(f"{path.stem}/{name}", EPOCH)
                info.external_attr = (0o755 if data.startswith(b"#!") else 0o644) << 16
                info.create_system = 3  # Unix, wherever it is written
                kit.writestr(info, data, zipfile.ZIP_DEFLATED, 9)
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise CourseError(f"release: {path} cannot be written: {error.strerror}.") from None
