"""The trusted half: runs a notebook's tests in its own process, against a session that it does not trust.

A student's cell goes to the session as text. A test cell runs here, in a shell of its own, on the
instructor's text; what it needs of the student's comes over the wire, from a copy of the session as it stood
at that place of the notebook. Hidden tests and expected values never leave this process; what tests call a
student's functions with does. Therefore the first test runs when the last cell of the student's has shown
what it shows; only plain data that the students' own version of a test names are fetched at once, and no copy
waits for that test. And a test with a hidden part runs twice, first as students have it, which is all that
they are told of, and for its points when every visible part has run: copies can leave one another messages.
"""

from __future__ import annotations

import math
import re
import socket
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from autograde.capture import LEAVING, CellTimeoutError, Ran, Recorder, Shell, at_most
from autograde.claims import rebuilt
from autograde.notebook import Notebook
from autograde.origins import Origins, Prelude
from autograde.proxies import Proxy
from autograde.remote import Kept, Remote, SessionLost
from autograde.sources import Sources
from autograde.text import printable
from autograde.unsupported import asks_for_changes
from autograde.verdict import failing_line, has_hidden_part, points_of, visible_part
from autograde.walk import Step, cells_with_tests, steps
from autograde.wire import Channel, Silence, WireError

__all__ = ["TOUCHED", "CellRun", "Judged", "Outcome", "Patience", "channels", "judge"]

SEED = re.compile(r"\bseed\(|manual_seed\(")
MOST = 190  # channels; beyond that tests run once, and those with a hidden part are told nothing of
TOUCHED = "A function changed what the test gave it, or returned it. Here the test sees copies: look at it."
MOMENT = 0.1  # seconds that a word to somebody who may not listen can take


@dataclass(frozen=True)
class Patience:
    """How long the judge waits.

    Attributes
    ----------
    cell, test : float
        Seconds for each of the student's cells, and for each test.
    grace : float
        Seconds after which a session that should have stopped counts as lost.
    total : float
        Seconds for all of the student's cells together; those that are left then do not run.
    """

    cell: float = 30
    test: float = 30
    grace: float = 5
    total: float = math.inf


@dataclass(frozen=True)
class CellRun:
    """What became of one of the student's cells.

    Attributes
    ----------
    id : str
    place : int or None
        Where the hand-in has it; None for a read-only cell that was deleted there.
    ok, timed_out : bool
        Whether it ended without an error; whether it was stopped. As the session says.
    outputs : list of dict
        nbformat's: text and PNG only.
    """

    id: str
    place: int | None
    ok: bool
    timed_out: bool
    outputs: list[dict[str, Any]]


@dataclass(frozen=True)
class Outcome:
    """What one test cell found.

    Attributes
    ----------
    id : str
    place : int or None
        Where the hand-in has it; None if it was deleted or retyped there.
    points, max_points : float
    outputs : list of dict
        nbformat's, as a notebook would show them. For the instructor: they can quote hidden tests.
    error : str
        Name and first line of what it raised, "" if nothing.
    line : str
        The line of the test that failed, "" if it is a hidden one.
    hidden : bool
        Whether a hidden test failed, or might have been what a copy was told of; then `error` is for the
        instructor alone.
    visible : Outcome or None
        What its visible part found, where there is a hidden one; only that is for the student.
    notes : tuple of str
        What an instructor may want to know besides.
    """

    id: str
    place: int | None
    points: float
    max_points: float
    outputs: list[dict[str, Any]]
    error: str = ""
    line: str = ""
    hidden: bool = False
    visible: Outcome | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judged:
    """What became of one submission.

    Attributes
    ----------
    state : str
        ``"graded"``, or ``"graded in part"`` if a cell was stopped or the session died.
    reason : str
        Which, and why.
    tests : tuple of Outcome
        Every test of the source, in its order.
    cells : tuple of CellRun
        The student's cells that ran, in their order.
    """

    state: str
    reason: str
    tests: tuple[Outcome, ...]
    cells: tuple[CellRun, ...]

    @property
    def points(self) -> float:
        """The points of all tests."""
        return sum(test.points for test in self.tests)


def channels(source: Notebook) -> int:
    """Return how many channels a session needs: a main one, and one for each time that a test runs."""
    tests = [cell["source"] for cell in cells_with_tests(source)]
    both = 1 + len(tests) + sum(map(has_hidden_part, tests))
    return both if both <= MOST else 1 + len(tests)


def judge(
    source: Notebook,
    submitted: Notebook,
    session: Sequence[socket.socket],
    patience: Patience | None = None,
    origins: Origins | None = None,
    shell: Shell | None = None,
) -> Judged:
    """Grade a submission against a running session.

    Parameters
    ----------
    source : dict
        The instructor's notebook, as ``notebook.load`` gives it.
    submitted : dict
        The student's, likewise.
    session : sequence of socket
        The judge's ends of ``channels(source)`` socket pairs; ``session.main`` has the others.
    patience : Patience, optional
    origins : Origins, optional
        The source's, if they are known: reading them again takes some milliseconds.
    shell : Shell, optional
        Where tests run, if there is one: making it takes some milliseconds.

    Returns
    -------
    Judged

    Raises
    ------
    ValueError
        There are too few channels.
    """
    if len(session) < channels(source):
        raise ValueError(
            f"judge: `session` has {len(session)} channels, expected {channels(source)}. Make more pairs."
        )
    with nullcontext(shell) if shell else Shell.alone() as own:
        return _Judge(source, origins or Origins(source), session, patience or Patience(), own).run(submitted)


