"""What a notebook's test cell prints, returns and raises."""

from __future__ import annotations

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from cnnkit import check
from cnnkit.answers import question
from cnnkit.errors import ArgumentError, WrongAnswer

SOBEL = np.array([[2, -1, 11, -2, -13], [10, -4, 8, 2, -18], [14, -1, -5, 6, -9]])


@pytest.fixture
def shell() -> InteractiveShell:
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def test_a_right_answer_returns_a_plain_float(capsys: pytest.CaptureFixture[str]) -> None:
    points = check.answer("sobel-same-padding", SOBEL)
    assert points == 3.0
    assert type(points) is float
    assert capsys.readouterr().out == "✓ `sobel_same` is right in all 15 cells. 3 of 3 points.\n"


def test_a_partly_right_answer_returns_its_share(capsys: pytest.CaptureFixture[str]) -> None:
    slipped = SOBEL.copy()
    slipped[2, 4] = 0
    assert check.answer("sobel-same-padding", slipped) == 2.8
    assert capsys.readouterr().out.startswith("✗ `sobel_same`: 14 of 15 cells are right")


def test_a_wrong_answer_raises_with_the_diagnosis() -> None:
    with pytest.raises(WrongAnswer, match="That is what comes out when the kernel is flipped"):
        check.answer("sobel-same-padding", -SOBEL)


def test_a_notebooks_own_numbers_decide_what_is_right_and_which_mistake_it_is() -> None:
    assert check.answer("kernel-from-sizes", 15, before=501, after=487) == 1
    with pytest.raises(WrongAnswer, match=r"Perhaps the \+ 1 of the formula is left out"):
        check.answer("kernel-from-sizes", 14, before=501, after=487)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"befor": 3}, r"answer: 'befor' is no input of 'kernel-from-sizes'\. Did you mean 'before'\?"),
        ({"before": None}, r"answer: `before` is None, expected a number\. Run the cell again that gives it"),
        ({"before": [[1], 2]}, r"answer: `before` is \[\[1\], 2\], expected a number\."),
    ],
)
def test_numbers_that_no_notebook_gave_are_refused(inputs: dict[str, object], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        check.answer("kernel-from-sizes", 9, **inputs)
    with pytest.raises(ArgumentError, match=r"expected numbers of shape \(3, 5\)"):
        check.answer("sobel-same-padding", SOBEL, image=np.zeros((3, 3)))


def test_a_wrong_answer_is_an_assertion_error() -> None:
    with pytest.raises(AssertionError, match=r"expected a number\. Remove the quotes"):
        check.answer("kernel-from-sizes", "9")


def test_an_open_question_is_noted_and_earns_a_plain_zero(capsys: pytest.CaptureFixture[str]) -> None:
    points = check.answer("sobel-same-padding", None)
    assert repr(points) == "0.0"
    assert capsys.readouterr().out == "○ `sobel_same` is not answered yet. 0 of 3 points.\n"


@pytest.mark.parametrize(
    "given", [None, ..., "5", "five", True, [5, 5], {"": 5}, {"a": 5}, np.nan, 1j, object(), len, [[1], 2]]
)
def test_comparing_raises_nothing_and_gives_nothing_for_what_is_no_answer(given: object) -> None:
    assert check.compare(given, 5) == 0
    assert check.compare({"a": given, "b": 5}, {"a": 5, "b": 5}, points=3) == 1.5


def test_comparing_takes_what_the_check_takes(capsys: pytest.CaptureFixture[str]) -> None:
    work = {"conv": [77266944], "fc": np.array(5253120.0), "dearer": " Conv"}
    assert check.answer("cs7011-multiply-adds", work) == 2
    capsys.readouterr()
    right = {"conv": 77266944, "fc": 5253120, "dearer": "conv"}
    assert check.compare(work, right, points=2) == 2
    assert check.compare(dict(work, fc="many"), right, points=2) == 1.33
    assert capsys.readouterr().out == ""


def test_cells_are_compared_one_by_one_where_the_shape_is_right() -> None:
    assert check.compare(SOBEL + (SOBEL == 2), SOBEL, points=3) == 2.6
    assert check.compare(SOBEL[:2], SOBEL) == check.compare(SOBEL.tolist(), SOBEL) == 0
    assert check.compare((2, 14, 3), (2, 14)) == 0


def test_other_inputs_can_be_drawn_for_a_function() -> None:
    def fits_the_public_tries(size: int, kernel_size: int, stride: int, padding: int) -> object:
        outcome = known.get((size, kernel_size, stride, padding), 0)
        if isinstance(outcome, int):
            return outcome
        raise ValueError

    entry = question("out-size")
    known = {tuple(p.arguments.values()): p.outcome(entry.method) for p in entry.probes}
    assert check.answer("out-size", fits_the_public_tries) == 1
    text = (
        "^`out_size` goes wrong on inputs that this notebook does not show. Try shapes and arguments of your"
    )
    with pytest.raises(WrongAnswer, match=text):
        check.answer("out-size", fits_the_public_tries, seed=200)


def test_a_hidden_try_stays_hidden_when_the_function_tells_what_it_was_given() -> None:
    def tells(*arguments: object) -> object:
        raise ValueError(f"called with {arguments}")

    with pytest.raises(WrongAnswer) as error:
        check.answer("max-pool2d", tells, seed=909)
    assert "called with" not in str(error.value)


def test_a_borrowed_function_earns_nothing() -> None:
    def conv2d(x: object, weight: object, bias: object, stride: int, padding: int) -> object:
        from torch.nn import functional

        return functional.conv2d(x, weight, bias, stride, padding)

    with pytest.raises(WrongAnswer, match=r"`conv2d` uses torch.nn. Write it yourself: numpy and loops"):
        check.answer("conv2d", conv2d)


def test_in_a_notebook_the_diagnosis_is_shown_and_recorded(shell: InteractiveShell) -> None:
    with capture_output() as captured:
        assert check.answer("kernel-from-sizes", 9) == 1.0
    (output,) = captured.outputs
    assert output.data["text/plain"] == "✓ `kernel_from_sizes` is right. 1 of 1 point."
    assert output.data[check.DIAGNOSIS_MIME] == {
        "question": "kernel-from-sizes",
        "code": "A2-2",
        "points": 1.0,
        "max_points": 1.0,
        "verdict": "correct",
        "mistakes": [],
        "message": "`kernel_from_sizes` is right.",
    }


def test_in_a_notebook_a_wrong_answer_is_recorded_before_it_raises(shell: InteractiveShell) -> None:
    with capture_output() as captured, pytest.raises(WrongAnswer) as raised:
        check.answer("kernel-from-sizes", 8)
    (output,) = captured.outputs
    assert output.data[check.DIAGNOSIS_MIME]["mistakes"] == ["plus-one-forgotten"]
    assert output.data["text/html"] == ""
    assert raised.value._render_traceback_() == [f"\x1b[31m✗\x1b[0m {raised.value}"]


def test_what_a_student_wrote_is_escaped_in_html(shell: InteractiveShell) -> None:
    work = {"conv": 77266944, "fc": 5253120, "dearer": "<b>conv</b>"}
    with capture_output() as captured:
        check.answer("cs7011-multiply-adds", work)
    assert "&lt;b&gt;conv" in captured.outputs[0].data["text/html"]
