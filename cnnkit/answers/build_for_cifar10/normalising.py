"""What batch normalisation holds and what it can do, the first part of A5-7."""

from __future__ import annotations

from math import exp

from cnnkit.answers.question import Mistake, Question
from cnnkit.layers import BatchNorm1d, BatchNorm2d
from cnnkit.network import Network

__all__ = ["QUESTIONS", "highest_probability"]


def highest_probability(classes: int) -> float:
    """Return the probability that a perfectly separated balanced batch reaches with gamma 1 and beta 0.

    Each logit is large for one example in `classes` and small for the others; normalised, that is a mean of
    0 and a variance of 1, whatever the two values were.

    Examples
    --------
    >>> round(highest_probability(10), 3)
    0.757
    """
    share = 1 / classes
    deviation = (share * (1 - share)) ** 0.5
    high, low = exp((1 - share) / deviation), exp(-share / deviation)
    return high / (high + (classes - 1) * low)


def _facts(classes: int, channels: int, side: int) -> dict[str, float]:
    last = Network((classes,), [BatchNorm1d(classes)]).ledger()
    maps = Network((channels, side, side), [BatchNorm2d(channels)]).ledger()
    return {
        "trainable": last.trainable,
        "not_trainable": last.total - last.trainable,
        "keras_total": last.total,
        "maps_trainable": maps.trainable,
        "highest": highest_probability(classes),
    }


def _counted(
    trainable: int, running: int, maps: int, classes: int, highest: float | None = None
) -> dict[str, float]:
    """Return the answer of someone who counts so many."""
    return {
        "trainable": trainable,
        "not_trainable": running,
        "keras_total": trainable + running,
        "maps_trainable": maps,
        "highest": highest_probability(classes) if highest is None else highest,
    }


BN_FACTS = Question(
    id="bn-facts",
    code="A5-7a",
    points=1,
    variable="bn_facts",
    ask="What batch normalisation of 10 logits and of 32 maps holds; the highest probability behind it.",
    method=_facts,
    atol=0.001,
    inputs={"classes": 10, "channels": 32, "side": 16},
    mistakes=(
        Mistake(
            "all-trainable",
            "the running mean and variance are counted as trained",
            "They are measured, not trained: no gradient reaches them.",
            lambda classes, channels, side: _counted(4 * classes, 0, 4 * channels, classes),
        ),
        Mistake(
            "running-forgotten",
            "the running mean and variance are left out",
            "Keras counts them in its total, as not trainable.",
            lambda classes, channels, side: _counted(2 * classes, 0, 2 * channels, classes),
        ),
        Mistake(
            "one-of-each",
            "one scale, shift, mean and variance are counted for all units",
            "Each unit, or map, has its own.",
            lambda classes, channels, side: _counted(2, 2, 2, classes),
        ),
        Mistake(
            "one-each-place",
            "every place of a map gets a scale and shift of its own",
            "All places of a map share them, as they share their filter.",
            lambda classes, channels, side: _counted(
                2 * classes, 2 * classes, 2 * channels * side**2, classes
            ),
        ),
        Mistake(
            "counter-counted",
            "torch's counter of batches is counted as well",
            "num_batches_tracked is no statistic: Keras has none.",
            lambda classes, channels, side: _counted(2 * classes, 2 * classes + 1, 2 * channels, classes),
        ),
        Mistake(
            "shift-forgotten",
            "only the scale is counted as trained",
            "There is a shift beta as well.",
            lambda classes, channels, side: _counted(classes, 2 * classes, channels, classes),
        ),
        Mistake(
            "no-bound",
            "the probability is thought to reach 1",
            "Normalised logits have variance 1: they cannot be as far apart as they like while gamma is 1.",
            lambda classes, channels, side: _counted(2 * classes, 2 * classes, 2 * channels, classes, 1.0),
        ),
        Mistake(
            "two-decimals",
            "the probability is rounded to two decimals",
            "Give three.",
            lambda classes, channels, side: _counted(
                2 * classes, 2 * classes, 2 * channels, classes, round(highest_probability(classes), 2)
            ),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (BN_FACTS,)
