"""A question, its right method, and the wrong methods that people use instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

__all__ = ["FunctionQuestion", "Mistake", "Probe", "Question", "Raised", "no_outcome"]


@dataclass(frozen=True)
class Mistake:
    """A wrong method that people really use.

    Parameters
    ----------
    id : str
        What the class report counts, such as ``kernel-flipped``.
    when : str
        Completes "That is what comes out when ...".
    cure : str
        One sentence that says what to do instead, without the right answer.
    method : callable
        Takes the same inputs as the question's right method and returns what this mistake gives.
        For a FunctionQuestion: the wrong implementation itself.
    """

    id: str
    when: str
    cure: str
    method: Callable[..., Any]


@dataclass(frozen=True)
class Question:
    """One graded question about numbers.

    Parameters
    ----------
    id : str
        Also the id of the notebook cell that answers it; its test is ``test-<id>``.
    code : str
        Its number in the syllabus, such as ``A1-2``.
    points : float
    variable : str
        What the notebook calls the answer.
    ask : str
        The question in one line.
    method : callable
        Computes the right answer from `inputs`: an int, a float, a str (one of `choices`), an array, a
        tuple of ints, or a dict of these.
    mistakes : tuple of Mistake
    inputs : mapping
        What the question gives. The public ones are the course's own; `draw` makes others.
    draw : callable, optional
        ``draw(rng) -> inputs``, for variants.
    atol : float
        How far a number may be off. By default no more than rounding leaves behind.
    choices : tuple of str
        What a text entry may be.
    weights : mapping, optional
        How the entries of a dict share the points; equally unless given.
    sums_to : str, optional
        The entry of a dict that must be the sum of the entries in `lines`.
    alike : tuple of tuples of Mistake ids
        Mistakes that no input tells apart; a diagnosis names them together.
    whole : bool
        Whether an entry earns something only where all of its cells are right: they are one property.
    """

    id: str
    code: str
    points: float
    variable: str
    ask: str
    method: Callable[..., Any]
    mistakes: tuple[Mistake, ...]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    draw: Callable[[np.random.Generator], Mapping[str, Any]] | None = None
    atol: float = 1e-6
    choices: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    sums_to: str | None = None
    lines: tuple[str, ...] = ()
    alike: tuple[tuple[str, ...], ...] = ()
    whole: bool = False
    shown: ClassVar[int] = 3  # how many wrong entries a message describes

    def label(self, entry: str) -> str:
        """Return what messages call an entry of the answer, backticks included."""
        return f'`{self.variable}["{entry}"]`' if entry else f"`{self.variable}`"

    def outcome(self, method: Callable[..., Any]) -> Any:
        """Return what a method gives on the question's inputs."""
        return method(**self.inputs)

    def given(self, answer: Any) -> Any:
        """Return the student's answer in the form of an outcome."""
        return answer

    @cached_property
    def right(self) -> Any:
        """The right answer."""
        return self.outcome(self.method)

    @cached_property
    def wrong(self) -> Mapping[str, Any]:
        """What each mistake gives, by its id."""
        return {mistake.id: self.outcome(mistake.method) for mistake in self.mistakes}


@dataclass(frozen=True)
class Raised:
    """An error, as the outcome of a call; the text does not count when outcomes are compared.

    Without an `error`, nothing was raised, and the text says what is wrong with the outcome.
    """

    error: str
    text: str = field(default="", compare=False)

    def __str__(self) -> str:
        first = self.text.strip().splitlines()
        if not self.error:
            return first[0] if first else "is not what was asked for"
        return f"raises {self.error}" + (f" ({first[0]})" if first else "")


def no_outcome(found: Any, otherwise: Raised) -> Raised | None:
    """Return what a call that gave nothing to compare is told: nothing yet, its own error, or `otherwise`.

    Examples
    --------
    >>> unfit = Raised("", "returns no pair")
    >>> no_outcome(7, unfit) is unfit, no_outcome(None, unfit), no_outcome(Raised("TypeError"), unfit).error
    (True, None, 'TypeError')
    """
    return found if found is None or isinstance(found, Raised) else otherwise


@dataclass(frozen=True)
class Probe:
    """One call of a student's function."""

    label: str
    arguments: Mapping[str, Any]

    def outcome(self, function: Callable[..., Any]) -> Any:
        """Return what `function` gives for copies of the arguments, or which error it raises.

        The arguments go in by position, so a student may name the parameters freely. Every subclass of
        ValueError counts as ValueError.
        """
        copies = [v.copy() if isinstance(v, np.ndarray) else v for v in self.arguments.values()]
        try:
            return function(*copies)
        except ValueError as error:
            return Raised("ValueError", str(error))
        except Exception as error:
            return Raised(type(error).__name__, str(error))


@dataclass(frozen=True)
class FunctionQuestion(Question):
    """One graded function: the answer is what it returns for every probe in ``inputs["probes"]``.

    `method` and every mistake's method are functions with the signature that the student writes.
    A probe whose right outcome is an error expects any ValueError.

    Parameters
    ----------
    libraries : tuple of str
        What the function may use although the task is to write it, such as ``torch``.
    tries : str
        What messages call the entries of its outcome.
    """

    libraries: tuple[str, ...] = ()
    tries: str = "tries"
    wanted: ClassVar[str] = "a function. Define it with `def`."
    shown: ClassVar[int] = 1  # what is wrong with one call is mostly wrong with the next

    def label(self, entry: str) -> str:
        """Return what messages call a probe."""
        return f"`{self.variable}` with {entry}"

    @property
    def probes(self) -> Sequence[Probe]:
        """The calls that the diagnosis makes."""
        probes: Sequence[Probe] = self.inputs["probes"]
        return probes

    def outcome(self, method: Callable[..., Any]) -> Any:
        """Return what a function gives for every probe."""
        return {probe.label: probe.outcome(method) for probe in self.probes}

    def given(self, answer: Any) -> Any:
        """Return what the student's function gives for every probe."""
        return self.outcome(answer)
