"""Filters again and again: the ring that grows from the border, and when the order of two filters matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import nn as torch_nn

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn import style

SHARPEN = [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]


def image(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape or (3, 24, 30))


@pytest.mark.parametrize(("padding", "mode"), [("zeros", "constant"), ("reflect", "mirror")])
@pytest.mark.parametrize(
    "kernel", [SOBEL, [[1, 2, 3]], np.arange(15).reshape(5, 3)], ids=["3x3", "1x3", "5x3"]
)
def test_a_convolution_is_scipys_correlation(padding: str, mode: Any, kernel: Any) -> None:
    x = image()
    found = style.convolution(kernel, padding)(x)
    expected = np.stack([ndimage.correlate(plane, np.asarray(kernel, float), mode=mode) for plane in x])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    rectified = style.convolution(kernel, padding, relu=True)(x)
    np.testing.assert_allclose(rectified, np.maximum(expected, 0), rtol=0, atol=1e-12)


def test_the_box_blurs_ring_has_the_course_s_numbers() -> None:
    rings = style.ring(style.box_blur(), times=5)
    assert [round(each.edge, 3) for each in rings] == [0.667, 0.556, 0.481, 0.432, 0.395]
    assert [round(each.corner, 3) for each in rings] == [0.444, 0.309, 0.232, 0.187, 0.156]
    assert [each.centre for each in rings] == pytest.approx([1.0] * 5)


@pytest.mark.parametrize("size", [1, 3, 5, 7, 9])
def test_the_ring_grows_by_half_a_kernel_a_pass_and_reflection_keeps_it_away(size: int) -> None:
    widths = [each.width for each in style.ring(style.box_blur(size), times=6)]
    assert widths == [passes * (size - 1) // 2 for passes in range(1, 7)]
    reflected = style.ring(style.box_blur(size, "reflect"), times=6)
    assert {each.width for each in reflected} == {0}
    assert [each.edge for each in reflected] == pytest.approx([1.0] * 6)


def test_a_thin_ring_of_many_passes_is_still_seen() -> None:
    assert style.ring(style.box_blur(), times=20)[-1].width == 20


def test_a_networks_ring_is_measured_alike() -> None:
    torch.manual_seed(0)

    def network(padding: Any) -> torch_nn.Sequential:
        torch.manual_seed(0)
        layers = [torch_nn.Conv2d(3, 3, 5, padding=2, padding_mode=padding), torch_nn.Tanh()]
        return torch_nn.Sequential(*layers, torch_nn.Conv2d(3, 3, 3, padding=1, padding_mode=padding))

    zeros = style.ring(network("zeros"), times=3, channels=3)
    assert [each.width for each in zeros] == [3, 6, 9]
    assert [each.width for each in style.ring(network("reflect"), times=3, channels=3)] == [0, 0, 0]


def test_the_transform_network_has_a_ring_with_zeros_and_none_with_reflection() -> None:
    torch.manual_seed(0)
    # without instance norm, which carries the border's error to every pixel
    models = [style.TransformNetwork(padding=padding, blocks=1) for padding in ("zeros", "reflect")]
    for model in models:
        for part in model.modules():
            if isinstance(part, torch_nn.InstanceNorm2d):
                part.forward = lambda x: 5 * x  # type: ignore[method-assign]
    zeros, reflect = (style.ring(model, times=1, size=128, channels=3)[0] for model in models)
    assert zeros.width > 10
    assert reflect.width == 0


def test_repeat_returns_the_picture_after_each_pass() -> None:
    x = image()
    blur = style.box_blur()
    found = style.repeat(blur, x, 3)
    assert found.shape == (4, 3, 24, 30)
    np.testing.assert_array_equal(found[0], x)
    np.testing.assert_array_equal(found[3], blur(blur(blur(x))))


def test_two_kernels_commute_inside_to_the_last_digits_and_not_at_the_border() -> None:
    first, second = style.convolution(SHARPEN), style.convolution(SOBEL)
    assert style.order_gap(first, second, image(), border=2) < 1e-13
    assert style.order_gap(style.box_blur(), style.box_blur(5), image(), border=3) < 1e-15
    assert style.order_gap(first, second, image()) > 0.1


def test_with_a_relu_between_them_the_order_matters() -> None:
    rectified = style.convolution(SHARPEN, relu=True)
    assert style.order_gap(style.convolution(SOBEL), rectified, image(), border=2) > 1


def test_a_module_stays_in_its_mode_and_compose_applies_the_first_first() -> None:
    model = torch_nn.Dropout(0.5).train()
    x = image().astype(np.float32)
    np.testing.assert_array_equal(style.compose(model, lambda y: y + 1)(x), x + 1)
    assert model.training


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: style.box_blur(4), ArgumentError, "`size` is 4, expected an odd number"),
        (
            lambda: style.convolution([[1, 1]]),
            ShapeError,
            "`kernel` has shape (1, 2), expected (kH, kW), both odd",
        ),
        (lambda: style.convolution(SOBEL, "zero"), ArgumentError, "Did you mean 'zeros'?"),
        (
            lambda: style.box_blur(5, "reflect")(np.ones((2, 9))),
            ShapeError,
            "has shape (2, 9), expected (..., H, W) with at least 3 rows and 3 columns.",
        ),
        (
            lambda: style.repeat(lambda x: x[1:], np.ones((4, 4)), 2),
            ShapeError,
            "repeat: the filter makes (3, 4) of (4, 4), expected the same shape",
        ),
        (
            lambda: style.repeat("blur", np.ones((4, 4)), 2),
            ArgumentError,
            "repeat: `filter` is 'blur', expected",
        ),
        (lambda: style.repeat(style.box_blur(), np.ones((4, 4)), -1), ArgumentError, "`times` is -1"),
        (
            lambda: style.ring(style.box_blur(), times=9, size=16),
            ArgumentError,
            "`size` is 16, and after 7 passes the ring reaches the middle, expected pixels that no border has"
            " reached. Write size=32.",
        ),
        (
            lambda: style.order_gap(style.box_blur(), style.box_blur(), np.ones((8, 8)), border=4),
            ArgumentError,
            "`border` is 4, and the image is (8, 8), expected pixels inside the border.",
        ),
    ],
)
def test_what_cannot_be_measured_says_why(call: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)
