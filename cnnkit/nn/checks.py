"""What must be right before training starts: data, batch, the width of the output, logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.nn.config import Config
from cnnkit.nn.evaluate import evaluation_mode, require_tensor
from cnnkit.nn.sources import Dataset, Split, batches_of, training_batches
from cnnkit.shapes import shape_text

__all__ = ["require_ready"]


def require_ready(model: nn.Module, dataset: Dataset, config: Config) -> None:
    """Raise where training would fail later, or would train something else than it seems to.

    Raises
    ------
    ArgumentError
        Labels out of range, a batch larger than the training split, nothing to train, a softmax at the
        end of the model.
    ShapeError
        The model cannot take the images, or does not give one number for each class.
    """
    classes = len(dataset.classes)
    for name in ("train", "validation", "test"):
        _require_labels(name, getattr(dataset, name), classes)
    _require_batches(model, len(dataset.train), config)
    training_batches(dataset, config, 0)  # an augmentation that is none is found here
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ArgumentError(
            "fit: `model` has no parameter to train, expected at least 1 with requires_grad."
            " Unfreeze a layer: for p in layer.parameters(): p.requires_grad = True."
        )
    _require_logits(_two_outputs(model, dataset), classes)


def _require_labels(name: str, split: Split, classes: int) -> None:
    if not len(split):
        raise ArgumentError(f"fit: `dataset.{name}` is empty, expected at least 1 example. Give it some.")
    least, most = int(split.labels.min()), int(split.labels.max())
    if least < 0 or most >= classes:
        raise ArgumentError(
            f"fit: `dataset.{name}` has labels from {least} to {most}, expected 0 to {classes - 1} for"
            f" {classes} classes. Number the classes from 0, or name all of them in `classes`."
        )


def _require_batches(model: nn.Module, size: int, config: Config) -> None:
    if config.batch_size > size:
        raise ArgumentError(
            f"fit: `batch_size` is {config.batch_size}, expected at most {size}, the examples of the training"
            f" split. Give batch_size={min(64, size)}."
        )
    total = config.budget.total(size)
    lonely = size % config.batch_size == 1 or (
        config.budget.kind == "examples" and ((total or 0) % size) % config.batch_size == 1
    )
    if config.batch_size == 1 or lonely:
        for name, part in model.named_modules():
            if isinstance(part, nn.BatchNorm1d):
                raise ArgumentError(
                    f"fit: `batch_size` is {config.batch_size}, which leaves a batch of 1 example, expected"
                    f" at least 2 because of the batch normalisation `{name}`. Give another batch_size."
                )


def _two_outputs(model: nn.Module, dataset: Dataset) -> Tensor:
    """Return the model's output for two training images."""
    x, _ = next(iter(batches_of(dataset.train, 2)))
    x = x[:2].to(next(model.parameters()).device)
    with evaluation_mode(model):
        try:
            output = model(x)
        except (RuntimeError, ValueError) as error:
            raise ShapeError(
                f"fit: `model` cannot take images of {shape_text(tuple(x.shape[1:]))}:"
                f" {str(error).splitlines()[0]}. Describe it as a cnnkit Network to see which layer it is."
            ) from error
    return require_tensor("fit", output)


def _require_logits(output: Tensor, classes: int) -> None:
    if output.ndim != 2 or output.shape[1] != classes:
        raise ShapeError(
            f"fit: the model's output has shape {shape_text(('N', *output.shape[1:]))}, expected"
            f" (N, {classes}): one number for each of the {classes} classes."
            f" Give its last layer out_features={classes}."
        )
    sums = output.sum(dim=1)
    if bool((output >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
        floor = torch.log(torch.tensor(torch.e + classes - 1)).item() - 1
        raise ArgumentError(
            "fit: the model gives probabilities, expected logits: the loss applies the softmax itself, and"
            f" after a second one it could not go below {floor:.4f}. Leave the softmax out of the model."
        )
