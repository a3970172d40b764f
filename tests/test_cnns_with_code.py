"""Notebook 04: its numbers from a second side, and what its experiments are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics

from cnnkit import data, nn, zoo
from cnnkit.answers import diagnose, judge, question
from cnnkit.answers.cnns_with_code.activations import largest_activation
from cnnkit.answers.cnns_with_code.challenge import CHALLENGE, TIERS
from cnnkit.answers.cnns_with_code.depth import deep
from cnnkit.answers.evidence import EvidenceQuestion, Experiment, Trained
from cnnkit.answers.question import Raised
from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, ReLU6, Softmax
from cnnkit.network import Network

SOURCE = Path(__file__).parent.parent / "solutions/04-cnns-with-code/04-cnns-with-code.ipynb"
CELLS = {cell["id"]: "".join(cell["source"]) for cell in json.loads(SOURCE.read_text("utf-8"))["cells"]}
LAYERS = {kind.__name__: kind for kind in (BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, ReLU6)}


def _names(*ids: str) -> dict[str, Any]:
    """Run cells of the notebook's source and return their names."""
    names: dict[str, Any] = {"np": np, "nn": nn, "zoo": zoo, "torch": torch, "Network": Network, **LAYERS}
    for id in ids:
        exec(CELLS[id], names)
    return names


def _mnist() -> data.Dataset:
    return replace(data.load("digits"), name="mnist", stand_in="digits")


def _cifar() -> data.Dataset:
    return replace(data.load("shapes10"), name="cifar10", stand_in="shapes10")


@pytest.mark.parametrize("sizes", [(7, 7, 3), (10, 1), (4,)])
def test_the_three_measures_are_sklearns_and_torchs(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(sum(sizes))
    batches = [(rng.normal(size=(n, 5)), rng.integers(0, 5, n)) for n in sizes]
    logits = np.concatenate([logits for logits, _ in batches])
    labels = np.concatenate([labels for _, labels in batches])
    answers = logits.argmax(axis=1)
    tensors = [(torch.from_numpy(x), torch.from_numpy(y)) for x, y in batches]
    torchs = nn.evaluate(torch.nn.Identity(), tensors)
    for names in ({id: question(id).method for id in ("accuracy", "confusion", "log-loss")}, _solution()):
        assert abs(names["accuracy"](batches) - metrics.accuracy_score(labels, answers)) < 1e-12
        assert abs(names["accuracy"](batches) - torchs.accuracy) < 1e-12
        wanted = metrics.confusion_matrix(labels, answers, labels=range(5))
        assert np.array_equal(names["confusion"](batches), wanted)
        assert abs(names["log-loss"](batches) - torchs.loss) < 1e-12
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        assert abs(names["log-loss"](batches) - metrics.log_loss(labels, p, labels=range(5))) < 1e-12


def _solution() -> dict[str, Any]:
    names = _names("accuracy", "confusion", "log-loss")
    return {id: names[id.replace("-", "_")] for id in ("accuracy", "confusion", "log-loss")}


def test_large_logits_need_the_largest_subtracted() -> None:
    def log_loss(batches: Any) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):
            p = [np.exp(x) / np.exp(x).sum(axis=1, keepdims=True) for x, _ in batches]
        labels = np.concatenate([labels for _, labels in batches])
        return -np.log(np.concatenate(p)[np.arange(len(labels)), labels]).mean()

    diagnosis = diagnose(question("log-loss"), log_loss)
    assert [mistake.id for mistake in diagnosis.mistakes] == ["largest-not-subtracted"]
    assert diagnosis.message.startswith("Perhaps e to the power of large logits overflows? Subtract")
    assert 0.8 <= diagnosis.points < 1


def test_a_matrix_of_lists_is_told_in_a_text_that_can_be_read() -> None:
    right = question("confusion").method  # type: ignore[union-attr]
    message = diagnose(question("confusion"), lambda batches: right(batches).tolist()).message  # type: ignore[arg-type]
    assert "is a list, expected a numpy array. Give it through np.array(...)." in message


def test_an_outcome_that_was_not_raised_is_not_called_raised() -> None:
    assert str(Raised("", "returns no three arrays")) == "returns no three arrays"
    assert str(Raised("TypeError", "no")) == "raises TypeError (no)"


