"""nbgrader's formgrader on this course, in Chromium: a text is read, and its marks and comment arrive."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from autograde import feedback, stock
from autograde.__main__ import main
from autograde.course import Course, find
from autograde.grade import grade
from autograde.notebook import load
from tests.browser.conftest import Lab, running_lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.stock,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

ROOT = Path(__file__).resolve().parents[2]
NAME = "08-referee"
TABLE = (
    "Student,ID,SIS Login ID,Section,Referee (77)\n    Points Possible,,,,15\nOne,s01,a,A,\nTwo,s02,b,A,\n"
)
LETTER = """**Case 1.** Your ledger counts $5 \\cdot 5$ weights for each filter, but conv2 reads 32 maps.

<script>window.hit = 1; fetch("http://evil.invalid/")</script><img src=x onerror="window.hit = 1">
![seen](http://evil.invalid/a.png) [here](javascript:window.hit=1)
<style>.nbgrader_cell { display: none }</style>
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course with notebook 08, handed in by two: as in the solution, with a letter of their own."""
    root = tmp_path_factory.mktemp("course")
    for name in ("nbgrader_config.py", f"solutions/{NAME}", f"notebooks/{NAME}", "cnnkit"):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, target)
    course = find(root)
    (assignment,) = course.assignments
    for student, letter in (("s01", LETTER), ("s02", "Case 4: a softmax too many.")):
        nb = load(assignment.source)
        answers = {cell["id"]: cell for cell in nb["cells"]}
        answers["letter"]["source"] = letter
        if student == "s02":
            answers["plateau"]["source"] = 'case_4 = {"least_loss": 0.0, "claim": 1, "reason": "f"}'
        folder = course.submitted / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.ipynb").write_text(json.dumps(nb))
    grade(course, [assignment], timeout=120, sandbox=False)
    return course


@pytest.fixture(scope="module")
def outside() -> list[str]:
    """What the pages asked of other machines; it was not answered."""
    return []


@pytest.fixture(scope="module")
def jupyter(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Jupyter as an instructor starts it, in the course's folder."""
    with running_lab(tmp_path_factory.mktemp("jupyter"), root=course.root) as server:
        yield server


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., None]:
    """Return a function that keeps what a window shows, in $SCREENSHOTS if that is set."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)

    def picture(page: Page, name: str, **options: bool) -> None:
        page.screenshot(path=folder / f"{name}.png", **options)

    return picture


@pytest.fixture
def formgrader(page: Page, jupyter: Lab, outside: list[str]) -> Iterator[Page]:
    """The list of what was handed in, in formgrader."""
    host = urlsplit(jupyter.address).netloc

    def only_this_machine(route: Route) -> None:
        if urlsplit(route.request.url).netloc == host:
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    assert page.context.browser is not None
    context = page.context.browser.new_context(viewport={"width": 1280, "height": 1000})
    own = context.new_page()
    own.route("**/*", only_this_machine)
    own.goto(jupyter.url("formgrader"))
    own.goto(jupyter.url(f"formgrader/gradebook/{NAME}/{NAME}"))
    expect(own.get_by_role("link", name="Submission #1")).to_be_visible()
    yield own
    context.close()


def answer(page: Page) -> Locator:
    return page.locator(".nbgrader_cell", has=page.locator("textarea#letter-comment"))


def student(page: Page, jupyter: Lab, course: Course, name: str) -> None:
    """Open a student's notebook, as a click on their row does."""
    with stock.open_gradebook(course) as gradebook:
        number = gradebook.find_submission_notebook(NAME, NAME, name).id
    with page.expect_response("**/formgrader/api/comments**"):
        page.goto(jupyter.url(f"formgrader/submissions/{number}/"))
    # it listens once it has filled in what the gradebook says
    expect(answer(page).locator("input.extra-credit")).to_have_attribute("placeholder", "0")


def test_the_mark_scheme_stands_below_the_answer(formgrader: Page, jupyter: Lab, course: Course) -> None:
    formgrader.get_by_role("link", name="Submission #1").click()
    expect(answer(formgrader)).to_be_visible()
    following = answer(formgrader).locator(
        "xpath=ancestor::div[contains(@class, 'cell')][1]/following-sibling::div[1]"
    )
    expect(following).to_contain_text("For graders: how letter is marked.")
    expect(following).to_contain_text("Half a point for each of five sentences")
    released = load(course.assignments[0].release)
    assert "For graders" not in json.dumps(released)


