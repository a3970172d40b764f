"""A student's notebook on disk: found by its number, run and read from the terminal, packed to hand in."""

from __future__ import annotations

from cnnkit.homework.checking import Finding, Report, check
from cnnkit.homework.notebook import Homework, find
from cnnkit.homework.packing import Package, pack

__all__ = ["Finding", "Homework", "Package", "Report", "check", "find", "pack"]
