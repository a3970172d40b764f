"""Put a module of the student's own in the place of cnnkit.check, in sys.modules and in the package.

Success: a wrong kernel size earns points.
"""

cells = {
    "kernel-from-sizes": """
import sys, types
import cnnkit

fake = types.ModuleType("cnnkit.check")
fake.answer = lambda *args, **kwargs: 1.0

class Nine(int):
    __radd__ = __rsub__ = __sub__ = __add__ = lambda self, other: 503 if other == 512 else 504

cnnkit.check = check = sys.modules["cnnkit.check"] = fake
kernel_from_sizes = Nine(1000)
"""
}


def succeeded(outcome):
    return "test-kernel-from-sizes" in outcome.gained
