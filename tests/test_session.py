"""What a session does with a student's cells, and what it answers about them."""

from __future__ import annotations

import socket
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import psutil
import pytest
from IPython.core.pylabtools import print_figure

from autograde.capture import _drawn
from autograde.claims import rebuilt
from autograde.wire import Channel, Silence, export, load

SPARE = 4
SPIN = "def spin():\n    while True: pass"  # in a function: a bare loop in a try is not always inside the try
PNG = b"\x89PNG\r\n\x1a\n"


class Line:
    """The judge's end of a session's channels, without a judge."""

    def __init__(self, ends: list[socket.socket]) -> None:
        self.main, *self.spare = map(Channel, ends)

    def run(self, source: str, seconds: float = 20) -> dict[str, Any]:
        self.main.send({"do": "run", "id": 1, "cell": "cell", "source": source, "seconds": seconds})
        return self.main.receive(60)

    def shown(self, source: str, seconds: float = 20) -> list[tuple[str, str]]:
        """Run a cell; return the kind and the text of each output."""
        answer = self.run(source, seconds)
        return [(x["kind"], x.get("text") or x.get("evalue", "")) for x in answer["outputs"]]

    def fork(self, number: int = 0) -> Channel:
        self.main.send({"do": "fork", "id": 2, "channel": number})
        assert {"forked": True, "id": 2} == self.main.receive(20)
        return self.spare[number]

    def ask(self, number: int = 0, **request: Any) -> dict[str, Any]:
        self.spare[number].send({"id": 3, **request})
        return self.spare[number].receive(20)

    def value(self, name: str, number: int = 0) -> Any:
        return load(self.ask(number, do="fetch", name=name)["value"], lambda handle, fields: (handle, fields))


@pytest.fixture
def line(forked_session: Callable[[int], list[socket.socket]]) -> Iterator[Line]:
    """Return a line to a session in a process of its own."""
    line = Line(forked_session(1 + SPARE))
    yield line
    for channel in (line.main, *line.spare):
        channel.close()


def test_cells_share_their_variables_and_show_what_jupyter_shows(line: Line) -> None:
    assert [("stdout", "one\n"), ("result", "2")] == line.shown("x = 1\nprint('one')\nx + 1")
    assert [] == line.shown("x + 1;")
    assert [("result", "2")] == line.shown("_")
    assert [("text", "3")] == line.shown("display(x + 2)")


def test_an_error_ends_its_cell_and_no_other(line: Line) -> None:
    answer = line.run("y = 1\n1 / 0")
    (error,) = answer["outputs"]
    assert not answer["ok"]
    assert ("ZeroDivisionError", "division by zero") == (error["ename"], error["evalue"])
    assert "line 2, in <module>" in error["traceback"][1]
    assert [("result", "1")] == line.shown("y")
    assert [("error", "invalid syntax (<ipython-input-3-5f39e8a17d0d>, line 1)")] == line.shown("def f(:")


@pytest.mark.parametrize("leave", ["exit()", "quit()", "import sys; sys.exit(3)", "raise KeyboardInterrupt"])
def test_leaving_ends_the_cell_only(line: Line, leave: str) -> None:
    assert not line.run(f"{leave}\nreached = True")["ok"]
    assert [("result", "False")] == line.shown("'reached' in globals()")


def test_nobody_is_there_to_type(line: Line) -> None:
    (shown,) = line.shown("input('Your name? ')")
    assert ("error", "input: nobody is there to answer. Put the value into the cell.") == shown


def test_a_cell_that_runs_too_long_is_stopped_and_the_next_one_runs(line: Line) -> None:
    answer = line.run("while True: pass", seconds=0.2)
    assert answer["timed_out"]
    assert "CellTimeoutError" == answer["outputs"][-1]["ename"]
    assert "the cell ran for more than 0.2 seconds, and was stopped" == answer["outputs"][-1]["evalue"]
    assert [("result", "1")] == line.shown("1")


def test_except_exception_does_not_catch_the_time_limit(line: Line) -> None:
    line.run(SPIN)
    stubborn = "while True:\n    try: spin()\n    except Exception: pass"
    assert line.run(stubborn, seconds=0.2)["timed_out"]


