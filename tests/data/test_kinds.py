"""Some classes of a data set: which images, numbered how, under which name, and what is refused."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from cnnkit import data
from cnnkit.data.derived import origin
from cnnkit.data.kinds import numbers
from cnnkit.errors import ArgumentError


def test_the_images_of_the_chosen_classes_are_there_in_their_order_and_no_others() -> None:
    digits = data.load("digits")
    odd = digits.only([9, 1, 5, "3", 7])
    assert odd.classes == ("1", "3", "5", "7", "9")
    for before, after in zip(digits.splits, odd.splits, strict=True):
        kept = before.labels % 2 == 1
        assert np.array_equal(after.images, before.images[kept])
        assert np.array_equal(after.labels, before.labels[kept] // 2)
        assert after.hash != before.hash
    assert np.array_equal(odd.test.mean, odd.train.mean)
    assert odd.train.mean == pytest.approx(odd.train.images.mean() / 255)


def test_two_halves_have_no_image_in_common_and_all_together() -> None:
    shapes = data.load("shapes10")
    halves = shapes.only(range(5)), shapes.only(range(5, 10))
    assert sum(len(half.train) for half in halves) == len(shapes.train)
    seen = [{image.tobytes() for image in half.test.images} for half in halves]
    assert not seen[0] & seen[1]


@pytest.mark.parametrize(
    ("chosen", "listed"), [(range(5), "0-4"), ((0, 2), "0,2"), ((9, 7, 6, 5, 0), "0,5-7,9"), ((3, 4), "3-4")]
)
def test_a_name_leads_back_to_the_same_images(chosen: range | tuple[int, ...], listed: str) -> None:
    some = data.load("digits").only(chosen)
    assert some.name == f"digits of {listed}"
    assert numbers(listed) == sorted(chosen)
    assert [split.hash for split in data.load(some.name).splits] == [split.hash for split in some.splits]


def test_names_say_all_that_was_done_and_what_stands_in() -> None:
    found = data.load("cifar10").only(range(5, 10)).grey()
    assert found.title == "cifar10 of 5-9 in grey (stand-in: shapes10 of 5-9 in grey)"
    assert origin(found.name) == ("cifar10", ("of 5-9", "in grey"))
    assert data.load(found.name).test.hash == found.test.hash
    assert data.load("shapes10 of 5-9 in grey").test.hash == found.test.hash


def test_what_is_no_class_is_refused() -> None:
    digits, shapes = data.load("digits"), data.load("shapes10")
    said = {
        "only: `classes` holds 10, expected names, or whole numbers from 0 to 9. Count from 0.": partial(
            digits.only, [3, 10]
        ),
        "only: `classes` are [4, 4], expected at least 2 different ones of digits. There is nothing to tell"
        " apart in one.": partial(digits.only, [4, 4]),
        f"only: `classes` holds 'starr', expected one of {', '.join(shapes.classes)}. Did you mean"
        f" 'star'?": partial(shapes.only, ["starr", "disc"]),
        "load: `name` is 'digits of odd', expected after 'digits' nothing, 'in grey', 'in rgb' or the numbers"
        " of classes, such as 'of 0-4'. Write one of these.": partial(data.load, "digits of odd"),
        "load: `name` is 'digits in sepia', expected after 'digits' nothing, 'in grey', 'in rgb' or the"
        " numbers of classes, such as 'of 0-4'. Write one of these.": partial(data.load, "digits in sepia"),
    }
    for text, call in said.items():
        with pytest.raises(ArgumentError) as error:
            call()
        assert text == str(error.value)


def test_a_class_without_images_in_one_split_is_refused() -> None:
    x, y = np.zeros((40, 1, 4, 4), np.uint8), np.arange(40) % 4
    mine = data.Dataset.of("mine", tuple("abcd"), (x, y), (x[:2], y[:2]))
    with pytest.raises(ArgumentError, match="`classes` are c, d, expected some of which there are test"):
        mine.only(["c", "d"])
