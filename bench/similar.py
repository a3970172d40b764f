"""How long it takes to look for answers that look alike in a class of a thousand, and what it finds there.

The class is made up: each student's answer to conv2d is one of twelve that were written by themselves, with
statements of its own put in and names of its own; ten of them were copied, with other names and comments.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np

from autograde import similar
from autograde.answers import Answer, given
from autograde.course import find
from autograde.notebook import load

ROOT = Path(__file__).resolve().parents[1]
CALLS = ["sin", "cos", "exp", "log", "sqrt", "tanh", "abs", "floor", "ceil", "sign", "square", "cumsum"]
SIGNS = ["+", "-", "*", "/"]
STUDENTS, COPIES = 1000, 10


def own_statements(rng: np.random.Generator) -> list[str]:
    """Return statements that nobody else has: a third of a student's answer, about."""
    return [
        f"    note_{k} = np.{rng.choice(CALLS)}(np.{rng.choice(CALLS)}(x[{rng.integers(99)}]"
        f" {rng.choice(SIGNS)} {rng.integers(99)}) {rng.choice(SIGNS)} np.{rng.choice(CALLS)}(weight[{k}]))"
        for k in range(rng.integers(4, 9))
    ]


def main() -> None:
    """Measure and print."""
    assignment = find(ROOT).choose(["1"])[0]
    release, source = given(assignment), load(assignment.source)
    solution = {cell["id"]: cell["source"] for cell in source["cells"]}
    released = {cell["id"]: cell["source"] for cell in release["cells"]}["conv2d"]
    text = (ROOT / "tests/fixtures/honest/conv2d.txt").read_text(encoding="utf-8")
    honest = [part.split("\n", 1)[1].strip().splitlines() for part in text.split("# ── ")[1:]]
    rng = np.random.default_rng(1)
    answers = []
    for _ in range(STUDENTS - COPIES):
        lines = honest[rng.integers(len(honest))]
        place = next(n for n, line in enumerate(lines) if line.startswith("def conv2d")) + 1
        answers.append("\n".join([*lines[:place], *own_statements(rng), *lines[place:]]))
    copied = rng.choice(len(answers), COPIES, replace=False)
    for number in copied:
        answers.append(re.sub(r"note_(\d)", r"mine_\1", answers[number]) + "\n# all my own")
    began = time.perf_counter()
    found = [
        piece
        for number, answer in enumerate(answers)
        for piece in similar.pieces(
            f"{number:04}", {"conv2d": Answer("conv2d", "code", answer, released)}, solution, {"np"}
        )
    ]
    taken_apart = time.perf_counter() - began
    began = time.perf_counter()
    pairs = similar.alike(found)
    compared = time.perf_counter() - began
    expected = {(f"{of:04}", f"{STUDENTS - COPIES + k:04}") for k, of in enumerate(copied)}
    listed = {(pair.first.student, pair.second.student) for pair in pairs}
    count = len(found) * (len(found) - 1) // 2
    print(f"{len(found)} answers taken apart in {taken_apart:.1f} s")
    print(f"{count:,} pairs compared in {compared:.2f} s")
    print(f"{len(listed & expected)} of {COPIES} copies listed, {len(listed - expected)} other pairs")


if __name__ == "__main__":
    main()
