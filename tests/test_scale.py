"""The Dask clusters of docs/scale: the command that each prints grades a class on it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import psutil
import pytest

from autograde.course import Course, find
from autograde.demo import Student, hand_in
from autograde.result import recall

ROOT = Path(__file__).resolve().parents[1]
CLUSTER = str(ROOT / "docs/scale/cluster.py")
ADDING = "01-adding"
PATIENCE = 300  # seconds
CLASS = [Student("s01", ""), Student("s02", "", answers={"total-price": "total_price = 12.0"})]
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbgrader's, on import

# What SLURM does with a job, but for the waiting: it keeps the script, runs it, and says a number.
SBATCH = """#!/bin/sh
cp "$1" "{folder}/job.sh"
sh "{folder}/job.sh" > "{folder}/job.log" 2>&1 &
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
kill "$@"
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("scale") / "course"
    shutil.copytree(ROOT / "tests/fixtures/course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    autograde(root, "release")
    hand_in(find(root), find(root).choose([ADDING]), CLASS)
    return find(root)


def autograde(root: Path, *words: str) -> None:
    command = [sys.executable, "-m", "autograde", *words, "--course", str(root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@contextmanager
def cluster(*words: str, path: str = "") -> Iterator[list[str]]:
    """Start a cluster as its page says, as the words of the command that it prints; end it with Ctrl-C."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    environment["PATH"] = os.pathsep.join(filter(None, [path, environment["PATH"]]))
    command = [sys.executable, CLUSTER, *words]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        too_late = Timer(PATIENCE, process.kill)
        too_late.start()
        try:
            assert process.stdout is not None
            yield shlex.split(process.stdout.readline())
        finally:
            too_late.cancel()
            alive = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
            process.send_signal(signal.SIGINT)
            code = process.wait(60)
            _, alive = psutil.wait_procs(alive, timeout=30)
            for one in alive:
                one.kill()
    assert (code, alive) == (0, [])


def points(course: Course) -> dict[str, float]:
    return {name: result.points for name, result in recall(course, ADDING).items()}


def test_a_local_cluster_of_two_processes_grades_a_class(course: Course) -> None:
    autograde(course.root, "grade", "--force")
    here = points(course)
    assert here == {"s01": 5, "s02": 4}
    with cluster("local", "2") as command:
        assert command[:3] == ["autograde", "grade", "--scheduler"]
        autograde(course.root, *command[1:], "--force")
    assert here == points(course)


@pytest.fixture
def slurm(tmp_path: Path) -> Path:
    """A folder with `sbatch` and `scancel`, which run a job at once."""
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        program = tmp_path / name
        program.write_text(text.format(folder=tmp_path), encoding="utf-8")
        program.chmod(0o755)
    return tmp_path


def test_a_job_that_slurm_runs_becomes_a_worker_that_grades(course: Course, slurm: Path) -> None:
    with cluster("slurm", "1", "--interface", "lo", path=str(slurm)) as command:
        autograde(course.root, *command[1:], "--force")
    assert points(course) == {"s01": 5, "s02": 4}
    assert "distributed.worker" in (slurm / "job.log").read_text(encoding="utf-8")


def test_the_job_for_slurm_asks_for_one_core_and_the_queue(tmp_path: Path) -> None:
    words = ["slurm", "16", "--queue", "teaching", "--walltime", "01:00:00", "--script"]
    script = subprocess.run(
        [sys.executable, CLUSTER, *words], capture_output=True, text=True, check=True
    ).stdout
    asked = {line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH")}
    assert {"-p teaching", "--cpus-per-task=1", "--mem=3G", "-t 01:00:00", "-J autograde"} <= asked
    assert "export OMP_NUM_THREADS=1" in script
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
