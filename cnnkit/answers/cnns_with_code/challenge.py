"""60 % on CIFAR-10 in a minute of training, A4-6; on what stands in for it, other tiers in less time."""

from __future__ import annotations

from cnnkit.answers.evidence import EvidenceQuestion, Experiment, Finding, Requirement, flaws

__all__ = ["QUESTIONS", "SECONDS", "TIERS"]

# By the data that a run was really trained on: shapes10 is easier, and a minute of it would teach nothing.
SECONDS = {"cifar10": 60.0, "shapes10": 10.0}
TIERS = {"cifar10": (0.45, 0.55, 0.60), "shapes10": (0.70, 0.80, 0.90)}
OVERDRAWN = 1.1  # the last update is finished


def _in_time(experiment: Experiment) -> Finding | None:
    for each in experiment.runs:
        spent, most = each.run.history[-1].cpu_seconds, SECONDS[_images(each.run)]
        if spent > OVERDRAWN * most:
            fact = f"{each.name} took {spent:.0f} CPU seconds, asked was at most {most:g}."
            return Finding(flaws.OTHER_BUDGET, fact)
    return None


def _images(run: object) -> str:
    stand_in = getattr(run, "stand_in", None)
    return "cifar10" if stand_in is None else "shapes10"


def _reaches(tier: int) -> Requirement:
    """Ask for a test accuracy, and for the time that it may take: a slower way there does not count."""

    def check(experiment: Experiment) -> Finding | None:
        (each,) = experiment.runs[:1]
        wanted, found = TIERS[_images(each.run)][tier], each.metrics("test")
        reached = 0.0 if found is None else found.accuracy
        if reached >= wanted:
            return _in_time(experiment)
        return Finding(flaws.BELOW, f"The accuracy on test is {reached:.1%}, asked was {wanted:.0%}.")

    return Requirement(f"tier {tier + 1} in time", 1, check, (flaws.BELOW, flaws.OTHER_BUDGET))


CHALLENGE = EvidenceQuestion(
    id="challenge",
    code="A4-6",
    variable="challenge",
    ask="60 % on CIFAR-10's test images, with 60 CPU seconds of training.",
    data=("cifar10",),
    requirements=(
        Requirement("the budget", 1, _in_time, (flaws.OTHER_BUDGET,)),
        *(_reaches(tier) for tier in range(3)),
    ),
)

QUESTIONS: tuple[EvidenceQuestion, ...] = (CHALLENGE,)
