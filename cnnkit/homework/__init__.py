"""A student's own notebook on disk: found by its number, run and read from the terminal."""

from __future__ import annotations

from cnnkit.homework.checking import Finding, Report, check
from cnnkit.homework.notebook import Homework, find

__all__ = ["Finding", "Homework", "Report", "check", "find"]
