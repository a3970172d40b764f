"""How many pixels it takes to fool a network: A6-7."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["COUNTS", "QUESTIONS", "by_gradient"]

COUNTS = (0, 1, 2, 4, 8, 16, 32, 64, 128)
SEED, IMAGES = 6, 200
GIVEN = "the images that it was given"


def tried(changed: Callable[..., Any]) -> Callable[..., Any]:
    """Return what the notebook's `tried_change` does, for any function that changes pixels.

    The function returned takes (images, order, count). It returns what the other one gave, and whether the
    images are still what they were. A test that the student does not see has copies of them alone, and
    could not tell.
    """

    def tried_change(images: np.ndarray, order: np.ndarray, count: int) -> Any:
        given = images.copy()
        found = changed(given, order, count)
        if found is None:
            return None
        return [found, float(np.array_equal(given, images))]

    return tried_change


@dataclass(frozen=True)
class ChangedQuestion(FunctionQuestion):
    """A function that changes copies of images: what it returns, and whether the images themselves stay."""

    def label(self, entry: str) -> str:
        """Return what messages call a try."""
        return f"`{self.variable}`, {entry}" if entry == GIVEN else super().label(entry)

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return what each try gives, and then whether all of them left their images as they were."""
        runs = {probe.label: probe.outcome(method) for probe in self.probes}
        found = {name: run[0] if _is_pair(run) else run for name, run in runs.items()}
        bad = [run for run in runs.values() if not _is_pair(run)]
        return found | {GIVEN: bad[0] if bad else min(run[1] for run in runs.values())}


def _is_pair(run: Any) -> bool:
    return isinstance(run, list | tuple) and len(run) == 2 and isinstance(run[1], float)


def _farther(x: np.ndarray) -> np.ndarray:
    return np.where(x < 0.5, 1.0, 0.0)


def _changed(
    images: np.ndarray,
    order: np.ndarray,
    count: int,
    jump: Callable[[np.ndarray], np.ndarray] = _farther,
    chosen: Callable[[np.ndarray, int], np.ndarray] = lambda order, count: order[:, :count],
    by_rank: bool = False,
    columns_first: bool = False,
    channels: slice = slice(None),
) -> np.ndarray:
    """Return images (N, C, H, W) of which some pixels were changed, with something changed."""
    N, C, H, W = images.shape
    mask = np.zeros((N, H * W), bool)
    if by_rank:
        mask[:] = order < count
    else:
        np.put_along_axis(mask, chosen(order, count), True, axis=1)
    mask = mask.reshape(N, W, H).transpose(0, 2, 1) if columns_first else mask.reshape(N, H, W)
    full = np.zeros((N, C, H, W), bool)
    full[:, channels] = mask[:, None]
    return np.where(full, jump(images), images)


def _in_place(images: np.ndarray, order: np.ndarray, count: int) -> np.ndarray:
    images[...] = _changed(images, order, count)
    return images


def _first_for_all(order: np.ndarray, count: int) -> np.ndarray:
    return np.repeat(order[:1, :count], len(order), axis=0)


def _last(order: np.ndarray, count: int) -> np.ndarray:
    return order[:, order.shape[1] - count :]


def _one_more(order: np.ndarray, count: int) -> np.ndarray:
    return order[:, : count + 1]


def _only_the_last(order: np.ndarray, count: int) -> np.ndarray:
    """Return the pixel that comes new with this count: those before it are whole again."""
    return order[:, max(count - 1, 0) : count]


def _probes(rng: np.random.Generator) -> Mapping[str, Any]:
    probes = []
    for N, C, H, W, count in ((3, 1, 4, 5, 0), (4, 1, 3, 5, 6), (2, 3, 4, 2, 3), (2, 1, 3, 4, 12)):
        pixels = rng.uniform(0.02, 0.98, size=(N, C, H, W))
        order = np.stack([rng.permutation(H * W) for _ in range(N)])
        label = f"{N} images {C}×{H}×{W}, {count} pixels"
        probes.append(Probe(label, {"images": pixels, "order": order, "count": count}))
    return {"probes": tuple(probes)}


