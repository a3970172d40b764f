"""What a test cell that has run is worth, and where it failed."""

from __future__ import annotations

import math
import numbers
import sys
from typing import Any

from autograde.capture import NOTHING, Ran
from autograde.hidden import hidden_lines

__all__ = ["failing_line", "points_of"]


def points_of(ran: Ran, most: float) -> tuple[float, tuple[str, ...]]:
    """Return what a test earned, by nbgrader's rules.

    Nothing after an error or a word on stderr; its value if that is a number; else everything. nbgrader
    reads the number from its text, and so takes ``np.float64(2.0)`` for no number and full points; and it
    gives up on a number above the maximum. Here the first counts, and the second is the maximum.
    """
    if ran.error is not None:
        return 0.0, ()
    if any(output.get("name") == "stderr" for output in ran.outputs):
        return 0.0, ("The test wrote to stderr, which counts as failed.",)
    if ran.value is NOTHING:
        return most, ()
    number = _number(ran.value)
    if number is None:
        kind = type(ran.value).__name__
        return most, (f"The test's last value is a {kind}, no number: full points, as in nbgrader.",)
    if math.isnan(number):
        return 0.0, ("The test's last value is not a number (NaN): no points.",)
    if not 0 <= number <= most:
        return min(max(number, 0.0), most), (
            f"The test gave {number:g} of {most:g} points; it was put right.",
        )
    return number, ()


def _number(value: Any) -> float | None:
    """Return a number that counts as points: of Python, numpy or torch, but no bool.

    Examples
    --------
    >>> import numpy as np
    >>> _number(np.float64(1.5)), _number(np.array(2)), _number(True), _number("3")
    (1.5, 2.0, None, None)
    """
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor) and value.dim() == 0:
        value = value.item()
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer beyond all floats
        return -math.inf if value < 0 else math.inf


def failing_line(error: BaseException | None, source: str) -> tuple[int, bool]:
    """Return the line of a cell that an error came from, 0 if none, and whether a hidden test raised it."""
    trace, numbers_ = (error.__traceback__ if error is not None else None), []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename.startswith("<ipython-input-") and trace.tb_lineno:
            numbers_.append(trace.tb_lineno)
        trace = trace.tb_next
    return (numbers_[0], bool(hidden_lines(source) & set(numbers_))) if numbers_ else (0, False)
