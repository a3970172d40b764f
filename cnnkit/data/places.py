"""Where data sets are looked for, and where downloads go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import cnnkit
from cnnkit.errors import DataNotFoundError

__all__ = ["VARIABLE", "cache", "destination", "roots"]

VARIABLE = "CNNKIT_DATA"
PROJECT = ("pyproject.toml", "nbgrader_config.py", "environment.yml")


def roots() -> list[Path]:
    """Return the folders in which data sets are looked for, best first.

    ``$CNNKIT_DATA``; then ``data/`` in the current folder, in the project around it, and in the project that
    cnnkit itself runs from.

    Raises
    ------
    DataNotFoundError
        ``$CNNKIT_DATA`` is set to something that is no folder.
    """
    named = os.environ.get(VARIABLE)
    if named and not Path(named).expanduser().is_dir():
        raise DataNotFoundError(
            f"load: `{VARIABLE}` is {named!r}, expected a folder that exists."
            " Correct the variable, or unset it to use data/."
        )
    first = [Path(named).expanduser()] if named else []
    return list(dict.fromkeys([*first, *(folder for folder in _folders() if folder.is_dir())]))


def destination() -> Path:
    """Return the folder that downloads go to: ``$CNNKIT_DATA``, or the nearest ``data/``."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    return next((folder for folder in _folders() if folder.is_dir()), Path.cwd() / "data")


def cache() -> Path:
    """Return the user's own folder for what can be made again."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cnnkit"


def _folders() -> Iterator[Path]:
    here = Path.cwd()
    yield here / "data"
    for folder in (*here.parents, Path(cnnkit.__file__).resolve().parents[1]):
        if any((folder / name).is_file() for name in PROJECT):
            yield folder / "data"
