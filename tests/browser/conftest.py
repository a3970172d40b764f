"""A real JupyterLab on the loopback interface, opened in Chromium; shared by all browser tests of a run.

Everything that Jupyter, IPython or Chromium writes lands in one temporary folder. Nothing is fetched
from outside: requests to other hosts are stopped and reported by `outside_requests`.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat import v4
from playwright.sync_api import Locator, Page, Playwright, Route, expect

from tests.missing import cannot_run

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PATIENCE = 60  # seconds; starting a kernel on a busy machine takes its time
expect.set_options(timeout=PATIENCE * 1000)

SERVER_OPTIONS = {
    "ServerApp.ip": "127.0.0.1",
    "ServerApp.open_browser": "False",
    "ServerApp.allow_root": "True",
    "LabApp.extension_manager": "readonly",  # else it asks the package index
    "LabApp.news_url": "",
    "LabApp.check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "LabApp.expose_app_in_browser": "True",  # window.jupyterapp, to run commands and wait for them
}
LAB_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},  # cells out of sight stay on the page
}


# Relative luminance and contrast as the Web Content Accessibility Guidelines (2.1) define them.
CONTRAST = """(element) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const backgrounds = [];
    for (let at = element; at; at = at.parentElement)
        backgrounds.unshift(getComputedStyle(at).backgroundColor);
    const luminance = () => {
        const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const paint = (colour) => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); };
    backgrounds.forEach(paint);
    const behind = luminance();
    paint(getComputedStyle(element).color);
    const [dark, light] = [behind, luminance()].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
}"""


@dataclass
class Lab:
    """A running server: its address with the token, and the folder that it serves."""

    address: str
    token: str
    root: Path

    def url(self, path: str) -> str:
        return f"{self.address}{path}?token={self.token}"


@dataclass
class Notebook:
    """An open notebook, with the moves of someone who sits in front of it."""

    page: Page
    panel: Locator = field(init=False)

    def __post_init__(self) -> None:
        self.panel = self.page.locator(".jp-NotebookPanel:visible")

    def cell(self, index: int) -> Locator:
        return self.panel.locator(".jp-Cell").nth(index)

    def output(self, index: int) -> Locator:
        return self.cell(index).locator(".jp-Cell-outputArea")

    def run(self, index: int) -> Locator:
        """Run a cell, wait until it is done, and return its output."""
        self.page.evaluate(
            """async (index) => {
                const { commands, shell } = window.jupyterapp;
                await shell.currentWidget.sessionContext.ready;
                shell.currentWidget.content.activeCellIndex = index;
                await commands.execute("notebook:run-cell");
            }""",
            index,
        )
        return self.output(index)

    def expect_value(self, index: int, **expected: Any) -> None:
        """Read JSON that a cell prints; again, for a page holds changes back while the kernel is busy."""
        for _ in range(20):
            value = json.loads(self.run(index).inner_text())
            if expected.items() <= value.items():
                return
        assert value == value | expected

    def save(self) -> None:
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")

    def restart_kernel(self) -> None:
        self.page.evaluate("() => void window.jupyterapp.commands.execute('kernelmenu:restart')")
        self.page.get_by_role("button", name="Confirm Kernel Restart").click()
        self.page.evaluate(
            """async () => {
                const { session } = window.jupyterapp.shell.currentWidget.sessionContext;
                while (session.kernel.connectionStatus !== "connected" || session.kernel.status !== "idle")
                    await new Promise((resolve) => session.kernel.statusChanged.connect(resolve));
            }"""
        )

    def theme(self, name: str) -> None:
        """Switch to "JupyterLab Light" or "JupyterLab Dark"."""
        self.page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)


@contextmanager
def running_lab(home: Path, *command: str, root: Path | None = None) -> Iterator[Lab]:
    """Start a JupyterLab that keeps to the folder `home`; stop it and its kernels at the end.

    It serves `root`, by default a new folder in `home`; a `command` that starts it in another way chooses
    what it serves.
    """
    root = root or home / "notebooks"
    root.mkdir(exist_ok=True)
    for name, values in LAB_SETTINGS.items():
        path = home / f"settings/@jupyterlab/{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    options = SERVER_OPTIONS | {
        "ServerApp.port": str(port),
        "IdentityProvider.token": token,
    }
    if not command:
        command = ("-m", "jupyterlab", f"--ServerApp.root_dir={root}")
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, *command, *(f"--{name}={value}" for name, value in options.items())],
            cwd=root,
            env=_environment(home),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield Lab(_address(server, home), token, root)
    finally:
        _stop(server)


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "OMP_NUM_THREADS": "1",
    }


def _address(server: subprocess.Popen[bytes], home: Path) -> str:
    """Wait for the note that a server leaves once it listens; its port may not be the one asked for."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        for note in (home / "runtime").glob(f"jpserver-{server.pid}.json"):
            with suppress(json.JSONDecodeError):  # it is just being written
                port = json.loads(note.read_text(encoding="utf-8"))["port"]
                return f"http://127.0.0.1:{port}/"
        time.sleep(0.1)
    log = (home / "server.log").read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"JupyterLab did not start within {PATIENCE} s:\n{log[-3000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server, which ends its kernels; if it does not, end all that runs in its own session."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@contextmanager
