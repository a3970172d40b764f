"""cnnkit.plot: what stands in the figures, and what it says to arguments that cannot work."""

import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

mpl.use("agg")

from cnnkit import plot
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.functional import correlate2d, pad
from cnnkit.plot.canvas import CURVES, numerals, signed_colours

IMAGE = np.array([[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]])
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def shown(ax):
    return np.asarray(ax.images[0].get_array())


def colour_limits(ax):
    return ax.images[0].get_clim()


def texts(ax):
    return [text.get_text() for text in ax.texts]


def drawn(figure):
    """Render the figure, so that a picture that cannot be laid out or drawn fails here."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


# --- every figure ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Measured:
    """What a run says of one split."""

    loss: float
    accuracy: float
    loss_standard_error: float = 0.05
    standard_error: float = 0.01


def a_run(accuracies=(0.1, 0.4, 0.6), stand_in=None, every=100):
    """Return something that has a run's history."""
    rows = [
        SimpleNamespace(
            examples=every * place,
            updates=place,
            epoch=place / 2,
            cpu_seconds=1.5 * place,
            running=Measured(2 - accuracy, accuracy) if place else None,
            train=Measured(1.5 - accuracy, accuracy + 0.1),
            validation=Measured(1.6 - accuracy, accuracy),
            best=place == 1,
        )
        for place, accuracy in enumerate(accuracies)
    ]
    return SimpleNamespace(history=rows, stand_in=stand_in)


FIGURES = {
    "learning_curves": lambda: plot.learning_curves(a_run()),
    "before_after": lambda: plot.before_after({"before": [a_run()], "after": [a_run(), a_run()]}),
    "images": lambda: plot.images(np.arange(24.0).reshape(2, 3, 4)),
    "kernels": lambda: plot.kernels(SOBEL),
    "confusion": lambda: plot.confusion([[9, 1], [2, 8]]),
    "filter_grid": lambda: plot.filter_grid(np.ones((10, 3, 5, 5))),
    "matrix": lambda: plot.matrix(IMAGE, "image", (0, 0, 3, 3), padding=1),
    "history": lambda: plot.history({"training": [2.3, 1.1]}),
}


