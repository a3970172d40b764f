"""Output sizes along one axis: torch, a brute-force count and the published formulas are the oracles."""

from fractions import Fraction
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.shapes import Axis, output_size, same_padding, shape_text

sizes = st.integers(1, 40)
kernels = st.integers(1, 11)
strides = st.integers(1, 5)
dilations = st.integers(1, 4)
pads = st.integers(0, 6)
paddings = pads | st.tuples(pads, pads)


def torch_size(layer, size):
    """Return the output length that torch computes, or None where it refuses."""
    try:
        return layer.to("meta")(torch.empty(1, 1, size, device="meta")).shape[-1]
    except RuntimeError:
        return None


def our_size(*numbers, **options):
    try:
        return output_size(*numbers, **options)
    except ShapeError:
        return None


def windows(size, kernel_size, stride, padding, dilation):
    """Return the cells of every window that lies within the padded input, found by sliding it."""
    before, after = padding if isinstance(padding, tuple) else (padding, padding)
    found, start = [], 0
    while start + dilation * (kernel_size - 1) < before + size + after:
        found.append([start + tap * dilation - before for tap in range(kernel_size)])
        start += stride
    return found


@given(sizes, kernels, strides, pads, dilations)
def test_convolutions_have_torchs_size(size, kernel_size, stride, padding, dilation):
    conv = nn.Conv1d(1, 1, kernel_size, stride, padding, dilation)
    assert torch_size(conv, size) == our_size(size, kernel_size, stride, padding, dilation)


