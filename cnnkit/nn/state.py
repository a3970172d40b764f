"""Where training stands: enough to go on as if it had never stopped, and how it lies in a file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from cnnkit.errors import RunLogError

__all__ = [
    "Counters", "State", "copied", "load_arrays", "load_tensors", "optimizer_tensors", "restore_optimizer",
    "save_tensors", "weights_hash",
]  # fmt: skip


@dataclass
class Counters:
    """Everything about a run's progress that is not a tensor."""

    updates: int = 0
    examples: int = 0
    epoch: int = 0
    batch: int = 0  # within the epoch
    cpu_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    lr: float = 0.0
    evaluated: int = -1  # examples seen at the last evaluation
    since_best: int = 0  # evaluations
    since_drop: int = 0
    drops: int = 0
    best: float | None = None
    running: list[float] = field(default_factory=lambda: [0, 0.0, 0.0, 0])  # n, loss, loss², correct


@dataclass
class State:
    """Counters and tensors; `tensors` holds the model, the best model, the optimizer and torch's numbers."""

    counters: Counters
    model: dict[str, Tensor]
    best: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    random: Tensor

    def save(self, path: Path) -> None:
        """Write the state to a file, all at once."""
        groups = {"model": self.model, "best": self.best, "optimizer": self.optimizer}
        tensors = {f"{group}/{name}": t for group, named in groups.items() for name, t in named.items()}
        save_tensors(path, tensors | {"random": self.random}, {"counters": json.dumps(asdict(self.counters))})

    @classmethod
    def load(cls, path: Path) -> State:
        """Read what `save` wrote.

        Raises
        ------
        RunLogError
            The file is missing or damaged.
        """
        tensors, notes = load_tensors(path)
        groups: dict[str, dict[str, Tensor]] = {"model": {}, "best": {}, "optimizer": {}}
        for key, tensor in tensors.items():
            group, _, name = key.partition("/")
            if group in groups:
                groups[group][name] = tensor
        return cls(Counters(**json.loads(notes["counters"])), **groups, random=tensors["random"])


def weights_hash(weights: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of all weights: their names, types, shapes and bytes, in the order of names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        array = tensor.detach().cpu().contiguous()
        digest.update(f"{name} {array.dtype} {tuple(array.shape)}\n".encode())
        digest.update(array.numpy().tobytes())
    return digest.hexdigest()


def save_tensors(path: Path, tensors: Mapping[str, Tensor], notes: dict[str, str] | None = None) -> None:
    """Write a safetensors file; whoever reads `path` meanwhile sees the old one or the new one, whole."""
    part = path.with_name(f"{path.name}.part")
    save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, part, notes)
    os.replace(part, path)


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors of a safetensors file and its notes.

    Raises
    ------
    RunLogError
        The file is missing or damaged.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise RunLogError(
            f"read: the weights {path} are missing, expected them beside the log. Put the file back."
        ) from None
    except SafetensorError as error:
        raise RunLogError(
            f"read: {path} is damaged ({error}), expected a safetensors file. Put the right one there."
        ) from error


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the tensors of a safetensors file as arrays; errors as `load_tensors`."""
    return {name: tensor.numpy() for name, tensor in load_tensors(path)[0].items()}


def copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return copies that training will not change."""
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return copies of an optimizer's sums as "number/name"."""
    state = optimizer.state_dict()["state"]
    return {
        f"{place}/{name}": torch.as_tensor(value).detach().clone()
        for place, values in state.items()
        for name, value in values.items()
        if value is not None
    }


def restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimizer the sums that `optimizer_tensors` copied."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        place, _, name = key.partition("/")
        state.setdefault(int(place), {})[name] = tensor.clone()
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
