"""The convolution stepper: one table of cases that Python, the browser, torch and scipy all give."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import signal

from cnnkit import answers, functional, widgets
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.widgets.convolution_stepper import IMAGE, Convolution
from cnnkit.widgets.convolution_stepper.mistakes import SLIPS, words
from cnnkit.widgets.convolution_stepper.value import KERNELS
from cnnkit.widgets.parts.assets import script
from cnnkit.widgets.parts.fallback import VIEW

FILE = Path(__file__).parent / "cases/convolution_stepper.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"] if FILE.exists() else []
FITTING = [case for case in CASES if case["windows"]]
SCRIPT = script("convolution_stepper")
MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}
Settings = dict[str, Any]
InNode = Callable[[str, list[list[Any]]], list[Any]]

each_case = pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
each_fitting_case = pytest.mark.parametrize("case", FITTING, ids=[case["why"] for case in FITTING])


def near(expected: Any) -> Any:
    """Compare nested lists of numbers as closely as the table was rounded."""
    if isinstance(expected, dict):
        return {name: near(value) for name, value in expected.items()}
    if isinstance(expected, list):
        return [near(value) for value in expected]
    return pytest.approx(expected, abs=1e-9) if isinstance(expected, float | int) else expected


def convolution(settings: Settings, **changed: Any) -> Convolution:
    given = settings | changed
    return Convolution(**given | {name: np.array(given[name]) for name in ("x", "kernel")})


@each_case
def test_python_gives_the_case(case: dict[str, Any]) -> None:
    made = convolution(case["settings"])
    found = {
        "border": [list(pair) for pair in made.border],
        "problem": made.problem,
        "output": made.output.tolist(),
    }
    assert near(case["expected"]) == found


@each_fitting_case
def test_python_gives_the_windows_of_the_case(case: dict[str, Any]) -> None:
    columns = len(case["expected"]["output"][0])
    for window in case["windows"]:
        made = convolution(case["settings"], step=window["row"] * columns + window["column"])
        assert (window["row"], window["column"]) == made.cell
        assert near(window["products"]) == [part.products.tolist() for part in made.explained]
        assert near(window["sums"]) == [part.total for part in made.explained]
        assert near(window["total"]) == made.output[made.cell]


@each_fitting_case
def test_torch_gives_the_output_of_the_case(case: dict[str, Any]) -> None:
    settings, (rows, columns) = case["settings"], case["expected"]["border"]
    x = torch.tensor(settings["x"], dtype=torch.float64)[None]
    kernel = torch.tensor(settings["kernel"], dtype=torch.float64)[None]
    padded = torch.nn.functional.pad(x, (*columns, *rows), mode=MODES[settings["mode"]])
    output = torch.nn.functional.conv2d(
        padded,
        kernel.flip(2, 3) if settings["flip"] else kernel,
        torch.tensor([settings["bias"]], dtype=torch.float64),
        stride=settings["stride"],
        dilation=settings["dilation"],
    )
    assert near(case["expected"]["output"]) == output[0, 0].tolist()


@each_fitting_case
def test_scipy_gives_the_output_of_the_case(case: dict[str, Any]) -> None:
    settings = case["settings"]
    total: Any = settings["bias"]
    for plane, kernel in zip(convolution(settings).padded, np.array(settings["kernel"]), strict=True):
        dilation = settings["dilation"]
        spread = np.zeros([dilation * (size - 1) + 1 for size in kernel.shape])
        spread[::dilation, ::dilation] = kernel
        slide = signal.convolve2d if settings["flip"] else signal.correlate2d
        total = total + slide(plane, spread, mode="valid")[:: settings["stride"], :: settings["stride"]]
    assert near(case["expected"]["output"]) == total.tolist()


@each_fitting_case
def test_the_course_functions_give_the_output_of_the_case(case: dict[str, Any]) -> None:
    settings = case["settings"]
    if settings["stride"] > 1 or settings["dilation"] > 1 or len(settings["x"]) > 1 or settings["bias"]:
        return  # which the two do not take; torch judges these
    slide = functional.convolve2d if settings["flip"] else functional.correlate2d
    border = tuple(map(tuple, case["expected"]["border"]))
    output = slide(settings["x"][0], settings["kernel"][0], border, settings["mode"])
    assert near(case["expected"]["output"]) == output.tolist()


def wrong_values(settings: Settings, row: int, column: int) -> dict[str, float]:
    """Return what each mistake makes of a cell, written with numpy and the course's functions alone."""
    x, kernel, bias = np.array(settings["x"]), np.array(settings["kernel"]), settings["bias"]
    stride, dilation, mode, flip = (settings[name] for name in ("stride", "dilation", "mode", "flip"))
    border = convolution(settings).border
    laid = kernel[:, ::-1, ::-1] if flip else kernel

    def cells(
        images: Any = x,
        laid: Any = laid,
        bias: float = bias,
        mode: str = mode,
        border: Any = border,
        **how: int,
    ) -> Any:
        how = {"stride": stride, "dilation": dilation} | how
        try:
            padded = functional.pad(images, border, mode)
            return functional.conv2d(padded[None], laid[None], [bias], **how)[0, 0]
        except ShapeError:
            return np.zeros((0, 0))

    right = cells()
    turned = "kernel-not-flipped" if flip else "kernel-flipped"
    transposed = kernel.transpose(0, 2, 1)
    outputs = {
        turned: cells(laid=laid[:, ::-1, ::-1]),
        "kernel-flipped-vertically": cells(laid=kernel[:, ::-1]),
        "kernel-flipped-horizontally": cells(laid=kernel[:, :, ::-1]),
    }
    if kernel.shape[1] == kernel.shape[2]:
        outputs["kernel-transposed"] = cells(laid=transposed[:, ::-1, ::-1] if flip else transposed)
    if np.any(border):
        outputs |= {f"border-{other}": cells(mode=other) for other in MODES if other != mode}
        outputs["no-padding"] = cells(border=((0, 0), (0, 0)))
        if mode == "zeros":
            outputs["window-not-centred"] = cells(border=tuple((0, sum(sides)) for sides in border))
    if stride > 1:
        outputs["stride-ignored"] = cells(stride=1)
    if dilation > 1:
        outputs["dilation-ignored"] = cells(dilation=1)
    if bias:
        outputs["bias-forgotten"] = cells(bias=0)
    if len(x) > 1:
        outputs["channels-forgotten"] = cells(x[:1], laid[:1])
        if bias:
            outputs["bias-per-channel"] = cells(bias=bias * len(x))
    if len(x) == 2:
        outputs["channels-exchanged"] = cells(laid=laid[::-1])
    found = {
        name: float(output[row, column])
        for name, output in outputs.items()
        if row < output.shape[0] and column < output.shape[1]
    }
    at = row * right.shape[1] + column
    if at > 0:
        found["previous-window"] = float(right.flat[at - 1])
    if at + 1 < right.size:
        found["next-window"] = float(right.flat[at + 1])
    return found


