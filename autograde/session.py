"""The student's half: runs students' cells, and answers questions about what they made.

This runs inside the sandbox and sees nothing of the course. It is the student's own process: whatever it says
may be a lie, and the judge takes it so. Every request is a dict with ``do`` and ``id``; the answer repeats
the ``id``.

::

    the session, runs cells ── forks ──> a copy for a test, as it stood there

A copy is asked nothing before all cells have run, so that no cell can show what a test asked. The copies go
on when a cell brings the session down: it is not process 1 of its namespace, with which all others die.

On the main channel:

- ``run``: ``cell, source, seconds`` -> ``ok, timed_out, outputs``
- ``plain``: ``names`` -> ``values`` of those that there are, as they are now; None unless all of them are
  small plain data. Only what the students' own tests name is asked for in this way
- ``fork``: ``channel`` -> ``forked``; a copy of this process, as it is now, serves that channel from now on
- ``stay``: ``channel`` -> ``forked``; no copy, for no cell is left to run: this process serves that channel
- ``stop``: ``channel``; kills that copy, no answer

On a copy's channel:

- ``fetch``: ``name`` -> ``value`` or ``missing``
- ``call``: ``handle, args, kwargs, random`` -> ``value`` or ``raised``, ``stdout``, and ``touched`` if an
  argument was changed or returned; before that any number of ``callback, args, kwargs, stdout``, each
  answered by ``returned`` with ``value`` or ``raised, text``
- ``get``: ``handle, attribute`` -> ``value`` or ``raised``; ``set``: ``handle, attribute, value``, likewise
- ``next``: ``handle`` of an iterator, ``sent, random`` -> ``value``, ``raised``, or at its end ``ended``
- ``derives``: ``handle, of, how`` (instance or class) -> ``value``; the real types decide
- ``look``: ``handle`` of a dataclass -> ``value``, the fields by which it is compared
- ``state``: ``handle`` of an nn.Module, ``part`` (parameters, buffers, modules, children) -> ``value``
- ``reaches``: ``handle`` of a function -> ``value``, the dotted names of what of other modules it leads to
- ``end``

What cannot go over the wire is ``refused``, with the reason.
"""

from __future__ import annotations

import atexit
import base64
import builtins
import gc
import importlib
import os
import select
import signal
import socket
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from dis import get_instructions
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from autograde import chance
from autograde.capture import LEAVING, Recorder, Shell, Stream
from autograde.export import compared, export, export_plain, names_of_error, text_of_error
from autograde.load import load
from autograde.wire import Channel, Silence, WireError

__all__ = ["Snapshot", "main", "rehearse"]

Message = dict[str, Any]
OUTLIVED = True  # copies go on when a cell has brought the session down
PRINTED = 2**16  # characters that one call may print
CHANGEABLE = frozenset(
    {"list", "dict", "set", "array", "bytearray", "counter", "default", "ordered", "deque"}
)
REACHED = 10_000  # things that one function may lead to


def main(channels: Sequence[socket.socket]) -> None:
    """Serve the first channel until its other end is closed; the others wait for copies.

    Parameters
    ----------
    channels : sequence of socket
        The main channel, then one for each copy that a test may need.
    """
    builtins.input = _no_input
    shell = _stage()
    shell.user_ns["_dh"][:] = [Path.cwd()]  # not where the stage was set
    session = _Session(shell, Channel(channels[0]), list(channels[1:]))
    with suppress(Silence):
        while session.stays is None:
            session.answer(session.main.receive(None))
        session.serve(session.stays)


def rehearse() -> None:
    """Show a little of everything once, and set the stage: no session pays for what libraries do at first."""
    with _set() as shell:
        shell.cell("1", 60)
        if "matplotlib.pyplot" in sys.modules:
            from matplotlib_inline.backend_inline import configure_inline_support

            shell.cell(PICTURE, 60)
            configure_inline_support(shell, "none")  # type: ignore[no-untyped-call]  # the next one sets it up
        if "torch" in sys.modules:
            shell.cell(TRAINING, 60)
    _stage()
    tempfile.tempdir = None  # a session's own folder may be another one


