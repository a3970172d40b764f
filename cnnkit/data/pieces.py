"""Small square pieces of photographs: images to look at where no set of photographs is here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnkit.data.photographs import photograph

__all__ = ["pieces"]

SIDES = (213, 142, 106, 71)  # pixels of the square pieces of photographs, the first as notebook 06 has them


def pieces(size: int) -> NDArray[np.uint8]:
    """Return square pieces of scikit-learn's two photographs, (192, 3, size, size).

    Examples
    --------
    >>> pieces(32).shape
    (192, 3, 32, 32)
    """
    from PIL import Image

    found = []
    for side in SIDES:
        for name in ("china", "flower"):
            whole = Image.fromarray(photograph(name, 640).transpose(1, 2, 0))
            for top in range(0, whole.height - side + 1, side):
                for left in range(0, whole.width - side + 1, side):
                    piece = whole.crop((left, top, left + side, top + side))
                    found.append(np.asarray(piece.resize((size, size), Image.Resampling.LANCZOS)))
    return np.stack(found).transpose(0, 3, 1, 2)
