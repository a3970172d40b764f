"""Submissions -> results: a pure function, mapped over processes that each own a sandbox.

::

    engine.run ── one worker per core ── forks ──> judge, one per submission
                        └─ its zygote ── forks ──> session, one per submission

A worker pays for its imports once. A judge that hangs or dies takes nobody with it; a worker that dies is
replaced, and its submission gets a row that says so.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from autograde.course import Assignment, Course
from autograde.errors import AutogradeError
from autograde.intake import Submission
from autograde.notebook import Notebook, load
from autograde.result import Result, State

__all__ = ["Graded", "Job", "cores", "run"]

START_UP = 60  # seconds over and above the cells' own: forking, importing what a notebook imports
MOST = 3600  # seconds for a whole submission, whatever its number of cells
WORKER_START = 240  # seconds that a worker's imports may take on a cold disk

Graded = tuple[Result, Notebook | None]


@dataclass(frozen=True)
class Job:
    """A submission that can be graded, and how."""

    course: Course
    assignment: Assignment
    submission: Submission
    timeout: int
    fingerprint: str

    @property
    def limit(self) -> float:
        """Seconds after which the whole submission is given up."""
        assert self.submission.notebook is not None
        return min(MOST, START_UP + self.timeout * len(load(self.submission.notebook)["cells"]))

    def result(self, state: State, reason: str = "", **more: Any) -> Result:
        """Return a result of this job."""
        plain = Result(
            self.submission.student,
            self.assignment.name,
            state,
            self.assignment.points,
            reason,
            notes=self.submission.notes,
            fingerprint=self.fingerprint,
            timeout=self.timeout,
        )
        return replace(plain, **more)


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def run(
    jobs: Sequence[Job], workers: int, started: Callable[[Job], None], *, sandbox: bool = True
) -> Iterator[Graded]:
    """Grade submissions, `workers` at a time, and yield each as it is done.

    Parameters
    ----------
    jobs : sequence of Job
    workers : int
        How many to grade at once.
    started : callable
        Called with each job when its turn comes.
    sandbox : bool
        False runs students' code with your own rights; see ``sandbox.Bare``.

    Yields
    ------
    (Result, notebook)
        The notebook as it was executed; None where nothing was.
    """
    waiting = list(reversed(jobs))
    crew = [_Worker(sandbox) for _ in range(min(workers, len(jobs)))]
    try:
        while waiting or any(worker.job for worker in crew):
            for worker in crew:
                if worker.job is None and waiting:
                    job = waiting.pop()
                    started(job)
                    worker.give(job)
            busy = [worker for worker in crew if worker.job]
            first = min(worker.deadline for worker in busy)
            wait([worker.pipe for worker in busy], timeout=max(0.0, first - time.monotonic()))
            for worker in busy:
                if worker.pipe.poll() or time.monotonic() >= worker.deadline:
                    yield worker.take()
    finally:
        for worker in crew:
            worker.end()


class _Worker:
    """A worker's process, as the engine holds it."""

    def __init__(self, sandbox: bool) -> None:
        self.sandbox = sandbox
        self.job: Job | None = None
        self.deadline = 0.0
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, self.sandbox), daemon=False)
        self.process.start()
        theirs.close()
        self.fresh = True

    def give(self, job: Job) -> None:
        self.job = job
        self.deadline = time.monotonic() + job.limit + (WORKER_START if self.fresh else 0) + START_UP
        with suppress(BrokenPipeError):  # it is dead: `take` finds out
            self.pipe.send(job)

    def take(self) -> Graded:
        """Return what became of the job; if the worker died over it, a row that says so."""
        job, self.job = self.job, None
        assert job is not None
        try:
            if not self.pipe.poll():
                raise EOFError("it did not answer any more")
            answer = self.pipe.recv()
        except (EOFError, OSError) as error:
            self.end()
            self.start()
            # Without a fingerprint it is tried again next time: the machine may have run out of memory.
            why = f"The worker that graded it died ({error or 'no reason given'}). Grade it again."
            return job.result(State.UNGRADABLE, why, fingerprint=""), None
        self.fresh = False
        if isinstance(answer, str):
            raise AutogradeError(answer)
        graded: Graded = answer
        return graded

    def end(self) -> None:
        """End the worker; its sandbox and its judge die with it."""
        self.pipe.close()
        self.process.terminate()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _work(pipe: Connection, sandboxed: bool) -> None:
    """Grade what comes through the pipe until it closes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the engine decides when to stop
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    # One submission per core: more threads would only fight over them, and would not survive a fork.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    with suppress(EOFError, BrokenPipeError), ExitStack() as held:
        zygotes: dict[Path, Any] = {}
        while True:
            job = pipe.recv()
            try:
                root = job.course.root
                if root not in zygotes:
                    zygotes[root] = held.enter_context(_zygote(root, sandboxed))
                    _warm_up(root)
                graded = _graded(job, zygotes[root])
            except AutogradeError as error:
                pipe.send(str(error))
                return
            except Exception:
                last = traceback.format_exc().strip().splitlines()[-1]
                graded = (
                    job.result(State.UNGRADABLE, f"The grader failed on it: {last}.", fingerprint=""),
                    None,
                )
            pipe.send(graded)


def _zygote(root: Path, sandboxed: bool) -> Any:
    """Return a sandbox in which a course's own libraries can be imported, and nothing else of it be seen."""
    from autograde.sandbox import PRELOAD, Bare, Sandbox

    libraries = {path.parent.name: path.parent for path in root.glob("*/__init__.py")}
    libraries.pop("autograde", None)
    libraries.pop("tests", None)
    readable = {f"/course/{name}": path for name, path in libraries.items()}
    preload = [name for name in PRELOAD if not name.startswith("cnnkit") or "cnnkit" in libraries]
    kind = Sandbox if sandboxed else Bare
    return kind(readable=readable, preload=preload)


