"""The trusted half: runs a notebook's tests in its own process, against a session that it does not trust.

A student's cell goes to the session as text. A test cell runs here, in a shell of its own, on the
instructor's text; what it needs of the student's comes over the wire, from a copy of the session as it stood
at that place of the notebook. Hidden tests and expected values never leave this process; what tests call a
student's functions with does. Therefore the first test runs when the last cell of the student's has shown
what it shows; only plain data that the students' own version of a test names are fetched at once, and no copy
waits for that test. And a test with a hidden part runs as students have it, which is all that they are told
of, and goes on for its points when every visible part has run: copies can leave one another messages. Where
it cannot be cut in two, such as inside a loop, it runs once more, as a whole, on another copy.
"""

from __future__ import annotations

import math
import re
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import ModuleType
from typing import Any, NoReturn

from autograde import chance
from autograde.capture import LEAVING, CellTimeoutError, Ran, Recorder, Shell, at_most
from autograde.claims import rebuilt
from autograde.hidden import Parts, has_hidden_part, parts, visible_part
from autograde.names import names_of
from autograde.notebook import Notebook
from autograde.origins import Origins, Prelude
from autograde.proxies import Proxy
from autograde.remote import Kept, Remote, SessionLost
from autograde.sources import Sources
from autograde.text import printable
from autograde.unsupported import asks_for_changes
from autograde.verdict import failing_line, points_of
from autograde.walk import Step, cells_with_tests, steps
from autograde.wire import Channel, Silence, WireError

__all__ = ["TOUCHED", "CellRun", "Judged", "Outcome", "Patience", "channels", "judge"]

SEED = re.compile(r"\bseed\(|manual_seed\(")
MOST = 190  # channels; beyond that each test runs once, and one that cannot be cut is told nothing of
TOUCHED = "A function changed what the test gave it, or returned it. Here the test sees copies: look at it."
GIVEN_UP = ("CellTimeoutError", "SessionLost")  # what leaves nobody to go on with
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
    """Return how many channels a session needs: a main one, and one for each copy that a test may need."""
    tests = [cell["source"] for cell in cells_with_tests(source)]
    both = 1 + len(tests) + sum(map(_runs_twice, tests))
    return both if both <= MOST else 1 + len(tests)


