"""The command line of those who give the course.

``autograde new | release | intake | rules | grade | report | feedback | export | doctor | demo``

Exit codes: 0 done; 1 something was found that needs attention (a release that differs from its source or
leaks, a source notebook with a mistake, a missing requirement, a hand-in or a kept result that cannot be
read); 2 the command cannot be carried out as it was given; 130 interrupted; 141 nobody reads the output. A
submission that cannot be graded is a row in the report, not an error.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from autograde.course import Assignment, Course, find, nearest
from autograde.errors import AutogradeError, CourseError, SandboxError

if TYPE_CHECKING:
    from autograde.result import Result

__all__ = ["main"]

NAMED = 10  # students who handed nothing in, for each assignment


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command, and what was probably meant."""

    def error(self, message: str) -> NoReturn:
        choice = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice:
            known = [name.strip(" '") for name in choice[2].split(",")]
            message = f"there is no command {choice[1]!r}. {nearest(choice[1], known)}"
        self.exit(2, f"{self.prog}: {message}\n")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes longer than to read a command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            said = version("cnnkit")
        except PackageNotFoundError:
            said = "unknown: run from a folder, not installed"
        print(parser.prog, said)
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="autograde", description="Release, grade and report on a course of notebooks.")
    parser.epilog = (__doc__ or "").split("\n\n", 1)[1]
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is, and stop")
    common = _Parser(add_help=False)
    common.add_argument(
        "--course", type=Path, metavar="DIR", help="the course's folder (default: around here)"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    release = commands.add_parser(
        "release", parents=[common], help="make the students' notebooks from the solutions"
    )
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    release.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if the release has drifted"
    )
    release.add_argument("--student-kit", type=Path, metavar="FILE.zip", help="also pack what students need")
    release.add_argument(
        "--variants",
        type=Path,
        metavar="ROSTER.csv",
        help="also make a notebook with its own numbers for each student of this table",
    )
    release.set_defaults(run=_release)

    new = commands.add_parser(
        "new", parents=[common], help="begin a new assignment: one question of each kind"
    )
    new.add_argument("name", metavar="NAME", help="number and topic, such as 09-my-topic")
    new.set_defaults(run=_new)

    intake = commands.add_parser("intake", parents=[common], help="take in downloads of Canvas or Moodle")
    intake.description = (
        "Sort downloaded hand-ins by student and assignment into the folder that grade reads."
    )
    intake.add_argument("downloads", nargs="+", type=Path, metavar="DOWNLOAD", help="a zip file, or a folder")
    intake.add_argument("--assignment", default="", metavar="ASSIGNMENT", help="default: what most of it is")
    intake.add_argument(
        "--times", type=Path, metavar="TABLE.csv", help="when it was handed in: Moodle's grading worksheet"
    )
    intake.set_defaults(run=_intake)

    rules = commands.add_parser(
        "rules", parents=[common], help="deadlines, late work, groups: what they mean"
    )
    rules.description = (
        "Read the class's rules, class.toml in the course's work folder, and say what they mean for whom."
    )
    rules.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    rules.add_argument("--example", action="store_true", help="write a file to begin with")
    rules.set_defaults(run=_rules)

    grade = commands.add_parser("grade", parents=[common], help="grade what was handed in")
    grade.description = "Grade what was handed in. Students' code runs in a sandbox, the tests outside of it."
    grade.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    grade.add_argument("--timeout", type=_positive, default=30, metavar="SECONDS", help="for each cell (30)")
    grade.add_argument("--workers", type=_positive, metavar="N", help="submissions at once (one per core)")
    grade.add_argument(
        "--scheduler", default="", metavar="tcp://HOST:PORT", help="grade on the Dask cluster at this address"
    )
    grade.add_argument("--force", action="store_true", help="grade again even what has not changed")
    grade.add_argument(
        "--no-sandbox", action="store_true", help="where there is none: run students' code with your rights"
    )
    grade.set_defaults(run=_grade)

    report = commands.add_parser("report", parents=[common], help="write the class report and its CSV tables")
    report.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    report.add_argument("--to", type=Path, metavar="DIR", help="default: report/ in the course's work folder")
    report.set_defaults(run=_report)

    feedback = commands.add_parser("feedback", parents=[common], help="write a page for each student")
    feedback.description = (
        "Write what each student may read: points, mistakes, their own answers, the graders' comments."
    )
    feedback.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    feedback.add_argument(
        "--mark-scheme", action="store_true", help="show how the texts that a person reads are marked"
    )
    feedback.set_defaults(run=_feedback)

    export = commands.add_parser(
        "export", parents=[common], help="fill in Canvas's or Moodle's table of grades"
    )
    export.add_argument("assignment", metavar="ASSIGNMENT")
    export.add_argument("table", type=Path, metavar="TABLE.csv", help="as Canvas or Moodle exported it")
    export.add_argument("--to", type=Path, metavar="FILE.csv", help="default: TABLE-graded.csv beside it")
    export.add_argument("--column", default="", metavar="NAME", help="Canvas's column, if it cannot be told")
    export.add_argument(
        "--scale", action="store_true", help="stretch points to what the system takes as full"
    )
    export.set_defaults(run=_export)

    doctor = commands.add_parser("doctor", parents=[common], help="say what this machine lacks")
    doctor.set_defaults(run=_doctor)

    demo = commands.add_parser("demo", parents=[common], help="carry a made-up class through all of it")
    demo.add_argument(
        "--class", type=Path, dest="roster", metavar="FILE.toml", help="default: the built-in one"
    )
    demo.add_argument("--timeout", type=_positive, default=10, metavar="SECONDS", help="for each cell (10)")
    demo.add_argument("--workers", type=_positive, metavar="N", help="submissions at once (one per core)")
    demo.set_defaults(run=_demo)
    return parser


