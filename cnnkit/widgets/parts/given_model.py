"""The network that a widget was given: a torch module, a run, or a trained network by its name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cnnkit.errors import ArgumentError

if TYPE_CHECKING:
    from torch import nn

    from cnnkit.network import Network
    from cnnkit.nn.run import Run

__all__ = ["GivenModel"]


@dataclass
class GivenModel:
    """What was given, read when it is first asked for: a grader never does.

    Parameters
    ----------
    called : str
        The function whose argument `model` it was, which errors name.
    model : torch module, Run, str or None
    default : str
        The trained network that None stands for.
    """

    called: str
    model: Any
    default: str

    @cached_property
    def module(self) -> nn.Module:
        """The torch module.

        Raises
        ------
        ArgumentError
            What was given is no network, or there is no trained one of this name.
        """
        from torch import nn

        module = self._run.model if self._run else self.model
        if not isinstance(module, nn.Module):
            raise ArgumentError(
                f"{self.called}: `model` is of type {type(self.model).__name__}, expected a torch module, a"
                " run or the name of a trained network. Leave it out for the network of the course."
            )
        return module

    @property
    def network(self) -> Network | None:
        """Its description, where a run has one."""
        return self._run.network if self._run else None

    @property
    def name(self) -> str:
        """What it is called."""
        return str((self.network and self.network.name) or type(self.module).__name__)

    @cached_property
    def _run(self) -> Run | None:
        from cnnkit.nn import pretrained
        from cnnkit.nn.run import Run

        if self.model is None or isinstance(self.model, str):
            return pretrained(self.model or self.default)
        return self.model if isinstance(self.model, Run) else None
