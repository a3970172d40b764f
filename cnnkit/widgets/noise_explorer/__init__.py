"""Noise explorer: the same model measured again and again, and two models of which one is better."""

from __future__ import annotations

from typing import Any

import traitlets

from cnnkit.errors import ArgumentError
from cnnkit.widgets.noise_explorer.value import WINDOWS, Noise
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.forgetful import ForgetfulWidget
from cnnkit.widgets.parts.settings import Number, Switch, WholeNumber

__all__ = ["Noise", "NoiseExplorer", "noise_explorer"]

CHOICES = ("X", "Y", "neither")
SHARE = "Give a share, such as 0.9 for 90 %."


class Decisions(traitlets.List):  # type: ignore[type-arg]
    """What was decided in each round so far: "X", "Y" or "neither"."""

    def validate(self, obj: Any, value: Any) -> list[str]:
        """Return `value`, or say what is wrong with it."""
        fits = isinstance(value, (list, tuple)) and len(value) <= WINDOWS
        if fits and all(isinstance(each, str) and each in CHOICES for each in value):
            return list(value)
        raise ArgumentError(
            f"{obj.called}: `{self.name}` is {value!r}, expected a list of no more than {WINDOWS} texts"
            f" 'X', 'Y' or 'neither'. Give [] to begin again."
        )


class NoiseExplorer(ForgetfulWidget):
    """Sliders for a model's true accuracy and the images it is measured on, and what chance makes of them.

    The attributes named as in `Noise` are the settings: set one, and the page follows.
    `noise_explorer` makes one of these.
    """

    called = "noise_explorer"
    _esm = script(called)
    _css = style(called)
    asked = ("p", "p2", "n", "seed")
    given = ("decisions",)

    p = Number(0, 1, SHARE).tag(sync=True)
    p2 = Number(0, 1, SHARE).tag(sync=True)
    n = WholeNumber(10, 10_000, "images").tag(sync=True)
    draws = WholeNumber(5, 50).tag(sync=True)
    seed = WholeNumber(0, 2**32 - 1).tag(sync=True)
    compare = Switch(False).tag(sync=True)
    decisions = Decisions().tag(sync=True)

    @property
    def value(self) -> Noise:
        """The settings as they stand now, and everything that follows from them."""
        return Noise(self.p, self.n, self.draws, self.seed, self.p2, self.compare)

    @property
    def answer(self) -> tuple[dict[str, Any], ...]:
        """One entry for each round decided: the two measurements, the decision, and what is true."""
        rounds = (self.value.round(index) for index in range(len(self.decisions)))
        return tuple(
            {"x": seen["x"], "y": seen["y"], "decided": decided, "best": seen["best"]}
            for seen, decided in zip(rounds, self.decisions, strict=True)
        )

    def picture(self) -> bytes:
        """Return the drawing as a PNG."""
        from cnnkit.widgets.noise_explorer.picture import picture

        return picture(self.value)

    def __repr__(self) -> str:
        """Return the summary that a notebook shows where there is no browser."""
        return repr(self.value)


def noise_explorer(
    p: float = 0.9,
    n: int = 100,
    draws: int = 20,
    seed: int = 4,
    p2: float = 0.93,
    compare: bool = False,
) -> NoiseExplorer:
    """Return sliders that show what measuring on few images does to an accuracy.

    Parameters
    ----------
    p : float, 0 to 1
        The true accuracy of the model, which nobody who measures it knows.
    n : int, 10 to 10,000
        Images that each measurement takes, other ones each time.
    draws : int, 5 to 50
        Measurements to show.
    seed : int, 0 to 2**32 - 1
        Of all draws: the page and Python draw the same.
    p2 : float, 0 to 1
        The true accuracy of a second model.
    compare : bool
        Begin with the question which of the two models is better.

    Returns
    -------
    NoiseExplorer
        Shown as the last line of a cell. Its `value` holds the measurements and everything computed; its
        `answer` what was decided about the two models.

    Raises
    ------
    ArgumentError
        A setting that is no such number, or outside its limits.

    Examples
    --------
    >>> explorer = noise_explorer(p=0.6, n=10)
    >>> round(explorer.value.se, 3), sum(explorer.value.windows.covered)
    (0.155, 19)
    >>> explorer.n = 1000
    >>> round(explorer.value.se, 4)
    0.0155
    """
    return NoiseExplorer(p=p, n=n, draws=draws, seed=seed, p2=p2, compare=compare)
