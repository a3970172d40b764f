"""Put a finder first on sys.meta_path that answers a test's imports with modules of the student's own.

Success: a wrong function earns points.
"""

cells = {
    "moving-average": """
import importlib.abc, importlib.machinery, sys

class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        if name == "numpy.testing":
            return importlib.machinery.ModuleSpec(name, self)

    def exec_module(self, module):
        module.assert_allclose = lambda *args, **kwargs: None

sys.meta_path.insert(0, Finder())
sys.modules.pop("numpy.testing", None)

def moving_average(x, width):
    return np.zeros(len(x) - width + 1)
"""
}


def succeeded(outcome):
    return "test-moving-average" in outcome.gained
