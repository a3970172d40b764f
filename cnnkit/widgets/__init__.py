"""Widgets: things to try out in a notebook, each with a value in Python and a still picture elsewhere.

Each has a folder of its own: the widget in ``__init__.py``, its page in a ``.js`` and a ``.css`` of its name,
its still picture in ``picture.py``, and its arithmetic in ``value.py`` where no room of `cnnkit` has it. What
several share is in ``parts``. What a slider moves is computed in the browser; the Python side has the same
arithmetic, and ``tests/cases`` proves the two equal.
"""

from __future__ import annotations

from cnnkit.widgets.convolution_stepper import Convolution, ConvolutionStepper, convolution_stepper
from cnnkit.widgets.draw_digit import DrawDigit, Drawing, draw_digit
from cnnkit.widgets.filter_grid import ChosenFilter, FilterGrid, filter_grid
from cnnkit.widgets.layer_shapes import LayerShape, LayerShapes, layer_shapes
from cnnkit.widgets.layer_stack import LayerStack, layer_stack
from cnnkit.widgets.noise_explorer import Noise, NoiseExplorer, noise_explorer
from cnnkit.widgets.parameter_ledger import ParameterLedger, parameter_ledger
from cnnkit.widgets.receptive_field import ReceptiveFields, receptive_field
from cnnkit.widgets.receptive_field.value import SeenUnit
from cnnkit.widgets.training_dashboard import TrainingDashboard, training_dashboard

__all__ = [
    "ChosenFilter",
    "Convolution",
    "ConvolutionStepper",
    "DrawDigit",
    "Drawing",
    "FilterGrid",
    "LayerShape",
    "LayerShapes",
    "LayerStack",
    "Noise",
    "NoiseExplorer",
    "ParameterLedger",
    "ReceptiveFields",
    "SeenUnit",
    "TrainingDashboard",
    "convolution_stepper",
    "draw_digit",
    "filter_grid",
    "layer_shapes",
    "layer_stack",
    "noise_explorer",
    "parameter_ledger",
    "receptive_field",
    "training_dashboard",
]
