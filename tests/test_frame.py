"""The files around the code say the same things, hold what they promise, and name no machine."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "data/README.md",
    "docs/security.md",
    "docs/students.md",
    "docs/authoring.md",
    "docs/scale.md",
]
MOST_BYTES = 1_000_000


def run(*command, **options):
    options = {"cwd": ROOT, "capture_output": True, "text": True, "check": True} | options
    return subprocess.run(command, **options)


def committed():
    """Return every file that git keeps, or would with the next commit."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
    return [path for name in listed if name and (path := ROOT / name).is_file()]


def requirements(*groups):
    """Return name -> specifier of the dependencies, and of the extras called `groups`."""
    lines = PROJECT["dependencies"] + [line for group in groups for line in EXTRAS[group]]
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def locked():
    """Return (name, version, hashes) of every entry in the lock."""
    entries = re.split(r"^(?=\w)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), flags=re.M)[1:]
    return [
        (canonicalize_name(name), Version(version), re.findall(r"--hash=sha256:[0-9a-f]{64}\b", entry))
        for entry in entries
        for name, version in [re.match(r"([\w.-]+)==(\S+)", entry).groups()]
    ]


@pytest.mark.parametrize("command", ["autograde", "cnnkit"])
def test_a_command_says_the_version_of_the_project(command):
    assert f"{command} {PROJECT['version']}\n" == run(sys.executable, "-m", command, "--version").stdout


@pytest.mark.parametrize("command", ["autograde", "cnnkit"])
def test_a_command_that_was_copied_and_not_installed_says_so(command, tmp_path):
    (tmp_path / command).symlink_to(ROOT / command)
    said = run(sys.executable, "-S", "-m", command, "--version", cwd=tmp_path, env={}).stdout
    assert f"{command} unknown: run from a folder, not installed\n" == said


def test_the_citation_says_what_the_project_says():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    said = {"title": "name", "version": "version", "license": "license", "abstract": "description"}
    assert {ours: cited[ours] for ours in said} == {ours: PROJECT[theirs] for ours, theirs in said.items()}
    # the fields that version 1.2.0 of the format requires
    assert {"cff-version", "message", "authors"} <= set(cited)
    assert cited["cff-version"] == "1.2.0"


def test_conda_installs_what_pyproject_asks_for():
    wanted = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert wanted["name"] == PROJECT["name"]
    *packages, pip = wanted["dependencies"]
    names_at_conda_forge = {"torch": "pytorch", "msgpack": "msgpack-python"}
    expected = {names_at_conda_forge.get(name, name): spec for name, spec in requirements("grader").items()}
    expected |= {"python": SpecifierSet(PROJECT["requires-python"]), "pip": SpecifierSet()}
    assert expected == {r.name: r.specifier for r in map(Requirement, packages)}
    assert pip == {"pip": ["-e .[grader]"]}


def test_every_package_of_the_lock_has_hashes():
    entries = locked()
    assert len(entries) > 100
    assert not [name for name, _, hashes in entries if not hashes]


def test_the_lock_lies_within_the_ranges_of_pyproject():
    versions = {}
    for name, version, _ in locked():
        versions.setdefault(name, []).append(version)
    for name, wanted in requirements(*EXTRAS).items():
        assert name in versions, f"{name} is not in requirements.lock: make lock"
        outside = [str(version) for version in versions[name] if version not in wanted]
        assert not outside, f"{name} {wanted} is locked at {outside}: make lock"


def test_the_environment_takes_the_pythons_that_the_project_takes():
    least, most = re.search(
        r"\((3, \d+)\) <= sys.version_info\[:2\] <= \((3, \d+)\)", (ROOT / ".ci/environment").read_text()
    ).groups()
    assert f">={least.replace(', ', '.')}" == PROJECT["requires-python"]
    assert f"Python {least} to {most}".replace(", ", ".") in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def bare_machine(tmp_path):
    """Return a function that runs .ci/environment where PATH holds only the Pythons given as scripts."""

    def start(**pythons):
        for tool in ("sh", "dirname", "rm", "touch", "awk"):
            (tmp_path / tool).symlink_to(shutil.which(tool))
        for name, body in pythons.items():
            path = tmp_path / name.replace("_", ".")
            path.write_text(f"#!/bin/sh\n{body}\n")
            path.chmod(0o755)
        (tmp_path / "course/.ci").mkdir(parents=True)
        script = shutil.copy(ROOT / ".ci/environment", tmp_path / "course/.ci")
        return run(script, env={"PATH": str(tmp_path)}, check=False).stderr

    return start


def test_without_a_python_the_environment_says_which_to_install(bare_machine):
    assert bare_machine(python3_13="exit 127", python3="exit 1") == (
        "make: no Python from 3.11 to 3.14 runs here.\n"
        "Install one, or name yours: make PYTHON=/path/to/python3\n"
    )


def test_without_ensurepip_the_environment_says_what_to_install(bare_machine):
    # python3.11 is a shim with nothing behind it; python3.12 runs, but cannot make environments
    lame = f'case "$*" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"'
    assert bare_machine(python3_11="exit 127", python3_12=lame) == (
        "make: python3.12 has no ensurepip, which making .venv needs.\n"
        f"On Debian or Ubuntu: apt-get install python3.{sys.version_info[1]}-venv\n"
    )


def targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))


