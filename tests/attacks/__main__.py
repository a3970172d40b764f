"""Run the attacks and print what became of them, as the table of docs/security.md.

python -m tests.attacks --engine ours|stock|both [--only NAME ...] [--save] [--write docs/security.md]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.attacks import known, ours, stock
from tests.attacks.attack import Attack, attacks, honest
from tests.attacks.remove import remove
from tests.attacks.table import placed, table


@contextmanager
def _place() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="attacks-"))
    try:
        yield place
    finally:
        remove(place)


def _against_ours(chosen: Sequence[Attack]) -> tuple[dict[str, bool], list[str]]:
    works = honest()
    with _place() as place:
        graded = ours.grade_class(chosen, works, place / "class")
    outcomes = graded.outcomes
    succeeded = {x.name: x.succeeded(outcomes[x.name]) or not outcomes[x.name].ended for x in chosen}
    wrong = [f"{x.name} got {graded.honest[x.name]}" for x in works if graded.honest[x.name] != x.points]
    wrong += [f"changed: {path}" for path in graded.facts.changed]
    wrong += [f"left running: {command}" for command in graded.facts.orphans]
    if not all(outcome.ended for outcome in outcomes.values()):
        wrong.append(f"grading did not give everybody a row; it printed: {graded.facts.log[-4000:]}")
    return succeeded, wrong


def _against_stock(chosen: Sequence[Attack], save: bool) -> dict[str, bool]:
    works = honest()
    succeeded = {}
    with _place() as place:
        if save:
            known.remember_honest(stock.grade_honest(works, place / "honest"))
        for attack, outcome in stock.grade_all(chosen, works, place):
            succeeded[attack.name] = attack.succeeded(outcome)
            print(f"{attack.name}: {outcome}" if outcome.kept < 10**5 else attack.name, file=sys.stderr)
            if save:
                known.remember(attack, succeeded[attack.name])
    return succeeded


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 if an attack on ours succeeded, or honest work did not get its points."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=("ours", "stock", "both"), default="ours")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="attacks or families")
    parser.add_argument("--save", action="store_true", help="write stock's results to stock.json")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in its place in a page")
    options = parser.parse_args(argv)
    if options.write and (options.only or options.engine == "stock"):
        parser.error("--write needs every attack on ours")
    chosen = [x for x in attacks() if not options.only or {x.name, x.family} & set(options.only)]
    if not chosen:
        parser.error(f"no attack or family is named {' or '.join(options.only)}")
    theirs = known.recall()
    mine: dict[str, bool] = {}
    wrong: list[str] = []
    if options.engine != "ours":
        theirs |= _against_stock(chosen, options.save)
    if options.engine != "stock":
        mine, wrong = _against_ours(chosen)
    text = table(chosen, theirs, mine, known.versions())
    if options.write:
        options.write.write_text(placed(options.write.read_text(encoding="utf-8"), text), encoding="utf-8")
    else:
        print(text)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong or any(mine.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