def test_there_is_a_figure_here_for_every_public_function():
    assert sorted(plot.__all__) == sorted(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_returned_drawn_no_wider_than_the_notebook_and_left_to_the_caller(name):
    import matplotlib.pyplot as plt

    before = dict(mpl.rcParams)
    figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    assert figure.get_figwidth() <= 9
    assert np.ptp(drawn(figure)[..., :3]) > 100  # not one even colour
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


def test_matplotlib_is_loaded_with_the_first_figure_and_not_before():
    code = "import sys; {}; print('matplotlib' in sys.modules)"
    for statement, loaded in (
        ("from cnnkit import plot", False),
        ("from cnnkit import plot; plot.matrix([[1]])", True),
    ):
        run = subprocess.run(
            [sys.executable, "-c", code.format(statement)], capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == str(loaded)


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_signed_colours_are_white_at_zero_and_darken_evenly_to_both_sides():
    colours = signed_colours()
    assert to_hex(colours(0.5)) in ("#ffffff", "#fefefe", "#fffefe", "#fefeff")
    for side in (np.linspace(0, 0.5, 20), np.linspace(1, 0.5, 20)):
        brightness = [luminance(colours(at)) for at in side]
        assert (np.diff(brightness) > 0).all()
    assert colours(0.1)[2] > colours(0.1)[0]  # negative: more blue than red
    assert colours(0.9)[0] > colours(0.9)[2]


def seen_without_green(colour):
    """A colour as a deuteranope sees it (Machado, Oliveira & Fernandes 2009, severity 1)."""
    matrix = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
    return np.clip(np.array(matrix) @ colour[:3], 0, 1)


def test_negative_and_positive_differ_for_the_colour_blind_too():
    colours = signed_colours()
    for strength in (0.2, 0.5, 0.9):
        low, high = (seen_without_green(colours(0.5 + sign * strength / 2)) for sign in (-1, 1))
        assert np.abs(low - high).max() > 0.2
    assert len(set(CURVES)) == len(CURVES)


def test_numbers_in_cells_share_their_decimals_and_have_a_true_minus():
    assert numerals(np.array([[1, -2]])) == ["1", "−2"]
    assert numerals(np.array([0.001, -0.5, -0.0004])) == ["0.001", "−0.500", "0.000"]
    assert numerals(np.array([12.345, 1.0])) == ["12.3", "1.0"]
    assert numerals(np.array([2.5e-7, np.nan])) == ["2.5e−07", "nan"]
    assert numerals(np.array([-0.0])) == ["0"]


# --- images ----------------------------------------------------------------------------------------------


def test_images_shows_each_image_as_it_is(rng):
    x = rng.standard_normal((5, 6, 9))
    figure = plot.images(x, titles=list("abcde"), columns=3)
    assert len(figure.axes) == 5
    for image, ax, title in zip(x, figure.axes, "abcde", strict=True):
        assert np.array_equal(image, shown(ax))
        assert ax.get_title() == title
    assert [ax.get_subplotspec().rowspan.start for ax in figure.axes] == [0, 0, 0, 1, 1]


def test_images_share_black_and_white_unless_told_otherwise(rng):
    x = np.stack([rng.random((4, 4)), 10 * rng.random((4, 4)), np.full((4, 4), 3.0)])
    shared = plot.images(x)
    assert {colour_limits(ax) for ax in shared.axes} == {(x.min(), x.max())}
    assert shared.get_supxlabel() == f"black {x.min():.3g}, white {x.max():.3g}"
    own = plot.images(x, scale="own")
    ranges = [(x[0].min(), x[0].max()), (x[1].min(), x[1].max()), (2.0, 4.0)]
    assert [colour_limits(ax) for ax in own.axes] == ranges
    assert own.get_supxlabel() == "black and white: smallest and largest value of each image"


def test_images_of_bytes_run_from_0_to_255():
    figure = plot.images(np.full((2, 3, 3), 40, np.uint8))
    assert [colour_limits(ax) for ax in figure.axes] == [(0, 255)] * 2


def test_images_takes_colours_first_or_last_as_bytes_or_floats(rng):
    x = rng.integers(0, 256, (2, 3, 6, 7)).astype(np.uint8)
    first = [shown(ax) for ax in plot.images(x).axes]
    last = [shown(ax) for ax in plot.images(x.transpose(0, 2, 3, 1)).axes]
    floats = [shown(ax) for ax in plot.images(x / 255).axes]
    for image, a, b, c in zip(x, first, last, floats, strict=True):
        assert np.array_equal(image.transpose(1, 2, 0) / 255, a)
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)


def test_images_takes_one_channel_first_or_last_and_single_images(rng):
    x = rng.random((1, 6, 7))
    for form in (x, x[0], x[:, None], x[..., None], [x[0]], [x], [x[0][..., None]]):
        (ax,) = plot.images(form).axes
        assert np.array_equal(x[0], shown(ax))


def test_images_of_different_sizes_come_as_a_list(rng):
    small, large, colour = rng.random((4, 5)), rng.random((9, 8)), rng.random((3, 6, 6))
    figure = plot.images([small, large, colour])
    assert [shown(ax).shape for ax in figure.axes] == [(4, 5), (9, 8), (6, 6, 3)]
    assert {colour_limits(ax) for ax in figure.axes[:2]} == {
        (min(small.min(), large.min()), max(small.max(), large.max()))
    }


def test_images_outlines_the_pixels_of_each_box(rng):
    boxes = [(slice(0, 3), slice(2, 7)), (slice(4, 8), slice(0, 8))]
    figure = plot.images(rng.integers(0, 256, (2, 3, 8, 8), dtype=np.uint8), boxes=boxes)
    corners = [ax.patches[0].get_bbox().extents.tolist() for ax in figure.axes]
    assert [[1.5, -0.5, 6.5, 2.5], [-0.5, 3.5, 7.5, 7.5]] == corners
    assert np.ptp(drawn(figure)[..., :3]) > 100


def test_images_ignores_nan_and_infinity_when_it_sets_black_and_white():
    figure = plot.images([[1.0, np.nan], [np.inf, 5.0]])
    assert colour_limits(figure.axes[0]) == (1, 5)
    drawn(figure)


# --- kernels ---------------------------------------------------------------------------------------------


def test_kernels_writes_the_numbers_and_centres_the_colours_on_zero():
    figure = plot.kernels(SOBEL)
    kernel, bar = figure.axes
    assert np.array_equal(SOBEL, shown(kernel))
    assert texts(kernel) == ["−1", "0", "1", "−2", "0", "2", "−1", "0", "1"]
    assert colour_limits(kernel) == (-2, 2)
    assert [label.get_text() for label in bar.get_yticklabels()] == ["−2", "0", "2"]


def test_kernels_share_one_scale_or_state_their_own(rng):
    weight = rng.standard_normal((3, 3, 3)) * np.array([1, 5, 0.1])[:, None, None]
    most = np.abs(weight).max(axis=(1, 2))
    shared = plot.kernels(weight)
    assert len(shared.axes) == 4
    assert [colour_limits(ax) for ax in shared.axes[:3]] == [(-most.max(), most.max())] * 3
    own = plot.kernels(weight, scale="own")
    assert len(own.axes) == 3
    assert [colour_limits(ax) for ax in own.axes] == [(-m, m) for m in most]
    assert [ax.get_xlabel() for ax in own.axes] == [f"±{m:.3g}" for m in most]


def test_kernels_with_channels_have_a_row_for_each_filter(rng):
    weight = rng.standard_normal((2, 3, 3, 3))
    *axes, _ = plot.kernels(weight).axes
    assert len(axes) == 6
    for (f, c), ax in zip(np.ndindex(2, 3), axes, strict=True):
        assert np.array_equal(weight[f, c], shown(ax))
        assert ax.get_title() == f"filter {f}, channel {c}"
        assert (ax.get_subplotspec().rowspan.start, ax.get_subplotspec().colspan.start) == (f, c)


def test_kernels_leaves_out_numbers_that_could_not_be_read(rng):
    *axes, _ = plot.kernels(rng.standard_normal((8, 7, 7))).axes
    assert [texts(ax) for ax in axes] == [[]] * 8


def test_numbers_stand_out_from_the_colour_behind_them():
    kernel = np.linspace(-1, 1, 25).reshape(5, 5)
    ax = plot.kernels(kernel).axes[0]
    for value, text in zip(kernel.ravel(), ax.texts, strict=True):
        pair = luminance(ax.images[0].to_rgba(value)), luminance(mpl.colors.to_rgb(text.get_color()))
        assert (max(pair) + 0.05) / (min(pair) + 0.05) > 3, value  # WCAG's ratio for large text


def test_kernels_that_are_all_zero_are_white():
    ax = plot.kernels(np.zeros((2, 2))).axes[0]
    assert colour_limits(ax) == (-1, 1)
    assert texts(ax) == ["0"] * 4


# --- confusion -------------------------------------------------------------------------------------------


def test_confusion_writes_the_counts_and_colours_the_shares_of_each_row():
    counts = np.array([[90, 10, 0], [0, 1, 3], [0, 0, 0]])
    figure = plot.confusion(counts, ["cat", "dog", "ship"])
    (ax,) = figure.axes
    assert [f"{n}" for n in counts.ravel()] == texts(ax)
    assert np.allclose([[0.9, 0.1, 0], [0, 0.25, 0.75], [0, 0, 0]], shown(ax))
    assert ["cat", "dog", "ship"] == [label.get_text() for label in ax.get_yticklabels()]
    assert ("answer", "label") == (ax.get_xlabel(), ax.get_ylabel())
    assert figure.get_supxlabel().startswith("91 of 104 right")


def test_confusion_of_many_classes_leaves_the_zeros_out():
    (ax,) = plot.confusion(np.eye(30, dtype=int) * 1234).axes
    assert ["1,234"] * 30 == texts(ax)
    assert [str(n) for n in range(30)] == [label.get_text() for label in ax.get_xticklabels()]


# --- filter_grid -----------------------------------------------------------------------------------------


def tile(mosaic, number, across, size):
    row, column = divmod(number, across)
    return mosaic[row * size : (row + 1) * size, column * size : (column + 1) * size]


@pytest.mark.parametrize("scale", ["shared", "own"])
def test_filter_grid_colours_are_half_plus_weight_over_twice_the_largest(rng, scale):
    weight = rng.standard_normal((10, 3, 5, 5)) * np.arange(1, 11)[:, None, None, None]
    most = np.abs(weight).max(axis=(1, 2, 3)) if scale == "own" else np.full(10, np.abs(weight).max())
    (ax,) = plot.filter_grid(weight, columns=4, scale=scale).axes
    mosaic = shown(ax)
    assert mosaic.shape == (15, 20, 3)
    for n in range(10):
        expected = 0.5 + weight[n].transpose(1, 2, 0) / (2 * most[n])
        np.testing.assert_allclose(tile(mosaic, n, 4, 5), expected, atol=1e-12)
    assert (tile(mosaic, 10, 4, 5) == 1).all()  # no eleventh filter: white
    assert mosaic.min() >= 0
    assert mosaic.max() <= 1


def test_filter_grid_of_one_channel_shows_the_weights_themselves(rng):
    weight = rng.standard_normal((5, 1, 3, 3))
    ax, _ = plot.filter_grid(weight, columns=3).axes
    mosaic = shown(ax)
    for n in range(5):
        assert np.array_equal(weight[n, 0], tile(mosaic, n, 3, 3))
    assert np.ma.getmaskarray(ax.images[0].get_array())[3:, 6:].all()
    most = np.abs(weight).max()
    assert colour_limits(ax) == (-most, most)


def test_filter_grid_of_many_channels_has_a_row_for_each_filter(rng):
    weight = rng.standard_normal((4, 7, 3, 2))
    ax, _ = plot.filter_grid(weight).axes
    assert shown(ax).shape == (12, 14)
    for f, c in np.ndindex(4, 7):
        assert np.array_equal(weight[f, c], shown(ax)[f * 3 : f * 3 + 3, c * 2 : c * 2 + 2])
    assert [label.get_text() for label in ax.get_yticklabels()] == list("0123")
    assert [label.get_text() for label in ax.get_xticklabels()] == list("0123456")
    assert (ax.get_ylabel(), ax.get_xlabel()) == ("filter", "input channel")


def test_filter_grid_lets_each_filter_be_found_by_its_number():
    (ax,) = plot.filter_grid(np.ones((20, 3, 7, 7)), columns=8).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "8", "16"]
    assert [label.get_text() for label in ax.get_xticklabels()] == [f"+{n}" for n in range(8)]
    assert ax.get_yticks().tolist() == [3, 10, 17]  # the middle of each tile


