"""The network that students build in torch, and that it can learn 64 images by heart: A5-1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnkit import zoo
from cnnkit.answers.borrowing import LIBRARIES
from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question, Raised
from cnnkit.layers import AvgPool2d, Conv2d, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["QUESTIONS", "few_images"]

LARGEST = 20_000_000  # parameters that are worth sending
IMAGES = 64
BY_HEART = 0.1  # nats


@dataclass(frozen=True)
class Unfit(Raised):
    """A result that cannot be examined, told as it is."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class ModelQuestion(FunctionQuestion):
    """A function that returns a new ``torch.nn.Module``: what counts is what that computes.

    The module is given weights that depend on nothing but their shapes, so that a right one computes the
    same numbers as the reference, however it was written and whatever its layers are called; and one of a
    catalogued wrong kind the same as that. Everything is asked by calls: ``named_parameters()``,
    ``load_state_dict(...)``, ``module(x)``. So the module may be in another process.
    """

    def label(self, entry: str) -> str:
        """Return what messages call one of the things that are asked of the module."""
        return f"`{self.variable}()`, {entry}" if entry else f"`{self.variable}`"

    def outcome(self, method: Callable[..., Any]) -> dict[str, Any]:
        """Return what the module that a function makes shows of itself."""
        module = Probe("", {}).outcome(method)
        if isinstance(module, Raised):
            text = f"cannot be counted: the function {module}"
            return dict.fromkeys(ASKED, module if _unwritten(module) else Unfit("Unfit", text))
        if module is None:
            return dict.fromkeys(ASKED, module)
        try:
            found = _examined(module, self.inputs["x"])
            return found if NEW in found else found | {NEW: _is_new(method, module)}
        except Exception as error:
            return dict.fromkeys(ASKED, Unfit("Unfit", _refusal(error, self.inputs["x"].shape)))


def _unwritten(raised: Raised) -> bool:
    return raised.error == "NotImplementedError"


def _refusal(error: Exception, shape: tuple[int, ...]) -> str:
    """Return why nothing can be compared: layers without sizes, or a model that refuses the images."""
    first = next(iter(str(error).splitlines()), "")
    if "uninitialized" in first.lower():
        return "cannot be counted: a lazy layer has no sizes yet. Give them, as in Linear(2048, 64)"
    why = f"{type(error).__name__} ({first})"
    return f"cannot be compared: the model refuses images {shape} with {why}. Check padding and sizes"


NEW = "a second call"
EXAMINED = ("trained parameters", "shape of the output", "output with given weights")
ASKED = (*EXAMINED, NEW)


def _is_new(method: Callable[..., Any], first: Any) -> Any:
    """Return 1 if a second model shows none of the weights that the first was given, else 0."""
    second = Probe("", {}).outcome(method)
    if second is None or isinstance(second, Raised):
        return second
    given = {name: each.detach().clone() for name, each in first.named_parameters()}
    theirs = dict(second.named_parameters())
    return int(not any(name in theirs and bool((theirs[name] == each).all()) for name, each in given.items()))


def _examined(module: Any, x: np.ndarray) -> dict[str, Any]:
    import torch

    parameters = getattr(module, "named_parameters", None)
    if not callable(parameters):
        text = f"is a {type(module).__name__}, expected a torch.nn.Module"
        return dict.fromkeys(ASKED, Unfit("Unfit", text))
    named = dict(parameters())
    if sum(each.numel() for each in named.values()) > LARGEST:
        return dict.fromkeys(ASKED, Unfit("Unfit", f"has more than {LARGEST:,} parameters"))
    module.load_state_dict({name: _given(tuple(each.shape)) for name, each in named.items()}, False)
    output = module(torch.from_numpy(x))
    if not isinstance(output, torch.Tensor):
        return dict.fromkeys(ASKED, Unfit("Unfit", f"gives a {type(output).__name__}, expected a tensor"))
    trained = sum(each.numel() for each in named.values() if each.requires_grad)
    return dict(zip(EXAMINED, (trained, tuple(output.shape), output.detach().double().numpy()), strict=True))


