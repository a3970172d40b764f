"""Time cnnkit.functional.conv2d against torch and scipy: ``python bench/functional.py``.

One thread each, CPU time, so that other programs on the machine count as little as possible. Every case
runs in a process of its own, in which the competitors take turns and the median counts. There malloc keeps
what was freed: otherwise whose turn it is to be given fresh pages by the kernel is chance, and moves the
ratios of the largest case between 1.2 and 1.9. All results are compared before anything is timed.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

# Read once, when numpy and torch load their BLAS: so before both.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1"))
# Read by glibc when a process starts: so for the processes that time.
os.environ.update(dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(2**30)))

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median
from time import process_time

import numpy as np
import scipy
import torch
from scipy import signal

from cnnkit.functional import conv2d
from cnnkit.functional.convolution import BLOCK


@dataclass(frozen=True)
class Case:
    """One convolution, how often to time it, and how many times torch's time it may take."""

    name: str
    x: tuple[int, int, int, int]
    weight: tuple[int, int, int, int]
    stride: int
    padding: int
    rounds: int
    target: float | None


CASES = [
    Case("3x5 * 3x3", (1, 1, 3, 5), (1, 1, 3, 3), 1, 1, 500, None),
    Case("32x32x3 * 32 @ 5x5", (1, 3, 32, 32), (32, 3, 5, 5), 1, 2, 300, 3.0),
    Case("224x224x3 * 64 @ 7x7 / 2", (1, 3, 224, 224), (64, 3, 7, 7), 2, 3, 60, 1.5),
]
SCIPY_ROUNDS = 5  # it is slow, and its median is steady


def competitors(case: Case, dtype: str) -> dict[str, Callable[[], np.ndarray]]:
    """Return what is timed, each a function without arguments."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(case.x).astype(dtype)
    weight = rng.standard_normal(case.weight).astype(dtype)
    tensors = torch.from_numpy(x), torch.from_numpy(weight)

    def by_torch() -> np.ndarray:
        return torch.nn.functional.conv2d(*tensors, stride=case.stride, padding=case.padding).numpy()

    def by_cnnkit() -> np.ndarray:
        return conv2d(x, weight, stride=case.stride, padding=case.padding)

    def by_scipy() -> np.ndarray:
        sides = (case.padding, case.padding)
        padded = np.pad(x[0], ((0, 0), sides, sides))
        maps = [
            sum(signal.correlate(plane, kernel, "valid") for plane, kernel in zip(padded, bank, strict=True))
            for bank in weight
        ]
        return np.stack(maps)[None, :, :: case.stride, :: case.stride]

    filters, taps = weight.reshape(len(weight), -1).shape
    pixels = by_torch()[0, 0].size
    columns = np.ones((taps, min(pixels, max(1, BLOCK // (taps * x.itemsize)))), dtype)
    product = np.empty((filters, columns.shape[1]), dtype)

    def by_blas_alone() -> np.ndarray:
        for _ in range(round(pixels / columns.shape[1])):
            np.matmul(weight.reshape(filters, taps), columns, out=product)
        return product

    return {"torch": by_torch, "cnnkit": by_cnnkit, "blas": by_blas_alone, "scipy": by_scipy}


def time_case(case: Case, dtype: str) -> dict[str, float]:
    """Return the median CPU seconds of each competitor."""
    torch.set_num_threads(1)
    runs = competitors(case, dtype)
    expected, close = runs["torch"](), 1e-3 if dtype == "float32" else 1e-9
    for name in ("cnnkit", "scipy"):
        np.testing.assert_allclose(runs[name](), expected, rtol=close, atol=close)
    runs["blas"]()
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(case.rounds):
        for name, run in runs.items():
            if name == "scipy" and turn >= SCIPY_ROUNDS:
                continue
            start = process_time()
            run()
            seconds[name].append(process_time() - start)
    return {name: median(values) for name, values in seconds.items()}


def main() -> None:
    """Print one line for each case and type."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    print("conv2d of one image, one thread each:", " ".join(f"{name}=1" for name in THREADS), end=" ")
    print("before numpy loads, torch.set_num_threads(1).")
    print(f"numpy {np.__version__} ({blas['name']} {blas['version']}), torch {torch.__version__},", end=" ")
    print(f"scipy {scipy.__version__} (signal.correlate, looped over channels and filters).")
    print(
        "CPU time, medians of interleaved repeats; ratios are to torch's. 'product' is numpy's matrix product"
    )
    print("alone, on a matrix of that size: where it nears the target, the limit is numpy's BLAS.\n")
    print(
        f"{'image * kernels':<26}{'type':<9}{'torch':>10}{'cnnkit':>10}  {'product':>8}{'scipy':>8}", end=""
    )
    print(f"{'cnnkit':>8}   target")
    for case in CASES:
        for dtype in ("float64", "float32"):
            with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
                took = fresh.submit(time_case, case, dtype).result()
            ratio = {name: seconds / took["torch"] for name, seconds in took.items()}
            verdict = "-"
            if case.target:
                verdict = f"{case.target:g} {'held' if ratio['cnnkit'] <= case.target else 'MISSED'}"
            print(
                f"{case.name:<26}{dtype:<9}{took['torch'] * 1e6:>8.0f}µs{took['cnnkit'] * 1e6:>8.0f}µs  "
                f"{ratio['blas']:>8.2f}{ratio['scipy']:>8.1f}{ratio['cnnkit']:>8.2f}   {verdict}",
                flush=True,
            )


if __name__ == "__main__":
    main()
