"""The recipes: what they promise without hours of training."""

import numpy as np
import pytest

from cnnkit import data, nn
from cnnkit.errors import ArgumentError


def test_a_longer_budget_gets_a_larger_network_and_never_a_smaller_one():
    sizes = [nn.recipe(seconds).network.ledger().multiply_adds for seconds in (1, 60, 120, 600, 1200)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def test_the_stem_is_a_3x3_convolution_over_the_folded_image():
    import torch
    from torch.nn import functional

    stem = nn.build(nn.recipe(20).network).conv1
    x = torch.randn(2, 3, 32, 32)
    folded = functional.pixel_unshuffle(x, 2)
    out_channels = stem.out_channels
    weight = stem.weight.reshape(out_channels, 3, 3, 2, 3, 2).permute(0, 1, 3, 5, 2, 4)
    as_3x3 = functional.conv2d(folded, weight.reshape(out_channels, 12, 3, 3), padding=1)
    assert torch.allclose(as_3x3, stem(x), atol=1e-5)


def test_a_recipe_trains_for_its_seconds_on_the_data_given(monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr("cnnkit.nn.loop.process_time", lambda: next(clock))
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (500, 3, 32, 32), dtype=np.uint8), np.arange(500) % 10
    few = data.Dataset.of("noise", tuple("abcdefghij"), (images, labels), (images[:50], labels[:50]))
    run = nn.recipe(3).fit(few, seed=4, progress=False, evaluate_every=10**9)
    assert (3, 256 + 194 + 256) == (run.history[-1].updates, run.history[-1].examples)
    assert (4, 0.1, "flip") == tuple(run.config[name] for name in ("seed", "label_smoothing", "augment"))


def test_a_budget_that_is_none_is_named():
    with pytest.raises(ArgumentError, match="recipe: `seconds` is 0, expected a number above 0"):
        nn.recipe(0)
