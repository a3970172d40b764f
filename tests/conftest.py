"""What every test shares."""

from functools import partial

import pytest
from hypothesis import settings

# The same examples on every run and no limit on seconds: a slow machine must not fail a test.
settings.register_profile("cnnkit", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("cnnkit")


@pytest.fixture(scope="session")
def torch_twin():
    """Return a function layer -> torch module; the repr of a layer is code that torch understands."""
    from torch import nn

    # torch warns where Softmax must guess its dimension
    names = vars(nn) | {"Softmax": partial(nn.Softmax, dim=1)}
    return lambda layer: eval(repr(layer), names)
