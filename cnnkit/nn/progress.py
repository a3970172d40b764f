"""What is seen of training while it runs: a bar where one can be drawn, a line per evaluation elsewhere."""

from __future__ import annotations

import sys
from typing import Any

from cnnkit.nn.budget import Budget
from cnnkit.nn.run import Evaluation, Run

__all__ = ["Progress", "never_better", "surroundings"]


def surroundings() -> str:
    """Return where the output goes: "notebook", "terminal" or "log"."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    if type(get_ipython()).__name__ == "ZMQInteractiveShell":
        return "notebook"
    return "terminal" if sys.stderr.isatty() else "log"


def never_better(run: Run) -> str | None:
    """Return what to say of a run whose best weights are its first and whose training loss never fell."""
    first, *rest = run.history
    if not rest or run.best != first or any(row.train.loss < first.train.loss for row in rest):
        return None
    lowest = min(row.train.loss for row in rest)
    lr = run.config["lr"]
    cure = f"Try a smaller learning rate, lr={lr / 10:g}." if lr else "Give a learning rate above 0."
    return (
        f"The training loss never fell below the {first.train.loss:.4g} it began with (lowest {lowest:.4g}),"
        f" and the best weights are those from before the first update. {cure}"
    )


class Progress:
    """A bar in notebooks and terminals; in a log a line for each evaluation, on standard output.

    Parameters
    ----------
    budget : Budget
    size : int, of the training split
    shown : bool
        False shows nothing at all.
    place : str, optional
        What `surroundings` says, if not given.
    """

    def __init__(self, budget: Budget, size: int, shown: bool = True, place: str | None = None) -> None:
        self._budget = budget
        self._prints = shown and (place or surroundings()) == "log"
        self._bar: Any = None
        if not shown or self._prints:
            return
        if (place or surroundings()) == "notebook":
            from tqdm.notebook import tqdm
        else:
            from tqdm import tqdm
        timed = budget.kind == "seconds"
        self._bar = tqdm(
            total=budget.amount if timed else budget.total(size),
            unit=" CPU s" if timed else " examples",
            bar_format="{l_bar}{bar}| {n:.0f}/{total:.0f}{unit} [{elapsed}<{remaining}{postfix}]",
        )

    def advance(self, examples: int, cpu_seconds: float) -> None:
        """Move the bar to where training stands."""
        if self._bar is not None:
            reached = cpu_seconds if self._budget.kind == "seconds" else examples
            self._bar.update(min(reached, self._bar.total) - self._bar.n)

    def evaluated(self, row: Evaluation) -> None:
        """Show a new evaluation."""
        if self._bar is not None:
            self._bar.set_postfix_str(f"validation {row.validation.accuracy:.1%}", refresh=False)
        elif self._prints:
            print(
                f"{row.examples:>9,} examples, {row.cpu_seconds:7.1f} CPU s:"
                f" training loss {row.train.loss:.3f}, validation loss {row.validation.loss:.3f},"
                f" accuracy {row.validation.accuracy:.1%} ± {row.validation.standard_error:.1%}",
                flush=True,
            )

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
