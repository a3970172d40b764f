"""A student's notebook from the terminal: found by its number, run from top to bottom, and read."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.utils import compute_checksum

from autograde.limits import Limits
from cnnkit.__main__ import main
from cnnkit.errors import ArgumentError, DataDamagedError, DataNotFoundError
from cnnkit.homework import Finding, Homework, check, find, pack
from cnnkit.homework.lab import FIRST, command
from cnnkit.homework.notebook import _as_given_out
from cnnkit.homework.packing import LARGEST

ROOT = Path(__file__).resolve().parents[1]
RELEASED = sorted(path for path in ROOT.glob("notebooks/*/*.ipynb") if path.stem != FIRST)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbgrader's own


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A student's folder with the released notebooks 01, 02 and 08."""
    for number in ("01", "02", "08"):
        (source,) = ROOT.glob(f"notebooks/{number}-*")
        shutil.copytree(source, tmp_path / "notebooks" / source.name)
    return tmp_path


@pytest.fixture
def edit(desk: Path) -> Callable[..., Path]:
    """Return a function (name, cell id=source, ...) that writes into its cells; None deletes one."""

    def edit(name: str, /, **sources: str | None) -> Path:
        path = find(name, desk).path
        notebook = read(path)
        named = {id.replace("_", "-"): source for id, source in sources.items()}
        notebook["cells"] = [cell for cell in notebook["cells"] if named.get(cell["id"], "") is not None]
        for cell in notebook["cells"]:
            cell["source"] = named.get(cell["id"], cell["source"])
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return path

    return edit


@pytest.mark.parametrize("name", ["02", "2", "02-shapes-and-parameters", "02-sh"])
@pytest.mark.parametrize("place", [".", "notebooks", "notebooks/01-convolution-by-hand"])
def test_a_notebook_is_found_by_its_number_or_name_from_anywhere(desk: Path, name: str, place: str) -> None:
    assert find(name, desk / place).name == "02-shapes-and-parameters"


def test_a_notebook_is_found_by_its_path(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    assert find("notebooks/08-referee/08-referee.ipynb").name == "08-referee"
    with pytest.raises(DataNotFoundError, match=r"find: `name` is 'else.ipynb', expected a file that exists"):
        find("else.ipynb")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("09", "find: `name` is '09', expected one of 01-convolution-by-hand, 02-shapes-and-parameters,"),
        ("02-shapes-and-parametres", "Did you mean '02-shapes-and-parameters'?"),
        ("0", "Give its number."),
    ],
)
def test_a_notebook_that_is_not_there_is_told_by_what_there_is(desk: Path, name: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(said)):
        find(name, desk)


def test_a_notebook_without_questions_is_neither_checked_nor_handed_in(desk: Path) -> None:
    shutil.copytree(ROOT / "notebooks" / FIRST, desk / "notebooks" / FIRST)
    for name in ("0", FIRST, str(desk / "notebooks" / FIRST / f"{FIRST}.ipynb")):
        with pytest.raises(ArgumentError, match=r"a notebook with questions: in 00-start-here\.ipynb"):
            find(name, desk)


@pytest.mark.parametrize("place", [".", "notebooks", "notebooks/01-convolution-by-hand"])
def test_jupyterlab_opens_on_the_first_notebook_from_anywhere(desk: Path, place: str) -> None:
    shutil.copytree(ROOT / "notebooks" / FIRST, desk / "notebooks" / FIRST)
    assert command(["--no-browser"], desk / place) == [
        *(sys.executable, "-m", "jupyterlab"),
        f"--ServerApp.root_dir={desk / 'notebooks'}",
        f"--LabApp.default_url=/lab/tree/{FIRST}/{FIRST}.ipynb",
        "--no-browser",
    ]


