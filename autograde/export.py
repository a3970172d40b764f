"""Write a value as a node; the other direction is ``load``.

Types are looked up, never asked: an attribute, operator or method of a student's object plays no part in how
it is written, so a subclass of int, list or ndarray arrives as what it is based on. Only the standard library
is imported here; numpy and torch inside the functions that meet their objects.
"""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache, partial
from typing import Any, NoReturn

from autograde.iterators import is_iterator
from autograde.nodes import DEPTH, DTYPE, INTEGER, ITEMS, LARGEST, NAME, TENSORS, TEXT, Node, WireError
from autograde.standard import WRITERS as STANDARD

__all__ = ["compared", "describe", "export", "export_plain", "names_of_error", "text_of_error"]

Keep = Callable[[Any], int | list[Node]]
Describe = Callable[[Any], dict[str, Any]]

# Also of a class whose metaclass says something else.
_bases = type.__dict__["__mro__"].__get__
_attributes = type.__dict__["__dict__"].__get__


def describe(value: Any) -> dict[str, Any]:
    """Say what an object is: what its proxy shows on the other side.

    Returns
    -------
    dict
        ``type`` (name of its class), ``kind`` (``"function"``, ``"class"``, ``"module"``, ``"nn.Module"``,
        ``"generator"``, ``"iterator"`` for others of Python's, ``"dataclass"`` for one that can change and is
        compared by its fields, or ``"object"``), ``callable``; where there are any ``name``, ``module``,
        ``signature`` and ``doc``; of a class ``mro``, the names of its bases.

    Examples
    --------
    >>> describe(lambda x, padding=0: x)["signature"]
    '(x, padding=0)'
    """
    kind = type(value)
    said = {"type": _name(kind), "kind": _kind(value, kind), "callable": callable(value)}
    if said["kind"] in ("function", "class", "generator"):
        for field, attribute in (("name", "__name__"), ("module", "__module__")):
            text = _quietly(partial(getattr, value, attribute))
            if type(text) is str:
                said[field] = _short(text, NAME)
    named = said["kind"] in ("function", "class")
    doc = _quietly(partial(getattr, value, "__doc__")) if named else _attributes(kind).get("__doc__")
    if type(doc) is str:
        said["doc"] = _short(doc, TEXT)
    if said["kind"] == "class":
        said["mro"] = _names(value)
    if said["kind"] == "function":
        signature = _quietly(lambda: str(inspect.signature(value)))
        if type(signature) is str:
            said["signature"] = _short(signature, TEXT)
    return said


FUNCTIONS = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    types.WrapperDescriptorType,
)


def _kind(value: Any, kind: type) -> str:
    bases = _bases(kind)
    if any(base in FUNCTIONS for base in bases):
        return "function"
    if type in bases:
        return "class"
    if types.ModuleType in bases:
        return "module"
    if is_iterator(value):
        return "generator" if kind is types.GeneratorType else "iterator"
    torch = sys.modules.get("torch.nn")
    if torch is not None and torch.Module in bases:
        return "nn.Module"
    return "dataclass" if _quietly(partial(compared, kind)) else "object"


def compared(kind: type) -> list[str]:
    """Return the fields by which a dataclass is compared; none if it compares in a way of its own.

    Examples
    --------
    >>> from dataclasses import make_dataclass
    >>> compared(make_dataclass("Point", ["x", "y"])), compared(make_dataclass("Box", ["x"], eq=False))
    (['x', 'y'], [])
    """
    fields, parameters = _own(kind, "__dataclass_fields__"), _own(kind, "__dataclass_params__")
    code = getattr(_own(kind, "__eq__"), "__code__", None)
    if type(fields) is not dict or not getattr(parameters, "eq", False) or code is None:
        return []
    written = code.co_filename != "<string>"  # where dataclass puts what it writes itself
    return [] if written else [name for name, x in fields.items() if type(name) is str and x.compare]


def export(value: Any, keep: Keep, describe: Describe = describe) -> Node:
    """Write a value as a node.

    Parameters
    ----------
    value : object
    keep : callable
        ``keep(object) -> int``: remembers what is no plain data, and returns its handle. It may also return a
        node of its own making, or raise WireError.
    describe : callable
        ``describe(object) -> dict``: what to say about an object besides its handle.

    Returns
    -------
    node

    Raises
    ------
    WireError
        The value contains itself, is nested more than 32 deep, or is too large.

    Examples
    --------
    >>> export([1, (2.5, "x")], keep=id)
    ['list', [1, ['tuple', [2.5, 'x']]]]
    """
    return _Writer(keep, describe).write(value, 0)


def export_plain(values: Mapping[str, Any]) -> dict[str, Node] | None:
    """Write values as nodes if they are small plain data: what can be written without a word of theirs.

    Parameters
    ----------
    values : mapping of str to object

    Returns
    -------
    dict of str to node, or None
        None if one of them is or holds an object, or if they are large together.

    Examples
    --------
    >>> export_plain({"x": 1, "y": (2, 3)})
    {'x': 1, 'y': ['tuple', [2, 3]]}
    >>> export_plain({"x": 1, "f": [print]}) is None
    True
    """
    writer = _PlainWriter()
    try:
        return {name: writer.write(value, 0) for name, value in values.items()}
    except WireError:
        return None


