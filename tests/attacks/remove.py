"""Delete what attacks leave in temporary folders."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["remove"]


def remove(place: Path) -> None:
    """Delete a folder with all in it, however deep; ``shutil.rmtree`` stumbles over a thousand folders."""
    subprocess.run(["rm", "-rf", "--", str(place)], check=False)
