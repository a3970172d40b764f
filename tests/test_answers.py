"""The catalogue holds for every question, and the matcher says what it should."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnkit.answers import (
    EXPERIMENTS,
    QUESTIONS,
    FunctionQuestion,
    Mistake,
    Question,
    diagnose,
    question,
    variant,
)
from cnnkit.answers.__main__ import main, named_by_chance, random_answer
from cnnkit.answers.borrowing import borrowed
from cnnkit.answers.variants import confusions
from cnnkit.errors import ArgumentError

ALL = list(QUESTIONS.values())
DRAWN = [entry for entry in ALL if entry.draw is not None]
MISTAKES = [(entry, mistake) for entry in ALL for mistake in entry.mistakes]

# The published numbers, typed in: the one side. The other is each question's method.
PUBLISHED = {
    "sobel-same-padding": [[2, -1, 11, -2, -13], [10, -4, 8, 2, -18], [14, -1, -5, 6, -9]],
    "sobel-convolution": [[-2, 1, -11, 2, 13], [-10, 4, -8, -2, 18], [-14, 1, 5, -6, 9]],
    "sobel-reflect-padding": [[0, 4, -16, 2, 0], [0, 4, -8, -2, 0], [0, 4, 0, -6, 0]],
    "sobel-valid": {"correlation": [[-4, 8, 2]], "convolution": [[4, -8, -2]]},
    "asymmetric-kernel": {
        "correlation": [[0, 2, -4, 7, -15], [-1, 4, 13, -4, 7], [24, 4, 4, 25, 3]],
        "convolution": [[7, 7, 5, 17, 8], [4, 15, 5, -2, 27], [-1, -7, 1, 9, -8]],
    },
    "two-channels": [[[5, 1], [1, 4]], [[-2, 3], [5, -2]]],
    "padding-for-same": 2,
    "kernel-from-sizes": 9,
    "pooled-size": 252,
    "second-conv-size": 250,
    "odd-sizes": (2, 14),
    "report-cnn-parameters": {
        "conv1": 2432,
        "conv2": 51264,
        "conv3": 204928,
        "fc1": 131136,
        "fc2": 650,
        "total": 390410,
    },
    "report-audit": {
        "reported_total": 137611,
        "ledger_sum": 137610,
        "missing_factor": (3, 32, 64),
        "true_total": 390410,
    },
    "cs7011-parameters": {
        "conv1": 1792,
        "conv2": 73856,
        "conv3": 295168,
        "conv4": 590080,
        "fc1": 4195328,
        "fc2": 1049600,
        "fc3": 10250,
        "bn": 40,
        "total": 6216114,
        "trainable": 6216094,
        "not_trainable": 20,
        "all_conv": 960896,
        "all_fc": 5255178,
    },
    "cs7011-neurons": {"conv": 131072, "fc": 2058},
    "cs7011-multiply-adds": {"conv": 77266944, "fc": 5253120, "dearer": "conv"},
    "pa2-padding": {"padding": 2, "features_with_1": 4608, "total": 1805300},
    "convnetjs-layers": {"layers": 9, "parameters": 5994, "impossible": "conv2"},
    "receptive-fields": {"conv4": 26, "pool3": 30, "report_conv3": 32},
    "no-pooling": {"fc_inputs": 9216, "fc": 92170, "total": 95594},
    "bottleneck": {
        "fc_inputs": 16,
        "fc": 170,
        "total": 10010,
        "without_last_pool": 12410,
        "cause": "bottleneck",
    },
    "updates": {"batch_20": 2000, "batch_300": 133, "batch_2000": 20, "why": "fewer updates"},
    "last-convolution": {
        "cifar10": (1, 160, 8, 8),
        "cs7011": (1, 256, 8, 8),
        "resnet18_224": (1, 512, 7, 7),
        "resnet18_112": (1, 512, 4, 4),
    },
    "counted-by-hand": {"parameters": 390410, "claim": 1, "reason": "d"},
    "larger-kernels": {"conv2_height": -1, "claim": 2, "reason": "b"},
    "neuron-window": {"window": 26, "whole_windows": 4, "claim": 0, "reason": "e"},
    "what-is-dear": {"conv": 77266944, "fc": 5253120, "claim": 2, "reason": "a"},
    "extra-layer": {"before": 256, "after": 16, "claim": 3, "reason": "e"},
    "big-batch": {"updates": 20, "examples_for_as_many": 4000000, "claim": 2, "reason": "b"},
    "written-sizes": {"fc1_inputs": 6272, "claim": 3, "reason": "d"},
    "depth-parameters": {"1": 41418, "2": 13018, "3": 7658, "4": 8058},
    "resnet-counts": {"total": 11181642, "trained": 8398858, "frozen": 2782784, "statistics": 4480},
    "resnet-sizes": {
        "conv1": 56,
        "maxpool": 28,
        "layer1": 28,
        "layer2": 14,
        "layer3": 7,
        "layer4": 4,
        "layer4 of 224": 7,
        "layer4 of 32": 1,
    },
}

# What course.md's catalogue of wrong totals says that each mistake gives.
WRONG_TOTALS = {
    "channels-forgotten": 137610,
    "channels-forgotten-and-slip": 137611,
    "always-three-channels": 148810,
    "bias-forgotten": 390112,
    "one-bias-per-layer": 390117,
    "conv-bias-forgotten": 390186,
    "bias-per-slice": 400522,
    "last-pool-forgotten": 783626,
    "all-pools-forgotten": 8647946,
    "flatten-without-channels": 260362,
    "kernel-3x3": 225034,
    "kernel-not-squared": 183690,
}


def _name(value: object) -> str:
    return value.id if isinstance(value, Question | Mistake) else str(value)


def _right(entry: Question) -> object:
    return entry.method if isinstance(entry, FunctionQuestion) else entry.right


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize("id", PUBLISHED)
def test_the_right_method_gives_the_published_numbers(id: str) -> None:
    assert _plain(question(id).right) == PUBLISHED[id]


@pytest.mark.parametrize(("mistake", "total"), WRONG_TOTALS.items())
def test_each_wrong_way_of_counting_gives_its_published_total(mistake: str, total: int) -> None:
    assert question("report-cnn-parameters").wrong[mistake]["total"] == total


@pytest.mark.parametrize(
    ("notebook", "points"),
    [
        *(("A1", 25), ("A2", 34), ("A3", 23), ("A4", 18)),
        *(("A5", 32), ("A6", 27), ("A7", 18), ("A8", 12.5)),
    ],
)
def test_what_the_checks_of_each_notebook_are_worth(notebook: str, points: float) -> None:
    every = [*ALL, *EXPERIMENTS.values()]
    assert sum(entry.points for entry in every if entry.code.startswith(f"{notebook}-")) == points


NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "solutions").glob("*/*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_its_questions_for_the_points_that_they_have(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    asked = {
        cell["id"].removeprefix("test-"): cell["metadata"]["nbgrader"]["points"]
        for cell in cells
        if cell["id"].startswith("test-")
    }
    number = int(path.stem[:2])
    every = {**QUESTIONS, **EXPERIMENTS}
    worth = {id: entry.points for id, entry in every.items() if entry.code.startswith(f"A{number}-")}
    assert asked == pytest.approx(worth)


@pytest.mark.parametrize("entry", ALL, ids=_name)
def test_the_right_answer_is_correct(entry: Question) -> None:
    diagnosis = diagnose(entry, _right(entry))
    assert (diagnosis.verdict, diagnosis.points) == ("correct", entry.points)


@pytest.mark.parametrize("entry", ALL, ids=_name)
def test_the_public_inputs_tell_all_mistakes_apart(entry: Question) -> None:
    assert confusions(entry) == []


def test_inputs_that_do_not_tell_mistakes_apart_are_found() -> None:
    sobel = question("sobel-same-padding")
    flipped = Mistake("upside-down", "", "", lambda image, kernel: sobel.method(image, kernel[::-1]))
    assert confusions(replace(sobel, mistakes=(flipped,))) == [("right", "upside-down")]


@pytest.mark.parametrize(("entry", "mistake"), MISTAKES, ids=_name)
def test_every_catalogued_mistake_is_named(entry: Question, mistake: Mistake) -> None:
    wrong = mistake.method if isinstance(entry, FunctionQuestion) else entry.wrong[mistake.id]
    diagnosis = diagnose(entry, wrong)
    assert diagnosis.mistakes == (mistake,)
    assert mistake.when in diagnosis.message
    assert mistake.cure in diagnosis.message
    assert diagnosis.points < entry.points


@pytest.mark.parametrize("entry", DRAWN, ids=_name)
def test_variants_are_the_students_own_and_are_diagnosed_alike(entry: Question) -> None:
    mine, again, yours = (variant(entry, student) for student in ("one", "one", "two"))
    assert _inputs(mine) == _inputs(again)
    if entry.id != "padding-for-same":  # five kernel sizes only
        assert _inputs(mine) != _inputs(yours)
    assert diagnose(mine, _right(mine)).verdict == "correct"
    for mistake in mine.mistakes:
        wrong = mistake.method if isinstance(mine, FunctionQuestion) else mine.wrong[mistake.id]
        assert mistake in diagnose(mine, wrong).mistakes


def _inputs(entry: Question) -> str:
    return repr({name: _plain(value) for name, value in entry.inputs.items()})


def test_a_variant_of_a_published_network_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"variant: `question` is 'cs7011-neurons', expected one whose"):
        variant(question("cs7011-neurons"), "one")


def test_an_unknown_question_is_told_the_nearest_one() -> None:
    with pytest.raises(ArgumentError, match=r"`id` is 'sobel-same'.*Did you mean 'sobel-same-padding'\?"):
        question("sobel-same")


def test_fewer_than_one_in_a_hundred_random_wrong_answers_gets_a_name() -> None:
    assert named_by_chance(ALL, random_answer, seed=1) < 0.01


SOBEL = np.array(PUBLISHED["sobel-same-padding"])


@pytest.mark.parametrize(
    ("id", "given", "verdict", "message"),
    [
        ("sobel-same-padding", None, "missing", "`sobel_same` is not answered yet."),
        ("odd-sizes", (None, None), "missing", "`odd_sizes` is not answered yet."),
        (
            "report-audit",
            {"reported_total": None, "ledger_sum": None, "missing_factor": (None,) * 3, "true_total": None},
            "missing",
            "`audit` is not answered yet.",
        ),
        (
            "sobel-same-padding",
            SOBEL.tolist(),
            "invalid",
            "`sobel_same` is a list, expected a numpy array. Wrap it: np.array(sobel_same).",
        ),
        (
            "sobel-same-padding",
            SOBEL[:2],
            "invalid",
            "`sobel_same` has shape (2, 5), expected (3, 5).",
        ),
        (
            "sobel-same-padding",
            SOBEL[1:2, 1:4] + 1,
            "invalid",
            "`sobel_same` has shape (1, 3), expected (3, 5). Perhaps the kernel only visits places where it"
            " fits entirely, without padding? Pad the image by one cell on every side, so that each of its"
            " cells gets a window.",
        ),
        (
            "sobel-same-padding",
            np.where(SOBEL == 8, np.nan, SOBEL),
            "invalid",
            "`sobel_same` holds nan at [1, 2], expected finite numbers. Fill in that cell.",
        ),
        (
            "sobel-same-padding",
            SOBEL.astype(str),
            "invalid",
            "`sobel_same` is a ndarray that does not hold numbers, expected an array of shape (3, 5).",
        ),
        (
            "sobel-same-padding",
            len,
            "invalid",
            "`sobel_same` is a function, expected an array of shape (3, 5). Call it, and give what it"
            " returns.",
        ),
        (
            "kernel-from-sizes",
            "9",
            "invalid",
            "`kernel_from_sizes` is the text '9', expected a number. Remove the quotes.",
        ),
        (
            "kernel-from-sizes",
            True,
            "invalid",
            "`kernel_from_sizes` is True, expected a number. Give the number itself.",
        ),
        (
            "sobel-same-padding",
            {"a": 1},
            "invalid",
            "`sobel_same` is a dict that does not hold numbers, expected an array of shape (3, 5).",
        ),
        ("odd-sizes", (2, None), "missing", "`odd_sizes` is not complete: 1 of 2 are not answered yet."),
        ("conv2d", 3, "invalid", "`conv2d` is a int, expected a function. Define it with `def`."),
        (
            "report-cnn-parameters",
            390410,
            "invalid",
            "`parameters` is a int, expected a dict with the entries conv1, conv2, conv3, fc1, fc2, total."
            " Fill in the dict that the cell began with.",
        ),
        (
            "report-cnn-parameters",
            {"conv1": 2432},
            "invalid",
            "`parameters` has no entry 'conv2', expected conv1, conv2, conv3, fc1, fc2, total."
            " Keep the names that the cell began with.",
        ),
        (
            "bn-facts",
            {**question("bn-facts").right, "highest": 0.76},
            "mistake",
            "Perhaps the probability is rounded to two decimals? Give three.",
        ),
        (
            "cs7011-multiply-adds",
            {"conv": 77266944, "fc": 5253120, "dearer": "both"},
            "invalid",
            "`work[\"dearer\"]` is 'both', expected one of 'conv', 'fc'. Copy one of these.",
        ),
        (
            "report-cnn-parameters",
            {**PUBLISHED["report-cnn-parameters"], "total": 390411},
            "slip",
            "Every line is right, but they do not add up to the total that you wrote.",
        ),
    ],
)
def test_the_message_says_what_is_wrong(id: str, given: object, verdict: str, message: str) -> None:
    diagnosis = diagnose(question(id), given)
    assert (diagnosis.verdict, diagnosis.message) == (verdict, message)


def test_a_single_slip_is_located_and_costs_its_cell_only() -> None:
    slipped = SOBEL.copy()
    slipped[0, 1] += 1
    diagnosis = diagnose(question("sobel-same-padding"), slipped)
    assert diagnosis.verdict == "slip"
    assert diagnosis.message == "`sobel_same`: 14 of 15 cells are right; look again at [0, 1]."
    assert diagnosis.points == 2.8


def test_a_mistake_is_recognised_through_a_slip() -> None:
    slipped = -SOBEL
    slipped[0, 1] += 1
    diagnosis = diagnose(question("sobel-same-padding"), slipped)
    assert [mistake.id for mistake in diagnosis.mistakes] == ["kernel-flipped"]
    assert diagnosis.message.endswith("1 more cell is off besides.")
    assert diagnosis.points == 0


def test_cells_that_agree_by_chance_earn_nothing() -> None:
    assert diagnose(question("sobel-same-padding"), np.full((3, 5), -1)).points == 0


def test_lines_of_a_ledger_earn_their_points_one_by_one() -> None:
    report = {"conv1": 832, "conv2": 1664, "conv3": 3328, "fc1": 131136, "fc2": 650, "total": 137611}
    diagnosis = diagnose(question("report-cnn-parameters"), report)
    assert [mistake.id for mistake in diagnosis.mistakes] == ["channels-forgotten-and-slip"]
    assert diagnosis.points == 2


def test_the_choice_and_the_measurement_of_the_shift_are_worth_a_point_each() -> None:
    entry = question("shift-sensitivity")
    measured = {name: entry.right[name] for name in ("before_pooling", "after_pooling")}
    assert diagnose(entry, {**measured, "layer": "relu"}).points == 1
    unmeasured = {"layer": "max pooling", "before_pooling": None, "after_pooling": None}
    assert diagnose(entry, unmeasured).points == 1


def test_different_mistakes_in_different_entries_are_all_named() -> None:
    entry = question("report-cnn-parameters")
    mixed = {**entry.right, "conv2": 1664, "fc1": entry.wrong["bias-forgotten"]["fc1"]}
    diagnosis = diagnose(entry, mixed)
    assert diagnosis.verdict == "several"
    assert {"channels-forgotten", "bias-forgotten"} <= {mistake.id for mistake in diagnosis.mistakes}


def test_a_mistake_that_would_have_spoilt_a_right_entry_is_not_named() -> None:
    given = {"layers": 8, "parameters": 5994, "impossible": "conv2"}
    diagnosis = diagnose(question("convnetjs-layers"), given)
    assert [mistake.id for mistake in diagnosis.mistakes] == ["input-not-counted"]


def test_an_error_in_a_students_function_is_shown_with_the_call() -> None:
    diagnosis = diagnose(question("conv2d"), lambda x: x)
    start, end = "`conv2d` with one 5x5 image, one 3x3 kernel raises TypeError (", "0 of 7 tries are right."
    assert diagnosis.message.startswith(start)
    assert diagnosis.message.endswith(f"takes 1 positional argument but 5 were given). {end}")


def test_rounding_errors_do_not_count() -> None:
    assert diagnose(question("sobel-same-padding"), SOBEL + 1e-12).verdict == "correct"


def test_an_array_that_nothing_explains_is_said_to_be_unknown() -> None:
    diagnosis = diagnose(question("sobel-same-padding"), SOBEL * 7 + 3)
    assert diagnosis.verdict == "unrecognised"
    assert "none of the usual mistakes" in diagnosis.message


def test_an_empty_function_counts_as_not_answered() -> None:
    def conv2d(x: object, weight: object, bias: object, stride: int, padding: int) -> None:
        """Return nothing yet."""

    assert diagnose(question("conv2d"), conv2d).verdict == "missing"


def test_a_function_cannot_change_the_inputs_of_the_next_try() -> None:
    entry = question("max-pool2d")

    def vandal(x: np.ndarray, kernel_size: int, stride: int) -> object:
        result = entry.method(x.copy(), kernel_size, stride)
        x[:] = 0
        return result

    assert diagnose(entry, vandal).verdict == "correct"
    assert diagnose(entry, entry.method).verdict == "correct"


def _imports_inside(x: object) -> object:
    from scipy import signal

    return signal.correlate(x, x)


def _calls_a_friend(x: object) -> object:
    return _imports_inside(x)


def _own(x: np.ndarray) -> float:
    return float(np.sum(list(x)))


def test_borrowed_functions_are_traced_through_friends_and_closures() -> None:
    library = question("conv2d").method
    assert borrowed(_imports_inside) == "scipy"
    assert borrowed(_calls_a_friend) == "scipy"
    assert str(borrowed(lambda x: library(x))).startswith("cnnkit.")
    assert borrowed(_own) is None


class _Elsewhere:
    """Stands for a function whose code is elsewhere, as the grader's proxies do."""

    def __init__(self, *calls: str) -> None:
        self.calls = list(calls)

    def __call__(self, *arguments: object) -> None:
        raise AssertionError("a borrowed function is not even called")

    def library_calls(self) -> list[str]:
        return self.calls


def test_a_function_from_elsewhere_answers_for_its_code() -> None:
    assert borrowed(_Elsewhere("numpy.zeros", "math.sqrt")) is None
    assert borrowed(_Elsewhere("numpy.zeros", "torch.nn.functional.conv2d")) == "torch.nn.functional.conv2d"
    assert borrowed(_Elsewhere("importlib.import_module")) == "importlib.import_module"


def test_the_command_prints_the_table_and_its_shares(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sobel-same-padding", "kernel-from-sizes"]) == 0
    printed = capsys.readouterr().out
    assert "A1-2 sobel-same-padding" in printed
    assert "[[-2, 1, -11, 2, 13], [-10, 4, -8, -2, 18]" in printed
    assert "11 of 11 catalogued wrong answers are told their mistake (100.0%)." in printed
    assert "random wrong answers are given the name of a mistake" in printed


def test_the_command_refuses_an_unknown_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sobell"]) == 2
    assert "`id` is 'sobell'" in capsys.readouterr().err