def _given(shape: tuple[int, ...]) -> Tensor:
    """Return weights that depend on their shape alone."""
    import torch

    fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 50
    drawn = np.random.default_rng(shape).normal(0, (2 / max(fan_in, 1)) ** 0.5, shape)
    return torch.from_numpy(drawn).float()


def _of(
    kernel: int = 5,
    padding: int = 2,
    widths: tuple[int, ...] = (32, 64, 128),
    pool: Callable[[int], Layer] = MaxPool2d,
    pools: int = 3,
    bias: bool = True,
) -> Network:
    """Return table 2's network with something changed."""
    layers: list[Layer] = []
    for place, (before, width) in enumerate(zip((3, *widths), widths, strict=False)):
        layers += [Conv2d(before, width, kernel, padding=padding, bias=bias), ReLU()]
        layers += [pool(2)] if place < pools else []
    features = Network((3, 32, 32), [*layers, Flatten()]).output_shape[0]
    return Network((3, 32, 32), [*layers, Flatten(), Linear(features, 64), ReLU(), Linear(64, 10)])


def _without(*places: int) -> Network:
    kept = [layer for place, layer in enumerate(zoo.report_cnn().layers) if place not in places]
    return Network((3, 32, 32), kept)


def _builds(network: Network, *after: str) -> Callable[[], nn.Module]:
    """Return a function that builds a network, and puts some of torch's layers behind it."""

    def make_model() -> nn.Module:
        from torch import nn as torch_nn

        from cnnkit.nn import build

        ends = {
            "softmax": torch_nn.Softmax(dim=1),
            "log": torch_nn.LogSoftmax(dim=1),
            "relu": torch_nn.ReLU(),
        }
        return torch_nn.Sequential(build(network), *(ends[name] for name in after))

    return make_model


@cache
def _one_for_all() -> nn.Module:
    return _builds(zoo.report_cnn())()


def _frozen() -> nn.Module:
    model = _builds(zoo.report_cnn())()
    for parameter in list(model.parameters())[:6]:
        parameter.requires_grad = False
    return model


def _images(rng: np.random.Generator) -> Mapping[str, Any]:
    return {"x": rng.normal(size=(5, 3, 32, 32)).astype(np.float32)}


SOFTMAX = "cross_entropy applies the softmax itself: end with the ten logits."

MAKE_MODEL = ModelQuestion(
    id="make-model",
    code="A5-1a",
    points=4,
    variable="make_model",
    ask="Write make_model(): the network of table 2 as a new torch.nn.Module that gives logits.",
    tries="parts",
    method=_builds(zoo.report_cnn()),
    libraries=("torch",),
    weights={"trained parameters": 1, "shape of the output": 0.5, "output with given weights": 2, NEW: 0.5},
    atol=1e-3,
    inputs=_images(np.random.default_rng(51)),
    draw=_images,
    mistakes=(
        Mistake(
            "softmax-at-end", "the model ends with a softmax", SOFTMAX, _builds(zoo.report_cnn(), "softmax")
        ),
        Mistake(
            "log-softmax-at-end",
            "the model ends with a log-softmax",
            SOFTMAX,
            _builds(zoo.report_cnn(), "log"),
        ),
        Mistake(
            "relu-at-end",
            "a ReLU stands behind the last layer",
            "Logits may be negative: end with Linear.",
            _builds(zoo.report_cnn(), "relu"),
        ),
        Mistake(
            "relu-forgotten",
            "the ReLU between the two fully connected layers is missing",
            "Two linear layers in a row are one linear layer.",
            _builds(_without(11)),
        ),
        Mistake(
            "all-relus-forgotten",
            "all ReLUs are missing",
            "Each convolution, and the first fully connected layer, has one behind it.",
            _builds(_without(1, 4, 7, 11)),
        ),
        Mistake(
            "average-pooling",
            "the pooling takes the mean",
            "Table 2 has max pooling.",
            _builds(_of(pool=AvgPool2d)),
        ),
        Mistake(
            "last-pool-forgotten",
            "the third pooling is missing",
            "Each convolution has one: 128 maps of 4×4 reach the classifier.",
            _builds(_of(pools=2)),
        ),
        Mistake(
            "padding-1",
            "the convolutions are padded by 1",
            "That keeps the size of a 3×3 kernel; a 5×5 kernel needs 2.",
            _builds(_of(padding=1)),
        ),
        Mistake(
            "kernel-3x3",
            "the kernels are 3×3",
            "Table 2 has 5×5.",
            _builds(_of(kernel=3, padding=1)),
        ),
        Mistake(
            "half-the-filters",
            "the convolutions have 16, 32 and 64 filters",
            "Table 2 has 32, 64 and 128.",
            _builds(_of(widths=(16, 32, 64))),
        ),
        Mistake(
            "no-biases",
            "the convolutions have no biases",
            "Leave bias at its default.",
            _builds(_of(bias=False)),
        ),
        Mistake(
            "frozen",
            "the convolutions are frozen",
            "All parameters learn: leave requires_grad as it is.",
            _frozen,
        ),
        Mistake(
            "same-model-again",
            "each call returns the same model",
            "Build the layers inside the function, so that each call begins with new weights.",
            _one_for_all,
        ),
    ),
)