PICTURE = """
import matplotlib.pyplot as plt
figure, (left, right) = plt.subplots(1, 2)
left.imshow([[0, 1], [2, 3]])
left.set_title("a picture")
right.semilogy([1, 10, 1000], label="a line")
right.bar([0, 1], [10, 100])
right.legend()
"""
TRAINING = """
import torch
from torch import nn
layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2)
model = nn.Sequential(*layers)
for optimizer in torch.optim.SGD(model.parameters(), lr=0.1), torch.optim.Adam(model.parameters()):
    batch = torch.randperm(4)
    loss = nn.functional.cross_entropy(model(torch.rand(4, 1, 8, 8)[batch]), batch % 2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
loss.item()
"""


STAGE = ExitStack()
atexit.register(STAGE.close)


@cache
def _stage() -> Shell:
    """Be a notebook's shell from here on, and in all forks."""
    return STAGE.enter_context(_set())


@contextmanager
def _set() -> Iterator[Shell]:
    """Be a notebook's shell, which shows text and pictures."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # as nbgrader says it to the code that it runs
    warnings.filterwarnings("ignore", LEAVING)
    with Shell.alone() as shell:
        assert shell.display_formatter is not None
        shell.display_formatter.active_types = ["text/plain", "image/png"]
        if "matplotlib.pyplot" in sys.modules:
            shell.enable_matplotlib("inline")  # type: ignore[no-untyped-call]
        yield shell


def _no_input(prompt: object = "") -> NoReturn:
    raise EOFError("input: nobody is there to answer. Put the value into the cell.")


class _Session:
    """The process in which the cells run, one after another."""

    def __init__(self, shell: Shell, channel: Channel, spare: list[socket.socket]) -> None:
        self.shell = shell
        self.main = channel
        self.spare = spare
        self.copies: dict[int, int] = {}  # channel -> process
        self.stays: Snapshot | None = None

    def answer(self, request: Message) -> None:
        do = request.get("do")
        if do == "run":
            answer = self.run(request)
        elif do == "plain":
            answer = self.plain(request)
        elif do == "fork":
            answer = self.fork(request)
        elif do == "stay":
            answer = self.stay(request)
        elif do == "stop":
            return self.stop(request)
        else:
            answer = {"refused": f"session: {do!r} is not a request."}
        try:
            self.main.send(answer | {"id": request.get("id")})
        except Silence:
            raise
        except WireError as problem:
            error = {"kind": "error", "ename": "WireError", "evalue": str(problem), "traceback": []}
            self.main.send({"ok": False, "timed_out": False, "outputs": [error], "id": request.get("id")})

    def run(self, request: Message) -> Message:
        ran = self.shell.cell(request["source"], request["seconds"])
        outputs = [part for output in ran.outputs for part in _parts(output)]
        return {"ok": ran.error is None, "timed_out": ran.timed_out, "outputs": outputs}

    def plain(self, request: Message) -> Message:
        names = self.shell.user_ns
        return {"values": export_plain({name: names[name] for name in request["names"] if name in names})}

    def fork(self, request: Message) -> Message:
        channel = self.spare[request["channel"]]
        copy = os.fork()
        if copy == 0:
            try:
                gc.disable()  # a collection in the copy would touch, and so really copy, every page
                self.main.close()
                for other in self.spare:
                    if other is not channel:
                        other.close()
                Snapshot(self.shell.user_ns, Channel(channel)).serve()
            finally:
                os._exit(0)
        channel.close()
        self.copies[request["channel"]] = copy
        return {"forked": True}

    def stay(self, request: Message) -> Message:
        gc.disable()  # as in a copy
        self.stays = Snapshot(self.shell.user_ns, Channel(self.spare[request["channel"]]))
        return {"forked": True}

    def serve(self, snapshot: Snapshot) -> None:
        """Be the copy for the last test, and go on to hear of others that shall be stopped."""
        open_ = [self.main, snapshot.channel]
        while self.main in open_:
            begun = [channel for channel in open_ if channel.begun]
            for channel in begun or select.select(open_, [], [])[0]:
                if channel is self.main:
                    self.answer(self.main.receive(None))
                elif not snapshot.goes_on():
                    open_.remove(channel)

    def stop(self, request: Message) -> None:
        if (copy := self.copies.pop(request["channel"], None)) is not None:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(copy, signal.SIGKILL)
                os.waitpid(copy, 0)


def _parts(output: Mapping[str, Any]) -> list[Message]:
    """Reduce an output to what may leave: text and pictures."""
    kind = output["output_type"]
    if kind == "stream":
        return [{"kind": output["name"], "text": output["text"]}]
    if kind == "error":
        return [{"kind": "error", **{field: output[field] for field in ("ename", "evalue", "traceback")}}]
    text = output["data"].get("text/plain", "")
    if "image/png" in output["data"]:
        return [{"kind": "png", "data": base64.b64decode(output["data"]["image/png"]), "text": text}]
    return [{"kind": "result" if kind == "execute_result" else "text", "text": text}] if text else []


class Snapshot:
    """A copy of the session that answers questions about it, and then ends.

    Parameters
    ----------
    names : mapping of str to object
        The notebook's variables.
    channel : Channel
    """

    def __init__(self, names: Mapping[str, Any], channel: Channel) -> None:
        self.names = names
        self.channel = channel
        self.objects: list[Any] = []
        self.handles: dict[int, int] = {}
        self.printed = Recorder(0)
        self.requests: dict[str, Callable[[Message], Message]] = {
            "fetch": self.fetch,
            "call": self.call,
            "get": self.get,
            "set": self.set,
            "next": self.next,
            "derives": self.derives,
            "look": self.look,
            "state": self.state,
            "reaches": self.reaches,
        }

    def serve(self) -> None:
        """Answer until the judge is done or gone."""
        while self.goes_on():
            pass

    def goes_on(self) -> bool:
        """Answer one request; return False when the judge is done or gone."""
        try:
            request = self.channel.receive(None)
            if request.get("do") == "end":
                return False
            answer = self.answered(request)
            try:
                self.channel.send(answer | {"id": request.get("id")})
            except Silence:
                raise
            except WireError as problem:
                self.channel.send({"refused": str(problem), "id": request.get("id")})
        except Silence:
            return False
        return True

    def answered(self, request: Message) -> Message:
        """Answer one request; whatever a student's object does, there is an answer."""
        before, self.printed = self.printed, Recorder(text=PRINTED, pictures=0)
        with redirect_stdout(Stream(self.printed, "stdout")), redirect_stderr(Stream(Recorder(0), "stderr")):
            try:
                answer = self.requests[request["do"]](request)
            except WireError as problem:
                answer = {"refused": str(problem)}
            except BaseException as error:
                answer = {"refused": f"session: {type(error).__name__}: {text_of_error(error)}"}
        answer |= self.said()
        self.printed = before
        return answer

    def said(self) -> Message:
        """Return what was printed since the last time."""
        outputs = [*self.printed.outputs]
        self.printed.outputs.clear()
        return {"stdout": outputs[0]["text"]} if outputs else {}

    def fetch(self, request: Message) -> Message:
        """Return the variable ``name``."""
        if request["name"] not in self.names:
            return {"missing": True}
        return {"value": export(self.names[request["name"]], self.keep)}

    def call(self, request: Message) -> Message:
        """Call an object."""
        function = self.objects[request["handle"]]
        args = [self.gift(node) for node in request["args"]]
        kwargs = {name: self.gift(node) for name, node in request["kwargs"].items()}
        if "random" in request:
            chance.go_on(load(request["random"], self.meet))
        nodes, values = [*request["args"], *request["kwargs"].values()], [*args, *kwargs.values()]
        back: list[Any] = []

        def run() -> Any:
            back.append(function(*args, **kwargs))
            return back[0]

        answer = self._tried(run)
        return answer | ({"touched": True} if self.touched(nodes, values, back) else {})

    def touched(self, nodes: Sequence[Any], values: Sequence[Any], back: Sequence[Any]) -> bool:
        """Say whether a call has changed one of its arguments, or returned it."""
        for node, value in zip(nodes, values, strict=True):
            if type(node) is not list or node[0] not in CHANGEABLE:
                continue
            if any(value is returned for returned in back):
                return True
            now = export(value, self.keep, lambda value: {})
            if now != node and repr(now) != repr(node):  # nan is not itself
                return node[0] != "set" or bool(value != self.gift(node))
        return False

    def gift(self, node: Any) -> Any:
        """Read an argument that the judge gives."""
        more: dict[str, Callable[..., Any]] = {
            "global": _global,
            "generator": _generator,
            "callback": self.callback,
            "walk": self.walk,
            "path": lambda text: Path(load(text, self.meet)),
        }
        return load(node, self.meet, more=more)

    def walk(self, number: int) -> Iterator[Any]:
        """Return what stands for an iterator of the test's own."""
        step = self.callback(number, "next", "")
        while True:
            try:
                value = step()
            except StopIteration:
                return
            yield value

    def callback(self, number: int, name: str, doc: str) -> Callable[..., Any]:
        """Return what stands for a function of the test's own."""

        def call(*args: Any, **kwargs: Any) -> Any:
            nodes = [export(value, self.keep) for value in args]
            named = {name: export(value, self.keep) for name, value in kwargs.items()}
            self.channel.send({"callback": number, "args": nodes, "kwargs": named, **self.said()})
            while (answer := self.channel.receive(None)).get("do") != "returned":
                self.channel.send(self.answered(answer) | {"id": answer.get("id")})
            if "raised" in answer:
                raise getattr(builtins, answer["raised"], RuntimeError)(answer["text"])
            return self.gift(answer["value"])

        call.__name__ = call.__qualname__ = name or "call"
        call.__doc__ = doc or None
        return call

    def get(self, request: Message) -> Message:
        """Return an attribute of an object."""
        return self._tried(lambda: getattr(self.objects[request["handle"]], request["attribute"]))

    def set(self, request: Message) -> Message:
        """Set an attribute of an object."""
        value = self.gift(request["value"])
        return self._tried(lambda: setattr(self.objects[request["handle"]], request["attribute"], value))

    def next(self, request: Message) -> Message:
        """Return the next value of an iterator."""
        walk, sent = self.objects[request["handle"]], self.gift(request["sent"])
        if "random" in request:
            chance.go_on(load(request["random"], self.meet))
        ended: list[Any] = []

        def step() -> Any:
            try:
                return walk.send(sent) if type(walk) is types.GeneratorType else next(walk)
            except StopIteration as stop:
                ended.append(stop.value)

        answer = self._tried(step)
        return {"ended": export(ended[0], self.keep)} if ended else answer

    def derives(self, request: Message) -> Message:
        """Say whether an object is of a class, or a class derived from it; nobody's methods are asked."""
        value, kind = self.objects[request["handle"]], self.objects[request["of"]]
        own = type(value) if request["how"] == "instance" else value
        return {"value": any(base is kind for base in type.__dict__["__mro__"].__get__(own))}

    def look(self, request: Message) -> Message:
        """Return the fields by which a dataclass is compared."""
        value = self.objects[request["handle"]]
        return self._tried(lambda: {x: object.__getattribute__(value, x) for x in compared(type(value))})

    def state(self, request: Message) -> Message:
        """Return the named parameters, buffers, modules or children of an nn.Module."""
        module, part = self.objects[request["handle"]], request["part"]
        return self._tried(lambda: dict(getattr(module, f"named_{part}")()))

    def reaches(self, request: Message) -> Message:
        """Return what of other modules a function leads to: by its globals, closures and defaults."""
        waiting, seen, origins = [self.objects[request["handle"]]], set[int](), dict[str, None]()
        while waiting and len(seen) < REACHED:
            value = waiting.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, types.FunctionType) and value.__module__ == "__main__":
                code = list(_codes(value.__code__))
                names = [name for part in code for name in _globals(part)]
                waiting += [value.__globals__[name] for name in names if name in value.__globals__]
                waiting += [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
                waiting += [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
            elif origin := _origin(value):
                origins[origin] = None
        return {"value": export(list(origins), self.keep)}

    def _tried(self, ask: Callable[[], Any]) -> Message:
        try:
            value = ask()
        except BaseException as error:
            BaseException.with_traceback(error, None)  # what stands in its frames need not live as long
            about = {"mro": names_of_error(error), "text": text_of_error(error), "handle": self.keep(error)}
            return {"raised": about}
        return {"value": export(value, self.keep)}

    def keep(self, value: Any) -> int:
        """Remember an object, and return its handle."""
        if id(value) not in self.handles:
            self.handles[id(value)] = len(self.objects)
            self.objects.append(value)
        return self.handles[id(value)]

    def meet(self, handle: int, fields: Mapping[str, Any]) -> Any:
        """Return the object that the judge means."""
        return self.objects[handle]


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _globals(code: types.CodeType) -> Iterator[str]:
    """Yield the global names that a code reads: the ``nn`` of ``torch.nn`` is none."""
    yield from (step.argval for step in get_instructions(code) if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"))


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - an empty cell raises
    except ValueError:
        return False
    return True


def _origin(value: Any) -> str:
    """Return where a module, function or class comes from, "" for other things and for the notebook's own."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return ""
    return f"{module}.{name}"


def _global(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _generator(state: Any) -> Any:
    import numpy as np

    state = load(state, lambda handle, fields: None)
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)
