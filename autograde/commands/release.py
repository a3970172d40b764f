"""``autograde release``: the students' notebooks from the solutions, a kit, notebooks with own numbers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from autograde.commands.parts import Commands, found, released
from autograde.course import Assignment, Course, find
from autograde.errors import CourseError

__all__ = ["add"]


def add(commands: Commands, common: argparse.ArgumentParser) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "release", parents=[common], help="make the students' notebooks from the solutions"
    )
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if the release has drifted"
    )
    parser.add_argument("--student-kit", type=Path, metavar="FILE.zip", help="also pack what students need")
    parser.add_argument(
        "--variants",
        type=Path,
        metavar="ROSTER.csv",
        help="also make a notebook with its own numbers for each student of this table",
    )
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    course = find(options.course)
    assignments = course.choose(options.assignments, ungraded=True)
    students = _students(options)
    if options.check:
        return _checked(course, assignments, options)
    code = released(course, assignments, asked=True)
    if not code and options.student_kit:
        code = _student_kit(course, options.student_kit)
    if not code and students:
        _variants(course, assignments, students, options.student_kit)
    return code


def _students(options: argparse.Namespace) -> list[str]:
    from autograde.variants import roster

    if options.variants and options.check:
        raise CourseError("release: `--check` changes nothing, `--variants` draws numbers. Give one of them.")
    return roster(options.variants) if options.variants else []


def _variants(
    course: Course, assignments: Sequence[Assignment], students: Sequence[str], kit_path: Path | None
) -> None:
    """Make every student's own notebooks, and kits with them beside the kit at `kit_path`."""
    from autograde import kit, release, variants

    own: dict[str, dict[str, bytes]] = {student: {} for student in students}
    with course.alone():
        for assignment in (each for each in assignments if not each.ungraded):
            drawn = variants.draw(course, assignment, students)
            files = release.files_in(assignment.release.parent)
            name = assignment.release.name
            for student in students:
                mine = files | {name: variants.personal(files[name], drawn, student)}
                variants.put(course, student, assignment.name, mine)
                own[student] |= {f"notebooks/{assignment.name}/{path}": data for path, data in mine.items()}
            print(f"{assignment.name}: own numbers in {', '.join(drawn.standard) or 'no question'}")
    if kit_path is not None:
        files = kit.collect(course)
        for student in students:
            kit.write(files | own[student], kit_path.with_name(f"{kit_path.stem}-{student}.zip"))
        print(f"{len(students)} kits: {kit_path.with_name(f'{kit_path.stem}-{students[0]}.zip')}, ...")
    print(f"{len(students)} students: {course.work / 'variants' / 'notebooks'}/<student>/<assignment>")


def _checked(course: Course, assignments: Sequence[Assignment], options: argparse.Namespace) -> int:
    from autograde import release

    wrong = release.problems(assignments) or release.untold(course, assignments)
    if wrong:
        return found(wrong, "The source notebooks need attention.")
    built, wrong = release.build(course, assignments)
    wrong += release.drift(course, built, everything=not options.assignments)
    if wrong:
        return found(wrong, "The release needs attention.")
    print(f"{len(built)} notebooks are released as their sources say, and nothing leaks.")
    return 0


def _student_kit(course: Course, path: Path) -> int:
    from autograde import kit

    files = kit.collect(course)
    wrong = kit.problems(course, files)
    if wrong:
        return found(wrong, "No kit was written.")
    kit.write(files, path)
    print(f"{path}: {len(files)} files, without solutions, hidden tests and grader")
    return 0
