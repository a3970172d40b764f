import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

from autograde import kit, release
from autograde.__main__ import main
from autograde.course import find
from autograde.errors import CourseError
from autograde.leaks import Secrets, leaks
from autograde.notebook import dumps, load

ROOT = Path(__file__).resolve().parents[1]
COURSE = Path(__file__).parent / "fixtures/course"
# nbgrader and what it imports warn about themselves, on import and while they convert
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*alembic:UserWarning"),
]


@pytest.fixture
def root(tmp_path):
    """Return a course that was never released."""
    shutil.copytree(COURSE, tmp_path / "course")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path / "course")
    return tmp_path / "course"


@pytest.fixture
def released(root, capsys):
    """Return a released course."""
    assert main(["release", "--course", str(root)]) == 0
    capsys.readouterr()
    return root


def source(root, name="01-adding"):
    return root / "solutions" / name / f"{name}.ipynb"


def target(root, name="01-adding"):
    return root / "notebooks" / name / f"{name}.ipynb"


def change(path, id, /, **fields):
    """Change a cell; ``nbgrader`` is merged into its metadata."""
    nb = load(path)
    cell = next(cell for cell in nb["cells"] if cell.get("id") == id)
    cell["metadata"].get("nbgrader", {}).update(fields.pop("nbgrader", {}))
    cell.update(fields)
    path.write_text(dumps(nb))


def refused(root, capsys, *arguments):
    code = main(["release", "--course", str(root), *arguments])
    assert code == 1
    return capsys.readouterr().err


def test_a_release_has_stubs_for_solutions_and_no_hidden_tests(root, capsys):
    assert main(["release", "--course", str(root)]) == 0
    said = capsys.readouterr().out
    assert said == "01-adding: 5 points, 2 questions, released\n02-areas: 5 points, 3 questions, released\n"
    cells = {cell["id"]: cell["source"] for cell in load(target(root))["cells"]}
    assert cells["total-price"] == "# your answer here"
    assert "HIDDEN" not in cells["test-mean-function"]
    assert [cell["id"] for cell in load(source(root))["cells"]] == list(cells)


def test_a_second_release_touches_nothing(released, capsys):
    before = {path: path.stat().st_mtime_ns for path in (released / "notebooks").rglob("*")}
    assert main(["release", "--course", str(released), "02-areas"]) == 0
    assert capsys.readouterr().out == "02-areas: 5 points, 3 questions, unchanged\n"
    assert before == {path: path.stat().st_mtime_ns for path in (released / "notebooks").rglob("*")}


