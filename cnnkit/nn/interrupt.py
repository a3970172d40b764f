"""Ctrl-C and the stop button: heard between two updates, never inside one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interruption", "between_updates"]


class Interruption:
    """Whether somebody has asked to stop."""

    asked = False


@contextmanager
def between_updates() -> Iterator[Interruption]:
    """Turn the first interrupt into a note; the second is a KeyboardInterrupt as ever.

    An interrupt inside an update would leave half of the weights changed, and such a run could not be
    continued as if nothing had happened. Python hears signals in its main thread only; in another one
    this does nothing.
    """
    noted = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        if noted.asked:
            raise KeyboardInterrupt
        noted.asked = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)
