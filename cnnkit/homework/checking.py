"""Run a notebook from top to bottom, as the grader will, and say what its checks say."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Timer
from typing import Any

from cnnkit.check import DIAGNOSIS_MIME
from cnnkit.errors import TrainingError
from cnnkit.homework.notebook import Cell, Homework

__all__ = ["Finding", "Report", "check"]

SIGNS = {"correct": "✓", "missing": "·", "by hand": "…"}
LONG = 30  # seconds: the grader stops a cell then


@dataclass(frozen=True)
class Finding:
    """What became of one question.

    Parameters
    ----------
    question : str
        Its id; for a text that a person reads, the id of its cell.
    code : str
        As in the notebook, such as ``A2-1``; empty where the check does not say.
    points, most : float
    verdict : str
        "correct", "missing", "by hand", or why not all points were earned.
    message : str
        What the check said.
    """

    question: str
    code: str
    points: float
    most: float
    verdict: str
    message: str

    @property
    def done(self) -> bool:
        """Whether nothing is left to do: all points, or a text that a person will read."""
        return self.verdict in ("correct", "by hand")

    def __str__(self) -> str:
        sign = SIGNS.get(self.verdict, "✗")
        points = f"{self.points:g} of {self.most:g}"
        if self.verdict == "by hand":
            points = f"{self.most:g} by hand"
        first = "" if self.verdict == "correct" else f"  {self.message.splitlines()[0]}"
        return f"{sign} {points:>10}  {self.code:6} {self.question:26}{first}".rstrip()


@dataclass(frozen=True)
class Report:
    """What is done of a notebook, and what is left."""

    name: str
    findings: tuple[Finding, ...]
    damage: tuple[str, ...]

    @property
    def points(self) -> float:
        """What the visible checks give."""
        return sum(finding.points for finding in self.findings)

    @property
    def most(self) -> float:
        """What they could give, without what a person reads."""
        return sum(finding.most for finding in self.findings if finding.verdict != "by hand")

    @property
    def left(self) -> list[Finding]:
        """The questions that are open or cost points."""
        return [finding for finding in self.findings if not finding.done]

    def __str__(self) -> str:
        by_hand = sum(finding.most for finding in self.findings if finding.verdict == "by hand")
        lines = [f"{self.name}: {self.points:g} of {self.most:g} points by its checks"]
        if by_hand:
            lines[0] += f", {by_hand:g} are read by a person"
        wrong = [each.code or each.question for each in self.left if each.verdict != "missing"]
        open_ = [each.code or each.question for each in self.left if each.verdict == "missing"]
        lines += [f"to mend: {', '.join(wrong)}"] if wrong else []
        lines += [f"to answer: {', '.join(open_)}"] if open_ else []
        lines += [f"! {said}" for said in self.damage]
        return "\n".join(lines)


def check(
    homework: Homework,
    on_finding: Callable[[Finding], None] | None = None,
    on_long: Callable[[str], None] | None = None,
) -> Report:
    """Run a notebook from top to bottom in a kernel of its own and read what its checks say.

    The file stays as it is; what its cells write, such as ``runs``, lands in its folder as in JupyterLab.

    Parameters
    ----------
    homework : Homework
    on_finding : function of a Finding, optional
        Called as soon as a question is checked.
    on_long : function of a str, optional
        Called with the first line of a cell that runs for longer than the grader gives it.

    Returns
    -------
    Report

    Raises
    ------
    TrainingError
        The kernel died; the message says in which cell. What was found until then has been passed on.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError
    from nbformat import reads

    notebook: Any = reads(homework.path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    findings: dict[str, Finding] = {}
    graded = homework.graded
    running: list[str] = []
    watch: list[Timer] = []
    codes = {question.id: question.code for question in homework.questions}
    stopped: dict[str, str] = {}  # the last error of a cell that is no check

    def started(cell: Cell) -> None:
        running.append(cell["source"].strip().split("\n")[0])
        if on_long is not None and cell["cell_type"] == "code":
            watch.append(Timer(LONG, on_long, [running[-1]]))
            watch[-1].daemon = True
            watch[-1].start()

    def executed(cell: Cell) -> None:
        if watch:
            watch.pop().cancel()
        id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if id not in graded:
            stopped.update(_stopped(cell))
        elif id not in findings:
            findings[id] = _finding(cell, codes, stopped)
            if on_finding is not None:
                on_finding(findings[id])

    client = NotebookClient(
        notebook,
        timeout=None,
        allow_errors=True,
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],  # what it says of ports is not for students
        resources={"metadata": {"path": str(homework.path.parent)}},
        on_cell_start=lambda cell, cell_index: started(cell),
        on_cell_executed=lambda cell, cell_index, execute_reply: executed(cell),
    )
    try:
        with ThreadPoolExecutor(1) as other:  # nbclient's own way to take Ctrl + C ends in a traceback
            execution = other.submit(asyncio.run, client.async_execute())
            try:
                execution.result()
            except KeyboardInterrupt:
                _end_kernel(client)
                raise
    except DeadKernelError:
        raise TrainingError(
            f"check: the kernel died in the cell that begins {running[-1]!r}, expected it to end. Run that"
            " cell in JupyterLab: it takes too much memory, or ends Python."
        ) from None
    finally:
        for timer in watch:
            timer.cancel()
    for id, cell in graded.items():
        if id not in findings:  # a text: no kernel runs it
            findings[id] = _finding(cell, codes, stopped)
            if on_finding is not None:
                on_finding(findings[id])
    ordered = tuple(findings[id] for id in graded)
    return Report(homework.name, ordered, tuple(homework.damage))


