"""Can this be the log of a training? What a log says, type by type, before anything of it is believed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnkit.nn.run import Run

__all__ = ["contradiction", "malformed", "not_chosen", "test_was_watched"]

BUDGETS = ("epochs", "examples", "seconds")
CHANGE = {"updates", "examples", "name", "before", "after"}
METRICS = ("loss", "accuracy", "n", "standard_error", "loss_standard_error")


def malformed(run: Run) -> str:
    """Return what in a log is not of the kind that `fit` writes, or an empty string."""
    return next(_malformed(run), "")


def contradiction(run: Run) -> str:
    """Return which counters of a finished run no training could give, or an empty string."""
    last, batch = run.history[-1], run.config["batch_size"]
    total = _total(run)
    if last.examples > last.updates * batch:
        return f"{last.updates:,} updates with batches of {batch} cannot see {last.examples:,} examples."
    if run.reason == "finished" and total is not None and last.examples != total:
        return f"It says that it is finished after {last.examples:,} of {total:,} examples."
    return ""


def test_was_watched(run: Run, text: str) -> bool:
    """Return whether a log shows test images before its end, or that they decided what was kept."""
    from cnnkit.nn.patience import MONITORS

    for line in text.split("\n"):
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            continue  # cut off when the process was killed
        if isinstance(content, dict) and content.get("event") == "evaluation" and "test" in content:
            return True
    return run.config.get("monitor") not in list(MONITORS)


def not_chosen(run: Run) -> str:
    """Return where the evaluations that were called the best are not so, or an empty string."""
    from cnnkit.nn.patience import improves

    monitor, best = run.config["monitor"], None
    for row in run.history:
        value = getattr(row.validation, monitor)
        if bool(row.best) != improves(value, best, monitor):
            return f"At update {row.updates:,} the validation {monitor} is {value:.4f}."
        best = value if row.best else best
    kept = run.best
    if kept is not None and run.final.validation not in (None, kept.validation):
        return "Its final validation result is not the one of its best evaluation."
    return ""


def _total(run: Run) -> int | None:
    if "epochs" in run.config:
        return int(run.config["epochs"] * run.data["train"]["n"])
    found = run.config.get("examples")
    return None if found is None else int(found)


def _malformed(run: Run) -> Iterator[str]:
    config, data = run.config, run.data
    if not isinstance(config, Mapping) or not isinstance(data, Mapping):
        yield "It has no configuration."
        return
    budgets = [name for name in BUDGETS if name in config]
    if len(budgets) != 1 or not all(_is_number(config[name]) and config[name] > 0 for name in budgets):
        yield "It has no budget."
    if not all(_is_whole(config.get(name)) for name in ("batch_size", "seed")) or config["batch_size"] < 1:
        yield "Its batch size or seed is no number."
    if not _are_changes(config.get("changes", [])):
        yield "What was changed in it is no list of changes."
    if not isinstance(config.get("optimizer"), str):
        yield "It names no optimizer."
    if not isinstance(data.get("name"), str) or not isinstance(data.get("stand_in"), str | None):
        yield "It names no data."
    if not isinstance(data.get("classes"), list) or not data["classes"]:
        yield "It names no classes."
    for part in ("train", "validation", "test"):
        split = data.get(part)
        if not isinstance(split, Mapping) or not _is_whole(split.get("n")) or "hash" not in split:
            yield f"It says nothing of the {part} images."
    if not isinstance(run.id, str) or not isinstance(run.signature, str):
        yield "It has no name."
    if not run.history:
        yield "It has no evaluation."
    for row in run.history:
        if not all(_is_whole(value) for value in (row.updates, row.examples)):
            yield "Its counters are no whole numbers."
        if not all(_is_number(value) for value in (row.cpu_seconds, row.epoch, row.lr)):
            yield "Its counters are no numbers."
        if not all(_is_measured(found) for found in (row.train, row.validation)):
            yield "Its metrics are no numbers."
        if row.running is not None and not _is_measured(row.running):
            yield "Its metrics are no numbers."
    for part in ("train", "validation", "test"):
        found = getattr(run.final, part)
        if found is not None and not _is_measured(found):
            yield "Its metrics are no numbers."


def _are_changes(found: Any) -> bool:
    return isinstance(found, list) and all(
        isinstance(each, Mapping)
        and set(each) == CHANGE
        and isinstance(each["name"], str)
        and _is_whole(each["updates"])
        and _is_whole(each["examples"])
        for each in found
    )


def _is_measured(metrics: Any) -> bool:
    values = [getattr(metrics, name, None) for name in METRICS]
    if not all(_is_number(value) for value in values):
        return False
    return bool(metrics.loss >= 0 and 0 <= metrics.accuracy <= 1 and metrics.n >= 1)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e300
        and isfinite(value)
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