def _warm_up(root: Path) -> None:
    """Import what judges need, so that each finds it there after its fork."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    os.environ.setdefault("MPLBACKEND", "agg")
    import numpy.testing  # noqa: F401

    import autograde.judge  # noqa: F401

    if (root / "cnnkit" / "__init__.py").exists():
        import importlib

        for name in ("cnnkit.check", "cnnkit.functional", "cnnkit.zoo"):
            importlib.import_module(name)


def _graded(job: Job, zygote: Any) -> Graded:
    from autograde.executed import executed, unanswered
    from autograde.judge import channels
    from autograde.limits import Limits
    from autograde.marks import marks_of

    began = time.monotonic()
    assert job.submission.notebook is not None
    source, submitted = load(job.assignment.source), load(job.submission.notebook)
    seed = int.from_bytes(hashlib.sha256(job.submission.student.encode()).digest()[:4], "big")
    pairs = [socket.socketpair() for _ in range(channels(source))]
    ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    limits = replace(Limits(), seconds=job.limit, cpu=max(1, int(job.limit)))
    files = job.submission.notebook.parent if job.submission.files else None
    with zygote.session(theirs, files=files, limits=limits, seed=seed) as session:
        judged = _judged(source, submitted, ours, job)
        ending = session.kill()
    if judged is None:
        why = f"It was given up after {job.limit:.0f} s."
        return job.result(State.UNGRADABLE, why, seconds=time.monotonic() - began), None
    open_cells = (
        unanswered(load(job.assignment.release), submitted) if job.assignment.release.exists() else set()
    )
    marks = marks_of(job.assignment, judged, submitted, open_cells)
    notes = list(job.submission.notes)
    notes += [
        f"The cell {test.id} was deleted; it was put back." for test in judged.tests if test.place is None
    ]
    notes += [f"The cell {mark.question} was deleted." for mark in marks if mark.verdict == "deleted"]
    notes += [f"{test.id}: {note}" for test in judged.tests for note in test.notes]
    reason = judged.reason[:1].upper() + judged.reason[1:]
    if "session" in judged.reason and "limit" in ending.reason:
        reason += f" It was {ending.reason}."
    state = State.GRADED if judged.state == "graded" else State.PARTLY
    result = job.result(state, reason, notes=tuple(notes), marks=marks, seconds=time.monotonic() - began)
    return result, executed(source, submitted, judged)


def _judged(source: Notebook, submitted: Notebook, ours: list[socket.socket], job: Job) -> Any:
    """Judge in a process of its own; None if that does not end in time."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            from autograde.judge import Patience, judge

            judged = judge(source, submitted, ours, Patience(cell=job.timeout, test=job.timeout))
            with os.fdopen(writing, "wb") as answer:
                pickle.dump(judged, answer)
            status = 0
        except BaseException:
            with suppress(Exception), os.fdopen(writing, "wb", closefd=False) as answer:
                pickle.dump(RuntimeError(traceback.format_exc().strip().splitlines()[-1]), answer)
        finally:
            os._exit(status)
    os.close(writing)
    for channel in ours:
        channel.close()
    try:
        data = _read(reading, time.monotonic() + job.limit)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
    if data is None:
        return None
    judged = pickle.loads(data)  # from the judge, which is ours
    if isinstance(judged, RuntimeError):
        raise judged
    return judged


def _read(descriptor: int, deadline: float) -> bytes | None:
    """Return all that comes until the other end closes; None if that takes too long."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    parts = []
    while poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
        part = os.read(descriptor, 1 << 20)
        if not part:
            return b"".join(parts) or None
        parts.append(part)
    return None
