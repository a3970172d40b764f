"""Layers against the torch modules that they describe."""

import dataclasses
from contextlib import suppress

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cnnkit import layers
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import (
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Tanh,
)

EVERY_LAYER = [
    AvgPool2d(3, stride=(2, 1), padding=1, ceil_mode=True),
    BatchNorm1d(10),
    BatchNorm2d(8),
    Conv2d(4, 8, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2, bias=False),
    Dropout(0.25),
    Flatten(),
    Layer(),
    Linear(12, 5, bias=False),
    MaxPool2d((2, 3), stride=1, padding=1, dilation=2),
    ReLU(),
    ReLU6(),
    Sigmoid(),
    Softmax(),
    Tanh(),
]


def pairs(numbers):
    return numbers | st.tuples(numbers, numbers)


def shape_in_torch(module, input_shape):
    """Return what torch makes of one example, or None where it refuses."""
    try:
        return tuple(module.to("meta")(torch.empty(1, *input_shape, device="meta")).shape[1:])
    except (IndexError, RuntimeError, ValueError):
        return None


def shape_here(layer, input_shape):
    with suppress(ShapeError):
        return layer.output_shape(input_shape)


def weights_in_torch(module):
    return {name: tuple(weight.shape) for name, weight in module.named_parameters()}


@given(
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    channels=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
    kernel_size=pairs(st.integers(1, 7)),
    stride=pairs(st.integers(1, 4)),
    padding=pairs(st.integers(0, 4)),
    dilation=pairs(st.integers(1, 3)),
    bias=st.booleans(),
)
def test_convolutions_have_torchs_shapes_and_weights(
    torch_twin, height, width, channels, kernel_size, stride, padding, dilation, bias
):
    groups, per_group, kernels_per_group = channels
    conv = Conv2d(
        groups * per_group, groups * kernels_per_group, kernel_size, stride, padding, dilation, groups, bias
    )
    twin = torch_twin(conv)
    input_shape = (groups * per_group, height, width)
    assert shape_in_torch(twin, input_shape) == shape_here(conv, input_shape)
    assert weights_in_torch(twin) == conv.weight_shapes
    assert sum(weight.numel() for weight in twin.parameters()) == conv.parameters


@given(
    height=st.integers(1, 24),
    width=st.integers(1, 24),
    kernel_size=pairs(st.integers(1, 6)),
    stride=st.none() | pairs(st.integers(1, 4)),
    padding=pairs(st.integers(0, 3)),
    dilation=pairs(st.integers(1, 3)),
    ceil_mode=st.booleans(),
)
def test_pooling_has_torchs_shapes_and_refuses_what_torch_refuses(
    torch_twin, height, width, kernel_size, stride, padding, dilation, ceil_mode
):
    for kind, options in ((MaxPool2d, {"dilation": dilation}), (AvgPool2d, {})):
        try:
            pool = kind(kernel_size, stride, padding, ceil_mode=ceil_mode, **options)
        except ArgumentError:
            twin = getattr(nn, kind.__name__)(kernel_size, stride, padding, ceil_mode=ceil_mode, **options)
            assert shape_in_torch(twin, (3, height, width)) is None
        else:
            twin = torch_twin(pool)
            assert shape_in_torch(twin, (3, height, width)) == shape_here(pool, (3, height, width))


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@pytest.mark.parametrize("padding", ["same", "valid"])
@given(kernel_size=pairs(st.integers(1, 7)), dilation=pairs(st.integers(1, 3)))
def test_paddings_with_a_name_are_torchs(torch_twin, padding, kernel_size, dilation):
    conv = Conv2d(2, 3, kernel_size, padding=padding, dilation=dilation)
    expected = shape_in_torch(torch_twin(conv), (2, 13, 16))
    assert expected == shape_here(conv, (2, 13, 16))