def _end_kernel(client: Any) -> None:
    """Kill a client's kernel, whatever its cell is doing."""
    provisioner = getattr(client.km, "provisioner", None)
    if provisioner is not None and provisioner.process is not None:
        provisioner.process.kill()


def _stopped(cell: Cell) -> dict[str, str]:
    """Return what stopped a cell, by the names that it would have bound: a check misses only the name."""
    errors = [output for output in cell.get("outputs", []) if output["output_type"] == "error"]
    bound = r"^\s*(?:def |class )?([A-Za-z_]\w*)\s*(?:=(?!=)|\()"
    said = f"{errors[-1]['ename']}: {errors[-1]['evalue']}" if errors else ""
    return dict.fromkeys(re.findall(bound, cell["source"], flags=re.MULTILINE), said)


def _finding(cell: Cell, codes: Mapping[str, str], stopped: Mapping[str, str]) -> Finding:
    """Read what a graded cell that has been run left behind."""
    about = cell["metadata"]["nbgrader"]
    id, most = str(about["grade_id"]), float(about.get("points", 0))
    if about.get("solution"):  # a text, which a person reads
        open_ = re.fullmatch(r"\W*your answer here\W*", cell["source"].strip(), flags=re.IGNORECASE)
        if open_ or not cell["source"].strip():
            return Finding(id, "", 0, most, "missing", "nothing is written yet.")
        return Finding(id, "", 0, most, "by hand", "a person reads this.")
    outputs = cell.get("outputs", [])
    said = [output["data"][DIAGNOSIS_MIME] for output in outputs if DIAGNOSIS_MIME in output.get("data", {})]
    errors = [output for output in outputs if output["output_type"] == "error"]
    id = id.removeprefix("test-")
    if said:
        found = said[-1]
        verdict = "correct" if found["points"] == most and not errors else found["verdict"]
        points = 0.0 if errors else found["points"]
        return Finding(id, found["code"], points, most, verdict, found["message"])
    if errors:
        message = f"{errors[-1]['ename']}: {errors[-1]['evalue']}"
        unbound = re.search(r"name '(\w+)' is not defined", message)
        if unbound and stopped.get(unbound[1]):
            message = f"the cell of `{unbound[1]}` stopped with {stopped[unbound[1]]}"
        return Finding(id, codes.get(id, ""), 0, most, "error", message)
    if not cell.get("execution_count"):
        return Finding(id, "", 0, most, "missing", "was not run.")
    return Finding(id, "", most, most, "correct", "")
