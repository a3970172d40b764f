"""The noise explorer: one table of draws that Python and the browser both make, and scipy's chances."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from cnnkit import widgets
from cnnkit.convnetjs.draws import MathRandom
from cnnkit.errors import ArgumentError
from cnnkit.widgets.noise_explorer.value import MANY, Noise, chances, standard_error
from cnnkit.widgets.parts.assets import script
from cnnkit.widgets.parts.fallback import VIEW

FILE = Path(__file__).parent / "cases/noise_explorer.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
SCRIPT = script("noise_explorer")
InNode = Callable[[str, list[list[Any]]], list[Any]]

each_case = pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])


def near(expected: Any) -> Any:
    """Compare numbers to the last digits: languages may round a root or a sum differently."""
    if isinstance(expected, dict):
        return {name: near(value) for name, value in expected.items()}
    if isinstance(expected, list):
        return [near(value) for value in expected]
    return pytest.approx(expected, rel=1e-12, abs=1e-15) if isinstance(expected, float) else expected


def everything(made: Noise) -> dict[str, Any]:
    """Return what the browser's `noise` returns."""
    windows = made.windows
    return {
        "se": made.se,
        "se2": made.se2,
        "se_gap": made.se_gap,
        "band": list(made.band),
        "windows": {
            "accuracies": list(windows.accuracies),
            "covered": list(windows.covered),
            "spread": windows.spread,
        },
        "histogram": {str(k): count for k, count in made.histogram.items()},
        "coverage": made.coverage,
        "rounds": made.rounds,
    }


@each_case
def test_python_gives_the_case(case: dict[str, Any]) -> None:
    made = Noise(**case["settings"])
    assert near(case["expected"]) == everything(made)
    assert near(case["first_rounds"]) == [made.round(index) for index in range(4)]


def browser_calls() -> list[list[Any]]:
    rounds = [["roundAt", case["settings"], index] for case in CASES for index in range(4)]
    return [["noise", case["settings"]] for case in CASES] + rounds


def browser_disagrees(results: list[Any]) -> list[str]:
    """Return which cases the browser's results differ from."""
    wrong = []
    for index, case in enumerate(CASES):
        rounds = results[len(CASES) + 4 * index :][:4]
        if near(case["expected"]) != results[index] or near(case["first_rounds"]) != rounds:
            wrong.append(case["why"])
    return wrong


