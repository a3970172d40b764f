"""Read a node back into a value; the other direction is ``export``.

A student's program may have written the node, so every field of it is checked, and nothing in it is ever run,
imported or looked up: tags, dtypes and sizes come from lists of what is allowed.
"""

from __future__ import annotations

import keyword
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from math import prod
from typing import Any, NoReturn

from autograde.nodes import DEPTH, DTYPE, INTEGER, ITEMS, NAME, TENSORS, TEXT, Node, WireError
from autograde.standard import READERS as STANDARD

__all__ = ["load", "names_and_text"]

Meet = Callable[[int, dict[str, Any]], Any]
NATIVE = (type(None), bool, int, float, str, bytes)
CELLS = 2**40
CONSTANTS = {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}


def load(
    node: Node,
    proxy: Meet,
    error: Callable[[Sequence[str], str], Any] | None = None,
    more: Mapping[str, Callable[..., Any]] | None = None,
) -> Any:
    """Read a node.

    Parameters
    ----------
    node : object
        Anything at all.
    proxy : callable
        ``proxy(handle, fields) -> object``: what stands for an object of the other side. ``fields`` are those
        of ``export.describe``; those of a record hold its values as ``fields["fields"]``.
    error : callable, optional
        ``error(names, text) -> object``: what stands for an exception; by default a RuntimeError.
    more : mapping, optional
        Further tags and what makes values of their fields. Only for nodes from someone who is trusted.

    Returns
    -------
    object

    Raises
    ------
    WireError
        The node is not one that `export` writes, or is too large or too deep.

    Examples
    --------
    >>> load(["list", [1, ["tuple", [2.5, "x"]]]], proxy=print)
    [1, (2.5, 'x')]
    >>> load(["pickle", b"..."], proxy=print)
    Traceback (most recent call last):
    autograde.nodes.WireError: wire: a node of the kind 'pickle' came, expected one of the kinds in nodes.py.
    """
    return _Reader(proxy, error or _plain_error, more or {}).read(node, 0)


def _plain_error(names: Sequence[str], text: str) -> Any:
    return RuntimeError(f"{names[0]}: {text}")


