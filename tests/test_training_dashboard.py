"""The training dashboard without a browser: its arithmetic, its plan, its thread, its files."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnkit import convnetjs, data, nn, zoo
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Softmax
from cnnkit.network import Network
from cnnkit.widgets import TrainingDashboard, training_dashboard
from cnnkit.widgets.parts.assets import script
from cnnkit.widgets.parts.fallback import VIEW
from cnnkit.widgets.training_dashboard import watch
from cnnkit.widgets.training_dashboard.plan import fitted, parameter_sum, planned
from cnnkit.widgets.training_dashboard.settings import LEARNING_RATES
from cnnkit.widgets.training_dashboard.value import at_budget, doubt, top, verdict, windowed

TABLE = json.loads((Path(__file__).parent / "cases/training_dashboard.json").read_text(encoding="utf-8"))
SCRIPT = script("training_dashboard")
CALLS = {
    "windowed": lambda case: ["windowed", case["points"], case["window"]],
    "at_budget": lambda case: ["atBudget", case["examples"], case["budget"]],
    "verdict": lambda case: ["verdict", case["first"], case["second"]],
    "top": lambda case: ["top", case["shares"]],
    "ticks": lambda case: ["ticks", *case["of"]],
    "rounded_up": lambda case: ["roundedUp", case["of"]],
    "apart": lambda case: ["apart", *case["of"]],
    "doubt": lambda case: ["doubt", {name: case[name] for name in ("accuracy", "error", "n")}],
}
HERE: dict[str, Callable[[Any], Any]] = {
    "windowed": lambda case: windowed(case["points"], case["window"]),
    "at_budget": lambda case: at_budget(case["examples"], case["budget"]),
    "verdict": lambda case: verdict(case["first"], case["second"]),
    "top": lambda case: top(case["shares"]),
    "doubt": lambda case: doubt(case["accuracy"], case["error"], case["n"]),
}
InNode = Callable[[str, list[list[Any]]], list[Any]]
MODULE = sys.modules["cnnkit.widgets.training_dashboard"]  # in the package, its function has this name
TEXT = """
layer_defs.push({type:'input', out_sx:24, out_sy:24, out_depth:1});
layer_defs.push({type:'conv', sx:5, filters:4, stride:2, pad:0, activation:'relu'});
layer_defs.push({type:'pool', sx:2, stride:2});
layer_defs.push({type:'softmax', num_classes:10});
"""
TRAINER = "trainer = new convnetjs.SGDTrainer(net, {method:'adadelta', batch_size:20, l2_decay:0.001});"
SMALL = Network((1, 28, 28), [MaxPool2d(7), Flatten(), Linear(16, 10)], name="small")


@pytest.fixture(scope="module")
def digits() -> data.Dataset:
    return data.load("digits")


@pytest.fixture
def board(digits: data.Dataset) -> Iterator[Callable[..., TrainingDashboard]]:
    """Return a function arguments -> dashboard; all of them are closed after the test."""
    made = []

    def board(network: Network | str = SMALL, **options: Any) -> TrainingDashboard:
        made.append(training_dashboard(network, digits, **options))
        return made[-1]

    yield board
    for each in made:
        each.close()


def trained(board: TrainingDashboard, updates: int) -> TrainingDashboard:
    """Train until so many updates, and not one more."""
    if board._live is not None and board._live.reason is not None:
        board.reset()
    live = board._made()
    show, live.news = live.news, lambda: (live.updates >= updates and live.pause(), show())
    board.start()
    live.wait()
    live.news = show
    assert live.updates == updates
    return board


def asked(board: TrainingDashboard, **content: Any) -> dict[str, Any]:
    """Ask as the page does, and return what it is told."""
    board._hear(board, content, [])
    return board.said


def training_threads() -> int:
    return sum(thread.name == "cnnkit-training" for thread in threading.enumerate())


# --- arithmetic ---


@pytest.mark.parametrize(("kind", "case"), [(kind, case) for kind in HERE for case in TABLE[kind]])
def test_python_gives_the_table(kind: str, case: dict[str, Any]) -> None:
    found = HERE[kind](case)
    if kind == "windowed":
        assert [pytest.approx(row, abs=1e-12) for row in case["expected"]] == found
    else:
        assert case["expected"] == found


@pytest.mark.node
@pytest.mark.parametrize("kind", CALLS)
def test_the_browser_gives_the_table(in_node: InNode, kind: str) -> None:
    found = in_node(SCRIPT, [CALLS[kind](case) for case in TABLE[kind]])
    expected = [case["expected"] for case in TABLE[kind]]
    if kind == "windowed":
        assert [[pytest.approx(row, abs=1e-12) for row in rows] for rows in expected] == found
    else:
        assert expected == found


@pytest.mark.node
@pytest.mark.parametrize(
    ("right", "mistake"),
    [
        ("while (n - points[first][1] >= window)", "while (n - points[first][1] > window)"),
        ("Math.max(p * (1 - p), 0) / n", "Math.max(p * (1 - p), 0) / (n - 1)"),
        ("loss: loss / n", "loss: loss / examples"),
        ("seen <= budget", "seen < budget"),
        ("2 * Math.sqrt(error ** 2 + other ** 2)", "2 * Math.max(error, other)"),
        ("2 * Math.sqrt(error ** 2 + other ** 2)", "2 * (error + other)"),
        ("percent(3 / n)", "percent(1 / n)"),
        ("shares[b] - shares[a] || a - b", "shares[b] - shares[a] || b - a"),
    ],
)
def test_the_table_notices_a_mistake_in_the_browser(in_node: InNode, right: str, mistake: str) -> None:
    assert right in SCRIPT
    cases = [(kind, case) for kind in CALLS for case in TABLE[kind]]
    calls = [CALLS[kind](case) for kind, case in cases]
    assert in_node(SCRIPT, calls) != in_node(SCRIPT.replace(right, mistake), calls)


def test_running_means_are_those_of_single_examples() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.integers(1, 40, 60)
    losses, right = [rng.random(n) for n in sizes], [rng.random(n) < 0.7 for n in sizes]
    points = [[1, n, a.sum(), b.sum()] for n, a, b in zip(sizes, losses, right, strict=True)]
    for place, row in enumerate(windowed(points, 100)):
        first = next((f for f in range(place, -1, -1) if sizes[f : place + 1].sum() >= 100), 0)
        flat, hits = (np.concatenate(each[first : place + 1]) for each in (losses, right))
        expected = (flat.mean(), hits.mean(), len(hits), hits.std() / np.sqrt(len(hits)))
        assert pytest.approx(expected) == (row["loss"], row["accuracy"], row["n"], row["error"])


@pytest.mark.node
def test_the_browser_reads_the_frame_that_python_writes(
    in_node: InNode, board: Callable[..., TrainingDashboard]
) -> None:
    here = trained(board(evaluate_every=40), 5)
    here.lr = 0.2
    rows = np.frombuffer(here.frame["rows"], "<f4").tolist()
    marks = [["evaluation", rows[at : at + 12]] for at in range(0, len(rows), 12)]
    *found, said = in_node(SCRIPT, [*marks, ["marksOf", here.frame["changes"]]])
    history = here.run.history
    assert [row.examples for row in history] == [row["examples"] for row in found]
    assert [row.validation.accuracy for row in history] == pytest.approx(
        [row["validation"]["accuracy"] for row in found]
    )
    assert [row.train.n for row in history] == [row["train"]["n"] for row in found]
    assert said == [{"updates": 5, "examples": 100, "texts": ["lr 0.01 → 0.2"]}]


# --- what is to be trained ---


def test_the_demos_text_sets_what_its_trainer_says() -> None:
    plan = planned(TEXT + TRAINER)
    assert plan.settings == {"optimizer": "adadelta", "batch_size": 20, "weight_decay": 5e-05, "lr": 1.0}
    assert plan.options == {"eps": 1e-06, "rho": 0.95}
    assert "0.001 / 20 is weight_decay 5e-05 here" in plan.note


@pytest.mark.parametrize(
    ("line", "settings", "options"),
    [
        ("{method:'sgd', learning_rate:0.1, momentum:0.5}", {"lr": 0.1, "momentum": 0.5}, {}),
        ("{method:'adagrad', learning_rate:0.1, batch_size:5}", {"lr": 0.1, "batch_size": 5}, {"eps": 1e-6}),
        ("{method:'windowgrad'}", {"optimizer": "rmsprop", "lr": 0.01}, {"alpha": 0.95, "eps": 1e-6}),
    ],
)
def test_every_trainer_has_its_words_in_torch(
    line: str, settings: dict[str, Any], options: dict[str, Any]
) -> None:
    plan = planned(f"{TEXT} trainer = new convnetjs.SGDTrainer(net, {line});")
    assert settings.items() <= plan.settings.items()
    assert options == plan.options


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (TEXT + TRAINER.replace("adadelta", "adadelata"), "Did you mean 'adadelta'?"),
        (TEXT.replace("sx:5", "sx:30"), "`sx` of layer 2 (conv, definition 2) is 30, expected at most 24"),
        (TEXT.replace("filters", "filter"), "`filter`"),
        (TEXT.replace("'softmax', num_classes", "'regression', num_neurons"), "expected softmax"),
        (TEXT + "alert(1);", "parse_layer_defs"),
        (TEXT + TRAINER.replace("l2_decay", "l1_decay"), "`l1_decay` is 0.001, expected 0"),
        (3, "is of type int, expected a cnnkit Network or the text of layer_defs"),
    ],
)
def test_what_cannot_be_trained_is_named(digits: data.Dataset, source: Any, message: str) -> None:
    with pytest.raises((ArgumentError, ShapeError)) as refused:
        training_dashboard(source, digits)
    assert message in str(refused.value)


def test_a_smaller_input_gets_the_middle_of_the_images(digits: data.Dataset) -> None:
    cut = fitted(planned(TEXT).network, digits)
    assert (cut.name, cut.input_shape) == ("digits cut to 24×24", (1, 24, 24))
    assert np.array_equal(digits.test.images[:, :, 2:26, 2:26], cut.test.images)
    assert cut.validation.training is cut.train


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Network((3, 28, 28), [Flatten(), Linear(2352, 10)]), "reads images of (3, 28, 28), digits has"),
        (Network((1, 32, 32), [Flatten(), Linear(1024, 10)]), "reads images of (1, 32, 32), digits has"),
        (Network((1, 28, 28), [Flatten(), Linear(784, 9)]), "gives (9,), expected (10,)"),
    ],
)
def test_a_network_that_does_not_fit_the_data_is_named(
    digits: data.Dataset, network: Network, message: str
) -> None:
    with pytest.raises(ShapeError) as refused:
        training_dashboard(network, digits)
    assert f"training_dashboard: `network` {message}" in str(refused.value)


def test_the_parameters_are_counted_as_torch_counts_them() -> None:
    layers = [Conv2d(3, 8, 5), Conv2d(3, 8, (3, 5), bias=False), Linear(256, 10), BatchNorm2d(7), ReLU()]
    sums = [parameter_sum(layer) for layer in layers]
    assert sums == ["5·5·3·8 + 8 = 608", "3·5·3·8 = 360", "256·10 + 10 = 2,570", "7 + 7 = 14", ""]
    for layer, words in zip(layers[:-1], sums, strict=False):
        product, total = words.replace(",", "").replace("·", "*").split(" = ")
        assert sum(np.prod([int(f) for f in each.split("*")]) for each in product.split(" + ")) == int(total)
        assert layer.parameters == int(total)


# --- creating costs nothing ---


def test_while_a_notebook_is_graded_nothing_is_trained(
    board: Callable[..., TrainingDashboard], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    here = board()
    here.start()
    assert "nothing is trained live" in capsys.readouterr().out
    assert (here.status, here.run, training_threads()) == ("ready", None, 0)
    bundle, _ = here._repr_mimebundle_()
    assert "image/png" not in bundle


# --- training ---


def test_it_is_started_paused_and_read_back(board: Callable[..., TrainingDashboard]) -> None:
    here = trained(board(evaluate_every=60), 7)
    value = here.value
    assert (value.status, value.updates, value.examples) == ("paused", 7, 140)
    assert value.running.n == 100
    assert (value.train.n, value.validation.n, value.test) == (1295, 143, None)
    assert here.run.history[-1].validation == value.validation
    assert repr(value).startswith("paused: 140 examples, 7 updates, on digits\n")
    assert f"(2 SE, n={value.validation.n})" in repr(here)
    here.start()
    assert here.status == "running"
    here.pause()
    stood = here.value.updates
    assert stood >= 7
    assert (here.status, here.value.updates, training_threads()) == ("paused", stood, 0)


def test_with_a_budget_it_is_the_run_of_fit(board: Callable[..., TrainingDashboard], digits: Any) -> None:
    here = board(examples=400, lr=0.05, momentum=0.5, evaluate_every=200)
    here.start()
    here._live.wait()
    options = {"batch_size": 20, "lr": 0.05, "momentum": 0.5, "weight_decay": 0.0}
    run = nn.fit(SMALL, digits, examples=400, evaluate_every=200, progress=False, **options)
    assert here.value.status == "finished"
    assert here.run.final == run.final
    assert (here.run.config, here.value.test) == (run.config, run.final.test)
    assert here.frame["test"][2] == run.final.test.accuracy


def test_the_last_frame_says_where_it_stands(board: Callable[..., TrainingDashboard]) -> None:
    here = trained(board(), 5)
    points = np.frombuffer(here.frame["curve"], "<f4").reshape(-1, 4)
    assert (here.frame["status"], here.frame["updates"], here.frame["examples"]) == ("paused", 5, 100)
    assert points[:, 1].tolist() == [20] * 5
    assert here.panel["kind"] == "predictions"
    assert np.frombuffer(here.panel["shares"], "<f4").reshape(12, 10).sum(axis=1) == pytest.approx(1)


def test_frames_come_no_faster_than_five_a_second(
    board: Callable[..., TrainingDashboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(MODULE, "monotonic", lambda: now[0])
    here, frames = board(), []
    here.observe(lambda change: frames.append(change["new"]["examples"]), names="frame")
    live = here._made()
    show = live.news

    def news() -> None:
        now[0] += 0.01
        show()
        if live.updates >= 100:
            live.pause()

    live.news = news
    here.start()
    live.wait()
    during = [examples for examples in frames if 0 < examples < 1990]
    assert len(during) in (4, 5)  # 100 updates of 0.01 s, a frame each 0.2 s
    assert frames[-1] == here.value.examples


def test_only_the_training_thread_looks_inside_while_it_trains(
    board: Callable[..., TrainingDashboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, looks = trained(board(zoo.tfjs_mnist()), 1), []
    look = TrainingDashboard._look

    def noted(self: TrainingDashboard, live: nn.Live) -> None:
        looks.append((live.running, threading.current_thread().name))
        look(self, live)

    monkeypatch.setattr(TrainingDashboard, "_look", noted)
    monkeypatch.setattr(MODULE, "LOOK", 0.0)
    monkeypatch.setattr(MODULE, "PERIOD", 0.0)
    here.start()
    for turn in range(20):
        here.lr = 0.01 + 0.01 * (turn % 2)
        here.tab = ("layers", "predictions")[turn % 2]
    while sum(running for running, _ in looks) < 5:
        pass
    here.pause()
    assert {name for running, name in looks if running} == {"cnnkit-training"}


def test_a_frame_that_cannot_be_sent_does_not_stop_the_training(
    board: Callable[..., TrainingDashboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = board()
    here._made()
    monkeypatch.setattr(TrainingDashboard, "_show", lambda self: 1 / 0)
    here._live.start()
    while here._live.updates < 5:
        pass
    here._live.pause()
    assert here.error is None


def test_a_frame_stays_small_however_long_it_trains(board: Callable[..., TrainingDashboard]) -> None:
    here = trained(board(evaluate_every=20), 3)
    for _ in range(5000):
        here._live.curve.add(20, 1.0, 10)
    history = here.run.history
    here._live._recorder.run = replace(here.run, history=history * 1000)
    here._show()
    assert len(here.frame["curve"]) <= 1024 * 16
    assert len(here.frame["rows"]) <= 513 * 48


def test_the_layers_are_looked_into_for_the_image_that_is_chosen(
    board: Callable[..., TrainingDashboard], digits: Any
) -> None:
    here = trained(board(zoo.tfjs_mnist()), 2)
    here.tab = "layers"
    here.image, here.layer = 3, "pool1"
    panel = here.panel
    assert [row["name"] for row in panel["rows"]] == ["input", *(stage.name for stage in zoo.tfjs_mnist())]
    shown = np.frombuffer(panel["activations"]["values"], "<f4").reshape(8, 12, 12)
    (x, _), *_ = digits.validation.loader(12, shuffle=False)
    expected = nn.inspect.activations(here.model, x[3:4], "pool1")[0]
    np.testing.assert_allclose(expected, shown, rtol=1e-6)
    assert panel["rows"][3]["activations"] == pytest.approx(
        [expected.min(), expected.max(), np.abs(expected).mean()]
    )
    assert panel["filters"]["name"] == "conv1"


def test_a_softmax_is_shown_as_what_it_is(board: Callable[..., TrainingDashboard]) -> None:
    here = trained(board(TEXT), 2)
    shares = np.frombuffer(here.panel["shares"], "<f4").reshape(12, 10)
    here.tab = "layers"
    here.layer = "softmax"
    shown = np.frombuffer(here.panel["activations"]["values"], "<f4")
    np.testing.assert_allclose(shown, shares[0], atol=1e-6)
    assert here.panel["rows"][-1]["gradients"] is None


# --- changes ---


def test_a_setting_from_python_is_the_next_updates(board: Callable[..., TrainingDashboard]) -> None:
    here = trained(board(), 3)
    here.lr, here.batch_size = 0.5, 10
    trained(here, 4)
    assert here.value.examples == 70
    assert [str(change) for change in here.run.changes] == ["lr 0.01 → 0.5", "batch_size 20 → 10"]
    assert [change["text"] for change in here.frame["changes"]] == [str(c) for c in here.run.changes]


def test_another_optimizer_begins_with_its_own_rate(board: Callable[..., TrainingDashboard]) -> None:
    here = trained(board(), 3)
    here.optimizer = "adam"
    assert here.lr == LEARNING_RATES["adam"] == here._live.config.options["lr"]
    said = [change["text"] for change in here.frame["changes"]]
    assert said == ["optimizer sgd → adam", "lr 0.01 → 0.001", "momentum 0.9 → –"]
    trained(here, 4)


@pytest.mark.parametrize("optimizer", LEARNING_RATES)
def test_every_optimizer_trains(board: Callable[..., TrainingDashboard], optimizer: str) -> None:
    here = trained(board(optimizer=optimizer), 2)
    assert here.error is None
    assert here.run.config["lr"] == LEARNING_RATES[optimizer]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("lr", -1, "training_dashboard: `lr` is -1, expected a number from 0 to 1000."),
        ("batch_size", 5000, "training_dashboard: `batch_size` is 5000, expected at most 1295"),
        ("optimizer", "adadelata", "training_dashboard: `optimizer` is 'adadelata', expected one of 'sgd'"),
        ("momentum", 1.0, "training_dashboard: `momentum` is 1.0, expected a number from 0 to 0.9999."),
    ],
)
def test_a_setting_that_cannot_be_is_refused_and_nothing_changes(
    board: Callable[..., TrainingDashboard], name: str, value: Any, message: str
) -> None:
    here = trained(board(), 2)
    before = getattr(here, name)
    with pytest.raises(ArgumentError) as refused:
        setattr(here, name, value)
    assert str(refused.value).startswith(message)
    assert (getattr(here, name), here.run.changes) == (before, ())
    said = asked(here, do="set", name=name, value=value)
    assert (said["where"], said["good"]) == ("set", False)
    assert f"`{name}` is" in said["words"]
    assert training_threads() == 0


def test_a_change_of_the_network_begins_a_new_run_and_keeps_the_old_curve(
    board: Callable[..., TrainingDashboard],
) -> None:
    here = trained(board(TEXT), 4)
    said = asked(here, do="network", text=TEXT.replace("filters:4", "filters:6"))
    assert said["good"]
    assert (here.status, here.network["total"]) == ("ready", here._plan.network.ledger().total)
    assert [each["name"] for each in here.earlier] == ["run 1"]
    assert here.runs["run 1"].history[-1].updates in (0, 4)
    assert here.earlier[0]["examples"] == 80
    trained(here, 2)
    asked(here, do="name", run=here.earlier[0]["run"], value="four filters")
    assert list(here.runs) == ["four filters"] == [each["name"] for each in here.earlier]


def test_a_text_that_cannot_be_changes_nothing(board: Callable[..., TrainingDashboard]) -> None:
    here = trained(board(TEXT), 2)
    live = here._live
    for text, named in (
        (TEXT + TRAINER.replace("adadelta", "adadelata"), "Did you mean 'adadelta'?"),
        (TEXT.replace("sx:5", "sx:30"), "`sx` of layer 2 (conv, definition 2) is 30"),
        (TEXT.replace("out_sx:24", "out_sx:99"), "reads images of"),
        (TEXT + "trainer = new convnetjs.SGDTrainer(net, {learning_rate:5000});", "`lr` is 5000"),
    ):
        said = asked(here, do="network", text=text)
        assert not said["good"]
        assert named in said["words"]
        assert here._live is live
    assert asked(here, do="network", text=None)["good"] is False


def test_eight_earlier_runs_are_kept(board: Callable[..., TrainingDashboard]) -> None:
    here = board()
    for _ in range(10):
        trained(here, 1)
        here.reset()
    assert [each["name"] for each in here.earlier] == [f"run {number}" for number in range(3, 11)]
    assert all(run.model is None for run in here.runs.values())


# --- files ---


def test_a_snapshot_is_what_convnetjs_computes_with(
    board: Callable[..., TrainingDashboard], tmp_path: Path
) -> None:
    here = trained(board(TEXT), 5)
    here.snapshot(tmp_path / "net.json")
    net = convnetjs.load_snapshot(tmp_path / "net.json")
    (x, _), *_ = here._data.validation.loader(12, shuffle=False)
    expected = np.frombuffer(here.panel["shares"], "<f4").reshape(12, 10)
    np.testing.assert_allclose(net.forward(x.numpy()), expected, atol=1e-6)
    saved = json.loads((tmp_path / "net.json").read_text())
    assert saved["cnnkit"]["mean"] == pytest.approx(list(here._data.train.mean))
    here.load(tmp_path / "net.json")
    here._made()
    here._look(here._live)
    np.testing.assert_allclose(
        np.frombuffer(here.panel["shares"], "<f4").reshape(12, 10), expected, atol=1e-6
    )
    assert here.said["words"].endswith("parameters.")
    trained(here, 2)
    assert here.run.config["init"] is None


def test_a_snapshot_of_a_network_with_names_of_its_own(board: Callable[..., TrainingDashboard]) -> None:
    own = [("first", Conv2d(1, 3, 5, stride=4)), ReLU(), Flatten(), ("last", Linear(108, 10)), Softmax()]
    here = trained(board(Network((1, 28, 28), own)), 2)
    net = convnetjs.load_snapshot(here.snapshot())
    (x, _), *_ = here._data.validation.loader(12, shuffle=False)
    expected = np.frombuffer(here.panel["shares"], "<f4").reshape(12, 10)
    np.testing.assert_allclose(net.forward(x.numpy()), expected, atol=1e-6)


def test_a_snapshot_of_the_demo_itself_says_that_it_was_scaled_otherwise(
    board: Callable[..., TrainingDashboard],
) -> None:
    here = board(TEXT)
    text = json.dumps(convnetjs.snapshot(convnetjs.Net(TEXT, seed=1)))
    said = asked(here, do="load", text=text)
    assert said["good"]
    assert "ConvNetJS's own snapshots read pixels / 255" in said["words"]


@pytest.mark.parametrize("text", ["{}", "[]", "{", "nonsense", '{"layers": []}'])
def test_a_file_that_is_no_snapshot_is_refused(board: Callable[..., TrainingDashboard], text: str) -> None:
    here = board(TEXT)
    said = asked(here, do="load", text=text)
    assert (said["where"], said["good"]) == ("snapshot", False)
    assert here.network["text"] == TEXT.strip()


def test_a_network_that_convnetjs_cannot_hold_says_so(board: Callable[..., TrainingDashboard]) -> None:
    layers = [Conv2d(1, 3, 5, stride=4), BatchNorm2d(3), ReLU(), Flatten(), Linear(108, 10)]
    here = board(Network((1, 28, 28), layers))
    assert here.network["text"] == ""
    assert "BatchNorm2d" in here.network["why_no_text"]
    with pytest.raises(ArgumentError, match=r"snapshot: .*BatchNorm2d.*nn.weights\(board.model\)"):
        here.snapshot()
    said = asked(here, do="snapshot")
    assert not said["good"]
    trained(here, 2)


def test_a_log_is_evidence_and_says_what_was_changed(
    board: Callable[..., TrainingDashboard], tmp_path: Path
) -> None:
    here = trained(board(examples=200, log=tmp_path), 3)
    here.lr = 0.2
    here.start()
    here._live.wait()
    found = nn.runlog.read(here.run.log)
    assert (found.reason, [str(change) for change in found.changes]) == ("finished", ["lr 0.01 → 0.2"])
    here.reset()
    here.start()
    here._live.wait()
    assert len(list(tmp_path.glob("*.jsonl"))) == 2
    assert nn.runlog.read(here.run.log).changes == ()


# --- ends ---


def test_an_error_in_the_thread_is_shown(board: Callable[..., TrainingDashboard]) -> None:
    here = board(lr=1000.0, weight_decay=100.0)
    here.start()
    here._live.wait()
    assert here.value.status == here.frame["status"] == "diverged"
    assert "the loss is" in str(here.error)
    assert str(here.error) == here.frame["error"]
    assert str(here.error) in repr(here)
    here.lr, here.weight_decay = 0.01, 0.0  # for the next run
    trained(here, 1)
    assert here.error is None


def test_the_last_view_that_goes_pauses_the_training(board: Callable[..., TrainingDashboard]) -> None:
    here = board()
    asked(here, do="view", view="a", here=True)
    asked(here, do="view", view="b", here=True)
    here.start()
    asked(here, do="view", view="a", here=False)
    here._watch.pause_if_alone()
    assert here.status == "running"
    while here.value.updates < 1:
        pass
    asked(here, do="view", view="b", here=False)
    here._watch.pause_if_alone()
    assert (here.status, training_threads()) == ("paused", 0)


def test_a_page_that_falls_silent_pauses_the_training_but_not_on_first_suspicion(
    board: Callable[..., TrainingDashboard], monkeypatch: pytest.MonkeyPatch
) -> None:
    now, later = [0.0], []
    monkeypatch.setattr(watch, "monotonic", lambda: now[0])
    monkeypatch.setattr(watch, "later", lambda seconds, call, *sure: later.append(partial(call, *sure)))
    here = board()
    asked(here, do="view", view="a", here=True)
    trained(here, 1).start()
    later.pop()()
    now[0] = 200.0
    later.pop()()  # silent, but a cell may have run all that time
    assert here.status == "running"
    asked(here, do="view", view="a", here=True)
    later.pop()()
    assert here.status == "running"
    now[0] = 400.0
    later.pop()()
    later.pop()()
    assert here.status == "paused"


def test_closing_it_stops_the_thread_and_leaves_the_numbers(board: Callable[..., TrainingDashboard]) -> None:
    here = board()
    here.start()
    while here.value.updates < 3:
        pass
    here.close()
    assert training_threads() == 0
    assert here.value.updates >= 3
    assert here.run.reason == "interrupted"


def test_fifty_dashboards_are_forgotten(digits: data.Dataset) -> None:
    models = []

    async def in_a_kernel() -> None:
        """Make them as a kernel does: in a loop, in which they plan when to look after their pages."""
        for _ in range(50):
            here = training_dashboard(SMALL, digits)
            here.start()
            asked(here, do="view", view="a", here=True)
            asked(here, do="view", view="a", here=False)
            here.pause()
            assert here.model is not None
            models.append(weakref.ref(here.model))
            here.close()
        del here
        gc.collect()
        assert [model for model in models if model() is not None] == []

    with ThreadPoolExecutor(1) as another:  # a browser's driver may keep a loop running in this thread
        another.submit(asyncio.run, in_a_kernel()).result()
    assert training_threads() == 0


# --- without a browser ---


def test_the_output_holds_text_and_picture(board: Callable[..., TrainingDashboard]) -> None:
    here = board()
    bundle, _ = here._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/plain", "image/png"}
    assert bundle["text/plain"].startswith("training_dashboard: small, 170 parameters; sgd, lr 0.01,")
    assert "not trained yet, on digits" in bundle["text/plain"]
    before = here.picture()
    trained(here, 5)
    here.lr = 0.1
    trained(here, 8)
    after = here.picture()
    assert before[:8] == after[:8] == b"\x89PNG\r\n\x1a\n"
    assert before != after


def test_stand_ins_are_named(digits: data.Dataset) -> None:
    mnist = replace(digits, name="mnist", stand_in="digits")
    here = training_dashboard(TEXT, mnist)
    assert "not trained yet, on mnist cut to 24×24 (stand-in: digits)" in repr(here)
    assert (here.images["title"], here.images["stand_in"]) == (
        "mnist cut to 24×24 (stand-in: digits)",
        "digits",
    )


def test_one_can_wait_for_the_end_of_a_budget(board: Callable[..., TrainingDashboard]) -> None:
    made = board(examples=100)
    made.wait()  # for nothing: it has not begun
    assert made.status == "ready"
    made.start()
    made.wait()
    assert (made.status, made.value.examples) == ("finished", 100)


def test_a_network_that_no_kernel_holds_is_refused_by_its_size(
    board: Callable[..., TrainingDashboard],
) -> None:
    made = board()
    before = made.network
    layers = [Flatten(), Linear(784, 60_000), Linear(60_000, 10)]
    with pytest.raises(ArgumentError, match=r"has 47,700,010 parameters, expected at most 40,000,000\. Take"):
        made.change_network(Network((1, 28, 28), layers))
    assert before == made.network
