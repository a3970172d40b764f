"""Do the saved weights do what the log says? Measure them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray
from torch import nn

from cnnkit.errors import ArgumentError, RunLogError
from cnnkit.nn.build import build, load_weights
from cnnkit.nn.evaluate import Metrics, evaluate
from cnnkit.nn.run import Run
from cnnkit.nn.sources import Dataset
from cnnkit.nn.state import load_arrays

__all__ = ["Check", "Verification", "restored", "verify"]

LOSS_TOLERANCE = 1e-3  # relative; other machines add in another order


@dataclass(frozen=True)
class Check:
    """One split: what the log claims, what was measured now, and whether the two agree.

    They agree where at most one image in a thousand (one, in small splits) is answered differently, and
    the losses differ by less than a thousandth.
    """

    split: str
    claimed: Metrics
    measured: Metrics

    @property
    def agrees(self) -> bool:
        """Whether claim and measurement are the same up to rounding."""
        claimed, measured = self.claimed, self.measured
        images = abs(claimed.accuracy - measured.accuracy) * measured.n
        loss = abs(claimed.loss - measured.loss) <= LOSS_TOLERANCE * max(claimed.loss, 1e-3)
        return claimed.n == measured.n and images <= max(1.0, measured.n / 1000) + 1e-9 and loss

    def __str__(self) -> str:
        """Return the claim beside the measurement."""
        return (
            f"{self.split}: {'agrees' if self.agrees else 'DIFFERS'}: claimed {self.claimed.accuracy:.2%}"
            f" (loss {self.claimed.loss:.4f}, n={self.claimed.n:,}), measured {self.measured.accuracy:.2%}"
            f" (loss {self.measured.loss:.4f}, n={self.measured.n:,})"
        )


@dataclass(frozen=True, repr=False)
class Verification:
    """What a second measurement of a run's weights says.

    Parameters
    ----------
    checks : tuple of Check
    other_data : tuple of str
        The splits that are not the ones of the log.
    """

    checks: tuple[Check, ...]
    other_data: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the data are those of the log and every claim was measured again."""
        return bool(self.checks) and not self.other_data and all(check.agrees for check in self.checks)

    def __repr__(self) -> str:
        """Return one line for each split."""
        lines = [str(check) for check in self.checks]
        if self.other_data:
            lines.append(f"The data are not those of the log: {', '.join(self.other_data)}.")
        lines.append(
            "The weights do what the log says." if self.agrees else "The weights do not do what the log says."
        )
        return "\n".join(lines)


def verify(run: Run, dataset: Dataset, model: nn.Module | None = None) -> Verification:
    """Evaluate the saved weights of a run and compare with its claims.

    Parameters
    ----------
    run : Run, best from `runlog.read`, which checks the log against itself
    dataset : Dataset
        The grader's own copy.
    model : torch.nn.Module, optional
        A module of the run's architecture, only for runs whose module could not be described.

    Returns
    -------
    Verification
        `agrees` is True where every claim about validation and test was measured again on the same data.

    Raises
    ------
    RunLogError
        The run has no weights, or they do not fit its network.
    ArgumentError
        The network is not in the log and `model` is not given.
    """
    if run.weights is None:
        raise RunLogError(
            "verify: the run has no saved weights, expected those of its best evaluation."
            " Train with log='run.jsonl'."
        )
    module = restored(run, load_arrays(run.weights), model, run.weights.name)
    claims = {"validation": run.final.validation or (run.best.validation if run.best else None)}
    claims["test"] = run.final.test
    checks = tuple(
        Check(name, claim, evaluate(module, getattr(dataset, name)))
        for name, claim in claims.items()
        if claim is not None
    )
    other = tuple(
        name for name in ("validation", "test") if run.data[name]["hash"] != getattr(dataset, name).hash
    )
    return Verification(checks, other)


def restored(
    run: Run, arrays: Mapping[str, NDArray[Any]], model: nn.Module | None = None, file: str = "its file"
) -> nn.Module:
    """Return the module of `run` with its saved weights, given by torch's names; errors as `verify`."""
    if model is None and run.network is None:
        raise ArgumentError(
            "verify: `model` is None, expected a module: the log of this run does not hold its layers."
            " Give a module of the class that was trained."
        )
    try:
        if model is not None or run.network is None:
            return load_weights(model or nn.Identity(), arrays)
        names = dict(zip(run.paths, (stage.name for stage in run.network), strict=True))
        split = {key: key.rpartition(".") for key in arrays}
        named = {f"{names[path]}.{leaf}": arrays[key] for key, (path, _, leaf) in split.items()}
        return build(run.network, weights=named)
    except (KeyError, TypeError, ValueError) as error:
        raise RunLogError(
            f"verify: the weights in {file} do not fit the run's network ({error}), expected those"
            " that fit saved. Put the right file beside the log."
        ) from error
