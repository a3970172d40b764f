"""What people forget of ``(x / 255 - mean) / std``, wherever images are made ready for a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnkit.answers.question import Mistake

__all__ = ["forgotten"]


def forgotten(prepare: Callable[..., Callable[..., Any]]) -> tuple[Mistake, ...]:
    """Return the mistakes that leave a part of the formula out.

    Parameters
    ----------
    prepare : callable
        ``prepare(normal=f)`` returns the whole method with ``f(x, mean, std)`` in place of the formula; x are
        pixels from 0 to 255.
    """
    return (
        Mistake(
            "not-divided",
            "the pixels are not divided by 255",
            "mean and std are those of pixels from 0 to 1.",
            prepare(normal=lambda x, mean, std: (x - mean) / std),
        ),
        Mistake(
            "only-divided",
            "mean and std are not used",
            "Subtract the mean of each channel and divide by its std.",
            prepare(normal=lambda x, mean, std: x / 255),
        ),
        Mistake(
            "not-scaled",
            "std is not used",
            "Divide by the std of each channel after subtracting the mean.",
            prepare(normal=lambda x, mean, std: x / 255 - mean),
        ),
    )
