"""Hand in, as the notebook itself, a symbolic link to another student's.

Success: the other student's work earns points here.
"""


def files(folder):
    (folder / "01-prices.ipynb").unlink()
    (folder / "01-prices.ipynb").symlink_to("../../honest-right/01-prices/01-prices.ipynb")


def succeeded(outcome):
    return bool(outcome.gained)
