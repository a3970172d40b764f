"""The runs that the notebook asks for: A5-3 to A5-5, A5-7 and A5-10."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import hypot, log

from cnnkit import zoo
from cnnkit.answers.evidence import EvidenceQuestion, Experiment, Finding, Flaw, Requirement, Trained, ask
from cnnkit.answers.evidence.flaws import NOT_VARIED, SEVERAL_FACTORS, UNKNOWN_CLAIM
from cnnkit.layers import (
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
)

__all__ = ["LEARNT", "QUESTIONS", "SECONDS", "TIERS"]

START = 0.3  # how far the first loss may be from that of ten equal probabilities, in nats
EVALUATIONS = 4
FIRST, SEEDS, OWN = 4000, 6000, 4000  # examples at least: of the first run, of three seeds, of two models
SECONDS = 300  # of the CPU, for one of the two models
# Test accuracies, from a first success to a good one; what stands in for CIFAR-10 is easier.
TIERS: dict[str | None, tuple[float, ...]] = {
    None: (0.55, 0.65, 0.70, 0.75),
    "shapes10": (0.60, 0.75, 0.85, 0.92),
}
LEARNT = 0.9  # training accuracy below which a network that does not overfit underfits


# --- budgets ------------------------------------------------------------------------------------------------

SHORT = Flaw(
    "short-budget",
    "A run of fewer examples than asked for.",
    "Train with the budget of the question: its other points count from there on.",
)


def _trained(examples: int, *requirements: Requirement) -> tuple[Requirement, ...]:
    """Let requirements hold only where every run was given so many examples at least."""
    return tuple(
        replace(each, check=_from(examples, each.check), flaws=(SHORT, *each.flaws)) for each in requirements
    )


def _from(
    examples: int, check: Callable[[Experiment], Finding | None]
) -> Callable[[Experiment], Finding | None]:
    def checked(experiment: Experiment) -> Finding | None:
        for each in experiment.runs:
            asked = each.config.get("examples") if each.run.reason == "early stop" else None
            saw = max(each.examples, asked or 0)  # patience may end a run before its budget does
            if saw < examples:
                return Finding(SHORT, f"{each.name} saw {saw:,} of {examples:,} examples.")
        return check(experiment)

    return checked


# --- the first run, A5-3 and A5-4 ---------------------------------------------------------------------------

STRANGE_START = Flaw(
    "strange-start",
    "A first loss that is not that of ten equal probabilities.",
    "Begin with small logits (init='kaiming' does) and normalised images.",
)
NO_CURVE = Flaw("no-curve", "Too few evaluations for a curve.", "Train with evaluate_every=...")
NOTHING_LEARNT = Flaw(
    "nothing-learnt", "A validation loss that did not fall.", "Try another rate, or train longer."
)


def _begins_as_chance(experiment: Experiment) -> Finding | None:
    for each in experiment.runs:
        expected, found = log(len(each.run.data["classes"])), each.run.history[0].train.loss
        if abs(found - expected) > START:
            return Finding(STRANGE_START, f"{each.name} begins at a loss of {found:.2f}, not {expected:.2f}.")
    return None


def _has_a_curve(experiment: Experiment) -> Finding | None:
    for each in experiment.runs:
        rows = each.run.history
        if len(rows) < EVALUATIONS:
            return Finding(NO_CURVE, f"{each.name} has {len(rows)} of {EVALUATIONS} evaluations.")
        first, best = rows[0].validation.loss, min(row.validation.loss for row in rows)
        if best > first - START:
            return Finding(
                NOTHING_LEARNT, f"The validation loss of {each.name} goes from {first:.2f} to {best:.2f}."
            )
    return None


BASE = EvidenceQuestion(
    id="base-run",
    code="A5-3c",
    variable="base_run",
    ask="Train the network of table 2 and keep its curves.",
    data=("cifar10",),
    requirements=_trained(
        FIRST,
        ask.network(0.25, zoo.report_cnn()),
        Requirement("a first loss of ln 10", 0.25, _begins_as_chance, (STRANGE_START,)),
        ask.logits(0.25),
        Requirement(
            f"{EVALUATIONS} evaluations that get better", 0.25, _has_a_curve, (NO_CURVE, NOTHING_LEARNT)
        ),
    ),
)

OTHER_SPLIT = Flaw("other-split", "Numbers of another split.", "Measure each split by its own images.")
IN_PERCENT = Flaw("in-percent", "An accuracy in percent.", "Give it as a part of one.")
OTHER_NUMBERS = Flaw(
    "numbers-not-reproduced",
    "Numbers that the weights do not give.",
    "Measure base_run.model with your function, which counts every image once.",
)
PARTS = ("train", "validation", "test")


def _numbers_of(part: str, points: float) -> Requirement:
    """Ask that loss and accuracy of a split are what the weights do on it."""

    def check(experiment: Experiment) -> Finding | None:
        (each,) = experiment.runs
        given = (experiment.numbers[f"{part}_loss"], experiment.numbers[f"{part}_accuracy"])
        if _agree(given, each, part):
            return None
        fact = f"On {part} the answer says loss {given[0]:.4g} and accuracy {given[1]:.4g}."
        if other := next((name for name in PARTS if name != part and _agree(given, each, name)), None):
            return Finding(OTHER_SPLIT, f"{fact} Those are the numbers of {other}.")
        if _agree((given[0], given[1] / 100), each, part):
            return Finding(IN_PERCENT, fact)
        return Finding(OTHER_NUMBERS, fact)

    return Requirement(
        f"loss and accuracy on {part}", points, check, (OTHER_SPLIT, IN_PERCENT, OTHER_NUMBERS)
    )


def _agree(given: tuple[float, float], each: Trained, part: str) -> bool:
    metrics = each.metrics(part)
    if metrics is None:
        return False
    near = abs(given[0] - metrics.loss) <= 1e-3 * max(metrics.loss, 0.1)
    return near and abs(given[1] - metrics.accuracy) <= 1.5 / metrics.n


ALL_SPLITS = EvidenceQuestion(
    id="all-splits",
    code="A5-4",
    variable="all_splits",
    ask="Loss and accuracy of the first run's model on all three splits.",
    data=("cifar10",),
    groups=("run",),
    numbers=tuple(f"{part}_{what}" for part in PARTS for what in ("loss", "accuracy")),
    requirements=_trained(
        FIRST, _numbers_of("train", 0.6), _numbers_of("validation", 0.7), _numbers_of("test", 0.7)
    ),
)


# --- two models, A5-5 ---------------------------------------------------------------------------------------

BELOW_TIER = Flaw(
    "below-tier",
    "An accuracy below a tier.",
    "Normalise batches, raise the rate in one cycle, or train longer.",
)


def _tier(points: float, place: int, every: bool) -> Requirement:
    """Ask that both models reach a tier, or one of them; what the tier is depends on the data."""

    def check(experiment: Experiment) -> Finding | None:
        short = []
        for each in experiment.runs:
            tier = TIERS[each.run.stand_in][place]
            metrics = each.metrics("test")
            if metrics is None or metrics.accuracy < tier:
                reached = "nothing" if metrics is None else f"{metrics.accuracy:.1%}"
                short.append(f"{each.name} reaches {reached} on test, this tier is {tier:.0%}.")
        if not short or (not every and len(short) < len(experiment.runs)):
            return None
        return Finding(BELOW_TIER, short[0])

    who = "both models" if every else "one model"
    return Requirement(f"{who} in tier {place + 1}", points, check, (BELOW_TIER,))


TWO_MODELS = EvidenceQuestion(
    id="two-models",
    code="A5-5",
    variable="two_models",
    ask="Two different networks of your own, as good as 300 CPU seconds each make them.",
    data=("cifar10",),
    groups=("first", "second"),
    requirements=_trained(
        OWN,
        ask.different_networks(1),
        ask.within_seconds(1, SECONDS),
        _tier(1, 0, True),
        _tier(1, 1, True),
        _tier(1, 2, False),
        _tier(1, 3, False),
    ),
)


# --- one factor, two factors, A5-7 --------------------------------------------------------------------------

NOT_FACTORIAL = Flaw(
    "not-a-factorial",
    "Four networks that are not the four combinations of two factors.",
    'Leave all other layers alike: "plain" has none of the two, "bn" and "dropout" one, "both" both.',
)
NORMS = (BatchNorm1d, BatchNorm2d)
FACTORS = {"plain": (False, False), "bn": (True, False), "dropout": (False, True), "both": (True, True)}


def _is_factorial(experiment: Experiment) -> Finding | None:
    found: dict[str, list[Layer]] = {}
    for name, group in experiment.groups.items():
        network = group[0].run.network
        found[name] = layers = list(network.layers) if network is not None else []
        has = tuple(any(isinstance(layer, kinds) for layer in layers) for kinds in (NORMS, Dropout))
        if has != FACTORS[name]:
            said = " and ".join(
                f"{'' if there else 'no '}{what}" for there, what in zip(has, WHAT, strict=True)
            )
            return Finding(NOT_FACTORIAL, f'"{name}" has {said}.')
    for name, layers in found.items():
        if _less(layers, *NORMS, Dropout) != found["plain"]:
            return Finding(NOT_FACTORIAL, f'"{name}" differs from "plain" in other layers as well.')
        if wrong := _misplaced(layers, *FACTORS[name]):
            return Finding(NOT_FACTORIAL, f'"{name}" {wrong}.')
    for one, factor in (("bn", Dropout), ("dropout", NORMS)):
        if _less(found["both"], *(factor if isinstance(factor, tuple) else (factor,))) != found[one]:
            what = "batch normalisation" if one == "bn" else "dropout"
            return Finding(NOT_FACTORIAL, f'The {what} of "both" is not that of "{one}".')
    return None


def _less(layers: list[Layer], *kinds: type[Layer]) -> list[Layer]:
    return [layer for layer in layers if not isinstance(layer, kinds)]


def _misplaced(layers: list[Layer], bn: bool, dropout: bool) -> str:
    """Return what stands where it was not asked for, or an empty text."""
    norms = [place for place, layer in enumerate(layers) if isinstance(layer, NORMS)]
    behind = [place + 1 for place, layer in enumerate(layers) if isinstance(layer, Conv2d)]
    if bn and norms != behind:
        return "has batch normalisation elsewhere than once behind each convolution"
    drops = [layer for layer in layers if isinstance(layer, Dropout)]
    if dropout and (len(drops) != 1 or drops[0].p == 0):
        return f"has {len(drops)} layers of dropout, expected one that drops something"
    if dropout:
        last = max((place for place, layer in enumerate(layers) if isinstance(layer, Linear)), default=0)
        between = layers[layers.index(drops[0]) + 1 : last]
        if layers.index(drops[0]) > last or not all(isinstance(layer, Flatten) for layer in between):
            return "has its dropout elsewhere than before the last Linear"
    return ""


WHAT = ("batch normalisation", "dropout")

BN_DROPOUT = EvidenceQuestion(
    id="bn-dropout",
    code="A5-7b",
    variable="bn_dropout",
    ask="A network with and without batch normalisation and dropout, three seeds each: is one the best?",
    data=("cifar10",),
    groups=("plain", "bn", "dropout", "both"),
    claims=("best",),
    requirements=_trained(
        SEEDS,
        Requirement("the four combinations", 0.5, _is_factorial, (NOT_FACTORIAL,)),
        ask.seeds(0.5, 3),
        ask.equal_budgets(0.25),
        ask.one_factor(0.25, "network"),
        ask.verdict(0.5, "best"),
    ),
)


def _one_change(experiment: Experiment) -> Finding | None:
    """Return a finding unless one option, or the network, tells the two groups apart."""
    differing = experiment.differences
    if not differing:
        return Finding(NOT_VARIED, "Nothing differs but the seed.")
    if len(differing) > 1:
        return Finding(SEVERAL_FACTORS, f"The runs differ in {', '.join(f'`{name}`' for name in differing)}.")
    return None


BEFORE_AFTER = EvidenceQuestion(
    id="before-after",
    code="A5-7c",
    variable="before_after",
    ask="One change of your choice, three seeds before and after it: is it better?",
    data=("cifar10",),
    groups=("before", "after"),
    claims=("better",),
    requirements=_trained(
        SEEDS,
        Requirement("a change of one thing", 0.25, _one_change, (NOT_VARIED, SEVERAL_FACTORS)),
        ask.seeds(0.25, 3),
        ask.verdict(0.5, "better"),
    ),
)


# --- over or under, A5-10 -----------------------------------------------------------------------------------

GAP_RUNNING = Flaw(
    "gap-of-running-accuracy",
    "A gap to the accuracy of training batches, measured with dropout, augmentation and changing weights.",
    "Take run.final.train: it is measured as validation is.",
)
GAP_REVERSED = Flaw("gap-reversed", "A gap with the wrong sign.", "Training minus validation.")
GAP_OF_TEST = Flaw("gap-of-test", "A gap to the test images.", "Compare with validation.")
GAP_OF_LOSSES = Flaw("gap-of-losses", "A gap of losses.", "Take accuracies.")
OTHER_GAP = Flaw(
    "other-gap", "A gap that the run does not have.", "Training minus validation accuracy, of run.final."
)
OTHER_CLASS = Flaw(
    "other-class",
    "A word that does not follow from the numbers.",
    "Go through the three rules in their order.",
)
CLASSES = ("over", "under", "ok")
Gap = Callable[[Trained], float]


def _gap(run: Trained) -> float:
    train, validation = run.metrics("train"), run.metrics("validation")
    return 0.0 if train is None or validation is None else train.accuracy - validation.accuracy


def _running_gap(run: Trained) -> float:
    last = run.run.history[-1]
    return (last.running or last.train).accuracy - last.validation.accuracy


def _test_gap(run: Trained) -> float:
    train, test = run.metrics("train"), run.metrics("test")
    return 0.0 if train is None or test is None else train.accuracy - test.accuracy


def _loss_gap(run: Trained) -> float:
    train, validation = run.metrics("train"), run.metrics("validation")
    return 0.0 if train is None or validation is None else validation.loss - train.loss


WRONG_GAPS: tuple[tuple[Flaw, Gap], ...] = (
    (GAP_REVERSED, lambda run: -_gap(run)),
    (GAP_RUNNING, _running_gap),
    (GAP_OF_TEST, _test_gap),
    (GAP_OF_LOSSES, _loss_gap),
    (IN_PERCENT, lambda run: 100 * _gap(run)),
)


def _gap_is_right(experiment: Experiment) -> Finding | None:
    (run,) = experiment.runs
    given = experiment.numbers["gap"]
    if abs(given - _gap(run)) <= 0.0005:
        return None
    flaw = next((flaw for flaw, gap in WRONG_GAPS if abs(given - gap(run)) <= 0.0005), OTHER_GAP)
    return Finding(flaw, f"The gap is given as {given:+.2%}.")


def _class_is_right(experiment: Experiment) -> Finding | None:
    (run,) = experiment.runs
    said = experiment.claims["class"].strip().lower()
    if said not in CLASSES:
        return Finding(UNKNOWN_CLAIM, f'"class" is {said!r}, expected one of {", ".join(CLASSES)}.')
    return None if said == _class(run) else Finding(OTHER_CLASS, f"The run is called {said!r}.")


def _class(run: Trained) -> str:
    """Return how a run fits: first whether it overfits, then whether it has learnt enough."""
    train, validation = run.metrics("train"), run.metrics("validation")
    if train is None or validation is None:
        return ""
    if _gap(run) > 2 * hypot(train.standard_error, validation.standard_error):
        return "over"
    return "under" if train.accuracy < LEARNT else "ok"


FIT_REPORT = EvidenceQuestion(
    id="fit-report",
    code="A5-10",
    variable="fit_report",
    ask="The gap between training and validation accuracy of a run, and whether it over- or underfits.",
    data=("cifar10",),
    groups=("run",),
    numbers=("gap",),
    claims=("class",),
    requirements=_trained(
        OWN,
        Requirement(
            "the gap in evaluation mode",
            1,
            _gap_is_right,
            (GAP_REVERSED, GAP_RUNNING, GAP_OF_TEST, GAP_OF_LOSSES, IN_PERCENT, OTHER_GAP),
        ),
        Requirement("the class that follows from it", 1, _class_is_right, (OTHER_CLASS, UNKNOWN_CLAIM)),
    ),
)

QUESTIONS: tuple[EvidenceQuestion, ...] = (
    BASE, ALL_SPLITS, TWO_MODELS, BN_DROPOUT, BEFORE_AFTER, FIT_REPORT,
)  # fmt: skip
