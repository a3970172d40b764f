"""What is here: every set, where it lies, how much of it, and whether it is sound."""

from __future__ import annotations

from pathlib import Path

from cnnkit.data import places
from cnnkit.data.catalogue import OFFICIAL, Official
from cnnkit.data.loading import find
from cnnkit.data.standins import BUILT_IN
from cnnkit.data.table import Table

__all__ = ["inventory"]

STANDS_IN = {official.stand_in: official.name for official in OFFICIAL.values()}


def inventory() -> Table:
    """Return a table of all sets; official files are read for it and their checksums compared.

    Raises
    ------
    DataNotFoundError
        ``$CNNKIT_DATA`` is set to something that is no folder.
    """
    problems: list[str] = []
    rows = [_official(official, problems) for official in OFFICIAL.values()]
    rows += [(name, "built in", "", "", f"stands in for {STANDS_IN[name]}") for name in BUILT_IN]
    looked = ", ".join(map(str, places.roots())) or "no folder: there is no data/ here"
    caption = "\n".join([*problems, f"Looked in {looked}. To fetch a set: cnnkit data get NAME."])
    return Table(
        "", ("set", "where", "training", "test", "state"), tuple(rows), caption, ("training", "test")
    )


def _official(official: Official, problems: list[str]) -> tuple[str, ...]:
    found = find(official)
    if found is None:
        began = _unfinished(official)
        state = f"not here; {official.stand_in} stands in for it"
        return official.name, "–", "–", "–", f"{state}; {began}" if began else state
    damage = found.damage()
    if damage:
        problems.append(damage.removeprefix("load: "))
        return official.name, str(found.path), "–", "–", "DAMAGED"
    training, test = found.counts()
    state = "here" if (training, test) == official.counts else "here, in part"
    return official.name, str(found.path), f"{training:,}", f"{test:,}", state


def _unfinished(official: Official) -> str:
    """Say how much of an interrupted download there is."""
    parts = [
        part
        for root in dict.fromkeys([*places.roots(), places.destination()])
        for file in official.downloads
        for part in _places_of(root, official, file.name)
        if part.is_file()
    ]
    size = sum(part.stat().st_size for part in parts)
    return f"{size:,} bytes of it are fetched" if parts else ""


def _places_of(root: Path, official: Official, name: str) -> list[Path]:
    return [folder / f"{name}.part" for folder in (root, root / official.folder)]
