"""The grader's side of a zygote: start it, ask it for sessions, and hold one end of each session's life."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from autograde import parcel
from autograde.errors import SandboxError
from autograde.limits import Limits
from autograde.warm import MOST, receive, send

__all__ = ["Ending", "SessionHandle", "Zygote"]

START = 180  # seconds that the imports may take on a cold disk
FORK = 30  # seconds that a session may take to be there
END = 10  # seconds that a killed session may take to be gone


@dataclass(frozen=True)
class Ending:
    """How a session ended.

    Parameters
    ----------
    reason : str
        In words: "left", "killed by SIGSEGV", "ended by the grader", "stopped at 2049 MiB of memory, its
        limit is 2048 MiB", "stopped after 600 seconds, its limit".
    status : int or None
        The exit status of its first process, negative for a signal; None where nobody is left to ask.
    """

    reason: str
    status: int | None


class SessionHandle:
    """One session, as the grader holds it. Leaving it as a context manager kills it.

    Attributes
    ----------
    ending : Ending or None
        How it ended; None as long as `wait` has not seen it.
    """

    def __init__(self, life: socket.socket, zygote: Zygote, folder: Path | None) -> None:
        self.life, self.zygote, self.folder = life, zygote, folder
        self.ending: Ending | None = None
        self.unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def alive(self) -> bool:
        """Whether any process of it may still run."""
        return self.wait(0) is None

    def wait(self, seconds: float) -> Ending | None:
        """Wait until every process of the session is dead.

        Parameters
        ----------
        seconds : float

        Returns
        -------
        Ending or None
            None if it still runs after that time.
        """
        if self.ending is None and (word := self.hear(seconds)) is not None:
            if "ended" in word:
                self.ending = Ending(word["ended"], word["status"])
            else:  # nobody watches over it any more: then nobody of that sandbox may go on
                self.ending = Ending("its warden died", None)
                self.zygote.kill()
            self.life.close()
            if self.folder is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
        return self.ending

    def kill(self) -> Ending:
        """End the session with all of its processes, and return when they are dead."""
        if self.ending is None:
            with suppress(OSError):
                self.life.shutdown(socket.SHUT_WR)
            if self.wait(END) is None:
                self.zygote.kill()
                self.life.close()
                self.ending = Ending("killed with the whole sandbox", None)
        assert self.ending is not None
        return self.ending

    def settled(self) -> None:
        """Wait until the session is behind its walls; SandboxError if it does not get there."""
        word = self.hear(FORK)
        if not word or "ready" not in word:
            self.kill()
            detail = (
                "it died"
                if word == {}
                else (word or {}).get("error") or (word or {}).get("ended") or "too slow"
            )
            raise SandboxError(f"session: no session could be started: {detail}")

    def hear(self, seconds: float) -> dict[str, Any] | None:
        """Return the warden's next word, {} if there will be none, None if there is none yet."""
        end = time.monotonic() + seconds
        while b"\n" not in self.unread:
            poll = select.poll()
            poll.register(self.life, select.POLLIN)
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                return None
            try:
                more = self.life.recv(1 << 16)
            except OSError:
                more = b""
            if not more:
                return {}
            self.unread += more
        line, _, self.unread = self.unread.partition(b"\n")
        word: dict[str, Any] = json.loads(line)
        return word


