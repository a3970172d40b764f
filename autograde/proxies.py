"""What a test cell holds in its hands when a student's variable is no plain data.

A proxy is honest: it is no function and no network, it only asks the student's session by messages. Calls,
methods and attributes are forwarded; operators are not, so that no ``==`` of a student has a say in a test.
Only Python's own iterators are walked through; only dataclasses are compared, by their fields, on this side.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from autograde.raised import known_class

if TYPE_CHECKING:
    from autograde.remote import Remote

__all__ = ["CURE", "Function", "Loose", "Module", "Proxy", "Record", "Walk", "of_class", "walk"]

CLASSES = 200  # classes of students' that are called by their names
CURE = "Make it in a read-only cell before the test: that cell runs on the student's side."


class Proxy:
    """An object of the student's: its attributes can be read, its methods called."""

    __slots__ = ("_fields_", "_handle_", "_remote_", "_root_")
    _fields_: dict[str, Any]
    _handle_: int
    _remote_: Remote
    _root_: str

    def __init__(self, remote: Remote, handle: int, fields: dict[str, Any], root: str) -> None:
        for name, value in (
            ("_remote_", remote),
            ("_handle_", handle),
            ("_fields_", fields),
            ("_root_", root),
        ):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Ask the session; what Python, numpy and IPython look for behind the scenes is not there."""
        if name.startswith(("__", "_repr_", "_ipython_")):
            raise AttributeError(f"{self!r} has no {name} here")
        return self._remote_.get(self._handle_, self._root_, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set it in the session, to a copy of the value."""
        if name.startswith("__") or name in Proxy.__slots__:
            raise AttributeError(f"{self!r}: `{name}` cannot be set from a test. {CURE}")
        self._remote_.set(self._handle_, self._root_, name, value)

    def __repr__(self) -> str:
        return f"<the student's {self._fields_.get('type', 'object')} object>"

    def _no_operator(self, *others: Any) -> Any:
        raise TypeError(
            f"{self!r} is no plain data: it cannot be compared, walked through or asked whether it is true. "
            "Compare what its methods or attributes return."
        )

    __eq__ = __ne__ = __bool__ = __iter__ = __contains__ = _no_operator
    __reduce_ex__ = __copy__ = __deepcopy__ = _no_operator
    __hash__ = object.__hash__


class Function(Proxy):
    """A function, class or other thing of the student's that can be called."""

    __slots__ = ()

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call it in the session, with copies of the arguments."""
        return self._remote_.call(self._handle_, self._root_, args, kwargs)

    def source(self) -> str:
        """Return the text of the student's definition, "" if there is none by that name."""
        return self._remote_.sources.text(self._root_)

    def library_calls(self) -> list[str]:
        """Return what of other libraries the student's definition uses, as dotted names.

        Read from the text of the cells, which no student can bend; and besides, from what the session says
        that the living function leads to, which need not be what the text shows.
        """
        read = self._remote_.sources.library_calls(self._root_)
        return list(dict.fromkeys([*read, *self._remote_.reaches(self._handle_)]))

    def __repr__(self) -> str:
        kind = self._fields_.get("kind", "object")
        if "name" not in self._fields_:
            return super().__repr__()
        return f"<the student's {kind} {self._fields_['name']}>"

    @property
    def __name__(self) -> str:
        """The name that it was given when it was defined."""
        if "name" not in self._fields_:
            raise AttributeError(f"{self!r} has no name")
        return str(self._fields_["name"])

    @property
    def __signature__(self) -> inspect.Signature:
        """Its parameters as the session states them; a default that is no literal shows as ``...``."""
        return _signature(self._fields_.get("signature", ""))

    @property
    def __defaults__(self) -> tuple[Any, ...] | None:
        """The defaults of its positional parameters, as the session states them."""
        found = [p.default for p in self.__signature__.parameters.values() if p.kind is not p.KEYWORD_ONLY]
        return tuple(value for value in found if value is not inspect.Parameter.empty) or None

    @property
    def __kwdefaults__(self) -> dict[str, Any] | None:
        """The defaults of its keyword-only parameters, likewise."""
        found = [p for p in self.__signature__.parameters.values() if p.kind is p.KEYWORD_ONLY]
        return {p.name: p.default for p in found if p.default is not inspect.Parameter.empty} or None

    @property
    def __bases__(self) -> tuple[type, ...]:
        """The bases of a class that are known here, as the session states them."""
        if self._fields_.get("kind") != "class":
            raise AttributeError(f"{self!r} is no class")
        return tuple(base for name in self._fields_.get("mro", []) if (base := known_class(name))) or (
            object,
        )

    def __instancecheck__(self, value: Any) -> bool:
        """Say whether an object of the session is of this class: its real type decides, nobody's methods."""
        if self._fields_.get("kind") != "class":
            raise TypeError("isinstance() arg 2 must be a type, a tuple of types, or a union")
        if isinstance(value, Proxy):
            return self._remote_.derives(value, self, "instance")
        bases = self._fields_.get("mro", [])
        if "builtins.tuple" in bases and hasattr(type(value), "_fields"):
            return type(value).__name__ == self.__name__
        if any(name.startswith("builtins.") for name in bases):
            raise TypeError(f"isinstance: an object of {self!r} arrives as plain data, without its class.")
        return False

    def __subclasscheck__(self, kind: Any) -> bool:
        """Say whether a class of the session is this one, or derived from it."""
        if self._fields_.get("kind") != "class":
            raise TypeError("issubclass() arg 2 must be a class, a tuple of classes, or a union")
        if isinstance(kind, Proxy) and kind._fields_.get("kind") == "class":
            return self._remote_.derives(kind, self, "class")
        if not isinstance(kind, type):
            raise TypeError("issubclass() arg 1 must be a class")
        return False


