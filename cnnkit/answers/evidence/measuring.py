"""Measuring saved weights again; where they do not do what the log says, in the wrong ways as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cnnkit.answers.evidence import flaws
from cnnkit.answers.evidence.question import Finding, Flaw
from cnnkit.errors import CnnkitError

if TYPE_CHECKING:
    from torch import nn as torch_nn

    from cnnkit.data import Dataset
    from cnnkit.data import Split as Images
    from cnnkit.nn.evaluate import Metrics
    from cnnkit.nn.run import Run
    from cnnkit.nn.sources import Split
    from cnnkit.nn.verification import Check

__all__ = ["measured"]

LARGEST = 400_000_000  # multiply-adds for one image
WIDEST = 4_000_000  # numbers that one image becomes in a layer
LAYERS = 500


def measured(
    run: Run, weights: Mapping[str, Any], dataset: Dataset, splits: tuple[str, ...], name: str
) -> dict[str, Metrics] | Finding | str:
    """Return what the weights of a run do on each split.

    A Finding where that is not what the log says; a text where it cannot be measured here.
    """
    from cnnkit.nn.evaluate import evaluate
    from cnnkit.nn.verification import Check, restored

    if run.network is None:
        return "its log does not hold its layers"
    if too_large(run):
        return "its network is too large to be measured here"
    try:
        module = restored(run, weights)
        found = {split: evaluate(module, getattr(dataset, split)) for split in splits}
    except (CnnkitError, RuntimeError) as error:
        first = next(iter(str(error).splitlines()), "")
        return Finding(flaws.NOT_MEASURED, f"The weights of {name} cannot be measured: {first[:300]}.")
    for split, metrics in found.items():
        claimed = getattr(run.final, split)
        if claimed is None:
            return Finding(flaws.UNFINISHED, f"The log of {name} has no result on {split}.")
        check = Check(split, claimed, metrics)
        if not check.agrees:
            return _explained(module, dataset, check, name)
    return found


def too_large(run: Run) -> bool:
    """Return whether a network that a log describes would take more than a classroom's does."""
    network = run.network
    if network is None or len(network) > LAYERS:
        return True
    ledger = network.ledger()
    widths = [_size(stage.output_shape) for stage in network]
    return ledger.multiply_adds > LARGEST or max([_size(network.input_shape), *widths]) > WIDEST


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _explained(module: torch_nn.Module, dataset: Dataset, check: Check, name: str) -> Finding:
    """Name the wrong way of measuring that gives what the log claims, if there is one."""
    fact = (
        f"The log of {name} claims {check.claimed.accuracy:.1%} on {check.split}"
        f" (loss {check.claimed.loss:.3f}), its weights reach {check.measured.accuracy:.1%}"
        f" (loss {check.measured.loss:.3f})."
    )
    for flaw, measure in WAYS:
        wrong = measure(module, getattr(dataset, check.split))
        if _explains(wrong, check):
            return Finding(flaw, f"{fact} That is what comes out otherwise: {flaw.what}")
    return Finding(flaws.NOT_MEASURED, fact)


def _explains(wrong: Metrics, check: Check) -> bool:
    """Whether a wrong measurement, which has chance in it, may be the one that was claimed."""
    off = abs(wrong.loss - check.claimed.loss)
    near = off <= wrong.loss_standard_error and 2 * off <= abs(check.measured.loss - check.claimed.loss)
    return near and abs(wrong.accuracy - check.claimed.accuracy) <= wrong.standard_error + 1 / wrong.n


def _in_train_mode(module: torch_nn.Module, split: Split) -> Metrics:
    """Measure with dropout and the batches' own statistics, as who forgets ``model.eval()``."""
    from torch import nn as torch_nn

    from cnnkit.nn.evaluate import evaluate

    class Training(torch_nn.Module):
        def forward(self, x: Any) -> Any:
            module.train()
            return module(x)

    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    try:
        return evaluate(Training(), split)
    finally:
        module.load_state_dict(before)
        module.eval()


def _augmented(kind: str | list[str]) -> Callable[[torch_nn.Module, Images], Metrics]:
    """Measure on augmented images, which the loader of any other split would refuse."""

    def measure(module: torch_nn.Module, split: Images) -> Metrics:
        from cnnkit.nn.evaluate import evaluate

        posing = replace(split, name="train")
        return evaluate(module, posing.loader(min(250, len(posing)), augment=kind, shuffle=False))

    return measure


WAYS: tuple[tuple[Flaw, Callable[[torch_nn.Module, Any], Metrics]], ...] = (
    (flaws.TRAIN_MODE, _in_train_mode),
    (flaws.AUGMENTED, _augmented("flip")),
    (flaws.AUGMENTED, _augmented("shift")),
    (flaws.AUGMENTED, _augmented(["flip", "shift"])),
)
