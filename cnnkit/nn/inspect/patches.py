"""The images that make a neuron fire most, and the part of each that the neuron saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cnnkit.errors import ArgumentError
from cnnkit.nn.evaluate import evaluation_mode
from cnnkit.nn.inspect.field import field_of
from cnnkit.nn.inspect.forward import forward
from cnnkit.nn.inspect.images import Images, in_batches, shown
from cnnkit.nn.inspect.layer import find_layer, output_of, watched
from cnnkit.nn.inspect.unit import Unit, require_unit
from cnnkit.nn.names import require_whole
from cnnkit.receptive import ReceptiveField

__all__ = ["TopPatches", "top_patches"]

Box = tuple[slice, slice]


@dataclass(frozen=True, eq=False, repr=False)
class TopPatches:
    """The images that a neuron answers most strongly, the strongest first.

    Attributes
    ----------
    layer : str
    unit : int, or (channel, row, column)
    index : (k,) array of int, the places of the images in their set
    value : (k,) array of float, what the neuron gave
    position : (k, 2) array of int, the rows and columns of the layer where it gave that; zeros behind a
        Flatten
    boxes : k pairs of slices, the rows and columns of the image that the neuron sees there; the whole image
        from a Flatten on
    images : (k, C, H, W) array, the whole images; a split's own bytes
    field : ReceptiveField
    """

    layer: str
    unit: Unit
    index: NDArray[np.int64]
    value: NDArray[Any]
    position: NDArray[np.int64]
    boxes: tuple[Box, ...]
    images: NDArray[Any]
    field: ReceptiveField

    def __len__(self) -> int:
        return len(self.index)

    @property
    def patches(self) -> list[NDArray[Any]]:
        """What the neuron saw of each image, (C, h, w); smaller than its field at the image's edge."""
        return [
            image[:, rows, columns] for image, (rows, columns) in zip(self.images, self.boxes, strict=True)
        ]

    def __repr__(self) -> str:
        """Return the table of images, values and boxes."""
        lines = [f"{self.layer}, {self.unit}: sees {self.field.size[0]} × {self.field.size[1]} pixels"]
        lines += [f"{'image':>7}  {'value':>9}  {'at':>8}  {'rows':>7}  {'columns':>7}"]
        for n, value, (row, column), box in zip(
            self.index, self.value, self.position, self.boxes, strict=True
        ):
            rows, columns = (f"{edge.start}–{edge.stop - 1}" for edge in box)
            lines.append(f"{n:>7}  {value:>9.4g}  {f'{row}, {column}':>8}  {rows:>7}  {columns:>7}")
        return "\n".join(lines)


def top_patches(
    model: nn.Module, images: Images, layer: str, unit: Unit, k: int = 9, batch_size: int = 250
) -> TopPatches:
    """Find the images that a neuron answers most strongly, and trace back what it saw of them.

    Parameters
    ----------
    model : torch.nn.Module
        A chain of layers that cnnkit knows, such as `cnnkit.nn.build` makes.
    images : Split, or (N, C, H, W) array or tensor, normalised as the split's loader does
    layer : str
        As ``model.named_modules()`` names it.
    unit : int, or (channel, row, column)
        A channel, which is looked for at every place of an image and counts once an image, at its strongest;
        or the one neuron at a place. Behind a Flatten: the number of the neuron.
    k : int, 1 to N
    batch_size : int, in images

    Returns
    -------
    TopPatches
        Of equal values, the image and the place that come first. Its boxes are the whole receptive field,
        cut at the image's edges: max pooling may have used less of it in this very image.

    Raises
    ------
    ArgumentError
        As `activations`; a channel, row or column past the last; `k` larger than the number of images;
        a model whose layers do not follow one another.
    ShapeError
        As `activations`.

    Notes
    -----
    Source: Girshick et al. (2014), "Rich feature hierarchies", section 3.1, arXiv:1311.2524.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnkit import nn, zoo
    >>> model, noise = nn.build(zoo.cs7011()), np.random.default_rng(0).normal(size=(20, 3, 32, 32))
    >>> top = top_patches(model, noise, "conv4", 7, k=3)
    >>> top.field.size, top.field.jump, len(top.patches)
    ((26, 26), (4, 4), 3)
    """
    part = find_layer("top_patches", model, layer)
    k = require_whole("top_patches", "k", k, 1)
    values, places = [], []
    field: ReceptiveField | None = None
    with evaluation_mode(model):
        for x in in_batches("top_patches", model, images, batch_size):
            with watched(model, part) as outputs:
                forward("top_patches", model, x)
            output = output_of("top_patches", layer, outputs)
            wanted = require_unit("top_patches", unit, tuple(output.shape[1:]), layer)
            field = field or field_of("top_patches", model, layer, tuple(x.shape[1:]))
            best, place = output[:, wanted[0]].cpu().numpy(), np.zeros((len(x), 2), dtype=np.int64)
            if len(wanted) == 3:
                best, place = best[:, wanted[1], wanted[2]], place + wanted[1:]
            elif best.ndim == 3:
                flat = best.reshape(len(x), -1)
                place = np.stack(np.unravel_index(flat.argmax(axis=1), best.shape[1:]), axis=1)
                best = flat.max(axis=1)
            values.append(best)
            places.append(place)
    value, position = np.concatenate(values), np.concatenate(places)
    if field is None or k > len(value):
        raise ArgumentError(
            f"top_patches: `k` is {k}, expected at most {len(value)}, the number of images. Take more images."
        )
    index = np.argsort(-value, kind="stable")[:k]
    boxes = tuple(field.box(*map(int, place)) for place in position[index])
    pictures = shown(images, index)
    return TopPatches(layer, unit, index, value[index], position[index], boxes, pictures, field)
