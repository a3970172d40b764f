"""A process that grades one submission after another, with one sandbox for all of them.

::

    engine ── pipe ──> this process ── forks ──> judge, one per submission
                            └─ its zygote ── forks ──> session, one per submission

It pays for its imports once. A judge that hangs or dies takes nobody with it. What only the machine can be
blamed for, a process that was killed from outside, is no verdict on a submission: that is graded again.
"""

from __future__ import annotations

import gc
import hashlib
import io
import os
import pickle
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograde.errors import AutogradeError, SandboxError
from autograde.notebook import Notebook, loads
from autograde.pages import gather
from autograde.result import Result, State
from autograde.task import Kit, Task

if TYPE_CHECKING:
    from autograde.capture import Shell
    from autograde.judge import CellRun, Judged, Patience
    from autograde.origins import Origins
    from autograde.sandbox import Ending

__all__ = ["Graded", "main"]

Graded = tuple[Result, Notebook | None]

ATTEMPTS = 3
MEMORY = 2 << 30  # bytes that judging one submission may take
FROM_OUTSIDE = ("killed by SIGKILL", "killed with the whole sandbox", "its warden died")
NOTE = 300  # characters of an error in a note
SPARE = 30  # seconds of a submission's time for all that is no cell
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Lost(Exception):  # noqa: N818  # no error of the submission's
    """A process ended in the middle and nothing that was seen explains it; the text says which."""


def main(descriptor: int, sandboxed: bool) -> None:
    """Grade what comes through a pipe until it closes."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the engine decides when to stop
    # One submission per core: more threads would only fight over them, and would not survive a fork.
    os.environ.update(dict.fromkeys(THREADS, "1"), MPLBACKEND="agg", NBGRADER_EXECUTION="autograde")
    pipe = Connection(descriptor)
    with suppress(EOFError, OSError), ExitStack() as held:
        kits: dict[str, _Room] = {}
        while True:
            kit, task = pipe.recv()
            try:
                if kit is not None:
                    kits[kit.digest] = held.enter_context(_Room.of(kit, list(kits.values()), sandboxed))
                answer: Graded | str = _graded(task, kits[task.kit], descriptor)
            except AutogradeError as error:
                answer = str(error)
            except Exception:
                last = traceback.format_exc().strip().splitlines()[-1]
                answer = (
                    task.result(State.UNGRADABLE, f"The grader failed on it: {last}.", fingerprint=""),
                    None,
                )
            pipe.send(answer)


@dataclass
class _Room:
    """What submissions of one assignment are graded in; rooms with the same libraries share a zygote."""

    kit: Kit
    source: Notebook
    origins: Origins
    folder: Path
    preload: frozenset[str]
    zygote: Any
    shell: Shell
    held: ExitStack

    @classmethod
    def of(cls, kit: Kit, others: list[_Room], sandboxed: bool) -> _Room:
        held = ExitStack()
        source = loads(kit.source)
        alike = [other for other in others if other.kit.libraries == kit.libraries]
        folder = alike[0].folder if alike else _unpacked(held, kit.libraries)
        origins = _ready_for_judges(source)
        preload = _preload(folder)
        fit = [other.zygote for other in alike if preload <= other.preload]
        zygote = fit[0] if fit else held.enter_context(_zygote(folder, preload, sandboxed))
        shell = others[0].shell if others else held.enter_context(_shell())
        gc.collect()
        gc.freeze()
        gather()  # every judge is a fork
        return cls(kit, source, origins, folder, preload, zygote, shell, held)

    def with_source(self, data: bytes) -> _Room:
        """Return the same room with a notebook that differs in the numbers that it gives."""
        from autograde.origins import Origins

        source = loads(data)
        return replace(self, source=source, origins=Origins(source))

    def __enter__(self) -> _Room:
        return self

    def __exit__(self, *error: object) -> None:
        self.held.close()


def _unpacked(held: ExitStack, libraries: bytes) -> Path:
    """Unpack a course's libraries where judges find them."""
    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="autograde-libraries-")))
    with zipfile.ZipFile(io.BytesIO(libraries)) as archive:
        archive.extractall(folder)
    sys.path.insert(0, str(folder))
    return folder


