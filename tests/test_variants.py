"""Other numbers for each student: drawn, kept, put into notebooks, and told from everybody else's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from autograde import catalogue, given, variants
from autograde.__main__ import main
from autograde.course import Course, find
from autograde.errors import CourseError
from autograde.notebook import dumps, load, show
from autograde.result import Mark, Result, State
from cnnkit.answers import Mistake, Question, question
from cnnkit.answers.author import answer
from cnnkit.answers.variants import Numbers, untold, with_inputs
from cnnkit.errors import ArgumentError

ROOT = Path(__file__).resolve().parents[1]
BY_HAND, SIZES = "01-convolution-by-hand", "02-shapes-and-parameters"
STUDENTS = ["s01", "s02", "s03"]
# nbgrader and what it imports warn about themselves, on import and while they convert
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*alembic:UserWarning"),
]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Return a course of the first two notebooks, released with variants for three students."""
    root = tmp_path_factory.mktemp("course")
    for name in (BY_HAND, SIZES):
        shutil.copytree(ROOT / "solutions" / name, root / "solutions" / name)
    shutil.copytree(ROOT / "cnnkit", root / "cnnkit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", root)
    (root / "roster.csv").write_text("id,first_name\n" + "".join(f"{each},\n" for each in STUDENTS))
    assert main(["release", "--course", str(root), "--variants", str(root / "roster.csv")]) == 0
    return find(root)


def numbers(course: Course, name: str) -> dict[str, Any]:
    path = course.work / f"variants/numbers/{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def own(course: Course, student: str, name: str) -> Path:
    return course.work / "variants/notebooks" / student / name / f"{name}.ipynb"


@pytest.mark.parametrize("student", STUDENTS)
def test_scipy_finds_the_right_answers_for_every_students_image(released: Course, student: str) -> None:
    values = numbers(released, BY_HAND)["students"][student]
    image = np.array(values["sobel-same-padding"]["image"])
    sobel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    for id, expected in {
        "zero-padding": np.pad(image, 1),
        "sobel-same-padding": correlate2d(image, sobel, "same"),
        "sobel-convolution": convolve2d(image, sobel, "same"),
        "sobel-reflect-padding": convolve2d(np.pad(image, 1, mode="reflect"), sobel, "valid"),
    }.items():
        asked = question(id)
        assert isinstance(asked, Question)
        assert np.array_equal(with_inputs(asked, {"image": image}).right, expected)


def test_every_mistake_is_told_apart_for_sixty_students_and_few_numbers_are_alike() -> None:
    seeds = {f"s{number}": f"{number:064x}" for number in range(60)}
    ids = ["sobel-same-padding", "asymmetric-kernel", "kernel-from-sizes", "pooled-size", "second-conv-size"]
    drawn = answer({"questions": ids, "seeds": seeds})["drawn"]
    for values in drawn.values():
        for id in ids:
            plain = {name: np.asarray(value) for name, value in values[id].items()}
            asked = question(id)
            assert isinstance(asked, Question)
            assert untold(with_inputs(asked, plain)) == []
    assert len({json.dumps(values["sobel-same-padding"]) for values in drawn.values()}) == 60
    assert len({json.dumps(values["kernel-from-sizes"]) for values in drawn.values()}) > 50


def test_what_cannot_be_told_apart_in_any_draw_is_said() -> None:
    asked = question("kernel-from-sizes")
    assert isinstance(asked, Question)
    always = Numbers((asked,), lambda rng: {"before": 9, "after": 9})
    with pytest.raises(
        ArgumentError, match=r"nothing that can be used in 1,000 draws\. kernel-from-sizes: the"
    ):
        always.drawn(b"seed")
    with pytest.raises(ArgumentError, match=r"They are the standard numbers each time\."):
        Numbers((asked,), lambda rng: {"before": 512, "after": 504}).drawn(b"seed")
    with pytest.raises(ArgumentError, match=r"gives 'height', for which kernel-from-sizes have no number"):
        Numbers((asked,), lambda rng: {"height": 3}).standard()


def test_students_keep_their_numbers_and_the_secret_alone_decides_them(released: Course) -> None:
    (assignment,) = released.choose([SIZES])
    before = numbers(released, SIZES)["students"]
    record = released.work / f"variants/numbers/{SIZES}.json"
    kept = record.read_bytes()
    record.unlink()
    again = variants.draw(released, assignment, ["s03", "s01", "s02"])
    assert dict(again.students) == before
    record.write_bytes(kept)
    more = variants.draw(released, assignment, ["s04", "s01"])
    assert {name: more.students[name] for name in STUDENTS} == before
    elsewhere = released.elsewhere(released.work / "another")
    assert variants.draw(elsewhere, assignment, STUDENTS).students != before
    record.write_bytes(kept)