def test_a_letter_is_marked_and_the_marks_go_everywhere(
    formgrader: Page,
    jupyter: Lab,
    course: Course,
    capsys: pytest.CaptureFixture[str],
    picture: Callable[..., None],
) -> None:
    student(formgrader, jupyter, course, "s02")
    score, comment = answer(formgrader).locator("input.score"), answer(formgrader).locator("textarea")
    with formgrader.expect_response("**/formgrader/api/grade/**") as saved:
        score.fill("1.5")
        score.press("Tab")
    assert saved.value.ok
    with formgrader.expect_response("**/formgrader/api/comment/**") as saved:
        comment.fill("Case 4 is right. Name the number that decides: 1.461.")
        comment.press("Tab")
    assert saved.value.ok
    formgrader.mouse.wheel(0, 260)
    picture(formgrader, "formgrader")

    with stock.open_gradebook(course) as gradebook:
        grades = {g.name: g for g in gradebook.find_submission_notebook(NAME, NAME, "s02").grades}
        points = sum(grade.score for grade in grades.values())
        assert (grades["letter"].manual_score, grades["letter"].needs_manual_grade) == (1.5, False)

    assert main(["feedback", "--course", str(course.root)]) == 0
    page = (course.feedback / "s02" / NAME / f"{NAME}.html").read_text()
    assert "Case 4 is right. Name the number that decides: 1.461." in page
    assert "1.5 of 2.5" in page
    assert "Half a point for each of five sentences" not in page
    assert "wait for a person" in (course.feedback / "s01" / NAME / f"{NAME}.html").read_text()

    table = course.work / "canvas.csv"
    table.write_text(TABLE)
    assert main(["export", "--course", str(course.root), NAME, str(table), "--column", "Referee"]) == 0
    with (course.work / "canvas-graded.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["ID"]: row["Referee (77)"] for row in csv.DictReader(file)}
    path = course.feedback / "s02" / NAME / f"{NAME}.html"
    for width, scheme in ((1000, "light"), (400, "dark")):
        formgrader.set_viewport_size({"width": width, "height": 900})
        formgrader.emulate_media(color_scheme=scheme)
        formgrader.set_content(path.read_text())
        expect(formgrader.get_by_text("Your grader says")).to_be_visible()
        picture(formgrader, f"feedback-{scheme}", full_page=True)
    assert rows["s02"] == f"{points:g}"
    assert 0 < points < 14
    assert rows["s01"] == ""
    assert "1 wait for a person to read a text" in capsys.readouterr().out


def test_a_students_text_runs_nothing_in_the_graders_page(
    formgrader: Page, jupyter: Lab, course: Course, outside: list[str]
) -> None:
    student(formgrader, jupyter, course, "s01")
    text = answer(formgrader).locator(".rendered_html")
    expect(text).to_contain_text("conv2 reads 32 maps")
    expect(text).to_contain_text('<script>window.hit = 1; fetch("http://evil.invalid/")</script>')
    assert formgrader.evaluate("window.hit") is None
    assert text.locator("script, style, [onerror]").count() == 0
    assert [a.get_attribute("href") for a in text.locator("a").all()] in ([], [None], ["#harmful-link"])
    assert not [url for url in outside if "evil.invalid" in url]


def test_formgrader_asks_other_machines_for_nothing_but_mathjax(
    formgrader: Page, jupyter: Lab, course: Course, outside: list[str]
) -> None:
    student(formgrader, jupyter, course, "s01")
    assert {urlsplit(url).path.split("/")[3] for url in outside if "mathjax" in url} == {"mathjax"}
    assert [url for url in outside if "mathjax" not in url] == []


def test_the_pages_for_students_hold_no_mark_scheme(course: Course) -> None:
    sent = feedback.write(course, course.assignments)
    assert sent
    assert not [each for each in sent if "For graders" in each.path.read_text()]
