"""What is seen of a picture, or a transform network, while it is made: as `fit` shows its training."""

from __future__ import annotations

from typing import Any

from cnnkit.nn.progress import surroundings
from cnnkit.nn.style.objective import Losses

__all__ = ["Steps"]

LINES = 5  # in a log


class Steps:
    """A bar of steps in notebooks and terminals; in a log a few lines, on standard output.

    Parameters
    ----------
    total : int, steps
    shown : bool
        False shows nothing at all.
    place : str, optional
        What `surroundings` says, if not given.
    """

    def __init__(self, total: int, shown: bool = True, place: str | None = None) -> None:
        place = place or surroundings()
        self._total, self._prints = total, shown and place == "log"
        self._bar: Any = None
        if not shown or self._prints:
            return
        if place == "notebook":
            from tqdm.notebook import tqdm
        else:
            from tqdm import tqdm
        self._bar = tqdm(total=total, unit=" steps")

    def advance(self, step: int, losses: Losses) -> None:
        """Show that `step` steps are done, and what the picture lacked before the last of them."""
        said = f"content {losses.content:.3f}, style {losses.style:.3f}"
        if self._bar is not None:
            self._bar.update(step - self._bar.n)
            self._bar.set_postfix_str(said, refresh=False)
        elif self._prints and step * LINES // self._total > (step - 1) * LINES // self._total:
            print(f"{step:>6,} of {self._total:,} steps: {said}, total {losses.total:.3f}", flush=True)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