def test_jupyterlab_opens_on_what_there_is(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert "--LabApp.default_url=/lab/tree/01-convolution-by-hand/" in " ".join(command((), desk))
    with pytest.raises(DataNotFoundError, match=r"there are no notebooks of the course in "):
        command((), tmp_path_factory.mktemp("empty"))


def test_a_beginning_that_fits_several_is_told_so(desk: Path) -> None:
    shutil.copytree(desk / "notebooks/08-referee", desk / "notebooks/08-rest")
    (desk / "notebooks/08-rest/08-referee.ipynb").rename(desk / "notebooks/08-rest/08-rest.ipynb")
    with pytest.raises(ArgumentError, match=r"which 08-referee, 08-rest begin with\. Give the whole name\."):
        find("08", desk)


def test_a_folder_without_the_course_says_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(DataNotFoundError, match=r"there are no notebooks of the course in .*, nor above it"):
        find("02", tmp_path)


def test_a_damaged_file_is_told_with_its_cure(desk: Path) -> None:
    find("02", desk).path.write_text('{"cells": [', encoding="utf-8")
    with pytest.raises(DataDamagedError, match=r"is no notebook .* Revert Notebook to Checkpoint"):
        find("02", desk)


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_a_released_notebook_has_every_question_and_no_damage(path: Path) -> None:
    homework = Homework(path)
    assert {f"test-{entry.id}" for entry in homework.questions} <= set(homework.graded)
    assert len(homework.questions) > 0
    assert homework.damage == []


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_checksums_are_those_of_nbgrader(path: Path) -> None:
    cells = nbformat.read(path, 4).cells
    locked = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("locked")]
    assert [cell.metadata.nbgrader.checksum for cell in locked] == [compute_checksum(cell) for cell in locked]
    assert all(map(_as_given_out, locked))
    for cell in locked:
        cell.source += " "
    assert not any(map(_as_given_out, locked))


def test_what_was_done_to_graded_cells_is_said(desk: Path, edit: Callable[..., Path]) -> None:
    path = edit("02", test_padding_for_same="1.0", test_pooled_size=None)
    notebook = read(path)
    notebook["cells"].append(next(cell for cell in notebook["cells"] if cell["id"] == "odd-sizes"))
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert find("02", desk).damage == [
        "`odd-sizes` is there 2 times: keep one.",
        "`test-pooled-size` is missing: the check of A2-3 was deleted. Copy it back from the notebook as it"
        " was given out.",
        "`test-padding-for-same` was changed: the grader runs its own.",
    ]


def test_an_answer_that_was_deleted_is_said(desk: Path, edit: Callable[..., Path]) -> None:
    edit("02", kernel_from_sizes=None, out_size=None)
    said = "the cell with the answer to {} was deleted, or is no code any more."
    deleted = {f"`{id}` is missing: {said.format(code)}" for id, code in
               (("kernel-from-sizes", "A2-2"), ("out-size", "A2-13a"))}  # fmt: skip
    assert {line.removesuffix(" Copy it back from the notebook as it was given out.")
            for line in find("02", desk).damage} == deleted  # fmt: skip


def test_a_renamed_notebook_is_found_out(desk: Path) -> None:
    path = find("02", desk).path
    path.rename(path.with_name(f"{path.stem} (1).ipynb"))
    with pytest.raises(ArgumentError, match=r"there is 02-shapes-\S+ \(1\).* Rename it: 02-shapes"):
        find("02", desk)


IMPATIENT = """
import sys
from cnnkit.__main__ import main
from cnnkit.homework import checking
checking.LONG = 0.2
sys.exit(main(["check", "02"]))
"""


def test_a_cell_that_takes_too_long_is_named_and_can_be_stopped(
    desk: Path, edit: Callable[..., Path]
) -> None:
    edit("02", padding_for_same="while True: pass")
    command = [sys.executable, "-c", IMPATIENT]
    with subprocess.Popen(command, cwd=desk, stdout=-1, stderr=-1, encoding="utf-8") as checking:
        assert checking.stdout is not None
        assert any("begins 'while True: pass' is still running" in line for line in checking.stdout)
        checking.send_signal(signal.SIGINT)
        _, errors = checking.communicate(timeout=60)
    assert (checking.returncode, errors) == (130, "cnnkit: interrupted; what was done so far is kept\n")


