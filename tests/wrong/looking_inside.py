"""Notebook 06, handed in wrong."""

from __future__ import annotations

from tests.wrong.submission import Caught, Wrong

NOTEBOOK = "06-looking-inside"
# Cells that only show something, and that no question needs.
SHOWN = (
    "a-four",
    "drawings-show",
    "turn-show",
    "rotation-show",
    "activations-show",
    "neurons-show",
    "guided-show",
    "fooled-show",
)

CLASS = (
    Wrong(
        "moved-over-the-edge",
        "Moves the digit by np.roll, so that it comes back on the other side.",
        (Caught("drawings", 3, ("not-the-same-ink",)),),
        edits={"drawings": ("moved[:, 11:] = sure[:, :-11]", "moved = np.roll(sure, 13, axis=1)")},
    ),
    Wrong(
        "black-on-white",
        "Draws as on paper.",
        (Caught("drawings", 0, ("black-on-white",)),),
        edits={
            "drawings": (
                '"sure": sure, "confusing": confusing, "moved": moved',
                '"sure": 255 - sure, "confusing": 255 - confusing, "moved": 255 - moved',
            )
        },
    ),
    Wrong(
        "grey-corners",
        "Turns what nn.as_input gives, where 0 is not black.",
        (Caught("rotation", 1, ("turned-after-as-input",)),),
        edits={
            "rotation": (
                'nn.as_input("digits", turned(images, angle))',
                'torch.from_numpy(turned(nn.as_input("digits", images).numpy(), angle))',
            )
        },
    ),
    Wrong(
        "always-its-own-scale",
        "Scales each filter by itself, whatever was asked for.",
        (Caught("filter-picture", 1.5, ("always-own",)),),
        edits={"filter-picture": ("np.abs(weight).max() if shared else ", "")},
    ),
    Wrong(
        "hook-for-ever",
        "Reads the right numbers, and leaves the hook where it is.",
        (Caught("activations-of", 1.5, ("hook-left-behind",)),),
        edits={"activations-of": ("hook.remove()", "pass")},
    ),
    Wrong(
        "paddingless",
        "Forgets that padding moves the box.",
        (
            Caught("receptive-box", 0, ("padding-forgotten",)),
            Caught("favourites", 0.66, (), "unrecognised"),
        ),
        edits={"receptive-box": ("start -= padding * jump", "pass")},
    ),
    Wrong(
        "one-image-nine-times",
        "Takes the nine strongest places, also where they are in one image.",
        (
            Caught("strongest", 0.66, ("image-counted-twice",)),
            Caught("favourites", 0.92, (), "slip"),
        ),
        answers={
            "strongest": """
places = np.argsort(-values.ravel(), kind="stable")[:k]
return np.stack(np.unravel_index(places, values.shape), axis=1)
"""
        },
    ),
    Wrong(
        "deconvnet",
        "Clamps the gradient that comes in, and forgets what the image was.",
        (Caught("guided-backprop", 1, ("deconvnet",)),),
        edits={"guided-backprop": ("grad_input[0].clamp", "grad_output[0].clamp")},
    ),
    Wrong(
        "plain-saliency",
        "Registers no hook at all: the gradient looks fine.",
        (Caught("guided-backprop", 1, ("plain-saliency",)),),
        edits={"guided-backprop": ("for part in relus]", "for part in relus[:0]]")},
    ),
    Wrong(
        "hooks-left-on-the-relus",
        "Removes no hook, so that all later gradients are guided.",
        (Caught("guided-backprop", 4.25, ("hooks-left-behind",)),),
        edits={"guided-backprop": ("hook.remove()", "pass")},
    ),
    Wrong(
        "pixels-overwritten",
        "Writes the changed pixels into the images that it was given.",
        (Caught("changed", 1.77, ("changed-in-place",)),),
        edits={
            "changed": (
                "return np.where(chosen, np.where(images < 0.5, 1.0, 0.0), images)",
                "images[...] = np.where(chosen, np.where(images < 0.5, 1.0, 0.0), images)\n    return images",
            )
        },
    ),
    Wrong(
        "every-count-anew",
        "Changes only the pixel that is new at each count.",
        (
            Caught("changed", 0.66, ("not-nested",)),
            Caught("fooled", 0.33, (), "missing", said="out of bounds"),
        ),
        edits={"changed": ("order[:, :count]", "order[:, max(count - 1, 0) : count]")},
    ),
)
