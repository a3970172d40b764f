"""What Canvas or Moodle gives an instructor -> nbgrader's ``submitted/<student>/<assignment>/``."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograde.archive import ArchiveError, Entry, contents, entries
from autograde.course import Course
from autograde.downloads import Named, read_name
from autograde.errors import CourseError, NotebookError
from autograde.intake import graded_ids
from autograde.notebook import load, loads
from autograde.policy import Group
from autograde.text import harmless, plain
from autograde.times import STAMP, stamp

__all__ = ["TABLE", "Row", "file_away", "note_times", "taken_in"]

TABLE = "intake.csv"
COLUMNS = (
    *("taken_in", "student", "person", "assignment", "outcome", "late", "files", "note"),
    *("system", "reply"),
)
Files = dict[PurePosixPath, bytes]
OWN_STAMP = f"A {STAMP} was among the files; only one that a system wrote can count, so it was left out."


@dataclass(frozen=True)
class Row:
    """What became of one student's files for one assignment.

    Attributes
    ----------
    student, person : str
        The id that grades are kept under, and the name that the download gave.
    assignment : str
        Empty if it cannot be told.
    outcome : str
        "taken", "unchanged" (the same files were there), "replaced" (others were; they are kept), "refused".
    late : bool
        Whether the system marked it.
    files : tuple of str
        As they were called.
    note : str
        Why it was refused, or what is odd about it.
    system : str
        "canvas", "moodle" or "folder".
    reply : str
        How the name of a file begins that the system gives back to this student.
    """

    student: str
    person: str
    assignment: str
    outcome: str
    late: bool
    files: tuple[str, ...]
    note: str = ""
    system: str = "folder"
    reply: str = ""

    def __str__(self) -> str:
        who = self.student if self.person in ("", self.student) else f"{self.student} ({self.person})"
        about = ", ".join(filter(None, (self.outcome, "late" if self.late else "")))
        return f"{who}  {self.assignment or '?'}: {about}" + (f". {self.note}" if self.note else "")


@dataclass(frozen=True)
class _HandIn:
    """One student's files for one assignment, not yet written anywhere."""

    named: Named
    assignment: str
    files: Files
    called: tuple[str, ...]
    note: str = ""
    refused: bool = False


def file_away(course: Course, downloads: Sequence[Path], assignment: str = "") -> list[Row]:
    """Take in what was handed in: sort it by student and assignment, and write it where `grade` looks.

    A notebook is known by the ids of its graded cells, whatever it is called. Files that belong to none are
    put with the assignment that most of the download is of, so that `grade` says what is wrong with them.

    Parameters
    ----------
    course : Course
    downloads : sequence of Path
        Zip files as Canvas and Moodle make them, zip files or folders with a folder or file for each student.
    assignment : str
        What the downloads are of, instead of what most of each is.

    Returns
    -------
    list of Row
        One for each student and assignment, in the downloads' order; also added to ``intake.csv``.

    Raises
    ------
    CourseError
        A download is not there or is no zip file.
    """
    known = {each.name: graded_ids(load(each.source)) for each in course.assignments}
    rows: list[Row] = []
    for download in downloads:
        hand_ins = [found for named in _by_student(download) for found in _hand_ins(named, known)]
        usual = Counter(found.assignment for found in hand_ins if found.assignment).most_common(1)
        expected = assignment or (usual[0][0] if usual else "")
        rows += [
            _filed(course, replace(found, assignment=found.assignment or expected)) for found in hand_ins
        ]
    _add_to_table(course.work / TABLE, rows)
    return rows


def _by_student(download: Path) -> Iterator[list[tuple[Named, bytes | str]]]:
    """Yield each student's files, what a name says with its bytes, or with why they cannot be had."""
    with ExitStack() as stack:
        found: dict[str, list[tuple[Named, Entry | Path]]] = {}
        for path, source in _listed(download, stack):
            named = read_name(path)
            found.setdefault(named.student, []).append((named, source))
        if not found:
            raise CourseError(f"intake: {download} is empty, expected hand-ins. Download it again.")
        for named_files in found.values():
            yield [(named, _bytes(source)) for named, source in sorted(named_files, key=_attempt)]


def _attempt(pair: tuple[Named, Entry | Path]) -> int:
    return pair[0].attempt