def test_a_notebook_in_work_is_told_question_by_question(
    desk: Path, edit: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edit(
        "02",
        padding_for_same="padding_for_same = 2",
        kernel_from_sizes="kernel_from_sizes = 9.5",
        pooled_size="pooled_size = 1 / 0",
        odd_sizes="odd_sizes = {",
    )
    before = path.read_bytes()
    monkeypatch.chdir(desk)
    assert main(["check", "2"]) == 1
    said = capsys.readouterr().out
    for line in (
        r"✓ +1 of 1  A2-1 +padding-for-same",
        r"✗ +0 of 1  A2-2 +kernel-from-sizes +`kernel_from_sizes`.*",
        r"✗ +0 of 1  A2-3 +pooled-size +the cell of `pooled_size` stopped with ZeroDivisionError: division.*",
        r"✗ +0 of 2  A2-5 +odd-sizes +the cell of `odd_sizes` stopped with SyntaxError: .*",
        r"· +0 of 2  A2-10 +pa2-padding +`pa2` is not answered yet\.",
        r"02-shapes-and-parameters: 1 of 34 points by its checks",
        r"to mend: A2-2, A2-3, A2-5",
    ):
        assert re.search(rf"^{line}$", said, flags=re.MULTILINE), line
    assert path.read_bytes() == before


def test_a_finished_notebook_has_nothing_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (source,) = ROOT.glob("solutions/01-*")
    shutil.copytree(source, tmp_path / source.name)
    seen: list[Finding] = []
    report = check(find("01", tmp_path), on_finding=seen.append)
    assert (report.points, report.most, report.left) == (25, 25, [])
    assert list(report.findings) == seen
    assert str(report) == "01-convolution-by-hand: 25 of 25 points by its checks"


def test_texts_are_for_a_person_and_an_empty_one_is_open(desk: Path, edit: Callable[..., Path]) -> None:
    (text,) = [id for id, cell in find("08", desk).graded.items() if cell["cell_type"] == "markdown"]
    first = check(find("08", desk))
    (finding,) = [each for each in first.findings if each.question == text]
    assert (finding.verdict, finding.done) == ("missing", False)
    edit("08", **{text: "The claim lies inside the noise."})
    second = check(find("08", desk))
    (finding,) = [each for each in second.findings if each.question == text]
    assert (finding.verdict, finding.done) == ("by hand", True)
    assert finding not in second.left
    assert f", {finding.most:g} are read by a person" in str(second)
    assert first.most == second.most + finding.most


def test_a_kernel_that_dies_is_told_by_its_cell(desk: Path, edit: Callable[..., Path]) -> None:
    edit("02", odd_sizes="import os\nos._exit(1)")
    command = [sys.executable, "-m", "cnnkit", "check", "02"]
    done = subprocess.run(command, cwd=desk, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("A2-")) == (1, 4)
    assert "cnnkit: check: the kernel died in the cell that begins 'import os'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["check"], 2, "the following arguments are required: NOTEBOOK"),
        (["chek", "02"], 2, "Did you mean 'check'?"),
        (["check", "77"], 2, "Give its number."),
    ],
)
def test_a_mistyped_command_is_one_clear_line(
    desk: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(desk)
    with pytest.raises(SystemExit) as stop:
        raise SystemExit(main(arguments))
    told = capsys.readouterr().err
    assert (code, 1) == (stop.value.code, len(told.splitlines()))
    assert said in told


@pytest.fixture
def trained(desk: Path) -> Path:
    """The folder of notebook 02 with the log of a run and its weights beside it, and with odds and ends."""
    from cnnkit import data, nn, zoo

    folder = find("02", desk).path.parent
    nn.fit(
        zoo.tfjs_mnist(), data.load("digits"), examples=64, log=folder / "runs/short.jsonl", progress=False
    )
    (folder / "own.py").write_text("x = 1\n")
    (folder / "Untitled.ipynb").write_text("{}")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints/old.ipynb").write_text("{}")
    (folder / "link.txt").symlink_to("/etc/hostname")
    return folder


def test_a_package_holds_the_notebook_and_what_a_grader_needs(
    trained: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(trained)
    assert main(["submit", "02"]) == 0
    said = capsys.readouterr().out
    with zipfile.ZipFile(trained / "02-shapes-and-parameters.zip") as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    wanted = ["02-shapes-and-parameters.ipynb", "own.py", "runs/short.jsonl", "runs/short.safetensors"]
    assert inside == {f"02-shapes-and-parameters/{name}": (trained / name).read_bytes() for name in wanted}
    assert all(f" {name}\n" in said for name in wanted)
    assert "left out: Untitled.ipynb (another notebook)" in said
    assert "left out: link.txt (a link)" in said
    assert "Hand in this one file." in said


def test_the_same_work_packs_to_the_same_bytes_and_replaces_the_package_before(trained: Path) -> None:
    homework = Homework(trained / "02-shapes-and-parameters.ipynb")
    first = pack(homework, trained / "one.zip")
    assert (
        first.digest == pack(homework, trained / "one.zip").digest == pack(homework, trained / "2.zip").digest
    )
    (trained / "own.py").write_text("x = 2\n")
    assert first.digest != pack(homework, trained / "one.zip").digest


def test_a_package_says_what_would_cost_points(trained: Path, edit: Callable[..., Path]) -> None:
    path = edit("02", test_pooled_size=None)
    saved = (trained / "runs/short.safetensors").read_bytes()
    (trained / "runs/short.safetensors").unlink()
    text = (trained / "runs/short.jsonl").read_text()
    (trained / "runs/edited.jsonl").write_text(text.replace("digits", "x"))
    (trained / "runs/stopped.jsonl").write_text(text.rpartition('{"event": "end"')[0])
    (trained / "runs/stopped.safetensors").write_bytes(saved)
    package = pack(Homework(path), trained / "one.zip")
    missing, edited, weights, stopped = package.flaws
    assert missing.startswith("`test-pooled-size` is missing: the check of A2-3 was deleted.")
    assert re.match(r"runs/edited\.jsonl: line \d+ of ", edited)
    assert stopped == (
        "runs/stopped.jsonl: was not trained to its end. Run its cell again: it goes on where it was."
    )
    assert re.match(r"runs/short\.jsonl: .* the weights short\.safetensors are missing", weights)


def test_a_package_that_cannot_be_written_leaves_nothing_behind(trained: Path, tmp_path: Path) -> None:
    homework = Homework(trained / "02-shapes-and-parameters.ipynb")
    before = {path.name for path in trained.iterdir()}
    precious = trained / "own.py"
    with pytest.raises(ArgumentError, match=r"own\.py, expected a zip file\. Write own\.zip\."):
        pack(homework, precious)
    disguised = tmp_path / "thesis.zip"
    disguised.write_text("years of work")
    with pytest.raises(ArgumentError, match=r"thesis\.zip, expected a zip file"):
        pack(homework, disguised)
    with pytest.raises(ArgumentError, match=r"which cannot be written \(No such file or directory\)"):
        pack(homework, tmp_path / "nowhere/one.zip")
    (trained / "huge.bin").write_bytes(b"")
    os.truncate(trained / "huge.bin", LARGEST)
    with pytest.raises(ArgumentError, match=r"expected at most 64\.0 MiB\. The largest is huge\.bin"):
        pack(homework, trained / "one.zip")
    (trained / "huge.bin").unlink()
    assert (before, "years of work") == ({path.name for path in trained.iterdir()}, disguised.read_text())


def test_a_package_is_never_larger_than_what_the_grader_takes() -> None:
    assert Limits().parcel == LARGEST
