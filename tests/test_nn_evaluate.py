"""cnnkit.nn.evaluate: numbers by hand, in evaluation mode, with nothing left behind."""

import numpy as np
import pytest
import torch
from torch import nn as torch_nn
from torch.nn import functional

from cnnkit import nn
from cnnkit.errors import ArgumentError, ShapeError


@pytest.fixture
def model():
    torch.manual_seed(0)
    return torch_nn.Sequential(
        torch_nn.Flatten(),
        torch_nn.Linear(36, 8),
        torch_nn.BatchNorm1d(8),
        torch_nn.Dropout(0.5),
        torch_nn.Linear(8, 4),
    )


@pytest.fixture
def split(blobs):
    return blobs(validation=61).validation


def said(kind, call):
    with pytest.raises(kind) as error:
        call()
    return str(error.value)


@pytest.mark.parametrize("batch_size", [1, 16, 60, 61, 250])
def test_metrics_are_those_of_torch_in_float64_whatever_the_last_batch_holds(model, split, batch_size):
    ((x, y),) = split.loader(61)
    twin = torch_nn.Sequential(*model).double().eval()
    logits = twin(x.double()).detach()
    losses = functional.cross_entropy(logits, y, reduction="none").numpy()
    accuracy = float((logits.argmax(1) == y).double().mean())
    model.float().train()
    metrics = nn.evaluate(model, split, batch_size)
    assert losses.mean() == pytest.approx(metrics.loss, abs=1e-6)
    assert losses.std(ddof=1) / np.sqrt(61) == pytest.approx(metrics.loss_standard_error, abs=1e-6)
    assert (accuracy, 61) == (metrics.accuracy, metrics.n)
    assert np.sqrt(accuracy * (1 - accuracy) / 61) == pytest.approx(metrics.standard_error)


def test_the_standard_error_of_96_percent_of_100_images_is_two_points():
    assert nn.Metrics.of([0.0] * 100, correct=96).standard_error == pytest.approx(0.0196, abs=5e-5)


def test_every_part_is_in_its_own_mode_again_and_nothing_has_moved(model, split):
    model.train()
    model[2].eval()  # a frozen batch normalisation
    before = nn.weights(model)
    gradients = []
    model[4].register_forward_hook(lambda part, x, y: gradients.append((y.requires_grad, part.training)))
    nn.evaluate(model, split)
    assert [True, True, False, True, True] == [part.training for part in model]
    assert [(False, False)] == gradients
    assert all(np.array_equal(before[name], array) for name, array in nn.weights(model).items())
    assert torch.is_grad_enabled()


def test_the_mode_is_restored_after_an_error_too(model):
    broken = [(torch.zeros(2, 1, 5, 5), torch.zeros(2, dtype=torch.int64))]
    with pytest.raises(RuntimeError):
        nn.evaluate(model.train(), broken)
    assert model.training
    assert torch.is_grad_enabled()


def test_the_confusion_matrix_counts_every_image_once(model, split):
    ((x, y),) = split.loader(61)
    with torch.no_grad():
        answers = model.eval()(x).argmax(1)
    expected = np.zeros((4, 4), dtype=np.int64)
    for label, answer in zip(y.tolist(), answers.tolist(), strict=True):
        expected[label, answer] += 1
    found = nn.confusion_matrix(model, split, batch_size=16)
    np.testing.assert_array_equal(expected, found)
    assert np.trace(found) / 61 == nn.evaluate(model, split).accuracy


def test_a_loader_of_ones_own_is_taken_as_well(model, split):
    assert nn.evaluate(model, split, 16) == nn.evaluate(model, split.loader(16))


def test_too_few_outputs_for_the_labels_are_named(split):
    narrow = torch_nn.Sequential(torch_nn.Flatten(), torch_nn.Linear(36, 3))
    assert said(ShapeError, lambda: nn.evaluate(narrow, split)) == (
        "evaluate: the model's output has shape (61, 3) for 61 labels up to 3, expected (61, classes) with at"
        " least 4 classes. Give the model's last layer one output for each class."
    )


def test_negative_labels_and_empty_splits_are_named(model):
    batch = (torch.zeros(2, 1, 6, 6), torch.tensor([0, -1]))
    assert said(ArgumentError, lambda: nn.evaluate(model, [batch])) == (
        "evaluate: `split` has the label -1, expected labels from 0 to 3. Number the classes from 0."
    )
    assert said(ArgumentError, lambda: nn.confusion_matrix(model, [])) == (
        "confusion_matrix: `split` is empty, expected at least 1 example. Give a larger one."
    )
