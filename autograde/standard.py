"""The standard library's values as nodes: containers of ``collections``, exact numbers, dates, paths, views.

Both directions stand here, since one has to fit the other; ``export`` and ``load`` ask for them. A writer
calls functions of the type that it is listed under, none of a subclass; a reader checks every field.
"""

from __future__ import annotations

import math
import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath, PurePosixPath
from typing import Any, NoReturn, Protocol

from autograde.nodes import NAME, TEXT, Node, WireError

__all__ = ["READERS", "WRITERS"]


class Writer(Protocol):
    """What a writer here needs of ``export``'s."""

    def all(self, values: Iterable[Any], container: Any, depth: int) -> list[Node]: ...

    def _handle(self, value: Any) -> Node: ...


class Reader(Protocol):
    """What a reader here needs of ``load``'s."""

    def all(self, nodes: list[Node], depth: int) -> list[Any]: ...

    def of_dict(self, depth: int, nodes: list[Node]) -> dict[Any, Any]: ...


# What a defaultdict may make of nothing; one with another factory travels as a dict.
FACTORIES = {kind.__name__: kind for kind in (int, float, complex, bool, str, bytes, list, tuple, set, dict)}
DIGITS = 10_000  # of a decimal number, and its largest exponent: int(Decimal("1E+999999999")) never ends
PART = 4_000  # bytes of a fraction's numerator and of its denominator
DECIMAL = re.compile(r"-?(?:\d+(?:\.\d+)?(?:E([+-]\d{1,6}))?|Infinity|s?NaN\d*)", re.ASCII)

_max_length: Callable[[Any], int | None] = deque.__dict__["maxlen"].__get__
_factory: Callable[[Any], Any] = defaultdict.__dict__["default_factory"].__get__
_numerator, _denominator = (Fraction.__dict__[name].__get__ for name in ("_numerator", "_denominator"))
_delta = [timedelta.__dict__[name].__get__ for name in ("days", "seconds", "microseconds")]
_date = [date.__dict__[name].__get__ for name in ("year", "month", "day")]
_clock = ("hour", "minute", "second", "microsecond", "fold")
_time, _moment = ([kind.__dict__[name].__get__ for name in _clock] for kind in (time, datetime))
_tzinfo: dict[type, Callable[[Any], Any]] = {
    kind: kind.__dict__["tzinfo"].__get__ for kind in (time, datetime)
}
_zone: Callable[[Any], tuple[Any, ...]] = timezone.__dict__["__getinitargs__"]


def _pairs(kind: type) -> Callable[[Any], Iterable[Any]]:
    return lambda value: (part for pair in kind.items(value) for part in pair)  # type: ignore[attr-defined]


def _write_dict(tag: str, kind: type) -> Callable[[Writer, Any, int], Node]:
    return lambda writer, value, depth: [tag, writer.all(_pairs(kind)(value), value, depth)]


def _write_default(writer: Writer, value: Any, depth: int) -> Node:
    nodes = writer.all(_pairs(dict)(value), value, depth)
    factory = _factory(value)
    if factory is None:
        return ["default", "", nodes]
    known = [name for name, kind in FACTORIES.items() if kind is factory]
    return ["default", known[0], nodes] if known else ["dict", nodes]


def _write_deque(writer: Writer, value: Any, depth: int) -> Node:
    return ["deque", _max_length(value), writer.all(deque.__iter__(value), value, depth)]


def _write_fraction(writer: Writer, value: Any, depth: int) -> Node:
    parts = (_numerator(value), _denominator(value))
    if any(type(part) is not int or part.bit_length() > 8 * PART for part in parts):
        raise WireError(f"wire: a fraction has parts of more than {PART:,} bytes. Return a smaller one.")
    return ["fraction", *writer.all(parts, value, depth)]


def _write_decimal(writer: Writer, value: Any, depth: int) -> Node:
    text = Decimal.__str__(value)
    if not _is_decimal(text):
        raise WireError(f"wire: a decimal number has more than {DIGITS:,} digits. Return a smaller one.")
    return ["decimal", text]


def _write_date(writer: Writer, value: Any, depth: int) -> Node:
    return ["date", *(part(value) for part in _date)]


def _write_clock(tag: str, kind: type, parts: list[Any]) -> Callable[[Writer, Any, int], Node]:
    def write(writer: Writer, value: Any, depth: int) -> Node:
        zone = _tzinfo[kind](value)
        if (
            zone is not None and type(zone) is not timezone
        ):  # another zone's offset is for its own code to say
            return writer._handle(value)
        return [tag, [part(value) for part in parts], *writer.all([zone], value, depth)]

    return write


def _write_zone(writer: Writer, value: Any, depth: int) -> Node:
    offset, *name = _zone(value)
    short = [part for part in name if type(part) is str and len(part) <= NAME]
    return ["timezone", *writer.all([offset], value, depth), short]


def _write_path(writer: Writer, value: Any, depth: int) -> Node:
    return ["path", *writer.all([PurePath.__str__(value)], value, depth)]


def _write_view(kind: str) -> Callable[[Writer, Any, int], Node]:
    def write(writer: Writer, value: Any, depth: int) -> Node:
        parts = (part for pair in value for part in pair) if kind == "items" else value
        return ["view", kind, writer.all(parts, value, depth)]

    return write


