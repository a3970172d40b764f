import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnkit.data import Dataset, Split, load
from cnnkit.data.chance import Chance
from cnnkit.data.choice import stratified
from cnnkit.errors import ArgumentError, ShapeError

CLASSES = ("cats", "dogs", "owls")


def split(count=30, channels=2, name="train", **changes):
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, channels, 6, 5), np.uint8)
    return Split(
        **{"name": name, "images": images, "labels": np.arange(count) % 3, "classes": CLASSES} | changes
    )


def dataset(count=50):
    train, test = split(count), split(count // 2)
    return Dataset.of("pets", CLASSES, (train.images, train.labels), (test.images, test.labels))


def test_images_and_labels_cannot_be_changed():
    pets = split()
    for array in (pets.images, pets.labels, pets.mean, pets.std):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        pets.name = "test"


def test_mean_and_std_are_those_of_the_training_images_to_the_last_bit_but_one():
    pets = dataset()
    x = pets.train.images / 255
    for part in (*pets.splits, pets.train.take(7), pets.test.take(5)):
        np.testing.assert_allclose(part.mean, x.mean(axis=(0, 2, 3)), rtol=1e-14)
        np.testing.assert_allclose(part.std, x.std(axis=(0, 2, 3)), rtol=1e-14)


def test_a_constant_channel_is_not_divided_by_zero():
    grey = split(images=np.full((30, 1, 4, 4), 51, np.uint8))
    assert (grey.mean.tolist(), grey.std.tolist()) == ([0.2], [1.0])
    x, _ = next(iter(grey.loader(30)))
    assert abs(x).max() < 1e-6


def test_the_hash_is_that_of_shape_images_and_labels():
    pets = split()
    content = b"(30, 2, 6, 5)" + pets.images.tobytes() + pets.labels.astype("<i8").tobytes()
    assert pets.hash == hashlib.sha256(content).hexdigest()
    assert split(name="test").hash == pets.hash
    changed = pets.images.copy()
    changed[3, 1, 2, 2] ^= 1
    assert split(images=changed).hash != pets.hash
    assert split(labels=pets.labels[::-1]).hash != pets.hash


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"images": np.zeros((30, 1, 4, 4))}, ArgumentError, "train: `images` are float64, expected uint8"),
        (
            {"images": np.zeros((30, 4, 4), np.uint8)},
            ShapeError,
            r"train: `images` have shape \(30, 4, 4\), expected \(N, C, H, W\)",
        ),
        (
            {"labels": np.zeros(29, int)},
            ShapeError,
            r"train: `labels` are int64 of shape \(29,\), expected 30 integers, one for each image",
        ),
        (
            {"labels": np.zeros(30)},
            ShapeError,
            r"`labels` are float64 of shape \(30,\), expected 30 integers",
        ),
        (
            {"labels": np.r_[np.zeros(28, int), 3, -1]},
            ArgumentError,
            r"train: `labels` holds 3 at place 28, expected 0 to 2, the numbers of the 3 classes\. 2 of 30"
            " labels are out of range: check what they were read from",
        ),
    ],
)
def test_what_cannot_be_a_split_is_said(changes, error, message):
    with pytest.raises(error, match=message):
        split(**changes)


def test_a_tenth_of_the_training_images_is_cut_out_in_every_class():
    pets = dataset(90)
    assert [len(part) for part in pets.splits] == [81, 9, 45]
    assert np.bincount(pets.validation.labels).tolist() == [3, 3, 3]
    together = np.concatenate([pets.train.images, pets.validation.images])
    assert len(np.unique(together.reshape(90, -1), axis=0)) == 90
    assert pets.validation.hash == dataset(90).validation.hash


def test_two_images_are_the_least_that_can_be_split():
    one = split(1)
    assert [len(part) for part in dataset(2).splits] == [1, 1, 1]
    with pytest.raises(ShapeError, match="at least 1 along each axis"):
        Dataset.of("pets", CLASSES, (one.images, one.labels), (one.images, one.labels))


def test_taking_some_keeps_shares_order_and_name():
    pets = split(31)
    few = pets.take(10)
    assert (few.name, len(few)) == ("train", 10)
    assert np.bincount(few.labels).tolist() == [4, 3, 3]
    places = [np.flatnonzero((pets.images == image).all(axis=(1, 2, 3)))[0] for image in few.images]
    assert places == sorted(places)
    assert pets.take(10).hash == few.hash != pets.take(10, seed=1).hash
    assert pets.take(31).hash == pets.hash


