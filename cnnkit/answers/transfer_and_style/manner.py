"""Content and manner of a picture: Gram matrices, the content loss, and what each of them sees, A7-4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["CHANGES", "QUESTIONS"]

Array = NDArray[Any]


# --- the Gram matrix ----------------------------------------------------------------------------------------


def _products(features: Array) -> Array:
    """Return the sums over all places of the products of each two channels."""
    products: Array = np.einsum("ihw,jhw->ij", features, features)
    return products


def _gram(features: Array) -> Array:
    gram: Array = _products(features) / features.size
    return gram


def _centred(features: Array) -> Array:
    return _gram(features - features.mean(axis=(1, 2), keepdims=True))


def _cosines(features: Array) -> Array:
    products = _products(features)
    lengths = np.sqrt(np.diag(products))
    cosines: Array = products / np.outer(lengths, lengths)
    return cosines


def _wrongly_reshaped(features: Array) -> Array:
    flat = features.reshape(-1, len(features))
    wrong: Array = flat.T @ flat / features.size
    return wrong


def _of_places(features: Array) -> Array:
    flat = features.reshape(len(features), -1)
    places: Array = flat.T @ flat / features.size
    return places


def _of_means(features: Array) -> Array:
    means = features.mean(axis=(1, 2))
    outer: Array = np.outer(means, means)
    return outer


def _maps(rng: np.random.Generator) -> Mapping[str, Any]:
    shapes = ((2, 3, 4), (4, 5, 3), (6, 7, 7), (1, 2, 3))
    return {
        "probes": tuple(
            Probe(f"{c} maps of {h} × {w}", {"features": rng.normal(0.5, 1, size=(c, h, w))})
            for c, h, w in shapes
        )
    }


GRAM = FunctionQuestion(
    id="gram",
    code="A7-4a",
    points=2,
    variable="gram",
    ask="Write gram(features): (C, H, W) to (C, C), mean products of each two channels, divided by C·H·W.",
    method=_gram,
    inputs=_maps(np.random.default_rng(74)),
    draw=_maps,
    mistakes=(
        Mistake(
            "not-divided",
            "the sums are not divided",
            "Divide by C·H·W, or a larger picture has more style.",
            _products,
        ),
        Mistake(
            "divided-by-places",
            "the sums are divided by the places alone",
            "Divide by the channels as well: by C·H·W.",
            lambda features: _products(features) / features[0].size,
        ),
        Mistake(
            "divided-by-channels",
            "the sums are divided by the channels alone",
            "Divide by the places as well: by C·H·W.",
            lambda features: _products(features) / len(features),
        ),
        Mistake(
            "divided-twice",
            "the sums are divided by the square of C·H·W",
            "Divide once.",
            lambda features: _gram(features) / features.size,
        ),
        Mistake(
            "places-for-channels",
            "places are multiplied with places, summed over the channels",
            "Multiply channels with channels: (C, H·W) by its transpose.",
            _of_places,
        ),
        Mistake(
            "reshaped-not-transposed",
            "the maps are reshaped to (H·W, C), which tears the channels apart",
            "reshape(C, -1) keeps each channel in a row; transpose it afterwards.",
            _wrongly_reshaped,
        ),
        Mistake(
            "centred",
            "the mean of each channel is subtracted first",
            "That is the covariance: multiply the activations as they are.",
            _centred,
        ),
        Mistake(
            "cosines",
            "each channel is divided by its length",
            "How active a channel is belongs to the style: leave the lengths as they are.",
            _cosines,
        ),
        Mistake(
            "product-of-means",
            "the means of the channels are multiplied",
            "First multiply at each place, then take the mean: what counts is being active together.",
            _of_means,
        ),
    ),
)


# --- the content loss ---------------------------------------------------------------------------------------


def _pairs(rng: np.random.Generator) -> Mapping[str, Any]:
    shapes = ((2, 3, 4), (4, 5, 3), (6, 7, 7))
    return {
        "probes": tuple(
            Probe(
                f"{c} maps of {h} × {w}",
                {"features": rng.normal(0.5, 1, (c, h, w)), "target": rng.normal(0, 1, (c, h, w))},
            )
            for c, h, w in shapes
        )
    }


def _content(features: Array, target: Array) -> float:
    return float(((features - target) ** 2).mean())


CONTENT = FunctionQuestion(
    id="content-loss",
    code="A7-4b",
    points=1,
    variable="content_loss",
    ask="Write content_loss(features, target): the mean squared difference, place by place.",
    method=_content,
    inputs=_pairs(np.random.default_rng(75)),
    draw=_pairs,
    mistakes=(
        Mistake(
            "half-the-sum",
            "half the sum is taken, as in the first paper on style transfer",
            "Here it is the mean: then pictures of all sizes have comparable losses.",
            lambda features, target: float(((features - target) ** 2).sum() / 2),
        ),
        Mistake(
            "sum",
            "the squares are added up and not divided",
            "Take the mean.",
            lambda features, target: float(((features - target) ** 2).sum()),
        ),
        Mistake(
            "not-squared",
            "the differences are not squared",
            "Differences of both signs cancel: square each before the mean.",
            lambda features, target: float((features - target).mean()),
        ),
        Mistake(
            "absolute",
            "absolute differences are averaged",
            "Square the differences.",
            lambda features, target: float(np.abs(features - target).mean()),
        ),
        Mistake(
            "root",
            "the root is taken of the mean",
            "Leave the mean of the squares as it is.",
            lambda features, target: float(np.sqrt(_content(features, target))),
        ),
        Mistake(
            "of-gram-matrices",
            "Gram matrices are compared, not the maps",
            "That is a loss of style: content is compared place by place.",
            lambda features, target: float(((_gram(features) - _gram(target)) ** 2).mean()),
        ),
        Mistake(
            "divided-by-places",
            "the sum is divided by the places alone",
            "Take the mean over everything: channels, height and width.",
            lambda features, target: float(((features - target) ** 2).sum() / features[0].size),
        ),
    ),
)


# --- what the two of them see -------------------------------------------------------------------------------


def _shuffled(features: Array) -> Array:
    order = np.random.default_rng(0).permutation(features[0].size)
    return features.reshape(len(features), -1)[:, order].reshape(features.shape)


def _one_moved(features: Array) -> Array:
    moved = features.copy()
    moved[0] = np.roll(features[0], 2, axis=-1)
    return moved


CHANGES: dict[str, Callable[[Array], Array]] = {
    "mirrored": lambda features: features[..., ::-1],
    "shuffled": _shuffled,
    "one channel moved": _one_moved,
    "twice as strong": lambda features: 2 * features,
}


def _unchanged(features: Array) -> dict[str, str]:
    right = {name: np.allclose(_gram(change(features)), _gram(features)) for name, change in CHANGES.items()}
    return {name: "yes" if same else "no" for name, same in right.items()}


def _believed(**differently: str) -> Callable[[Array], dict[str, str]]:
    """Return what someone says who is right but for these entries, written with _ for a blank."""
    return lambda features: (
        _unchanged(features) | {name.replace("_", " "): word for name, word in differently.items()}
    )


UNCHANGED = Question(
    id="gram-unchanged",
    code="A7-4c",
    points=1,
    variable="gram_unchanged",
    ask="After which changes of the feature maps is the Gram matrix the same?",
    method=_unchanged,
    inputs={"features": np.random.default_rng(76).random((4, 6, 8))},
    choices=("yes", "no"),
    mistakes=(
        Mistake(
            "knows-places",
            "the Gram matrix is thought to know where something is",
            "It sums over all places: try it with your function.",
            _believed(mirrored="no", shuffled="no"),
        ),
        Mistake(
            "shuffling-breaks-it",
            "shuffling is thought to break what mirroring does not",
            "Both put the places into another order, the same one for all channels. Try it.",
            _believed(shuffled="no"),
        ),
        Mistake(
            "channels-by-themselves",
            "each channel is thought to count by itself",
            "It holds products of two channels at the same place: move one, and they no longer meet.",
            _believed(one_channel_moved="yes"),
        ),
        Mistake(
            "strength-divided-out",
            "the strength of the activations is thought to be divided out",
            "It is divided by how many numbers there are, not by how large they are.",
            _believed(twice_as_strong="yes"),
        ),
        Mistake(
            "always",
            "no change at all is thought to reach the Gram matrix",
            "Try each with your function.",
            _believed(one_channel_moved="yes", twice_as_strong="yes"),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (GRAM, CONTENT, UNCHANGED)
