"""Grades go back into the tables of Canvas and Moodle: every row stays, one column is filled in."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autograde.errors import CourseError
from autograde.handback import HandBack, fill, reasons_of
from autograde.result import Mark, Result, State

AREAS = "02-areas"
Filled = tuple[HandBack, list[list[str]]]


def graded(student: str, points: float | None, state: State = State.GRADED) -> Result:
    said = "`area` forgot <b>the width</b>.\nTry again."
    marks = (
        Mark("test-area", 2.0, 2.0, "correct", code="A2-1"),
        Mark("test-sum", points, 8.0, "mistake", ("forgot",), said, "A2-2"),
    )
    return Result(student, AREAS, state, 10.0, marks=marks if state is State.GRADED else ())


RESULTS = [
    graded("11", 8.0),
    graded("12", 4.375),
    graded("13", None),
    graded("14", 0, State.UNGRADABLE),
    graded("99", 1.0),
]

CANVAS = [
    [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        "Areas (501)",
        "Volumes (502)",
        "Current Score",
    ],
    ["    Points Possible", "", "", "", "", "20", "5", "(read only)"],
    ["Example, Ana", "11", "s11", "ana", "A, B", "", "3", "60"],
    ["Beispiel, Bo", "12", "s12", "bo", "A", "1", "", ""],
    ["Ñandú, Ça", "13", "", "", "B", "7", "", ""],
    ["=Evil, Eve", "14", "", "", "B", "", "", ""],
    ["Nobody, No", "15", "", "", "B", "EX", "", ""],
]
MOODLE = [
    [
        "Identifier",
        "Full name",
        "Status",
        "Grade",
        "Maximum grade",
        "Last modified (submission)",
        "Feedback comments",
    ],
    ["Participant 11", "Ana Example", "Submitted for grading", "", "10.00", "-", ""],
    [
        "Participant 12",
        "Bo von Beispiel",
        "Submitted for grading",
        "1.00",
        "10.00",
        "Monday, 2 March 2026",
        "old",
    ],
    ["Teilnehmer/in13", "Ça Ñandú", "Submitted for grading", "", "10.00", "-", ""],
    ["Participant 15", "No Body", "No submission", "", "10.00", "-", ""],
]


@pytest.fixture
def filled(tmp_path: Path) -> Callable[..., Filled]:
    """Return a function (table, ...) -> what was said, and the rows that were written."""

    def filled(rows: list[list[str]], encoding: str = "utf-8-sig", **more: object) -> Filled:
        table, to = tmp_path / "table.csv", tmp_path / "graded.csv"
        with table.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)
        before = table.read_bytes()
        export = fill(table, RESULTS, to, **more)  # type: ignore[arg-type]
        assert before == table.read_bytes()
        with to.open(encoding="utf-8", newline="") as file:
            return export, list(csv.reader(file))

    return filled


def test_canvas_gets_its_rows_back_with_the_columns_that_it_imports(
    filled: Callable[..., Filled],
) -> None:
    export, rows = filled(CANVAS)
    assert rows[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Areas (501)"]
    assert rows[1] == ["    Points Possible", "", "", "", "", "20"]
    assert [row[:5] for row in rows] == [row[:5] for row in CANVAS]
    assert [row[5] for row in rows[2:]] == ["10", "6.38", "", "", "EX"]
    assert (export.graded, export.waiting) == (2, ["13"])
    assert (export.absent, export.strangers) == (["14", "15"], ["99"])
    assert str(export).splitlines() == [
        "Areas (501): 2 grades for Canvas",
        "1 wait for a person to read a text, and are left empty: 13",
        "2 have no grade here, and are left as they were: 14, 15",
        "1 have a grade, but no row in the table: 99",
        "Canvas expects 20 points, the notebook has 10: they are written as they are."
        " --scale stretches them.",
    ]


def test_points_are_stretched_where_that_is_asked_for(
    filled: Callable[..., Filled],
) -> None:
    export, rows = filled(CANVAS, scale=True)
    assert [row[5] for row in rows[2:4]] == ["20", "12.75"]
    assert export.notes == ["10 points are stretched to 20."]


@pytest.mark.parametrize("column", ["Volumes", "Volumes (502)"])
def test_a_column_can_be_named_with_its_number_or_without(filled: Callable[..., Filled], column: str) -> None:
    export, rows = filled(CANVAS, column=column)
    assert export.column == rows[0][5] == "Volumes (502)"
    assert [row[5] for row in rows[2:]] == ["10", "6.38", "", "", ""]


@pytest.mark.parametrize("column", ["Area", "Final"])
def test_a_column_that_is_not_surely_meant_is_asked_for(filled: Callable[..., Filled], column: str) -> None:
    with pytest.raises(CourseError, match=r"there are 'Areas \(501\)', 'Volumes \(502\)'\. .*--column"):
        filled(CANVAS, column=column)


def test_moodle_gets_all_its_columns_back_with_grades_and_comments(
    filled: Callable[..., Filled],
) -> None:
    export, rows = filled(MOODLE)
    assert [(*row[:3], *row[4:6]) for row in rows] == [(*row[:3], *row[4:6]) for row in MOODLE]
    assert [row[3] for row in rows[1:]] == ["10", "6.38", "", ""]
    assert [row[6] for row in rows[1:]] == [
        "10 of 10 points",
        "6.375 of 10 points<br>A2-2 sum, 4.375 of 8: `area` forgot &lt;b&gt;the width&lt;/b&gt;.",
        "",
        "",
    ]
    assert (export.system, export.waiting) == ("Moodle", ["13"])
    assert (export.absent, export.strangers) == (["15"], ["99"])


def test_no_row_is_lost_and_none_is_made_up(filled: Callable[..., Filled]) -> None:
    for table, identity in ((CANVAS, 1), (MOODLE, 0)):
        _, rows = filled(table)
        assert [row[identity] for row in rows] == [row[identity] for row in table]


def test_a_table_saved_by_a_spreadsheet_is_read_too(
    filled: Callable[..., Filled],
) -> None:
    short = [row if place != 3 else row[:5] for place, row in enumerate(CANVAS)]
    export, rows = filled(short, encoding="utf-8")
    assert (export.graded, rows[3][5]) == (2, "6.38")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "cannot be read"),
        (b"", "is empty, expected a table"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"Name,Points\nA,1\n", "begins with Name, Points, expected Canvas's gradebook"),
    ],
)
def test_what_is_no_table_of_grades_is_told_and_nothing_is_written(
    tmp_path: Path, data: bytes | None, said: str
) -> None:
    if data is not None:
        (tmp_path / "table.csv").write_bytes(data)
    with pytest.raises(CourseError, match=said):
        fill(tmp_path / "table.csv", RESULTS, tmp_path / "graded.csv")
    assert [path.name for path in tmp_path.iterdir() if path.name != "table.csv"] == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("Identifier,Grade\nParticipant 11,\n")
    with pytest.raises(CourseError, match=r"cannot be written: No such file or directory"):
        fill(tmp_path / "table.csv", RESULTS, tmp_path / "nowhere/graded.csv")


RULED = [
    replace(graded("11", 8.0), excused=True),
    replace(graded("12", 4.375), penalty=0.125, notes=("95 minutes late.",)),
    replace(graded("13", 6.0), waits="It is not known how late."),
    replace(graded("14", 0, State.UNGRADABLE), reason="It is cut short."),
]


def test_canvas_gets_ex_and_what_is_left_after_a_penalty(tmp_path: Path) -> None:
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows(CANVAS)
    refused = {"15": "Not taken in. No notebook."}
    export = fill(tmp_path / "table.csv", RULED, tmp_path / "graded.csv", refused=refused)
    with (tmp_path / "graded.csv").open(newline="") as file:
        assert [row[5] for row in csv.reader(file)][2:] == ["EX", "6.25", "", "", "EX"]
    assert str(export).splitlines()[:5] == [
        "Areas (501): 1 grades for Canvas",
        "1 lost points for being late: 12 (-0.13)",
        "1 excused: 11",
        "1 wait for a decision of yours, and are left empty: 13",
        "2 have no grade here, and are left as they were: 14, 15",
    ]
    assert "Switch Canvas's own late policy off, or it takes points off a second time." in export.notes
    with reasons_of(tmp_path / "graded.csv").open(newline="") as file:
        assert list(csv.reader(file))[1:] == [
            ["11", "Example, Ana", "10.0", "", "EX", ""],
            ["12", "Beispiel, Bo", "6.375", "0.125", "6.25", "95 minutes late."],
            ["13", "Ñandú, Ça", "8.0", "", "", "It is not known how late."],
            ["14", "'=Evil, Eve", "", "", "", "not gradable: It is cut short."],
            ["15", "Nobody, No", "", "", "EX", "Not taken in. No notebook."],
        ]


def test_who_is_excused_in_canvas_alone_stays_so_and_is_named(filled: Callable[..., Filled]) -> None:
    table = [row if row[1] != "12" else [*row[:5], "EX", *row[6:]] for row in CANVAS]
    export, rows = filled(table)
    assert (rows[3][5], export.graded) == ("EX", 1)
    assert "1 are excused in Canvas, and stay so: 12. Empty the cell to grade one." in export.notes


def test_moodle_gets_no_grade_and_a_comment_for_the_excused(tmp_path: Path) -> None:
    table = [row if row[0] != "Participant 11" else [*row[:3], "9.00", *row[4:]] for row in MOODLE]
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows(table)
    export = fill(tmp_path / "table.csv", RULED, tmp_path / "graded.csv")
    with (tmp_path / "graded.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    assert [(row[3], row[6].partition("<br>")[0]) for row in rows] == [
        ("", "Excused."),
        ("6.25", "6.375 of 10 points, 0.13 off for being late"),
        ("", ""),
        ("", ""),
    ]
    assert "11 is excused, but has a grade in Moodle, 9.00: remove it there." in export.notes
    assert "Moodle takes no worksheet without its column 'Last modified (grade)': export it whole." in (
        export.notes
    )


def test_points_above_moodles_maximum_are_told_for_moodle_passes_over_them(tmp_path: Path) -> None:
    rows = [["Identifier", "Grade", "Maximum grade"], ["Participant 11", "", "5.00"]]
    with (tmp_path / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    export = fill(tmp_path / "table.csv", RESULTS, tmp_path / "graded.csv")
    assert any(note.startswith("1 have more points than Moodle's maximum") for note in export.notes)
