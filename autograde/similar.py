"""Answers that look alike: places to look, not verdicts.

Two answers to one question are compared by the runs of tokens that they share. What the release gave, what
the solution says too, and what many students wrote counts little or nothing; the names of variables,
comments, spaces, the texts in quotation marks and the order of functions play no part. Short answers are not
compared: there is only one way to write them.
"""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograde.answers import Answer, answers_of, given
from autograde.course import Assignment
from autograde.errors import NotebookError
from autograde.notebook import load
from autograde.text import printable
from autograde.walk import id_of

__all__ = ["Alike", "Piece", "alike", "of_class", "pieces"]

RUN = {"code": 8, "markdown": 5}  # tokens, words
SHORTEST = {"code": 60, "markdown": 40}  # tokens, words; a shorter answer is like any other
LONGEST = 5_000  # tokens of an answer that are compared
SHARE = 0.6  # of the two answers, from which on they are listed
EVIDENCE = 30.0  # runs that only these two have, or as much of more frequent ones
IMAGINED = 8  # students who wrote otherwise: in a small class nobody can tell what is usual
DATA = 3  # numbers or texts side by side: a table, which the question gives or forces
WORD = re.compile(r"\w+")
IMPORT = re.compile(r"^(?:from [\w.]+ )?import (.+)$", re.MULTILINE)
PYTHON = frozenset(dir(builtins)) | frozenset(keyword.kwlist) | frozenset(keyword.softkwlist)
PUNCTUATION = frozenset(",()[]{}:-+;")

Token = tuple[str, int]  # what it is, and its line from 0


@dataclass(frozen=True)
class Piece:
    """One student's answer, taken apart.

    Attributes
    ----------
    student, answer : str
        Whose it is, and the id of its cell.
    source : str
        As it was written.
    runs : dict of str to set of int
        Each run of tokens with the lines, from 0, that it covers.
    """

    student: str
    answer: str
    source: str
    runs: Mapping[str, set[int]]


@dataclass(frozen=True)
class Alike:
    """Two students' answers to one question that look alike.

    Attributes
    ----------
    first, second : Piece
        The answers.
    share : float
        Which part of the two is the same, from 0 to 1, after what is usual was taken away.
    evidence : float
        How much that is: runs of tokens, each counting the less, the more students have it.
    """

    first: Piece
    second: Piece
    share: float
    evidence: float

    def lines(self, piece: Piece) -> set[int]:
        """Return the lines of one of the two that the other has too."""
        common = self.first.runs.keys() & self.second.runs.keys()
        return {line for run in common for line in piece.runs[run]}


def pieces(
    student: str, answers: Mapping[str, Answer], solution: Mapping[str, str], imported: Set[str]
) -> Iterator[Piece]:
    """Yield a student's answers that are long enough to be compared.

    Parameters
    ----------
    student : str
    answers : mapping of str to Answer
        By the id of their cell.
    solution : mapping of str to str
        What the instructor wrote there.
    imported : set of str
        What the release imports: names that mean the same in every answer.
    """
    names = PYTHON | imported
    for name, answer in answers.items():
        tokens = _tokens(answer.language, answer.source, names)
        own = _runs(tokens, answer.language)
        for usual in (answer.released, solution.get(name, "")):
            for run in _runs(_tokens(answer.language, usual, names), answer.language):
                own.pop(run, None)
        if len(own) + RUN[answer.language] - 1 >= SHORTEST[answer.language]:
            yield Piece(student, name, answer.source, own)


def of_class(folder: Path, assignment: Assignment) -> list[Piece]:
    """Return the answers of a class that are compared.

    Parameters
    ----------
    folder : Path
        Where notebooks lie as ``<student>/<assignment>/<assignment>.ipynb``; what cannot be read is left out.
    assignment : Assignment
        What they are of.
    """
    release, source = given(assignment), load(assignment.source)
    code = (cell["source"] for cell in release["cells"] if cell["cell_type"] == "code")
    imported = {name for source_ in code for name in _imported(source_)}
    solution = {id_of(cell): cell["source"] for cell in source["cells"]}
    found: list[Piece] = []
    for path in sorted(folder.glob(f"*/{assignment.name}/{assignment.name}.ipynb")):
        try:
            answers = answers_of(load(path), release)
        except NotebookError:
            continue
        found += pieces(path.parts[-3], answers, solution, imported)
    return found


