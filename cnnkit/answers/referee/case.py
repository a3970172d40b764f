"""What all cases of the referee have in common: numbers to recompute, a claim and a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cnnkit.answers.question import Mistake, Question

__all__ = ["ALL_HOLD", "POINTS", "REASONS", "Misjudged", "referee_case"]

POINTS = 1.25  # half for the numbers, a quarter for the claim, half for the reason
REASONS = ("a", "b", "c", "d", "e", "f")
ALL_HOLD = 0  # the claim to mark where none is wrong


@dataclass(frozen=True)
class Misjudged:
    """A verdict that looks right: the claim that it marks, the letter of its reason, and what it is told."""

    id: str
    claim: int
    reason: str
    when: str
    cure: str


def referee_case(
    *,
    id: str,
    number: int,
    ask: str,
    numbers: Callable[..., dict[str, Any]],
    verdict: tuple[int, str],
    misjudged: tuple[Misjudged, ...],
    miscounted: tuple[Mistake, ...],
    inputs: Mapping[str, Any],
    atol: float = 1e-6,
) -> Question:
    """Return the question of one case.

    Parameters
    ----------
    number : int
        Which case it is, from 1.
    numbers : callable
        Computes from `inputs` what the referee measures, as a dict.
    verdict : (int, str)
        The first claim that does not hold, or `ALL_HOLD`, and the letter of the reason.
    misjudged : tuple of Misjudged
        Wrong verdicts on right numbers, one for each other reason.
    miscounted : tuple of Mistake
        Wrong numbers. Their methods return what differs from the right ones.
    """
    claim, reason = verdict

    def judged(**given: Any) -> dict[str, Any]:
        return numbers(**given) | {"claim": claim, "reason": reason}

    def otherwise(verdict: Misjudged) -> Callable[..., dict[str, Any]]:
        return lambda **given: judged(**given) | {"claim": verdict.claim, "reason": verdict.reason}

    def counted(slip: Mistake) -> Callable[..., dict[str, Any]]:
        return lambda **given: judged(**given) | slip.method(**given)

    asked = list(numbers(**inputs))
    return Question(
        id=id,
        code=f"A8-{number}",
        points=POINTS,
        variable=f"case_{number}",
        ask=ask,
        method=judged,
        mistakes=(
            *(Mistake(each.id, each.when, each.cure, counted(each)) for each in miscounted),
            *(Mistake(each.id, each.when, each.cure, otherwise(each)) for each in misjudged),
        ),
        inputs=inputs,
        atol=atol,
        choices=REASONS,
        weights={name: 2 / len(asked) for name in asked} | {"claim": 1, "reason": 2},
    )
