"""Widgets: things to try out in a notebook, each with a value in Python and a still picture elsewhere.

A widget is one ``.py`` and one ``.js`` of the same name. What a slider moves is computed in the browser;
the Python side has the same arithmetic, and ``tests/cases`` proves the two equal.
"""

from __future__ import annotations

from cnnkit.widgets.layer_shapes import LayerShape, LayerShapes, layer_shapes
from cnnkit.widgets.parameter_ledger import ParameterLedger, parameter_ledger
from cnnkit.widgets.receptive_field import ReceptiveFields, receptive_field
from cnnkit.widgets.receptive_field_value import SeenUnit

__all__ = [
    "LayerShape",
    "LayerShapes",
    "ParameterLedger",
    "ReceptiveFields",
    "SeenUnit",
    "layer_shapes",
    "parameter_ledger",
    "receptive_field",
]
