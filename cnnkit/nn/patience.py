"""Patience: how long validation may stand still."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from cnnkit.errors import ArgumentError
from cnnkit.nn.names import require_whole

__all__ = ["MONITORS", "early_stop", "improves"]

# what may be watched on the validation split, and the sign that makes less of it better
MONITORS = {"loss": 1.0, "accuracy": -1.0}


def improves(value: float, best: float | None, monitor: str = "loss") -> bool:
    """Return whether `value` is better than `best`; equal is no improvement, and NaN never is."""
    return not isnan(value) and (best is None or MONITORS[monitor] * value < MONITORS[monitor] * best)


def early_stop(losses: Sequence[float], patience: int) -> tuple[int, int]:
    """Replay early stopping on validation losses.

    Parameters
    ----------
    losses : (n,) numbers, one for each evaluation, the first being number 1
    patience : int
        Stop after so many evaluations in a row that do not improve on the best one.

    Returns
    -------
    (stop, best) : int, int
        The number of the evaluation after which training stops (the last one, if patience never runs
        out), and of the best one until then; of equal ones the first is the best.

    Raises
    ------
    ArgumentError
        No losses, or a patience below 1.

    Examples
    --------
    >>> early_stop([2.0, 1.0, 1.2, 1.1, 0.5], patience=2)
    (4, 2)
    """
    if not len(losses):
        raise ArgumentError(
            "early_stop: `losses` is empty, expected at least 1. Give one for each evaluation."
        )
    require_whole("early_stop", "patience", patience, 1)
    best = 0
    for place, loss in enumerate(losses):
        if improves(loss, losses[best] if place else None):
            best = place
        if place - best >= patience:
            return place + 1, best + 1
    return len(losses), best + 1
