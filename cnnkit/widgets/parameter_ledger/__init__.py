"""Parameter ledger: what each layer of a network holds and costs, and a column of it to fill in by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import traitlets

from cnnkit import zoo
from cnnkit.errors import ArgumentError, did_you_mean
from cnnkit.ledger import COLUMNS, CONVENTIONS
from cnnkit.network import Network
from cnnkit.widgets.parameter_ledger.table import LedgerTable
from cnnkit.widgets.parameter_ledger.value import Answer, Key, MarkedColumn, keys, mark, mistakes
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.fallback import PicturedWidget, in_grading
from cnnkit.widgets.parts.network_json import to_json
from cnnkit.widgets.parts.settings import Choice, Switch

__all__ = ["NOTHING", "ParameterLedger", "parameter_ledger"]

NOTHING = "nothing"
ASKS = (*COLUMNS, NOTHING)


class Entries(traitlets.Dict):  # type: ignore[type-arg]
    """What was typed: a column's name to a dict of rows and texts."""

    def validate(self, obj: Any, value: Any) -> Any:
        """Return `value`, or say which row there is none of."""
        return _by_column(obj, self.name, value, lambda rows: isinstance(rows, Mapping))


class Shown(traitlets.Dict):  # type: ignore[type-arg]
    """Which rows the student asked to see: a column's name to a list of rows."""

    def validate(self, obj: Any, value: Any) -> Any:
        """Return `value`, or say which row there is none of."""
        return _by_column(obj, self.name, value, lambda rows: isinstance(rows, list | tuple))


def _by_column(obj: Any, setting: str | None, value: Any, fits: Any) -> dict[str, Any]:
    form = "a dict of texts by row" if setting == "typed" else "a list of rows"
    example = '{"parameters": {"conv1": "208"}}' if setting == "typed" else '{"parameters": ["conv1"]}'
    told = f"{obj.called}: `{setting}` is {value!r}, expected {form} for each column. Give {example}."
    if not isinstance(value, Mapping):
        raise ArgumentError(told)
    for ask, rows in value.items():
        if ask not in COLUMNS or not fits(rows):
            raise ArgumentError(told)
        known = list(obj._keys[f"{ask}/keras/true"])
        for name in rows:
            if name not in known:
                raise ArgumentError(
                    f"{obj.called}: `{setting}` has the row {name!r}, expected one of {', '.join(known)}."
                    f" {did_you_mean(name, known, 'Take one of these names.')}"
                )
        if isinstance(rows, Mapping) and not all(isinstance(text, str) for text in rows.values()):
            raise ArgumentError(told)
    return dict(value)


class ParameterLedger(PicturedWidget):
    """The ledger of a network with one column to fill in, marked row by row.

    Parameters that can be set: `ask`, `convention`, `bias`, `reveal`, `typed`, `shown`.
    `parameter_ledger` makes one of these.
    """

    called = "parameter_ledger"
    _esm = script(called)
    _css = style(called)

    ask = Choice(ASKS).tag(sync=True)
    convention = Choice(CONVENTIONS).tag(sync=True)
    bias = Switch(True).tag(sync=True)
    reveal = Switch(True).tag(sync=True)
    typed = Entries().tag(sync=True)
    shown = Shown().tag(sync=True)
    description = traitlets.Dict(read_only=True).tag(sync=True)
    key = traitlets.Dict(read_only=True).tag(sync=True)
    said = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, network: Network, **settings: Any) -> None:
        if not isinstance(network, Network):
            raise ArgumentError(
                f"{self.called}: `network` is of type {type(network).__name__}, expected a Network."
                " Take one from cnnkit.zoo."
            )
        self._network = network
        super().__init__()
        self.set_trait("description", to_json(network))
        if not in_grading():
            self.set_trait("key", self._keys)
            self.set_trait("said", self._said)
        for name, value in settings.items():
            setattr(self, name, value)

    @property
    def network(self) -> Network:
        """The network whose ledger it is."""
        return self._network

    @cached_property
    def _keys(self) -> dict[str, Key]:
        return keys(self.network)

    @cached_property
    def _said(self) -> dict[str, list[str]]:
        return mistakes(self.network)

    @property
    def value(self) -> MarkedColumn:
        """The column that is asked for, marked row by row."""
        if self.ask == NOTHING:
            return MarkedColumn(NOTHING)
        convention = self.convention if self.ask == "parameters" else "keras"
        key = self._keys[f"{self.ask}/{convention}/{str(self.bias).lower()}"]
        typed, shown = self.typed.get(self.ask, {}), self.shown.get(self.ask, [])
        return mark(self.ask, key, self._said, typed, shown)

    @property
    def answer(self) -> dict[str, Answer | None]:
        """The column as it was typed: each row's number or shape, None where there is none yet."""
        return {row.name: row.answer for row in self.value.rows}

    @property
    def _table(self) -> LedgerTable:
        return LedgerTable(self.network, self.convention, self.bias, self.value)

    def picture(self) -> bytes:
        """Return the table with its bars as a PNG; what is hidden on the page is hidden in it."""
        from cnnkit.widgets.parameter_ledger.picture import picture

        return picture(self._table)

    def __repr__(self) -> str:
        """Return the table as it stands: what is hidden on the page is a question mark."""
        return repr(self._table)


def parameter_ledger(
    network: Network | None = None,
    ask: str = "parameters",
    convention: str = "keras",
    bias: bool = True,
    reveal: bool = True,
) -> ParameterLedger:
    """Return the ledger of a network, with one column to fill in by hand.

    Parameters
    ----------
    network : Network, optional
        The course's `zoo.report_cnn` unless given.
    ask : "parameters", "output", "neurons", "multiply-adds" or "nothing"
        The column that is typed. What would give it away is hidden until a row is right.
    convention : "keras", "torch" or "report"
        What counts as a parameter, as in `Network.ledger`.
    bias : bool
        False takes the biases out of convolutions and fully connected layers.
    reveal : bool
        False takes away what shows a row that is not right yet, the choice of another column included.

    Returns
    -------
    ParameterLedger
        Shown as the last line of a cell. Its `answer` is the column as it was typed, its `value` the
        column as it is marked.

    Raises
    ------
    ArgumentError
        A setting is none of its choices, or `network` is no Network.

    Examples
    --------
    >>> ledger = parameter_ledger(zoo.tfjs_mnist())
    >>> ledger.typed = {"parameters": {"conv1": "5*5*1*8 + 8", "conv2": "416"}}
    >>> ledger.answer
    {'conv1': 208, 'conv2': 416, 'fc': None, 'total': None}
    >>> ledger.value
    parameters: 1 of 4 right
    ✓ conv1  5*5*1*8 + 8
    ✗ conv2  416  Perhaps the input channels are left out of the kernels? Each kernel is as deep as its \
input: multiply by the number of input channels.
    """
    network = zoo.report_cnn() if network is None else network
    return ParameterLedger(network, ask=ask, convention=convention, bias=bias, reveal=reveal)