def _runs_twice(test: str) -> bool:
    return has_hidden_part(test) and parts(test) is None


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
    cut : Parts or None
        The test in parts, where it is first looked at as students have it, and then goes on.
    more : Prelude
        What all parts together need.
    """

    step: Step
    prelude: Prelude
    turn: int
    kept: Kept | None
    sources: Sources | None
    cut: Parts | None
    more: Prelude


@dataclass
class _Trial:
    """A test under way.

    Attributes
    ----------
    look : _Look
    remote : Remote or Kept
    left : float
        Seconds that it may still take.
    recorder : Recorder
    notes : list of str
    module : module or None
        Where its names are, once it has run.
    given : Prelude or None
        What it has got so far.
    chance : dict
        Where the random numbers stood when it last stopped.
    """

    look: _Look
    remote: Remote | Kept
    left: float
    recorder: Recorder = field(default_factory=Recorder)
    notes: list[str] = field(default_factory=list)
    module: ModuleType | None = None
    given: Prelude | None = None
    chance: dict[str, Any] = field(default_factory=dict)


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
        try:
            tested = self.tested(self.half(steps(self.source, submitted)))
        finally:
            for channel in (self.main, *self.spare):
                channel.close()
        stopped = [cell.id for cell in self.ran if cell.timed_out]
        reasons = [f"stopped after {self.patience.cell:g} seconds: {', '.join(stopped)}."] if stopped else []
        reasons += [self.lost] if self.lost else []
        state = "graded in part" if reasons else "graded"
        return Judged(state, " ".join(reasons), tuple(tested[x] for x in sorted(tested)), tuple(self.ran))

    def tested(self, looks: Sequence[_Look]) -> dict[int, Outcome]:
        """Run every test: all visible parts first, then what is hidden."""
        tested: dict[int, Outcome] = {}
        later: list[tuple[int, Callable[[], Outcome]]] = []
        for look in looks:
            assert look.step.test is not None
            if look.cut is not None:
                trial = self.trial(look)
                tested[look.step.test], goes_on = self.begin(trial, look.cut)
                if goes_on:
                    later.append((look.step.test, partial(self.go_on, trial, look.cut)))
            elif has_hidden_part(look.step.source):
                later.append((look.step.test, partial(self.test, look)))
            else:
                tested[look.step.test] = self.test(look)
        for number, rest in later:
            seen = tested.get(number)
            if seen is None or not seen.error.startswith(GIVEN_UP):
                tested[number] = replace(rest(), visible=seen)
        return tested

    def half(self, plan: Sequence[Step]) -> list[_Look]:
        """Run the student's half; return each look that a test will take at what stood there then."""
        end = time.monotonic() + self.patience.total
        looks: list[_Look] = []
        last = max((number for number, step in enumerate(plan) if step.test is None), default=-1)
        for number, step in enumerate(plan):
            if not self.lost and time.monotonic() > end:
                self.lost = (
                    f"the cells from {step.id} on did not run: {self.patience.total:g} seconds were over."
                )
            if step.test is not None:
                looks += self.looks(step, len(looks), alone=number > last and number == len(plan) - 1)
            elif not self.lost:
                self.cell(step)
        return looks

    def looks(self, step: Step, turn: int, *, alone: bool) -> Iterator[_Look]:
        """Yield the looks that a test will take at what stands there now; `alone` if nothing comes later."""
        part, cut = replace(step, source=visible_part(step.source)), parts(step.source)
        assert step.test is not None
        told, whole = (self.origins.prelude(look.source, step.test) for look in (part, step))
        kept, sources = self.kept(step, told, whole), Sources(self.texts)
        looks = [(step, told if cut else whole)]
        if cut is None and self.twice and has_hidden_part(step.source):
            looks = [(part, told), (step, whole)]
        for left, (look, prelude) in enumerate(looks, start=1 - len(looks)):
            if kept is None:
                self.copy(step, turn, "stay" if alone and left == 0 else "fork")
            yield _Look(look, prelude, turn, kept, None if self.lost else sources, cut, whole)
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

    def copy(self, step: Step, turn: int, do: str) -> None:
        """Have a copy of the session wait for a test, or for the last one the session itself."""
        with suppress(SessionLost):
            if not self.lost:
                answer = self.ask(f"before {step.id}", {"do": do, "channel": turn, "seconds": 0})
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
        """Run a test from end to end."""
        trial = self.trial(look)
        ran = self.examine(trial, look.prelude, look.step.source)
        self.end(trial, ran.error)
        outcome = self.outcome(trial, look.step, ran)
        return outcome if self.twice else replace(outcome, hidden=has_hidden_part(look.step.source))

    def begin(self, trial: _Trial, cut: Parts) -> tuple[Outcome, bool]:
        """Run a test as students have it; return what it found, and whether it can go on."""
        look = trial.look
        part = replace(look.step, source=visible_part(look.step.source))
        ran = self.examine(trial, look.prelude, cut.first)
        if ran.error is not None:
            self.end(trial, ran.error)
            seen = self.outcome(trial, part, ran)
            if seen.error.startswith(GIVEN_UP):
                return seen, False
            return replace(self.outcome(trial, look.step, ran), visible=seen), False
        before = [dict(output) for output in ran.outputs]
        shown = self.examine(trial, look.prelude, cut.shown) if cut.shown.strip("#\n") else ran
        seen = self.outcome(trial, part, replace(shown, outputs=[dict(output) for output in shown.outputs]))
        # The last value of a part is none of the whole.
        trial.recorder.outputs[:] = [x for x in before if x["output_type"] != "execute_result"]
        if seen.error.startswith(GIVEN_UP):
            self.end(trial, shown.error)
            return seen, False
        return seen, True

    def go_on(self, trial: _Trial, cut: Parts) -> Outcome:
        """Run the rest of a test, where its beginning has left off."""
        ran = self.examine(trial, trial.look.more, cut.rest)
        self.end(trial, ran.error)
        return self.outcome(trial, trial.look.step, ran)

    def trial(self, look: _Look) -> _Trial:
        """Return a test that has not begun."""
        if look.kept is not None or look.sources is None:
            return _Trial(look, look.kept or Kept({}), self.patience.test)
        seeded = bool(SEED.search(look.step.source))
        remote = Remote(self.spare[look.turn], 0, look.sources, seeded)
        return _Trial(look, remote, self.patience.test)

    def end(self, trial: _Trial, error: BaseException | None) -> None:
        """Send the copy away that a test has asked."""
        if not isinstance(trial.remote, Remote):
            return
        with suppress(WireError):
            trial.remote.channel.send({"do": "end"}, MOMENT)
        trial.remote.channel.close()
        if isinstance(error, CellTimeoutError | SessionLost):  # it may compute for ever
            with suppress(WireError):
                self.main.send({"do": "stop", "channel": trial.look.turn}, MOMENT)

    def outcome(self, trial: _Trial, step: Step, ran: Ran) -> Outcome:
        """Return what a test has found so far."""
        touched = isinstance(trial.remote, Remote) and trial.remote.touched
        notes = (
            [TOUCHED] if touched and asks_for_changes(self.source, step.source, self.origins.solved) else []
        )
        return _outcome(step, ran, (*trial.notes, *notes))

    def examine(self, trial: _Trial, prelude: Prelude, source: str) -> Ran:
        """Run a piece of a test, and before it give it what it needs and has not yet."""
        if trial.look.sources is None:
            trial.recorder.error("SessionLost", self.lost, [])
            return Ran(trial.recorder.outputs, SessionLost(self.lost))
        began = time.monotonic()
        if isinstance(trial.remote, Remote):
            trial.remote.deadline = began + trial.left + self.patience.grace
        with warnings.catch_warnings():
            # A warning is no verdict: it goes to the notes, not to stderr, which costs all points.
            warnings.simplefilter("default")
            warnings.filterwarnings("ignore", LEAVING)
            warnings.showwarning = lambda message, *rest, **more: trial.notes.append(f"warning: {message}")
            ran = self.prepared(trial, prelude)
            if ran is None:
                left = max(0.01, began + trial.left - time.monotonic())
                ran = self.shell.cell(source, left, trial.recorder, self.patience.test)
        trial.left = max(0.01, began + trial.left - time.monotonic())
        trial.chance = chance.state()
        return ran

    def prepared(self, trial: _Trial, prelude: Prelude) -> Ran | None:
        """Give a test what it needs; return an outcome only if that cannot be done."""
        known = trial.module is not None
        if trial.module is None:
            self.shell.fresh()
            trial.module = self.shell.user_module
        else:
            self.shell.resume(trial.module)
            chance.go_on(trial.chance)
        if prelude == trial.given:
            return None
        trial.given = prelude
        names: dict[str, Any] = vars(trial.module)
        try:
            with at_most(trial.left):
                for statement in prelude.imports:
                    self.made(statement, names, known)
                for name in prelude.asked:
                    if name in names and (known or name not in self.origins.solved):
                        continue  # an instructor's ``import *`` brought it, or it was there before
                    try:
                        names[name] = self.fetched(trial.remote, name)
                    except NameError:
                        continue  # the test says so itself, when it comes to it
                    except WireError:
                        if name in prelude.needed:
                            raise
                for text in prelude.definitions:
                    self.made(text, names, known)
        except (Exception, CellTimeoutError, SessionLost) as error:
            trial.recorder.error(type(error).__name__, str(error), [f"{type(error).__name__}: {error}"])
            return Ran(trial.recorder.outputs, error)
        return None

    def made(self, text: str, names: dict[str, Any], known: bool) -> None:
        """Run an import or a definition, unless an earlier part of the test has what it binds."""
        if not (known and all(name in names for name in names_of(text).binds)):
            exec(compile(text, "<ipython-input-source>", "exec"), names)

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
