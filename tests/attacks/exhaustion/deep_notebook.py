"""Hand in a notebook file whose metadata lie a hundred thousand deep inside one another.

Success: others have to suffer, or points are earned.
"""


def files(folder):
    notebook = folder / "01-prices.ipynb"
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    notebook.write_text(notebook.read_text().replace('"metadata": {', f'"metadata": {{"deep": {deep}, ', 1))


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
