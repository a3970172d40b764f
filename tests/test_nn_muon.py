"""Muon against torch's own, which takes matrices only, and AdamW for everything that is no filter."""

import pytest
import torch
from torch import nn as torch_nn

from cnnkit import nn
from cnnkit.errors import ArgumentError
from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Linear, ReLU
from cnnkit.network import Network
from cnnkit.nn.muon import Muon, orthogonal

LAYERS = [Conv2d(1, 4, 3, bias=False), BatchNorm2d(4), ReLU(), Flatten(), Linear(64, 4)]
NET = Network((1, 6, 6), LAYERS, name="tiny")


@pytest.fixture
def data(blobs):
    return blobs()


def after(optimizer, weight, grads):
    for grad in grads:
        weight.grad = grad.clone().reshape(weight.shape)
        optimizer.step()
    return weight.detach()


@pytest.mark.parametrize("shape", [(8, 3, 3, 3), (16, 1, 3, 3), (6, 4, 1, 1)])
@pytest.mark.parametrize("nesterov", [True, False])
def test_filters_take_the_steps_of_torchs_own_muon(shape, nesterov, monkeypatch):
    # torch's computes its products in bfloat16, two and a half digits, whatever it is given
    torch.manual_seed(0)
    start, grads = torch.randn(shape), [torch.randn(shape) for _ in range(4)]
    options = {"lr": 0.02, "momentum": 0.9, "nesterov": nesterov, "weight_decay": 0.3}
    ours, theirs = torch_nn.Parameter(start.clone()), torch_nn.Parameter(start.flatten(1).clone())
    mine = after(Muon([ours], **options), ours, grads)
    oracle = torch.optim.Muon([theirs], adjust_lr_fn="match_rms_adamw", **options)
    expected = after(oracle, theirs, grads).reshape(shape)
    moved = (expected - start).norm()
    assert (mine - expected).norm() < 0.02 * moved


def test_all_else_takes_the_steps_of_adamw():
    torch.manual_seed(0)
    for shape in ((5,), (5, 3)):
        start, grads = torch.randn(shape), [torch.randn(shape) for _ in range(5)]
        ours, theirs = torch_nn.Parameter(start.clone()), torch_nn.Parameter(start.clone())
        options = {"lr": 0.02, "betas": (0.8, 0.95), "weight_decay": 0.3}
        expected = after(torch.optim.AdamW([theirs], **options), theirs, grads)
        torch.testing.assert_close(after(Muon([ours], **options), ours, grads), expected)


@pytest.mark.parametrize("shape", [(6, 20), (20, 6), (1, 9)])
def test_a_matrix_becomes_nearly_orthonormal_and_keeps_its_directions(shape):
    torch.manual_seed(0)
    matrix = torch.randn(shape)
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    turned = orthogonal(matrix)
    values = torch.diagonal(u.T @ turned @ v.T)
    assert turned.shape == matrix.shape
    assert 0.6 < values.min() <= values.max() < 1.3
    torch.testing.assert_close(turned, (u * values) @ v, atol=1e-3, rtol=0)


def test_no_gradient_gives_no_step():
    assert torch.equal(torch.zeros(3, 4), orthogonal(torch.zeros(3, 4)))


def test_a_network_learns_with_it_and_goes_on_bit_for_bit(data):
    options = {"optimizer": "muon", "lr": 0.01, "batch_size": 16, "progress": False}
    whole = nn.fit(NET, data, epochs=4, **options)
    assert whole.history[-1].train.accuracy > 0.9
    assert (0.95, True, [0.9, 0.95]) == tuple(whole.config[n] for n in ("momentum", "nesterov", "betas"))

    def stop(update):
        if update.updates == 7:
            raise KeyboardInterrupt

    part = nn.fit(NET, data, epochs=4, on_step=stop, **options)
    rest = nn.fit(NET, data, epochs=4, resume=part, **options)
    assert whole.history[-1].weights == rest.history[-1].weights


@pytest.mark.parametrize("wrong", [{"momentum": 1.0}, {"betas": (0.9, 1.5)}])
def test_values_that_it_cannot_take_are_named(data, wrong):
    name = next(iter(wrong))
    with pytest.raises(ArgumentError, match=rf"fit: muon has the options .*{name}=.*{name}.* is .*Change"):
        nn.fit(NET, data, epochs=1, optimizer="muon", progress=False, **wrong)
