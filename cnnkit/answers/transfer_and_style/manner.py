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


Norm = Callable[[Array, Array], float]


def _share(new: Array, old: Array) -> float:
    return float(np.linalg.norm(new - old) / np.linalg.norm(old))


def _changes(
    share: Norm = _share,
    of: Callable[[Array], Array] = _gram,
    **differently: float,
) -> Callable[[Array], dict[str, float]]:
    """Return someone's way of measuring the four changes; entries are written with _ for a blank."""

    def method(features: Array) -> dict[str, float]:
        found = {name: share(of(change(features)), of(features)) for name, change in CHANGES.items()}
        return found | {name.replace("_", " "): value for name, value in differently.items()}

    return method


GRAM_CHANGES = Question(
    id="gram-changes",
    code="A7-4c",
    points=1,
    variable="gram_changes",
    ask="By what share of its length does the Gram matrix change when the feature maps do, in four ways?",
    method=_changes(),
    inputs={"features": np.random.default_rng(76).random((4, 6, 8))},
    mistakes=(
        Mistake(
            "of-the-maps",
            "the maps are compared, not their Gram matrices",
            "Put both through your `gram` first.",
            _changes(of=lambda features: features),
        ),
        Mistake(
            "share-of-the-new",
            "the change is divided by the length of the new Gram matrix",
            "Divide by the length of the one before the change.",
            _changes(lambda new, old: float(np.linalg.norm(new - old) / np.linalg.norm(new))),
        ),
        Mistake(
            "not-divided",
            "the change is not divided by the length of the Gram matrix",
            "A share: divide by np.linalg.norm(gram(maps)).",
            _changes(lambda new, old: float(np.linalg.norm(new - old))),
        ),
        Mistake(
            "ratio-of-lengths",
            "the lengths of the two matrices are divided, which is 1 where nothing has changed",
            "Take the length of the difference.",
            _changes(lambda new, old: float(np.linalg.norm(new) / np.linalg.norm(old))),
        ),
        Mistake(
            "difference-of-lengths",
            "the lengths are subtracted, not the matrices",
            "Subtract first, then take the length: two different matrices may be equally long.",
            _changes(lambda new, old: float(abs(np.linalg.norm(new) / np.linalg.norm(old) - 1))),
        ),
        Mistake(
            "doubling-doubles",
            "the Gram matrix is thought to double with the activations",
            "It holds products of two of them. Try it with your function.",
            _changes(twice_as_strong=1.0),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (GRAM, CONTENT, GRAM_CHANGES)
