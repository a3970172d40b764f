"""The table of the parameter ledger: what stands in each cell, and what is hidden while a column is open."""

from __future__ import annotations

from dataclasses import dataclass

from cnnkit.layers import Conv2d, Linear
from cnnkit.ledger import TOTAL, Ledger, Row
from cnnkit.network import Network
from cnnkit.shapes import shape_text
from cnnkit.widgets.parameter_ledger.value import MarkedColumn, without_biases

__all__ = ["HIDES", "Cell", "LedgerTable", "TableRow"]

COUNTS = ("parameters", "multiply-adds", "neurons", "bytes")
# What would give the asked column away, and is hidden with it.
HIDES = {
    "nothing": (),
    "parameters": ("parameters", "bytes", "multiply-adds"),
    "output": ("output", *COUNTS),
    "neurons": ("neurons",),
    "multiply-adds": ("multiply-adds",),
}
HEADINGS = ("layer", "output", "parameters", "multiply-adds", "neurons", "bytes")
Cell = tuple[int | tuple[int, ...] | None, str | None]


@dataclass(frozen=True)
class TableRow:
    """A row: for each column the number, and the sum as one counts it by hand."""

    name: str
    kind: str | None
    cells: dict[str, Cell]

    def as_dict(self) -> dict[str, object]:
        """Return the row as plain data, as the browser has it."""
        cells = {
            name: [list(value) if isinstance(value, tuple) else value, words]
            for name, (value, words) in self.cells.items()
        }
        return {"name": self.name, "kind": self.kind, "cells": cells}


@dataclass(frozen=True, repr=False)
class LedgerTable:
    """A network's ledger with its sums by hand, and a column that may still be open.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> LedgerTable(zoo.tfjs_mnist(), "keras", True, MarkedColumn("nothing")).rows[0].cells["parameters"]
    (208, '5·5·1·8 + 8')
    """

    network: Network
    convention: str
    bias: bool
    marked: MarkedColumn

    @property
    def ledger(self) -> Ledger:
        """The ledger that is counted."""
        network = self.network if self.bias else without_biases(self.network)
        return network.ledger(self.convention)

    @property
    def rows(self) -> tuple[TableRow, ...]:
        """All rows, and the total: nothing is hidden here."""
        rows = [self._row(row) for row in self.ledger]
        sums: dict[str, Cell] = {"output": (None, None)}
        for name in COUNTS:
            sums[name] = (sum(n for row in rows if isinstance(n := row.cells[name][0], int)), None)
        return *rows, TableRow(TOTAL, None, sums)

    def _row(self, row: Row) -> TableRow:
        parameters = self.ledger.parameters(row)
        cells: dict[str, Cell] = {
            "output": (row.output_shape, None),
            "parameters": (parameters, _by_hand(row, self.convention)),
            "multiply-adds": (row.multiply_adds, _work_by_hand(row)),
            "neurons": (row.neurons, _cells_by_hand(row) if row.neurons else None),
            "bytes": (4 * parameters, f"4·{parameters:,}" if parameters else None),
        }
        return TableRow(row.name, type(row.layer).__name__, cells)

    def known(self, name: str) -> bool:
        """Return whether a row may be read: it is right, or was asked for, or nothing is asked of it."""
        marked = {row.name: row for row in self.marked.rows}
        if name not in marked and name == TOTAL:
            return all(map(self.known, marked))
        if self.marked.ask == "output":
            name = self._sized_by(name)
        return name not in marked or marked[name].verdict == "right" or marked[name].shown

    def _sized_by(self, name: str) -> str:
        """Return the layer whose output size a layer passes on: itself where it makes one."""
        names = [stage.name for stage in self.network]
        makers = {row.name for row in self.marked.rows}
        before = names[: names.index(name) + 1] if name in names else []
        return next((each for each in reversed(before) if each in makers), name)

    def hidden(self, name: str, column: str) -> bool:
        """Return whether a cell is hidden as things stand."""
        return not self.known(name) and column in HIDES[self.marked.ask]

    def text(self, row: TableRow, column: str) -> str:
        """Return what a cell says."""
        if self.hidden(row.name, column):
            return "?"
        value, _ = row.cells[column]
        if isinstance(value, tuple):
            return "×".join(map(str, value))
        return "" if value is None else f"{value:,}" if value else "·"

    @property
    def title(self) -> str:
        """Which network, and what is asked."""
        name = self.network.name or "network"
        asked = "" if self.marked.ask == "nothing" else f": fill in the column {self.marked.ask}"
        biases = "" if self.bias else ", without biases"
        return f"{name} {shape_text(self.network.input_shape)}, counted as {self.convention}{biases}{asked}"

    def __repr__(self) -> str:
        """Return the table as text, with what is typed and told below it."""
        lines = [
            (row.name, *(self.text(row, name) for name in HEADINGS[1:]), self._sum(row)) for row in self.rows
        ]
        table = [(*HEADINGS, "parameters by hand"), *lines]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        text = [
            "  ".join(
                cell.ljust(width) if place in (0, len(line) - 1) else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in table
        ]
        rule = "─" * max(map(len, text))
        marked = [] if self.marked.ask == "nothing" else [repr(self.marked)]
        return "\n".join([self.title, text[0], rule, *text[1:-1], rule, text[-1], *marked])

    def _sum(self, row: TableRow) -> str:
        return "" if self.hidden(row.name, "parameters") else row.cells["parameters"][1] or ""


def _by_hand(row: Row, convention: str) -> str | None:
    if row.statistics:
        return f"{4 if convention == 'keras' else 2}·{row.layer.weight_shapes['weight'][0]}"
    if not isinstance(row.layer, Conv2d | Linear):
        return None
    factors = _factors(row.layer, without_depth=convention == "report" and isinstance(row.layer, Conv2d))
    return factors + (f" + {row.layer.weight_shapes['weight'][0]}" if row.layer.bias else "")


def _factors(layer: Conv2d | Linear, without_depth: bool = False) -> str:
    out, into, *kernel = layer.weight_shapes["weight"]
    return "·".join(map(str, (*kernel, *(() if without_depth else (into,)), out)))


def _work_by_hand(row: Row) -> str | None:
    if not isinstance(row.layer, Conv2d | Linear):
        return None
    return "·".join([_factors(row.layer), *map(str, row.output_shape[1:])])


def _cells_by_hand(row: Row) -> str | None:
    shape = row.output_shape
    return "·".join(map(str, shape)) if len(shape) > 1 else None
