"""Receptive fields: which pixels of the input a unit can see."""

from __future__ import annotations

from dataclasses import dataclass

from cnnkit.layers import Shape
from cnnkit.shapes import Axis

__all__ = ["ReceptiveField"]


@dataclass(frozen=True)
class ReceptiveField:
    """What the units of one layer see of the input, per axis (height, width).

    Parameters
    ----------
    size : (int, int), in input pixels
    jump : (int, int), in input pixels
        The distance between the fields of two neighbouring units.
    start : (int, int), in input pixels
        The first row and column that unit (0, 0) would see; negative inside the padding.
    image : (int, int), in pixels
        Height and width of the network's input.

    Notes
    -----
    Source: Araujo, Norris & Sim (2019), "Computing Receptive Fields of Convolutional Neural
    Networks", Distill.
    """

    size: tuple[int, ...]
    jump: tuple[int, ...]
    start: tuple[int, ...]
    image: tuple[int, ...]

    @classmethod
    def of_pixel(cls, input_shape: Shape) -> ReceptiveField:
        """Return the field of the input itself: each pixel sees itself."""
        image = tuple(input_shape[1:])
        return cls((1,) * len(image), (1,) * len(image), (0,) * len(image), image)

    @classmethod
    def of_image(cls, input_shape: Shape) -> ReceptiveField:
        """Return the field of a unit that sees everything, as behind a Flatten."""
        image = tuple(input_shape[1:])
        return cls(image, (0,) * len(image), (0,) * len(image), image)

    def through(self, axes: tuple[Axis, Axis]) -> ReceptiveField:
        """Return the field after one more window per axis."""
        moves = list(zip(self.size, self.jump, self.start, axes, strict=True))
        return ReceptiveField(
            size=tuple(size + (axis.extent - 1) * jump for size, jump, _, axis in moves),
            jump=tuple(jump * axis.stride for _, jump, _, axis in moves),
            start=tuple(start - axis.pads[0] * jump for _, jump, start, axis in moves),
            image=self.image,
        )

    def box(self, row: int, col: int) -> tuple[slice, slice]:
        """Return the rows and columns of the image that unit (row, col) sees, cut at the image's edges.

        A unit that sees padding alone has an empty slice.

        Examples
        --------
        >>> from cnnkit import zoo
        >>> zoo.cs7011()["conv4"].receptive_field.box(4, 0)
        (slice(5, 31, None), slice(0, 15, None))
        """
        edges = zip((row, col), self.size, self.jump, self.start, self.image, strict=True)
        vertical, horizontal = (
            slice(*(min(max(edge, 0), image) for edge in (unit * jump + start, unit * jump + start + size)))
            for unit, size, jump, start, image in edges
        )
        return vertical, horizontal
