"""When something was handed in: nbgrader's ``timestamp.txt``, and the tables that say so.

The dates of the files in a download say nothing: Canvas and Moodle give all files the time of the download.
Nor does a ``timestamp.txt`` that came with a student's own files.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from autograde.downloads import participant
from autograde.errors import CourseError
from autograde.rulebook import RuleError, moment

__all__ = ["STAMP", "as_stamp", "read_times", "stamp", "stamped"]

STAMP = "timestamp.txt"
# (whose, when): Moodle's grading worksheet, an answer of Canvas's API, a table made by hand
COLUMNS = (
    ("Identifier", "Last modified (submission)"),
    ("user_id", "submitted_at"),
    ("student", "handed_in"),
)
MOODLE = ("%A, %d %B %Y, %I:%M %p", "%A, %d %B %Y, %H:%M", "%d %B %Y, %I:%M %p", "%d %B %Y, %H:%M")
LONGEST = 200  # characters of a time
NEVER = ("", "-", "null", "None")


def stamped(folder: Path) -> tuple[datetime | None, tuple[str, ...]]:
    """Return when the work in a folder was handed in, in UTC, or what is wrong with its ``timestamp.txt``."""
    path = folder / STAMP
    if path.is_symlink() or not path.is_file():
        return None, ()
    with path.open(encoding="utf-8", errors="replace") as file:
        text = file.read(LONGEST).strip()
    if not text:
        return None, ()
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text).replace(tzinfo=UTC), ()
    except (ValueError, OverflowError):
        return None, (f"{STAMP} holds {text[:40]!r}, which is no time; it does not count.",)


def stamp(folder: Path, when: datetime | str) -> str:
    """Write down when the work in a folder was handed in, as ``nbgrader collect`` does; return what was.

    An empty text takes the file away.
    """
    path, half = folder / STAMP, folder / f".{STAMP}"
    known = path.is_file() and not path.is_symlink()
    before = path.read_text(encoding="utf-8", errors="replace") if known else ""
    text = when if isinstance(when, str) else as_stamp(when)
    if text:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    else:
        path.unlink(missing_ok=True)
    return before


def as_stamp(when: datetime) -> str:
    """Return a time as it stands in ``timestamp.txt``.

    Examples
    --------
    >>> as_stamp(datetime(2026, 3, 2, 21, 15, tzinfo=UTC))
    '2026-03-02 21:15:00 UTC'
    """
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def read_times(table: Path, home: tzinfo | None) -> dict[str, datetime]:
    """Read a table of times: Moodle's grading worksheet, or one with ``student`` and ``handed_in``.

    Parameters
    ----------
    table : Path
    home : tzinfo or None
        The zone of times that name none, such as Moodle's.

    Raises
    ------
    CourseError
        It is no such table, or a time in it cannot be read; all are named.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CourseError(f"intake: {table} cannot be read ({error}). Give a table saved as CSV.") from None
    heading = list(rows[0]) if rows else []
    known = next((pair for pair in COLUMNS if set(pair) <= set(heading)), None)
    if known is None:
        ways = "; ".join(" and ".join(pair) for pair in COLUMNS)
        raise CourseError(
            f"intake: {table.name} has the columns {', '.join(heading) or 'none'}, expected {ways}. Give"
            " Moodle's grading worksheet, or a table with the last two."
        )
    whose, when = known
    named = participant if whose == "Identifier" else str.strip
    return _times(table.name, [(named(row[whose] or ""), row[when] or "") for row in rows], home)


def _times(name: str, rows: Iterable[tuple[str, str]], home: tzinfo | None) -> dict[str, datetime]:
    found, wrong = {}, []
    for number, (student, text) in enumerate(rows, 2):
        if text.strip() in NEVER:
            continue
        try:
            found[student] = _moment(text.strip(), home)
        except RuleError as error:
            wrong.append(f"{name}, row {number}: the time of {student!r} is {text!r}, {error}")
    if wrong:
        more = f"\nand {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise CourseError("intake:\n" + "\n".join(wrong[:5]) + more)
    return found


def _moment(text: str, home: tzinfo | None) -> datetime:
    for form in MOODLE:
        with suppress(ValueError):
            return moment(datetime.strptime(re.sub(r"\s+", " ", text), form), home)
    return moment(re.sub(r"\.\d+(?=Z|[+-]|$)", "", text), home)
