"""Digits that students draw, and what the shipped network says of them: A6-1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from cnnkit.answers.question import FunctionQuestion, Mistake, Probe, Raised
from cnnkit.strokes import draw

__all__ = ["QUESTIONS"]

SURE, MARGIN = 0.9, 0.2
INK = 20  # pixels that are at least half white
NAMES = ("sure", "confusing", "moved")

Drawing = Callable[[str], Any]


@dataclass(frozen=True)
class Seen(Raised):
    """What is found in a drawing: a word that is compared, and a sentence."""

    def __str__(self) -> str:
        return self.text


FINE = Seen("fine", "is as it should be")
LOST = Seen("no entry", "is not there. Keep the names that the cell began with")


@dataclass(frozen=True)
class DrawingsQuestion(FunctionQuestion):
    """Three drawings and a digit, asked for by name: the shipped network says what they are."""

    shown: ClassVar[int] = len(NAMES)  # each drawing is wrong in its own way

    def label(self, entry: str) -> str:
        """Return what messages call a drawing."""
        return f'`{self.variable}["{entry}"]`'

    def outcome(self, method: Drawing) -> dict[str, Any]:
        """Return what is found in each drawing."""
        drawn = {name: Probe(name, {"name": name}).outcome(method) for name in ("digit", *NAMES)}
        drawn["digit"] = _digit(drawn["digit"])
        return {name: _found(name, drawn) for name in NAMES}


def _digit(given: Any) -> int | Raised:
    if given is None:
        return Raised("NotImplementedError")
    if isinstance(given, Raised):
        missing = given.error == "KeyError"
        return Seen("no digit", f'cannot be judged: "digit" {LOST}') if missing else given
    if isinstance(given, int | np.integer) and given in range(10):
        return int(given)
    return Seen("no digit", f'cannot be judged: "digit" is {given!r:.30}, expected 0 to 9')


def _found(name: str, drawn: dict[str, Any]) -> Raised:
    """Return what is found in a drawing; what it is compared with must be sound first."""
    wrong = _kind(drawn[name])
    if name == "sure":
        wrong = wrong or (drawn["digit"] if isinstance(drawn["digit"], Raised) else None)
    if name == "moved" and not wrong:
        wrong = _waiting(drawn)
    return wrong or _judged(name, drawn)


def _waiting(drawn: dict[str, Any]) -> Raised | None:
    """Return what keeps "moved" from being judged."""
    if isinstance(drawn["digit"], Seen):
        return Seen("no digit", 'waits for "digit"')  # what is wrong with it is said of "sure"
    if isinstance(drawn["digit"], Raised):
        return drawn["digit"]
    return Seen("no sure drawing", 'waits for "sure"') if _kind(drawn["sure"]) else None


def _kind(image: Any) -> Raised | None:
    """Return what is wrong with a drawing before any network sees it."""
    if image is None:
        return Raised("NotImplementedError")
    if isinstance(image, Raised):
        return LOST if image.error == "KeyError" else image
    if not isinstance(image, np.ndarray) or image.shape != (28, 28):
        what = f"has shape {image.shape}" if isinstance(image, np.ndarray) else f"is a {type(image).__name__}"
        return Seen("shape", f"{what}, expected an array of shape (28, 28). Take what strokes.draw returns")
    if image.dtype != np.uint8:
        return Seen("dtype", f"holds {image.dtype}, expected uint8, 0 to 255. Take what strokes.draw returns")
    if image.mean() > 127:
        return Seen("black on white", "is black on white")
    if (image >= 128).sum() < INK:
        return Seen("little ink", "has hardly any ink")
    return None


def _judged(name: str, drawn: dict[str, Any]) -> Seen:
    p, digit = _probabilities(drawn[name]), drawn["digit"]
    first, second = sorted(p.tolist(), reverse=True)[:2]
    answer = int(p.argmax())
    if name == "sure" and answer != digit:
        return Seen("other digit", f"is a {answer} for the network")
    if name == "sure" and first <= SURE:
        return Seen("unsure", f"is a {answer} at {first:.2f}")
    if name == "confusing" and first - second >= MARGIN:
        return Seen("clear", f"is a {answer} at {first:.2f}, {first - second:.2f} above the next")
    if name == "moved":
        if np.array_equal(drawn["moved"], drawn["sure"]):
            return Seen("in place", 'is the same image as "sure"')
        if not np.array_equal(_cropped(drawn["moved"]), _cropped(drawn["sure"])):
            return Seen("redrawn", 'is not "sure" moved by whole pixels')
        if answer == digit:
            return Seen("still right", f"is a {answer} at {first:.2f}")
    return FINE


def _probabilities(image: np.ndarray) -> np.ndarray:
    import torch

    from cnnkit.nn import as_input, pretrained

    with torch.no_grad():
        logits = pretrained("digits").model(as_input("digits", image[None, None]))  # type: ignore[misc]
    return np.asarray(logits.double().softmax(dim=1)[0])


def _cropped(image: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(image)
    return image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


ONE = ((14, 4), (14, 24))


@cache
def _sure() -> np.ndarray:
    return draw([ONE], centred=True)


@cache
def _confusing() -> np.ndarray:
    """Return a 4 whose arms are nearly joined: the first of a series that the network is torn about."""
    for reach in np.linspace(0, 8, 81):
        image = draw(
            [[(9, 5), (7, 15), (20, 15)], [(17, 5), (16, 24)], [(9, 5), (9 + reach, 5)]], centred=True
        )
        first, second = sorted(_probabilities(image).tolist(), reverse=True)[:2]
        if first - second < MARGIN / 2:
            return image
    raise RuntimeError("drawings: no drawing of the series confuses the network")


def _shifted(image: np.ndarray, right: int) -> np.ndarray:
    return np.roll(image, right, axis=1)


def _drawing(**changed: Callable[[], Any]) -> Drawing:
    """Return the right drawings, with some exchanged."""
    makers: dict[str, Callable[[], Any]] = {
        "digit": lambda: 1,
        "sure": _sure,
        "confusing": _confusing,
        "moved": lambda: _shifted(_sure(), 11),
    }
    makers |= changed
    return lambda name: makers[name]()


def _seven() -> np.ndarray:
    return draw([[(8, 6), (20, 6), (12, 23)]], centred=True)


@cache
def _faint() -> np.ndarray:
    """Return a 1 with so long a flag that the network is no longer sure of it."""
    for height in np.linspace(4, 14, 101):
        image = draw([[(8, height), (14, 4), (14, 24)]], centred=True)
        p = _probabilities(image)
        if p.argmax() == 1 and 0.5 < p.max() <= SURE:
            return image
    raise RuntimeError("drawings: no drawing of the series leaves the network unsure")


def _dot() -> np.ndarray:
    return draw([[(14, 14)]])


CENTRE = "Draw it as people write it, with a pen of 2 to 3 pixels, and let centred=True bring it into place."

DRAWINGS = DrawingsQuestion(
    id="drawings",
    code="A6-1",
    points=4,
    variable="drawings",
    ask="Three drawings: one that the network is sure of, one that confuses it, one moved until it is wrong.",
    tries="drawings",
    weights={"sure": 1.5, "confusing": 1.5, "moved": 1},
    method=_drawing(),
    libraries=("cnnkit",),
    inputs={"probes": ()},
    mistakes=(
        Mistake(
            "another-digit",
            "the network takes it for another digit than you say",
            CENTRE,
            _drawing(sure=_seven, moved=lambda: _shifted(_seven(), 1)),
        ),
        Mistake(
            "not-sure-enough",
            "the network gives your digit 0.9 or less",
            CENTRE,
            _drawing(sure=_faint, moved=lambda: _shifted(_faint(), 9)),
        ),
        Mistake(
            "not-confusing",
            "the network's first answer is 0.2 or more above its second",
            "Begin with a clear digit and change it bit by bit towards another: close the top of a 4, or bend"
            " a 1 into a 7.",
            _drawing(confusing=_sure),
        ),
        Mistake(
            "not-moved",
            'it is the same image as "sure"',
            "Move it by some pixels.",
            _drawing(moved=_sure),
        ),
        Mistake(
            "not-the-same-ink",
            'it is not "sure" moved by whole pixels: it is cut off, or drawn anew',
            "Copy the rows and columns that hold ink to another place of a black image.",
            _drawing(moved=lambda: _shifted(_sure(), 13)),
        ),
        Mistake(
            "still-right",
            "the network still sees your digit",
            "Move it farther, or take a digit that is narrow enough to get to the edge.",
            _drawing(moved=lambda: _shifted(_sure(), 2)),
        ),
        Mistake(
            "black-on-white",
            "it is black on white",
            "MNIST is white on black: 0 is paper, 255 is ink.",
            _drawing(
                sure=lambda: 255 - _sure(), confusing=lambda: 255 - _confusing(), moved=lambda: 255 - _sure()
            ),
        ),
        Mistake(
            "hardly-any-ink",
            "there is hardly any ink in it",
            "Draw something: at least 20 pixels must be half white or more.",
            _drawing(sure=_dot, confusing=_dot, moved=_dot),
        ),
    ),
)

QUESTIONS = (DRAWINGS,)