def test_a_personal_notebook_differs_in_what_it_gives_and_in_nothing_else(released: Course) -> None:
    for name, cells in ((BY_HAND, {"show-image"}), (SIZES, {"given-sizes", *_asked()})):
        plain = load(released.release / name / f"{name}.ipynb")["cells"]
        mine = load(own(released, "s01", name))["cells"]
        assert {cell["id"] for cell, other in zip(mine, plain, strict=True) if cell != other} == cells
        tests = [cell for cell in mine if cell["id"].startswith("test-")]
        assert tests == [cell for cell in plain if cell["id"].startswith("test-")]


def _asked() -> set[str]:
    return {f"{id}-question" for id in ("padding-for-same", "kernel-from-sizes", "pooled-size")}


def test_a_text_speaks_of_the_numbers_that_are_given(released: Course) -> None:
    values = numbers(released, SIZES)["students"]["s02"]["kernel-from-sizes"]
    shown = show(load(own(released, "s02", SIZES)))
    size, after = values["before"], values["after"]
    assert f"turns a {size}×{size} image into {after}×{after} maps" in shown
    assert f"Those {after}×{after} maps are pooled" in shown
    assert f"before = {size}\nafter = {after}\n" in shown
    assert "**Question A2-2 (1 point).**" in shown


def test_no_notebook_holds_the_secret_another_student_or_a_hidden_line(released: Course) -> None:
    secret = (released.work / "variants/key").read_text()
    hidden = {"len(range(before - size + 1)) == after", "around = np.pad(image, 1"}
    for student in STUDENTS:
        for name in (BY_HAND, SIZES):
            text = own(released, student, name).read_text(encoding="utf-8")
            assert not [other for other in STUDENTS if other in text]
            assert secret not in text
            assert not [line for line in hidden if line in text]
    assert (released.work / "variants/key").stat().st_mode & 0o077 == 0


def test_a_hand_in_is_told_whose_numbers_it_has(released: Course) -> None:
    (assignment,) = released.choose([SIZES])
    known = variants.handed(released, assignment)
    assert known is not None
    mine, plain = load(own(released, "s01", SIZES)), load(assignment.release)
    assert known.whose("s01", mine) == ""
    assert known.whose("s02", mine) == "the notebook of s01"
    assert known.whose("s01", plain) == "the release without variants"
    assert known.whose("somebody-new", plain) == ""
    edited = json.loads(dumps(mine).replace("kernel_size = ", "kernel_size = 1"))
    for cell in edited["cells"]:
        cell["source"] = "".join(cell["source"])
    assert known.whose("s01", edited) == "no notebook that was given out"
    mine["cells"] = [cell for cell in mine["cells"] if cell["id"] != "given-sizes"]
    assert known.whose("s02", mine) == ""
    assert known.source("somebody-new") == b""


def test_other_numbers_are_named_where_they_cost_points_and_nowhere_else() -> None:
    marks = (Mark("test-a", 0.0, 1, "unrecognised"), Mark("test-b", 0.0, 1, "mistake", ("x",)))
    marks += (Mark("test-c", 1.0, 1, "correct"), Mark("d", None, 1, "by hand"))
    told = variants.told(
        Result("s02", SIZES, State.GRADED, 4, marks=marks), "the notebook of s01", ["a", "c"]
    )
    assert [mark.mistakes for mark in told.marks] == [(variants.OTHERS,), ("x",), (), ()]
    assert "s01" in told.asides[0]
    assert not [mark for mark in told.marks if "s01" in mark.message]


@pytest.mark.parametrize(
    ("table", "students"),
    [
        ("id,first_name\na,\nb,\n", ["a", "b"]),
        ("Student,ID,Section\n    Points Possible,,\nOne,12,A\n", ["12"]),
        ("Identifier,Full name\nParticipant 7,One\n\nParticipant 9,Two\n", ["7", "9"]),
        ("\ufeffid\nä b\n", ["ä b"]),
    ],
)
def test_the_tables_of_three_systems_are_rosters(tmp_path: Path, table: str, students: list[str]) -> None:
    (tmp_path / "roster.csv").write_text(table, encoding="utf-8")
    assert variants.roster(tmp_path / "roster.csv") == students


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("name\na\n", "whose first line has no column `id`"),
        ("", "whose first line has no column `id`"),
        ("id\n", "which has no student"),
        ("id,x\na,\n ,y\n", "in whose row 3 the id is '': there is none. Mend that row."),
        ("id\na\na\n", "in whose row 3 the id is 'a': it was there before"),
        ("id\n../a\n", "'../a': it cannot be the name of a folder"),
        ("id\n\x1b[2J\n", "it cannot be the name of a folder"),
    ],
)
def test_what_is_wrong_with_a_roster_is_said(tmp_path: Path, table: str, said: str) -> None:
    (tmp_path / "roster.csv").write_text(table, encoding="utf-8")
    with pytest.raises(CourseError) as error:
        variants.roster(tmp_path / "roster.csv")
    assert str(error.value).startswith(f"release: `--variants` is {tmp_path / 'roster.csv'}, ")
    assert said in str(error.value)
    with pytest.raises(CourseError, match=r"cannot be read: No such file"):
        variants.roster(tmp_path / "none.csv")


