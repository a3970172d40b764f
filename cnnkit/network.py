"""A network is a value: an input shape and a tuple of layers. Everything else is a question asked of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import Flatten, Layer, Shape, Windowed
from cnnkit.ledger import Ledger, Row
from cnnkit.receptive import ReceptiveField
from cnnkit.shapes import shape_text

__all__ = ["Network", "Stage", "name_layers"]


@dataclass(frozen=True)
class Stage:
    """One layer at its place in a network."""

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    receptive_field: ReceptiveField


@dataclass(frozen=True, repr=False)
class Network:
    """A feed-forward network, described without weights.

    Parameters
    ----------
    input_shape : (C, H, W) or (features,), one example without the batch
    layers : sequence of Layer, or of (name, Layer)
        Layers without a name get one from their kind: conv1, conv2, ..., or plain flatten if there is one.
    name : str, optional

    Raises
    ------
    ShapeError
        A layer cannot take what the layer before it gives; the message names the layer and its input.
    ArgumentError
        An element of `layers` is no Layer, or two layers share a name.

    Examples
    --------
    >>> from cnnkit.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
    >>> net = Network((1, 28, 28), [Conv2d(1, 8, 5), ReLU(), MaxPool2d(2), Flatten(), Linear(1152, 10)])
    >>> net.output_shape
    (10,)
    >>> net.ledger().total
    11738
    """

    input_shape: Shape
    layers: tuple[Layer, ...]
    name: str | None = field(default=None, compare=False)
    _names: tuple[str, ...] = field(default=(), compare=False)

    def __init__(
        self,
        input_shape: Iterable[int],
        layers: Iterable[Layer | tuple[str, Layer]],
        name: str | None = None,
    ) -> None:
        shape = tuple(input_shape)
        if not shape or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in shape):
            raise ArgumentError(
                f"Network: `input_shape` is {shape!r}, expected positive integers (C, H, W) or (features,)."
                " Leave out the batch."
            )
        given: list[tuple[str | None, Layer]] = [
            entry if isinstance(entry, tuple) else (None, entry) for entry in layers
        ]
        for place, (_, layer) in enumerate(given, start=1):
            if not isinstance(layer, Layer):
                raise ArgumentError(
                    f"Network: layer {place} is {layer!r}, expected a layer such as Conv2d(3, 32, 5)."
                    " Take the layers from cnnkit.layers."
                )
        object.__setattr__(self, "input_shape", shape)
        object.__setattr__(self, "layers", tuple(layer for _, layer in given))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "_names", _named_once(given))
        self.stages  # noqa: B018 - an impossible network never comes to exist

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Every layer with its name, its shapes and its receptive field, from input to output."""
        stages: list[Stage] = []
        shape, seen = self.input_shape, ReceptiveField.of_pixel(self.input_shape)
        for place, (name, layer) in enumerate(zip(self._names, self.layers, strict=True), start=1):
            try:
                output = layer.output_shape(shape)
                if isinstance(layer, Windowed):
                    seen = seen.through(layer.axes(shape))
                elif isinstance(layer, Flatten):
                    seen = ReceptiveField.of_image(self.input_shape)
            except ShapeError as error:
                raise ShapeError(
                    f"Network: layer {place}, `{name}` = {layer!r}, cannot take its input"
                    f" {shape_text(shape)}: {error}. Change this layer or the ones before it."
                ) from None
            stages.append(Stage(name, layer, shape, output, seen))
            shape = output
        return tuple(stages)

    @property
    def output_shape(self) -> Shape:
        """Shape of one output, without the batch."""
        return self.stages[-1].output_shape if self.stages else self.input_shape

    def ledger(self, convention: str = "keras") -> Ledger:
        """Count what each layer holds and costs.

        Parameters
        ----------
        convention : "keras", "torch" or "report"
            "keras": `total` includes the running statistics of batch normalisation, as not trainable.
            "torch": they are buffers, and `total` is the trainable parameters alone.
            "report": a mistake that was once published and that the course audits: convolutions are
            booked as if their input had one channel.

        Returns
        -------
        Ledger
            Its repr is the table.

        Raises
        ------
        ArgumentError
            An unknown convention.

        Examples
        --------
        >>> from cnnkit import zoo
        >>> zoo.report_cnn().ledger().total
        390410
        >>> zoo.report_cnn().ledger("report").total
        137610
        """
        rows = (Row.of(stage.name, stage.layer, stage.input_shape, stage.receptive_field) for stage in self)
        return Ledger(self.input_shape, tuple(rows), convention, self.name)

    def __getitem__(self, name: str) -> Stage:
        for stage in self:
            if stage.name == name:
                return stage
        raise ArgumentError(
            f"Network: `{name}` is no layer of this network, expected one of {', '.join(self._names)}."
            " Take one of these names."
        )

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.stages)

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        """Return the code that makes this network, one layer a line with its output shape."""
        unnamed = self._names == name_layers((None, layer.kind) for layer in self.layers)
        code = [f"{s.layer!r}," if unnamed else f"({s.name!r}, {s.layer!r})," for s in self]
        width = max(map(len, code), default=0)
        shapes = [shape_text(s.output_shape) for s in self]
        lines = [f"    {made:{width}}  # {shape}" for made, shape in zip(code, shapes, strict=True)]
        end = f"], name={self.name!r})" if self.name else "])"
        return "\n".join([f"Network({shape_text(self.input_shape)}, [", *lines, end])


def name_layers(given: Iterable[tuple[str | None, str]]) -> tuple[str, ...]:
    """Return a name for each layer, given (name or None, kind): its own, or its kind and a number.

    Examples
    --------
    >>> name_layers([(None, "conv"), ("first", "relu"), (None, "conv"), (None, "fc")])
    ('conv1', 'first', 'conv2', 'fc')
    """
    given = list(given)
    per_kind = Counter(kind for name, kind in given if name is None)
    so_far: Counter[str] = Counter()
    names = []
    for name, kind in given:
        if name is None:
            so_far[kind] += 1
            name = f"{kind}{so_far[kind]}" if per_kind[kind] > 1 else kind
        names.append(name)
    return tuple(names)


def _named_once(given: list[tuple[str | None, Layer]]) -> tuple[str, ...]:
    names = name_layers((name, layer.kind) for name, layer in given)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ArgumentError(
            f"Network: the layer name {twice[0]!r} stands twice, expected each name once. Rename one of them."
        )
    return names
