"""The matcher: which catalogued mistake gives exactly the answer that a student gave?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Question, Raised
from cnnkit.answers.reading import MISSING, Unreadable, agreeing, agreement, entries, read, same

if TYPE_CHECKING:
    from cnnkit.answers.evidence import EvidenceQuestion, Flaw

__all__ = ["Diagnosis", "diagnose", "earned"]

SIGNS = {"correct": "✓", "missing": "○", "by hand": "?"}
ENOUGH_CELLS = 6  # below that, a mistake and one slip cannot be told from chance
SLIPS = 0.2  # share of the cells that may be off and still show the method


@dataclass(frozen=True)
class Diagnosis:
    """What is right, what is wrong, and which mistake explains it.

    Parameters
    ----------
    question : Question or EvidenceQuestion
    verdict : str
        "correct"; "mistake" (one catalogued mistake fits), "several" (more than one fits); "slip" (the
        method is right, single numbers are not); "unrecognised"; "invalid" (type, shape or NaN);
        "missing" (not answered yet); "by hand" (a person must look).
    share : float
        The part of the points that the answer earns, 0 to 1.
    mistakes : tuple of Mistake or Flaw
    message : str
        For the student: what is wrong and one cure, never the right answer.
    """

    question: Question | EvidenceQuestion
    verdict: str
    share: float
    mistakes: tuple[Mistake | Flaw, ...]
    message: str

    @property
    def points(self) -> float:
        """The points that the answer earns, rounded down to hundredths."""
        return earned(self.question.points, self.share)

    def __repr__(self) -> str:
        return f"{SIGNS.get(self.verdict, '✗')} {self.message}"


def earned(points: float, share: float) -> float:
    """Return a share of the points, rounded down to hundredths.

    Examples
    --------
    >>> earned(3, 3 / 5), earned(2, 2 / 3)
    (1.8, 1.33)
    """
    return int(points * share * 100 + 1e-6) / 100


@dataclass(frozen=True)
class _Finding:
    """One entry of an answer, compared."""

    name: str
    right: int
    cells: int
    fits: frozenset[str]
    text: str = ""
    verdict: str = "unrecognised"

    @property
    def share(self) -> float:
        # Below half, cells that agree do so by chance: zeros, or another border's inner cells.
        return self.right / self.cells if 2 * self.right >= self.cells else 0.0

    @property
    def correct(self) -> bool:
        return self.right == self.cells


class _Outcomes(Mapping[str, Any]):
    """What each mistake gives for one entry; computed when it is asked for, since it can take seconds."""

    def __init__(self, question: Question, name: str) -> None:
        self.question, self.name = question, name

    def __getitem__(self, mistake: str) -> Any:
        return entries(self.question.wrong[mistake]).get(self.name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.question.wrong)

    def __len__(self) -> int:
        return len(self.question.wrong)


def diagnose(question: Question, answer: Any) -> Diagnosis:
    """Compare an answer with the right one, and with what every catalogued mistake gives.

    Parameters
    ----------
    question : Question
    answer : object
        Anything at all; for a FunctionQuestion, the student's function.

    Returns
    -------
    Diagnosis

    Examples
    --------
    >>> from cnnkit.answers import question
    >>> diagnose(question("kernel-from-sizes"), 8)
    ✗ Perhaps the + 1 of the formula is left out? Count the windows, not the steps between them.
    """
    if _missing(answer):
        return Diagnosis(question, "missing", 0.0, (), f"`{question.variable}` is not answered yet.")
    if isinstance(question, FunctionQuestion) and not callable(answer):
        kind = type(answer).__name__
        text = f"`{question.variable}` is a {kind}, expected {question.wanted}"
        return Diagnosis(question, "invalid", 0.0, (), text)
    right = entries(question.right)
    given = question.given(answer)
    if "" not in right and not isinstance(given, Mapping):
        return Diagnosis(question, "invalid", 0.0, (), _no_entries(question, given, right))
    given = {"": given} if list(right) == [""] else entries(given)
    findings = [
        _compare(question, name, given[name], right[name], _Outcomes(question, name))
        for name in right
        if name in given
    ]
    findings += _absent(question, given, right)
    if all(finding.correct for finding in findings):
        return Diagnosis(question, "correct", 1.0, (), _praise(question, findings))
    wrong = {mistake: entries(value) for mistake, value in question.wrong.items()}
    return _conclude(question, findings, given, _contradicted(findings, right, wrong, question.atol))


def _no_entries(question: Question, given: Any, right: Mapping[str, Any]) -> str:
    return (
        f"`{question.variable}` is a {type(given).__name__}, expected a dict with the entries"
        f" {', '.join(right)}. Fill in the dict that the cell began with."
    )


def _absent(question: Question, given: Mapping[str, Any], right: Mapping[str, Any]) -> Iterator[_Finding]:
    """Yield a finding for each entry that is not there; the first one speaks for all."""
    text = "`{}` has no entry {!r}, expected {}. Keep the names that the cell began with."
    for name in (name for name in right if name not in given):
        cells = max(int(np.size(right[name])), 1)
        said = text.format(question.variable, name, ", ".join(right))
        yield _Finding(name, 0, cells, frozenset(), said, "invalid")
        text = ""


def _compare(question: Question, name: str, given: Any, right: Any, wrong: Mapping[str, Any]) -> _Finding:
    label = question.label(name)
    cells = max(int(np.size(right)), 1)
    if isinstance(question, FunctionQuestion) and given is None:
        text = f"{label} returns None. Does it end with `return`?"
        return _Finding(name, 0, cells, frozenset(), text, "missing")
    if _missing(given):
        return _Finding(name, 0, cells, frozenset(), f"{label} is not answered yet.", "missing")
    if isinstance(right, tuple) and isinstance(given, list | tuple) and any(map(_missing, given)):
        return _compare_filled(name, label, given, right)
    if isinstance(given, Raised) or isinstance(right, Raised):
        return _compare_errors(name, label, given, right, wrong)
    try:
        part = read(given, right, label, question.choices)
    except Unreadable as problem:
        fits = frozenset(m for m, value in wrong.items() if _as_unbounded(given, value))
        return _Finding(name, 0, cells, fits, str(problem), "invalid")
    if same(part, right, question.atol):
        return _Finding(name, cells, cells, frozenset(), verdict="correct")
    fits = frozenset(m for m, value in wrong.items() if same(part, value, question.atol))
    if isinstance(part, str):
        return _Finding(name, 0, cells, fits, f"{label} is {part!r}, which is not right.")
    if np.shape(part) != np.shape(right):
        expected = np.shape(right) if np.ndim(right) else "one number"
        text = f"{label} has shape {np.shape(part)}, expected {expected}."
        hint = [m for m in question.mistakes if np.shape(wrong[m.id]) == np.shape(part)]
        if hint and not fits:
            text += f" Perhaps {hint[0].when}? {hint[0].cure}"
        return _Finding(name, 0, cells, fits, text, "invalid")
    return _compare_cells(question, name, label, part, right, wrong, fits)


def _as_unbounded(given: Any, value: Any) -> bool:
    """Return whether one number is nan or infinite, as a mistake's is."""
    numbers = [each for each in (given, value) if isinstance(each, float | np.floating)]
    return len(numbers) == 2 and not any(map(isfinite, numbers))


