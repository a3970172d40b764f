"""Notebook 08: its numbers from a second side, what its excerpts say, and what a verdict is told."""

from __future__ import annotations

import json
import re
from collections import Counter
from math import exp, floor, log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from cnnkit import check, convnetjs, zoo
from cnnkit.answers import QUESTIONS, Question, diagnose, question
from cnnkit.answers.referee.case import ALL_HOLD, POINTS, REASONS
from cnnkit.errors import WrongAnswer
from cnnkit.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

SOURCE = Path(__file__).parent.parent / "solutions/08-referee/08-referee.ipynb"
CELLS = {cell["id"]: "".join(cell["source"]) for cell in json.loads(SOURCE.read_text("utf-8"))["cells"]}
CASES = [entry for id, entry in QUESTIONS.items() if entry.code.startswith("A8-")]
CLEAN = [entry for entry in CASES if entry.right["claim"] == ALL_HOLD]
WRONG_VERDICTS = [
    (entry, mistake)
    for entry in CASES
    for mistake in entry.mistakes
    if any(entry.wrong[mistake.id][name] != entry.right[name] for name in ("claim", "reason"))
]


def _right(id: str) -> dict[str, Any]:
    right: dict[str, Any] = question(id).right
    return right


def _name(value: object) -> str:
    return getattr(value, "id", str(value))


# --- numbers ----------------------------------------------------------------------------------------


