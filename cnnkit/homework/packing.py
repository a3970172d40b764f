"""One zip file with all of a notebook's folder that a grader needs, and nothing else."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cnnkit.errors import ArgumentError, RunLogError
from cnnkit.homework.notebook import Homework

__all__ = ["LARGEST", "Package", "pack"]

LARGEST = 64 << 20  # bytes; the grader copies no more of a student's files into its sandbox
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip file can hold: equal work gives equal bytes


@dataclass(frozen=True)
class Package:
    """What was packed.

    Parameters
    ----------
    path : Path
        The zip file.
    files : dict of str to int
        Path within the notebook's folder -> bytes, before they were packed.
    left_out : dict of str to str
        What lies in the folder and was not packed -> why.
    flaws : tuple of str
        What the student may want to mend before handing in.
    digest : str
        SHA-256 of the zip file: the same for the same work.
    """

    path: Path
    files: dict[str, int]
    left_out: dict[str, str]
    flaws: tuple[str, ...]
    digest: str

    def __str__(self) -> str:
        lines = [f"{self.path}  {_size(self.path.stat().st_size)}, SHA-256 {self.digest[:16]}"]
        lines += [f"  {_size(size):>9}  {name}" for name, size in self.files.items()]
        lines += [f"  left out: {name} ({why})" for name, why in self.left_out.items()]
        lines += [f"! {flaw}" for flaw in self.flaws]
        return "\n".join(lines)


def pack(homework: Homework, to: Path | None = None) -> Package:
    """Pack a notebook with the run logs, weights and other files that lie beside it.

    Parameters
    ----------
    homework : Homework
    to : Path, optional
        The zip file, which replaces an earlier one. Default: the notebook's name, in the current folder.

    Returns
    -------
    Package

    Raises
    ------
    ArgumentError
        `to` is no zip file or cannot be written, or the files are too large. Nothing is left half-written.
    """
    to = (to or Path.cwd() / f"{homework.name}.zip").absolute()
    if to.suffix != ".zip" or (to.exists() and not zipfile.is_zipfile(to)):
        raise ArgumentError(f"submit: `to` is {to}, expected a zip file. Write {to.stem}.zip.")
    files, left_out = _sorted_out(homework)
    total = sum(path.stat().st_size for path in files.values())
    if total > LARGEST:
        largest = max(files, key=lambda name: files[name].stat().st_size)
        raise ArgumentError(
            f"submit: {homework.path.parent} holds {_size(total)}, expected at most {_size(LARGEST)}."
            f" The largest is {largest}: move what no question asks for out of the folder."
        )
    contents = {name: path.read_bytes() for name, path in files.items()}
    _write(to, {f"{homework.name}/{name}": data for name, data in contents.items()})
    return Package(
        to,
        {name: len(data) for name, data in contents.items()},
        left_out,
        (*homework.damage, *_flaws_of_runs(files)),
        hashlib.sha256(to.read_bytes()).hexdigest(),
    )


def _sorted_out(homework: Homework) -> tuple[dict[str, Path], dict[str, str]]:
    """Return what is to be packed, the notebook first, and why the rest is not."""
    folder = homework.path.parent
    files, left_out = {f"{homework.name}.ipynb": homework.path}, {}
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        if path == homework.path:
            continue
        if path.is_symlink() or not path.is_file():
            left_out[name] = "a link"
        elif path.suffix == ".ipynb":
            left_out[name] = "another notebook"
        elif path.name.endswith(".state.safetensors"):
            left_out[name] = "for going on with a run; no question asks for it"
        elif path.suffix == ".zip":
            left_out[name] = "a zip file"
        else:
            files[name] = path
    return files, left_out


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "__pycache__":
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
        else:
            yield path


def _flaws_of_runs(files: dict[str, Path]) -> Iterator[str]:
    """Say which run logs are no evidence as they lie there."""
    logs = {name: path for name, path in files.items() if path.suffix == ".jsonl"}
    if not logs:
        return
    from cnnkit.nn import runlog

    for name, path in logs.items():
        try:
            run = runlog.read(path)
            if run.reason in ("unfinished", "interrupted"):
                yield f"{name}: was not trained to its end. Run its cell again: it goes on where it was."
        except RunLogError as error:
            yield f"{name}: {str(error).removeprefix('read: ')}"


def _write(to: Path, contents: dict[str, bytes]) -> None:
    """Write a zip file whole, or not at all."""
    try:
        handle, unfinished = tempfile.mkstemp(dir=to.parent, prefix=f".{to.stem}-")
    except OSError as error:
        raise ArgumentError(
            f"submit: `to` is {to}, which cannot be written ({error.strerror}). Give one in another folder."
        ) from None
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in contents.items():
                entry = zipfile.ZipInfo(name, EPOCH)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
        os.chmod(unfinished, 0o644)
        os.replace(unfinished, to)
    except BaseException:
        with suppress(OSError):
            os.unlink(unfinished)
        raise


def _size(count: int) -> str:
    """Return a number of bytes as one reads it.

    Examples
    --------
    >>> _size(512), _size(20_480), _size(3_500_000)
    ('512 B', '20.0 KiB', '3.3 MiB')
    """
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 1 << 20 else f"{count / (1 << 20):.1f} MiB"
