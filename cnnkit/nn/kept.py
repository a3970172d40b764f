"""A run that was trained before, wholly or in part: found by its log, so that nothing is trained twice."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from cnnkit.errors import ArgumentError, RunLogError
from cnnkit.nn.alone import Alone
from cnnkit.nn.build import load_weights
from cnnkit.nn.run import Run
from cnnkit.nn.runlog import parse, read, state_path, text_of
from cnnkit.nn.state import State, load_arrays, weights_hash

__all__ = ["FINISHED", "kept_run"]

FINISHED = ("finished", "early stop")


def kept_run(log: str | os.PathLike[str], start: Run) -> Run | None:
    """Return the run that a log holds, if it is the one that is to be trained.

    Parameters
    ----------
    log : path of a file
    start : Run, before its first update; its model gets the weights that were kept

    Returns
    -------
    Run or None
        A run that is not `FINISHED` was stopped or killed, and can be resumed. None where it is no log, one
        of a run that diverged, or of one that was killed before it had anything to keep: such a log is
        removed. The model is None where the file of the weights is missing. Where the log is of a real data
        set and `start` only has what stands in for it, a finished run counts as the same.

    Raises
    ------
    ArgumentError
        The log is of another run, and the message names what differs; or of one that was stopped, and is
        being trained elsewhere, or has lost its state.
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
    if run.reason == "diverged":
        return None
    _require_same(path, run, start)
    if run.reason not in FINISHED:
        return _begun(path, run, start)
    print(_said(path, run, start))
    if run.weights is None or start.model is None:
        return run
    load_weights(start.model, load_arrays(run.weights))
    return replace(run, model=start.model)


def _begun(path: Path, run: Run, start: Run) -> Run | None:
    """Return a run that was stopped or killed, if there is anything of it to go on from."""
    Alone(path).end()  # raises where it is still being trained
    if not run.history:
        path.unlink()
        return None
    if run.data != start.data:
        raise _other(path, "dataset.stand_in", None, start.stand_in)
    if not state_path(path).exists():
        raise ArgumentError(
            f"fit: `log` is {path}, where the beginning of this run is kept, without {state_path(path).name},"
            " expected that file beside it. Put it back, or delete all that begins with"
            f" {path.stem}. to train from the beginning."
        )
    begun = "" if run.config["init"] is not None or _begins_alike(run, start) else ", with other weights"
    print(f"{path} holds the beginning of this very run{begun}; it goes on from update {_reached(path)}.")
    return run


def _reached(path: Path) -> str:
    return f"{State.load(state_path(path)).counters.updates:,}"


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
