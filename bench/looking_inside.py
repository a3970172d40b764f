"""Draw what the shipped CIFAR-10 network has learnt: ``python bench/looking_inside.py``.

Three figures land in docs/results/looking_inside: the first layer's filters, what four neurons like best of
5,000 test images, and where one of them looks. It needs the real images (``cnnkit data get cifar10``), and
ten seconds.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure

from cnnkit import data, nn, plot

FOLDER = Path(__file__).resolve().parents[1] / "docs/results/looking_inside"
IMAGES = 5000
LAYER, UNITS, UNIT = "conv4", (55, 15, 94, 61), 55


def neurons(model: torch.nn.Module, split: data.Split) -> Figure:
    """Return the nine images that each neuron answers most strongly, with what it saw of them."""
    shown, boxes, titles = [], [], []
    for unit in UNITS:
        top = nn.inspect.top_patches(model, nn.as_input("cifar10", split.images), LAYER, unit)
        shown.append(split.images[top.index])
        boxes += top.boxes
        names = [split.classes[label] for label in split.labels[top.index]]
        titles += [f"{unit}: {names[0]}", *names[1:]]
    return plot.images(np.concatenate(shown), titles=titles, columns=9, boxes=boxes)


def guided(model: torch.nn.Module, split: data.Split) -> Figure:
    """Return four favourites of a neuron over their gradients: plain, deconvnet's and guided."""
    x = nn.as_input("cifar10", split.images)
    top = nn.inspect.top_patches(model, x, LAYER, UNIT, k=4)
    ways = {
        "gradient": nn.inspect.saliency,
        "deconvnet": nn.inspect.deconvnet,
        "guided": nn.inspect.guided_backprop,
    }
    rows = [split.images[top.index] / 255]
    rows += [nn.inspect.normalised(way(model, x[top.index], UNIT, LAYER)) for way in ways.values()]
    titles = [name for name in (f"{LAYER}, {UNIT}", *ways) for _ in top.index]
    return plot.images(np.concatenate(rows), titles=titles, columns=len(top), boxes=top.boxes * len(rows))


def main() -> int:
    """Write the figures, and say of which images they are."""
    cifar = data.load("cifar10", download=False)
    if cifar.stand_in:
        print("looking_inside: cifar10 is not here. Fetch it: cnnkit data get cifar10")
        return 1
    torch.set_num_threads(1)
    model = nn.pretrained("cifar10").model
    assert model is not None
    FOLDER.mkdir(parents=True, exist_ok=True)
    searched = cifar.test.take(IMAGES)  # of every class its share: a folder's images come sorted
    weight = model.get_parameter("conv1.weight").detach().numpy()
    figures = {
        "filters": plot.filter_grid(weight, scale="own"),
        "neurons": neurons(model, searched),
        "guided": guided(model, searched),
    }
    for name, figure in figures.items():
        figure.savefig(FOLDER / f"{name}.png", dpi=110, metadata={"Software": None})
    print(f"{', '.join(figures)}: {FOLDER}, {IMAGES:,} test images of {cifar.test.hash[:8]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
