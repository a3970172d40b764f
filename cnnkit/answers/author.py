"""What an author's tools ask of the catalogue: which inputs tell too little, and numbers for each student.

``autograde`` never imports this library. It runs the program that the course names for this, and writes one
question on its standard input, as JSON::

    {"questions": ["kernel-from-sizes", ...], "seeds": {"s01": "6f0a...", ...}}

The answer, on standard output::

    {"problems": ["kernel-from-sizes: the mistake ..."],
     "standard": {"kernel-from-sizes": {"before": 512, "after": 504}},
     "drawn": {"s01": {"kernel-from-sizes": {"before": 501, "after": 487}}}}

Without seeds, "problems" says of each question which mistakes its own inputs do not tell apart. Identifiers
that the catalogue does not know are passed over: not every test of a notebook asks it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from cnnkit.answers import QUESTIONS, ROOMS
from cnnkit.answers.variants import Numbers, untold
from cnnkit.errors import ArgumentError

__all__ = ["answer", "main"]

CURE = "Choose other inputs; if no inputs tell the two apart, name them together in `alike`."


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one request.

    Raises
    ------
    ArgumentError
        Numbers cannot be drawn for a student.

    Examples
    --------
    >>> answer({"questions": ["kernel-from-sizes"]})["problems"]
    []
    """
    wanted = [id for id in request["questions"] if id in QUESTIONS]
    seeds: Mapping[str, str] = request.get("seeds", {})
    if not seeds:
        problems = [f"{said} {CURE}" for id in wanted for said in untold(QUESTIONS[id])]
        return {"problems": problems, "standard": _standard(wanted), "drawn": {}}
    drawn = {student: _drawn(wanted, bytes.fromhex(seed)) for student, seed in seeds.items()}
    return {"problems": [], "standard": _standard(wanted), "drawn": drawn}


def _groups(wanted: Iterable[str]) -> Iterator[Numbers]:
    """Yield the numbers that some of these questions take."""
    ids = set(wanted)
    for room in ROOMS:
        for numbers in getattr(room, "VARIANTS", ()):
            if ids & {entry.id for entry in numbers.questions}:
                yield numbers


def _standard(wanted: Iterable[str]) -> dict[str, dict[str, Any]]:
    return _by_question((numbers, numbers.standard()) for numbers in _groups(wanted))


def _drawn(wanted: Iterable[str], seed: bytes) -> dict[str, dict[str, Any]]:
    """Draw for one student; each group by itself, so that a further one changes none of the others."""
    return _by_question(
        (numbers, numbers.drawn(hashlib.sha256(seed + numbers.questions[0].id.encode()).digest()))
        for numbers in _groups(wanted)
    )


def _by_question(found: Iterable[tuple[Numbers, Mapping[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return plain numbers by question and name."""
    return {
        entry.id: {name: np.asarray(value).tolist() for name, value in values.items() if name in entry.inputs}
        for numbers, values in found
        for entry in numbers.questions
    }


def main() -> int:
    """Answer the request on standard input; return the exit code."""
    try:
        json.dump(answer(json.load(sys.stdin)), sys.stdout)
    except ArgumentError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
