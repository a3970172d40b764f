"""The kit on machines that are not one's own: what Binder, Codespaces and Colab run, run here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from autograde import kit
from autograde.course import find
from autograde.errors import CourseError

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs/students.md").read_text(encoding="utf-8")
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


@pytest.fixture(scope="module")
def zipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The student kit, packed."""
    path = tmp_path_factory.mktemp("kit") / "cnnkit-kit.zip"
    kit.write(kit.collect(find(ROOT)), path)
    return path


@pytest.fixture
def unpacked(zipped: Path, tmp_path: Path) -> Path:
    """The student kit as `unzip` leaves it, with the rights that its files have."""
    with zipfile.ZipFile(zipped) as archive:
        for entry in archive.infolist():
            Path(archive.extract(entry, tmp_path)).chmod(entry.external_attr >> 16)
    return tmp_path / "cnnkit-kit"


def run(python: Path, *command: str | Path, **options: Any) -> str:
    """Run a command where `python` is the first on PATH, without anything to download from."""
    path = os.pathsep.join([str(python.parent), os.environ["PATH"]])
    environment = os.environ | OFFLINE | {"PATH": path, "PYTHONPATH": ""} | options.pop("env", {})
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=environment, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def dependencies(path: Path) -> dict[str, SpecifierSet]:
    listed = yaml.safe_load(path.read_text(encoding="utf-8"))["dependencies"]
    return {r.name: r.specifier for r in map(Requirement, (each for each in listed if isinstance(each, str)))}


def test_binder_installs_what_students_get_from_conda(unpacked: Path) -> None:
    student, binder = (
        dependencies(unpacked / name) for name in ("environment.yml", ".binder/environment.yml")
    )
    python, setuptools = binder.pop("python"), binder.pop("setuptools")
    build = tomllib.loads((unpacked / "pyproject.toml").read_text())["build-system"]["requires"]
    assert f"setuptools{setuptools}" in build
    taken = [f"3.{minor}" for minor in range(9, 17) if f"3.{minor}" in python]
    assert taken == ["3.11", "3.12", "3.13", "3.14"]  # what README promises, and the lock has wheels for
    assert binder | {"python": student["python"]} == student


def test_binder_installs_the_course_itself_without_fetching_anything(
    unpacked: Path, own_environment: Path
) -> None:
    said = run(own_environment, unpacked / ".binder/postBuild", cwd=unpacked)
    assert re.fullmatch(r"cnnkit \d+\.\d+\.\d+\n", said)
    where = "import cnnkit; print(cnnkit.__file__)"
    assert run(own_environment, own_environment, "-c", where, cwd=unpacked.parent).strip() == str(
        unpacked / "cnnkit/__init__.py"
    )


def test_codespaces_has_a_python_that_the_course_takes_and_runs_commands_that_exist(
    unpacked: Path, own_environment: Path
) -> None:
    container = json.loads((unpacked / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    version = re.fullmatch(r"python:(3\.\d+)-\w+", container["image"])
    assert version is not None
    assert version[1] in SpecifierSet(">=3.11,<3.15")
    run(own_environment, "sh", "-c", container["postCreateCommand"], cwd=unpacked)
    # JupyterLab reads its options, says what they come to, and stops
    opened = container["postAttachCommand"] + " --show-config-json"
    shown = run(own_environment, "sh", "-c", opened, cwd=unpacked, env={"HOME": str(unpacked)})
    config = json.loads(shown)
    assert config["LabApp"]["default_url"] == "/lab/tree/00-start-here/00-start-here.ipynb"
    assert config["ServerApp"]["root_dir"] == str(unpacked / "notebooks")
    assert config["ServerApp"]["port"] in container["forwardPorts"]
    origin = config["ServerApp"]["allow_origin_pat"]
    assert re.fullmatch(origin, "https://any-name-8888.app.github.dev")
    assert not re.fullmatch(origin, "https://app.github.dev.example.org")


# Of Colab's own module only what the cell asks of it; the rest is real.
COLAB = """
import os
from types import SimpleNamespace

def upload():
    with open("kit.zip", "wb") as file, open(os.environ["UPLOADED"], "rb") as given:
        file.write(given.read())
    return {"kit.zip": b""}

files = SimpleNamespace(upload=upload)
output = SimpleNamespace(enable_custom_widget_manager=lambda: print("widgets enabled"))
"""


def colab_cell(page: str) -> str:
    (cell,) = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    return str(cell)


def try_colab(python: Path, cell: str, folder: Path, zipped: Path | None = None) -> list[str]:
    """Run the cell where Colab's module is loaded, then import the course."""
    place = folder / "colab/google/colab"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(COLAB)
    (folder / "content").mkdir()
    script = f"import google.colab\n{cell}\nimport cnnkit, os\nprint(cnnkit.__file__, os.getcwd(), sep='\\n')"
    environment = {"PYTHONPATH": str(folder / "colab"), "UPLOADED": str(zipped or "")}
    return run(python, python, "-c", script, cwd=folder / "content", env=environment).splitlines()


def test_the_cell_for_colab_installs_an_uploaded_kit(
    zipped: Path, own_environment: Path, tmp_path: Path
) -> None:
    said = try_colab(own_environment, colab_cell(PAGE), tmp_path, zipped)
    course = tmp_path / "content/course/cnnkit-kit"
    assert said == ["widgets enabled", str(course / "cnnkit/__init__.py"), str(course / "notebooks")]
    assert (own_environment.parent / "cnnkit").exists()


def test_the_cell_for_colab_clones_the_repository_that_the_kit_names(
    unpacked: Path, own_environment: Path, tmp_path: Path
) -> None:
    address = unpacked.as_uri()
    page = kit.addressed((unpacked / "docs/students.md").read_text(encoding="utf-8"), address)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main"]
    for step in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=kit"]):
        subprocess.run([*git, *step], cwd=unpacked, check=True)
    said = try_colab(own_environment, colab_cell(page), tmp_path)
    course = tmp_path / "content/course"
    assert said == ["widgets enabled", str(course / "cnnkit/__init__.py"), str(course / "notebooks")]


def test_the_cell_for_colab_does_nothing_elsewhere(tmp_path: Path) -> None:
    run(Path(sys.executable), sys.executable, "-c", colab_cell(PAGE), cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_kit_names_the_repository_of_the_course_s_pyproject_and_no_other(tmp_path: Path) -> None:
    assert kit.collect(find(ROOT))["docs/students.md"].decode() == PAGE
    assert 'KIT = ""' in PAGE
    for wrong in ("example.org/kit", 'https://example.org/"; import os', "https://a b"):
        with pytest.raises(CourseError, match=r"release: Students in \[project.urls\] of pyproject.toml is "):
            kit.addressed(PAGE, wrong)


def test_the_page_for_students_leads_nowhere_that_the_kit_has_not(unpacked: Path) -> None:
    for page in ("docs/students.md", "README.md", "data/README.md"):
        text = (unpacked / page).read_text(encoding="utf-8")
        links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
        assert [link for link in links if not (unpacked / page).parent.joinpath(link).exists()] == []
