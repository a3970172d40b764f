"""Walls around one session: namespaces of its own, an empty /proc, its own /tmp, no capabilities.

Linux only, inside the sandbox that bubblewrap has already closed. Called in this order: the warden calls
`enter` and `first_process`, and then forks the session, which calls `surrender` before any code of a
student's runs.
"""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

__all__ = ["WallError", "adopt_orphans", "become", "die_with_parent", "enter", "first_process", "surrender"]

INSIDE = 1000  # the user and group that a session believes to be

NEW = {  # CLONE_NEW*
    "mount": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
}
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS, RECURSIVE, PRIVATE = 1, 2, 4, 8, 1 << 14, 1 << 18  # MS_*
DEATH_SIGNAL, DUMPABLE, BOUNDING_DROP, SECURITY_BITS, NO_NEW_PRIVILEGES, AMBIENT = (
    1,
    4,
    24,
    28,
    38,
    47,
)  # PR_*
SUBREAPER = 36
SIGKILL = 9


class WallError(RuntimeError):
    """The kernel refuses a wall."""


@cache
def libc() -> ctypes.CDLL:
    """Return the C library; with torch in the process it takes long to open."""
    return ctypes.CDLL(None, use_errno=True)


def call(what: str, name: str, *arguments: int | bytes | None) -> None:
    """Call a function of the C library that returns 0 unless it fails."""
    given = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    if getattr(libc(), name)(*given) != 0:
        raise WallError(f"{what}: {os.strerror(ctypes.get_errno())}")


def die_with_parent() -> None:
    """Have this process killed when the one that forked it is gone."""
    call("dying with the parent", "prctl", DEATH_SIGNAL, SIGKILL, 0, 0, 0)


def adopt_orphans() -> None:
    """Have what this process's descendants leave behind come down to it, not to process 1."""
    call("adopting orphans", "prctl", SUBREAPER, 1, 0, 0, 0)


def become(user: int) -> None:
    """Turn root into `user`, for good.

    The kernel does not count root's processes, and the host's files are root's: neither may hold inside.
    """
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    # Without this /proc/self belongs to root, and this user could not map itself into a new namespace.
    call("staying traceable for the own user", "prctl", DUMPABLE, 1, 0, 0, 0)


def enter(disk: int, inodes: int) -> None:
    """Put this process, and its children from the next one on, behind walls of their own.

    Parameters
    ----------
    disk, inodes : int
        Size in bytes and number of files of the new /tmp.

    Raises
    ------
    WallError
        The kernel refuses one; the text says which.
    """
    user, group = os.getuid(), os.getgid()
    flags = 0
    for flag in NEW.values():
        flags |= flag
    call("new namespaces", "unshare", flags)
    for file, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE} {user} 1"),
        ("gid_map", f"{INSIDE} {group} 1"),
    ):
        try:
            Path("/proc/self", file).write_text(text, encoding="ascii")
        except OSError as error:
            raise WallError(f"mapping the user ({file}): {error.strerror}") from error
    host = b"session"
    call("naming the host", "sethostname", host, len(host))
    call("private mounts", "mount", b"none", b"/", None, RECURSIVE | PRIVATE, None)
    quiet = NO_SETUID | NO_DEVICES
    size = f"size={disk},nr_inodes={inodes},mode=0755".encode()
    call("a /tmp", "mount", b"tmpfs", b"/tmp", b"tmpfs", quiet, size)
    Path("/tmp/shm").mkdir()  # what /dev/shm points at


def first_process() -> int:
    """Start process 1 of the namespace that `enter` has made, and return its id; all others end with it.

    It is a small program that waits until this process is gone, so that the session can come to its end while
    copies of it go on. A fork would do as well, but would hold all memory once more. It must be started while
    this process ignores its children's ends, as it then does too: nobody else takes in the orphans inside.

    Raises
    ------
    OSError
        There is no ``cat`` in the sandbox.
    """
    line, _ = os.pipe()  # the other end stays open here, and nowhere else
    return os.posix_spawnp("cat", ["cat"], {}, file_actions=[(os.POSIX_SPAWN_DUP2, line, 0)])


def hide_processes() -> None:
    """Cover /proc, after the last look at it: what a fresh one would show is nobody's business inside."""
    flags = READ_ONLY | NO_SETUID | NO_DEVICES | NO_PROGRAMS
    call("an empty /proc", "mount", b"tmpfs", b"/proc", b"tmpfs", flags, b"size=4k,nr_inodes=1,mode=0555")


def surrender() -> None:
    """Give up every capability, in every set, and every way to regain one."""
    for capability in range(64):
        try:
            call("", "prctl", BOUNDING_DROP, capability, 0, 0, 0)
        except WallError:
            break  # past the last one that this kernel knows
    call("no ambient capabilities", "prctl", AMBIENT, 4, 0, 0, 0)
    # root is nobody special, and the switch that says so is locked
    call("no powers for root", "prctl", SECURITY_BITS, 0xEF, 0, 0, 0)
    call("no new privileges", "prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (0x20080522).to_bytes(4, "little") + bytes(4)  # _LINUX_CAPABILITY_VERSION_3, this process
    call("no capabilities", "capset", header, bytes(24))