class _Writer:
    """Writes one value, and counts what it has written."""

    most_items, most_bytes = ITEMS, LARGEST

    def __init__(self, keep: Keep, describe: Describe) -> None:
        self.keep = keep
        self.describe = describe
        self.items = 0
        self.size = 0
        self.open: set[int] = set()

    def write(self, value: Any, depth: int) -> Node:
        self.items += 1
        if self.items > self.most_items:
            raise WireError(f"wire: the value holds more than {self.most_items:,} values. Return fewer.")
        kind = type(value)
        if kind is float or kind is bool or value is None:
            return value
        if kind is int:
            return value if -(2**63) <= value < 2**64 else self._big(value)
        if kind is str or kind is bytes:
            self._measure(len(value))
            return value if kind is bytes or _is_utf8(value) else ["text", _surrogates(value)]
        for base in _bases(kind):
            writer = _WRITERS.get(base) or _library_writer(base)
            if writer is not None:
                return writer(self, value, depth)
        return self._record(value, kind, depth) or self._handle(value)

    def _handle(self, value: Any) -> Node:
        kept = self.keep(value)
        return kept if isinstance(kept, list) else ["handle", kept, self.describe(value)]

    def _measure(self, size: int) -> None:
        self.size += size
        if self.size > self.most_bytes:
            most = self.most_bytes // 2**20
            raise WireError(f"wire: the value has more than {most} MiB. Return a smaller one.")

    def all(self, values: Iterable[Any], container: Any, depth: int) -> list[Node]:
        if depth >= DEPTH:
            raise WireError(f"wire: the value is nested more than {DEPTH} deep. Make it flatter.")
        if id(container) in self.open:
            raise WireError("wire: the value contains itself. Return one that does not.")
        self.open.add(id(container))
        try:
            return [self.write(value, depth + 1) for value in values]
        finally:
            self.open.discard(id(container))

    def _big(self, value: int) -> Node:
        size = value.bit_length() // 8 + 1
        if size > INTEGER:
            raise WireError(f"wire: an integer has more than {INTEGER:,} bytes. Return a smaller one.")
        return ["int", value.to_bytes(size, "little", signed=True)]

    def of_dict(self, value: Any, depth: int) -> Node:
        return ["dict", self.all((x for pair in dict.items(value) for x in pair), value, depth)]

    def of_tuple(self, value: Any, depth: int) -> Node:
        nodes = self.all(tuple.__iter__(value), value, depth)
        fields = _own(type(value), "_fields")
        if type(fields) is tuple and len(fields) == len(nodes) and all(type(x) is str for x in fields):
            return ["named", _name(type(value)), [_short(x, NAME) for x in fields], nodes]
        return ["tuple", nodes]

    def of_range(self, value: Any, depth: int) -> Node:
        tag = "range" if type(value) is range else "slice"
        return [tag, *self.all((value.start, value.stop, value.step), value, depth)]

    def of_error(self, value: Any, depth: int) -> Node:
        return ["error", names_of_error(value), text_of_error(value)]

    def _record(self, value: Any, kind: type, depth: int) -> Node | None:
        """Write a frozen dataclass or a member of an Enum; what can change is asked when that is needed."""
        parameters = _own(kind, "__dataclass_params__")
        if Enum in _bases(kind):
            own = {"name": "_name_", "value": "_value_"}
        elif getattr(parameters, "frozen", False):
            own = {_short(str(name), NAME): name for name in _own(kind, "__dataclass_fields__")}
        else:
            return None
        names = list(own)
        try:
            values = [object.__getattribute__(value, name) for name in own.values()]
        except (AttributeError, TypeError):
            return None
        kept = self.keep(value)
        if isinstance(kept, list):
            return kept
        return ["record", kept, self.describe(value), names, self.all(values, value, depth)]

    def of_array(self, value: Any, depth: int) -> Node:
        import numpy as np

        array = np.ndarray.view(value, np.ndarray)
        if array.dtype.kind == "O" and array.ndim <= DEPTH:
            return ["objects", list(array.shape), self.all(array.flat, value, depth)]
        array = _native(array)
        if not DTYPE.fullmatch(array.dtype.str) or array.ndim > DEPTH:
            return self._handle(value)
        self._measure(array.nbytes)
        return ["array", array.dtype.str, list(array.shape), array.tobytes()]

    def of_scalar(self, value: Any, depth: int) -> Node:
        import numpy as np

        cell = np.asarray(value)
        if cell.ndim or not DTYPE.fullmatch(cell.dtype.str):
            return self._handle(value)
        return ["scalar", cell.dtype.str, cell.tobytes()]

    def of_tensor(self, value: Any, depth: int) -> Node:
        import torch

        with torch._C.DisableTorchFunctionSubclass(), torch.no_grad():
            name = str(value.dtype).removeprefix("torch.")
            in_memory = value.layout == torch.strided and value.device.type == "cpu"
            if name not in TENSORS or not in_memory or value.dim() > DEPTH:
                return self._handle(value)
            flat = value.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
            self._measure(flat.numel() * flat.element_size())
            data = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
            return ["tensor", name, list(value.shape), data, bool(value.requires_grad)]


