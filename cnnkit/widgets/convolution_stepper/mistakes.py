"""What a wrong prediction is told: the words of notebook 01's catalogue, and of slips in a single sum."""

from __future__ import annotations

from functools import cache

__all__ = ["SLIPS", "words"]

# Only a single cell shows these; the catalogue is about whole outputs.
SLIPS = {
    "dilation-ignored": ("the dilation is ignored", "Leave gaps: the taps are `dilation` cells apart."),
    "previous-window": ("the window stands one step too early", "Look where the frame stands now."),
    "next-window": ("the window stands one step too far", "Look where the frame stands now."),
    "sign-exchanged": (
        "the sign of the whole sum is exchanged",
        "Add the products up once more, signs first.",
    ),
    "tap-forgotten": ("the product {product} is left out", "Every cell of the kernel counts once."),
    "tap-sign": ("the product {product} is taken with the other sign", "Minus times plus is minus."),
}
UNKNOWN = "Multiply each cell in the frame with the weight that lies on it, then add up."


@cache
def words() -> dict[str, dict[str, str]]:
    """Return what completes "That is what comes out when ...", and the cures, by the mistakes' ids.

    The cure for a turned kernel depends on which kernel is right, and that for a border on the right one:
    ``cure["kernel turned"]``, ``cure["border reflect"]``.

    Examples
    --------
    >>> words()["when"]["kernel-flipped"]
    'the kernel is flipped before it slides, which is true convolution'
    """
    from cnnkit.answers.convolution_by_hand import channels, kernels
    from cnnkit.answers.wording import KEEP_KERNEL

    when = {mistake: text for mistake, (text, _) in SLIPS.items()}
    cure = {mistake: text for mistake, (_, text) in SLIPS.items()}
    for question in (*kernels.QUESTIONS, channels.TWO_CHANNELS, channels.CONV2D):
        if question.id in ("zero-padding", "sobel-valid"):
            continue  # the one is about padding alone; the other says "both"
        for mistake in question.mistakes:
            when.setdefault(mistake.id, mistake.when)
            cure.setdefault(mistake.id, mistake.cure)
    cure |= {
        "kernel as written": KEEP_KERNEL,
        "kernel turned": kernels.FLIP_BOTH,
        "border zeros": kernels.ZEROS_OUTSIDE,
        "border reflect": kernels.MIRROR,
        "border replicate": "Repeat the border cells outwards.",
        "border circular": "Let the image go on at its opposite side.",
        "unknown": UNKNOWN,
    }
    return {"when": when, "cure": cure}
