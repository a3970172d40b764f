"""Pages of feedback, made by grading a class: what stands on them, and what must not."""

import csv
import html
import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from autograde import envelope, feedback, stock
from autograde.__main__ import main
from autograde.answers import answers_of, asked_by
from autograde.course import find
from autograde.demo import ROSTER, hand_in, read_roster
from autograde.filing import COLUMNS
from autograde.grade import grade
from autograde.leaks import Secrets
from autograde.notebook import graded_as, load
from autograde.result import recall, record

ROOT = Path(__file__).resolve().parents[1]
ADDING, AREAS = "01-adding", "02-areas"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbgrader's, on import

FIGURE = """
from IPython.display import Image, display
import base64
display(Image(data=base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)))
"""
CLASS = {
    "all-right": {},
    "first-forgotten": {"total-price": "total_price = float(prices[[0, 2]].sum())"},
    "fails-hidden": {
        "mean-function": "def mean(numbers):\n    print(numbers)\n    return sum(numbers) // len(numbers)"
    },
    "draws": {"total-price": f"total_price = 16.0{FIGURE}"},
    "chatters": {"total-price": "total_price = 12.0\nprint('x' * 100_000)\nprint('line\\n' * 5_000)"},
    "nothing": {},
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course of two small notebooks, and a class that was graded."""
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "tests/fixtures/course", root, dirs_exist_ok=True)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    assert main(["release", "--course", str(root)]) == 0
    course = find(root)
    for student, answers in CLASS.items():
        for assignment in course.assignments:
            nb = json.loads(assignment.source.read_text())
            stub = {cell["id"]: cell["source"] for cell in load(assignment.release)["cells"]}
            for cell in nb["cells"]:
                text = "".join(cell["source"])
                if student == "nothing":
                    text = stub.get(cell["id"], text)
                cell["source"] = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", answers.get(cell["id"], text))
            folder = course.submitted / student / assignment.name
            folder.mkdir(parents=True)
            (folder / f"{assignment.name}.ipynb").write_text(json.dumps(nb))
    (course.submitted / "truncated" / ADDING).mkdir(parents=True)
    (course.submitted / "truncated" / ADDING / f"{ADDING}.ipynb").write_text('{"cells": [')
    grade(course, course.assignments, timeout=60, sandbox=False)
    return course


@pytest.fixture(scope="module")
def pages(course):
    """Return a function (student, assignment) -> the page's text, with the marks of HTML taken away."""
    sent = feedback.write(course, course.assignments)
    found = {(each.student, each.assignment): each.path.read_text() for each in sent}
    assert len(found) == 2 * len(CLASS) + 1

    def pages(student, assignment=ADDING):
        return shown(found[student, assignment])

    pages.all = found
    return pages


def shown(page):
    """Return what a page shows, without its head."""
    body = page[page.index("<body>") :]
    return html.unescape(re.sub(r"<[^>]*>", "", body)).replace("\u202f", " ")


def test_a_page_names_each_mistake_beside_the_students_own_answer(pages):
    page = pages("first-forgotten")
    said, answer = (
        page.index("12 is the sum without the first price. Start at index 0."),
        page.index("prices[[0, 2]]"),
    )
    assert said < answer
    assert "F1-1 total-price" in page
    assert "1 of 2" in page
    assert "3 of 3" in page


def test_a_page_shows_what_the_answer_drew_and_cuts_what_is_too_long(pages, course):
    assert 'src="data:image/png;base64,iVBOR' in pages.all["draws", ADDING]
    chatter = pages.all["chatters", ADDING]
    assert len(chatter) < 40_000
    assert "more characters" in chatter
    assert "more lines" in chatter


def test_an_answer_that_a_person_reads_waits_and_a_missing_one_is_named(pages):
    assert "1 more points wait for a person" in pages("all-right", AREAS)
    assert "no answer" in pages("nothing", AREAS)
    assert "The area of" not in pages("nothing", AREAS)


def test_what_could_not_be_graded_says_why(pages):
    assert "Not gradable. 01-adding.ipynb is cut short" in pages("truncated")


def hidden_lines(assignment):
    """Return each line of a notebook's hidden tests and all texts in them, read without the grader's help."""
    released = assignment.release.read_text() if assignment.release.is_file() else ""
    lines = set()
    for cell in json.loads(assignment.source.read_text())["cells"]:
        inside = False
        for line in map(str.strip, "".join(cell["source"]).splitlines()):
            if "HIDDEN TESTS" in line:
                inside = "BEGIN" in line
            elif inside:
                lines |= {line, *re.findall(r'"([^"]{8,})"', line)}
    return {line for line in lines if len(line) >= 8 and json.dumps(line)[1:-1] not in released}


def leaked(page, student, assignment, assignments, students, own):
    """Say what stands on a page that this student did not write and may not see."""
    lines = {line for each in assignments for line in hidden_lines(each)}
    return sorted(
        {secret for secret in lines if secret in page and secret not in own}
        | {name for name in students if re.search(rf"\b{re.escape(name)}\b", page) and name not in own}
        - {student}
    )


def test_no_page_holds_a_hidden_test_or_another_student(course, pages):
    assert any(hidden_lines(each) for each in course.assignments)
    for (student, assignment), page in pages.all.items():
        own = (course.submitted / student / assignment / f"{assignment}.ipynb").read_text()
        assert leaked(shown(page), student, assignment, course.assignments, CLASS, own) == []
        assert "mean of three floats" not in page  # the hidden assertion's own words
    assert "A hidden test did not pass." in pages("fails-hidden")


@pytest.mark.parametrize(
    "slip", ['assert mean([]) == 0, "the mean of no numbers should be 0"', "first-forgotten did so too"]
)
def test_the_search_for_leaks_finds_one(course, pages, slip):
    assignment, _ = course.assignments
    result = recall(course, ADDING)["all-right"]
    marks = tuple(replace(mark, message=slip) for mark in result.marks)
    page = feedback.page("c", assignment, replace(result, marks=marks), {}, {})
    assert leaked(shown(page), "all-right", ADDING, course.assignments, CLASS, "") != []


def test_a_message_that_quotes_a_hidden_test_is_taken_out(course):
    assignment, _ = course.assignments
    result = recall(course, ADDING)["all-right"]
    slip = 'AssertionError in: assert mean([]) == 0, "the mean of no numbers should be 0"'
    marks = tuple(replace(mark, message=slip) for mark in result.marks)
    told = replace(result, marks=marks, reason=slip, notes=(slip, "test-total-price: of no concern", "Odd."))
    told = replace(told, asides=("It has the numbers of somebody else.",))
    kept = feedback.guarded(told, assignment, Secrets(load(assignment.source)))
    assert [mark.message for mark in kept.marks] == [feedback.GUARDED] * 2
    assert (kept.reason, kept.remarks) == (feedback.GUARDED, (feedback.GUARDED, "Odd."))


def test_a_class_of_this_course_gets_pages_without_hidden_tests(tmp_path):
    """The course's own notebooks, handed in with the mistakes that the demo's class makes."""
    course = find(ROOT)
    assignments = course.choose(["1", "2"])
    wanted = {"flipped-kernel", "bias-forgotten", "half-done", "text-for-numbers", "report-002"}
    students = [each for each in read_roster(ROSTER, assignments) if each.id in wanted]
    classroom = course.elsewhere(tmp_path)
    hand_in(classroom, assignments, students)
    grade(classroom, assignments, timeout=60, sandbox=False)
    lines = {line for each in course.assignments for line in hidden_lines(each)}
    assert len(lines) > 50
    sent = feedback.write(classroom, assignments)
    assert len(sent) == 2 * len(wanted)
    for each in sent:
        own = (classroom.submitted / each.student / each.assignment / f"{each.assignment}.ipynb").read_text()
        page = each.path.read_text()
        assert leaked(shown(page), each.student, each.assignment, course.assignments, wanted, own) == []
        assert len(page) < 200_000


def test_points_and_comments_of_a_person_reach_the_page(course, pages):
    with stock.open_gradebook(course) as gradebook:
        notebook = gradebook.find_submission_notebook(AREAS, AREAS, "all-right")
        answer = next(each for each in notebook.grades if each.name == "explain-ring")
        answer.manual_score, answer.needs_manual_grade = 0.5, False
        comment = next(each for each in notebook.comments if each.name == "explain-ring")
        comment.manual_comment = "Say <b>which</b> disc."
        gradebook.db.commit()
    try:
        sent = {each.student: each.path for each in feedback.write(course, course.choose([AREAS]))}
        page = sent["all-right"].read_text()
        assert "Your grader says" in page
        assert "Say &lt;b&gt;which&lt;/b&gt; disc." in page
        assert "4.5 of 5 points" in " ".join(shown(page).split())
        assert "0.5 of 1" in shown(page)
        assert "wait for a person" not in page
        assert "Say " not in sent["draws"].read_text()
        assert "The area of the outer disc" not in sent["nothing"].read_text()
        told = {
            each.student: each.path
            for each in feedback.write(course, course.choose([AREAS]), mark_scheme=True)
        }
        assert "How it is marked" in told["nothing"].read_text()
        assert "The area of the outer disc" in told["nothing"].read_text()
    finally:
        with stock.open_gradebook(course) as gradebook:
            notebook = gradebook.find_submission_notebook(AREAS, AREAS, "all-right")
            answer = next(each for each in notebook.grades if each.name == "explain-ring")
            answer.manual_score, answer.needs_manual_grade = None, True
            next(each for each in notebook.comments if each.name == "explain-ring").manual_comment = None
            gradebook.db.commit()


def test_what_being_late_costs_is_off_the_points(course):
    assignment, _ = course.assignments
    result = recall(course, ADDING)["all-right"]
    page = feedback.page("c", assignment, replace(result, penalty=1.5), {}, {})
    assert "3.5 of 5 points" in " ".join(shown(page).split())


def test_each_of_a_group_reads_the_answers_that_were_graded_for_all(course):
    rules = course.work / "class.toml"
    rules.write_text(
        'timezone = "UTC"\n[groups]\nteam = { members = ["first-forgotten", "nothing"], counts ='
        ' "first-forgotten" }\n[assignment.01-adding]\ndeadline = "2026-03-02 23:59"\n'
    )
    try:
        sent = feedback.write(course, course.choose(["1"]))
        (theirs,) = (each.path.read_text() for each in sent if each.student == "nothing")
    finally:
        rules.unlink()
    assert "12 is the sum without the first price." in shown(theirs)
    assert "prices[[0, 2]]" in shown(theirs)
    assert "Graded with the hand-in of team." in shown(theirs)


def test_each_question_is_about_the_answers_before_it(course):
    adding, areas = (load(each.source) for each in course.assignments)
    assert asked_by(adding) == {
        "test-total-price": ["total-price"],
        "test-mean-function": ["mean-function"],
    }
    assert asked_by(areas)["explain-ring"] == ["explain-ring"]
    for each in find(ROOT).assignments:
        source = load(each.source)
        asked = asked_by(source)
        writable = {c["id"] for c in source["cells"] if graded_as(c) in ("solution", "by hand")}
        assert {name for names in asked.values() for name in names} == writable


def test_the_first_cell_of_an_id_is_the_answer(course):
    release = load(course.assignments[0].release)
    nb = load(course.assignments[0].source)
    copy = next(cell for cell in nb["cells"] if cell["id"] == "total-price") | {"source": "second"}
    found = answers_of({"cells": [*nb["cells"], copy]}, release)
    assert list(found) == ["total-price", "mean-function"]
    assert "prices.sum()" in found["total-price"].source
    assert not found["total-price"].untouched


@pytest.mark.stock
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # nbgrader leaves a file open
def test_nbgrader_releases_these_pages(course, pages, tmp_path):
    """``nbgrader release_feedback`` copies each page to where its student's Jupyter finds it."""
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange.default import ExchangeReleaseFeedback
    from nbgrader.utils import notebook_hash

    for student in ("all-right", "draws"):
        graded = course.autograded / student / ADDING
        (graded / "timestamp.txt").write_text("2030-01-02 12:00:00 UTC")
        (graded / "submission_secret.txt").write_text(f"secret of {student}")
    feedback.write(course, course.choose([ADDING]))
    for student in CLASS.keys() - {"all-right", "draws"} | {"truncated"}:
        shutil.rmtree(course.feedback / student / ADDING)
    settings = stock._settings(course, assignment_id=ADDING, feedback_directory=str(course.feedback))
    settings.Exchange.root = str(tmp_path)
    outbox = tmp_path / course.id / "feedback"
    outbox.mkdir(parents=True)
    for folder in (tmp_path, tmp_path / course.id, outbox):
        folder.chmod(0o777)
    lister = ExchangeReleaseFeedback(coursedir=CourseDirectory(config=settings), config=settings)
    lister.start()
    for student in ("all-right", "draws"):
        name = notebook_hash(secret=f"secret of {student}", notebook_id=ADDING)
        page = (course.feedback / student / ADDING / f"{ADDING}.html").read_bytes()
        assert (outbox / f"{name}.html").read_bytes() == page


def moodle_reads(name):
    """Return (participant, file) as Moodle's importer of feedback files reads a path in the zip file."""
    parts = name.split("/")
    while parts:
        words = parts.pop(0).split("_", 4)
        if len(words) >= 4 and words[1].isdecimal() and words[2:4] == ["assignsubmission", "file"]:
            return words[1], "/".join([*filter(None, words[4:]), *parts])
    return None


def canvas_reads(name):
    """Return (user, attachment) as Canvas reads the name of a file that is uploaded again."""
    words = [word for word in name.split("/")[-1].split("_") if word != "LATE"]
    numbers = [word for word in words if re.fullmatch(r"\d+", word)][:2]
    return None if words[-1].startswith("link") or name.startswith("._") else tuple(numbers)


@pytest.mark.parametrize(
    ("system", "downloaded", "read"),
    [
        ("moodle", "Jo_Ann D'Oe_{}_assignsubmission_file_/two.ipynb", moodle_reads),
        ("moodle", "Jo Doe_{}_assignsubmission_file_two.ipynb", moodle_reads),
        ("canvas", "doejo_{}_88031_my_work 3_4.ipynb", canvas_reads),
        ("canvas", "doejo_LATE_{}_88031_two-1.ipynb", canvas_reads),
    ],
)
def test_the_pages_are_packed_as_the_system_takes_them_back(
    course, tmp_path, system, downloaded, read, capsys
):
    mine = course.elsewhere(tmp_path / "work")
    solution = course.assignments[0].source.read_bytes()
    with zipfile.ZipFile(tmp_path / "download.zip", "w") as archive:
        for number in ("11", "22"):
            archive.writestr(downloaded.format(number), solution)
    from autograde.filing import file_away

    file_away(mine, [tmp_path / "download.zip"])
    sent = [
        feedback.Sent(each.name, ADDING, mine.feedback / each.name / f"{ADDING}.html")
        for each in sorted(mine.submitted.iterdir())
    ]
    for each in sent:
        each.path.parent.mkdir(parents=True)
        each.path.write_text(f"page of {each.student}")
    (packed,) = envelope.pack(mine, sent)
    assert packed.path.name == f"feedback-{ADDING}-{system}.zip"
    assert "2 pages" in str(packed)
    with zipfile.ZipFile(packed.path) as archive:
        found = {read(name): archive.read(name).decode() for name in archive.namelist()}
    wanted = f"feedback-{ADDING}.html" if system == "moodle" else "88031"
    assert found == {(number, wanted): f"page of {number}" for number in ("11", "22")}


def test_a_table_of_an_earlier_version_gets_its_new_column(course, tmp_path):
    from autograde.filing import file_away

    mine = course.elsewhere(tmp_path / "work")
    mine.work.mkdir()
    table = mine.work / "intake.csv"
    table.write_text("taken_in,student,person\n2030,old,Old One\n", encoding="utf-8-sig")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.writestr("doejo_12_88031_a.ipynb", course.assignments[0].source.read_bytes())
    file_away(mine, [tmp_path / "d.zip"])
    with table.open(encoding="utf-8-sig", newline="") as file:
        old, new = csv.DictReader(file)
    assert tuple(old) == COLUMNS
    assert (old["person"], old["reply"], new["reply"]) == ("Old One", "", "doejo_12_88031_")


def test_the_command_says_what_it_wrote_and_what_is_still_open(course, capsys):
    assert main(["feedback", "--course", str(course.root), AREAS]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{len(CLASS)} pages: {course.feedback}\n")
    assert "say that a person has still to read an answer" in said


def test_before_grading_the_command_says_what_to_do(tmp_path, capsys):
    shutil.copytree(ROOT / "tests/fixtures/course", tmp_path / "c")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "c")
    assert main(["feedback", "--course", str(tmp_path / "c")]) == 2
    assert "Run `autograde grade` first." in capsys.readouterr().err


def test_one_page_is_replaced_in_one_step(course, monkeypatch, tmp_path):
    from autograde import layout

    path = tmp_path / "a/page.html"
    layout.save(path, "old")
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        layout.save(path, "new")
    assert path.read_text() == "old"


def test_a_kept_result_survives(course):
    """Writing pages changes no record."""
    before = recall(course, ADDING)
    feedback.write(course, course.choose([ADDING]))
    assert recall(course, ADDING) == before
    record(course, before["all-right"])
