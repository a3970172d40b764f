"""Figures: images, kernels, banks of filters, small matrices with their numbers, learning curves.

Every function returns a `matplotlib.figure.Figure` and shows nothing by itself: in a notebook, let the
call be the last line of its cell, or pass the figure to ``display``. ``figure.savefig("name.png")``
writes it to a file. The figures fit JupyterLab's width; their colours (Okabe & Ito's palette, blue for
negative and orange for positive) can be told apart by people who see red and green alike.

matplotlib is imported when the first figure is drawn, not with this module.
"""

from cnnkit.plot.banks import filter_grid
from cnnkit.plot.cells import matrix
from cnnkit.plot.confusion import confusion
from cnnkit.plot.curves import history
from cnnkit.plot.learning import before_after, learning_curves
from cnnkit.plot.pictures import images
from cnnkit.plot.weights import kernels

__all__ = [
    "before_after",
    "confusion",
    "filter_grid",
    "history",
    "images",
    "kernels",
    "learning_curves",
    "matrix",
]
