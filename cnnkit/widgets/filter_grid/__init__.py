"""A grid of a convolution's filters; what the chosen one makes of images, and which of them it likes best."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError, did_you_mean
from cnnkit.widgets.filter_grid.network import FilteredImages
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.fallback import PicturedWidget, in_grading
from cnnkit.widgets.parts.settings import Choice, WholeNumber

__all__ = ["ChosenFilter", "FilterGrid", "filter_grid"]


@dataclass(frozen=True, eq=False, repr=False)
class ChosenFilter:
    """What is chosen in a filter grid.

    Attributes
    ----------
    layer : str
    filter, channel : int
        Counted from 0; a `channel` of -1 stands for three channels drawn as colours.
    scale : "own" or "shared"
    weights : (C, kH, kW) array of float32, of the chosen filter
    """

    layer: str
    filter: int
    channel: int
    scale: str
    weights: NDArray[np.float32]

    def __repr__(self) -> str:
        """Return where it is, its shape and its weights' limits."""
        shape = " × ".join(map(str, self.weights.shape))
        low, high = float(self.weights.min()), float(self.weights.max())
        return f"{self.layer}, filter {self.filter}: {shape} weights from {low:.3g} to {high:.3g}"


class FilterGrid(PicturedWidget):
    """The filters of a network's convolutions, one layer at a time, and what the chosen one answers.

    `layer`, `filter`, `channel`, `scale` and `image` say what is looked at: set one, and the page follows.
    `filter_grid` makes one of these.
    """

    called = "filter_grid"
    _esm = script(called)
    _css = style(called)

    layer = traitlets.Unicode().tag(sync=True)
    filter = WholeNumber(0, 2**20).tag(sync=True)
    channel = WholeNumber(-1, 2**20).tag(sync=True)
    scale = Choice(("own", "shared")).tag(sync=True)
    image = WholeNumber(0, 2**30).tag(sync=True)

    columns = traitlets.Int(0, read_only=True).tag(sync=True)  # 0: as many as look well
    count = traitlets.Int(1, read_only=True).tag(sync=True)  # images
    layers: Any = traitlets.List(read_only=True).tag(sync=True)
    weights = traitlets.Dict(read_only=True).tag(sync=True)  # of the layer that was last asked for
    answer = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, source: FilteredImages, columns: int, **settings: Any) -> None:
        self._source = source
        super().__init__()
        self.set_trait("columns", columns)
        if not in_grading():
            self.set_trait("layers", source.layers())
            self.set_trait("count", len(source.pictures))
        for name in ("layer", "filter", "channel", "scale", "image"):
            if settings[name] is not None:
                setattr(self, name, settings[name])
        self.on_msg(self._look)

    @property
    def value(self) -> ChosenFilter:
        """What is chosen, with its weights."""
        layer = self.layer or self._source.names[0]
        weights = self._source.weights(layer)[self.filter]
        return ChosenFilter(layer, self.filter, self.channel, self.scale, weights)

    @traitlets.validate("layer")
    def _known_layer(self, proposal: Any) -> str:
        names = [layer["name"] for layer in self.layers]
        if self.layers and proposal["value"] not in names:
            raise ArgumentError(
                f"filter_grid: `layer` is {proposal['value']!r}, expected one of {', '.join(names)}."
                f" {did_you_mean(proposal['value'], names)}"
            )
        return str(proposal["value"])

    @traitlets.observe("layer")
    def _begin_again(self, _: Any) -> None:
        """Leave the filter and the channel where the new layer has them."""
        filters, channels = self._sizes()
        if self.filter >= filters:
            self.filter = 0
        if self.channel >= channels or (self.channel < 0 and channels != 3):
            self.channel = -1 if channels == 3 else 0

    @traitlets.validate("filter", "channel", "image")
    def _inside(self, proposal: Any) -> int:
        name, value = proposal["trait"].name, int(proposal["value"])
        filters, channels = self._sizes()
        most = {"filter": filters, "channel": channels, "image": self.count if self.layers else 2**30}[
            name
        ] - 1
        least = -1 if name == "channel" and channels == 3 else 0
        if self.layers and not least <= value <= most:
            raise ArgumentError(
                f"filter_grid: `{name}` is {value}, expected {least} to {most}. Count from 0"
                f"{'; -1 is all three as colours' if least else ''}."
            )
        return value

    def _sizes(self) -> tuple[int, int]:
        """Return how many filters and channels the layer has; before there is one, more than any."""
        shapes = {layer["name"]: layer["shape"] for layer in self.layers}
        filters, channels, *_ = shapes.get(self.layer, (2**20, 2**20))
        return filters, channels

    def _look(self, _: Any, content: Any, __: Any) -> None:
        """Compute what the page asks for: weights of the layer, answers of the filter."""
        if not isinstance(content, dict) or not content.get("look"):
            return
        layer, number, image = content["look"]
        key = json.dumps([layer, number, image], separators=(",", ":"), ensure_ascii=False)
        try:
            if self.weights.get("of") != layer:
                values = self._source.weights(layer).astype("<f4").tobytes()
                self.set_trait("weights", {"of": layer, "values": values})
            found = self._source.answer(layer, number, image)
        except Exception as error:
            found = {"problem": f"The kernel could not compute it: {error}"}
        self.set_trait("answer", found | {"of": key})

    def picture(self) -> bytes:
        """Return the grid and the chosen filter's favourite images as a PNG."""
        from cnnkit.widgets.filter_grid.picture import picture

        return picture(self._source, self.value, self.columns)

    def __repr__(self) -> str:
        """Return what is chosen, as a text."""
        if in_grading():
            return f"filter_grid: {self.layer or 'the first convolution'}, filter {self.filter}"
        return f"filter_grid: {self.value!r}. {self.count} images are looked at."


