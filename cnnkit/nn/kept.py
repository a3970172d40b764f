"""A run that was trained before: found by its log, and returned in place of training it again."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnnkit.errors import ArgumentError, RunLogError
from cnnkit.nn.build import load_weights
from cnnkit.nn.run import Run
from cnnkit.nn.runlog import parse, read, text_of
from cnnkit.nn.state import load_arrays, weights_hash

__all__ = ["FINISHED", "kept_run"]

FINISHED = ("finished", "early stop")


def kept_run(log: str | os.PathLike[str], start: Run) -> Run | None:
    """Return the finished run that a log holds, if it is the one that is to be trained.

    Parameters
    ----------
    log : path of a file
    start : Run, before its first update; its model gets the weights that were kept

    Returns
    -------
    Run or None
        None where it is no log, or one of a run that did not finish. The model is None where the file of
        the weights is missing. Where the log is of a real data set and `start` only has what stands in for
        it, the run counts as the same.

    Raises
    ------
    ArgumentError
        The log is of another run; the message names what differs.
    RunLogError
        The log contradicts itself or its weights.
    """
    path = Path(log)
    if path.suffix != ".jsonl":
        return None
    try:
        run = read(path)
    except RunLogError as error:
        if error.kind != "weights missing":
            raise
        run = replace(parse(text_of(path), str(path))[0], log=path)
    if run.reason not in FINISHED:
        return None
    _require_same(path, run, start)
    print(_said(path, run, start))
    if run.weights is None or start.model is None:
        return run
    load_weights(start.model, load_arrays(run.weights))
    return replace(run, model=start.model)


def _said(path: Path, run: Run, start: Run) -> str:
    """Return what to print about a run that is not trained again."""
    text = f"{path} holds this very run; delete it to train again."
    if run.data != start.data:
        text = (
            f"{path} holds this run on {run.data['name']} itself, for which {start.stand_in} stands in here;"
            " delete it to train again."
        )
    elif run.config["init"] is None and not _begins_alike(run, start):
        text = f"{path} holds this run, begun with other weights; delete it to train again."
    if run.weights is None:
        text += " Its weights are missing, without which it is half of the evidence."
    return text


def _begins_alike(run: Run, start: Run) -> bool:
    begun = weights_hash(start.model.state_dict()) if start.model is not None else ""
    return not run.history or run.history[0].weights == begun


def _require_same(path: Path, run: Run, start: Run) -> None:
    ours = json.loads(json.dumps(start.config))
    # A CPU with the instructions and one without train the same run, each as well as it can.
    for name in [name for name in {**ours, **run.config} if name != "computed_in"]:
        if ours.get(name) != run.config.get(name):
            raise _other(path, name, run.config.get(name), ours.get(name))
    if run.signature != start.signature:
        raise _other(path, "model", _called(run), _called(start))
    theirs, here = dict(run.data), json.loads(json.dumps(start.data))
    absent = here["name"] == theirs["name"] and here["stand_in"] and not theirs["stand_in"]
    if theirs != here and not absent:
        part = next((name for name in here if theirs.get(name) != here[name]), "name")
        raise _other(path, f"dataset.{part}", theirs.get(part), here[part])


def _called(run: Run) -> str:
    name = run.network.name if run.network is not None else None
    return f"{name or 'a network'} ({run.signature[:6]})"


def _other(path: Path, name: str, theirs: Any, ours: Any) -> ArgumentError:
    return ArgumentError(
        f"fit: `log` is {path}, where another run is kept: its `{name}` is {_short(theirs)}, this call's is"
        f" {_short(ours)}, expected the same. Give another name, or delete that file to train again."
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"
