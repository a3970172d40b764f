"""What a student's environment has and lacks: packages, widgets, data, and a torch that learns."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from time import perf_counter

from cnnkit.errors import CnnkitError

__all__ = ["Finding", "Report", "examine", "healthy", "report"]

LEAST_PYTHON = (3, 11)
# Of the bar beside a row, as checks have it; the sign says the same without a colour.
COLOURS = {"✓": "#0072B2", "✗": "#D55E00", "–": "#888888"}
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)[^>=;]*(?:>=\s*([0-9.]+))?")
OPENERS = {"jupyter", "jupyterlab"}  # Colab opens notebooks without them
SECONDS = 1.0
IMAGES = 64


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    what : str
    found : str
        What is there; empty where it is missing or does not work.
    cure : str
        What is wrong, and what to do.
    required : bool
        Whether the notebooks need it.
    """

    what: str
    found: str
    cure: str = ""
    required: bool = True

    @property
    def sign(self) -> str:
        """``✓`` there, ``✗`` missing, ``–`` missing but not needed."""
        return "✓" if self.found else "✗" if self.required else "–"

    def __str__(self) -> str:
        """Show it as one line."""
        return f"{self.sign} {self.what}: {self.found or self.cure}"


@dataclass(frozen=True, repr=False)
class Report:
    """All that was looked at; a notebook shows it as a table."""

    findings: tuple[Finding, ...]

    @property
    def summary(self) -> str:
        """Whether one can begin, in one sentence."""
        if healthy(self.findings):
            return "All that the notebooks need is here."
        return "Something that the notebooks need is missing (✗)."

    def __repr__(self) -> str:
        """Show a line for each finding."""
        return "\n".join([*map(str, self.findings), self.summary])

    def _repr_html_(self) -> str:
        """Show a row for each finding, in the colours of whatever page it is on."""
        left = "text-align: left; vertical-align: top; padding: 3px 12px 3px 0"
        bar = "; padding-left: 10px; border-left: 4px solid "
        rows = "".join(
            f'<tr><td style="{left}{bar}{COLOURS[finding.sign]}">{finding.sign}</td>'
            f'<th scope="row" style="{left}; white-space: nowrap">{escape(finding.what)}</th>'
            f'<td style="{left}; overflow-wrap: anywhere">{_code(finding.found or finding.cure)}</td></tr>'
            for finding in self.findings
        )
        summary = f"<p><strong>{escape(self.summary)}</strong></p>"
        return f'<table style="margin: 0; max-width: 60em">{rows}</table>{summary}'


def report() -> Report:
    """Look at everything; it takes the seconds that torch needs to load.

    Returns
    -------
    Report
    """
    return Report(tuple(examine()))


def _code(text: str) -> str:
    """Escape a text, and set its last sentence as code if it is a command to run.

    Examples
    --------
    >>> _code("not installed. Run: pip install -e .")
    'not installed. Run: <code>pip install -e .</code>'
    """
    before, run, command = text.partition("Run: ")
    return escape(before) + (f"Run: <code>{escape(command)}</code>" if run else "")


def examine() -> Iterator[Finding]:
    """Look at one thing after the other; the last takes the seconds that torch needs to load."""
    yield _python()
    yield from _packages()
    yield _widgets()
    yield from _data()
    yield _torch()


def healthy(findings: Sequence[Finding]) -> bool:
    """Say whether everything that is required is there."""
    return all(finding.found or not finding.required for finding in findings)


def _python() -> Finding:
    least = ".".join(map(str, LEAST_PYTHON))
    here = platform.python_version()
    found = f"{here} ({sys.executable})" if sys.version_info[:2] >= LEAST_PYTHON else ""
    return Finding("Python", found, f"this is {here}, expected {least} or newer. Make a new environment.")


def _packages(installed: Callable[[str], str] = version) -> Iterator[Finding]:
    try:
        needed = [line for line in requires("cnnkit") or [] if "extra ==" not in line]
    except PackageNotFoundError:
        cure = "not installed, though it can be imported from here. Run: pip install -e ."
        yield Finding("cnnkit", "", cure)
        return
    sound = []
    for line in needed:
        match = REQUIREMENT.match(line)
        assert match is not None
        name, least = match[1], match[2] or "0"
        try:
            there = installed(name)
        except PackageNotFoundError:
            cure = f"not installed, expected {least} or newer. Run: pip install -e ."
            yield Finding(name, "", cure, required=name not in OPENERS or "google.colab" not in sys.modules)
            continue
        if _numbers(there) < _numbers(least):
            yield Finding(name, "", f"this is {there}, expected {least} or newer. Run: pip install -e .")
        else:
            sound.append(f"{name} {there}")
    yield Finding("packages", ", ".join(sound), "none is installed. Run: pip install -e .")


def _widgets() -> Finding:
    """Look for the part of ipywidgets that runs in the browser: without it a slider shows as text."""
    extension = Path("share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json")
    places = [Path(prefix) / extension for prefix in dict.fromkeys([sys.prefix, sys.base_prefix])]
    user = Path.home() / ".local" / extension
    found = next((place for place in [*places, user] if place.is_file()), None)
    return Finding(
        "Jupyter widgets",
        str(found.parent) if found else "",
        "JupyterLab's part is missing, so sliders show as text. Run: pip install jupyterlab_widgets.",
        required=False,
    )


def _data() -> Iterator[Finding]:
    from cnnkit.data.inventory import inventory

    try:
        rows = inventory().rows
    except CnnkitError as error:
        yield Finding("data", "", str(error).removeprefix("load: "))
        return
    for name, where, training, test, state in rows:
        if where == "built in":
            continue
        if state == "DAMAGED":
            yield Finding(name, "", f"the files in {where} are damaged. Run: cnnkit data")
        elif where == "–":
            yield Finding(name, "", f"{state}. Run: cnnkit data get {name}", required=False)
        else:
            yield Finding(name, f"{training} + {test} images in {where}")


def _torch() -> Finding:
    """Train a small network on noise for a second: its loss must fall."""
    cure = "Reinstall it: pip install --force-reinstall torch."
    try:
        import torch
        from torch import nn
    except (ImportError, OSError) as error:
        return Finding("torch", "", f"cannot be loaded ({error}). {cure}")
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(IMAGES, 3, 32, 32, generator=generator)
    y = torch.arange(IMAGES) % 10
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(1024, 10)
        )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    losses: list[float] = []
    start = perf_counter()
    while len(losses) < 10 or perf_counter() - start < SECONDS:
        loss = nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    seconds = perf_counter() - start
    learned = losses[-1] < losses[0]
    speed = IMAGES * len(losses) / seconds
    count = torch.get_num_threads()
    threads = "1 thread" if count == 1 else f"{count} threads"
    found = f"{torch.__version__} trains {speed:,.0f} small images a second on {threads}"
    return Finding(
        "torch",
        found if learned else "",
        f"{torch.__version__} does not learn: the loss went from {losses[0]:.2f} to {losses[-1]:.2f}. {cure}",
    )


def _numbers(text: str) -> tuple[int, ...]:
    """Read the numbers that a version begins with.

    Examples
    --------
    >>> _numbers("2.13.0+cpu"), _numbers("2.13") < _numbers("2.13.0rc1")
    ((2, 13, 0), True)
    """
    numbers = re.match(r"[0-9.]*", text)
    return tuple(int(part) for part in numbers[0].split(".") if part) if numbers else ()
