"""The file of rules that an instructor writes: what it means, and what is said about mistakes in it."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograde import outlook, policy
from autograde.__main__ import main
from autograde.course import Course, find
from autograde.errors import CourseError
from autograde.late import LateRule, Span

ROOT = Path(__file__).resolve().parents[1]
BERLIN = 'timezone = "Europe/Berlin"\n'
DUE = BERLIN + '[assignment.01-adding]\ndeadline = "2026-03-02 23:59"\n'


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of two small notebooks."""
    shutil.copytree(ROOT / "tests/fixtures/course", tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "course")
    return find(tmp_path / "course")  # whose configuration makes the work folder


@pytest.fixture
def rules(course: Course) -> Callable[[str], policy.Policy]:
    """Return a function text -> the rules that it states."""

    def rules(text: str) -> policy.Policy:
        (course.work / policy.RULES).write_text(text, encoding="utf-8")
        read = policy.read(course)
        assert read is not None
        return read

    return rules


def test_without_the_file_there_are_no_rules(course: Course) -> None:
    assert policy.read(course) is None


def test_everything_that_can_be_written_is_understood(rules: Callable[[str], policy.Policy]) -> None:
    text = (
        BERLIN
        + """
        [late]
        percent = 1.5
        per = "started day"
        of = "earned"
        grace = "1 hour 30 minutes"
        at_most = 50
        nothing_after = "1 week"
        [groups]
        "Team A" = ["11", 12]
        [assignment.1]
        deadline = "2026-03-02 23:59"
        excused = [13]
        extensions.14 = "2 days"
        extensions.15 = 2026-03-05T12:00:00
        handed_in.16 = "2026-03-03 0:10 UTC"
        late.per = "hour"
        [assignment.02-areas]
        deadline = 2026-04-01T12:00:00-05:00
        groups = { B = { members = ["17", "18"], counts = "18" } }
        late = { percent = 0, nothing_after = "1 day" }
        """
    )
    read = rules(text)
    adding, areas = read.terms["01-adding"], read.terms["02-areas"]
    assert adding.late == LateRule(1.5, "hour", "earned", Span(minutes=90), 50, Span(days=7))
    assert areas.late == LateRule(0, "started day", "earned", Span(minutes=90), 50, Span(days=1))
    assert adding.groups == (policy.Group("Team A", ("11", "12")),)
    assert areas.groups == (policy.Group("B", ("17", "18"), "18"),)
    assert adding.excused == {"13"}
    utc = {
        "deadline": adding.deadline,
        "14": adding.deadline_of("14"),
        "15": adding.deadline_of("15"),
        "16": adding.handed_in["16"],
        "areas": areas.deadline,
    }
    assert {name: when.astimezone(UTC).isoformat() for name, when in utc.items() if when} == {
        "deadline": "2026-03-02T22:59:00+00:00",
        "14": "2026-03-04T22:59:00+00:00",
        "15": "2026-03-05T11:00:00+00:00",
        "16": "2026-03-03T00:10:00+00:00",
        "areas": "2026-04-01T17:00:00+00:00",
    }
    assert adding.deadline_of("11") == adding.deadline


