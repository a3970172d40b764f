"""What crosses the wire arrives as it was, and nothing else arrives."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import itertools
import math
import pathlib
import pickle
import socket
import threading
import time
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgpack
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from autograde.iterators import ITERATORS
from autograde.nodes import DEPTH, ITEMS, LARGEST
from autograde.wire import Channel, Silence, WireError, export, load

FLOATS = st.floats(allow_nan=False)
KEYS = st.none() | st.booleans() | st.integers() | FLOATS | st.text() | st.binary() | st.tuples(st.integers())
PLAIN = st.recursive(
    KEYS | st.complex_numbers(allow_nan=False) | st.builds(range, st.integers(), st.integers()),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(KEYS, inner)
        | st.sets(KEYS)
        | st.frozensets(KEYS)
        | st.builds(slice, inner, inner)
    ),
    max_leaves=20,
)
ARRAYS = stnp.arrays(
    stnp.boolean_dtypes()
    | stnp.integer_dtypes()
    | stnp.unsigned_integer_dtypes()
    | stnp.floating_dtypes(sizes=(16, 32, 64))
    | stnp.complex_number_dtypes(sizes=(64, 128))
    | stnp.unicode_string_dtypes(max_len=8)
    | stnp.byte_string_dtypes(max_len=8)
    | stnp.datetime64_dtypes()
    | stnp.timedelta64_dtypes(),
    stnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)


def over(value: Any) -> Any:
    """Return a value after its way through both ends and msgpack between them."""
    return load(msgpack.unpackb(msgpack.packb(export(value, _no_handle))), _no_proxy)


def _no_handle(value: object) -> int:
    raise AssertionError(f"{type(value)} is no plain data")


def _no_proxy(handle: int, fields: dict[str, Any]) -> object:
    raise AssertionError(f"a handle came: {fields}")


def alike(one: Any, other: Any) -> bool:
    """Whether two values have the same types all the way down, and the same contents."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, slice):
        return alike([one.start, one.stop, one.step], [other.start, other.stop, other.step])
    if isinstance(one, dict):
        return alike(list(one.items()), list(other.items()))
    if isinstance(one, set | frozenset):
        return bool(one == other) and {type(x) for x in one} == {type(x) for x in other}
    return repr(one) == repr(other)


@given(PLAIN)
def test_plain_data_arrive_with_their_exact_types(value: Any) -> None:
    assert alike(value, over(value))


@given(ARRAYS)
def test_arrays_arrive_with_dtype_shape_and_bytes(array: np.ndarray) -> None:
    arrived = over(array)
    # of the other byte order only the order is lost, and a text of no characters gets room for one
    assert array.dtype.kind == arrived.dtype.kind
    assert array.shape == arrived.shape
    assert array.astype(arrived.dtype).tobytes() == arrived.tobytes()
    assert arrived.flags.writeable


@pytest.mark.parametrize(
    "dtype",
    ["bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"],
)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_arrive_as_tensors(dtype: str, shape: tuple[int, ...]) -> None:
    tensor = torch.arange(math.prod(shape)).reshape(shape).to(getattr(torch, dtype))
    arrived = over(tensor)
    assert tensor.dtype is arrived.dtype
    assert tensor.shape == arrived.shape
    assert torch.equal(tensor, arrived)


def test_a_parameter_arrives_as_a_tensor_that_wants_a_gradient() -> None:
    arrived = over(torch.nn.Parameter(torch.ones(2)))
    assert type(arrived) is torch.Tensor
    assert arrived.requires_grad


ZONES = st.none() | st.timedeltas(datetime.timedelta(hours=-23), datetime.timedelta(hours=23)).map(
    datetime.timezone
)
STANDARD = (
    st.dictionaries(KEYS, KEYS).map(OrderedDict)
    | st.dictionaries(KEYS, KEYS).map(lambda table: defaultdict(list, table))
    | st.dictionaries(KEYS, KEYS).map(lambda table: defaultdict(None, table))
    | st.lists(KEYS).map(Counter)
    | st.lists(KEYS).map(deque)
    | st.lists(KEYS).map(lambda items: deque(items, len(items) + 2))
    | st.fractions()
    | st.decimals()
    | st.dates()
    | st.datetimes(timezones=ZONES)
    | st.times(timezones=ZONES)
    | st.timedeltas()
    | st.text("abc/.", min_size=1).map(pathlib.PurePosixPath)
)


