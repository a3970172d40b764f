"""A TOML file that people write by hand, read so that every mistake is told with its line, all at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from autograde.course import nearest
from autograde.errors import CourseError
from autograde.late import Span

__all__ = ["Keys", "RuleError", "Rulebook", "moment", "span", "zone"]

Keys = tuple[str, ...]
KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)\s*(\S*)")
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
SPAN = re.compile(r"(\d+) *(minute|min|hour|h|day|d|week)s?")
UNITS = {"min": Span(minutes=1), "minute": Span(minutes=1), "h": Span(minutes=60), "hour": Span(minutes=60)}
UNITS |= {"d": Span(days=1), "day": Span(days=1), "week": Span(days=7)}


class RuleError(ValueError):
    """A value that is not understood: what was expected, and the cure."""


class Rulebook:
    """A file's tables, the lines that its keys stand on, and what is wrong with them.

    Raises
    ------
    CourseError
        It cannot be read, or is not TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.complaints: list[tuple[int, str]] = []
        try:
            text = path.read_text(encoding="utf-8-sig")
            self.table: dict[str, Any] = tomllib.loads(text)
        except (OSError, UnicodeDecodeError) as error:
            raise CourseError(f"rules: {path} cannot be read: {error}.") from None
        except tomllib.TOMLDecodeError as error:
            hint = "Put text and times between quotation marks, and every [table] and key only once."
            raise CourseError(f"rules: {path.name} cannot be understood: {error}. {hint}") from None
        self.lines = dict(_lines(text))

    def complain(self, keys: Keys, said: str) -> None:
        """Note what is wrong with the value of some key."""
        line = next((self.lines[k] for n in range(len(keys), 0, -1) if (k := keys[:n]) in self.lines), 0)
        where = f"{self.path.name}, line {line}: " if line else f"{self.path.name}: "
        self.complaints.append((line, f"{where}{'.'.join(keys)} {said}"))

    def settle(self) -> None:
        """Raise all that was complained about, in the order of the file."""
        if self.complaints:
            raise CourseError("\n".join(["rules:", *(said for _, said in sorted(self.complaints))]))

    def inside(self, table: Any, keys: Keys, known: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Yield the keys and values of a table that are among the known ones."""
        if not isinstance(table, dict):
            self.complain(keys, f"is {table!r}, expected a table. Write [{'.'.join(keys)}] on a line alone.")
            return
        for key, value in table.items():
            if key in known:
                yield key, value
            else:
                self.complain((*keys, key), f"is no rule. {nearest(key, known)}")


def _lines(text: str) -> Iterator[tuple[Keys, int]]:
    """Yield the key of each table and value, with its line."""
    here: Keys = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            try:
                here = _path(tomllib.loads(line.strip()))
            except tomllib.TOMLDecodeError:  # a row of a list
                continue
            yield here, number
        elif match := KEY.match(line):
            try:
                yield (*here, *_path(tomllib.loads(f"{match[1]} = 0"))), number
            except tomllib.TOMLDecodeError:
                continue


def _path(table: dict[str, Any]) -> Keys:
    """Return the only path into a nested table."""
    keys: list[str] = []
    inside: Any = table
    while isinstance(inside, dict) and inside:
        keys.append(next(iter(inside)))
        inside = inside[keys[-1]]
    return tuple(keys)


def zone(name: object) -> tzinfo:
    """Return a time zone by its name.

    Examples
    --------
    >>> zone("Europe/Berlin"), zone("+05:30").utcoffset(None)
    (zoneinfo.ZoneInfo(key='Europe/Berlin'), datetime.timedelta(seconds=19800))
    """
    if name in ("UTC", "Z"):
        return UTC
    if isinstance(name, str) and (match := OFFSET.fullmatch(name)):
        passed = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if passed < timedelta(days=1):
            return timezone(-passed if match[1] == "-" else passed)
    known = available_timezones()
    if name not in known:
        raise RuleError(f'expected a time zone, like "Europe/Berlin". {_near(str(name), known)}')
    return ZoneInfo(str(name))


def _near(name: str, known: set[str]) -> str:
    cities = {each.rpartition("/")[2].lower(): each for each in sorted(known)}
    said = nearest(name.rpartition("/")[2].lower(), list(cities))
    found = re.search(r"Did you mean '(.*)'", said)
    return f"Did you mean {cities[found[1]]!r}?" if found else "Its name is that of a large city there."


def moment(value: object, home: tzinfo | None) -> datetime:
    """Read a point in time, by `home`'s clock where it names no zone of its own.

    Examples
    --------
    >>> moment("2026-03-02 23:59", ZoneInfo("Europe/Berlin")).isoformat()
    '2026-03-02T23:59:00+01:00'
    >>> moment("2026-03-02 23:59 America/New_York", None).isoformat()
    '2026-03-02T23:59:00-05:00'
    """
    expected = 'expected a time, like "2026-03-02 23:59"'
    where = home
    if isinstance(value, str) and (match := TIME.fullmatch(value.strip())):
        try:
            read = datetime.fromisoformat(f"{match[1]} {match[2].rjust(5, '0')}")
        except ValueError:
            raise RuleError(f"{expected}. There is no such day or hour.") from None
        where = zone(match[3]) if match[3] else home
    elif isinstance(value, datetime):
        read, where = value.replace(tzinfo=None), value.tzinfo or home
    elif isinstance(value, date):
        raise RuleError(f"{expected}. The hour is missing.")
    else:
        raise RuleError(f"{expected}.")
    if where is None:
        raise RuleError(
            "expected a time zone with it. Write one line above all tables, such as"
            ' timezone = "Europe/Berlin".'
        )
    return _on_the_clock(read.replace(tzinfo=where))


def _on_the_clock(when: datetime) -> datetime:
    """Refuse an hour that the clocks skip or show twice on the day when they are changed."""
    first, second = when.replace(fold=0).utcoffset(), when.replace(fold=1).utcoffset()
    if first == second:
        return when
    back = when.astimezone(UTC).astimezone(when.tzinfo)
    if back.replace(tzinfo=None, fold=0) != when.replace(tzinfo=None, fold=0):
        raise RuleError(
            "expected a time that the clocks show: they are put forward over it. Write another hour."
        )
    shown = [when.replace(fold=fold).strftime("%z") for fold in (0, 1)]
    raise RuleError(
        "expected a time that the clocks show once: they are put back."
        f" Write {shown[0][:3]}:{shown[0][3:]} or {shown[1][:3]}:{shown[1][3:]} after it."
    )


def span(value: object) -> Span:
    """Read a length of time.

    Examples
    --------
    >>> span("3 days"), span("1 hour 30 minutes")
    (Span(days=3, minutes=0), Span(days=0, minutes=90))
    """
    text = value.strip().lower() if isinstance(value, str) else ""
    parts = [part for part in re.split(r"\s*(?:,|and|\s(?=\d))\s*", text) if part]
    found = [SPAN.fullmatch(part) for part in parts]
    if not found or None in found:
        raise RuleError('expected a length of time, like "10 minutes", "12 hours" or "3 days".')
    each = [(int(match[1]), UNITS[match[2]]) for match in found if match]
    days = sum(count * unit.days for count, unit in each)
    if days > 3650:
        raise RuleError("expected at most ten years.")
    return Span(days, sum(count * unit.minutes for count, unit in each))
