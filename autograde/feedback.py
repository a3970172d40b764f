"""What students read: one HTML page for each of them and each assignment.

A page holds the student's own answers, their points, and what the checks and the graders said. It holds no
test, no solution and nothing of anybody else. Whatever a student wrote is shown as text: the pages have no
script, and fetch nothing.
"""

from __future__ import annotations

import base64
import binascii
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograde import layout, stock
from autograde.answers import Answer, answers_of, asked_by, given
from autograde.course import Assignment, Course
from autograde.leaks import Secrets
from autograde.notebook import ANSI, load, text_of
from autograde.report import recorded
from autograde.result import Mark, Result, State
from autograde.text import plain

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["Sent", "page", "write"]

LONGEST = 20_000  # characters of an answer
SHOWN = 3_000  # characters of an output
LINES = 60  # of an output
CODE = 20  # characters of a question's number
PICTURE = 400_000  # bytes
PICTURES = 1_500_000  # bytes of a page
PNG = b"\x89PNG\r\n\x1a\n"
CARRIED = ("timestamp.txt", "submission_secret.txt")  # nbgrader's release_feedback asks for them
GUARDED = "Ask your instructor about this one."


@dataclass(frozen=True)
class Sent:
    """A page that was written.

    Attributes
    ----------
    student, assignment : str
        Whose page, on what.
    path : Path
        Where it is.
    open_points : float
        What a person has still to decide on.
    """

    student: str
    assignment: str
    path: Path
    open_points: float = 0.0


@dataclass(frozen=True)
class _Shown:
    """An answer, ready to be shown."""

    id: str
    language: str
    text: str | Markup
    untouched: bool
    outputs: Sequence[tuple[str, str]]
    comment: str


@dataclass(frozen=True)
class _Row:
    """A question with its answers."""

    mark: Mark
    word: str
    kind: str
    by_hand: bool
    scheme: str
    answers: Sequence[_Shown]


def write(course: Course, assignments: Sequence[Assignment], *, mark_scheme: bool = False) -> list[Sent]:
    """Write a page for everybody who handed something in.

    Parameters
    ----------
    course : Course
        Pages go to its feedback folder, as ``<student>/<assignment>/<assignment>.html``: where nbgrader's
        ``release_feedback`` looks for them.
    assignments : sequence of Assignment
        Of which something was graded.
    mark_scheme : bool
        Show students how the answers that a person reads are marked.

    Returns
    -------
    list of Sent
        By assignment, then student.

    Raises
    ------
    CourseError
        Nothing was graded yet.
    """
    results = recorded(course, assignments)
    secrets = Secrets(*(load(each.source) for each in course.assignments))
    by_name = {assignment.name: assignment for assignment in assignments}
    sent = []
    with stock.open_gradebook(course) as gradebook:
        for result in results:
            if result.state is State.MISSING:
                continue
            assignment = by_name[result.assignment]
            # of a group, one hand-in is graded for all
            graded = course.autograded / (result.lead or result.student) / assignment.name
            comments = _comments(gradebook, result) if result.graded else {}
            answers = _answers(graded / f"{assignment.name}.ipynb", assignment) if result.graded else {}
            kept = guarded(result, assignment, secrets)
            html = page(course.title, assignment, kept, answers, comments, mark_scheme=mark_scheme)
            path = course.feedback / result.student / assignment.name / f"{assignment.name}.html"
            layout.save(path, html)
            for name in CARRIED:
                if (graded / name).is_file():
                    shutil.copyfile(graded / name, path.with_name(name))
            sent.append(Sent(result.student, assignment.name, path, result.open_points))
    return sorted(sent, key=lambda each: (each.assignment, each.student))


def page(
    course: str,
    assignment: Assignment,
    result: Result,
    answers: Mapping[str, Answer],
    comments: Mapping[str, str],
    *,
    mark_scheme: bool = False,
) -> str:
    """Return one student's page.

    Parameters
    ----------
    course : str
        The course's name.
    assignment : Assignment
    result : Result
        Of one submission.
    answers : mapping of str to Answer
        The student's, by id.
    comments : mapping of str to str
        What a person said in nbgrader's formgrader, by the id of the answer.
    mark_scheme : bool
        Show how the answers that a person reads are marked.
    """
    result = _presentable(result)
    source = load(assignment.source)
    asked = asked_by(source)
    schemes = {cell.get("id"): cell["source"] for cell in source["cells"]} if mark_scheme else {}
    by_hand = {question.id for question in assignment.questions if question.by_hand}
    budget = [PICTURES]
    rows = []
    for mark in result.marks:
        own = [answers[name] for name in asked.get(mark.question, ()) if name in answers]
        shown = [_shown(answer, comments.get(answer.id, ""), budget) for answer in own]
        word, kind = _word(mark)
        scheme = schemes.get(mark.question, "") if mark.question in by_hand else ""
        rows.append(_Row(mark, word, kind, mark.question in by_hand, scheme, shown))
    return layout.page("feedback.html", course=course, assignment=assignment, result=result, rows=rows)


