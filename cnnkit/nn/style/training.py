"""Fast style transfer: train a network, once, that paints any picture in one style in one pass."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from math import cos, pi
from time import process_time
from typing import Any
from uuid import uuid4

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from cnnkit.errors import TrainingError
from cnnkit.nn.evaluate import evaluation_mode
from cnnkit.nn.interrupt import between_updates
from cnnkit.nn.names import require_number, require_whole
from cnnkit.nn.precision import computing, require_precision, resolve_precision
from cnnkit.nn.style.crops import crops, pictures_of
from cnnkit.nn.style.networks import LossNetwork, loss_network
from cnnkit.nn.style.objective import Losses, Objective, Weights, mean_losses
from cnnkit.nn.style.pictures import as_tensor, fitted, picture_hash
from cnnkit.nn.style.progress import Steps
from cnnkit.nn.style.records import Record, Row, StyleRun
from cnnkit.nn.style.transform import TransformNetwork

__all__ = ["fit_style", "measure"]

ROWS = 20  # in a log


def fit_style(
    style: ArrayLike,
    contents: Sequence[ArrayLike],
    *,
    steps: int = 2000,
    batch_size: int = 4,
    crop: int = 96,
    lr: float = 0.003,
    content_weight: float = 1.0,
    style_weight: float = 40.0,
    variation_weight: float = 10.0,
    padding: str = "reflect",
    model: str | nn.Sequential | LossNetwork = "cifar10",
    content_layers: Sequence[str] | None = None,
    style_layers: Sequence[str] | None = None,
    size: int = 256,
    precision: str | None = None,
    seed: int = 0,
    measured_on: ArrayLike | None = None,
    log: str | os.PathLike[str] | None = None,
    on_step: Callable[[int, Losses], object] | None = None,
    progress: bool = True,
) -> StyleRun:
    """Train a `TransformNetwork` to paint pictures in one style.

    Parameters
    ----------
    style : (3, H, W) array of uint8, or of floats from 0 to 1
    contents : sequence of such arrays, of any sizes from `crop`
        Pictures to learn on; pieces of them are cut and mirrored by chance, from each as many.
    steps, batch_size, crop : int
        Updates, pieces in each, and their sides in pixels.
    lr : float
        Of Adam at the beginning; it falls to 0 along half a cosine.
    content_weight, style_weight, variation_weight, model, content_layers, style_layers
        As in `transfer`.
    padding : "reflect" or "zeros"; see `TransformNetwork`
    size : int, in pixels, of the style and of `measured_on`: the longer side at most
    precision : "bfloat16", optional
        Computes with fewer digits where the CPU has instructions for it: twice as fast.
    seed : int
        Of the first weights and of the pieces.
    measured_on : picture, optional
        On which the finished network is measured; the first of `contents` otherwise.
    log : path of a new ``.jsonl`` file, optional
        The run log, its weights beside it. Its lines are sealed as those of `cnnkit.nn.fit`; it is a log of
        its own kind, because nothing here is classified: in place of accuracies it holds `Losses`.
    on_step : called with the number of steps done and the `Losses` of the last, optional
    progress : bool
        Whether to show a bar, or in a log, lines.

    Returns
    -------
    StyleRun

    Raises
    ------
    ArgumentError, ShapeError, DownloadError
        As `transfer`; also a `crop` that is larger than a picture, and a `log` that exists.
    TrainingError
        The loss is no number any more.

    Examples
    --------
    >>> from cnnkit import nn, zoo
    >>> rng = np.random.default_rng(0)
    >>> style, *contents = rng.integers(0, 256, (3, 3, 32, 32), dtype=np.uint8)
    >>> loss = nn.style.LossNetwork(nn.build(zoo.cs7011()), content=("relu2",), style=("relu1", "relu2"))
    >>> run = fit_style(style, contents, steps=2, batch_size=1, crop=16, model=loss, progress=False)
    >>> nn.style.stylise(contents[0], run).shape
    (3, 32, 32)
    """
    options: dict[str, Any] = {
        "steps": require_whole("fit_style", "steps", steps, 1),
        "batch_size": require_whole("fit_style", "batch_size", batch_size, 1),
        "crop": require_whole("fit_style", "crop", crop, 16),
        "lr": require_number("fit_style", "lr", lr, 0, above=True),
        "content_weight": require_number("fit_style", "content_weight", content_weight, 0),
        "style_weight": require_number("fit_style", "style_weight", style_weight, 0),
        "variation_weight": require_number("fit_style", "variation_weight", variation_weight, 0),
        "padding": padding,
        "size": size,
        "precision": require_precision(precision),
        "computed_in": resolve_precision(precision) or "float32",
        "seed": require_whole("fit_style", "seed", seed, 0),
    }
    pictures = pictures_of("fit_style", contents, crop)
    wanted = fitted("fit_style", "style", as_tensor("fit_style", "style", style), size)
    measured = contents[0] if measured_on is None else measured_on
    shown = as_tensor("fit_style", "measured_on", measured)
    shown = fitted("fit_style", "measured_on", shown, size, says=measured_on is not None)
    network = loss_network(model, content_layers, style_layers)
    options |= {
        "model": network.name,
        "content_layers": list(network.content),
        "style_layers": list(network.style),
        "style": picture_hash(wanted),
        "measured_on": picture_hash(shown),
        "contents": len(pictures),
    }
    weights = Weights(content_weight, style_weight, variation_weight)
    objective = Objective(network, wanted, weights, resolve_precision(precision))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        painter = TransformNetwork(padding=padding)
    record = Record(uuid4().hex[:12], options, painter, log)
    _train(painter, objective, pictures, record, on_step, progress)
    return record.end(measure(painter, Objective(network, wanted, weights), shown))


def measure(painter: nn.Module, objective: Objective, image: Tensor) -> Losses:
    """Return what a network's painting of one picture (1, 3, H, W) lacks."""
    with evaluation_mode(painter), torch.no_grad():
        return objective.losses(objective.parts(painter(image), objective.target(image)))