def _table_2() -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, 128)):
        layers += [torch.nn.Conv2d(before, after, 5, padding=2), torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
    return torch.nn.Sequential(
        *layers, torch.nn.Flatten(), torch.nn.Linear(2048, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10)
    )


def test_torch_counts_the_parameters_of_the_ledger() -> None:
    model = _table_2()
    assert model(torch.zeros(1, 3, 32, 32)).shape == (1, 10)
    assert _right("counted-by-hand")["parameters"] == sum(each.numel() for each in model.parameters())


def test_the_enlarged_network_gets_the_size_that_the_page_computes() -> None:
    size = 24
    for kernel, stride, padding in ((10, 1, 2), (2, 2, 0), (15, 1, 2)):
        size = floor((size + padding * 2 - kernel) / stride + 1)
    assert _right("larger-kernels")["conv2_height"] == size
    listing = "\n".join(re.findall(r"^layer_defs.*$", CELLS["larger-kernels-excerpt"], re.M))
    with pytest.raises(ValueError, match=f"its output would be {size}x{size}"):
        convnetjs.network_of(listing)
    assert all(line in CELLS["larger-kernels-opened"] for line in listing.splitlines())


def _support(layers: str, row: int, column: int, size: int) -> np.ndarray:
    """Return where the gradient of one neuron is not 0: c a 3x3 convolution, p a 2x2 pooling."""
    conv = torch.nn.Conv2d(1, 1, 3, padding=1, bias=False).double()
    torch.nn.init.constant_(conv.weight, 1 / 9)
    modules = {"c": conv, "p": torch.nn.AvgPool2d(2)}
    x = torch.ones(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    torch.nn.Sequential(*(modules[layer] for layer in layers))(x)[0, 0, row, column].backward()
    assert x.grad is not None
    return (x.grad[0, 0] != 0).numpy()


def test_gradients_reach_as_far_as_the_windows_do() -> None:
    right = _right("neuron-window")
    seen = [[_support("cpcpcc", row, column, 32) for column in range(8)] for row in range(8)]
    assert sum(int(part.sum()) == right["window"] ** 2 for line in seen for part in line) == 4
    assert right["whole_windows"] == 4
    # the rest of the excerpt: the shift, the corner, and a convolution behind the third pooling
    rows = [np.flatnonzero(seen[row][3].any(axis=1)) for row in range(8)]
    assert rows[4][0] - rows[3][0] == 4
    assert seen[0][0].sum() == 15 * 15
    behind = _support("cpcpccpc", 8, 8, 128)
    assert behind.any(axis=1).sum() == 46


def test_no_scores_get_below_the_floor_of_two_softmaxes() -> None:
    floor_of_loss = _right("plateau")["least_loss"]
    perfect = torch.nn.functional.one_hot(torch.tensor([3]), 10).double()
    assert float(cross_entropy(perfect, torch.tensor([3]))) == pytest.approx(floor_of_loss, abs=1e-12)
    scores = torch.from_numpy(np.random.default_rng(0).normal(0, 20, (20_000, 10)))
    labels = scores.argmax(dim=1)
    losses = cross_entropy(scores.softmax(dim=1), labels, reduction="none")
    assert floor_of_loss <= float(losses.min()) < floor_of_loss + 1e-3


def test_guessing_networks_scatter_as_the_case_says() -> None:
    right = _right("slow-start")
    assert float(cross_entropy(torch.zeros(1, 10), torch.tensor([7]))) == pytest.approx(
        right["guessing_loss"], abs=1e-6
    )
    rng = np.random.default_rng(0)
    guessed = rng.binomial(100, 0.1, (2, 400_000)) / 100
    assert np.std(guessed[0] - guessed[1]) == pytest.approx(right["error_of_difference"], rel=0.01)


def test_hooks_count_the_multiply_adds() -> None:
    counted: Counter[str] = Counter()

    def look(layer: torch.nn.Module, inputs: Any, output: torch.Tensor) -> None:
        kind = "conv" if isinstance(layer, torch.nn.Conv2d) else "fc"
        weight = layer.weight
        assert isinstance(weight, torch.Tensor)
        counted[kind] += output[0].numel() * weight[0].numel()

    layers: list[torch.nn.Module] = []
    for before, after, pooled in ((3, 64, True), (64, 128, True), (128, 256, False), (256, 256, True)):
        layers += [torch.nn.Conv2d(before, after, 3, padding=1)]
        layers += [torch.nn.MaxPool2d(2)] if pooled else []
    layers += [torch.nn.Flatten(), *(torch.nn.Linear(*n) for n in ((4096, 1024), (1024, 1024), (1024, 10)))]
    for layer in layers:
        if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear):
            layer.register_forward_hook(look)
    with torch.no_grad():
        torch.nn.Sequential(*layers)(torch.zeros(1, 3, 32, 32))
    right = _right("what-is-dear")
    assert dict(counted) == {"conv": right["conv"], "fc": right["fc"]}


@pytest.mark.parametrize(("entry", "accuracy", "images"), [("error_100", 0.96, 100), ("error_10", 0.6, 10)])
def test_measured_accuracies_scatter_as_the_case_says(entry: str, accuracy: float, images: int) -> None:
    measured = np.random.default_rng(1).binomial(images, accuracy, 400_000) / images
    assert np.std(measured) == pytest.approx(_right("four-variants")[entry], rel=0.01)


def test_torch_hands_the_classifier_as_many_numbers() -> None:
    layers: list[torch.nn.Module] = [torch.nn.Conv2d(1, 8, 5, padding=2), torch.nn.MaxPool2d(2)]
    layers += [torch.nn.Conv2d(8, 16, 5, padding=2), torch.nn.MaxPool2d(3)]
    more = [torch.nn.Conv2d(16, 16, 5, padding=2), torch.nn.MaxPool2d(3)]
    sizes = []
    for chain in (layers, [*layers, *more]):
        sizes.append(torch.nn.Sequential(*chain, torch.nn.Flatten())(torch.zeros(1, 1, 24, 24)).shape[1])
    right = _right("extra-layer")
    assert sizes == [right["before"], right["after"]]


def test_updates_are_counted_one_digit_at_a_time() -> None:
    right = _right("big-batch")
    assert sum(k % 2000 == 0 for k in range(1, 40_001)) == right["updates"]
    small = sum(k % 20 == 0 for k in range(1, 40_001))
    assert sum(k % 2000 == 0 for k in range(1, right["examples_for_as_many"] + 1)) == small


def test_torch_hands_fc1_as_many_numbers() -> None:
    layers: list[torch.nn.Module] = []
    for block in (
        ((3, 32, 5, 2), (32, 32, 5, 2)),
        ((32, 64, 3, 1), (64, 64, 3, 1)),
        ((64, 64, 3, 1), (64, 128, 3, 0)),
    ):
        layers += [torch.nn.Conv2d(c, f, k, padding=p) for c, f, k, p in block] + [torch.nn.MaxPool2d(2)]
    flat = torch.nn.Sequential(*layers, torch.nn.Flatten())(torch.zeros(1, 3, 64, 64))
    assert flat.shape[1] == _right("written-sizes")["fc1_inputs"] == 6272


# --- what the excerpts claim besides their mistake holds ----------------------------------------------


def _two_errors(one: float, other: float, images: int) -> float:
    return float(2 * np.sqrt((one * (1 - one) + other * (1 - other)) / images))


def test_the_ledger_of_case_1_adds_up() -> None:
    lines = [832, 1664, 3328, 131136, 650]
    for line in (*lines, 137610):
        assert f"{line:,}" in CELLS["counted-by-hand-excerpt"]
    assert sum(lines) == 137610
    assert round(100 * sum(lines[3:]) / sum(lines)) == 96
    assert zoo.report_cnn()["fc1"].layer.parameters == 131136


def test_the_curves_of_case_4_are_those_of_a_model_with_two_softmaxes() -> None:
    names: dict[str, Any] = {}
    exec("\n".join(CELLS["plateau-exhibit"].splitlines()[:2]), names)
    losses, accuracies = np.array(names["losses"]), np.array(names["accuracies"])
    # a right answer that is sure costs the floor, a wrong one that is sure 1 more
    least = _right("plateau")["least_loss"] + 1 - accuracies
    assert ((losses > least) & (losses < least + 0.02)).all()
    assert losses[7] - losses[9] == pytest.approx(0.005)
    assert accuracies[7] > 0.99
    assert round(100 * exp(-1.47)) == 23


def test_the_numbers_of_case_5_lie_where_its_claims_say() -> None:
    losses, accuracies = (
        json.loads(found) for found in re.findall(r"\[\d\.\d+(?:, [\d.]+)+\]", CELLS["slow-start-exhibit"])
    )
    assert max(abs(loss - log(10)) for loss in losses) < 0.003
    first, last = accuracies[0], accuracies[-1]
    assert last > 2 * first
    error = _right("slow-start")["error_of_difference"]
    assert 2 * 0.03 < last - first < 2 * error
    assert last - first < _two_errors(first, last, 100)
    # nor do all six together show a rise, or more than guessing: two standard errors each
    place = np.arange(len(accuracies)) - (len(accuracies) - 1) / 2
    assert place @ accuracies / (place @ place) < 2 * 0.03 / np.sqrt(place @ place)
    assert abs(np.mean(accuracies) - 0.1) < 2 * 0.03 / np.sqrt(len(accuracies))


def test_what_case_6_says_of_parameters_holds() -> None:
    def parameters(units: int) -> int:
        layers: list[Any] = []
        for before, after, pooled in ((3, 64, True), (64, 128, True), (128, 256, False), (256, 256, True)):
            layers += [Conv2d(before, after, 3, padding=1), ReLU(), *([MaxPool2d(2)] if pooled else [])]
        layers += [Flatten(), Linear(4096, units), Linear(units, 1024), Linear(1024, 10)]
        return Network((3, 32, 32), layers).ledger().total

    assert round(100 * 5255178 / parameters(1024)) == 85
    assert parameters(256) < parameters(1024) / 2


def test_case_7_concludes_only_what_its_numbers_show() -> None:
    accuracies = [0.96, 0.93, 0.97, 0.95]
    assert all(f"| .{round(100 * each)} |" in CELLS["four-variants-excerpt"] for each in accuracies)
    for one in accuracies:
        for other in accuracies:
            assert abs(one - other) < _two_errors(one, other, 100)
    assert np.sqrt(0.96 * 0.04 / 400) == pytest.approx(_right("four-variants")["error_100"] / 2)
    assert 0.6 - 0.4 < _two_errors(0.6, 0.4, 10)


def test_the_gaps_of_case_8_are_no_noise() -> None:
    for one, other in ((0.962, 0.946), (0.958, 0.944)):
        assert f".{round(1000 * one)}" in CELLS["extra-layer-excerpt"]
        assert one - other > _two_errors(one, other, 5000)
    totals = [zoo.convnetjs_mnist(extra_conv=extra).ledger().total for extra in (False, True)]
    assert totals == [5994, 10010]


# --- verdicts ---------------------------------------------------------------------------------------


def test_ten_cases_of_which_two_hold_no_mistake_and_not_the_last_ones() -> None:
    assert sorted(int(entry.code[3:]) for entry in CASES) == list(range(1, 11))
    assert [entry.id for entry in CLEAN] == ["neuron-window", "four-variants"]
    claims = Counter(entry.right["claim"] for entry in CASES)
    assert max(claims.values()) <= 3


@pytest.mark.parametrize("entry", CASES, ids=_name)
def test_every_case_offers_six_reasons_and_each_wrong_one_has_an_answer(entry: Question) -> None:
    listed = re.findall(r"^- \*\*(\w)\*\* (.*)$", CELLS[f"{entry.id}-question"], re.M)
    assert tuple(letter for letter, _ in listed) == REASONS
    told = {entry.wrong[mistake.id]["reason"] for mistake in entry.mistakes}
    assert told == set(REASONS)
    # a reason to acquit goes with claim 0, a reason to accuse with another
    acquits = {letter for letter, text in listed if text.startswith("Nothing is wrong")}
    for verdict in (entry.right, *entry.wrong.values()):
        assert (verdict["claim"] == ALL_HOLD) == (verdict["reason"] in acquits)


def test_reasons_for_an_acquittal_are_offered_where_there_is_something_wrong_as_well() -> None:
    for entry in CASES:
        offered = CELLS[f"{entry.id}-question"].count("Nothing is wrong")
        assert 1 <= offered <= 2


def test_whoever_marks_the_same_everywhere_earns_little() -> None:
    earned = []
    for claim in range(4):
        for reason in REASONS:
            blank = [dict.fromkeys(entry.right) | {"claim": claim, "reason": reason} for entry in CASES]
            earned.append(
                sum(diagnose(entry, given).points for entry, given in zip(CASES, blank, strict=True))
            )
    assert max(earned) <= 2.0
    assert sum(entry.points for entry in CASES) == 12.5


@pytest.mark.parametrize(("entry", "mistake"), WRONG_VERDICTS, ids=_name)
def test_right_numbers_earn_half_a_point_under_a_wrong_verdict(entry: Question, mistake: Any) -> None:
    diagnosis = diagnose(entry, entry.wrong[mistake.id])
    one_is_right = any(entry.wrong[mistake.id][name] == entry.right[name] for name in ("claim", "reason"))
    assert diagnosis.points == (0.75 if one_is_right else 0.5)
    assert diagnosis.mistakes == (mistake,)


@pytest.mark.parametrize("entry", CLEAN, ids=_name)
def test_every_accusation_of_a_right_excerpt_is_answered_by_itself(entry: Question) -> None:
    said = {}
    for mistake in entry.mistakes:
        verdict = entry.wrong[mistake.id]
        if verdict["claim"] != ALL_HOLD:
            said[mistake.id] = diagnose(entry, verdict).message
    assert len(set(said.values())) == len(said) == 4


def test_a_referee_who_accuses_caution_is_told_to_read_again(capsys: pytest.CaptureFixture[str]) -> None:
    given = _right("four-variants") | {"claim": 2, "reason": "a"}
    assert check.answer("four-variants", given) == 0.5
    assert capsys.readouterr().out == (
        "✗ Perhaps the excerpt is accused of reading noise as an effect? The gap is inside two standard"
        " errors, but the text says so. Read again what it concludes. 0.5 of 1.25 points.\n"
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"claim": None, "reason": None}, '`case_1["claim"]` is not answered yet.'),
        ({"reason": "because"}, "is 'because', expected one of 'a', 'b', 'c', 'd', 'e', 'f'. Copy one of"),
        ({"claim": "1"}, "`case_1[\"claim\"]` is the text '1', expected a number. Remove the quotes."),
        ({"parameters": "390,410"}, "is the text '390,410', expected a number. Write it as a number."),
        ({"claim": 7}, '`case_1["claim"]` is 7, which is not right.'),
    ],
)
def test_half_an_answer_is_told_what_is_missing(given: dict[str, Any], message: str) -> None:
    diagnosis = diagnose(question("counted-by-hand"), _right("counted-by-hand") | given)
    assert message in diagnosis.message
    assert 0 < diagnosis.points < POINTS


def test_a_capital_letter_is_the_same_reason() -> None:
    given = _right("counted-by-hand") | {"reason": " D"}
    assert diagnose(question("counted-by-hand"), given).verdict == "correct"


def test_a_verdict_alone_is_refused_where_nothing_of_it_is_right() -> None:
    with pytest.raises(WrongAnswer, match="Compute it for 400 images too"):
        check.answer("four-variants", {"error_100": 1, "error_10": 1, "claim": 1, "reason": "b"})