def test_totals_that_nobody_knows_are_not_sent_to_an_example_that_is_not_there() -> None:
    message = diagnose(question("depth-parameters"), dict.fromkeys("1234", 5)).message  # type: ignore[arg-type]
    assert "none of the usual mistakes: go through your steps once more, one by one." in message


def test_the_depths_have_as_many_parameters_as_torch_counts() -> None:
    notebooks = _names("deep")["deep"]
    for depth, right in question("depth-parameters").right.items():
        assert notebooks(int(depth)).layers == deep(int(depth)).layers
        assert sum(weight.numel() for weight in nn.build(notebooks(int(depth))).parameters()) == right


def test_the_notebooks_networks_are_those_of_the_browser() -> None:
    plain = zoo.tfjs_mnist().layers
    names = _networks()
    assert names["relu_network"](ReLU, "relu").layers == plain
    six = names["relu_network"](ReLU6, "relu6").layers
    assert [kind for kind, was in zip(six, plain, strict=True) if kind != was] == [ReLU6(), ReLU6()]
    layers = names["browser_network"]((1, 28, 28)).layers
    assert layers == tuple(layer for layer in plain if not isinstance(layer, Softmax))


def _networks() -> dict[str, Any]:
    """Return the functions of the cells that define networks, without what the cells then do."""
    text = (
        CELLS["largest"].partition("\ngentle = ")[0] + "\n" + CELLS["browser-network"] + "\n" + CELLS["deep"]
    )
    names = _names()
    exec(text, names)
    return names


def _fit(network: Network, dataset: data.Dataset, log: Path, **options: Any) -> nn.Run:
    budget = {} if "seconds" in options else {"examples": 100}
    how = {"batch_size": 20, "lr": 0.02, "progress": False} | budget | options
    return nn.fit(network, dataset, log=log, **how)


def _flaws(id: str, answer: object) -> list[str]:
    entry = question(id)
    assert isinstance(entry, EvidenceQuestion)
    return [flaw.id for flaw in judge(entry, answer).mistakes]


def _points(id: str, answer: object) -> float:
    entry = question(id)
    assert isinstance(entry, EvidenceQuestion)
    return judge(entry, answer).points


def test_the_first_training_shows_how_runs_are_kept_and_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    training = CELLS["trap-run"].partition("figure, ax")[0]
    names: dict[str, Any] = {"np": np, "nn": nn, "zoo": zoo, "mnist": _mnist()}
    exec(training, names)
    log = (tmp_path / "runs/trap.jsonl").read_bytes()
    assert (tmp_path / "runs/trap.safetensors").is_file()
    assert "into `runs`; give each run a name of its own" in CELLS["trap"]
    first = names["shown"]
    exec(training, names)
    assert (tmp_path / "runs/trap.jsonl").read_bytes() == log
    assert first == names["shown"]
    assert len(first) == 100


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> list[nn.Run]:
    """Return a complete grid of 2 x 2 x 2 short runs; what matters is the rate: one learns nothing."""
    folder = tmp_path_factory.mktemp("grid")
    settings = [(lr, size, count) for lr in (1e-6, 0.05) for size in (20, 25) for count in (30, 40)]
    return [
        _fit(
            zoo.tfjs_mnist(),
            _mnist(),
            folder / f"{lr}-{size}-{count}.jsonl",
            lr=lr,
            batch_size=size,
            examples=size * count,
        )
        for lr, size, count in settings
    ]


def test_a_complete_grid_earns_full_marks(grid: list[nn.Run]) -> None:
    assert _points("grid", {"runs": grid, "matters": "lr"}) == 3


def test_a_factor_that_matters_less_is_not_called_the_most(grid: list[nn.Run]) -> None:
    assert _flaws("grid", {"runs": grid, "matters": "batch_size"}) == ["other-factor"]
    assert _flaws("grid", {"runs": grid, "matters": "momentum"}) == ["claim-unknown"]