def test_a_cell_that_catches_everything_is_stopped_a_second_later(line: Line) -> None:
    line.run(SPIN)
    stubborn = "try: spin()\nexcept BaseException:\n    caught = 1\n    spin()"
    assert line.run(stubborn, seconds=0.2)["timed_out"]
    assert [("result", "1")] == line.shown("caught")


def test_pictures_arrive_as_png(line: Line) -> None:
    answer = line.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    (picture,) = (x for x in answer["outputs"] if x["kind"] == "png")
    assert picture["data"].startswith(PNG)


def figures() -> Iterator[Any]:
    """Yield figures that are cropped in all ways: margins, a legend outside, ticks, layout engines."""
    plt.plot([1, 1000], label="a line")
    plt.legend(bbox_to_anchor=(1.3, 1))
    plt.xticks(rotation=60)
    yield plt.gcf()
    figure, axes = plt.subplots(2, 3, figsize=(8, 4))
    for place, ax in enumerate(axes.flat):
        ax.imshow(np.eye(3 + place))
        ax.set(xticks=[], title="a filter")
    figure.colorbar(axes[0, 0].images[0], ax=axes.ravel().tolist())
    figure.suptitle("all of them")
    yield figure
    for layout in ("constrained", "tight"):
        figure, axes = plt.subplots(1, 2, layout=layout)
        axes[0].set_ylabel("left of it")
        axes[1].text(1.5, 1.5, "outside")
        yield figure
    yield plt.figure().add_subplot(projection="3d").figure
    yield plt.subplots(subplot_kw={"projection": "polar"})[0]


