"""Convolution, pooling and activations in numpy, with torch's names, order and results.

Every function takes arrays (or nested lists) and returns a new array; none changes its input. The
arithmetic keeps its kind: integers and booleans are computed and returned as int64, so that a uint8
image cannot overflow and a result worked out by hand compares exactly; float32 stays float32; a
mixture takes numpy's common type (a uint8 image with float32 weights gives float32).

::

    border       pad
    correlation  correlate2d, convolve2d       one image, one kernel; the flip is explained here
    convolution  conv2d                        a batch, a bank of kernels
    pooling      max_pool2d, avg_pool2d
    activation   relu, softmax
    explain      explain_window                one output cell, as a student would write it
"""

from cnnkit.functional.activation import relu, softmax
from cnnkit.functional.border import pad
from cnnkit.functional.convolution import conv2d
from cnnkit.functional.correlation import convolve2d, correlate2d
from cnnkit.functional.explain import ExplainedWindow, explain_window
from cnnkit.functional.pooling import avg_pool2d, max_pool2d

__all__ = [
    "ExplainedWindow",
    "avg_pool2d",
    "conv2d",
    "convolve2d",
    "correlate2d",
    "explain_window",
    "max_pool2d",
    "pad",
    "relu",
    "softmax",
]
