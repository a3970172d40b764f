"""Progress that fits where it is shown: a widget in a notebook, a line in a terminal, nothing in a log."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["bar"]


def bar(what: str, total: int | None, unit: str, start: int = 0) -> Any:
    """Return a tqdm bar that counts from `start` to `total`; use it with ``with``."""
    from tqdm.auto import tqdm

    # Not on stderr: nbgrader takes whatever a test cell says there for a failure.
    return tqdm(
        desc=what,
        total=total,
        initial=start,
        unit=unit,
        unit_scale=unit == "B",
        file=sys.stdout,
        disable=None,  # where nobody watches: no terminal and no notebook
        leave=False,
    )
