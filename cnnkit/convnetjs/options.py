"""The options of ConvNetJS's trainers, and what its two releases make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from cnnkit.convnetjs.catalogue import Rule, check_options
from cnnkit.errors import ArgumentError, did_you_mean

__all__ = ["EPS", "METHODS", "TrainerOptions"]

# what each release adds to sums of squares before it takes their root
EPS = {"0.3.0": 1e-6, "head": 1e-8}
METHODS = {
    "0.3.0": ("sgd", "adagrad", "windowgrad", "adadelta"),
    "head": ("sgd", "adagrad", "windowgrad", "adadelta", "nesterov"),
}
RULES = {
    "learning_rate": Rule("0.01", least=0),
    "momentum": Rule("0.9", least=0, most=1),
    "batch_size": Rule("20", least=1, whole=True),
    "l1_decay": Rule("0", least=0),
    "l2_decay": Rule("0.001", least=0),
    "ro": Rule("0.95", least=0, most=1),
    "eps": Rule("1e-6", above=0),
}


@dataclass(frozen=True)
class TrainerOptions:
    """How to train, every default resolved. As the options of ``convnetjs.SGDTrainer``.

    Parameters
    ----------
    method : "sgd", "adagrad", "windowgrad", "adadelta", or "nesterov" (release "head" only)
    learning_rate : float
        Adadelta does not use it.
    momentum : float
        Used by sgd and nesterov.
    batch_size : int, in examples per update
    l1_decay, l2_decay : float
        Weight decay; it is divided by `batch_size` as the gradient is. Biases do not decay, and a layer
        multiplies both by its ``l1_decay_mul`` and ``l2_decay_mul``, which are 0 and 1 unless it says
        otherwise: without ``l1_decay_mul`` in the definitions, `l1_decay` does nothing.
    ro : float
        How much of a running average is kept at an update: windowgrad and adadelta.
    eps : float
        Added to sums of squares: adagrad, windowgrad, adadelta. Left out, it is 1e-6 in release "0.3.0"
        and 1e-8 in "head".
    release : "0.3.0" (npm) or "head" (the repository's newest source)

    Raises
    ------
    ArgumentError
        An unknown method or release, or a value out of range.

    Examples
    --------
    >>> TrainerOptions(method="adadelta", batch_size=20, l2_decay=0.001).eps
    1e-06
    """

    method: str = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.9
    batch_size: int = 1
    l1_decay: float = 0.0
    l2_decay: float = 0.0
    ro: float = 0.95
    eps: float = None  # type: ignore[assignment]  # a number as soon as it exists
    release: str = "0.3.0"

    def __post_init__(self) -> None:
        given = asdict(self)
        for name, value in _resolved(given, given.pop("release"), "TrainerOptions").items():
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls, given: Mapping[str, Any], release: str = "0.3.0", function: str = "TrainerOptions"
    ) -> TrainerOptions:
        """Return options from a mapping in ConvNetJS's words.

        Parameters
        ----------
        given : mapping
        release : str
        function : str
            Who asks; messages begin with it.

        Raises
        ------
        ArgumentError
            As the class itself, and for an unknown name.

        Examples
        --------
        >>> TrainerOptions.of({"method": "adagrad", "learning_rate": 0.1}, "head").eps
        1e-08
        """
        return cls(**_resolved(given, release, function), release=release)


def _resolved(given: Mapping[str, Any], release: str, function: str) -> dict[str, Any]:
    if release not in EPS:
        raise ArgumentError(
            f"{function}: `release` is {release!r}, expected one of {', '.join(EPS)}."
            " Give '0.3.0' for npm's, 'head' for the newest source."
        )
    method = given.get("method", "sgd")
    if method not in METHODS[release]:
        raise ArgumentError(
            f"{function}: `method` is {method!r}, expected one of {', '.join(METHODS[release])}."
            f" {_cure(method, release)} ConvNetJS would train by sgd and not say so."
        )
    given = {**given, "eps": EPS[release]} if given.get("eps") is None else given
    rules = {"method": Rule("'sgd'", words=METHODS[release]), **RULES}
    return check_options(function, "the trainer", "trainer", given, rules)


def _cure(method: object, release: str) -> str:
    if method in METHODS["head"]:
        return "The newest source has it: give release='head'."
    if method == "adam":
        return "The newest source's adam multiplies by its bias correction instead of dividing; not ported."
    return did_you_mean(method, METHODS[release])
