"""The class's rules for nbgrader: its own ``nbgrader autograde`` takes off what ``autograde grade`` does.

``nbgrader_config.py`` names it: ``c.AssignLatePenalties.plugin_class = "autograde.penalties.ClassRules"``.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

from nbgrader.plugins import LateSubmissionPlugin

from autograde.course import find
from autograde.policy import read

__all__ = ["ClassRules"]


class ClassRules(LateSubmissionPlugin):  # type: ignore[misc]
    """nbgrader's plugin for late work, by ``class.toml``; without that file, as nbgrader's own."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the points that are taken off; None for nothing.

        Parameters
        ----------
        student_id : str
        score : float
            What was earned.
        total_seconds_late : float
            After the student's own deadline.
        """
        course = find(Path(self.config.CourseDirectory.get("root") or "."))
        rules = read(course)
        name = self.parent.assignment_id
        terms = rules.terms.get(name) if rules else None
        deadline = terms.deadline_of(student_id) if terms else None
        if terms is None or terms.late is None or deadline is None:
            penalty: float | None = super().late_submission_penalty(student_id, score, total_seconds_late)
            return penalty
        (assignment,) = course.choose([name])
        handed_in = deadline.astimezone(UTC) + timedelta(seconds=total_seconds_late)
        return terms.late.penalty(deadline, handed_in, assignment.points, score) or None
