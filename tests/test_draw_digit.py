"""Draw a digit: one table of drawings that Python and the browser both give, and what Python adds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cnnkit import strokes, widgets, zoo
from cnnkit.answers import diagnose, question
from cnnkit.errors import ArgumentError, DataDamagedError, ShapeError
from cnnkit.nn import as_input, build, pretrained
from cnnkit.nn.inputs import MNIST
from cnnkit.widgets.draw_digit.network import MNIST_MOMENTS
from cnnkit.widgets.draw_digit.value import Drawing
from cnnkit.widgets.parts.assets import script

TABLE = json.loads((Path(__file__).parent / "cases/draw_digit.json").read_text(encoding="utf-8"))
CASES = TABLE["cases"]
SCRIPT = script("draw_digit")
FOUR = [[(9, 5), (7, 15), (20, 15)], [(17, 5), (16, 24)]]
InNode = Callable[[str, list[list[Any]]], list[Any]]

# A typed array leaves node as an object.
TRIED = SCRIPT + (
    "\nexport const image = (drawing) => Array.from(drawn(drawing));"
    "\nexport const judged = (p) => [likeliest(p), settled(likeliest(p)), confusionText(likeliest(p))];"
)

each_case = pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])


def image_of(case: dict[str, Any]) -> np.ndarray:
    return np.array([list(bytes.fromhex(row)) for row in case["image"]], dtype=np.uint8)


@each_case
def test_python_gives_the_image_and_the_code(case: dict[str, Any]) -> None:
    drawing = Drawing.of(case["settings"])
    assert case["code"] == drawing.code
    assert np.array_equal(image_of(case), drawing.image)
    assert case["settings"] == drawing.as_dict()


@each_case
def test_the_code_makes_the_image_again(case: dict[str, Any]) -> None:
    assert np.array_equal(image_of(case), eval(case["code"], {"strokes": strokes, "np": np}))


def browser_images(in_node: InNode, source: str) -> np.ndarray:
    found = in_node(source, [["image", case["settings"]] for case in CASES])
    return np.array(found).reshape(-1, 28, 28)


@pytest.mark.node
def test_the_browser_gives_every_image_and_every_code(in_node: InNode) -> None:
    assert np.array_equal(np.stack([image_of(case) for case in CASES]), browser_images(in_node, TRIED))
    codes = in_node(SCRIPT, [["drawingCode", case["settings"]] for case in CASES])
    assert [case["code"] for case in CASES] == codes


@pytest.mark.node
def test_browser_and_python_agree_on_drawings_by_chance(in_node: InNode) -> None:
    rng = np.random.default_rng(3)
    drawings = [
        Drawing.of(
            {
                "strokes": [rng.uniform(-5, 33, (rng.integers(1, 6), 2)).round(1).tolist() for _ in range(3)],
                "width": float(rng.choice([0.5, 1, 2.5, 4])),
                "centred": bool(rng.integers(2)),
                "degrees": float(rng.integers(-90, 91)),
                "right": int(rng.integers(-9, 10)),
                "down": int(rng.integers(-9, 10)),
            }
        )
        for _ in range(60)
    ]
    found = np.array(in_node(TRIED, [["image", drawing.as_dict()] for drawing in drawings]))
    expected = np.stack([drawing.image for drawing in drawings]).reshape(len(drawings), -1)
    off = np.abs(found.astype(int) - expected)
    assert off.max() <= 1  # a sum in another order may round the other way
    assert (off > 0).mean() < 1e-3


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("right * cos + down * sin + middle", "right * cos - down * sin + middle"),
        ("return below + (below % 2)", "return below + 1"),
        ("const MNIST_BOX = 20 / 28", "const MNIST_BOX = 24 / 28"),
        ("round < 2", "round < 1"),
        ("(row - down) * SIZE + column - right", "(row + down) * SIZE + column - right"),
        ("const reach = width / 2 + 0.5", "const reach = width / 2"),
        ("const most = Math.min(width, 1)", "const most = 1"),
        ("longer > 0 ?", "longer >= 0 ?"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert right in TRIED
    found = in_node(TRIED.replace(right, mistake), [["image", case["settings"]] for case in CASES])
    assert [image_of(case).ravel().tolist() for case in CASES] != found


@pytest.mark.node
def test_the_browser_puts_answers_into_words(in_node: InNode) -> None:
    expected = [[each["likeliest"], each["settled"], each["text"]] for each in TABLE["answers"]]
    assert expected == in_node(TRIED, [["judged", each["probabilities"]] for each in TABLE["answers"]])
    shares, words = zip(*TABLE["percent"], strict=True)
    assert list(words) == in_node(SCRIPT, [["percent", share] for share in shares])


@pytest.mark.node
def test_the_browser_knows_what_each_cell_sees(in_node: InNode) -> None:
    windows = TABLE["windows"]
    calls = [["windowOf", window["field"], window["at"], [28, 28]] for window in windows]
    assert [window["window"] for window in windows] == in_node(SCRIPT, calls)


def test_the_windows_of_the_table_are_those_of_the_network() -> None:
    stages = {stage.name: stage for stage in pretrained("digits").network.stages}
    for window in TABLE["windows"]:
        rows, columns = stages[window["why"]].receptive_field.box(*window["at"])
        assert window["window"] == [rows.start, rows.stop, columns.start, columns.stop]


@pytest.mark.node
def test_an_eraser_cuts_strokes(in_node: InNode) -> None:
    cases = TABLE["erased"]
    calls = [["erased", case["strokes"], case["at"], case["radius"]] for case in cases]
    assert [case["left"] for case in cases] == in_node(SCRIPT, calls)


@pytest.mark.node
def test_a_simplified_stroke_stays_near_what_was_drawn(in_node: InNode) -> None:
    turn = np.linspace(0, 6, 80)
    drawn = np.stack([14 + 9 * np.cos(turn), 14 + 6 * np.sin(turn)], axis=1).round(1)
    (found,) = in_node(SCRIPT, [["simplified", drawn.tolist()]])
    assert len(found) < 30
    assert found[0] == drawn[0].tolist()
    assert found[-1] == drawn[-1].tolist()
    before, after = (strokes.draw([line]).astype(int) for line in (drawn, found))
    assert np.abs(before - after).max() <= 0.16 * 255


@pytest.mark.node
@pytest.mark.parametrize("given", ['say "no"', "back\\slash", "two\nlines", "  spaced  ", "x" * 60])
def test_a_name_typed_in_the_page_is_one_that_python_takes(in_node: InNode, given: str) -> None:
    (name,) = in_node(SCRIPT, [["nameOf", given]])
    pad = widgets.draw_digit(strokes=FOUR)
    pad.keep(name)
    assert list(pad.kept) == [name]


def test_the_moments_are_those_that_as_input_takes() -> None:
    assert ((MNIST_MOMENTS[0],), (MNIST_MOMENTS[1],)) == MNIST


def test_the_prediction_is_the_networks() -> None:
    pad = widgets.draw_digit(strokes=FOUR)
    assert np.array_equal(strokes.draw(FOUR, centred=True), pad.value)
    with torch.no_grad():
        scores = pretrained("digits").model(as_input("digits", pad.value[None, None]))[0]
    best = scores.double().softmax(dim=0).topk(3)
    assert [digit for digit, _ in pad.prediction] == best.indices.tolist()
    assert [share for _, share in pad.prediction] == pytest.approx(best.values.tolist(), abs=1e-6)
    assert pad.prediction[0][0] == 4
    assert widgets.draw_digit().prediction == ()


def test_a_message_from_the_page_sets_the_strokes() -> None:
    pad = widgets.draw_digit()
    pad.set_state({"strokes": [[[14, 4], [14, 24]]], "right": 3, "centred": False})
    assert pad.strokes == (((14.0, 4.0), (14.0, 24.0)),)
    assert pad.code == "strokes.draw([[(14, 4), (14, 24)]], shift=(3, 0))"


def test_what_is_kept_stays_as_it_was() -> None:
    pad = widgets.draw_digit(strokes=FOUR)
    sure = pad.keep("sure")
    pad.right = 11
    pad.keep("moved")
    assert list(pad.kept) == ["sure", "moved"]
    assert pad.kept["sure"] == sure
    assert np.array_equal(pad.kept["moved"].image[:, 11:], sure.image[:, :-11])
    drawings: dict[str, np.ndarray] = {}
    exec(pad.kept_code, {"strokes": strokes, "drawings": drawings})
    assert all(np.array_equal(drawings[name], drawing.image) for name, drawing in pad.kept.items())


def test_the_page_and_python_write_the_same_code(in_node: InNode) -> None:
    pad = widgets.draw_digit(strokes=FOUR)
    pad.keep("sure")
    pad.degrees = 20
    pad.keep("turned, by 20°")
    assert [pad.kept_code] == in_node(SCRIPT, [["keptCode", pad._kept]])


def test_a_file_holds_what_is_kept_for_the_next_kernel(tmp_path: Path) -> None:
    file = tmp_path / "drawings.json"
    pad = widgets.draw_digit(strokes=FOUR, file=file)
    assert not file.exists()
    pad.keep("sure")
    pad.set_state({"_kept": pad._kept | {"two": pad.drawing.as_dict()}})  # as the page does
    again = widgets.draw_digit(file=file)
    assert again.kept == pad.kept
    assert list(again.kept) == ["sure", "two"]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("held", ["{", "[1]", '{"sure": 3}', '{"sure": {"strokes": [[["a", 1]]]}}'])
def test_a_file_that_holds_something_else_is_left_as_it_is(tmp_path: Path, held: str) -> None:
    file = tmp_path / "drawings.json"
    file.write_text(held, encoding="utf-8")
    with pytest.raises(DataDamagedError, match=r"expected drawings as this function writes them"):
        widgets.draw_digit(file=file)
    assert file.read_text(encoding="utf-8") == held


def test_a_file_that_cannot_be_written_is_told_to_the_page(tmp_path: Path) -> None:
    pad = widgets.draw_digit(strokes=FOUR, file=tmp_path / "missing" / "drawings.json")
    pad.keep("sure")
    assert "drawings.json` cannot be written: " in pad.answer["problem"]
    assert list(pad.kept) == ["sure"]


@pytest.mark.node
def test_scores_that_are_no_numbers_are_told_as_such(in_node: InNode) -> None:
    tried = f"{SCRIPT}\nexport const broken = () => [percent(NaN), percent(Infinity)];"
    assert in_node(tried, [["broken"]]) == [["no number", "no number"]]


class Skipping(nn.Module):
    """A network with a skip connection, which no list of layers describes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.mix = nn.Conv2d(4, 4, 1)
        self.fc = nn.Linear(4 * 28 * 28, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        return self.fc((x + self.mix(x)).flatten(1))


def test_a_network_that_the_page_cannot_compute_is_computed_by_the_kernel() -> None:
    model = Skipping()
    pad = widgets.draw_digit(model, strokes=FOUR)
    assert pad.network["by_kernel"].startswith("Skipping holds a layer that this page does not know")
    assert [layer["name"] for layer in pad.network["layers"]] == ["conv", "mix", "fc"]
    assert (pad.weights, pad.answer) == (b"", {})
    pad._look(None, {"look": pad.drawing.as_dict()}, [])
    x = (torch.from_numpy(pad.value)[None, None].float() / 255 - MNIST_MOMENTS[0]) / MNIST_MOMENTS[1]
    with torch.no_grad():
        expected = [model.conv(x), model.mix(model.conv(x)), model(x)]
    for found, output in zip(pad.answer["outputs"], expected, strict=True):
        assert np.frombuffer(found, "<f4") == pytest.approx(output.numpy().ravel(), abs=1e-5)
    assert pad.answer["probabilities"] == pytest.approx(expected[2].softmax(1)[0].tolist(), abs=1e-5)
    assert model.training
    assert not any(part._forward_hooks for part in model.modules())


def test_an_error_of_the_kernel_is_told_to_the_page() -> None:
    model = Skipping()
    pad = widgets.draw_digit(model, strokes=FOUR)
    model.fc = nn.Linear(3, 10)
    pad._look(None, {"look": pad.drawing.as_dict()}, [])
    assert pad.answer["problem"].startswith("The kernel could not compute it: mat1 and mat2")


def test_probabilities_are_not_made_twice() -> None:
    body = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    plain = widgets.draw_digit(body, strokes=FOUR)
    ended = widgets.draw_digit(nn.Sequential(*body, nn.Softmax(dim=1)), strokes=FOUR)
    assert np.allclose(plain.prediction, ended.prediction, atol=1e-6)


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (
            {"model": 3},
            ArgumentError,
            "draw_digit: `model` is of type int, expected a torch module, a run or",
        ),
        ({"model": "digit"}, ArgumentError, "Did you mean 'digits'?"),
        ({"model": "cifar10"}, ShapeError, "draw_digit: `model` cannot take an image of (1, 28, 28):"),
        ({"model": nn.Conv2d(1, 2, 3)}, ShapeError, "draw_digit: `model` gives (1, 2, 26, 26), expected one"),
        ({"strokes": 3}, ArgumentError, "draw_digit: `strokes` is 3, expected a list of at most 200 strokes"),
        ({"strokes": [(1, 2)]}, ArgumentError, "draw_digit: `strokes[0]` is (1, 2), expected points (x, y)"),
        ({"strokes": [[(1, 2000)]]}, ArgumentError, "two numbers from -1000 to 1000 each."),
        ({"strokes": [[(1, float("nan"))]]}, ArgumentError, "A single stroke stands in a list of its own"),
        (
            {"strokes": [[(1, 1)] * 2001]},
            ArgumentError,
            "`strokes` holds 2,001 points, expected at most 2,000",
        ),
        (
            {"width": 0},
            ArgumentError,
            "draw_digit: `width` is 0, expected a number from 0.5 to 8. Give the pen",
        ),
        ({"centred": 1}, ArgumentError, "draw_digit: `centred` is 1, expected True or False."),
        ({"std": 0}, ArgumentError, "draw_digit: `std` is 0, expected a number above 0."),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as refused:
        widgets.draw_digit(**given)
    assert message in str(refused.value)


@pytest.mark.parametrize("name", ["", "x" * 41, 'a"b', "two\nlines", 7])
def test_a_name_that_is_no_plain_line_is_refused(name: Any) -> None:
    with pytest.raises(ArgumentError, match=r"draw_digit: `name` is .*, expected 1 to 40 letters"):
        widgets.draw_digit().keep(name)


def test_a_network_of_ones_own_is_computed_in_the_page() -> None:
    pad = widgets.draw_digit(build(zoo.tfjs_mnist()), strokes=FOUR)
    assert pad.network["by_kernel"] == ""
    assert len(pad.weights) == 4 * 5994


def test_the_text_says_what_is_drawn_and_what_is_answered() -> None:
    pad = widgets.draw_digit(strokes=FOUR)
    pad.keep("sure")
    drawn, answered, kept = repr(pad).splitlines()
    assert drawn == f"draw_digit: {pad.code}"
    assert answered.startswith("digits answers: 4 at 0.99")
    assert kept == f"kept as sure: {pad.code}"
    assert repr(widgets.draw_digit()) == "draw_digit: nothing is drawn yet."


def test_the_picture_shows_what_is_drawn() -> None:
    pictures = {widgets.draw_digit(strokes=lines).picture() for lines in ([], FOUR, FOUR[:1])}
    assert len(pictures) == 3
    assert all(picture[:8] == b"\x89PNG\r\n\x1a\n" for picture in pictures)


def test_a_grader_gets_what_was_drawn_as_a_line_of_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    text = "draw_digit: strokes.draw([[(14, 4), (14, 24)]], centred=True)"
    assert repr(widgets.draw_digit(strokes=[[(14, 4), (14, 24)]])) == text


def test_drawings_made_on_the_pad_answer_question_a6_1() -> None:
    pad = widgets.draw_digit(strokes=[[(14, 4), (14, 24)]])
    pad.keep("sure")
    while pad.prediction[0][0] == 1:
        pad.right += 1
    pad.keep("moved")
    pad.right, reach = 0, 0.0
    while pad.prediction[0][1] - pad.prediction[1][1] >= 0.2:
        pad.strokes = [*FOUR, [(9, 5), (9 + (reach := reach + 0.1), 5)]]
    pad.keep("confusing")
    drawings: dict[str, Any] = {"digit": 1}
    exec(pad.kept_code, {"strokes": strokes, "drawings": drawings})
    assert diagnose(question("drawings"), drawings.get).points == 4  # type: ignore[arg-type]
