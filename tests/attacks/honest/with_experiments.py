"""Right, with cells of the student's own between the questions: prints, pictures, mistakes, threads and
files.
"""

import copy

from tests.attacks.answers import FULL

points = FULL
EXPERIMENTS = [
    "for i in range(50):\n    print(i, prices)",
    "import matplotlib.pyplot as plt\nplt.plot(prices);",
    "1 / 0",
    "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(2) as pool:\n    print(sum(pool.map(float, range(10))))",
    "with open('notes.txt', 'w') as notes:\n    notes.write('seven')\nprint(open('notes.txt').read())",
    "%timeit -n 1 -r 1 prices.sum()",
]


def damage(notebook):
    changed = copy.deepcopy(notebook)
    for number, source in enumerate(EXPERIMENTS):
        cell = {"cell_type": "code", "id": f"try-{number}", "metadata": {}, "source": source}
        changed["cells"].insert(3 + 3 * number, cell | {"outputs": [], "execution_count": None})
    return changed
