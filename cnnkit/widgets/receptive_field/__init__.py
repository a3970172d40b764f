"""Receptive field: what one unit of a layer sees of an image, by the windows and by measurement."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from cnnkit import zoo
from cnnkit.errors import ArgumentError, did_you_mean
from cnnkit.network import Network
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.fallback import PicturedWidget, in_grading
from cnnkit.widgets.parts.network_json import to_json
from cnnkit.widgets.parts.settings import Choice, Switch
from cnnkit.widgets.receptive_field.image import default_image, for_model, for_page, require_image
from cnnkit.widgets.receptive_field.measured import MODELS, Measured, measure, require_model
from cnnkit.widgets.receptive_field.value import SeenUnit, steps

if TYPE_CHECKING:
    from torch import nn

__all__ = ["OVERLAYS", "ReceptiveFields", "receptive_field"]

OVERLAYS = ("nothing", "gradient", "average")


class LayerName(traitlets.Unicode):  # type: ignore[type-arg]
    """A layer that changes what a unit sees."""

    def validate(self, obj: Any, value: Any) -> Any:
        """Return `value`, or say which layers there are."""
        names = obj._layers
        if value not in names:
            raise ArgumentError(
                f"{obj.called}: `{self.name}` is {value!r}, expected one of {', '.join(names)}: others see"
                f" what the layer before them sees. {did_you_mean(value, names, 'Take one of these names.')}"
            )
        return value


class UnitPlace(traitlets.List):  # type: ignore[type-arg]
    """Row and column of a unit; the page keeps them inside the layer."""

    def validate(self, obj: Any, value: Any) -> Any:
        """Return `value`, or say what is wrong with it."""
        pair = list(value) if isinstance(value, list | tuple | np.ndarray) else []
        whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n >= 0 for n in pair)
        if len(pair) == 2 and whole:
            return [int(n) for n in pair]
        raise ArgumentError(
            f"{obj.called}: `{self.name}` is {value!r}, expected two integers of at least 0."
            " Give the unit's (row, column)."
        )


class ReceptiveFields(PicturedWidget):
    """A unit of a layer, and the box of the image that it sees.

    Set `layer`, `unit`, `neighbours`, `overlay` or `instance_norm`, and the page follows.
    `receptive_field` makes one of these.
    """

    called = "receptive_field"
    _esm = script(called)
    _css = style(called)

    layer = LayerName().tag(sync=True)
    unit = UnitPlace().tag(sync=True)
    neighbours = Switch(False).tag(sync=True)
    overlay = Choice(OVERLAYS).tag(sync=True)
    instance_norm = Switch(False).tag(sync=True)
    description = traitlets.Dict(read_only=True).tag(sync=True)
    pixels = traitlets.Bytes(read_only=True).tag(sync=True)
    # What the page asks to have measured, and what came out: torch runs in the kernel alone.
    _wish = traitlets.Any([]).tag(sync=True)
    measured = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(
        self,
        network: Network,
        model: nn.Module | None = None,
        image: Any = None,
        channel: int | None = None,
        **settings: Any,
    ) -> None:
        if not isinstance(network, Network):
            raise ArgumentError(
                f"{self.called}: `network` is of type {type(network).__name__}, expected a Network."
                " Take one from cnnkit.zoo."
            )
        self._network, self._model, self._channel = network, model, channel
        self._layers = [step.name for step in steps(network, self.called) if step.name != "input"]
        if model is not None:
            require_model(self.called, model, network)
        self._given = None if image is None else require_image(self.called, image, network.input_shape)
        layer, unit = settings.pop("layer"), settings.pop("unit")
        layer = self._last_convolution() if layer is None else layer
        super().__init__(layer=layer, unit=[0, 0], **settings)
        self.unit = [size // 2 for size in self._sizes()] if unit is None else unit
        self._require_inside()
        self.set_trait("description", to_json(network))
        if not in_grading():
            self.set_trait("pixels", for_page(self.image).tobytes())

    @cached_property
    def image(self) -> NDArray[Any]:
        """The image, (C, H, W); a photograph unless one was given."""
        return default_image(self._network.input_shape) if self._given is None else self._given

    def _last_convolution(self) -> str:
        kinds = {stage.name: stage.layer.kind for stage in self._network}
        return max(self._layers, key=lambda name: (kinds.get(name) == "conv", self._layers.index(name)))

    def _sizes(self) -> tuple[int, int]:
        return SeenUnit(self._network, self.layer, (0, 0)).step.sizes

    def _require_inside(self) -> None:
        sizes = self._sizes()
        if any(place >= size for place, size in zip(self.unit, sizes, strict=True)):
            raise ArgumentError(
                f"{self.called}: `unit` is {tuple(self.unit)}, expected less than {sizes}, the rows and"
                f" columns of `{self.layer}`. Count from 0."
            )

    @property
    def value(self) -> SeenUnit:
        """The unit as it is chosen now, and what it sees; one past the layer's end counts as the last."""
        row, column = (min(n, size - 1) for n, size in zip(self.unit, self._sizes(), strict=True))
        return SeenUnit(self._network, self.layer, (row, column), self.instance_norm)

    def measure(self, overlay: str | None = None) -> Measured:
        """Measure what the unit listens to: the gradient of its value, pixel by pixel.

        Parameters
        ----------
        overlay : "gradient" or "average", optional
            The model's own gradient, or the mean over random models; as `overlay` is set unless given.
        """
        seen = self.value
        if seen.layer == "input":
            only = np.zeros(self._network.input_shape[1:])
            only[seen.unit] = 1.0
            return Measured(only, 0, 0)
        return measure(
            self._network,
            for_model(self.image),
            seen.layer,
            seen.unit,
            model=self._model,
            channel=self._channel,
            instance_norm=self.instance_norm,
            models=MODELS if (overlay or self.overlay) == "average" else 0,
        )

    @traitlets.observe("_wish")
    def _answer(self, change: Any) -> None:
        """Measure what the page shows, unless it has moved on since it asked."""
        wish = change["new"]
        if wish != [self.layer, *self.value.unit, self.overlay, self.instance_norm]:
            return
        found = self.measure()
        reply = {"of": wish, "map": found.map.astype("<f4").tobytes(), "channel": found.channel}
        self.set_trait("measured", reply | {"models": found.models, "given": self._model is not None})

    def picture(self) -> bytes:
        """Return the image with the unit's box, and the layer's grid, as a PNG."""
        from cnnkit.widgets.receptive_field.picture import picture

        found = None if self.overlay == "nothing" else self.measure()
        return picture(self.value, for_page(self.image), found, neighbours=self.neighbours)

    def __repr__(self) -> str:
        """Return what the unit sees, and the recursion that led there."""
        return repr(self.value)


