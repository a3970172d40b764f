"""What a test cell holds in its hands when a student's variable is no plain data.

A proxy is honest: it is no function and no network, it only asks the student's session by messages. Calls,
methods and attributes are forwarded; operators are not, so that no ``==`` of a student has a say in a test.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from autograde.remote import Remote

__all__ = ["CURE", "Function", "Module", "Proxy", "Record"]

CURE = "Make it in a read-only cell before the test: that cell runs on the student's side."


class Proxy:
    """An object of the student's: its attributes can be read, its methods called."""

    __slots__ = ("_fields", "_handle", "_remote", "_root")
    _fields: dict[str, Any]
    _handle: int
    _remote: Remote
    _root: str

    def __init__(self, remote: Remote, handle: int, fields: dict[str, Any], root: str) -> None:
        for name, value in (("_remote", remote), ("_handle", handle), ("_fields", fields), ("_root", root)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Ask the session; what Python, numpy and IPython look for behind the scenes is not there."""
        if name.startswith(("__", "_repr_", "_ipython_")):
            raise AttributeError(f"{self!r} has no {name} here")
        return self._remote.get(self._handle, self._root, name)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{self!r}: `{name}` cannot be set from a test. {CURE}")

    def __repr__(self) -> str:
        return f"<the student's {self._fields.get('type', 'object')} object>"

    def source(self) -> str:
        """Return the text of the student's definition, "" if there is none by that name."""
        return self._remote.sources.text(self._root)

    def library_calls(self) -> list[str]:
        """Return what of other libraries the student's definition uses, as dotted names.

        Read from the text of the cells, which no student can bend; and besides, from what the session says
        that the living function leads to, which need not be what the text shows.
        """
        read = self._remote.sources.library_calls(self._root)
        return list(dict.fromkeys([*read, *self._remote.reaches(self._handle)]))

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
        return self._remote.call(self._handle, self._root, args, kwargs)

    def __repr__(self) -> str:
        kind = self._fields.get("kind", "object")
        if "name" not in self._fields:
            return super().__repr__()
        return f"<the student's {kind} {self._fields['name']}>"

    @property
    def __name__(self) -> str:
        """The name that it was given when it was defined."""
        if "name" not in self._fields:
            raise AttributeError(f"{self!r} has no name")
        return str(self._fields["name"])

    @property
    def __signature__(self) -> inspect.Signature:
        """Its parameters as the session states them; a default that is no literal shows as ``...``."""
        return _signature(self._fields.get("signature", ""))


class Module(Function):
    """An ``nn.Module`` of the student's: calling it runs its forward pass, with gradients cut off."""

    __slots__ = ()

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Return names and copies of the parameters."""
        return iter(self._remote.state(self._handle, self._root, "parameters").items())

    def parameters(self) -> Iterator[Any]:
        """Return copies of the parameters."""
        return (tensor for _, tensor in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Any]]:
        """Return names and copies of the buffers."""
        return iter(self._remote.state(self._handle, self._root, "buffers").items())

    def buffers(self) -> Iterator[Any]:
        """Return copies of the buffers."""
        return (tensor for _, tensor in self.named_buffers())

    def named_modules(self) -> Iterator[tuple[str, Any]]:
        """Return names and proxies of itself and all modules in it."""
        return iter(self._remote.state(self._handle, self._root, "modules").items())

    def modules(self) -> Iterator[Any]:
        """Return proxies of itself and all modules in it."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """Return names and proxies of the modules directly in it."""
        return iter(self._remote.state(self._handle, self._root, "children").items())

    def children(self) -> Iterator[Any]:
        """Return proxies of the modules directly in it."""
        return (module for _, module in self.named_children())


class Record(Proxy):
    """A frozen dataclass of the student's: its fields came with it, so records can be compared."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        fields = self._fields["fields"]
        return fields[name] if name in fields else super().__getattr__(name)

    def __eq__(self, other: object) -> Any:
        """Compare as dataclasses do: the class by its name, then field by field."""
        if not isinstance(other, Record):
            return NotImplemented
        return bool(
            self._fields.get("type") == other._fields.get("type")
            and self._fields["fields"] == other._fields["fields"]
        )

    def __ne__(self, other: object) -> Any:
        return not self == other

    def __hash__(self) -> int:
        return hash((self._fields.get("type"), *self._fields["fields"]))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self._fields["fields"].items())
        return f"{self._fields.get('type', 'object')}({inside})"


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
