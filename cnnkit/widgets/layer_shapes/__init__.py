"""Layer-shape sliders: what one convolution does to a square image, moved by hand."""

from __future__ import annotations

import traitlets

from cnnkit.widgets.layer_shapes.value import LayerShape
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.fallback import PicturedWidget
from cnnkit.widgets.parts.settings import WholeNumber

__all__ = ["LIMITS", "LayerShape", "LayerShapes", "layer_shapes"]

# Least, where the slider ends, most: a number box goes on where its slider ends. With the most of
# everything a count stays below 2**53, the largest that the browser's numbers hold exactly.
LIMITS = {
    "size": (1, 64, 1024),
    "kernel_size": (1, 11, 31),
    "stride": (1, 8, 32),
    "padding": (0, 8, 32),
    "dilation": (1, 4, 32),
    "in_channels": (1, 128, 2048),
    "out_channels": (1, 128, 2048),
}


def _setting(name: str) -> WholeNumber:
    least, _, most = LIMITS[name]
    return WholeNumber(least, most, "" if name.endswith("channels") else "pixels").tag(sync=True)


class LayerShapes(PicturedWidget):
    """Sliders for the settings of one convolution, with all that follows from them drawn as they move.

    The attributes named as in `LayerShape` are the settings: set one, and the page follows.
    `layer_shapes` makes one of these.
    """

    called = "layer_shapes"
    _esm = script(called)
    _css = style(called)

    size = _setting("size")
    kernel_size = _setting("kernel_size")
    stride = _setting("stride")
    padding = _setting("padding")
    dilation = _setting("dilation")
    in_channels = _setting("in_channels")
    out_channels = _setting("out_channels")
    limits = traitlets.Dict(LIMITS, read_only=True).tag(sync=True)

    @property
    def value(self) -> LayerShape:
        """The settings as they stand now, and everything that follows from them."""
        return LayerShape(**{name: getattr(self, name) for name in LIMITS})

    def picture(self) -> bytes:
        """Return the drawing as a PNG."""
        from cnnkit.widgets.layer_shapes.picture import picture

        return picture(self.value)

    def __repr__(self) -> str:
        """Return the summary that a notebook shows where there is no browser."""
        return repr(self.value)


def layer_shapes(
    size: int = 32,
    kernel_size: int = 5,
    stride: int = 1,
    padding: int = 2,
    dilation: int = 1,
    in_channels: int = 3,
    out_channels: int = 32,
) -> LayerShapes:
    """Return sliders for the shapes, the parameters and the cost of one convolution.

    Parameters
    ----------
    size, kernel_size, stride, padding, dilation : int, in pixels
        Where the sliders start; the image and the kernel are square.
    in_channels, out_channels : int
        Channels of the input, and filters.

    Returns
    -------
    LayerShapes
        Shown as the last line of a cell. Its `value` holds the settings and everything computed.

    Raises
    ------
    ArgumentError
        A setting is not an integer, or outside its limits (`LIMITS`).

    Examples
    --------
    >>> sliders = layer_shapes(size=28, stride=2)
    >>> sliders.value.output, sliders.value.parameters
    (14, 2432)
    >>> sliders.padding = 0
    >>> sliders.value.formula
    'floor((28 + 2·0 − 5) / 2) + 1 = floor(23/2) + 1 = 12'
    """
    return LayerShapes(
        size=size,
        kernel_size=kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        in_channels=in_channels,
        out_channels=out_channels,
    )
