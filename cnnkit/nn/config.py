"""Everything that decides the result of a run, with every default resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cnnkit.errors import ArgumentError
from cnnkit.nn.budget import KINDS, Budget
from cnnkit.nn.initialise import INITS, LAST_SEED
from cnnkit.nn.names import require_known, require_number, require_whole
from cnnkit.nn.optimizers import resolve_options
from cnnkit.nn.patience import MONITORS
from cnnkit.nn.precision import require_precision, resolve_precision
from cnnkit.nn.schedule import Schedule, resolve_schedule

__all__ = ["Config"]

OTHERS = (
    *KINDS, "batch_size", "optimizer", "schedule", "patience", "early_stop", "monitor", "label_smoothing",
    "precision", "augment", "init", "seed", "evaluate_every", "on_step", "log", "resume", "progress",
)  # fmt: skip


@dataclass(frozen=True)
class Config:
    """The arguments of `fit`, checked; `record` is what a log holds of them."""

    budget: Budget
    batch_size: int
    optimizer: str
    options: Mapping[str, Any]
    schedule: Schedule
    early_stop: int | None
    monitor: str
    label_smoothing: float
    precision: str | None
    augment: Any
    init: str | None
    seed: int
    evaluate_every: int | None
    frozen: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        budget: Budget,
        *,
        optimizer: str,
        options: Mapping[str, Any],
        schedule: str | Schedule | Mapping[str, Any] | None,
        patience: int | None,
        early_stop: int | None,
        evaluate_every: int | None,
        precision: str | None,
        init: str | None,
        **rest: Any,
    ) -> Config:
        """Check every argument and fill in the defaults.

        Raises
        ------
        ArgumentError
            The first argument that cannot be.
        """
        rest["batch_size"] = require_whole("fit", "batch_size", rest["batch_size"], 1)
        rest["seed"] = require_whole("fit", "seed", rest["seed"], 0, LAST_SEED)
        require_known("fit", "monitor", rest["monitor"], MONITORS)
        rest["label_smoothing"] = require_number("fit", "label_smoothing", rest["label_smoothing"], 0, 1)
        for name, value in (("early_stop", early_stop), ("evaluate_every", evaluate_every)):
            if value is not None:
                require_whole("fit", name, value, 1)
        if init is not None:
            require_known("fit", "init", init, INITS)
        return cls(
            budget=budget,
            optimizer=optimizer,
            options=resolve_options(optimizer, options, OTHERS),
            schedule=resolve_schedule(schedule, patience),
            early_stop=early_stop,
            evaluate_every=evaluate_every,
            precision=require_precision(precision),
            init=init,
            **rest,
        )

    def changed(self, **settings: Any) -> Config:
        """Return this with another batch size, optimizer or options of it, checked as `of` checks them.

        Another optimizer begins with its own defaults.
        """
        optimizer = settings.pop("optimizer", self.optimizer)
        batch_size = settings.pop("batch_size", self.batch_size)
        kept = self.options if optimizer == self.optimizer else {}
        return replace(
            self,
            batch_size=require_whole("fit", "batch_size", batch_size, 1),
            optimizer=optimizer,
            options=resolve_options(optimizer, {**kept, **settings}, OTHERS),
        )

    def record(self) -> dict[str, Any]:
        """Return the configuration as plain data."""
        amount = self.budget.amount
        plain = {
            name: list(value) if isinstance(value, tuple) else value for name, value in self.options.items()
        }
        schedule = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.schedule.record().items()
        }
        return {
            self.budget.kind: amount,
            "batch_size": self.batch_size,
            "optimizer": self.optimizer,
            **plain,
            "schedule": schedule,
            "early_stop": self.early_stop,
            "monitor": self.monitor,
            "label_smoothing": self.label_smoothing,
            "precision": self.precision,
            "computed_in": resolve_precision(self.precision) or "float32",
            "augment": _named(self.augment),
            "init": self.init,
            "seed": self.seed,
            "evaluate_every": self.evaluate_every,
            **({"frozen": list(self.frozen)} if self.frozen else {}),
        }

    def require_same(self, record: Mapping[str, Any]) -> None:
        """Raise unless this continues the run of `record`: only the amount of the budget may differ."""
        ours = self.record()
        for name in [*ours, *record]:
            if name == self.budget.kind and name in record:
                continue
            if ours.get(name) != record.get(name):
                raise ArgumentError(
                    f"fit: `{name}` is {ours.get(name)!r}, the run to be resumed has {record.get(name)!r},"
                    " expected the same. Repeat the call of that run; only the budget may grow."
                )


def _named(augment: Any) -> str | None:
    """Return what a log calls an augmentation: a function's repr would name a place in memory."""
    if augment is None:
        return None
    if isinstance(augment, list | tuple):
        return ", ".join(filter(None, map(_named, augment)))
    return str(getattr(augment, "__name__", augment))
