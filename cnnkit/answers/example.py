"""A question for trying out how a check speaks: it belongs to no assignment, and earns nothing anywhere."""

from __future__ import annotations

from cnnkit.answers.question import Mistake, Question

__all__ = ["EXAMPLE"]

EXAMPLE = Question(
    id="numbers-in-an-image",
    code="",
    points=1,
    variable="numbers",
    ask="How many numbers is a colour image of 30 by 20 pixels?",
    method=lambda height, width, channels: height * width * channels,
    mistakes=(
        Mistake(
            "colours-forgotten",
            "pixels are counted, as if each were one number",
            "A pixel in colour has one number each for red, green and blue.",
            lambda height, width, channels: height * width,
        ),
        Mistake(
            "transparency-counted",
            "each pixel is taken to have four numbers",
            "The fourth, transparency, is not in these images: count red, green and blue.",
            lambda height, width, channels: height * width * (channels + 1),
        ),
        Mistake(
            "sides-added",
            "height and width are added",
            "Each of the rows has that many pixels: multiply.",
            lambda height, width, channels: (height + width) * channels,
        ),
        Mistake(
            "taken-as-square",
            "the image is taken to be as wide as it is high",
            "Look at both of its sides.",
            lambda height, width, channels: height * height * channels,
        ),
    ),
    inputs={"height": 30, "width": 20, "channels": 3},
)
