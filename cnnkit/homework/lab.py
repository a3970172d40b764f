"""JupyterLab on the course's notebooks: that of this Python, with its commands, from wherever it is run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from cnnkit.errors import CnnkitError
from cnnkit.homework.notebook import notebooks

__all__ = ["FIRST", "command", "start"]

FIRST = "00-start-here"


def command(options: Sequence[str] = (), start: Path | None = None) -> list[str]:
    """Return the command that opens JupyterLab on the first notebook.

    Parameters
    ----------
    options : sequence of str
        JupyterLab's own options, such as ``--no-browser``.
    start : Path, optional
        Where to look for the notebooks. Default: the current folder.

    Raises
    ------
    DataNotFoundError
        There are no notebooks.
    CnnkitError
        This Python has no JupyterLab.
    """
    known = notebooks(start or Path.cwd())
    if find_spec("jupyterlab") is None:
        raise CnnkitError(
            f"lab: {sys.executable} has no JupyterLab, expected one. Run: pip install -e ., in the folder"
            " that you unpacked."
        )
    first = known.get(FIRST, next(iter(known.values())))
    root = first.parents[1]
    opened = f"/lab/tree/{first.relative_to(root).as_posix()}"
    places = [f"--ServerApp.root_dir={root}", f"--LabApp.default_url={opened}"]
    return [sys.executable, "-m", "jupyterlab", *places, *options]


def start(options: Sequence[str] = ()) -> int:
    """Open JupyterLab and stay until it ends; its terminals find the commands of this environment.

    Raises
    ------
    DataNotFoundError, CnnkitError
        As `command`.
    """
    run = command(options)
    scripts = sysconfig.get_path("scripts")
    os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    if sys.platform != "win32":
        os.execv(run[0], run)  # Ctrl-C is JupyterLab's own from here on
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.run(run, check=False).returncode
