"""Start one of this package's modules as a process, with a pipe to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path

__all__ = ["end", "start"]

HERE = Path(__file__).resolve().parents[1]


def start(module: str, *arguments: str) -> tuple[subprocess.Popen[bytes], Connection]:
    """Run ``python -m module DESCRIPTOR ARGUMENTS``.

    It is a process of its own, not a fork, because forks share imports, threads and open files; and it may be
    started from a process of Dask's, which may not use ``multiprocessing`` itself.

    Returns
    -------
    process, connection
        It finds the other end of the connection at DESCRIPTOR, and the end of file there when this process
        is gone. It has no terminal, and an interrupt there does not reach it.
    """
    ours, theirs = socket.socketpair()
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(theirs.fileno()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            # sets of strings in the same order on every machine and every day
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )
    return process, Connection(ours.detach())


def end(process: subprocess.Popen[bytes], pipe: Connection, seconds: float = 5) -> None:
    """Close the pipe, give the process time to end by itself, and return when it is dead."""
    pipe.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
