"""cnnkit.nn on cnnkit.data: the two rooms fit together."""

import numpy as np
import pytest

from cnnkit import data, nn
from cnnkit.errors import ArgumentError
from cnnkit.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

NET = Network(
    (1, 28, 28), [Conv2d(1, 8, 5, stride=2), ReLU(), MaxPool2d(2), Flatten(), Linear(288, 10)], name="digits"
)


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


def test_digits_are_learnt_verified_and_learnt_again_bit_for_bit(digits, tmp_path):
    options = {"epochs": 4, "lr": 0.05, "momentum": 0.9, "augment": "shift", "progress": False}
    first, second = (nn.fit(NET, digits, **options, log=tmp_path / f"{name}.jsonl") for name in "ab")
    assert first.final.test.accuracy > 0.8
    assert [row.weights for row in first.history] == [row.weights for row in second.history]
    assert nn.verify(nn.runlog.read(first.log), digits).agrees
    assert first.data["validation"]["hash"] == digits.validation.hash


def darker(image):
    return image // 2


def test_a_function_that_augments_is_called_by_its_name_in_the_log(digits):
    options = {"examples": 64, "progress": False}
    assert nn.fit(NET, digits, augment=darker, **options).config["augment"] == "darker"
    assert nn.fit(NET, digits, augment=["shift", darker], **options).config["augment"] == "shift, darker"


def test_an_interrupted_run_sees_the_same_augmented_images(digits):
    options = {"examples": 640, "lr": 0.05, "augment": "shift", "progress": False}

    def stop(update):
        if update.updates == 4:
            raise KeyboardInterrupt

    straight = nn.fit(NET, digits, **options)
    resumed = nn.fit(NET, digits, **options, resume=nn.fit(NET, digits, **options, on_step=stop))
    ours, theirs = nn.weights(straight.model), nn.weights(resumed.model)
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)


def test_the_same_images_are_measured_at_every_evaluation(digits):
    model = nn.build(NET)
    assert nn.evaluate(model, digits.validation) == nn.evaluate(model, digits.validation)


def test_an_augmentation_that_is_none_is_an_error_before_training(digits, tmp_path):
    with pytest.raises(ArgumentError, match="flipp"):
        nn.fit(NET, digits, epochs=1, augment="flipp", progress=False, log=tmp_path / "run.jsonl")
    assert not list(tmp_path.iterdir())
