"""cnnkit: what the course's notebooks import.

Modules load when they are first used, so that ``import cnnkit`` brings in neither torch nor matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnkit.network import Network as Network
    from cnnkit.shapes import output_size as output_size

HOMES = {"Network": "network", "output_size": "shapes"}

__all__ = [
    "Network", "answers", "check", "convnetjs", "data", "doctor", "errors", "filters", "functional",
    "homework", "layers", "ledger", "network", "nn", "output_size", "plot", "receptive", "shapes", "strokes",
    "widgets", "zoo",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(f"cnnkit.{HOMES[name]}"), name)
    if name in __all__:
        return import_module(f"cnnkit.{name}")
    raise AttributeError(f"module 'cnnkit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
