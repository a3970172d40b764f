"""Show how far grading has come: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from autograde.result import Result
    from autograde.task import Task

__all__ = ["Bar"]

LINES = 10  # in a log, for the whole class


class Bar:
    """A progress bar with counts and the time left, as a context manager.

    Parameters
    ----------
    total : int
        How many submissions are to be graded.
    kept : int
        How many more have not changed since they were graded.
    """

    def __init__(self, total: int, kept: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.states: Counter[str] = Counter()
        self.done, self.total, self.kept = 0, total, kept
        self.terminal = Console(file=sys.stdout)
        self.bar = Progress(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            TextColumn("{task.fields[states]}"),
            TextColumn("[dim]{task.description}"),
            console=self.terminal,
            disable=not self.terminal.is_terminal,
        )
        self.task = self.bar.add_task("", total=self.total, states="")

    def __enter__(self) -> Self:
        if self.kept:
            print(f"{self.kept} submissions have not changed and keep their result", flush=True)
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.update(self.task, description="")
        self.bar.stop()

    def started(self, task: Task) -> None:
        """Show whose turn it is."""
        self.bar.update(self.task, description=f"{task.student} {task.assignment}")

    def finished(self, result: Result) -> None:
        """Count a result."""
        self.done += 1
        self.states[result.state] += 1
        states = ", ".join(f"{count} {state}" for state, count in self.states.items())
        self.bar.update(self.task, advance=1, states=states)
        milestone = self.done * LINES // self.total != (self.done - 1) * LINES // self.total
        if milestone and not self.terminal.is_terminal:
            print(f"{self.done} of {self.total}: {states}", flush=True)