def test_filter_grid_states_its_scale():
    weight = np.ones((2, 3, 3, 3)) * np.array([0.5, 2])[:, None, None, None]
    assert plot.filter_grid(weight).get_supxlabel().replace("\n", " ") == (
        "one scale for all filters: full colour is ±2; mid-grey is 0"
    )
    assert plot.filter_grid(weight[:, :1], scale="own").get_supxlabel().replace("\n", " ") == (
        "each filter has its own scale: its largest |weight| (0.5 to 2) is full colour; white is 0"
    )


# --- matrix ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_matrix_writes_every_number_and_shades_the_padding(mode):
    (ax,) = plot.matrix(IMAGE, "image", padding=1, mode=mode).axes
    padded = pad(IMAGE, 1, mode)
    assert texts(ax) == [str(value) for value in padded.ravel()]
    assert [(text.get_position()) for text in ax.texts] == [(c, r) for r, c in np.ndindex(5, 7)]
    white = (shown(ax) == 1).all(axis=-1)
    assert np.array_equal(pad(np.ones((3, 5), bool), 1), white)
    assert ax.get_title() == "image"


def outlines(ax):
    boxes = [(p.get_y() + 0.5, p.get_x() + 0.5, p.get_height(), p.get_width()) for p in ax.patches]
    return [tuple(map(int, box)) for box in boxes]