@given(
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    kernel_size=pairs(st.integers(1, 7)),
    stride=pairs(st.integers(1, 4)),
)
def test_keras_same_divides_by_the_stride_and_rounds_up(size, kernel_size, stride):
    steps = stride if isinstance(stride, tuple) else (stride, stride)
    expected = tuple(len(range(0, n, step)) for n, step in zip(size, steps, strict=True))
    conv = Conv2d(2, 3, kernel_size, stride, padding="keras-same")
    pool = MaxPool2d(kernel_size, stride, padding="keras-same")
    assert (3, *expected) == conv.output_shape((2, *size))
    assert (2, *expected) == pool.output_shape((2, *size))
    for layer in (conv, pool):
        for axis in layer.axes((2, *size)):
            over = axis.size % axis.stride or axis.stride
            total = max(axis.kernel_size - over, 0)  # TensorFlow's "Notes on padding combinations"
            assert (total // 2, total - total // 2) == axis.pads


@pytest.mark.parametrize("layer", EVERY_LAYER, ids=lambda layer: type(layer).__name__)
def test_the_repr_of_a_layer_is_the_code_that_makes_it(layer):
    assert layer == eval(repr(layer), vars(layers))


def test_the_reprs_above_are_those_of_every_layer():
    public = {getattr(layers, name) for name in layers.__all__}
    concrete = {
        kind for kind in public if dataclasses.is_dataclass(kind) and kind.__module__ == layers.__name__
    }
    assert concrete - {layers.Windowed} == {type(layer) for layer in EVERY_LAYER}


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (Conv2d(3, 32, 5), "Conv2d(3, 32, 5)"),
        (Conv2d(3, 32, 5, padding="same"), "Conv2d(3, 32, 5, padding='same')"),
        (Conv2d(4, 8, (3, 1), 2, bias=False), "Conv2d(4, 8, (3, 1), stride=2, bias=False)"),
        (MaxPool2d(2), "MaxPool2d(2)"),
        (MaxPool2d(3, 2), "MaxPool2d(3, stride=2)"),
        (Dropout(), "Dropout()"),
        (Linear(2048, 64), "Linear(2048, 64)"),
    ],
)
def test_the_repr_leaves_defaults_out(layer, text):
    assert text == repr(layer)


@pytest.mark.parametrize(
    ("layer", "input_shape"),
    [
        (BatchNorm1d(10), (10,)),
        (BatchNorm2d(8), (8, 5, 7)),
        (Linear(12, 5), (12,)),
        (Linear(12, 5, bias=False), (12,)),
        (Flatten(), (3, 5, 7)),
        (Flatten(), (12,)),
        (ReLU(), (3, 5, 7)),
        (ReLU6(), (4,)),
        (Sigmoid(), (3, 5, 7)),
        (Tanh(), (4,)),
        (Softmax(), (10,)),
        (Dropout(0.2), (3, 5, 7)),
    ],
    ids=repr,
)
def test_other_layers_have_torchs_shapes_weights_and_buffers(torch_twin, layer, input_shape):
    twin = torch_twin(layer)
    assert shape_in_torch(twin.eval(), input_shape) == layer.output_shape(input_shape)
    assert weights_in_torch(twin) == layer.weight_shapes
    buffers = {name: tuple(b.shape) for name, b in twin.named_buffers() if name != "num_batches_tracked"}
    assert buffers == layer.statistic_shapes
    assert sum(map(torch.Size.numel, map(torch.Size, buffers.values()))) == layer.statistics


@given(
    groups=st.integers(1, 3),
    kernel_size=pairs(st.integers(1, 4)),
    stride=pairs(st.integers(1, 3)),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    dilation=pairs(st.integers(1, 2)),
)
def test_multiply_adds_of_a_convolution_are_its_products_counted(
    groups, kernel_size, stride, padding, dilation
):
    conv = Conv2d(2 * groups, 3 * groups, kernel_size, stride, padding, dilation, groups)
    # Where all factors are 1, the padding's too, every output is the number of its products.
    x = torch.ones(1, 2 * groups, 9 + 2 * padding[0], 8 + 2 * padding[1], dtype=torch.float64)
    weight = torch.ones(conv.weight_shapes["weight"], dtype=torch.float64)
    products = nn.functional.conv2d(x, weight, stride=stride, dilation=dilation, groups=groups)
    assert products.sum() == conv.multiply_adds((2 * groups, 9, 8))


def test_multiply_adds_of_a_linear_layer_are_its_products_counted():
    linear = Linear(12, 5)
    products = torch.ones(12) @ torch.ones(linear.weight_shapes["weight"]).T
    assert products.sum() == linear.multiply_adds((12,))


@pytest.mark.parametrize("layer", [ReLU(), MaxPool2d(2), BatchNorm2d(8), Flatten(), Softmax()], ids=repr)
def test_layers_without_a_weighted_sum_cost_no_multiply_adds(layer):
    assert layer.multiply_adds((8, 6, 6)) == 0


