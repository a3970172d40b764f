"""What of a model stays as it is while the rest is trained: weights, and batch normalisation's statistics."""

from __future__ import annotations

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

__all__ = ["held", "hold", "let_go"]


def hold(part: nn.Module) -> None:
    """Keep a part's own weights as they are, and the statistics that it has if it normalises."""
    for weight in part.parameters(recurse=False):
        weight.requires_grad_(False)
    if isinstance(part, _BatchNorm) and not _stands(part):
        part.register_forward_pre_hook(_as_in_evaluation)  # whatever mode the model is put into later


def let_go(part: nn.Module) -> None:
    """Undo `hold`."""
    for weight in part.parameters(recurse=False):
        weight.requires_grad_(True)
    for number in [n for n, hook in part._forward_pre_hooks.items() if hook is _as_in_evaluation]:
        del part._forward_pre_hooks[number]


def held(model: nn.Module) -> tuple[str, ...]:
    """Return the names of the weights that are not trained, and of the layers whose statistics stay.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
    >>> hold(model[1])
    >>> held(model)
    ('1 (statistics)', '1.bias', '1.weight')
    """
    weights = [name for name, weight in model.named_parameters() if not weight.requires_grad]
    still = [f"{name} (statistics)" for name, part in model.named_modules() if _stands(part)]
    return tuple(sorted([*weights, *still]))


def _stands(part: nn.Module) -> bool:
    return _as_in_evaluation in part._forward_pre_hooks.values()


def _as_in_evaluation(part: nn.Module, _: object) -> None:
    part.eval()
