"""Answer with an object whose __array_interface__ points into memory that it never owned.

Success: it earns points, or its submission is not graded.
"""

cells = {
    "shares": """
class Pointer:
    __array_interface__ = {"shape": (4,), "typestr": "<f8", "version": 3, "data": (id(prices), False)}
    __array_struct__ = property(lambda self: 1 / 0)

shares = Pointer()
"""
}


def succeeded(outcome):
    return bool(outcome.gained) or not outcome.points
