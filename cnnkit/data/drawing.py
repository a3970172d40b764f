"""The stand-in shapes10: ten shapes, drawn in whole numbers, so that every machine draws the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from cnnkit.data.chance import Chance

__all__ = ["SHAPES", "draw"]

Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]

# A shape is a rule on (u, v), its own coordinates: its centre is (0, 0), it reaches to about RADIUS, and the
# squares of its coordinates fit into 32 bits.
RADIUS = 1024
TURNS = 64  # directions in a full turn
UNIT = 1024  # cosines are whole multiples of 1 / UNIT
FINE = 2  # samples along each side of a pixel
SUB = 4  # finest position, in parts of a sample
AT_ONCE = 250  # images drawn together: their arrays stay in the processor's cache


def _wheel(turns: int) -> list[tuple[int, int]]:
    angles = [2 * pi * turn / turns for turn in range(turns)]
    return [(round(UNIT * cos(angle)), round(UNIT * sin(angle))) for angle in angles]


def _disc(u: Ints, v: Ints) -> Mask:
    return _within(u, v, 860)


def _ring(u: Ints, v: Ints) -> Mask:
    return _within(u, v, 920) & ~_within(u, v, 560)


def _square(u: Ints, v: Ints) -> Mask:
    return _box(u, v, 760, 760)


def _frame(u: Ints, v: Ints) -> Mask:
    return _box(u, v, 800, 800) & ~_box(u, v, 480, 480)


def _triangle(u: Ints, v: Ints) -> Mask:
    within: Mask = _inside(u, v, _wheel(3), 520) == 3
    return within


def _cross(u: Ints, v: Ints) -> Mask:
    return _box(u, v, 290, 960) | _box(u, v, 960, 290)


def _star(u: Ints, v: Ints) -> Mask:
    # a pentagram is what lies inside at least four of its five lines
    return _inside(u, v, _wheel(5), 330) >= 4


def _crescent(u: Ints, v: Ints) -> Mask:
    return _within(u, v, 920) & ~_within(u - 430, v, 700)


def _bars(u: Ints, v: Ints) -> Mask:
    return _box(u, v, 860, 190) | _box(u, v - 640, 860, 190) | _box(u, v + 640, 860, 190)


def _arrow(u: Ints, v: Ints) -> Mask:
    head = (u > 0) & (u + np.abs(v) < 960)
    return head | _box(u + 420, v, 500, 230)


RULES: dict[str, Callable[[Ints, Ints], Mask]] = {
    "arrow": _arrow,
    "bars": _bars,
    "crescent": _crescent,
    "cross": _cross,
    "disc": _disc,
    "frame": _frame,
    "ring": _ring,
    "square": _square,
    "star": _star,
    "triangle": _triangle,
}
SHAPES = tuple(RULES)


def draw(labels: NDArray[np.int64], size: int, channels: int, seed: int) -> NDArray[np.uint8]:
    """Draw one image for each label, a number of `SHAPES`.

    Each shape has a place, a size, a turn and a colour of its own, stands on a background of two colours that
    run into each other, often beside a stroke that belongs to no class, and under noise.

    Parameters
    ----------
    labels : (N,) array of int, 0 to 9
    size : int, in pixels
    channels : int
    seed : int

    Returns
    -------
    (N, channels, size, size) array of uint8

    Examples
    --------
    >>> draw(np.arange(10), 32, 3, seed=0).shape
    (10, 3, 32, 32)
    """
    x = np.empty((len(labels), channels, size, size), np.uint8)
    for start in range(0, len(labels), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        x[part] = _drawn(labels[part], size, channels, Chance(seed, start))
    return x


def _drawn(labels: NDArray[np.int64], size: int, channels: int, chance: Chance) -> NDArray[np.int64]:
    count = len(labels)
    ink, paper = _colours(count, channels, chance)
    x = _background(paper, size, chance)  # (N, C, H, W)
    # In two of three images a stroke in the shape's own ink, so that the mere amount of it tells nothing.
    shown = 16 * chance.between(0, 2, count, 1, 1)
    stroke = _box(*_coordinates(count, size, chance, radius=(30, 60), margin=0), 800, 95)
    x = _painted(x, ink, _coverage(stroke, size) * shown >> 5)
    u, v = _coordinates(count, size, chance, radius=(size * 2, size * 7 // 2), margin=size * 3 // 8)
    mask = np.empty(u.shape, bool)
    for label, rule in enumerate(RULES.values()):
        of_class = labels == label
        mask[of_class] = rule(u[of_class], v[of_class])
    x = _painted(x, ink, _coverage(mask, size))
    noise = chance.bytes(count, channels, size, size).astype(np.int64) - 128
    return np.clip(x + noise * chance.between(8, 32, count, 1, 1, 1) // 128, 0, 255)


def _coordinates(
    count: int, size: int, chance: Chance, radius: tuple[int, int], margin: int
) -> tuple[Ints, Ints]:
    """Return (u, v), each (N, H * FINE, W * FINE): every sample's place in its shape's own coordinates."""
    pixel = FINE * SUB
    centre = chance.between(margin * pixel, (size - margin) * pixel, 2, count, 1, 1)
    grid = np.arange(size * FINE) * SUB + SUB // 2
    dx, dy = (grid - centre[0]).astype(np.int32), (grid[:, None] - centre[1]).astype(np.int32)
    wheel = np.array(_wheel(TURNS), np.int32)[chance.below(TURNS, count)]
    cosine, sine = (wheel[:, axis, None, None] for axis in (0, 1))
    # u = RADIUS * (what dx and dy are, turned) / radius, and RADIUS = UNIT
    inverse = (65536 // chance.between(*radius, count, 1, 1)).astype(np.int32)
    return (dx * cosine + dy * sine) * inverse >> 16, (dy * cosine - dx * sine) * inverse >> 16


def _coverage(mask: Mask, size: int) -> Ints:
    """Return (N, H, W): how much of each pixel the shape covers, 0 to 32."""
    samples = mask.reshape(len(mask), size, FINE, size, FINE).sum(axis=(2, 4), dtype=np.int32)
    cover: Ints = samples * (32 // FINE**2)
    return cover


def _painted(x: NDArray[np.int64], ink: NDArray[np.int64], cover: NDArray[np.integer]) -> NDArray[np.int64]:
    return x + ((ink - x) * cover[:, None] >> 5)


def _colours(count: int, channels: int, chance: Chance) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ink (N, C, 1, 1) and two papers (2, N, C, 1, 1); the ink is lighter in every channel."""
    shape = (count, channels, 1, 1)
    paper = chance.below(152, *shape)
    ink = paper + chance.between(56, 103, *shape)
    return ink, np.stack([paper, np.clip(paper + chance.between(-24, 24, *shape), 0, 255)])


