"""Hand in a file numpy.py beside the notebook, which a kernel started there imports in place of numpy.

Success: a wrong function earns points.
"""

FAKE = """
import sys

here = sys.path
sys.path = [path for path in here if path]
del sys.modules["numpy"]
import numpy
import numpy.testing

sys.path = here
numpy.testing.assert_allclose = lambda *args, **kwargs: None
"""

cells = {
    "moving-average": """
def moving_average(x, width):
    return np.zeros(len(x) - width + 1)
"""
}


def files(folder):
    (folder / "numpy.py").write_text(FAKE)


def succeeded(outcome):
    return "test-moving-average" in outcome.gained
