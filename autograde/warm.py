"""The zygote: a process that has imported everything once, and forks a session in milliseconds.

It runs inside the sandbox, next to nothing of the course. Its only visitor is the grader, on one socket: the
first line says what to import, every further one asks for a session and brings its sockets along. The zygote
itself never reads a byte of a submission.

::

    zygote ── forks ──> warden (waits, counts, ends) ── forks ──> session (in namespaces of its own)
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import random
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from autograde.limits import Limits, enforce, footprint
from autograde.namespaces import (
    adopt_orphans,
    become,
    die_with_parent,
    enter,
    first_process,
    hide_processes,
    surrender,
)
from autograde.pages import gather
from autograde.parcel import unpack
from autograde.seccomp import install
from autograde.warden import Warden

__all__ = ["MOST", "leave", "main", "receive", "send"]

MOST = 200  # descriptors that can come along; the kernel stops at 253
LONGEST = 1 << 16  # bytes of a request
LEAVE = 5  # seconds that wardens may take to end what they watch


def send(peer: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send a message and descriptors over a socket."""
    text = json.dumps(message).encode()
    socket.send_fds(peer, [len(text).to_bytes(4, "big")], list(descriptors))
    peer.sendall(text)


def receive(peer: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return the next message and the descriptors that came with it; EOFError at the end."""
    head, descriptors, _, _ = socket.recv_fds(peer, 4, MOST + 2)
    while len(head) < 4:
        if not (more := peer.recv(4 - len(head))):
            raise EOFError
        head += more
    size, text = int.from_bytes(head, "big"), b""
    if size > LONGEST:
        raise EOFError
    while len(text) < size:
        if not (more := peer.recv(size - len(text))):
            raise EOFError
        text += more
    return json.loads(text), descriptors


def main(descriptor: int) -> None:
    """Import what the first message names, then fork a session for each message that follows.

    Parameters
    ----------
    descriptor : int
        The socket to the grader. The process ends when that is closed.
    """
    control = socket.socket(fileno=descriptor)
    home = None
    felt, held = os.pipe()  # a warden feels that the zygote lets go
    with suppress(EOFError):
        order, _ = receive(control)
        home = order.pop("home", None)
        try:
            start, outlived, report = prepare(**order)
        except Exception:
            send(control, {"error": traceback.format_exc(limit=-3)[-4000:]})
            return
        send(control, report)
        while True:
            order, descriptors = receive(control)
            if os.fork() == 0:
                control.close()
                os.close(held)
                oversee(start, order, descriptors, felt, outlived=outlived, walls=report["walls"])
            for number in descriptors:
                os.close(number)
    if home:  # without walls nothing ends with this process but what its wardens end
        os.close(held)
        outlast()
        shutil.rmtree(home, ignore_errors=True)  # the grader may have been killed before it could tidy up


def outlast() -> None:
    """Wait a while for the last warden to end: each dies with this process, before its work is done."""
    end = time.monotonic() + LEAVE
    with suppress(ChildProcessError):
        while time.monotonic() < end:
            os.waitpid(-1, os.WNOHANG)
            time.sleep(0.005)


def prepare(
    entry: str, preload: Sequence[str], path: Sequence[str], user: int | None, walls: bool
) -> tuple[Callable[[list[socket.socket]], None], bool, dict[str, Any]]:
    """Import everything, once.

    Parameters
    ----------
    entry : str
        What a session runs, as ``module:function``. It gets the list of its channels. If the module has
        a function ``rehearse``, that is called once; if its ``OUTLIVED`` is true, a session's forks go on
        when it has ended.
    preload : sequence of str
        Modules to import first. One that cannot be imported is left out.
    path : sequence of str
        Where to look for modules before all else.
    user : int or None
        Whom to turn into, if root.
    walls : bool
        Whether each session gets namespaces of its own.

    Returns
    -------
    function, bool, dict
        The entry, whether its forks outlive it, and what the grader wants to know.
    """
    if user is not None:
        become(user)
    sys.path[:0] = path
    missing = []
    for name in preload:
        try:
            importlib.import_module(name)
        except Exception:  # the cell that asks for it says why
            missing.append(name)
    module, _, function = entry.partition(":")
    imported = importlib.import_module(module)
    start = getattr(imported, function)
    if rehearse := getattr(imported, "rehearse", None):
        rehearse()
    # Nobody waits for a warden, and the kernel shall not keep it.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()  # a collection in a session would write to every page that it shares
    gather()
    threads = len(os.listdir("/proc/self/task")) if Path("/proc/self/task").exists() else 1
    if threads > 1:
        raise RuntimeError(f"the imports started {threads - 1} threads, which no fork would survive")
    memory = footprint()
    return (
        start,
        getattr(imported, "OUTLIVED", False),
        {
            "walls": walls,
            "missing": missing,
            "memory": memory.get("VmRSS", 0),
            "process": os.getpid(),
        },
    )


def oversee(
    start: Callable[[list[socket.socket]], None],
    order: Mapping[str, Any],
    descriptors: Sequence[int],
    zygote: int,
    *,
    outlived: bool,
    walls: bool,
) -> NoReturn:
    """Build the walls, fork the session into them, and stay as its warden; never return."""
    life = socket.socket(fileno=descriptors[0])
    try:
        limits = Limits.of(order["limits"])
        before = footprint()
        processes = None
        if Path("/proc/self/status").exists():
            processes = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        if sys.platform == "linux":
            die_with_parent()
        first = None
        if walls:
            enter(int(limits.disk), int(limits.inodes))
            first = first_process()
            hide_processes()
        elif sys.platform == "linux":
            adopt_orphans()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gate, opened = os.pipe()
        copies, alive = os.pipe()
        if (child := os.fork()) == 0:
            os.close(opened)
            held = {alive} if outlived else set[int]()
            session(start, order, life, held, descriptors[1:], gate, limits, before, walls)
        for number in (alive, gate, *descriptors[1:]):
            os.close(number)
        if processes is not None:
            favour(processes, child)
        inherited = before.get("RssAnon", 0)
        warden = Warden(child, copies, life, zygote, limits, processes, first, inherited)
        os.write(opened, b"!")
        os.close(opened)
        warden.wait()
        if not walls:
            shutil.rmtree(order["home"], ignore_errors=True)
    except BaseException:
        with suppress(OSError):
            life.sendall(json.dumps({"error": traceback.format_exc(limit=-3)[-4000:]}).encode() + b"\n")
    finally:
        os._exit(0)


def favour(processes: int, child: int) -> None:
    """Make the session what the kernel ends first when the whole machine runs out of memory."""
    with suppress(OSError):
        score = os.open(f"{child}/oom_score_adj", os.O_WRONLY, dir_fd=processes)
        os.write(score, b"1000")
        os.close(score)


def session(
    start: Callable[[list[socket.socket]], None],
    order: Mapping[str, Any],
    life: socket.socket,
    held: set[int],
    descriptors: Sequence[int],
    gate: int,
    limits: Limits,
    before: Mapping[str, int],
    walls: bool,
) -> NoReturn:
    """Settle in, give up all power, and run the entry; never return."""
    code, voice = 1, -1
    try:
        os.setsid()
        if sys.platform == "linux":
            die_with_parent()
        if not os.read(gate, 1):
            os._exit(1)  # the warden was gone before it could be the parent to die with
        # an object that knew the number would close whatever has it later
        voice = life.detach()
        parcel, *channels = descriptors
        home = Path(order["home"])
        for name, folder in (
            ("HOME", ""),
            ("TMPDIR", ""),
            ("IPYTHONDIR", "ipython"),
            ("MPLCONFIGDIR", "matplotlib"),
        ):
            os.environ[name] = str(home / folder)
        work = home / "work"
        work.mkdir()
        os.chdir(work)
        sys.path.insert(0, str(work))  # a notebook finds the modules beside it
        with open(parcel, "rb") as packed:
            if order["parcel"]:
                unpack(packed, work)
        settle(order["seed"])
        close_all_but({voice, *held, *channels})
        enforce(limits, before, len(channels), own_user=walls)
        if walls:
            surrender()
            install()
        os.write(voice, b'{"ready": true}\n')
        os.close(voice)
        voice = -1  # the number may be anything's from here on
        start([socket.socket(fileno=number) for number in channels])
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        with suppress(BaseException):
            os.write(voice, json.dumps({"error": traceback.format_exc(limit=-3)[-4000:]}).encode() + b"\n")
    finally:
        os._exit(code & 0xFF)


def close_all_but(keep: set[int]) -> None:
    """Close every descriptor but some, and point the first three at nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    last = 2
    for number in [*sorted(keep), 1 << 20]:
        os.closerange(last + 1, number)
        last = number


def settle(seed: int | None) -> None:
    """Give this process its own random state: from `seed`, or from the system where there is none."""
    random.seed(seed)
    seed = random.SystemRandom().getrandbits(32) if seed is None else seed % (1 << 32)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(seed)
    if torch := sys.modules.get("torch"):
        torch.default_generator.manual_seed(seed)  # there is no other device in here


def leave(channels: list[socket.socket]) -> None:
    """Be a session that does nothing, to try whether one can be had."""
