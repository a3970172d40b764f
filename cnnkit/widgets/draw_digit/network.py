"""The network that a drawing pad asks: in the page where the page knows its layers, else in the kernel."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.widgets.draw_digit.forward_pass import ForwardPass, forward_pass
from cnnkit.widgets.parts.given_model import GivenModel

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["MNIST_MOMENTS", "Reader"]

MNIST_MOMENTS = (0.13066661803610333, 0.3081035751616447)  # as cnnkit.nn.as_input has them
IMAGE = (1, 28, 28)


@dataclass
class Reader:
    """A network of grey images of 28 by 28 pixels, and how their bytes are normalised for it."""

    model: Any  # None, a name, a run or a torch module
    mean: float
    std: float

    @cached_property
    def module(self) -> Any:
        """The torch module; the shipped network is read when it is first asked for.

        Raises
        ------
        ArgumentError, ShapeError
            No network, or one of other images.
        """
        module = self._given.module
        self._require_digits(module)
        return module

    @cached_property
    def _given(self) -> GivenModel:
        return GivenModel("draw_digit", self.model, "digits")

    @property
    def name(self) -> str:
        """What it is called."""
        return self._given.name

    def _require_digits(self, module: Any) -> None:
        from cnnkit.nn.evaluate import evaluation_mode

        try:
            with evaluation_mode(module):
                given = tuple(module(self._input(np.zeros(IMAGE[1:], np.uint8), module)).shape)
        except (RuntimeError, ValueError, ShapeError) as error:
            raise ShapeError(
                f"draw_digit: `model` cannot take an image of {IMAGE}: {str(error).splitlines()[0]}. Give a"
                " network of grey images, 28 by 28 pixels."
            ) from error
        if len(given) != 2 or given[1] < 2:
            raise ShapeError(
                f"draw_digit: `model` gives {given}, expected one score for each of at least 2 classes,"
                " (1, classes). Give a network that ends in a Linear."
            )

    def _input(self, image: NDArray[np.uint8], module: Any) -> Tensor:
        import torch

        from cnnkit.nn.inspect.images import matching

        bytes_ = torch.from_numpy(image.copy())[None, None]
        return matching(module, (bytes_.float() / 255 - self.mean) / self.std)

    @cached_property
    def page(self) -> ForwardPass | None:
        """The network as the page computes it, or None where it holds a layer that the page does not know."""
        from cnnkit.nn import describe, weights

        try:
            network = describe(self.module, IMAGE)
            return forward_pass(network, weights(self.module, network))
        except ArgumentError:
            return None

    def settings(self) -> tuple[dict[str, Any], bytes]:
        """Return what the page needs: its layers as plain data, and their weights."""
        plain = {"name": self.name, "mean": self.mean, "std": self.std}
        if self.page:
            return plain | {"layers": self.page.layers, "by_kernel": ""}, self.page.weights
        blank = self.outputs(np.zeros(IMAGE[1:], np.uint8))
        layers = [
            {
                "name": name,
                "words": words,
                "output_shape": list(output.shape),
                "kind": "kernel",
                "field": None,
            }
            for name, words, output in blank
        ]
        why = (
            f"{self.name} holds a layer that this page does not know: the kernel computes, after each stroke."
        )
        return plain | {"layers": layers, "by_kernel": why}, b""

    def probabilities(self, image: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the probability of each class, (classes,)."""
        from torch import nn

        from cnnkit.nn.evaluate import evaluation_mode

        with evaluation_mode(self.module):
            scores = self.module(self._input(image, self.module))[0].double()
        parts = list(self.module.modules())
        done = isinstance(parts[-1], nn.Softmax)
        return np.asarray(scores if done else scores.softmax(dim=0))

    def outputs(self, image: NDArray[np.uint8]) -> list[tuple[str, str, NDArray[np.float32]]]:
        """Return what each innermost module gives that is called once: name, repr, (C, H, W) or (F,)."""
        from cnnkit.nn.evaluate import evaluation_mode

        calls: dict[str, list[Any]] = {}
        named = self.module.named_modules()
        parts = {name: part for name, part in named if name and not list(part.children())}
        with ExitStack() as stack:
            for name, part in parts.items():

                def keep(_: Any, __: Any, output: Any, name: str = name) -> None:
                    calls.setdefault(name, []).append(output)

                stack.callback(part.register_forward_hook(keep).remove)
            stack.enter_context(evaluation_mode(self.module))
            self.module(self._input(image, self.module))
        once = {name: given[0] for name, given in calls.items() if len(given) == 1}
        return [
            (name, str(parts[name]), output[0].float().cpu().numpy())
            for name, output in once.items()
            if getattr(output, "ndim", 0) in (2, 4)
        ]
