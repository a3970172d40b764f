"""The wire between a student's session and the judge: one message at a time over a socket, never pickle.

A message is a dict, written by msgpack behind its length in 8 bytes. Nothing that arrives is trusted: not the
length, which only says when to stop reading; not the number of things in it, which is counted before any is
made; not the values, which ``load`` checks field by field.
"""

from __future__ import annotations

import socket
import time
from typing import Any

import msgpack  # type: ignore[import-untyped]

from autograde.export import describe, export
from autograde.load import load
from autograde.nodes import ITEMS, LARGEST, WireError

__all__ = ["Channel", "Silence", "WireError", "describe", "export", "load"]

PREFIX = 8  # bytes that hold the length
CHUNK = 2**20  # bytes asked for at a time: memory grows with what came, not with what was announced


class Silence(WireError):  # noqa: N818 - nothing is an error about a closed socket by itself
    """The other side is gone, or does not answer in time."""


class Channel:
    """A socket that carries messages.

    Parameters
    ----------
    sock : socket
        One end of a connected stream; the channel owns it from now on.
    limit : int
        The most bytes that a message may have.

    Examples
    --------
    >>> one, other = map(Channel, socket.socketpair())
    >>> one.send({"do": "fetch", "name": "x"})
    >>> other.receive(1)
    {'do': 'fetch', 'name': 'x'}
    >>> one.close(), other.close()
    (None, None)
    """

    def __init__(self, sock: socket.socket, limit: int = LARGEST) -> None:
        self._sock = sock
        self._limit = limit
        self._left = bytearray()

    def fileno(self) -> int:
        """Return the socket's file descriptor, -1 once it is closed."""
        return self._sock.fileno()

    @property
    def begun(self) -> bool:
        """Whether a part of the next message is here already."""
        return bool(self._left)

    def close(self) -> None:
        """Close the socket; the other side then meets Silence."""
        self._sock.close()

    def send(self, message: dict[str, Any], seconds: float | None = 30) -> None:
        """Send a message.

        Parameters
        ----------
        message : dict
            Of what msgpack can hold.
        seconds : float or None
            How long the other side may take to read it.

        Raises
        ------
        WireError
            The message is too large, or holds what msgpack cannot.
        Silence
            The other side is gone, or does not read.
        """
        try:
            data = msgpack.packb(message)
        except (TypeError, ValueError, OverflowError) as error:
            raise WireError(f"wire: no message can hold this: {type(error).__name__} {error!s:.80}") from None
        if len(data) > self._limit:
            raise WireError(f"wire: a message has {len(data):,} bytes, expected at most {self._limit:,}.")
        try:
            self._sock.settimeout(seconds)
            self._sock.sendall(len(data).to_bytes(PREFIX, "big") + data)
        except TimeoutError:
            raise Silence(f"wire: the other side did not read for {seconds:g} seconds.") from None
        except OSError as error:
            raise Silence(f"wire: the other side is gone ({error.strerror or error}).") from None

    def receive(self, seconds: float | None) -> dict[str, Any]:
        """Wait for a message.

        Parameters
        ----------
        seconds : float or None
            How long until the whole message must be here; None waits for ever.

        Raises
        ------
        Silence
            Nothing came, or not all of it, in time, or the other side is gone.
        WireError
            What came is no message.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        size = int.from_bytes(self._read(PREFIX, deadline), "big")
        if size > self._limit:
            raise WireError(
                f"wire: a message of {size:,} bytes is announced, expected at most {self._limit:,}."
            )
        return _message(self._read(size, deadline))

    def _read(self, size: int, deadline: float | None) -> bytes:
        while len(self._left) < size:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise Silence("wire: no answer came in time.")
            try:
                self._sock.settimeout(left)
                came = self._sock.recv(CHUNK)
            except TimeoutError:
                continue
            except OSError as error:
                raise Silence(f"wire: the other side is gone ({error.strerror or error}).") from None
            if not came:
                raise Silence("wire: the other side is gone.")
            self._left += came
        data = bytes(self._left[:size])
        del self._left[:size]
        return data


def _message(data: bytes) -> dict[str, Any]:
    if len(data) > ITEMS:  # fewer bytes cannot hold more items
        _count(data)
    try:
        message = msgpack.unpackb(data)
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise WireError(f"wire: what came is not msgpack: {type(error).__name__} {error!s:.100}") from None
    if type(message) is not dict:
        raise WireError(f"wire: a {type(message).__name__} came, expected a dict.")
    return message


# What follows a byte of msgpack from 0xc0 on: bytes to skip; or, negative, in how many bytes a length stands.
_SKIP = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_SKIP |= {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}
_SKIP |= {0xC4: -1, 0xC5: -2, 0xC6: -4, 0xD9: -1, 0xDA: -2, 0xDB: -4}


def _count(data: bytes) -> None:
    """Refuse a message of too many items before memory is spent on them: an empty list takes a byte here."""
    place, items = 0, 0
    while place < len(data):
        items += 1
        if items > 4 * ITEMS:  # a node is a list of a tag and its fields
            raise WireError(f"wire: a message holds more than {4 * ITEMS:,} items.")
        first = data[place]
        place += 1
        if 0xA0 <= first <= 0xBF:
            place += first & 0x1F
        elif 0xC0 <= first <= 0xDF:
            skip = _SKIP.get(first)
            if skip is None:
                raise WireError(f"wire: what came is not msgpack as it is used here: byte {first:#x}.")
            if skip < 0:
                skip = -skip + int.from_bytes(data[place : place - skip], "big")
            place += skip
