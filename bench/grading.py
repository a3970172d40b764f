"""How fast a class is graded, and what it costs: ``python bench/grading.py``.

`autograde grade`, stock `nbgrader autograde` and `otter run` grade the same submissions in turns, for a numpy
notebook (02 of this course) and for a torch notebook with a network and its training. The floor is the same
cells, the student's and the tests', in a bare Python that has everything imported; nothing can be faster. It
comes twice: as it is, and drawing the pictures that the cells show, as every grader here does.

Each grader grades a small class and a larger one. What a further submission takes is the difference, divided
by the number of further submissions; what is left is the start-up. CPU time is all processes' together.
All graders must give the same scores, or there is no table.

``--thousand`` grades 1,000 submissions of the numpy notebook, and prints its pace and the most memory used.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from grading.classes import NOTEBOOKS, THREADS, Class
from grading.graders import Autograde, Floor, Grader, Scores, Shown, Stock
from grading.meter import MeterError, Used
from grading.otter import VERSION, Otter, installed

CLASSES = (100, 1000)  # submissions; the larger one's pace is compared
PACE = {"numpy": 5, "torch": 10}  # times stock nbgrader's
COST = 1.5  # times the floor's CPU
LOOK = 1.0  # seconds between two looks at the memory


@dataclass(frozen=True)
class Row:
    """What one grader needs: to start, and for each further submission."""

    name: str
    start_wall: float
    start_cpu: float
    wall: float
    cpu: float

    def pace(self, students: int) -> float:
        """Submissions per minute in a class of so many, the start included."""
        return 60 * students / (self.start_wall + students * self.wall)


def row(name: str, used: dict[int, Used]) -> Row:
    """Separate the start from the submissions; a single class has no start to separate."""
    (few, less), (many, more) = (*([(0, Used(0, 0))] if len(used) == 1 else []), *used.items())
    wall, cpu = ((b - a) / (many - few) for a, b in ((less.wall, more.wall), (less.cpu, more.cpu)))
    return Row(name, less.wall - few * wall, less.cpu - few * cpu, wall, cpu)


def graders(place: Path, notebook: str, otter: bool) -> Iterator[Grader]:
    """Yield every grader that there is here, with a copy of the course for itself."""
    first = Class(place / "first", NOTEBOOKS[notebook])
    Grader(first).run([sys.executable, "-m", "autograde", "release"])

    def course(name: str) -> Class:
        copied = Class(place / name, NOTEBOOKS[notebook])
        shutil.copytree(first.root / "notebooks", copied.root / "notebooks")
        return copied

    yield Floor(course("floor"))
    yield Shown(course("shown"))
    yield Autograde(course("autograde"))
    yield Stock(course("stock"))
    if otter:
        try:
            yield Otter(course("otter"), installed(place.parent))
        except MeterError as why:
            print(f"otter run is left out: {why}")


def sizes(grader: Grader, workers: int, submissions: int, slow: int) -> list[int]:
    """Return the sizes of the classes that a grader gets, every worker's share even."""
    if isinstance(grader, Otter):
        return [max(1, slow // workers) * workers]  # each submission is a command: there is no start
    if isinstance(grader, Stock):
        return [workers, max(2, slow // workers) * workers]
    return [2 * workers, max(3, submissions // workers) * workers]


def measure(crew: Sequence[Grader], workers: int, submissions: int, slow: int) -> list[Row]:
    """Let the graders take turns: all small classes, then all larger ones."""
    used: dict[str, dict[int, Used]] = {grader.name: {} for grader in crew}
    scores: dict[str, Scores] = {}
    for turn in (0, 1):
        for grader in crew:
            for size in sizes(grader, workers, submissions, slow)[turn : turn + 1]:
                grader.prepare(size)
                used[grader.name][size] = grader.grade(workers)
                scores[grader.name] = grader.scores()
    compare(scores, crew[0].course)
    return [row(name, found) for name, found in used.items()]


def compare(scores: dict[str, Scores], course: Class) -> None:
    """Raise unless every grader gave every student what the floor gave; Otter knows full points only."""
    for name, found in scores.items():
        for student, points in found.items():
            expected = scores["floor"][student]
            if name == Otter.name:
                expected = {t: p if p == course.points[t] else 0.0 for t, p in expected.items()}
            if points != expected:
                wrong = {t: (points.get(t), p) for t, p in expected.items() if points.get(t) != p}
                raise MeterError(f"{name} gave {student} other points than the floor: {wrong}")


def table(rows: Sequence[Row], notebook: str, workers: int) -> None:
    """Print what was measured, and whether it is what was promised."""
    by_name = {row.name: row for row in rows}
    floor, drawn, stock, ours = (by_name[kind.name] for kind in (Floor, Shown, Stock, Autograde))
    print(f"\n{notebook} notebook, {workers} worker{'s' * (workers > 1)}")
    print(f"{'':20}{'start-up':>18}{'each further one':>20}{'CPU':>20}", end="")
    print("".join(f"{f'a minute of {students}':>20}" for students in CLASSES))
    print(f"{'':20}{'wall':>9}{'CPU':>9}{'wall':>10}{'CPU':>10}{'/ floor':>10}{'/ drawn':>10}", end="")
    print("".join(f"{'':>10}{'/ stock':>10}" for _ in CLASSES))
    for one in rows:
        start = "".join(f"{abs(s):>7.1f} s" for s in (one.start_wall, one.start_cpu))
        each = "".join(f"{s:>8.2f} s" for s in (one.wall, one.cpu))
        paces = [(one.pace(students), stock.pace(students)) for students in CLASSES]
        print(f"{one.name:20}{start}{each}{one.cpu / floor.cpu:>10.2f}{one.cpu / drawn.cpu:>10.2f}", end="")
        print("".join(f"{own:>10.1f}{own / theirs:>10.2f}" for own, theirs in paces))
    ratio = ours.pace(CLASSES[-1]) / stock.pace(CLASSES[-1])
    for what, value, kept in (
        (f"pace at least {PACE[notebook]} times stock's, {CLASSES[-1]} students", ratio, PACE[notebook]),
        (f"CPU at most {COST} times that of the floor that draws", ours.cpu / drawn.cpu, COST),
        (f"CPU at most {COST} times that of the floor that draws nothing", ours.cpu / floor.cpu, COST),
    ):
        held = value >= kept if "least" in what else value <= kept
        print(f"{what}: {'held' if held else 'MISSED'} ({value:.2f})")
    sys.stdout.flush()


def thousand(place: Path, submissions: int, workers: int) -> None:
    """Grade a large class and print its pace and its memory."""
    course = Class(place / "thousand", NOTEBOOKS["numpy"])
    Grader(course).run([sys.executable, "-m", "autograde", "release"])
    grader = Autograde(course)
    grader.prepare(submissions)
    used = grader.grade(workers, look=LOOK)
    graded = len(grader.scores())
    if graded != submissions:
        raise MeterError(f"{graded} of {submissions} submissions have scores")
    full = sum(points == course.points for points in grader.scores().values())
    print(f"\n{submissions} numpy submissions, {workers} workers: {used.wall:.0f} s, all graded,")
    print(f"{full} with full points; {60 * submissions / used.wall:.1f} submissions a minute,")
    print(f"{used.cpu / submissions:.3f} CPU seconds each, the start included;")
    print(f"{used.memory / 2**20:.0f} MiB at most (all processes' proportional set sizes, every {LOOK:g} s)")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Compare graders on the same submissions.")
    parser.add_argument(
        "--submissions", type=int, default=24, metavar="N", help="for autograde and the floor"
    )
    parser.add_argument("--stock", type=int, default=4, metavar="M", help="for nbgrader and Otter")
    parser.add_argument("--notebook", choices=NOTEBOOKS, help="default: both")
    parser.add_argument("--workers", type=int, nargs="+", choices=(1, 2), default=[2])
    parser.add_argument("--no-otter", action="store_true", help="leave Otter out")
    parser.add_argument("--thousand", action="store_true", help="1,000 submissions, autograde alone")
    return parser.parse_args()


def main() -> None:
    """Print one table for each notebook and number of workers."""
    options = arguments()
    versions = [f"{name} {version(name)}" for name in ("nbgrader", "numpy", "torch", "ipython")]
    print(f"Python {sys.version.split()[0]}, {', '.join(versions)}, otter-grader {VERSION}.", end=" ")
    print(f"Every side: {' '.join(f'{name}=1' for name in THREADS)}.")
    print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}.", flush=True)
    with TemporaryDirectory(prefix="grading-") as home:
        if options.thousand:
            thousand(Path(home), 1000, max(options.workers))
            return
        for notebook in [options.notebook] if options.notebook else NOTEBOOKS:
            crew = list(graders(Path(home) / notebook, notebook, not options.no_otter))
            for workers in options.workers:
                table(measure(crew, workers, options.submissions, options.stock), notebook, workers)
        print(f"load after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    try:
        main()
    except MeterError as problem:
        sys.exit(f"grading: {problem}")