@given(STANDARD | st.lists(STANDARD) | st.dictionaries(KEYS, STANDARD))
def test_values_of_the_standard_library_arrive_as_themselves(value: Any) -> None:
    arrived = over(value)
    assert type(value) is type(arrived)
    assert repr(value) == repr(arrived)


@given(st.dictionaries(KEYS, KEYS))
def test_the_views_of_a_dictionary_arrive_as_views(table: dict[Any, Any]) -> None:
    for view in (table.keys(), table.values(), table.items()):
        arrived = over(view)
        assert type(view) is type(arrived)
        assert repr(list(view)) == repr(list(arrived))
    assert repr(list(OrderedDict(table).keys())) == repr(list(over(OrderedDict(table).keys())))


def test_an_ordered_dict_arrives_in_its_own_order() -> None:
    table = OrderedDict(a=1, b=2)
    table.move_to_end("a")
    assert ["b", "a"] == list(over(table))


def test_a_zone_keeps_its_name_and_one_with_rules_of_its_own_stays_there() -> None:
    named = datetime.timezone(datetime.timedelta(hours=1), "CET")
    assert "CET" == over(datetime.datetime(2024, 1, 1, tzinfo=named)).tzname()
    assert over(datetime.UTC) is datetime.UTC

    class Rules(datetime.tzinfo):
        def utcoffset(self, moment: Any) -> Any:
            raise RuntimeError("the zone was asked")

    moment = datetime.datetime(2024, 1, 1, tzinfo=Rules())
    assert 7 == load(export(moment, lambda value: 7), lambda handle, fields: handle)


def test_python_s_own_iterators_travel_unmoved_and_those_of_other_classes_are_objects() -> None:
    class Mine:
        def __iter__(self) -> Any:
            return self

        def __next__(self) -> int:
            raise RuntimeError("it was moved")

    class MyMap(map):
        pass

    def kind(value: Any) -> str:
        return str(load(export(value, lambda value: 3), lambda handle, fields: fields)["kind"])

    moved: list[int] = []
    for value in (
        map(moved.append, [1]),
        zip([1]),
        iter([1]),
        itertools.count(),
        enumerate("a"),
        iter({}),
    ):
        assert "iterator" == kind(value)
    assert "generator" == kind(moved.append(x) for x in [1])
    assert ["object", "object"] == [kind(Mine()), kind(MyMap(moved.append, [1]))]
    assert moved == []
    assert all(hasattr(kind, "__next__") for kind in ITERATORS)


class LyingInt(int):
    def __eq__(self, other: object) -> bool:
        return True

    def __int__(self) -> int:
        return 42

    __hash__ = int.__hash__


class LyingList(list):
    def __iter__(self) -> Iterator[Any]:
        return iter([42])

    def __len__(self) -> int:
        return 1


class LyingArray(np.ndarray):
    def __eq__(self, other: object) -> Any:
        return np.ones(self.shape, bool)

    def tobytes(self, *args: Any) -> bytes:
        return bytes(8 * self.size)

    __hash__ = None


class LyingText(str):
    def __str__(self) -> str:
        return "42"


class LyingTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return torch.full((3,), 42.0)


class LyingOrder(OrderedDict):
    def items(self) -> Any:
        return [("b", 42)]

    __iter__ = keys = items


class LyingCounter(Counter):
    def __getitem__(self, key: Any) -> int:
        return 42

    def __missing__(self, key: Any) -> int:
        return 42


class LyingFraction(Fraction):
    numerator = denominator = 42  # type: ignore[assignment]


class LyingDecimal(Decimal):
    def __str__(self) -> str:
        return "42"

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = Decimal.__hash__


class LyingMoment(datetime.datetime):
    year = hour = 42  # type: ignore[assignment]

    def isoformat(self, *args: Any) -> str:
        return "42"


class LyingPath(pathlib.PurePosixPath):
    def __fspath__(self) -> str:
        return "/etc/passwd"


LYING = {
    "int": (LyingInt(7), 7),
    "list": (LyingList([1, 2]), [1, 2]),
    "text": (LyingText("7"), "7"),
    "ordered": (LyingOrder(a=1), OrderedDict(a=1)),
    "default": (defaultdict(lambda: 42, a=1), {"a": 1}),
    "counter": (LyingCounter("ab"), Counter("ab")),
    "fraction": (LyingFraction(1, 2), Fraction(1, 2)),
    "decimal": (LyingDecimal("0.10"), Decimal("0.10")),
    "moment": (LyingMoment(2024, 2, 29, 12), datetime.datetime(2024, 2, 29, 12)),
    "path": (LyingPath("a/b"), pathlib.PurePosixPath("a/b")),
}


