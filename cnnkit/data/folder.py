"""A set as a tree of images, ``<root>/<name>/{train,test}/<class>/*.{png,jpg}``, decoded once."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from os import scandir
from pathlib import Path
from typing import Any

import numpy as np

from cnnkit.data import atomic, places
from cnnkit.data.catalogue import Official
from cnnkit.data.files import Pair
from cnnkit.data.progress import bar
from cnnkit.errors import DataDamagedError

__all__ = ["ImageFolder"]

PARTS = ("train", "test")
SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class ImageFolder:
    """The folder of a set that holds it as images, or should."""

    official: Official
    root: Path

    @property
    def path(self) -> Path:
        """The folder."""
        return self.root / self.official.name

    @property
    def here(self) -> bool:
        """Whether there is anything in it, but for torchvision's folders under the same name."""
        return self.path.is_dir() and any(
            not entry.name.startswith(".") and entry.name not in ("raw", "processed")
            for entry in self.path.iterdir()
        )

    def counts(self) -> tuple[int, int]:
        """Return how many training and test images there are."""
        found = Counter(part for part, *_ in self._listing)
        return found["train"], found["test"]

    def damage(self) -> str:
        """Return what is wrong with the tree, as one line; images are not opened for that."""
        try:
            _ = self._listing
        except DataDamagedError as error:
            return str(error)
        return ""

    def read(self) -> tuple[Pair, Pair]:
        """Return the training and the test images with their labels.

        The images are decoded once and kept as one file beside the folder, or in the user's cache folder; a
        change of any image makes it anew.

        Raises
        ------
        DataDamagedError
            A class is missing or unknown, or an image cannot be read or has another size.
        """
        stamp = self._stamp
        for place in self._caches:
            kept = _kept(place, stamp)
            if kept is not None:
                return kept
        found = self._decoded()
        arrays: dict[str, Any] = {"stamp": np.array(stamp)}
        for part, (images, labels) in zip(PARTS, found, strict=True):
            arrays |= {f"{part}_images": images, f"{part}_labels": labels}
        for place in self._caches:
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                with atomic.written(place) as file:
                    np.savez(file, **arrays)
                break
            except OSError:
                continue  # read-only or full: then the next place, or none and decoding again next time
        return found

    @property
    def _caches(self) -> tuple[Path, Path]:
        name = f"{self.official.name}.cnnkit.npz"
        return self.root / name, places.cache() / f"{self._stamp[:16]}-{name}"

    @cached_property
    def _listing(self) -> list[tuple[str, int, Path, int, int]]:
        """Part, label, path, size and time of every image, in a fixed order."""
        parts = [part for part in PARTS if (self.path / part).is_dir()]
        if len(parts) < 2:
            found = ", ".join(sorted(entry.name for entry in self.path.iterdir())[:3])
            raise DataDamagedError(
                f"load: {self.path} holds {found}, expected the folders train and test with a folder of"
                f" images for each class. Move it away if it is something else, or complete it."
            )
        return [image for part in parts for image in self._images(part)]

    def _images(self, part: str) -> list[tuple[str, int, Path, int, int]]:
        known = {_plain(name): label for label, name in enumerate(self.official.classes)}
        known |= {str(label): label for label in range(len(known))}
        folders = {entry.name: Path(entry) for entry in scandir(self.path / part) if entry.is_dir()}
        labels = {name: known.get(_plain(name)) for name in folders if not name.startswith(".")}
        strange = sorted(name for name, label in labels.items() if label is None)
        lacking = [name for label, name in enumerate(self.official.classes) if label not in labels.values()]
        if strange or lacking:
            wrong = f"Unknown: {', '.join(strange[:3])}" if strange else f"Missing: {', '.join(lacking[:3])}"
            raise DataDamagedError(
                f"load: {self.path / part} holds the classes {', '.join(sorted(labels)[:4]) or 'none'} ...,"
                f" expected the {len(self.official.classes)} of {self.official.name}"
                f" ({', '.join(self.official.classes)})."
                f" {wrong}."
            )
        found = []
        for name, label in sorted(labels.items(), key=lambda item: item[1] or 0):
            images = sorted(
                (entry.name, entry.stat().st_size, entry.stat().st_mtime_ns)
                for entry in scandir(folders[name])
                if entry.name.lower().endswith(SUFFIXES) and not entry.name.startswith(".")
            )
            if not images:
                raise DataDamagedError(
                    f"load: {folders[name]} holds no image, expected at least one .png or .jpg."
                    " Complete the folder."
                )
            found += [(part, label or 0, folders[name] / file, size, time) for file, size, time in images]
        return found

    @cached_property
    def _stamp(self) -> str:
        """A hash that changes with every image's name, size and time."""
        digest = hashlib.sha256(f"1 {self.official.shape}".encode())
        for _, _, path, size, time in self._listing:
            digest.update(f"{path.relative_to(self.path)} {size} {time}\n".encode())
        return digest.hexdigest()

    def _decoded(self) -> tuple[Pair, Pair]:
        from PIL import Image

        channels, height, width = self.official.shape
        x = np.empty((len(self._listing), height, width, channels), np.uint8)
        wrong: list[str] = []
        with bar(f"reading the images of {self.official.name}", len(self._listing), "images") as progress:
            for place, (_, _, path, *_) in enumerate(self._listing):
                try:
                    with Image.open(path) as image:
                        if image.size != (width, height):
                            raise ValueError(f"{image.size[1]}×{image.size[0]} pixels")
                        pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
                    x[place] = pixels.reshape(height, width, channels)
                except (OSError, ValueError, SyntaxError) as error:
                    wrong.append(f"{path} ({error})")
                progress.update()
        if wrong:
            raise DataDamagedError(
                f"load: {len(wrong)} of {len(x)} images cannot be used, the first is {wrong[0]}; expected"
                f" images of {height}×{width} pixels. Replace them, or move {self.path} away."
            )
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
        labels = np.array([label for _, label, *_ in self._listing], np.int64)
        training = self.counts()[0]
        return (x[:training], labels[:training]), (x[training:], labels[training:])


def _kept(place: Path, stamp: str) -> tuple[Pair, Pair] | None:
    """Return what was decoded before, unless it is of other images or damaged."""
    try:
        with place.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            if str(kept["stamp"]) != stamp:
                return None
            train, test = ((kept[f"{part}_images"], kept[f"{part}_labels"]) for part in PARTS)
            return train, test
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def _plain(name: str) -> str:
    """Return a class's name as a folder may be called."""
    return "".join(letter for letter in name.lower() if letter.isalnum())
