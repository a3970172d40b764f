"""The layers and options of ConvNetJS, and what each option may be.

ConvNetJS reads the options it knows and ignores the rest, so that a slip of the pen changes the network
without a word. Here a slip is an error that suggests the nearest name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from operator import index
from typing import Any

from cnnkit.errors import ArgumentError, did_you_mean

__all__ = ["ACTIVATIONS", "LAYERS", "LOSSES", "NOT_PORTED", "Rule", "check_options"]

REQUIRED = "required"


@dataclass(frozen=True)
class Rule:
    """What one option may be.

    Parameters
    ----------
    least, most : number or None
    above : number or None
        A bound that is itself too small.
    whole : bool
        Integers only.
    words : tuple of str
        Not a number but one of these.
    default : Any
        "required", None where the option may be left out, or what ConvNetJS takes instead.
    example : str
        What the message for a missing or wrong option shows.
    """

    example: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    whole: bool = False
    words: tuple[str, ...] = ()
    default: Any = None

    @property
    def text(self) -> str:
        """What is expected, as messages say it."""
        if self.words:
            return f"one of {', '.join(self.words)}"
        kind = "an integer" if self.whole else "a number"
        if self.above is not None:
            return f"{kind} above {self.above}"
        if self.least is None:
            return kind
        return f"{kind} from {self.least} to {self.most}" if self.most else f"{kind} of at least {self.least}"

    def read(self, value: object) -> Any:
        """Return `value` as int, float or str; raise ValueError where it is not what this rule asks for."""
        if self.words:
            if value not in self.words:
                raise ValueError
            return value
        if isinstance(value, bool | str):
            raise ValueError
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        try:
            number = index(value) if self.whole else float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise ValueError from None
        too_small = (self.least is not None and number < self.least) or (
            self.above is not None and number <= self.above
        )
        if not isfinite(number) or too_small or (self.most is not None and number > self.most):
            raise ValueError
        return number


ACTIVATIONS = ("relu", "sigmoid", "tanh")
LOSSES = ("softmax", "svm", "regression")
NOT_PORTED = ("maxout", "lrn", "quadtransform", "tensor", "group_size")


def _count(example: int, default: Any = REQUIRED, least: int = 1) -> Rule:
    return Rule(str(example), least=least, whole=True, default=default)


PROBABILITY = Rule("0.5", least=0, most=1)
SHARED = {"activation": Rule("'relu'", words=ACTIVATIONS), "drop_prob": PROBABILITY}
WEIGHTED = {
    "bias_pref": Rule("0.1"),
    "l1_decay_mul": Rule("0", least=0, default=0.0),
    "l2_decay_mul": Rule("1", least=0, default=1.0),
}
WINDOW = {"sx": _count(5), "sy": _count(5, None)}

LAYERS: dict[str, dict[str, Rule]] = {
    "input": {"out_sx": _count(24), "out_sy": _count(24), "out_depth": _count(1), **SHARED},
    "conv": {
        **WINDOW,
        "filters": _count(8),
        "stride": _count(1, 1),
        "pad": _count(2, 0, 0),
        **WEIGHTED,
        **SHARED,
    },
    "pool": {**WINDOW, "stride": _count(2, 2), "pad": _count(0, 0, 0), **SHARED},
    "fc": {"num_neurons": _count(20), **WEIGHTED, **SHARED},
    "relu": SHARED,
    "sigmoid": SHARED,
    "tanh": SHARED,
    "dropout": {**SHARED, "drop_prob": Rule("0.5", least=0, most=1, default=0.5)},
    "softmax": {"num_classes": _count(10)},
    "svm": {"num_classes": _count(10)},
    "regression": {"num_neurons": _count(1)},
}
# other words that ConvNetJS takes for the same thing
ALIASES = {
    "input": {"in_sx": "out_sx", "in_sy": "out_sy", "in_depth": "out_depth"},
    "fc": {"filters": "num_neurons"},
}


def check_options(
    function: str, owner: str, kind: str, given: Mapping[str, object], rules: Mapping[str, Rule]
) -> dict[str, Any]:
    """Return `given` in canonical names with defaults filled in; raise at the first option that cannot be.

    Parameters
    ----------
    function, owner : str
        Who asks, and whose options these are, as in "definition 2 (conv)".
    kind : str
        The layer's type, or "trainer".
    given : mapping
    rules : mapping from name to Rule

    Returns
    -------
    dict
        Options that may be missing and are missing stay out.

    Raises
    ------
    ArgumentError
        An unknown option, a missing one, or one with a value that it cannot have.

    Examples
    --------
    >>> check_options("example", "definition 3 (pool)", "pool", {"sx": 2}, LAYERS["pool"])
    {'sx': 2, 'stride': 2, 'pad': 0}
    """
    aliases = ALIASES.get(kind, {})
    for name in given:
        if aliases.get(name, name) not in rules:
            cure = "ConvNetJS has it, this port has not." if name in NOT_PORTED else did_you_mean(name, rules)
            raise ArgumentError(
                f"{function}: `{name}` of {owner} is unknown, expected only {', '.join(rules)}. {cure}"
            )
    # of two words for the same thing ConvNetJS takes the first
    named = {aliases[name]: value for name, value in given.items() if name in aliases}
    named |= {name: value for name, value in given.items() if name not in aliases}
    options = {}
    for name, rule in rules.items():
        if name in named:
            options[name] = _read(function, owner, name, rule, named[name])
        elif rule.default == REQUIRED:
            raise ArgumentError(
                f"{function}: `{name}` of {owner} is missing, expected {rule.text}."
                f" Add {name}:{rule.example}, for example."
            )
        elif rule.default is not None:
            options[name] = rule.default
    return options


def _read(function: str, owner: str, name: str, rule: Rule, value: object) -> Any:
    try:
        return rule.read(value)
    except ValueError:
        cure = f"Write {name}:{rule.example}, for example."
        if rule.words and value in NOT_PORTED:
            cure = "ConvNetJS has it, this port has not."
        elif rule.words:
            cure = did_you_mean(value, rule.words)
        raise ArgumentError(
            f"{function}: `{name}` of {owner} is {value!r}, expected {rule.text}. {cure}"
        ) from None
