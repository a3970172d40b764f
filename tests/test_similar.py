"""Made-up copies are found, honest work is not; what notebook or question force counts for nothing."""

import re
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from autograde import report, similar
from autograde.answers import Answer, given
from autograde.course import find
from autograde.demo import ROSTER, hand_in, read_roster
from autograde.notebook import load

ROOT = Path(__file__).resolve().parents[1]
HONEST = ROOT / "tests/fixtures/honest/conv2d.txt"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # nbgrader's, on import


def honest():
    """Return a dozen functions that were each written by themselves."""
    return [part.split("\n", 1)[1].strip() for part in HONEST.read_text().split("# ── ")[1:]]


@pytest.fixture(scope="module")
def assignment():
    return find(ROOT).choose(["1"])[0]


@pytest.fixture(scope="module")
def piece(assignment):
    """Return a function (student, source) -> the answers to the conv2d question that are compared."""
    release, source = given(assignment), load(assignment.source)
    code = "\n".join(cell["source"] for cell in release["cells"] if cell["cell_type"] == "code")
    imported = set(similar._imported(code))
    assert {"np", "check"} <= imported
    solution = {cell["id"]: cell["source"] for cell in source["cells"]}
    released = {cell["id"]: cell["source"] for cell in release["cells"]}

    def piece(student, text, name="conv2d", language="code"):
        answer = Answer(name, language, text, released.get(name, ""))
        return list(similar.pieces(student, {name: answer}, solution, imported))

    piece.solution = solution
    return piece


@pytest.fixture
def class_(piece):
    return [each for number, text in enumerate(honest()) for each in piece(f"honest-{number:02}", text)]


def names_of(pairs):
    return [(pair.first.student, pair.second.student) for pair in pairs]


def renamed(text):
    own = sorted(set(re.findall(r"\b[a-zA-Z_]\w*\b", text)) - similar.PYTHON - {"np", "conv2d"}, key=len)
    kept = {"x", "weight", "bias", "stride", "padding"} | set(re.findall(r"\.(\w+)", text))
    kept |= set(re.findall(r"(\w+)=\(", text)) | {"axis", "mode", "axes", "pad_width", "constant_values"}
    for number, name in enumerate(name for name in own if name not in kept):
        text = re.sub(rf"(?<![.\w])\b{name}\b(?!\s*=\(\()", f"other_{number}", text)
    return text


def commented(text):
    lines = [f"{line}  # and now {number}" for number, line in enumerate(text.splitlines())]
    return "\n\n".join(["# my very own work", *lines]).replace("    ", "  ")


def reordered(text):
    """Move the first function behind the others, and swap two statements that may be swapped."""
    functions = re.split(r"\n\n\n(?=def )", text)
    lines = "\n\n\n".join(functions[1:] + functions[:1]).splitlines()
    swap = next(
        (
            n
            for n in range(len(lines) - 1)
            if re.match(r"    \w+ = ", lines[n]) and re.match(r"    \w+ = ", lines[n + 1])
        ),
        None,
    )
    if swap is not None:
        lines[swap], lines[swap + 1] = lines[swap + 1], lines[swap]
    return "\n".join(lines)


def padded_out(text):
    """Add lines that do nothing."""
    return re.sub(r"(\n    return .*)", '\n    print("shape", x.shape)\n    checked = True\\1', text)


@pytest.mark.parametrize("number", range(12))
@pytest.mark.parametrize(
    "change",
    [
        str,
        renamed,
        commented,
        reordered,
        padded_out,
        lambda text: commented(renamed(reordered(text))),
    ],
)
def test_a_copy_is_found_among_honest_work(piece, class_, number, change):
    copy = piece("copy", change(honest()[number]))
    pairs = similar.alike(class_ + copy)
    assert {("copy", f"honest-{number:02}"), (f"honest-{number:02}", "copy")} & set(names_of(pairs))
    assert len(pairs) == 1


def test_a_copy_is_found_in_a_class_of_two(piece):
    first, second = piece("a", honest()[1]) + piece("b", renamed(honest()[1]))
    (pair,) = similar.alike([first, second])
    assert pair.share > 0.9


def test_honest_work_is_not_listed(class_):
    assert len(class_) == 12
    assert similar.alike(class_) == []
    assert not [pair for two in combinations(class_, 2) for pair in similar.alike(two)]


def test_whoever_writes_what_the_solution_says_is_not_listed(piece):
    text = re.sub(r" *### (BEGIN|END) SOLUTION\n?", "", piece.solution["conv2d"])
    assert piece("a", text) == []
    found = piece("a", text + "\nprint(conv2d.__name__)") + piece("b", renamed(text))
    assert similar.alike(found) == []