def _release(options: argparse.Namespace) -> int:
    course = find(options.course)
    assignments = course.choose(options.assignments, ungraded=True)
    students = _students(options)
    if options.check:
        return _checked(course, assignments, options)
    code = _released(course, assignments, asked=True)
    if not code and options.student_kit:
        code = _student_kit(course, options.student_kit)
    if not code and students:
        _variants(course, assignments, students, options.student_kit)
    return code


def _new(options: argparse.Namespace) -> int:
    from autograde.template import begin

    course = find(options.course)
    with course.alone():
        written = begin(course, options.name)
    for path in written:
        print(path.relative_to(course.root))
    print(f"One question of each kind: make them yours. Next: autograde release {int(options.name[:2])}")
    return 0


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

    wrong = release.problems(assignments)
    wrong = wrong or release.untold(course, assignments)
    if wrong:
        return _found(wrong, "The source notebooks need attention.")
    built, wrong = release.build(course, assignments)
    wrong += release.drift(course, built, everything=not options.assignments)
    if wrong:
        return _found(wrong, "The release needs attention.")
    print(f"{len(built)} notebooks are released as their sources say, and nothing leaks.")
    return 0


def _released(course: Course, assignments: Sequence[Assignment], *, asked: bool = False) -> int:
    """Release; `asked` is whether the course's catalogue of answers has its say before."""
    from autograde import release

    wrong = release.problems(assignments)
    if asked and not wrong:
        wrong = release.untold(course, assignments)
    built, leaking = release.build(course, assignments) if not wrong else ([], [])
    if wrong or leaking:
        return _found([*wrong, *leaking], "Nothing was released.")
    changed = {path.parent for path in release.place(built)}
    for made in built:
        assignment = made.assignment
        state = "released" if assignment.release.parent in changed else "unchanged"
        asks = f"{assignment.points:g} points, {len(assignment.questions)} questions"
        also = f", with {', '.join(made.beside)}" if made.beside else ""
        print(f"{assignment.name}: {'no points' if assignment.ungraded else asks}, {state}{also}")
    return 0


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _require_sandbox() -> None:
    from autograde.sandbox import Bare, available

    missing = available()
    if missing:
        raise SandboxError(
            f"grade: {missing}\nWith --no-sandbox it grades all the same, but then: {Bare.unprotected}"
        )


def _say_what_is_unprotected() -> None:
    from autograde.sandbox import Bare

    print(f"--no-sandbox: {Bare.unprotected}", file=sys.stderr)


