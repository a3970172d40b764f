"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["aside", "written"]


@contextmanager
def written(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes the name `path` when the block ends without an error.

    Until then it has a name of its own; after an error nothing of it is left.
    """
    part = path.with_name(f".{path.name}-{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def aside(path: Path, why: str) -> Path:
    """Rename `path`, so that nothing uses it and nothing is lost, and return its new name.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for _ in range(2):
    ...     _ = (folder / "batch").write_text("torn")
    ...     print(aside(folder / "batch", "damaged").name)
    batch.damaged
    batch.damaged-2
    """
    number = 1
    while True:
        name = path.name.removesuffix(".part")
        kept = path.with_name(f"{name}.{why}" + (f"-{number}" if number > 1 else ""))
        if not kept.exists():
            return path.rename(kept)
        number += 1
