"""The errors that cnnkit raises, all in one tree.

::

    CnnkitError
    ├── ShapeError         (also a ValueError)         a size or a shape that cannot work
    ├── ArgumentError      (also a ValueError)         any other argument that cannot work
    ├── DataNotFoundError  (also a FileNotFoundError)  a data set that is not here
    ├── DataDamagedError   (also a ValueError)         files of a data set that are not what they should be
    ├── DownloadError      (also an OSError)           a download that could not be finished
    ├── RunLogError        (also a ValueError)         a run log that contradicts itself or its weights
    ├── TrainingError      (also a RuntimeError)       training that cannot go on
    └── WrongAnswer        (also an AssertionError)    a check in a notebook did not pass

Each message names the function, the argument, the value it got, what was expected, and one cure.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "ArgumentError",
    "CnnkitError",
    "DataDamagedError",
    "DataNotFoundError",
    "DownloadError",
    "RunLogError",
    "ShapeError",
    "TrainingError",
    "WrongAnswer",
    "did_you_mean",
]


class CnnkitError(Exception):
    """Base of every error that cnnkit raises on purpose."""


class ShapeError(CnnkitError, ValueError):
    """A size or a shape that cannot work: a kernel larger than its input, channels that differ."""


class ArgumentError(CnnkitError, ValueError):
    """An argument that is neither the right kind nor one of the values allowed."""


class DataNotFoundError(CnnkitError, FileNotFoundError):
    """A data set that is in none of the places where it is looked for."""


class DataDamagedError(CnnkitError, ValueError):
    """Files of a data set that are incomplete, corrupt or something else; they are left as they are."""


class DownloadError(CnnkitError, OSError):
    """A download that could not be finished; what has come is kept."""


class RunLogError(CnnkitError, ValueError):
    """A run log that contradicts itself or the weights beside it; the message names the line.

    `kind` says what is wrong: "damaged", "edited", "counters", "empty", "weights missing", "other weights".
    """

    kind: str = ""


class TrainingError(CnnkitError, RuntimeError):
    """Training that cannot go on, such as a loss that is no number any more; `run` is what there was."""

    run: object = None


class WrongAnswer(CnnkitError, AssertionError):  # noqa: N818 - the name is what a student reads
    """A check in a notebook did not pass; the message says what is wrong and what to try."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in IPython: the frames inside cnnkit would only hide it."""
        return [f"\x1b[31m✗\x1b[0m {self}"]


def did_you_mean(name: object, known: Iterable[str], otherwise: str = "Take one of these.") -> str:
    """Return the sentence that suggests the nearest of the `known` names, or else another cure.

    Examples
    --------
    >>> did_you_mean("adadelata", ["sgd", "adagrad", "adadelta"])
    "Did you mean 'adadelta'?"
    """
    near = get_close_matches(str(name).lower(), list(known), n=1, cutoff=0.5)
    return f"Did you mean {near[0]!r}?" if near else otherwise
