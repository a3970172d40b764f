"""A test takes nothing away that its visible part has shown, unless its hidden part finds something wrong.

Every value question of the course is answered oddly, entry by entry, and judged as a hand-in is: one source
notebook for each question, with an answer and a test cell for each way.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograde.hidden import has_hidden_part
from autograde.judge import Outcome, channels, judge
from autograde.notebook import Cell, load
from cnnkit.answers import QUESTIONS, FunctionQuestion, Question
from cnnkit.answers.reading import entries
from tests.test_judge import IMAGE, Fork, check, notebook, plain, solution

ROOT = Path(__file__).resolve().parent.parent
SETUP = f"""
{IMAGE}
kernel_size, before, after = 5, 512, 504
import torch
from numpy import inf, nan
from torch.nn.functional import cross_entropy
from cnnkit import check, convnetjs, nn
"""
TESTS: dict[str, Cell] = {
    cell["id"].removeprefix("test-"): cell
    for path in sorted(ROOT.glob("solutions/*/*.ipynb"))
    for cell in load(path)["cells"]
    if cell["id"].startswith("test-")
}
ASKED = [entry for id, entry in QUESTIONS.items() if id in TESTS]
VALUES = [pytest.param(entry, id=entry.id) for entry in ASKED if not isinstance(entry, FunctionQuestion)]
TWO_SIDED = [value for value in VALUES if has_hidden_part(TESTS[value.values[0].id]["source"])]
DICTS = [value for value in VALUES if isinstance(value.values[0].right, dict)]

Graded = Callable[..., list[Outcome]]


@pytest.fixture
def graded(forked_session: Fork) -> Graded:
    """Return a function (question, answers as Python) -> what its test says of each."""

    def run(entry: Question, texts: Iterable[str], *, forged: bool = False) -> list[Outcome]:
        cell = TESTS[entry.id]
        points = cell["metadata"]["nbgrader"]["points"]
        test = cell["source"]
        if forged:
            first, rest = test.split("\n", 1)
            assert first.startswith("score = check.answer(")
            test = f"score = {points}\n{rest}"
        cells = [plain(SETUP.strip(), "setup")]
        for number, text in enumerate(texts):
            cells += [solution(text, f"answer-{number}"), check(test, f"test-{number}", points)]
        source = notebook(*cells)
        return list(judge(source, source, forked_session(channels(source))).tests)

    return run


def written(value: Any) -> str:
    """Return an answer as Python."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {written(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        inside = "".join(f"{written(part)}, " for part in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if isinstance(value, np.ndarray):
        return f"np.array({written(value.tolist())})"
    return repr(value.item() if isinstance(value, np.generic) else value)


def oddly(part: Any) -> Iterator[Any]:
    """Yield an entry as nobody should write it: some of these say the right thing all the same."""
    yield from (None, "many", 3.5, [part], (part, part), {"a": part}, True, float("nan"))
    if isinstance(part, str):
        yield f" {part.upper()} "
        return
    yield from (np.array([part]), np.array(part, float), written(part))
    if np.ndim(part):
        cells = np.array(part, object)
        for place in (next(np.ndindex(cells.shape)), *list(np.ndindex(cells.shape))[-1:]):
            for other in (None, "many", [cells[place]], cells[place] + 1):
                spoilt = cells.copy()
                spoilt[place] = other
                yield tuple(spoilt) if isinstance(part, tuple) else spoilt.tolist()
                if isinstance(part, np.ndarray) and isinstance(other, type(cells[place])):
                    yield spoilt.astype(part.dtype)
        yield from (list(part), part[:-1], np.array(part))


def with_each(entry: Question, other: Callable[[str, Any], Iterable[Any]]) -> Iterator[Any]:
    """Yield the right answer with each entry in turn replaced by each of ``other(its name, it)``."""
    for name, part in entries(entry.right).items():
        for spoilt in other(name, part):
            yield entry.right | {name: spoilt} if name else spoilt


def mistaken(entry: Question) -> Iterator[Any]:
    """Yield what each catalogued mistake gives, all of it and one entry at a time."""
    yield from entry.wrong.values()
    yield from with_each(entry, lambda name, _: (entries(wrong)[name] for wrong in entry.wrong.values()))