@given(sizes, kernels, strides, st.data(), dilations, st.booleans())
def test_pooling_has_torchs_size_in_floor_and_ceil_mode(size, kernel_size, stride, data, dilation, ceil_mode):
    padding = data.draw(st.integers(0, kernel_size // 2))
    pool = nn.MaxPool1d(kernel_size, stride, padding, dilation, ceil_mode=ceil_mode)
    expected = torch_size(pool, size)
    assert expected == our_size(size, kernel_size, stride, padding, dilation, ceil_mode)


def test_every_small_pooling_has_torchs_size():
    """One by one, so that the corner where ceil_mode drops a window is surely among them."""
    for size, kernel_size, stride, dilation, ceil_mode in product(
        range(1, 10), range(1, 5), range(1, 5), (1, 2), (False, True)
    ):
        for padding in range(kernel_size // 2 + 1):
            pool = nn.MaxPool1d(kernel_size, stride, padding, dilation, ceil_mode=ceil_mode)
            numbers = (size, kernel_size, stride, padding, dilation, ceil_mode)
            assert torch_size(pool, size) == our_size(*numbers), numbers


@given(sizes, kernels, strides, paddings, dilations)
def test_output_is_the_number_of_windows_and_uncovered_is_what_they_miss(
    size, kernel_size, stride, padding, dilation
):
    axis = Axis(size, kernel_size, stride, padding, dilation)
    slid = windows(size, kernel_size, stride, padding, dilation)
    assert len(slid) == max(axis.output, 0)
    assert axis.fits == bool(slid)
    touched = {cell for window in slid for cell in window}
    assert tuple(sorted(set(range(size)) - touched)) == axis.uncovered


@given(sizes, kernels, strides, st.tuples(pads, pads), dilations)
def test_ceil_mode_reaches_the_end_but_starts_no_window_in_the_padding_behind(
    size, kernel_size, stride, padding, dilation
):
    before, after = padding
    count, end = 0, dilation * (kernel_size - 1) + 1 - stride  # where the last of `count` windows ends
    while end < before + size + after:
        count, end = count + 1, end + stride
    if (count - 1) * stride >= before + size:
        count -= 1
    assert count == max(Axis(size, kernel_size, stride, padding, dilation, ceil_mode=True).output, 0)


@given(sizes, kernels, strides, paddings, dilations)
def test_exact_size_is_one_plus_the_steps_that_the_room_allows(size, kernel_size, stride, padding, dilation):
    axis = Axis(size, kernel_size, stride, padding, dilation)
    before, after = padding if isinstance(padding, tuple) else (padding, padding)
    steps = Fraction(before + size + after - dilation * (kernel_size - 1) - 1, stride)
    assert steps + 1 == axis.exact
    assert axis.output <= axis.exact < axis.output + 1


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")
@given(sizes, kernels, dilations)
def test_torchs_same_keeps_the_size_and_pads_as_torch_does(size, kernel_size, dilation):
    before, after = same_padding(size, kernel_size, dilation=dilation)
    assert size == output_size(size, kernel_size, padding=(before, after), dilation=dilation)
    weight = torch.arange(1.0, kernel_size + 1, dtype=torch.float64).reshape(1, 1, -1)
    x = torch.arange(1.0, size + 1, dtype=torch.float64).reshape(1, 1, -1)
    padded = nn.functional.conv1d(nn.functional.pad(x, (before, after)), weight, dilation=dilation)
    expected = nn.functional.conv1d(x, weight, padding="same", dilation=dilation)
    torch.testing.assert_close(padded, expected, rtol=0, atol=0)


@given(sizes, kernels, strides)
def test_keras_same_follows_tensorflows_published_formula(size, kernel_size, stride):
    # "Notes on padding combinations", api_docs of tf.nn
    total = max(kernel_size - (stride if size % stride == 0 else size % stride), 0)
    before, after = same_padding(size, kernel_size, stride, convention="keras")
    assert (total // 2, total - total // 2) == (before, after)


@given(sizes, kernels, strides, dilations)
def test_keras_same_gives_a_window_for_every_stride_that_begins_in_the_input(
    size, kernel_size, stride, dilation
):
    padding = same_padding(size, kernel_size, stride, dilation, convention="keras")
    starts = len(range(0, size, stride))
    slid = windows(size, kernel_size, stride, padding, dilation)
    assert starts == len(slid) == output_size(size, kernel_size, stride, padding, dilation)


@pytest.mark.parametrize(
    ("axis", "text"),
    [
        (Axis(32, 5, padding=2), "floor((32 + 2·2 − 5) / 1) + 1 = floor(31) + 1 = 32"),
        (Axis(9, 7, 3, 1), "floor((9 + 2·1 − 7) / 3) + 1 = floor(4/3) + 1 = 2"),
        (Axis(28, 5, 2, (1, 2)), "floor((28 + 1 + 2 − 5) / 2) + 1 = floor(13) + 1 = 14"),
        (Axis(16, 3, dilation=4), "floor((16 + 2·0 − (4·(3 − 1) + 1)) / 1) + 1 = floor(7) + 1 = 8"),
        (Axis(5, 2, 2, ceil_mode=True), "ceil((5 + 2·0 − 2) / 2) + 1 = ceil(3/2) + 1 = 3"),
        (Axis(4, 10, 2), "floor((4 + 2·0 − 10) / 2) + 1 = floor(−3) + 1 = −2"),
    ],
)
def test_the_repr_is_the_formula_with_its_numbers(axis, text):
    assert text == repr(axis)


def test_a_last_window_that_would_start_in_the_padding_is_left_out_of_the_size():
    axis = Axis(3, 2, stride=2, padding=1, ceil_mode=True)
    assert axis.exact == 5 / 2
    assert axis.output == 2  # rounded up it would be 3, and window 2 would start behind the input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            (4, 7),
            "output_size: `kernel_size` is 7 but the input has only 4 cells (4 and padding 0+0);"
            " expected at most 4. Use a smaller kernel, or padding of at least 2 at each end.",
        ),
        (
            (4, 3, 1, 1, 4),
            "output_size: `kernel_size` is 3 with dilation 4, spanning 9 cells, but the input has only 6"
            " cells (4 and padding 1+1); expected at most 6. Use a smaller kernel, or padding of at least 3"
            " at each end.",
        ),
        (
            (2, 5, 3, 0, 1, True),
            "output_size: `kernel_size` is 5 but the input has only 2 cells (2 and padding 0+0);"
            " expected at most 4. Use a smaller kernel, or padding of at least 1 at each end.",
        ),
    ],
)
def test_a_kernel_that_does_not_fit_is_told_by_how_much(arguments, message):
    with pytest.raises(ShapeError) as caught:
        output_size(*arguments)
    assert message == str(caught.value)


@given(sizes, kernels, strides, pads, dilations, st.booleans())
def test_the_cure_that_the_message_names_cures(size, kernel_size, stride, padding, dilation, ceil_mode):
    try:
        output_size(size, kernel_size, stride, padding, dilation, ceil_mode)
    except ShapeError as error:
        enough = int(str(error).split("at least ")[1].split()[0])
        assert output_size(size, kernel_size, stride, enough, dilation, ceil_mode) >= 1
        assert our_size(size, kernel_size, stride, enough - 1, dilation, ceil_mode) is None


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [
        ("size", 0, 1),
        ("size", 28.0, 1),
        ("kernel_size", "3", 1),
        ("stride", 0, 1),
        ("stride", True, 1),
        ("dilation", -1, 1),
        ("padding", -1, 0),
        ("padding", 0.5, 0),
    ],
)
def test_numbers_that_are_no_sizes_are_refused_by_name(name, value, least):
    numbers = {"size": 28, "kernel_size": 5} | {name: value}
    with pytest.raises(ArgumentError) as caught:
        output_size(**numbers)
    assert (
        f"output_size: `{name}` is {value!r}, expected an integer of at least {least}."
        f" Give `{name}` as a whole number of pixels." == str(caught.value)
    )


def test_same_with_a_stride_is_refused_where_torch_refuses_it():
    with pytest.raises(ValueError, match="not supported for strided"):
        nn.Conv1d(1, 1, 5, stride=2, padding="same")
    message = (
        "same_padding: `stride` is 2, expected 1: torch's 'same' exists for stride 1 only."
        " Give the padding as a number, or use convention='keras'."
    )
    with pytest.raises(ShapeError) as caught:
        same_padding(28, 5, stride=2)
    assert message == str(caught.value)


def test_an_unknown_convention_is_told_the_known_ones():
    message = (
        "same_padding: `convention` is 'caffe', expected one of torch, keras. Name whose 'same' you mean."
    )
    with pytest.raises(ArgumentError) as caught:
        same_padding(28, 5, convention="caffe")
    assert message == str(caught.value)


@pytest.mark.parametrize("shape", [(), (10,), (3, 32, 32)])
def test_shape_text_is_how_python_writes_a_shape(shape):
    assert repr(shape) == shape_text(shape)
