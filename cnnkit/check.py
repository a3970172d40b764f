"""What the notebooks' test cells call: diagnose an answer, show it, and return the points.

And compare it with what a test has worked out for itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np

from cnnkit.answers import Diagnosis, EvidenceQuestion, FunctionQuestion, diagnose, judge, question
from cnnkit.answers.borrowing import borrowed
from cnnkit.answers.diagnosis import earned
from cnnkit.answers.reading import agreement, entries
from cnnkit.answers.variants import with_inputs
from cnnkit.errors import ArgumentError, WrongAnswer, did_you_mean

__all__ = ["DIAGNOSIS_MIME", "answer", "compare"]

# A class report reads this part of a test cell's output; a browser shows the text beside it.
DIAGNOSIS_MIME = "application/vnd.cnnkit.diagnosis+json"
COLOURS = {"correct": "#0072B2", "missing": "#888888", "by hand": "#888888"}


def answer(id: str, given: Any, seed: int | None = None, **inputs: Any) -> float:
    """Check the answer to one question.

    Parameters
    ----------
    id : str
        The question, such as ``sobel-same-padding``.
    given : object
        The student's answer: a number, an array, a dict, a function, a run or several, as the question says.
    seed : int, optional
        Draw other inputs than the public ones: other calls of a student's function. No message quotes them.
    **inputs
        Numbers that this notebook gives, where they may be a student's own: ``image=image``.

    Returns
    -------
    float
        The points, at most the question's own. A plain float: nbgrader takes a test cell's last value
        as partial credit, and would read any other kind of number as full credit.

    Raises
    ------
    WrongAnswer
        The answer earns nothing; the message names the mistake where one fits, and one cure. A question
        that is not answered yet is only noted.
    ArgumentError
        There is no such question, or one of the `inputs` is not what a notebook can have given.

    Examples
    --------
    >>> answer("kernel-from-sizes", 9)
    ✓ `kernel_from_sizes` is right. 1 of 1 point.
    1.0
    >>> answer("kernel-from-sizes", 15, before=501, after=487)
    ✓ `kernel_from_sizes` is right. 1 of 1 point.
    1.0
    """
    entry = question(id)
    if isinstance(entry, EvidenceQuestion):
        _require_inputs(id, {}, inputs)
        return _settled(judge(entry, given))
    _require_inputs(id, entry.inputs, inputs)
    entry = with_inputs(entry, inputs)
    if seed is not None and entry.draw is not None:
        entry = replace(entry, inputs=entry.draw(np.random.default_rng(seed)))
    diagnosis = _own_work(entry, given) or diagnose(entry, given)
    named = diagnosis.verdict in ("correct", "missing", "mistake")
    if seed is not None and not named and callable(given):
        # a hidden try stays hidden: neither its inputs, nor what the student's own error says of them
        text = f"`{entry.variable}` goes wrong on inputs that this notebook does not show."
        diagnosis = replace(diagnosis, message=f"{text} Try shapes and arguments of your own.")
    drawn_anew = isinstance(entry, FunctionQuestion) and entry.draw is not None
    return _settled(diagnosis, more_tries=seed is None and drawn_anew)


def compare(given: Any, right: Any, points: float = 1.0, atol: float = 1e-6) -> float:
    """Compare an answer with what somebody else has worked out: the second side of a check.

    It reads an answer as `answer` does, says nothing and raises nothing: whatever is missing, or of another
    kind than asked for, costs its own part. So it takes nothing away that `answer` gave, unless the two
    sides disagree.

    Parameters
    ----------
    given : object
        The student's answer, or what a function of the student's returned.
    right : object
        What it should be: a number, a text, a tuple, an array, or a dict of these. Further entries of `given`
        do not count.
    points : float
        For all of it. The entries of a dict share them equally, and so do the cells of an array.
    atol : float
        How far a number may be off.

    Returns
    -------
    float
        Rounded down to hundredths, as the points of `answer` are.

    Examples
    --------
    >>> compare({"rows": [3], "columns": "five"}, {"rows": 3, "columns": 5}, points=2)
    1.0
    >>> compare((None, 14), (2, 14))
    0.5
    """
    wanted = entries(right)
    found = {"": given} if "" in wanted else entries(given)
    shares = [agreement(found.get(name), value, atol) for name, value in wanted.items()]
    return earned(points, sum(shares) / len(shares))


def _require_inputs(id: str, known: Mapping[str, Any], inputs: Mapping[str, Any]) -> None:
    """Refuse what is no input of a question, or has not the shape of the one that it stands for."""
    for name, value in inputs.items():
        if name not in known:
            cure = did_you_mean(name, known, f"It has {', '.join(known) or 'none'}.")
            raise ArgumentError(f"answer: {name!r} is no input of {id!r}. {cure}")
        try:
            fits = np.asarray(value).dtype.kind in "iuf" and np.shape(value) == np.shape(known[name])
        except ValueError:
            fits = False
        if not fits:
            shape = np.shape(known[name])
            expected = f"numbers of shape {shape}" if shape else "a number"
            raise ArgumentError(
                f"answer: `{name}` is {value!r:.60}, expected {expected}. Run the cell again that gives it,"
                " as it was."
            )


def _settled(diagnosis: Diagnosis, more_tries: bool = False) -> float:
    """Show a diagnosis; return its points, or raise it."""
    _show(diagnosis, more_tries)
    if _refused(diagnosis):
        raise WrongAnswer(diagnosis.message)
    return diagnosis.points


def _refused(diagnosis: Diagnosis) -> bool:
    """Whether the check stops the notebook: an open question does not, so that all cells can be run."""
    return diagnosis.points == 0 and diagnosis.verdict not in ("missing", "by hand")


def _own_work(entry: Any, given: Any) -> Diagnosis | None:
    if not isinstance(entry, FunctionQuestion) or not callable(given):
        return None
    library = borrowed(given, entry.libraries)
    if library is None:
        return None
    enough = " and ".join(entry.libraries) or "numpy and loops"
    verb = "is" if len(entry.libraries) == 1 else "are"
    text = f"`{entry.variable}` uses {library}. Write it yourself: {enough} {verb} enough."
    return Diagnosis(entry, "invalid", 0.0, (), text)


def _show(diagnosis: Diagnosis, more_tries: bool) -> None:
    entry = diagnosis.question
    unit = "point" if entry.points == 1 else "points"
    text = f"{diagnosis!r} {diagnosis.points:g} of {entry.points:g} {unit}."
    if diagnosis.verdict == "correct" and more_tries:
        text += " The grader tries others too."
    shell = sys.modules.get("IPython")
    if shell is None or shell.get_ipython() is None:
        print(text)
        return
    record = {
        "question": entry.id,
        "code": entry.code,
        "points": diagnosis.points,
        "max_points": float(entry.points),
        "verdict": diagnosis.verdict,
        "mistakes": [mistake.id for mistake in diagnosis.mistakes],
        "message": diagnosis.message,
    }
    bundle: dict[str, Any] = {DIAGNOSIS_MIME: record, "text/plain": text}
    if _refused(diagnosis):
        bundle["text/html"] = ""  # the error says it already
    else:
        colour = COLOURS.get(diagnosis.verdict, "#D55E00")
        style = f"border-left: 4px solid {colour}; padding: 2px 0 2px 10px"
        html = re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
        bundle["text/html"] = f'<div style="{style}">{html}</div>'
    from IPython.display import display

    display(bundle, raw=True)  # type: ignore[no-untyped-call]