@pytest.mark.parametrize(
    ("layer", "input_shape", "message"),
    [
        (
            Conv2d(3, 8, 7),
            (3, 4, 9),
            "its 7×7 kernel does not fit into the 4×9 input (4×9 with padding); the output would be −2×3",
        ),
        (
            Conv2d(3, 8, 3, padding=1, dilation=4),
            (3, 5, 6),
            "its 9×9 kernel does not fit into the 5×6 input (7×8 with padding); the output would be −1×0",
        ),
        (
            MaxPool2d(3),
            (3, 2, 2),
            "its 3×3 kernel does not fit into the 2×2 input (2×2 with padding); the output would be 0×0",
        ),
        (Conv2d(3, 8, 3), (1, 28, 28), "its input has 1 channels, expected in_channels=3"),
        (Conv2d(3, 8, 3), (2048,), "its input is (2048,), expected three sizes (C, H, W)"),
        (MaxPool2d(2), (512,), "its input is (512,), expected three sizes (C, H, W)"),
        (
            Linear(2048, 64),
            (128, 4, 4),
            "its input is (128, 4, 4), expected (2048,): put Flatten() before it",
        ),
        (Linear(2048, 64), (512,), "its input has 512 features, expected in_features=2048"),
        (BatchNorm2d(8), (4, 6, 6), "its input has 4 channels, expected num_features=8"),
        (BatchNorm2d(8), (8,), "its input is (8,), expected (C, H, W)"),
        (BatchNorm1d(8), (8, 6, 6), "its input is (8, 6, 6), expected (features,)"),
    ],
)
def test_an_input_that_a_layer_cannot_take_is_told_why(torch_twin, layer, input_shape, message):
    assert shape_in_torch(torch_twin(layer), input_shape) is None
    with pytest.raises(ShapeError) as caught:
        layer.output_shape(input_shape)
    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Conv2d(0, 8, 3),
            "Conv2d: `in_channels` is 0, expected an integer of at least 1. Give `in_channels` as a whole"
            " number.",
        ),
        (
            lambda: Conv2d(3, 8.0, 3),
            "Conv2d: `out_channels` is 8.0, expected an integer of at least 1. Give `out_channels` as a whole"
            " number.",
        ),
        (
            lambda: Conv2d(3, 8, 3, groups=True),
            "Conv2d: `groups` is True, expected an integer of at least 1. Give `groups` as a whole number.",
        ),
        (
            lambda: Conv2d(3, 8, 3, groups=2),
            "Conv2d: `groups` is 2, expected a divisor of in_channels=3 and out_channels=8."
            " Use groups=1 unless you want a grouped convolution.",
        ),
        (
            lambda: Conv2d(3, 8, (3, 3, 3)),
            "Conv2d: `kernel_size` is (3, 3, 3), expected an integer of at least 1, or a pair of them."
            " Give `kernel_size` as a whole number of pixels.",
        ),
        (
            lambda: Conv2d(3, 8, 3, stride=None),
            "Conv2d: `stride` is None, expected an integer of at least 1, or a pair of them."
            " Give `stride` as a whole number of pixels.",
        ),
        (
            lambda: Conv2d(3, 8, 3, padding=-1),
            "Conv2d: `padding` is -1, expected an integer of at least 0, or a pair of them."
            " Give `padding` as a whole number of pixels.",
        ),
        (
            lambda: Conv2d(3, 8, 3, padding="Same"),
            "Conv2d: `padding` is 'Same', expected a number, 'valid', 'same' (torch's) or 'keras-same'."
            " Give one of these.",
        ),
        (
            lambda: Conv2d(3, 8, 3, stride=2, padding="same"),
            "Conv2d: `padding` is 'same' with stride (2, 2), expected stride 1: torch's 'same' exists for"
            " stride 1 only. Give the padding as a number, or 'keras-same'.",
        ),
        (
            lambda: MaxPool2d(2, dilation=0),
            "MaxPool2d: `dilation` is 0, expected an integer of at least 1, or a pair of them."
            " Give `dilation` as a whole number of pixels.",
        ),
        (
            lambda: MaxPool2d("2"),
            "MaxPool2d: `kernel_size` is '2', expected an integer of at least 1, or a pair of them."
            " Give `kernel_size` as a whole number of pixels.",
        ),
        (
            lambda: AvgPool2d(3, padding=2),
            "AvgPool2d: `padding` is 2, expected at most 1, half of the kernel."
            " Use a larger kernel or less padding.",
        ),
        (
            lambda: Linear(2048, 0),
            "Linear: `out_features` is 0, expected an integer of at least 1."
            " Give `out_features` as a whole number.",
        ),
        (
            lambda: BatchNorm1d("10"),
            "BatchNorm1d: `num_features` is '10', expected an integer of at least 1."
            " Give `num_features` as a whole number.",
        ),
        (
            lambda: Dropout(50),
            "Dropout: `p` is 50, expected a probability from 0 to 1. Give 0.5 for one half.",
        ),
    ],
)
def test_a_layer_that_cannot_be_is_refused_when_it_is_made(make, message):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert message == str(caught.value)


@pytest.mark.parametrize("layer", EVERY_LAYER, ids=lambda layer: type(layer).__name__)
def test_layers_are_values(layer):
    twin = eval(repr(layer), vars(layers))
    assert {layer: 1}[twin] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer.kernel_size = 9


def test_layers_of_different_kinds_or_numbers_differ():
    assert len(set(EVERY_LAYER)) == len(EVERY_LAYER)
    assert Conv2d(3, 8, 5) != Conv2d(3, 8, 5, padding=2)
    assert ReLU() != ReLU6()
    assert BatchNorm1d(8) != BatchNorm2d(8)