@pytest.mark.parametrize(
    ("count", "message"),
    [
        (31, "take: `count` is 31, expected 1 to 30, the images of train. Write for instance count=30."),
        (0, "take: `count` is 0, expected a whole number of at least 1. Write for instance count=1."),
    ],
)
def test_taking_more_than_there_is_is_said(count, message):
    with pytest.raises(ArgumentError) as caught:
        split().take(count)
    assert str(caught.value) == message


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.data())
def test_every_class_keeps_its_share_to_within_one(labels, drawn):
    labels = np.array(labels)
    count = drawn.draw(st.integers(0, len(labels)))
    chosen = stratified(labels, count, seed=0)
    assert len(set(chosen.tolist())) == len(chosen) == count
    for label in range(7):
        share = np.sum(labels == label) * count / len(labels)
        assert abs(np.sum(labels[chosen] == label) - share) < 1


def test_random_numbers_are_splitmix64s():
    # the first numbers after the state 1234567, as printed by the authors' reference program
    chance = Chance()
    chance._place = 1234567
    assert chance.bits(5).tolist() == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_random_numbers_are_the_same_however_they_are_drawn():
    together, apart = Chance(3), Chance(3)
    np.testing.assert_array_equal(together.bits(7), np.concatenate([apart.bits(3), apart.bits(4)]))
    assert set(Chance(5).between(-2, 2, 500).tolist()) == {-2, -1, 0, 1, 2}
    assert sorted(Chance(5).order(100).tolist()) == list(range(100))
    counts = np.bincount(Chance(5).below(10, 100_000))
    assert abs(counts - 10_000).max() < 400  # four standard deviations


def test_a_data_set_shows_itself_as_a_table():
    pets = dataset(90)
    assert repr(pets).splitlines() == [
        "pets",
        "split       images  per class  hash",
        "─" * 39,
        f"train           81         27  {pets.train.hash[:8]}",
        f"validation       9          3  {pets.validation.hash[:8]}",
        f"test            45         15  {pets.test.hash[:8]}",
        "(2, 6, 5), 2 channels, 3 classes: cats, dogs, owls. From arrays.",
    ]
    html = pets._repr_html_()
    assert html.count("<tr>") == 4
    assert f"<td>{pets.test.hash[:8]}</td>" in html


def test_a_loaders_batches_are_what_torchvision_would_make_of_the_images():
    from torchvision.transforms import v2

    pets = dataset()
    normalise = v2.Normalize(pets.train.mean.tolist(), pets.train.std.tolist())
    for part in pets.splits:
        x, y = next(iter(part.loader(len(part), shuffle=False)))
        expected = normalise(torch.from_numpy(part.images.copy()).float() / 255)
        torch.testing.assert_close(x, expected, rtol=1e-5, atol=1e-5)
        assert y.tolist() == part.labels.tolist()
    x, _ = next(iter(pets.train.loader(len(pets.train))))
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(2), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("drop_last", "sizes"), [(False, [8, 8, 8, 6]), (True, [8, 8, 8])])
def test_every_image_comes_once_in_an_epoch(drop_last, sizes):
    pets = split(labels=np.arange(30), classes=tuple(map(str, range(30))))
    loader = pets.loader(8, drop_last=drop_last)
    batches = [y.tolist() for _, y in loader]
    assert [len(batch) for batch in batches] == sizes
    assert len(loader) == len(sizes)
    seen = [label for batch in batches for label in batch]
    assert len(set(seen)) == len(seen) == sum(sizes)


def test_each_pass_shuffles_anew_and_the_seed_decides():
    pets = split(labels=np.arange(30), classes=tuple(map(str, range(30))))

    def order(loader):
        return torch.cat([y for _, y in loader]).tolist()

    first, again = pets.loader(8, seed=5), pets.loader(8, seed=5)
    epochs = [order(first) for _ in range(3)]
    assert epochs == [order(again) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2] != list(range(30))
    assert order(pets.loader(8, seed=6)) != epochs[0]
    going_on = pets.loader(8, seed=5)
    going_on.epoch = 2
    assert order(going_on) == epochs[2]


@pytest.mark.parametrize("name", ["validation", "test"])
def test_validation_and_test_images_keep_their_order(name):
    pets = split(name=name)
    for _ in range(2):
        assert torch.cat([y for _, y in pets.loader(8)]).tolist() == pets.labels.tolist()
    assert torch.cat([y for _, y in pets.loader(30, shuffle=True)]).tolist() != pets.labels.tolist()


def test_a_batch_larger_than_the_data_is_said():
    with pytest.raises(ArgumentError) as caught:
        split().loader(31)
    assert str(caught.value) == (
        "loader: `batch_size` is 31, expected 1 to 30, the images of train."
        " Take a smaller one, such as batch_size=30 for all in one batch."
    )
    assert len(split().loader(30)) == 1


def test_a_loader_says_what_it_does():
    loader = load("digits").train.loader(64, augment=["flip", "shift"], seed=3)
    assert repr(loader) == (
        "<loader of <train: 1,295 images of (1, 28, 28)>: batch_size=64,"
        " augment=[Flip(), Shift(pixels=4)], shuffle=True, seed=3, drop_last=False, epoch=0>"
    )
