"""A Dask cluster of real processes on loopback gives what the local run gives, even if a worker dies."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from autograde import grade as grading
from autograde.__main__ import main
from autograde.cluster import ADDRESS
from autograde.course import find
from autograde.demo import Student, hand_in
from autograde.errors import ClusterError

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = Path(__file__).parent / "fixtures"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbgrader's, on import
CLASS = [
    Student("all-right", ""),
    Student("untouched", "", base="untouched"),
    Student("mistaken", "", answers={"total-price": "total_price = 12.0", "ring-area": "return 0"}),
    Student("unordered", "", answers={"total-price": "print(set('abcdef'))\ntotal_price = 1"}),
    Student("leaver", "", answers={"total-price": "import os\nos._exit(3)"}),
    Student("slow", "", answers={"total-price": "import time\ntime.sleep(2)\ntotal_price = 16.0"}),
    Student("truncated", "", damage="truncated"),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("cluster") / "course"
    shutil.copytree(FIXTURES / "course", root)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    assert main(["release", "--course", str(root)]) == 0
    hand_in(find(root), find(root).assignments, CLASS)
    (find(root).submitted / "all-right/01-adding/notes.txt").write_text("mine")
    return find(root)


@pytest.fixture(scope="module")
def local(course):
    """Return what the local run leaves."""
    grade(course)
    return state(course)


def grade(course, *words):
    command = [sys.executable, "-m", "autograde", "grade", "--course", str(course.root), "--force", *words]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        said = run.communicate(timeout=300)
    assert (run.returncode, said[1]) == (0, ""), said


def state(course):
    """Return all results, to the byte but for the seconds, and all executed notebooks."""
    kept = {}
    for path in (course.work / "results").rglob("*.json"):
        fields = json.loads(path.read_text()) | {"seconds": 0}
        kept[path.parent.name, path.stem] = json.dumps(fields)
    for path in course.autograded.rglob("*"):
        if path.is_file():
            kept[str(path.relative_to(course.autograded))] = path.read_bytes()
    return kept


@contextmanager
def running(*words, folder):
    """Run a program of Dask's, and end it with all that it started."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(family, timeout=15)
        for one in alive:
            one.kill()
        process.wait()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@contextmanager
def scheduler(folder):
    folder.mkdir()
    port = free_port()
    words = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    with running(*words, folder=folder):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"tcp://127.0.0.1:{port}"


def worker(address, folder, *words):
    folder.mkdir()
    return running(
        "worker", address, "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", *words, folder=folder
    )


def wait_for_workers(address, count):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=60)


def test_two_workers_give_what_the_local_run_gives(course, local, tmp_path):
    with (
        scheduler(tmp_path / "scheduler") as address,
        worker(address, tmp_path / "one"),
        worker(address, tmp_path / "two", "--no-nanny"),
    ):
        wait_for_workers(address, 2)
        shutil.rmtree(course.work / "results")
        shutil.rmtree(course.autograded)
        grade(course, "--scheduler", address)
        assert local == state(course)


def test_a_worker_killed_in_the_middle_loses_nothing(course, local, tmp_path):
    with (
        scheduler(tmp_path / "scheduler") as address,
        worker(address, tmp_path / "one", "--no-nanny"),
        worker(address, tmp_path / "two", "--no-nanny") as victim,
    ):
        wait_for_workers(address, 2)
        shutil.rmtree(course.work / "results")
        shutil.rmtree(course.autograded)
        command = [sys.executable, "-m", "autograde", "grade", "--force", "--scheduler", address]
        command += ["--course", str(course.root)]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as run:
            while not any(
                child.name() == "bwrap" for child in psutil.Process(victim.pid).children(recursive=True)
            ):
                assert run.poll() is None, "it was over before the worker graded anything"
                time.sleep(0.05)
            victim.kill()
            said = run.communicate(timeout=300)
        assert (run.returncode, said[1]) == (0, ""), said
        assert local == state(course)


def test_no_scheduler_there_is_said(course, capsys):
    address = f"tcp://127.0.0.1:{free_port()}"
    assert main(["grade", "--course", str(course.root), "--force", "--scheduler", address]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"autograde: grade: there is no Dask scheduler at {address} (")
    assert "Start one with `dask scheduler`" in said


def test_nobody_at_work_is_said(course, tmp_path, capsys):
    with scheduler(tmp_path / "scheduler") as address:
        assert main(["grade", "--course", str(course.root), "--force", "--scheduler", address]) == 2
    assert f"nobody works for the scheduler at {address}. Start workers with" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["nowhere", "tcp://", "tcp://10.0.0.1", "10.0.0.1:", "my host:8786"])
def test_an_address_that_is_none_is_said_even_when_there_is_nothing_to_grade(tmp_path, address):
    empty = replace(find(ROOT), work=tmp_path, submitted=tmp_path / "submitted")
    with pytest.raises(ClusterError) as error:
        grading.grade(empty, [], scheduler=address)
    assert str(error.value) == (
        f"grade: `--scheduler` is {address!r}, expected an address like tcp://10.0.0.1:8786. Give the one"
        " that `dask scheduler` prints."
    )


@pytest.mark.parametrize(
    "address", ["10.0.0.1:8786", "tls://head.cluster:8786", "tcp://[fe80::1%eth0]:1", "gateway://a:8786/b.1"]
)
def test_every_form_of_address_that_dask_knows_is_let_through(address):
    assert ADDRESS.fullmatch(address)


def test_dask_not_installed_is_said(course, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["grade", "--course", str(course.root), "--force", "--scheduler", "tcp://127.0.0.1:1"]) == 2
    said = (
        "autograde: grade: `--scheduler` needs Dask, which is not installed. Run: pip install distributed\n"
    )
    assert capsys.readouterr().err == said
