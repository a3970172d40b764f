"""When to stop: early stopping replayed, A5-8."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["QUESTIONS"]

Replay = Callable[[Sequence[float], int], tuple[int, int]]


def _replay(
    better: Callable[[float, float], bool] = lambda loss, best: loss < best,
    against_last: bool = False,
    wait: int = 0,
    answer: Callable[[int, int], tuple[int, int]] = lambda stop, best: (stop, best),
    resets: bool = True,
) -> Replay:
    """Return early stopping with something changed: stop and best evaluation, counted from 1."""

    def stop_and_best(losses: Sequence[float], patience: int) -> tuple[int, int]:
        best, waited = 1, 0
        for place, loss in enumerate(losses[1:], 2):
            rival = losses[place - 2] if against_last else losses[best - 1]
            improved = better(loss, rival)
            if improved and better(loss, losses[best - 1]):
                best = place
            waited = (0 if resets else waited) if improved else waited + 1
            if waited >= patience + wait:
                return answer(place, best)
        return answer(len(losses), best)

    return stop_and_best


def _overall(losses: Sequence[float], patience: int) -> tuple[int, int]:
    return _replay()(losses, patience)[0], int(np.argmin(losses)) + 1


def _last(losses: Sequence[float], patience: int) -> tuple[int, int]:
    stop, _ = _replay()(losses, patience)
    return stop, stop


def _last_of_equals(losses: Sequence[float], patience: int) -> tuple[int, int]:
    stop, best = _replay()(losses, patience)
    return stop, max(place for place, loss in enumerate(losses[:stop], 1) if loss == losses[best - 1])


def _probes(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for patience in (1, 2, 3, 4, 7):
        falls = 2.3 * np.exp(-0.3 * np.arange(6)) + rng.normal(0, 0.02, 6)
        falls[3] += 0.7 * (patience > 1)  # a step back before the best
        # up and down above the best, once down to it; at last what a stopped training never sees
        zigzag = falls[5] + np.array([0.1, 0.0, 0.13, 0.06, 0.16, 0.09])
        zigzag[2:] += rng.uniform(0, 0.02, 4)
        losses = np.concatenate([falls, zigzag, falls[5:] - 0.3]).round(2).tolist()
        arguments = {"losses": losses, "patience": patience}
        probes.append(Probe(f"patience {patience} and {len(losses)} losses", arguments))
    return {"probes": tuple(probes)}


STOPPING = FunctionQuestion(
    id="stop-and-best",
    code="A5-8",
    points=2,
    variable="stop_and_best",
    ask="Write stop_and_best(losses, patience): after which evaluation training stops, and which was best.",
    whole=True,
    method=_replay(),
    inputs=_probes(np.random.default_rng(58)),
    draw=_probes,
    mistakes=(
        Mistake(
            "against-the-last",
            "each loss is compared with the one before it",
            "Compare with the best so far: two small steps up and one down are no progress.",
            _replay(against_last=True),
        ),
        Mistake(
            "equal-is-better",
            "an equal loss counts as an improvement",
            "Only a smaller one does.",
            _replay(better=lambda loss, best: loss <= best),
        ),
        Mistake(
            "one-too-late",
            "it stops one evaluation too late",
            "With patience p, the p-th evaluation without improvement is the last.",
            _replay(wait=1),
        ),
        Mistake(
            "counted-from-zero",
            "evaluations are counted from 0",
            "The first one is number 1.",
            _replay(answer=lambda stop, best: (stop - 1, best - 1)),
        ),
        Mistake(
            "last-is-best",
            "the last evaluation is taken for the best",
            "The weights that are kept are those of the smallest loss until then.",
            _last,
        ),
        Mistake(
            "last-of-equals",
            "the last of equal losses is taken for the best",
            "Equal is no improvement: the first stays the best.",
            _last_of_equals,
        ),
        Mistake(
            "best-of-all",
            "the best is looked for behind the stop as well",
            "What comes after the stop was never trained.",
            _overall,
        ),
        Mistake(
            "never-reset",
            "the count goes on after an improvement",
            "An improvement sets the count back to 0.",
            _replay(resets=False),
        ),
        Mistake(
            "swapped",
            "the best comes first",
            "Return the stop, then the best.",
            _replay(answer=lambda stop, best: (best, stop)),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (STOPPING,)
