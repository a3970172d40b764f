"""What a table of wrong submissions is made of."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Caught", "Wrong", "exchanged", "without_weights"]


@dataclass(frozen=True)
class Caught:
    """What becomes of one question of a wrong submission.

    Parameters
    ----------
    question : str
        Without ``test-``.
    points : float
        What it still earns.
    mistakes : tuple of str
        The mistakes or flaws that are named, in their order.
    verdict : str
        "" where it follows from the number of mistakes.
    said : str
        What the student's own cell must say besides, where it stops before the check. That cell is called
        as the question is, or else is `cell`.
    """

    question: str
    points: float
    mistakes: tuple[str, ...] = ()
    verdict: str = ""
    said: str = ""
    cell: str = ""

    @property
    def expected_verdict(self) -> str:
        """The verdict of the mark."""
        return self.verdict or ("mistake" if len(self.mistakes) == 1 else "several")


@dataclass(frozen=True)
class Wrong:
    """A submission that is the solution but for one slip of thought.

    Parameters
    ----------
    id : str
        Folder of the student.
    story : str
        Who hands in such a thing, and why it looks right.
    caught : tuple of Caught
        Every question that loses points by it; all others must earn what the solution earns.
    answers : mapping of cell id to str
        What stands between the markers of a solution cell instead.
    edits : mapping of cell id to (old, new)
        What is exchanged between those markers; the old text must be there.
    files : callable
        What happened to the folder of the hand-in, whose ``runs`` are those of the solution.
    """

    id: str
    story: str
    caught: tuple[Caught, ...]
    answers: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    files: Callable[[Path], object] = lambda folder: None


def without_weights(*names: str) -> Callable[[Path], None]:
    """Return what deletes the weights of these runs."""

    def strip(folder: Path) -> None:
        for name in names:
            (folder / f"runs/{name}.safetensors").unlink()

    return strip


def exchanged(first: str, second: str) -> Callable[[Path], None]:
    """Return what puts the second run's weights beside the first run's log."""

    def exchange(folder: Path) -> None:
        shutil.copy(folder / f"runs/{second}.safetensors", folder / f"runs/{first}.safetensors")

    return exchange