@pytest.mark.parametrize("name", LYING)
def test_a_subclass_arrives_as_what_it_is_based_on(name: str) -> None:
    lying, plain = LYING[name]
    assert alike(plain, over(lying))


def test_a_subclass_of_an_array_arrives_as_an_array_with_its_real_cells() -> None:
    arrived = over(np.arange(3).view(LyingArray))
    assert type(arrived) is np.ndarray
    assert [0, 1, 2] == arrived.tolist()
    assert [1, 2] == over(np.ma.array([1, 2], mask=[0, 1])).tolist()


def test_a_subclass_of_a_tensor_arrives_as_a_tensor_with_its_real_cells() -> None:
    arrived = over(torch.arange(3.0).as_subclass(LyingTensor))
    assert type(arrived) is torch.Tensor
    assert [0, 1, 2] == arrived.tolist()


def test_a_bool_is_no_int_and_numpy_scalars_keep_their_type() -> None:
    assert alike([True, 1, 1.0, np.True_, np.int8(1)], over([True, 1, 1.0, np.True_, np.int8(1)]))


def test_nan_infinity_and_the_sign_of_zero_survive() -> None:
    arrived = over([math.nan, -math.inf, -0.0])
    assert ["nan", "-inf", "-0.0"] == [repr(x) for x in arrived]


def test_a_named_tuple_keeps_its_names_and_an_array_of_objects_its_cells() -> None:
    arrived = over(namedtuple("Size", "height width")(3, 5))
    assert (3, 5) == (arrived.height, arrived.width)
    assert [[1, 2], None] == over(np.array([[1, 2], None], dtype=object)).tolist()


