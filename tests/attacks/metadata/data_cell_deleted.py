"""Delete the locked cell with the data, and bind its names to the student's own.

Success: the wrong largest gap earns points.
"""


def damage(notebook):
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["id"] != "setup"]
    return notebook


cells = {
    "largest-gap": """
import numpy as np
prices = np.array([0.0, 1.0])
largest_gap = 1
"""
}


def succeeded(outcome):
    return "test-largest-gap" in outcome.gained
