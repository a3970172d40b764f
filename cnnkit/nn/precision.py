"""With how many digits updates are computed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from cnnkit.nn.names import require_known

__all__ = ["computing", "require_precision", "resolve_precision"]

FAST = ("avx512_bf16", "amx_bf16")  # instructions of a CPU that multiplies in bfloat16


def require_precision(precision: str | None) -> str | None:
    """Return "bfloat16" or None; ArgumentError for anything else."""
    if precision is not None:
        require_known("fit", "precision", precision, ("bfloat16",))
    return precision


def resolve_precision(precision: str | None) -> str | None:
    """Return "bfloat16" where it was asked for and this CPU has instructions for it, else None.

    Without them torch computes bfloat16 as well, but slower than float32.
    """
    if precision is None:
        return None
    # torch says what the CPU can do from 2.10 on
    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return precision if any(known.get(name) for name in FAST) else None


def computing(precision: str | None, device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which a model computes with `precision`; its weights stay what they are."""
    if precision is None:
        return nullcontext()
    return torch.autocast(device.type, getattr(torch, precision))
