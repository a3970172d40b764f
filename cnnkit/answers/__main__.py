"""Print what every catalogued wrong answer is told, and how often a random one is given a name.

python -m cnnkit.answers [QUESTION ...]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from cnnkit.answers import QUESTIONS, FunctionQuestion, Question, diagnose, question
from cnnkit.answers.question import Raised
from cnnkit.answers.reading import entries
from cnnkit.errors import ArgumentError

RANDOM_ANSWERS = 1000
NAMED = ("mistake", "several")


def main(ids: list[str]) -> int:
    """Print the table for the questions `ids`, or for all of them; return the exit code."""
    try:
        named = [question(id) for id in ids]
        asked = [entry for entry in named if isinstance(entry, Question)] or list(QUESTIONS.values())
    except ArgumentError as error:
        print(error, file=sys.stderr)
        return 2
    told, catalogued = 0, 0
    for entry in asked:
        print(f"\n{entry.code} {entry.id}: {entry.ask}")
        for mistake in entry.mistakes:
            wrong = mistake.method if isinstance(entry, FunctionQuestion) else entry.wrong[mistake.id]
            diagnosis = diagnose(entry, wrong)
            right_name = mistake in diagnosis.mistakes
            told, catalogued = told + right_name, catalogued + 1
            mark = "  " if right_name else "?!"
            print(f"{mark} {_short(wrong, mistake.id):<44} {diagnosis.message}")
    print(
        f"\n{told} of {catalogued} catalogued wrong answers are told their mistake ({told / catalogued:.1%})."
    )
    for title, draw in (("random", random_answer), ("nearly right", nearly_right)):
        share = named_by_chance(asked, draw)
        print(f"{share:.2%} of {RANDOM_ANSWERS:,} {title} wrong answers are given the name of a mistake.")
    print(
        "Random: each number uniform between 0 and the larger of 1,000 and twice the right one, with its\n"
        "sign. Nearly right: one number of the right answer moved by 1 to 9; in questions with one small\n"
        "number, such an answer often is what a mistake gives, and the name is then put as a question."
    )
    return 0 if told == catalogued else 1


def named_by_chance(asked: list[Question], draw: Any, seed: int = 0) -> float:
    """Return the share of `RANDOM_ANSWERS` wrong answers, drawn in turn for `asked`, that get a name."""
    rng = np.random.default_rng(seed)
    named = 0
    for place in range(RANDOM_ANSWERS):
        entry = asked[place % len(asked)]
        named += diagnose(entry, _answer(entry, draw, rng)).verdict in NAMED
    return named / RANDOM_ANSWERS


def _answer(entry: Question, draw: Any, rng: np.random.Generator) -> Any:
    """Draw until the answer is wrong; a function is drawn as the table of what it returns."""
    while True:
        drawn = entries(entry.right)
        changed = list(drawn) if draw is random_answer else [str(rng.choice(list(drawn)))]
        for name in changed:
            drawn[name] = _entry(drawn[name], draw, entry, rng)
        if isinstance(entry, FunctionQuestion):
            outcomes = iter(drawn.values())
            return lambda *arguments, outcomes=outcomes: next(outcomes)
        answer = drawn[""] if list(drawn) == [""] else drawn
        if diagnose(entry, answer).verdict != "correct":
            return answer


def _entry(value: Any, draw: Any, entry: Question, rng: np.random.Generator) -> Any:
    if isinstance(value, str):
        return str(rng.choice(entry.choices))
    if isinstance(value, Raised):
        return int(rng.integers(1000))
    return draw(value, rng)


def random_answer(value: Any, rng: np.random.Generator) -> Any:
    """Draw numbers of about the size of the right ones, with their signs."""
    array = np.asarray(value)
    reach = max(1000.0, 2 * float(np.abs(array).max()))
    low = -reach if (array < 0).any() else 0.0
    drawn = np.asarray(rng.uniform(low, reach, array.shape))
    return _like(drawn if array.dtype.kind == "f" else np.rint(drawn).astype(int), value)


def nearly_right(value: Any, rng: np.random.Generator) -> Any:
    """Move one number by 1 to 9."""
    array = np.array(value)
    place = tuple(rng.integers(0, array.shape)) if array.shape else ()
    array[place] += rng.choice([-1, 1]) * rng.integers(1, 10)
    return _like(array, value)


def _like(array: np.ndarray, value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return array
    return tuple(array.tolist()) if isinstance(value, tuple) else array.item()


def _short(wrong: Any, name: str) -> str:
    if callable(wrong):
        return name
    if isinstance(wrong, np.ndarray):
        return " ".join(str(wrong.tolist()).split())[:42]
    return str(
        {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in wrong.items()}
        if isinstance(wrong, dict)
        else wrong
    )[:42]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
