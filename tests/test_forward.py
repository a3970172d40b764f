"""The forward pass of a page: every layer's output is what torch computes, on networks drawn by chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cnnkit import layers
from cnnkit.network import Network
from cnnkit.nn import build, pretrained, weights
from cnnkit.nn.modules import LogitsBeforeSoftmax
from cnnkit.widgets.draw_digit.forward_pass import forward_pass
from cnnkit.widgets.parts.assets import script

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")

InNode = Callable[[str, list[list[Any]]], list[Any]]

# A page's module; numbers go into node as a list, and come out as an object.
SCRIPT = script("draw_digit/forward")
TRIED = SCRIPT + (
    "\nexport const tried = (layers, weights, input) =>"
    "\n  forward(layers, Float32Array.from(weights), input).map((output) => Array.from(output));"
)

NETWORKS = {
    "paddings and strides": Network(
        (2, 11, 9),
        [
            layers.Conv2d(2, 5, 3, 2, 1),
            layers.ReLU(),
            layers.Conv2d(5, 4, (3, 2), (1, 2), (2, 0)),
            layers.Tanh(),
        ],
    ),
    "dilation and groups": Network(
        (4, 13, 13),
        [
            layers.Conv2d(4, 6, 3, dilation=2, groups=2),
            layers.Sigmoid(),
            layers.Conv2d(6, 6, 3, groups=6, bias=False),
        ],
    ),
    "same, in both conventions": Network(
        (1, 10, 10),
        [layers.Conv2d(1, 3, 4, padding="same"), layers.ReLU6(), layers.Conv2d(3, 2, 5, 2, "keras-same")],
    ),
    "pooling": Network(
        (3, 11, 10),
        [
            layers.MaxPool2d(3, 1, 1),
            layers.AvgPool2d(2, 2),
            layers.MaxPool2d(2, ceil_mode=True),
            layers.AvgPool2d(2, 1, 1),
            layers.MaxPool2d(2, 2, "keras-same"),
        ],
    ),
    "a mean whose last window hangs over": Network((2, 7, 8), [layers.AvgPool2d(3, 2, 1, ceil_mode=True)]),
    "a dilated maximum": Network((2, 9, 9), [layers.MaxPool2d(2, 1, dilation=3)]),
    "batch normalisation and a head": Network(
        (2, 6, 6),
        [
            layers.Conv2d(2, 4, 3, bias=False),
            layers.BatchNorm2d(4),
            layers.ReLU(),
            layers.Dropout(),
            layers.Flatten(),
            layers.Linear(64, 7),
            layers.BatchNorm1d(7),
            layers.Linear(7, 5, bias=False),
            layers.Softmax(),
        ],
    ),
}


def drawn_by_chance(network: Network, seed: int) -> nn.Sequential:
    """Return its module, statistics and scales drawn too."""
    module = build(network, seed=seed).eval()
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if "running_var" in name or ("norm" in name and "weight" in name):
                tensor.uniform_(0.5, 2, generator=chance)
            elif "running_mean" in name or "bias" in name:
                tensor.normal_(0, 0.5, generator=chance)
    return module


def by_torch(module: nn.Module, x: torch.Tensor) -> list[np.ndarray]:
    found = []
    with torch.no_grad():
        for part in module.children():
            x = part(x)
            found.append(x[0].numpy().ravel())
    return found


@pytest.fixture
def cases() -> list[tuple[Network, nn.Module, torch.Tensor]]:
    torch.manual_seed(5)
    drawn = [
        (network, drawn_by_chance(network, seed), 8 * torch.randn(1, *network.input_shape))
        for network in NETWORKS.values()
        for seed in range(3)
    ]
    digits = pretrained("digits")
    return [*drawn, (digits.network, digits.model, torch.randn(1, 1, 28, 28))]


def calls(cases: list[tuple[Network, nn.Module, torch.Tensor]]) -> list[list[Any]]:
    made = []
    for network, module, x in cases:
        page = forward_pass(network, weights(module))
        assert page is not None
        numbers = np.frombuffer(page.weights, "<f4").tolist()
        made.append(["tried", page.layers, numbers, x.numpy().ravel().tolist()])
    return made


def differences(outputs: list[Any], cases: list[tuple[Network, nn.Module, torch.Tensor]]) -> float:
    """Return the largest difference of any layer, as a share of that layer's largest number."""
    shares = [0.0]
    for found, (_, module, x) in zip(outputs, cases, strict=True):
        for output, expected in zip(found, by_torch(module, x), strict=True):
            if len(output) != len(expected) or None in output:
                return np.inf
            shares.append(float(np.abs(np.array(output) - expected).max() / max(1, np.abs(expected).max())))
    return max(shares)


@pytest.mark.node
def test_every_layer_of_every_network_gives_what_torch_gives(in_node: InNode, cases: Any) -> None:
    assert differences(in_node(TRIED, calls(cases)), cases) < 1e-6


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("row * stepDown + tapRow * apartDown", "row * stepDown + tapRow"),
        ("(channel * tall + top + row) * wide + left", "(channel * tall + row) * wide + left"),
        ("Math.floor((filter * layer.groups) / filters) * depth", "0"),
        ("bias ? bias[filter] : 0", "0"),
        ("layer, -Infinity, Math.max", "layer, 0, Math.max"),
        ("inHeight + pads[0][1]) - top", "inHeight) - top"),
        ("Math.min(left + kernel[1], inWidth + pads[1][1])", "(left + kernel[1])"),
        ("left + kernelColumn * dilation[1]", "left + kernelColumn"),
        ("unit * features + feature", "feature"),
        ("+ shift[", "- shift["),
        ("Math.max(value, 0), 6)", "Math.max(value, 0), 9)"),
    ],
)
def test_a_mistake_in_the_page_is_noticed(in_node: InNode, cases: Any, right: str, mistake: str) -> None:
    assert right in TRIED
    assert differences(in_node(TRIED.replace(right, mistake), calls(cases)), cases) > 1e-4


@pytest.mark.node
def test_probabilities_are_torchs_also_where_scores_are_large(in_node: InNode) -> None:
    scores = [[1.0, 2.0, 3.0], [1000.0, 998.0, -1000.0], [-1e4, -1e4, -1e4]]
    found = in_node(SCRIPT, [["softmax", each] for each in scores])
    expected = torch.tensor(scores, dtype=torch.float64).softmax(dim=1)
    torch.testing.assert_close(expected, torch.tensor(found, dtype=torch.float64), atol=1e-12, rtol=0)


def test_what_the_page_does_not_know_is_left_to_the_kernel() -> None:
    keras = Network((1, 5, 5), [layers.AvgPool2d(2, 2, "keras-same")])
    assert forward_pass(keras, {}) is None


def test_a_softmax_at_the_end_gives_scores_as_the_built_module_does() -> None:
    network = NETWORKS["batch normalisation and a head"]
    module = build(network)
    assert isinstance(module[-1], LogitsBeforeSoftmax)
    page = forward_pass(network, weights(module))
    assert page is not None
    assert page.layers[-1]["kind"] == "same"
