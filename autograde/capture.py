"""An IPython shell that keeps what its cells print, show and raise, within limits.

The session runs students' cells in one, the judge test cells in another. A shell reads no user's settings and
writes no history.
"""

from __future__ import annotations

import base64
import io
import json
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from types import FrameType, ModuleType, TracebackType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir
from IPython.core.pylabtools import print_figure
from IPython.utils.text import SList
from traitlets import Type
from traitlets.config import Config

from autograde.text import printable

__all__ = [
    "LEAVING",
    "NOTHING",
    "CellTimeoutError",
    "Ran",
    "Recorder",
    "Shell",
    "Stream",
    "at_most",
]

TEXT = 2**20  # characters of all text of a cell
PICTURES = 8
PICTURE = 2**20  # bytes
OUTPUTS = 1000
NOTHING = object()
LEAVING = "To exit: use 'exit', 'quit'"  # what IPython advises after ``exit()``


class CellTimeoutError(BaseException):
    """A cell ran too long. No Exception: a student's ``except Exception`` shall not catch it."""


class Recorder:
    r"""The outputs of one cell, as a notebook stores them, within limits.

    Attributes
    ----------
    outputs : list of dict
        nbformat's outputs, in order.

    Examples
    --------
    >>> recorder = Recorder(text=10)
    >>> recorder.stream("stdout", "a\n")
    >>> recorder.stream("stdout", "0123456789")
    >>> recorder.outputs
    [{'output_type': 'stream', 'name': 'stdout', 'text': 'a\n01234567\n(cut off here)\n'}]
    """

    def __init__(self, text: int = TEXT, pictures: int = PICTURES) -> None:
        self.outputs: list[dict[str, Any]] = []
        self._text = text
        self._pictures = pictures

    def stream(self, name: str, text: str) -> None:
        """Add to what a stream printed."""
        if text := self._within(text):
            last = self.outputs[-1] if self.outputs else {}
            if last.get("output_type") == "stream" and last["name"] == name:
                last["text"] += text
            else:
                self._add({"output_type": "stream", "name": name, "text": text})

    def display(self, data: Mapping[str, Any], *, result: bool = False) -> None:
        """Add something shown; a picture too many, or too large, leaves its text."""
        kept = {}
        for kind, value in data.items():
            if kind == "image/png":
                png = value if isinstance(value, bytes) else base64.b64decode(value)
                if self._pictures > 0 and len(png) <= PICTURE:
                    self._pictures -= 1
                    kept[kind] = base64.b64encode(png).decode()
            elif not isinstance(value, str):
                with suppress(TypeError, ValueError, RecursionError):  # no JSON: no notebook could hold it
                    kept[kind] = json.loads(printable(json.dumps(value, ensure_ascii=False)))
            elif value and (text := self._within(value)):
                kept[kind] = text
        if kept and result:
            self._add(
                {"output_type": "execute_result", "data": kept, "metadata": {}, "execution_count": None}
            )
        elif kept:
            self._add({"output_type": "display_data", "data": kept, "metadata": {}})

    def error(self, name: str, value: str, lines: list[str]) -> None:
        """Add an error; the last one is kept however much was printed before."""
        self.outputs.append(
            {
                "output_type": "error",
                "ename": printable(name[:200]),
                "evalue": printable(value[:4000]),
                "traceback": [printable(line[:4000]) for line in lines[-50:]],
            }
        )

    def clear(self) -> None:
        """Forget what was shown so far."""
        self.outputs.clear()

    def _within(self, text: str) -> str:
        text = printable(text)
        if len(text) > self._text:
            text = text[: self._text] + "\n(cut off here)\n" if self._text else ""
            self._text = 0
        else:
            self._text -= len(text)
        return text

    def _add(self, output: dict[str, Any]) -> None:
        if len(self.outputs) < OUTPUTS:
            self.outputs.append(output)


