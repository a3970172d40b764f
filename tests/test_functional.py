"""cnnkit.functional against torch and scipy, and on the numbers of the course."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage, signal

from cnnkit import functional
from cnnkit.errors import ShapeError
from cnnkit.functional import (
    avg_pool2d,
    conv2d,
    convolve2d,
    correlate2d,
    explain_window,
    max_pool2d,
    pad,
    relu,
    softmax,
)

IMAGE = np.array([[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]])
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
SKEW = np.array([[1, 2, 0], [0, -1, 3], [-2, 1, -1]])
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
repeatable = settings(derandomize=True, deadline=None, max_examples=60)


def assert_close(expected, actual, atol=1e-10):
    assert expected.shape == actual.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


def same_array(expected, actual):
    return np.array_equal(np.asarray(expected), actual) and actual.dtype == np.int64


# --- the numbers of the course ---------------------------------------------------------------------------


def test_sobel_by_hand_with_zero_padding():
    expected = [[2, -1, 11, -2, -13], [10, -4, 8, 2, -18], [14, -1, -5, 6, -9]]
    assert same_array(expected, correlate2d(IMAGE, SOBEL, padding=1))
    assert same_array(np.negative(expected), convolve2d(IMAGE, SOBEL, padding=1))


def test_sobel_by_hand_with_reflected_border():
    expected = [[0, 4, -16, 2, 0], [0, 4, -8, -2, 0], [0, 4, 0, -6, 0]]
    assert same_array(expected, convolve2d(IMAGE, SOBEL, padding=1, mode="reflect"))


def test_sobel_by_hand_without_padding():
    assert same_array([[-4, 8, 2]], correlate2d(IMAGE, SOBEL, padding="valid"))
    assert same_array([[4, -8, -2]], convolve2d(IMAGE, SOBEL))


def test_a_kernel_without_symmetry_tells_correlation_from_convolution():
    crossed = [[0, 2, -4, 7, -15], [-1, 4, 13, -4, 7], [24, 4, 4, 25, 3]]
    convolved = [[7, 7, 5, 17, 8], [4, 15, 5, -2, 27], [-1, -7, 1, 9, -8]]
    assert same_array(crossed, correlate2d(IMAGE, SKEW, padding="same"))
    assert same_array(convolved, convolve2d(IMAGE, SKEW, padding="same"))


def test_two_channels_and_two_filters_by_hand():
    x = [[[[1, 0, 2], [0, 1, 0], [3, 0, 1]], [[0, 1, 0], [2, 0, 1], [0, 1, 0]]]]
    weight = [[[[1, 0], [0, -1]], [[0, 2], [1, 0]]], [[[0, 1], [1, 0]], [[1, 0], [0, 1]]]]
    assert same_array([[[[5, 1], [1, 4]], [[-2, 3], [5, -2]]]], conv2d(x, weight, bias=[1, -2]))


# --- against torch and scipy -----------------------------------------------------------------------------

# x, weight, stride, padding, dilation, groups: the corners that random shapes may miss
CORNERS = [
    ((1, 1, 1, 1), (1, 1, 1, 1), 1, 0, 1, 1),  # all of size one
    ((2, 3, 5, 8), (4, 3, 5, 8), 1, 0, 1, 1),  # kernel = input
    ((2, 3, 9, 6), (4, 3, 2, 2), (5, 4), 0, 1, 1),  # stride > kernel: pixels left out
    ((1, 2, 2, 9), (3, 2, 3, 3), 1, (1, 0), 1, 1),  # fits only with its padding
    ((3, 6, 7, 5), (6, 1, 3, 3), 2, 1, 1, 6),  # depthwise
    ((2, 4, 11, 9), (6, 2, 3, 2), (2, 1), (2, 3), (3, 4), 2),  # everything at once
    ((0, 3, 5, 5), (4, 3, 3, 3), 1, 1, 1, 1),  # an empty batch
    ((1, 8, 60, 70), (5, 8, 7, 5), 1, 3, 1, 1),  # more than one block of columns
    ((2, 3, 30, 7000), (2, 3, 3, 3), 1, 1, 1, 1),  # one row is more than a block
]


def random_walk(seed):
    """Shapes and settings that fit, drawn from `seed`."""
    rng = np.random.default_rng(seed)
    groups = int(rng.choice([1, 1, 1, 2, 3]))
    kernel, stride, dilation, padding = (
        tuple(map(int, rng.integers(low, high, 2))) for low, high in ((1, 6), (1, 5), (1, 4), (0, 4))
    )
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, d, p in zip(kernel, dilation, padding, strict=True)]
    size = tuple(int(n + rng.integers(0, 8)) for n in least)
    channels, filters, batch = (int(n) for n in rng.integers(1, 4, 3))
    x, weight = (batch, channels * groups, *size), (filters * groups, channels, *kernel)
    return x, weight, stride, padding, dilation, groups


@pytest.mark.parametrize("walk", [*CORNERS, *map(random_walk, range(300))], ids=str)
def test_conv2d_matches_torch_for_every_shape_stride_padding_dilation_and_group(walk):
    shape, weight_shape, stride, padding, dilation, groups = walk
    rng = np.random.default_rng(sum(shape))
    x, weight = rng.standard_normal(shape), rng.standard_normal(weight_shape)
    bias = rng.standard_normal(weight_shape[0]) if shape[0] % 2 else None
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(x),
        torch.from_numpy(weight),
        None if bias is None else torch.from_numpy(bias),
        stride,
        padding,
        dilation,
        groups,
    ).numpy()
    assert_close(expected, conv2d(x, weight, bias, stride, padding, dilation, groups))


@pytest.mark.parametrize("kernel", [(3, 3), (2, 2), (4, 1), (1, 6), (5, 2)])
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")
def test_conv2d_same_padding_matches_torch_for_even_kernels_too(kernel, dilation):
    rng = np.random.default_rng(5)
    x, weight = rng.standard_normal((2, 3, 9, 11)), rng.standard_normal((4, 3, *kernel))
    expected = torch.nn.functional.conv2d(
        torch.from_numpy(x), torch.from_numpy(weight), padding="same", dilation=dilation
    ).numpy()
    assert_close(expected, conv2d(x, weight, padding="same", dilation=dilation))


def test_conv2d_of_integers_is_exact_and_stays_integer():
    rng = np.random.default_rng(0)
    x, weight = rng.integers(-9, 9, (2, 4, 8, 7)), rng.integers(-9, 9, (6, 2, 3, 3))
    actual = conv2d(x, weight, bias=np.arange(6), stride=2, padding=1, groups=2)
    expected = torch.nn.functional.conv2d(
        *map(torch.from_numpy, (x, weight, np.arange(6))), stride=2, padding=1, groups=2
    )
    assert same_array(expected.numpy(), actual)


def random_pool(seed):
    rng = np.random.default_rng(seed)
    kernel = tuple(map(int, rng.integers(1, 6, 2)))
    stride = None if seed % 4 == 0 else tuple(map(int, rng.integers(1, 7, 2)))
    padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
    dilation = tuple(map(int, rng.integers(1, 4, 2)))
    size = tuple(int(d * (k - 1) + 1 + rng.integers(0, 9)) for k, d in zip(kernel, dilation, strict=True))
    return (2, 3, *size), kernel, stride, padding, dilation, bool(seed % 2)


POOLS = [
    ((1, 1, 3, 3), 5, 5, 2, 1, True),  # the window is larger than the image
    ((1, 2, 3, 4), (3, 4), None, 0, 1, False),  # kernel = input
    ((1, 2, 7, 5), 2, 3, 1, 1, True),  # a last window that starts in the padding is dropped
    ((1, 1, 1, 1), 1, 1, 0, 1, False),
    ((2, 1, 9, 8), 1, 3, 0, 1, True),  # stride > kernel
    *map(random_pool, range(200)),
]


@pytest.mark.parametrize("walk", POOLS, ids=str)
def test_max_pool2d_matches_torch_also_where_all_is_negative(walk):
    shape, *how, ceil_mode = walk
    x = np.random.default_rng(1).standard_normal(shape) - 5
    expected = torch.nn.functional.max_pool2d(torch.from_numpy(x), *how, ceil_mode=ceil_mode).numpy()
    assert_close(expected, max_pool2d(x, *how, ceil_mode))


@pytest.mark.parametrize("include", [True, False])
@pytest.mark.parametrize("walk", POOLS, ids=str)
def test_avg_pool2d_matches_torch_with_and_without_its_padding(walk, include):
    shape, kernel, stride, padding, _, ceil_mode = walk
    x = np.random.default_rng(2).standard_normal(shape)
    how = (kernel, stride, padding, ceil_mode, include)
    expected = torch.nn.functional.avg_pool2d(torch.from_numpy(x), *how).numpy()
    assert_close(expected, avg_pool2d(x, *how))


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.int64])
def test_max_pool2d_of_integers_matches_torch_and_keeps_their_type(dtype):
    x = np.random.default_rng(3).integers(0, 256, (2, 3, 9, 7)).astype(dtype)
    actual = max_pool2d(x, 3, 2, 1)
    assert actual.dtype == dtype
    expected = torch.nn.functional.max_pool2d(torch.from_numpy(x.astype(np.int64)), 3, 2, 1).numpy()
    assert np.array_equal(expected, actual)


def test_max_pool2d_lets_nan_win_as_torch_does():
    x = np.array([[1.0, np.nan, 3.0, 4.0]])
    expected = torch.nn.functional.max_pool2d(torch.from_numpy(x[None]), (1, 2)).numpy()[0]
    assert np.array_equal(expected, max_pool2d(x, (1, 2)), equal_nan=True)


def test_pooling_takes_one_image_as_well_as_a_batch():
    x = np.random.default_rng(4).standard_normal((2, 3, 6, 5))
    assert np.array_equal(max_pool2d(x, 2)[1, 2], max_pool2d(x[1, 2], 2))
    assert np.array_equal(avg_pool2d(x, 3, 1, 1)[0, 1], avg_pool2d(x[0, 1], 3, 1, 1))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(40))
def test_pad_matches_torch_in_every_mode(mode, seed):
    rng = np.random.default_rng(seed)
    size = rng.integers(2, 9, 2)
    limit = {"zeros": size + 4, "reflect": size, "replicate": size + 4, "circular": size + 1}[mode]
    (top, bottom), (left, right) = rng.integers(0, limit[:, None], (2, 2)).tolist()
    x = rng.standard_normal((2, 3, *size))
    expected = torch.nn.functional.pad(torch.from_numpy(x), (left, right, top, bottom), MODES[mode]).numpy()
    assert np.array_equal(expected, pad(x, ((top, bottom), (left, right)), mode))


@pytest.mark.parametrize("mode", MODES)
def test_pad_reaches_as_far_as_torch_and_no_farther(mode):
    x = torch.arange(12.0, dtype=torch.float64).reshape(1, 1, 3, 4)
    for amount in range(7):
        try:
            expected = torch.nn.functional.pad(x, (0, 0, amount, amount), MODES[mode]).numpy()
        except RuntimeError:
            with pytest.raises(ShapeError, match="expected at most"):
                pad(x.numpy(), (amount, 0), mode)
        else:
            assert np.array_equal(expected, pad(x.numpy(), (amount, 0), mode))


def test_pad_understands_one_number_two_numbers_and_four():
    x = np.arange(6).reshape(2, 3)
    assert pad(x, 1).shape == (4, 5)
    assert pad(x, (0, 2)).shape == (2, 7)
    assert pad(x, ((1, 0), (0, 2))).shape == (3, 5)
    assert pad(x, [np.int64(1), 2]).shape == (4, 7)
    assert same_array([[0, 0, 0, 0, 0], [0, 1, 2, 0, 0], [3, 4, 5, 0, 0]], pad(x, ((1, 0), (0, 2))))


def random_pair(seed):
    rng = np.random.default_rng(seed)
    kernel = rng.standard_normal(rng.integers(1, 6, 2))
    x = rng.standard_normal(np.array(kernel.shape) + rng.integers(0, 8, 2))
    return x, kernel


@pytest.mark.parametrize("seed", range(100))
def test_correlate2d_and_convolve2d_match_scipy_without_and_with_full_padding(seed):
    x, kernel = random_pair(seed)
    full = tuple(k - 1 for k in kernel.shape)
    for ours, theirs in ((correlate2d, signal.correlate2d), (convolve2d, signal.convolve2d)):
        assert_close(theirs(x, kernel, "valid"), ours(x, kernel))
        assert_close(theirs(x, kernel, "full"), ours(x, kernel, padding=full))


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("kernel_size", [(3, 3), (5, 1), (1, 3), (3, 5)])
def test_same_padding_matches_scipy_in_every_mode(mode, kernel_size):
    rng = np.random.default_rng(9)
    x, kernel = rng.standard_normal((6, 8)), rng.standard_normal(kernel_size)
    border = {"zeros": "constant", "reflect": "mirror", "replicate": "nearest", "circular": "wrap"}[mode]
    assert_close(ndimage.correlate(x, kernel, mode=border), correlate2d(x, kernel, "same", mode))
    assert_close(ndimage.convolve(x, kernel, mode=border), convolve2d(x, kernel, "same", mode))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_softmax_matches_torch_for_huge_scores_too(axis):
    x = np.random.default_rng(6).standard_normal((3, 4, 5)) * 1000
    assert_close(torch.softmax(torch.from_numpy(x), axis).numpy(), softmax(x, axis))


@pytest.mark.parametrize("row", [[-np.inf, 0.0], [-np.inf, -np.inf], [np.inf, 0.0], [np.nan, 0.0]])
def test_softmax_of_infinite_scores_is_what_torch_says(row):
    assert np.array_equal(torch.tensor(row).double().softmax(0).numpy(), softmax(row), equal_nan=True)


# --- types -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int16, np.uint32, np.uint64, np.int64])
def test_integers_of_every_size_are_added_up_in_int64(dtype):
    largest = 1 if dtype is bool else min(np.iinfo(dtype).max, 2**40)
    x = np.full((4, 5), largest, dtype=dtype)
    expected = largest * 9
    ones = np.ones((3, 3), dtype=dtype)
    assert same_array(np.full((2, 3), expected), correlate2d(x, ones))
    assert same_array(np.full((1, 1, 2, 3), expected), conv2d(x[None, None], ones[None, None]))
    assert avg_pool2d(x, 3, 1).dtype == np.float64
    assert avg_pool2d(x, 3, 1)[0, 0] == largest


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_keep_their_precision(dtype):
    x = np.linspace(0, 1, 48, dtype=dtype).reshape(1, 3, 4, 4)
    weight = np.ones((2, 3, 3, 3), dtype=dtype)
    results = [
        conv2d(x, weight, np.ones(2, dtype)),
        correlate2d(x[0, 0], weight[0, 0]),
        max_pool2d(x, 3, 2, 1),
        avg_pool2d(x, 3, 2, 1, ceil_mode=True),
        pad(x, 1, "reflect"),
        relu(x),
        softmax(x),
    ]
    assert [dtype] * 7 == [result.dtype for result in results]


def test_half_precision_adds_up_in_single_as_torch_does():
    x, weight = np.full((1, 1, 64, 64), 0.1, np.float16), np.ones((1, 1, 64, 64), np.float16)
    expected = np.float16(np.float32(np.float16(0.1)) * 4096)
    assert expected == conv2d(x, weight)[0, 0, 0, 0] == correlate2d(x[0, 0], weight[0, 0])[0, 0]
    assert np.float16(0.1) == avg_pool2d(x, 64)[0, 0, 0, 0]


def test_a_uint8_image_with_float32_weights_gives_float32():
    image = np.full((1, 3, 5, 5), 255, np.uint8)
    y = conv2d(image, np.ones((2, 3, 5, 5), np.float32))
    assert y.dtype == np.float32
    assert y.ravel().tolist() == [255 * 75] * 2


def test_numbers_stored_the_other_way_round_are_read_correctly():
    x, weight = IMAGE.astype(">f4"), SOBEL.astype(">f4")
    y = conv2d(x[None, None], weight[None, None])
    assert y.tolist() == [[[[-4, 8, 2]]]]
    for result in (y, correlate2d(x, weight), avg_pool2d(x, 2), softmax(x)):
        assert result.dtype == np.float32


def test_no_function_changes_its_input_or_returns_a_window_on_it():
    x, weight = np.arange(16.0).reshape(1, 1, 4, 4), np.ones((1, 1, 1, 1))
    for name, call in {
        "pad": lambda: pad(x, 0),
        "conv2d": lambda: conv2d(x, weight),
        "correlate2d": lambda: correlate2d(x[0, 0], weight[0, 0]),
        "max_pool2d": lambda: max_pool2d(x, 1),
        "avg_pool2d": lambda: avg_pool2d(x, 1),
        "relu": lambda: relu(x),
        "softmax": lambda: softmax(x),
        "explain_window": lambda: explain_window(x[0, 0], weight[0, 0], 1, 1).window,
    }.items():
        assert not np.shares_memory(x, call()), name
    assert np.array_equal(np.arange(16.0).reshape(1, 1, 4, 4), x)


def test_arrays_in_any_memory_order_give_the_same_result():
    rng = np.random.default_rng(7)
    x, weight = rng.standard_normal((2, 3, 8, 9)), rng.standard_normal((4, 3, 3, 3))
    expected = conv2d(x, weight, stride=2)
    assert_close(expected, conv2d(np.asfortranarray(x), np.asfortranarray(weight), stride=2))
    assert_close(expected[:, :, ::-1], conv2d(x[:, :, ::-1][:, :, 1:], weight[:, :, ::-1], stride=2))


# --- algebra ---------------------------------------------------------------------------------------------

sizes = st.tuples(st.integers(3, 7), st.integers(3, 7))
whole = st.integers(-20, 20)
images = sizes.flatmap(lambda size: arrays(np.int64, size, elements=whole))
kernels = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda size: arrays(np.int64, size, elements=whole)
)


@repeatable
@given(images, kernels, kernels, whole, whole)
def test_correlation_is_linear_in_image_and_kernel(x, kernel, other, a, b):
    z = np.roll(x, 1, axis=0) * 3 - 1
    assert np.array_equal(
        a * correlate2d(x, kernel) + b * correlate2d(z, kernel), correlate2d(a * x + b * z, kernel)
    )
    other = np.resize(other, kernel.shape)
    assert np.array_equal(
        a * correlate2d(x, kernel) + b * correlate2d(x, other), correlate2d(x, a * kernel + b * other)
    )


@repeatable
@given(images, kernels, st.integers(0, 2), st.integers(0, 2))
def test_shifting_the_image_shifts_the_result_inside(x, kernel, down, right):
    wide = pad(x, ((down, 0), (right, 0)))
    assert np.array_equal(correlate2d(x, kernel), correlate2d(wide, kernel)[down:, right:])


@repeatable
@given(images, st.integers(0, 2), st.integers(0, 2))
def test_a_delta_kernel_picks_one_pixel_of_each_window(x, row, column):
    delta = np.zeros((3, 3), int)
    delta[row, column] = 1
    height, width = x.shape[0] - 2, x.shape[1] - 2
    assert np.array_equal(x[row : row + height, column : column + width], correlate2d(x, delta))
    row, column = 2 - row, 2 - column
    assert np.array_equal(x[row : row + height, column : column + width], convolve2d(x, delta))


@repeatable
@given(images, kernels, kernels)
def test_convolution_is_associative_and_commutes(x, kernel, other):
    full = tuple(n - 1 for n in other.shape)
    both = convolve2d(kernel, other, padding=full)
    if all(n >= k for n, k in zip(x.shape, both.shape, strict=True)):
        assert np.array_equal(convolve2d(x, both), convolve2d(convolve2d(x, kernel), other))
    full = tuple(n - 1 for n in kernel.shape)
    assert np.array_equal(both, convolve2d(other, kernel, padding=full))


@repeatable
@given(images, st.integers(1, 3))
def test_max_pooling_is_never_below_average_pooling_and_turns_with_the_sign(x, size):
    assert (max_pool2d(x, size) >= avg_pool2d(x, size)).all()
    smallest = -max_pool2d(-x, size)
    assert (smallest <= avg_pool2d(x, size)).all()
    assert np.array_equal(max_pool2d(x + 7, size), max_pool2d(x, size) + 7)


@repeatable
@given(arrays(np.float64, (3, 4), elements=st.floats(-700, 700)), st.floats(-500, 500))
def test_softmax_is_a_distribution_that_no_common_shift_changes(x, shift):
    p = softmax(x)
    assert (p >= 0).all()
    assert_close(np.ones(3), p.sum(axis=1))
    assert_close(p, softmax(x + shift), atol=1e-9)


@repeatable
@given(images)
def test_relu_splits_every_number_into_its_positive_and_negative_part(x):
    assert np.array_equal(x, relu(x) - relu(-x))
    assert (relu(x) >= 0).all()


# --- one window, by hand ---------------------------------------------------------------------------------


@repeatable
@given(images, kernels, st.sampled_from(["zeros", "replicate"]), st.booleans(), st.data())
def test_explain_window_agrees_with_the_whole_convolution(x, kernel, mode, flip, data):
    whole_result = (convolve2d if flip else correlate2d)(x, kernel, padding=1, mode=mode)
    row = data.draw(st.integers(0, whole_result.shape[0] - 1))
    col = data.draw(st.integers(0, whole_result.shape[1] - 1))
    cell = explain_window(x, kernel, row, col, padding=1, flip=flip, mode=mode)
    assert whole_result[row, col] == cell.total
    assert type(cell.total) is int
    assert np.array_equal(cell.window * cell.weight, cell.products)
    assert cell.products.sum() == cell.total


def test_explain_window_reads_as_a_student_writes():
    assert repr(explain_window(IMAGE, SKEW, 0, 4, padding=1)) == (
        "  0·1    + 0·2    + 0·0\n+ 3·0    + 1·(−1) + 0·3\n+ 7·(−2) + 0·1    + 0·(−1)\n= 0 − 1 − 14\n= −15"
    )


def test_explain_window_shows_the_turned_kernel_of_a_convolution():
    cell = explain_window(IMAGE, SKEW, 1, 1, flip=False, padding=1)
    turned = explain_window(IMAGE, SKEW, 1, 1, flip=True, padding=1)
    assert np.array_equal(SKEW, cell.weight)
    assert np.array_equal(np.rot90(SKEW, 2), turned.weight)
    assert (cell.total, turned.total) == (4, 15)


def test_explain_window_puts_negative_numbers_in_parentheses_and_keeps_one_row_on_one_line():
    assert repr(explain_window([[-3, 2]], [[-1, 4]], 0, 0)) == "  (−3)·(−1) + 2·4\n= 11"
    assert repr(explain_window([[-3, 2]], [[5, -4]], 0, 0)) == "  (−3)·5 + 2·(−4)\n= −23"
    assert repr(explain_window([[-0.0]], [[5.0]], 0, 0)) == "  0·5\n= 0"


def test_explain_window_says_when_it_rounds():
    assert repr(explain_window([[0.1, 0.2]], [[1, 1]], 0, 0)) == "  0.1·1 + 0.2·1\n= 0.3"
    assert repr(explain_window([[1.0]], [[1 / 3]], 0, 0)) == "  1·0.333333\n≈ 0.333333"


def test_what_explain_window_returns_cannot_be_changed():
    cell = explain_window(IMAGE, SOBEL, 0, 0)
    with pytest.raises(AttributeError):
        cell.total = 3
    for array in (cell.window, cell.weight, cell.products):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 3


def test_every_public_name_is_there_and_says_its_shapes():
    assert sorted(functional.__all__) == functional.__all__
    for name in functional.__all__:
        assert "Parameters" in getattr(functional, name).__doc__, name
