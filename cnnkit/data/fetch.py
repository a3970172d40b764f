"""Fetch one file: whole and verified or not at all, going on where an earlier attempt stopped."""

from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from http.client import HTTPException
from pathlib import Path
from threading import Thread
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from cnnkit.data.atomic import aside
from cnnkit.data.catalogue import File
from cnnkit.data.progress import bar
from cnnkit.errors import DataDamagedError, DownloadError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["PATIENCE", "fetch", "unwritable"]

PATIENCE = 5.0  # seconds for a server to answer: offline, a name may take minutes to be found unknown
SILENCE = 30.0  # seconds between two pieces of a file
ATTEMPTS = 3  # in a row that bring something
CHUNK = 1 << 16
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def fetch(file: File, mirrors: tuple[str, ...], folder: Path, patience: float = PATIENCE) -> Path:
    """Fetch `file` into `folder`, unless it is there already, and return its path.

    What has come so far is kept beside it as ``<name>.part``; the next attempt, from whichever mirror, asks
    only for the rest.

    Parameters
    ----------
    file : File
    mirrors : addresses to which the name of the file is added
    folder : Path
    patience : float, in seconds
        How long to wait for each mirror's answer.

    Raises
    ------
    DownloadError
        No mirror answers, the connection is cut, the disk is full or the folder cannot be written to.
    DataDamagedError
        A whole file came, with another checksum. It is kept under another name.
    """
    path = folder / file.name
    try:
        if path.is_file():
            if _md5(path) == file.md5:
                return path
            aside(path, "damaged")
        _receive(file, mirrors, path.with_name(f"{file.name}.part"), patience)
    except DownloadError:
        raise
    except OSError as error:
        raise unwritable(error, folder) from error
    return path


def unwritable(error: OSError, folder: Path) -> DownloadError:
    """Say why `folder` does not take a file."""
    if error.errno in FULL:
        return DownloadError(
            f"get: no space is left for {folder} ({os.strerror(error.errno or 0)}). What has come is kept;"
            " make room and run the command again, or set CNNKIT_DATA to a folder on another disk."
        )
    return DownloadError(
        f"get: `{folder}` cannot be written to ({error.strerror or error})."
        " Set CNNKIT_DATA to a folder of yours."
    )


def _receive(file: File, mirrors: tuple[str, ...], part: Path, patience: float) -> None:
    failures = []
    for mirror in mirrors:
        for _ in range(ATTEMPTS):
            before = _size(part)
            failure = _attempt(mirror + file.name, part, patience)
            if not failure:
                return _accept(file, mirror, part)
            if _size(part) <= before:
                break
        failures.append(f"{_host(mirror)}: {failure}")
    kept = (
        f" {_size(part):,} bytes are kept in {part}, and the next attempt goes on there."
        if _size(part)
        else ""
    )
    raise DownloadError(
        f"get: {file.name} could not be fetched ({'; '.join(failures)})."
        f" Check the connection and try again.{kept}"
    )


def _attempt(url: str, part: Path, patience: float) -> str:
    """Add to `part` what it lacks; return why that failed, or nothing."""
    have = _size(part)
    try:
        response = _answer(url, have, patience)
    except Late:
        return f"no answer within {patience:g} s"
    except HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing is left to ask for: the checksum will tell
            return ""
        return f"{error.code} {error.reason}"
    except (OSError, HTTPException, ValueError) as error:
        return _reason(error)
    with response:
        goes_on = response.status == 206
        have = have if goes_on else 0  # some servers send whole files only
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as out, bar(part.stem, total, "B", have) as progress:
            if not _alone(out) or (goes_on and _size(part) != have):
                return "another program is fetching it"
            out.truncate(have)
            while True:
                try:
                    piece = response.read(CHUNK)
                except (OSError, HTTPException) as error:
                    return f"cut after {have:,} bytes ({_reason(error)})"
                if not piece:
                    break
                out.write(piece)
                have += len(piece)
                progress.update(len(piece))
    if total is not None and have < total:
        return f"cut after {have:,} of {total:,} bytes"
    return ""


def _answer(url: str, have: int, patience: float) -> Any:
    """Open `url` in a thread: a name that nobody resolves would block longer than any socket's timeout."""
    headers = {"User-Agent": "cnnkit", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    answer: Future[Any] = Future()

    def ask() -> None:
        try:
            response = urlopen(Request(url, headers=headers), timeout=SILENCE)
        except Exception as error:
            answer.set_exception(error)
        else:
            if not answer.cancelled():
                answer.set_result(response)

    Thread(target=ask, daemon=True).start()
    return answer.result(patience)


def _alone(file: IO[bytes]) -> bool:
    """Take the file for this program until it is closed; say whether that was possible."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # some network file systems know no locks
    return True


def _accept(file: File, mirror: str, part: Path) -> None:
    found = _md5(part)
    if found != file.md5:
        kept = aside(part, "wrong-checksum")
        raise DataDamagedError(
            f"get: {file.name} from {_host(mirror)} has the MD5 sum {found}, expected {file.md5}."
            f" It is kept as {kept} and not used; try again, or fetch the file in another way."
        )
    os.replace(part, part.with_name(file.name))


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


def _host(url: str) -> str:
    return urlsplit(url).netloc or url


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