def code_in(page):
    """Return the lines of code that a page shows, in blocks and in running text."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.M | re.S)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return [line.strip() for block in blocks for line in block.splitlines()] + spans


@pytest.mark.parametrize("page", PAGES)
def test_every_job_that_a_page_names_is_in_the_makefile(page):
    named = {line.split()[1] for line in code_in(page) if re.match(r"make [a-z]", line)}
    assert named <= targets()
    assert named or page not in ("README.md", "CONTRIBUTING.md")


def test_make_help_lists_every_job_and_demo_comes_first():
    shown = [line.split()[0] for line in run("make", "--no-print-directory", "help").stdout.splitlines()]
    assert set(shown) == targets() >= {"demo", "test", "lab", "release", "bench", "check", "lock"}
    assert shown[0] == "demo"
    phony = re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M)[1]
    assert set(phony.split()) == targets()


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_exists(page):
    for program, command, rest in set(
        re.findall(r"\b(autograde|cnnkit) ([a-z]+)(.*)", "\n".join(code_in(page)))
    ):
        shown = run(sys.executable, "-m", program, command, "--help").stdout
        assert all(option in shown for option in re.findall(r"--[\w-]+", rest))


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_links_to_is_there(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert not [link for link in links if not (ROOT / page).parent.joinpath(link).is_file()]


def test_the_line_that_makes_notebooks_readable_in_git_does():
    setting = next(line for line in code_in("CONTRIBUTING.md") if "textconv" in line)
    *_, key, command = shlex.split(setting)
    attribute = run("git", "check-attr", "diff", "--", "notebooks/any.ipynb").stdout.split(": ")[-1].strip()
    assert key == f"diff.{attribute}.textconv"
    _, *arguments = shlex.split(command)
    notebook = next((ROOT / "notebooks").rglob("*.ipynb"))
    shown = run(sys.executable, *arguments, str(notebook)).stdout
    assert "# 1 · Convolution by hand" in shown or "# 2 · Shapes and parameters" in shown
    assert '"cell_type"' not in shown


def test_every_hook_runs_from_the_environment_without_fetching_anything():
    run(sys.executable, "-m", "pre_commit", "validate-config")
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    for hook in config["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        program = Path(hook["entry"].split()[0])
        assert program.parent == Path(".venv/bin")
        assert Path(sys.executable).with_name(program.name).exists()


# From pieces, so that this file does not hold what it looks for.
HOSTS = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "deb." + "debian.org"]
HOSTS += ["conda." + "anaconda.org", "download." + "pytorch.org"]
FOLDERS = r"(?<![\w.~*-])/(?:work|root|farm|home|Users)" + r"/\w"
TELLTALES = re.compile("|".join([*map(re.escape, HOSTS), FOLDERS]))


def telltales(text):
    return [f"line {text[: m.start()].count(chr(10)) + 1}: {m[0]}" for m in TELLTALES.finditer(text)]


def test_no_file_names_a_package_registry_or_a_path_of_the_machine_that_it_was_made_on():
    found = {}
    for path in committed():
        told = telltales(path.read_bytes().decode("utf-8", errors="replace"))
        if told:
            found[path.relative_to(ROOT).as_posix()] = told
    assert found == {}


@pytest.mark.parametrize("host", HOSTS)
def test_a_registry_would_be_found(host):
    assert telltales(f"one\n--index-url https://{host}/simple") == [f"line 2: {host}"]


@pytest.mark.parametrize("folder", ["work", "root", "home", "Users"])
def test_a_machines_path_would_be_found(folder):
    assert telltales(f'File "/{folder}/someone/cnnkit/zoo.py"') == [f"line 1: /{folder}/s"]
    assert telltales(f"/autograde/{folder}/submitted ./{folder}/x") == []


def too_large(paths):
    return [f"{path.name}: {size:,} bytes" for path in paths if (size := path.stat().st_size) > MOST_BYTES]


def test_no_file_is_larger_than_a_megabyte_but_trained_weights_which_have_a_limit_of_their_own():
    weights = ROOT / "data/weights"
    assert too_large([path for path in committed() if not path.is_relative_to(weights)]) == []
    assert sum(path.stat().st_size for path in committed() if path.is_relative_to(weights)) < 6_000_000


def test_a_larger_file_would_be_found(tmp_path):
    (tmp_path / "weights.bin").write_bytes(bytes(MOST_BYTES + 1))
    (tmp_path / "picture.png").write_bytes(bytes(MOST_BYTES))
    assert too_large(sorted(tmp_path.iterdir())) == ["weights.bin: 1,000,001 bytes"]


def test_scripts_can_be_run():
    assert all(os.access(ROOT / ".ci" / name, os.X_OK) for name in ("run", "environment"))