def test_matrix_outlines_the_window_of_an_output_cell():
    (ax,) = plot.matrix(IMAGE, highlight=(0, 1, 3, 3), padding=1).axes
    assert outlines(ax) == [(1, 1, 3, 5), (0, 1, 3, 3)]  # the matrix itself, then the window
    untouched = shown(plot.matrix(IMAGE, padding=1).axes[0])
    tinted = (shown(ax) != untouched).any(axis=-1)
    expected = np.zeros((5, 7), bool)
    expected[0:3, 1:4] = True
    assert np.array_equal(expected, tinted)


def test_matrices_stand_side_by_side_with_cells_of_one_size():
    result = correlate2d(IMAGE, SOBEL, padding=1)
    figure = plot.matrix(
        [IMAGE, SOBEL, result],
        ["image", "kernel", "result"],
        [(0, 1, 3, 3), None, (0, 1)],
        [1, 0, 0],
        between=["∗", "="],
    )
    assert [ax.get_title() for ax in figure.axes] == ["image", "kernel", "result"]
    assert texts(figure.axes[2]) == [str(value).replace("-", "−") for value in result.ravel()]
    assert [outlines(ax)[1:] for ax in figure.axes] == [[(0, 1, 3, 3)], [], [(0, 1, 1, 1)]]
    assert [text.get_text() for text in figure.texts] == ["∗", "="]
    inches = figure.get_size_inches()
    for ax, shape in zip(figure.axes, [(5, 7), (3, 3), (3, 5)], strict=True):
        width, height = ax.get_position().size * inches
        assert width / shape[1] == pytest.approx(0.5)
        assert height / shape[0] == pytest.approx(0.5)


