"""What every test shares."""

import gc
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import venv
import warnings
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

# Read once, when numpy and torch load: a process with more threads could not be forked by the tests.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
from hypothesis import settings

from tests.halves import is_students
from tests.missing import cannot_run

collect_ignore = ["fixtures/plain_course", "fixtures/evidence"]  # graders run their files, not pytest

# Modules that grade or attack behind the sandbox.
BEHIND = {"attacks", "cluster", "engine", "evidence_graded", "faults", "grade", "gradebook", "sandbox"}
BEHIND |= {"author", "hub", "instructor", "instructors_page", "scale", "settlement", "student", "styles"}
BEHIND |= {"wrong_submissions"}


def pytest_addoption(parser):
    parser.addoption(
        "--student-half",
        action="store_true",
        help="only tests of what students have, which run on every system",
    )


def pytest_ignore_collect(collection_path, config):
    """Do not even import a file of the other half: on Windows, some cannot be."""
    if (
        config.getoption("--student-half")
        and collection_path.suffix == ".py"
        and "tests" in collection_path.parts
    ):
        return True if not is_students(collection_path) else None
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep each file's tests together in one process, for they share what is dear to make.

    The tests of one notebook's wrong submissions, which share a graded class, count as a file. (xdist's own
    marks for groups do nothing under pytest 9.2, which no longer takes a test's id from where xdist puts it.)
    """
    from xdist.scheduler import LoadFileScheduling

    class Together(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            table = re.search(r"\[(\w+)", nodeid)
            return f"{file}::{table[1]}" if table and file.endswith("test_wrong_submissions.py") else file

    return Together(config, log)


def pytest_collection_modifyitems(items):
    """Run the dearest tests first, and skip in a checkout below /tmp, which each session has for itself."""
    items.sort(key=lambda item: item.path.stem != "test_wrong_submissions")
    if not Path(sys.executable).is_relative_to("/tmp"):
        return
    for item in items:
        if item.path.stem.removeprefix("test_") in BEHIND:
            item.add_marker(pytest.mark.skip(reason="there is no sandbox for a .venv below /tmp"))


# The same examples on every run and no limit on seconds: a slow machine must not fail a test.
settings.register_profile("cnnkit", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("cnnkit")


@pytest.fixture
def forked_session():
    """Return a function count -> our ends of that many channels to a session in a process of its own."""
    from autograde import session

    children = []

    def start(count):
        pairs = [socket.socketpair() for _ in range(count)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # newer Pythons warn when a process with threads is forked
            child = os.fork()
        if child == 0:
            try:
                warnings.resetwarnings()
                os.setsid()
                for ours, _ in pairs:
                    ours.close()
                session.main([theirs for _, theirs in pairs])
            finally:
                os._exit(0)
        children.append(child)
        for _, theirs in pairs:
            theirs.close()
        return [ours for ours, _ in pairs]

    yield start
    for child in children:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.fixture
def own_environment(tmp_path):
    """Return the Python of a new environment which has the packages of this one, but not this project.

    Files that name a folder for Python to look in are not read in a folder that was itself named by one,
    so the project's own, which an editable install leaves, is not seen from there.
    """
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    places = {"base": str(folder), "platbase": str(folder)}
    own = Path(sysconfig.get_path("purelib", vars=places))
    own.joinpath("packages.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    return python


@pytest.fixture(scope="session")
def torch_twin():
    """Return a function layer -> torch module; the repr of a layer is code that torch understands."""
    from torch import nn

    # torch warns where Softmax must guess its dimension
    names = vars(nn) | {"Softmax": partial(nn.Softmax, dim=1)}
    return lambda layer: eval(repr(layer), names)


@pytest.fixture(scope="session")
def tables():
    """Return a function gradebook -> everything in it, by names instead of nbgrader's random ids.

    It takes a database's address, and gives the same values of whichever kind that is.
    """
    from sqlalchemy import create_engine, text

    work = "FROM student s JOIN submitted_assignment sa ON sa.student_id = s.id JOIN assignment a ON a.id ="
    work += " sa.assignment_id"
    book = f"{work} JOIN submitted_notebook sn ON sn.assignment_id = sa.id"
    book += " JOIN notebook n ON n.id = sn.notebook_id"
    cell = "JOIN base_cell c ON c.id = x.cell_id"
    queries = {
        "courses": "SELECT id FROM course",
        "version": "SELECT * FROM alembic_version",
        "students": "SELECT * FROM student",
        "assignments": "SELECT name, duedate, course_id FROM assignment",
        "notebooks": "SELECT a.name, n.name, n.kernelspec FROM notebook n"
        " JOIN assignment a ON a.id = n.assignment_id",
        "cells": "SELECT n.name, c.name, c.type, g.max_score, g.cell_type, t.max_score, t.cell_type"
        " FROM base_cell c JOIN notebook n ON n.id = c.notebook_id LEFT JOIN grade_cells g ON g.id = c.id"
        " LEFT JOIN task_cells t ON t.id = c.id",
        "sources": "SELECT n.name, x.name, x.cell_type, x.locked, x.source, x.checksum FROM source_cell x"
        " JOIN notebook n ON n.id = x.notebook_id",
        "submissions": f"SELECT a.name, s.id, sa.timestamp, sa.extension {work}",
        "submitted": f"SELECT a.name, s.id, n.name, sn.flagged, sn.late_submission_penalty {book}",
        "grades": "SELECT a.name, s.id, n.name, c.name, x.auto_score, x.manual_score, x.extra_credit,"
        f" x.needs_manual_grade {book} JOIN grade x ON x.notebook_id = sn.id {cell}",
        "comments": "SELECT a.name, s.id, n.name, c.name, x.auto_comment, x.manual_comment"
        f" {book} JOIN comment x ON x.notebook_id = sn.id {cell}",
    }

    def plain(value):
        if isinstance(value, datetime):
            return value.isoformat(" ", "microseconds")
        return int(value) if isinstance(value, bool) else value

    def read(address):
        engine = create_engine(address)
        with engine.connect() as gradebook:
            found = {name: gradebook.execute(text(query)).fetchall() for name, query in queries.items()}
        engine.dispose()
        return {
            name: sorted((tuple(map(plain, row)) for row in rows), key=repr) for name, rows in found.items()
        }

    return read


@pytest.fixture(scope="session")
def playwright():
    """The browser's driver, of which a process can have one."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def postgres():
    """Return a function that makes an empty database in a PostgreSQL of our own and returns its address."""
    from tests.postgres import server

    with server() as database:
        yield database