def _preload(folder: Path) -> frozenset[str]:
    """Say what a zygote shall import: besides the usual what judges have of the course's own libraries.

    Torch, which takes seconds and memory, only if judges have it too.
    """
    from autograde.sandbox import PRELOAD

    own = {path.name for path in folder.iterdir()}
    usual = (name for name in PRELOAD if "torch" in sys.modules or name.partition(".")[0] != "torch")
    return frozenset([*usual, *(name for name in list(sys.modules) if name.partition(".")[0] in own)])


def _zygote(folder: Path, preload: frozenset[str], sandboxed: bool) -> Any:
    """Return a sandbox in which the course's libraries can be imported, and nothing else of it be seen."""
    from autograde.sandbox import Bare, Sandbox

    kind = Sandbox if sandboxed else Bare
    readable = {f"/course/{path.name}": path for path in sorted(folder.iterdir())}
    return kind(readable=readable, preload=sorted(preload))


def _ready_for_judges(source: Notebook) -> Origins:
    """Read and import what judges of an assignment need, so that each finds it there after its fork."""
    import autograde.judge  # noqa: F401
    from autograde.hidden import visible_part
    from autograde.origins import Origins
    from autograde.walk import is_test

    origins = Origins(source)
    own = [statement for known in origins.imports.values() for statement in known]
    for statement in ["import resource", "import numpy.random, numpy.testing", *own, *origins.stars]:
        with suppress(Exception):  # what cannot be imported fails the test that asks for it, and says why
            exec(statement, {})
    for number, cell in enumerate(source["cells"]):
        if is_test(cell):
            origins.prelude(visible_part(cell["source"]), number)
            origins.prelude(cell["source"], number)
    return origins


@contextmanager
def _shell() -> Iterator[Shell]:
    """Return the shell that all judges have from their fork on, in which a cell has run."""
    from autograde.capture import Shell

    with Shell.alone() as shell:
        shell.cell("1", 60)
        yield shell


def _graded(task: Task, room: _Room, boss: int) -> Graded:
    """Grade a submission, again if that was cut short from outside."""
    for attempt in range(ATTEMPTS):
        try:
            return _attempt(task, room, boss, last=attempt == ATTEMPTS - 1)
        except SandboxError:
            if attempt == ATTEMPTS - 1:
                raise
        except Lost as lost:
            why = f"{lost} Grade it again."
    return task.result(State.UNGRADABLE, why, fingerprint=""), None


def _attempt(task: Task, room: _Room, boss: int, *, last: bool) -> Graded:
    from autograde.executed import executed
    from autograde.judge import channels
    from autograde.limits import Limits
    from autograde.marks import marks_of

    began = time.monotonic()
    submitted = loads(task.notebook)
    if task.source:
        room = room.with_source(task.source)
    seed = int.from_bytes(hashlib.sha256(task.student.encode()).digest()[:4], "big")
    pairs = [socket.socketpair() for _ in range(channels(room.source))]
    processes = Limits().processes + len(pairs)  # every test keeps a copy of the session waiting
    limits = replace(Limits(), seconds=task.limit, cpu=max(1, int(task.limit)), processes=processes)
    with ExitStack() as held:
        given = _folder(held, room.kit.beside)
        own = _folder(held, {**task.files, **room.kit.beside})
        ours = [held.enter_context(pair[0]) for pair in pairs]
        session = held.enter_context(
            room.zygote.session([pair[1] for pair in pairs], files=own, limits=limits, seed=seed)
        )
        judged = _judged(room, submitted, ours, task, given, boss)
        ending = session.kill()
    if judged is None:
        why = f"It was given up after {task.limit:.0f} s."
        return task.result(State.UNGRADABLE, why, seconds=time.monotonic() - began), None
    died = "session" in judged.reason
    if died and not last and _from_outside(ending):
        raise Lost(judged.reason)
    reasons = [judged.reason[:1].upper() + judged.reason[1:]] if judged.reason else []
    if died and "limit" in ending.reason:
        reasons.append(f"It was {ending.reason}.")
    if stopped := [test.id for test in judged.tests if test.error.startswith("CellTimeoutError")]:
        reasons.append(f"Stopped after {task.timeout} seconds: {', '.join(stopped)}.")
    state, reason = (State.PARTLY if reasons else State.GRADED), " ".join(reasons)
    marks = marks_of(room.kit.questions, judged, submitted)
    notes = (*task.notes, *_notes(judged, marks))
    result = task.result(state, reason, notes=notes, marks=marks, seconds=time.monotonic() - began)
    return result, executed(room.source, submitted, judged)


