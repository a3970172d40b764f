"""Other rules by which a gradient passes a ReLU, put in place by hooks and taken away again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from cnnkit.errors import ArgumentError

__all__ = ["RULES", "relu_rule", "require_every_relu"]

# torch's names for what else cuts off at zero, as a function in a model's forward may
CUTS = {"ReluBackward0", "ThresholdBackward0", "ClampMinBackward0", "ClampBackward0", "ClampBackward1"}


class Guided(torch.autograd.Function):
    """What came in positive passes a positive gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Compute relu(x)."""
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Clamp the gradient on top of the forward mask."""
        x: Tensor = ctx.saved_tensors[0]
        return grad.clamp(min=0) * (x > 0)


class Deconvnet(torch.autograd.Function):
    """Every positive gradient passes, whatever came in."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Compute relu(x)."""
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """Clamp the gradient, without the forward mask."""
        return grad.clamp(min=0)


RULES: dict[str, Callable[[Tensor], Tensor]] = {"guided": Guided.apply, "deconvnet": Deconvnet.apply}


@contextmanager
def relu_rule(model: nn.Module, rule: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Let the gradient pass every ``nn.ReLU`` of `model` by `rule`; the modules stay as they are."""
    inputs: list[Tensor] = []

    def before(part: nn.Module, given: tuple[Tensor]) -> tuple[Tensor] | None:
        inputs.append(given[0])
        # in place it would overwrite what the rule has to see
        return (given[0].clone(),) if getattr(part, "inplace", False) else None

    def after(part: nn.Module, given: object, output: object) -> Tensor:
        return rule(inputs.pop())

    with ExitStack() as stack:
        for part in model.modules():
            if isinstance(part, nn.ReLU):
                stack.callback(part.register_forward_pre_hook(before).remove)
                stack.callback(part.register_forward_hook(after).remove)
        yield


def require_every_relu(function: str, score: Tensor, changed: Tensor, plain: Tensor) -> None:
    """Raise unless every ReLU between images and `score` is a module that a rule was put on.

    Parameters
    ----------
    score : Tensor
        With the graph of how it was computed.
    changed, plain : Tensor
        What the model gave with the rule and without it.

    Raises
    ------
    ArgumentError
        A ReLU is a function, which no hook can see; or one works in place on what is used again.
    """
    seen: set[object] = set()
    waiting = [score.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if node.name() in CUTS:
            raise ArgumentError(
                f"{function}: the forward of `model` cuts off at zero by a function ({node.name()}), which no"
                " hook can see, expected modules. Write self.relu = nn.ReLU() in its __init__ and call that."
            )
        waiting += [following for following, _ in node.next_functions]
    if not torch.equal(changed.detach(), plain.detach()):
        raise ArgumentError(
            f"{function}: a ReLU of `model` works in place on a tensor that its forward uses again, expected"
            " ReLUs that leave their input alone. Write nn.ReLU() without inplace=True."
        )
