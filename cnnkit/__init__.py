"""cnnkit: what the course's notebooks import.

Modules load when they are first used, so that ``import cnnkit`` brings in neither torch nor matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnkit import (
        answers,
        check,
        errors,
        functional,
        layers,
        ledger,
        network,
        plot,
        receptive,
        shapes,
        widgets,
        zoo,
    )
    from cnnkit.network import Network
    from cnnkit.shapes import output_size

MODULES = (
    "answers", "check", "errors", "functional", "layers", "ledger",
    "network", "plot", "receptive", "shapes", "widgets", "zoo",
)  # fmt: skip
NAMES = {"Network": "cnnkit.network", "output_size": "cnnkit.shapes"}

__all__ = [
    "Network", "answers", "check", "errors", "functional", "layers", "ledger", "network",
    "output_size", "plot", "receptive", "shapes", "widgets", "zoo",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in MODULES:
        return import_module(f"cnnkit.{name}")
    if name in NAMES:
        return getattr(import_module(NAMES[name]), name)
    raise AttributeError(f"module 'cnnkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
