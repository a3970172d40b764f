"""Activations read by a hook, and the shape of the last convolution's: A6-4."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnkit import zoo
from cnnkit.answers.looking_inside.small import IMAGE, random_weights, small_model
from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised, no_outcome

__all__ = ["LEFT", "QUESTIONS", "TriedQuestion", "tried"]

Reads = Callable[[Any, Any, str], Any]
LEFT = "what it leaves behind"


def tried(activations_of: Reads) -> Callable[..., Any]:
    """Return what the notebook's `tried_hook` does, for any function that reads activations.

    The function returned takes (weights, x, layer, training). It returns what was read, and two numbers: how
    many hooks are left on the network, and whether that is in training mode.
    """

    def tried_hook(weights: Mapping[str, Any], x: np.ndarray, layer: str, training: bool) -> Any:
        import torch

        model = small_model(weights).train(training)
        found = activations_of(model, torch.from_numpy(x), layer)
        if found is None:
            return None
        parts = list(model.modules())
        hooks = sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in parts)
        return [found.detach().numpy(), np.array([hooks, model.training], float)]

    return tried_hook


@dataclass(frozen=True)
class TriedQuestion(FunctionQuestion):
    """A function that is tried on a small network: what it returns, and what it leaves behind."""

    def label(self, entry: str) -> str:
        """Return what messages call a try."""
        return f"`{self.variable}`, {entry}"

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return what was found in each try, and then what was left behind in all."""
        runs = {probe.label: probe.outcome(method) for probe in self.probes}
        bad = [run for run in runs.values() if not _is_pair(run)]
        if bad:
            return dict.fromkeys([*runs, LEFT], no_outcome(bad[0], Raised("", "returns no tensor")))
        return {name: run[0] for name, run in runs.items()} | {
            LEFT: np.stack([run[1] for run in runs.values()])
        }


def _is_pair(run: Any) -> bool:
    arrays = isinstance(run, list | tuple) and len(run) == 2
    return arrays and all(isinstance(each, np.ndarray) and each.dtype.kind == "f" for each in run)


def _reads(
    what: Callable[[Any, Any], Any] = lambda inputs, output: output,
    remove: bool = True,
    evaluation: bool = True,
    back: bool = True,
    further: int = 0,
) -> Reads:
    """Return a function that reads activations by a hook, with something changed."""

    def activations_of(model: Any, x: Any, layer: str) -> Any:
        found = []
        names = list(dict(model.named_children()))
        part = model.get_submodule(names[names.index(layer) + further])
        hook = part.register_forward_hook(lambda part, inputs, output: found.append(what(inputs[0], output)))
        before = model.training
        if evaluation:
            model.eval()
        model(x)
        if back:
            model.train(before)
        if remove:
            hook.remove()
        return found[0]

    return activations_of


def _whole(model: Any, x: Any, layer: str) -> Any:
    before = model.training
    found = model.eval()(x)
    model.train(before)
    return found


def _probes(rng: np.random.Generator) -> Mapping[str, Any]:
    weights = random_weights(rng)
    probes = [
        Probe(
            f"{layer} of a network in {'training' if training else 'evaluation'} mode",
            {"weights": weights, "x": rng.normal(size=(3, *IMAGE)), "layer": layer, "training": training},
        )
        for layer, training in (("conv1", False), ("relu1", True), ("conv2", True))
    ]
    return {"probes": tuple(probes)}