def alike(found: Sequence[Piece]) -> list[Alike]:
    """Return the pairs that look alike, those with most in common first.

    Parameters
    ----------
    found : sequence of Piece
        Of one class and assignment.
    """
    by_answer: dict[str, list[Piece]] = {}
    for piece in found:
        by_answer.setdefault(piece.answer, []).append(piece)
    students = len({piece.student for piece in found})
    pairs = [pair for group in by_answer.values() if len(group) > 1 for pair in _pairs(group, students)]
    return sorted(pairs, key=lambda pair: (-pair.evidence, pair.first.student, pair.second.student))


def _imported(code: str) -> Iterator[str]:
    """Yield the names that the import statements of some code bind."""
    for statement in IMPORT.findall(code):
        for part in statement.strip("() ").split(","):
            yield part.split()[-1].split(".")[0] if part.split() else ""


def _pairs(group: Sequence[Piece], students: int) -> Iterator[Alike]:
    import numpy as np
    from scipy import sparse
    from sklearn.feature_extraction.text import CountVectorizer

    has = CountVectorizer(analyzer=lambda piece: piece.runs, binary=True, dtype=np.float64).fit_transform(
        group
    )
    frequency = np.asarray(has.sum(axis=0)).ravel()
    weights = np.log((students + IMAGINED) / frequency) / math.log(students + IMAGINED)
    weighted = has @ sparse.diags_array(weights)
    own = np.asarray(weighted.sum(axis=1)).ravel()
    common: Any = sparse.triu(weighted @ has.T, k=1).tocoo()
    share = 2 * common.data / (own[common.row] + own[common.col])
    for place in np.flatnonzero((share >= SHARE) & (common.data >= EVIDENCE)):
        first, second = group[common.row[place]], group[common.col[place]]
        yield Alike(first, second, float(share[place]), float(common.data[place]))


def _tokens(language: str, source: str, names: Set[str]) -> list[Token]:
    if language != "code":
        lines = enumerate(source.splitlines())
        return [(word, line) for line, text in lines for word in WORD.findall(text.lower())][:LONGEST]
    return _without_tables(list(_code(source, names)))[:LONGEST]


def _code(source: str, names: Set[str]) -> Iterator[Token]:
    from pygments import token
    from pygments.lexers import PythonLexer

    line, dotted, quoted = 0, False, False
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens(printable(source)):
        here, line = line, line + text.count("\n")
        if kind in token.Comment or kind in token.Literal.String.Doc or not text.strip():
            quoted = quoted and kind in token.Literal.String
            continue
        if kind in token.Literal.String:
            if not quoted:
                yield "text", here
            quoted = True
            continue
        quoted = False
        if kind in token.Name:
            # an attribute has its library's name; what is neither imported nor Python's has the student's
            yield (text if dotted or text in names else "name"), here
        elif kind in token.Literal.Number:
            yield text, here
        else:
            for sign in text.split():
                yield sign, here
        dotted = text.strip() == "."


def _without_tables(tokens: Sequence[Token]) -> list[Token]:
    """Put one token for each list of numbers or texts."""
    short: list[Token] = []
    place = 0
    while place < len(tokens):
        end, literals, last = place, 0, place
        while end < len(tokens) and (_literal(tokens[end][0]) or tokens[end][0] in PUNCTUATION):
            if _literal(tokens[end][0]):
                literals, last = literals + 1, end
            end += 1
        if literals >= DATA:
            short.append(("data", tokens[place][1]))
            place = last + 1
        else:
            short.append(tokens[place])
            place += 1
    return short


def _literal(token: str) -> bool:
    return token == "text" or token[:1].isdigit() or (token[:1] == "." and token[1:2].isdigit())


def _runs(tokens: Sequence[Token], language: str) -> dict[str, set[int]]:
    length = RUN[language]
    runs: dict[str, set[int]] = {}
    for start in range(len(tokens) - length + 1):
        run = tokens[start : start + length]
        runs.setdefault(" ".join(word for word, _ in run), set()).update(line for _, line in run)
    return runs
