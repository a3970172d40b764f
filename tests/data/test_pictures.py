"""Photographs and paintings: which they are, and what is said of what they are not."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from cnnkit import data
from cnnkit.data.paintings import PAINTINGS
from cnnkit.data.photographs import PHOTOGRAPHS
from cnnkit.errors import ArgumentError, DataDamagedError, DataNotFoundError


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_scikit_learns_with_the_channels_first(name):
    from sklearn.datasets import load_sample_image

    whole = data.photograph(name, size=640)
    np.testing.assert_array_equal(whole, load_sample_image(f"{name}.jpg").transpose(2, 0, 1))
    small = data.photograph(name)
    assert (small.shape, small.dtype) == ((3, 171, 256), np.uint8)
    assert np.abs(small.mean(axis=(1, 2)) - whole.mean(axis=(1, 2))).max() < 1


@pytest.mark.parametrize("name", PAINTINGS)
def test_a_painting_is_the_same_again_and_another_with_another_seed(name):
    first = data.painting(name, size=64)
    assert (first.shape, first.dtype) == ((3, 64, 64), np.uint8)
    np.testing.assert_array_equal(data.painting(name, size=64), first)
    assert (data.painting(name, size=64, seed=1) != first).mean() > 0.3
    assert first.std() > 30


def test_the_paintings_have_colours_of_their_own():
    means = [data.painting(name, size=96).mean(axis=(1, 2)) for name in PAINTINGS]
    gaps = [np.abs(one - other).sum() for i, one in enumerate(means) for other in means[:i]]
    assert min(gaps) > 40
    assert PAINTINGS[int(np.argmax([mean[2] - mean[0] for mean in means]))] == "waves"


def test_a_photograph_of_four_thousand_pixels_is_made_smaller_and_a_line_says_so(tmp_path, capsys):
    path = tmp_path / "mine.jpg"
    Image.new("RGB", (4000, 3000), (200, 100, 50)).save(path)
    small = data.photograph(path)
    assert small.shape == (3, 192, 256)
    assert np.abs(small.mean(axis=(1, 2)) - [200, 100, 50]).max() < 2
    assert capsys.readouterr().out == (
        "photograph: mine.jpg has 3000 × 4000 pixels and is made smaller, 192 × 256;"
        " size=4000 leaves it as it is.\n"
    )


def test_sixteen_bits_of_grey_become_eight(tmp_path):
    deep = tmp_path / "deep.png"
    Image.fromarray(np.linspace(0, 65535, 30 * 40).astype(np.uint16).reshape(30, 40)).save(deep)
    expected = np.linspace(0, 65535, 30 * 40).astype(np.uint16).reshape(30, 40) // 256
    np.testing.assert_array_equal(data.photograph(deep), np.stack([expected] * 3))


def test_a_grey_file_comes_in_three_channels_and_a_turned_one_upright(tmp_path, capsys):
    grey = tmp_path / "grey.png"
    Image.new("L", (40, 30), 7).save(grey)
    np.testing.assert_array_equal(data.photograph(grey), np.full((3, 30, 40), 7))
    turned = Image.new("RGB", (40, 30))
    exif = turned.getexif()
    exif[0x0112] = 6  # the camera was held upright
    turned.save(tmp_path / "turned.jpg", exif=exif)
    assert data.photograph(f"{tmp_path}/turned.jpg").shape == (3, 40, 30)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (
            lambda: data.photograph("chna"),
            ArgumentError,
            "photograph: `name` is 'chna', expected one of china, flower, or the path of a file. Did you mean"
            " 'china'?",
        ),
        (lambda: data.photograph("china", size=8), ArgumentError, "photograph: `size` is 8"),
        (
            lambda: data.photograph("no/such.jpg"),
            DataNotFoundError,
            "`name` is 'no/such.jpg', expected a file",
        ),
        (lambda: data.photograph(3), ArgumentError, "`name` is 3"),
        (
            lambda: data.painting("wave"),
            ArgumentError,
            "painting: `name` is 'wave', expected one of waves, mosaic, ink. Did you mean 'waves'?",
        ),
        (lambda: data.painting(["waves"]), ArgumentError, "`name` is ['waves']"),
        (lambda: data.painting("waves", size=4), ArgumentError, "painting: `size` is 4"),
        (lambda: data.painting("waves", seed=-1), ArgumentError, "painting: `seed` is -1"),
    ],
)
def test_a_name_or_number_that_cannot_be_is_answered_with_a_cure(call, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        call()


def test_a_file_that_is_no_image_is_refused(tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("no image")
    with pytest.raises(DataDamagedError, match=r"notes.jpg cannot be read .*expected an image such as .jpg"):
        data.photograph(path)