def test_a_hole_in_the_grid_is_found(grid: list[nn.Run], tmp_path: Path) -> None:
    other = _fit(zoo.tfjs_mnist(), _mnist(), tmp_path / "a.jsonl", lr=0.5, batch_size=20, examples=600)
    assert "grid-incomplete" in _flaws("grid", {"runs": [*grid[1:], other], "matters": "lr"})
    message = judge(question("grid"), {"runs": [*grid, other], "matters": "lr"}).message  # type: ignore[arg-type]
    assert "There is no run with lr=0.5, batch_size=20, batches=40." in message


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({"momentum": 0.9}, 'run 8 of `grid["runs"]` has momentum=0.9, run 1 of `grid["runs"]` momentum=0.'),
        ({"seed": 1}, "The settings differ in their `seed`: one has 0, another 1."),
    ],
)
def test_a_run_that_differs_in_something_else_is_named(
    grid: list[nn.Run], tmp_path: Path, change: dict[str, Any], fact: str
) -> None:
    options = {"lr": 0.05, "batch_size": 25, "examples": 1000} | change
    other = _fit(zoo.tfjs_mnist(), _mnist(), tmp_path / "a.jsonl", **options)
    answer = {"runs": [*grid[:-1], other], "matters": "lr"}
    assert (_flaws("grid", answer), _points("grid", answer)) == (["several-factors"], 2.75)
    assert fact in judge(question("grid"), answer).message  # type: ignore[arg-type]


def test_a_grid_with_the_same_seeds_everywhere_is_alike(grid: list[nn.Run], tmp_path: Path) -> None:
    again = [
        _fit(
            zoo.tfjs_mnist(),
            _mnist(),
            tmp_path / f"{place}.jsonl",
            seed=1,
            **{name: run.config[name] for name in ("lr", "batch_size", "examples")},
        )
        for place, run in enumerate(grid)
    ]
    assert _points("grid", {"runs": [*grid, *again], "matters": "lr"}) == 3


def test_a_grid_of_one_rate_is_told_so(grid: list[nn.Run], tmp_path: Path) -> None:
    more = [
        _fit(zoo.tfjs_mnist(), _mnist(), tmp_path / f"{seed}.jsonl", lr=0.05, seed=seed, examples=20)
        for seed in range(1, 5)
    ]
    assert "rate-not-varied" in _flaws("grid", {"runs": [*grid[4:], *more], "matters": "lr"})


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, list[nn.Run]]]:
    """Return ReLU and ReLU6, three seeds each: gently, where nothing passes 6, and briskly."""
    folder, relu_network = tmp_path_factory.mktemp("twins"), _networks()["relu_network"]

    def three(kind: type[ReLU | ReLU6], how: str, options: dict[str, Any]) -> list[nn.Run]:
        network, log = relu_network(kind, kind.__name__), f"{how}-{kind.__name__}"
        return [_fit(network, _mnist(), folder / f"{log}{s}.jsonl", seed=s, **options) for s in range(3)]

    ways: dict[str, dict[str, Any]] = {
        "gently": {"init": "torch", "lr": 0.005},
        "briskly": {"examples": 400, "lr": 0.05},
    }
    return {
        how: {"relu": three(ReLU, how, options), "relu6": three(ReLU6, how, options)}
        for how, options in ways.items()
    }


def test_below_6_both_networks_become_the_same_and_the_other_options_are_named(
    twins: Mapping[str, Mapping[str, list[nn.Run]]],
) -> None:
    gently = twins["gently"]
    hashes = [[run.best.weights for run in runs if run.best] for runs in gently.values()]
    assert hashes[0] == hashes[1]
    answer = {**gently, "above_6": "no", "better": "neither"}
    assert (_flaws("one-change", answer), _points("one-change", answer)) == (["other-options"], 2.75)
    message = judge(question("one-change"), answer).message  # type: ignore[arg-type]
    assert message.startswith('run 1 of `one_change["relu"]` has lr=0.005, asked was 0.05.')
    assert "activations-misread" in _flaws("one-change", {**answer, "above_6": "yes"})


@pytest.mark.parametrize(
    ("change", "flaw", "fact"),
    [
        ({"init": "torch"}, "other-options", "has init='torch', asked was 'kaiming'."),
        ({"batch_size": 10}, "other-options", "has batch_size=10, asked was 20."),
        ({"seconds": 0.02}, "other-budget", "is not in examples, as was asked."),
    ],
)
def test_twins_that_were_trained_otherwise_than_asked_are_told_how(
    tmp_path: Path, change: dict[str, Any], flaw: str, fact: str
) -> None:
    relu_network = _networks()["relu_network"]
    answer: dict[str, Any] = {
        name: [
            _fit(relu_network(kind, name), _mnist(), tmp_path / f"{name}{seed}.jsonl", seed=seed,
                 **{"lr": 0.05} | change)
            for seed in range(3)
        ]
        for name, kind in (("relu", ReLU), ("relu6", ReLU6))
    }  # fmt: skip
    diagnosis = judge(question("one-change"), {**answer, "above_6": None, "better": None})  # type: ignore[arg-type]
    assert flaw in [each.id for each in diagnosis.mistakes]
    assert fact in diagnosis.message


