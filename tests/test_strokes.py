"""Pen strokes as images: where the ink lies, how bright it is, and MNIST's form."""

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from cnnkit import strokes
from cnnkit.errors import ArgumentError, ShapeError

FOUR = [[(9, 5), (7, 15), (20, 15)], [(17, 5), (16, 24)]]
FINE = 16


def supersampled(lines, size, width):
    """Draw with Pillow, many times as large, and average."""
    large = Image.new("L", (size * FINE, size * FINE))
    pen = ImageDraw.Draw(large)
    for line in lines:
        points = [(x * FINE, y * FINE) for x, y in line]
        pen.line(points, 255, round(width * FINE))
        for x, y in points:
            reach = width * FINE / 2
            pen.ellipse((x - reach, y - reach, x + reach, y + reach), 255)
    return np.asarray(large).reshape(size, FINE, size, FINE).mean(axis=(1, 3))


@pytest.mark.parametrize("width", [1.5, 2.5, 5])
def test_a_pixel_is_as_bright_as_the_pen_covers_it(width):
    ours = strokes.draw(FOUR, width=width).astype(float)
    off = np.abs(ours - supersampled(FOUR, 28, width))
    assert off.mean() < 3
    assert off.max() < 0.3 * 255  # at corners, where a disc covers less than a straight edge


def test_x_is_to_the_right_and_y_is_down():
    image = strokes.draw([[(20, 5)]])
    assert np.unravel_index(image.argmax(), image.shape) in {(4, 19), (5, 20), (4, 20), (5, 19)}


def test_strokes_cover_each_other_without_adding_up():
    once, twice = strokes.draw(FOUR), strokes.draw(FOUR + FOUR)
    assert np.array_equal(once, twice)


points = st.tuples(st.floats(-40, 80), st.floats(-40, 80))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(points, min_size=1, max_size=5), min_size=1, max_size=4), st.floats(1, 4))
def test_centred_drawings_have_their_centre_of_mass_in_the_middle(lines, width):
    image = strokes.draw(lines, width=width, centred=True).astype(float)
    places = np.arange(28) + 0.5
    middle = np.array([image.sum(axis=0) @ places, image.sum(axis=1) @ places]) / image.sum()
    assume(not image[[0, -1]].any() and not image[:, [0, -1]].any())  # nothing was cut off
    assert np.abs(middle - 14).max() < 0.1


@pytest.mark.parametrize("scale", [0.1, 1, 3])
def test_centred_drawings_are_20_pixels_high_whatever_their_size_was(scale):
    image = strokes.draw([scale * np.array(line) for line in FOUR], centred=True)
    rows = np.flatnonzero(image.max(axis=1) >= 128)
    assert abs(len(rows) - 20) <= 1
    assert abs(image.max(axis=1).astype(float).sum() / 255 - 20) < 1


def test_a_single_point_is_a_dot_in_the_middle():
    image = strokes.draw([[(3, 3)]], width=4, centred=True)
    assert np.array_equal(image, image[::-1, ::-1])
    assert abs(image.sum() / 255 - np.pi * 4) < 1.5


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        (([],), ArgumentError, "`strokes` is 0 strokes, expected 1 to 1000. Write a list of strokes"),
        ((3,), ArgumentError, "`strokes` is 3, expected 1 to 1000. Write a list of strokes"),
        (
            ([(14, 4), (14, 24)],),
            ShapeError,
            "`strokes[0]` is (14, 4), expected points (x, y), two numbers each. A single stroke stands in a"
            " list of its own: [[(14, 4), (14, 24)]].",
        ),
        (([["ab"]],), ShapeError, "`strokes[0]` is ['ab'], expected points (x, y)"),
        (([[]],), ShapeError, "`strokes[0]` is [], expected points (x, y)"),
        (([[(1, np.nan)]],), ArgumentError, "`strokes[0]` holds a number that is not finite"),
        (([np.zeros((100_001, 2))],), ArgumentError, "holds 100,001 points, expected at most 100,000."),
        (
            (FOUR, 7),
            ArgumentError,
            "`size` is 7, expected a whole number of pixels at least 8. Write size=28.",
        ),
        ((FOUR, 28.5), ArgumentError, "`size` is 28.5, expected a whole number of pixels at least 8."),
        ((FOUR, 28, 0), ArgumentError, "`width` is 0, expected a number of pixels above 0. Write width=2.5."),
        ((FOUR, 28, "thin"), ArgumentError, "`width` is 'thin', expected a number of pixels above 0."),
    ],
)
def test_what_cannot_be_drawn_is_said_with_its_cure(arguments, kind, text):
    with pytest.raises(kind, match=re.escape(text)) as error:
        strokes.draw(*arguments)
    assert str(error.value).startswith("draw: ")


def test_degrees_turn_a_drawing_counterclockwise_as_numpy_does():
    upright = strokes.draw(FOUR)
    for quarters in range(4):
        assert np.array_equal(np.rot90(upright, quarters), strokes.draw(FOUR, degrees=90 * quarters))


def test_a_drawing_is_turned_before_it_is_centred():
    assert np.array_equal(
        np.rot90(strokes.draw(FOUR, centred=True)), strokes.draw(FOUR, centred=True, degrees=90)
    )


@pytest.mark.parametrize("shift", [(5, 0), (0, -3), (-7, 2), (28, 0), (0, -400)])
def test_a_shift_moves_the_finished_image_and_brings_in_black(shift):
    still, (right, down) = strokes.draw(FOUR, centred=True), shift
    expected = np.zeros_like(still)
    for row, column in np.argwhere(still):
        if 0 <= row + down < 28 and 0 <= column + right < 28:
            expected[row + down, column + right] = still[row, column]
    assert np.array_equal(expected, strokes.draw(FOUR, centred=True, shift=shift))


@pytest.mark.parametrize(
    ("named", "text"),
    [
        ({"degrees": "15"}, "`degrees` is '15', expected a finite number. Write degrees=15"),
        ({"degrees": float("inf")}, "`degrees` is inf, expected a finite number."),
        ({"shift": 3}, "`shift` is 3, expected two whole numbers of pixels, to the right and down."),
        ({"shift": (1.5, 0)}, "`shift` is (1.5, 0), expected two whole numbers of pixels"),
        ({"shift": (1, 2, 3)}, "Write shift=(5, 0) to move it to the right by 5."),
    ],
)
def test_a_turn_or_a_shift_that_is_none_is_refused(named, text):
    with pytest.raises(ArgumentError) as refused:
        strokes.draw(FOUR, **named)
    assert text in str(refused.value)
