"""Real ConvNetJS, run by node, for tests and benchmarks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent


class OracleMissingError(RuntimeError):
    """There is no node, or npm could not install what a lock names."""


def install(folder: Path = HERE) -> Path:
    """Install the packages of the lock file in a folder, once, and return where they are."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise OracleMissingError(f"{program} is not installed")
    modules = folder / "node_modules"
    if modules.exists():
        return modules
    # in a folder of its own and then moved, so that tests that run side by side cannot meet half of it
    with tempfile.TemporaryDirectory(dir=folder, prefix="node_modules.") as half:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, half)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=half, capture_output=True, text=True)
        if done.returncode:
            raise OracleMissingError(f"npm ci failed: {done.stderr.strip()[-300:]}")
        try:
            os.rename(Path(half) / "node_modules", modules)
        except OSError:
            if not modules.exists():
                raise
    return modules


class Oracle:
    """One node process with ConvNetJS in it; commands are those of driver.js."""

    def __init__(self) -> None:
        install()
        self.process = subprocess.Popen(
            ["node", str(HERE / "driver.js")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.ask("seed", 0)

    def ask(self, command: str, argument: Any = None) -> Any:
        """Send one command and return its answer."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([command, argument]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"driver.js stopped at {command!r}; its own message is above")
        return json.loads(line).get("answer")

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()  # type: ignore[union-attr]
        self.process.stdout.close()  # type: ignore[union-attr]
        self.process.wait()


def volumes(x: np.ndarray) -> list[dict[str, Any]]:
    """Return (N, C, H, W) images as ConvNetJS's volumes."""
    _, channels, height, width = x.shape
    flat = x.transpose(0, 2, 3, 1).reshape(len(x), -1)
    return [{"size": [width, height, channels], "w": row} for row in flat.tolist()]