def _from_outside(ending: Ending) -> bool:
    """Say whether a session may have been ended by something else than its own code or its limits."""
    return ending.reason in FROM_OUTSIDE


def _notes(judged: Judged, marks: Any) -> list[str]:
    notes = [
        f"The cell {test.id} was deleted; it was put back." for test in judged.tests if test.place is None
    ]
    notes += [f"The cell {mark.question} was deleted." for mark in marks if mark.verdict == "deleted"]
    notes += [f"The cell {cell.id} stopped with {said}" for cell in judged.cells if (said := _stopped(cell))]
    return notes + [f"{test.id}: {note}" for test in judged.tests for note in test.notes]


def _stopped(cell: CellRun) -> str:
    """Return the error that ended a cell of the student's, "" if none did; a time limit is told elsewhere."""
    errors = [output for output in cell.outputs if output["output_type"] == "error"]
    if not errors or cell.timed_out:
        return ""
    first = next(iter(errors[-1]["evalue"].strip().splitlines()), "")
    return f"{errors[-1]['ename']}: {first}"[:NOTE].removesuffix(": ") + "."


def _folder(held: ExitStack, files: Mapping[str, bytes]) -> Path | None:
    """Write files into a folder that lasts as long as `held`; None if there are none."""
    if not files:
        return None
    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="autograde-files-")))
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _judged(
    room: _Room,
    submitted: Notebook,
    ours: list[socket.socket],
    task: Task,
    given: Path | None,
    boss: int,
) -> Judged | None:
    """Judge in a process of its own; None if that does not end in time."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            answer = pickle.dumps(_verdict(room, submitted, ours, task, given))
            with os.fdopen(writing, "wb") as file:
                file.write(answer)
        finally:
            os._exit(0)
    os.close(writing)
    for channel in ours:
        channel.close()
    try:
        data = _read(reading, time.monotonic() + task.limit, boss)
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)
    if data is None:
        return None
    try:
        judged = pickle.loads(data)  # from the judge, which is ours
    except (EOFError, pickle.UnpicklingError):
        raise Lost("The process that judged it died.") from None
    if isinstance(judged, str):
        raise RuntimeError(judged)
    return judged  # type: ignore[no-any-return]


def _hold_memory() -> None:
    """Let a judge take `MEMORY` more than it began with: a student's function may feed a test's own lists."""
    import resource

    from autograde.limits import footprint

    most = footprint()["VmData"] + MEMORY
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def patience(task: Task, tests: int) -> Patience:
    """Return how long a judge waits: it stops the student's cells early enough to run all tests.

    Without that, whoever lets every cell run out of time would be given up as a whole.
    """
    from autograde.judge import Patience

    left = task.limit - tests * task.timeout - SPARE
    return Patience(cell=task.timeout, test=task.timeout, total=max(task.timeout, left))


def _verdict(
    room: _Room, submitted: Notebook, ours: list[socket.socket], task: Task, given: Path | None
) -> Judged | str:
    """Judge, in the judge's own process, where the instructor's files are; return what went wrong as text."""
    from autograde.judge import judge
    from autograde.walk import cells_with_tests

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        from autograde.namespaces import die_with_parent

        die_with_parent()
        _hold_memory()
    try:
        with tempfile.TemporaryDirectory() as empty:
            os.chdir(given or empty)
            sys.path.insert(0, str(given or empty))
            waits = patience(task, len(cells_with_tests(room.source)))
            return judge(room.source, submitted, ours, waits, room.origins, room.shell)
    except BaseException:
        return traceback.format_exc().strip().splitlines()[-1]


def _read(descriptor: int, deadline: float, boss: int) -> bytes | None:
    """Return all that comes until the other end closes; None if that takes too long.

    It ends this process when `boss`, a pipe, is closed: then nobody wants to know any more.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    poll.register(boss, 0)
    parts: list[bytes] = []
    while ready := dict(poll.poll(max(0.0, deadline - time.monotonic()) * 1000)):
        if boss in ready:
            sys.exit(1)
        part = os.read(descriptor, 1 << 20)
        if not part:
            return b"".join(parts)
        parts.append(part)
    return None


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] == "sandboxed")
