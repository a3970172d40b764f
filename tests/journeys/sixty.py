"""What sixty students hand in through a learning management system: fifty as asked, ten in odd ways.

Some of the fifty are late, have more time, are excused or work with somebody; `RULES` says so. One adds up in
another way than the first version of a test allows for.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO

Files = dict[str, bytes]
ADDING, AREAS = "01-adding", "02-areas"
IN_TIME = "2026-03-02 22:15"
# user -> when they handed in, where that is not in time
WHEN = {
    "4": "2026-03-03 00:09",
    "5": "2026-03-03 00:10",
    "6": "2026-03-03 01:34",
    "7": "2026-03-06 08:00",
    "8": "2026-03-04 18:30",
    "51": "2026-03-03 01:34",
}
RULES = """
timezone = "Europe/Berlin"
students = "../../table.csv"

[late]
percent = 2
per = "hour"
grace = "10 minutes"
nothing_after = "3 days"

[groups]
"Team A" = ["10", "61"]

[assignment.01-adding]
deadline = "2026-03-02 23:59"
excused = ["9"]
extensions.8 = "2 days"
"""
# What Canvas's files do not say and the instructor looked up; of 51, nobody has so far.
LOOKED_UP = "".join(f'handed_in.{user} = "{when}"\n' for user, when in WHEN.items() if user != "51")
# A test that is too strict, and mended after the first grading.
STRICT, MENDED = "if answer == 16:", "if abs(answer - 16) < 1e-9:"
OTHER_WAY = "20"


def zipped(files: Files) -> bytes:
    """Pack files as a student's system does."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _encrypted(files: Files) -> bytes:
    """Pack files and flag them as encrypted, in both of their headers."""
    packed = bytearray(zipped(files))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        struct.pack_into("<H", packed, packed.index(mark) + at, 1)
    return bytes(packed)


def odd_ones(adding: bytes) -> dict[str, tuple[str, bytes]]:
    """Return user -> the name and the bytes of an odd hand-in of the first assignment."""
    return {
        "51": ("01-adding-2.zip", zipped({f"{ADDING}/{ADDING}.ipynb": adding})),  # late, the third attempt
        "52": ("my notebook (1).ipynb", adding),
        "53": ("homework.zip", zipped({"inner.zip": zipped({"deep/er/x.ipynb": adding})})),
        "54": ("01-adding.docx", b"PK\x03\x04 a text"),
        "55": ("01-adding.zip", b"PK\x03\x04 cut off"),
        "56": ("01-adding.zip", _encrypted({"01-adding.ipynb": adding})),
        "57": ("01-adding.zip", zipped({"../../evil.ipynb": adding, "__MACOSX/._evil.ipynb": b"x"})),
        "58": ("01-adding.ipynb", adding[:200]),
        "59": ("01-adding.zip", zipped({"a/one.ipynb": adding, "a/two.ipynb": adding})),
        "60": ("02-areas.ipynb", b"{}"),
    }


def canvas(adding: bytes, own: Mapping[str, bytes] | None = None) -> Files:
    """Return the files of Canvas's download of all submissions; it marks what is late, and no more.

    `own` has the notebooks of those who did not hand in `adding`.
    """
    even = {
        f"person{user}{'_LATE' if user in WHEN else ''}_{user}_8{user}_01-adding.ipynb": (own or {}).get(
            user, adding
        )
        for user in map(str, range(1, 51))
    }
    odd = {
        f"person{user}{'_LATE' if user == '51' else ''}_{user}_9{user}_{name}": data
        for user, (name, data) in odd_ones(adding).items()
    }
    return even | odd


def moodle(adding: bytes, own: Mapping[str, bytes] | None = None) -> Files:
    """Return the files of Moodle's download of all submissions, a folder for each."""
    even = {
        f"Person {user}_{user}_assignsubmission_file_/01-adding.ipynb": (own or {}).get(user, adding)
        for user in map(str, range(1, 51))
    }
    odd = {
        f"Person {user}_{user}_assignsubmission_file_/{name}": data
        for user, (name, data) in odd_ones(adding).items()
    }
    return even | odd


def canvas_table() -> list[list[str]]:
    """Return Canvas's exported gradebook of that class, and of one who handed in nothing."""
    heading = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Adding (501)", "Final Score"]
    rows = [[f"Person, {user}", f"{user}", f"s{user}", f"p{user}", "A", "", ""] for user in range(1, 62)]
    return [heading, ["    Points Possible", "", "", "", "", "5", "(read only)"], *rows]


def moodle_table() -> list[list[str]]:
    """Return Moodle's grading worksheet of that class, and of one who handed in nothing."""
    heading = ["Identifier", "Full name", "Status", "Grade", "Maximum grade", "Last modified (submission)"]
    heading += ["Last modified (grade)", "Feedback comments"]
    return [heading, *(_worksheet_row(str(user)) for user in range(1, 62))]


def _worksheet_row(user: str) -> list[str]:
    when = datetime.fromisoformat(WHEN.get(user, IN_TIME))
    said = f"{when:%A}, {when.day} {when:%B %Y}, {when:%I:%M %p}" if user != "61" else "-"
    status = "Submitted for grading" if user != "61" else "No submission"
    return [f"Participant {user}", f"Person {user}", status, "", "5.00", said, "-", ""]