@pytest.mark.stock
def test_the_release_is_byte_for_byte_that_of_stock_nbgrader_which_also_finds_nothing_wrong(released):
    before = target(released).read_bytes()
    nbgrader = str(Path(sys.executable).with_name("nbgrader"))
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(released)}  # as if the environment were not activated
    for command in (["generate_assignment", "01-adding", "--force"], ["validate", str(source(released))]):
        run = subprocess.run(
            [nbgrader, *command], cwd=released, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
    assert "Success! Your notebook passes all the tests." in run.stdout
    assert before == target(released).read_bytes()


def test_files_beside_a_notebook_are_released_and_listed(root, capsys):
    (source(root).parent / "data").mkdir()
    (source(root).parent / "data/map.csv").write_text("1\n")
    (source(root).parent / "plan.txt").write_text("2\n")
    assert main(["release", "--course", str(root), "01-adding"]) == 0
    said = "01-adding: 5 points, 2 questions, released, with data/map.csv, plan.txt\n"
    assert said == capsys.readouterr().out
    assert b"1\n" == (target(root).parent / "data/map.csv").read_bytes()


@pytest.mark.parametrize("name", ["a-solution.py", "Solutions/notes.txt"])
def test_a_file_that_is_called_a_solution_is_not_released(root, capsys, name):
    path = source(root).parent / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("x = 1\n")
    said = refused(root, capsys)
    assert (
        f"01-adding/{name}: is called a solution, and students would get it. Move it out of"
        f" {source(root).parent}, or give it another name if it is for them.\n"
    ) in said
    assert said.endswith("Nothing was released.\n")
    assert not (root / "notebooks").exists()


def test_check_passes_after_a_release(released, capsys):
    assert main(["release", "--check", "--course", str(released)]) == 0
    assert capsys.readouterr().out == "2 notebooks are released as their sources say, and nothing leaks.\n"


def test_check_reports_all_drift_at_once_and_changes_nothing(released, capsys):
    change(target(released), "ask-total", source="What is the sum?")
    change(source(released, "02-areas"), "intro", source="# Areas of discs")
    (released / "notebooks/01-adding/notes.txt").write_text("x")
    (released / "solutions/02-areas/map.csv").write_text("1\n")
    (released / "notebooks/03-gone").mkdir()
    before = release.files_in(released)
    said = refused(released, capsys, "--check")
    assert "01-adding/01-adding.ipynb: differs from its source. Run `autograde release`." in said
    assert "  -What is the sum?\n  +What do the prices add up to?\n" in said
    assert "  -# Areas\n  +# Areas of discs\n" in said
    assert "01-adding/notes.txt: is released, but not in the source." in said
    assert "02-areas/map.csv: is not released." in said
    assert "03-gone: is released, but has no source. Delete it, or restore its source." in said
    assert said.endswith("5 problems. The release needs attention.\n")
    assert before == release.files_in(released)


def test_check_sees_metadata_that_drifted_and_a_release_that_is_broken(released, capsys):
    change(target(released), "test-total-price", nbgrader={"points": 3})
    target(released, "02-areas").write_text("{")
    said = refused(released, capsys, "--check")
    assert "points: 3" in said
    assert "02-areas/02-areas.ipynb: differs from its source." in said
    change(target(released), "test-total-price", nbgrader={"points": 2, "checksum": "0" * 32})
    assert "  (only metadata differ)" in refused(released, capsys, "--check", "01-adding")


def test_a_release_removes_what_its_source_no_longer_has(released):
    (released / "notebooks/01-adding/notes.txt").write_text("x")
    assert main(["release", "--course", str(released)]) == 0
    assert not (released / "notebooks/01-adding/notes.txt").exists()


@pytest.mark.parametrize(
    ("id", "fields", "said"),
    [
        ("setup", {"id": "intro"}, "has the cell id 'intro' 2 times. Give each cell its own."),
        ("setup", {"nbgrader": {"grade_id": "total-price"}}, "has the grade_id 'total-price' 2 times."),
        (
            "total-price",
            {"id": "x1"},
            "cell x1 has the grade_id 'total-price', expected its own id. Run `python",
        ),
        (
            "setup",
            {"nbgrader": {"grade_id": "a b"}},
            "cell setup has the grade_id 'a b', expected 1 to 64 letters",
        ),
        (
            "test-total-price",
            {"nbgrader": {"points": 0}},
            "cell test-total-price is graded, but has 0 points.",
        ),
        (
            "intro",
            {"source": "# Adding\n\n**Points** 6."},
            "says 6 points in its first cell, its questions add up to 5.",
        ),
        (
            "test-total-price",
            {"source": "points = 2.0"},
            "cell test-total-price does not end in a value, so that",
        ),
        (
            "test-total-price",
            {"source": "print(2.0)"},
            "cell test-total-price does not end in a value, so that",
        ),
        (
            "test-total-price",
            {"source": "2.0;"},
            "cell test-total-price does not end in a value, so that every",
        ),
        (
            "test-total-price",
            {"source": "2.0 +"},
            "cell test-total-price is no valid Python (line 1: invalid syntax).",
        ),
        (
            "test-total-price",
            {"source": "assert True\nassert In[1]"},
            "cell test-total-price, line 2: `In` is the notebook's history, which no test sees. Give",
        ),
        (
            "total-price",
            {"source": "### BEGIN SOLUTION\ntotal_price = 16"},
            "cell total-price has 1 BEGIN SOLUTION and 0 END SOLUTION. Write them in pairs.",
        ),
        (
            "setup",
            {"source": "### BEGIN HIDDEN TESTS\nx = 1\n### END HIDDEN TESTS"},
            "cell setup holds a HIDDEN TESTS region, but is read-only: nbgrader would not remove it.",
        ),
        (
            "ask-total",
            {"source": "### BEGIN SOLUTION\n16\n### END SOLUTION"},
            "cell ask-total holds a SOLUTION region, but is not graded: nbgrader would not remove it.",
        ),
        (
            "setup",
            {"outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}]},
            "is not clean. Run `python",
        ),
    ],
)
def test_a_mistake_in_a_source_is_named_and_nothing_is_released(root, capsys, id, fields, said):
    change(source(root), id, **fields)
    told = refused(root, capsys)
    assert f"01-adding.ipynb: {said}" in told
    assert told.endswith("Nothing was released.\n")
    assert not (root / "notebooks").exists()


def test_all_sources_with_mistakes_are_named_together(root, capsys):
    change(source(root), "test-total-price", source="x = 1")
    source(root, "02-areas").write_text("{")
    shutil.copy(source(root), source(root).with_name("copy.ipynb"))
    told = refused(root, capsys)
    assert "01-adding.ipynb: cell test-total-price does not end in a value" in told
    assert "01-adding.ipynb: shares its folder with copy.ipynb. Keep one notebook in each assignment." in told
    assert "02-areas.ipynb is cut short" in told


def test_what_nbgrader_refuses_is_told_in_its_words(root, capsys):
    nested = "### BEGIN SOLUTION\n### BEGIN SOLUTION\n16\n### END SOLUTION\n### END SOLUTION"
    change(source(root), "total-price", source=nested)
    told = refused(root, capsys)
    assert (
        "release: nbgrader refuses 01-adding: RuntimeError: encountered nested begin solution statements\n"
        in told
    )
    assert not (root / "notebooks").exists()


def test_a_script_beside_the_source_leaks_the_solution(root, capsys):
    (root / "solutions/01-adding/01-adding.py").write_text(
        "total_price = prices.sum()  # adds the three of them\n"
    )
    said = refused(root, capsys)
    assert (
        "01-adding.py:1: a line of a solution: total_price = prices.sum()  # adds the three of them\n" in said
    )
    assert not (root / "notebooks").exists()


def test_leaks_finds_solutions_hidden_tests_markers_and_outputs_in_a_notebook():
    nb = load(COURSE / "solutions/01-adding/01-adding.ipynb")
    secrets = Secrets(nb)
    nb["cells"][3]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "total_price = prices.sum()"}
    ]
    found = leaks(secrets, {"a.ipynb": dumps(nb).encode()})
    where = "a.ipynb, cell"
    assert f"{where} total-price: a marker of the instructor's version: ### BEGIN SOLUTION" in found
    assert f"{where} mean-function: a line of a solution: return float(sum(numbers)) / len(numbers)" in found
    hidden = 'assert mean([]) == 0, "the mean of no numbers should be 0"'
    assert f"{where} test-mean-function: a line of a hidden test: {hidden}" in found
    assert f"{where} total-price: an output. A release has none." in found


