"""Right answers of unusual but fair types: numpy scalars, tuples, lists, an int that is a float, a lambda."""

from tests.attacks.answers import FULL

points = FULL
cells = {
    "largest-gap": "largest_gap = np.int16(7)",
    "moving-average": """
moving_average = lambda x, width: [sum(x[i : i + width]) / width for i in range(len(x) - width + 1)]
""",
    "shares": "shares = tuple((prices / prices.sum()).tolist())",
    "estimate": "estimate = np.float32(4.5)",
    "kernel-from-sizes": "kernel_from_sizes = np.int64(9)",
    "axis-name": 'axis_name = np.str_(" Rows ")',
    "summary": """
from collections import OrderedDict

summary = OrderedDict(mean=9 / 2, max=np.float64(9), min=2)
""",
    "safe-root": """
class Root:
    def __call__(self, x):
        if x < 0:
            raise ArithmeticAndValueError(x)
        return x**0.5


class ArithmeticAndValueError(ArithmeticError, ValueError):
    pass


safe_root = Root()
""",
}