def test_above_6_the_check_measures_what_the_notebook_measures(
    twins: Mapping[str, Mapping[str, list[nn.Run]]],
) -> None:
    briskly, measure = twins["briskly"], _networks()["largest_activation"]
    validation = _mnist().validation
    found = [measure(run, validation) for run in briskly["relu"]]
    assert max(found) > 6
    assert found == [largest_activation(run.model, validation) for run in briskly["relu"]]
    assert _points("one-change", {**briskly, "above_6": "yes", "better": "neither"}) == 3
    assert _flaws("one-change", {**briskly, "above_6": "maybe", "better": "neither"}) == ["claim-unknown"]


def test_one_run_twice_is_found_although_twins_may_be_alike(
    twins: Mapping[str, Mapping[str, list[nn.Run]]],
) -> None:
    first, second, _ = twins["gently"]["relu"]
    answer = {"relu": [first, second, first], "relu6": twins["gently"]["relu6"]}
    assert _flaws("one-change", {**answer, "above_6": "no", "better": "neither"}) == ["same-run-twice"]


def test_a_network_that_differs_in_more_than_the_cut_is_found(
    twins: Mapping[str, Mapping[str, list[nn.Run]]], tmp_path: Path
) -> None:
    other = Network((1, 28, 28), [Conv2d(1, 4, 5), ReLU6(), MaxPool2d(4), Flatten(), Linear(144, 10)])
    six = [_fit(other, _mnist(), tmp_path / f"{seed}.jsonl", seed=seed, examples=400) for seed in range(3)]
    answer = {"relu": twins["briskly"]["relu"], "relu6": six, "above_6": "yes", "better": "neither"}
    assert "not-the-twin" in _flaws("one-change", answer)


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return short runs on four sorts of images, with what they show."""
    folder, network = tmp_path_factory.mktemp("channels"), _networks()["browser_network"]
    mnist, cifar = _mnist(), _cifar()
    runs = {
        dataset.name: [
            _fit(network(dataset.input_shape), dataset, folder / f"{dataset.name}{seed}.jsonl", seed=seed,
                 examples=600, momentum=0.9)
            for seed in range(3)
        ]
        for dataset in (mnist, mnist.rgb(), cifar, cifar.grey())
    }  # fmt: skip
    gap = _networks()["gap"]
    pairs = {
        "channels": ("mnist", "mnist in rgb"),
        "colour": ("cifar10", "cifar10 in grey"),
        "easier": ("mnist in rgb", "cifar10 in grey"),
    }
    claims = {}
    for claim, (first, second) in pairs.items():
        difference, two_errors = gap(runs[first], runs[second])
        claims[claim] = "neither" if abs(difference) <= two_errors else (first, second)[int(difference < 0)]
    return {**runs, **claims}


def test_what_the_notebooks_own_arithmetic_says_of_the_four_is_right(channels: dict[str, Any]) -> None:
    assert channels["easier"] == "mnist in rgb"
    assert _points("channels", channels) == 2


@pytest.mark.parametrize("claim", ["channels", "colour", "easier"])
def test_a_claim_that_the_four_do_not_show_is_named(channels: dict[str, Any], claim: str) -> None:
    right = channels[claim]
    said = {"channels": "mnist in rgb", "colour": "cifar10", "easier": "cifar10 in grey"}[claim]
    flaw = "claim-inside-noise" if right == "neither" else "claim-reversed"
    assert right != said
    assert _flaws("channels", {**channels, claim: said}) == [flaw]
    assert _flaws("channels", {**channels, claim: "rgb"}) == ["claim-unknown"]


def test_runs_under_each_others_names_are_found(channels: dict[str, Any]) -> None:
    exchanged = {"mnist": channels["mnist in rgb"], "mnist in rgb": channels["mnist"]}
    assert "images-exchanged" in _flaws("channels", {**channels, **exchanged})


def test_images_that_were_trained_on_in_another_way_as_well_show_nothing(
    channels: dict[str, Any], tmp_path: Path
) -> None:
    grey = _cifar().grey()
    network = _networks()["browser_network"](grey.input_shape)
    runs = [_fit(network, grey, tmp_path / f"{seed}.jsonl", seed=seed, examples=600) for seed in range(3)]
    assert _flaws("channels", {**channels, "cifar10 in grey": runs}) == ["several-factors"]


def test_another_network_for_one_of_the_four_is_found(channels: dict[str, Any], tmp_path: Path) -> None:
    other = Network((3, 32, 32), [Conv2d(3, 4, 5), ReLU(), MaxPool2d(4), Flatten(), Linear(196, 10)])
    runs = [
        _fit(other, _cifar(), tmp_path / f"{seed}.jsonl", seed=seed, examples=600, momentum=0.9)
        for seed in range(3)
    ]
    assert "layers-differ" in _flaws("channels", {**channels, "cifar10": runs})


@pytest.fixture(scope="module")
def depths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[nn.Run]]:
    """Return the four depths, three seeds each, for a moment each."""
    folder = tmp_path_factory.mktemp("depths")
    return {
        str(depth): [
            _fit(deep(depth), _cifar(), folder / f"{depth}-{seed}.jsonl", seed=seed, seconds=0.02)
            for seed in range(3)
        ]
        for depth in (1, 2, 3, 4)
    }


def test_depths_at_equal_seconds_earn_full_marks(depths: dict[str, list[nn.Run]]) -> None:
    compared = nn.compare(depths)
    wins = {name: sum(verdict.better == name for verdict in compared.verdicts) for name in depths}
    best = next((name for name, count in wins.items() if count == 3), "neither")
    assert _points("depth-runs", {**depths, "best": best}) == 2


def test_depths_under_wrong_names_and_budgets_are_found(
    depths: dict[str, list[nn.Run]], tmp_path: Path
) -> None:
    swapped = {"1": depths["2"], "2": depths["1"]}
    assert "other-depth" in _flaws("depth-runs", {**depths, **swapped, "best": "neither"})
    counted = [_fit(deep(4), _cifar(), tmp_path / f"{seed}.jsonl", seed=seed) for seed in range(3)]
    assert "budget-not-in-seconds" in _flaws("depth-runs", {**depths, "4": counted, "best": "neither"})
    longer = [_fit(deep(4), _cifar(), tmp_path / f"{s}s.jsonl", seed=s, seconds=0.03) for s in range(3)]
    assert "unequal-budgets" in _flaws("depth-runs", {**depths, "4": longer, "best": "neither"})


def test_depths_that_were_trained_in_another_way_as_well_show_nothing(
    depths: dict[str, list[nn.Run]], tmp_path: Path
) -> None:
    other = [_fit(deep(4), _cifar(), tmp_path / f"{s}.jsonl", seed=s, seconds=0.02, lr=0.3) for s in range(3)]
    for claim in ("4", "neither"):
        assert _flaws("depth-runs", {**depths, "4": other, "best": claim}) == ["several-factors"]


@pytest.mark.parametrize("stand_in", [None, "shapes10"])
def test_the_tiers_of_the_challenge_follow_the_images_and_the_seconds(
    depths: dict[str, list[nn.Run]], stand_in: str | None
) -> None:
    run = depths["1"][0]
    run = replace(run, data=run.data | {"stand_in": stand_in})
    tiers, most = TIERS[stand_in or "cifar10"], 10 if stand_in else 60
    reached = []
    for accuracy in (tiers[0] - 0.001, *tiers):
        found = {"test": nn.Metrics(1.0, accuracy, 2000, 0.01)}
        reached.append(_earned(Trained("it", run, found, has_weights=True)))
    assert reached == [1, 2, 3, 4]
    slow = replace(run, history=(*run.history[:-1], replace(run.history[-1], cpu_seconds=1.2 * most)))
    assert _earned(Trained("it", slow, {"test": nn.Metrics(1.0, 0.99, 2000, 0.01)}, has_weights=True)) == 0


def _earned(trained: Trained) -> float:
    experiment = Experiment({"": (trained,)})
    return sum(each.points for each in CHALLENGE.requirements if each.check(experiment) is None)