def _train(
    painter: nn.Module,
    objective: Objective,
    pictures: Sequence[Any],
    record: Record,
    on_step: Callable[[int, Losses], object] | None,
    progress: bool,
) -> None:
    options = record.options
    steps, lr = options["steps"], options["lr"]
    batches = crops(pictures, options["batch_size"], options["crop"], np.random.default_rng(options["seed"]))
    optimizer = torch.optim.Adam(painter.parameters(), lr=lr)
    every = max(1, steps // ROWS)
    bar, since, spent = Steps(steps, progress), [], 0.0
    painter.train()
    try:
        with between_updates() as interruption:
            for step in range(1, steps + 1):
                began = process_time()
                for group in optimizer.param_groups:
                    group["lr"] = lr * (1 + cos(pi * (step - 1) / steps)) / 2
                image = next(batches)
                with computing(objective.precision, image.device):
                    painted = painter(image)
                parts = objective.parts(painted.float(), objective.target(image))
                losses = objective.losses(parts)
                if not np.isfinite(losses.total):
                    raise TrainingError(
                        f"fit_style: the loss is {losses.total} at step {step}, expected a finite number."
                        f" Try a smaller step, lr={lr / 10:g}."
                    )
                optimizer.zero_grad()
                objective.total(parts).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                spent += process_time() - began
                since.append(losses)
                bar.advance(step, losses)
                if step % every == 0 or step == steps or interruption.asked:
                    record.add(Row(step, step * options["batch_size"], spent, mean_losses(since)))
                    since = []
                if on_step is not None:
                    on_step(step, losses)
                if interruption.asked:
                    record.reason = "interrupted"
                    return
        record.reason = "finished"
    finally:
        bar.close()
