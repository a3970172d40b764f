"""The attacks against ``autograde grade``: all of them and honest work handed in as one class."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.attacks import gradebook
from tests.attacks.attack import Attack, Honest
from tests.attacks.classroom import ASSIGNMENT, ROOT, Classroom
from tests.attacks.outcome import Outcome
from tests.attacks.watch import Facts, Plan

__all__ = ["Graded", "grade_class"]

LIMIT = 900.0  # seconds for the whole class
TIMEOUT = 3  # seconds for a cell
# Adds a record with a secret, so that there is something to be stolen before the first grading.
PREPARE = """
import sys
from pathlib import Path
from autograde import stock
from autograde.course import find
with stock.open_gradebook(find(Path.cwd())) as gradebook:
    gradebook.update_or_create_student("honest-right", last_name=sys.argv[1])
"""


@dataclass(frozen=True)
class Graded:
    """A class after grading.

    Attributes
    ----------
    outcomes : dict of str to Outcome
        By the attack's name.
    honest : dict of str to dict of str to (float or None)
        What honest students got, in the records of results and in the gradebook if they agree.
    facts : Facts
        What grading left on this machine.
    """

    outcomes: Mapping[str, Outcome]
    honest: Mapping[str, Mapping[str, float | None]]
    facts: Facts


def grade_class(attacks: Sequence[Attack], honest: Sequence[Honest], place: Path, *options: str) -> Graded:
    """Grade attacks and honest work in one run of ``autograde grade``.

    Parameters
    ----------
    attacks, honest
        What is handed in.
    place : Path
        A folder for temporary files.
    *options : str
        Further options of the command.
    """
    place.mkdir(parents=True)
    room = Classroom(place)
    for work in honest:
        room.hand_in_honest(work)
    for attack in attacks:
        room.hand_in(attack)
    secret = room.canaries["gradebook"]
    _run([sys.executable, "-c", PREPARE, secret], room)
    grade = [sys.executable, "-m", "autograde", "grade", "--course", str(room.course)]
    plan = Plan(
        commands=[[*grade, "--timeout", str(TIMEOUT), *options]],
        place=str(place),
        environment=room.environment,
        marks={attack.name: room.mark(attack.name) for attack in attacks},
        services={kind: room.canaries[kind] for kind in ("loopback", "socket")},
        port=room.port,
        address=room.address,
        limit=LIMIT,
    )
    (place / "plan.json").write_text(json.dumps(asdict(plan)))
    watch = [sys.executable, "-m", "tests.attacks.watch", str(place / "plan.json"), str(place / "facts.json")]
    _run(watch, room, cwd=ROOT)
    facts = Facts(**json.loads((place / "facts.json").read_text()))
    scores = gradebook.scores(room.gradebook)
    outcomes = {attack.name: _outcome(attack, room, facts, scores.get(attack.name, {})) for attack in attacks}
    points = {work.name: _agreed(_points(room, work.name), scores.get(work.name, {})) for work in honest}
    return Graded(outcomes, points, facts)


def _run(command: Sequence[str], room: Classroom, cwd: Path | None = None) -> None:
    environment = os.environ | room.environment
    ran = subprocess.run(
        command, cwd=cwd or room.course, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise RuntimeError(f"{command[:4]} ended with {ran.returncode}: {ran.stderr[-4000:]}")


def _outcome(attack: Attack, room: Classroom, facts: Facts, booked: Mapping[str, float | None]) -> Outcome:
    record = _record(room, attack.name)
    recorded = _points(room, attack.name)
    notebook = room.work / "autograded" / attack.name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    executed = notebook.read_text(errors="replace") if notebook.is_file() else ""
    feedback = "".join(
        path.read_text(errors="replace")
        for path in (room.work / "feedback" / attack.name).rglob("*")
        if path.is_file()
    )
    written = json.dumps(record, ensure_ascii=False) + feedback
    outputs = _outputs(executed)
    mark = room.mark(attack.name)
    return Outcome(
        points={q: _larger(recorded.get(q), booked.get(q)) for q in recorded.keys() | booked.keys()},
        earns=attack.earns,
        told=written + executed,
        shown=json.dumps(outputs, ensure_ascii=False),
        feedback=written + json.dumps(_outputs(executed, tests=False), ensure_ascii=False),
        verdicts=written,
        canaries=room.canaries,
        files=tuple(facts.files[attack.name]),
        changed=tuple(path for path in facts.changed if mark in _text(Path(path))),
        processes=facts.processes[attack.name],
        kept=len(written) + len(executed),
        seconds=float(record.get("seconds", 0)),
        ended=bool(record),
        printed=facts.log,
    )


def _record(room: Classroom, student: str) -> dict[str, Any]:
    path = room.work / "results" / ASSIGNMENT / f"{student}.json"
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def _points(room: Classroom, student: str) -> dict[str, float | None]:
    return {mark["question"]: mark["points"] for mark in _record(room, student).get("marks", [])}


def _agreed(
    recorded: Mapping[str, float | None], booked: Mapping[str, float | None]
) -> Mapping[str, float | None]:
    return recorded if recorded == booked else {"record": -1.0, "gradebook": -1.0}


def _larger(one: float | None, other: float | None) -> float | None:
    known = [points for points in (one, other) if points is not None]
    return max(known, default=None)


def _outputs(executed: str, tests: bool = True) -> list[Any]:
    cells = json.loads(executed)["cells"] if executed else []
    return [
        cell.get("outputs", [])
        for cell in cells
        if tests or not cell["metadata"].get("nbgrader", {}).get("grade")
    ]


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.is_file() else ""
