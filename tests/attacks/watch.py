"""Run a grading command with a limit, then look at what it left behind on this machine.

Also a command, ``python -m tests.attacks.watch PLAN.json FACTS.json``, for use inside a jail.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Facts", "Plan", "files_below", "watch"]

GIB = 2**30
SET_CHILD_SUBREAPER = 36
SETTLE = 1.5  # seconds in which what was left behind may show itself
READ = 1_000_000  # bytes of a file that are searched for a mark
# These are ours, or grading writes them; the gradebook is looked at by itself.
UNSTEADY = {"gradebook.db", "log.txt", "plan.json", "facts.json"}
SHARED = [Path(folder) for folder in ("/tmp", "/var/tmp", "/dev/shm")]


@dataclass(frozen=True)
class Plan:
    """What to run, and what to look for.

    Attributes
    ----------
    commands : list of list of str
        Run one after the other in the folder `course`.
    place : str
        The folder with the course, the home and the folder outside.
    environment : dict of str to str
        The whole environment of the commands.
    marks : dict of str to str
        Student -> word that betrays the student's traces.
    services : dict of str to str
        What a service tells whoever asks: ``loopback`` on `port`, ``socket`` on the abstract `address`.
    limit : float
        Seconds for all commands together.
    """

    commands: list[list[str]]
    place: str
    environment: dict[str, str]
    marks: dict[str, str]
    services: dict[str, str]
    port: int
    address: str
    limit: float


@dataclass
class Facts:
    """What was seen: by student, files with the mark and processes left; and what cannot be told whose it is.

    Attributes
    ----------
    changed : list of str
        Files that were there before, and are not what they were.
    orphans : list of str
        Command lines of processes that the commands started, and that outlived them.
    """

    seconds: float = 0.0
    ended: bool = True
    log: str = ""
    files: dict[str, list[str]] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    processes: dict[str, int] = field(default_factory=dict)
    orphans: list[str] = field(default_factory=list)


def watch(plan: Plan) -> Facts:
    """Run the commands, and return what there is to see afterwards; what they left running is ended."""
    place = Path(plan.place)
    before = _hashes(place)
    facts = Facts()
    ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # whoever loses its parent becomes our child
    started = time.monotonic()
    with (
        closing(_serve(("127.0.0.1", plan.port), plan.services["loopback"])),
        closing(_serve(f"\0{plan.address}", plan.services["socket"])),
    ):
        for command in plan.commands:
            _run(command, plan, started + plan.limit, facts)
        facts.seconds = time.monotonic() - started
        time.sleep(SETTLE)
    left = _descendants()
    facts.orphans = [_known(pid)[:300].decode(errors="replace") for pid in left]
    for student, mark in plan.marks.items():
        marked = [pid for pid in _running() if mark.encode() in _known(pid)]
        facts.processes[student] = len(marked)
        left += marked
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _look_at_files(plan, before, facts)
    return facts


def _run(command: Sequence[str], plan: Plan, until: float, facts: Facts) -> None:
    with open(Path(plan.place) / "log.txt", "ab") as log:
        process = subprocess.Popen(
            command,
            cwd=Path(plan.place) / "course",
            env=plan.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_limit,
        )
        try:
            process.wait(max(1.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            facts.ended = False
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    with open(Path(plan.place) / "log.txt", "rb") as log:
        facts.log = log.read()[-100_000:].decode(errors="replace")


def _limit() -> None:
    """Keep a grader without defences from harming the machine; far above what any attack takes by itself."""
    resource.setrlimit(resource.RLIMIT_DATA, (10 * GIB, 10 * GIB))
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * GIB, 3 * GIB))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(address: tuple[str, int] | str, secret: str) -> socket.socket:
    """Tell whoever connects a secret, as a service on the instructor's own machine would."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    server = socket.socket(family)
    server.bind(address)
    server.listen()

    def answer() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.sendall(secret.encode())

    threading.Thread(target=answer, daemon=True).start()
    return server


def _running() -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if pid != os.getpid()]


def _known(pid: int) -> bytes:
    """Return the command line and the environment of a process."""
    with suppress(OSError):
        return b"".join(Path(f"/proc/{pid}/{part}").read_bytes() for part in ("cmdline", "environ"))
    return b""


def _descendants() -> list[int]:
    parents = {}
    for pid in _running():
        with suppress(OSError, IndexError):
            state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
            if state != "Z":  # the dead only wait for somebody to ask
                parents[pid] = int(parent)
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {os.getpid()})


def files_below(folder: Path) -> list[Path]:
    """Return the regular files below a folder, however deep they lie."""
    found, waiting = [], [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    found.append(Path(entry.path))
    return sorted(found)


def _hashes(place: Path) -> dict[str, str]:
    return {str(path): _hash(path) for path in files_below(place)}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.stat().st_size < 100 * READ else "large"


def _look_at_files(plan: Plan, before: Mapping[str, str], facts: Facts) -> None:
    place = Path(plan.place)
    after = files_below(place)
    for name in before:
        path = Path(name)
        if path.name not in UNSTEADY and (not path.is_file() or _hash(path) != before[name]):
            facts.changed.append(name)
    for student, mark in plan.marks.items():
        found = [path for path in after if _is_trace(path, student, mark, place)]
        found += [path for folder in SHARED for path in folder.glob(f"*{mark}*")]
        facts.files[student] = sorted(str(path) for path in found)


def _is_trace(path: Path, student: str, mark: str, place: Path) -> bool:
    work = place / "course" / "autograde" / "work"
    if path.name in UNSTEADY:
        return False
    if work in path.parents:
        parts = path.relative_to(work).parts
        return mark in path.name and not any(x == student or x.startswith(f"{student}.") for x in parts)
    if mark in path.name:
        return True
    with suppress(OSError), path.open("rb") as file:
        return mark.encode() in file.read(READ)
    return False


def main(plan: str, facts: str) -> None:
    """Read a plan, carry it out, write the facts."""
    seen = watch(Plan(**json.loads(Path(plan).read_text())))
    Path(facts).write_text(json.dumps(asdict(seen)))


if __name__ == "__main__":
    main(*sys.argv[1:])
