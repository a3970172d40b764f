"""A network that computes what ConvNetJS computes, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.convnetjs.defs import parse_layer_defs
from cnnkit.convnetjs.draws import MathRandom
from cnnkit.convnetjs.layer import Array, Layer, Parameter
from cnnkit.convnetjs.losses import Loss, Regression, Softmax, Svm
from cnnkit.convnetjs.pointwise import Dropout, Relu, Sigmoid, Tanh
from cnnkit.convnetjs.pool import Pool
from cnnkit.convnetjs.spec import LayerSpec, complete, layer_names
from cnnkit.convnetjs.weighted import Conv, FullyConn, Weighted
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.shapes import shape_text

__all__ = ["Net"]

PLAIN: dict[str, type[Layer]] = {
    "input": Layer, "pool": Pool, "relu": Relu, "sigmoid": Sigmoid, "tanh": Tanh, "dropout": Dropout,
    "softmax": Softmax, "svm": Svm, "regression": Regression,
}  # fmt: skip
WEIGHTED: dict[str, type[Weighted]] = {"conv": Conv, "fc": FullyConn}
# Examples computed at once: more would leave the processor's cache, fewer would wait for Python.
BLOCK = 20


class Net:
    """A ConvNetJS network in float64.

    Parameters
    ----------
    layer_defs : str, or iterable of mapping
        The demo's text, or what `parse_layer_defs` returns.
    seed : int or MathRandom
        Where weights and dropout come from. A MathRandom goes on where its last user stopped, as
        ``Math.random`` does on a page that makes two networks.

    Attributes
    ----------
    layers : tuple of Layer
        The inserted ones too; each has its ``spec``.
    random : MathRandom

    Raises
    ------
    ArgumentError, ShapeError
        As `parse_layer_defs`.

    Notes
    -----
    Weights are drawn from N(0, 1/n) with n inputs, filter by filter in the order of the layers; biases
    are 0, and 0.1 before a relu. Examples are independent of each other: a batch gives what its
    examples give one by one. Dropout multiplies by `drop_prob` outside training, which is right for 0.5
    alone.

    Examples
    --------
    >>> net = Net('''
    ... layer_defs.push({type:'input', out_sx:24, out_sy:24, out_depth:1});
    ... layer_defs.push({type:'conv', sx:5, filters:8, stride:1, pad:2, activation:'relu'});
    ... layer_defs.push({type:'pool', sx:2, stride:2});
    ... layer_defs.push({type:'softmax', num_classes:10});
    ... ''', seed=1)
    >>> net
    Net: 11738 parameters
     1 input   24x24x1
     2 conv    24x24x8  208
     3 relu    24x24x8
     4 pool    12x12x8
     5 fc      1x1x10   11530
     6 softmax 1x1x10
    >>> net.forward(np.zeros((2, 1, 24, 24))).shape
    (2, 10)
    """

    def __init__(self, layer_defs: str | Iterable[Mapping[str, Any]], seed: int | MathRandom = 0) -> None:
        definitions = parse_layer_defs(layer_defs) if isinstance(layer_defs, str) else layer_defs
        self.random = seed if isinstance(seed, MathRandom) else MathRandom(seed)
        self._assemble(complete(definitions, "Net"), self.random)

    @classmethod
    def of_specs(cls, specs: Sequence[LayerSpec]) -> Net:
        """Return a network of these layers whose weights are still 0."""
        net = cls.__new__(cls)
        net.random = MathRandom()
        net._assemble(specs, None)
        return net

    def _assemble(self, specs: Sequence[LayerSpec], random: MathRandom | None) -> None:
        self.layers: tuple[Layer, ...] = tuple(
            WEIGHTED[spec.type](spec, random) if spec.type in WEIGHTED else PLAIN[spec.type](spec)
            for spec in specs
        )
        loss = self.layers[-1]
        assert isinstance(loss, Loss)  # complete() and the snapshots see to it
        self._loss = loss
        self._dropouts = [layer for layer in self.layers if isinstance(layer, Dropout)]
        self._trained_on = 0

    @property
    def specs(self) -> tuple[LayerSpec, ...]:
        """Every layer in ConvNetJS's words."""
        return tuple(layer.spec for layer in self.layers)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Weights and biases with their gradients, in the order of the layers."""
        return tuple(parameter for layer in self.layers for parameter in layer.parameters)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one example."""
        sx, sy, depth = self.layers[0].spec.output_size
        return depth, sy, sx

    def forward(self, x: ArrayLike, training: bool = False) -> Array:
        """Compute the outputs for a batch.

        Parameters
        ----------
        x : (N, C, H, W) array of numbers; (N, C) will do where H = W = 1
            Not scaled here; the demo of 2014 gives pixels / 255.
        training : bool
            Drop out at random, and keep what `backward` needs.

        Returns
        -------
        (N, outputs) array
            Probabilities after softmax, scores after svm, numbers after regression.

        Raises
        ------
        ShapeError, ArgumentError
            `x` has another shape, or holds no real numbers.
        """
        images = self._images(x, "Net.forward")
        if training:
            self._draw(len(images))
            self._trained_on = len(images)
            return self._through(images, training=True)
        starts = range(0, len(images), BLOCK)
        blocks = [self._through(images[at : at + BLOCK], training=False) for at in starts]
        return np.concatenate(blocks) if blocks else np.empty((0, self._loss.outputs))

    def _through(self, images: Array, training: bool) -> Array:
        volumes = np.ascontiguousarray(images.transpose(0, 2, 3, 1), dtype=float)
        for layer in self.layers:
            volumes = layer.forward(volumes, training)
        return volumes

    def _draw(self, count: int) -> None:
        sizes = [layer.spec.output_size for layer in self._dropouts]
        if not sizes:
            return
        # ConvNetJS takes one example through all layers before it draws for the next
        drawn = self.random.uniform(count * sum(size.cells for size in sizes)).reshape(count, -1)
        ends = np.cumsum([size.cells for size in sizes])[:-1]
        for layer, size, part in zip(self._dropouts, sizes, np.split(drawn, ends, axis=1), strict=True):
            layer.uniform = part.reshape(count, *size.rows_first)

    def backward(self, target: ArrayLike) -> Array:
        """Add the gradients of the last ``forward(x, training=True)`` to those of the parameters.

        Parameters
        ----------
        target : (N,) integers, the classes; (N, outputs) numbers for regression

        Returns
        -------
        (N,) array
            The loss of each example, without weight decay. Gradients are sums over examples, not means.

        Raises
        ------
        ShapeError, ArgumentError
            `target` does not go with the batch, or there was no ``forward(x, training=True)``.
        """
        if not self._trained_on:
            raise ArgumentError(
                "Net.backward: there is no batch to go back through, expected a forward(x, training=True)"
                " before each backward. Call it first."
            )
        loss, grad = self._loss.start(self._loss.read(target, self._trained_on, "Net.backward"))
        self._trained_on = 0
        for layer in reversed(self.layers[:-1]):
            grad = layer.backward(grad)
        return loss

    def predict(self, x: ArrayLike) -> Array:
        """Return the class with the largest output for each example, (N,); the first of equal ones."""
        classes: Array = self.forward(x).argmax(axis=1)
        return classes

    def check(self, x: ArrayLike, target: ArrayLike, function: str = "Net.check") -> tuple[Array, Array]:
        """Return `x` (N, C, H, W) and `target` as arrays if this network can be trained on them, or raise.

        Parameters
        ----------
        x, target : as for `forward` and `backward`
        function : str
            Who asks; messages begin with it.

        Raises
        ------
        ShapeError, ArgumentError
            As `forward` and `backward`.
        """
        images = self._images(x, function)
        return images, self._loss.read(target, len(images), function)

    @property
    def weights(self) -> dict[str, Array]:
        """Copies of all weights under torch's names and in torch's order.

        ``conv1.weight`` is (filters, channels, rows, columns); the columns of ``fc.weight`` go channel by
        channel, as after ``torch.nn.Flatten``, while ConvNetJS goes row by row with the channel last.
        """
        found = {}
        for name, layer in self._weighted():
            found[f"{name}.weight"] = np.ascontiguousarray(_to_torch(layer.weight.value, layer.spec))
            found[f"{name}.bias"] = layer.bias.value.copy()
        return found

    def load_weights(self, weights: Mapping[str, ArrayLike]) -> None:
        """Take weights under the names and in the order of `weights`; gradients start anew.

        Raises
        ------
        ArgumentError
            A name is missing or unknown.
        ShapeError
            An array has another shape.
        """
        wanted = self.weights
        if set(weights) != set(wanted):
            raise ArgumentError(
                f"Net.load_weights: `weights` has {', '.join(sorted(weights)) or 'nothing'}, expected"
                f" {', '.join(sorted(wanted))}. Take them from a network of the same layers."
            )
        arrays = {name: np.asarray(value, dtype=float) for name, value in weights.items()}
        for name, array in arrays.items():
            if array.shape != wanted[name].shape:
                raise ShapeError(
                    f"Net.load_weights: `{name}` has shape {shape_text(array.shape)}, expected"
                    f" {shape_text(wanted[name].shape)}. Take it from a network of the same layers."
                )
        for name, layer in self._weighted():
            layer.weight.value[:] = _from_torch(arrays[f"{name}.weight"], layer.spec)
            layer.bias.value[:] = arrays[f"{name}.bias"]
        for parameter in self.parameters:
            parameter.grad[:] = 0

    def _weighted(self) -> list[tuple[str, Weighted]]:
        named = zip(layer_names(self.specs), self.layers, strict=True)
        return [(name, layer) for name, layer in named if isinstance(layer, Weighted)]

    def _images(self, x: ArrayLike, function: str) -> Array:
        images = np.asarray(x)
        if images.dtype.kind not in "biuf":
            raise ArgumentError(
                f"{function}: `x` holds {images.dtype}, expected real numbers."
                " Convert it first: np.array(x, dtype=float)."
            )
        wanted = self.input_shape
        if images.ndim == 2 and wanted[1:] == (1, 1):
            images = images[:, :, None, None]
        if images.shape[1:] != wanted or images.ndim != 4:
            raise ShapeError(
                f"{function}: `x` has shape {shape_text(images.shape)}, expected"
                f" {shape_text(('N', *wanted))}. {self._cure(images.shape)}"
            )
        return images

    def _cure(self, shape: tuple[int, ...]) -> str:
        channels, height, width = self.input_shape
        if shape == self.input_shape:
            return "Add the batch: x[None]."
        if len(shape) == 4 and shape[1] == channels and shape[2] > height and shape[3] > width:
            return f"Crop it: augment(x, {width})." if height == width else "Crop it."
        return "Reshape it."

    def __repr__(self) -> str:
        total = sum(spec.parameters for spec in self.specs)
        rows = [(str(spec.number), spec.type, str(spec.output_size), spec.parameters) for spec in self.specs]
        widths = [max(len(str(row[column])) for row in rows) for column in range(3)]
        lines = [
            f" {number:>{widths[0]}} {kind:{widths[1]}} {size:{widths[2]}}  {count or ''}".rstrip()
            for number, kind, size, count in rows
        ]
        return "\n".join([f"Net: {total} parameters", *lines])


def _to_torch(rows: Array, spec: LayerSpec) -> Array:
    """(filters, n) in ConvNetJS's order to torch's."""
    volume = spec.input_size if spec.type == "fc" else spec.filter_size
    channel_first = rows.reshape(-1, *volume.rows_first).transpose(0, 3, 1, 2)
    return channel_first.reshape(len(rows), -1) if spec.type == "fc" else channel_first


def _from_torch(weight: Array, spec: LayerSpec) -> Array:
    """Undo `_to_torch`."""
    volume = spec.input_size if spec.type == "fc" else spec.filter_size
    channel_first = weight.reshape(len(weight), volume.depth, volume.sy, volume.sx)
    return channel_first.transpose(0, 2, 3, 1).reshape(len(weight), -1)
