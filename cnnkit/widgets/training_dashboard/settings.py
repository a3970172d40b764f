"""The settings of the training dashboard: what it begins with, what it says of them, who refuses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.widgets.training_dashboard.plan import Plan

__all__ = ["LEARNING_RATES", "SETTINGS", "WITH_MOMENTUM", "begun", "in_our_name", "said_of", "unsigned"]

# What each optimizer begins with: torch's defaults, but for sgd and rmsprop, whose defaults train slowly or
# not at all here.
LEARNING_RATES = {
    "sgd": 0.01,
    "adam": 0.001,
    "adamw": 0.001,
    "adagrad": 0.01,
    "adadelta": 1.0,
    "rmsprop": 0.001,
    "muon": 0.01,
}
WITH_MOMENTUM = ("sgd", "muon")
SETTINGS = ("lr", "momentum", "weight_decay", "batch_size")  # beside the optimizer
USUAL = {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.0, "batch_size": 20, "window": 100}
OURS = "training_dashboard: "
# Whose words may reach a page, which need not know their names.
SPEAKERS = ("fit", "change", "load", "load_snapshot", "network_of", "parse_layer_defs", "parse_trainer",
            "snapshot", "training_dashboard")  # fmt: skip


def begun(plan: Plan, given: Mapping[str, Any]) -> Plan:
    """Return the plan with every setting: as given, else as its text has it, else as usual.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> plan = begun(Plan(zoo.tfjs_mnist()), {"optimizer": "adam", "lr": None})
    >>> plan.settings["lr"], plan.settings["batch_size"]
    (0.001, 20)
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    own = dict(plan.settings)
    if chosen.get("optimizer", own.get("optimizer")) != own.get("optimizer"):
        own.pop("lr", None)
        plan = replace(plan, options={})  # they were for the text's optimizer
    optimizer = chosen.get("optimizer", own.get("optimizer", USUAL["optimizer"]))
    rate = {"lr": LEARNING_RATES.get(str(optimizer), LEARNING_RATES["sgd"])}
    return replace(plan, settings={**USUAL, **rate, **own, **chosen})


def said_of(config: Mapping[str, Any]) -> str:
    """Return the settings of a run's configuration as one would say them.

    Examples
    --------
    >>> said_of({"optimizer": "sgd", "lr": 0.01, "momentum": 0.9, "batch_size": 20, "seed": 0})
    'sgd, lr 0.01, momentum 0.9, batch 20, seed 0'
    """
    words = [str(config["optimizer"]), f"lr {config['lr']:g}"]
    if config.get("momentum"):
        words.append(f"momentum {config['momentum']:g}")
    if config.get("weight_decay"):
        words.append(f"decay {config['weight_decay']:g}")
    return ", ".join([*words, f"batch {config['batch_size']}", f"seed {config['seed']}"])


@contextmanager
def in_our_name() -> Iterator[None]:
    """Let what the trainer refuses be refused by the function that was called."""
    try:
        yield
    except (ArgumentError, ShapeError) as error:
        raise type(error)(OURS + unsigned(error)) from None


def unsigned(error: BaseException) -> str:
    """Return what an error says, without the name of the function that says it.

    Examples
    --------
    >>> unsigned(ArgumentError("fit: `lr` is -1")), unsigned(OSError("no space: disk full"))
    ('`lr` is -1', 'no space: disk full')
    """
    text = str(error) or type(error).__name__
    speaker, colon, rest = text.partition(": ")
    return rest if colon and speaker in SPEAKERS else text
