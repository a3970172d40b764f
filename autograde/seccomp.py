"""Which system calls a session is refused: a filter that the kernel runs before each of them.

The sandbox's namespaces leave a session little to reach; this leaves it little to try. Refused are the calls
that only a debugger, an administrator or an attacker needs, those whose memory no limit counts, and every
call younger than this file. What numpy, torch and IPython do goes through.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterator

__all__ = ["ABSENT", "CLONE", "DENIED", "MACHINES", "SOCKETS", "FilterError", "install", "program"]

# name: number on x86-64, number on aarch64 (None where there is no such call)
DENIED: dict[str, tuple[int | None, int | None]] = {
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # keys
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # wide doors into the kernel
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_setup": (206, 0),
    "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "seccomp": (317, 277),
    "splice": (275, 76),
    "tee": (276, 77),
    "vmsplice": (278, 75),
    # the machine
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "personality": (135, 92),
    # where and how it is scheduled: a worker pins its sessions to its own core
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "mbind": (237, 235),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
    # memory that belongs to no process and to no folder, so that no limit counts it
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}

# glibc falls back on clone, whose flags a filter can read
ABSENT = {"clone3": (435, 435)}
NEWEST = 462  # mseal, Linux 6.10; a call that came later has been judged by nobody

# Only sockets that lead nowhere but to the session's own processes: those that a DataLoader's workers need.
SOCKETS = {"socket": (41, 198), "socketpair": (53, 199)}
CLONE = (56, 220)

# name of the machine: index into the pairs above, AUDIT_ARCH_*
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET; a time namespace cannot be had from clone
NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
AF_UNIX = 1

LOAD, EQUAL, GREATER, ANY, RETURN = 0x20, 0x15, 0x25, 0x45, 0x06  # classic BPF
NUMBER, ARCH, FIRST = 0, 4, 16  # offsets in struct seccomp_data: the call, the machine, the first argument
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


class FilterError(RuntimeError):
    """The kernel did not take the filter."""


def program(machine: str) -> bytes:
    """Return the filter for a machine: an array of struct sock_filter.

    Parameters
    ----------
    machine : str
        As ``os.uname().machine`` has it: x86_64 or aarch64.

    Raises
    ------
    FilterError
        There are no numbers for this machine.

    Notes
    -----
    Source: linux/Documentation/userspace-api/seccomp_filter.rst; the numbers from asm/unistd_64.h and
    asm-generic/unistd.h.

    Examples
    --------
    >>> len(program("x86_64")) % 8
    0
    >>> program("riscv64")
    Traceback (most recent call last):
    autograde.seccomp.FilterError: program: `machine` is 'riscv64', expected x86_64 or aarch64. Grade on one.
    """
    if machine not in MACHINES:
        raise FilterError(
            f"program: `machine` is {machine!r}, expected {' or '.join(MACHINES)}. Grade on one."
        )
    return b"".join(struct.pack("=HBBI", *line) for line in lines(*MACHINES[machine]))


def lines(which: int, arch: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield the filter's instructions: code, jump if true, jump if false, constant."""
    refused, absent = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
    # a program for another machine (32 bits, say) numbers its calls differently
    yield LOAD, 0, 0, ARCH
    yield EQUAL, 1, 0, arch
    yield RETURN, 0, 0, KILL
    yield LOAD, 0, 0, NUMBER
    for numbers in DENIED.values():
        if (number := numbers[which]) is not None:
            yield EQUAL, 0, 1, number
            yield RETURN, 0, 0, refused
    for numbers in ABSENT.values():
        yield EQUAL, 0, 1, numbers[which]
        yield RETURN, 0, 0, absent
    # also x32's calls, which begin at 1 << 30
    yield GREATER, 0, 1, NEWEST
    yield RETURN, 0, 0, absent
    yield EQUAL, 0, 4, CLONE[which]
    yield LOAD, 0, 0, FIRST
    yield ANY, 0, 1, NEW_NAMESPACES
    yield RETURN, 0, 0, refused
    yield RETURN, 0, 0, ALLOW
    for numbers in SOCKETS.values():
        yield EQUAL, 0, 4, numbers[which]
        yield LOAD, 0, 0, FIRST
        yield EQUAL, 1, 0, AF_UNIX
        yield RETURN, 0, 0, refused
        yield RETURN, 0, 0, ALLOW
    yield RETURN, 0, 0, ALLOW


def install() -> None:
    """Put the filter on this process for good; all that it starts inherits it.

    Raises
    ------
    FilterError
        The machine is not in the table, or the kernel has no seccomp.
    """
    text = program(os.uname().machine)
    if sys.byteorder != "little":
        raise FilterError("install: this machine is big-endian, expected little-endian. Grade on another.")
    code = ctypes.create_string_buffer(text, len(text))

    class Program(ctypes.Structure):  # struct sock_fprog
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    libc = ctypes.CDLL(None, use_errno=True)
    given = Program(len(text) // 8, ctypes.addressof(code))
    no_new_privileges, seccomp, filter_mode = 38, 22, 2
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.prctl(
        seccomp, filter_mode, ctypes.byref(given), 0, 0
    ):
        raise FilterError(f"install: the kernel refuses the filter: {os.strerror(ctypes.get_errno())}")