def guarded(result: Result, assignment: Assignment, secrets: Secrets) -> Result:
    """Take out of a result what is for instructors only.

    The grader's messages quote no hidden test. This looks a second time, at every text that goes out.
    """

    def safe(text: str) -> str:
        return GUARDED if any(secret in text for secret in secrets.hidden) else text

    about_tests = tuple(f"{question.id}: " for question in assignment.questions)
    notes = tuple(safe(note) for note in result.notes if not note.startswith(about_tests))
    marks = tuple(replace(mark, message=safe(mark.message), mistakes=()) for mark in result.marks)
    return replace(result, reason=safe(result.reason), notes=notes, asides=(), marks=marks)


def _comments(gradebook: Any, result: Result) -> dict[str, str]:
    from nbgrader.api import MissingEntry

    name = result.assignment
    try:
        notebook = gradebook.find_submission_notebook(name, name, result.lead or result.student)
    except MissingEntry:
        return {}
    # what nbgrader itself notes, "No response.", the page says in its own words
    return {each.name: each.manual_comment for each in notebook.comments if each.manual_comment}


def _answers(path: Path, assignment: Assignment) -> dict[str, Answer]:
    return answers_of(load(path), given(assignment)) if path.is_file() else {}


def _word(mark: Mark) -> tuple[str, str]:
    """Say how an answer fared, in words and as the name of a colour."""
    if mark.points is None:
        return "a person has still to read this", "open"
    if mark.verdict == "deleted":
        return "the cell was deleted", "none"
    if mark.points >= mark.max_points:
        return "right", "full"
    if mark.verdict == "missing":
        return "no answer", "none"
    return ("partly right", "part") if mark.points > 0 else ("not right", "none")


def _shown(answer: Answer, comment: str, budget: list[int]) -> _Shown:
    text: str | Markup = _cut(_clear(answer.source), LONGEST)
    if answer.language == "code":
        text = _coloured(text)
    outputs = [shown for output in answer.outputs for shown in _output(output, budget)]
    return _Shown(answer.id, answer.language, text, answer.untouched, outputs, _cut(_clear(comment), SHOWN))


def _presentable(result: Result) -> Result:
    """Return a result whose every text can be shown."""
    marks = tuple(
        replace(mark, message=_brief(mark.message), code=_cut(_clear(mark.code), CODE))
        for mark in result.marks
    )
    notes = tuple(map(_brief, result.notes))
    return replace(
        result, student=_brief(result.student), reason=_brief(result.reason), notes=notes, marks=marks
    )


def _clear(text: str) -> str:
    """Return a text without orders to a terminal; what would turn its direction is shown by its number."""
    return plain(ANSI.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}\n… and {len(text) - most:,} more characters"


def _coloured(code: str) -> Markup:
    from markupsafe import Markup
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    lexer = PythonLexer(stripnl=False, ensurenl=False)
    return Markup(highlight(code, lexer, HtmlFormatter(nowrap=True)))  # escaped by Pygments


def _output(output: Mapping[str, Any], budget: list[int]) -> Iterator[tuple[str, str]]:
    """Yield what a page shows of an output: its kind, ``text``, ``error``, ``png`` or ``note``, and that."""
    kind, data = output.get("output_type"), output.get("data") or {}
    if kind == "stream":
        yield "text", _brief(text_of(output.get("text", "")))
    elif kind == "error":
        yield "error", _brief(f"{output.get('ename')}: {output.get('evalue')}")
    elif isinstance(data.get("image/png"), str | list):
        yield _picture(text_of(data["image/png"]), budget)
    elif isinstance(data.get("text/plain"), str | list):
        yield "text", _brief(text_of(data["text/plain"]))


def _brief(text: str) -> str:
    lines = _clear(text).rstrip("\n").split("\n")
    short = "\n".join(lines[:LINES])
    more = f"\n… and {len(lines) - LINES:,} more lines" if len(lines) > LINES else ""
    return _cut(short, SHOWN) + more


def _picture(encoded: str, budget: list[int]) -> tuple[str, str]:
    try:
        data = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data.startswith(PNG):
        return "note", "A picture that cannot be shown."
    if len(data) > min(PICTURE, budget[0]):
        return "note", f"A picture of {len(data) / 1e6:.1f} MB is left out: run your notebook to see it."
    budget[0] -= len(data)
    return "png", base64.b64encode(data).decode()
