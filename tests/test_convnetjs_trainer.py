"""When a Trainer changes the weights, by how much, and what it refuses."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
import torch

from cnnkit.convnetjs import Net, Trainer, TrainerOptions, parse_trainer
from cnnkit.errors import ArgumentError, ShapeError

VECTOR = "[{type:'input', out_sx:1, out_sy:1, out_depth:4}, {type:'softmax', num_classes:3}]"
SINGLE = "[{type:'input', out_sx:1, out_sy:1, out_depth:1}, {type:'regression', num_neurons:1}]"
SMALL = """
layer_defs.push({type:'input', out_sx:6, out_sy:6, out_depth:2});
layer_defs.push({type:'conv', sx:3, filters:4, pad:1, activation:'relu'});
layer_defs.push({type:'pool', sx:2});
layer_defs.push({type:'softmax', num_classes:3});
"""


def examples(net, count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, *net.input_shape)), rng.integers(0, 3, count)


def single(weight, bias=0.0):
    net = Net(SINGLE)
    net.load_weights({"fc.weight": [[weight]], "fc.bias": [bias]})
    return net


@pytest.mark.parametrize(("release", "eps"), [("0.3.0", 1e-6), ("head", 1e-8)])
def test_one_adadelta_step_by_hand(release, eps):
    net = single(0.5)
    trainer = Trainer(net, method="adadelta", batch_size=2, l2_decay=0.1, release=release)
    trained = trainer.train([[2.0], [1.0]], [[0.0], [0.0]])
    # outputs 1 and .5 against 0: the gradients are 1 * 2 and .5 * 1; decay is divided by the batch too
    grad = (2 + 0.5 + 0.1 * 0.5) / 2
    first = -sqrt(eps / (0.05 * grad**2 + eps)) * grad
    assert net.weights["fc.weight"].item() == pytest.approx(0.5 + first, abs=1e-12)
    assert trained.l2_decay_loss.tolist() == [0, pytest.approx(0.1 * 0.5**2 / 2)]
    # the bias does not decay
    grad = (1 + 0.5) / 2
    assert net.weights["fc.bias"].item() == pytest.approx(
        -sqrt(eps / (0.05 * grad**2 + eps)) * grad, abs=1e-12
    )


def test_a_weight_of_zero_counts_as_negative_for_l1_decay():
    text = """[{type:'input', out_sx:1, out_sy:1, out_depth:2},
        {type:'fc', num_neurons:1, l1_decay_mul:%s}, {type:'regression', num_neurons:1}]"""
    for factor, wanted in ((0.5, [0.125, 1.875]), (0, [0, 2])):
        net = Net(text % factor)
        net.load_weights({"fc1.weight": [[0, 2]], "fc1.bias": [0], "fc2.weight": [[0]], "fc2.bias": [0]})
        Trainer(net, learning_rate=1.0, l1_decay=0.25).train([[0.0, 0.0]], [[0.0]])
        assert net.weights["fc1.weight"].tolist() == [wanted]


def torch_steps(net, optimizer, x, y, batch, l2=0.0):
    """Train the same layers in torch by `optimizer`, on means over batches; return its parameters."""
    modules = [torch.nn.Conv2d(2, 4, 3, padding=1), torch.nn.Linear(36, 3)]
    module = torch.nn.Sequential(
        modules[0], torch.nn.ReLU(), torch.nn.MaxPool2d(2), torch.nn.Flatten(), modules[1]
    ).double()
    with torch.no_grad():
        for layer, name in zip(modules, ("conv", "fc"), strict=True):
            layer.weight.copy_(torch.tensor(net.weights[f"{name}.weight"]))
            layer.bias.copy_(torch.tensor(net.weights[f"{name}.bias"]))
    decayed = {"params": [layer.weight for layer in modules], "weight_decay": l2 / batch}
    stepper = optimizer([decayed, {"params": [layer.bias for layer in modules], "weight_decay": 0.0}])
    for at in range(0, len(x), batch):
        stepper.zero_grad()
        logits = module(torch.tensor(x[at : at + batch]))
        torch.nn.functional.cross_entropy(logits, torch.tensor(y[at : at + batch])).backward()
        stepper.step()
    named = zip(("conv", "fc"), modules, strict=True)
    return {f"{name}.{kind}": getattr(layer, kind) for name, layer in named for kind in ("weight", "bias")}


@pytest.mark.parametrize(
    ("options", "optimizer"),
    [
        (
            {"method": "adadelta"},
            lambda groups: torch.optim.Adadelta(groups, lr=1, rho=0.95, eps=1e-6),
        ),
        (
            {"method": "adadelta", "release": "head"},
            lambda groups: torch.optim.Adadelta(groups, lr=1, rho=0.95, eps=1e-8),
        ),
        (
            {"method": "nesterov", "learning_rate": 0.05, "release": "head"},
            lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=True),
        ),
        ({"learning_rate": 0.05}, lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9)),
    ],
)
def test_three_updates_are_torchs_with_the_decay_divided_by_the_batch(options, optimizer):
    net = Net(SMALL, seed=6)
    x, y = examples(net, 15)
    wanted = torch_steps(net, optimizer, x, y, batch=5, l2=0.1)
    assert Trainer(net, options, batch_size=5, l2_decay=0.1).train(x, y).updates == 3
    for name, value in wanted.items():
        np.testing.assert_allclose(net.weights[name], value.detach(), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("count", "batch", "updates"), [(40, 20, 2), (39, 20, 1), (7, 1, 7), (400, 2000, 0)])
def test_updates_are_examples_divided_by_the_batch(count, batch, updates):
    net = Net(VECTOR)
    before = net.weights["fc.weight"]
    trained = Trainer(net, batch_size=batch, l2_decay=0.5).train(np.ones((count, 4)), [0] * count)
    assert trained.updates == updates == np.count_nonzero(trained.l2_decay_loss)
    assert np.array_equal(before, net.weights["fc.weight"]) == (updates == 0)


@pytest.mark.parametrize("pieces", [[11], [1] * 11, [4, 0, 7], [2, 5, 4]])
def test_it_does_not_matter_how_examples_are_handed_over(pieces):
    whole, parts = Net(SMALL, seed=1), Net(SMALL, seed=1)
    x, y = examples(whole, 11)
    at_once = Trainer(whole, method="adagrad", batch_size=3, l1_decay=0.01).train(x, y)
    trainer = Trainer(parts, method="adagrad", batch_size=3, l1_decay=0.01)
    ends = np.cumsum(pieces)[:-1]
    reports = [trainer.train(*part) for part in zip(np.split(x, ends), np.split(y, ends), strict=True)]
    losses = np.concatenate([report.loss for report in reports])
    np.testing.assert_allclose(losses, at_once.loss, rtol=1e-12)
    assert sum(report.updates for report in reports) == at_once.updates == 3
    for one, other in zip(whole.parameters, parts.parameters, strict=True):
        np.testing.assert_allclose(one.value, other.value, rtol=0, atol=1e-13)
        np.testing.assert_allclose(one.grad, other.grad, rtol=0, atol=1e-13)


def test_a_batch_larger_than_a_block_is_one_update():
    net = Net(VECTOR, seed=1)
    x = np.random.default_rng(0).normal(size=(500, 4))
    assert Trainer(net, batch_size=500).train(x, np.zeros(500, int)).updates == 1
    other = Net(VECTOR, seed=1)
    other.forward(x, training=True)
    other.backward(np.zeros(500, int))
    stepped = other.parameters[0].value - 0.01 * other.parameters[0].grad / 500
    np.testing.assert_allclose(net.parameters[0].value, stepped, rtol=0, atol=1e-14)


def test_options_change_while_sums_and_counters_stay():
    net = Net(VECTOR)
    trainer = Trainer(net, parse_trainer("t = new Trainer(net, {batch_size:2})"), l2_decay=0.1)
    trainer.train(np.ones((3, 4)), [0, 1, 2])
    trainer.change(batch_size=4, learning_rate=0.5)
    assert trainer.options == TrainerOptions(batch_size=4, learning_rate=0.5, l2_decay=0.1)
    assert trainer.train(np.ones((1, 4)), [0]).updates == 1
    assert trainer.k == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Trainer(Net(VECTOR), method="adadelata"),
            "Trainer: `method` is 'adadelata', expected one of sgd, adagrad, windowgrad, adadelta."
            " Did you mean 'adadelta'? ConvNetJS would train by sgd and not say so.",
        ),
        (
            lambda: Trainer(Net(VECTOR), {"momentun": 0.5}),
            "Trainer: `momentun` of the trainer is unknown, expected only method, learning_rate, momentum,"
            " batch_size, l1_decay, l2_decay, ro, eps. Did you mean 'momentum'?",
        ),
        (
            lambda: Trainer(Net(VECTOR)).change(method="adagrad"),
            "Trainer.change: `method` is 'adagrad', expected 'sgd' as before."
            " Make a new Trainer for another.",
        ),
        (
            lambda: Trainer(Net(VECTOR), TrainerOptions(), release="head"),
            "Trainer: `release` is 'head', expected '0.3.0' as before. Make a new Trainer for another.",
        ),
        (
            lambda: Trainer(Net(VECTOR)).change(batch_size=0),
            "Trainer.change: `batch_size` of the trainer is 0, expected an integer of at least 1."
            " Write batch_size:20, for example.",
        ),
        (
            lambda: TrainerOptions(l2_decay=-1),
            "TrainerOptions: `l2_decay` of the trainer is -1, expected a number of at least 0."
            " Write l2_decay:0.001, for example.",
        ),
    ],
)
def test_options_that_convnetjs_would_take_silently_are_refused(call, message):
    with pytest.raises(ArgumentError) as error:
        call()
    assert str(error.value) == message


def test_examples_that_do_not_fit_are_refused_before_anything_is_trained():
    net = Net(VECTOR)
    trainer = Trainer(net)
    before = net.weights["fc.weight"]
    with pytest.raises(ArgumentError) as error:
        trainer.train(np.ones((30, 4)), [0] * 29 + [3])
    assert str(error.value) == (
        "Trainer.train: `target` has the class 3, expected integers from 0 to 2."
        " Count classes from 0, or give the softmax layer more of them."
    )
    with pytest.raises(ShapeError) as error:
        trainer.train(np.ones((30, 5)), [0] * 30)
    assert (
        str(error.value) == "Trainer.train: `x` has shape (30, 5, 1, 1), expected (N, 4, 1, 1). Reshape it."
    )
    assert trainer.k == 0
    np.testing.assert_array_equal(net.weights["fc.weight"], before)