def filter_grid(
    model: Any = None,
    layer: str | None = None,
    images: Any = None,
    *,
    filter: int = 0,
    channel: int | None = None,
    scale: str = "own",
    image: int = 0,
    columns: int | None = None,
) -> FilterGrid:
    """Return a grid of a convolution's filters to choose from, and what the chosen one makes of images.

    Parameters
    ----------
    model : torch.nn.Module, Run, or str, optional
        A text is the name of a trained network. Without it, the course's own ``nn.pretrained("cifar10")``.
    layer : str, optional
        A convolution, as ``model.named_modules()`` names it; the first one without it.
    images : Split, or (N, C, H, W) array, optional
        Bytes are normalised as the trained networks of the course take them, other numbers must be normalised
        already. Without it, pieces of two photographs; digits for a network of grey images.
    filter, image : int
        Which are chosen at the start, counted from 0.
    channel : int, optional
        Which input channel of the filters is drawn; -1, the start of a first layer, draws three as colours.
    scale : "own" or "shared"
        Whether full colour is the largest |weight| of each filter or of all.
    columns : int, optional
        Filters in a row: filter n stands in row n // columns.

    Returns
    -------
    FilterGrid
        Shown as the last line of a cell. Its `value` says what is chosen, and has its weights.

    Raises
    ------
    ArgumentError
        No such layer, filter, channel or image; no network with convolutions.
    ShapeError
        `images` of another form.

    Examples
    --------
    >>> grid = filter_grid(filter=49)
    >>> grid.value
    conv1, filter 49: 3 × 5 × 5 weights from -0.644 to 0.848
    >>> grid.layer = "conv4"
    >>> grid.value.weights.shape, grid.channel
    ((96, 3, 3), 0)
    """
    if columns is not None and (not isinstance(columns, int) or isinstance(columns, bool) or columns < 1):
        raise ArgumentError(
            f"filter_grid: `columns` is {columns!r}, expected an integer of at least 1. Leave it out for 8."
        )
    source = FilteredImages(model, images)
    if layer is None and not in_grading():
        layer = source.names[0]
        channel = channel if channel is not None else (-1 if source.weights(layer).shape[1] == 3 else 0)
    settings = {"layer": layer, "filter": filter, "channel": channel, "scale": scale, "image": image}
    return FilterGrid(source, columns or 0, **settings)
