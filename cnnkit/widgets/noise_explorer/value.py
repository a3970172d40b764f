"""Accuracies that are measured on few images: what chance does to them, exactly and in draws from a seed."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import floor, sqrt

from cnnkit.convnetjs.draws import MathRandom

__all__ = ["MANY", "Noise", "Windows", "standard_error"]

MANY = 1000  # draws of a histogram, and rounds of two models
WINDOWS = 100  # draws that are kept for the windows of each model, whether they are shown or not


def standard_error(accuracy: float, n: int) -> float:
    """Return the standard error of an accuracy that was measured on `n` images.

    Examples
    --------
    >>> round(standard_error(0.6, 10), 3)
    0.155
    """
    return sqrt(accuracy * (1 - accuracy) / n)


@lru_cache(maxsize=64)
def chances(n: int, p: float) -> tuple[float, ...]:
    """Return P(k or fewer of n are right) for k = 0 ... n, where each is right with probability p.

    Each term comes from its neighbour, outwards from the largest, so that none that matters underflows.
    The browser does the same operations in the same order, and gets the same bits.
    """
    if p in (0, 1):
        return tuple(float(k >= n * p) for k in range(n + 1))
    mode = min(n, floor((n + 1) * p))
    terms = [0.0] * (n + 1)
    terms[mode] = 1.0
    for k in range(mode, n):
        terms[k + 1] = terms[k] * (n - k) / (k + 1) * p / (1 - p)
    for k in range(mode, 0, -1):
        terms[k - 1] = terms[k] * k / (n - k + 1) * (1 - p) / p
    below, total = [], 0.0
    for term in terms:
        total += term
        below.append(total)
    return tuple(each / total for each in below)


def counts(n: int, p: float, uniform: list[float]) -> list[int]:
    """Return how many of `n` images are right, for each of the numbers from 0 to below 1.

    A number keeps its place among all outcomes when `n` or `p` changes, so that a draw can be followed.
    """
    table = chances(n, p)
    return [min(bisect_left(table, u), n) for u in uniform]


@lru_cache(maxsize=16)
def uniforms(seed: int) -> tuple[list[float], list[float], list[float], list[float], list[float]]:
    """Return the numbers that all draws of a seed come from.

    For the windows of the first model and the second, for many more of each, and for which of the two a
    round shows first.
    """
    source = MathRandom(seed)
    parts = [source.uniform(size).tolist() for size in (WINDOWS, WINDOWS, MANY, MANY, WINDOWS)]
    first, second, many, many_second, order = parts
    return first, second, many, many_second, order


@dataclass(frozen=True)
class Windows:
    """One model, measured again and again on `n` other images.

    Parameters
    ----------
    accuracies : tuple of float
    covered : tuple of bool
        Whether each interval of two standard errors, taken from its own accuracy, holds the true one.
    spread : float
        Standard deviation of the accuracies.
    """

    accuracies: tuple[float, ...]
    covered: tuple[bool, ...]
    spread: float


@dataclass(frozen=True, repr=False)
class Noise:
    """What measuring on few images does to an accuracy, and to a comparison of two.

    Parameters
    ----------
    p, p2 : float, 0 to 1
        The true accuracies of the model and of a second one.
    n : int
        Images that each measurement takes; other ones each time.
    draws : int
        Measurements that are shown.
    seed : int
        Of all draws; the page draws the same.
    compare : bool
        Whether the text is about the two models.

    Examples
    --------
    >>> Noise(p=0.9, n=100, draws=20)
    20 measurements of one model with a true accuracy of 0.9, each on 100 other images
    standard error: √(0.9 · 0.1 / 100) = 0.03; two of them: 0.84 to 0.96
    measured: 0.86 to 0.95, standard deviation 0.0252
    19 of 20 intervals (± two of their own standard errors) hold the true accuracy; 93 % of all do
    """

    p: float = 0.9
    n: int = 100
    draws: int = 20
    seed: int = 4
    p2: float = 0.93
    compare: bool = False

    @property
    def se(self) -> float:
        """Standard error of a measurement of the model."""
        return standard_error(self.p, self.n)

    @property
    def se2(self) -> float:
        """Standard error of a measurement of the second model."""
        return standard_error(self.p2, self.n)

    @property
    def se_gap(self) -> float:
        """Standard error of the difference of two measurements, each on images of its own."""
        return sqrt(self.se**2 + self.se2**2)

    @property
    def band(self) -> tuple[float, float]:
        """Two standard errors around the true accuracy, cut to 0 to 1."""
        return max(0.0, self.p - 2 * self.se), min(1.0, self.p + 2 * self.se)

    @cached_property
    def windows(self) -> Windows:
        """The measurements of the model."""
        shares = [k / self.n for k in counts(self.n, self.p, uniforms(self.seed)[0][: self.draws])]
        covered = tuple(covers(share, self.n, self.p) for share in shares)
        mean = sum(shares) / len(shares)
        spread = sqrt(sum((share - mean) ** 2 for share in shares) / max(len(shares) - 1, 1))
        return Windows(tuple(shares), covered, spread)

    @cached_property
    def histogram(self) -> dict[int, int]:
        """How often each number of right images came out in 1000 measurements of the model."""
        found: dict[int, int] = {}
        for k in sorted(counts(self.n, self.p, uniforms(self.seed)[2])):
            found[k] = found.get(k, 0) + 1
        return found

    @cached_property
    def coverage(self) -> float:
        """The share of all measurements whose interval holds the true accuracy, exactly."""
        table = chances(self.n, self.p)
        total, before = 0.0, 0.0
        for k, each in enumerate(table):
            if covers(k / self.n, self.n, self.p):
                total += each - before
            before = each
        return total

    @cached_property
    def rounds(self) -> dict[str, int]:
        """Of 1000 rounds, one measurement of each model: which looked better, and what two errors allow.

        "better", "tie", "worse": how the truly better model looked (the second, where both are equal).
        "shown", "open", "wrong": whether the gap was more than two of its own standard errors, in favour of
        the better one; less; or more, in favour of the other.
        """
        both = [
            counts(self.n, p, u) for p, u in zip((self.p, self.p2), uniforms(self.seed)[2:4], strict=True)
        ]
        found = dict.fromkeys(("better", "tie", "worse", "shown", "open", "wrong"), 0)
        sign = 1 if self.p > self.p2 else -1
        for a, b in zip(*both, strict=True):
            gap = sign * (a - b)
            found["better" if gap > 0 else "tie" if gap == 0 else "worse"] += 1
            clear = is_clear(a, b, self.n)
            found["open" if not clear else "shown" if gap > 0 else "wrong"] += 1
        return found

    def round(self, index: int) -> dict[str, float | str | bool]:
        """Return a round of two models that are called X and Y: what is measured, and which is better.

        "best" is "X", "Y" or "neither"; "rule" is what a gap of more than two standard errors allows to say;
        "swapped" says that X is the second model.
        """
        first, second, _, _, order = uniforms(self.seed)
        a = counts(self.n, self.p, [first[index]])[0]
        b = counts(self.n, self.p2, [second[index]])[0]
        swapped = order[index] < 0.5
        x, y = (b, a) if swapped else (a, b)
        best = "neither" if self.p == self.p2 else "X" if (self.p > self.p2) is not swapped else "Y"
        rule = ("X" if x > y else "Y") if is_clear(x, y, self.n) else "neither"
        return {"x": x / self.n, "y": y / self.n, "swapped": swapped, "best": best, "rule": rule}

    def __repr__(self) -> str:
        """Return all that the picture shows, as text."""
        return "\n".join(self._comparison() if self.compare else self._one())

    def _one(self) -> list[str]:
        made = self.windows
        share = f"{sum(made.covered)} of {self.draws} intervals (± two of their own standard errors)"
        return [
            f"{self.draws} measurements of one model with a true accuracy of {self.p:g},"
            f" each on {self.n:,} other images",
            f"standard error: √({self.p:g} · {1 - self.p:.4g} / {self.n}) = {self.se:.3g};"
            f" two of them: {self.band[0]:.3g} to {self.band[1]:.3g}",
            f"measured: {min(made.accuracies):.3g} to {max(made.accuracies):.3g},"
            f" standard deviation {made.spread:.3g}",
            f"{share} hold the true accuracy; {100 * self.coverage:.0f} % of all do",
        ]

    def _comparison(self) -> list[str]:
        found = self.rounds
        share = {name: f"{count / MANY:.1%}" for name, count in found.items()}
        if self.p == self.p2:
            looks = f"A looked better in {share['worse']}, B in {share['better']}, neither in {share['tie']}"
            called = (found["shown"] + found["wrong"]) / MANY
            rule = f"Two standard errors called one of them better in {called:.1%}."
        else:
            looks = f"the better one looked worse in {share['worse']}, and the same in {share['tie']}"
            rule = (
                f"Two standard errors showed it in {share['shown']}, left it open in {share['open']}, and"
                f" were wrong in {share['wrong']}."
            )
        return [
            f"two models with true accuracies of {self.p:g} (A) and {self.p2:g} (B), each measured on"
            f" {self.n:,} images of its own",
            f"standard errors {self.se:.3g} and {self.se2:.3g}, of the gap {self.se_gap:.3g}",
            f"Of {MANY:,} rounds {looks}.",
            rule,
        ]


def covers(share: float, n: int, p: float) -> bool:
    """Whether p lies within two standard errors of a measured share, the error taken from the share.

    The hair's breadth keeps rounding from deciding where p is the end of the interval.
    """
    return abs(share - p) <= 2 * standard_error(share, n) + 1e-12


def is_clear(a: int, b: int, n: int) -> bool:
    """Whether a and b of n right images differ by more than two standard errors, as measured."""
    error = sqrt(a * (n - a) / n**3 + b * (n - b) / n**3)
    return abs(a - b) / n > 2 * error + 1e-12