def _compare_filled(name: str, label: str, given: Any, right: tuple[int, ...]) -> _Finding:
    """Compare a tuple of which some entries are still None."""
    hits = sum(agreement(one, other, 0) == 1 for one, other in zip(given, right, strict=False))
    text = f"{label} is not complete: {sum(map(_missing, given))} of {len(right)} are not answered yet."
    return _Finding(name, hits, len(right), frozenset(), text, "missing")


def _compare_errors(name: str, label: str, given: Any, right: Any, wrong: Mapping[str, Any]) -> _Finding:
    if same(given, right, 0):
        return _Finding(name, 1, 1, frozenset(), verdict="correct")
    fits = frozenset(m for m, value in wrong.items() if same(given, value, 0))
    if isinstance(given, Raised):
        return _Finding(name, 0, 1, fits, f"{label} {given}.")
    return _Finding(name, 0, 1, fits, f"{label} returns {given!r:.60}, expected a {right.error}.")


def _compare_cells(
    question: Question,
    name: str,
    label: str,
    part: np.ndarray,
    right: Any,
    wrong: Mapping[str, Any],
    fits: frozenset[str],
) -> _Finding:
    agrees = agreeing(part, right, question.atol)
    cells, hits = max(agrees.size, 1), int(agrees.sum())
    if not fits and cells >= ENOUGH_CELLS and hits < (1 - SLIPS) * cells:
        rivals = {
            m: int(agreeing(part, value, question.atol).sum())
            for m, value in wrong.items()
            if not isinstance(value, str | Raised) and np.shape(value) == part.shape
        }
        best = max(rivals.values(), default=0)
        if best >= (1 - SLIPS) * cells and best > hits:
            fits = frozenset(m for m, count in rivals.items() if count == best)
            off = cells - best
            return _Finding(name, hits, cells, fits, f"{off} more {_cell(off)} besides.", "slip")
    if cells == 1:
        return _Finding(name, 0, 1, fits, f"{label} is {part.item()}, which is not right.")
    places = [list(map(int, place)) for place in np.argwhere(~agrees)[:3]]
    where = ", ".join(map(str, places)) + (", …" if cells - hits > 3 else "")
    text = f"{label}: {hits} of {cells} cells are right; look again at {where}."
    if 2 * hits < cells:
        text = f"{label}: {hits} of {cells} cells are right."
    return _Finding(name, hits, cells, fits, text, "slip" if hits >= (1 - SLIPS) * cells else "unrecognised")


