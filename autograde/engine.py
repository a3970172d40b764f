"""Tasks -> results: a pure function, mapped over processes of this machine (see ``grading``).

A worker that dies is replaced, and its submission goes to the next one.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from multiprocessing.connection import wait

from autograde import child
from autograde.errors import AutogradeError
from autograde.grading import Graded
from autograde.result import State
from autograde.task import Kit, Task

__all__ = ["Worker", "cores", "run"]

START = 240  # seconds that a worker's imports may take on a cold disk
SLACK = 60  # seconds that a worker has to end what is over its limit
ATTEMPTS = 3


class Worker:
    """A process that grades, as the engine holds it.

    Parameters
    ----------
    kits : mapping of str to Kit
        By digest. Each is sent along with the first task that needs it.
    sandbox : bool
    """

    def __init__(self, kits: Mapping[str, Kit], sandbox: bool) -> None:
        self.kits, self.sandbox = kits, sandbox
        self.task: Task | None = None
        self.deadline = 0.0
        self.attempts = 0
        self.start()

    def start(self) -> None:
        """Start the process."""
        self.process, self.pipe = child.start("autograde.grading", "sandboxed" if self.sandbox else "bare")
        self.sent: set[str] = set()

    def give(self, task: Task) -> None:
        """Hand over a task."""
        self.task, self.attempts = task, 0
        self.hand_over(task)

    def hand_over(self, task: Task) -> None:
        self.attempts += 1
        self.deadline = time.monotonic() + task.limit * 3 + SLACK + (0 if self.sent else START)
        kit = None if task.kit in self.sent else self.kits[task.kit]
        self.sent.add(task.kit)
        with suppress(OSError):  # it is dead: `take` finds out
            self.pipe.send((kit, task))

    def take(self) -> Graded | None:
        """Return what became of the task; None if the worker died over it and another one tries.

        Raises
        ------
        AutogradeError
            Nothing can be graded here.
        """
        task = self.task
        assert task is not None
        in_time = self.pipe.poll()
        try:
            if not in_time:
                raise EOFError
            answer = self.pipe.recv()
        except (EOFError, OSError):
            self.end()
            self.start()
            if in_time and self.attempts < ATTEMPTS:
                self.hand_over(task)
                return None
            # Without a fingerprint it is tried again next time: the machine may have run out of memory.
            why = "The processes that graded it died. Grade it again."
            answer = task.result(State.UNGRADABLE, why, fingerprint=""), None
        self.task = None
        if isinstance(answer, str):
            raise AutogradeError(answer)
        graded: Graded = answer
        return graded

    def end(self) -> None:
        """End the process; its sandbox and its judge die with it."""
        self.process.terminate()
        child.end(self.process, self.pipe)


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def run(
    tasks: Iterable[Task],
    kits: Mapping[str, Kit],
    workers: int,
    started: Callable[[Task], None],
    *,
    sandbox: bool = True,
) -> Generator[Graded, None, None]:
    """Grade submissions, `workers` at a time, and yield each as it is done.

    Parameters
    ----------
    tasks : iterable of Task
        Each is asked for when its turn comes.
    kits : mapping of str to Kit
        By digest.
    workers : int
        How many to grade at once.
    started : callable
        Called with each task when its turn comes.
    sandbox : bool
        False runs students' code with your own rights; see ``sandbox.Bare``.

    Yields
    ------
    (Result, notebook)
        The notebook as it was executed; None where nothing was.

    Raises
    ------
    AutogradeError
        Nothing can be graded here; the text says why.
    """
    waiting = iter(tasks)
    crew: list[Worker] = []
    try:
        while True:
            idle = [worker for worker in crew if worker.task is None]
            while len(idle) + workers - len(crew) > 0 and (task := next(waiting, None)) is not None:
                started(task)
                if not idle:
                    crew.append(Worker(kits, sandbox))
                    idle = crew[-1:]
                idle.pop().give(task)
            busy = [worker for worker in crew if worker.task is not None]
            if not busy:
                return
            first = min(worker.deadline for worker in busy)
            ready = wait([worker.pipe for worker in busy], timeout=max(0.0, first - time.monotonic()))
            for worker in busy:
                if worker.pipe in ready or time.monotonic() >= worker.deadline:
                    graded = worker.take()
                    if graded is not None:
                        yield graded
    finally:
        for worker in crew:
            worker.end()
