"""Images of one's own for the shipped networks."""

import re

import numpy as np
import pytest
import torch

from cnnkit import data, nn
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.inputs import MOMENTS


@pytest.mark.parametrize("name", MOMENTS)
def test_images_are_prepared_as_a_loader_with_these_moments_does(name):
    mean, std = MOMENTS[name]
    pixels = np.random.default_rng(0).integers(0, 256, (5, len(mean), 8, 8), np.uint8)
    training = data.Split("train", pixels, np.zeros(5, int), ("a",))
    training.__dict__["_moments"] = (np.array(mean), np.array(std))
    x, _ = next(iter(training.loader(5, shuffle=False)))
    assert torch.allclose(x, nn.as_input(name, pixels), atol=1e-6)


@pytest.mark.parametrize("name", MOMENTS)
def test_the_moments_are_those_of_the_images_that_the_network_learnt_from(name):
    run = nn.pretrained(name)
    dataset = data.load(run.data["name"], download=False)
    if dataset.train.hash != run.data["train"]["hash"]:
        pytest.skip(f"{run.data['name']} is not here")
    assert np.allclose((dataset.train.mean, dataset.train.std), MOMENTS[name], atol=1e-12)


def test_the_digits_of_other_hands_are_read_better_so_than_with_their_own_moments():
    test, model = data.load("digits").test, nn.pretrained("digits").model
    labels = torch.from_numpy(test.labels.copy())
    ours = nn.evaluate(model, [(nn.as_input("digits", test.images), labels)])
    assert ours.accuracy > nn.evaluate(model, test).accuracy


def test_the_images_stay_as_they_were_and_a_tensor_will_do():
    pixels = np.full((1, 1, 28, 28), 7, np.uint8)
    x = nn.as_input("digits", torch.from_numpy(pixels))
    assert torch.equal(x, nn.as_input("digits", pixels))
    assert (pixels == 7).all()


@pytest.mark.parametrize(
    ("name", "images", "kind", "text"),
    [
        ("digit", np.zeros((1, 1, 28, 28), np.uint8), ArgumentError, "Did you mean 'digits'?"),
        (
            "digits",
            np.zeros((1, 1, 28, 28)),
            ArgumentError,
            "as_input: `images` are float64, expected uint8, 0 to 255. Convert them: np.rint(255 * images)",
        ),
        (
            "digits",
            np.zeros((28, 28), np.uint8),
            ShapeError,
            "as_input: `images` has shape (28, 28), expected (N, 1, H, W). A single grey image is"
            " image[None, None].",
        ),
        (
            "cifar10",
            np.zeros((1, 1, 32, 32), np.uint8),
            ShapeError,
            "as_input: `images` has shape (1, 1, 32, 32), expected (N, 3, H, W). A single image is"
            " image[None].",
        ),
    ],
)
def test_what_cannot_be_prepared_is_said_with_its_cure(name, images, kind, text):
    with pytest.raises(kind, match=re.escape(text)):
        nn.as_input(name, images)
