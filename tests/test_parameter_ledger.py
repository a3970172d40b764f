"""The parameter ledger: read and marked alike by Python and the browser, its mistakes those of the course."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from cnnkit import Network, widgets, zoo
from cnnkit.answers import QUESTIONS, diagnose
from cnnkit.answers.shapes_and_parameters.columns import column
from cnnkit.errors import ArgumentError
from cnnkit.layers import (
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
)
from cnnkit.ledger import COLUMNS, CONVENTIONS
from cnnkit.widgets.parameter_ledger.table import HIDES, LedgerTable
from cnnkit.widgets.parameter_ledger.value import (
    MarkedColumn,
    keys,
    mark,
    mistakes,
    read,
    without_biases,
)
from cnnkit.widgets.parts.assets import script
from cnnkit.widgets.parts.network_json import to_json

TABLE = json.loads((Path(__file__).parent / "cases/parameter_ledger.json").read_text(encoding="utf-8"))
SCRIPT = script("parameter_ledger")
InNode = Callable[[str, list[list[Any]]], list[Any]]

PRACTICE = Network(
    (3, 28, 20),
    [
        Conv2d(3, 6, 5, padding=1, stride=2),
        BatchNorm2d(6),
        ReLU(),
        Conv2d(6, 10, (3, 5), padding=(0, 1)),
        AvgPool2d(2),
        Flatten(),
        Linear(150, 12, bias=False),
        Dropout(),
        Linear(12, 4),
        BatchNorm1d(4),
    ],
    name="practice",
)
NETWORKS = {
    "practice": PRACTICE,
    "report_cnn": zoo.report_cnn(),
    "cs7011": zoo.cs7011(),
    "tfjs_mnist": zoo.tfjs_mnist(),
    "vectors": Network((7,), [Linear(7, 5), ReLU(), Linear(5, 2)]),
}
each_network = pytest.mark.parametrize("name", NETWORKS)


# --- Reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", TABLE["entries"], ids=lambda case: repr(case["text"]))
def test_python_reads_an_entry_as_the_table_says(case: dict[str, Any]) -> None:
    found = read(case["text"], case["sizes"])
    assert case["value"] == (list(found) if isinstance(found, tuple) else found)


@pytest.mark.node
def test_the_browser_reads_every_entry_as_the_table_says(in_node: InNode) -> None:
    found = in_node(SCRIPT, [["readEntry", case["text"], case["sizes"]] for case in TABLE["entries"]])
    assert [case["value"] for case in TABLE["entries"]] == found


def test_python_itself_finds_the_same_sums() -> None:
    """Where an entry is also Python, its value is Python's."""
    sums = [case for case in TABLE["entries"] if case.get("python")]
    assert len(sums) >= 8
    assert [case["value"] for case in sums] == [eval(case["text"], {}) for case in sums]


# --- Marking ---------------------------------------------------------------------------------------


def marked(case: dict[str, Any]) -> list[dict[str, Any]]:
    network = NETWORKS[case["network"]]
    key = keys(network)[case["key"]]
    found = mark(case["ask"], key, mistakes(network), case["typed"], case.get("shown", []))
    return [
        vars(row) | {"answer": list(row.answer) if isinstance(row.answer, tuple) else row.answer}
        for row in found.rows
    ]


each_column = pytest.mark.parametrize(
    "case", TABLE["columns"], ids=[case["why"] for case in TABLE["columns"]]
)


@each_column
def test_python_marks_a_column_as_the_table_says(case: dict[str, Any]) -> None:
    rows = {row["name"]: [row["verdict"], row["message"]] for row in marked(case) if row["verdict"] != "open"}
    assert case["marks"] == rows


