"""Hand in symbolic links to another student's notebook and to the instructor's, under harmless names.

Success: a canary comes out, or stands in the files that grading leaves.
"""

cells = {
    "largest-gap": r"""
import pathlib, re

largest_gap = 1
for path in pathlib.Path(".").rglob("*"):
    if path.is_file():
        for canary in set(re.findall(rb"canary-\w+-\w{16}", path.read_bytes())):
            print(canary.decode()[::-1])
"""
}


def files(folder):
    (folder / "data.csv").symlink_to("../../honest-right/01-prices/01-prices.ipynb")
    (folder / "pictures").symlink_to("../../../../../solutions", target_is_directory=True)


def succeeded(outcome):
    return outcome.leaked("hidden", "neighbour")
