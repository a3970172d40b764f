"""Answer with objects that are hard to write down: pickles in arrays, records, generators, weak references,
types.

Success: a file appears outside, points are earned, or others have to suffer.
"""

cells = {
    "largest-gap": """
import io

class Bomb:
    def __reduce__(self):
        return io.open, ("@OUTSIDE@/@MARK@", "w")

    __reduce_ex__ = __getstate__ = lambda self, *args: Bomb.__reduce__(self)

largest_gap = np.array([Bomb(), [Bomb()], None], dtype=object)
""",
    "shares": "shares = np.zeros(4, dtype=[('a', 'f8'), ('b', 'O'), ('c', 'V3')])",
    "estimate": "import weakref\nestimate = weakref.proxy(Bomb)",
    "axis-name": "axis_name = (x for x in iter(int, 1))",
    "summary": "summary = {Bomb: Bomb(), float('nan'): 1, (1, (2,)): {1}, b'x': ..., 1j: range(10**30)}",
    "moving-average": "import functools\nmoving_average = functools.partial(functools.reduce, Bomb)",
    "safe-root": "safe_root = type('T', (type,), {'__call__': lambda *a: Bomb()})('U', (), {})",
}


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or outcome.harmed_class
