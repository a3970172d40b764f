"""Sentences that several questions share."""

__all__ = ["COUNT_WINDOWS", "EACH_CHANNEL", "FLIPPED", "KEEP_KERNEL"]

COUNT_WINDOWS = "Count the windows, not the steps between them."
EACH_CHANNEL = "Each kernel is as deep as its input: multiply by the number of input channels."
FLIPPED = "the kernel is flipped before it slides, which is true convolution"
KEEP_KERNEL = "Lay the kernel on the image as it is written, multiply and add."
