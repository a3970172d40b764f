"""A run before its first update and after its last: what `fit` and `Live` have in common."""

from __future__ import annotations

from uuid import uuid4

from torch import nn

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.network import Network
from cnnkit.nn.build import build
from cnnkit.nn.config import Config
from cnnkit.nn.describe import describe, trace
from cnnkit.nn.evaluate import evaluate
from cnnkit.nn.initialise import initialise
from cnnkit.nn.loop import SAMPLE
from cnnkit.nn.run import Final, Run
from cnnkit.nn.signature import data_record, signature_of
from cnnkit.nn.sources import Dataset

__all__ = ["final", "module_of", "run_of"]


def module_of(model: nn.Module | Network, config: Config) -> nn.Module:
    """Return the module to train, with its first weights."""
    if isinstance(model, Network):
        return build(model, init=config.init or "kaiming", seed=config.seed)
    if not isinstance(model, nn.Module):
        raise ArgumentError(
            f"fit: `model` is of type {type(model).__name__}, expected a torch.nn.Module or a cnnkit Network."
            " Build one: nn.build(network)."
        )
    return model if config.init is None else initialise(model, config.init, config.seed)


def run_of(module: nn.Module, dataset: Dataset, config: Config, name: str | None) -> Run:
    """Return the run before its first update."""
    paths: tuple[str, ...] = ()
    try:
        network: Network | None = describe(module, dataset.input_shape, name)
        paths = tuple(path for path, _ in trace(module, dataset.input_shape))
    except (ArgumentError, ShapeError):
        network = None
    return Run(
        id=uuid4().hex[:12],
        config=config.record(),
        network=network,
        signature=signature_of(module, network),
        data=data_record(dataset),
        paths=paths,
        model=module,
    )


def final(module: nn.Module, dataset: Dataset, run: Run) -> Final:
    """Return what the best weights do on each split: the one time that the test split is looked at."""
    count = min(len(dataset.train), max(SAMPLE, len(dataset.test)))
    validation = run.best.validation if run.best else evaluate(module, dataset.validation)
    train = evaluate(module, dataset.train.take(count, seed=0))
    return Final(train, validation, evaluate(module, dataset.test))