@pytest.mark.node
def test_the_browser_marks_every_column_as_python_does(in_node: InNode) -> None:
    calls = [
        [
            "markColumn",
            case["ask"],
            keys(NETWORKS[case["network"]])[case["key"]],
            mistakes(NETWORKS[case["network"]]),
            case["typed"],
            case.get("shown", []),
        ]
        for case in TABLE["columns"]
    ]
    assert [marked(case) for case in TABLE["columns"]] == in_node(SCRIPT, calls)


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("all + value, 0) === answer", "all + value, 1) === answer"),
        ("found.length === 1", "found.length >= 1"),
        ("if (!words.trim())", "if (!words)"),
        ("shown.includes(name) ? key[name].right : answers[place]]", "answers[place]]"),
        ("typedSum(tokens) {\n  let value = typedProduct", "typedSum(tokens) {\n  let value = -typedProduct"),
        ("=== sizes && parts.every", ">= sizes && parts.every"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert SCRIPT.count(right) == 1
    calls: list[list[Any]] = [["readEntry", case["text"], case["sizes"]] for case in TABLE["entries"]]
    expected: list[Any] = [case["value"] for case in TABLE["entries"]]
    for case in TABLE["columns"]:
        network = NETWORKS[case["network"]]
        given = [keys(network)[case["key"]], mistakes(network), case["typed"], case.get("shown", [])]
        calls.append(["markColumn", case["ask"], *given])
        expected.append(marked(case))
    assert expected != in_node(SCRIPT.replace(right, mistake), calls)


# --- What is right, and what each mistake gives -------------------------------------------------------


@each_network
@pytest.mark.parametrize("ask", COLUMNS)
def test_the_right_column_is_the_ledgers(name: str, ask: str) -> None:
    network = NETWORKS[name]
    for convention in CONVENTIONS:
        ledger = network.ledger(convention)
        right = column(network, ask, convention).right
        measures: dict[str, Callable[[Any], Any]] = {
            "parameters": ledger.parameters,
            "output": lambda row: row.output_shape,
            "neurons": lambda row: row.neurons,
            "multiply-adds": lambda row: row.multiply_adds,
        }
        totals = {
            "parameters": ledger.total,
            "neurons": ledger.neurons,
            "multiply-adds": ledger.multiply_adds,
        }
        lines = {line: measures[ask](ledger[line]) for line in right if line != "total"}
        assert right == lines | ({"total": totals[ask]} if ask in totals else {})


def test_torch_has_as_many_parameters_and_the_same_sizes(
    torch_twin: Callable[[Any], torch.nn.Module],
) -> None:
    for network in NETWORKS.values():
        x = torch.zeros(2, *network.input_shape)
        held, sizes = column(network, "parameters", "torch").right, column(network, "output").right
        for stage in network:
            layer = torch_twin(stage.layer)
            x = layer.eval()(x)
            assert sizes.get(stage.name, tuple(x.shape[1:])) == tuple(x.shape[1:])
            assert held.get(stage.name, 0) == sum(weight.numel() for weight in layer.parameters())


def test_each_mistake_gives_the_total_that_the_audited_network_is_known_for() -> None:
    public = QUESTIONS["report-cnn-parameters"]
    totals = {id: outcome["total"] for id, outcome in public.wrong.items()}
    found = column(zoo.report_cnn(), "parameters").wrong
    shared = set(totals) & set(found)
    assert len(shared) >= 8
    assert {id: totals[id] for id in shared} == {id: found[id]["total"] for id in shared}


def test_a_typed_column_answers_the_graded_question_of_its_network() -> None:
    ledger = widgets.parameter_ledger()
    right = column(zoo.report_cnn(), "parameters").right
    ledger.typed = {"parameters": {row: str(number) for row, number in right.items()}}
    assert diagnose(QUESTIONS["report-cnn-parameters"], ledger.answer).verdict == "correct"


@each_network
@pytest.mark.parametrize("ask", COLUMNS)
def test_every_mistake_is_named_in_a_row_and_in_the_whole_column(name: str, ask: str) -> None:
    network = NETWORKS[name]
    for convention, bias in product(CONVENTIONS if ask == "parameters" else ("keras",), (True, False)):
        question = column(network if bias else without_biases(network), ask, convention)
        key = keys(network)[f"{ask}/{convention}/{str(bias).lower()}"]
        for mistake in question.mistakes:
            outcome = question.outcome(mistake.method)
            assert any(
                mistake.id in ids
                for row, value in outcome.items()
                for wrong, ids in key[row]["wrong"]
                if wrong == (list(value) if isinstance(value, tuple) else value)
            )
            named = diagnose(question, outcome).mistakes
            assert mistake.id in [each.id for each in named]


@each_network
def test_each_mistake_that_a_key_holds_has_words(name: str) -> None:
    network = NETWORKS[name]
    held = {
        f"{which.split('/')[0]}/{id}"
        for which, key in keys(network).items()
        for entry in key.values()
        for _, ids in entry["wrong"]
        for id in ids
    }
    assert len(held) >= 10
    assert held <= set(mistakes(network))


def test_the_practice_network_of_the_notebook_tells_the_mistakes_apart() -> None:
    layers = [Conv2d(3, 12, 5, padding=2), ReLU(), MaxPool2d(2), Conv2d(12, 20, 3), ReLU(), MaxPool2d(2)]
    network = Network((3, 24, 24), [*layers, Flatten(), Linear(500, 8)])
    for ask in ("parameters", "neurons", "multiply-adds"):
        totals = [outcome["total"] for outcome in column(network, ask).wrong.values()]
        assert len(totals) >= 6
        assert len(set(totals)) == len(totals)


# --- The table -------------------------------------------------------------------------------------


@pytest.mark.node
def test_the_browser_has_the_cells_of_the_table(in_node: InNode) -> None:
    tries = [
        (network, convention, bias)
        for network in NETWORKS.values()
        for convention in CONVENTIONS
        for bias in (True, False)
    ]
    calls = [["ledgerRows", to_json(network), convention, bias] for network, convention, bias in tries]
    expected = [[row.as_dict() for row in LedgerTable(*each, MarkedColumn("nothing")).rows] for each in tries]
    found = [
        [{name: row[name] for name in ("name", "kind", "cells")} for row in rows]
        for rows in in_node(SCRIPT, calls)
    ]
    assert expected == found


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_sum_by_hand_comes_to_the_number_beside_it(convention: str) -> None:
    counted = 0
    for network in NETWORKS.values():
        for row in LedgerTable(network, convention, True, MarkedColumn("nothing")).rows:
            for value, words in row.cells.values():
                if words:
                    assert read(words) == value
                    counted += 1
    assert counted > 60


@pytest.mark.parametrize("ask", ["parameters", "multiply-adds"])
def test_the_still_says_nothing_that_is_asked(ask: str) -> None:
    network = zoo.cs7011()
    text = repr(widgets.parameter_ledger(network, ask=ask))
    lines = {line.split()[0]: line.split() for line in text.splitlines() if line}
    for row, value in column(network, ask).right.items():
        assert "?" in lines[row]
        assert f"{value:,}" not in lines[row]


@each_network
@pytest.mark.parametrize("ask", COLUMNS)
def test_a_row_opens_with_what_would_have_given_it_away(name: str, ask: str) -> None:
    ledger = widgets.parameter_ledger(NETWORKS[name], ask=ask)
    table = ledger._table
    rows = {row.name: row for row in table.rows}
    asked = [row for row in ledger.answer if row != "total"]
    assert all(table.text(rows[row], each) == "?" for row in asked for each in HIDES[ask])
    ledger.shown = {ask: list(ledger.answer)}
    opened = ledger._table
    assert "?" not in [opened.text(row, each) for row in opened.rows for each in HIDES["output"]]


def test_a_size_is_not_given_away_by_the_layer_that_keeps_it() -> None:
    ledger = widgets.parameter_ledger(zoo.report_cnn(), ask="output")
    assert "32×32×32" not in repr(ledger)
    ledger.typed = {"output": {"conv1": "32 x 32 x 32"}}
    assert repr(ledger).count("32×32×32") == 2


def test_the_picture_changes_with_what_is_known() -> None:
    ledger = widgets.parameter_ledger(zoo.tfjs_mnist())
    pictures = {ledger.picture()}
    for typed in ({"conv1": "208"}, {"conv1": "25"}):
        ledger.typed = {"parameters": typed}
        pictures.add(ledger.picture())
    ledger.ask = "nothing"
    pictures.add(ledger.picture())
    assert len(pictures) == 4
    assert all(picture[:8] == b"\x89PNG\r\n\x1a\n" for picture in pictures)


# --- Settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "ask",
            "weights",
            "is 'weights', expected one of 'parameters', 'output', 'neurons', 'multiply-adds', 'nothing'."
            " Give one of these names.",
        ),
        ("bias", 1, "is 1, expected True or False. Give one of the two."),
        (
            "typed",
            {"parameters": {"conv1": 208}},
            "is {'parameters': {'conv1': 208}}, expected a dict of texts by row for each column."
            ' Give {"parameters": {"conv1": "208"}}.',
        ),
        (
            "shown",
            ["conv1"],
            'is [\'conv1\'], expected a list of rows for each column. Give {"parameters": ["conv1"]}.',
        ),
        (
            "shown",
            {"neurons": ["pool1"]},
            "has the row 'pool1', expected one of conv1, conv2, fc, total. Take one of these names.",
        ),
    ],
)
def test_a_bad_setting_is_refused_by_name(name: str, value: Any, message: str) -> None:
    ledger = widgets.parameter_ledger(zoo.tfjs_mnist())
    before = getattr(ledger, name)
    with pytest.raises(ArgumentError) as refused:
        setattr(ledger, name, value)
    assert f"parameter_ledger: `{name}` {message}" == str(refused.value)
    assert before == getattr(ledger, name)


def test_what_is_no_network_is_refused() -> None:
    message = "parameter_ledger: `network` is of type str, expected a Network. Take one from cnnkit.zoo."
    with pytest.raises(ArgumentError) as refused:
        widgets.parameter_ledger("cs7011")  # type: ignore[arg-type]
    assert message == str(refused.value)


def test_a_message_from_the_page_is_read_and_marked() -> None:
    ledger = widgets.parameter_ledger(zoo.tfjs_mnist(), ask="neurons")
    ledger.set_state(
        {"typed": {"neurons": {"conv1": "8*24*24", "fc": "256"}}, "shown": {"neurons": ["conv2"]}}
    )
    assert ledger.answer == {"conv1": 4608, "conv2": None, "fc": 256, "total": None}
    assert [row.verdict for row in ledger.value.rows] == ["right", "open", "mistake", "open"]
    assert ledger.value["conv2"].shown
    assert ledger.value.right == 1
    ledger.ask = "nothing"
    assert ledger.answer == {}
