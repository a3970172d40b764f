"""One submission -> one result, each in a process of its own; here still on nbgrader's engine.

The processes are forked from a server that has imported nbgrader once, so that each starts in milliseconds. A
submission that hangs or kills its process takes nobody with it.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from autograde import stock
from autograde.course import Assignment, Course
from autograde.errors import StockError
from autograde.intake import Submission
from autograde.marks import marks_of, misread, timed_out
from autograde.notebook import Notebook, dumps, load
from autograde.result import Result, State

__all__ = ["Job", "prepare", "run"]

START_UP = 60  # seconds that a kernel may take to start and to stop, over and above its cells


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
        """Seconds after which the whole submission is given up: every cell ran into its own limit."""
        assert self.submission.notebook is not None
        return START_UP + self.timeout * len(load(self.submission.notebook)["cells"])

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


def prepare(course: Course, assignments: Sequence[Assignment], students: Sequence[str]) -> None:
    """Tell nbgrader's gradebook about the assignments and the students.

    Raises
    ------
    StockError
        nbgrader refuses, for example because an assignment got new questions after it was graded.
    """
    ours, theirs = _context().Pipe(duplex=False)
    process = _context().Process(target=_prepare, args=(course, assignments, students, theirs))
    process.start()
    theirs.close()
    try:
        refusal = ours.recv()
    except EOFError:
        refusal = "the process that prepares the gradebook died"
    process.join()
    if refusal:
        raise StockError(refusal)


def _prepare(
    course: Course, assignments: Sequence[Assignment], students: Sequence[str], answer: Connection
) -> None:
    _quiet()
    try:
        with stock.open_gradebook(course) as gradebook, tempfile.TemporaryDirectory() as unused:
            for student in students:
                gradebook.update_or_create_student(student)
            for assignment in assignments:
                stock.generate(course, assignment, Path(unused), in_gradebook=True)
    except Exception as error:
        answer.send(str(error))
    else:
        answer.send("")


def run(jobs: Sequence[Job], workers: int, started: Callable[[Job], None]) -> Iterator[Result]:
    """Grade submissions, `workers` at a time, and yield each result as it is done.

    Parameters
    ----------
    jobs : sequence of Job
        What to grade.
    workers : int
        How many to grade at once.
    started : callable
        Called with each job when its turn comes.
    """
    waiting = list(reversed(jobs))
    running: list[_Running] = []
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                started(waiting[-1])
                running.append(_Running.start(waiting.pop()))
            first = min(job.deadline for job in running)
            wait([job.answer for job in running], timeout=max(0.0, first - time.monotonic()))
            for done in [x for x in running if x.answer.poll() or time.monotonic() >= x.deadline]:
                running.remove(done)
                yield done.outcome()
    finally:
        for left in running:
            left.end()


@dataclass(frozen=True, eq=False)
class _Running:
    """A job in its process."""

    job: Job
    process: Any
    answer: Any
    deadline: float

    @classmethod
    def start(cls, job: Job) -> _Running:
        ours, theirs = _context().Pipe(duplex=False)
        process = _context().Process(target=_work, args=(job, theirs))
        process.start()
        theirs.close()
        return cls(job, process, ours, time.monotonic() + job.limit)

    def outcome(self) -> Result:
        """Return the job's result; if its process died or does not end, that is the result."""
        try:
            if self.answer.poll():
                result: Result = self.answer.recv()
            else:
                result = self.job.result(State.UNGRADABLE, f"It was given up after {self.job.limit:.0f} s.")
        except EOFError:
            self.process.join()
            code = self.process.exitcode
            # Without a fingerprint it is tried again next time: the machine may have run out of memory.
            died = f"The process that graded it died (exit code {code}). Grade it again."
            result = self.job.result(State.UNGRADABLE, died, fingerprint="")
        self.end()
        return result

    def end(self) -> None:
        """End the process and all that it started."""
        import psutil  # type: ignore[import-untyped]  # comes with ipykernel

        try:
            family = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            family = []
        self.process.kill()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.join()
        self.answer.close()