def _intake(options: argparse.Namespace) -> int:
    from autograde import policy
    from autograde.filing import TABLE, file_away, note_times
    from autograde.times import read_times

    course = find(options.course)
    assignment = course.choose([options.assignment])[0].name if options.assignment else ""
    rules = policy.read(course)
    times = read_times(options.times, rules.zone if rules else None) if options.times else {}
    with course.alone():
        rows = file_away(course, options.downloads, assignment)
        if options.times:
            groups = {name: each.groups for name, each in rules.terms.items()} if rules else {}
            said = note_times(course, rows, times, groups)
    for row in rows:
        if row.outcome in ("replaced", "refused") or row.late or row.note:
            print(row)
    counts = Counter(row.outcome for row in rows)
    counted = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    print(f"{len(rows)} hand-ins: {counted or 'none'}. All are listed in {course.work / TABLE}.")
    if options.times:
        print(said)
    return int(counts["refused"] > 0)


def _rules(options: argparse.Namespace) -> int:
    from autograde import outlook, policy

    course = find(options.course)
    assignments = course.choose(options.assignments)
    path = course.work / policy.RULES
    if options.example:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(outlook.example(course))
        except FileExistsError:
            raise CourseError(f"rules: {path} is there already. Edit it, or move it away first.") from None
        print(f"Edit {path}, then look with `autograde rules` at what it means.")
        return 0
    rules = policy.read(course)
    if rules is None:
        print(
            f"There are no rules: nothing is late. `autograde rules --example` writes {path} to begin with."
        )
        return 0
    for assignment in assignments:
        print("\n".join(outlook.described(course, assignment, rules.terms[assignment.name])))
    return 0


def _grade(options: argparse.Namespace) -> int:
    from collections import Counter, defaultdict

    from autograde import policy
    from autograde.grade import grade
    from autograde.result import State, recall

    course = find(options.course)
    assignments = course.choose(options.assignments)
    rules = policy.read(course)  # a mistake in them is told now, not after an hour
    before = {assignment.name: recall(course, assignment.name) for assignment in assignments}
    if options.no_sandbox:
        _say_what_is_unprotected()
    elif not options.scheduler:
        _require_sandbox()
    how = {"timeout": options.timeout, "workers": options.workers, "force": options.force}
    how |= {"scheduler": options.scheduler}
    with course.alone():
        results = grade(course, assignments, sandbox=not options.no_sandbox, **how)
        moved = _moved(course, before, results)
        settled = _settled(course, assignments) if rules and any(r.graded for r in results) else []
    for state, count in Counter(result.state for result in results).items():
        print(f"{count:5d} {state}")
    absent = defaultdict(list)
    for result in results:
        if result.state is State.MISSING:
            absent[result.assignment].append(result.student)
        elif not result.graded or result.reason:
            print(f"{result.student}, {result.assignment}: {result.state}. {result.reason}")
    for assignment, students in absent.items():
        more = f" and {len(students) - NAMED} more" if len(students) > NAMED else ""
        print(f"{assignment}: {State.MISSING} by {', '.join(students[:NAMED])}{more}.")
    for line in [*settled, *moved]:
        print(line)
    print(f"results: {course.work / 'results'}, gradebook: {course.shown_gradebook}. Next: autograde report")
    return 0


def _moved(
    course: Course, before: Mapping[str, Mapping[str, Result]], results: Sequence[Result]
) -> list[str]:
    """Say whose grade moved, where work was graded that had been graded before."""
    from autograde import regrade

    pairs = [(old, now) for now in results if (old := before[now.assignment].get(now.student))]
    again = [(old, now) for old, now in pairs if old.fingerprint != now.fingerprint]
    found = [moved for old, now in pairs if (moved := regrade.move(course, old, now))]
    names = dict.fromkeys(now.assignment for now in results)
    ever = [each for name in names for each in regrade.moves(course, name)]
    path = regrade.write_table(course, ever) if ever else None  # also of a run that was killed
    kept = sum(now.graded for _, now in pairs)
    if kept and not again and len(pairs) == len(results) and not found:
        return [f"Nothing is new: {kept} keep their result, and no grade moved."]
    if not found:
        return [f"{len(again)} were graded again, and no grade moved."] if again else []
    more = f"and {len(found) - NAMED} more" if len(found) > NAMED else ""
    said = f"{len(again)} were graded again, and {len(found)} results are not what they were; see {path}."
    return [said, *map(str, found[:NAMED]), *filter(None, [more])]