@pytest.mark.node
def test_the_browser_gives_every_case(in_node: InNode) -> None:
    assert browser_disagrees(in_node(SCRIPT, browser_calls())) == []


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("(accuracy * (1 - accuracy)) / n", "(accuracy * (1 - accuracy)) / (n - 1)"),
        ("0x6d2b79f5", "0x6d2b79f4"),
        ("p > p2 === !swapped", "p > p2 === swapped"),
        ("((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32", "((mixed ^ (mixed >>> 14)) >>> 0) / (2 ** 32 + 1e7)"),
        ("(terms[k] * (n - k))", "(terms[k] * (n - k + 1))"),
        ("(terms[k] * k)", "(terms[k] * (k - 1))"),
        ("if (table[middle] < number) low = middle + 1", "if (table[middle - 1] < number) low = middle + 1"),
        ("<= 2 * standardError(share, n)", "<= 1.96 * standardError(p, n)"),
        ("Math.max(accuracies.length - 1, 1)", "accuracies.length"),
        ("> 2 * error + 1e-12", "> error + 1e-12"),
        ("const sign = p > p2 ? 1 : -1", "const sign = 1"),
        ("Math.sqrt(se ** 2 + se2 ** 2)", "se + se2"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert SCRIPT.count(right) == 1
    assert browser_disagrees(in_node(SCRIPT.replace(right, mistake), browser_calls())) != []


@pytest.mark.node
def test_the_browser_draws_the_numbers_of_the_kit(in_node: InNode) -> None:
    for seed in (0, 1, 2**32 - 1):
        assert MathRandom(seed).uniform(50).tolist() == in_node(SCRIPT, [["mulberry32", seed, 50]])[0]


@each_case
def test_scipy_gives_the_chances_of_the_case(case: dict[str, Any]) -> None:
    settings = case["settings"]
    n, k = settings["n"], np.arange(settings["n"] + 1)
    for p in (settings["p"], settings["p2"]):
        np.testing.assert_allclose(chances(n, p), stats.binom.cdf(k, n, p), atol=1e-11)
    shares = k / n
    error = np.sqrt(shares * (1 - shares) / n)
    caught = np.abs(shares - settings["p"]) <= 2 * error + 1e-12
    chance = stats.binom.pmf(k, n, settings["p"])
    assert case["expected"]["coverage"] == pytest.approx(float(chance[caught].sum()), abs=1e-11)


def test_scipy_draws_the_same_from_the_same_numbers() -> None:
    uniform = MathRandom(4).uniform(20)
    for n, p in ((100, 0.9), (10, 0.6), (10_000, 0.96)):
        expected = (stats.binom.ppf(uniform, n, p) / n).tolist()
        assert expected == list(Noise(p=p, n=n, draws=20, seed=4).windows.accuracies)


def test_the_standard_errors_of_the_course() -> None:
    assert round(standard_error(0.96, 100), 4) == 0.0196
    assert round(standard_error(0.6, 10), 3) == 0.155


def test_many_draws_scatter_as_the_standard_error_says() -> None:
    made = Noise(p=0.8, n=400)
    shares = np.repeat([k / 400 for k in made.histogram], list(made.histogram.values()))
    assert len(shares) == MANY
    assert shares.mean() == pytest.approx(0.8, abs=3 * made.se / MANY**0.5)
    assert shares.std() == pytest.approx(made.se, rel=0.07)
    inside = np.mean((shares >= made.band[0]) & (shares <= made.band[1]))
    assert 0.93 < inside < 0.98


def test_the_rounds_agree_with_their_chances() -> None:
    made = Noise(p=0.9, p2=0.93, n=100)
    a, b = (np.diff(chances(100, p), prepend=0) for p in (0.9, 0.93))
    together = np.outer(a, b)
    worse, tie = np.tril(together, -1).sum(), np.trace(together)
    assert made.rounds["worse"] / MANY == pytest.approx(worse, abs=0.04)
    assert made.rounds["tie"] / MANY == pytest.approx(tie, abs=0.03)
    assert sum(made.rounds[name] for name in ("better", "tie", "worse")) == MANY
    assert sum(made.rounds[name] for name in ("shown", "open", "wrong")) == MANY


def test_a_draw_keeps_its_place_as_more_images_are_taken() -> None:
    few, many = (Noise(p=0.6, n=n, draws=50).windows.accuracies for n in (1000, 10_000))
    order = np.argsort(few, kind="stable")
    assert (np.diff(np.array(many)[order]) >= -1e-3).all()
    assert max(many) - min(many) < 0.5 * (max(few) - min(few))


@pytest.mark.node
def test_the_page_says_what_came_out(in_node: InNode) -> None:
    start, ten = CASES[0], CASES[1]
    told = in_node(SCRIPT, [["factsText", case["settings"], case["expected"]] for case in (start, ten)])
    assert "One model, 20 measurements: the best and the worst are 0.09 apart." == told[0]["caption"]
    assert ["Standard error", "√(0.9 · 0.1 / 100) = <b>0.03</b>"] == told[0]["facts"][0]
    assert ["Intervals", "<b>19 of 20</b> hold the true accuracy; of all possible ones 93 %"] == told[0][
        "facts"
    ][3]
    assert "√(0.6 · 0.4 / 10) = <b>0.155</b>" == told[1]["facts"][0][1]
    assert told[0]["doubt"] == ""


@pytest.mark.node
@pytest.mark.parametrize(
    ("decided", "seen", "tag", "end"),
    [
        ("X", {"x": 0.9, "y": 0.8, "best": "X", "rule": "neither"}, "right", "You were right by luck."),
        (
            "X",
            {"x": 0.9, "y": 0.6, "best": "X", "rule": "X"},
            "right",
            "more than two of its standard errors.",
        ),
        (
            "X",
            {"x": 0.9, "y": 0.8, "best": "Y", "rule": "neither"},
            "wrong",
            "standard errors: it shows nothing.",
        ),
        ("neither", {"x": 0.9, "y": 0.8, "best": "Y", "rule": "neither"}, "sound", "it shows nothing."),
        ("neither", {"x": 0.9, "y": 0.6, "best": "X", "rule": "X"}, "cautious", "of its standard errors."),
    ],
)
def test_a_decision_is_told_what_it_was_worth(
    in_node: InNode, decided: str, seen: dict[str, Any], tag: str, end: str
) -> None:
    seen = seen | {"swapped": seen["best"] == "Y"}
    (told,) = in_node(SCRIPT, [["verdictText", {"p": 0.92, "p2": 0.85}, seen, decided]])
    assert tag == told["tag"]
    assert told["words"].endswith(end)
    assert ("X is truly 0.85, Y 0.92." in told["words"]) is seen["swapped"]


@pytest.mark.node
def test_the_slider_of_images_names_round_numbers_and_finds_its_place_again(in_node: InNode) -> None:
    sizes = in_node(SCRIPT, [["sizeAt", place] for place in range(61)])
    assert (10, 100, 1000, 10_000) == tuple(sizes[::20])
    assert sizes == sorted(set(sizes))
    assert list(range(61)) == in_node(SCRIPT, [["placeOf", size] for size in sizes])


@pytest.mark.node
def test_a_page_shows_numbers_at_every_extreme(in_node: InNode) -> None:
    calls = []
    for case in CASES:
        settings, made = case["settings"], case["expected"]
        calls += [["oneMarkup", settings, made, 676], ["oneMarkup", settings, made, 300]]
        calls += [["twoMarkup", settings, case["first_rounds"][0], "X", 676], ["manyMarkup", settings, made]]
        calls += [["factsText", settings, made]]
    drawn = json.dumps(in_node(SCRIPT, calls))
    assert len(drawn) > 50_000
    assert [word for word in ("NaN", "undefined", "Infinity", "null") if word in drawn] == []


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("p", 96, "is 96, expected a number from 0 to 1. Give a share, such as 0.9 for 90 %."),
        ("p2", -0.1, "is -0.1, expected a number from 0 to 1. Give a share, such as 0.9 for 90 %."),
        ("n", 5, "is 5, expected an integer from 10 to 10000. Give `n` as a whole number of images."),
        ("draws", 51, "is 51, expected an integer from 5 to 50. Give `draws` as a whole number."),
        ("seed", -1, "is -1, expected an integer from 0 to 4294967295. Give `seed` as a whole number."),
        ("compare", 1, "is 1, expected True or False. Give one of the two."),
    ],
)
def test_a_bad_setting_is_refused_by_name(name: str, value: Any, rule: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        widgets.noise_explorer(**{name: value})
    assert f"noise_explorer: `{name}` {rule}" == str(refused.value)


def test_a_decision_is_one_of_three() -> None:
    explorer = widgets.noise_explorer()
    with pytest.raises(ArgumentError) as refused:
        explorer.decisions = ["A"]
    assert (
        "noise_explorer: `decisions` is ['A'], expected a list of no more than 100 texts 'X', 'Y' or"
        " 'neither'. Give [] to begin again."
    ) == str(refused.value)


def test_the_value_and_the_answer_follow_the_page() -> None:
    explorer = widgets.noise_explorer(compare=True)
    explorer.set_state({"decisions": ["X", "neither"]})
    first, second = (explorer.value.round(index) for index in range(2))
    assert (
        {"x": first["x"], "y": first["y"], "decided": "X", "best": first["best"]},
        {"x": second["x"], "y": second["y"], "decided": "neither", "best": second["best"]},
    ) == explorer.answer
    explorer.n = 1000
    assert () == explorer.answer
    explorer.set_state({"n": 200, "decisions": ["Y"]})  # one message, and the decision came after the change
    assert (200, ["Y"]) == (explorer.value.n, explorer.decisions)


def png_size(data: bytes) -> tuple[int, int]:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


@pytest.mark.parametrize(
    "settings",
    [{}, {"n": 10_000, "draws": 50}, {"p": 1.0, "n": 10}, {"compare": True}, {"compare": True, "p2": 0.9}],
    ids=["start", "largest", "certain", "two", "two alike"],
)
def test_without_a_kernel_the_output_is_the_view_a_text_and_a_picture(settings: dict[str, Any]) -> None:
    explorer = widgets.noise_explorer(**settings)
    bundle, _ = explorer._repr_mimebundle_()
    assert {VIEW, "text/plain", "image/png"} == set(bundle)
    assert repr(explorer.value) == bundle["text/plain"]
    width, height = png_size(explorer.picture())
    assert width == 990
    assert 250 < height < 1700


def test_the_text_about_two_models_says_how_often_the_better_one_looked_worse() -> None:
    made = Noise(compare=True)
    assert f"the better one looked worse in {made.rounds['worse'] / MANY:.1%}" in repr(made)
    assert f"left it open in {made.rounds['open'] / MANY:.1%}" in repr(made)
    assert "called one of them better" in repr(Noise(p=0.9, p2=0.9, compare=True))
