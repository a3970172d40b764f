"""A JupyterHub with users of its own: in a view of this machine that has other accounts and other homes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from tests.missing import cannot_run
from tests.oracle.oracle import OracleMissingError, install

__all__ = ["GROUP", "INSTRUCTOR", "Browser", "Hub", "home", "running_hub"]

ROOT = Path(__file__).resolve().parents[1]
INSTRUCTOR, GROUP = "instructor", 4000
SETTINGS = "/srv/hub"  # where everybody can read them
PATIENCE = 120  # seconds that a hub, or a student's server, has to start


def home(user: str) -> str:
    """Return where a user's home is in the hub's sight."""
    return f"/home/{user}"


@dataclass
class Hub:
    """A running hub: its address, its users' password, and where their homes lie on this machine."""

    folder: Path
    address: str
    password: str
    walls: list[str]

    def home(self, user: str) -> Path:
        return self.folder / "home" / user

    def run(self, user: str, *words: str, cwd: str) -> str:
        """Run a command as one of the users."""
        number = str(_users()[user])
        settings = f"{SETTINGS}/{'instructor' if user == INSTRUCTOR else 'student'}"
        become = ["setpriv", "--reuid", number, "--regid", str(GROUP), "--clear-groups"]
        command = [
            *self.walls,
            "--setenv",
            "HOME",
            home(user),
            "--setenv",
            "JUPYTER_CONFIG_PATH",
            settings,
            "--chdir",
            cwd,
            "--",
            *become,
            *words,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@dataclass
class Browser:
    """What a student's browser does: logs in, waits for a server, and asks it with the tokens it got."""

    hub: Hub
    user: str
    jar: CookieJar = field(default_factory=CookieJar)

    def __post_init__(self) -> None:
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.jar))
        self.get("/hub/login")
        form = {"username": self.user, "password": self.hub.password, "_xsrf": self.token("/hub/")}
        self.ask("/hub/login", urlencode(form).encode(), kind="application/x-www-form-urlencoded")

    def token(self, path: str) -> str:
        return next(str(each.value) for each in self.jar if each.name == "_xsrf" and each.path == path)

    def start(self) -> None:
        """Have the server started, and wait until it answers."""
        self.get(f"/hub/spawn/{self.user}")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if "jupyter-config-data" in self.get(f"/user/{self.user}/lab"):
                return
        raise AssertionError(f"the server of {self.user} did not start")

    def get(self, path: str) -> str:
        return self.ask(path, None)

    def ask(self, path: str, data: bytes | None, *, kind: str = "", method: str | None = None) -> str:
        request = Request(self.hub.address + path, data, method=method)
        if kind:
            request.add_header("Content-Type", kind)
        if path.startswith("/user/") and data is not None:
            request.add_header("X-XSRFToken", self.token(f"/user/{self.user}/"))
        with self.opener.open(request, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def server(self, path: str, content: Any = None, method: str | None = None) -> Any:
        """Ask the student's own server, in JSON."""
        data = None if content is None else json.dumps(content).encode()
        return json.loads(self.ask(f"/user/{self.user}/{path}", data, kind="application/json", method=method))

    def assignments(self, action: str = "", assignment: str = "") -> dict[str, dict[str, Any]]:
        """Do what JupyterLab's list of assignments does, and return the list by state and name."""
        wanted = {"course_id": "cnnkit", "assignment_id": assignment}
        path = f"assignments/{action}" if action else f"assignments?{urlencode(wanted)}"
        answer = self.server(path, wanted if action else None)
        assert answer["success"], answer
        return {each["status"]: each for each in answer["value"]}


def _users() -> dict[str, int]:
    return {INSTRUCTOR: GROUP, "s01": GROUP + 1, "s02": GROUP + 2}


def _walls(folder: Path, password: str, environment: dict[str, str]) -> list[str]:
    """Return the command before which this machine has our users, and no others that can log in."""
    users = _users()
    made = subprocess.run(["openssl", "passwd", "-6", password], capture_output=True, text=True, check=True)
    hashed = made.stdout.strip()
    ours = {
        "passwd": [f"{name}:x:{number}:{GROUP}::{home(name)}:/bin/sh" for name, number in users.items()],
        "group": [f"cnnkit:x:{GROUP}:{','.join(users)}"],
        "shadow": [f"{name}:{hashed}:19000:0:99999:7:::" for name in users],
    }
    for name, lines in ours.items():
        system = Path(f"/etc/{name}").read_text(encoding="utf-8") if name != "shadow" else ""
        (folder / name).write_text(system.rstrip("\n") + "\n" + "\n".join(lines) + "\n", encoding="utf-8")
    for name, number in users.items():
        (folder / "home" / name).mkdir(parents=True, mode=0o700)
        os.chown(folder / "home" / name, number, GROUP)
    shutil.copytree(ROOT / "docs/scale", folder / "srv/hub")
    (folder / "srv/exchange").mkdir()
    (folder / "srv/exchange").chmod(0o777)
    command = ["bwrap", "--dev-bind", "/", "/", "--cap-add", "ALL", "--unshare-pid", "--proc", "/proc"]
    # a Python in a home that only root may enter is nobody's else
    base = Path(sys.base_prefix)
    closed = next((place for place in reversed(base.parents) if not place.stat().st_mode & 1), None)
    if closed is not None:
        command += ["--tmpfs", str(closed), "--chmod", "0755", str(closed)]
        for place in reversed([each for each in base.parents if each.is_relative_to(closed)][:-1]):
            command += ["--perms", "0755", "--dir", str(place)]
        command += ["--ro-bind", str(base), str(base)]
    for name in ours:
        command += ["--ro-bind", str(folder / name), f"/etc/{name}"]
    command += ["--bind", str(folder / "home"), "/home", "--bind", str(folder / "srv"), "/srv", "--clearenv"]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    return [*command, "--die-with-parent"]


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


@contextmanager
def running_hub(folder: Path) -> Iterator[Hub]:
    """Run JupyterHub as docs/scale says, with accounts that exist in its sight alone."""
    if os.geteuid():
        cannot_run("JupyterHub for several users has to be started as root")
    for program in ("bwrap", "openssl", "setpriv"):
        if shutil.which(program) is None:
            cannot_run(f"{program} is not installed: JupyterHub cannot be given users of its own")
    try:
        proxy = install(ROOT / "tests/proxy") / ".bin/configurable-http-proxy"
    except OracleMissingError as error:
        cannot_run(f"JupyterHub's proxy is not here: {error}")
    ports = [_free_port() for _ in range(3)]
    address = f"http://127.0.0.1:{ports[0]}"
    environment = {
        "CNNKIT_EXCHANGE": "/srv/exchange",
        "CNNKIT_HUB": address,
        "CNNKIT_PROXY": str(proxy),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "/usr/bin:/bin")]),
        "PYTHONPATH": str(ROOT),
    }
    password = secrets.token_hex(8)
    walls = _walls(folder, password, environment)
    command = [*walls, "--chdir", "/srv", sys.executable, "-m", "jupyterhub"]
    command += ["-f", f"{SETTINGS}/jupyterhub_config.py"]
    command += [f"--JupyterHub.hub_port={ports[1]}"]
    command += [f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{ports[2]}"]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            hub = Hub(folder, address, password, walls)
            _wait(hub, process)
            yield hub
        except BaseException:
            sys.stderr.write((folder / "log").read_text(encoding="utf-8")[-5000:])
            raise
        finally:
            process.kill()  # and with the first process all others of its sight


def _wait(hub: Hub, process: subprocess.Popen[bytes]) -> None:
    opener = build_opener(ProxyHandler({}))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            opener.open(f"{hub.address}/hub/health", timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("JupyterHub did not start")