@dataclass(frozen=True)
class _Look:
    """One run of a test, as students have it or as a whole, and where it finds what the student made.

    Attributes
    ----------
    step : Step
    prelude : Prelude
    turn : int
        The channel of the copy that waits for it.
    kept : Kept or None
        Instead of a copy: all that it asks for.
    sources : Sources or None
        The text that had run by then; None if the session was lost before.
    """

    step: Step
    prelude: Prelude
    turn: int
    kept: Kept | None
    sources: Sources | None


class _Judge:
    """One submission on its way through the notebook."""

    def __init__(
        self,
        source: Notebook,
        origins: Origins,
        session: Sequence[socket.socket],
        patience: Patience,
        shell: Shell,
    ) -> None:
        self.source = source
        self.origins = origins
        self.main = Channel(session[0])
        self.spare = [Channel(sock) for sock in session[1:]]
        self.patience = patience
        self.shell = shell
        self.twice = channels(source) > 1 + len(cells_with_tests(source))
        self.number = 0
        self.lost = ""
        self.ran: list[CellRun] = []
        self.texts: list[str] = []

    def run(self, submitted: Notebook) -> Judged:
        tested: dict[int, Outcome] = {}
        try:
            looks = list(self.half(steps(self.source, submitted)))
            for look in sorted(looks, key=lambda look: has_hidden_part(look.step.source)):
                assert look.step.test is not None
                seen = tested.get(look.step.test)
                if seen is None or not seen.error.startswith(("CellTimeoutError", "SessionLost")):
                    tested[look.step.test] = replace(self.test(look), visible=seen)
        finally:
            for channel in (self.main, *self.spare):
                channel.close()
        stopped = [cell.id for cell in self.ran if cell.timed_out]
        reasons = [f"stopped after {self.patience.cell:g} seconds: {', '.join(stopped)}."] if stopped else []
        reasons += [self.lost] if self.lost else []
        state = "graded in part" if reasons else "graded"
        return Judged(state, " ".join(reasons), tuple(tested[x] for x in sorted(tested)), tuple(self.ran))

    def half(self, plan: Sequence[Step]) -> Iterator[_Look]:
        """Run the student's half; yield each look that a test will take at what stands there now."""
        end = time.monotonic() + self.patience.total
        turn = 0
        for step in plan:
            if not self.lost and time.monotonic() > end:
                self.lost = (
                    f"the cells from {step.id} on did not run: {self.patience.total:g} seconds were over."
                )
            if step.test is None:
                if not self.lost:
                    self.cell(step)
                continue
            part = replace(step, source=visible_part(step.source))
            told, whole = (self.origins.prelude(look.source, step.test) for look in (part, step))
            both = self.twice and has_hidden_part(step.source)
            kept, sources = self.kept(step, told, whole), Sources(self.texts)
            for look, prelude in [(part, told), (step, whole)] if both else [(step, whole)]:
                if kept is None:
                    self.copy(step, turn)
                yield _Look(look, prelude, turn, kept, None if self.lost else sources)
                turn += 1

    def kept(self, step: Step, told: Prelude, whole: Prelude) -> Kept | None:
        """Fetch what a test asks for, if students see all of it in their version and it is plain data."""
        if self.lost or not set(told.asked) >= set(whole.asked):
            return None
        if not whole.asked:
            return Kept({})
        with suppress(SessionLost):
            answer = self.ask(f"before {step.id}", {"do": "plain", "names": told.asked, "seconds": 0})
            if isinstance(answer.get("values"), dict):
                return Kept(answer["values"])
        return None

    def copy(self, step: Step, turn: int) -> None:
        """Have a copy of the session wait for a test."""
        with suppress(SessionLost):
            if not self.lost:
                answer = self.ask(f"before {step.id}", {"do": "fork", "channel": turn, "seconds": 0})
                if "forked" not in answer:
                    self.lose(f"the session sent nonsense before {step.id}")

    def ask(self, where: str, request: dict[str, Any]) -> dict[str, Any]:
        """Ask the main process of the session; when it does not answer, there is no session any more."""
        self.number += 1
        try:
            self.main.send({**request, "id": self.number})
            answer = self.main.receive(request["seconds"] + self.patience.grace)
        except Silence as silence:
            gone = "is gone" in str(silence)
            self.lose(f"the session {'died' if gone else 'did not answer any more'} {where}")
        except WireError as nonsense:
            self.lose(f"the session sent nonsense {where} ({nonsense})")
        if answer.get("id") != self.number:
            self.lose(f"the session sent nonsense {where} (it answered out of turn)")
        return answer

    def lose(self, why: str) -> NoReturn:
        self.lost = f"{why}."
        raise SessionLost(self.lost)

    def cell(self, step: Step) -> None:
        """Run a cell of the student's half."""
        self.texts.append(step.source)
        where = f"in cell {step.id}"
        try:
            seconds = self.patience.cell
            request = {"do": "run", "cell": step.id, "source": printable(step.source), "seconds": seconds}
            answer = self.ask(where, request)
            outputs = rebuilt(answer.get("outputs"))
        except SessionLost:
            self.ran.append(CellRun(step.id, step.place, False, False, []))
            return
        except WireError as nonsense:
            self.lost = f"the session sent nonsense {where} ({nonsense})."
            self.ran.append(CellRun(step.id, step.place, False, False, []))
            return
        ok, timed_out = answer.get("ok") is True, answer.get("timed_out") is True
        self.ran.append(CellRun(step.id, step.place, ok, timed_out, outputs))

    def test(self, look: _Look) -> Outcome:
        """Run a test."""
        step, recorder, seconds = look.step, Recorder(), self.patience.test
        if look.sources is None:
            recorder.error("SessionLost", self.lost, [])
            return _outcome(step, Ran(recorder.outputs, SessionLost(self.lost)), ())
        notes: list[str] = []
        channel = self.spare[look.turn]
        seeded = bool(SEED.search(step.source))
        remote = look.kept or Remote(channel, seconds + self.patience.grace, look.sources, seeded)
        with warnings.catch_warnings():
            # A warning is no verdict: it goes to the notes, not to stderr, which costs all points.
            warnings.simplefilter("default")
            warnings.filterwarnings("ignore", LEAVING)
            warnings.showwarning = lambda message, *rest, **more: notes.append(f"warning: {message}")
            ran = self.examine(look, remote, recorder, seconds)
        if look.kept is None:
            with suppress(WireError):
                channel.send({"do": "end"}, MOMENT)
            channel.close()
            if isinstance(ran.error, CellTimeoutError | SessionLost):  # it may compute for ever
                with suppress(WireError):
                    self.main.send({"do": "stop", "channel": look.turn}, MOMENT)
        touched = isinstance(remote, Remote) and remote.touched
        if touched and asks_for_changes(self.source, step.source, self.origins.solved):
            notes.append(TOUCHED)
        outcome = _outcome(step, ran, tuple(notes))
        return outcome if self.twice else replace(outcome, hidden=has_hidden_part(step.source))

    def examine(self, look: _Look, remote: Remote | Kept, recorder: Recorder, seconds: float) -> Ran:
        """Give a test what it needs, and run it."""
        deadline = time.monotonic() + seconds
        step, prelude = look.step, look.prelude
        names = self.shell.fresh()
        try:
            with at_most(seconds):
                for statement in prelude.imports:
                    exec(statement, names)
                for name in prelude.asked:
                    if name in names and name not in self.origins.solved:
                        continue  # an instructor's ``import *`` brought it
                    try:
                        names[name] = self.fetched(remote, name)
                    except NameError:
                        continue  # the test says so itself, when it comes to it
                    except WireError:
                        if name in prelude.needed:
                            raise
                for text in prelude.definitions:
                    exec(compile(text, "<ipython-input-source>", "exec"), names)
        except (Exception, CellTimeoutError, SessionLost) as error:
            recorder.error(type(error).__name__, str(error), [f"{type(error).__name__}: {error}"])
            return Ran(recorder.outputs, error)
        left = max(0.01, deadline - time.monotonic())
        return self.shell.cell(step.source, left, recorder, seconds)

    def fetched(self, remote: Remote | Kept, name: str) -> Any:
        """Fetch a variable; a module is the judge's own, if the source imports it at all."""
        value = remote.fetch(name)
        if isinstance(value, Proxy) and value._fields_.get("kind") == "module":
            for statement in self.origins.solution_imports.get(name, []):
                own: dict[str, Any] = {}
                exec(statement, own)
                value = own[name]
        return value


def _outcome(step: Step, ran: Ran, notes: tuple[str, ...]) -> Outcome:
    points, more = points_of(ran, step.points)
    name = type(ran.error).__name__ if ran.error is not None else ""
    first = next((line for line in _text(ran.error).splitlines() if line.strip()), "") if name else ""
    number, hidden = failing_line(ran.error, step.source)
    lines = step.source.splitlines()
    return Outcome(
        id=step.id,
        place=step.place,
        points=points,
        max_points=step.points,
        outputs=ran.outputs,
        error=printable(f"{name}: {first}".removesuffix(": ")),
        line=lines[number - 1].strip() if 0 < number <= len(lines) and not hidden else "",
        hidden=hidden,
        notes=tuple(map(printable, (*notes, *more))),
    )


def _text(error: BaseException | None) -> str:
    return str(error) if error is not None else ""
