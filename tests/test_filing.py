"""Downloads of Canvas and Moodle, with all that students hand in, become folders that `grade` reads."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograde.__main__ import main
from autograde.course import Course, find
from autograde.errors import CourseError
from autograde.filing import TABLE, Row, file_away
from autograde.intake import collect
from autograde.result import State
from cnnkit.homework import Homework, pack
from tests.journeys.sixty import ADDING, AREAS, Files, canvas, zipped

ROOT = Path(__file__).resolve().parents[1]
COURSE = Path(__file__).parent / "fixtures/course"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """A course in which nothing was handed in; its sources serve as releases."""
    shutil.copytree(COURSE, tmp_path / "course")
    shutil.copytree(COURSE / "solutions", tmp_path / "course/notebooks")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "course")
    return find(tmp_path / "course")


@pytest.fixture
def adding(course: Course) -> bytes:
    """The notebook of the first assignment."""
    return next(each.source for each in course.assignments if each.name == ADDING).read_bytes()


@pytest.fixture
def areas(course: Course) -> bytes:
    """The notebook of the second assignment."""
    return next(each.source for each in course.assignments if each.name == AREAS).read_bytes()


@pytest.fixture
def take(course: Course, tmp_path: Path) -> Callable[..., dict[str, Row]]:
    """Return a function (files of a download) -> rows by student."""

    def take(files: Files, name: str = "submissions.zip") -> dict[str, Row]:
        download = tmp_path / name
        download.write_bytes(zipped(files))
        rows = file_away(course, [download])
        assert len({(row.student, row.assignment) for row in rows}) == len(rows)
        return {row.student: row for row in rows}

    return take


def inside(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_sixty_hand_ins_of_canvas_come_in_as_sixty_rows(
    course: Course, adding: bytes, take: Callable[..., dict[str, Row]]
) -> None:
    rows = take(canvas(adding))
    assert [str(user) for user in range(1, 61)] == sorted(rows, key=int)
    assert {"taken"} == {rows[str(user)].outcome for user in range(1, 51)}
    states = {each.student: each.state for each in collect(course, course.choose([ADDING]))}
    assert set(rows) == set(states)
    assert {user for user in rows if rows[user].outcome == "refused"} == {"54", "55", "56"}
    assert {user for user in rows if states[user] is not None} == {"54", "55", "56", "58", "59", "60"}
    assert [user for user in rows if states[user] is State.MISSING] == ["60"]  # of another assignment
    assert (rows["60"].assignment, rows["60"].outcome) == (AREAS, "taken")
    assert (rows["51"].late, rows["51"].files) == (True, ("01-adding.zip",))
    assert [f"{ADDING}.ipynb"] == inside(course.submitted / "52" / ADDING)
    assert [f"{ADDING}.ipynb"] == inside(course.submitted / "53" / ADDING)
    assert [f"{ADDING}.ipynb"] == inside(course.submitted / "57" / ADDING)
    assert rows["54"].note == "No notebook of the course among 01-adding.docx."
    assert rows["55"].note.startswith("01-adding.zip is no zip file")
    assert rows["56"].note == "01-adding.ipynb is encrypted. Ask for a file without a password."
    assert {path.name for path in course.submitted.parent.parent.glob("**/evil*")} == set()


def test_a_download_of_moodle_comes_in_with_and_without_folders(
    course: Course, adding: bytes, areas: bytes, take: Callable[..., dict[str, Row]]
) -> None:
    rows = take(
        {
            "Ana Example_4711_assignsubmission_file_/02-areas.ipynb": areas,
            "Ana Example_4711_assignsubmission_file_/runs/one.jsonl": b"{}\n",
            "Bo von Beispiel_4712_assignsubmission_file_02-areas.zip": zipped({"02-areas.ipynb": areas}),
            "Ça Ñandú_4713_assignsubmission_onlinetext_/onlinetext.html": b"<p>see my notebook</p>",
            "Di Both_4714_assignsubmission_file_/all.zip": zipped({"1.ipynb": adding, "2.ipynb": areas}),
        }
    )
    assert inside(course.submitted / "4711" / AREAS) == [f"{AREAS}.ipynb", "runs/one.jsonl"]
    assert inside(course.submitted / "4712" / AREAS) == [f"{AREAS}.ipynb"]
    text = rows["4713"]
    assert (text.person, text.outcome, text.assignment) == ("Ça Ñandú", "refused", AREAS)
    assert inside(course.submitted / "4714") == [f"{ADDING}/{ADDING}.ipynb", f"{AREAS}/{AREAS}.ipynb"]


def test_what_a_student_packs_is_what_the_grader_finds(
    course: Course, adding: bytes, tmp_path: Path, take: Callable[..., dict[str, Row]]
) -> None:
    desk = tmp_path / "desk" / ADDING
    (desk / "runs").mkdir(parents=True)
    (desk / f"{ADDING}.ipynb").write_bytes(adding)
    (desk / "own.txt").write_text("mine")
    package = pack(Homework(desk / f"{ADDING}.ipynb"), tmp_path / f"{ADDING}.zip")
    (row,) = take({f"jo_7_70_{ADDING}.zip": package.path.read_bytes()}).values()
    assert (row.outcome, row.note) == ("taken", "")
    placed = course.submitted / "7" / ADDING
    assert {name: (placed / name).read_bytes() for name in inside(placed)} == {
        f"{ADDING}.ipynb": adding,
        "own.txt": b"mine",
    }
    (submission,) = [each for each in collect(course, course.choose([ADDING])) if each.student == "7"]
    assert (submission.state, submission.notes) == (None, ())


def test_the_same_download_twice_changes_nothing_and_a_new_one_keeps_the_old(
    course: Course, adding: bytes, take: Callable[..., dict[str, Row]]
) -> None:
    changed = json.loads(adding)
    changed["cells"][0]["source"] = "# later"
    later = json.dumps(changed).encode()
    assert take({f"jo_7_70_{ADDING}.ipynb": adding})["7"].outcome == "taken"
    assert take({f"jo_7_70_{ADDING}.ipynb": adding})["7"].outcome == "unchanged"
    assert take({f"jo_7_71_{ADDING}-1.ipynb": later})["7"].outcome == "replaced"
    assert (course.submitted / "7" / ADDING / f"{ADDING}.ipynb").read_bytes() == later
    assert (course.work / "earlier/7" / ADDING / "1" / f"{ADDING}.ipynb").read_bytes() == adding
    with (course.work / TABLE).open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert ["taken", "unchanged", "replaced"] == [line["outcome"] for line in table]


def test_of_two_attempts_in_one_download_the_last_counts(
    course: Course, adding: bytes, take: Callable[..., dict[str, Row]]
) -> None:
    changed = json.loads(adding)
    changed["cells"][0]["source"] = "# later"
    later = json.dumps(changed).encode()
    take({f"jo_7_71_{ADDING}-10.ipynb": later, f"jo_7_70_{ADDING}-9.ipynb": adding})
    assert (course.submitted / "7" / ADDING / f"{ADDING}.ipynb").read_bytes() == later


def test_folders_of_students_come_in_as_they_are(course: Course, adding: bytes, tmp_path: Path) -> None:
    (tmp_path / f"class/one/{ADDING}").mkdir(parents=True)
    (tmp_path / f"class/one/{ADDING}/{ADDING}.ipynb").write_bytes(adding)
    (tmp_path / "class/two.ipynb").write_bytes(adding)
    (tmp_path / "class/three.ipynb").symlink_to("/etc/passwd")
    rows = file_away(course, [tmp_path / "class"])
    assert [("one", "taken"), ("two", "taken")] == [(row.student, row.outcome) for row in rows]


def test_a_bomb_is_refused_before_it_goes_off(
    course: Course, adding: bytes, take: Callable[..., dict[str, Row]]
) -> None:
    bomb = zipped({f"zero{place}.bin": bytes(60 << 20) for place in range(3)})
    assert len(bomb) < 1 << 20
    rows = take({"jo_7_70_bomb.zip": bomb, f"al_8_80_{ADDING}.ipynb": adding})
    assert rows["7"].note == "bomb.zip holds more than 96 MiB. Ask for the notebook alone."
    assert rows["8"].outcome == "taken"


def test_no_name_leads_out_of_the_folder_of_hand_ins(
    course: Course, adding: bytes, tmp_path: Path, take: Callable[..., dict[str, Row]]
) -> None:
    before = inside(tmp_path)
    rows = take({"..\\..\\up/01-adding.ipynb": adding, "=cmd|x/1.ipynb": adding, ". /a.ipynb": adding})
    assert set(rows) == {"up", "=cmd-x", "nameless"}
    new = set(inside(tmp_path)) - set(before) - {"submissions.zip"}
    submitted = course.submitted.relative_to(tmp_path).as_posix()
    assert all(name.startswith(f"{submitted}/") or name.endswith(TABLE) for name in new)
    assert ",'=cmd-x," in (course.work / TABLE).read_text(encoding="utf-8-sig")


def test_a_failure_while_writing_leaves_what_was_there(
    course: Course, adding: bytes, take: Callable[..., dict[str, Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    take({f"jo_7_70_{ADDING}.ipynb": adding})
    before = inside(course.submitted)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        file_away(course, [_download(course, {f"jo_7_70_{ADDING}.ipynb": adding + b"\n"})])
    assert before == inside(course.submitted)
    assert os.listdir(course.submitted / "7") == [ADDING]


def _download(course: Course, files: Files) -> Path:
    path = course.root / "new.zip"
    with path.open("wb") as file:
        file.write(zipped(files))
    return path


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("nothing.zip", None, "does not exist, expected a zip file or a folder"),
        ("text.zip", b"no zip", "text.zip is no zip file"),
        ("empty.zip", zipped({}), "is empty, expected hand-ins"),
    ],
)
def test_a_download_that_cannot_be_read_is_told(
    course: Course, tmp_path: Path, name: str, data: bytes | None, said: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(CourseError, match=said):
        file_away(course, [tmp_path / name])


def test_the_command_lists_what_is_odd_and_counts_the_rest(
    course: Course, adding: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download = tmp_path / "week 1.zip"
    download.write_bytes(
        zipped(
            {
                f"jo_7_70_{ADDING}.ipynb": adding,
                f"al_LATE_8_80_{ADDING}.ipynb": adding,
                "ed_9_90_essay.pdf": b"%PDF",
            }
        )
    )
    assert main(["intake", "--course", str(course.root), str(download)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"8 (al)  {ADDING}: taken, late",
        f"9 (ed)  {ADDING}: refused. No notebook of the course among essay.pdf.",
        f"3 hand-ins: 1 refused, 2 taken. All are listed in {course.work / TABLE}.",
    ]
    assert main(["intake", "--course", str(course.root), "--assignment", "01-ading", str(download)]) == 2
    assert "Did you mean" in capsys.readouterr().err