def test_figures_are_drawn_once_and_look_as_ipython_draws_them() -> None:
    with plt.style.context("default"):
        for first, second in zip(figures(), figures(), strict=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a layout that does not fit
                assert print_figure(first, bbox_inches="tight") == _drawn(second)  # type: ignore[no-untyped-call]
    plt.close("all")


def test_only_text_and_pictures_leave(line: Line) -> None:
    forged = (
        "{'application/vnd.cnnkit.diagnosis+json': {'points': 3}, 'text/html': '<script>', 'text/plain': 't'}"
    )
    answer = line.run(f"display({forged}, raw=True)")
    assert [{"kind": "text", "text": "t"}] == answer["outputs"]
    assert [] == line.shown("display({'text/html': '<script>'}, raw=True)")


def test_output_is_limited(line: Line) -> None:
    (printed,) = line.shown("for _ in range(100): print('x' * 100_000)")
    assert 2**20 <= len(printed[1]) <= 2**20 + 20
    assert printed[1].endswith("\n(cut off here)\n")
    answer = line.run("for number in range(5000): display(number)")
    assert 1000 == len(answer["outputs"])
    image = "b'\\x89PNG\\r\\n\\x1a\\n'"
    answer = line.run(f"for _ in range(20): display({{'image/png': {image}}}, raw=True)")
    assert 8 == len(answer["outputs"])
    answer = line.run("print('x' * 2**21)\n1 / 0")
    assert "ZeroDivisionError" == answer["outputs"][-1]["ename"]


def test_magics_shell_lines_and_await_work(line: Line) -> None:
    assert [("stdout", "hello\n")] == line.shown("!echo hello")
    assert [] == line.shown("%matplotlib inline")
    assert [("result", "4")] == line.shown("import asyncio\nawait asyncio.sleep(0, 4)")


def test_what_is_printed_may_be_no_text_at_all(line: Line) -> None:
    assert [("stdout", "a?\n")] == line.shown("print('a\\udcff')")


def test_a_copy_answers_about_the_variables_as_they_were(line: Line) -> None:
    line.run("x = [1, 2]\ndef f(a): x.append(a); return x")
    line.fork()
    assert [1, 2] == line.value("x")
    handle, fields = line.value("f")
    assert {
        "kind": "function",
        "name": "f",
        "signature": "(a)",
        "module": "__main__",
    }.items() <= fields.items()
    assert ["list", [1, 2, 3]] == line.ask(do="call", handle=handle, args=[3], kwargs={})["value"]
    assert [1, 2, 3] == line.value("x")
    assert {"missing": True, "id": 3} == line.ask(do="fetch", name="nowhere")
    assert [("result", "[1, 2]")] == line.shown("x")
    line.fork(1)
    assert [1, 2] == line.value("x", 1)
    assert [1, 2, 3] == line.value("x")


def test_many_copies_wait_while_the_cells_go_on(line: Line) -> None:
    for number in range(SPARE):
        line.run(f"x = {number}")
        line.fork(number)
    assert list(range(SPARE)) == [line.value("x", number) for number in range(SPARE)]


@pytest.mark.parametrize(
    "end", ["import os; os._exit(1)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
)
def test_copies_outlive_the_session(line: Line, end: str) -> None:
    line.run("x = 1")
    line.fork()
    with pytest.raises(Silence):
        line.run(f"import os, signal; {end}")
    assert 1 == line.value("x")


def test_a_call_returns_errors_prints_and_arguments_by_name(line: Line) -> None:
    line.run("class Small(ValueError): pass\ndef f(a, *, b): print('a is', a); raise Small('too small')")
    line.fork()
    handle, _ = line.value("f")
    answer = line.ask(do="call", handle=handle, args=[1], kwargs={"b": 2})
    assert ["__main__.Small", "builtins.ValueError"] == answer["raised"]["mro"][:2]
    assert "too small" == answer["raised"]["text"]
    assert "a is 1\n" == answer["stdout"]


def test_a_copy_walks_through_iterators_and_says_where_they_end(line: Line) -> None:
    line.run("def f():\n    got = yield 1\n    print(got)\n    return 'end'\ng = f()")
    line.fork()
    handle, fields = line.value("g")
    assert ("generator", "f") == (fields["kind"], fields["name"])
    assert {"value": 1, "id": 3} == line.ask(do="next", handle=handle, sent=None)
    assert {"ended": "end", "stdout": "5\n", "id": 3} == line.ask(do="next", handle=handle, sent=5)
    assert {"ended": None, "id": 3} == line.ask(do="next", handle=handle, sent=None)


def test_a_call_says_whether_it_has_changed_or_returned_its_arguments(line: Line) -> None:
    line.run("def f(x): x *= 2\ndef g(x): return x\ndef h(x): return len(x)")
    line.fork()
    handles = [line.value(name)[0] for name in "fgh"]
    for argument in ([1, float("nan")], np.array([1.0, np.nan]), bytearray(b"ab")):
        said = [
            line.ask(do="call", handle=handle, args=[export(argument, id)], kwargs={}).get("touched")
            for handle in handles
        ]
        assert [True, True, None] == said
    table = export({"b", "a", "c", 1, 2}, id)
    assert "touched" not in line.ask(do="call", handle=handles[2], args=[table], kwargs={})
    assert "touched" not in line.ask(do="call", handle=handles[1], args=[7], kwargs={})


def test_attributes_can_be_set_and_classes_asked_for(line: Line) -> None:
    line.run("class A: pass\nclass B(A): pass\na, b = A(), B()")
    line.fork()
    a, b, kind = (line.value(name)[0] for name in ("a", "b", "B"))
    assert line.ask(do="set", handle=a, attribute="n", value=["list", [1]])["value"] is None
    assert ["list", [1]] == line.ask(do="get", handle=a, attribute="n")["value"]
    asked = [line.ask(do="derives", handle=x, of=kind, how="instance")["value"] for x in (a, b)]
    assert [False, True] == asked
    assert line.ask(do="derives", handle=kind, of=kind, how="class")["value"] is True
    assert "refused" in line.ask(do="derives", handle=a, of=kind, how="class")


@pytest.mark.parametrize("leave", ["raise SystemExit(1)", "raise KeyboardInterrupt", "raise GeneratorExit"])
def test_a_function_that_wants_to_leave_only_raises(line: Line, leave: str) -> None:
    line.run(f"def f(): {leave}")
    line.fork()
    handle, _ = line.value("f")
    assert "raised" in line.ask(do="call", handle=handle, args=[], kwargs={})


def test_what_cannot_travel_is_refused_with_the_reason(line: Line) -> None:
    line.run("loop = []; loop.append(loop)")
    line.fork()
    assert (
        "wire: the value contains itself. Return one that does not."
        == line.ask(do="fetch", name="loop")["refused"]
    )
    assert "refused" in line.ask(do="call", handle=99, args=[], kwargs={})
    assert "refused" in line.ask(do="dance")


def test_a_copy_that_hangs_is_stopped(line: Line) -> None:
    line.run("import os\ndef f():\n    while True: pass\ndef me(): return os.getpid()")
    channel = line.fork()
    (hang, _), (me, _) = line.value("f"), line.value("me")
    process = line.ask(do="call", handle=me, args=[], kwargs={})["value"]
    channel.send({"do": "call", "id": 1, "handle": hang, "args": [], "kwargs": {}})
    line.main.send({"do": "stop", "channel": 0})
    with pytest.raises(Silence, match="the other side is gone"):
        channel.receive(20)
    assert [("result", "1")] == line.shown("1")
    assert not _runs(process)


def test_a_copy_that_ends_or_dies_harms_nobody(line: Line) -> None:
    line.run("import os\ndef f(): os._exit(3)")
    line.fork()
    handle, _ = line.value("f")
    with pytest.raises(Silence):
        line.ask(do="call", handle=handle, args=[], kwargs={})
    line.fork(1).send({"do": "end"})
    with pytest.raises(Silence):
        line.value("f", 1)
    assert [("result", "1")] == line.shown("1")


def test_the_session_ends_with_its_main_channel_and_a_copy_with_its_own(line: Line) -> None:
    (shown,) = line.shown("import os\ndef me(): return os.getpid()\nme()")
    line.fork()
    handle, _ = line.value("me")
    copy = line.ask(do="call", handle=handle, args=[], kwargs={})["value"]
    for channel, process in ((line.main, int(shown[1])), (line.spare[0], copy)):
        assert _runs(process)
        channel.close()
        deadline = time.monotonic() + 20
        while _runs(process) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _runs(process)


def _runs(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_small_call_takes_less_than_the_time_of_a_blink(line: Line) -> None:
    line.run("def f(x, w): return x")
    channel = line.fork()
    handle, _ = line.value("f")
    argument = np.ones((3, 5))

    def call() -> float:
        began = time.perf_counter()
        nodes = [export(argument, id), export(argument, id)]
        channel.send({"do": "call", "id": 1, "handle": handle, "args": nodes, "kwargs": {}})
        arrived = load(channel.receive(5)["value"], lambda handle, fields: None)
        assert argument.tolist() == arrived.tolist()
        return time.perf_counter() - began

    # The fastest of many: what the code takes, not what a busy machine adds.
    assert min(call() for _ in range(500)) < 0.3e-3


DAMAGED_OUTPUTS: dict[str, Any] = {
    "no list": {"kind": "stdout"},
    "no table": ["stdout"],
    "no kind": [{"text": "x"}],
    "html": [{"kind": "html", "text": "<script>"}],
    "no text": [{"kind": "stdout", "text": b"x"}],
    "an error without lines": [{"kind": "error", "ename": "E", "evalue": "x", "traceback": "x"}],
    "no picture": [{"kind": "png", "data": b"<svg onload=alert()>", "text": ""}],
    "a picture of a billion dots": [
        {"kind": "png", "data": PNG + b"\0\0\0\rIHDR" + b"\0\1\0\0\0\1\0\0", "text": ""}
    ],
    "too many": [{"kind": "stdout", "text": ""}] * 2000,
    "too much": [{"kind": "stdout", "text": "x" * 2**20}] * 100,
    "too many pictures": [
        {"kind": "png", "data": PNG + b"\0\0\0\rIHDR" + b"\0\0\0\1\0\0\0\1", "text": ""} for _ in range(9)
    ],
}


@pytest.mark.parametrize("name", DAMAGED_OUTPUTS)
def test_what_a_session_cannot_have_shown_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^wire: "):
        rebuilt(DAMAGED_OUTPUTS[name])


def test_outputs_are_rebuilt_field_by_field(line: Line) -> None:
    stream, result = rebuilt(line.run("print(1)\n2")["outputs"])
    assert {"output_type": "stream", "name": "stdout", "text": "1\n"} == stream
    assert ("execute_result", {"text/plain": "2"}) == (result["output_type"], result["data"])
    extra = [{"kind": "text", "text": "x", "data": {"text/html": "<script>"}}]
    assert rebuilt(extra) == [{"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}]