@each_fitting_case
def test_numpy_gives_what_the_case_says_of_each_mistake(case: dict[str, Any]) -> None:
    for window in case["windows"]:
        assert near(window["wrong"]) == wrong_values(case["settings"], window["row"], window["column"])


def browser_calls() -> list[list[Any]]:
    calls: list[list[Any]] = [["convolution", case["settings"]] for case in CASES]
    for case in CASES:
        for window in case["windows"]:
            calls.append(["mistakes", case["settings"], window["row"], window["column"]])
            calls.append(["slips", case["settings"], window["row"], window["column"]])
    return calls


def browser_disagrees(results: list[Any]) -> list[str]:
    """Return which cases the browser's results differ from."""
    wrong = []
    for case, made in zip(CASES, results, strict=False):
        if near(case["expected"]) != {name: made[name] for name in case["expected"]}:
            wrong.append(case["why"])
    rest = iter(results[len(CASES) :])
    for case in CASES:
        for window in case["windows"]:
            found, slips = next(rest), next(rest)
            products = [product for plane in window["products"] for line in plane for product in line]
            total = window["total"]
            values = [-total, *(total - product for product in products)]
            values += [total - 2 * product for product in products]
            if near(window["wrong"]) != found or near(values) != [value for _, value, *_ in slips]:
                wrong.append(f"{case['why']}, {window['row']}, {window['column']}")
    return wrong