def test_a_wide_matrix_is_made_to_fit():
    figure = plot.matrix(np.arange(32)[None] * 1000)
    assert figure.get_figwidth() == pytest.approx(9)
    (ax,) = figure.axes
    drawn(figure)
    cell = ax.get_window_extent().width / 32
    assert max(text.get_window_extent().width for text in ax.texts) < cell


# --- history ---------------------------------------------------------------------------------------------


def test_history_draws_each_curve_where_it_was_measured():
    curves = {"training": [2.3, 1.1, 0.9, 0.8], "validation": [2.2, 1.0]}
    figure = plot.history(
        curves,
        x={"training": [0, 100, 200, 300], "validation": [0, 300]},
        xlabel="examples seen",
        ylabel="loss (nats)",
        title="run 1",
    )
    (ax,) = figure.axes
    assert [line.get_label() for line in ax.lines] == ["training", "validation"]
    assert ax.lines[0].get_xydata().tolist() == [[0, 2.3], [100, 1.1], [200, 0.9], [300, 0.8]]
    assert ax.lines[1].get_xydata().tolist() == [[0, 2.2], [300, 1.0]]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left")) == (
        "examples seen",
        "loss (nats)",
        "run 1",
    )
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]


def test_history_counts_epochs_from_one_and_marks_whole_ones_only():
    figure = plot.history({"a": [3, 2, 1], "b": [3, 1]})
    (ax,) = figure.axes
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 2, 3], [1, 2]]
    drawn(figure)
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_history_curves_can_be_told_apart_without_colour():
    figure = plot.history({str(n): [n, n + 1] for n in range(7)})
    lines = figure.axes[0].lines
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 7
    assert len({line.get_color() for line in lines}) == 7


def test_history_of_many_points_has_no_markers_and_nan_is_a_gap():
    values = np.linspace(2, 1, 500)
    values[100:110] = np.nan
    figure = plot.history({"loss": values})
    line = figure.axes[0].lines[0]
    assert line.get_marker() in ("None", "")
    assert np.array_equal(values, line.get_ydata(), equal_nan=True)
    drawn(figure)