ACTIVATIONS = TriedQuestion(
    id="activations-of",
    code="A6-4a",
    points=2,
    variable="activations_of",
    ask="Write activations_of(model, x, layer): what a layer gives for x in evaluation mode, by a hook.",
    method=tried(_reads()),
    libraries=("torch",),
    whole=True,
    inputs=_probes(np.random.default_rng(64)),
    draw=_probes,
    mistakes=(
        Mistake(
            "what-goes-in",
            "the layer's input is kept instead of its output",
            "A forward hook gets (module, inputs, output): keep the third.",
            tried(_reads(lambda inputs, output: inputs)),
        ),
        Mistake(
            "next-layer",
            "the layer behind the one asked for is read",
            "Take the module of exactly that name: model.get_submodule(layer).",
            tried(_reads(further=1)),
        ),
        Mistake(
            "whole-network",
            "what the whole network gives is returned",
            "Return what the hook was given, not what model(x) returns.",
            tried(_whole),
        ),
        Mistake(
            "first-image-only",
            "only the first image's activations are returned",
            "Return all of them: the first axis is the image.",
            tried(_reads(lambda inputs, output: output[0])),
        ),
        Mistake(
            "hook-left-behind",
            "the hook stays on the network",
            "Keep what register_forward_hook returns, and call its remove() in a finally.",
            tried(_reads(remove=False)),
        ),
        Mistake(
            "in-training-mode",
            "the network is in training mode while it is read",
            "Call model.eval() first: batch normalisation otherwise mixes the images.",
            tried(_reads(evaluation=False)),
        ),
        Mistake(
            "left-in-eval-mode",
            "the network is left in evaluation mode",
            "Remember model.training before, and end with model.train(before).",
            tried(_reads(back=False)),
        ),
    ),
)


# --- the last convolution -----------------------------------------------------------------------------------

# Heights and widths in ResNet18: halved by conv1, by its pooling, and by three of its four groups.
HALVINGS = 5


def _cifar10() -> Any:
    from cnnkit.nn import pretrained

    network = pretrained("cifar10").network
    assert network is not None
    return network


def _last() -> tuple[int, ...]:
    from cnnkit.layers import Conv2d

    return next(stage.output_shape for stage in reversed(list(_cifar10())) if isinstance(stage.layer, Conv2d))


def _behind_pooling() -> tuple[int, ...]:
    return next(stage.output_shape for stage in reversed(list(_cifar10())) if len(stage.output_shape) == 3)


def _resnet(size: int, halvings: int = HALVINGS) -> tuple[int, ...]:
    for _ in range(halvings):
        size = (size + 1) // 2
    return 1, 512, size, size


def _shapes(**changed: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    right = {
        "cifar10": (1, *_last()),
        "cs7011": (1, *zoo.cs7011()["conv4"].output_shape),
        "resnet18_224": _resnet(224),
        "resnet18_112": _resnet(112),
    }
    return right | changed


def _with(batch: int) -> dict[str, tuple[int, ...]]:
    return {name: (batch, *shape[1:]) for name, shape in _shapes().items()}


LAST_CONVOLUTION = Question(
    id="last-convolution",
    code="A6-4b",
    points=1,
    variable="last_convolution",
    ask="The shape of what the last convolution gives for one image, for four networks.",
    method=_shapes,
    mistakes=(
        Mistake(
            "behind-the-pooling",
            "the shape behind the last pooling is given",
            "Ask for the convolution itself, before its pooling.",
            lambda: _shapes(cifar10=(1, *_behind_pooling()), cs7011=(1, *zoo.cs7011()["pool3"].output_shape)),
        ),
        Mistake(
            "rounded-down",
            "an odd size is halved and rounded down",
            "A 3×3 window with stride 2 and padding 1 gives floor((n - 1) / 2) + 1: of 7, 4.",
            lambda: _shapes(resnet18_112=(1, 512, 3, 3)),
        ),
        Mistake(
            "one-halving-too-few",
            "the pooling behind ResNet18's first convolution is left out",
            "Five steps halve the size: conv1, the pooling, and the first convolution of three groups.",
            lambda: _shapes(resnet18_224=_resnet(224, 4), resnet18_112=_resnet(112, 4)),
        ),
        Mistake(
            "channels-last",
            "the channels come last, as in Keras",
            "torch has (image, channel, row, column).",
            lambda: {name: (s[0], *s[2:], s[1]) for name, s in _shapes().items()},
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (ACTIVATIONS, LAST_CONVOLUTION)
