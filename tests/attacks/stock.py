"""The attacks against stock nbgrader, each in a course of its own, the whole grader in a jail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.attacks import gradebook
from tests.attacks.attack import Attack, Honest
from tests.attacks.classroom import ASSIGNMENT, ROOT, Classroom
from tests.attacks.outcome import Outcome
from tests.attacks.remove import remove
from tests.attacks.watch import Facts, Plan

__all__ = ["grade_all", "grade_honest"]

LIMIT = 90.0  # seconds for an attack and the honest student after it; the two take about ten
NBGRADER = [sys.executable, "-m", "nbgrader"]
FIRST, LAST = "honest-right", "zz-honest-right"  # graded before and after the attack


def grade_all(
    attacks: Sequence[Attack], honest: Sequence[Honest], place: Path, at_once: int = 2
) -> Iterator[tuple[Attack, Outcome]]:
    """Grade attacks with stock nbgrader, each between two honest students, and yield the outcomes.

    Parameters
    ----------
    attacks : sequence of Attack
        What is handed in.
    honest : sequence of Honest
        From which the other two students' work is taken: what is all right.
    place : Path
        A folder for temporary files.
    at_once : int
        How many to grade at once; what exhausts a machine is run alone.
    """
    right = next(work for work in honest if work.name == FIRST)
    template = _prepared([right], place / "template")
    gradebook.put_secret(template.gradebook, FIRST, template.canaries["gradebook"])
    quiet = [attack for attack in attacks if attack.family != "exhaustion"]
    loud = [attack for attack in attacks if attack.family == "exhaustion"]

    def grade(attack: Attack) -> Outcome:
        return _graded(attack, right, template.copied(place / attack.name))

    with ThreadPoolExecutor(at_once) as pool:
        yield from zip(quiet, pool.map(grade, quiet), strict=True)
    yield from ((attack, grade(attack)) for attack in loud)


def grade_honest(honest: Sequence[Honest], place: Path) -> dict[str, dict[str, float | None]]:
    """Grade honest work with stock nbgrader, and return what it earns by student and question."""
    return gradebook.scores(_prepared(honest, place).gradebook)


def _prepared(honest: Sequence[Honest], place: Path) -> Classroom:
    """Return a course in which the work of some students is already graded."""
    place.mkdir(parents=True)
    room = Classroom(place)
    for work in honest:
        room.hand_in_honest(work)
    commands = [["generate_assignment", ASSIGNMENT, "--create"], ["autograde", ASSIGNMENT]]
    facts = _in_jail(room, [[*NBGRADER, *command] for command in commands])
    if len(gradebook.scores(room.gradebook)) != len(honest):
        raise RuntimeError(f"stock nbgrader could not grade honest work: {facts.log}")
    return room


def _graded(attack: Attack, right: Honest, room: Classroom) -> Outcome:
    room.hand_in(attack)
    room.hand_in_honest(replace(right, name=LAST))
    facts = _in_jail(room, [[*NBGRADER, "autograde", ASSIGNMENT]], attack.name)
    outcome = _outcome(attack, right, room, facts)
    remove(room.place)
    return outcome


def _in_jail(room: Classroom, commands: list[list[str]], *watched: str) -> Facts:
    """Run commands where they see this environment and their own folder, and can write to that alone."""
    plan = Plan(
        commands=commands,
        place=str(room.place),
        environment=room.environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        marks={name: room.mark(name) for name in watched},
        services={kind: room.canaries[kind] for kind in ("loopback", "socket")},
        port=room.port,
        address=room.address,
        limit=LIMIT,
    )
    place = room.place
    (place / "plan.json").write_text(json.dumps(asdict(plan)))
    facts = place / "facts.json"
    facts.unlink(missing_ok=True)
    jail = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--uid", "1000", "--gid", "1000"]
    for path in ("/bin", "/sbin", "/lib", "/lib64"):
        if Path(path).is_symlink():
            jail += ["--symlink", os.readlink(path), path]
        elif Path(path).exists():
            jail += ["--ro-bind", path, path]
    jail += ["--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc", "--proc", "/proc", "--dev", "/dev"]
    jail += ["--tmpfs", "/tmp", "--tmpfs", "/var/tmp"]
    for path in dict.fromkeys([sys.base_prefix, sys.prefix, str(ROOT)]):
        if not path.startswith("/usr/"):
            jail += ["--ro-bind", path, path]
    jail += ["--bind", str(place), str(place), "--chdir", str(ROOT)]
    command = [sys.executable, "-m", "tests.attacks.watch", str(place / "plan.json"), str(facts)]
    ran = subprocess.run([*jail, *command], capture_output=True, text=True, check=False)
    if not facts.is_file():
        return Facts(ended=False, log=ran.stderr[-4000:])  # the watch did not survive it
    return Facts(**json.loads(facts.read_text()))


def _outcome(attack: Attack, right: Honest, room: Classroom, facts: Facts) -> Outcome:
    scores = gradebook.scores(room.gradebook)
    graded = room.work / "autograded" / attack.name / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    told = graded.read_text(errors="replace") if graded.is_file() else ""
    outputs = [cell.get("outputs", []) for cell in json.loads(told)["cells"]] if told else []
    classmates = [name for name in (FIRST, LAST) if scores.get(name) != dict(right.points)]
    return Outcome(
        points=scores.get(attack.name, {}) if told else {},
        earns=attack.earns,
        told=told,
        shown=_text(outputs),
        feedback=_text(outputs),  # nbgrader's feedback shows them all
        verdicts=_text(outputs),
        canaries=room.canaries,
        files=tuple(facts.files.get(attack.name, ())),
        changed=tuple(facts.changed),
        classmates=tuple(classmates),
        processes=facts.processes.get(attack.name, 0),
        kept=len(told),
        seconds=facts.seconds,
        ended=facts.ended,
        printed=facts.log,
    )


def _text(outputs: Any) -> str:
    return json.dumps(outputs, ensure_ascii=False)
