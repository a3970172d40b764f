"""Tasks -> results on a Dask cluster: the same function as ``engine``'s, mapped over other machines.

Nothing is read there by path: each Dask worker gets the kits as bytes, once, and keeps a process with a
sandbox of its own for each of its threads. A Dask worker that dies loses nothing: Dask gives its tasks to
another one. Whoever can reach the scheduler can run code on the cluster and, through what the workers send
back, here: use a scheduler that only you can reach.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import islice
from multiprocessing import connection
from typing import Any

from autograde.engine import Worker
from autograde.errors import AutogradeError, ClusterError
from autograde.grading import Graded
from autograde.result import State
from autograde.task import Kit, Task, grader

__all__ = ["require_address", "run"]

CONNECT = 10  # seconds
LOOK = 2  # seconds after which it looks whether anybody is still there
LONELY = 60  # seconds without any worker after which it gives up
ADDRESS = re.compile(r"([a-z]\w*://)?(\[[^\s/\]]+\]|[^\s:/\[\]]+):\d{1,5}(/\S*)?")
AHEAD = 2  # tasks for each thread of the cluster: one that it works on, one that waits there


def require_address(scheduler: str) -> None:
    """Refuse what cannot be a scheduler's address, whether or not there is anything to grade.

    Raises
    ------
    ClusterError

    Examples
    --------
    >>> require_address("tcp://10.0.0.1:8786")
    >>> require_address("10.0.0.1")
    Traceback (most recent call last):
    autograde.errors.ClusterError: grade: `--scheduler` is '10.0.0.1', expected an address like \
tcp://10.0.0.1:8786. Give the one that `dask scheduler` prints.
    """
    if not ADDRESS.fullmatch(scheduler):
        raise ClusterError(
            f"grade: `--scheduler` is {scheduler!r}, expected an address like tcp://10.0.0.1:8786. Give the"
            " one that `dask scheduler` prints."
        )


def run(
    tasks: Iterable[Task],
    kits: Mapping[str, Kit],
    scheduler: str,
    started: Callable[[Task], None],
    *,
    sandbox: bool = True,
) -> Generator[Graded, None, None]:
    """Grade submissions on a cluster and yield each as it is done.

    Parameters
    ----------
    tasks, kits, started, sandbox
        As of ``engine.run``.
    scheduler : str
        Its address, for example ``tcp://10.0.0.1:8786``.

    Yields
    ------
    (Result, notebook)

    Raises
    ------
    ClusterError
        There is no scheduler, nobody works for it, or its workers have another version of this package.
    """
    waiting = iter(tasks)
    with _client(scheduler) as client, _deployed(client, kits, sandbox) as name:
        futures: dict[Any, Task] = {}
        while True:
            threads = sum(client.nthreads().values())
            for task in islice(waiting, max(0, AHEAD * threads - len(futures))):
                started(task)
                futures[client.submit(_graded, name, task, pure=False)] = task
            if not futures:
                return
            for future in _done(client, futures, scheduler):
                yield _answer(future, futures.pop(future))


@contextmanager
def _client(scheduler: str) -> Iterator[Any]:
    """Connect to a scheduler at which somebody works."""
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "grade: `--scheduler` needs Dask, which is not installed. Run: pip install distributed"
        ) from None
    connect: Any = Client
    with ExitStack() as held:
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what it means is said here
        held.enter_context(warnings.catch_warnings())
        warnings.filterwarnings("ignore", message="Sending large graph")
        try:
            client = held.enter_context(connect(scheduler, timeout=CONNECT))
        except (OSError, ValueError, TypeError) as error:
            raise ClusterError(
                f"grade: there is no Dask scheduler at {scheduler} ({error}). Start one with `dask scheduler`"
                " and give the address that it prints, like tcp://10.0.0.1:8786."
            ) from None
        if not client.nthreads():
            raise ClusterError(
                f"grade: nobody works for the scheduler at {scheduler}. Start workers with"
                f" `dask worker {scheduler}`."
            )
        yield client


@contextmanager
def _deployed(client: Any, kits: Mapping[str, Kit], sandbox: bool) -> Iterator[str]:
    """Give every worker, those that come later too, what it needs to grade; take it back at the end."""
    from distributed import WorkerPlugin

    class Deployed(_Crew, WorkerPlugin):
        pass

    name = "autograde-" + hashlib.sha256(repr((sandbox, sorted(kits))).encode()).hexdigest()[:12]
    try:
        client.register_plugin(Deployed(kits, sandbox), name=name)
    except Exception as error:
        raise ClusterError(
            f"grade: the workers cannot grade: {type(error).__name__}: {error}. Install this version of"
            " autograde, with what it imports, on each."
        ) from error
    try:
        yield name
    finally:
        if client.status == "running":
            client.unregister_worker_plugin(name)


class _Crew:
    """What a Dask worker holds: one process that grades for each of its threads."""

    def __init__(self, kits: Mapping[str, Kit], sandbox: bool) -> None:
        self.kits, self.sandbox, self.grader = dict(kits), sandbox, grader()

    def setup(self, worker: Any) -> None:
        self.idle: list[Worker] = []
        self.all: list[Worker] = []
        self.turn = threading.Lock()

    def teardown(self, worker: Any) -> None:
        with self.turn:
            for one in self.all:
                one.end()
            self.all, self.idle = [], []

    def graded(self, task: Task) -> Graded:
        if self.grader != grader():
            raise ClusterError("it has another version of autograde")
        with self.turn:
            if not self.idle:
                self.idle.append(Worker(self.kits, self.sandbox))
                self.all.append(self.idle[-1])
            worker = self.idle.pop()
        worker.give(task)
        graded = None
        while graded is None:
            connection.wait([worker.pipe], timeout=max(0.0, worker.deadline - time.monotonic()))
            graded = worker.take()
        with self.turn:
            self.idle.append(worker)
        return graded


def _graded(name: str, task: Task) -> Graded:
    """Grade a submission, on a Dask worker."""
    from distributed import get_worker

    crew: Any = get_worker().plugins[name]
    graded: Graded = crew.graded(task)
    return graded


def _done(client: Any, futures: Iterable[Any], scheduler: str) -> list[Any]:
    """Wait until some futures are done and return those."""
    from distributed import wait

    wait_for: Any = wait
    alone = 0
    while alone < LONELY:
        try:
            return list(wait_for(list(futures), timeout=LOOK, return_when="FIRST_COMPLETED").done)
        except TimeoutError:
            if client.status != "running":
                break
            alone = 0 if client.nthreads() else alone + LOOK
    what = "nobody works for" if client.status == "running" else "there is no connection any more to"
    raise ClusterError(
        f"grade: {what} the scheduler at {scheduler}. What was done is kept: start it again, and grade again."
    )


def _answer(future: Any, task: Task) -> Graded:
    """Return what a future holds; a row if every worker that tried it died."""
    from distributed import KilledWorker

    try:
        graded: Graded = future.result()
    except KilledWorker:
        why = "The machines that graded it died. Grade it again."
        return task.result(State.UNGRADABLE, why, fingerprint=""), None
    except AutogradeError as error:
        raise ClusterError(f"grade: a worker of the cluster cannot grade: {error}") from None
    except Exception as error:
        raise ClusterError(
            f"grade: a worker of the cluster cannot grade: {type(error).__name__}: {error}. Install this"
            " version of autograde, with what it imports, there."
        ) from error
    return graded
