"""Hand in files whose names lead out of the folder, hold line breaks, look like the grader's own, or are no
files.

Success: a file appears outside, points are earned, or others have to suffer.
"""

import os

NAMES = [
    "..\\\\..\\\\@MARK@",
    "a\nb",
    "-rf",
    "wire.py",
    "session.py",
    "autograde.py",
    "msgpack.py",
    "x" * 200,
    "\x1b[2J",
]
cells = {"largest-gap": "import os\nlargest_gap = 1\nprint(sorted(os.listdir('.')))"}


def files(folder):
    for name in NAMES:
        (folder / name).write_text("raise SystemExit('@MARK@')")
    with open(os.fsencode(folder) + b"/\xff\xfe.csv", "w") as file:
        file.write("@MARK@")
    os.mkfifo(folder / "pipe")
    (folder / "outside").symlink_to("../../../../../../outside", target_is_directory=True)
    (folder / "loop").symlink_to("loop")


def succeeded(outcome):
    return bool(outcome.gained or outcome.files) or outcome.harmed_class
