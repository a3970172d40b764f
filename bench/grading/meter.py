"""Run a command and say what it and everything that it starts cost: seconds, CPU seconds, memory.

CPU time is counted by the kernel (perf_event_open, a task clock that every child inherits), because the usual
sum over waited-for children misses what a zygote forks and nobody waits for.
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MeterError", "Used", "run"]

SYSCALL = {"x86_64": 298, "aarch64": 241}
SOFTWARE, TASK_CLOCK = 1, 1
DISABLED, INHERIT, NO_KERNEL, NO_HYPERVISOR, ON_EXEC = (1 << bit for bit in (0, 1, 5, 6, 12))
WAITING = 'read -r go && exec "$@" </dev/null'


class MeterError(RuntimeError):
    """A command failed, or nothing can be measured here."""


@dataclass(frozen=True)
class Used:
    """What a command used.

    Attributes
    ----------
    wall, cpu : float
        Seconds from start to end, and on all processors together.
    memory : int
        The largest sum of its processes' proportional set sizes that was seen, in bytes; 0 unless asked.
    """

    wall: float
    cpu: float
    memory: int = 0


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    place: Path,
    *,
    look: float | None = None,
) -> Used:
    """Run a command to its end.

    Parameters
    ----------
    command : sequence of str
    environment : mapping of str to str
        Its whole environment.
    place : Path
        Where it runs.
    look : float, optional
        Seconds between two looks at its memory.

    Returns
    -------
    Used

    Raises
    ------
    MeterError
        It ends with an error, whose last lines are in the text, or this machine does not count.
    """
    with tempfile.TemporaryFile() as said:
        waiting = subprocess.Popen(
            ["/bin/sh", "-c", WAITING, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            env=dict(environment),
            cwd=place,
        )
        assert waiting.stdin is not None
        with waiting.stdin as go:
            clock = _clock(waiting.pid)
            start = time.monotonic()
            go.write(b"go\n")
        memory = 0
        if look is not None:
            while waiting.poll() is None:
                memory = max(memory, sum(map(_share, _family(waiting.pid))))
                time.sleep(look)
        code = waiting.wait()
        wall = time.monotonic() - start
        cpu = int.from_bytes(os.read(clock, 8), "little") / 1e9
        os.close(clock)
        if code:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            raise MeterError(f"{' '.join(command)} ended with {code}:\n{words[-3000:]}")
    return Used(wall, cpu, memory)


def _clock(process: int) -> int:
    """Open a counter of nanoseconds for a process and all that it starts, from its next exec on."""
    number = SYSCALL.get(platform.machine())
    if platform.system() != "Linux" or number is None:
        raise MeterError(f"no CPU clock on {platform.system()} {platform.machine()}: measure on Linux")
    flags = (
        DISABLED | INHERIT | NO_KERNEL | NO_HYPERVISOR | ON_EXEC
    )  # a task clock counts the kernel's time too
    fields = [SOFTWARE.to_bytes(4, "little"), (64).to_bytes(4, "little"), TASK_CLOCK.to_bytes(8, "little")]
    attributes = b"".join([*fields, bytes(24), flags.to_bytes(8, "little"), bytes(16)])
    libc = ctypes.CDLL(None, use_errno=True)
    clock = int(libc.syscall(number, attributes, process, -1, -1, 8))  # 8: closed on exec
    if clock < 0:
        why = os.strerror(ctypes.get_errno())
        raise MeterError(f"perf_event_open: {why}. Set kernel.perf_event_paranoid to 2, or measure as root.")
    return clock


def _family(first: int) -> set[int]:
    """Return a process and all that descend from it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it is gone
    found: set[int] = set()
    more = {first}
    while more:
        found |= more
        more = {process for process, parent in parents.items() if parent in more} - found
    return found


def _share(process: int) -> int:
    """Return a process's proportional set size in bytes: what it shares is divided among those that do."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
