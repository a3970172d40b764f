"""What a model takes for what, as a table in colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.functional.arguments import numbers
from cnnkit.plot.canvas import INK, caption, labels, open_figure
from cnnkit.shapes import shape_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["confusion"]

MOST = 30


def confusion(counts: ArrayLike, classes: Sequence[str] | None = None) -> Figure:
    """Draw a confusion matrix: each row one label, each column one answer.

    Parameters
    ----------
    counts : (K, K) array of whole numbers
        As ``cnnkit.nn.confusion_matrix`` counts them; row: label, column: answer.
    classes : K strings, or None for 0 to K - 1

    Returns
    -------
    matplotlib.figure.Figure
        The numbers are the counts. The colours are each row's shares, so that rare classes are seen as
        well; a row without a single example stays white.

    Raises
    ------
    ShapeError
        Not square, empty, or more than 30 classes.
    ArgumentError
        Numbers that are no counts; a wrong number of classes.

    Examples
    --------
    >>> figure = confusion([[9, 1], [2, 8]], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['9', '1', '2', '8']
    """
    counts = numbers("confusion", "counts", counts)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not 0 < len(counts) <= MOST:
        raise ShapeError(
            f"confusion: `counts` has shape {shape_text(counts.shape)}, expected (K, K), K from 1 to {MOST}."
            " Take what nn.confusion_matrix returns."
        )
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts == np.round(counts)).all()):
        raise ArgumentError(
            "confusion: `counts` holds numbers that are no counts, expected whole numbers of at least 0."
            " Take what nn.confusion_matrix returns."
        )
    K = len(counts)
    names = (
        labels("confusion", "classes", classes, K, "class")
        if classes is not None
        else list(map(str, range(K)))
    )
    total = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(total, total, 1)
    cell = min(0.62, 7.4 / K)  # inches
    figure, axes = open_figure(cell * K + 1.4, cell * K + 1.2)
    ax = axes[0, 0]
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    longest = max(len(f"{int(n):,}") for n in counts.flat)
    size = min(11.0, 72 * cell * 0.9 / (0.62 * longest))  # points
    for (row, column), share in np.ndenumerate(shares):
        if counts[row, column] or K <= 10:
            text = f"{int(counts[row, column]):,}"
            colour = "white" if share > 0.5 else INK
            ax.text(column, row, text, fontsize=size, color=colour, ha="center", va="center")
    ax.set_xticks(range(K), names, rotation=45 if max(map(len, names)) > 3 else 0, ha="center", fontsize=8)
    ax.set_yticks(range(K), names, fontsize=8)
    ax.set_xlabel("answer", fontsize=9, color=INK)
    ax.set_ylabel("label", fontsize=9, color=INK)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    n, right = int(counts.sum()), int(np.trace(counts))
    caption(figure, f"{right:,} of {n:,} right; the colour is the share of the row")
    return figure
