"""The process between the zygote and one session: it waits for the session, and ends it when it must.

It is trusted, out of the session's sight, and alone in hearing the grader. A session ends when it leaves of
its own accord, when the grader says so or is gone, when its time is over, or when all of its processes
together hold more memory than they may. With namespaces the kernel ends every fork and daemon with process 1
of them; without them the warden takes in the orphans and ends what it can see.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field

from autograde.limits import MIB, Limits

__all__ = ["Warden"]

PERIOD = 0.1  # seconds between two looks at the memory
SHARE = 10  # a look may take at most a tenth of the time
EXACT = 1.0  # seconds between two exact looks where an estimate says that all is well
PAGE = 4  # KiB


@dataclass
class Warden:
    """Watch over the session `child`.

    Parameters
    ----------
    child : int
        Its process id.
    copies : int
        A pipe whose other end the session holds, with all of its forks: it ends with the last of them.
    life : socket
        To the grader. What it reads there, the end of file too, means: end it.
    zygote : int
        A pipe from the zygote, with the same meaning.
    limits : Limits
    processes : int or None
        An open /proc that shows the session; None where there is none.
    first : int or None
        Process 1 of the session's own namespace, if there is one: all others there end with it.
    inherited : int
        Bytes that a fork of the zygote holds before it does anything.
    code : int or None
        The child's exit status once it has one.
    exact : float
        When the memory was last looked at exactly.
    """

    child: int
    copies: int
    life: socket.socket
    zygote: int
    limits: Limits
    processes: int | None
    first: int | None
    inherited: int = 0
    code: int | None = None
    exact: float = field(default_factory=time.monotonic)

    def wait(self) -> None:
        """Return when the session is dead, and tell the grader how it ended."""
        end = time.monotonic() + self.limits.seconds
        exited = os.pidfd_open(self.child) if hasattr(os, "pidfd_open") else None
        poll = select.poll()
        for descriptor in (self.life.fileno(), self.zygote, self.copies, exited):
            if descriptor is not None:
                poll.register(descriptor, select.POLLIN)
        pause, why, copies = PERIOD if exited is not None else PERIOD / 5, "", True
        while not why:
            ready = {descriptor for descriptor, _ in poll.poll(pause * 1000)}
            for descriptor in ready & {self.copies, exited}:  # the session may end before or after its copies
                poll.unregister(descriptor)
            copies = copies and self.copies not in ready
            if self.dead() and not copies:
                break
            if ready & {self.life.fileno(), self.zygote}:
                why = "ended by the grader"
            elif time.monotonic() > end:
                why = f"stopped after {self.limits.seconds:g} seconds, its limit"
            else:
                start = time.monotonic()
                why = self.excess()
                pause = max(PERIOD, SHARE * (time.monotonic() - start))
        status = self.finish()
        with suppress(OSError):  # the grader is gone
            self.life.sendall(json.dumps({"ended": why or told(status), "status": status}).encode() + b"\n")

    def dead(self) -> bool:
        """Return whether the child has ended, and keep its exit status."""
        if self.code is None:
            process, status = os.waitpid(self.child, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if process else None
        return self.code is not None

    def finish(self) -> int:
        """End everything that is left and return the exit status of the child, negative for a signal."""
        if self.first is None:
            self.hunt()
        else:
            os.kill(self.first, signal.SIGKILL)
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])
        if self.first is not None:
            os.waitpid(self.first, 0)  # it counts as dead only when all others of its namespace are
        return self.code

    def hunt(self) -> None:
        """End the child, its process group, and whatever came down to this process since."""
        for _ in range(200):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.child, signal.SIGKILL)
            family = self.family().keys() - {self.child}
            for process in family:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
                with suppress(ChildProcessError):  # only orphans are ours to wait for
                    os.waitpid(process, os.WNOHANG)
            if self.dead() and not family:
                return
            time.sleep(0.005)

    def family(self) -> dict[int, dict[str, int]]:
        """Return the session's processes, as far as /proc shows them: the status of each by its id."""
        if self.processes is None:
            return {self.child: {}}
        names = filter(str.isdigit, os.listdir(self.processes))
        rows = {int(name): row for name in names if (row := self.status(int(name)))}
        children: dict[int, list[int]] = {}
        for process, row in rows.items():
            children.setdefault(row.get("PPid", 0), []).append(process)
        found: dict[int, dict[str, int]] = {}
        more = children.get(os.getpid(), [])
        while more:
            found |= {process: rows[process] for process in more if process in rows}
            more = [child for process in more for child in children.get(process, [])]
        return found

    def status(self, process: int) -> dict[str, int]:
        """Return the numbers in a process's status file; the sizes are in KiB. Nothing if it is gone."""
        text = self.read(f"{process}/status")
        pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
        return {name: int(first[0]) for name, rest in pairs if (first := rest.split()) and first[0].isdigit()}

    def read(self, path: str) -> str:
        """Return the text of a file in /proc, or nothing."""
        try:
            with open(
                os.open(path, os.O_RDONLY, dir_fd=self.processes), encoding="ascii", errors="replace"
            ) as file:
                return file.read()
        except OSError:
            return ""

    def excess(self) -> str:
        """Return what the session uses too much of; nothing if it keeps to its limits."""
        if self.processes is None:
            return ""
        family = self.family()
        if self.first is None and len(family) > self.limits.processes:
            return f"stopped at {len(family)} processes, its limit is {self.limits.processes:g}"
        most = (self.limits.memory + self.inherited) / 1024
        rows = family.values()
        # What forks share is counted once for each of them: good enough while it is below the limit.
        beside = sum(row.get(name, 0) for row in rows for name in ("RssShmem", "VmPTE", "VmSwap"))
        if sum(row.get("RssAnon", 0) for row in rows) + beside <= most:
            return ""
        # An exact look walks through all pages. What was inherited is a process's own once it has written
        # to it, a page at a time. That is no bound: huge pages can take the place of what it gave back.
        own = sum(map(self.own, family, rows))
        if own + beside <= self.limits.memory / 1024 and time.monotonic() < self.exact + EXACT:
            return ""
        self.exact = time.monotonic()
        exact = sum(self.private(process) for process in family)
        if exact <= most:
            return ""
        limit = self.limits.memory / MIB
        return f"stopped at {exact * 1024 / MIB:.0f} MiB of memory, its limit is {limit:.0f} MiB"

    def own(self, process: int, row: dict[str, int]) -> float:
        """Return about how much memory a process has in KiB that is not, or no longer, the zygote's."""
        inherited = self.inherited / 1024
        fields = self.read(f"{process}/stat").rpartition(")")[2].split()
        faults = int(fields[7]) + int(fields[9]) if fields else 0
        return max(0.0, row.get("RssAnon", 0) - inherited) + min(inherited, PAGE * faults)

    def private(self, process: int) -> int:
        """Return the memory of a process in KiB, its share of what it shares with others."""
        rows = (line.split() for line in self.read(f"{process}/smaps_rollup").splitlines())
        sizes = {row[0]: int(row[1]) for row in rows if len(row) == 3}
        own = sum(sizes.get(name, 0) for name in ("Pss_Anon:", "Pss_Shmem:", "SwapPss:"))
        return own + self.status(process).get("VmPTE", 0)


def told(status: int) -> str:
    """Return an exit status in words.

    Examples
    --------
    >>> told(0), told(3), told(-9)
    ('left', 'left with status 3', 'killed by SIGKILL')
    """
    if status >= 0:
        return f"left with status {status}" if status else "left"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-status).name}"
    return f"killed by signal {-status}"