def incomplete(entry: Question) -> Iterator[Any]:
    """Yield a dict without each entry in turn, and with nothing besides it."""
    for name in entry.right if isinstance(entry.right, dict) else ():
        yield {other: part for other, part in entry.right.items() if other != name}
        yield {other: part if other == name else None for other, part in entry.right.items()}


def answers(entry: Question) -> list[str]:
    """Return cells that answer a question in all these ways, each once."""
    ways = [entry.right, *with_each(entry, lambda _, part: oddly(part)), *incomplete(entry), *mistaken(entry)]
    return list(dict.fromkeys(f"{entry.variable} = {written(way)}" for way in ways))


def shown(outcome: Outcome) -> float:
    """Return the points that the student is told of."""
    return (outcome.visible or outcome).points


@pytest.mark.parametrize("entry", VALUES)
def test_an_answer_earns_what_the_visible_check_shows(entry: Question, graded: Graded) -> None:
    texts = answers(entry)
    outcomes = graded(entry, texts)
    short = {
        text: (outcome.points, shown(outcome), outcome.error)
        for text, outcome in zip(texts, outcomes, strict=True)
        if outcome.points != shown(outcome) or outcome.error.partition(":")[0] not in ("", "WrongAnswer")
    }
    assert short == {}
    assert outcomes[0].points == outcomes[0].max_points
    several = np.size(entry.right) > 1 or len(entries(entry.right)) > 1
    assert several == any(0 < outcome.points < outcome.max_points for outcome in outcomes)


@pytest.mark.parametrize("entry", TWO_SIDED)
def test_behind_a_forged_visible_check_no_mistake_earns_everything(entry: Question, graded: Graded) -> None:
    texts = list(dict.fromkeys(f"{entry.variable} = {written(way)}" for way in entry.wrong.values()))
    outcomes = graded(entry, [f"{entry.variable} = {written(entry.right)}", *texts], forged=True)
    assert {shown(outcome) for outcome in outcomes} == {entry.points}
    assert [outcome.points == entry.points for outcome in outcomes] == [True] + [False] * len(texts)


@pytest.mark.parametrize("entry", DICTS)
@pytest.mark.parametrize("way", ["not answered", "a text", "not there"])
def test_an_odd_entry_costs_its_own_part(entry: Question, way: str, graded: Graded) -> None:
    whole = sum(entry.weights.get(name, 1) for name in entry.right)
    texts, expected = [], []
    for name in entry.right:
        odd = {} if way == "not there" else {name: None if way == "not answered" else "many"}
        rest = {other: part for other, part in entry.right.items() if other != name}
        texts.append(f"{entry.variable} = {written(rest | odd)}")
        expected.append(entry.points * (1 - entry.weights.get(name, 1) / whole))
    assert [outcome.points for outcome in graded(entry, texts)] == pytest.approx(expected, abs=0.01)


HALF = {
    "conv2d": """
        def conv2d(x, weight, bias, stride=1, padding=0):
            if padding:
                raise TypeError("not yet")
            size = weight.shape[-1]
            windows = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
            out = np.einsum("nchwij,fcij->nfhw", windows, weight) + bias[None, :, None, None]
            return out[:, :, ::stride, ::stride]
        """,
    "n-params": """
        def n_params(in_channels, out_channels, kernel_size, bias=True):
            if not bias:
                raise TypeError("not yet")
            return out_channels * (in_channels * kernel_size**2 + 1)
        """,
    "out-size": """
        def out_size(size, kernel_size, stride, padding):
            if kernel_size > size + 2 * padding:
                raise ValueError("no room")
            return None if padding else (size - kernel_size) // stride + 1
        """,
}


@pytest.mark.parametrize("id", HALF)
def test_a_function_that_is_not_finished_keeps_what_it_has(id: str, graded: Graded) -> None:
    (outcome,) = graded(QUESTIONS[id], [textwrap.dedent(HALF[id]).strip()])
    assert (outcome.error, outcome.hidden) == ("", False)
    assert 0 < outcome.points <= shown(outcome) < outcome.max_points