def test_a_line_that_students_get_anyway_is_no_leak():
    nb = load(COURSE / "solutions/01-adding/01-adding.ipynb")
    nb["cells"][0]["source"] += "\n    return float(sum(numbers)) / len(numbers)"
    release = {"a.py": b"return float(sum(numbers)) / len(numbers)\nassert mean([1, 2, 3]) == 2\n"}
    assert leaks(Secrets(nb), release) == []


def test_a_library_may_implement_a_solution_but_not_hold_a_hidden_test():
    secrets = Secrets(load(COURSE / "solutions/01-adding/01-adding.ipynb"))
    hidden = b'assert mean([2.5, 3.5, 9.0]) == 5, "the mean of three floats is wrong"'
    code = b"return float(sum(numbers)) / len(numbers)\n" + hidden
    found = leaks(secrets, {"lib.py": code, "picture.png": b"\x89PNG"}, library=True)
    assert len(found) == 1
    assert found[0].startswith("lib.py:2: a line of a hidden test: assert mean([2.5, 3.5, 9.0]) == 5")


@pytest.fixture
def kit_course(released):
    """Return a released course with all that a student kit takes along."""
    for name in ("pyproject.toml", "environment.yml"):
        shutil.copy(ROOT / name, released)
    for name, text in {
        "LICENSE": "BSD-3-Clause\n",
        "README.md": "For instructors.\n",
        "data/README.md": "# Data\n",
        "data/small.csv": "1,2\n",
        "cnnkit/__init__.py": '"""A library."""\n',
        "cnnkit/py.typed": "",
        "cnnkit/__pycache__/x.pyc": "x",
        "autograde/__init__.py": "",
        "tests/test_x.py": "",
        ".gitignore": "__pycache__/\n/data/*\n!/data/README.md\n!/data/*.csv\n",
    }.items():
        (released / name).parent.mkdir(parents=True, exist_ok=True)
        (released / name).write_text(text)
    (released / "data/cifar-10-batches-py").mkdir()
    (released / "data/cifar-10-batches-py/batch").write_bytes(b"\0" * 9)
    return released


