"""One update of Adadelta, A3-2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Question

__all__ = ["QUESTIONS"]

Array = NDArray[np.float64]
Update = Callable[[Array, Array, Array, Array, int, float], Array]
RO, EPS = 0.95, 1e-6


def _adadelta(
    gradient: Callable[[Array, Array, int, float], Array] = lambda w, s, n, decay: (s + decay * w) / n,
    step: Callable[[Array, Array, Array], Array] = lambda g, g2, x2: -np.sqrt((x2 + EPS) / (g2 + EPS)) * g,
    ro: float = RO,
    late: bool = False,
    sums: Callable[[Array, Array], Array] = lambda g, dx: dx * dx,
) -> Update:
    """Return Adadelta's update with some of its parts exchanged; `late` uses g2 before it has changed."""

    def update(
        w: Array, gradient_sum: Array, g2: Array, x2: Array, batch_size: int, l2_decay: float
    ) -> Array:
        g = gradient(w, gradient_sum, batch_size, l2_decay)
        before, g2 = g2, ro * g2 + (1 - ro) * g * g
        dx = step(g, before if late else g2, x2)
        return np.stack([dx, g2, ro * x2 + (1 - ro) * sums(g, dx)])

    return update


def _probes(rng: np.random.Generator, count: int = 4) -> Mapping[str, Any]:
    probes = []
    for place in range(count):
        size, batch_size = int(rng.integers(3, 7)), int(rng.choice([5, 10, 20, 50]))
        warm = float(place > 0)  # the first update finds both sums at zero
        arguments = {
            "w": rng.normal(size=size),
            "gradient_sum": batch_size * rng.normal(scale=0.3, size=size),
            "g2": warm * rng.uniform(0.01, 0.1, size),
            "x2": warm * rng.uniform(1e-5, 1e-4, size),
            "batch_size": batch_size,
            "l2_decay": float(rng.choice([0.1, 0.5, 1.0])),
        }
        when = f"batch_size {batch_size}, l2_decay {arguments['l2_decay']:g}, {'later' if warm else 'first'}"
        probes.append(Probe(f"update {place + 1} ({when} update)", arguments))
    return {"probes": tuple(probes)}


INSIDE = "eps stands inside both roots: sqrt((x2 + eps) / (g2 + eps))."

ADADELTA = FunctionQuestion(
    id="adadelta-step",
    code="A3-2",
    points=2,
    variable="adadelta_step",
    ask="Write adadelta_step(w, gradient_sum, g2, x2, batch_size, l2_decay): rows dx, g2, x2.",
    method=_adadelta(),
    atol=1e-12,
    mistakes=(
        Mistake(
            "decay-not-divided",
            "the weight decay is added after the division by the batch size",
            "ConvNetJS divides both by it: (sum + l2_decay * w) / batch_size.",
            _adadelta(lambda w, s, n, decay: s / n + decay * w),
        ),
        Mistake(
            "decay-forgotten",
            "the weight decay is left out",
            "Add l2_decay * w to the sum of the gradients.",
            _adadelta(lambda w, s, n, decay: s / n),
        ),
        Mistake(
            "not-divided",
            "nothing is divided by the batch size",
            "The gradient is a mean over the batch.",
            _adadelta(lambda w, s, n, decay: s + decay * w),
        ),
        Mistake(
            "decay-subtracted",
            "the weight decay has the wrong sign",
            "The decay's gradient is + l2_decay * w; the minus comes with the step.",
            _adadelta(lambda w, s, n, decay: (s - decay * w) / n),
        ),
        Mistake(
            "rho-of-torch",
            "0.9 is taken for ro, which is torch's default",
            "ConvNetJS keeps 0.95 of a running mean.",
            _adadelta(ro=0.9),
        ),
        Mistake(
            "eps-outside-root",
            "eps is added outside of the roots",
            INSIDE,
            _adadelta(step=lambda g, g2, x2: -(np.sqrt(x2) + EPS) / (np.sqrt(g2) + EPS) * g),
        ),
        Mistake(
            "eps-of-head",
            "eps is 1e-8, as in the newest source",
            "Release 0.3.0 has 1e-6.",
            _adadelta(step=lambda g, g2, x2: -np.sqrt((x2 + 1e-8) / (g2 + 1e-8)) * g),
        ),
        Mistake(
            "eps-below-only",
            "eps is added to the denominator alone",
            INSIDE,
            _adadelta(step=lambda g, g2, x2: -np.sqrt(x2 / (g2 + EPS)) * g),
        ),
        Mistake(
            "root-forgotten",
            "the root is left out",
            "The step is a ratio of two sizes, and g2 and x2 hold squares.",
            _adadelta(step=lambda g, g2, x2: -(x2 + EPS) / (g2 + EPS) * g),
        ),
        Mistake(
            "uphill",
            "the step goes uphill",
            "The loss falls against the gradient: dx has a minus.",
            _adadelta(step=lambda g, g2, x2: np.sqrt((x2 + EPS) / (g2 + EPS)) * g),
        ),
        Mistake(
            "learning-rate",
            "the step is multiplied by the learning rate 0.01",
            "Adadelta has no learning rate.",
            _adadelta(step=lambda g, g2, x2: -0.01 * np.sqrt((x2 + EPS) / (g2 + EPS)) * g),
        ),
        Mistake(
            "old-g2",
            "the step uses g2 from before its update",
            "Update g2 first, then compute dx, then update x2.",
            _adadelta(late=True),
        ),
        Mistake(
            "x2-of-gradients",
            "x2 collects squared gradients instead of squared steps",
            "x2 is the running mean of dx * dx.",
            _adadelta(sums=lambda g, dx: g * g),
        ),
    ),
    inputs=_probes(np.random.default_rng(2)),
    draw=lambda rng: _probes(rng, 20),
)

QUESTIONS: tuple[Question, ...] = (ADADELTA,)