# --- error texts -----------------------------------------------------------------------------------------

ERRORS = [
    (
        ShapeError, lambda: plot.images(np.zeros(5)),
        "images: `x` has shape (5,), expected (H, W), (N, H, W), (N, C, H, W) or (N, H, W, C) with at least"
        " one image. A single colour image is x[None].",
    ),
    (
        ShapeError, lambda: plot.images(np.zeros((0, 28, 28))),
        "images: `x` has shape (0, 28, 28), expected (H, W), (N, H, W), (N, C, H, W) or (N, H, W, C) with at"
        " least one image. A single colour image is x[None].",
    ),
    (
        ArgumentError, lambda: plot.images(np.zeros((2, 8, 8)), boxes=[(slice(0, 3), slice(0, 3))]),
        "images: `boxes` is 1 long, expected 2 pairs of slices (rows, columns), one for each image. Give"
        " the `boxes` of top_patches with its `images`.",
    ),
    (
        ArgumentError, lambda: plot.images(np.zeros((1, 8, 8)), boxes=[(0, 3)]),
        "images: `boxes` is 1 long, expected 1 pairs of slices (rows, columns), one for each image. Give"
        " the `boxes` of top_patches with its `images`.",
    ),
    (
        ShapeError, lambda: plot.confusion(np.ones((2, 3))),
        "confusion: `counts` has shape (2, 3), expected (K, K), K from 1 to 30. Take what nn.confusion_matrix"
        " returns.",
    ),
    (
        ArgumentError, lambda: plot.confusion([[0.5, 0.5], [0, 1]]),
        "confusion: `counts` holds numbers that are no counts, expected whole numbers of at least 0. Take"
        " what nn.confusion_matrix returns.",
    ),
    (
        ArgumentError, lambda: plot.confusion([[1, 0], [0, 1]], ["cat"]),
        "confusion: `classes` is 1 long, expected 2: one for each class. Give a list of 2 strings.",
    ),
    (
        ShapeError, lambda: plot.images(np.zeros((2, 16, 8, 8))),
        "images: an image has shape (16, 8, 8), expected (H, W), or 1 or 3 channels first or last, none of"
        " them empty. Draw the channels of a feature map as separate images: x[0].",
    ),
    (
        ShapeError, lambda: plot.images(np.zeros((60000, 28, 28), np.uint8)),
        "images: `x` holds 60000 images, expected at most 256. Show a part: x[:64].",
    ),
    (
        ShapeError, lambda: plot.images([[1, 2], [3]]),
        "images: `x` has rows of different lengths, expected a rectangle of numbers."
        " Give every row the same length.",
    ),
    (
        ShapeError, lambda: plot.images([[[1, 2], [3]], [[1]]]),
        "images: `x[0]` has rows of different lengths, expected a rectangle of numbers."
        " Give every row the same length.",
    ),
    (
        ArgumentError, lambda: plot.images(np.array([[[[-2.0]], [[0]], [[1]]]])),
        "images: `x` has colours from -2 to 1, expected 0 to 1 for float64."
        " Undo the normalisation first: x * std + mean.",
    ),
    (
        ArgumentError, lambda: plot.images(np.full((1, 3, 2, 2), 256)),
        "images: `x` has colours from 256 to 256, expected 0 to 255 for int64."
        " Undo the normalisation first: x * std + mean.",
    ),
    (
        ArgumentError, lambda: plot.images(np.zeros((3, 4, 4)), titles=["a", "b"]),
        "images: `titles` is 2 long, expected 3: one for each image. Give a list of 3 strings.",
    ),
    (
        ArgumentError, lambda: plot.images(np.zeros((3, 4, 4)), titles=7),
        "images: `titles` is 7, expected 3: one for each image. Give a list of 3 strings.",
    ),
    (
        ArgumentError, lambda: plot.images(np.zeros((3, 4, 4)), columns=0),
        "images: `columns` is 0, expected a whole number of at least 1. Write for instance columns=1.",
    ),
    (
        ArgumentError, lambda: plot.images(IMAGE, scale="each"),
        "images: `scale` is 'each', expected 'shared' (one colour scale for all) or 'own' (each its own)."
        " Use scale='shared' to compare sizes, scale='own' to see patterns.",
    ),
    (
        ArgumentError, lambda: plot.images([["a", "b"]]),
        "images: `x` holds text (dtype <U1), expected real numbers."
        " Convert it first: np.array(x, dtype=float).",
    ),
    (
        ShapeError, lambda: plot.kernels([1, 2, 3]),
        "kernels: `weight` has shape (3,), expected (kH, kW), (F, kH, kW) or (F, C, kH, kW), nothing empty."
        " Write a single row as [[1, 2, 3]].",
    ),
    (
        ShapeError, lambda: plot.kernels(np.ones((64, 3, 3, 3))),
        "kernels: `weight` holds 192 kernels, expected at most 64."
        " Use filter_grid, or show a part: weight[:8].",
    ),
    (
        ShapeError, lambda: plot.filter_grid(np.ones((8, 3, 3))),
        "filter_grid: `weight` has shape (8, 3, 3), expected (F, C, kH, kW), nothing empty."
        " Single kernels (F, kH, kW) are weight[:, None].",
    ),
    (
        ShapeError, lambda: plot.filter_grid(np.ones((512, 512, 1, 1))),
        "filter_grid: `weight` has 512 × 512 kernels, expected at most 8192. Show a part: weight[:64, :64].",
    ),
    (
        ShapeError, lambda: plot.matrix([1, 2, 3]),
        "matrix: `x` has 1 axis, shape (3,), expected 2: (H, W). Pick one channel, as in x[0].",
    ),
    (
        ShapeError, lambda: plot.matrix(np.ones((28, 28))),
        "matrix: `x` with its padding has shape (28, 28), expected at most (24, 32) to be legible."
        " Use images, or show a part: x[:10, :10].",
    ),
    (
        ArgumentError, lambda: plot.matrix(IMAGE, highlight=(1, 3, 3, 3)),
        "matrix: `highlight` is (1, 3, 3, 3), expected (row, column) or (row, column, height, width) inside"
        " the 3 × 5 cells that are drawn. Count from 0, padding included.",
    ),
    (
        ArgumentError, lambda: plot.matrix(IMAGE, highlight=3),
        "matrix: `highlight` is 3, expected (row, column) or (row, column, height, width) inside"
        " the 3 × 5 cells that are drawn. Count from 0, padding included.",
    ),
    (
        ArgumentError, lambda: plot.matrix(IMAGE, highlight=(-1, 0)),
        "matrix: `highlight` is -1, expected a whole number of at least 0. Write for instance highlight=0.",
    ),
    (
        ArgumentError, lambda: plot.matrix([IMAGE, SOBEL], padding=1),
        "matrix: `padding` is 1, expected a list of 2: one for each matrix. Write 0 for a matrix without.",
    ),
    (
        ArgumentError, lambda: plot.matrix([IMAGE, SOBEL], highlight=(0, 0, 3, 3)),
        "matrix: `highlight` is (0, 0, 3, 3), expected a list of 2: one for each matrix."
        " Write None for a matrix without.",
    ),
    (
        ArgumentError, lambda: plot.matrix([IMAGE, SOBEL], title="both"),
        "matrix: `title` is 1 long, expected 2: one for each matrix. Give a list of 2 strings.",
    ),
    (
        ArgumentError, lambda: plot.history([1, 2, 3]),
        "history: `curves` is of type list, expected a dict of name to numbers."
        ' Write for instance {"training loss": [2.3, 1.1]}.',
    ),
    (
        ArgumentError, lambda: plot.history({}),
        "history: `curves` is empty, expected a dict of name to numbers."
        ' Write for instance {"training loss": [2.3, 1.1]}.',
    ),
    (
        ArgumentError, lambda: plot.history({str(n): [1, 2] for n in range(15)}),
        "history: `curves` holds 15 curves, expected at most 14 to be told apart."
        " Draw them in several figures.",
    ),
    (
        ShapeError, lambda: plot.history({"loss": 2.3}),
        "history: `curves['loss']` has shape (), expected (n,), n at least 1."
        " Give one number for each epoch.",
    ),
    (
        ShapeError, lambda: plot.history({"loss": [2.3, 1.1]}, x=[1, 2, 3]),
        "history: `x` has shape (3,) for `curves['loss']`, expected (2,): one for each of its points."
        " Give x as a dict where curves differ.",
    ),
    (
        ArgumentError, lambda: plot.history({"loss": [2.3, 1.1]}, x={"Loss": [1, 2]}),
        "history: `x` has no entry 'loss', expected one for each curve."
        " Add it, or leave x out to count 1, 2, 3.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "call", "text"), ERRORS, ids=[text[:60] for *_, text in ERRORS])
def test_what_cannot_be_drawn_says_why_and_what_to_do(kind, call, text):
    with pytest.raises(kind) as caught:
        call()
    assert text == str(caught.value)


# --- learning curves and before/after --------------------------------------------------------------------


def bands(ax):
    """Return (lower, upper) of each band, as arrays over the points."""
    found = []
    for band in ax.collections:
        corners = band.get_paths()[0].vertices
        at = np.unique(corners[:, 0])
        found.append(
            [np.array([side(corners[corners[:, 0] == x, 1]) for x in at]) for side in (np.min, np.max)]
        )
    return found


def test_learning_curves_show_three_curves_and_two_standard_errors():
    ax = plot.learning_curves(a_run(), "accuracy", x="updates").axes[0]
    running, train, validation = ax.lines[:3]
    assert [1, 2] == running.get_xdata().tolist()
    assert [0.1, 0.4, 0.6] == validation.get_ydata().tolist()
    (low, high), (below, above) = bands(ax)
    np.testing.assert_allclose(train.get_ydata() - 0.02, low)
    np.testing.assert_allclose(train.get_ydata() + 0.02, high)
    np.testing.assert_allclose(above - below, 0.04)
    assert ax.lines[3].get_xdata() == [1, 1]  # the evaluation that was kept


def test_before_and_after_are_means_over_seeds_with_their_error():
    runs = [a_run((0.1, 0.5)), a_run((0.1, 0.7))]
    ax = plot.before_after({"before": [a_run((0.1, 0.3))], "after": runs}).axes[0]
    assert ["before (1 seed)", "after (2 seeds)"] == [line.get_label() for line in ax.lines]
    np.testing.assert_allclose([0.1, 0.6], ax.lines[1].get_ydata())
    (_, _), (low, high) = bands(ax)
    np.testing.assert_allclose([0.04, 4 * np.sqrt(0.02 / 2 + 0.01**2)], high - low)


@pytest.mark.parametrize(
    "draw",
    [
        lambda run: plot.learning_curves(run, title="mine"),
        lambda run: plot.before_after({"a": [run]}, title="mine"),
    ],
)
def test_the_title_names_data_that_stand_in(draw):
    assert "mine · stand-in data: shapes10" == draw(a_run(stand_in="shapes10")).axes[0].get_title(loc="left")


def test_runs_that_cannot_be_drawn_are_named():
    with pytest.raises(ArgumentError, match=r"learning_curves: `metric` is 'los', expected one of loss, acc"):
        plot.learning_curves(a_run(), "los")
    with pytest.raises(ArgumentError, match=r"learning_curves: `run` has no history, expected at least 1"):
        plot.learning_curves(a_run(()))
    with pytest.raises(ArgumentError, match=r"before_after: the runs of `a` were evaluated after different"):
        plot.before_after({"a": [a_run(), a_run(every=50)]})
    with pytest.raises(ArgumentError, match=r"before_after: `groups` holds 0 groups, expected a dict of 1"):
        plot.before_after({})