def test_this_course_s_own_kit_lets_nothing_out():
    course = find(ROOT)
    assert kit.problems(course, kit.collect(course)) == []


def names(path):
    with zipfile.ZipFile(path) as zipped:
        return zipped.namelist()


def test_a_student_kit_holds_what_students_need_and_nothing_else(kit_course, tmp_path, capsys):
    subprocess.run(["git", "init", "-q"], cwd=kit_course, check=True)
    assert (
        main(["release", "--course", str(kit_course), "--student-kit", str(tmp_path / "course-kit.zip")]) == 0
    )
    assert "course-kit.zip: 10 files, without solutions, hidden tests and grader\n" in capsys.readouterr().out
    wanted = [
        "LICENSE",
        "README.md",
        "cnnkit/__init__.py",
        "cnnkit/py.typed",
        "data/README.md",
        "data/small.csv",
    ]
    wanted += ["environment.yml", "notebooks/01-adding/01-adding.ipynb", "notebooks/02-areas/02-areas.ipynb"]
    assert [f"course-kit/{name}" for name in [*wanted, "pyproject.toml"]] == names(
        tmp_path / "course-kit.zip"
    )
    with zipfile.ZipFile(tmp_path / "course-kit.zip") as zipped:
        readme = zipped.read("course-kit/README.md").decode()
    assert "- `notebooks/01-adding/01-adding.ipynb`, 5 points\n" in readme
    assert "instructor" not in readme


def test_a_student_kit_asks_for_no_more_than_notebooks_need(kit_course):
    files = kit.collect(find(kit_course))
    project = tomllib.loads(files["pyproject.toml"].decode())
    assert {"build-system", "project", "tool"} == set(project)
    assert "optional-dependencies" not in project["project"]
    assert project["project"]["scripts"] == {"cnnkit": "cnnkit.__main__:main"}
    assert {"setuptools"} == set(project["tool"])
    asked = yaml.safe_load(files["environment.yml"])["dependencies"]
    assert asked[-1] == {"pip": ["-e ."]}
    assert not [name for name in asked[:-1] if name.startswith(("nbgrader", "rich", "jinja2"))]
    assert [name for name in asked[:-1] if name.startswith("anywidget")]


def test_a_student_kit_has_the_same_bytes_every_time_and_on_every_day(kit_course, tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=kit_course, check=True)
    files = kit.collect(find(kit_course))
    kit.write(files, tmp_path / "kit.zip")
    first = (tmp_path / "kit.zip").read_bytes()
    for path in kit_course.rglob("*"):
        os.utime(path, (1e9, 1e9))
    kit.write(dict(reversed(kit.collect(find(kit_course)).items())), tmp_path / "kit.zip")
    assert first == (tmp_path / "kit.zip").read_bytes()


