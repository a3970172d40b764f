"""Images of one's own for the shipped networks."""

import re

import numpy as np
import pytest
import torch

from cnnkit import data, nn
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.inputs import MOMENTS, SIZES


@pytest.mark.parametrize("name", MOMENTS)
def test_images_are_prepared_as_a_loader_with_these_moments_does(name):
    mean, std = MOMENTS[name]
    pixels = np.random.default_rng(0).integers(0, 256, (5, len(mean), SIZES[name], SIZES[name]), np.uint8)
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
    assert dataset.train.images.shape[2:] == (SIZES[name], SIZES[name])
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
            "as_input: `images` has shape (28, 28), expected (N, 1, 28, 28). A single grey image is"
            " image[None, None].",
        ),
        (
            "cifar10",
            np.zeros((1, 1, 32, 32), np.uint8),
            ShapeError,
            "as_input: `images` has shape (1, 1, 32, 32), expected (N, 3, 32, 32). Copy the grey channel for"
            " a colour network: np.repeat(images, 3, axis=1).",
        ),
        (
            "cifar10",
            np.zeros((1, 3, 24, 32), np.uint8),
            ShapeError,
            "as_input: `images` has shape (1, 3, 24, 32), expected (N, 3, 32, 32). Resize them first, for"
            " instance by PIL's Image.resize((32, 32)).",
        ),
    ],
)
def test_what_cannot_be_prepared_is_said_with_its_cure(name, images, kind, text):
    with pytest.raises(kind, match=re.escape(text)):
        nn.as_input(name, images)


@pytest.mark.parametrize(
    ("name", "shape", "cure"),
    [
        ("digits", (28, 28), "image[None, None]"),
        ("digits", (1, 28, 28), "image[None]"),
        ("digits", (28, 28, 1), "image.transpose(2, 0, 1)[None]"),
        ("digits", (6, 28, 28), "images[:, None]"),
        ("digits", (6, 28, 28, 1), "images.transpose(0, 3, 1, 2)"),
        ("digits", (6, 3, 28, 28), "images.mean(1, keepdims=True).astype(np.uint8)"),
        ("cifar10", (32, 32), "np.repeat(image[None, None], 3, axis=1)"),
        ("cifar10", (3, 32, 32), "image[None]"),
        ("cifar10", (32, 32, 3), "image.transpose(2, 0, 1)[None]"),
        ("cifar10", (6, 32, 32), "np.repeat(images[:, None], 3, axis=1)"),
        ("cifar10", (6, 32, 32, 3), "images.transpose(0, 3, 1, 2)"),
        ("cifar10", (6, 1, 32, 32), "np.repeat(images, 3, axis=1)"),
    ],
)
def test_the_cure_is_one(name, shape, cure):
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    with pytest.raises(ShapeError) as error:
        nn.as_input(name, images)
    assert f" {cure}." in str(error.value)
    cured = eval(cure, {"np": np, "image": images, "images": images})
    assert nn.as_input(name, cured).shape[1:] == (len(MOMENTS[name][0]), SIZES[name], SIZES[name])
