"""The layer stack: a whole network on the table, to be changed layer by layer and copied as code."""

from __future__ import annotations

from typing import Any

import traitlets

from cnnkit import zoo
from cnnkit.errors import ArgumentError
from cnnkit.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.network import Network
from cnnkit.shapes import shape_text
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.fallback import PicturedWidget
from cnnkit.widgets.parts.network_json import checked, code, from_json, stages, to_json

__all__ = ["LayerStack", "layer_stack"]

# Least, where the slider ends, most; of sizes in pixels, of Dropout in percent.
LIMITS = {
    "channels": (1, 16, 2048),
    "size": (1, 64, 1024),
    "in_channels": (1, 256, 2048),
    "out_channels": (1, 256, 2048),
    "num_features": (1, 256, 16384),
    "in_features": (1, 4096, 1 << 24),
    "out_features": (1, 1024, 16384),
    "kernel_size": (1, 11, 31),
    "stride": (1, 8, 32),
    "padding": (0, 8, 32),
    "dilation": (1, 4, 32),
    "groups": (1, 32, 2048),
    "p": (0, 100, 100),
}
SMALL = Network(
    (3, 32, 32),
    [
        *(Conv2d(3, 16, 3, padding=1), ReLU(), MaxPool2d(2)),
        *(Conv2d(16, 32, 3, padding=1), ReLU(), MaxPool2d(2)),
        *(Flatten(), Linear(2048, 64), ReLU(), Linear(64, 10)),
    ],
)


class _Description(traitlets.Dict):  # type: ignore[type-arg]
    """A network as plain data, or a Network, which becomes that."""

    def validate(self, obj: Any, value: Any) -> dict[str, Any]:
        """Return `value` as plain data, or say why it is no network."""
        if isinstance(value, Network):
            return to_json(value, follow=True)
        checked(value, obj.called)
        return dict(value)


class _Place(traitlets.Int):  # type: ignore[type-arg]
    """Which row is open: a layer counted from 1, 0 for the input, None for none."""

    def validate(self, obj: Any, value: Any) -> int | None:
        """Return `value`, or say what is wrong with it."""
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
            return value
        raise ArgumentError(
            f"{obj.called}: `selected` is {value!r}, expected a layer's place from 1, 0 for the input, or"
            " None. Count the layers from 1."
        )


class LayerStack(PicturedWidget):
    """A network as a list of layers that can be added, removed, moved and set by hand.

    `network` is it as plain data (see `cnnkit.widgets.parts.network_json`), `selected` the row that is open,
    and `value` it as a Network. `layer_stack` makes one of these.
    """

    called = "layer_stack"
    _esm = script(called)
    _css = style(called)

    network = _Description().tag(sync=True)
    selected = _Place(None, allow_none=True).tag(sync=True)
    limits = traitlets.Dict(LIMITS, read_only=True).tag(sync=True)
    presets = traitlets.Dict(read_only=True).tag(sync=True)

    @traitlets.default("network")
    def _small(self) -> dict[str, Any]:
        return to_json(SMALL, follow=True)

    @traitlets.default("presets")
    def _of_the_course(self) -> dict[str, Any]:
        return {name: to_json(getattr(zoo, name)(), follow=True) for name in zoo.__all__}

    @property
    def value(self) -> Network:
        """The network as it stands.

        While a layer cannot work there is none: the error that such a network raises is raised here, and
        `problem` has its words.
        """
        return from_json(self.network, self.called)

    @value.setter
    def value(self, network: Network) -> None:
        self.network = to_json(network, follow=True) if isinstance(network, Network) else network

    @property
    def problem(self) -> str | None:
        """Why the network cannot work, and the cure; None if it can."""
        words: str | None = stages(self.network)["problem"]
        return words

    @property
    def code(self) -> str:
        """The network as cnnkit's code; an error where `value` is one."""
        return code(self.value)

    @property
    def torch_code(self) -> str:
        """The network as torch's ``nn.Sequential``; an error where `value` is one."""
        return code(self.value, "torch")

    def picture(self) -> bytes:
        """Return the stack with its sizes and bars as a PNG."""
        from cnnkit.widgets.layer_stack.picture import picture

        return picture(self.network)

    def __repr__(self) -> str:
        """Return the ledger's table, or how far the network goes and what is wrong."""
        told = stages(self.network)
        if not told["problem"]:
            return repr(self.value.ledger())
        lines = [f"input: {shape_text(tuple(self.network['input_shape']))}"]
        for row in told["rows"]:
            made = shape_text(tuple(row["output_shape"])) if row["output_shape"] else "no size"
            lines.append(f"{row['name']}: {row['code']} -> {'impossible' if row['problem'] else made}")
        return "\n".join([*lines, told["problem"]])


def layer_stack(network: Network | dict[str, Any] | None = None, selected: int | None = None) -> LayerStack:
    """Return a network as a stack of layers to change by hand: sizes, parameters, multiply-adds, code.

    Parameters
    ----------
    network : Network, optional
        Where to start; a small network for 32x32 colour images otherwise. What a layer has as its input
        (`in_channels`, `in_features`, `num_features`) follows the layer before it from then on.
    selected : int, optional
        The row that is open at the start: a layer counted from 1, or 0 for the input.

    Returns
    -------
    LayerStack
        Shown as the last line of a cell. Its `value` is the network as it stands and can be set; `code` and
        `torch_code` are the network as code. While a layer cannot take its input, `value` raises what such a
        network raises, and `problem` has the words.

    Raises
    ------
    ArgumentError
        `network` is no network, or `selected` no place.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> stack = layer_stack(zoo.report_cnn())
    >>> stack.value.ledger().total
    390410
    >>> stack.value = Network((1, 28, 28), [Conv2d(1, 8, 5), ReLU(), Flatten(), Linear(4608, 10)])
    >>> print(stack.code)
    from cnnkit import Network
    from cnnkit.layers import Conv2d, Flatten, Linear, ReLU
    <BLANKLINE>
    network = Network((1, 28, 28), [
        Conv2d(1, 8, 5),   # (8, 24, 24)
        ReLU(),            # (8, 24, 24)
        Flatten(),         # (4608,)
        Linear(4608, 10),  # (10,)
    ])
    """
    given = {} if network is None else {"network": network}
    stack = LayerStack(**given)
    stack.selected = selected
    return stack
