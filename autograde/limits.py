"""What a session may use, and the part of it that the kernel can hold a single process to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

__all__ = ["BESIDE", "GIB", "MIB", "Limits", "enforce", "footprint"]

MIB = 1 << 20
GIB = 1 << 30
BESIDE = 2  # processes of a session's namespace that are not its own: the warden and process 1
ROOM = 4 * GIB  # addresses that nothing stands behind: libraries reserve them freely, page tables do not


@dataclass(frozen=True)
class Limits:
    """What one session may use, its forks included.

    Parameters
    ----------
    seconds : float
        Wall clock, from the first line of the session to its end.
    cpu : int
        Seconds of CPU time of a single process.
    memory : int
        Bytes beyond what the zygote's imports take.
    processes : int
        Processes and threads at a time.
    open_files : int
        Files and sockets that a single process has open, over and above its channels.
    disk, inodes : int
        Bytes and number of files under the session's own /tmp; they are memory as well.
    parcel : int
        Bytes of the submission's own files that are copied in.

    Notes
    -----
    Worst case on the machine: `memory` and `disk`, plus what the kernel itself holds for sockets and pipes,
    which only a control group counts: some 200 KiB for each of `open_files` in each of `processes`. Where
    that matters, run the whole command in one:
    ``systemd-run --scope -p MemoryMax=8G -p TasksMax=500 ...``.

    Examples
    --------
    >>> Limits(memory=512 * MIB).memory
    536870912
    >>> Limits(processes=0)
    Traceback (most recent call last):
    ValueError: Limits: `processes` is 0, expected a number above 0. Give a larger one.
    """

    seconds: float = 600
    cpu: int = 600
    memory: int = 2 * GIB
    processes: int = 64
    open_files: int = 128
    disk: int = 256 * MIB
    inodes: int = 8192
    parcel: int = 64 * MIB

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value > 0:
                raise ValueError(
                    f"Limits: `{name}` is {value!r}, expected a number above 0. Give a larger one."
                )

    def plain(self) -> dict[str, float]:
        """Return the limits as JSON would hold them."""
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, float]) -> Self:
        """Return the limits that `plain` once was."""
        return cls(**plain)  # type: ignore[arg-type]  # its own fields


def footprint() -> dict[str, int]:
    """Return the sizes that Linux reports of this process, in bytes; nothing elsewhere.

    Examples
    --------
    >>> footprint().get("VmRSS", 1) > 0
    True
    """
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            rows = [line.split() for line in file if line.endswith(" kB\n")]
    except OSError:
        return {}
    return {row[0].rstrip(":"): int(row[1]) * 1024 for row in rows}


def enforce(limits: Limits, before: Mapping[str, int], channels: int, own_user: bool) -> None:
    """Hold this process, and all that it will ever start, to `limits`, as far as one process can be.

    Parameters
    ----------
    limits : Limits
    before : mapping of str to int
        What `footprint` returned: the imports' own share does not count.
    channels : int
        Descriptors that the session was given.
    own_user : bool
        Whether the session has a user namespace of its own. Without one the kernel counts the processes of
        everyone who shares the user id, and a limit on them would hit the wrong ones.
    """
    import resource

    size = int(limits.memory)
    rules = {
        "RLIMIT_CPU": int(limits.cpu),
        "RLIMIT_FSIZE": int(limits.disk),
        "RLIMIT_NOFILE": int(limits.open_files) + channels,
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 1024,
        "RLIMIT_NICE": 0,
        "RLIMIT_RTPRIO": 0,
    }
    if before:
        rules["RLIMIT_DATA"] = before["VmData"] + size
        # What no memory stands behind is cheap, but the tables that map it are not, and no other limit
        # counts those: a read touches a page of zeros for 8 bytes of table each.
        rules["RLIMIT_AS"] = before["VmSize"] + size + ROOM
    if own_user:
        rules["RLIMIT_NPROC"] = int(limits.processes) + BESIDE
    for name, most in rules.items():
        if not hasattr(resource, name):  # macOS knows half of them
            continue
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