def test_without_git_a_kit_has_the_library_and_no_data_but_its_page(kit_course):
    files = kit.collect(find(kit_course))
    assert [name for name in files if name.startswith("data/")] == ["data/README.md"]
    assert [name for name in files if name.startswith("cnnkit/")] == ["cnnkit/__init__.py", "cnnkit/py.typed"]


def test_a_student_kit_installs_the_library_and_its_command_without_the_grader(kit_course, tmp_path):
    kit.write(kit.collect(find(kit_course)), tmp_path / "kit.zip")
    with zipfile.ZipFile(tmp_path / "kit.zip") as zipped:
        zipped.extractall(tmp_path)
    build = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
    wheel = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=tmp_path / "kit",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()[-1]
    packed = names(tmp_path / wheel)
    assert "cnnkit/__init__.py" in packed
    assert [name for name in packed if "autograde" in name] == []
    with zipfile.ZipFile(tmp_path / wheel) as zipped:
        points = next(name for name in packed if name.endswith("entry_points.txt"))
        assert zipped.read(points).decode() == "[console_scripts]\ncnnkit = cnnkit.__main__:main\n"


def test_a_kit_that_would_leak_is_not_written(kit_course, tmp_path, capsys):
    (kit_course / "data/README.md").write_text("total_price = prices.sum()  # adds the three of them\n")
    assert main(["release", "--course", str(kit_course), "--student-kit", str(tmp_path / "kit.zip")]) == 1
    said = capsys.readouterr().err
    assert "data/README.md:1: a line of a solution: total_price = prices.sum()" in said
    assert said.endswith("1 problem. No kit was written.\n")
    assert not (tmp_path / "kit.zip").exists()


def test_a_kit_overwrites_a_zip_and_nothing_else(kit_course, tmp_path):
    files = kit.collect(find(kit_course))
    for name, held in (("README.md", "mine"), ("kit.zip", "mine, and no zip")):
        (tmp_path / name).write_text(held)
        with pytest.raises(CourseError, match=rf"release: `--student-kit` is .*{name}, expected a new \.zip"):
            kit.write(files, tmp_path / name)
        assert (tmp_path / name).read_text() == held
    (tmp_path / "kit.zip").unlink()
    for _ in range(2):
        kit.write(files, tmp_path / "kit.zip")
    assert zipfile.is_zipfile(tmp_path / "kit.zip")


def test_a_kit_says_what_the_course_lacks_for_it_and_where_it_cannot_be_written(kit_course, tmp_path):
    with pytest.raises(
        CourseError, match=r"release: .*/no/kit\.zip cannot be written: No such file or directory\."
    ):
        kit.write({}, tmp_path / "no/kit.zip")
    (kit_course / "LICENSE").unlink()
    target(kit_course, "02-areas").unlink()
    with pytest.raises(CourseError) as error:
        kit.collect(find(kit_course))
    wanted = "release: a student kit needs LICENSE, notebooks/02-areas/02-areas.ipynb in "
    assert str(error.value).startswith(wanted)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["relese"], "autograde: there is no command 'relese'. Did you mean 'release'?\n"),
        (
            ["release", "--course", "{root}", "01-adding", "02-arras"],
            "there is no assignment '02-arras'. Did you",
        ),
        (
            ["release", "--course", "{root}", "xyz"],
            "there is no assignment 'xyz'. Known: 01-adding, 02-areas.",
        ),
        (
            ["release", "--course", "{root}/.."],
            "holds nbgrader_config.py. Run this inside the course, or name it",
        ),
        (
            ["release", "--course", "{root}/no"],
            "/no is not a folder. Give the folder that holds nbgrader_config",
        ),
        (["grade", "--timeout", "0"], "argument --timeout: '0' is not a whole number above 0\n"),
    ],
)
def test_a_mistyped_command_is_one_clear_line_and_exit_code_2(root, arguments, said):
    command = [sys.executable, "-m", "autograde", *(text.format(root=root) for text in arguments)]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    run = subprocess.run(
        command, cwd=root.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr
    assert run.stderr.count("\n") == 1


def test_help_and_version_of_the_command_line_need_none_of_the_heavy_libraries(root):
    script = "import sys; from autograde.__main__ import _parser; _parser(); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set() == {"nbgrader", "rich", "jinja2", "nbformat", "traitlets"} & set(loaded.stdout.split())


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("c = get_config()\nc.X.y = 1 / 0", "cannot be run: ZeroDivisionError: division by zero."),
        ("x = (", "SyntaxError"),
    ],
)
def test_a_configuration_that_cannot_be_run_is_told_so(root, config, said):
    (root / "nbgrader_config.py").write_text(config)
    with pytest.raises(CourseError, match=r"nbgrader_config\.py cannot be run: ") as error:
        find(root)
    assert said in str(error.value)