def _background(paper: NDArray[np.int64], size: int, chance: Chance) -> NDArray[np.int64]:
    """Let one paper run into the other along a direction of its own."""
    wheel = np.array(_wheel(TURNS))[chance.below(TURNS, paper.shape[1])]
    grid = 2 * np.arange(size) - size + 1
    along = wheel[:, 0, None, None] * grid + wheel[:, 1, None, None] * grid[:, None]  # (N, H, W)
    share = np.clip(along // (3 * size) + 512, 0, 1024)[:, None]
    mixed: NDArray[np.int64] = paper[0] + ((paper[1] - paper[0]) * share >> 10)
    return mixed


def _within(u: Ints, v: Ints, radius: int) -> Mask:
    near: Mask = u * u + v * v < radius * radius
    return near


def _box(u: Ints, v: Ints, half_width: int, half_height: int) -> Mask:
    return (np.abs(u) < half_width) & (np.abs(v) < half_height)


def _inside(u: Ints, v: Ints, directions: list[tuple[int, int]], distance: int) -> NDArray[np.uint8]:
    """Count for each place the lines, `distance` from the centre, that it lies on the near side of."""
    sides = np.zeros(np.broadcast_shapes(u.shape, v.shape), np.uint8)
    for cosine, sine in directions:
        sides += u * cosine + v * sine < distance * UNIT
    return sides
