"""The ConvNetJS demo's MNIST net, trained three ways side by side: ``python bench/convnetjs.py``.

torch through ``cnnkit.nn.fit``, the port ``cnnkit.convnetjs`` in numpy, and the ``convnetjs`` 0.3.0 of npm in
node. Each trains the demo's net with the demo's trainer (adadelta, batches of 20) on the same crops of real
MNIST, one thread each, from the start in every round; they take turns, CPU time counts, and the median round
is shown. torch computes in float32 and a batch at a time; the other two compute in float64, node one example
at a time, and must arrive at the same weights. The accuracies only show that all three really learn.

Without MNIST (``cnnkit data get mnist``) handwritten digits of another set stand in; without node and npm its
line is left out.
"""

from __future__ import annotations

import os

# Read once, when numpy and torch load their BLAS: so before both.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cnnkit import convnetjs, data, nn, zoo

EXAMPLES, TESTED, ROUNDS, SEED = 3000, 1000, 3, 0
BATCH, DECAY = 20, 0.001
TRAINER = {"method": "adadelta", "batch_size": BATCH, "l2_decay": DECAY}
Pairs = tuple[NDArray[Any], NDArray[Any]]  # images and labels


def real_convnetjs() -> Any:
    """Load the module that the tests run ConvNetJS with."""
    file = Path(__file__).parents[1] / "tests/oracle/oracle.py"
    spec = spec_from_file_location("convnetjs_oracle", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def crops(split: data.Split, count: int) -> Pairs:
    """Return (N, 1, 24, 24) random crops of the first images, as the demo cuts them, and their labels."""
    random = convnetjs.MathRandom(SEED)
    return convnetjs.augment(split.images[:count], 24, random=random), split.labels[:count]


def in_torch(train: Pairs, test: Pairs, classes: tuple[str, ...]) -> Any:
    """Train with torch; return CPU seconds, test accuracy and no weights."""
    training = data.Split("train", *train, classes)
    held = [data.Split(name, *test, classes, training) for name in ("validation", "test")]
    dataset = data.Dataset("crops", classes, training, *held)
    run = nn.fit(
        zoo.convnetjs_mnist(),
        dataset,
        examples=len(train[0]),
        batch_size=BATCH,
        optimizer="adadelta",
        lr=1.0,
        rho=0.95,
        eps=1e-6,
        weight_decay=DECAY / BATCH,  # ConvNetJS divides the decay by the batch as well
        init="convnetjs",
        seed=SEED,
        evaluate_every=10**9,
        progress=False,
    )
    assert run.final.test is not None
    return run.history[-1].cpu_seconds, run.final.test.accuracy, None


def in_numpy(train: Pairs, test: Pairs) -> Any:
    """Train with the port; return CPU seconds, test accuracy and weights."""
    net = convnetjs.Net(convnetjs.layer_defs_of(zoo.convnetjs_mnist()), SEED)
    trainer = convnetjs.Trainer(net, TRAINER)
    start = process_time()
    trainer.train(train[0] / 255, train[1])
    took = process_time() - start
    return took, float((net.predict(test[0] / 255) == test[1]).mean()), net.weights


def in_node(node: Any, volumes: Any, train: Pairs, test: Pairs) -> Any:
    """Train with ConvNetJS in node; return CPU seconds, test accuracy and weights."""
    node.ask("seed", SEED)
    node.ask("make", convnetjs.layer_defs_of(zoo.convnetjs_mnist()))
    node.ask("trainer", TRAINER)
    took = 0.0
    for start in range(0, len(train[0]), 500):
        x, y = (part[start : start + 500] for part in train)
        took += node.ask("train", {"x": volumes(x / 255), "y": y.tolist()})["cpu"]
    found = np.array(node.ask("forward", volumes(test[0] / 255))).argmax(axis=1)
    return took, float((found == test[1]).mean()), convnetjs.load_snapshot(node.ask("save")).weights


def main() -> None:
    """Print one line for each way."""
    torch.set_num_threads(1)
    mnist = data.load("mnist")
    count = min(EXAMPLES, len(mnist.train))
    train, test = crops(mnist.train, count), crops(mnist.test, TESTED)
    ways = {
        "torch, cnnkit.nn": lambda: in_torch(train, test, mnist.classes),
        "numpy, cnnkit.convnetjs": lambda: in_numpy(train, test),
    }
    oracle = real_convnetjs()
    try:
        node = oracle.Oracle()
        ways["node, convnetjs 0.3.0"] = lambda: in_node(node, oracle.volumes, train, test)
    except oracle.OracleMissingError as error:
        print(f"ConvNetJS itself is left out: {error}\n")
        node = None
    found: dict[str, list[Any]] = {name: [] for name in ways}
    for _ in range(ROUNDS):  # they take turns
        for name, way in ways.items():
            found[name].append(way())
    print(f"{mnist.title}: {count:,} examples of 24x24, from the start in each of {ROUNDS} rounds;", end=" ")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.\n")
    rates = {name: median(count / took for took, _, _ in rounds) for name, rounds in found.items()}
    *_, last = rates
    print(f"{'':<26}{'examples/s':>11}{'ratio':>9}{'test accuracy':>15}")
    for name, rate in rates.items():
        print(f"{name:<26}{rate:>11,.0f}{rate / rates[last]:>8.1f}x{found[name][-1][1]:>15.1%}")
    if node is not None:
        ours, theirs = (found[name][-1][2] for name in list(ways)[1:])
        apart = max(float(np.abs(ours[name] - theirs[name]).max()) for name in ours)
        print(f"\nThe weights of the port and of ConvNetJS differ by at most {apart:.1e}.")
        node.close()


if __name__ == "__main__":
    main()