def browsing(
    playwright: Playwright, lab: Lab, chromium: str, outside: list[str], *flags: str, path: str = "lab"
) -> Iterator[Page]:
    """Open the server's JupyterLab in a window of 1280 by 1000 pixels; `outside` gets what was stopped."""
    host = urlsplit(lab.address).netloc

    def only_this_machine(route: Route) -> None:
        if urlsplit(route.request.url).netloc == host:
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    browser = playwright.chromium.launch(executable_path=chromium, args=[*CHROMIUM_FLAGS, *flags])
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE * 1000)
        page.route("**/*", only_this_machine)
        page.goto(lab.url(path))
        page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)")
        yield page
    finally:
        browser.close()


def new_notebook(lab: Lab, page: Page, name: str, cells: list[str]) -> Notebook:
    """Open a new notebook by its name and its code cells, with a kernel of its own."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells], metadata=kernel)
    nbformat.write(notebook, lab.root / f"{name}.ipynb")
    page.evaluate(
        """async (path) => {
            const panel = await window.jupyterapp.commands.execute("docmanager:open", { path });
            await panel.context.ready;
            await panel.sessionContext.ready;
        }""",
        f"{name}.ipynb",
    )
    return Notebook(page)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The server of this run; its folder goes with it."""
    home = tmp_path_factory.mktemp("lab")
    with running_lab(home) as lab:
        yield lab
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    if CHROMIUM is None:
        cannot_run("chromium is not installed: the widgets cannot be tried in a browser")
    return CHROMIUM


@pytest.fixture(scope="session")
def outside_requests() -> list[str]:
    """Addresses outside this machine that the page asked for; they were not answered."""
    return []


@pytest.fixture(scope="session")
def page(playwright: Playwright, chromium: str, lab: Lab, outside_requests: list[str]) -> Iterator[Page]:
    """JupyterLab in Chromium."""
    with browsing(playwright, lab, chromium, outside_requests) as page:
        yield page
    assert outside_requests == [], "a page asked for something outside this machine"


@pytest.fixture(scope="module")
def open_notebook(page: Page, lab: Lab) -> Iterator[Callable[[str, list[str]], Notebook]]:
    """Open new notebooks; they are closed, kernels and all, after the module."""
    yield partial(new_notebook, lab, page)
    page.evaluate(
        """async () => {
            const { serviceManager, shell } = window.jupyterapp;
            for (const widget of Array.from(shell.widgets("main"))) {
                if (widget.context?.model.dirty) await widget.context.save();
                widget.close();
            }
            await serviceManager.sessions.shutdownAll();
        }"""
    )


@pytest.fixture
def screenshot(tmp_path: Path) -> Callable[[Locator, str], Path]:
    """Save a picture of part of the page, in $SCREENSHOTS if that is set."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def screenshot(part: Locator, name: str) -> Path:
        part.screenshot(path=folder / f"{name}.png")
        return folder / f"{name}.png"

    return screenshot


@pytest.fixture
def contrasts() -> Callable[[Locator, str], dict[str, float]]:
    """Return a function (part of the page, selector) -> contrast of each text with what is behind it."""

    def contrasts(part: Locator, selector: str) -> dict[str, float]:
        words = part.locator(selector).all()
        return {word.inner_text(): round(word.evaluate(CONTRAST), 2) for word in words if word.inner_text()}

    return contrasts


@pytest.fixture
def in_theme(page: Page) -> Callable[[str], AbstractContextManager[None]]:
    """Return a context manager that shows the page in a theme, and in the light one after it."""

    @contextmanager
    def in_theme(name: str) -> Iterator[None]:
        Notebook(page).theme(name)
        try:
            yield
        finally:
            Notebook(page).theme("JupyterLab Light")

    return in_theme
