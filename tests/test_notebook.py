import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograde import notebook
from autograde.errors import NotebookError

ROOT = Path(__file__).resolve().parents[1]
ADDING = Path(__file__).parent / "fixtures/course/solutions/01-adding/01-adding.ipynb"


@pytest.fixture
def used(tmp_path):
    """Return the path of a notebook as JupyterLab leaves it: run, with metadata of all kinds."""
    nb = nbformat.read(ADDING, as_version=4)
    nb.metadata["widgets"] = {"state": {}}
    nb.metadata.language_info["version"] = "3.11.7"
    cell = nb.cells[3]
    cell.metadata["collapsed"] = True
    cell.metadata["tags"] = ["slow"]
    cell.metadata["nbgrader"]["checksum"] = "0" * 32
    cell.execution_count = 7
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="two\nlines\n"),
        nbformat.v4.new_output("display_data", data={"text/plain": "<Figure>", "image/png": "iVBOR"}),
        nbformat.v4.new_output("error", ename="ValueError", evalue="\x1b[31mbad\x1b[0m", traceback=[]),
    ]
    path = tmp_path / "used.ipynb"
    nbformat.write(nb, path)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "x.ipynb is empty. Ask for the file again."),
        (b"  \n", "x.ipynb is empty."),
        (
            b"\x89PNG\r\n\x1a\n",
            "x.ipynb is not text, expected a notebook's JSON. Was another file renamed to .ipynb?",
        ),
        (
            b"<html>\nlogin</html>",
            "x.ipynb is not JSON (line 1, column 1: Expecting value), expected a notebook; "
            "it starts with '<html>'. Ask for the .ipynb file itself.",
        ),
        (b"[" * 100_000, "x.ipynb is nested too deeply to be read."),
        (b"[1, 2]", "x.ipynb is JSON, but not a notebook: it has no list of cells."),
        (b'{"cells": 3, "nbformat": 4}', "x.ipynb is JSON, but not a notebook: it has no list of cells."),
        (
            b'{"worksheets": [], "nbformat": 3}',
            "x.ipynb is in notebook format 3, expected 4. Save it again in",
        ),
        (
            b'{"cells": [], "nbformat": 4, "metadata": []}',
            "x.ipynb is damaged: its metadata are not a table.",
        ),
        (
            b'{"cells": [{"cell_type": "code"}], "nbformat": 4}',
            "x.ipynb is damaged: cell 1 has no type, source or metadata.",
        ),
    ],
)
def test_a_file_that_is_no_notebook_is_told_what_it_is(tmp_path, content, said):
    path = tmp_path / "x.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError) as error:
        notebook.load(path)
    assert str(error.value).startswith(said)


def test_a_missing_file_and_a_folder_cannot_be_opened(tmp_path):
    with pytest.raises(NotebookError, match=r"no\.ipynb cannot be opened: No such file or directory\."):
        notebook.load(tmp_path / "no.ipynb")
    with pytest.raises(NotebookError, match=r"cannot be opened: Is a directory\."):
        notebook.load(tmp_path)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.77, 0.999])
def test_a_notebook_that_was_cut_short_is_told_so_wherever_the_cut_is(tmp_path, share):
    data = ADDING.read_bytes()
    path = tmp_path / "x.ipynb"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(
        NotebookError, match=r"x\.ipynb is cut short: its JSON breaks off in line \d+\. Ask for"
    ):
        notebook.load(path)


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook, "LARGEST", 2_000_000)
    path = tmp_path / "x.ipynb"
    path.write_bytes(b" " * 3_000_000)
    with pytest.raises(NotebookError, match=r"x\.ipynb has 3 MB, expected at most 2 MB\. Clear its outputs"):
        notebook.load(path)


def test_half_a_character_which_no_file_can_hold_becomes_a_question_mark(tmp_path):
    path = tmp_path / "x.ipynb"
    text = ADDING.read_text().replace("# Adding numbers", r"# Half \ud83d, whole \ud83d\ude00, \\ud83d")
    path.write_text(text)
    assert notebook.load(path)["cells"][0]["source"].startswith("# Half ?, whole 😀, \\ud83d")


