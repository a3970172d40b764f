"""The ledger: what each layer of a network holds and costs, as a value whose repr is the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from math import prod

from cnnkit.errors import ArgumentError
from cnnkit.layers import Conv2d, Layer, Linear, Shape
from cnnkit.receptive import ReceptiveField

__all__ = ["COLUMNS", "CONVENTIONS", "TOTAL", "Ledger", "Row"]

CONVENTIONS = ("keras", "torch", "report")
COLUMNS = ("parameters", "output", "neurons", "multiply-adds")  # what one can be asked to fill in
TOTAL = "total"  # the last row
HEADINGS = ("layer", "output", "parameters", "not trained", "neurons", "multiply-adds", "sees")


@dataclass(frozen=True)
class Row:
    """One layer's line in the ledger.

    `neurons` counts the outputs of convolutions and fully connected layers; `units` counts the
    outputs of any layer. `reported` is the count under the convention "report".
    """

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    trainable: int
    statistics: int
    neurons: int
    units: int
    multiply_adds: int
    receptive_field: ReceptiveField
    reported: int

    @classmethod
    def of(cls, name: str, layer: Layer, input_shape: Shape, seen: ReceptiveField) -> Row:
        """Ask `layer` everything that the ledger shows."""
        output = layer.output_shape(input_shape)
        return cls(
            name=name,
            layer=layer,
            input_shape=input_shape,
            output_shape=output,
            trainable=layer.parameters,
            statistics=layer.statistics,
            neurons=prod(output) if isinstance(layer, Conv2d | Linear) else 0,
            units=prod(output),
            multiply_adds=layer.multiply_adds(input_shape),
            receptive_field=seen,
            reported=_without_input_channels(layer),
        )


@dataclass(frozen=True, repr=False)
class Ledger:
    """The rows of a network, and their sums.

    Raises
    ------
    ArgumentError
        An unknown convention, or the name of a layer that is not in the network.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> ledger = zoo.report_cnn().ledger()
    >>> ledger["conv1"].trainable, ledger.total, ledger.multiply_adds
    (2432, 390410, 28803712)
    """

    input_shape: Shape
    rows: tuple[Row, ...]
    convention: str = "keras"
    name: str | None = None

    def __post_init__(self) -> None:
        if self.convention not in CONVENTIONS:
            raise ArgumentError(
                f"ledger: `convention` is {self.convention!r}, expected one of {', '.join(CONVENTIONS)}."
                " Name the way of counting that you mean."
            )

    def parameters(self, row: Row) -> int:
        """Return a row's parameters under this ledger's convention."""
        if self.convention == "report":
            return row.reported
        return row.trainable + (row.statistics if self.convention == "keras" else 0)

    @property
    def total(self) -> int:
        """All parameters under this ledger's convention."""
        return sum(map(self.parameters, self.rows))

    @property
    def trainable(self) -> int:
        """Parameters that training changes."""
        return self.total if self.convention == "report" else sum(row.trainable for row in self.rows)

    @property
    def statistics(self) -> int:
        """Running statistics of batch normalisation: stored, not trained."""
        return sum(row.statistics for row in self.rows)

    @property
    def neurons(self) -> int:
        """Outputs of all convolutions and fully connected layers."""
        return sum(row.neurons for row in self.rows)

    @property
    def multiply_adds(self) -> int:
        """Multiplications for one example, each with its addition."""
        return sum(row.multiply_adds for row in self.rows)

    def of_kind(self, kind: str) -> Ledger:
        """Return the ledger of one kind of layer alone, such as "conv" or "fc"."""
        rows = tuple(row for row in self.rows if row.layer.kind == kind)
        return Ledger(self.input_shape, rows, self.convention, self.name)

    def __getitem__(self, name: str) -> Row:
        for row in self.rows:
            if row.name == name:
                return row
        raise ArgumentError(
            f"ledger: `{name}` is no layer of this network,"
            f" expected one of {', '.join(row.name for row in self.rows)}. Take one of these names."
        )

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def _table(self) -> list[tuple[str, ...]]:
        first = ("input", _size(self.input_shape), "", "", "", "", "")
        lines = [
            (
                row.name,
                _size(row.output_shape),
                _count(self.parameters(row) if self.convention != "keras" else row.trainable),
                _count(row.statistics),
                _count(row.neurons),
                _count(row.multiply_adds),
                _size(row.receptive_field.size),
            )
            for row in self.rows
        ]
        trained = self.total if self.convention == "report" else self.trainable
        sums = tuple(f"{n:,}" for n in (trained, self.statistics, self.neurons, self.multiply_adds))
        return [HEADINGS, first, *lines, ("total", "", *sums, "")]

    @property
    def _caption(self) -> str:
        if self.convention == "report":
            return f"{self.total:,} parameters as booked in the report: the input channels are missing."
        if not self.statistics:
            return f"{self.total:,} parameters."
        if self.convention == "torch":
            return f"{self.total:,} parameters; {self.statistics:,} running statistics are buffers."
        return f"{self.total:,} parameters, of which {self.trainable:,} are trained."

    def __repr__(self) -> str:
        """Return the table as text."""
        table = self._table()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
            )
            for line in table
        ]
        rule = "─" * len(lines[0])
        title = [self.name] if self.name else []
        body = [*title, lines[0], rule, *lines[1:-1], rule, lines[-1], self._caption]
        return "\n".join(line.rstrip() for line in body)

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        head, *body, last = self._table()
        title = f"<b>{escape(self.name)}</b>" if self.name else ""
        return (
            f"<table><caption style='text-align:left'>{title} {escape(self._caption)}</caption>"
            f"<thead>{_html_row(head, 'th')}</thead>"
            f"<tbody>{''.join(_html_row(line, 'td') for line in body)}</tbody>"
            f"<tfoot>{_html_row(last, 'th')}</tfoot></table>"
        )


def _without_input_channels(layer: Layer) -> int:
    if isinstance(layer, Conv2d):
        weight = layer.weight_shapes["weight"]
        return weight[0] * prod(weight[2:]) + (weight[0] if layer.bias else 0)
    return layer.parameters


def _size(shape: Shape) -> str:
    return "×".join(map(str, shape))


def _count(number: int) -> str:
    return f"{number:,}" if number else "·"


def _html_row(cells: tuple[str, ...], tag: str) -> str:
    first, *rest = (escape(cell) for cell in cells)
    return (
        f"<tr><{tag} style='text-align:left'>{first}</{tag}>"
        + "".join(f"<{tag} style='text-align:right'>{cell}</{tag}>" for cell in rest)
        + "</tr>"
    )