def _context() -> Any:
    """Return how processes start: forked from a server that has imported nbgrader, where the system can."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["nbgrader.converters", "autograde.engine"])
    return context


def _work(job: Job, answer: Connection) -> None:
    _quiet()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="autograde-") as place:
        _settle_in(Path(place))
        result = _graded(job, Path(place), started)
    answer.send(result)


def _quiet() -> None:
    """Lead a process group, and keep what libraries and kernels print off the terminal."""
    if hasattr(os, "setsid"):
        os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _settle_in(place: Path) -> None:
    """Give the kernel folders of its own, so that no student's start-up files or sockets meet another's."""
    for variable in ("JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        (place / variable).mkdir()
        os.environ[variable] = str(place / variable)
    # One submission per core: more threads would only fight over them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def _graded(job: Job, place: Path, started: float) -> Result:
    try:
        repeated = _stage(job, place / "submitted")
        name, student = job.assignment.name, job.submission.student
        stock.autograde(job.course, name, student, place / "submitted", job.timeout)
        executed = load(job.course.autograded / student / name / f"{name}.ipynb")
        with stock.open_gradebook(job.course) as gradebook:
            marks = marks_of(job.assignment, student, executed, gradebook)
    except Exception as error:
        return job.result(State.UNGRADABLE, _reason(error, job.timeout), seconds=time.monotonic() - started)
    stopped = timed_out(executed)
    reason = f"Stopped after {job.timeout} s: {', '.join(stopped)}." if stopped else ""
    deleted = [mark.question for mark in marks if mark.verdict == "deleted"]
    notes = [*job.submission.notes, *repeated, *(f"The cell {cell} was deleted." for cell in deleted)]
    notes += [f"{ended}: nbgrader gives full marks for what is no number." for ended in misread(executed)]
    state = State.PARTLY if stopped else State.GRADED
    return job.result(state, reason, notes=tuple(notes), marks=marks, seconds=time.monotonic() - started)


def _stage(job: Job, place: Path) -> list[str]:
    """Copy a submission to where nbgrader looks for it, by the name that it expects; return notes."""
    name, submission = job.assignment.name, job.submission
    folder = place / submission.student / name
    folder.mkdir(parents=True)
    assert submission.notebook is not None
    for path in submission.files:
        target = folder / path.relative_to(submission.notebook.parent)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    nb = load(submission.notebook)
    repeated = _single(nb)
    (folder / f"{name}.ipynb").write_text(dumps(nb), encoding="utf-8")
    return [f"The cell {cell} is there more than once; the last one counts." for cell in repeated]


def _single(nb: Notebook) -> list[str]:
    """Take from copied cells what must be there only once, and return the copied graded cells.

    The last one of them counts, as in nbgrader, which would then refuse the others.
    """
    ids: set[Any] = set()
    graded: dict[str, int] = {}
    for cell in reversed(nb["cells"]):
        if cell.get("id") in ids:
            del cell["id"]
        ids.add(cell.get("id"))
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in graded:
            del cell["metadata"]["nbgrader"]
        if name:
            graded[name] = graded.get(name, 0) + 1
    return [name for name, count in graded.items() if count > 1]


def _reason(error: Exception, timeout: int) -> str:
    """Say in a sentence why nbgrader could not grade a submission."""
    cause = error.__cause__ or error
    kind = type(cause).__name__
    if kind == "CellTimeoutError":
        return f"A cell did not stop after {timeout} s, not even when it was interrupted."
    if kind == "DeadKernelError":
        return "The kernel died while it ran: the notebook ended it, or it ran out of memory."
    last = str(cause).strip().splitlines() or ["no reason given"]
    return f"nbgrader failed on it: {kind}: {last[0]}"


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