class _Reader:
    """Reads one value, and counts what it has read."""

    def __init__(
        self,
        proxy: Meet,
        error: Callable[[Sequence[str], str], Any],
        more: Mapping[str, Callable[..., Any]],
    ) -> None:
        self.more = more
        self.proxy = proxy
        self.error = error
        self.items = 0
        self.classes: dict[tuple[str, ...], Any] = {}

    def read(self, node: Node, depth: int) -> Any:
        self.items += 1
        if self.items > ITEMS:
            raise WireError(f"wire: more than {ITEMS:,} values came.")
        if type(node) in NATIVE:
            return node
        if type(node) is not list or not node or type(node[0]) is not str:
            _refuse("node", node)
        if node[0] in self.more:
            return self.more[node[0]](*node[1:])
        known = _READERS.get(node[0])
        if known is None:
            raise WireError(
                f"wire: a node of the kind {node[0]!r:.60} came, expected one of the kinds in nodes.py."
            )
        types, reader = known
        fields = node[1:]
        if len(fields) != len(types) or any(
            type(field) is not wanted and wanted is not object
            for field, wanted in zip(fields, types, strict=True)
        ):
            _refuse(node[0], fields)
        return reader(self, depth, *fields)

    def all(self, nodes: list[Node], depth: int) -> list[Any]:
        if depth >= DEPTH:
            raise WireError(f"wire: a value came that is nested more than {DEPTH} deep.")
        return [self.read(node, depth + 1) for node in nodes]

    def of_int(self, depth: int, data: bytes) -> int:
        if len(data) > INTEGER:
            _refuse("int", len(data))
        return int.from_bytes(data, "little", signed=True)

    def of_text(self, depth: int, data: bytes) -> str:
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            _refuse("text", data)

    def of_constant(self, depth: int, name: str) -> Any:
        return CONSTANTS[name] if name in CONSTANTS else _refuse("constant", name)

    def of_tuple(self, depth: int, nodes: list[Node]) -> tuple[Any, ...]:
        return tuple(self.all(nodes, depth))

    def of_named(self, depth: int, name: str, fields: list[Any], nodes: list[Node]) -> tuple[Any, ...]:
        values = self.of_tuple(depth, nodes)
        if len(fields) != len(values) or not all(_is_name(x) for x in (name, *fields)):
            _refuse("named", [name, fields])
        wanted = (name, *fields)
        if wanted not in self.classes:
            if len(self.classes) >= CLASSES or len(set(fields)) < len(fields):
                return values
            self.classes[wanted] = namedtuple(name, fields, rename=True)
        made: tuple[Any, ...] = self.classes[wanted](*values)
        return made

    # Item by item: a set or dict of colliding keys must stay interruptible.
    def of_set(self, depth: int, nodes: list[Node]) -> set[Any]:
        return set(self._hashable(depth, nodes))

    def of_frozenset(self, depth: int, nodes: list[Node]) -> frozenset[Any]:
        return frozenset(self._hashable(depth, nodes))

    def of_dict(self, depth: int, nodes: list[Node]) -> dict[Any, Any]:
        if len(nodes) % 2:
            _refuse("dict", len(nodes))
        items = self.all(nodes, depth)
        found: dict[Any, Any] = {}
        try:
            for key, value in zip(items[::2], items[1::2], strict=True):
                found[key] = value
        except TypeError:
            _refuse("dict", "a key that has no hash")
        return found

    def _hashable(self, depth: int, nodes: list[Node]) -> dict[Any, None]:
        found: dict[Any, None] = {}
        try:
            for item in self.all(nodes, depth):
                found[item] = None
        except TypeError:
            _refuse("set", "an item that has no hash")
        return found

    def of_range(self, depth: int, *nodes: Node) -> range:
        parts = self.all(list(nodes), depth)
        if any(type(part) is not int for part in parts) or parts[2] == 0:
            _refuse("range", parts)
        return range(*parts)

    def of_slice(self, depth: int, *nodes: Node) -> slice:
        return slice(*self.all(list(nodes), depth))

    def of_array(self, depth: int, dtype: str, shape: list[Any], data: bytes) -> Any:
        import numpy as np

        cells = _cells(shape)
        kind = _dtype(dtype)
        if cells * kind.itemsize != len(data):
            _refuse("array", [dtype, shape, len(data)])
        flat = np.frombuffer(data, kind) if data else np.zeros(0, kind)
        if kind.kind == "b":  # another byte than 0 and 1 is a bool that is neither
            flat = flat.view(np.uint8) != 0
        if kind.kind == "U" and data and flat.view(np.uint32).max() > 0x10FFFF:
            _refuse("array", "a character that Unicode does not have")
        try:
            return flat.reshape(shape).copy()
        except ValueError:
            _refuse("array", [dtype, shape])

    def of_scalar(self, depth: int, dtype: str, data: bytes) -> Any:
        return self.of_array(depth, dtype, [], data)[()]

    def of_objects(self, depth: int, shape: list[Any], nodes: list[Node]) -> Any:
        import numpy as np

        if _cells(shape) != len(nodes):
            _refuse("objects", [shape, len(nodes)])
        flat = np.empty(len(nodes), dtype=object)
        for place, value in enumerate(self.all(nodes, depth)):
            flat[place] = value
        try:
            return flat.reshape(shape)
        except ValueError:
            _refuse("objects", shape)

    def of_tensor(self, depth: int, name: str, shape: list[Any], data: bytes, requires_grad: bool) -> Any:
        import torch

        if name not in TENSORS:
            _refuse("tensor", name)
        dtype = getattr(torch, name)
        if _cells(shape) * dtype.itemsize != len(data):
            _refuse("tensor", [name, shape, len(data)])
        kind = torch.uint8 if dtype is torch.bool else dtype
        try:
            flat = torch.frombuffer(bytearray(data), dtype=kind) if data else torch.empty(0, dtype=kind)
            tensor = (flat != 0 if dtype is torch.bool else flat).reshape(shape)
        except (RuntimeError, OverflowError):
            _refuse("tensor", [name, shape])
        return tensor.requires_grad_(requires_grad and (dtype.is_floating_point or dtype.is_complex))

    def of_error(self, depth: int, names: list[Any], text: str) -> Any:
        return self.error(*names_and_text(names, text))

    def of_handle(self, depth: int, handle: int, fields: dict[str, Any]) -> Any:
        return self.proxy(handle, _description(fields))

    def of_record(
        self, depth: int, handle: int, fields: dict[str, Any], names: list[Any], nodes: list[Node]
    ) -> Any:
        values = self.all(nodes, depth)
        if len(names) != len(values) or not all(type(name) is str for name in names):
            _refuse("record", names)
        return self.proxy(handle, _description(fields) | {"fields": dict(zip(names, values, strict=True))})


