"""Optimizers by name, every default resolved."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from math import inf
from typing import Any

import torch
from torch import nn

from cnnkit.errors import ArgumentError, did_you_mean
from cnnkit.nn.muon import Muon
from cnnkit.nn.names import require_known, require_number

__all__ = ["OPTIMIZERS", "make_optimizer", "resolve_options"]

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
    "muon": Muon,
}
# how torch computes rather than what, and adamw under another name
NOT_OFFERED = {
    "capturable",
    "decoupled_weight_decay",
    "differentiable",
    "foreach",
    "fused",
    "maximize",
    "params",
}


def resolve_options(name: str, given: Mapping[str, Any], others: Iterable[str] = ()) -> dict[str, Any]:
    """Return every option of an optimizer: those given, torch's defaults for the rest.

    Parameters
    ----------
    name : "sgd", "adam", "adamw", "adagrad", "adadelta", "rmsprop" or "muon"
    given : mapping; None stands for torch's default
    others : names that the caller knows besides, for the message

    Raises
    ------
    ArgumentError
        An unknown name or option, with the nearest one; or a value that torch refuses.

    Examples
    --------
    >>> resolve_options("adagrad", {"weight_decay": 0.001})["lr"]
    0.01
    >>> resolve_options("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True})
    {'lr': 0.1, 'momentum': 0.9, 'dampening': 0, 'weight_decay': 0, 'nesterov': True}
    """
    kind = OPTIMIZERS[require_known("fit", "optimizer", name, OPTIMIZERS)]
    defaults = {
        option: parameter.default
        for option, parameter in inspect.signature(kind).parameters.items()
        if option not in NOT_OFFERED
    }
    for option in given:
        if option not in defaults:
            raise ArgumentError(
                f"fit: `{option}` is no option of fit or of {name}, expected for {name} only"
                f" {', '.join(defaults)}. {_cure(option, [*defaults, *others])}"
            )
    plain = {option: _plain(value) for option, value in given.items()}
    options = defaults | {option: value for option, value in plain.items() if value is not None}
    for option, default in defaults.items():
        if isinstance(default, int | float) and not isinstance(default, bool):
            require_number("fit", option, options[option], 0, 1 if option == "momentum" else inf)
    try:
        make_optimizer(name, options, nn.BatchNorm1d(1))  # whose weights are not drawn
    except (ValueError, TypeError) as error:
        raise ArgumentError(
            f"fit: {name} has the options {_listed(options)}, expected values that torch takes: {error}."
            " Change that option."
        ) from error
    return options


def make_optimizer(name: str, options: Mapping[str, Any], module: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of the parameters that may be trained."""
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    return OPTIMIZERS[name](trained, **options)


def _cure(option: str, known: list[str]) -> str:
    """Return what to write in place of an option that is unknown here."""
    owners = [name for name, kind in OPTIMIZERS.items() if option in inspect.signature(kind).parameters]
    if owners and option not in NOT_OFFERED:
        return f"Leave it out, or take an optimizer that has it: {', '.join(owners)}."
    if get_close_matches(option.lower(), ["learning_rate"], cutoff=0.75):
        return "Did you mean 'lr'?"
    return did_you_mean(option, known)


def _plain(value: Any) -> Any:
    """Return the numbers of numpy and torch as Python's, which a log can hold."""
    try:
        return value.item() if hasattr(value, "item") else value
    except (RuntimeError, ValueError):  # more than one number
        return value


def _listed(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{option}={value!r}" for option, value in options.items())
