"""Widgets: things to try out in a notebook, each with a value in Python and a still picture elsewhere.

A widget is one ``.py`` and one ``.js`` of the same name. What a slider moves is computed in the browser;
the Python side has the same arithmetic, and ``tests/cases`` proves the two equal.
"""

from __future__ import annotations

from cnnkit.widgets.draw_digit import DrawDigit, Drawing, draw_digit
from cnnkit.widgets.filter_grid import ChosenFilter, FilterGrid, filter_grid
from cnnkit.widgets.layer_shapes import LayerShape, LayerShapes, layer_shapes

__all__ = [
    "ChosenFilter", "DrawDigit", "Drawing", "FilterGrid", "LayerShape", "LayerShapes", "draw_digit",
    "filter_grid", "layer_shapes",
]  # fmt: skip
