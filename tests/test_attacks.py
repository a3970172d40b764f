"""Hostile notebooks against our own grader: none gets what it wants, and honest work keeps its points."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest

from autograde import sandbox
from tests.attacks import attack as suite
from tests.attacks import known, ours, stock
from tests.attacks.outcome import Outcome
from tests.attacks.remove import remove
from tests.attacks.table import placed, table

ATTACKS = suite.attacks()
HONEST = suite.honest()
CANARIES = {"hidden": "canary-hidden-0123", "home": "canary-home-4567"}


@pytest.fixture(scope="module")
def place():
    """Return a temporary folder; pytest's own could not be deleted with what attacks leave in it."""
    folder = Path(tempfile.mkdtemp(prefix="attacks-"))
    yield folder
    remove(folder)


@pytest.fixture(scope="module")
def graded(place):
    """Return the class of all attacks and all honest students, graded in one run."""
    missing = sandbox.available()
    if missing:
        pytest.skip(missing)
    return ours.grade_class(ATTACKS, HONEST, place / "class")


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.family}-{attack.name}")
def test_an_attack_gets_nothing_but_its_row(graded, attack):
    outcome = graded.outcomes[attack.name]
    assert outcome.ended, f"{attack.tries} There is no result: {outcome.printed[-3000:]}"
    seen = {"gained": outcome.gained, "files": outcome.files, "changed": outcome.changed}
    seen |= {"processes": outcome.processes, "kept": outcome.kept, "seconds": outcome.seconds}
    assert not attack.succeeded(outcome), f"{attack.tries} It succeeded: {attack.success} {seen}"


@pytest.mark.parametrize("work", HONEST, ids=lambda work: work.name)
def test_honest_work_in_the_same_batch_keeps_its_exact_points(graded, work):
    assert graded.honest[work.name] == work.points, work.story


def test_the_batch_leaves_no_process_and_changes_no_file(graded):
    assert graded.facts.ended
    assert graded.facts.orphans == []
    assert graded.facts.changed == []


@pytest.mark.parametrize("work", HONEST, ids=lambda work: work.name)
def test_honest_work_earns_the_same_from_stock_nbgrader(work):
    assert known.recall_honest()[work.name] == work.points


def test_there_are_enough_attacks_of_each_family():
    families = Counter(attack.family for attack in ATTACKS)
    assert len(ATTACKS) >= 60
    assert {family: families[family] >= 5 for family in suite.FAMILIES} == dict.fromkeys(suite.FAMILIES, True)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: f"{attack.family}-{attack.name}")
def test_an_attack_changes_a_notebook_and_says_what_it_tries(attack):
    assert attack.cells or attack.damage or attack.files or attack.name == "traceback-of-hidden-test"
    assert attack.tries.endswith(".")
    assert attack.success.endswith(".")


def test_the_stock_column_is_of_these_very_attacks():
    kept = {name: entry["file"] for name, entry in known.entries().items()}
    # after a change: python -m tests.attacks --engine stock --only NAME --save
    assert kept == {attack.name: known.digest(attack) for attack in ATTACKS}


def test_the_page_on_security_shows_these_attacks_and_no_success_against_ours():
    page = (ours.ROOT / "docs/security.md").read_text(encoding="utf-8")
    none = dict.fromkeys((attack.name for attack in ATTACKS), False)  # as the tests above have seen
    assert page == placed(page, table(ATTACKS, known.recall(), none, known.versions()))


@pytest.mark.stock
def test_where_nothing_stands_in_their_way_attacks_are_seen_to_succeed(place):
    names = ("swallowed-errors", "another-submission", "daemon")
    chosen = [attack for attack in ATTACKS if attack.name in names]
    seen = {
        attack.name: attack.succeeded(o) for attack, o in stock.grade_all(chosen, HONEST, place / "stock")
    }
    assert seen == dict.fromkeys(names, True)


def outcome(**facts):
    plain = {"points": {}, "earns": {}, "told": "", "shown": "", "feedback": "", "verdicts": ""}
    return Outcome(**plain | {"canaries": CANARIES} | facts)


def test_an_outcome_counts_points_beyond_and_short_of_what_was_deserved():
    seen = outcome(points={"a": 2.0, "b": 1.0, "c": None, "d": float("nan")}, earns={"a": 2, "b": 3, "c": 1})
    assert list(seen.gained) == ["d"]
    assert seen.lost == {"b": 2.0, "c": 1.0}
    assert outcome(points={"a": 2.5}, earns={"a": 2}).gained == {"a": 0.5}


def test_an_outcome_knows_a_canary_that_was_told_backwards():
    seen = outcome(told="found 7654-emoh-yranac here")
    assert seen.leaked("home")
    assert not seen.leaked("hidden")


@pytest.mark.parametrize(
    ("facts", "harm"),
    [({}, False), ({"classmates": ("a",)}, True), ({"changed": ("b",)}, True), ({"ended": False}, True)],
)
def test_an_outcome_knows_when_others_had_to_suffer(facts, harm):
    assert outcome(**facts).harmed_class is harm


def test_the_table_has_a_row_for_each_attack_and_counts_successes():
    two = ATTACKS[:2]
    text = table(two, {two[0].name: True, two[1].name: False}, {two[0].name: False}, {"nbgrader": "0.9"})
    assert "Stock nbgrader (nbgrader 0.9): 1 of 2 attacks succeed." in text
    assert "`autograde grade`: 0 of 1 attacks succeed." in text
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    assert [row.split(" | ")[-2:] for row in rows] == [["**succeeds**", "fails |"], ["fails", "not run |"]]
