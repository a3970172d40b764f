"""The first weights, A3-3: random, so that their spread is compared and not themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised

__all__ = ["QUESTIONS"]


@dataclass(frozen=True)
class Unfit(Raised):
    """A result that cannot be measured, told as it is."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class SpreadQuestion(FunctionQuestion):
    """A function of (filters, n, seed) that draws; what counts is how its numbers are spread.

    The outcome of a probe is three numbers, each without unit: mean and standard deviation times the root
    of n, and how far the filters' own means are apart, times n.
    """

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return the three numbers for every probe."""
        return {probe.label: _spread(probe, probe.outcome(method)) for probe in self.probes}


def _spread(probe: Probe, drawn: Any) -> Any:
    if drawn is None or isinstance(drawn, Raised):
        return drawn
    wanted = probe.arguments["filters"], probe.arguments["n"]
    try:
        array = np.asarray(drawn, dtype=float)
    except (TypeError, ValueError):
        return Unfit("Unfit", f"returns a {type(drawn).__name__}, expected an array of shape {wanted}")
    if array.shape != wanted:
        return Unfit("Unfit", f"returns shape {array.shape}, expected {wanted}")
    n = wanted[1]
    return np.array([array.mean() * n**0.5, array.std() * n**0.5, array.mean(axis=1).std() * n])


def _draws(scale: Callable[[int, int], float], mean: float = 0.0) -> Callable[[int, int, int], Any]:
    def init_filters(filters: int, n: int, seed: int) -> Any:
        return np.random.default_rng(seed).normal(mean, scale(filters, n), (filters, n))

    return init_filters


def _uniform(filters: int, n: int, seed: int) -> Any:
    return np.random.default_rng(seed).uniform(-(n**-0.5), n**-0.5, (filters, n))


def _one_for_all(filters: int, n: int, seed: int) -> Any:
    return np.tile(np.random.default_rng(seed).normal(0, n**-0.5, n), (filters, 1))


def _probes(rng: np.random.Generator) -> Mapping[str, Any]:
    sizes = ((900, 25), (700, 200), (600, 400))  # so many numbers that chance moves their spread by 1%
    probes = []
    for filters, n in sizes:
        seed = int(rng.integers(1000))
        probes.append(Probe(f"{filters} filters of {n} weights", {"filters": filters, "n": n, "seed": seed}))
    return {"probes": tuple(probes)}


INIT = SpreadQuestion(
    id="init-filters",
    code="A3-3",
    points=2,
    variable="init_filters",
    ask="Write init_filters(filters, n, seed): Gaussian weights whose spread suits n inputs.",
    method=_draws(lambda filters, n: n**-0.5),
    atol=0.1,
    mistakes=(
        Mistake(
            "variance-as-deviation",
            "1/n is used as the standard deviation",
            "numpy's `scale` is the standard deviation, the root of the variance 1/n.",
            _draws(lambda filters, n: 1 / n),
        ),
        Mistake(
            "he",
            "the weights get the deviation sqrt(2/n)",
            "That is He's rule of 2015; ConvNetJS uses 1/n.",
            _draws(lambda filters, n: (2 / n) ** 0.5),
        ),
        Mistake(
            "not-scaled",
            "the weights are drawn from N(0, 1)",
            "Scale them: the more inputs, the smaller each weight.",
            _draws(lambda filters, n: 1.0),
        ),
        Mistake(
            "root-of-filters",
            "the deviation is computed from the number of filters",
            "It depends on n, the inputs of one filter.",
            _draws(lambda filters, n: filters**-0.5),
        ),
        Mistake(
            "constant-deviation",
            "the deviation is 0.01 for every layer",
            "It depends on n.",
            _draws(lambda filters, n: 0.01),
        ),
        Mistake(
            "uniform",
            "the weights are drawn uniformly between ± sqrt(1/n)",
            "Those have the deviation sqrt(1/n) / sqrt(3). Draw from a normal distribution.",
            _uniform,
        ),
        Mistake(
            "not-centred",
            "the weights are not centred at 0",
            "Their mean is 0.",
            _draws(lambda filters, n: n**-0.5, mean=1.0),
        ),
        Mistake(
            "positive",
            "the signs are lost",
            "Half of the weights are negative.",
            lambda filters, n, seed: np.abs(_draws(lambda filters, n: n**-0.5)(filters, n, seed)),
        ),
        Mistake(
            "one-filter-for-all",
            "all filters start alike",
            "Equal filters get equal gradients and stay equal for ever: draw each anew.",
            _one_for_all,
        ),
        Mistake(
            "zeros",
            "all weights start at 0",
            "Equal filters get equal gradients and stay equal for ever: draw them.",
            lambda filters, n, seed: np.zeros((filters, n)),
        ),
    ),
    inputs=_probes(np.random.default_rng(3)),
    draw=_probes,
)

QUESTIONS: tuple[Question, ...] = (INIT,)