# By what a value's class is based on, the first that is listed.
WRITERS: dict[type, Callable[[Any, Any, int], Node]] = {
    Counter: _write_dict("counter", dict),
    OrderedDict: _write_dict("ordered", OrderedDict),
    defaultdict: _write_default,
    deque: _write_deque,
    Fraction: _write_fraction,
    Decimal: _write_decimal,
    datetime: _write_clock("datetime", datetime, [*_date, *_moment]),
    date: _write_date,
    time: _write_clock("time", time, _time),
    timedelta: lambda writer, value, depth: ["timedelta", *(part(value) for part in _delta)],
    timezone: _write_zone,
    PurePath: _write_path,
    **{
        type(getattr(kind(), part)()): _write_view(part)
        for kind in (dict, OrderedDict)
        for part in ("keys", "values", "items")
    },
}


def _is_decimal(text: str) -> bool:
    found = DECIMAL.fullmatch(text) if len(text) <= DIGITS + 20 else None
    return found is not None and abs(int(found[1] or 0)) <= DIGITS


def _refuse(what: str, found: Any) -> NoReturn:
    raise WireError(f"wire: a damaged {what} came: {found!r:.100}")


def _read_counter(reader: Reader, depth: int, nodes: list[Node]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    dict.update(found, reader.of_dict(depth, nodes))  # Counter.update would add
    return found


def _read_default(reader: Reader, depth: int, factory: str, nodes: list[Node]) -> defaultdict[Any, Any]:
    if factory and factory not in FACTORIES:
        _refuse("default", factory)
    return defaultdict(FACTORIES.get(factory), reader.of_dict(depth, nodes))


def _read_deque(reader: Reader, depth: int, longest: Any, nodes: list[Node]) -> deque[Any]:
    if longest is not None and (type(longest) is not int or not len(nodes) <= longest < 2**63):
        _refuse("deque", [longest, len(nodes)])
    return deque(reader.all(nodes, depth), longest)


def _read_fraction(reader: Reader, depth: int, *nodes: Node) -> Fraction:
    parts = reader.all(list(nodes), depth)
    if any(type(part) is not int or part.bit_length() > 8 * PART for part in parts) or parts[1] < 1:
        _refuse("fraction", "its parts")
    if math.gcd(*parts) != 1:
        _refuse("fraction", "it can be reduced")
    return Fraction(*parts)


def _read_decimal(reader: Reader, depth: int, text: str) -> Decimal:
    return Decimal(text) if _is_decimal(text) else _refuse("decimal", text[:TEXT])


def _made(kind: Callable[..., Any], *args: Any, **more: Any) -> Any:
    """Make something of numbers that the standard library checks itself."""
    try:
        return kind(*args, **more)
    except (ValueError, OverflowError, TypeError):
        _refuse(getattr(kind, "__name__", "value"), args)


def _read_clock(kind: Any, size: int) -> Callable[[Reader, int, list[Any], Node], Any]:
    def read(reader: Reader, depth: int, parts: list[Any], zone: Node) -> Any:
        (where,) = reader.all([zone], depth)
        if len(parts) != size or any(type(part) is not int for part in parts):
            _refuse(kind.__name__, parts)
        if where is not None and type(where) is not timezone:
            _refuse(kind.__name__, "another time zone")
        return _made(kind, *parts[:-1], where, fold=parts[-1])

    return read


def _read_zone(reader: Reader, depth: int, offset: Node, name: list[Any]) -> timezone:
    (delta,) = reader.all([offset], depth)
    if (
        type(delta) is not timedelta
        or len(name) > 1
        or any(type(x) is not str or len(x) > NAME for x in name)
    ):
        _refuse("timezone", name)
    made: timezone = _made(timezone, delta, *name)
    return made


def _read_path(reader: Reader, depth: int, node: Node) -> PurePosixPath:
    """Read a path as one that names a file and opens none: the files of this side are not the student's."""
    (text,) = reader.all([node], depth)
    return PurePosixPath(text) if type(text) is str else _refuse("path", text)


def _read_view(reader: Reader, depth: int, kind: str, nodes: list[Node]) -> Any:
    if kind == "items":
        return reader.of_dict(depth, nodes).items()
    if kind == "keys":
        return reader.of_dict(depth, [part for node in nodes for part in (node, None)]).keys()
    return dict(enumerate(reader.all(nodes, depth))).values() if kind == "values" else _refuse("view", kind)


# By a node's tag: the types of its fields, and what reads them.
READERS: dict[str, tuple[tuple[type, ...], Callable[..., Any]]] = {
    "counter": ((list,), _read_counter),
    "ordered": ((list,), lambda reader, depth, nodes: OrderedDict(reader.of_dict(depth, nodes))),
    "default": ((str, list), _read_default),
    "deque": ((object, list), _read_deque),
    "fraction": ((object, object), _read_fraction),
    "decimal": ((str,), _read_decimal),
    "date": ((int, int, int), lambda reader, depth, *parts: _made(date, *parts)),
    "datetime": ((list, object), _read_clock(datetime, 8)),
    "time": ((list, object), _read_clock(time, 5)),
    "timedelta": ((int, int, int), lambda reader, depth, *parts: _made(timedelta, *parts)),
    "timezone": ((object, list), _read_zone),
    "path": ((object,), _read_path),
    "view": ((str, list), _read_view),
}