class Module(Function):
    """An ``nn.Module`` of the student's: calling it runs its forward pass, with gradients cut off."""

    __slots__ = ()

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Return names and copies of the parameters."""
        return iter(self._remote_.state(self._handle_, self._root_, "parameters").items())

    def parameters(self) -> Iterator[Any]:
        """Return copies of the parameters."""
        return (tensor for _, tensor in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """Return names and copies of the buffers."""
        return iter(self._remote_.state(self._handle_, self._root_, "buffers").items())

    def buffers(self) -> Iterator[Any]:
        """Return copies of the buffers."""
        return (tensor for _, tensor in self.named_buffers())

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        """Return names and proxies of itself and all modules in it."""
        return iter(self._remote_.state(self._handle_, self._root_, "modules").items())

    def modules(self) -> Iterator[Any]:
        """Return proxies of itself and all modules in it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """Return names and proxies of the modules directly in it."""
        return iter(self._remote_.state(self._handle_, self._root_, "children").items())

    def children(self) -> Iterator[Any]:
        """Return proxies of the modules directly in it."""
        return (module for _, module in self.named_children())


class Walk(Proxy):
    """One of Python's own iterators on the student's side, a ``map`` for example."""

    __slots__ = ()

    def __iter__(self) -> Walk:
        return self

    def __next__(self) -> Any:
        """Ask for the next value; StopIteration if there is none."""
        return self._remote_.next(self._handle_, self._root_)

    def __contains__(self, value: Any) -> bool:
        return any(found is value or found == value for found in self)


def walk(remote: Remote, handle: int, root: str) -> Generator[Any, Any, Any]:
    """Walk through a generator of the student's: a generator of this side, which asks for each value."""
    sent = None
    while True:
        try:
            value = remote.next(handle, root, sent)
        except StopIteration as stop:
            return stop.value
        sent = yield value


class Loose(Proxy):
    """A dataclass of the student's that can change: compared by its fields as they are, on this side."""

    __slots__ = ()

    def __eq__(self, other: object) -> Any:
        """Compare as dataclasses do: the class by its name, then field by field."""
        if not isinstance(other, Loose):
            return NotImplemented
        return bool(
            self._fields_.get("type") == other._fields_.get("type")
            and self._remote_.look(self._handle_) == other._remote_.look(other._handle_)
        )

    def __ne__(self, other: object) -> Any:
        return not self == other

    __hash__ = None  # type: ignore[assignment]  # as dataclasses that can change


class Record(Proxy):
    """A frozen dataclass of the student's, or a member of an Enum: compared by the fields that it brought."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        fields = self._fields_["fields"]
        return fields[name] if name in fields else super().__getattr__(name)

    def __eq__(self, other: object) -> Any:
        """Compare as dataclasses do: the class by its name, then field by field."""
        if not isinstance(other, Record):
            return NotImplemented
        return bool(
            self._fields_.get("type") == other._fields_.get("type")
            and self._fields_["fields"] == other._fields_["fields"]
        )

    def __ne__(self, other: object) -> Any:
        return not self == other

    def __hash__(self) -> int:
        return hash((self._fields_.get("type"), *self._fields_["fields"]))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self._fields_["fields"].items())
        return f"{self._fields_.get('type', 'object')}({inside})"


def _doc(proxy: Proxy) -> str | None:
    return proxy._fields_.get("doc")


DOC = property(_doc)
for _kind in (Proxy, Function, Module, Walk, Loose, Record):
    _kind.__doc__ = DOC  # type: ignore[assignment]  # of the student's object, not of what stands for it


@lru_cache(maxsize=CLASSES)
def of_class(kind: type[Proxy], title: str) -> type[Proxy]:
    """Return a kind of proxies with the name of a student's class, for ``type(x).__name__``."""
    if not title.isidentifier():
        return kind
    return type(title, (kind,), {"__slots__": (), "__doc__": DOC})


def _signature(text: str) -> inspect.Signature:
    """Rebuild a signature from its text, without running anything of it.

    Examples
    --------
    >>> _signature("(x, *, stride=1, f=<lambda>)")
    Traceback (most recent call last):
    ValueError: the signature is not known
    >>> _signature("(x, *, stride=1, f=len)")
    <Signature (x, *, stride=1, f=Ellipsis)>
    """
    try:
        tree = ast.parse(f"def f{text}: pass").body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if not isinstance(tree, ast.FunctionDef) or len(tree.body) != 1:
        raise ValueError("the signature is not known")
    args, kinds = tree.args, inspect.Parameter
    positional: list[tuple[ast.arg, Any]] = [(a, kinds.POSITIONAL_ONLY) for a in args.posonlyargs]
    positional += [(a, kinds.POSITIONAL_OR_KEYWORD) for a in args.args]
    defaults = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    found = [_parameter(a, kind, d) for (a, kind), d in zip(positional, defaults, strict=True)]
    if args.vararg:
        found.append(_parameter(args.vararg, kinds.VAR_POSITIONAL, None))
    found += [
        _parameter(a, kinds.KEYWORD_ONLY, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    ]
    if args.kwarg:
        found.append(_parameter(args.kwarg, kinds.VAR_KEYWORD, None))
    return inspect.Signature(found)


def _parameter(arg: ast.arg, kind: Any, default: ast.expr | None) -> inspect.Parameter:
    value: Any = inspect.Parameter.empty
    if default is not None:
        try:
            value = ast.literal_eval(default)
        except (ValueError, TypeError, RecursionError, MemoryError):
            value = ...
    return inspect.Parameter(arg.arg, kind, default=value)
