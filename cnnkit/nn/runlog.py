"""The run log: JSON lines that are only ever added, each sealed with a hash of everything before it.

A log is evidence, not proof: the seals catch a careless edit, and whoever can run this file can seal a
forged log too. Trust what `cnnkit.nn.verify` measures again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from cnnkit.errors import ArgumentError, RunLogError
from cnnkit.nn.alone import Alone
from cnnkit.nn.arguments import require_path
from cnnkit.nn.evaluate import Metrics
from cnnkit.nn.run import CHANGES, Change, Evaluation, Final, Run
from cnnkit.nn.signature import network_of
from cnnkit.nn.state import load_tensors, weights_hash

__all__ = [
    "Log",
    "Promise",
    "lines",
    "parse",
    "read",
    "require_promised",
    "state_path",
    "text_of",
    "weights_path",
]

FORMAT = 1
COUNTERS = ("updates", "examples", "cpu_seconds")


def weights_path(log: Path) -> Path:
    """Return where the best weights of a run lie."""
    return log.with_suffix(".safetensors")


def state_path(log: Path) -> Path:
    """Return where a run's state lies, for going on with it."""
    return log.with_suffix(".state.safetensors")


class Log:
    """A run log that is being written.

    Parameters
    ----------
    path : path of a new ``.jsonl`` file, a folder (a name without ending), or the log that goes on
    run : str, its id, which names the file in a folder
    goes_on : bool

    Raises
    ------
    ArgumentError
        `path` holds something already and the run does not go on from it, has another ending, cannot be
        written, or is just being written by another process. Nothing is ever overwritten.
    """

    def __init__(self, path: str | os.PathLike[str], run: str, goes_on: bool = False) -> None:
        self.path = Path(path)
        if os.path.isdir(self.path) or not self.path.suffix:
            self.path /= f"{run}.jsonl"
        if self.path.suffix != ".jsonl":
            raise ArgumentError(
                f"fit: `log` is {self.path}, expected a file whose name ends in .jsonl, or a folder."
                f" Write log='{self.path.stem}.jsonl'."
            )
        self._seal = ""
        if goes_on:
            self._require_writable()
            self._alone = Alone(self.path)
            lines = text_of(self.path).splitlines(keepends=True)
            self._seal = json.loads([line for line in lines if line.endswith("}\n")][-1])["seal"]
            if lines and not lines[-1].endswith("\n"):
                self._append("\n")
            return
        if os.path.exists(self.path):
            raise ArgumentError(
                f"fit: `log` is {self.path}, where a run is kept already, expected a new name."
                " Give another name, or resume=run to go on with that run."
            )
        if os.path.exists(weights_path(self.path)):
            raise ArgumentError(
                f"fit: `log` is {self.path}, beside which {weights_path(self.path).name} lies, expected a new"
                " name. Give another name, or delete that file too, if it is of a run that you deleted."
            )
        self._require_writable()
        self._alone = Alone(self.path)

    def write(self, event: str, record: Mapping[str, Any]) -> None:
        """Add a line and see that it is on the disk."""
        line = {"event": event} | dict(record)
        self._seal = _seal(self._seal, line)
        self._append(json.dumps(line | {"seal": self._seal}) + "\n")

    def close(self) -> None:
        """Let others write it."""
        self._alone.end()

    def _require_writable(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._append("")
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
            why = getattr(error, "strerror", None) or error
            raise ArgumentError(
                f"fit: `log` is {str(self.path)!r}, which cannot be written ({why}), expected a file in a"
                " folder of your own. Write for instance log='runs/first.jsonl'."
            ) from error

    def _append(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def read(path: str | os.PathLike[str]) -> Run:
    """Read a run log and check it against itself and the weights beside it.

    Parameters
    ----------
    path : path of a ``.jsonl`` file that `fit` wrote
        The log of a killed run is read up to its last whole line.

    Returns
    -------
    Run
        With reason "unfinished" where the log has no end.

    Raises
    ------
    ArgumentError
        `path` is a folder, or no path.
    RunLogError
        The file is no text; a line is no JSON, was edited, or is missing; a counter goes backwards; the
        weights are missing, damaged, or not those that the log names. The message names the line.
    FileNotFoundError
        There is no such file.
    """
    require_path("read", "path", path)
    path = Path(path)
    if path.is_dir():
        within = sorted(path.glob("*.jsonl"))
        raise ArgumentError(
            f"read: `path` is {path}, a folder, expected a .jsonl file that fit wrote."
            f" {f'Give one in it, such as {within[0]}.' if within else 'There is none in it: give another.'}"
        )
    run, promise = parse(text_of(path), str(path))
    if promise is None:
        return replace(run, log=path)
    weights = weights_path(path)
    if not weights.exists():
        raise _problem(
            "weights missing",
            f"read: line {promise.line} of {path}: the weights {weights.name} are missing, expected them"
            " beside the log. Put the file back; a log without weights shows nothing.",
        )
    require_promised(load_tensors(weights)[0], promise, weights.name)
    return replace(run, log=path, weights=weights)


def text_of(path: Path) -> str:
    """Return the text of a run log; a RunLogError where the file is something else."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _problem(
            "damaged",
            f"read: {path} is no text, expected the run log that fit wrote."
            " Give the file whose name ends in .jsonl, as it was written.",
        ) from error


@dataclass(frozen=True)
class Promise:
    """What a log says of its weights: their hash, in which line, and others that a killed run may leave."""

    log: str
    line: int
    named: str
    allowed: tuple[str, ...]
    end: int | None = None
    ended: str | None = None


def parse(text: str, name: str) -> tuple[Run, Promise | None]:
    """Check the text of a run log against itself.

    Parameters
    ----------
    text : str
    name : str
        What messages call the log, such as its path.

    Returns
    -------
    Run, without files; and what it says of its weights, None where nothing was kept.

    Raises
    ------
    RunLogError
        As `read`; its `kind` is "damaged", "edited", "counters" or "empty".
    """
    run: dict[str, Any] | None = None
    rows: list[tuple[int, Evaluation]] = []
    ends: dict[str, Any] = {"final": Final(), "reason": "unfinished"}
    for number, line in lines(text, name):
        event = line.pop("event", None)
        try:
            if event == "start" and run is None:
                run = _started(line)
            elif event == "change" and run is not None:
                changes = [*run["config"].get(CHANGES, []), Change(**line).record()]
                run["config"] = run["config"] | {CHANGES: changes}
            elif event == "resume" and run is not None:
                rows = [(at, row) for at, row in rows if row.updates <= line["updates"]]
                kept = {CHANGES: run["config"][CHANGES]} if CHANGES in run["config"] else {}
                run["config"] = line["config"] | kept
                ends = {"final": Final(), "reason": "unfinished"}
            elif event == "evaluation" and run is not None:
                _require_growing(name, number, line, rows)
                rows.append((number, Evaluation.of(line)))
                if not isinstance(line["weights"], str):
                    raise TypeError("the hash of the weights is no text")
            elif event == "end" and run is not None:
                metrics = {part: Metrics(**found) if found else None for part, found in line["final"].items()}
                ends = {"final": Final(**metrics), "reason": line["reason"], "line": number, **line["best"]}
            else:
                raise ValueError(f"the event {event!r} cannot stand here")
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, RunLogError):
                raise
            raise _damaged(
                name, number, f"is not what fit writes ({type(error).__name__}: {error})"
            ) from error
    if run is None:
        raise _problem("empty", f"read: {name} is empty, expected a run log. Give the file that fit wrote.")
    history = tuple(row for _, row in rows)
    return Run(**run, history=history, final=ends["final"], reason=ends["reason"]), _promise(name, rows, ends)


def require_promised(weights: Mapping[str, Tensor], promise: Promise, file: str) -> None:
    """Raise a RunLogError unless `weights` are those that the log names; `file` is what they are called."""
    found = weights_hash(weights)
    if found not in promise.allowed or promise.ended not in (None, promise.named):
        raise _problem(
            "other weights",
            f"read: line {promise.end or promise.line} of {promise.log}: the weights in {file} have the hash"
            f" {found[:12]}…, expected {promise.named[:12]}…. Put the weights of this very run beside the"
            " log.",
        )


def lines(text: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number and content of each line, its seal checked."""
    rows = text.split("\n")
    before = ""
    for number, line in enumerate(rows, start=1):
        if not line:
            continue
        try:
            content = json.loads(line)
            seal = content.pop("seal")
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            following = rows[number] if number < len(rows) else ""
            if number == len(rows) or following.startswith('{"event": "resume"'):
                continue  # cut off when the process was killed
            raise _damaged(name, number, "is no line of a run log") from error
        if seal != _seal(before, content):
            what = "does not fit its seal: it, or a line before it, was changed or removed"
            raise _damaged(name, number, what, "edited")
        before = seal
        yield number, content


def _started(line: dict[str, Any]) -> dict[str, Any]:
    if line["format"] != FORMAT:
        raise ValueError(f"format {line['format']!r} instead of {FORMAT}")
    return {
        "id": line["run"],
        "parent": line["parent"],
        "config": line["config"],
        "network": network_of(line["network"]) if line["network"] else None,
        "signature": line["signature"],
        "paths": tuple(line["paths"]),
        "data": line["data"],
    }


def _require_growing(
    name: str, number: int, line: Mapping[str, Any], rows: list[tuple[int, Evaluation]]
) -> None:
    if not rows:
        return
    at, last = rows[-1]
    for counter in COUNTERS:
        before = getattr(last, counter)
        if line[counter] < before or (counter == "updates" and line[counter] == before):
            raise _problem(
                "counters",
                f"read: line {number} of {name}: `{counter}` is {line[counter]} after {before} in line {at},"
                " expected counters that grow. Lines were exchanged or edited: hand in the log as it was.",
            )


def _promise(name: str, rows: list[tuple[int, Evaluation]], ends: Mapping[str, Any]) -> Promise | None:
    kept = [(number, row.weights) for number, row in rows if row.best]
    if not kept:
        return None
    number, named = kept[-1]
    # a process may be killed between the line and the file
    allowed = (named,) if "line" in ends else tuple(each for _, each in kept)
    return Promise(name, number, named, allowed, ends.get("line"), ends.get("weights"))


def _problem(kind: str, text: str) -> RunLogError:
    error = RunLogError(text)
    error.kind = kind
    return error


def _damaged(name: str, number: int, what: str, kind: str = "damaged") -> RunLogError:
    return _problem(
        kind,
        f"read: line {number} of {name} {what}, expected the lines that fit wrote."
        " Hand in the log as it was written.",
    )


def _seal(before: str, line: Mapping[str, Any]) -> str:
    return hashlib.sha256((before + json.dumps(line)).encode()).hexdigest()