@dataclass(frozen=True)
class Part:
    """A split of the kind that training asks for, without files."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.labels)

    @property
    def hash(self):
        return hashlib.sha256(self.images.tobytes() + self.labels.tobytes()).hexdigest()

    def take(self, count, seed=0):
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self))[:count])
        return Part(self.images[chosen], self.labels[chosen])

    def loader(self, batch_size, *, shuffle=False, seed=0, augment=None):
        import torch

        assert 1 <= batch_size <= len(self)
        order = np.arange(len(self))
        if shuffle:
            order = np.random.default_rng(seed).permutation(len(self))
        batches = [order[at : at + batch_size] for at in range(0, len(self), batch_size)]
        x = torch.from_numpy(self.images).float() / 64 - 2
        return [(x[chosen], torch.from_numpy(self.labels[chosen])) for chosen in batches]


@dataclass(frozen=True)
class Blobs:
    """Grey 6x6 images whose brightest corner is their class, in noise: learnt in seconds, not perfectly."""

    train: Part
    validation: Part
    test: Part
    name: str = "blobs"
    stand_in: str | None = None
    classes: tuple[str, ...] = ("top left", "top right", "bottom left", "bottom right")
    input_shape: tuple[int, int, int] = (1, 6, 6)


def small_data(train=90, validation=60, test=80, noise=55, seed=0, **named):
    """Return Blobs of these sizes."""
    rng = np.random.default_rng(seed)
    parts = []
    for count in (train, validation, test):
        labels = np.arange(count) % 4
        images = rng.normal(100, noise, (count, 1, 6, 6))
        for place, label in enumerate(labels):
            row, column = 3 * (label // 2), 3 * (label % 2)
            images[place, 0, row : row + 3, column : column + 3] += 60
        parts.append(Part(images.clip(0, 255).astype(np.uint8), labels.astype(np.int64)))
    return Blobs(*parts, **named)


@pytest.fixture(scope="session")
def blobs():
    """Return the function `small_data`."""
    return small_data


@pytest.fixture(scope="session")
def own_module():
    """Return a module class that a student wrote, for Blobs: no layers of ours in it, and no `Network`."""
    from torch import nn

    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(36, 4)

        def forward(self, x):
            return self.fc(x.flatten(1))

    return Mine


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Serve a folder on loopback, as (address, folder); torch keeps what it fetches in another folder."""
    import torch

    monkeypatch.delenv("CNNKIT_OFFLINE", raising=False)  # it forbids fetching from any address
    folder = tmp_path / "served"
    folder.mkdir()
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        before = torch.hub.get_dir()
        torch.hub.set_dir(str(tmp_path / "hub"))
        try:
            yield f"http://127.0.0.1:{server.server_port}/", folder
        finally:
            torch.hub.set_dir(before)
            server.shutdown()
            thread.join()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)  # torch leaves its connections open
                gc.collect()


NODE = """
const { readFileSync } = await import("node:fs");
const { source, calls } = JSON.parse(readFileSync(0, "utf8"));
const module = await import(`data:text/javascript;base64,${Buffer.from(source).toString("base64")}`);
console.log(JSON.stringify(calls.map(([name, ...given]) => module[name](...given))));
"""


@pytest.fixture(scope="session")
def in_node():
    """Return a function (source, calls) -> results: calls of a module's functions, by name, made in node.

    `source` is what a page loads, as cnnkit.widgets.parts.assets.script gives it; each call a name and
    arguments.
    """
    node = shutil.which("node")
    if node is None:
        cannot_run("node is not installed: the browser's arithmetic cannot be run")

    def in_node(source, calls):
        done = subprocess.run(
            [node, "--input-type=module", "-e", NODE],
            input=json.dumps({"source": source, "calls": calls}),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return in_node
