"""Arguments of `fit` that are another thing than they should be: each is named, with what to give instead."""

from __future__ import annotations

import os
from pathlib import PurePath

from cnnkit.errors import ArgumentError
from cnnkit.nn.run import Run

__all__ = ["require_dataset", "require_function", "require_path", "require_run"]

PARTS = ("train", "validation", "test", "classes", "input_shape", "name", "stand_in")


def require_dataset(dataset: object) -> None:
    """Raise unless `dataset` has the parts of a data set.

    Raises
    ------
    ArgumentError

    Examples
    --------
    >>> require_dataset("digits")
    Traceback (most recent call last):
    cnnkit.errors.ArgumentError: fit: `dataset` is 'digits', expected a data set with the splits train, \
validation and test. Load it first: data.load('digits').
    """
    absent = [part for part in PARTS if not hasattr(dataset, part)]
    if not absent:
        return
    cure = "Load one: data.load('digits')."
    if isinstance(dataset, str):
        got, cure = repr(dataset), f"Load it first: data.load({dataset!r})."
    elif hasattr(dataset, "labels") and hasattr(dataset, "loader"):
        got, cure = "a split", "Give the whole data set; fit takes the splits from it."
    else:
        got = f"of type {type(dataset).__name__} and has no `{absent[0]}`"
    raise ArgumentError(
        f"fit: `dataset` is {got}, expected a data set with the splits train, validation and test. {cure}"
    )


def require_run(run: object) -> None:
    """Raise an ArgumentError unless `run`, the argument `resume`, is a Run."""
    if isinstance(run, Run):
        return
    if isinstance(run, str | PurePath):
        got, cure = repr(str(run)), f"Read it first: resume=nn.runlog.read({str(run)!r})."
    else:
        got, cure = f"of type {type(run).__name__}", "Give what fit returned, or what runlog.read returns."
    raise ArgumentError(f"fit: `resume` is {got}, expected a run that was stopped. {cure}")


def require_function(argument: str, value: object) -> None:
    """Raise an ArgumentError unless `value` can be called."""
    if not callable(value):
        raise ArgumentError(
            f"fit: `{argument}` is {value!r}, expected a function. Give its name, without brackets."
        )


def require_path(function: str, argument: str, value: object) -> None:
    """Raise an ArgumentError unless `value` is the path of a file or folder, as text or a Path."""
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise ArgumentError(
            f"{function}: `{argument}` is of type {type(value).__name__}, expected a path, as text or a Path."
            f" Write for instance {argument}='runs/first.jsonl'."
        )
