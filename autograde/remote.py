"""A snapshot of the student's session, as the judge asks it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter, itemgetter, methodcaller
from types import BuiltinMethodType, FunctionType, MethodType, MethodWrapperType
from typing import Any, NoReturn

from autograde import chance
from autograde.export import export
from autograde.iterators import is_iterator
from autograde.load import load, names_and_text
from autograde.proxies import CURE, Function, Loose, Module, Proxy, Record, Walk, of_class, walk
from autograde.raised import StudentError, error_class, student_error
from autograde.sources import Sources
from autograde.wire import Channel, Silence, WireError

__all__ = ["Kept", "Remote", "SessionLost"]

# What may be given to a student's function by its name.
NAMED = frozenset({"builtins", "math", "cmath", "operator", "statistics", "numpy", "torch", "collections"})
NAMED |= {"decimal", "datetime", "fractions", "functools", "itertools", "random", "string"}
# What a test may give to a student's function to be called back.
CALLED_BACK: tuple[type, ...] = (FunctionType, MethodType, BuiltinMethodType, MethodWrapperType)
CALLED_BACK += (partial, attrgetter, itemgetter, methodcaller)


class SessionLost(BaseException):
    """The session is gone, silent, or talks nonsense. No Exception: no test shall go on without it."""


class Kept:
    """Variables of the student's that are plain data, kept as they were when the test's turn came.

    Parameters
    ----------
    nodes : dict of str to node
        As they came; each test gets values of its own made of them.
    """

    def __init__(self, nodes: dict[str, Any]) -> None:
        self.nodes = nodes

    def fetch(self, name: str) -> Any:
        """Return a variable of the student's; NameError if there is none."""
        if name not in self.nodes:
            raise NameError(f"name {name!r} is not defined")
        return load(self.nodes[name], _no_handle)


def _no_handle(handle: int, fields: dict[str, Any]) -> NoReturn:
    raise WireError("wire: an object came where plain data were asked for.")


