"""When work was handed in: what tables and ``timestamp.txt`` say, and what does not count."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from autograde.course import Course, find
from autograde.errors import CourseError
from autograde.filing import file_away, note_times, taken_in
from autograde.policy import Group
from autograde.times import read_times, stamp, stamped

ROOT = Path(__file__).resolve().parents[1]
ADDING = "01-adding"
WHEN = datetime(2026, 3, 2, 21, 15, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
# nbgrader and what it imports warn about themselves
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course of two small notebooks."""
    shutil.copytree(ROOT / "tests/fixtures/course", tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "course")
    return find(tmp_path / "course")


@pytest.fixture
def download(course: Course, tmp_path: Path) -> Callable[..., Path]:
    """Return a function names -> a zip file with the first notebook, or a text, under each name."""
    notebook = course.choose([ADDING])[0].source.read_bytes()

    def download(**named: str) -> Path:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, text in named.items():
                archive.writestr(name, text or notebook)
        path = tmp_path / "download.zip"
        path.write_bytes(packed.getvalue())
        return path

    return download


@pytest.mark.parametrize(
    "table",
    [
        'Identifier,Last modified (submission)\nParticipant 11,"Monday, 2 March 2026, 10:15 PM"\n',
        'Identifier,Last modified (submission)\nParticipant 11,"Monday, 2 March 2026, 22:15"\n',
        "user_id,submitted_at\n11,2026-03-02T21:15:00Z\n",
        "student,handed_in\n11,2026-03-02 22:15\n",
        "student,handed_in\n11,2026-03-02 16:15 America/New_York\n12,\n13,-\n",
    ],
)
def test_a_table_of_times_is_read_by_the_clock_that_it_was_written_by(tmp_path: Path, table: str) -> None:
    (tmp_path / "times.csv").write_text(table, encoding="utf-8-sig")
    assert read_times(tmp_path / "times.csv", BERLIN) == {"11": WHEN}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("student,points\n11,5\n", "times.csv has the columns student, points, expected Identifier and"),
        ("", "times.csv has the columns none, expected"),
        ("student,handed_in\n11,soon\n", "times.csv, row 2: the time of '11' is 'soon', expected a time"),
        (
            'Identifier,Last modified (submission)\nTeilnehmer/in11,"Montag, 2. März 2026, 22:15"\n',
            "row 2: the time of '11' is 'Montag, 2. März 2026, 22:15', expected a time, like",
        ),
    ],
)
def test_what_is_no_table_of_times_is_told(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "times.csv").write_text(table, encoding="utf-8")
    with pytest.raises(CourseError) as raised:
        read_times(tmp_path / "times.csv", BERLIN)
    assert said in str(raised.value)


def test_without_a_zone_a_time_is_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "times.csv").write_text("student,handed_in\n11,2026-03-02 22:15\n")
    with pytest.raises(CourseError, match=r"expected a time zone with it\. Write one line .* timezone ="):
        read_times(tmp_path / "times.csv", None)


def test_a_stamp_is_read_as_nbgrader_reads_it(tmp_path: Path) -> None:
    from nbgrader.utils import parse_utc

    stamp(tmp_path, WHEN.astimezone(BERLIN))
    assert stamped(tmp_path) == (WHEN, ())
    assert parse_utc((tmp_path / "timestamp.txt").read_text()) == WHEN.replace(tzinfo=None)
    (tmp_path / "timestamp.txt").write_text("soon")
    assert stamped(tmp_path) == (None, ("timestamp.txt holds 'soon', which is no time; it does not count.",))


def test_a_link_is_no_stamp(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("2026-03-02 21:15:00 UTC")
    (tmp_path / "timestamp.txt").symlink_to(tmp_path / "secret")
    assert stamped(tmp_path) == (None, ())


def test_a_stamp_that_a_student_made_does_not_count(course: Course, download: Callable[..., Path]) -> None:
    path = download(
        **{"ann_11_801_01-adding.ipynb": "", "ann_11_802_timestamp.txt": "2020-01-01 00:00:00 UTC"}
    )
    (row,) = file_away(course, [path])
    assert row.note.startswith("A timestamp.txt was among the files; only one that a system wrote can count")
    assert stamped(course.submitted / "11" / ADDING) == (None, ())


def test_the_same_files_stay_unchanged_when_their_time_becomes_known(
    course: Course, download: Callable[..., Path]
) -> None:
    path = download(**{"ann_LATE_11_801_01-adding.ipynb": ""})
    rows = file_away(course, [path])
    assert note_times(course, rows, {"11": WHEN, "12": WHEN}, {}) == f"{ADDING}: 1 of 1 times are known."
    (again,) = file_away(course, [path])
    assert (again.outcome, stamped(course.submitted / "11" / ADDING)[0]) == ("unchanged", WHEN)
    assert taken_in(course)["11", ADDING] == again
    assert again.late


def test_another_hand_in_does_not_keep_the_time_of_the_first(
    course: Course, download: Callable[..., Path]
) -> None:
    note_times(course, file_away(course, [download(**{"a_11_801_01-adding.ipynb": ""})]), {"11": WHEN}, {})
    text = (course.submitted / "11" / ADDING / f"{ADDING}.ipynb").read_text()
    (row,) = file_away(course, [download(**{"a_11_802_01-adding.ipynb": text + "\n"})])
    assert (row.outcome, stamped(course.submitted / "11" / ADDING)[0]) == ("replaced", None)
    assert stamped(course.work / "earlier/11" / ADDING / "1")[0] == WHEN


def test_a_group_was_handed_in_when_its_members_say(course: Course, download: Callable[..., Path]) -> None:
    path = download(**{"Team A_77_assignsubmission_file_/01-adding.ipynb": ""})
    groups = {ADDING: (Group("Team A", ("11", "12")),)}
    earlier = WHEN.replace(hour=20)
    note_times(course, file_away(course, [path]), {"11": earlier, "12": WHEN, "13": earlier}, groups)
    assert stamped(course.submitted / "77" / ADDING)[0] == WHEN
