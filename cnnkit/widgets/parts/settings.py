"""Settings that a page and Python share, each refusing in the kit's words what it cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import traitlets

from cnnkit.errors import ArgumentError

__all__ = ["Choice", "Number", "Switch", "WholeNumber"]


class WholeNumber(traitlets.Int):  # type: ignore[type-arg]
    """A whole number from `least` to `most`, both included.

    Parameters
    ----------
    least, most : int
    unit : str
        As in "a whole number of pixels".
    """

    def __init__(self, least: int, most: int, unit: str = "", **rest: Any) -> None:
        super().__init__(max(least, min(0, most)), **rest)
        self.least, self.most, self.unit = least, most, f" of {unit}" if unit else ""

    def validate(self, obj: Any, value: Any) -> int:
        """Return `value`, or say what is wrong with it."""
        if isinstance(value, int) and not isinstance(value, bool) and self.least <= value <= self.most:
            return value
        raise ArgumentError(
            f"{obj.called}: `{self.name}` is {value!r}, expected an integer from {self.least} to {self.most}."
            f" Give `{self.name}` as a whole number{self.unit}."
        )


class Number(traitlets.Float):  # type: ignore[type-arg]
    """A number from `least` to `most`, both included; `cure` ends the message about any other."""

    def __init__(self, least: float, most: float, cure: str, **rest: Any) -> None:
        super().__init__(max(least, min(0.0, most)), **rest)
        self.least, self.most, self.cure = least, most, cure

    def validate(self, obj: Any, value: Any) -> float:
        """Return `value` as a float, or say what is wrong with it."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and self.least <= value <= self.most:  # which no nan is
            return float(value)
        raise ArgumentError(
            f"{obj.called}: `{self.name}` is {value!r}, expected a number from {self.least:g} to"
            f" {self.most:g}. {self.cure}"
        )


class Switch(traitlets.Bool):  # type: ignore[type-arg]
    """True or False."""

    def validate(self, obj: Any, value: Any) -> bool:
        """Return `value`, or say what is wrong with it."""
        if isinstance(value, bool):
            return value
        raise ArgumentError(
            f"{obj.called}: `{self.name}` is {value!r}, expected True or False. Give one of the two."
        )


class Choice(traitlets.Unicode):  # type: ignore[type-arg]
    """One of the texts in `options`."""

    def __init__(self, options: Iterable[str], **rest: Any) -> None:
        self.options = tuple(options)
        super().__init__(self.options[0], **rest)

    def validate(self, obj: Any, value: Any) -> str:
        """Return `value`, or say what is wrong with it."""
        if isinstance(value, str) and value in self.options:
            return value
        listed = ", ".join(map(repr, self.options))
        raise ArgumentError(
            f"{obj.called}: `{self.name}` is {value!r}, expected one of {listed}. Give one of these names."
        )