@pytest.mark.parametrize(
    "text",
    [
        "sobel_same = np.array([[2, -1, 11, -2, -13], [10, -4, 8, 2, -18], [14, -1, -5, 6, -9]])" * 4,
        "padded = np.pad(image, 1)\nfigure = plt.imshow(padded)",
        'audit = {"conv1": 832, "conv2": 1664, "conv3": 3328, "fc1": 131136, "fc2": 650, "total": 137611}'
        * 5,
    ],
)
def test_short_answers_and_tables_are_never_compared(piece, text):
    assert piece("a", text, "sobel-same-padding") == []


def test_what_many_wrote_is_no_evidence(piece, class_):
    """Forty who follow the same book are no pairs, or the list would hold everybody."""
    rng = np.random.default_rng(0)
    crowd = []
    for number in range(40):
        lines = honest()[0].splitlines()
        own = [
            f"    e_{k} = np.{rng.choice(['sin', 'cos', 'exp'])}(x[{rng.integers(99)}]) - {rng.integers(99)}"
            for k in range(2)
        ]
        crowd += piece(f"crowd-{number:02}", "\n".join([*lines[:-1], *own, lines[-1]]))
    assert similar.alike(crowd) == []


def test_the_lines_that_are_the_same_are_named(piece):
    text = honest()[6].splitlines()
    own = [f"    print(f'{{np.log({n})}}', [np.hypot({n}, k) ** {n} for k in (x, {n})])" for n in range(3)]
    (pair,) = similar.alike(piece("a", "\n".join(text)) + piece("b", "\n".join(text[:7] + own + text[7:])))
    assert 8 not in pair.lines(pair.second)  # the second of the three
    assert len(pair.lines(pair.first)) > len(text) / 2


PROSE = """More filters gave a better accuracy in my three runs, but the gap of two points lies inside two
standard errors, so these runs cannot show it. Taking away both poolings multiplied the parameters by
sixteen and the training became slower, while the loss on held-out digits stayed where it was. A larger
validation set, or ten seeds instead of three, would tell whether the small difference is one."""
OTHER = """My batches of two thousand learned hardly anything. I think that is since the weights change only
twenty times before the examples are used up. With the same number of steps the big batches might well win,
which I would try next, together with a larger learning rate, because the gradient of many pictures is
less noisy than that of a few and a longer step should be safe."""


def test_texts_are_compared_by_their_words(piece):
    copied = PROSE.replace("More filters gave", "Using more filters gave me").upper()
    found = piece("a", PROSE, "letter", "markdown") + piece("b", copied, "letter", "markdown")
    found += piece("c", OTHER, "letter", "markdown")
    assert names_of(similar.alike(found)) == [("a", "b")]
    assert piece("d", "The kernel was flipped, I think.", "letter", "markdown") == []


@pytest.mark.parametrize(
    "broken", ["def conv2d(x:\n  return", "\x00\ud800 = 'a", "'" * 999, "(" * 5_000, "", "\n" * 9]
)
def test_what_is_not_python_is_compared_all_the_same(piece, broken):
    text = honest()[1] + "\n" + broken
    found = piece("a", text) + piece("b", text)
    assert len(found) == 2
    assert names_of(similar.alike(found)) == [("a", "b")]


def test_the_demo_class_has_no_pair(tmp_path):
    """Students who make different mistakes on purpose; most other answers are the solution's own."""
    course = find(ROOT)
    assignments = course.choose(["1", "2"])
    classroom = course.elsewhere(tmp_path)
    hand_in(classroom, assignments, read_roster(ROSTER, assignments))
    for assignment in assignments:
        found = similar.of_class(classroom.submitted, assignment)
        assert similar.alike(found) == []


def test_the_page_shows_both_pieces_and_names_no_verdict(piece):
    evil = "<script>alert(1)</script>"
    pairs = similar.alike(piece(evil, honest()[1] + f"\n# {evil}") + piece("b", renamed(honest()[1])))
    page = report.look_alikes("A course", [("01", pairs), ("02", [])], datetime(2030, 1, 2, tzinfo=UTC))
    assert evil not in page
    assert page.count("&lt;script&gt;alert(1)") == 3
    assert page.count("<section>") == 2
    assert page.count("<mark>") > 20
    assert "Places to look, not verdicts." in page
    assert not re.search(r"plagiar|cheat|copied|fraud", page, re.IGNORECASE)
    assert "No two answers that are long enough to be compared look alike." in page


def test_the_report_says_how_many_pairs_there_are():
    for pairs, said in (
        (2, "2 pairs of answers, side by side"),
        (1, "1 pair of answers"),
        (0, "None that are"),
    ):
        assert said in report.page("t", [], datetime(2030, 1, 2, tzinfo=UTC), pairs)
    assert "look alike" not in report.page("t", [], datetime(2030, 1, 2, tzinfo=UTC))
