"""A run: what was trained, on what, how, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from torch import nn

from cnnkit.errors import RunLogError
from cnnkit.network import Network
from cnnkit.nn.evaluate import Metrics
from cnnkit.nn.state import State, load_arrays

__all__ = ["CHANGES", "Change", "Evaluation", "Final", "Run"]

# Where a run's configuration says what was changed while it trained. It stands among all else that decides
# the result, so that whatever compares configurations sees that this is not one fixed configuration.
CHANGES = "changes"


@dataclass(frozen=True)
class Evaluation:
    """One row of a run's history: where training stood, and how good the model was.

    Parameters
    ----------
    updates, examples : int, since the start
    epoch : float, examples over the size of the training split
    cpu_seconds : float, spent on training; all threads together
    evaluation_seconds : float, CPU seconds spent on evaluations
    lr : float, of the last update
    running : Metrics or None
        Of the training batches since the row before, each measured in training mode before its update;
        None in the first row.
    train, validation : Metrics
        In evaluation mode: on a fixed sample of the training split, and on all of the validation split.
    best : bool, the best validation so far
    weights : str, hash of the weights
    """

    updates: int
    examples: int
    epoch: float
    cpu_seconds: float
    evaluation_seconds: float
    lr: float
    running: Metrics | None
    train: Metrics
    validation: Metrics
    best: bool
    weights: str

    def record(self) -> dict[str, Any]:
        """Return the row as plain data, for a log."""
        return asdict(self) | {"mode": "eval"}

    @classmethod
    def of(cls, record: dict[str, Any]) -> Evaluation:
        """Return the row that a log holds."""
        plain: dict[str, Any] = {name: record[name] for name in cls.__dataclass_fields__}
        for part in ("running", "train", "validation"):
            plain[part] = Metrics(**plain[part]) if plain[part] else None
        return cls(**plain)


@dataclass(frozen=True)
class Change:
    """A setting that was changed while a run trained.

    Parameters
    ----------
    updates, examples : int, when; the next update is the first with the new value
    name : str, such as "lr"
    before, after : the setting's values
    """

    updates: int
    examples: int
    name: str
    before: Any
    after: Any

    def record(self) -> dict[str, Any]:
        """Return the change as plain data, for a log."""
        return asdict(self)

    def __str__(self) -> str:
        """Return the change as one would say it."""
        return f"{self.name} {_number(self.before)} → {_number(self.after)}"


@dataclass(frozen=True)
class Final:
    """The best checkpoint on each split; None where a run ended before that was measured.

    `train` is measured on at most as many examples as the test split has, or 2,000.
    """

    train: Metrics | None = None
    validation: Metrics | None = None
    test: Metrics | None = None


@dataclass(frozen=True, repr=False)
class Run:
    """A run of `fit`, or what a log says of one.

    Parameters
    ----------
    id : str; parent : str or None, the run whose weights this one went on from
    config : dict
        Everything that decides the result, every default resolved.
    network : Network or None
        None where the module is no chain of layers; `signature` tells such apart as well.
    data : dict of name, stand_in, and n and hash of each split
    history : tuple of Evaluation
    final : Final
    reason : "finished", "early stop", "interrupted", "diverged", or "unfinished" (the process was killed)
    log, weights : Path or None, the files
    model : torch.nn.Module or None, the trained one; None for a run that was read from its log
    """

    id: str
    config: dict[str, Any]
    network: Network | None
    signature: str
    data: dict[str, Any]
    history: tuple[Evaluation, ...] = ()
    final: Final = field(default_factory=Final)
    reason: str = "unfinished"
    parent: str | None = None
    paths: tuple[str, ...] = ()
    log: Path | None = None
    weights: Path | None = None
    model: nn.Module | None = field(default=None, compare=False)
    state: State | None = field(default=None, compare=False)

    @property
    def seed(self) -> int:
        """The seed of first weights, batches and dropout."""
        return int(self.config["seed"])

    @property
    def stand_in(self) -> str | None:
        """The name of the data that stood in for those asked for, if any did."""
        found: str | None = self.data["stand_in"]
        return found

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed while it trained; such a run shows nothing about one configuration."""
        return tuple(Change(**change) for change in self.config.get(CHANGES, ()))

    @property
    def best(self) -> Evaluation | None:
        """The evaluation whose weights were kept."""
        return next((row for row in reversed(self.history) if row.best), None)

    def evidence(self) -> dict[str, Any]:
        """Return what this run can be judged by, as plain data.

        Returns
        -------
        dict
            "log", the text of the run log; "weights", the saved weights as arrays by torch's names, or None
            where there is no such file. Nothing is checked here: who reads it does that.

        Raises
        ------
        RunLogError
            The run has no log, or the file of its weights is damaged.
        """
        if self.log is None:
            raise RunLogError(
                "evidence: the run has no log, expected one. Train with log='runs/NAME.jsonl' and hand it in."
            )
        weights = self.log.with_suffix(".safetensors")
        return {
            "log": self.log.read_text(encoding="utf-8"),
            "weights": load_arrays(weights) if weights.exists() else None,
        }

    def __repr__(self) -> str:
        """Return a short report."""
        trained = f"{self.history[-1].examples:,} examples" if self.history else "nothing"
        data = self.data["name"] + (f" (stand-in: {self.stand_in})" if self.stand_in else "")
        lines = [f"run {self.id}: {trained} of {data}, seed {self.seed}, {self.reason}"]
        if self.changes:
            said = "; ".join(f"{change} at {change.examples:,}" for change in self.changes)
            lines.append(f"changed while it trained: {said}")
        for split in ("train", "validation", "test"):
            metrics: Metrics | None = getattr(self.final, split)
            if metrics is not None:
                lines.append(
                    f"{split:>10}: loss {metrics.loss:.3f} ± {metrics.loss_standard_error:.3f},"
                    f" accuracy {metrics.accuracy:.1%} ± {metrics.standard_error:.1%} (n={metrics.n:,})"
                )
        return "\n".join(lines)


def _number(value: Any) -> str:
    if value is None:  # an option that the other optimizer does not have
        return "–"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