def _conclude(
    question: Question, findings: list[_Finding], given: Mapping[str, Any], contradicted: frozenset[str]
) -> Diagnosis:
    weights = [question.weights.get(finding.name, 1.0) for finding in findings]
    shares = [float(f.correct) if question.whole else f.share for f in findings]
    share = sum(w * s for w, s in zip(weights, shares, strict=True)) / sum(weights)
    bad = [finding for finding in findings if not finding.correct]
    if share == 0 and all(finding.verdict == "missing" for finding in findings):
        return Diagnosis(question, "missing", 0.0, (), _open(question, given))
    common = frozenset.intersection(*(finding.fits for finding in bad))
    common = common - contradicted or common
    if common:
        named = tuple(m for m in question.mistakes if m.id in common)
        sure = sum(finding.cells for finding in bad) >= 4
        text = _sentence(named, sure) + "".join(f" {f.text}" for f in bad if f.text.endswith("besides."))
        return Diagnosis(question, "mistake" if len(named) == 1 else "several", share, named, text)
    # A choice among two or three is no evidence for a method when other entries do not fit it.
    telling = [finding for finding in bad if not isinstance(given.get(finding.name), str)]
    named = tuple(m for m in question.mistakes if any(m.id in finding.fits for finding in telling))
    told = [finding for finding in bad if finding.text]
    text = " ".join(_describe(question, finding, named) for finding in told[: question.shown])
    if isinstance(question, FunctionQuestion) and len(findings) > 1:
        text += f" {len(findings) - len(bad)} of {len(findings)} {question.tries} are right."
    elif len(told) > question.shown:
        text += f" Not right either: {', '.join(f.name for f in told[question.shown :])}."
    verdicts = {finding.verdict for finding in bad}
    verdict = "mistake" if len(named) == 1 else "several" if named else "unrecognised"
    if not named and len(verdicts) == 1:
        (verdict,) = verdicts
    unknown = verdict == "unrecognised" and verdicts == {"unrecognised"}
    slip = _sum_slip(question, given)
    if slip and [finding.name for finding in bad] == [question.sums_to]:
        # not what the lines add up to: that would be the answer
        verdict, text = "slip", "Every line is right, but they do not add up to the total that you wrote."
    elif slip:
        text += f" Besides, {slip}"
    elif unknown and not isinstance(question, FunctionQuestion):
        text += " This is none of the usual mistakes: go through your steps once more, one by one."
    return Diagnosis(question, verdict, share, named, text)


def _contradicted(
    findings: list[_Finding], right: Mapping[str, Any], wrong: Mapping[str, Mapping[str, Any]], atol: float
) -> frozenset[str]:
    """The mistakes that would have spoilt an entry which is right."""
    good = [finding.name for finding in findings if finding.correct]
    return frozenset(
        m for m, values in wrong.items() if not all(same(values.get(n), right[n], atol) for n in good)
    )


def _describe(question: Question, finding: _Finding, named: tuple[Mistake, ...]) -> str:
    named = tuple(m for m in named if m.id in finding.fits)
    if not named:
        return finding.text
    return f"{question.label(finding.name)}: {_sentence(named, sure=False)}"


def _sentence(mistakes: tuple[Mistake, ...], sure: bool) -> str:
    if len(mistakes) == 1:
        (mistake,) = mistakes
        opening = "That is what comes out when" if sure else "Perhaps"
        return f"{opening} {mistake.when}{'.' if sure else '?'} {mistake.cure}"
    either = "; or ".join(mistake.when for mistake in mistakes)
    return f"Several mistakes give this: {either}. {mistakes[0].cure}"


def _sum_slip(question: Question, given: Mapping[str, Any]) -> str:
    if question.sums_to is None:
        return ""
    numbers = [given.get(name) for name in (*question.lines, question.sums_to)]
    if not all(isinstance(number, int | np.integer) for number in numbers):
        return ""
    *lines, total = (int(number) for number in numbers if number is not None)
    if sum(lines) == total:
        return ""
    return f"your lines add up to {sum(lines)}, and you wrote {total}."


def _open(question: Question, given: Mapping[str, Any]) -> str:
    if isinstance(question, FunctionQuestion) and any(outcome is None for outcome in given.values()):
        return f"`{question.variable}` returns None: not written yet, or without its `return`?"
    return f"`{question.variable}` is not answered yet."


def _praise(question: Question, findings: list[_Finding]) -> str:
    cells = sum(finding.cells for finding in findings)
    if isinstance(question, FunctionQuestion) and len(findings) > 1:
        return f"`{question.variable}` is right on all {len(findings)} {question.tries}."
    if len(findings) > 1:
        return f"Every entry of `{question.variable}` is right."
    cells = 1 if question.whole else cells
    return f"`{question.variable}` is right" + (f" in all {cells} cells." if cells > 1 else ".")


def _cell(count: int) -> str:
    return "cell is off" if count == 1 else "cells are off"


def _missing(given: Any) -> bool:
    if isinstance(given, Raised):
        return given.error == "NotImplementedError"
    if isinstance(given, list | tuple) and given:
        return all(map(_missing, given))
    return any(given is nothing for nothing in MISSING)