def test_a_course_with_nbgraders_own_folders_is_found_from_below(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.Exchange.x.append(1)\n")
    (tmp_path / "source/hw1").mkdir(parents=True)
    shutil.copy(COURSE / "solutions/02-areas/02-areas.ipynb", tmp_path / "source/hw1/hw1.ipynb")
    course = find(tmp_path / "source")
    assert [assignment.name for assignment in course.assignments] == ["hw1"]
    assert (tmp_path / "submitted", 5.0) == (course.submitted, course.assignments[0].points)
    assert f"sqlite:///{tmp_path}/gradebook.db" == course.gradebook


def test_an_assignment_that_is_named_twice_is_chosen_once(root):
    chosen = find(root).choose(["02-areas", "01-adding", "02-areas"])
    assert ["02-areas", "01-adding"] == [assignment.name for assignment in chosen]


def test_an_assignment_is_chosen_by_its_number_too(root):
    assert ["02-areas"] == [assignment.name for assignment in find(root).choose(["2", "02", "02-areas"])]
    with pytest.raises(CourseError, match="there is no assignment '3'"):
        find(root).choose(["3"])


@pytest.fixture
def with_a_page(root):
    """Return a course that has a notebook without points besides."""
    page = load(source(root))
    page["cells"] = [cell for cell in page["cells"] if "nbgrader" not in cell["metadata"]][1:]
    (root / "solutions/00-welcome").mkdir()
    source(root, "00-welcome").write_text(dumps(page))
    return root


def test_a_notebook_without_points_is_released_and_never_handed_in(with_a_page, capsys):
    assert main(["release", "--course", str(with_a_page)]) == 0
    assert capsys.readouterr().out.startswith("00-welcome: no points, released\n01-adding: 5 points")
    assert target(with_a_page, "00-welcome").is_file()
    assert main(["release", "--course", str(with_a_page), "--check"]) == 0
    course = find(with_a_page)
    assert ["01-adding", "02-areas"] == [each.name for each in course.assignments]
    assert list(course.assignments) == list(course.choose([]))
    assert ["00-welcome"] == [each.name for each in course.choose(["0"], ungraded=True)]
    for name in ("0", "00-welcome"):
        with pytest.raises(CourseError, match=r"course: 00-welcome has no points: nobody hands it in\."):
            course.choose([name])


def test_a_notebook_of_another_number_must_give_points(with_a_page, capsys):
    (with_a_page / "solutions/00-welcome").rename(with_a_page / "solutions/03-welcome")
    page = with_a_page / "solutions/03-welcome/03-welcome.ipynb"
    page.with_name("00-welcome.ipynb").rename(page)
    assert "03-welcome.ipynb: gives no points: no cell is marked as a test." in refused(with_a_page, capsys)


def test_a_notebook_of_number_00_with_a_question_is_an_assignment(with_a_page):
    shutil.copy(source(with_a_page), source(with_a_page, "00-welcome"))
    assert find(with_a_page).assignments[0].name == "00-welcome"


def test_a_course_without_assignments_says_what_is_missing(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text("")
    with pytest.raises(CourseError, match=r"the source folder .*/source does not exist"):
        find(tmp_path).choose([])
    (tmp_path / "source").mkdir()
    with pytest.raises(CourseError, match=r"holds no assignment\. Add one, like 01-name/01-name\.ipynb\."):
        find(tmp_path).choose([])
