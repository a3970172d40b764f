"""How hard shapes10 is: a linear model against a small CNN on it: ``python bench/standins.py``.

The promise: the linear model stays below 60 % on the test images, the CNN passes 90 %. Each trains for 15
epochs with one thread, three times from different seeds; the test images are looked at once, at the end of
each run. About two and a half CPU-minutes.
"""

from __future__ import annotations

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from time import process_time

import torch
from torch import nn

from cnnkit import data

SEEDS = 3
PROMISES = {"linear": ("below", 0.6), "CNN": ("above", 0.9)}
EPOCHS = {"linear": 15, "CNN": 15}
RATES = {"linear": 0.002, "CNN": 0.05}


def network(name: str) -> nn.Sequential:
    """Return the linear model, or three blocks of convolution, normalisation and pooling."""
    if name == "linear":
        return nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))
    layers: list[nn.Module] = []
    for before, after in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 10))


def accuracy(name: str, seed: int, shapes: data.Dataset) -> float:
    """Train, the rate falling linearly to nothing, and return the share of test images that are right."""
    torch.manual_seed(seed)
    net = network(name)
    batches = shapes.train.loader(64, seed=seed)
    steps = EPOCHS[name] * len(batches)
    optimizer = torch.optim.SGD(net.parameters(), lr=RATES[name], momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for _ in range(EPOCHS[name]):
        for x, y in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            optimizer.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        right = sum(int((net(x).argmax(1) == y).sum()) for x, y in shapes.test.loader(500))
    return right / len(shapes.test)


def main() -> None:
    """Print one line for each model."""
    torch.set_num_threads(1)
    shapes = data.load("shapes10")
    print(f"shapes10: {len(shapes.train):,} training and {len(shapes.test):,} test images.\n")
    print(f"{'':<10}{'parameters':>11}{'CPU-seconds':>13}   test accuracy, {SEEDS} seeds   promise")
    for name, (side, bound) in PROMISES.items():
        start = process_time()
        reached = [accuracy(name, seed, shapes) for seed in range(SEEDS)]
        took = (process_time() - start) / SEEDS
        held = all((each < bound) == (side == "below") for each in reached)
        size = sum(weight.numel() for weight in network(name).parameters())
        shown = "  ".join(f"{each:.1%}" for each in reached)
        verdict = f"{side} {bound:.0%} {'held' if held else 'MISSED'}"
        print(f"{name:<10}{size:>11,}{took:>13.1f}   {shown:<26}{verdict}", flush=True)


if __name__ == "__main__":
    main()
