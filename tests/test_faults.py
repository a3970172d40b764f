"""Kill processes of a grading at random moments, grade again, and end with what an undisturbed run gives.

``AUTOGRADE_KILLS=50 pytest tests/test_faults.py -s`` is the long version. ``AUTOGRADE_SEED`` repeats the
choice of moments and victims.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from autograde.__main__ import main
from autograde.course import find
from autograde.demo import Student, hand_in

ROOT = Path(__file__).resolve().parents[1]
COURSE = Path(__file__).parent / "fixtures/course"
KILLS = int(os.environ.get("AUTOGRADE_KILLS", "5"))
EACH = 5  # kills before the class is compared, and everything begins anew
PATIENCE = 240  # seconds for one command
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbgrader's, on import

CLASS = [
    Student("all-right", ""),
    Student("untouched", "", base="untouched"),
    Student("mistaken", "", answers={"total-price": "total_price = 12.0", "ring-area": "return 0"}),
    Student("leaver", "", answers={"total-price": "import os\nos._exit(3)"}),
    Student("slow", "", answers={"total-price": "import time\ntime.sleep(1)\ntotal_price = 16.0"}),
    Student("truncated", "", damage="truncated"),
]


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    shutil.copytree(COURSE, root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    assert main(["release", "--course", str(root)]) == 0
    hand_in(find(root), find(root).assignments, CLASS)
    return find(root)


def begin(course):
    command = [sys.executable, "-m", "autograde", "grade", "--course", str(course.root), "--workers", "2"]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, **quiet)


def finish(course):
    """Grade until nothing asks for it any more."""
    said = []
    for _ in range(4):
        with begin(course) as grading:
            said.append(grading.communicate(timeout=PATIENCE))
        if grading.returncode == 0 and "Grade it again" not in said[-1][0]:
            return
    raise AssertionError(f"it did not come to an end: {said}")


def state(course, tables):
    """Return all that grading leaves, but for the seconds that it took."""
    kept = {"gradebook": tables(course.gradebook)}
    for path in sorted((course.work / "results").rglob("*.json")):
        result = json.loads(path.read_text())
        final = bool(result["fingerprint"])  # which changes when somebody edits the grader meanwhile
        kept[path.stem, path.parent.name] = result | {"seconds": 0, "fingerprint": final}
    for path in sorted(course.autograded.rglob("*")):
        if path.is_file():
            kept[str(path.relative_to(course.autograded))] = path.read_bytes()
    return kept


def forget(course):
    for folder in (course.work / "results", course.autograded):
        shutil.rmtree(folder)
    (course.work / "gradebook.db").unlink()


def kind(process, command):
    """Say what a process of a grading is."""
    words = process.cmdline()
    if process == command:
        return "command"
    if "autograde.gradebook" in words:
        return "writer"
    if "autograde.grading" in words:
        return "worker" if process.parent() == command else "judge"
    return "bwrap" if process.name() == "bwrap" else "session or zygote"


def victims(grading):
    """Return what can be killed, by kind."""
    found = {}
    command = psutil.Process(grading.pid)
    for process in [command, *command.children(recursive=True)]:
        try:
            found.setdefault(kind(process, command), []).append(process)
        except psutil.Error:  # it has ended
            continue
    return found


def kill_one(grading, chance):
    """Kill a process, each kind as likely as any other; say which kind it was, or nothing if all is over."""
    try:
        found = victims(grading)
        chosen = chance.choice(sorted(found))
        os.kill(chance.choice(found[chosen]).pid, signal.SIGKILL)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return ""
    return chosen


def test_whatever_is_killed_the_gradebook_is_the_same_at_the_end(course, tables):
    began = time.monotonic()
    finish(course)
    lasts = time.monotonic() - began
    undisturbed = state(course, tables)
    assert len(undisturbed["gradebook"]["grades"]) == 28
    seed = int(os.environ.get("AUTOGRADE_SEED", random.randrange(10**6)))
    chance = random.Random(seed)
    print(f"seed {seed}; an undisturbed run takes {lasts:.1f} s")
    killed = Counter()
    while killed.total() < KILLS:
        forget(course)
        for _ in range(min(EACH, KILLS - killed.total())):
            with begin(course) as grading:
                try:
                    grading.wait(chance.uniform(0, lasts))
                except subprocess.TimeoutExpired:
                    killed.update(filter(None, [kill_one(grading, chance)]))
                grading.communicate(timeout=PATIENCE)
        finish(course)
        ended = state(course, tables)
        assert undisturbed.keys() == ended.keys()
        for name in undisturbed:
            assert undisturbed[name] == ended[name], f"{name} differs, seed {seed}, after {dict(killed)}"
        print(f"{killed.total()} of {KILLS} killed, all the same: {dict(killed)}", flush=True)
