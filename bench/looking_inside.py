"""Draw what the shipped CIFAR-10 network has learnt: ``python bench/looking_inside.py``.

Three figures land in docs/results/looking_inside: the first layer's filters, what four neurons like best of
5,000 crops of two photographs, and where one of them looks. Where CIFAR-10 is (``cnnkit data get cifar10``),
it also prints of which classes 5,000 of its test images are that some neurons like best. A minute.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from cnnkit import data, nn, plot

FOLDER = Path(__file__).resolve().parents[1] / "docs/results/looking_inside"
IMAGES = 5000
LAYER, UNITS, UNIT = "conv4", (61, 5, 6, 4), 61
CLASSES_OF = (55, 15, 94, 61)  # channels that like one class


def crops() -> NDArray[np.uint8]:
    """Return square pieces of two photographs, (5000, 3, 32, 32): CIFAR-10 is not ours to show."""
    rng = np.random.default_rng(1)
    whole = [Image.fromarray(data.photograph(name, 640).transpose(1, 2, 0)) for name in ("china", "flower")]
    found = []
    for number in range(IMAGES):
        photograph = whole[number % len(whole)]
        side = min(int(32 * 2 ** rng.uniform(0, 3.5)), photograph.height)
        left, top = rng.integers(photograph.width - side + 1), rng.integers(photograph.height - side + 1)
        piece = photograph.crop((left, top, left + side, top + side))
        found.append(np.asarray(piece.resize((32, 32), Image.Resampling.LANCZOS)))
    return np.stack(found).transpose(0, 3, 1, 2)


def neurons(model: torch.nn.Module, images: NDArray[np.uint8]) -> Figure:
    """Return the nine images that each neuron answers most strongly, with what it saw of them."""
    shown, boxes, titles = [], [], []
    for unit in UNITS:
        top = nn.inspect.top_patches(model, nn.as_input("cifar10", images), LAYER, unit)
        shown.append(images[top.index])
        boxes += top.boxes
        titles += [f"channel {unit}", *[""] * (len(top) - 1)]
    return plot.images(np.concatenate(shown), titles=titles, columns=9, boxes=boxes)


def guided(model: torch.nn.Module, images: NDArray[np.uint8]) -> Figure:
    """Return four favourites of a neuron over their gradients: plain, deconvnet's and guided."""
    x = nn.as_input("cifar10", images)
    top = nn.inspect.top_patches(model, x, LAYER, UNIT, k=4)
    ways = {
        "gradient": nn.inspect.saliency,
        "deconvnet": nn.inspect.deconvnet,
        "guided": nn.inspect.guided_backprop,
    }
    rows = [images[top.index] / 255]
    rows += [nn.inspect.normalised(way(model, x[top.index], UNIT, LAYER)) for way in ways.values()]
    titles = [name for name in (f"{LAYER}, {UNIT}", *ways) for _ in top.index]
    return plot.images(np.concatenate(rows), titles=titles, columns=len(top), boxes=top.boxes * len(rows))


def classes(model: torch.nn.Module, split: data.Split, unit: int) -> str:
    """Say of which classes the 30 images are that a neuron answers most strongly."""
    top = nn.inspect.top_patches(model, nn.as_input("cifar10", split.images), LAYER, unit, k=30)
    counted = Counter(split.classes[label] for label in split.labels[top.index])
    return f"channel {unit}: " + ", ".join(f"{name} {count}" for name, count in counted.most_common())


def main() -> int:
    """Write the figures."""
    torch.set_num_threads(1)
    model = nn.pretrained("cifar10").model
    assert model is not None
    FOLDER.mkdir(parents=True, exist_ok=True)
    images = crops()
    weight = model.get_parameter("conv1.weight").detach().numpy()
    figures = {
        "filters": plot.filter_grid(weight, scale="own"),
        "neurons": neurons(model, images),
        "guided": guided(model, images),
    }
    for name, figure in figures.items():
        figure.savefig(FOLDER / f"{name}.png", dpi=110, metadata={"Software": None})
    print(f"{', '.join(figures)}: {FOLDER}")
    cifar = data.load("cifar10", download=False)
    if not cifar.stand_in:
        searched = cifar.test.take(IMAGES)  # of every class its share: a folder's images come sorted
        print(*(classes(model, searched, unit) for unit in CLASSES_OF), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