class Remote:
    """A snapshot of the student's session, as the judge asks it.

    Parameters
    ----------
    channel : Channel
    seconds : float
        How long it may take to answer, for all questions together.
    sources : Sources
        The text of the student's cells.
    seeded : bool
        Whether the student's functions go on with this process's random numbers, as if they ran in it.
    """

    def __init__(
        self,
        channel: Channel,
        seconds: float,
        sources: Sources,
        seeded: bool = False,
    ) -> None:
        self.channel = channel
        self.deadline = time.monotonic() + seconds
        self.sources = sources
        self.seeded = seeded
        self.drawn: Any = None
        self.lost = ""
        self.number = 0
        self.known: dict[int, Any] = {}
        self.stand_ins: dict[
            int, int
        ] = {}  # by id: what stands for an object of the session, and is no proxy
        self.classes: dict[str, type[StudentError]] = {}
        self.touched = False  # whether a call has changed one of its arguments, or returned it
        self.root = ""
        self.given: list[Callable[..., Any]] = []

    def fetch(self, name: str) -> Any:
        """Return a variable of the student's; NameError if there is none."""
        answer = self.ask("fetch", name=name)
        if answer.get("missing") is True:
            raise NameError(f"name {name!r} is not defined")
        return self.value(answer, name)

    def call(self, handle: int, root: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Call an object of the student's."""
        request: dict[str, Any] = {
            "args": [self.node(value) for value in args],
            "kwargs": {name: self.node(value) for name, value in kwargs.items()},
        }
        answer = self.ask("call", handle=handle, **request, **self.random())
        self.touched = self.touched or answer.get("touched") is True
        return self.value(answer, root)

    def random(self) -> dict[str, Any]:
        """Return what the session shall go on with, if this process's random numbers have a say in it."""
        if not self.seeded or (state := export(chance.state(), id)) == self.drawn:
            return {}
        self.drawn = export(chance.moved_on(), id)  # seeded, or drawn from, since the last call
        return {"random": state}

    def next(self, handle: int, root: str, sent: Any = None) -> Any:
        """Return the next value of an iterator; StopIteration if there is none."""
        answer = self.ask("next", handle=handle, sent=self.node(sent), **self.random())
        if "ended" in answer:
            self.root = root
            raise StopIteration(self.read(answer["ended"]))
        return self.value(answer, root)

    def derives(self, value: Proxy, kind: Proxy, how: str) -> bool:
        """Say whether an object is an instance of a class, or derived from it, as the session has it."""
        if value._remote_ is not self:
            raise WireError("isinstance: the object belongs to another test cell. Fetch it in this one.")
        found = self.value(self.ask("derives", handle=value._handle_, of=kind._handle_, how=how), "")
        if type(found) is not bool:
            self.lose("it answered something else than was asked for")
        return found

    def look(self, handle: int) -> dict[str, Any]:
        """Return the fields by which a dataclass is compared, as they are now."""
        found = self.value(self.ask("look", handle=handle), "")
        if type(found) is not dict:
            self.lose("it answered something else than was asked for")
        return found

    def set(self, handle: int, root: str, attribute: str, value: Any) -> None:
        """Set an attribute of an object of the student's."""
        self.value(self.ask("set", handle=handle, attribute=attribute, value=self.node(value)), root)

    def get(self, handle: int, root: str, attribute: str) -> Any:
        """Return an attribute of an object of the student's."""
        return self.value(self.ask("get", handle=handle, attribute=attribute), root)

    def state(self, handle: int, root: str, part: str) -> dict[str, Any]:
        """Return the named parameters, buffers, modules or children of an nn.Module."""
        found = self.value(self.ask("state", handle=handle, part=part), root)
        if not isinstance(found, dict):
            self.lose("it answered something else than was asked for")
        return found

    def reaches(self, handle: int) -> list[str]:
        """Return what of other modules an object leads to, as the session says."""
        found = self.value(self.ask("reaches", handle=handle), "")
        if type(found) is not list or not all(type(name) is str for name in found):
            self.lose("it answered something else than was asked for")
        return found

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Send a request and return the answer; SessionLost if there is none that makes sense."""
        if self.lost:
            self.lose(self.lost)
        self.number, sent = self.number + 1, False
        number = self.number
        try:
            self.channel.send({"do": do, "id": number, **fields}, self._left())
            sent = True
            while "callback" in (answer := self.channel.receive(self._left())):
                _show(answer)
                self.channel.send({"do": "returned", **self.call_back(answer)}, self._left())
        except WireError as problem:
            if not sent and not isinstance(problem, Silence):
                raise  # too large an argument: nothing went out
            self.lose(str(problem))
        if answer.get("id") != number:
            self.lose("it answered out of turn")
        _show(answer)
        if type(answer.get("refused")) is str:
            raise WireError(answer["refused"][:500])
        return answer

    def call_back(self, request: dict[str, Any]) -> dict[str, Any]:
        """Call a function of the test's own, which it gave to a student's function."""
        number, nodes = request["callback"], request.get("args")
        named: Any = request.get("kwargs", {})
        sound = type(nodes) is list and type(named) is dict and all(type(name) is str for name in named)
        if type(number) is not int or not 0 <= number < len(self.given) or not sound:
            self.lose("it called back what it was not given")
        try:
            args = [self.read(node) for node in nodes or []]
            kwargs = {name: self.read(node) for name, node in named.items()}
            return {"value": self.node(self.given[number](*args, **kwargs))}
        except Exception as error:
            return {"raised": type(error).__name__, "text": str(error)[:500]}

    def read(self, node: Any) -> Any:
        """Read a node of the session's."""
        return load(node, self.meet, self.error)

    def error(self, names: Sequence[str], text: str) -> StudentError:
        """Return what stands for an exception of the student's."""
        return student_error(names, text, self.classes)

    def node(self, value: Any) -> Any:
        """Write an argument."""
        return export(value, self.keep, _nothing)

    def _left(self) -> float:
        return max(0.001, self.deadline - time.monotonic())

    def lose(self, why: str) -> NoReturn:
        """Give the session up."""
        self.lost = why
        raise SessionLost(f"the student's session is lost: {why}")

    def value(self, answer: dict[str, Any], root: str) -> Any:
        """Read an answer: a value, or the student's exception, which is raised."""
        if "raised" in answer:
            raised = answer["raised"] if type(answer["raised"]) is dict else {}
            error = self.error(*names_and_text(raised.get("mro"), raised.get("text")))
            if type(handle := raised.get("handle")) is int:
                error._ask = partial(self.get, handle, root)
            raise error from None
        if "value" not in answer:
            self.lose("it answered something else than was asked for")
        self.root = root
        return self.read(answer["value"])

    def meet(self, handle: int, fields: dict[str, Any]) -> Any:
        """Return what stands for an object: the same whenever it is met again."""
        if handle not in self.known:
            self.known[handle] = found = self.stand_in(handle, fields)
            if not isinstance(found, Proxy):
                self.stand_ins[id(found)] = handle
        return self.known[handle]

    def stand_in(self, handle: int, fields: dict[str, Any]) -> Any:
        """Return a proxy; for a generator a generator, and for a class of exceptions such a class."""
        kind, bases = fields.get("kind"), fields.get("mro", [])
        if kind == "class" and "builtins.BaseException" in bases:
            return self.classes.setdefault(bases[0], error_class(bases, self.classes))
        if kind == "generator":
            found = walk(self, handle, self.root)
            found.__name__ = fields.get("name", "generator")  # type: ignore[attr-defined]
            return found
        if kind in ("function", "class"):
            return Function(self, handle, fields, self.root)
        made = {"iterator": Walk, "dataclass": Loose, "nn.Module": Module}.get(str(kind), Proxy)
        if "fields" in fields:
            made = Record
        if fields.get("callable") and made is not Module:
            made = Function
        return of_class(made, fields.get("type", ""))(self, handle, fields, self.root)  # type: ignore[arg-type]

    def keep(self, value: Any) -> int | list[Any]:
        """Say how something that is no plain data goes to the student's side."""
        if isinstance(value, Proxy):
            if value._remote_ is not self:
                raise WireError("call: an argument belongs to another test cell. Fetch it in this one.")
            return value._handle_
        if id(value) in self.stand_ins:
            return self.stand_ins[id(value)]
        node = _by_name(value) or _generator(value)
        if node is None and is_iterator(value):
            self.given.append(value.__next__)
            node = ["walk", len(self.given) - 1]
        if node is None and isinstance(value, CALLED_BACK):
            self.given.append(value)  # type: ignore[arg-type]
            said = [getattr(value, name, None) for name in ("__name__", "__doc__")]
            node = ["callback", len(self.given) - 1, *(x if type(x) is str else "" for x in said)]
        if node is None:
            raise WireError(
                f"call: an argument is a {type(value).__name__}, expected plain data, an array, a tensor or "
                f"what the student made. {CURE}"
            )
        return node


def _show(message: dict[str, Any]) -> None:
    if type(message.get("stdout")) is str:
        sys.stdout.write(message["stdout"])


def _nothing(value: Any) -> dict[str, Any]:
    return {}


def _by_name(value: Any) -> list[Any] | None:
    """Write something that both sides can import: ``np.tanh``, ``torch.float32``, ``int``."""
    module = getattr(value, "__module__", None) or type(value).__module__
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.dtype):
        module, name = "torch", str(value).removeprefix("torch.")
    top = str(module).partition(".")[0]
    if not isinstance(name, str) or top not in NAMED:
        return None
    for place in dict.fromkeys((str(module), top)):
        found: Any = sys.modules.get(place)
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is value:
            return ["global", place, name]
    return None


def _generator(value: Any) -> list[Any] | None:
    """Write numpy's random generators: the student's side gets one that draws the same numbers."""
    numbers = sys.modules.get("numpy.random")
    if numbers is None or not isinstance(value, numbers.Generator):
        return None
    return ["generator", export(value.bit_generator.state, id)]
