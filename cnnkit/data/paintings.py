"""Paintings by rule, whose manner can be given to a photograph: waves, mosaic, ink."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError, did_you_mean
from cnnkit.functional.arguments import whole

__all__ = ["PAINTINGS", "painting"]

Floats = NDArray[np.float64]

FINE = 2  # samples along each side of a pixel
LEAST = 32  # pixels


def painting(name: str, size: int = 256, seed: int = 0) -> NDArray[np.uint8]:
    """Paint a picture by rule.

    Parameters
    ----------
    name : "waves", "mosaic" or "ink"
        Strokes of blue and gold along a current; tiles of glass between dark joints; a pen's hatching on
        paper.
    size : int, in pixels, at least 32
        The sides of the picture. A larger one shows more, not larger strokes.
    seed : int, at least 0
        Another seed paints another picture in the same manner.

    Returns
    -------
    (3, size, size) array of uint8

    Raises
    ------
    ArgumentError
        No such name, and the nearest is suggested; a number that is too small.

    Examples
    --------
    >>> painting("waves").shape
    (3, 256, 256)
    """
    if not isinstance(name, str) or name not in PAINTINGS:
        raise ArgumentError(
            f"painting: `name` is {name!r}, expected one of {', '.join(PAINTINGS)}."
            f" {did_you_mean(name, PAINTINGS)}"
        )
    size = whole("painting", "size", size, LEAST)
    rng = np.random.default_rng(whole("painting", "seed", seed, 0))
    samples = RULES[name](size * FINE, rng)  # (size * FINE, size * FINE, 3), 0 to 1
    pixels = samples.reshape(size, FINE, size, FINE, 3).mean(axis=(1, 3))
    return np.ascontiguousarray((pixels.clip(0, 1) * 255).round().astype(np.uint8).transpose(2, 0, 1))


def _waves(side: int, rng: np.random.Generator) -> Floats:
    """Smear specks of paint along a current with whirls in it."""
    y, x = _grid(side)
    angle = 0.55 * np.sin(2 * pi * (0.008 * x + 0.003 * y)) + 0.35
    for _ in range(max(2, side * side // 30_000)):
        row, column, reach, turn = (*rng.uniform(0, side, 2), rng.uniform(45, 110), rng.choice([-1, 1]))
        dy, dx = y - row, x - column
        near = np.exp(-(dx**2 + dy**2) / (2 * reach**2))
        around = np.arctan2(dx * turn, -dy * turn)  # across the line to the whirl's middle
        angle = angle + near * np.angle(np.exp(1j * (around - angle)))
    cells = -(-side // 6)
    specks = rng.standard_normal((cells, cells)).repeat(6, 0).repeat(6, 1)[:side, :side]
    strokes = _along(specks, np.cos(angle), np.sin(angle), 34)
    light = _along(_smooth(rng, side, 70), np.cos(angle), np.sin(angle), 34)
    tone = light / light.std() + 0.6 * strokes / strokes.std()
    tone = (tone - tone.mean()) / tone.std()
    colours = ["#0B1F4B", "#123B7A", "#1F63A8", "#3E92C9", "#9CCBE0", "#F3E7B3", "#F2B632"]
    return _shaded(tone, colours, [-1.7, -0.9, -0.25, 0.35, 0.95, 1.5, 2.2])


def _mosaic(side: int, rng: np.random.Generator) -> Floats:
    """Lay tiles of many colours, each nearest to its own middle, and leave dark joints between them."""
    y, x = _grid(side)
    tile = 26.0
    count = int(side / tile) + 3
    middle = (np.stack(np.meshgrid(*[np.arange(count) - 1] * 2, indexing="ij"), -1) + 0.5) * tile
    middle = middle + rng.uniform(-0.36, 0.36, middle.shape) * tile
    first = np.full((side, side), np.inf)
    second = first.copy()
    owner = np.zeros((side, side), np.int64)
    cell_y, cell_x = (y // tile).astype(int) + 1, (x // tile).astype(int) + 1
    for down in (-1, 0, 1):
        for across in (-1, 0, 1):
            row, column = (cell_y + down).clip(0, count - 1), (cell_x + across).clip(0, count - 1)
            distance = np.hypot(y - middle[row, column, 0], x - middle[row, column, 1])
            nearer = distance < first
            second = np.where(nearer, first, np.minimum(second, distance))
            owner = np.where(nearer, row * count + column, owner)
            first = np.where(nearer, distance, first)
    colours = _rgb(["#C1272D", "#E8622C", "#F2A71B", "#F7D774", "#1B7F79", "#14505C", "#7B2D5E", "#F4EFE1"])
    # neighbours often share a colour, as in a real mosaic
    at = middle.clip(0, side - 1).astype(int)
    patch = _smooth(rng, side, 60)[at[..., 0], at[..., 1]].ravel()
    chosen = patch.argsort().argsort() * len(colours) // patch.size
    strange = (rng.random(patch.size) < 0.35) * rng.integers(1, len(colours), patch.size)
    glass = colours[(chosen + strange) % len(colours)] * rng.uniform(0.82, 1.12, patch.size)[:, None]
    gap = np.clip((second - first - 1.5) / 3.0, 0, 1)[..., None]
    joint = _rgb(["#1A1420"])[0]
    return np.asarray(joint + (glass[owner] - joint) * gap)


def _ink(side: int, rng: np.random.Generator) -> Floats:
    """Hatch on warm paper, crosswise where it is dark, with a wash of red here and there."""
    y, x = _grid(side)
    dark = _smooth(rng, side, 55)
    wobble = 2.2 * _smooth(rng, side, 24)
    paper, black, red = _rgb(["#F3E9D2", "#1E1B18", "#B5402A"])
    wash = np.clip(_smooth(rng, side, 60) - 0.5, 0, 1)[..., None]
    picture = paper + (red - paper) * wash * 0.85
    for angle, threshold in ((0.7, -0.7), (-0.75, 0.15), (1.45, 0.75)):
        along = x * np.cos(angle) + y * np.sin(angle) + wobble
        width = np.clip((dark - threshold) * 0.34, 0, 0.62)
        distance = np.abs((along / 11.0) % 1 - 0.5) * 2  # 0 in the middle of a line
        line = np.clip((width - distance) * 5.5, 0, 1)[..., None]
        picture = picture + (black - picture) * line
    return np.asarray(picture)


RULES: dict[str, Callable[[int, np.random.Generator], Floats]] = {
    "waves": _waves,
    "mosaic": _mosaic,
    "ink": _ink,
}
PAINTINGS = tuple(RULES)


def _grid(side: int) -> tuple[Floats, Floats]:
    y, x = np.mgrid[:side, :side].astype(np.float64)
    return y, x


def _smooth(rng: np.random.Generator, side: int, reach: float) -> Floats:
    """Return random hills and hollows, mean 0 and deviation 1, about `reach` samples wide."""
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij"))
    spectrum = np.fft.rfft2(rng.standard_normal((side, side))) * np.exp(-((frequency * reach) ** 2) * 2)
    spectrum[0, 0] = 0
    hills = np.fft.irfft2(spectrum, (side, side))
    return np.asarray(hills / hills.std())


def _along(x: Floats, down: Floats, right: Floats, steps: int) -> Floats:
    """Average along the lines of a current, `steps` samples both ways."""
    side = len(x)
    total, weight = x.copy(), 1.0
    for sign in (1, -1):
        row, column = _grid(side)
        for step in range(1, steps + 1):
            at = (row.round().astype(int) % side, column.round().astype(int) % side)
            row, column = row + sign * right[at], column + sign * down[at]
            share = 0.5 + 0.5 * np.cos(pi * step / (steps + 1))
            total += share * x[row.round().astype(int) % side, column.round().astype(int) % side]
            weight += share
    return total / weight


def _shaded(tone: Floats, colours: list[str], at: list[float]) -> Floats:
    rgb = _rgb(colours)
    return np.stack([np.interp(tone, at, rgb[:, channel]) for channel in range(3)], axis=-1)


def _rgb(colours: list[str]) -> Floats:
    return np.array([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])