# --- 64 images by heart -------------------------------------------------------------------------------------


@cache
def few_images() -> tuple[np.ndarray, np.ndarray]:
    """Return the images that are to be learnt by heart, normalised, (64, 3, 32, 32), and their labels."""
    from cnnkit.data import load

    x, y = next(iter(load("shapes10").train.take(IMAGES).loader(IMAGES, shuffle=False)))
    return x.numpy(), y.numpy()


@dataclass(frozen=True)
class MemoryQuestion(FunctionQuestion):
    """A trained module: 1 where it knows every image, 1 where its loss is small, 1 where it gives logits."""

    wanted = "a model. Give the model that has learnt, not its losses."

    def label(self, entry: str) -> str:
        """Return what messages call the module."""
        return f"`{self.variable}`"

    def outcome(self, method: Callable[..., Any]) -> Any:
        """Return whether it is right about every image, whether it is sure, and whether it gives logits."""
        import torch
        from torch.nn import functional

        x, y = (torch.from_numpy(array) for array in few_images())
        try:
            logits = method(x)
            loss = float(functional.cross_entropy(logits.detach().double(), y))
            right = int((logits.argmax(dim=1) == y).sum())
        except Exception as error:
            return Raised(type(error).__name__, next(iter(str(error).splitlines()), ""))
        values = logits.detach().double()
        if bool((values >= 0).all()) and bool(((values.sum(dim=1) - 1).abs() < 1e-4).all()):
            return np.zeros(3)  # whatever it has learnt: probabilities explain that it has not more
        return np.array([float(right == IMAGES), float(loss < BY_HEART), 1.0])


def _answers(scale: float) -> Callable[[Any], Any]:
    """Return what gives the right class this much more than the others."""

    def model(x: Any) -> Any:
        import torch

        return scale * torch.nn.functional.one_hot(torch.from_numpy(few_images()[1]), 10).double()

    return model


def _untrained(x: Any) -> Any:
    import torch

    return torch.zeros(len(x), 10)


MEMORY = MemoryQuestion(
    id="memory",
    code="A5-1b",
    points=1,
    variable="memory",
    ask="Train the model on 64 images until it knows them all.",
    whole=True,
    method=_answers(20.0),
    libraries=LIBRARIES,
    mistakes=(
        Mistake(
            "not-learnt",
            "the model does not know all 64 images",
            "A network of this size must: look for a missing zero_grad, backward or step, or a wrong rate.",
            _untrained,
        ),
        Mistake(
            "unsure",
            "the loss stays high although every image is right",
            "Go on training until the loss is below 0.1.",
            _answers(0.5),
        ),
        Mistake(
            "probabilities",
            "the model ends with a softmax",
            "cross_entropy applies it itself: of probabilities, no loss gets below 1.46. End with logits.",
            _answers(1.0),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (MAKE_MODEL, MEMORY)
