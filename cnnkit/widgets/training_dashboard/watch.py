"""Who watches a dashboard: training pauses with its last view, and a cell has one dashboard at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol
from weakref import WeakSet

from IPython import get_ipython

__all__ = ["GRACE", "SILENCE", "Watch", "take_over_the_cell"]

GRACE = 5.0  # seconds: a view that is moved is away for a moment
SILENCE = 150.0  # seconds: a page out of sight speaks once a minute


class Watch:
    """The views of a dashboard, by what they said of themselves.

    Parameters
    ----------
    running : function that says whether there is anything to pause
    pause : function
    """

    def __init__(self, running: Callable[[], bool], pause: Callable[[], object]) -> None:
        self._running, self._pause = running, pause
        self.views: dict[str, float] = {}  # when each was heard last
        self._planned: dict[Callable[..., object], asyncio.TimerHandle | None] = {}

    def heard(self, view: str, here: bool) -> None:
        """Note that a view is there, or that it goes."""
        if here:
            self.views[view] = monotonic()
            return
        self.views.pop(view, None)
        if not self.views:
            self._later(GRACE, self.pause_if_alone)

    def pause_if_alone(self) -> None:
        """Pause if no view is left."""
        if not self.views and self._running():
            self._pause()

    def go_on(self, sure: bool = False) -> None:
        """Watch while it trains, and pause once all pages are silent: one that crashes says no farewell."""
        if not self._running():
            return
        silent = bool(self.views) and monotonic() - max(self.views.values()) > SILENCE
        if silent and sure:
            self.views.clear()
            self._pause()
        else:
            # Pages are not heard while a cell runs: what they said meanwhile is still to be read.
            self._later(GRACE if silent else SILENCE / 5, self.go_on, silent)

    def close(self) -> None:
        """Watch no more: what is still planned would hold the dashboard, model and all."""
        for handle in self._planned.values():
            if handle is not None:
                handle.cancel()
        self._planned.clear()

    def _later(self, seconds: float, call: Callable[..., object], *arguments: bool) -> None:
        before = self._planned.pop(call, None)
        if before is not None:
            before.cancel()
        self._planned[call] = later(seconds, call, *arguments)


def later(seconds: float, call: Callable[..., object], *arguments: bool) -> asyncio.TimerHandle | None:
    """Call something in the kernel's own loop, which is free between cells; never where there is none."""
    with suppress(RuntimeError):
        return asyncio.get_running_loop().call_later(seconds, call, *arguments)
    return None


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None: ...


BY_CELL: dict[str, tuple[str, WeakSet[Any]]] = {}


def take_over_the_cell(newcomer: Closable) -> None:
    """Close what an earlier run of this cell left behind, so that nothing trains there unseen."""
    kernel = getattr(get_ipython(), "kernel", None)
    parent = kernel.get_parent("shell") if kernel is not None else {}
    cell = (parent.get("metadata") or {}).get("cellId")
    if cell is None:
        return
    request = parent["header"]["msg_id"]
    before, left = BY_CELL.get(cell, ("", WeakSet()))
    if before != request:
        for other in list(left):
            other.close()
        left = WeakSet()
    left.add(newcomer)
    BY_CELL[cell] = (request, left)