MISTAKES = {
    "no zone": (
        '[assignment.01-adding]\ndeadline = "2026-03-02 23:59"',
        "class.toml, line 2: assignment.01-adding.deadline is '2026-03-02 23:59', expected a time zone with"
        ' it. Write one line above all tables, such as timezone = "Europe/Berlin".',
    ),
    "no such zone": (
        'timezone = "Europe/Berln"',
        "class.toml, line 1: timezone is 'Europe/Berln', expected a time zone, like \"Europe/Berlin\"."
        " Did you mean 'Europe/Berlin'?",
    ),
    "no hour": (
        BERLIN + "[assignment.01-adding]\ndeadline = 2026-03-02",
        "class.toml, line 3: assignment.01-adding.deadline is 2026-03-02, expected a time, like"
        ' "2026-03-02 23:59". The hour is missing.',
    ),
    "no day": (
        BERLIN + '[assignment.01-adding]\ndeadline = "2026-02-30 23:59"',
        "class.toml, line 3: assignment.01-adding.deadline is '2026-02-30 23:59', expected a time, like"
        ' "2026-03-02 23:59". There is no such day or hour.',
    ),
    "skipped hour": (
        BERLIN + '[assignment.01-adding]\ndeadline = "2026-03-29 02:30"',
        "expected a time that the clocks show: they are put forward over it. Write another hour.",
    ),
    "hour twice": (
        BERLIN + '[assignment.01-adding]\ndeadline = "2026-10-25 02:30"',
        "expected a time that the clocks show once: they are put back. Write +02:00 or +01:00 after it.",
    ),
    "unknown key": (
        "[late]\nprocent = 1",
        "class.toml, line 2: late.procent is no rule. Did you mean 'percent'?",
    ),
    "unknown table": (
        "[lates]\npercent = 1",
        "class.toml, line 1: lates is no rule. Did you mean 'late'?",
    ),
    "unknown assignment": (
        "[assignment.01-addin]",
        "class.toml, line 1: assignment.01-addin is unknown: there is no assignment '01-addin'."
        " Did you mean '01-adding'?",
    ),
    "percent": (
        "[late]\npercent = 120",
        "class.toml, line 2: late.percent is 120, expected a number from 0 to 100.",
    ),
    "period": (
        '[late]\npercent = 1\nper = "week"',
        "class.toml, line 3: late.per is 'week', expected one of: hour, day, started hour, started day.",
    ),
    "length": (
        '[late]\npercent = 1\ngrace = "soon"',
        'class.toml, line 3: late.grace is \'soon\', expected a length of time, like "10 minutes", "12 hours"'
        ' or "3 days".',
    ),
    "no cost": (
        '[late]\ngrace = "1 hour"',
        "class.toml, line 1: late says not what being late costs. Write percent = 1, for example.",
    ),
    "end before grace": (
        '[late]\npercent = 1\ngrace = "1 day"\nnothing_after = "1 hour"',
        "class.toml, line 4: late.nothing_after is 60 minutes, expected at least grace, 1 day.",
    ),
    "extension before": (
        DUE + 'extensions.14 = "2026-03-01 23:59"',
        "class.toml, line 4: assignment.01-adding.extensions.14 is '2026-03-01 23:59', expected a time after"
        " the deadline, 2026-03-02 23:59 CET.",
    ),
    "extension of nothing": (
        BERLIN + '[assignment.01-adding]\nextensions.14 = "2 days"',
        "class.toml, line 3: assignment.01-adding.extensions.14 is an extension of no deadline.",
    ),
    "two groups": (
        '[groups]\nA = ["11", "12"]\nB = ["12", "13"]',
        "class.toml, line 3: groups.B lists '12', who is in 'A' too. Take one of them out.",
    ),
    "alone": ('[groups]\nA = ["11"]', "class.toml, line 2: groups.A has 1 members, expected at least 2."),
    "outsider counts": (
        '[groups]\nA = { members = ["11", "12"], counts = "13" }',
        "class.toml, line 2: groups.A.counts is '13'.",
    ),
    "twice": (
        DUE + 'excused = ["11", "11"]',
        "class.toml, line 4: assignment.01-adding.excused lists '11' twice. Write it once.",
    ),
    "no list": (
        DUE + 'excused = "11"',
        "class.toml, line 4: assignment.01-adding.excused is '11', expected a list of students:"
        ' ["11", "12"].',
    ),
    "unknown student": (
        'students = "table.csv"\n' + DUE + 'excused = ["5151"]',
        "class.toml, line 5: assignment.01-adding.excused names '5151', who is not in the table of students."
        " Did you mean '5150'?",
    ),
    "no table": (
        'students = "tabel.csv"',
        "class.toml, line 1: students is 'tabel.csv'. export:",
    ),
    "not TOML": (
        "[assignment.01-adding]\ndeadline = 2026-03-02 at noon",
        "rules: class.toml cannot be understood: ",
    ),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_line_its_value_and_a_cure(
    course: Course, rules: Callable[[str], policy.Policy], text: str, said: str
) -> None:
    with (course.work / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["Student", "ID", "Section"], ["One", "5150", ""], ["Two", "11", ""]])
    with pytest.raises(CourseError) as raised:
        rules(text)
    assert said in str(raised.value)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(
    rules: Callable[[str], policy.Policy],
) -> None:
    with pytest.raises(CourseError) as raised:
        rules(BERLIN + '[late]\nprocent = 1\nper = "week"\n[assignment.03]\n')
    lines = str(raised.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "rules",
        "class.toml, line 3",
        "class.toml, line 4",
        "class.toml, line 5",
    ]


