"""Experiments through the real grader: logs and weights handed in beside the notebook, nothing trained."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograde.__main__ import main
from autograde.course import find
from autograde.demo import Student, hand_in
from autograde.notebook import load
from autograde.result import State, recall
from cnnkit import nn
from tests.test_nn_runlog import forge

ROOT = Path(__file__).resolve().parents[1]
COURSE = Path(__file__).parent / "fixtures/evidence"
TRAINING = "01-training"
# nbgrader and what it imports warn about themselves, on import and at work
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

# Runs that were never trained: an object of the student's own hands over whatever it likes.
FORGER = """
class Invented:
    def __init__(self, path, change):
        self.path, self.change = Path(path), change

    def evidence(self):
        found = nn.runlog.read(self.path).evidence()
        return self.change(found)

def honest(found):
    return found

def edited(found):
    return found | {"log": found["log"].replace('"accuracy": 0.', '"accuracy": 0.9')}

def every(change):
    entries = {str(b): [Invented(f"runs/{b}-{s}.jsonl", change) for s in range(3)] for b in (20, 200)}
    return entries | {"better": "20"}
"""
CLASS = [
    Student("kept", "Hands in the folder runs/ as it was trained."),
    Student("again", "Hands in the notebook alone: it trains once more."),
    Student("bare", "Hands in the logs without weights."),
    Student("braggart", "Seals logs anew that claim 99 %."),
    Student("exchanged", "Puts one run's weights beside another's log.", answers={}),
    Student(
        "edited", "Edits logs in an editor.", answers={"two-batches": FORGER + "two_batches = every(edited)"}
    ),
    Student(
        "wrapped",
        "Honest evidence in other clothes.",
        answers={"two-batches": FORGER + "two_batches = every(honest)"},
    ),
    Student(
        "numbers",
        "Types in accuracies.",
        answers={"two-batches": 'two_batches = {"20": 0.95, "200": 0.7, "better": "20"}'},
    ),
    Student(
        "noise",
        "Runs of one kind under two names.",
        answers={
            "two-batches": """
        options = {"examples": 600, "batch_size": 20, "lr": 0.02}
        for name, seeds in (("20", range(3)), ("200", range(3, 6))):
            two_batches[name] = [
                nn.fit(flat, mnist, **options, seed=s, log=f"runs/{name}-{s}.jsonl") for s in seeds
            ]
        two_batches["better"] = "200"
    """
        },
    ),
    Student("elsewhere", "Trained on the official MNIST, which is not on the grader's machine."),
    Student("untouched", "", base="untouched"),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return a folder with the logs and weights of an honest student."""
    folder = tmp_path_factory.mktemp("at-home")
    source = load(COURSE / f"solutions/{TRAINING}/{TRAINING}.ipynb")
    text = "\n".join(cell["source"] for cell in source["cells"] if cell.get("id") in ("setup", "two-batches"))
    env = os.environ | {"PYTHONPATH": f"{ROOT}:{COURSE}", "CNNKIT_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    env |= {"CNNKIT_DATA": ""}
    subprocess.run([sys.executable, "-c", text], cwd=folder, env=env, check=True, capture_output=True)
    return folder / "runs"


def brag(runs):
    for log in runs.glob("*.jsonl"):
        forge(nn.runlog.read(log), claim)


def claim(line):
    if line["event"] == "end":
        for part in ("validation", "test"):
            line["final"][part]["accuracy"] = 0.99


def elsewhere(runs):
    """Make the logs what they would be where the official files are: another name, other hashes."""

    def change(line):
        if line["event"] == "start":
            line["data"]["stand_in"] = None
            for part in ("train", "validation", "test"):
                line["data"][part]["hash"] = "0" * 64

    for log in runs.glob("*.jsonl"):
        forge(nn.runlog.read(log), change)


def strip(runs):
    for weights in runs.glob("*.safetensors"):
        weights.unlink()


def exchange(runs):
    shutil.copy(runs / "20-1.safetensors", runs / "20-0.safetensors")


FILES = {
    "kept": lambda runs: None,
    "bare": strip,
    "braggart": brag,
    "exchanged": exchange,
    "edited": lambda runs: None,
    "wrapped": lambda runs: None,
    "elsewhere": elsewhere,
}


@pytest.fixture(scope="module")
def course(tmp_path_factory, trained):
    """Return a course whose class was graded by the command line."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(COURSE, root, dirs_exist_ok=True)
    shutil.copytree(ROOT / "cnnkit", root / "cnnkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", root)
    assert main(["release", "--course", str(root)]) == 0
    course = find(root)
    hand_in(course, course.assignments, CLASS)
    for student, change in FILES.items():
        runs = course.submitted / student / TRAINING / "runs"
        shutil.copytree(trained, runs, ignore=shutil.ignore_patterns("*.state.safetensors"))
        change(runs)
    run = subprocess.run(
        [sys.executable, "-m", "autograde", "grade", "--timeout", "60"],
        cwd=root,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(root), "CNNKIT_OFFLINE": "1"},
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    return course


def mark(course, student):
    result = recall(course, TRAINING)[student]
    assert result.state is State.GRADED, result.reason
    (found,) = result.marks
    return found


def shown(course, student):
    """Return what the student's cell printed when it was graded."""
    nb = load(course.autograded / student / TRAINING / f"{TRAINING}.ipynb")
    outputs = next(cell["outputs"] for cell in nb["cells"] if cell.get("id") == "two-batches")
    return json.dumps(outputs)


def test_runs_that_are_handed_in_earn_everything_and_are_not_trained_again(course):
    found = mark(course, "kept")
    assert (found.points, found.verdict) == (4.0, "correct"), found.message
    assert "6 runs, measured again" in found.message
    assert shown(course, "kept").count("holds this very run; delete it to train again.") == 6


def test_without_the_folder_the_notebook_trains_and_earns_the_same(course):
    assert (mark(course, "again").points, shown(course, "again").count("holds this very run")) == (4.0, 0)


def test_an_object_that_hands_over_honest_evidence_earns_what_the_evidence_does(course):
    assert mark(course, "wrapped").points == 4.0


DESERVED = {
    "bare": (2.0, "mistake", ("weights-missing",)),
    "braggart": (0.0, "mistake", ("claim-not-reproduced",)),
    "edited": (0.0, "mistake", ("log-edited",)),
    "numbers": (0.0, "invalid", ()),
    "untouched": (0.0, "missing", ()),
}


@pytest.mark.parametrize("student", DESERVED)
def test_what_is_not_shown_earns_no_more_than_it_deserves(course, student):
    found = mark(course, student)
    assert (found.points, found.verdict, found.mistakes) == DESERVED[student], found.message


def test_a_claim_inside_the_noise_is_named(course):
    found = mark(course, "noise")
    assert "claim-inside-noise" in found.mistakes
    assert found.points == 2.0  # for seeds and budgets


def test_weights_of_another_run_stop_the_students_own_cell_already(course):
    assert mark(course, "exchanged").points == 0.0
    assert "Put the weights of this very run beside the log." in shown(course, "exchanged")


def test_data_that_the_grader_does_not_have_leave_the_points_to_a_person(course):
    found = mark(course, "elsewhere")
    assert (found.points, found.verdict, found.mistakes) == (None, "by hand", ())
    assert found.message.startswith(
        'A person must look: run 1 of `two_batches["20"]` was not measured again,'
    )
    assert shown(course, "elsewhere").count("holds this run on mnist itself, for which digits stands in") == 6
    assert recall(course, TRAINING)["elsewhere"].open_points == 4.0
