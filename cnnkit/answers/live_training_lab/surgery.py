"""What taking pooling away and adding a convolution do to the demo's network, A3-5 and A3-6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnkit import zoo
from cnnkit.answers.question import Mistake, Question
from cnnkit.answers.wording import EACH_CHANNEL

__all__ = ["QUESTIONS"]

CONVOLUTIONS = 208 + 3216


def _no_pooling() -> dict[str, int]:
    network = zoo.convnetjs_mnist(pooling=False)
    fc = network["fc"]
    return {"fc_inputs": fc.input_shape[0], "fc": fc.layer.parameters, "total": network.ledger().total}


def _fc_of(inputs: int, biases: int = 1) -> dict[str, int]:
    """Return the answer of someone who counts so many inputs of the fully connected layer."""
    fc = 10 * inputs + 10 * biases
    return {"fc_inputs": inputs, "fc": fc, "total": CONVOLUTIONS + fc - (1 - biases) * 24}


NO_POOLING = Question(
    id="no-pooling",
    code="A3-5a",
    points=2,
    variable="no_pooling",
    ask="Inputs and parameters of the fully connected layer, and the total, when both poolings are removed.",
    method=_no_pooling,
    mistakes=(
        Mistake(
            "fc-unchanged",
            "the fully connected layer is thought to stay as it is, because pooling has no parameters",
            "Pooling learns nothing, but it decides how many numbers reach the next layer.",
            lambda: _fc_of(256),
        ),
        Mistake(
            "one-pooling-left",
            "only the first pooling is removed",
            "Remove both.",
            lambda: _fc_of(16 * 8 * 8),
        ),
        Mistake(
            "other-pooling-left",
            "only the second pooling is removed",
            "Remove both.",
            lambda: _fc_of(16 * 12 * 12),
        ),
        Mistake(
            "channels-forgotten",
            "one map of 24×24 is counted instead of 16",
            "All maps are flattened: channels × height × width.",
            lambda: _fc_of(24 * 24),
        ),
        Mistake(
            "wrong-channels",
            "the 8 maps of the first convolution are counted",
            "The second convolution has 16 filters, and makes a map with each.",
            lambda: _fc_of(8 * 24 * 24),
        ),
        Mistake(
            "uncropped",
            "28×28 cells are counted, the size of the image",
            "The maps are 24×24.",
            lambda: _fc_of(16 * 28 * 28),
        ),
        Mistake(
            "padding-ignored",
            "both convolutions are thought to shrink their maps",
            "5×5 with padding 2 keeps the size.",
            lambda: _fc_of(16 * 16 * 16),
        ),
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter and one per output.",
            lambda: _fc_of(16 * 24 * 24, biases=0),
        ),
        Mistake(
            "convolutions-forgotten",
            "the convolutions are not in the total",
            "Add their 208 and 3216 parameters.",
            lambda: _no_pooling() | {"total": _no_pooling()["fc"]},
        ),
    ),
)

CAUSES = ("overfitting", "bottleneck", "vanishing gradients", "too few parameters in conv3")


def _bottleneck() -> dict[str, Any]:
    with_pool = zoo.convnetjs_mnist(extra_conv=True)
    fc = with_pool["fc"]
    return {
        "fc_inputs": fc.input_shape[0],
        "fc": fc.layer.parameters,
        "total": with_pool.ledger().total,
        "without_last_pool": zoo.convnetjs_mnist(extra_conv=True, last_pool=False).ledger().total,
        "cause": "bottleneck",
    }


def _otherwise(**changes: Any) -> Callable[[], dict[str, Any]]:
    return lambda: _bottleneck() | changes


THIRD = 5 * 5 * 16 * 16 + 16

BOTTLENECK = Question(
    id="bottleneck",
    code="A3-6",
    points=3,
    variable="bottleneck",
    ask="What a third convolution with its pooling does to the classifier, and why the accuracy falls.",
    method=_bottleneck,
    choices=CAUSES,
    mistakes=(
        Mistake(
            "third-pool-forgotten",
            "the pooling behind the third convolution is forgotten",
            "It pools 4×4 with windows of 3: follow the size once more.",
            _otherwise(fc_inputs=256, fc=2570, total=CONVOLUTIONS + THIRD + 2570),
        ),
        Mistake(
            "rounded-up",
            "the last pooling is rounded up to 2×2",
            "Only one window of 3 fits into 4 cells: round down.",
            _otherwise(fc_inputs=64, fc=650, total=CONVOLUTIONS + THIRD + 650),
        ),
        Mistake(
            "one-map",
            "one map is counted instead of 16",
            "All maps are flattened: channels × height × width.",
            _otherwise(fc_inputs=1, fc=20, total=CONVOLUTIONS + THIRD + 20),
        ),
        Mistake(
            "channels-forgotten",
            "the third convolution's input channels are left out",
            EACH_CHANNEL,
            _otherwise(
                total=CONVOLUTIONS + 25 * 16 + 16 + 170, without_last_pool=CONVOLUTIONS + 25 * 16 + 16 + 2570
            ),
        ),
        Mistake(
            "third-conv-forgotten",
            "the third convolution is not in the totals",
            "Add its parameters.",
            _otherwise(total=CONVOLUTIONS + 170, without_last_pool=CONVOLUTIONS + 2570),
        ),
        Mistake(
            "bias-forgotten",
            "the biases are left out",
            "Add one bias per filter and one per output.",
            _otherwise(fc=160, total=10010 - 50, without_last_pool=12410 - 50),
        ),
        Mistake(
            "overfitting",
            "the loss of accuracy is put down to overfitting",
            "Compare how many parameters the classifier has before and after.",
            _otherwise(cause="overfitting"),
        ),
        Mistake(
            "vanishing",
            "the loss of accuracy is put down to vanishing gradients",
            "Three layers are few for that. How many numbers does the last pooling leave to the classifier?",
            _otherwise(cause="vanishing gradients"),
        ),
        Mistake(
            "conv3-too-small",
            "the third convolution is thought to be too small",
            "It is the largest layer of the network. What does it hand on?",
            _otherwise(cause="too few parameters in conv3"),
        ),
    ),
)

QUESTIONS: tuple[Question, ...] = (NO_POOLING, BOTTLENECK)