class Stream(io.TextIOBase):
    """What stands for ``sys.stdout`` or ``sys.stderr`` while a cell runs."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        self._name = name

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Keep a text; a lone surrogate in it becomes a question mark."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._recorder.stream(self._name, text)
        return len(text)


@dataclass(frozen=True)
class Ran:
    """What became of one cell.

    Attributes
    ----------
    outputs : list of dict
        As nbformat has them.
    error : BaseException or None
        What it raised.
    value : object
        The value of its last expression if that was shown, else `NOTHING`.
    """

    outputs: list[dict[str, Any]]
    error: BaseException | None = None
    value: Any = field(default=NOTHING)

    @property
    def timed_out(self) -> bool:
        """Whether it was stopped because it ran too long."""
        return isinstance(self.error, CellTimeoutError)


class _Publisher(DisplayPublisher):
    def publish(self, data: Any, metadata: Any = None, *args: Any, **options: Any) -> None:
        self.shell.recorder.display(data)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.recorder.clear()


class _Hook(DisplayHook):
    shell: Any

    def __call__(self, result: Any = None) -> None:
        if result is None or self.quiet():
            return
        data, _ = self.compute_format_data(result)  # type: ignore[no-untyped-call]
        self.update_user_ns(result)  # type: ignore[no-untyped-call]
        self.shell.value = result
        self.shell.recorder.display(data, result=True)

    def quiet(self) -> bool:
        return bool(self.semicolon_at_end_of_expression(self.shell.source))  # type: ignore[no-untyped-call]


class Shell(InteractiveShell):
    """An IPython shell that keeps what a cell shows; `cell` runs one."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_Hook)

    @classmethod
    @contextmanager
    def alone(cls) -> Iterator[Shell]:
        """Be this process's shell, the one that ``get_ipython()`` returns."""
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        main = sys.modules["__main__"]
        InteractiveShell.clear_instance()
        # A profile that is nowhere: no folders are made and no start-up files are read.
        shell = cls.instance(config=config, profile_dir=ProfileDir(), ipython_dir=tempfile.gettempdir())
        try:
            yield shell
        finally:
            shell.restore_sys_module_state()  # type: ignore[no-untyped-call]
            cls.clear_instance()
            sys.modules["__main__"] = main

    def cell(
        self, source: str, seconds: float, recorder: Recorder | None = None, limit: float | None = None
    ) -> Ran:
        """Run a cell; its errors are among its outputs and end nothing else.

        Parameters
        ----------
        source : str
        seconds : float
            How long it may run.
        recorder : Recorder, optional
            Where its outputs go, behind what is there already.
        limit : float, optional
            The seconds that an error message names, if some of them were spent before.
        """
        self.recorder = recorder or Recorder()
        self.source = source
        self.value: Any = NOTHING
        error: BaseException | None = None
        with (
            redirect_stdout(Stream(self.recorder, "stdout")),
            redirect_stderr(Stream(self.recorder, "stderr")),
        ):
            try:
                with at_most(seconds, limit):
                    result = self.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
                error = result.error_before_exec or result.error_in_exec
            except BaseException as late:  # raised by IPython's own code around the cell
                error = late
                self.showtraceback()
        return Ran(self.recorder.outputs, error, self.value)

    def fresh(self, **names: Any) -> dict[str, Any]:
        """Give the next cells a namespace of their own, and return it."""
        self.user_module, self.user_ns = self.prepare_user_module()  # type: ignore[no-untyped-call]
        self.init_user_ns()  # type: ignore[no-untyped-call]
        self.user_ns.update(names)
        namespace: dict[str, Any] = self.user_ns
        return namespace

    def resume(self, module: ModuleType) -> None:
        """Give the next cells a namespace that others had: the `user_module` of then."""
        self.user_module, self.user_ns = module, vars(module)

    def showtraceback(self, exc_tuple: Any = None, *args: Any, **options: Any) -> None:
        """Keep an error. The traceback begins with the cell, as Jupyter's does."""
        kind, value, trace = exc_tuple or sys.exc_info()
        if kind is None:
            return
        render = getattr(value, "_render_traceback_", None)
        lines = None
        with suppress(Exception):
            lines = [str(line) for line in render()] if render else None
        with suppress(Exception):
            lines = lines or traceback.format_exception(kind, value, _from_cell(trace))
        text = ""
        with suppress(Exception):
            text = str(value)
        self.recorder.error(kind.__name__, text, lines or [])

    def _format_exception_for_storage(self, *args: Any, **options: Any) -> list[str]:
        """Keep nothing of an error: IPython would read and color the text of all frames for its history."""
        return []

    def system(self, cmd: str) -> None:
        """Run a shell line, and keep what it prints; there is no terminal to run it on."""
        ran = self._shell_line(cmd)
        for stream, text in ((sys.stdout, ran.stdout), (sys.stderr, ran.stderr)):
            stream.write(text)
        self.user_ns["_exit_code"] = ran.returncode

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Return what a shell line prints."""
        ran = self._shell_line(cmd)
        return SList((ran.stdout + ran.stderr).splitlines()) if split else ran.stdout + ran.stderr

    def _shell_line(self, cmd: str) -> subprocess.CompletedProcess[str]:
        line: str = self.var_expand(cmd, depth=2)  # type: ignore[no-untyped-call]
        return subprocess.run(
            line,
            shell=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def showsyntaxerror(self, *args: Any, **options: Any) -> None:
        """Keep a syntax error."""
        self.showtraceback()

    def show_usage_error(self, exc: BaseException) -> None:
        """Keep the complaint of a magic command."""
        self.showtraceback((type(exc), exc, None))

    def enable_matplotlib(self, gui: str | None = None) -> Any:
        """Show figures as Jupyter does, drawing each once."""
        from matplotlib.figure import Figure

        enabled = super().enable_matplotlib(gui)  # type: ignore[no-untyped-call]
        assert self.display_formatter is not None
        self.display_formatter.formatters["image/png"].for_type(Figure, _drawn)
        return enabled

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there is no window to open, and matplotlib asks for one with every backend."""

    def ask_exit(self) -> None:
        """End the cell only, when it calls ``exit()`` or ``quit()``."""
        raise SystemExit("exit() ends the cell here, not the notebook")


def _drawn(figure: Any) -> Any:
    """Return a figure as a PNG, cropped to what is in it, as IPython does.

    Matplotlib draws it twice for that, in case that drawing moves something: only a layout engine does.
    """
    from matplotlib import rcParams

    if figure.get_layout_engine() is not None or not hasattr(figure.canvas, "get_renderer"):
        return print_figure(figure)  # type: ignore[no-untyped-call]
    box = figure.get_tightbbox(figure.canvas.get_renderer()).padded(rcParams["savefig.pad_inches"])
    return print_figure(figure, bbox_inches=box)  # type: ignore[no-untyped-call]


def _from_cell(trace: TracebackType | None) -> TracebackType | None:
    here = trace
    while here is not None and not here.tb_frame.f_code.co_filename.startswith("<ipython-input"):
        here = here.tb_next
    return here


@contextmanager
def at_most(seconds: float, limit: float | None = None) -> Iterator[None]:
    """Raise CellTimeoutError in the main thread when this takes longer, and every second from then on.

    Nothing is raised while a long computation inside a C library holds the interpreter; whoever started this
    process has to wait for an answer no longer than it wants.
    """
    armed = True
    text = f"the cell ran for more than {limit or seconds:g} seconds, and was stopped"

    def ring(number: int, frame: FrameType | None) -> None:
        if armed:
            raise CellTimeoutError(text)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
