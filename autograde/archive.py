"""What a zip file holds, read with care: whoever packed it may have meant no good, or had a strange tool."""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath

from autograde.limits import MIB, Limits

__all__ = ["ArchiveError", "Entry", "contents", "entries"]

MOST_ENTRIES = 100_000
LARGEST = Limits().parcel + 32 * MIB  # of one file: no submission may be larger, and a notebook comes with it
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)
SYSTEMS_OWN = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


class ArchiveError(Exception):
    """A zip file that cannot be taken, with the reason and what to ask for."""


class Entry:
    """One file in a zip file: its cleaned path, and its bytes on demand."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: PurePosixPath) -> None:
        self._archive, self._info, self.path = archive, info, path

    def read(self) -> bytes:
        """Return the bytes.

        Raises
        ------
        ArchiveError
            They are encrypted, damaged, or more than they claim to be.
        """
        if self._info.flag_bits & 1:
            raise ArchiveError(f"{self.path.name} is encrypted. Ask for a file without a password.")
        if self._info.file_size > LARGEST:
            raise ArchiveError(
                f"{self.path.name} would be {self._info.file_size / MIB:,.0f} MiB unpacked, expected at most"
                f" {LARGEST // MIB}. Ask for the notebook without it."
            )
        try:
            with self._archive.open(self._info) as file:
                data = file.read(LARGEST + 1)  # what it claims to be need not be true
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            OSError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise ArchiveError(
                f"{self.path.name} is damaged within its zip file ({error}). Ask for it again."
            ) from None
        if len(data) > LARGEST:
            raise ArchiveError(f"{self.path.name} is larger than it claims. Ask for another file.")
        return data


@contextmanager
def entries(file: Path | bytes, name: str) -> Iterator[list[Entry]]:
    """Give the regular files of an open zip file, sorted by path; none is read yet.

    What systems add for themselves is passed over, and so are links. A path that leads out of the folder is
    cut to its harmless parts.

    Raises
    ------
    ArchiveError
        It is no zip file, or holds too many files.
    """
    try:
        archive = zipfile.ZipFile(BytesIO(file) if isinstance(file, bytes) else file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ArchiveError(f"{name} is no zip file ({error}). Ask for it again.") from None
    with archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and not _is_link(info)]
        if len(infos) > MOST_ENTRIES:
            raise ArchiveError(f"{name} holds {len(infos):,} files, expected at most {MOST_ENTRIES:,}.")
        found = [(path, info) for info in infos if (path := _cleaned(info.filename)) is not None]
        yield [Entry(archive, info, path) for path, info in sorted(found, key=lambda pair: pair[0])]


def contents(data: bytes, name: str) -> dict[PurePosixPath, bytes]:
    """Return all files of a student's zip file, and of zip files within it.

    Raises
    ------
    ArchiveError
        Something in it cannot be taken, or all of it is too large.
    """
    found: dict[PurePosixPath, bytes] = {}
    size = 0
    waiting = [(PurePosixPath(), data, name)]
    for depth in range(3):  # a zip file of a zip file is a slip, one deeper is no hand-in any more
        inner: list[tuple[PurePosixPath, bytes, str]] = []
        for folder, packed, called in waiting:
            with entries(packed, called) as listed:
                for entry in listed:
                    unpacked = entry.read()
                    size += len(unpacked)
                    if size > LARGEST:
                        raise ArchiveError(
                            f"{name} holds more than {LARGEST // MIB} MiB. Ask for the notebook alone."
                        )
                    if entry.path.suffix.lower() == ".zip" and depth < 2:
                        inner.append((folder / entry.path.parent, unpacked, entry.path.name))
                    else:
                        found[folder / entry.path] = unpacked
        waiting = inner
    return found


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)


def _cleaned(name: str) -> PurePosixPath | None:
    r"""Return a path that stays within its folder; None for what no student wrote.

    Examples
    --------
    >>> _cleaned("../../etc/passwd"), _cleaned("C:\\work\\a.ipynb"), _cleaned("__MACOSX/a.ipynb")
    (PurePosixPath('etc/passwd'), PurePosixPath('work/a.ipynb'), None)
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    parts = [part for part in parts if not part.endswith(":")]
    if not parts or any(part in SYSTEMS_OWN or part == ".ipynb_checkpoints" for part in parts):
        return None
    return PurePosixPath(*(part.replace("\0", "") for part in parts))