def _listed(download: Path, stack: ExitStack) -> Iterator[tuple[PurePosixPath, Entry | Path]]:
    if download.is_dir():
        for path in sorted(download.rglob("*")):
            if path.is_file() and not path.is_symlink() and ".ipynb_checkpoints" not in path.parts:
                yield PurePosixPath(path.relative_to(download).as_posix()), path
        return
    if not download.is_file():
        raise CourseError(f"intake: {download} does not exist, expected a zip file or a folder.")
    try:
        listed = stack.enter_context(entries(download, download.name))
    except ArchiveError as error:
        raise CourseError(f"intake: {error}") from None
    for entry in listed:
        yield entry.path, entry


def _bytes(source: Entry | Path) -> bytes | str:
    try:
        return source.read_bytes() if isinstance(source, Path) else source.read()
    except (ArchiveError, OSError) as error:
        return str(error)


def _hand_ins(given: list[tuple[Named, bytes | str]], known: Mapping[str, set[str]]) -> Iterator[_HandIn]:
    """Sort one student's files by the assignment that they are of."""
    files: Files = {}
    late, troubles = False, []
    for named, data in given:
        late = late or named.late
        if isinstance(data, str):
            troubles.append(data)
        elif named.file.suffix.lower() == ".zip":
            try:
                files |= contents(data, named.file.name)
            except ArchiveError as error:
                files[named.file] = data
                troubles.append(str(error))
        else:
            files[named.file] = data
    named = replace(given[-1][0], late=late)
    called = tuple(dict.fromkeys(each.file.as_posix() for each, _ in given))
    homes = {path: of for path, data in files.items() if (of := _assignment(path, data, known))}
    for assignment in dict.fromkeys(homes.values()):
        folders = {path.parent for path, of in homes.items() if of == assignment}
        notebooks = [path for path, of in homes.items() if of == assignment]
        mine = {
            path: data
            for path, data in files.items()
            if homes.get(path, assignment) == assignment and any(map(path.is_relative_to, folders))
        }
        yield _HandIn(named, assignment, _settled(mine, notebooks, assignment), called, " ".join(troubles))
    if not homes:
        names = ", ".join(sorted(path.name for path in files)[:5])
        note = " ".join(troubles) or f"No notebook of the course among {names}."
        yield _HandIn(named, "", files, called, note, refused=True)


def _assignment(path: PurePosixPath, data: bytes, known: Mapping[str, set[str]]) -> str:
    """Return whose notebook it is, nothing for another file."""
    if path.suffix.lower() != ".ipynb":
        return ""
    try:
        ids = graded_ids(loads(data, path.name))
    except NotebookError:  # damaged: its name may still tell
        return next((name for name in known if path.name.startswith(name)), "")
    shared = {name: len(ids & wanted) for name, wanted in known.items()}
    best = max(shared, key=lambda name: shared[name])
    return best if shared[best] else ""


def _settled(files: Files, notebooks: Iterable[PurePosixPath], assignment: str) -> Files:
    """Return the files as paths within the assignment's folder; its only notebook gets its proper name."""
    notebooks = sorted(notebooks, key=lambda path: (len(path.parts), path))
    home = notebooks[0].parent
    settled = {}
    for path, data in files.items():
        inside = path.relative_to(home) if path.is_relative_to(home) else path
        settled[inside] = data
    if len(notebooks) == 1:
        settled[PurePosixPath(f"{assignment}.ipynb")] = settled.pop(notebooks[0].relative_to(home))
    return settled


def _filed(course: Course, hand_in: _HandIn) -> Row:
    """Write one hand-in where it belongs; what was there before, and differs, is kept elsewhere."""
    student = _folder_name(hand_in.named.student)
    row = Row(
        student,
        plain(hand_in.named.person),
        hand_in.assignment,
        "refused" if hand_in.refused else "taken",
        hand_in.named.late,
        tuple(map(plain, hand_in.called)),
        plain(hand_in.note),
        hand_in.named.system,
        plain(hand_in.named.reply),
    )
    if not hand_in.assignment:
        return replace(row, outcome="refused")
    files = dict(hand_in.files)
    if hand_in.named.system != "folder" and files.pop(PurePosixPath(STAMP), None) is not None:
        row = replace(row, note=f"{row.note} {OWN_STAMP}".strip())
    target = course.submitted / student / hand_in.assignment
    if target.exists():
        if _without_stamp(_read(target)) == _without_stamp(files):
            return row if hand_in.refused else replace(row, outcome="unchanged")
        earlier = course.work / "earlier" / student / hand_in.assignment
        count = 1 + sum(1 for _ in earlier.glob("*")) if earlier.exists() else 1
        earlier.mkdir(parents=True, exist_ok=True)
        row = row if hand_in.refused else replace(row, outcome="replaced")
        _write(target, files, aside=earlier / str(count))
    else:
        _write(target, files)
    return row


