"""What became of the attacks against stock nbgrader, as data: running them all takes a quarter of an hour."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.attacks.attack import Attack

__all__ = ["FILE", "digest", "entries", "recall", "recall_honest", "remember", "remember_honest", "versions"]

FILE = Path(__file__).with_name("stock.json")
PACKAGES = ("nbgrader", "nbclient", "ipykernel", "ipython", "numpy")


def digest(attack: Attack) -> str:
    """Hash an attack's file, so that a result of an older one is not taken for its own."""
    path = Path(__file__).parent / attack.family / f"{attack.name.replace('-', '_')}.py"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def entries() -> dict[str, dict[str, Any]]:
    """Return attack -> hash of its ``file`` and whether it ``succeeded``."""
    return dict(_read()["attacks"])


def recall() -> dict[str, bool]:
    """Return attack -> whether it succeeded."""
    return {name: entry["succeeded"] for name, entry in entries().items()}


def recall_honest() -> dict[str, dict[str, float]]:
    """Return honest student -> question -> points."""
    return dict(_read()["honest"])


def versions() -> dict[str, str]:
    """Return what the results were made with."""
    return dict(_read()["made_with"])


def remember(attack: Attack, succeeded: bool) -> None:
    """Keep a result."""
    data = _read()
    data["attacks"][attack.name] = {"file": digest(attack), "succeeded": succeeded}
    _write(data)


def remember_honest(scores: Mapping[str, Mapping[str, float | None]]) -> None:
    """Keep what honest students got."""
    _write(_read() | {"honest": scores})


def _read() -> dict[str, Any]:
    if not FILE.is_file():
        return {"made_with": {}, "honest": {}, "attacks": {}}
    return dict(json.loads(FILE.read_text()))


def _write(data: dict[str, Any]) -> None:
    made_with = {"python": sys.version.split()[0]} | {name: version(name) for name in PACKAGES}
    FILE.write_text(json.dumps(data | {"made_with": made_with}, indent=1, sort_keys=True) + "\n")
