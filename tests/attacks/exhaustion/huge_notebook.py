"""Hand in a notebook file of sixty megabytes.

Success: others have to suffer, or all of it is kept once more.
"""


def files(folder):
    notebook = folder / "01-prices.ipynb"
    text = notebook.read_text()
    notebook.write_text(text.replace('"# Prices', '"' + "x" * 60_000_000 + "# Prices", 1))


def succeeded(outcome):
    return outcome.kept > 30_000_000 or outcome.harmed_class
