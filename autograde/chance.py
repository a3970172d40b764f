"""The global random numbers of a process: of Python, and of numpy and torch as far as they are loaded."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

__all__ = ["go_on", "moved_on", "state"]


def state() -> dict[str, Any]:
    """Return where they stand."""
    found: dict[str, Any] = {"random": random.getstate()}
    if "numpy.random" in sys.modules:  # numpy itself would only load it now
        found["numpy"] = sys.modules["numpy.random"].get_state()
    if "torch" in sys.modules:
        found["torch"] = sys.modules["torch"].get_rng_state()
    return found


def moved_on() -> dict[str, Any]:
    """Draw a number of each kind, so that seeding again shows; return where they stand then."""
    random.random()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].random()
    if "torch" in sys.modules:
        sys.modules["torch"].rand(1)
    return state()


def go_on(found: Mapping[str, Any]) -> None:
    """Go on from where they stood, here or in another process."""
    random.setstate(found["random"])
    if "numpy" in found:
        import_module("numpy.random").set_state(found["numpy"])
    if "torch" in found:
        import_module("torch").set_rng_state(found["torch"])
