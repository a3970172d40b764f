import shutil
import sys
from pathlib import Path

import pytest

from autograde import doctor
from autograde.__main__ import main
from autograde.course import find

ROOT = Path(__file__).resolve().parents[1]
PROJECT = """
[project]
name = "{name}"
requires-python = ">={python}"
dependencies = ["numpy>=1.0", "{package}"]
[project.optional-dependencies]
dev = ["{dev}"]
"""


@pytest.fixture
def examined(tmp_path):
    """Return a function that writes a course's pyproject.toml and examines the machine for it."""

    def examine(name="numpy", python="3.11", package="pytest>=1.0", dev="ruff>=0.1"):
        (tmp_path / "nbgrader_config.py").write_text("")
        text = PROJECT.format(name=name, python=python, package=package, dev=dev)
        (tmp_path / "pyproject.toml").write_text(text)
        findings = doctor.examine(find(tmp_path))
        return {finding.what: finding for finding in findings}

    return examine


def test_a_sound_machine_lacks_nothing(examined):
    findings = examined()
    required = [finding for finding in findings.values() if finding.required]
    assert all(finding.found for finding in required)
    assert str(findings["what notebooks import"]) == "✓ what notebooks import: 2 packages"
    assert not doctor.lacks(list(findings.values()))


@pytest.mark.parametrize(
    ("lack", "what", "said"),
    [
        ({"python": "9.1"}, "Python >=9.1", "missing. This is 3."),
        ({"package": "numpy>=99"}, "what notebooks import", "missing. numpy>=99 (here "),
        (
            {"package": "no-such-thing"},
            "what notebooks import",
            "missing. no-such-thing. Notebooks fail. pip install -e .",
        ),
        (
            {"name": "no-such-course"},
            "the course's package no-such-course",
            "missing. Notebooks cannot import no-such-course. pip install -e . in ",
        ),
    ],
)
def test_something_required_that_is_missing_is_named_with_its_cost_and_cure(examined, lack, what, said):
    findings = examined(**lack)
    assert str(findings[what]).startswith(f"✗ {what}: {said}")
    assert doctor.lacks(list(findings.values()))


def test_what_only_contributors_need_may_be_missing(examined):
    findings = examined(dev="no-such-linter>=1")
    wanted = "– what contributors use: missing. no-such-linter>=1. Tests and checks cannot run. pip install"
    assert str(findings["what contributors use"]).startswith(wanted)
    assert not doctor.lacks(list(findings.values()))


def test_programs_are_found_where_they_are_and_missed_where_they_are_not(examined, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin/python"))
    findings = examined()
    assert str(findings["alembic"]) == (
        "✗ alembic: missing. nbgrader cannot create a gradebook. pip install nbgrader"
    )
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/google-chrome").write_text("#!/bin/sh\n")
    (tmp_path / "bin/google-chrome").chmod(0o755)
    findings = examined()
    assert findings["Chromium"].found == str(tmp_path / "bin/google-chrome")


def test_a_sandbox_is_tried_and_its_absence_costs_a_question(examined, monkeypatch):
    missing = "sandbox: there is no bwrap here. Install bubblewrap, or grade with --no-sandbox."
    monkeypatch.setattr(doctor, "available", lambda: missing)
    findings = examined()
    assert str(findings["sandbox"]) == (
        f"– sandbox: missing. {missing} Without it, `grade` asks for --no-sandbox and runs students' code "
        "with your rights."
    )
    assert not doctor.lacks(list(findings.values()))
    monkeypatch.setattr(doctor, "available", lambda: None)
    assert str(examined()["sandbox"]) == "✓ sandbox: it starts, and ends"


def test_doctor_exits_1_without_a_course_and_says_so(tmp_path, capsys):
    assert main(["doctor", "--course", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "✗ course: missing. Nothing can be released or graded. Give --course DIR.\n" in printed
    assert printed.endswith("Something that is required is missing (✗).\n")


def test_doctor_finds_this_repository_in_order(capsys):
    assert main(["doctor", "--course", str(ROOT)]) == 0
    printed = capsys.readouterr().out
    assert f"✓ course: cnnkit in {ROOT}\n" in printed
    assert printed.endswith("All that is required is here.\n")


def test_a_course_without_a_project_file_asks_for_no_packages(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    found = {finding.what for finding in doctor.examine(find(tmp_path))}
    assert "what notebooks import" not in found
    assert "alembic" in found
