"""Whose work is a function? Where the task is to write it, a call of a library's own does not count."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dis import get_instructions
from types import CodeType, FunctionType, ModuleType
from typing import Any

__all__ = ["DYNAMIC", "LIBRARIES", "borrowed"]

LIBRARIES = (
    "cnnkit",
    "cv2",
    "jax",
    "keras",
    "scipy",
    "skimage",
    "sklearn",
    "tensorflow",
    "torch",
    "torchvision",
)
# Ways to a library that no text names.
DYNAMIC = (
    "builtins.compile",
    "builtins.eval",
    "builtins.exec",
    "builtins.globals",
    "importlib",
    "sys.modules",
)


def borrowed(function: Callable[..., Any], allowed: tuple[str, ...] = ()) -> str | None:
    """Return the library function that `function` reaches, or None; `allowed` libraries do not count.

    Looks through every function that it calls by name, its closures and its own imports. It reads the
    code, and does not run it. A function that stands for another, whose code is elsewhere, answers for it
    with a method ``library_calls() -> list[str]`` of dotted names.

    Examples
    --------
    >>> from cnnkit.functional import conv2d
    >>> borrowed(conv2d)
    'cnnkit.functional.convolution.conv2d'
    >>> borrowed(round)
    """
    calls = getattr(function, "library_calls", None)
    if calls is not None and not isinstance(function, FunctionType):
        return next((name for name in calls() if _is_borrowed(name, allowed)), None)
    waiting: list[Any] = [function]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        origin = _origin(value)
        if _is_borrowed(origin, allowed):
            return origin
        if origin.partition(".")[0] in allowed:
            continue  # what it is made of is its own affair
        if isinstance(value, FunctionType):
            imported = [name for name in _names(value.__code__) if _is_library(name, allowed)]
            if imported:
                return imported[0]
            waiting += [value.__globals__[n] for n in _globals(value.__code__) if n in value.__globals__]
            waiting += [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
            waiting += [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    return None


def _is_borrowed(name: str, allowed: tuple[str, ...]) -> bool:
    return _is_library(name, allowed) or name.startswith(DYNAMIC)


def _is_library(name: str, allowed: tuple[str, ...]) -> bool:
    top = name.partition(".")[0]
    return top in LIBRARIES and top not in allowed


def _origin(value: Any) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    module = getattr(value, "__module__", None)
    name = getattr(value, "__qualname__", type(value).__qualname__)
    return f"{module}.{name}" if isinstance(module, str) else ""


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _globals(code: CodeType) -> Iterator[str]:
    """Yield the global names that a code reads: the `nn` of ``torch.nn`` is none."""
    yield from (step.argval for step in get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty cell raises
    except ValueError:
        return False
    return True