class _PlainWriter(_Writer):
    """Writes small plain data; everything else is refused before it is looked at."""

    most_items, most_bytes = 10_000, 2**20

    def __init__(self) -> None:
        super().__init__(_refuse, dict)

    def of_error(self, value: Any, depth: int) -> Node:
        _refuse(value)

    def _record(self, value: Any, kind: type, depth: int) -> Node | None:
        return None


def _refuse(value: Any) -> NoReturn:
    raise WireError("wire: the value is no plain data.")


def _items(tag: str, walk: Callable[[Any], Iterable[Any]]) -> Callable[[_Writer, Any, int], Node]:
    return lambda writer, value, depth: [tag, writer.all(walk(value), value, depth)]


_real: Callable[[Any], float] = complex.__dict__["real"].__get__
_imag: Callable[[Any], float] = complex.__dict__["imag"].__get__

# A subclass of int, str ... : the base class's own conversion gives the base type.
_WRITERS: dict[type, Callable[[_Writer, Any, int], Node]] = {
    int: lambda writer, value, depth: writer.write(int.__int__(value), depth),
    float: lambda writer, value, depth: float.__float__(value),
    str: lambda writer, value, depth: writer.write(str.__str__(value), depth),
    bytes: lambda writer, value, depth: writer.write(bytes.__bytes__(value), depth),
    bytearray: lambda writer, value, depth: ["bytearray", writer.write(bytes(memoryview(value)), depth)],
    complex: lambda writer, value, depth: ["complex", _real(value), _imag(value)],
    tuple: _Writer.of_tuple,
    list: _items("list", list.__iter__),
    set: _items("set", set.__iter__),
    frozenset: _items("frozenset", frozenset.__iter__),
    dict: _Writer.of_dict,
    range: _Writer.of_range,
    slice: _Writer.of_range,
    type(Ellipsis): lambda writer, value, depth: ["constant", "Ellipsis"],
    type(NotImplemented): lambda writer, value, depth: ["constant", "NotImplemented"],
    BaseException: lambda writer, value, depth: writer.of_error(value, depth),
    **STANDARD,
}


def _library_writer(base: type) -> Callable[[_Writer, Any, int], Node] | None:
    """Find the writer of numpy's and torch's objects; of a library that is not loaded there are none."""
    return _loaded(sys.modules.get("numpy"), sys.modules.get("torch")).get(base)


@lru_cache(maxsize=8)
def _loaded(numpy: Any, torch: Any) -> dict[type, Callable[[_Writer, Any, int], Node]]:
    found: dict[type, Callable[[_Writer, Any, int], Node]] = {}
    if hasattr(numpy, "ndarray") and hasattr(numpy, "generic"):
        found |= {numpy.ndarray: _Writer.of_array, numpy.generic: _Writer.of_scalar}
    if hasattr(torch, "Tensor"):
        found[torch.Tensor] = _Writer.of_tensor
    return found


def _native(array: Any) -> Any:
    """Return an array in this machine's byte order, its texts with room for a character."""
    if array.dtype.byteorder == ">":
        return array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind in "US" and array.dtype.itemsize == 0:
        return array.astype(array.dtype.kind + "1")
    return array


def names_of_error(error: BaseException) -> list[str]:
    """Return the classes of an exception, the most special first, as ``module.name``.

    Examples
    --------
    >>> names_of_error(KeyError("x"))
    ['builtins.KeyError', 'builtins.LookupError', 'builtins.Exception', 'builtins.BaseException']
    """
    return _names(type(error))


def _names(kind: type) -> list[str]:
    bases = [base for base in _bases(kind) if base is not object][:DEPTH]
    return [f"{_module(base)}.{_name(base)}" for base in bases]


def _module(kind: type) -> str:
    module = _own(kind, "__module__")
    return _short(module, NAME) if type(module) is str else "builtins"


def text_of_error(error: BaseException) -> str:
    """Return what an exception says; one that cannot even say that says nothing."""
    text = _quietly(lambda: str(error))
    return _short(text, TEXT) if type(text) is str else ""


def _own(kind: type, attribute: str) -> Any:
    """Return a class's attribute as its bases hold it: no metaclass, no ``__getattr__``."""
    for base in _bases(kind):
        found = _attributes(base).get(attribute)
        if found is not None:
            return found
    return None


def _name(kind: type) -> str:
    return _short(str(type.__dict__["__name__"].__get__(kind)), NAME)


def _quietly(ask: Callable[[], Any]) -> Any:
    """Ask an object something that its class may answer with any error at all."""
    try:
        return ask()
    except Exception:
        return None


def _short(text: str, length: int) -> str:
    return text[:length].encode("utf-8", "replace").decode()


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _surrogates(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