def test_a_mistake_stops_every_command_that_goes_by_the_rules(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    (course.work / policy.RULES).write_text("[late]\nprocent = 1")
    for command in (["rules"], ["grade"], ["report"], ["export", "1", "x.csv"], ["intake", "x.zip"]):
        (course.submitted / "one/01-adding").mkdir(parents=True, exist_ok=True)
        code = main([*command, "--course", str(course.root)])
        said = capsys.readouterr().err
        if command[0] not in ("report", "export"):  # these need something graded first
            assert (code, "late.procent is no rule" in said) == (2, True)
        assert code == 2


def test_the_example_can_be_read_and_so_can_each_of_its_lines(
    course: Course, rules: Callable[[str], policy.Policy], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules", "--example", "--course", str(course.root)]) == 0
    text = (course.work / policy.RULES).read_text(encoding="utf-8")
    assert rules(text).terms["01-adding"] == policy.Terms("01-adding")
    used = "\n".join(line.removeprefix("# ") for line in text.splitlines() if not line.startswith("#  "))
    body = (
        used[used.index("timezone =") :].replace('students = "canvas.csv"', "").replace("not in it is", "#")
    )
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    body = body.replace(f'extensions.18 = "{day} 23:59"', 'extensions.18 = "3 days"')
    body = body.replace("5 points", "")
    terms = rules(body).terms["02-areas"]
    assert terms.late == LateRule(0, "hour", "possible", Span(minutes=10), 50, Span(days=7))
    assert terms.deadline_of("18") == Span(days=3).after(terms.deadline or datetime.now(UTC))
    assert [group.counts for group in terms.groups] == ["", "15"]
    assert (terms.excused, list(terms.handed_in)) == ({"16", "17"}, ["19"])
    assert main(["rules", "--example", "--course", str(course.root)]) == 2
    assert "is there already. Edit it, or move it away first." in capsys.readouterr().err


def test_what_the_rules_mean_is_said_for_everybody_and_for_whom_they_name(
    course: Course, rules: Callable[[str], policy.Policy]
) -> None:
    text = DUE + (
        'excused = ["13"]\nextensions.14 = "2 days"\nhanded_in.15 = "2026-03-03 00:59"\n'
        'groups."Team A" = ["11", "12"]\nlate.percent = 2\n'
    )
    for student in ("11", "15", "16"):
        (course.submitted / student / "01-adding").mkdir(parents=True)
    (course.submitted / "16/01-adding/timestamp.txt").write_text("2026-03-02 23:29:00 UTC")
    read = rules(text)
    (adding, _) = course.assignments
    assert list(outlook.described(course, adding, read.terms["01-adding"])) == [
        "01-adding, 5 points",
        "  deadline      2026-03-02 23:59 CET",
        "  late          2 % of the points possible for every hour, by the minute",
        "                15 minutes: -0.03; 2 hours: -0.2; 1 day: -2.4; 3 days: -5; 8 days: -5",
        "  more time     14, until 2026-03-04 23:59 CET",
        "  excused       13",
        "  group         Team A: 11, 12",
        "  handed in     15, 2026-03-03 00:59 CET",
        "  is late       15, 2026-03-03 00:59 CET: 60 min, 2 %",
        "  is late       16, 2026-03-03 00:29 CET: 30 min, 1 %",
        "  note          handed in nobody knows when: in time: 11",
        "  note          named in the rules, handed in nothing so far: 14",
    ]
