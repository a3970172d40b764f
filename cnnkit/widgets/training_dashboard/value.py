"""The arithmetic behind the training dashboard, and where a run stands as a plain value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnkit.nn import Change, Metrics

__all__ = ["MARKED", "Standing", "at_budget", "doubt", "top", "verdict", "windowed"]

# The settings whose changes are marked; another optimizer's options follow from its name.
MARKED = ("optimizer", "lr", "momentum", "weight_decay", "batch_size")


@dataclass(frozen=True, repr=False)
class Standing:
    """Where a run stands.

    Parameters
    ----------
    status : "ready", "running", "paused", "finished", "diverged" or "failed"
    examples, updates : int
    running : Metrics or None
        Of the last training batches that hold 100 examples, each measured before its update.
    train, validation : Metrics or None, of the last evaluation, in evaluation mode
    test : Metrics or None, once the run has finished
    changes : tuple of Change
    data : str, the title of the data set, with what stands in for it
    error : str, what stopped it; or empty
    """

    status: str
    examples: int = 0
    updates: int = 0
    running: Metrics | None = None
    train: Metrics | None = None
    validation: Metrics | None = None
    test: Metrics | None = None
    changes: tuple[Change, ...] = ()
    data: str = ""
    error: str = ""

    def __repr__(self) -> str:
        """Return the summary that a notebook shows where there is no browser."""
        updates = "1 update" if self.updates == 1 else f"{self.updates:,} updates"
        lines = [f"{self.status}: {self.examples:,} examples, {updates}, on {self.data}"]
        if not self.updates:
            lines = [f"{self.status}: not trained yet, on {self.data}"]
        for words, metrics in (
            ("training, running", self.running),
            ("training", self.train),
            ("validation", self.validation),
            ("test", self.test),
        ):
            if metrics is not None:
                lines.append(
                    f"{words:>17}: loss {metrics.loss:.3f}, accuracy {100 * metrics.accuracy:.1f} %"
                    f" {doubt(metrics.accuracy, metrics.standard_error, metrics.n)}"
                    f" ({'2 SE' if metrics.standard_error else '95 %'}, n={metrics.n:,})"
                )
        marked = [change for change in self.changes if change.name in MARKED]
        lines += [f"changed after {change.examples:,} examples: {change}" for change in marked]
        return "\n".join([*lines, self.error] if self.error else lines)


def doubt(accuracy: float, error: float, n: int) -> str:
    """Return what an accuracy is uncertain by, as the page says it.

    Two standard errors; where all `n` were right, or none, that would be nothing, and 3/n is said: the rule
    of three gives the end of the interval that holds the true accuracy with 95 %.

    Examples
    --------
    >>> doubt(0.9, 0.03, 100), doubt(1.0, 0.0, 200)
    ('± 6.0 %', '− 1.5 %')
    """
    if error or not n:
        return f"± {200 * error:.1f} %"
    return f"{'−' if accuracy else '+'} {300 / n:.1f} %"


def windowed(points: Sequence[Sequence[float]], window: int) -> list[dict[str, float]]:
    """Return a running mean: at each point, over the fewest last points that hold `window` examples.

    Parameters
    ----------
    points : rows of updates, examples, losses added up, right answers
    window : int, in examples

    Returns
    -------
    list of dict
        `examples` and `updates` so far; `loss` and `accuracy` of the last `n` examples, at least `window`
        where there are so many; `error`, the standard error of that accuracy.

    Examples
    --------
    >>> rows = windowed([[1, 20, 40.0, 5], [1, 20, 20.0, 15]], window=20)
    >>> [(row["examples"], row["loss"], row["accuracy"], row["n"]) for row in rows]
    [(20, 2.0, 0.25, 20), (40, 1.0, 0.75, 20)]
    """
    found = []
    first = updates = examples = 0
    n = loss = right = 0.0
    for more, count, losses, correct in points:
        updates, examples = updates + int(more), examples + int(count)
        n, loss, right = n + count, loss + losses, right + correct
        while n - points[first][1] >= window:
            _, gone, losses_gone, correct_gone = points[first]
            n, loss, right = n - gone, loss - losses_gone, right - correct_gone
            first += 1
        p = right / n
        row = {"updates": updates, "examples": examples, "loss": loss / n, "accuracy": p, "n": int(n)}
        found.append(row | {"error": sqrt(max(p * (1 - p), 0) / n)})
    return found


def at_budget(examples: Sequence[float], budget: float) -> int | None:
    """Return which of the evaluations, made after so many `examples`, is the last within `budget`.

    Examples
    --------
    >>> at_budget([0, 500, 1000], 700), at_budget([0, 500], -1)
    (1, None)
    """
    within = [place for place, seen in enumerate(examples) if seen <= budget]
    return within[-1] if within else None


def verdict(first: Any, second: Any) -> str:
    """Say what two accuracies with their standard errors show about each other.

    Parameters
    ----------
    first, second : (accuracy, standard error)

    Examples
    --------
    >>> verdict((0.95, 0.01), (0.93, 0.01)), verdict((0.95, 0.01), (0.80, 0.01))
    ('inside 2 SE', 'better')
    """
    gap, error = first[0] - second[0], sqrt(first[1] ** 2 + second[1] ** 2)
    if abs(gap) <= 2 * error:
        return "inside 2 SE"
    return "better" if gap > 0 else "worse"


def top(probabilities: Sequence[float], count: int = 3) -> list[int]:
    """Return the most probable classes, the first first; of equals the lower number.

    Examples
    --------
    >>> top([0.1, 0.6, 0.1, 0.2])
    [1, 3, 0]
    """
    return sorted(range(len(probabilities)), key=lambda place: (-probabilities[place], place))[:count]