def cell(kind: str, id: str, source: str, *, locked: bool = False, grade: bool = False) -> dict[str, Any]:
    marked = {"nbgrader": {"locked": locked, "grade": grade}} if locked or grade else {}
    tags = {} if grade else {"tags": ["variant"]}
    return {"cell_type": kind, "id": id, "metadata": marked | tags, "source": source}


SOUND = [
    cell("code", "given", "n = 8\nx = np.array([[1, 2],\n  [3, 4]])  # ä x", locked=True),
    cell("markdown", "ask-question", "An 8×8 image; 80 rows, conv8, A2-8, 8.5 and 18, but −8."),
    cell("code", "test-ask", "check.answer('ask', a, n=n, x=x)", grade=True),
]
STANDARD = {"ask": {"n": 8, "x": [[1, 2], [3, 4]]}}


def test_numbers_are_exchanged_where_they_stand_by_themselves() -> None:
    drawn = {"ask": {"n": 11, "x": [[5, 6], [7, -8]]}}
    new = given.exchanged({"cells": SOUND}, STANDARD, drawn, unlocked=True)["cells"]
    assert new[0]["source"] == "n = 11\nx = np.array([[5, 6], [7, -8]])  # ä x"
    assert new[1]["source"] == "An 11×11 image; 80 rows, conv8, A2-8, 8.5 and 18, but −11."
    assert new[2] == SOUND[2]
    assert "nbgrader" not in new[0]["metadata"]
    assert given.given_in({"cells": new}, {"n", "x"}) == {"n": 11, "x": [[5, 6], [7, -8]]}
    assert given.problems({"cells": SOUND}, STANDARD) == []


@pytest.mark.parametrize(
    ("place", "changed", "said"),
    [
        (
            0,
            cell("code", "given", SOUND[0]["source"]),
            "cell given has the tag variant, but is not read-only.",
        ),
        (
            0,
            cell("code", "given", "n = 9\nx = [[1, 2], [3, 4]]", locked=True),
            "n = 8 in the catalogue, and 9",
        ),
        (
            0,
            cell("code", "given", "n = 8", locked=True),
            "Add a line `x = np.array([[1, 2], [3, 4]])` to one.",
        ),
        (1, cell("markdown", "ask-question", "An image."), "none of its question's numbers stands in it"),
        (
            2,
            cell("code", "test-ask", "check.answer('ask', a)", grade=True),
            "Write check.answer(..., n=n, x=x).",
        ),
        (0, cell("code", "given", "pass", locked=True), "but gives no number that is drawn"),
        (
            1,
            cell("code", "test-more", "check.answer('more', b, n=n)", grade=True),
            "more is checked with `n`, which is drawn for each student without a look at its mistakes.",
        ),
    ],
)
def test_what_stands_in_the_way_of_variants_is_said(place: int, changed: dict[str, Any], said: str) -> None:
    cells = [*SOUND[:place], changed, *SOUND[place + 1 :]]
    assert any(said in problem for problem in given.problems({"cells": cells}, STANDARD))


def test_a_catalogue_that_cannot_answer_is_named_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    for text, said in (
        ("print('hello')", "answers 'hello\\n', expected JSON with problems, standard and drawn."),
        ("def f(:", "cannot answer: SyntaxError"),
        ("import sys; sys.exit('no numbers today')", "cannot answer: no numbers today"),
    ):
        (tmp_path / "mine/author.py").write_text(text)
        (tmp_path / "nbgrader_config.py").write_text('c.Autograde.catalogue = "mine.author"\n')
        with pytest.raises(CourseError) as error:
            catalogue.ask(find(tmp_path), ["a"])
        assert said in str(error.value)
    (tmp_path / "nbgrader_config.py").write_text("")
    with pytest.raises(
        CourseError, match=r"names no catalogue to draw numbers from\. Set c\.Autograde\.catalogue"
    ):
        catalogue.ask(find(tmp_path), ["a"])


def test_a_mistake_that_comes_out_right_is_named_with_its_inputs() -> None:
    none = Mistake("nothing-done", "", "", lambda image: image)
    twice = Mistake("done-twice", "", "", lambda image: 4 * image)
    asked = Question(
        "doubled", "A1-0", 1, "d", "", lambda image: 2 * image, (none, twice), {"image": np.zeros(2)}
    )
    assert untold(asked) == [
        f"doubled: the mistake `{name}` gives the right answer, [0.0, 0.0], for image=[0.0, 0.0]."
        for name in ("nothing-done", "done-twice")
    ] + ["doubled: the mistakes `nothing-done` and `done-twice` both give [0.0, 0.0], for image=[0.0, 0.0]."]
