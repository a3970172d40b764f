import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from cnnkit.data import load
from cnnkit.data.drawing import SHAPES, draw

ROOT = Path(__file__).resolve().parents[2]

# A change of these is a change of every course's data: run logs hold them.
HASHES = {
    "digits": [
        "e465a2be223440331dd37af4c6d0672e9bc31a66b5faf4a358dddf9f2200f8e5",
        "d3a7f166d3ff95ab6ce4254cb018ed4263f992e26ffc6c013ad041d08aceab6d",
        "f7c9e8da5de9508758da25f9fa65aa28d9b3910a748f2b7f359ef7ba5491f375",
    ],
    "shapes10": [
        "b924929ff279c003a33f4379912f7e079f8fdf409f1e01d75ce469ae9fa50b3e",
        "c416326d2781abd6d37b280ea796713f04e5f90e5b6fe4d5b37dff607ce8eca8",
        "1e5f63327a453a20acc5e9e82139f045b1b9f423c6ffb790ef22491b6726adc0",
    ],
    "shapes10_grey": [
        "08b3d23450c31c86f8dbe7e0c2698d25706cd327d6dc022a4972f4dd355f656f",
        "0c65c1c818d8d967d68ca3bef307b978c178451486e3770ba87083780ca1f19a",
        "426b72140e0270e56f9f4297ca3970dfb306155a0b0d3c6b58268ac83a2a3d6a",
    ],
}


@pytest.mark.parametrize("name", HASHES)
def test_the_bytes_of_the_built_in_sets_never_change(name):
    assert [split.hash for split in load(name).splits] == HASHES[name]


def test_another_process_draws_the_same_bytes():
    script = "from cnnkit.data import load; print(load('shapes10').test.hash)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == HASHES["shapes10"][2]


@pytest.mark.parametrize(
    ("name", "shape", "counts", "classes"),
    [
        ("digits", (1, 28, 28), [1295, 143, 359], tuple("0123456789")),
        ("shapes10", (3, 32, 32), [9000, 1000, 2000], SHAPES),
        ("shapes10_grey", (1, 28, 28), [9000, 1000, 2000], SHAPES),
    ],
)
def test_the_built_in_sets_are_as_large_as_they_say(name, shape, counts, classes):
    loaded = load(name)
    assert (loaded.input_shape, loaded.classes, loaded.stand_in) == (shape, classes, None)
    assert [len(split) for split in loaded.splits] == counts
    for split in loaded.splits:
        sizes = np.bincount(split.labels)
        assert len(sizes) == 10
        assert sizes.max() - sizes.min() <= (6 if name == "digits" else 0)
        assert len(np.unique(split.images.reshape(len(split), -1), axis=0)) == len(split)


def test_loading_again_costs_nothing():
    assert load("shapes10") is load("shapes10")


def test_digits_are_scikit_learns_to_within_rounding():
    official = load_digits()
    loaded = load("digits")
    images = np.concatenate([split.images for split in loaded.splits])[:, 0]
    labels = np.concatenate([split.labels for split in loaded.splits])
    inner = images[:, 2:26, 2:26].astype(float)
    assert images.sum() == inner.sum()  # the border is black
    middles = inner[:, 1::3, 1::3]  # each pixel of the small image, unmixed
    small = np.rint(middles / 255 * 16)
    found = {image.astype(int).tobytes(): label for image, label in zip(small, labels, strict=True)}
    assert len(found) == len(np.unique(official.data, axis=0))
    for image, label in zip(official.images, official.target, strict=True):
        assert found[image.astype(int).tobytes()] == label


def test_enlarged_digits_are_scipys_linear_interpolation():
    from scipy.ndimage import zoom

    from cnnkit.data.enlarge import enlarge

    small = load_digits().images[:50].astype(np.int64)
    padded = np.pad(small, ((0, 0), (1, 1), (1, 1)))
    expected = np.stack(
        [zoom(image, 3, order=1, grid_mode=True, mode="nearest") for image in padded / 16 * 255]
    )
    np.testing.assert_allclose(enlarge(small)[:, 0, 2:26, 2:26], expected[:, 3:27, 3:27], atol=1.001)


def test_a_drawing_depends_on_its_seed_and_its_label():
    labels = np.arange(20) % 10
    assert (draw(labels, 32, 3, seed=1) == draw(labels, 32, 3, seed=1)).all()
    assert (draw(labels, 32, 3, seed=1) != draw(labels, 32, 3, seed=2)).any(axis=(1, 2, 3)).all()
    assert (draw(labels, 32, 3, seed=1) != draw(9 - labels, 32, 3, seed=1)).any(axis=(1, 2, 3)).all()


def test_a_linear_model_does_not_see_the_shapes():
    # ridge regression in closed form, the better of two strengths; bench/standins.py trains the CNN
    shapes = load("shapes10")
    x, test = (
        split.images.reshape(len(split), -1).astype(np.float32) / 255 for split in (shapes.train, shapes.test)
    )
    centre = x.mean(axis=0)
    x, test = x - centre, test - centre
    target = np.eye(10, dtype=np.float32)[shapes.train.labels]
    products, right = x.T @ x, x.T @ (target - target.mean(axis=0))
    accuracies = []
    for strength in (30.0, 300.0):
        weight = np.linalg.solve(products + strength * np.eye(len(products), dtype=np.float32), right)
        accuracies.append(((test @ weight).argmax(axis=1) == shapes.test.labels).mean())
    assert 0.2 < max(accuracies) < 0.6
