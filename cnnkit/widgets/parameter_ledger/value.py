"""Reading and marking a column of a ledger: what was typed, which number it is, which mistake it shows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cnnkit.layers import Conv2d, Linear
from cnnkit.ledger import COLUMNS, CONVENTIONS, TOTAL
from cnnkit.network import Network

if TYPE_CHECKING:
    from cnnkit.answers.question import Question

__all__ = ["Answer", "Key", "MarkedColumn", "MarkedRow", "keys", "mark", "mistakes", "read"]

Answer = int | tuple[int, ...]
Key = dict[str, dict[str, Any]]
MOST = 2**53 - 1  # the browser's whole numbers end here
TOKEN = re.compile(r"\s*(\d{1,3}(?:[,_ '’\u2009\u202f]\d{3})+(?!\d)|\d+|\*\*|[-+*·×^²()])")
NUMBER = "Type a whole number, or a sum such as 3*3*8*16 + 16."
SIZES = {3: "Type channels × height × width, such as 16×12×12.", 1: "Type one number: the map is flat here."}


@dataclass(frozen=True)
class MarkedRow:
    """One row of the column that is asked for.

    Parameters
    ----------
    name : str
        The layer, or "total".
    typed : str
    answer : int, tuple of int, or None
        What was typed, as a number or a shape; None if it is none.
    verdict : str
        "open" (nothing typed), "right", "mistake" (one catalogued mistake gives this), "several", "sum" (a
        total that fails only because of its lines, or a slip in adding up), "wrong" or "unreadable".
    shown : bool
        Whether the right entry was asked for.
    message : str
        What a wrong entry is told.
    """

    name: str
    typed: str
    answer: Answer | None
    verdict: str
    shown: bool = False
    message: str = ""


@dataclass(frozen=True, repr=False)
class MarkedColumn:
    """The column that is asked for, row by row.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> key = keys(zoo.report_cnn())["parameters/keras/true"]
    >>> mark("parameters", key, mistakes(zoo.report_cnn()), {"conv1": "5*5*3*32 + 32", "conv2": "1664"})
    parameters: 1 of 6 right
    ✓ conv1  5*5*3*32 + 32
    ✗ conv2  1664  Perhaps the input channels are left out of the kernels? Each kernel is as deep as its \
