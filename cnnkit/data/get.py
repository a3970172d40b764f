"""Get an official set: fetch what is missing, unpack it, keep aside what is damaged."""

from __future__ import annotations

import gzip
import shutil
import tarfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from cnnkit.data.atomic import aside, written
from cnnkit.data.catalogue import Official
from cnnkit.data.fetch import PATIENCE, fetch, unwritable
from cnnkit.data.files import OfficialFiles
from cnnkit.errors import DataDamagedError

__all__ = ["get"]


def get(official: Official, root: Path, patience: float = PATIENCE) -> tuple[OfficialFiles, list[Path]]:
    """Make sure that the official files of a set lie below `root`, sound.

    Parameters
    ----------
    official : Official
    root : Path
        Made if it is not there.
    patience : float, in seconds
        How long to wait for each server's answer.

    Returns
    -------
    the files, and the new names of damaged files that were in their place

    Raises
    ------
    DownloadError, DataDamagedError
        As `fetch`; also where what was fetched cannot be unpacked.
    """
    files = OfficialFiles(official, root)
    if files.here and not files.damage():
        return files, []
    packed_in_place = len(official.downloads) > 1  # MNIST: each file packed alone, CIFAR-10: all in one
    folder = files.path if packed_in_place else root
    archives = [fetch(file, official.mirrors, folder, patience) for file in official.downloads]
    try:
        kept = [aside(path, "damaged") for path in (files.damaged() if files.here else [])]
        for archive in archives:
            if packed_in_place:
                _unzip(archive)
            else:
                _untar(archive, files.path)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataDamagedError(
            f"get: {archive} cannot be unpacked ({error}), though its checksum is right."
            " Please report this: cnnkit cannot read this set any more."
        ) from error
    except OSError as error:
        raise unwritable(error, folder) from error
    if wrong := files.damage():
        raise DataDamagedError(wrong)
    return files, kept


def _unzip(archive: Path) -> None:
    target = archive.with_suffix("")
    if not target.exists():
        with gzip.open(archive) as packed, written(target) as file:
            shutil.copyfileobj(packed, file)


def _untar(archive: Path, folder: Path) -> None:
    """Unpack into a folder of its own first: a half-unpacked set must never lie in the set's place."""
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-", suffix=".part") as part:
        with tarfile.open(archive) as packed:
            packed.extractall(part, filter="data")
        unpacked = Path(part) / folder.name
        folder.mkdir(exist_ok=True)
        for file in sorted(unpacked.iterdir()):
            if not (folder / file.name).exists():
                file.rename(folder / file.name)
