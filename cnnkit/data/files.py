"""The official files of a set, as torchvision lays them out: found, verified and read."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.data.catalogue import File, Official
from cnnkit.errors import DataDamagedError

__all__ = ["OfficialFiles", "Pair"]

Pair = tuple[NDArray[np.uint8], NDArray[np.int64]]  # images and their labels


@dataclass(frozen=True)
class OfficialFiles:
    """The folder of a set that holds its official files, or should."""

    official: Official
    root: Path

    @property
    def path(self) -> Path:
        """The folder."""
        return self.root / self.official.folder

    @property
    def here(self) -> bool:
        """Whether there is anything in it but unfinished downloads."""
        return self.path.is_dir() and any(
            not entry.name.startswith(".") and entry.suffix != ".part" for entry in self.path.iterdir()
        )

    def counts(self) -> tuple[int, int]:
        """Return how many training and test images sound files hold."""
        return self.official.counts

    def damage(self) -> str:
        """Return what is wrong with the files, as one line; nothing if they are sound."""
        try:
            for file in self._present():
                self._verified(file)
        except DataDamagedError as error:
            return str(error)
        return ""

    def damaged(self) -> list[Path]:
        """Return the files that are not what they should be; what is missing is not among them."""
        wrong = []
        for file in self.official.files:
            path = self._path(file)
            if path is not None:
                try:
                    self._verified(file)
                except DataDamagedError:
                    wrong.append(path)
        return wrong

    def read(self) -> tuple[Pair, Pair]:
        """Return the training and the test images with their labels.

        Raises
        ------
        DataDamagedError
            A file is missing, incomplete or not the official one.
        """
        contents = [self._verified(file) for file in self._present()]
        try:
            if self.official.folder.startswith("cifar"):
                *batches, last = map(_batch, contents)
                images, labels = zip(*batches, strict=True)
                return (np.concatenate(images), np.concatenate(labels)), last
            arrays = [_idx(content) for content in contents]
            train, test = zip(arrays[::2], arrays[1::2], strict=True)
            return (train[0][:, None], train[1].astype(np.int64)), (
                test[0][:, None],
                test[1].astype(np.int64),
            )
        except (ValueError, IndexError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
            raise DataDamagedError(
                f"load: {self.path} holds files that cannot be read as {self.official.name}: {error}."
                f" {self._cure}"
            ) from error

    @property
    def _cure(self) -> str:
        name = self.official.name
        return f"Fetch it anew, which deletes nothing: cnnkit data get {name}."

    def _path(self, file: File) -> Path | None:
        packed = self.path / f"{file.name}.gz"
        return next((path for path in (self.path / file.name, packed) if path.is_file()), None)

    def _present(self) -> tuple[File, ...]:
        files = self.official.files
        missing = [file.name for file in files if self._path(file) is None]
        if not missing:
            return files
        found = sorted(entry.name for entry in self.path.iterdir())
        if len(missing) == len(files):
            raise DataDamagedError(
                f"load: {self.path} holds something else ({_some(found)}), expected the files of"
                f" {self.official.name} ({_some([file.name for file in files])})."
                f" Move it away, then run: cnnkit data get {self.official.name}."
            )
        raise DataDamagedError(
            f"load: {self.path} lacks {_some(missing)}, expected {len(files)} files:"
            f" it is unpacked or downloaded in part. {self._cure}"
        )

    def _verified(self, file: File) -> bytes:
        path = self._path(file)
        assert path is not None
        try:
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataDamagedError(f"load: {path} cannot be read: {error}. {self._cure}") from error
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found != file.md5:
            raise DataDamagedError(
                f"load: {path} has the MD5 sum {found}, expected {file.md5}:"
                f" it is damaged, or not the official file ({len(content):,} bytes). {self._cure}"
            )
        return content


def _idx(content: bytes) -> NDArray[np.uint8]:
    """Read the format of MNIST: two zeros, a type, the number of axes, their sizes, the values."""
    if content[:3] != b"\0\0\x08" or len(content) < 4:
        raise ValueError(f"begins with {content[:4].hex()}, expected 000008")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4).astype(int)
    return np.frombuffer(content, np.uint8, int(shape.prod()), 4 + 4 * axes).reshape(shape)


def _batch(content: bytes) -> Pair:
    """Read a file of CIFAR-10: a pickled dict of rows with 3 * 1024 values, and their labels."""
    batch = _ArraysOnly(io.BytesIO(content), encoding="latin1").load()
    return batch["data"].reshape(-1, 3, 32, 32), np.array(batch["labels"], np.int64)


class _ArraysOnly(pickle.Unpickler):
    """Reads what the official files hold and nothing else: a pickle could run any program."""

    def find_class(self, module: str, name: str) -> Any:
        allowed = {
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
            # what files of any age call it
            ("numpy.core.multiarray", "_reconstruct"): _empty,
            ("numpy._core.multiarray", "_reconstruct"): _empty,
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, expected numbers and text only")
        return allowed[module, name]


def _empty(kind: type, shape: tuple[int, ...], code: str | bytes) -> NDArray[Any]:
    """Stand in for numpy's own way to make the array that a pickle fills."""
    return np.ndarray(shape, np.uint8)


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