input: multiply by the number of input channels.
    """

    ask: str
    rows: tuple[MarkedRow, ...] = ()

    @property
    def right(self) -> int:
        """How many rows are right."""
        return sum(row.verdict == "right" for row in self.rows)

    def __getitem__(self, name: str) -> MarkedRow:
        return next(row for row in self.rows if row.name == name)

    def __repr__(self) -> str:
        """Return what is right, and what each wrong row is told."""
        signs = {"right": "✓", "open": "○"}
        told = [
            f"{signs.get(row.verdict, '✗')} {row.name}  {row.typed}  {row.message}".rstrip()
            for row in self.rows
            if row.verdict != "open"
        ]
        return "\n".join([f"{self.ask}: {self.right} of {len(self.rows)} right", *told])


def read(text: str, sizes: int = 0) -> Answer | None:
    """Return what a typed entry says: a whole number or a sum of products, or a shape of `sizes` numbers.

    Examples
    --------
    >>> read("3*3*8*16 + 16"), read("1,168"), read("16×12×12", 3), read("16", 3), read("many")
    (1168, 1168, (16, 12, 12), None, None)
    """
    if sizes:
        inner = re.sub(r"^\s*[(\[]|,?\s*[)\]]\s*$", "", text).strip()
        parts = re.split(r"\s*[×x*·,;]\s*|\s+", inner)
        numbers = tuple(int(part) for part in parts if re.fullmatch(r"\d{1,9}", part, flags=re.ASCII))
        return numbers if len(parts) == len(numbers) == sizes else None
    tokens = _tokens(text)
    if not tokens:
        return None
    try:
        value, rest = _sum(tokens)
    except (IndexError, ValueError):
        return None
    return value if not rest and 0 <= value <= MOST else None


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    text = text.rstrip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            return []
        found.append(match[1])
        at = match.end()
    return found


def _sum(tokens: list[str]) -> tuple[int, list[str]]:
    value, tokens = _product(tokens)
    while tokens and tokens[0] in "+-":
        term, rest = _product(tokens[1:])
        value, tokens = _small(value + term if tokens[0] == "+" else value - term), rest
    return value, tokens


def _product(tokens: list[str]) -> tuple[int, list[str]]:
    value, tokens = _power(tokens)
    while tokens and tokens[0] in "*·×":
        factor, tokens = _power(tokens[1:])
        value = _small(value * factor)
    return value, tokens


def _power(tokens: list[str]) -> tuple[int, list[str]]:
    if tokens[0] == "(":
        value, tokens = _sum(tokens[1:])
        if tokens[0] != ")":
            raise ValueError("a bracket is left open")
        tokens = tokens[1:]
    else:
        value, tokens = _small(int(re.sub(r"\D", "", tokens[0]))), tokens[1:]
    while tokens and tokens[0] in ("²", "^", "**"):
        exponent, rest = (2, tokens[1:]) if tokens[0] == "²" else (int(tokens[1]), tokens[2:])
        if exponent > 9:
            raise ValueError("no count needs such a power")
        value, tokens = _small(value**exponent), rest
    return value, tokens


def _small(value: int) -> int:
    if abs(value) > MOST:
        raise ValueError("too large for the browser's numbers")
    return value


def keys(network: Network) -> dict[str, Key]:
    """Return what is right in each row, and which mistakes give which other entries.

    Returns
    -------
    dict
        By column, convention and whether layers have biases, as in ``"parameters/keras/true"``; only the
        parameters depend on the convention, and the others stand under "keras".
    """
    from cnnkit.answers.shapes_and_parameters.columns import column

    made = {}
    for bias in (True, False):
        biased = network if bias else without_biases(network)
        for ask in COLUMNS:
            for convention in CONVENTIONS if ask == "parameters" else ("keras",):
                made[f"{ask}/{convention}/{str(bias).lower()}"] = _key(column(biased, ask, convention))
    return made


def without_biases(network: Network) -> Network:
    """Return the network whose convolutions and fully connected layers have no biases."""
    layers = [
        (s.name, replace(s.layer, bias=False) if isinstance(s.layer, Conv2d | Linear) else s.layer)
        for s in network
    ]
    return Network(network.input_shape, layers, network.name)


def _key(question: Question) -> Key:
    return {
        name: {"right": _plain(right), "wrong": _wrong(question, name, right)}
        for name, right in question.right.items()
    }


def _wrong(question: Question, name: str, right: Answer) -> list[Any]:
    """Return [entry, [ids of the mistakes that give it]] pairs."""
    found: dict[Answer, list[str]] = {}
    for id, outcome in question.wrong.items():
        if outcome[name] != right:
            found.setdefault(outcome[name], []).append(id)
    return [[_plain(value), ids] for value, ids in found.items()]


def _plain(value: Answer) -> int | list[int]:
    return list(value) if isinstance(value, tuple) else value


def mistakes(network: Network) -> dict[str, list[str]]:
    """Return what each mistake is called and its cure, by its column and id.

    Examples
    --------
    >>> from cnnkit import zoo
    >>> mistakes(zoo.report_cnn())["neurons/one-map"]
    ['only one map is counted', 'Every cell of every map is a neuron: filters × height × width.']
    """
    from cnnkit.answers.shapes_and_parameters.columns import column

    questions = [
        (ask, column(each, ask, convention))
        for each in (network, without_biases(network))
        for ask in COLUMNS
        for convention in CONVENTIONS
    ]
    return {f"{ask}/{m.id}": [m.when, m.cure] for ask, each in questions for m in each.mistakes}


def mark(
    ask: str,
    key: Key,
    said: Mapping[str, list[str]],
    typed: Mapping[str, str],
    shown: Iterable[str] = (),
) -> MarkedColumn:
    """Mark a column: ``parameter_ledger.js`` does the same.

    Parameters
    ----------
    ask : one of `cnnkit.ledger.COLUMNS`
    key : as `keys` gives for it
    said : as `mistakes` gives
    typed : dict of str to str
        What stands in each row; rows left out are open.
    shown : names of rows whose right entry was asked for
    """
    shown = set(shown)
    answers = {name: read(typed.get(name, ""), _sizes(entry["right"])) for name, entry in key.items()}
    lines = {name: key[name]["right"] if name in shown else answers[name] for name in key if name != TOTAL}
    rows = []
    for name in key:
        text = typed.get(name, "")
        verdict, message = _verdict(ask, name, text, key, said, answers[name], lines)
        rows.append(MarkedRow(name, text, answers[name], verdict, name in shown, message))
    return MarkedColumn(ask, tuple(rows))


def _sizes(right: int | list[int]) -> int:
    return len(right) if isinstance(right, list) else 0


def _verdict(
    ask: str,
    name: str,
    text: str,
    key: Key,
    said: Mapping[str, list[str]],
    answer: Answer | None,
    lines: Mapping[str, Any],
) -> tuple[str, str]:
    """Return how an entry is marked, and what it is told; `lines` are the entries above a total."""
    right = key[name]["right"]
    if not text.strip():
        return "open", ""
    if answer is None:
        return "unreadable", SIZES[_sizes(right)] if _sizes(right) else NUMBER
    if _plain(answer) == right:
        return "right", ""
    if name == TOTAL and None not in lines.values():
        if all(value == key[line]["right"] for line, value in lines.items()):
            return "sum", "Every line is right, but they do not add up to this."
        if sum(lines.values()) == answer:
            return "sum", "Your lines add up to this: put the wrong ones right first."
    ids: list[str] = next((ids for value, ids in key[name]["wrong"] if value == _plain(answer)), [])
    found = [said[f"{ask}/{id}"] for id in ids]
    if len(found) == 1:
        return "mistake", f"Perhaps {found[0][0]}? {found[0][1]}"
    if found:
        return "several", f"Several mistakes give this: {'; or '.join(w for w, _ in found)}. {found[0][1]}"
    return "wrong", "This is none of the usual mistakes: go through your steps once more, one by one."
