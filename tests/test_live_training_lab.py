"""Notebook 03: its numbers from a second side, and what its experiments are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cnnkit import convnetjs, data, nn, zoo
from cnnkit.answers import diagnose, judge, question
from cnnkit.answers.evidence import EvidenceQuestion
from cnnkit.answers.live_training_lab.experiments import lab_network
from cnnkit.answers.live_training_lab.reading import saved_digit, saved_network
from cnnkit.layers import Conv2d
from cnnkit.network import Network

SOURCE = Path(__file__).parent.parent / "solutions/03-live-training-lab/03-live-training-lab.ipynb"
CELLS = {cell["id"]: "".join(cell["source"]) for cell in json.loads(SOURCE.read_text("utf-8"))["cells"]}


def _run(*ids: str) -> dict[str, Any]:
    """Run cells of the notebook's source and return their names."""
    names: dict[str, Any] = {"convnetjs": convnetjs, "data": data, "json": json, "np": np, "nn": nn}
    names |= {"plot": type("Plot", (), {"images": staticmethod(lambda *given, **named: None)})}
    for id in ids:
        exec(CELLS[id], names)
    return names


def test_the_notebook_saves_the_network_that_the_question_reads() -> None:
    names = _run("demo-text", "saved")
    assert names["saved"] == json.loads(json.dumps(saved_network()))
    assert np.array_equal(names["image"], saved_digit())


def test_the_saved_network_is_small_and_right_about_its_digit() -> None:
    assert len(json.dumps(saved_network(), separators=(",", ":"))) <= 200_000
    assert np.argmax(question("snapshot-probabilities").right) == data.load("digits").test.labels[0]


def test_the_probabilities_agree_with_convnetjs_and_with_torch() -> None:
    right = question("snapshot-probabilities").right
    net = convnetjs.load_snapshot(saved_network())
    x = saved_digit()[None, :, 2:26, 2:26] / 255
    assert np.abs(net.forward(x)[0] - right).max() < 1e-12
    model = nn.build(zoo.convnetjs_mnist()).double()
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in net.weights.items()})
    with torch.no_grad():
        assert np.abs(torch.softmax(model(torch.from_numpy(x)), dim=1)[0].numpy() - right).max() < 1e-12


def test_the_adadelta_step_is_torchs_and_convnetjs() -> None:
    rng = np.random.default_rng(0)
    w = rng.normal(size=6)
    weight = torch.nn.Parameter(torch.from_numpy(w.copy()))
    torchs = torch.optim.Adadelta([weight], lr=1, rho=0.95, eps=1e-6)
    ours, g2, x2 = w.copy(), np.zeros(6), np.zeros(6)
    for _ in range(3):
        total = rng.normal(size=6)
        weight.grad = (torch.from_numpy(total) + 0.5 * weight.detach()) / 20
        torchs.step()
        dx, g2, x2 = question("adadelta-step").method(ours, total, g2, x2, 20, 0.5)
        ours = ours + dx
    assert np.abs(ours - weight.detach().numpy()).max() < 1e-12

    text = "[{type:'input', out_sx:1, out_sy:1, out_depth:3}, {type:'softmax', num_classes:2}]"
    net = convnetjs.Net(text, seed=1)
    before = net.weights["fc.weight"]
    x, y = rng.normal(size=(2, 3)), np.array([0, 1])
    net.forward(x, training=True)
    net.backward(y)
    gradients = net.parameters[0].grad.copy()
    for parameter in net.parameters:
        parameter.grad[:] = 0
    convnetjs.Trainer(net, method="adadelta", batch_size=2, l2_decay=0.1).train(x, y)
    zeros = np.zeros(6)
    dx = question("adadelta-step").method(before.ravel(), gradients.ravel(), zeros, zeros, 2, 0.1)[0]
    assert np.abs(net.weights["fc.weight"].ravel() - before.ravel() - dx).max() < 1e-12


def test_the_first_weights_of_convnetjs_pass_as_the_answer() -> None:
    def init_filters(filters: int, n: int, seed: int) -> np.ndarray:
        text = f"[{{type:'input', out_sx:1, out_sy:1, out_depth:{n}}}, "
        net = convnetjs.Net(text + f"{{type:'softmax', num_classes:{filters}}}]", seed=seed)
        return net.weights["fc.weight"]

    assert diagnose(question("init-filters"), init_filters).verdict == "correct"


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (lambda filters, n, seed: np.zeros((n, filters)), "returns shape (25, 900), expected (900, 25)."),
        (lambda filters, n, seed: "zeros", "returns a str, expected an array of shape (900, 25)."),
    ],
)
def test_first_weights_that_cannot_be_measured_are_told_so(drawn: Any, message: str) -> None:
    diagnosis = diagnose(question("init-filters"), drawn)
    assert diagnosis.points == 0
    assert message in diagnosis.message


def test_the_trainer_counts_updates_as_the_question_does() -> None:
    text = "[{type:'input', out_sx:1, out_sy:1, out_depth:2}, {type:'softmax', num_classes:2}]"
    right = question("updates").right
    for size in (20, 300, 2000):
        trainer = convnetjs.Trainer(convnetjs.Net(text), batch_size=size)
        made = trainer.train(np.zeros((40_000, 2)), np.zeros(40_000, int)).updates
        assert made == right[f"batch_{size}"]


