"""Trained networks that come with the course: each a run log with its weights and a card, in data/weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cnnkit
from cnnkit.nn.names import require_known
from cnnkit.nn.run import Run
from cnnkit.nn.runlog import read
from cnnkit.nn.state import load_arrays
from cnnkit.nn.verification import restored

__all__ = ["FOLDER", "pretrained", "shipped"]

FOLDER = Path(cnnkit.__file__).resolve().parents[1] / "data" / "weights"


def shipped() -> list[str]:
    """Return the names of the networks that come with the course.

    Examples
    --------
    >>> shipped()
    ['cifar10', 'digits', 'five_classes']
    """
    return sorted(log.stem for log in FOLDER.glob("*.jsonl"))


def pretrained(name: str) -> Run:
    """Return a trained network that comes with the course, as the run that trained it.

    Parameters
    ----------
    name : str
        One of `shipped`. Its card, ``data/weights/NAME.md``, says what it was trained on and how good it is.

    Returns
    -------
    Run
        ``.model`` is the trained module, in evaluation mode; ``.network`` and ``.final`` describe it.

    Raises
    ------
    ArgumentError
        No network of that name; the nearest one is suggested.
    RunLogError
        The log contradicts itself, or the weights are not those that it names.

    Examples
    --------
    >>> run = pretrained("digits")
    >>> run.network.ledger().total, run.final.test.n
    (28938, 10000)
    """
    require_known("pretrained", "name", name, shipped())
    run = read(FOLDER / f"{name}.jsonl")
    assert run.weights is not None
    return replace(run, model=restored(run, load_arrays(run.weights)).eval())
