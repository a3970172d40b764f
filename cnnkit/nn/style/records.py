"""A run of `fit_style`: what was trained and what came of it, in memory and in its log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from cnnkit.errors import RunLogError
from cnnkit.nn.runlog import Log, lines, text_of, weights_path
from cnnkit.nn.state import copied, load_tensors, save_tensors, weights_hash
from cnnkit.nn.style.objective import Losses
from cnnkit.nn.style.transform import TransformNetwork

__all__ = ["FORMAT", "Record", "Row", "StyleRun", "read"]

FORMAT = "style 1"


@dataclass(frozen=True)
class Row:
    """Where training stood.

    Parameters
    ----------
    steps, examples : int, since the start
    cpu_seconds : float, spent on training
    losses : Losses, the mean of the batches since the row before
    """

    steps: int
    examples: int
    cpu_seconds: float
    losses: Losses


@dataclass(frozen=True, repr=False)
class StyleRun:
    """A transform network and how it was trained.

    Parameters
    ----------
    id : str
    options : dict
        Everything that decides the result, every default resolved; of the pictures their hashes.
    history : tuple of Row
    final : Losses, of the picture that it is measured on, as the finished network paints it
    reason : "finished" or "interrupted"
    log, weights : Path or None, the files
    model : TransformNetwork
    """

    id: str
    options: dict[str, Any]
    history: tuple[Row, ...]
    final: Losses
    reason: str
    log: Path | None
    weights: Path | None
    model: TransformNetwork = field(compare=False)

    def __repr__(self) -> str:
        last, final = self.history[-1], self.final
        return (
            f"StyleRun({self.reason}, {last.examples:,} pieces in {last.steps:,} steps,"
            f" {last.cpu_seconds:.0f} CPU s: content {final.content:.3f}, style {final.style:.3f})"
        )


class Record:
    """Keep a run as it grows, and where there is a log, in its files."""

    def __init__(
        self, id: str, options: dict[str, Any], model: TransformNetwork, log: str | os.PathLike[str] | None
    ) -> None:
        self.id, self.options, self.model = id, options, model
        self.reason = "interrupted"
        self._rows: list[Row] = []
        self._log = Log(log, id) if log is not None else None
        self._write(
            "start",
            {
                "format": FORMAT,
                "run": id,
                "options": options,
                "parameters": sum(weight.numel() for weight in model.parameters()),
                "machine": {"torch": torch.__version__, "threads": torch.get_num_threads()},
            },
        )

    def add(self, row: Row) -> None:
        """Keep a row."""
        self._rows.append(row)
        self._write("row", asdict(row))

    def end(self, final: Losses) -> StyleRun:
        """Write down how it ended, save the weights, and return the run."""
        weights = None
        if self._log is not None:
            weights = weights_path(self._log.path)
            save_tensors(weights, copied(self.model.state_dict()))
        hash = weights_hash(self.model.state_dict())
        self._write("end", {"reason": self.reason, "final": asdict(final), "weights": hash})
        if self._log is not None:
            self._log.close()
        log = self._log.path if self._log is not None else None
        rows = tuple(self._rows)
        return StyleRun(self.id, self.options, rows, final, self.reason, log, weights, self.model.eval())

    def _write(self, event: str, record: Mapping[str, Any]) -> None:
        if self._log is not None:
            self._log.write(event, record)


def read(path: str | os.PathLike[str]) -> StyleRun:
    """Read the log of a run of `fit_style`, and check it against itself and the weights beside it.

    Raises
    ------
    RunLogError
        A line was edited or is missing, or has no place there; the log has no end; the weights are missing,
        damaged, or not those that the log names.
    FileNotFoundError
        There is no such file.
    """
    path = Path(path)
    found: dict[str, Any] = {}
    rows: list[Row] = []
    promised = None
    for number, line in lines(text_of(path), str(path)):
        try:
            event = line["event"]
            if event == "start" and line["format"] == FORMAT:
                found |= {"id": line["run"], "options": line["options"]}
            elif event == "row":
                rows.append(Row(**_plain(line) | {"losses": Losses(**line["losses"])}))
            elif event == "end":
                promised = line["weights"]
                found |= {"reason": line["reason"], "final": Losses(**line["final"])}
            else:
                raise ValueError(f"the event {event!r} cannot stand here")
        except (KeyError, TypeError, ValueError) as error:
            raise RunLogError(
                f"read: line {number} of {path} is not what fit_style writes ({type(error).__name__}:"
                f" {error}), expected the log of a transform network. Give the file that fit_style wrote."
            ) from error
    if "id" not in found:
        raise RunLogError(
            f"read: {path} is empty, expected the log of a run. Give the file that fit_style wrote."
        )
    if promised is None:
        raise RunLogError(
            f"read: {path} has no end: its training was cut off, and its weights were never written, expected"
            " the log of a run that ended. Train it again under another name."
        )
    model = _restored(TransformNetwork(padding=found["options"]["padding"]), path, promised)
    return StyleRun(**found, history=tuple(rows), log=path, weights=weights_path(path), model=model.eval())


def _plain(line: Mapping[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("steps", "examples", "cpu_seconds")}


def _restored(model: TransformNetwork, log: Path, promised: str) -> TransformNetwork:
    path = weights_path(log)
    tensors, _ = load_tensors(path)
    found = weights_hash(tensors)
    if found != promised:
        raise RunLogError(
            f"read: the weights in {path} have the hash {found[:12]}…, expected {promised[:12]}…, which {log}"
            " names. Put the weights of this very run beside the log."
        )
    model.load_state_dict(tensors)
    return model