def test_the_standard_error_is_what_windows_of_100_show() -> None:
    windows = np.random.default_rng(0).binomial(100, 0.96, 100_000) / 100
    assert abs(windows.std() - question("standard-error").right) < 0.0005


def test_the_notebooks_networks_are_those_that_the_questions_ask_for() -> None:
    three_seeds = CELLS["three-seeds"].rpartition("base_runs = ")[0]
    names: dict[str, Any] = {}
    exec(three_seeds, names)
    base = convnetjs.network_of(names["BASE"])
    assert base.layers == lab_network().layers
    without = "\n".join(line for line in names["BASE"].splitlines() if "type:'pool'" not in line)
    assert convnetjs.network_of(without).layers == lab_network(pooling=False).layers
    for name in ("fc", "conv2"):  # the sizes of the demo itself
        assert base[name].input_shape == zoo.convnetjs_mnist()[name].input_shape


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[nn.Run]]:
    """Return short runs of the four variants, three seeds each."""
    folder = tmp_path_factory.mktemp("runs")
    sizes = {"base": (8, 16, 5), "more": (9, 17, 5), "larger": (8, 16, 7), "own": (4, 8, 3)}
    return {
        name: [_trained(_variant(*size), folder / f"{name}{seed}.jsonl", seed) for seed in range(3)]
        for name, size in sizes.items()
    }


def _variant(first: int, second: int, kernel: int) -> Network:
    _, relu, pool2, _, _, pool3, flatten, fc, softmax = lab_network().layers
    layers = [Conv2d(1, first, kernel), relu, pool2]
    layers += [Conv2d(first, second, kernel, padding=2), relu, pool3, flatten]
    features = Network((1, 28, 28), layers).output_shape[0]
    return Network((1, 28, 28), [*layers, replace(fc, in_features=features), softmax])


def _trained(network: Network, log: Path, seed: int, examples: int = 200) -> nn.Run:
    digits = replace(data.load("digits"), name="mnist", stand_in="digits")
    return nn.fit(
        network, digits, examples=examples, batch_size=20, lr=0.01, seed=seed, log=log, progress=False
    )


def _short(id: str) -> EvidenceQuestion:
    """Return a question of the lab for runs of 200 examples in place of 3,000."""
    from cnnkit.answers.evidence import ask

    entry = question(id)
    assert isinstance(entry, EvidenceQuestion)
    asked = tuple(
        ask.equal_budgets(each.points, examples=200) if each.ask.startswith("equal budgets") else each
        for each in entry.requirements
    )
    return replace(entry, requirements=asked)


def _flaws(id: str, answer: object) -> list[str]:
    return [flaw.id for flaw in judge(_short(id), answer).mistakes]


def test_sound_variants_earn_full_marks(runs: Mapping[str, list[nn.Run]]) -> None:
    diagnosis = judge(_short("filter-variants"), {**runs, "best": "neither"})
    comparison = nn.compare(runs)
    assert not any(verdict.better for verdict in comparison.verdicts)
    assert (diagnosis.verdict, diagnosis.points) == ("correct", 4)


def test_a_winner_inside_the_noise_costs_its_point(runs: Mapping[str, list[nn.Run]]) -> None:
    diagnosis = judge(_short("filter-variants"), {**runs, "best": "more"})
    assert ([flaw.id for flaw in diagnosis.mistakes], diagnosis.points) == (["claim-inside-noise"], 3)


def test_a_single_seed_is_too_few(runs: Mapping[str, list[nn.Run]]) -> None:
    single = {name: group[:1] for name, group in runs.items()}
    assert "too-few-seeds" in _flaws("filter-variants", {**single, "best": "neither"})


@pytest.mark.parametrize("swapped", ["more", "larger"])
def test_a_variant_that_is_not_what_its_name_says_is_found(
    runs: Mapping[str, list[nn.Run]], swapped: str
) -> None:
    answer = {**runs, swapped: runs["own"], "own": runs[swapped], "best": "neither"}
    assert _flaws("filter-variants", answer) == ["more-than-filters"]


def test_a_variant_that_changes_pooling_is_found(runs: Mapping[str, list[nn.Run]], tmp_path: Path) -> None:
    network = lab_network(pooling=False)
    own = [_trained(network, tmp_path / f"{seed}.jsonl", seed, 200) for seed in range(3)]
    assert "more-than-filters" in _flaws("filter-variants", {**runs, "own": own, "best": "neither"})


def test_pooling_is_compared_at_equal_budgets(runs: Mapping[str, list[nn.Run]], tmp_path: Path) -> None:
    network = lab_network(pooling=False)
    without = [_trained(network, tmp_path / f"{seed}.jsonl", seed, 100) for seed in range(3)]
    found = _flaws("pooling-runs", {"with": runs["base"], "without": without, "better": "neither"})
    assert "unequal-budgets" in found


def test_the_best_run_must_have_learnt_but_need_not_be_excellent(
    runs: Mapping[str, list[nn.Run]], tmp_path: Path
) -> None:
    digits = replace(data.load("digits"), name="mnist", stand_in="digits")
    good = nn.fit(
        lab_network(), digits, examples=4000, batch_size=20, lr=0.01, momentum=0.9, init="convnetjs",
        log=tmp_path / "good.jsonl", progress=False,
    )  # fmt: skip
    assert judge(_short("best-run"), good).points == 2
    poor = judge(_short("best-run"), runs["base"][0])
    assert ([flaw.id for flaw in poor.mistakes], poor.points) == (["below-threshold"], 1)
