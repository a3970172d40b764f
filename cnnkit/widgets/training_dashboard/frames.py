"""What a page is shown of a live run, as plain data and bytes: each frame whole, so any may be left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.layers import Softmax
from cnnkit.widgets.training_dashboard.value import MARKED

if TYPE_CHECKING:
    from cnnkit.data import Dataset
    from cnnkit.nn import Change, Live, Metrics, Run
    from cnnkit.nn.curve import Curve
    from cnnkit.nn.inspect import Signal

__all__ = ["SHOWN", "earlier_frame", "layers_frame", "live_frame", "predictions_frame"]

ROWS = 512  # evaluations in a frame
SHOWN = 12  # images whose answers are shown
MAPS = 24  # of one layer
KEPT = 256  # points of an earlier run


def live_frame(live: Live, status: str, settings: str, error: str) -> dict[str, Any]:
    """Return where a run stands, with all its curves."""
    return _record(live.run, live.curve, status) | {
        "settings": settings,
        "error": error,
        "forward": live.pace.forward,
        "backward": live.pace.backward,
        "test": _metrics(live.run.final.test),
    }


def earlier_frame(run: Run, curve: Curve, name: str, status: str, settings: str) -> dict[str, Any]:
    """Return a run that is over, for comparing."""
    while len(curve.points) > KEPT:
        curve = curve.halved()
    return _record(run, curve, status) | {"name": name, "settings": settings}


def _record(run: Run, curve: Curve, status: str) -> dict[str, Any]:
    points = curve.array()
    return {
        "status": status,
        "run": run.id,
        "log": str(run.log) if run.log else "",
        "updates": int(points[:, 0].sum(dtype=np.float64)),
        "examples": int(points[:, 1].sum(dtype=np.float64)),
        "curve": points.astype("<f4").tobytes(),
        "every": curve.every,
        "rows": _rows(run).astype("<f4").tobytes(),
        "changes": [_change(change) for change in run.changes if change.name in MARKED],
    }


def _rows(run: Run) -> NDArray[np.float32]:
    """Return (evaluations, 12): updates, examples, and what `_numbers` has of both splits."""
    history = run.history
    step = -(-len(history) // ROWS)
    kept = [*history[:-1][::step], *history[-1:]] if history else []
    rows = [(row.updates, row.examples, *_numbers(row.train), *_numbers(row.validation)) for row in kept]
    return np.array(rows, dtype=np.float32).reshape(-1, 12)


def _numbers(metrics: Metrics) -> tuple[float, ...]:
    return (
        metrics.loss,
        metrics.loss_standard_error,
        metrics.accuracy,
        metrics.standard_error,
        metrics.n,
    )


def _metrics(metrics: Metrics | None) -> list[float] | None:
    return None if metrics is None else list(_numbers(metrics))


def _change(change: Change) -> dict[str, Any]:
    return {"updates": change.updates, "examples": change.examples, "text": str(change)}


def shown_images(dataset: Dataset) -> NDArray[np.uint8]:
    """Return the validation images whose answers are shown, (SHOWN, C, H, W)."""
    images: NDArray[np.uint8] = np.ascontiguousarray(dataset.validation.images[:SHOWN])
    return images


def predictions_frame(live: Live) -> dict[str, Any]:
    """Return what the model makes of the images that are shown."""
    import torch

    from cnnkit.nn.evaluate import evaluation_mode

    with evaluation_mode(live.model):
        logits = live.model(_inputs(live)).float()
        shares = torch.softmax(logits, dim=1).cpu().numpy()
    images = shown_images(live.dataset)  # type: ignore[arg-type]
    return {
        "kind": "predictions",
        "updates": live.updates,
        "classes": shares.shape[1],
        "shares": shares.astype("<f4").tobytes(),
        "labels": live.dataset.validation.labels[: len(images)].tolist(),
    }


def layers_frame(live: Live, image: int, layer: str) -> dict[str, Any]:
    """Return the numbers of every layer for one of the images, and the maps of one layer."""
    from cnnkit.nn.inspect import signals

    label = int(live.dataset.validation.labels[image])
    found = signals(live.model, _inputs(live)[image], label)
    rows = [_row(each) for each in found]
    network = live.run.network
    if network is not None and isinstance(network.layers[-1], Softmax):
        # The module gives logits, whose softmax is part of the loss; here it is shown as what it is.
        shares = np.exp(found[-1].activation - found[-1].activation.max())
        found = (*found[:-1], replace(found[-1], activation=shares / shares.sum()))
        rows[-1] = _row(found[-1]) | {"gradients": None}
    chosen = next((each for each in found if each.name == layer), found[1])
    weighted = next((each for each in found if each.weight is not None), chosen)
    return {
        "kind": "layers",
        "updates": live.updates,
        "image": image,
        "rows": rows,
        "layer": chosen.name,
        "activations": _maps(chosen.activation),
        "gradients": _maps(chosen.gradient),
        "filters": None if weighted.weight is None or weighted.weight.ndim != 4 else _filters(weighted),
    }


def _inputs(live: Live) -> Any:
    (x, _), *_ = live.dataset.validation.loader(min(SHOWN, len(live.dataset.validation)), shuffle=False)
    return x


def _row(signal: Signal) -> dict[str, Any]:
    arrays = {"activations": signal.activation, "gradients": signal.gradient, "weights": signal.weight}
    return {"name": signal.name} | {
        name: None if array is None else [float(array.min()), float(array.max()), float(np.abs(array).mean())]
        for name, array in arrays.items()
    }


def _maps(array: NDArray[np.float32]) -> dict[str, Any]:
    """Return maps (count, rows, columns); features without places are one row."""
    if array.ndim == 1:
        array = array[None, None, :]
    return _bank(array)


def _filters(signal: Signal) -> dict[str, Any]:
    """Return the filters of the first layer; those that see three channels are the mean over them."""
    assert signal.weight is not None
    return _bank(signal.weight.mean(axis=1)) | {"name": signal.name, "channels": signal.weight.shape[1]}


def _bank(array: NDArray[np.float32]) -> dict[str, Any]:
    count, rows, columns = array.shape
    return {
        "count": min(count, MAPS),
        "of": count,
        "rows": rows,
        "columns": columns,
        "values": np.ascontiguousarray(array[:MAPS]).astype("<f4").tobytes(),
    }
