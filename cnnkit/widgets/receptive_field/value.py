"""What one unit sees of the image, and how that grows layer by layer: the arithmetic behind the widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cnnkit.errors import ArgumentError
from cnnkit.layers import Linear, Windowed
from cnnkit.network import Network, Stage

__all__ = ["SeenUnit", "Step", "steps", "whole_image"]

Pair = tuple[int, int]


@dataclass(frozen=True)
class Step:
    """What the units of one layer see; `sees`, `jumps` and `starts` are the recursion with numbers put in."""

    name: str
    sizes: Pair  # rows and columns of units
    window: str
    size: Pair
    jump: Pair
    start: Pair
    sees: str
    jumps: str
    starts: str
    normalised: bool  # whether a convolution stands here or before, which an instance norm would follow

    def as_dict(self) -> dict[str, Any]:
        """Return the step as plain data, as the browser has it."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in vars(self).items()}


def steps(network: Network, called: str = "steps") -> tuple[Step, ...]:
    """Return the image itself, and then each layer that changes what a unit sees.

    Raises
    ------
    ArgumentError
        The network takes no images, or no layer of it has a window.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> [(step.name, step.sees) for step in steps(zoo.cs7011())][2:4]
    [('pool1', '3 + (2 − 1)·1 = 4'), ('conv2', '4 + (3 − 1)·2 = 8')]
    """
    image = network.input_shape[1:]
    if len(image) != 2 or not any(isinstance(stage.layer, Windowed) for stage in network):
        raise ArgumentError(
            f"{called}: `network` takes {network.input_shape} and has"
            f" {sum(isinstance(stage.layer, Windowed) for stage in network)} layers with windows, expected"
            " images (C, H, W) and at least 1. Take a network from cnnkit.zoo."
        )
    height, width = image
    made = [Step("input", (height, width), "", (1, 1), (1, 1), (0, 0), "1", "1", "0", False)]
    conv = False
    for stage in network:
        conv = conv or stage.layer.kind == "conv"
        if isinstance(stage.layer, Windowed):
            made.append(_through(made[-1], stage, conv))
        elif isinstance(stage.layer, Linear):  # behind it, all units see what these see
            made.append(_full(stage, (height, width), conv))
            break
    return tuple(made)


def _through(before: Step, stage: Stage, normalised: bool) -> Step:
    assert isinstance(stage.layer, Windowed)
    axes = stage.layer.axes(stage.input_shape)
    extents, strides = _pair(*(x.extent for x in axes)), _pair(*(x.stride for x in axes))
    pads = _pair(*(x.pads[0] for x in axes))
    seen = stage.receptive_field
    size, jump, start = _pair(*seen.size), _pair(*seen.jump), _pair(*seen.start)
    words = {
        "sees": [f"{before.size[i]} + ({extents[i]} − 1)·{before.jump[i]} = {size[i]}" for i in (0, 1)],
        "jumps": [f"{before.jump[i]}·{strides[i]} = {jump[i]}" for i in (0, 1)],
        "starts": [_int(f"{before.start[i]} − {pads[i]}·{before.jump[i]} = {start[i]}") for i in (0, 1)],
    }
    window = f"{extents[0]}×{extents[1]}, stride {_both(*strides)}, padding {_both(*pads)}"
    sizes = _pair(*stage.output_shape[1:])
    told = {name: _both(*pair) for name, pair in words.items()}
    return Step(stage.name, sizes, window, size, jump, start, **told, normalised=normalised)


def _full(stage: Stage, image: Pair, normalised: bool) -> Step:
    sees = f"all {image[0]}×{image[1]}"
    return Step(stage.name, (1, 1), "all units", image, (0, 0), (0, 0), sees, "", "", normalised)


def _pair(*values: int) -> Pair:
    first, second = values
    return first, second


def _both(rows: object, columns: object) -> str:
    """Return what holds for rows and columns, once where it is the same."""
    return str(rows) if rows == columns else f"{rows} | {columns}"


def _int(words: str) -> str:
    return words.replace("-", "−")


@dataclass(frozen=True, repr=False)
class SeenUnit:
    """One unit, and the part of the image that it sees.

    Parameters
    ----------
    network : Network
    layer : str
        "input", or a layer that `steps` lists.
    unit : (int, int)
        Its row and column among the layer's units.
    instance_norm : bool
        Whether an instance normalisation follows each convolution.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> unit = SeenUnit(zoo.cs7011(), "conv4", (4, 0))
    >>> unit.size, unit.jump, unit.start, unit.box
    ((26, 26), (4, 4), (-11, -11), (slice(5, 31, None), slice(0, 15, None)))
    >>> unit.caption
    'Unit (4, 0) of conv4 sees rows 5 to 30 and columns 0 to 14: 26 × 15 pixels. Its 26 × 26 window reaches \
into the padding.'
    """

    network: Network
    layer: str
    unit: Pair
    instance_norm: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """The recursion, up to this layer."""
        found = steps(self.network)
        return found[: [step.name for step in found].index(self.layer) + 1]

    @property
    def step(self) -> Step:
        """The layer's own line of the recursion."""
        return self.steps[-1]

    @property
    def size(self) -> Pair:
        """Rows and columns of the window, also where it reaches into the padding."""
        return self.step.size

    @property
    def jump(self) -> Pair:
        """How many pixels lie between the windows of two neighbours."""
        return self.step.jump

    @property
    def start(self) -> Pair:
        """The first row and column that unit (0, 0) would see; negative in the padding."""
        return self.step.start

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the window, counted from the image's first; below 0 in the padding."""
        rows, columns = (
            slice(first := place * jump + start, first + size)
            for place, jump, start, size in zip(self.unit, self.jump, self.start, self.size, strict=True)
        )
        return rows, columns

    @property
    def sees_all(self) -> bool:
        """Whether the unit depends on every pixel by way of an instance normalisation."""
        return self.instance_norm and self.step.normalised

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the image that the unit sees."""
        if self.sees_all:
            return whole_image(self.network)
        rows, columns = (
            slice(min(max(edge.start, 0), size), min(max(edge.stop, 0), size))
            for edge, size in zip(self.window, self.network.input_shape[1:], strict=True)
        )
        return rows, columns

    @property
    def caption(self) -> str:
        """What the unit sees, in words."""
        row, column = self.unit
        rows, columns = self.box
        height, width = rows.stop - rows.start, columns.stop - columns.start
        who = "The unit" if self.step.window == "all units" else f"Unit ({row}, {column})"
        who += f" of {self.layer}"
        if self.sees_all:
            return (
                f"{who} sees all {height} × {width} pixels: an instance norm divides each map by its own"
                " deviation, and every pixel changes that."
            )
        if not height * width:
            return f"{who} sees padding alone."
        said = (
            f"{who} sees rows {rows.start} to {rows.stop - 1} and columns {columns.start} to"
            f" {columns.stop - 1}: {height} × {width} pixels."
        )
        if (height, width) != self.size:
            said += f" Its {self.size[0]} × {self.size[1]} window reaches into the padding."
        return said

    def __repr__(self) -> str:
        """Return what the unit sees, and the recursion that led there."""
        lines = [("layer", "window", "sees", "jump", "start")]
        lines += [(s.name, s.window, s.sees, s.jumps, s.starts) for s in self.steps]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([self.caption, *table])


def whole_image(network: Network) -> tuple[slice, slice]:
    """Return the rows and columns of a network's whole input."""
    _, height, width = network.input_shape
    return slice(0, height), slice(0, width)
