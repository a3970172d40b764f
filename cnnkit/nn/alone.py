"""One process at a time writes a run log, and one that was killed is in nobody's way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cnnkit.errors import ArgumentError

__all__ = ["Alone"]

TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
FAR = 1 << 40  # Windows locks a byte of the file: one that no log ever reaches


class Alone:
    """Be the only one who writes a run log, until `end` or the end of the process.

    Parameters
    ----------
    path : Path, a file that can be written

    Raises
    ------
    ArgumentError
        Another one is at it.
    """

    def __init__(self, path: Path) -> None:
        self._file = -1
        self._file = os.open(path, os.O_RDWR)
        try:
            _lock(self._file)
        except OSError as error:
            if error.errno not in TAKEN:
                return  # some network drives cannot lock
            self.end()
            raise ArgumentError(
                f"fit: `log` is {path}, into which another kernel or command is training just now, expected a"
                " log of its own. Wait until that one is done, or stop it."
            ) from None

    def end(self) -> None:
        """Let others write it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        """Let others write it, when a run ends in an error that nobody foresaw."""
        self.end()


def _lock(file: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        os.lseek(file, FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