def test_notebooks_are_written_byte_for_byte_as_jupyter_writes_them(used):
    assert used.read_text() == notebook.dumps(notebook.load(used))


def test_cleaning_keeps_ids_and_removes_what_a_run_leaves_behind(used):
    clean = notebook.clean(notebook.load(used))
    assert notebook.load(ADDING) | {"cells": ...} == clean | {"cells": ...}
    assert [c["id"] for c in notebook.load(ADDING)["cells"]] == [c["id"] for c in clean["cells"]]
    assert {k: v for k, v in clean["cells"][3]["metadata"].items() if k != "nbgrader"} == {"tags": ["slow"]}
    assert "checksum" not in clean["cells"][3]["metadata"]["nbgrader"]
    assert clean["cells"][3]["outputs"] == []
    assert clean == notebook.clean(clean)


def test_cleaning_gives_a_graded_cell_its_grade_id_and_any_other_a_lasting_id():
    nb = notebook.load(ADDING)
    nb["cells"][0].pop("id")
    nb["cells"][3]["id"] = "8f3a1c2e"
    first, second = notebook.clean(nb), notebook.clean(nb)
    assert first["cells"][3]["id"] == "total-price"
    assert len(first["cells"][0]["id"]) == 8
    assert first["cells"][0]["id"] == second["cells"][0]["id"]


def test_clean_works_on_files_and_check_changes_nothing(used, capsys):
    before = used.read_bytes()
    assert notebook.main(["clean", "--check", str(used), str(ADDING)]) == 1
    assert f"{used}: not clean\n" == capsys.readouterr().out
    assert before == used.read_bytes()
    assert notebook.main(["clean", str(used)]) == 0
    assert notebook.main(["clean", "--check", str(used)]) == 0
    assert json.loads(used.read_text())["cells"][3]["execution_count"] is None


def test_show_lays_out_cells_roles_points_and_outputs(used, capsys):
    assert notebook.main(["show", str(used)]) == 0
    lines = capsys.readouterr().out.splitlines()
    headings = [line.strip("─ ") for line in lines if line.startswith("──")]
    assert headings[0] == "markdown · intro"
    assert headings[3] == "code · total-price · solution · #slow"
    assert headings[4] == "code · test-total-price · test · points: 2"
    shown = [line.strip() for line in lines if "⇒" in line]
    assert shown == ["⇒ two", "⇒ lines", "⇒ <Figure>", "⇒ [image/png]", "⇒ ValueError: bad"]


def test_show_says_in_one_line_what_it_cannot_show(tmp_path, capsys):
    assert notebook.main(["show", str(tmp_path / "no.ipynb")]) == 2
    assert capsys.readouterr().err == "no.ipynb cannot be opened: No such file or directory.\n"


def test_git_shows_a_changed_notebook_as_text(tmp_path):
    def git(*command):
        who = ["-c", "user.name=t", "-c", "user.email=t@t"]
        run = [
            "git",
            *who,
            "-c",
            f"diff.notebook.textconv={sys.executable} -m autograde.notebook show",
            *command,
        ]
        return subprocess.run(
            run, cwd=tmp_path, check=True, capture_output=True, text=True, env=environment
        ).stdout

    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    git("init", "-q")
    (tmp_path / ".gitattributes").write_text("*.ipynb diff=notebook\n")
    path = tmp_path / "a.ipynb"
    path.write_bytes(ADDING.read_bytes())
    git("add", ".")
    git("commit", "-qm", "a")
    path.write_text(path.read_text().replace("prices.sum()", "prices.min()"))
    changed = [x for x in git("diff", "-U0").splitlines() if x[0] in "+-" and x[:3] not in ("+++", "---")]
    assert changed[:1] == ["-total_price = prices.sum()  # adds the three of them"]
    assert changed[1:] == ["+total_price = prices.min()  # adds the three of them"]