class Evil:
    """Every way in which an object can interfere with being looked at."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(f"{name} was asked for")

    @property
    def __class__(self) -> Any:
        raise RuntimeError("__class__ was asked for")

    def _run(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("a method was called")

    __eq__ = __hash__ = __iter__ = __len__ = __bool__ = __array__ = __reduce_ex__ = __repr__ = __str__ = _run
    __float__ = __int__ = __index__ = __bytes__ = __call__ = __getitem__ = __array_interface__ = _run


def evil_class() -> type:
    """Return a class that cannot even be asked for its name."""

    class EvilType(type):
        def __getattribute__(cls, name: str) -> Any:
            raise RuntimeError(f"the class was asked for {name}")

    return EvilType("EvilClass", (), {})


@pytest.mark.parametrize("make", [Evil, evil_class, lambda: object.__new__(evil_class())])
def test_an_evil_object_travels_as_a_handle_without_being_asked(make: Any) -> None:
    value, kept = make(), []
    node = export([value], lambda found: kept.append(found) or 5)
    handle, fields = load(msgpack.unpackb(msgpack.packb(node)), lambda handle, fields: (handle, fields))[0]
    assert handle == 5
    assert kept[0] is value
    assert fields["type"] in ("Evil", "EvilType", "EvilClass")


@dataclasses.dataclass(frozen=True)
class Point:
    x: int
    y: int


def test_a_frozen_dataclass_brings_its_fields_and_one_that_can_change_does_not() -> None:
    fields = load(export(Point(1, 2), lambda value: 3), lambda handle, fields: fields)
    assert fields["fields"] == {"x": 1, "y": 2}
    loose = dataclasses.make_dataclass("Loose", ["x"])(1)
    assert "fields" not in load(export(loose, lambda value: 3), lambda handle, fields: fields)


class Colour(enum.Enum):
    RED = "r"
    BLUE = ("b", 1)


def test_a_member_of_an_enum_brings_its_name_and_value() -> None:
    fields = load(export(Colour.BLUE, lambda value: 3), lambda handle, fields: fields)
    assert ("Colour", {"name": "BLUE", "value": ("b", 1)}) == (fields["type"], fields["fields"])


def test_a_class_says_its_bases_and_its_docstring_and_asks_no_metaclass() -> None:
    class LowError(ValueError):
        """Too low."""

    fields = load(export(LowError, lambda value: 3), lambda handle, fields: fields)
    assert "Too low." == fields["doc"]
    assert ["builtins.ValueError", "builtins.Exception"] == fields["mro"][1:3]
    asked = load(export(evil_class(), lambda value: 3), lambda handle, fields: fields)
    assert [f"{__name__}.EvilClass"] == asked["mro"]


class MuteError(ValueError):
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_an_exception_arrives_by_the_names_of_its_classes() -> None:
    names, text = load(export(MuteError("x"), id), _no_proxy, lambda names, text: (names, text))
    assert names[0].endswith(".MuteError")
    assert names[1] == "builtins.ValueError"
    assert text == ""


def test_a_value_that_contains_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append({"loop": loop})
    with pytest.raises(WireError, match=r"the value contains itself\. Return one that does not\."):
        export(loop, id)


def test_a_value_met_twice_is_no_circle() -> None:
    part = [1]
    assert [[1], [1]] == over([part, part])


def test_deep_and_large_values_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(DEPTH + 1):
        deep = [deep]
    with pytest.raises(WireError, match="nested more than 32 deep"):
        export(deep, id)
    with pytest.raises(WireError, match="more than 1,000,000 values"):
        export([0] * ITEMS, id)
    with pytest.raises(WireError, match="more than 128 MiB"):
        export([np.zeros(LARGEST // 8), 0, b"1"], id)
    doubled: Any = [0]
    for _ in range(DEPTH - 2):
        doubled = [doubled, doubled]  # a billion laughs
    with pytest.raises(WireError, match="more than 1,000,000 values"):
        export(doubled, id)
    with pytest.raises(WireError, match="an integer has more than 65,536 bytes"):
        export(1 << 10**6, id)
    with pytest.raises(WireError, match="a fraction has parts of more than 4,000 bytes"):
        export(Fraction(1, 3**30_000), id)
    for huge in ("1E+10001", "1E-999999", "1" * 10_021):
        with pytest.raises(WireError, match="a decimal number has more than 10,000 digits"):
            export(Decimal(huge), id)


DAMAGED = {
    "no tag": [],
    "a tag that is no text": [1, 2],
    "a map": {"list": []},
    "pickle": ["pickle", pickle.dumps(1)],
    "a tag with fields too few": ["array", "<f8", [1]],
    "a tag with fields too many": ["list", [], []],
    "objects by dtype": ["array", "|O", [1], bytes(8)],
    "records by dtype": ["array", "<f8,<i4", [1], bytes(12)],
    "no dtype": ["array", "float64", [1], bytes(8)],
    "void": ["array", "|V8", [1], bytes(8)],
    "cells of no size": ["array", "<U0", [10**9], b""],
    "too few bytes": ["array", "<f8", [2], bytes(8)],
    "too many bytes": ["array", "<f8", [], bytes(16)],
    "a negative side": ["array", "<f8", [-1], bytes(8)],
    "two negative sides": ["array", "<f8", [-1, -1], bytes(8)],
    "a side that is a bool": ["array", "<f8", [True], bytes(8)],
    "a side that is a float": ["array", "<f8", [1.0], bytes(8)],
    "a side beyond all bounds": ["array", "<f8", [0, 2**63], b""],
    "sides beyond all bounds": ["array", "<f8", [0, 2**40, 2**40], b""],
    "too many sides": ["array", "<f8", [1] * 33, bytes(8)],
    "no character": ["array", "<U1", [1], b"\xff\xff\xff\x7f"],
    "an unknown unit": ["array", "<M8[eons]", [1], bytes(8)],
    "a scalar with too few bytes": ["scalar", "<f8", bytes(7)],
    "an unknown tensor": ["tensor", "Tensor", [], b"", False],
    "a tensor with a module's name": ["tensor", "nn", [], b"", False],
    "a tensor of too few bytes": ["tensor", "float32", [3], bytes(8), False],
    "a tensor beyond all bounds": ["tensor", "float32", [0, 2**63], b"", False],
    "a number for a flag": ["tensor", "float32", [1], bytes(4), 1],
    "a key without a value": ["dict", [1]],
    "a key without a hash": ["dict", [["list", []], 1]],
    "an item without a hash": ["set", [["list", []]]],
    "an endless range": ["range", 0, 1, 0],
    "a range of texts": ["range", "0", "1", "2"],
    "an unknown constant": ["constant", "__import__"],
    "a name that is code": ["named", "x=__import__('os')", ["a"], [1]],
    "a field that is code": ["named", "T", ["a): pass  #"], [1]],
    "a field that is a keyword": ["named", "T", ["class"], [1]],
    "fields without values": ["named", "T", ["a", "b"], [1]],
    "a text that is none": ["text", b"\xff\xff"],
    "an error without names": ["error", [], "x"],
    "an error of numbers": ["error", [1], "x"],
    "a handle that is a text": ["handle", "0", {}],
    "a handle that is a bool": ["handle", True, {}],
    "a description with numbers": ["handle", 0, {"type": 1}],
    "a record without values": ["record", 0, {}, ["x"], []],
    "what only the judge may send": ["global", "os", "system"],
    "another thing the judge sends": ["callback", 0],
    "a path of the judge's": ["path", 7],
    "a path that is bytes": ["path", b"a"],
    "a factory that is code": ["default", "open", []],
    "a factory that is none": ["default", None, []],
    "a counter without a value": ["counter", [1]],
    "an order without a value": ["ordered", [1]],
    "a deque beyond its length": ["deque", 1, [1, 2]],
    "a deque of a negative length": ["deque", -1, []],
    "a deque of a length beyond all bounds": ["deque", 2**63, []],
    "a deque of a length that is a bool": ["deque", True, [1]],
    "a fraction of nothing": ["fraction", 1, 0],
    "a fraction of a negative": ["fraction", 1, -2],
    "a fraction that can be reduced": ["fraction", 2, 4],
    "a fraction of floats": ["fraction", 1.0, 2.0],
    "a fraction of bools": ["fraction", True, 2],
    "a fraction beyond all bounds": ["fraction", ["int", bytes(4001) + b"\x01"], 1],
    "a decimal that never ends": ["decimal", "1E+999999999"],
    "a decimal of many digits": ["decimal", "1" * 20_000],
    "a decimal that is code": ["decimal", "__import__('os')"],
    "a decimal of other digits": ["decimal", "\u0661"],
    "a decimal with spaces": ["decimal", " 1"],
    "a day that was never": ["date", 2023, 2, 29],
    "a year beyond all bounds": ["date", 2**40, 1, 1],
    "a day that is a bool": ["date", 2023, 2, True],
    "a moment of three numbers": ["datetime", [2023, 1, 1], None],
    "a moment of texts": ["datetime", ["2023", 1, 1, 0, 0, 0, 0, 0], None],
    "a moment in no zone": ["datetime", [2023, 1, 1, 0, 0, 0, 0, 0], 7],
    "a fold of two": ["time", [1, 1, 1, 1, 2], None],
    "a time of 25": ["time", [25, 1, 1, 1, 0], None],
    "an age beyond all bounds": ["timedelta", 2**60, 0, 0],
    "a zone of a number": ["timezone", 3600, []],
    "a zone of days": ["timezone", ["timedelta", 2, 0, 0], []],
    "a zone of two names": ["timezone", ["timedelta", 0, 1, 0], ["a", "b"]],
    "a zone called by a number": ["timezone", ["timedelta", 0, 1, 0], [1]],
    "a view of nothing": ["view", "", []],
    "a view of keys without a hash": ["view", "keys", [["list", []]]],
    "a view of half a pair": ["view", "items", [1]],
    "bases that are no list": ["handle", 0, {"mro": "object"}],
    "bases that are numbers": ["handle", 0, {"mro": [1]}],
    "bases without end": ["handle", 0, {"mro": ["a"] * 33}],
    "a docstring of bytes": ["handle", 0, {"doc": b"x"}],
    "an iterator of the judge's": ["walk", 0],
    "a time stamp": msgpack.Timestamp(0),
    "an extension": msgpack.ExtType(5, b"x"),
    "too deep": ["list", [["list", []]]],
}
for _ in range(DEPTH):
    DAMAGED["too deep"] = ["list", [DAMAGED["too deep"]]]


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_node_is_refused(name: str) -> None:
    with pytest.raises(WireError, match=r"^wire: "):
        load(DAMAGED[name], lambda handle, fields: object())


TAGS = [
    "int",
    "complex",
    "text",
    "constant",
    "list",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "named",
    "range",
    "slice",
    "bytearray",
    "array",
    "scalar",
    "objects",
    "tensor",
    "error",
    "record",
    "handle",
    "counter",
    "ordered",
    "default",
    "deque",
    "fraction",
    "decimal",
    "date",
    "datetime",
    "time",
    "timedelta",
    "timezone",
    "path",
    "view",
]
NODES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=16)
    | st.sampled_from(
        [
            "keys",
            "values",
            "items",
            "list",
            "1E+5",
            "NaN",
            "<f8",
            "|b1",
            "<U2",
            "<M8[s]",
            "float32",
            "bool",
            "Ellipsis",
            "a",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(st.sampled_from(TAGS), inner, inner, inner).map(list)
        | st.tuples(st.sampled_from(TAGS), st.lists(inner, max_size=3)).map(list)
        | st.dictionaries(st.sampled_from(["type", "kind", "callable"]), inner, max_size=2)
    ),
    max_leaves=30,
)


MAY_COME = {type(None), bool, int, float, complex, str, bytes, bytearray, range, slice, object, RuntimeError}
MAY_COME |= {Counter, OrderedDict, defaultdict, deque, Fraction, Decimal, pathlib.PurePosixPath}
MAY_COME |= {getattr(datetime, name) for name in ("date", "datetime", "time", "timedelta", "timezone")}
MAY_COME |= {type(getattr({}, name)()) for name in ("keys", "values", "items")}
MAY_COME |= {list, tuple, set, frozenset, dict, type(...), type(NotImplemented), np.ndarray, torch.Tensor}


def refused_or_plain(read: Callable[[], Any]) -> bool:
    """Whether reading gives a WireError, or a value of nothing but the types that may come."""
    try:
        waiting = [read()]
    except WireError as refused:
        return str(refused).startswith("wire: ")
    while waiting:
        value = waiting.pop()
        if isinstance(value, list | tuple | set | frozenset | deque | KeysView | ValuesView | ItemsView):
            waiting += value
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
        if (
            type(value) not in MAY_COME
            and not isinstance(value, np.generic)
            and not hasattr(value, "_fields")
        ):
            return False
    return True


@given(NODES)
def test_whatever_comes_is_refused_or_plain(node: Any) -> None:
    assert refused_or_plain(lambda: load(node, lambda handle, fields: object()))


@given(PLAIN | ARRAYS, st.data())
def test_a_message_with_changed_bytes_is_refused_or_plain(value: Any, data: st.DataObject) -> None:
    packed = bytearray(msgpack.packb({"value": export(value, id)}))
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    one, other = socket.socketpair()
    with one, other:
        one.sendall(len(packed).to_bytes(8, "big") + packed)
        channel = Channel(other)
        assert refused_or_plain(lambda: load(channel.receive(5).get("value"), lambda *handle: object()))


def test_pickled_bytes_are_not_even_looked_at() -> None:
    ran: list[int] = []

    class Bomb:
        def __reduce__(self) -> Any:
            return ran.append, (1,)

    assert not refused_or_plain(lambda: ran.append)  # the check can fail
    with pytest.raises(WireError, match="a node of the kind 'pickle' came"):
        load(["pickle", pickle.dumps(print)], _no_proxy)
    assert load(export(Bomb(), lambda value: 3), lambda handle, fields: handle) == 3
    assert ran == []


def test_a_bool_made_of_another_byte_is_true_and_only_true() -> None:
    (arrived,) = load(["list", [["array", "|b1", [2], b"\x00\x07"]]], _no_proxy)
    assert [0, 1] == arrived.view(np.uint8).tolist()
    tensor = load(["tensor", "bool", [1], b"\x07", False], _no_proxy)
    assert [1] == tensor.view(torch.uint8).tolist()


def test_many_kinds_of_named_tuples_become_plain_ones() -> None:
    node = ["list", [["named", f"T{number}", ["a"], [1]] for number in range(200)]]
    kinds = {type(value) for value in load(node, _no_proxy)}
    assert len(kinds) == 101


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Channel]]:
    """Return a raw socket, and the channel at its other end."""
    one, other = socket.socketpair()
    with one, other:
        yield one, Channel(other, limit=10 * 2**20)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ((2**63).to_bytes(8, "big"), "a message of 9,223,372,036,854,775,808 bytes is announced"),
        ((1).to_bytes(8, "big") + b"\xc1", "not msgpack"),
        ((4).to_bytes(8, "big") + b"\x81\xa1\xff\x01", "not msgpack"),
        ((3).to_bytes(8, "big") + b"\x01\x02\x03", "not msgpack"),
        ((1).to_bytes(8, "big") + b"\x07", "a int came, expected a dict"),
        ((3).to_bytes(8, "big") + b"\x81\x01\x02", "not msgpack"),
        ((2000).to_bytes(8, "big") + b"\x91" * 2000, "not msgpack"),
        ((5).to_bytes(8, "big") + b"\xdd\xff\xff\xff\xff", "not msgpack"),
        ((5).to_bytes(8, "big") + b"\xc6\xff\xff\xff\xff", "not msgpack"),
    ],
)
def test_garbage_is_refused(ends: tuple[socket.socket, Channel], data: bytes, why: str) -> None:
    raw, channel = ends
    raw.sendall(data)
    with pytest.raises(WireError, match=why):
        channel.receive(5)


def test_items_are_counted_before_memory_is_spent_on_them(ends: tuple[socket.socket, Channel]) -> None:
    raw, channel = ends
    size = 9 * 2**20
    bomb = b"\x81\xa1v\xdd" + size.to_bytes(4, "big") + b"\x90" * size  # empty lists, 64 bytes each once made
    sender = threading.Thread(target=raw.sendall, args=(len(bomb).to_bytes(8, "big") + bomb,))
    sender.start()
    with pytest.raises(WireError, match="more than 4,000,000 items"):
        channel.receive(60)
    sender.join()


def test_a_large_honest_message_passes_the_count(ends: tuple[socket.socket, Channel]) -> None:
    raw, channel = ends
    value = [np.zeros(2**20), ["x" * 300] * 2000, dict.fromkeys(range(70000), 1.5), -1, 2**40, b"y" * 70_000]
    sender = threading.Thread(target=Channel(raw).send, args=({"value": export(value, id)},))
    sender.start()
    arrived = load(channel.receive(60)["value"], _no_proxy)
    sender.join()
    assert arrived[1:] == value[1:]


def test_silence_and_half_a_message_end_after_the_time_given(ends: tuple[socket.socket, Channel]) -> None:
    raw, channel = ends
    with pytest.raises(Silence, match="no answer came in time"):
        channel.receive(0.01)
    raw.sendall((100).to_bytes(8, "big") + b"half")
    with pytest.raises(Silence, match="no answer came in time"):
        channel.receive(0.01)
    raw.close()
    with pytest.raises(Silence, match="the other side is gone"):
        channel.receive(5)
    with pytest.raises(Silence, match="the other side is gone"):
        channel.send({"do": "x" * 2**20})


def test_drop_by_drop_is_as_bad_as_silence(ends: tuple[socket.socket, Channel]) -> None:
    raw, channel = ends
    raw.sendall((10**6).to_bytes(8, "big"))
    over_ = threading.Event()

    def drip() -> None:
        while not over_.wait(0.01):
            raw.sendall(b"\x00")

    dripping = threading.Thread(target=drip)
    dripping.start()
    began = time.monotonic()
    with pytest.raises(Silence):
        channel.receive(0.3)
    over_.set()
    dripping.join()
    assert time.monotonic() - began >= 0.3


def test_whoever_does_not_read_is_not_waited_for(ends: tuple[socket.socket, Channel]) -> None:
    _, channel = ends
    with pytest.raises(Silence, match=r"did not read for 0\.05 seconds"):
        channel.send({"value": bytes(8 * 2**20)}, seconds=0.05)


def test_a_message_beyond_the_limit_is_not_sent(ends: tuple[socket.socket, Channel]) -> None:
    _, channel = ends
    with pytest.raises(WireError, match="expected at most 10,485,760"):
        channel.send({"value": bytes(11 * 2**20)})


def test_what_msgpack_cannot_hold_is_not_sent(ends: tuple[socket.socket, Channel]) -> None:
    _, channel = ends
    with pytest.raises(WireError, match="no message can hold this: UnicodeEncodeError"):
        channel.send({"text": "\ud800"})


def test_messages_keep_their_order_and_their_borders(ends: tuple[socket.socket, Channel]) -> None:
    raw, channel = ends
    sending = Channel(raw)
    for number in range(3):
        sending.send({"number": number})
    assert [0, 1, 2] == [channel.receive(5)["number"] for _ in range(3)]
