"""What a unit sees of the image, A2-12."""

from __future__ import annotations

from collections.abc import Callable

from cnnkit import zoo
from cnnkit.answers.question import Mistake, Question
from cnnkit.network import Network

__all__ = ["QUESTIONS"]


def _sees(measure: Callable[[Network, str], int]) -> Callable[[], dict[str, int]]:
    return lambda: {
        "conv4": measure(zoo.cs7011(), "conv4"),
        "pool3": measure(zoo.cs7011(), "pool3"),
        "report_conv3": measure(zoo.report_cnn(), "conv3"),
    }


def _kernels_up_to(network: Network, name: str, kinds: tuple[str, ...] = ("conv", "pool")) -> list[int]:
    names = [stage.name for stage in network]
    stages = list(network)[: names.index(name) + 1]
    return [stage.layer.kernel_size for stage in stages if stage.layer.kind in kinds]  # type: ignore[attr-defined]


RECEPTIVE_FIELDS = Question(
    id="receptive-fields",
    code="A2-12",
    points=2,
    variable="receptive_fields",
    ask="Receptive fields of CONV4 and POOL3 in CS7011, and of the third convolution of table 2.",
    method=_sees(lambda network, name: network[name].receptive_field.size[0]),
    mistakes=(
        Mistake(
            "strides-ignored",
            "the strides of the pooling layers are ignored",
            "After a stride of 2, one step in the map is two steps in the image.",
            _sees(lambda network, name: 1 + sum(k - 1 for k in _kernels_up_to(network, name))),
        ),
        Mistake(
            "kernels-summed",
            "the kernel sizes are added up",
            "A kernel adds (k − 1) steps, and a step grows with every stride.",
            _sees(lambda network, name: sum(_kernels_up_to(network, name))),
        ),
        Mistake(
            "pooling-forgotten",
            "the pooling windows themselves are left out",
            "A 2×2 pooling window adds one step too.",
            _sees(lambda network, name: _without_pool_windows(network, name)),
        ),
        Mistake(
            "own-kernel-only",
            "only the layer's own kernel is counted",
            "Its input has seen something already: go back to the image.",
            _sees(lambda network, name: _kernels_up_to(network, name)[-1]),
        ),
    ),
)


def _without_pool_windows(network: Network, name: str) -> int:
    size, jump = 1, 1
    for kernel, pooled in zip(
        _kernels_up_to(network, name),
        [k in _kernels_up_to(network, name, ("pool",)) and k == 2 for k in _kernels_up_to(network, name)],
        strict=True,
    ):
        size += 0 if pooled else (kernel - 1) * jump
        jump *= 2 if pooled else 1
    return size


QUESTIONS: tuple[Question, ...] = (RECEPTIVE_FIELDS,)