def _without_stamp(files: Files) -> Files:
    """Return what the student handed in: the time of the same files can become known later."""
    return {path: data for path, data in files.items() if path != PurePosixPath(STAMP)}


def _folder_name(student: str) -> str:
    """Return a student's id as one folder name that every system takes."""
    name = "".join("-" if sign in '/\\:*?"<>|' or not sign.isprintable() else sign for sign in student)
    return name.strip(" .") or "nameless"


def _read(folder: Path) -> Files:
    return {
        PurePosixPath(path.relative_to(folder).as_posix()): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def _write(target: Path, files: Files, aside: Path | None = None) -> None:
    """Put files into a folder, whole or not at all; what was there goes `aside`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=target.parent, prefix=".intake-"))
    try:
        for path, data in files.items():
            place = unfinished / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        os.chmod(unfinished, 0o755)
        if aside is not None:
            os.replace(target, aside)
        os.replace(unfinished, target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def taken_in(course: Course) -> dict[tuple[str, str], Row]:
    """Return what was last taken in, or refused, of each student and assignment."""
    path = course.work / TABLE
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = [
            Row(
                row["student"],
                row["person"],
                row["assignment"],
                row["outcome"],
                row["late"] == "late",
                (row["files"],),  # where one name ends and the next begins is not kept
                row["note"],
                row.get("system") or "folder",  # a table begun before there were these columns
                row.get("reply") or "",
            )
            for row in csv.DictReader(file)
        ]
    return {(row.student, row.assignment): row for row in found}


def note_times(
    course: Course,
    rows: Sequence[Row],
    times: Mapping[str, datetime],
    groups: Mapping[str, Sequence[Group]],
) -> str:
    """Write down when hand-ins came, as ``nbgrader collect`` does, and say of how many it is known.

    Parameters
    ----------
    course : Course
    rows : sequence of Row
        What was just taken in; the times are of what most of it is of.
    times : dict of str to datetime
        By student. A group's is that of whichever member has the latest.
    groups : dict of str to sequence of Group
        By assignment.
    """
    taken = [row for row in rows if row.assignment and row.outcome != "refused"]
    usual = Counter(row.assignment for row in taken).most_common(1)
    assignment = usual[0][0] if usual else ""
    mine = [row for row in taken if row.assignment == assignment]
    known = 0
    for row in mine:
        names = [
            each.members for each in groups.get(assignment, ()) if each.is_named(row.student, row.person)
        ]
        of = [times[one] for one in (row.student, *(names[0] if names else ())) if one in times]
        if of:
            stamp(course.submitted / row.student / assignment, max(of))
            known += 1
    return f"{assignment or 'nothing'}: {known} of {len(mine)} times are known."


def _add_to_table(path: Path, rows: Iterable[Row]) -> None:
    """Add rows to the table of all that was ever taken in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = not path.exists()
    if not new:
        _widen(path)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with path.open("a", encoding="utf-8-sig" if new else "utf-8", newline="") as file:
        table = csv.writer(file)
        if new:
            table.writerow(COLUMNS)
        for row in rows:
            late = "late" if row.late else ""
            files = " ".join(row.files)
            about = (row.student, row.person, row.assignment, row.outcome, late, files, row.note)
            table.writerow((now, *map(harmless, (*about, row.system, row.reply))))


def _widen(path: Path) -> None:
    """Give a table that an earlier version began the columns that it lacks."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        kept = csv.DictReader(file, restval="")
        if tuple(kept.fieldnames or ()) == COLUMNS:
            return
        earlier = list(kept)
    half = path.with_suffix(".half")
    with half.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, restval="", extrasaction="ignore")
        table.writeheader()
        table.writerows(earlier)
    half.replace(path)
