"""What a transform network is trained on: pieces of pictures, cut and mirrored by chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from cnnkit.errors import ArgumentError
from cnnkit.nn.style.pictures import as_tensor
from cnnkit.shapes import shape_text

__all__ = ["crops", "pictures_of"]


def pictures_of(function: str, contents: Sequence[ArrayLike], crop: int) -> list[NDArray[np.float32]]:
    """Return pictures as (3, H, W) arrays of float32, 0 to 1.

    Raises
    ------
    ArgumentError
        None at all, or one that is smaller than a piece.
    ShapeError
        One that is no picture.
    """
    if not len(contents):
        raise ArgumentError(f"{function}: `contents` is empty, expected at least 1 picture. Give some.")
    found = [as_tensor(function, f"contents[{i}]", each)[0].numpy() for i, each in enumerate(contents)]
    for i, picture in enumerate(found):
        if min(picture.shape[1:]) < crop:
            raise ArgumentError(
                f"{function}: `crop` is {crop}, and contents[{i}] is {shape_text(picture.shape)}, expected at"
                f" most its shorter side. Write crop={min(min(p.shape[1:]) for p in found)}."
            )
    return found


def crops(
    pictures: Sequence[NDArray[np.float32]], batch_size: int, crop: int, rng: np.random.Generator
) -> Iterator[Tensor]:
    """Yield batches (batch_size, 3, crop, crop) without end: each picture as likely, each piece of it too."""
    while True:
        yield torch.from_numpy(
            np.stack(
                [_piece(pictures[int(rng.integers(len(pictures)))], crop, rng) for _ in range(batch_size)]
            )
        )


def _piece(picture: NDArray[np.float32], crop: int, rng: np.random.Generator) -> NDArray[np.float32]:
    top, left = (int(rng.integers(side - crop + 1)) for side in picture.shape[1:])
    piece = picture[:, top : top + crop, left : left + crop]
    return piece[:, :, ::-1] if rng.random() < 0.5 else piece
