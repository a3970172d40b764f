import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cnnkit import data
from cnnkit.data import folder as folders
from cnnkit.data.catalogue import CIFAR10, FASHION_MNIST, MNIST, OFFICIAL
from cnnkit.errors import DataDamagedError


def plant(root, official, per_class=(3, 2), names=None, suffix="png"):
    """Write a tree of images; each is one colour, which is its number."""
    for part, count in zip(("train", "test"), per_class, strict=True):
        for label, name in enumerate(names or official.classes):
            for number in range(count):
                path = root / official.name / part / name / f"{number}.{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                channels, height, width = official.shape
                colour = np.full((height, width, channels), 20 * label + number, np.uint8)
                Image.fromarray(colour.squeeze()).save(path)
    return root / official.name


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    monkeypatch.setitem(OFFICIAL, "cifar10", replace(CIFAR10, counts=(30, 20)))
    return plant(tmp_path / "data", CIFAR10)


def test_a_tree_of_images_is_a_set(cifar, capsys):
    loaded = data.load("cifar10")
    assert [len(split) for split in loaded.splits] == [27, 3, 20]
    assert loaded.classes == CIFAR10.classes
    assert loaded.source == str(cifar)
    np.testing.assert_array_equal(
        loaded.test.images[:, 0, 5, 5], 20 * loaded.test.labels + np.tile([0, 1], 10)
    )
    assert capsys.readouterr().out == ""


def test_images_are_decoded_once_until_one_of_them_changes(cifar, monkeypatch):
    first = data.load("cifar10")
    decoded = []
    original = folders.ImageFolder._decoded
    monkeypatch.setattr(folders.ImageFolder, "_decoded", lambda self: decoded.append(1) or original(self))
    assert [split.hash for split in data.load("cifar10").splits] == [split.hash for split in first.splits]
    assert decoded == []
    Image.fromarray(np.full((32, 32, 3), 255, np.uint8)).save(cifar / "test/truck/1.png")
    assert data.load("cifar10").test.images[-1].min() == 255
    assert decoded == [1]


def test_a_damaged_cache_is_made_anew(cifar):
    first = data.load("cifar10").test.hash
    kept = cifar.parent / "cifar10.cnnkit.npz"
    for content in (kept.read_bytes()[:-100], b"", b"PK\3\4" + bytes(100)):
        kept.write_bytes(content)
        assert data.load("cifar10").test.hash == first
        assert kept.stat().st_size > 10_000


def test_where_nothing_can_be_written_beside_the_images_the_cache_goes_elsewhere(cifar, tmp_path):
    (cifar.parent / "cifar10.cnnkit.npz").mkdir()  # in the way
    first = data.load("cifar10").test.hash
    kept = list((tmp_path / "cache/cnnkit").iterdir())
    assert [path.name[16:] for path in kept] == ["-cifar10.cnnkit.npz"]
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").write_text("in the way")
    assert data.load("cifar10").test.hash == first


def test_an_incomplete_tree_is_read_and_said_once(tmp_path, capsys):
    tree = plant(tmp_path / "data", CIFAR10, suffix="jpg")
    for _ in range(2):
        assert len(data.load("cifar10").test) == 20
    assert capsys.readouterr().out == (
        f"cifar10: {tree} holds 30 training and 20 test images, the official set 50,000 and 10,000."
        " Is it complete?\n"
    )


@pytest.mark.parametrize(
    ("official", "names"),
    [
        (MNIST, None),
        (FASHION_MNIST, tuple("0123456789")),
        (FASHION_MNIST, tuple(name.replace("/", "_") for name in FASHION_MNIST.classes)),
    ],
)
def test_classes_go_by_name_or_by_number(tmp_path, official, names):
    plant(tmp_path / "data", official, names=names)
    test = data.load(official.name).test
    np.testing.assert_array_equal(test.images[:, 0, 0, 0], 20 * test.labels + np.tile([0, 1], 10))


def test_colours_become_grey_where_the_set_is_grey(tmp_path):
    tree = plant(tmp_path / "data", MNIST)
    Image.new("RGB", (28, 28), (255, 0, 0)).save(tree / "test/0/0.png")
    assert data.load("mnist").test.images[0, 0, 0, 0] == 76


def test_torchvisions_folder_of_the_same_name_is_no_tree_of_images(tmp_path):
    (tmp_path / "data/mnist/raw").mkdir(parents=True)  # MNIST/raw where case does not count
    assert data.load("mnist").stand_in == "digits"


def spoilt(tree, how):
    if how == "unknown class":
        (tree / "train/unicorn").mkdir()
    elif how == "missing class":
        shutil.rmtree(tree / "test/frog")
    elif how == "empty class":
        for image in (tree / "test/frog").iterdir():
            image.unlink()
    elif how == "no test":
        shutil.rmtree(tree / "test")
    elif how == "torn image":
        image = tree / "train/ship/0.png"
        image.write_bytes(image.read_bytes()[:50])
    elif how == "other size":
        Image.new("RGB", (64, 48)).save(tree / "train/ship/0.png")


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("unknown class", r"the 10 of cifar10 \(airplane, .*, truck\)\. Unknown: unicorn\.$"),
        ("missing class", r"the 10 of cifar10 \(airplane, .*, truck\)\. Missing: frog\.$"),
        (
            "empty class",
            r"test.frog holds no image, expected at least one \.png or \.jpg\. Complete the folder\.",
        ),
        (
            "no test",
            "cifar10 holds train, expected the folders train and test with a folder of images for each",
        ),
        (
            "torn image",
            r"1 of 50 images cannot be used, the first is .*train.ship.0\.png \(.*32×32 pixels\. Repl",
        ),
        (
            "other size",
            r"the first is .*train.ship.0\.png \(48×64 pixels\); expected images of 32×32 pixels\.",
        ),
    ],
)
def test_a_tree_that_is_something_else_is_said(cifar, how, message):
    spoilt(cifar, how)
    before = sorted(cifar.rglob("*"))
    with pytest.raises(DataDamagedError, match=message):
        data.load("cifar10")
    assert sorted(cifar.rglob("*")) == before


def test_a_folder_with_the_name_of_a_set_and_none_of_its_parts_is_said(tmp_path):
    (tmp_path / "data/cifar10").mkdir(parents=True)
    (tmp_path / "data/cifar10/notes.txt").write_text("mine")
    with pytest.raises(DataDamagedError, match=r"holds notes\.txt, expected the folders train and test"):
        data.load("cifar10")
