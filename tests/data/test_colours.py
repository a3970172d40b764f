"""Images in other colours: numbers, names, hashes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cnnkit import data
from cnnkit.errors import ShapeError


@pytest.fixture(scope="module")
def shapes() -> data.Dataset:
    return data.load("shapes10")


def test_grey_is_pillows_grey(shapes: data.Dataset) -> None:
    x = np.random.default_rng(0).integers(0, 256, (40, 3, 8, 8)).astype(np.uint8)
    dataset = data.Dataset.of("noise", ("a", "b"), (x, np.arange(40) % 2), (x[:6], np.arange(6) % 2))
    pillows = [np.asarray(Image.fromarray(image.transpose(1, 2, 0)).convert("L")) for image in x[:6]]
    assert np.array_equal(dataset.grey().test.images[:, 0], pillows)
    weights = np.array([0.299, 0.587, 0.114])[:, None, None]
    assert np.abs((x[:6] * weights).sum(axis=1) - dataset.grey().test.images[:, 0]).max() < 0.51


def test_three_channels_are_three_times_the_one() -> None:
    digits = data.load("digits")
    for before, after in zip(digits.splits, digits.rgb().splits, strict=True):
        assert all(np.array_equal(before.images[:, 0], after.images[:, channel]) for channel in range(3))
        assert np.array_equal(before.labels, after.labels)


def test_the_images_of_each_split_are_normalised_by_the_new_training_images(shapes: data.Dataset) -> None:
    grey = shapes.grey()
    assert grey.validation.mean.shape == (1,)
    assert np.array_equal(grey.validation.mean, grey.train.mean)
    assert grey.train.hash != shapes.train.hash


def test_the_name_says_what_became_of_the_images_and_of_what_stands_in() -> None:
    found = data.load("cifar10").grey()
    assert (found.name, found.stand_in) == ("cifar10 in grey", "shapes10 in grey")
    assert found.title == "cifar10 in grey (stand-in: shapes10 in grey)"


def test_a_name_leads_back_to_the_same_images(shapes: data.Dataset) -> None:
    again = data.load(shapes.grey().name)
    assert [split.hash for split in again.splits] == [split.hash for split in shapes.grey().splits]


def test_what_cannot_be_changed_is_refused(shapes: data.Dataset) -> None:
    said = {
        "grey: `digits` has images of (1, 28, 28), expected 3 channels. It is grey already: use it as it"
        " is.": data.load("digits").grey,
        "rgb: `shapes10` has images of (3, 32, 32), expected 1 channel. It has colours already: use it as it"
        " is.": shapes.rgb,
    }
    for text, call in said.items():
        with pytest.raises(ShapeError) as error:
            call()
        assert text == str(error.value)