class Zygote:
    """A running zygote and the way to ask it for sessions; a context manager.

    Parameters
    ----------
    limits : Limits
        For every session that does not bring its own.
    order : dict
        What ``warm.prepare`` is to do.

    Attributes
    ----------
    report : dict
        What the zygote said when it was ready: ``missing`` modules, ``memory`` in bytes, ``seconds``.
    """

    def __init__(self, limits: Limits, order: dict[str, Any]) -> None:
        self.limits, self.order = limits, order
        self.report: dict[str, Any] = {}
        self.turn = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None

    def command(self, descriptor: int) -> list[str]:
        """Return the command that runs ``warm.main(descriptor)``."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Return the zygote's whole environment."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Whether the zygote can be asked."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the zygote and wait for its imports.

        Raises
        ------
        SandboxError
            It does not come up; the text holds what it said.
        """
        began = time.monotonic()
        self.kill()  # what may be left of the last one
        self.control, theirs = socket.socketpair()
        try:
            with theirs, tempfile.TemporaryFile() as said:
                self.launch(theirs, said)
                self.report = self.greet(said)
            if "error" in self.report:
                raise SandboxError(f"the zygote did not start: {self.report['error']}")
        except BaseException:
            self.kill()
            raise
        self.report["seconds"] = time.monotonic() - began

    def launch(self, theirs: socket.socket, said: BinaryIO) -> None:
        """Start the process; it gets its socket, and its last words go to a file."""
        self.process = subprocess.Popen(
            self.command(theirs.fileno()),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            pass_fds=[theirs.fileno()],
            env=self.environment(),
            cwd="/",
            start_new_session=True,
        )
        theirs.close()

    def greet(self, said: BinaryIO) -> dict[str, Any]:
        """Tell the zygote what to import and return its report."""
        assert self.control is not None
        try:
            self.control.settimeout(START)
            send(self.control, self.order)
            report, _ = receive(self.control)
            self.control.settimeout(FORK)
        except (EOFError, OSError) as error:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()[-2000:]
            raise SandboxError(f"the zygote did not start: {words or error!r}") from error
        return report

    def session(
        self,
        channels: Sequence[socket.socket],
        files: Path | None = None,
        limits: Limits | None = None,
        seed: int | None = None,
    ) -> SessionHandle:
        """Fork a session.

        Parameters
        ----------
        channels : sequence of socket
            The session's ends, at most 198. They are closed here: they are the session's from now on.
        files : path or None
            A folder whose plain files the session finds copied into its working directory.
        limits : Limits or None
            Other ones than those of all sessions.
        seed : int or None
            Of the session's random numbers; without one they differ from session to session.

        Returns
        -------
        SessionHandle
            When the session is behind its walls and about to run its entry.

        Raises
        ------
        SandboxError
            It cannot be started.
        ParcelError
            `files` are more than `limits` allow.
        """
        limits = limits or self.limits
        with ExitStack() as given:
            for line in channels:
                given.enter_context(line)
            if len(channels) > MOST - 2:
                raise SandboxError(
                    f"session: `channels` are {len(channels)}, expected at most {MOST - 2}."
                    " Share one among several test cells."
                )
            box = given.enter_context(packed(files, limits))
            ours, theirs = socket.socketpair()
            given.enter_context(theirs)
            folder = self.folder()
            handle = SessionHandle(ours, self, folder)
            order = {
                "limits": limits.plain(),
                "seed": seed,
                "parcel": files is not None,
                "home": "/tmp" if folder is None else str(folder),
            }
            try:
                self.ask(order, [theirs.fileno(), box.fileno(), *map(socket.socket.fileno, channels)])
            except BaseException:
                ours.close()
                raise
        handle.settled()
        return handle

    def ask(self, order: dict[str, Any], descriptors: list[int]) -> None:
        """Hand an order to the zygote, a new one if the last one is dead."""
        with self.turn:
            if not self.alive:
                self.start()
            assert self.control is not None
            try:
                send(self.control, order, descriptors)
            except OSError as error:
                self.kill()
                raise SandboxError(f"session: the zygote is gone: {error}. Ask again.") from error

    def folder(self) -> Path | None:
        """Return a fresh folder on the host for a session to work in, where it has none of its own."""
        return None

    def kill(self) -> None:
        """End the zygote and, where there is a sandbox, all that is in it, at once."""
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def close(self) -> None:
        """End the zygote; its sessions end with it."""
        if self.control is not None:
            self.control.close()
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(END)
        self.kill()


def packed(files: Path | None, limits: Limits) -> BinaryIO:
    """Return the submission's files in one, or nothing in one."""
    if files is None:
        return open(os.devnull, "rb")
    return parcel.pack(files, int(limits.parcel), int(limits.inodes))
