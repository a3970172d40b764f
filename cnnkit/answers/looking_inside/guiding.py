"""Guided backpropagation, written by students: A6-6."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnkit.answers.looking_inside.hooks import LEFT, TriedQuestion
from cnnkit.answers.looking_inside.small import IMAGE, random_weights, small_model
from cnnkit.answers.question import Mistake, Probe, Question

__all__ = ["QUESTIONS", "tried"]

Guide = Callable[[Any, Any, tuple[int, ...]], Any]
Rule = Callable[[Any, Any, Any], Any]


def tried(guided_backprop: Guide) -> Callable[..., Any]:
    """Return what the notebook's `tried_guide` does, for any function that guides gradients.

    The function returned takes (weights, x, layers, unit). It returns the guided gradient, and two numbers:
    how many hooks are left on the network, and whether its plain gradient is another one than before.
    """

    def tried_guide(weights: Mapping[str, Any], x: np.ndarray, layers: int, unit: list[int]) -> Any:
        import torch

        model = small_model(weights)[:layers].eval()

        def plain() -> Any:
            image = torch.from_numpy(x.copy()).requires_grad_()
            return torch.autograd.grad(model(image)[(0, *unit)], image)[0]

        before = plain()
        found = guided_backprop(model, torch.from_numpy(x.copy()), tuple(unit))
        if found is None:
            return None
        kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
        hooks = sum(len(getattr(part, kind)) for part in model.modules() for kind in kinds)
        return [found.detach().numpy(), np.array([hooks, not torch.equal(before, plain())], float)]

    return tried_guide


def _guided(part: Any, into: Any, out: Any) -> Any:
    return (into[0].clamp(min=0),)


def _deconvnet(part: Any, into: Any, out: Any) -> Any:
    return (out[0].clamp(min=0),)


def _against(part: Any, into: Any, out: Any) -> Any:
    return (into[0].clamp(max=0),)


def _guide(
    rule: Rule | None = _guided,
    relus: slice = slice(None),
    remove: bool = True,
    at_end: Callable[[Any], Any] = lambda gradient: gradient,
    everything: bool = False,
) -> Guide:
    """Return a function that guides gradients, with something changed."""

    def guided_backprop(model: Any, x: Any, unit: tuple[int, ...]) -> Any:
        import torch
        from torch import nn

        found = [part for part in model.modules() if isinstance(part, nn.ReLU)]
        hooks = [part.register_full_backward_hook(rule) for part in found[relus]] if rule else []
        image = x.clone().requires_grad_()
        output = model(image)
        score = output.sum() if everything else output[(0, *unit)]
        (gradient,) = torch.autograd.grad(score, image)
        if remove:
            for hook in hooks:
                hook.remove()
        return at_end(gradient)

    return guided_backprop


def _probes(rng: np.random.Generator) -> Mapping[str, Any]:
    def one(label: str, layers: int, unit: tuple[int, ...], positive: bool = False) -> Probe:
        arguments = {
            "weights": random_weights(rng, positive),
            "x": np.abs(rng.normal(size=(1, *IMAGE))) if positive else rng.normal(size=(1, *IMAGE)),
            "layers": layers,
            "unit": list(unit),
        }
        return Probe(label, arguments)

    cell = (int(rng.integers(5)), int(rng.integers(1, 3)), int(rng.integers(4)))
    return {
        "probes": (
            one("a class", 8, (int(rng.integers(3)),)),
            one("a neuron of conv2", 5, cell),
            one("a network without negative weights", 8, (int(rng.integers(3)),), positive=True),
        )
    }


def _fixed() -> Mapping[str, Any]:
    return _probes(np.random.default_rng(67))


CLAMP = (
    "Put a backward hook on every nn.ReLU: of a gradient that has passed it, only what is positive goes on."
)

GUIDED = TriedQuestion(
    id="guided-backprop",
    code="A6-6",
    points=5,
    variable="guided_backprop",
    ask="Write guided_backprop(model, x, unit): the gradient of a unit that is positive at every ReLU.",
    method=tried(_guide()),
    libraries=("torch",),
    whole=True,
    tries="parts",
    weights={"a class": 3, "a neuron of conv2": 1, "a network without negative weights": 0.25, LEFT: 0.75},
    inputs=_fixed(),
    draw=_probes,
    mistakes=(
        Mistake(
            "deconvnet",
            "the forward mask is missing, as in a deconvnet",
            "Clamp the gradient behind the ReLU's own backward, grad_input[0]: there it is 0 where the ReLU's"
            " input was negative.",
            tried(_guide(_deconvnet)),
        ),
        Mistake(
            "plain-saliency",
            "the clamp is missing, so that it is the plain gradient",
            CLAMP,
            tried(_guide(None)),
        ),
        Mistake(
            "clamped-at-the-image",
            "the plain gradient is clamped once, at the image",
            CLAMP,
            tried(_guide(None, at_end=lambda gradient: gradient.clamp(min=0))),
        ),
        Mistake(
            "guided-and-clamped",
            "the image's own gradient is clamped as well",
            "Between the image and the first convolution there is no ReLU: leave negative values there.",
            tried(_guide(at_end=lambda gradient: gradient.clamp(min=0))),
        ),
        Mistake(
            "last-relu-only",
            "only the last ReLU is guided",
            "Put the hook on every nn.ReLU.",
            tried(_guide(relus=slice(-1, None))),
        ),
        Mistake(
            "first-relu-only",
            "only the first ReLU is guided",
            "Put the hook on every nn.ReLU.",
            tried(_guide(relus=slice(1))),
        ),
        Mistake(
            "negative-kept",
            "the positive gradients are removed and the negative ones kept",
            "clamp(min=0) keeps what is positive.",
            tried(_guide(_against)),
        ),
        Mistake(
            "without-sign",
            "the absolute value is taken",
            "Return the gradient with its sign.",
            tried(_guide(at_end=lambda gradient: gradient.abs())),
        ),
        Mistake(
            "all-units",
            "the gradient is that of the sum of all units",
            "Take the one unit that was asked for: model(x)[(0, *unit)].",
            tried(_guide(everything=True)),
        ),
        Mistake(
            "hooks-left-behind",
            "the hooks stay on the network",
            "Remove each in a finally: plain gradients are otherwise guided from then on.",
            tried(_guide(remove=False)),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (GUIDED,)
