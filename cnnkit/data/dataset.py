"""A data set: its three splits, what it is, and what it stands in for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.data import colours, kinds
from cnnkit.data.choice import stratified
from cnnkit.data.split import Split
from cnnkit.data.table import Table
from cnnkit.shapes import shape_text

__all__ = ["Dataset"]

VALIDATION_SEED = 0


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """A data set in memory, which shows itself as a table.

    Attributes
    ----------
    name : str
        What was asked for.
    stand_in : str or None
        The name of the set that really is in here, where it is not the one asked for.
    classes : tuple of str
    train, validation, test : Split
    source : str
        Where the images come from: a folder, or what made them.

    Examples
    --------
    >>> from cnnkit import data
    >>> data.load("digits")
    digits
    split       images  per class  hash
    ───────────────────────────────────────
    train        1,295    125–131  e465a2be
    validation     143      14–15  d3a7f166
    test           359      35–37  f7c9e8da
    (1, 28, 28), grey, 10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9. From scikit-learn's digits, 8×8, enlarged.
    """

    name: str
    classes: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    source: str = ""
    stand_in: str | None = None

    @classmethod
    def of(
        cls,
        name: str,
        classes: tuple[str, ...],
        train: tuple[ArrayLike, ArrayLike],
        test: tuple[ArrayLike, ArrayLike],
        source: str = "arrays",
    ) -> Dataset:
        """Make a data set of arrays; a tenth of the training images become the validation split.

        Parameters
        ----------
        name : str
        classes : K strings
        train, test : (images, labels)
            (N, C, H, W) array of uint8 and (N,) array of int, 0 to K - 1.
        source : str

        Raises
        ------
        ShapeError, ArgumentError
            As `Split`; also where there are fewer than two training images.

        Notes
        -----
        Which images are cut out for validation depends on nothing but the number, order and labels of the
        training images: it is the same on every machine.

        Examples
        --------
        >>> x, y = np.zeros((20, 1, 8, 8), np.uint8), np.arange(20) % 2
        >>> mine = Dataset.of("mine", ("cats", "dogs"), (x, y), (x[:4], y[:4]))
        >>> len(mine.train), len(mine.validation), len(mine.test)
        (18, 2, 4)
        """
        official = Split("train", np.asarray(train[0]), np.asarray(train[1]), classes)
        cut = stratified(official.labels, max(len(official) // 10, 1), VALIDATION_SEED)
        kept = np.delete(np.arange(len(official)), cut)
        training = Split("train", official.images[kept], official.labels[kept], classes)
        return cls(
            name,
            classes,
            training,
            Split("validation", official.images[cut], official.labels[cut], classes, training),
            Split("test", np.asarray(test[0]), np.asarray(test[1]), classes, training),
            source,
        )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Shape of one image, (C, H, W)."""
        return self.train.input_shape

    @property
    def title(self) -> str:
        """The name, and what stands in for it: for the titles of figures."""
        return f"{self.name} (stand-in: {self.stand_in})" if self.stand_in else self.name

    @property
    def splits(self) -> tuple[Split, Split, Split]:
        """Training, validation and test split."""
        return self.train, self.validation, self.test

    def grey(self) -> Dataset:
        """Return the same images in grey, named "... in grey".

        Returns
        -------
        Dataset
            One channel: 0.299 red + 0.587 green + 0.114 blue, rounded, as Pillow's ``convert("L")``.

        Raises
        ------
        ShapeError
            The images do not have three channels.

        Examples
        --------
        >>> from cnnkit import data
        >>> shapes = data.load("shapes10")
        >>> shapes.input_shape, shapes.grey().input_shape, shapes.grey().name
        ((3, 32, 32), (1, 32, 32), 'shapes10 in grey')
        """
        return colours.grey(self)

    def rgb(self) -> Dataset:
        """Return the same images with their one channel copied to three, named "... in rgb".

        Raises
        ------
        ShapeError
            The images do not have one channel.

        Examples
        --------
        >>> from cnnkit import data
        >>> data.load("digits").rgb().input_shape
        (3, 28, 28)
        """
        return colours.rgb(self)

    def only(self, classes: Iterable[int | str]) -> Dataset:
        """Return the images of some classes, numbered anew from 0, named "... of 5-9".

        Parameters
        ----------
        classes : numbers or names, at least two

        Returns
        -------
        Dataset
            The classes in their old order. Each split with its own hash, normalised by the training images
            of these classes. ``load`` finds it again by its name.

        Raises
        ------
        ArgumentError
            No such class, with the nearest name; fewer than two.

        Examples
        --------
        >>> from cnnkit import data
        >>> later = data.load("digits").only(range(5, 10))
        >>> later.name, later.classes, later.train.labels[:5]
        ('digits of 5-9', ('5', '6', '7', '8', '9'), array([0, 2, 3, 4, 0]))
        """
        return kinds.only(self, classes)

    @property
    def summary(self) -> Table:
        """What is in here, as a table."""
        rows = tuple(
            (
                split.name,
                f"{len(split):,}",
                _range(np.bincount(split.labels, minlength=len(self.classes))),
                split.hash[:8],
            )
            for split in self.splits
        )
        channels = "grey" if self.input_shape[0] == 1 else f"{self.input_shape[0]} channels"
        caption = (
            f"{shape_text(self.input_shape)}, {channels}, {len(self.classes)} classes:"
            f" {', '.join(self.classes)}. From {self.source}."
        )
        return Table(
            self.title, ("split", "images", "per class", "hash"), rows, caption, ("images", "per class")
        )

    def __repr__(self) -> str:
        return repr(self.summary)

    def _repr_html_(self) -> str:
        return self.summary._repr_html_()


def _range(counts: np.ndarray) -> str:
    low, high = counts.min(), counts.max()
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"
