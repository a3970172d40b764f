"""The network whose filters are looked at, and the images that are shown to it: computed when asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.widgets.parts.given_model import GivenModel

if TYPE_CHECKING:
    from torch import Tensor

    from cnnkit.receptive import ReceptiveField

__all__ = ["FilteredImages"]

TOP = 9
AT_ONCE = 50  # images in one pass: the maps of a first layer are large


@dataclass
class FilteredImages:
    """A network's convolutions, and what they make of images."""

    model: Any  # None, a name, a run or a torch module
    images: Any  # None, a split, bytes, or what a loader gives
    _best: dict[str, tuple[NDArray[Any], NDArray[np.int64]]] = field(default_factory=dict)

    @cached_property
    def _given(self) -> GivenModel:
        return GivenModel("filter_grid", self.model, "cifar10")

    @cached_property
    def module(self) -> Any:
        """The torch module; a shipped network is read when it is first asked for.

        Raises
        ------
        ArgumentError
            No network, or one without convolutions.
        """
        from torch import nn

        module = self._given.module
        if not any(isinstance(part, nn.Conv2d) for part in module.modules()):
            raise ArgumentError("filter_grid: `model` has no convolution, expected at least 1. Give another.")
        return module

    @property
    def names(self) -> list[str]:
        """The names of the convolutions, from the image on."""
        from torch import nn

        return [name or "conv" for name, part in self.module.named_modules() if isinstance(part, nn.Conv2d)]

    def weights(self, layer: str) -> NDArray[np.float32]:
        """Return the filters of a convolution, (F, C, kH, kW)."""
        from cnnkit.nn.inspect.layer import find_layer

        part: Any = find_layer("filter_grid", self.module, layer)
        return np.asarray(part.weight.detach().float().cpu().numpy())

    def layers(self) -> list[dict[str, Any]]:
        """Return the convolutions as plain data for the page."""
        parts = dict(self.module.named_modules())
        return [
            {"name": name, "words": _words(parts[name]), "shape": list(self.weights(name).shape)}
            for name in self.names
        ]

    @cached_property
    def _channels(self) -> int:
        return int(self.weights(self.names[0]).shape[1])

    @cached_property
    def pictures(self) -> NDArray[np.uint8]:
        """The images as they are looked at, (N, C, H, W) bytes."""
        if self.images is None:
            if self._channels == 1:
                from cnnkit.data import load

                return np.asarray(load("digits").test.images[:200])
            from cnnkit.data.pieces import pieces

            network = self._given.network
            return pieces(network.input_shape[-1] if network else 32)
        found = np.asarray(getattr(self.images, "images", self.images))
        if found.ndim != 4 or 0 in found.shape or found.shape[1] not in (1, 3):
            raise ShapeError(
                f"filter_grid: `images` has shape {found.shape}, expected (N, C, H, W) with 1 or 3 channels."
                " A single image is images[None]."
            )
        if found.dtype == np.uint8:
            return found
        low, high = float(found.min()), float(found.max())
        return np.rint(255 * (found - low) / max(high - low, 1e-9)).astype(np.uint8)

    def _input(self, chosen: slice) -> Tensor:
        """Return some of the images as the network takes them."""
        import torch

        from cnnkit.nn.inputs import CIFAR10, MNIST
        from cnnkit.nn.inspect.images import matching

        given = self.images
        if hasattr(given, "loader"):
            mean, std = np.asarray(given.mean), np.asarray(given.std)
        elif given is not None and np.asarray(given).dtype != np.uint8:
            return matching(self.module, torch.from_numpy(np.array(np.asarray(given)[chosen])))
        else:
            mean, std = (np.asarray(part) for part in (MNIST if self._channels == 1 else CIFAR10))
        x = self.pictures[chosen].astype(np.float32) / 255
        x = (x - mean[:, None, None]) / std[:, None, None]
        return matching(self.module, torch.from_numpy(x.astype(np.float32)))

    def best(self, layer: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Return each filter's largest answer to each image, (N, F), and where it gave it, (N, F, 2)."""
        from cnnkit.nn.inspect import activations

        if layer not in self._best:
            values, places = [], []
            for start in range(0, len(self.pictures), AT_ONCE):
                maps = activations(self.module, self._input(slice(start, start + AT_ONCE)), layer)
                flat = maps.reshape(*maps.shape[:2], -1)  # (n, F, H' * W')
                values.append(flat.max(axis=2))
                places.append(np.stack(np.unravel_index(flat.argmax(axis=2), maps.shape[2:]), axis=-1))
            self._best[layer] = np.concatenate(values), np.concatenate(places)
        return self._best[layer]

    def seen(self, layer: str) -> ReceptiveField | None:
        """Return what a unit of the layer sees, or None where the layers do not follow one another."""
        from cnnkit.nn.inspect.field import field_of

        try:
            return field_of("filter_grid", self.module, layer, self.pictures.shape[1:])
        except ArgumentError:
            return None

    def answer(self, layer: str, number: int, image: int) -> dict[str, Any]:
        """Return what one filter makes of one image, and the images that it answers most strongly."""
        from cnnkit.nn.inspect import activations

        value, place = self.best(layer)
        order = np.argsort(-value[:, number], kind="stable")[:TOP]
        x = self._input(slice(image, image + 1))
        (found,) = activations(self.module, x, layer, number)[0]
        row, column = (int(edge) for edge in place[image, number])
        guided, note = self._guided(x, layer, number)
        return {
            "shape": list(self.pictures.shape[1:]),
            "picture": self.pictures[image].tobytes(),
            "map": {"shape": list(found.shape), "values": found.astype("<f4").tobytes()},
            "place": [row, column],
            "value": float(value[image, number]),
            "box": self._box(layer, row, column),
            "guided": guided,
            "note": note,
            "top": [
                {
                    "index": int(n),
                    "value": float(value[n, number]),
                    "box": self._box(layer, *map(int, place[n, number])),
                }
                for n in order
            ],
            "pictures": self.pictures[order].tobytes(),
        }

    def _guided(self, x: Tensor, layer: str, number: int) -> tuple[bytes, str]:
        """Return the guided gradient, or why there is none: no hook sees a ReLU called as a function."""
        from cnnkit.nn.inspect import guided_backprop

        try:
            return guided_backprop(self.module, x, number, layer=layer)[0].astype("<f4").tobytes(), ""
        except ArgumentError as error:
            return b"", str(error)

    def _box(self, layer: str, row: int, column: int) -> list[int]:
        seen = self.seen(layer)
        if seen is None:
            return [0, self.pictures.shape[2], 0, self.pictures.shape[3]]
        rows, columns = seen.box(row, column)
        return [rows.start, rows.stop, columns.start, columns.stop]


def _words(part: Any) -> str:
    channels = f"{part.in_channels} channel{'s' if part.in_channels > 1 else ''}"
    size = " × ".join(map(str, part.kernel_size))
    return f"{part.out_channels} filters of {size}, {channels}"
