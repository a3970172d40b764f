"""A submission's own files on their way into a session: plain files only, packed where it cannot look.

The session is never shown a folder of the grader's, since from an open folder one can climb to its parent.
"""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
from pathlib import Path
from typing import BinaryIO

__all__ = ["ParcelError", "pack", "unpack"]


class ParcelError(ValueError):
    """The files are more than a session may hold."""


def pack(folder: Path, most: int, count: int) -> BinaryIO:
    """Pack the plain files below a folder.

    Parameters
    ----------
    folder : path
    most : int
        Bytes that the files may have in all.
    count : int
        How many files and folders there may be.

    Returns
    -------
    binary file, nameless, rewound
        An uncompressed tar. Symbolic links, devices, pipes and sockets are left out, and so is what cannot be
        read.

    Raises
    ------
    ParcelError
        There is too much.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as name:
    ...     (Path(name) / "notes.txt").write_text("x = 1")
    ...     Path(name, "passwd").symlink_to("/etc/passwd")
    ...     with pack(Path(name), 1000, 10) as parcel, tarfile.open(fileobj=parcel) as tar:
    ...         tar.getnames()
    5
    ['notes.txt']
    """
    target: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  # the caller closes it
    try:
        fill(target, folder, most, count)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def fill(target: BinaryIO, folder: Path, most: int, count: int) -> None:
    """Write the files below `folder` to a tar."""
    size = entries = 0
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for here, folders, files, at in os.fwalk(folder, follow_symlinks=False):
            where = Path(here).relative_to(folder)
            folders.sort()
            for name in sorted(files):
                try:
                    # A pipe must not make this wait, and no link may be followed, not even a late one.
                    one = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
                except OSError:
                    continue
                with open(one, "rb") as source:
                    about = os.fstat(one)
                    if not stat.S_ISREG(about.st_mode):
                        continue
                    size, entries = size + about.st_size, entries + 1
                    check(folder, size, most, entries, count)
                    entry = tarfile.TarInfo(str(where / name))
                    entry.size, entry.mode = about.st_size, 0o644
                    tar.addfile(entry, source)
            entries += len(folders)
            check(folder, size, most, entries, count)


def check(folder: Path, size: int, most: int, entries: int, count: int) -> None:
    """Raise where the files so far are too much."""
    if size > most:
        raise ParcelError(
            f"pack: `folder` {folder.name} holds more than {most} bytes. Raise the limit `parcel`,"
            " or hand in less."
        )
    if entries > count:
        raise ParcelError(
            f"pack: `folder` {folder.name} holds more than {count} files. Raise the limit `inodes`,"
            " or hand in fewer."
        )


def unpack(parcel: BinaryIO, folder: Path) -> None:
    """Write the files of `parcel` into a folder."""
    with tarfile.open(fileobj=parcel, mode="r:") as tar:
        for entry in tar:
            source = tar.extractfile(entry)
            assert source is not None, "pack puts in plain files only"
            target = folder / entry.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, target.open("wb") as file:
                while chunk := source.read(1 << 20):
                    file.write(chunk)