CLASSES = 100  # named tuples of different kinds in one message
DESCRIPTION: dict[str, type] = {
    "type": str,
    "kind": str,
    "callable": bool,
    "name": str,
    "module": str,
    "signature": str,
}
DESCRIPTION |= {"doc": str, "mro": list}

_READERS: dict[str, tuple[tuple[type, ...], Callable[..., Any]]] = {
    "int": ((bytes,), _Reader.of_int),
    "complex": ((float, float), lambda reader, depth, real, imag: complex(real, imag)),
    "text": ((bytes,), _Reader.of_text),
    "bytearray": ((bytes,), lambda reader, depth, data: bytearray(data)),
    "constant": ((str,), _Reader.of_constant),
    "list": ((list,), lambda reader, depth, nodes: reader.all(nodes, depth)),
    "tuple": ((list,), _Reader.of_tuple),
    "named": ((str, list, list), _Reader.of_named),
    "set": ((list,), _Reader.of_set),
    "frozenset": ((list,), _Reader.of_frozenset),
    "dict": ((list,), _Reader.of_dict),
    "range": ((object, object, object), _Reader.of_range),
    "slice": ((object, object, object), _Reader.of_slice),
    "array": ((str, list, bytes), _Reader.of_array),
    "scalar": ((str, bytes), _Reader.of_scalar),
    "objects": ((list, list), _Reader.of_objects),
    "tensor": ((str, list, bytes, bool), _Reader.of_tensor),
    "error": ((list, str), _Reader.of_error),
    "handle": ((int, dict), _Reader.of_handle),
    "record": ((int, dict, list, list), _Reader.of_record),
    **STANDARD,
}


def names_and_text(names: Any, text: Any) -> tuple[list[str], str]:
    """Check the two fields of an exception: the names of its classes, and what it says."""
    sound = type(names) is list and 0 < len(names) <= DEPTH and all(type(name) is str for name in names)
    if not sound or type(text) is not str:
        _refuse("error", [names, text])
    return [name[: 2 * NAME] for name in names], text[:TEXT]


def _description(fields: dict[str, Any]) -> dict[str, Any]:
    kept = {}
    for field, wanted in DESCRIPTION.items():
        if field in fields:
            if type(fields[field]) is not wanted:
                _refuse("handle", fields)
            kept[field] = fields[field][:TEXT] if wanted is str else fields[field]
    if kept.get("mro"):
        kept["mro"], _ = names_and_text(kept["mro"], "")
    return kept


def _cells(shape: list[Any]) -> int:
    if len(shape) > DEPTH or any(type(size) is not int or size < 0 for size in shape):
        _refuse("shape", shape)
    if prod(size or 1 for size in shape) > CELLS:  # no cells at all can have sides beyond all bounds
        _refuse("shape", shape)
    return prod(shape)


@lru_cache(maxsize=64)
def _dtype(text: str) -> Any:
    import numpy as np

    if not DTYPE.fullmatch(text):
        _refuse("dtype", text)
    try:
        return np.dtype(text)
    except (TypeError, ValueError, OverflowError):
        _refuse("dtype", text)


def _is_name(text: Any) -> bool:
    return (
        type(text) is str
        and len(text) <= NAME
        and text.isascii()
        and text.isidentifier()
        and not keyword.iskeyword(text)
    )


def _refuse(what: str, found: Any) -> NoReturn:
    raise WireError(f"wire: a damaged {what} came: {found!r:.100}")