def _settled(course: Course, assignments: Sequence[Assignment]) -> list[str]:
    """Apply the rules, and say what came of them."""
    from autograde import report

    results = report.recorded(course, assignments)
    said = []
    for assignment in assignments:
        mine = [result for result in results if result.assignment == assignment.name]
        lost = [result.penalty for result in mine if result.penalty]
        counts = {
            f"{len(lost)} lost {sum(lost):.4g} points for being late": len(lost),
            f"{(excused := sum(r.excused for r in mine))} excused": excused,
            f"{(shared := sum(bool(r.lead) for r in mine))} graded with their group": shared,
        }
        said += (
            [f"{assignment.name}: {', '.join(filter(counts.get, counts))}."] if any(counts.values()) else []
        )
        said += [f"{r.student}, {r.assignment}: no grade yet. {r.waits}" for r in mine if r.waits]
    return said


def _report(options: argparse.Namespace) -> int:
    from autograde import report
    from autograde.result import damaged

    course = find(options.course)
    assignments = course.choose(options.assignments)
    folder = options.to or course.work / "report"
    lost = [path for assignment in assignments for path in damaged(course, assignment.name)]
    for path in lost:
        print(f"report: {path} cannot be read and is left out. Run `autograde grade` again.", file=sys.stderr)
    print(report.write(course, assignments, folder, course.title))
    return 1 if lost else 0


def _feedback(options: argparse.Namespace) -> int:
    from autograde import envelope, feedback

    course = find(options.course)
    assignments = course.choose(options.assignments)
    with course.alone():
        sent = feedback.write(course, assignments, mark_scheme=options.mark_scheme)
        packed = envelope.pack(course, sent)
    waiting = sum(1 for each in sent if each.open_points)
    print(f"{len(sent)} pages: {course.feedback}")
    if waiting:
        say = "says" if waiting == 1 else "say"
        print(f"{waiting} of them {say} that a person has still to read an answer.")
    for each in packed:
        print(each)
    return 0


def _export(options: argparse.Namespace) -> int:
    from autograde import report
    from autograde.filing import taken_in
    from autograde.handback import fill, reasons_of

    course = find(options.course)
    (assignment,) = course.choose([options.assignment])
    to = options.to or options.table.with_name(f"{options.table.stem}-graded.csv")
    results = report.recorded(course, [assignment])
    log = [row for row in taken_in(course).values() if row.assignment in ("", assignment.name)]
    refused = {row.student: f"Not taken in. {row.note}".strip() for row in log if row.outcome == "refused"}
    print(fill(options.table, results, to, options.column, options.scale, refused))
    print(f"Upload {to}. Why each row is as it is: {reasons_of(to)}.")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from autograde.doctor import examine, lacks

    try:
        course = find(options.course)
    except CourseError:
        course = None
    findings = examine(course)
    for finding in findings:
        print(finding)
    if lacks(findings):
        print("Something that is required is missing (✗).")
        return 1
    print("All that is required is here.")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from autograde import demo, report
    from autograde.grade import grade
    from autograde.table import print_class

    course = find(options.course)
    roster = options.roster or demo.ROSTER
    assignments = demo.handed_in(roster, course)
    students = demo.read_roster(roster, assignments)
    code = _released(course, course.choose([], ungraded=True))
    if code:
        return code
    from autograde.sandbox import available

    missing = available()
    if missing:
        print(f"No sandbox here, and this class needs none: its answers are our own. ({missing})")
    print(f"{len(students)} students hand in {len(assignments)} notebooks each")
    classroom = course.elsewhere(course.work / "demo")
    with classroom.alone():
        demo.clear(classroom)
        demo.hand_in(classroom, assignments, students)
        how = {"timeout": options.timeout, "workers": options.workers, "sandbox": not missing}
        results = grade(classroom, assignments, **how)
    print_class(assignments, results)
    title = f"{course.title}, the demo class"
    print(f"report: {report.write(classroom, assignments, classroom.work / 'report', title)}")
    return 0


def _student_kit(course: Course, path: Path) -> int:
    from autograde import kit

    files = kit.collect(course)
    wrong = kit.problems(course, files)
    if wrong:
        return _found(wrong, "No kit was written.")
    kit.write(files, path)
    print(f"{path}: {len(files)} files, without solutions, hidden tests and grader")
    return 0


def _found(problems: Sequence[str], consequence: str) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    many = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    print(f"{many}. {consequence}", file=sys.stderr)
    return 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    options = _parser().parse_args(argv)
    try:
        return int(options.run(options))
    except AutogradeError as error:
        print(f"autograde: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        print(f"autograde: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("autograde: interrupted; what was done so far is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
