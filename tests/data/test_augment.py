import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from cnnkit.data import Flip, Shift, Split
from cnnkit.data.chance import Chance
from cnnkit.errors import ArgumentError

COUNT = 200
IMAGES = np.random.default_rng(0).integers(1, 256, (COUNT, 3, 9, 7), np.uint8)
SPLITS = {name: Split(name, IMAGES, np.arange(COUNT) % 10, tuple("abcdefghij")) for name in ("train", "test")}


def pixels(loader):
    """Return the next pass of a loader as bytes again."""
    x = torch.cat([x for x, _ in loader])
    split = loader.split
    mean, std = (torch.from_numpy(np.array(part))[:, None, None] for part in (split.mean, split.std))
    return ((x * std + mean) * 255).round().numpy().astype(np.uint8)


def test_a_flip_mirrors_half_of_the_images_and_leaves_the_others():
    changed = Flip().of_batch(IMAGES.copy(), Chance(1))
    mirrored = (changed == IMAGES[..., ::-1]).all(axis=(1, 2, 3))
    same = (changed == IMAGES).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert 70 < mirrored.sum() < 130


def test_a_shift_moves_each_image_by_its_own_whole_pixels_and_fills_with_black():
    changed = Shift(2).of_batch(IMAGES.copy(), Chance(1))
    found = set()
    for before, after in zip(IMAGES, changed, strict=True):
        padded = np.pad(before, ((0, 0), (2, 2), (2, 2)))
        fits = [
            (down, right)
            for down in range(5)
            for right in range(5)
            if (padded[:, down : down + 9, right : right + 7] == after).all()
        ]
        assert len(fits) == 1
        found |= set(fits)
    assert len(found) == 25


def test_every_epoch_augments_anew_and_the_seed_decides():
    loader = SPLITS["train"].loader(64, augment=["flip", "shift"], shuffle=False, seed=4)
    first, second = pixels(loader), pixels(loader)
    assert (first != second).any()
    again = SPLITS["train"].loader(64, augment=[Flip(), Shift(4)], shuffle=False, seed=4)
    np.testing.assert_array_equal(pixels(again), first)
    np.testing.assert_array_equal(SPLITS["train"].images, IMAGES)


def test_without_augmentation_the_same_image_twice_is_identical():
    for split in SPLITS.values():
        loader = split.loader(64, shuffle=False)
        np.testing.assert_array_equal(pixels(loader), IMAGES)
        np.testing.assert_array_equal(pixels(loader), IMAGES)


def test_torchvisions_transforms_are_applied_to_each_image():
    transform = v2.Compose([v2.RandomHorizontalFlip(), v2.RandomVerticalFlip()])
    loader = SPLITS["train"].loader(64, augment=transform, shuffle=False)
    changed = pixels(loader)
    kinds = [
        (changed == IMAGES[..., ::down, ::right]).all(axis=(1, 2, 3)).sum()
        for down in (1, -1)
        for right in (1, -1)
    ]
    assert sum(kinds) == COUNT
    assert min(kinds) > 25


def test_a_transforms_random_numbers_come_from_the_loaders_seed_alone():
    loaders = [SPLITS["train"].loader(64, augment=v2.RandomHorizontalFlip(), seed=2) for _ in range(2)]
    torch.manual_seed(0)
    first = pixels(loaders[0])
    state = torch.random.get_rng_state()
    torch.manual_seed(1)
    np.testing.assert_array_equal(pixels(loaders[1]), first)
    torch.manual_seed(0)
    assert (torch.random.get_rng_state() == state).all()


@pytest.mark.parametrize("name", ["validation", "test"])
def test_only_training_images_are_augmented(name):
    split = Split(name, IMAGES, SPLITS["test"].labels, SPLITS["test"].classes)
    for augment in ("flip", [Shift(1)], v2.RandomHorizontalFlip()):
        with pytest.raises(ArgumentError) as caught:
            split.loader(64, augment=augment)
        assert str(caught.value) == (
            f"loader: `augment` is given for the {name} images, expected None: numbers measured on changed"
            " images say nothing about real ones. Augment data.train alone."
        )


@pytest.mark.parametrize(
    ("augment", "message"),
    [
        ("filp", 'loader: `augment` is \'filp\', expected "flip" or "shift". Did you mean "flip"?'),
        (["rotate"], 'expected "flip" or "shift". Take one of these, or give a function of one image.'),
        (
            3,
            'loader: `augment` is 3, expected "flip" or "shift", a function of one image, or a list'
            ' of these. Write for instance augment=["flip", "shift"].',
        ),
    ],
)
def test_an_unknown_augmentation_is_said(augment, message):
    with pytest.raises(ArgumentError) as caught:
        SPLITS["train"].loader(64, augment=augment)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("transform", "got"),
    [
        (v2.ToDtype(torch.float32), r"float32 of \(3, 9, 7\)"),
        (v2.Resize(5), r"uint8 of \(3, 6, 5\)"),
        (lambda image: image.numpy(), "ndarray"),
    ],
)
def test_a_transform_that_returns_something_else_is_said(transform, got):
    with pytest.raises(
        ArgumentError, match=rf"`augment` returned {got}, expected uint8 of \(3, 9, 7\)\. Leave"
    ):
        next(iter(SPLITS["train"].loader(64, augment=transform)))


def test_a_shift_of_nothing_is_said():
    with pytest.raises(ArgumentError, match="Shift: `pixels` is 0, expected a whole number of at least 1"):
        Shift(0)