def receptive_field(
    network: Network | None = None,
    model: nn.Module | None = None,
    image: Any = None,
    *,
    layer: str | None = None,
    unit: tuple[int, int] | None = None,
    channel: int | None = None,
    neighbours: bool = False,
    overlay: str = "nothing",
    instance_norm: bool = False,
) -> ReceptiveFields:
    """Return an image with the box that one unit of a network sees, to be moved by hand.

    Parameters
    ----------
    network : Network, optional
        The course's `zoo.cs7011` unless given.
    model : torch module, optional
        The network with its weights, for what is measured; random weights unless given.
    image : (C, H, W) array of uint8, or of float as the model takes it, optional
        A photograph of scikit-learn's unless given.
    layer : str, optional
        A convolution, a pooling or the first fully connected layer; the last convolution unless given.
    unit : (row, column), optional
        The middle one unless given.
    channel : int, optional
        Which channel is measured; the strongest of the unit unless given.
    neighbours : bool
        Draw the boxes of the eight units around it too.
    overlay : "nothing", "gradient" or "average"
        What is measured: the pixels whose change would change the unit, in this model, or on average over
        random models.
    instance_norm : bool
        Think of an instance normalisation behind each convolution.

    Returns
    -------
    ReceptiveFields
        Shown as the last line of a cell. Its `value` has the unit's size, jump, start and box.

    Raises
    ------
    ArgumentError
        A setting is none of its choices, the unit lies outside its layer, or `model` or `image` does not
        fit `network`.

    Notes
    -----
    The box is that of the windows. Where a layer leaves cells over, the units at its far edge see less of
    it, which the gradient shows. Sources: Araujo, Norris & Sim (2019), "Computing Receptive Fields of
    Convolutional Neural Networks", Distill; Luo et al. (2016), arXiv:1701.04128, for what counts within it.

    Examples
    --------
    >>> field = receptive_field(layer="conv4", unit=(4, 0))
    >>> field.value.box
    (slice(5, 31, None), slice(0, 15, None))
    >>> field.layer = "pool1"
    >>> field.value.size, field.value.jump
    ((4, 4), (2, 2))
    """
    return ReceptiveFields(
        zoo.cs7011() if network is None else network,
        model,
        image,
        channel,
        layer=layer,
        unit=unit,
        neighbours=neighbours,
        overlay=overlay,
        instance_norm=instance_norm,
    )
