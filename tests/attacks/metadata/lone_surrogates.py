"""Put halves of characters, which JSON can hold and no file can, into texts, ids and names of the notebook.

Success: grading ends there, and others have to suffer.
"""

from tests.attacks.edit import cell

HALF = "\ud800"


def damage(notebook):
    notebook["cells"][0]["source"] = f"half a character: {HALF}"
    cell(notebook, "largest-gap")["source"] = (
        f"largest_gap = 1  # {HALF}\nprint('{HALF}')\nopen('{HALF}', 'w')"
    )
    extra = {
        "cell_type": "code",
        "id": f"half-{HALF}",
        "metadata": {"tags": [HALF]},
        "source": "while True: pass",
    }
    notebook["cells"].insert(3, extra | {"outputs": [], "execution_count": None})
    notebook["metadata"]["authors"] = [{"name": HALF}]
    return notebook


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
