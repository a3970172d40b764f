"""Reading run logs: the curves in them, A5-3, and which weights were kept, A5-9."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from math import e, log, log2, log10
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["QUESTIONS"]

Line = dict[str, Any]
CLASSES = 10


def _lines(text: str) -> list[Line]:
    return [json.loads(line) for line in text.splitlines()]


def _evaluations(text: str) -> list[Line]:
    return [line for line in _lines(text) if line["event"] == "evaluation"]


def _curves(
    x: str = "examples",
    train: Callable[[Line], float] = lambda row: row["train"]["loss"],
    validation: Callable[[Line], float] = lambda row: row["validation"]["loss"],
    rows: Callable[[Sequence[Line]], Sequence[Line]] = lambda rows: rows,
) -> Callable[[str], Any]:
    def curves_of(text: str) -> Any:
        return np.array([[row[x], train(row), validation(row)] for row in rows(_evaluations(text))], float)

    return curves_of


def _running(row: Line) -> float:
    found = row["running"] or row["train"]
    loss: float = found["loss"]
    return loss


def _log_text(rng: np.random.Generator, rows: int, looks: Sequence[int] = ()) -> str:
    """Return a run log such as fit writes, in short; `looks` are evaluations that measure the test split."""
    lines: list[Line] = [{"event": "start", "config": {"optimizer": "sgd", "lr": 0.05, "batch_size": 50}}]
    validation = 2.3 * np.exp(-0.5 * np.arange(rows)) + 0.4 + rng.normal(0, 0.12, rows)
    order = iter(rng.permutation(rows))
    best = np.inf
    for place in range(rows):
        loss = round(float(validation[place]), 3)
        row: Line = {"updates": 20 * place, "event": "evaluation"}
        row |= {"examples": 1000 * place, "epoch": place / 9}
        row["running"] = _metrics(rng, loss + 0.4) if place else None
        row["train"] = _metrics(rng, loss - 0.02 * place)
        # accuracies in an order of their own, so that the best of them is another evaluation
        row["validation"] = {
            "loss": loss,
            "accuracy": round(0.3 + 0.6 * int(next(order)) / rows, 3),
            "n": 500,
        }
        if place in looks:
            row["test"] = _metrics(rng, 0.5)
        row["best"], best = loss < best, min(loss, best)
        lines.append(row)
    lines.append({"event": "end", "reason": "finished", "final": {"test": _metrics(rng, best + 0.05)}})
    return "\n".join(map(json.dumps, lines)) + "\n"


def _metrics(rng: np.random.Generator, loss: float) -> Line:
    loss = max(loss + float(rng.normal(0, 0.05)), 0.01)
    return {"loss": round(loss, 3), "accuracy": round(float(np.exp(-loss)), 3), "n": 500}


def _texts(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = [Probe(f"a log of {rows} evaluations", {"text": _log_text(rng, rows)}) for rows in (5, 8)]
    return {"probes": tuple(probes)}


CURVES = FunctionQuestion(
    id="curves-of",
    code="A5-3a",
    points=1,
    variable="curves_of",
    ask="Write curves_of(text): examples, training and validation loss of every evaluation in a run log.",
    whole=True,
    method=_curves(),
    inputs=_texts(np.random.default_rng(53)),
    draw=_texts,
    mistakes=(
        Mistake(
            "running-for-train",
            "the running loss is taken for the training loss",
            "`running` was measured while the weights changed; `train` is measured as `validation` is.",
            _curves(train=_running),
        ),
        Mistake(
            "accuracy-for-loss",
            "accuracies are taken for losses",
            "Each measurement is a dict: take its 'loss'.",
            _curves(
                train=lambda row: row["train"]["accuracy"],
                validation=lambda row: row["validation"]["accuracy"],
            ),
        ),
        Mistake(
            "updates-for-examples",
            "updates are taken for examples",
            "The first column is 'examples'.",
            _curves("updates"),
        ),
        Mistake(
            "epochs-for-examples",
            "epochs are taken for examples",
            "The first column is 'examples'.",
            _curves("epoch"),
        ),
        Mistake(
            "best-only",
            "only evaluations that were the best so far are taken",
            "Take all of them: what became worse belongs to the curve.",
            _curves(rows=lambda rows: [row for row in rows if row["best"]]),
        ),
        Mistake(
            "first-left-out",
            "the evaluation before the first update is left out",
            "It shows where training began: keep it.",
            _curves(rows=lambda rows: rows[1:]),
        ),
        Mistake(
            "swapped",
            "validation comes before training",
            "The columns are examples, training loss, validation loss.",
            _curves(train=lambda row: row["validation"]["loss"], validation=lambda row: row["train"]["loss"]),
        ),
    ),
)


# --- where a loss begins, and where it must end -------------------------------------------------------------


def _losses(untrained: float, floor: float) -> dict[str, float]:
    return {"untrained": untrained, "floor": floor}


FLOOR = log(e + CLASSES - 1) - 1

FIRST_LOSS = Question(
    id="first-loss",
    code="A5-3b",
    points=1,
    variable="first_loss",
    ask="The loss of ten equal probabilities; the least loss where the softmax is applied twice.",
    method=lambda classes: _losses(log(classes), log(e + classes - 1) - 1),
    atol=0.005,
    inputs={"classes": CLASSES},
    mistakes=(
        Mistake(
            "base-10",
            "the logarithm to the base 10 is taken",
            "Losses are in nats: take the natural logarithm.",
            lambda classes: _losses(log10(classes), log10(e + classes - 1) - log10(e)),
        ),
        Mistake(
            "base-2",
            "the logarithm to the base 2 is taken",
            "Losses are in nats: take the natural logarithm.",
            lambda classes: _losses(log2(classes), log2(e + classes - 1) - log2(e)),
        ),
        Mistake(
            "probability",
            "the probability itself is given",
            "The loss is minus its logarithm.",
            lambda classes: _losses(1 / classes, e / (e + classes - 1)),
        ),
        Mistake(
            "sign-lost",
            "the minus is left out",
            "The loss is minus the logarithm of the right class's probability.",
            lambda classes: _losses(-log(classes), 1 - log(e + classes - 1)),
        ),
        Mistake(
            "floor-zero",
            "a perfect answer is thought to cost nothing with two softmaxes as well",
            "The second softmax gets 0 to 1 only: put in 1 for the right class, 0 for nine others.",
            lambda classes: _losses(log(classes), 0.0),
        ),
        Mistake(
            "nine-forgotten",
            "the nine other classes are left out of the second softmax's sum",
            "Each adds exp(0) = 1 to it.",
            lambda classes: _losses(log(classes), log(e + 1) - 1),
        ),
        Mistake(
            "ten-others",
            "ten other classes are counted",
            "There are nine besides the right one.",
            lambda classes: _losses(log(classes), log(e + classes) - 1),
        ),
    ),
)


# --- which weights are kept ---------------------------------------------------------------------------------


def _kept(
    value: Callable[[Line], float] = lambda row: row["validation"]["loss"],
    last_of_equals: bool = False,
    end_too: int = 0,
    answer: Callable[[Sequence[Line], int], int] = lambda rows, place: int(rows[place]["updates"]),
) -> Callable[[str], tuple[int, int]]:
    """Return the reading of a log with something changed: the update kept, and looks at test images."""

    def kept(text: str) -> tuple[int, int]:
        rows = _evaluations(text)
        values = [value(row) for row in rows]
        place = values.index(min(values))
        if last_of_equals:
            place = len(values) - 1 - values[::-1].index(min(values))
        return answer(rows, place), end_too + sum("test" in row for row in rows)

    return kept


def _test_or_validation(row: Line) -> float:
    loss: float = (row.get("test") or row["validation"])["loss"]
    return loss


def _audits(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for rows, looks in ((7, ()), (8, (2, 5)), (9, tuple(range(9)))):
        while True:  # until every reading of the log is another one
            lines = _lines(_log_text(rng, rows, looks))
            measured = lines[1:-1]
            best = min(measured[2:-2], key=lambda row: row["validation"]["loss"])
            low = min(row["validation"]["loss"] for row in measured)
            best["validation"]["loss"] = low - 0.05
            twin = measured[measured.index(best) + 1]
            twin["validation"]["loss"] = best["validation"]["loss"]  # equal is no improvement
            if looks:
                measured[looks[0]]["test"]["loss"] = 0.01
            text = "\n".join(map(json.dumps, lines)) + "\n"
            answers = {reading(text)[0] for reading in READINGS}
            if len(answers) == len(READINGS) - (not looks):
                break
        probes.append(Probe(f"a log with {len(looks)} looks before the end", {"text": text}))
    return {"probes": tuple(probes)}


_by_validation = _kept()
_by_test = _kept(_test_or_validation)
_by_train = _kept(lambda row: row["train"]["loss"])
_by_accuracy = _kept(lambda row: -row["validation"]["accuracy"])
_last_equal = _kept(last_of_equals=True)
_last = _kept(answer=lambda rows, place: int(rows[-1]["updates"]))
READINGS = (_by_validation, _by_test, _by_train, _by_accuracy, _last_equal, _last)

KEPT = FunctionQuestion(
    id="kept",
    code="A5-9",
    points=2,
    variable="kept",
    ask="Write kept(text): which update's weights a run keeps, and its looks at test images before.",
    whole=True,
    method=_by_validation,
    inputs=_audits(np.random.default_rng(59)),
    draw=_audits,
    mistakes=(
        Mistake(
            "chosen-by-test",
            "the weights are chosen by their loss on test images",
            "Choose by validation. Test images that help to choose are test images no more.",
            _by_test,
        ),
        Mistake(
            "chosen-by-training-loss",
            "the weights are chosen by their training loss",
            "That falls as long as the network learns by heart: choose by validation.",
            _by_train,
        ),
        Mistake(
            "chosen-by-accuracy",
            "the weights are chosen by the validation accuracy",
            "The question says: the smallest validation loss.",
            _by_accuracy,
        ),
        Mistake("last", "the last weights are taken", "Take those of the smallest validation loss.", _last),
        Mistake(
            "last-of-equals",
            "the last of two equal losses is taken",
            "Equal is no improvement: the first stays.",
            _last_equal,
        ),
        Mistake(
            "end-counted",
            "the measurement at the end is counted as a look",
            "That is the one that is allowed: count lines before it.",
            _kept(end_too=1),
        ),
        Mistake(
            "examples-for-updates",
            "examples are given instead of updates",
            "Return the row's 'updates'.",
            _kept(answer=lambda rows, place: int(rows[place]["examples"])),
        ),
        Mistake(
            "place-for-updates",
            "the number of the evaluation is given instead of its updates",
            "Return the row's 'updates'.",
            _kept(answer=lambda rows, place: place),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (CURVES, FIRST_LOSS, KEPT)
