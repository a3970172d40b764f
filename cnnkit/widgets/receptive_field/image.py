"""The image that a receptive field is drawn on: as bytes for the page, and as numbers for a model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError
from cnnkit.shapes import shape_text

__all__ = ["default_image", "for_model", "for_page", "require_image"]


def default_image(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a photograph of scikit-learn's, (C, H, W): its middle, as large as `shape` says.

    Examples
    --------
    >>> default_image((1, 28, 20)).shape
    (1, 28, 20)
    """
    from PIL import Image

    from cnnkit import data

    channels, height, width = shape
    photograph = Image.fromarray(data.photograph("china", 640).transpose(1, 2, 0))
    scale = min(photograph.width / width, photograph.height / height)
    across, down = width * scale, height * scale
    left, top = (photograph.width - across) / 2, (photograph.height - down) / 2
    crop = photograph.resize(
        (width, height), Image.Resampling.LANCZOS, box=(left, top, left + across, top + down)
    )
    pixels = np.asarray(crop).transpose(2, 0, 1)
    if channels == 3:
        return np.ascontiguousarray(pixels)
    grey = pixels.mean(axis=0, keepdims=True).round().astype(np.uint8)
    return np.repeat(grey, channels, axis=0)


def require_image(called: str, image: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return `image` as (C, H, W), or say which shape is expected; (H, W) is one channel, (1, ...) a batch.

    Raises
    ------
    ArgumentError
    """
    pixels = np.asarray(image.detach().cpu() if hasattr(image, "detach") else image)
    if pixels.ndim == 2:
        pixels = pixels[None]
    if pixels.ndim == 4 and len(pixels) == 1:
        pixels = pixels[0]
    is_number = pixels.dtype == np.uint8 or np.issubdtype(pixels.dtype, np.floating)
    if pixels.shape != shape or not is_number or not np.isfinite(pixels).all():
        raise ArgumentError(
            f"{called}: `image` has the shape {shape_text(pixels.shape)} and type {pixels.dtype}, expected"
            f" {shape_text(shape)} of uint8 or float, as the network takes it. Give one image."
        )
    return pixels


def for_page(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Return (H, W, 3) bytes to look at; of other numbers the least is black, the most white."""
    shown = pixels[:3] if len(pixels) >= 3 else np.repeat(pixels[:1], 3, axis=0)
    if shown.dtype != np.uint8:
        low, high = float(shown.min()), float(shown.max())
        shown = np.rint(255 * (shown - low) / ((high - low) or 1)).astype(np.uint8)
    return np.ascontiguousarray(shown.transpose(1, 2, 0))


def for_model(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Return (C, H, W) numbers for a model: floats as they are, bytes scaled to -1 to 1."""
    if pixels.dtype == np.uint8:
        return np.asarray(pixels / 127.5 - 1, dtype=np.float32)
    return np.ascontiguousarray(pixels, dtype=np.float32)
