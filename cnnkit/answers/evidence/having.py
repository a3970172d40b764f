"""Whether the data that a log names are those of the question, and whether they are here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cnnkit import data
from cnnkit.answers.evidence import flaws
from cnnkit.answers.evidence.question import EvidenceQuestion, Finding
from cnnkit.data.catalogue import OFFICIAL
from cnnkit.data.derived import origin
from cnnkit.errors import CnnkitError

if TYPE_CHECKING:
    from cnnkit.data import Dataset
    from cnnkit.nn.run import Run

__all__ = ["Having", "data_of", "own"]


@dataclass(frozen=True)
class Having:
    """The data of a log, or why nothing can be measured on them."""

    dataset: Dataset | None
    why_not: str = ""


def data_of(question: EvidenceQuestion, run: Run, name: str) -> Having | Finding:
    """Return this machine's own copy of the data that a log names by their hashes."""
    called, stand_in = run.data["name"], run.data["stand_in"]
    original, steps = origin(called)
    official = OFFICIAL.get(original)
    instead = official and " ".join([official.stand_in, *steps])
    if called not in question.data or stand_in not in (None, instead):
        asked = " or ".join(question.data)
        shown = f"{called} ({stand_in})" if stand_in else called
        return Finding(flaws.OTHER_DATA, f"{name} was trained on {shown}, the question asks for {asked}.")
    try:
        dataset = own(stand_in or called)
    except CnnkitError:
        return Having(None, f"{called} is not on this machine")
    hashes = {part.name: part.hash for part in dataset.splits}
    theirs = {part: run.data[part]["hash"] for part in hashes}
    if theirs["validation"] == hashes["test"]:
        fact = f"What {name} used as validation images are the test images of {called}."
        return Finding(flaws.SWAPPED, fact)
    if question.subset and run.data["train"]["n"] < len(dataset.train):
        theirs["train"] = hashes["train"]
    other = [part for part in hashes if theirs[part] != hashes[part]]
    if not other:
        return Having(dataset)
    which = f"the {' and '.join(other)} images"
    if official is not None and stand_in is None:  # an official set may lie here in another form
        return Having(None, f"{which} of {called} are not those that are on this machine")
    return Finding(flaws.OTHER_DATA, f"{name} was not trained on {stand_in or called}: {which} are others.")


@lru_cache(maxsize=4)  # an experiment may compare two sets, each in two colours
def own(name: str) -> Dataset:
    """Return this machine's own copy of a data set, by its name."""
    return data.load(name, download=False, stand_in=False)
