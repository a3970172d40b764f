"""ConvNetJS's trainer: it takes examples one by one and changes the weights at every `batch_size`-th."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from cnnkit.convnetjs.layer import Array
from cnnkit.convnetjs.net import BLOCK, Net
from cnnkit.convnetjs.options import TrainerOptions
from cnnkit.errors import ArgumentError

__all__ = ["Trained", "Trainer"]


@dataclass(frozen=True)
class Trained:
    """What ``trainer.train`` reports in ConvNetJS, for each example of a call.

    Parameters
    ----------
    cost_loss : (N,) array, the loss of the example before any update that it triggers
    l1_decay_loss, l2_decay_loss : (N,) arrays
        The cost of the weights, on examples that trigger an update; 0 on all others, which is why the
        demo's mean of the decay loss is `batch_size` times too small.
    updates : int, how many updates the call made
    """

    cost_loss: Array
    l1_decay_loss: Array
    l2_decay_loss: Array
    updates: int

    @property
    def loss(self) -> Array:
        """All three, added."""
        return self.cost_loss + self.l1_decay_loss + self.l2_decay_loss


class Trainer:
    """Train a `Net` as ``new convnetjs.SGDTrainer(net, options)`` does.

    Parameters
    ----------
    net : Net
    options : TrainerOptions or mapping, optional
        From `parse_trainer`, or in ConvNetJS's words.
    **named
        The same by name; `release` too.

    Attributes
    ----------
    options : TrainerOptions, every default resolved
    k : int, examples seen

    Raises
    ------
    ArgumentError
        An unknown method or option, or a wrong value.

    Notes
    -----
    An update comes when ``k % batch_size == 0``. Its gradient is the sum over the examples since the last
    one plus the decay, divided by `batch_size`. Adadelta is torch's with ``lr=1``, rho 0.95, and the `eps` of
    the release; nesterov is torch's; adagrad adds `eps` inside the root, torch outside.

    Examples
    --------
    >>> text = "[{type:'input', out_sx:1, out_sy:1, out_depth:2}, {type:'softmax', num_classes:2}]"
    >>> trainer = Trainer(Net(text), method="adadelta", batch_size=2)
    >>> trained = trainer.train([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1])
    >>> trainer.k, trained.updates, trained.cost_loss.shape
    (3, 1, (3,))
    """

    def __init__(
        self, net: Net, options: TrainerOptions | Mapping[str, Any] | None = None, **named: Any
    ) -> None:
        self.net = net
        self.k = 0
        self._sums: list[tuple[Array, Array]] = []
        if isinstance(options, TrainerOptions):
            self.options = options
            self._change(named, "Trainer")
        else:
            given = {**(options or {}), **named}
            self.options = TrainerOptions.of(given, given.pop("release", "0.3.0"), "Trainer")

    def change(self, **named: Any) -> None:
        """Change options while training, as the demo's fields do; sums and counters stay.

        Raises
        ------
        ArgumentError
            A new method or release, which needs a new trainer, or a wrong value.

        Examples
        --------
        >>> text = "[{type:'input', out_sx:1, out_sy:1, out_depth:2}, {type:'softmax', num_classes:2}]"
        >>> trainer = Trainer(Net(text))
        >>> trainer.change(learning_rate=0.001)
        >>> trainer.options.learning_rate
        0.001
        """
        self._change(named, "Trainer.change")

    def _change(self, named: Mapping[str, Any], function: str) -> None:
        for name in ("method", "release"):
            if name in named and named[name] != getattr(self.options, name):
                raise ArgumentError(
                    f"{function}: `{name}` is {named[name]!r}, expected {getattr(self.options, name)!r}"
                    " as before. Make a new Trainer for another."
                )
        given = {**asdict(self.options), **named}
        self.options = TrainerOptions.of(given, given.pop("release"), function)

    def train(self, x: ArrayLike, target: ArrayLike) -> Trained:
        """Take examples one after the other.

        Parameters
        ----------
        x : (N, C, H, W) array, as for ``Net.forward``
        target : (N,) classes, or (N, outputs) numbers for regression

        Returns
        -------
        Trained
            The losses of each example.

        Raises
        ------
        ShapeError, ArgumentError
            As ``Net.forward`` and ``Net.backward``, before anything is trained.

        Notes
        -----
        Examples that no update separates are computed together. What remains after the last update
        waits for the next call.
        """
        images, answers = self.net.check(x, target, "Trainer.train")
        cost, l1, l2 = np.zeros((3, len(images)))
        at = updates = 0
        while at < len(images):
            batch_size = self.options.batch_size
            end = min(at + BLOCK, at + batch_size - self.k % batch_size, len(images))
            self.net.forward(images[at:end], training=True)
            cost[at:end] = self.net.backward(answers[at:end])
            self.k += end - at
            if self.k % batch_size == 0:
                l1[end - 1], l2[end - 1] = self._update()
                updates += 1
            at = end
        return Trained(cost, l1, l2, updates)

    def _update(self) -> tuple[float, float]:
        """Change every parameter; return the decay losses of the weights as they were."""
        options = self.options
        if not self._sums:
            self._sums = [(np.zeros_like(p.value), np.zeros_like(p.value)) for p in self.net.parameters]
        l1_loss = l2_loss = 0.0
        for parameter, sums in zip(self.net.parameters, self._sums, strict=True):
            weights = parameter.value
            l1 = options.l1_decay * parameter.l1_decay_mul
            l2 = options.l2_decay * parameter.l2_decay_mul
            l1_loss += l1 * float(np.abs(weights).sum())
            l2_loss += l2 * float((weights**2).sum()) / 2
            # a weight of 0 counts as negative here, as in ConvNetJS
            decay = l2 * weights + l1 * np.where(weights > 0, 1, -1)
            weights += STEPS[options.method]((decay + parameter.grad) / options.batch_size, *sums, options)
            parameter.grad[:] = 0
        return l1_loss, l2_loss


def _sgd(grad: Array, gsum: Array, xsum: Array, options: TrainerOptions) -> Array:
    if options.momentum == 0:
        return -options.learning_rate * grad
    gsum[:] = options.momentum * gsum - options.learning_rate * grad
    return gsum


def _nesterov(grad: Array, gsum: Array, xsum: Array, options: TrainerOptions) -> Array:
    before = gsum.copy()
    gsum[:] = gsum * options.momentum + options.learning_rate * grad
    return options.momentum * before - (1 + options.momentum) * gsum


def _adagrad(grad: Array, gsum: Array, xsum: Array, options: TrainerOptions) -> Array:
    gsum += grad * grad
    return -options.learning_rate / np.sqrt(gsum + options.eps) * grad


def _windowgrad(grad: Array, gsum: Array, xsum: Array, options: TrainerOptions) -> Array:
    gsum[:] = options.ro * gsum + (1 - options.ro) * grad * grad
    return -options.learning_rate / np.sqrt(gsum + options.eps) * grad


def _adadelta(grad: Array, gsum: Array, xsum: Array, options: TrainerOptions) -> Array:
    gsum[:] = options.ro * gsum + (1 - options.ro) * grad * grad
    step = -np.sqrt((xsum + options.eps) / (gsum + options.eps)) * grad
    xsum[:] = options.ro * xsum + (1 - options.ro) * step * step
    return step


# How each method turns a gradient into a step, given its two running sums.
STEPS: dict[str, Callable[[Array, Array, Array, TrainerOptions], Array]] = {
    "sgd": _sgd,
    "nesterov": _nesterov,
    "adagrad": _adagrad,
    "windowgrad": _windowgrad,
    "adadelta": _adadelta,
}