@pytest.mark.node
def test_the_browser_gives_every_case(in_node: InNode) -> None:
    assert browser_disagrees(in_node(SCRIPT, browser_calls())) == []


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("flip ? kernel.map(turned) : kernel", "flip ? kernel : kernel.map(turned)"),
        ("plane.map((row) => [...row].reverse()).reverse()", "plane.map((row) => [...row].reverse())"),
        ("return at < 0 ? -at : 2 * (size - 1) - at", "return at < 0 ? -at - 1 : 2 * size - 1 - at"),
        ("(at + size) % size", "0"),
        ("[row * stride, column * stride]", "[row, column]"),
        ("[row * stride, column * stride]", "[row, column * stride]"),
        ("[left + b * dilation]", "[left + b]"),
        (
            "[Math.floor(around / 2), around - Math.floor(around / 2)]",
            "[Math.ceil(around / 2), Math.floor(around / 2)]",
        ),
        ("reduce((sum, each) => sum + each, 0) + bias", "reduce((sum, each) => sum + each + bias, 0)"),
        ("{ bias: bias * x.length }", "{ bias }"),
        ("reflect: size[axis] - 1,", "reflect: size[axis] - 2,"),
        ("circular: size[axis] }", "circular: size[axis] - 1 }"),
        ("[0, before + after]", "[before + after, 0]"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert SCRIPT.count(right) == 1
    assert browser_disagrees(in_node(SCRIPT.replace(right, mistake), browser_calls())) != []


def test_the_table_holds_every_kind_of_case() -> None:
    settings = [case["settings"] for case in CASES]
    kinds = {
        "turned": sum(case["flip"] for case in settings),
        "strided": sum(case["stride"] > 1 for case in settings),
        "dilated": sum(case["dilation"] > 1 for case in settings),
        "several channels": sum(len(case["x"]) > 1 for case in settings),
        "decimals": sum(not np.equal(np.mod(case["kernel"], 1), 0).all() for case in settings),
        "impossible": sum(case["expected"]["problem"] is not None for case in CASES),
    }
    kinds |= {
        mode: sum(case["mode"] == mode and case["padding"] != "valid" for case in settings) for mode in MODES
    }
    assert {kind: count for kind, count in kinds.items() if count < 2} == {}
    seen = {name for case in CASES for window in case["windows"] for name in window["wrong"]}
    assert seen | {"sign-exchanged", "tap-forgotten", "tap-sign"} == set(words()["when"]) & (
        seen | set(SLIPS)
    )


# --- What a prediction is told --------------------------------------------------------------------

DIGITS = {"x": [IMAGE], "kernel": [KERNELS["no symmetry"]], "bias": 0, "padding": "same", "mode": "zeros"}
DIGITS |= {"stride": 1, "dilation": 1, "flip": False}
SOBEL = DIGITS | {"kernel": [KERNELS["Sobel x"]]}


@pytest.mark.node
@pytest.mark.parametrize(
    ("settings", "typed", "ids", "message"),
    [
        (DIGITS, 51, [], "Right."),
        (
            DIGITS,
            57,
            ["kernel-flipped"],
            "That is what comes out when the kernel is flipped before it slides, which is true convolution."
            " Lay the kernel on the image as it is written, multiply and add.",
        ),
        (
            DIGITS | {"flip": True},
            51,
            ["kernel-not-flipped"],
            "That is what comes out when the kernel slides as it is written, which is cross-correlation."
            " Turn the kernel by 180 degrees first: top to bottom and left to right."
            " Check the sign of a cell.",
        ),
        (
            DIGITS,
            31,
            ["tap-forgotten"],
            "That is what comes out when the product 4·5 is left out. Every cell of the kernel counts once.",
        ),
        (
            SOBEL,
            -2,
            ["kernel-flipped", "kernel-flipped-horizontally"],
            "That is what comes out when the kernel is flipped before it slides, which is true convolution,"
            " or when the kernel is flipped left to right only."
            " Multiply each cell in the frame with the weight that lies on it, then add up.",
        ),
        (
            DIGITS,
            1000,
            [],
            "No mistake that is known here."
            " Multiply each cell in the frame with the weight that lies on it, then add up.",
        ),
    ],
)
def test_a_prediction_is_told_which_mistake_it_looks_like(
    in_node: InNode, settings: Settings, typed: float, ids: list[str], message: str
) -> None:
    (told,) = in_node(SCRIPT, [["marked", settings, 2, 2, typed, words()]])
    assert {"right": message == "Right.", "ids": ids, "message": message} == told


@pytest.mark.node
def test_two_decimals_do_where_the_numbers_have_more(in_node: InNode) -> None:
    box = DIGITS | {"kernel": [KERNELS["box"]]}  # the cell is 23/9
    told = in_node(SCRIPT, [["marked", box, 1, 2, typed, words()] for typed in (2.56, 2.5)])
    assert [True, False] == [each["right"] for each in told]


@pytest.mark.node
def test_every_mistake_of_the_page_has_words_and_a_cure(in_node: InNode) -> None:
    calls = []
    for case in CASES:
        for window in case["windows"]:
            slips = (window["total"] - np.array(window["products"]).ravel()).tolist()
            for typed in {*window["wrong"].values(), *slips, -window["total"]}:
                calls.append(["marked", case["settings"], window["row"], window["column"], typed, words()])
    told = in_node(SCRIPT, calls)
    assert len(told) > 300
    assert [each for each in told if "undefined" in each["message"] or "{" in each["message"]] == []


def test_the_words_are_those_of_the_first_notebooks_catalogue() -> None:
    questions = ("sobel-same-padding", "sobel-convolution", "two-channels", "conv2d")
    catalogued = {mistake.id for name in questions for mistake in answers.question(name).mistakes}
    question = answers.question("sobel-same-padding")
    assert {mistake.id: mistake.when for mistake in question.mistakes}.items() <= words()["when"].items()
    assert not set(SLIPS) & catalogued
    assert catalogued <= set(words()["when"])


# --- Numbers as they are written and typed --------------------------------------------------------


@pytest.mark.node
def test_a_cell_shows_no_more_signs_than_fit(in_node: InNode) -> None:
    texts = {
        0: "0", -3: "−3", 12345: "12345", -12345: "−1e4", 123456: "1e5", 0.5: "0.5", 1 / 9: "0.111",
        -1 / 9: "−0.11", 2.5556: "2.556", 1234.5: "1235", 0.004: "4e-3", 0.1 + 0.2: "0.3",
    }  # fmt: skip
    found = in_node(SCRIPT, [["cellText", value] for value in texts])
    assert list(texts.values()) == [text.replace("e−", "e-") for text in found]
    assert ["·", "0"] == in_node(SCRIPT, [["cellText", None], ["cellText", -0.0]])


@pytest.mark.node
def test_numbers_are_read_as_people_type_them(in_node: InNode) -> None:
    typed = {"3": 3, " -2 ": -2, "−2": -2, "0,5": 0.5, ".5": 0.5, "1/9": 1 / 9, "-1/2": -0.5, "2.": 2}
    assert list(typed.values()) == in_node(SCRIPT, [["parsed", text] for text in typed])
    nonsense = ["", "-", "x", "1e", "1/0", "1 2", "NaN", "Infinity", "0x10"]
    assert [None] * len(nonsense) == in_node(SCRIPT, [["parsed", text] for text in nonsense])


@pytest.mark.node
def test_what_the_flip_changes_is_said(in_node: InNode) -> None:
    pairs = [[[[1, -2]], [[-1, 2]]], [[[1, 2]], [[1, 2]]], [[[1, 2]], [[1, 3]]]]
    assert [
        "Here the flip changes the sign of every cell, and nothing else.",
        "Both are the same here: turned by 180°, this kernel looks as before.",
        "The flip changes 1 of 2 cells.",
    ] == in_node(SCRIPT, [["relationText", pair] for pair in pairs])


# --- In Python ------------------------------------------------------------------------------------


def test_the_start_shows_no_answer_of_the_notebook() -> None:
    given = answers.question("sobel-same-padding").inputs["image"]
    assert given.tolist() != widgets.convolution_stepper().x[0]


def test_the_value_follows_the_settings() -> None:
    stepper = widgets.convolution_stepper([[1, 2], [3, 4]], [[1, 0], [0, 2]], padding="valid")
    assert [[9]] == stepper.value.output.tolist()
    assert stepper.value.output.dtype == np.int64
    stepper.flip, stepper.bias = True, 0.5
    assert [[6.5]] == stepper.value.output.tolist()
    stepper.x = np.array([[1, 2, 3], [4, 5, 6.5]])
    assert stepper.value.x.tolist() == [[1, 2, 3], [4, 5, 6.5]]
    stepper.step = 1
    assert (0, 1) == stepper.value.cell


def test_a_message_from_the_page_sets_the_value_and_the_answer() -> None:
    stepper = widgets.convolution_stepper(IMAGE, "box", predict=True)
    stepper.set_state({"kernel": [KERNELS["Sobel y"]], "step": 3})
    stepper.set_state({"predictions": {"0": -1, "7": 2.5}, "shown": [1]})
    assert KERNELS["Sobel y"] == stepper.value.kernel.tolist()
    assert (0, 3) == stepper.value.cell
    assert [-1, 2.5] == stepper.answer[np.isfinite(stepper.answer)].tolist()
    assert (5, 6) == stepper.answer.shape
    stepper.stride = 2
    assert np.isnan(stepper.answer).all()
    assert [] == stepper.shown
    stepper.set_state({"stride": 1, "predictions": {"2": 5}})  # one message, and the prediction came last
    assert [5] == stepper.answer[np.isfinite(stepper.answer)].tolist()


def test_one_kernel_serves_every_channel() -> None:
    stepper = widgets.convolution_stepper(np.ones((3, 4, 4)), "box", padding="valid")
    np.testing.assert_allclose(stepper.value.output, 3)
    assert (3, 3, 3) == stepper.value.kernel.shape


X_RULE = (
    "expected 1 to 10 rows and 1 to 12 columns, and no more than 4 channels in front. Cut out a part of it."
)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"x": np.zeros((11, 3))}, f"`x` has shape (11, 3), {X_RULE}"),
        ({"x": [1, 2]}, f"`x` has shape (2,), {X_RULE}"),
        ({"x": np.zeros((5, 3, 3))}, f"`x` has shape (5, 3, 3), {X_RULE}"),
        ({"x": [[float("nan")]]}, "`x` holds nan, expected numbers from -1e+06 to 1e+06. Scale it first."),
        (
            {"x": [["a"]]},
            "`x` holds text (dtype <U1), expected real numbers. Convert it first: np.array(x, dtype=float).",
        ),
        (
            {"kernel": "sobel x"},
            "`kernel` is 'sobel x', expected an array, or one of 'Sobel x', 'Sobel y', 'identity', 'shift',"
            " 'box', 'Gaussian', 'sharpen', 'Laplacian', 'no symmetry'. Did you mean 'Sobel x'?",
        ),
        (
            {"kernel": np.ones((2, 3, 3))},
            "`kernel` has 2 channels, expected 1, as `x` has. Give a kernel with two axes to use it for every"
            " channel.",
        ),
        ({"padding": 1}, "`padding` is 1, expected one of 'valid', 'same', 'full'. Give one of these names."),
        (
            {"stride": 5},
            "`stride` is 5, expected an integer from 1 to 4. Give `stride` as a whole number of cells.",
        ),
        ({"flip": 1}, "`flip` is 1, expected True or False. Give one of the two."),
        ({"bias": "1"}, "`bias` is '1', expected a number from -1e+06 to 1e+06. Scale it first."),
    ],
)
def test_a_bad_setting_is_refused_by_name(settings: Settings, message: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        widgets.convolution_stepper(**settings)
    assert f"convolution_stepper: {message}" == str(refused.value)


def test_the_number_of_channels_stays() -> None:
    stepper = widgets.convolution_stepper()
    with pytest.raises(ArgumentError, match="`x` has 2 channels, expected 1, as `kernel` has"):
        stepper.x = np.zeros((2, 4, 4))
    assert IMAGE == stepper.x[0]


def png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"padding": "full", "mode": "reflect", "kernel": "box", "flip": True},
        {"x": np.ones((3, 4, 4)), "bias": 2, "dilation": 2, "stride": 2},
        {"x": [[1, 2]], "padding": "valid"},
        {"x": np.ones((10, 12)), "kernel": np.ones((5, 5)), "padding": "full"},
    ],
    ids=["start", "mirrored", "channels", "impossible", "largest"],
)
def test_without_a_kernel_the_output_is_the_view_a_text_and_a_picture(settings: Settings) -> None:
    stepper = widgets.convolution_stepper(**settings)
    bundle, _ = stepper._repr_mimebundle_()
    assert {VIEW, "text/plain", "image/png"} == set(bundle)
    assert repr(stepper.value) == bundle["text/plain"]
    width, height = png_size(stepper.picture())
    assert 300 < width < 1400
    assert 90 < height < 900


def test_a_prediction_is_not_given_away_where_no_browser_is() -> None:
    stepper = widgets.convolution_stepper([[1, 2], [3, 4]], [[70, 0]], padding="valid", predict=True)
    assert "140" not in repr(stepper)
    before = stepper.picture()
    stepper.predictions = {"0": 71}
    assert "71" in repr(stepper)
    assert "1 of 2 cells predicted" in repr(stepper)
    assert before != stepper.picture()


def test_an_impossible_convolution_says_why_in_its_text() -> None:
    text = repr(widgets.convolution_stepper([[1, 2]], padding="valid"))
    assert text.endswith(
        "The kernel covers 3 × 3 cells, the input with its padding has 1 × 2: it fits nowhere."
        " Choose more padding, or less dilation."
    )