CHANGED = ChangedQuestion(
    id="changed",
    code="A6-7a",
    points=2,
    variable="changed",
    ask="Write changed(images, order, count): the first `count` pixels of each image's order are changed.",
    method=tried(_changed),
    whole=True,
    weights={GIVEN: 0.5},
    inputs=_probes(np.random.default_rng(68)),
    draw=_probes,
    mistakes=(
        Mistake(
            "one-order-for-all",
            "the first image's order is used for all images",
            "Each image has its own row of `order`.",
            tried(partial(_changed, chosen=_first_for_all)),
        ),
        Mistake(
            "one-pixel-more",
            "one pixel more is changed, so that 0 changed pixels are not the clean images",
            "Take order[:, :count].",
            tried(partial(_changed, chosen=_one_more)),
        ),
        Mistake(
            "not-nested",
            "only the newest pixel is changed, and those before it are not",
            "Whatever is changed at 4 pixels is changed at 8 as well.",
            tried(partial(_changed, chosen=_only_the_last)),
        ),
        Mistake(
            "from-the-end",
            "the last pixels of the order are changed",
            "Begin with the first.",
            tried(partial(_changed, chosen=_last)),
        ),
        Mistake(
            "order-as-rank",
            "`order` is read as each pixel's rank",
            "order[n] lists the pixels, the first to be changed first.",
            tried(partial(_changed, by_rank=True)),
        ),
        Mistake(
            "columns-first",
            "pixels are counted down the columns",
            "Pixel p stands in row p // W, column p % W.",
            tried(partial(_changed, columns_first=True)),
        ),
        Mistake(
            "mirrored",
            "a pixel becomes 1 - pixel, which changes grey hardly at all",
            "It jumps to the end that is farther away: 0 or 1.",
            tried(partial(_changed, jump=lambda x: 1 - x)),
        ),
        Mistake(
            "always-black",
            "every changed pixel becomes 0",
            "Dark pixels become 1: changing black to black changes nothing.",
            tried(partial(_changed, jump=np.zeros_like)),
        ),
        Mistake(
            "always-white",
            "every changed pixel becomes 1",
            "Bright pixels become 0.",
            tried(partial(_changed, jump=np.ones_like)),
        ),
        Mistake(
            "nearer-end",
            "a pixel goes to the end that is nearer",
            "Take the end that is farther away.",
            tried(partial(_changed, jump=lambda x: np.where(x < 0.5, 0.0, 1.0))),
        ),
        Mistake(
            "first-channel-only",
            "only the first channel of a pixel is changed",
            "A pixel is all of its channels.",
            tried(partial(_changed, channels=slice(1))),
        ),
        Mistake(
            "changed-in-place",
            "it changes the images that it was given",
            "Work on a copy, images.copy(), or build new ones with np.where.",
            tried(_in_place),
        ),
    ),
)


# --- the curve of the shipped network -----------------------------------------------------------------------


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    from cnnkit.data import load

    split = load("digits").test
    return split.images[:IMAGES] / 255, split.labels[:IMAGES]


def _accuracy(images: np.ndarray) -> float:
    import torch

    from cnnkit.nn import as_input, pretrained

    model = pretrained("digits").model
    assert model is not None
    with torch.no_grad():
        logits = model(as_input("digits", np.rint(255 * images).astype(np.uint8)))
    return float((logits.argmax(dim=1).numpy() == _digits()[1]).mean())


@cache
def _by_chance() -> np.ndarray:
    images, _ = _digits()
    rng = np.random.default_rng(SEED)
    return np.stack([rng.permutation(images[0].size) for _ in images])


@cache
def by_gradient() -> np.ndarray:
    """Return each test digit's pixels in the order of what the gradient promises, (N, 784).

    The pixel whose jump to the farther end lowers the right class's logit most comes first.
    """
    from cnnkit.nn import as_input, pretrained
    from cnnkit.nn.inspect import saliency

    images, labels = _digits()
    model = pretrained("digits").model
    assert model is not None
    gradient = saliency(model, as_input("digits", np.rint(255 * images).astype(np.uint8)), labels)
    promise = gradient * (_farther(images) - images)
    return np.argsort(promise.reshape(len(images), -1), axis=1, kind="stable")


def _curve(order: Callable[[], np.ndarray], counts: tuple[int, ...] = COUNTS, **how: Any) -> np.ndarray:
    images, _ = _digits()
    return np.array([_accuracy(_changed(images, order(), count, **how)) for count in counts])


def _half(curve: np.ndarray) -> int:
    below = np.flatnonzero(curve < 0.5)
    return COUNTS[below[0]] if len(below) else _digits()[0][0].size


@cache
def _fooled(**how: Any) -> dict[str, Any]:
    chance, gradient = (_curve(order, **how) for order in (_by_chance, by_gradient))
    return {"clean": float(chance[0]), "chance": _half(chance), "gradient": _half(gradient)}


FOOLED = Question(
    id="fooled",
    code="A6-7b",
    points=1,
    variable="fooled",
    ask="How few pixels bring the digit network below one half: chosen by chance, and by the gradient.",
    method=_fooled,
    atol=0.006,
    mistakes=(
        Mistake(
            "exchanged",
            "chance and gradient are exchanged",
            "The gradient knows where it hurts.",
            lambda: {**_fooled(), "chance": _fooled()["gradient"], "gradient": _fooled()["chance"]},
        ),
        Mistake(
            "always-black",
            "every changed pixel becomes black",
            "Most of a digit's image is black already: let each pixel jump to the farther end.",
            lambda: _fooled(jump=np.zeros_like),
        ),
        Mistake(
            "last-above-half",
            "the last count that leaves it above one half is given",
            "Give the first count at which fewer than half are right.",
            lambda: {
                name: COUNTS[COUNTS.index(value) - 1] if name != "clean" else value
                for name, value in _fooled().items()
            },
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (CHANGED, FOOLED)
