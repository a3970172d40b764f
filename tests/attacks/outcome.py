"""What can be seen from outside after a hostile notebook was graded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """The facts about one attack.

    Attributes
    ----------
    points : dict of str to (float or None)
        Question -> what it earned, as records and gradebook have it; the larger if they differ. None while a
        person has to decide. Empty if the submission could not be graded.
    earns : dict of str to float
        Question -> what it deserved.
    told : str
        All that was kept about the submission and may go back to the student.
    shown : str
        The outputs among it.
    feedback : str
        The part of `told` that a student reads: messages and outputs, without what is for the instructor.
    verdicts : str
        What was said about the answers.
    canaries : dict of str to str
        Kind -> secret of this run.
    files : tuple of str
        Files with the attack's mark in name or text, outside the places that are the student's own.
    changed : tuple of str
        Files of the course or of other students that are not what they were.
    classmates : tuple of str
        Honest students in the same batch whose points are not what they deserve.
    processes : int
        How many processes the attack left behind.
    kept : int
        Bytes that grading kept about the submission.
    seconds : float
        How long grading it took.
    printed : str
        The last that grading wrote to the instructor's terminal.
    ended : bool
        Whether grading came to an end by itself, with a state for this submission.
    """

    points: Mapping[str, float | None]
    earns: Mapping[str, float]
    told: str
    shown: str
    feedback: str
    verdicts: str
    canaries: Mapping[str, str]
    files: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    classmates: tuple[str, ...] = ()
    processes: int = 0
    kept: int = 0
    seconds: float = 0.0
    printed: str = ""
    ended: bool = True

    @property
    def gained(self) -> dict[str, float]:
        """Points beyond what was deserved, by question; a score that is no number is a gain."""
        gains = {q: p - self.earns.get(q, 0.0) for q, p in self.points.items() if p is not None}
        return {question: gain for question, gain in gains.items() if not gain <= 1e-9}

    @property
    def lost(self) -> dict[str, float]:
        """Points short of what was deserved, by question."""
        got = {q: self.points.get(q) or 0.0 for q in self.earns}
        return {q: self.earns[q] - got[q] for q in self.earns if got[q] < self.earns[q] - 1e-9}

    def leaked(self, *kinds: str) -> bool:
        """Whether one of these canaries came out; attacks tell them backwards, as nobody else does."""
        return any(self.canaries[kind][::-1] in self.told for kind in kinds)

    def said(self, text: str) -> bool:
        """Whether a text that the attack prints when it has got its way came out."""
        return text in self.shown

    def read(self, text: str) -> bool:
        """Whether a student may read a text in the feedback."""
        return text in self.feedback

    @property
    def harmed_class(self) -> bool:
        """Whether others had to suffer: points, files, or the end of the run."""
        return bool(self.classmates or self.changed) or not self.ended
