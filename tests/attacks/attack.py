"""An attack: what it puts into its notebook, and how it can be seen that it worked."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.attacks.outcome import Outcome

__all__ = ["FAMILIES", "Attack", "Honest", "attacks", "honest"]

FAMILIES = {
    "tampering": "tampering with tests",
    "lying": "lying values",
    "reading": "reading what is not theirs",
    "persistence": "persistence",
    "metadata": "metadata",
    "exhaustion": "exhaustion",
    "wire": "our wire and judge",
}


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    Attributes
    ----------
    name : str
        Also the name of the student who hands it in.
    family : str
        A key of `FAMILIES`.
    tries, success : str
        What it tries, and how its success would show.
    cells : dict of str to str
        Id of a cell -> its new text. In it, ``@MARK@``, ``@COURSE@``, ``@HOME@``, ``@OUTSIDE@``, ``@PORT@``
        and ``@SOCKET@`` stand for what this run made up; nothing but the mark would be known to a student, so
        an attack knows more than it could in life.
    damage : callable
        Changes the whole notebook, a dictionary.
    files : callable
        Puts files beside the notebook, into the folder that it is given.
    earns : dict of str to float
        Points that this submission honestly deserves; none where nothing is said.
    succeeded : callable
        Whether the attack got what it wanted.
    """

    name: str
    family: str
    tries: str
    success: str
    succeeded: Callable[[Outcome], bool]
    cells: Mapping[str, str] = field(default_factory=dict)
    damage: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    files: Callable[[Path], None] | None = None
    earns: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Honest:
    """One honest submission.

    Attributes
    ----------
    name : str
        Also the student's name.
    story : str
        What is unusual about it.
    points : dict of str to float
        Exactly what each question earns.
    cells : dict of str to str
        Id of an answer cell -> its text; the others hold the solution.
    damage : callable
        Changes the whole notebook, without changing what it earns.
    """

    name: str
    story: str
    points: Mapping[str, float]
    cells: Mapping[str, str] = field(default_factory=dict)
    damage: Callable[[dict[str, Any]], dict[str, Any]] | None = None


def attacks() -> list[Attack]:
    """Load every attack, by family and name."""
    return [_attack(module, family) for family in FAMILIES for module in _modules(family)]


def honest() -> list[Honest]:
    """Load every honest submission, by name."""
    return [
        Honest(
            f"honest-{_name(module)}",
            _lines(module)[0],
            module.points,
            getattr(module, "cells", {}),
            getattr(module, "damage", None),
        )
        for module in _modules("honest")
    ]


def _attack(module: ModuleType, family: str) -> Attack:
    tries, success = _lines(module)
    given = {
        name: getattr(module, name) for name in ("cells", "damage", "files", "earns") if hasattr(module, name)
    }
    return Attack(_name(module), family, tries, success.removeprefix("Success: "), module.succeeded, **given)


def _modules(folder: str) -> list[ModuleType]:
    path = Path(__file__).with_name(folder)
    names = sorted(info.name for info in pkgutil.iter_modules([str(path)]))
    return [importlib.import_module(f"tests.attacks.{folder}.{name}") for name in names]


def _name(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2].replace("_", "-")


def _lines(module: ModuleType) -> list[str]:
    """Return a docstring's paragraphs, each on one line."""
    text = (module.__doc__ or "").strip()
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]
