"""Notebook 05: its numbers from a second side, models by message, and what its experiments are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from cnnkit import data, nn, zoo
from cnnkit.answers import Diagnosis, FunctionQuestion, diagnose, judge, question
from cnnkit.answers.build_for_cifar10.experiments import LEARNT, SECONDS, TIERS, _is_factorial
from cnnkit.answers.build_for_cifar10.measuring import watching
from cnnkit.answers.build_for_cifar10.modelling import few_images
from cnnkit.answers.build_for_cifar10.normalising import highest_probability
from cnnkit.answers.evidence import EvidenceQuestion, Flaw, ask
from cnnkit.answers.evidence.experiment import Experiment, Trained
from cnnkit.layers import AvgPool2d, BatchNorm2d, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

SOURCE = Path(__file__).parent.parent / "solutions/05-build-for-cifar10/05-build-for-cifar10.ipynb"
CELLS = {cell["id"]: "".join(cell["source"]) for cell in json.loads(SOURCE.read_text("utf-8"))["cells"]}


def _run(*ids: str) -> dict[str, Any]:
    """Run cells of the notebook's source and return their names."""
    names: dict[str, Any] = {"json": json, "np": np, "torch": torch, "cross_entropy": cross_entropy}
    for id in ids:
        exec(CELLS[id], names)
    return names


# --- a model ------------------------------------------------------------------------------------------------


class ByHand(torch.nn.Module):
    """Table 2 in other words: layers made in another order, functions between them, other names."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.hidden = torch.nn.Linear(64, 10), torch.nn.Linear(2048, 64)
        sizes = pairwise((3, 32, 64, 128))
        self.maps = torch.nn.ModuleList(torch.nn.Conv2d(a, b, 5, padding=2) for a, b in sizes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for conv in self.maps:
            x = torch.nn.functional.max_pool2d(torch.relu(conv(x)), 2)
        logits: torch.Tensor = self.last(torch.relu(self.hidden(x.flatten(1))))
        return logits


class ByMessage:
    """A module as the grader's proxies show it: parameters as copies, calls, and nothing else."""

    def __init__(self, module: torch.nn.Module) -> None:
        self._module = module

    def named_parameters(self) -> Any:
        return ((name, each.detach().clone()) for name, each in self._module.named_parameters())

    def load_state_dict(self, state: dict[str, Any], strict: bool) -> None:
        self._module.load_state_dict(state, strict)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self._module(x)
        return found.detach()


def test_a_right_model_is_right_however_it_is_written() -> None:
    for make_model in (ByHand, _run("make-model")["make_model"], partial(nn.build, zoo.report_cnn())):
        assert diagnose(question("make-model"), make_model).points == 4


def test_a_model_must_be_new_at_each_call() -> None:
    model = ByHand()
    layers = torch.nn.Sequential(*_run("make-model")["make_model"]())
    for make_model in (lambda: model, lambda: torch.nn.Sequential(*layers)):
        diagnosis = diagnose(question("make-model"), make_model)
        assert [each.id for each in diagnosis.mistakes] == ["same-model-again"], diagnosis.message
        assert diagnosis.points == 3.5
    assert question("make-model").outcome(lambda: ByMessage(model))["a second call"] == 0


def test_a_model_is_examined_by_messages_alone() -> None:
    entry = question("make-model")
    found = entry.outcome(lambda: ByMessage(ByHand()))
    assert np.abs(found["output with given weights"] - entry.right["output with given weights"]).max() < 1e-4
    assert found["shape of the output"] == (5, 10)


def test_the_reference_output_agrees_with_a_loop_over_pixels() -> None:
    entry = question("make-model")
    model = ByHand().double()
    entry.outcome(lambda: model.float())  # leaves the given weights in the model
    x = entry.inputs["x"][:1].astype(float)
    for conv in model.maps:
        x = _pooled(np.maximum(_convolved(x[0], conv.weight, conv.bias), 0))[None]
    hidden = np.maximum(_plain(model.hidden.weight) @ x.ravel() + _plain(model.hidden.bias), 0)
    logits = _plain(model.last.weight) @ hidden + _plain(model.last.bias)
    assert np.abs(logits - entry.right["output with given weights"][0]).max() < 1e-3


def _plain(tensor: Any) -> np.ndarray:
    array: np.ndarray = tensor.detach().double().numpy()
    return array


def _convolved(x: np.ndarray, weight: Any, bias: Any) -> np.ndarray:
    w, b = _plain(weight), _plain(bias)
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2)))
    total = np.zeros((len(w), *x.shape[1:]))
    for row in range(5):
        for column in range(5):
            part = padded[:, row : row + x.shape[1], column : column + x.shape[2]]
            total += np.tensordot(w[:, :, row, column], part, 1)
    return total + b[:, None, None]


def _pooled(x: np.ndarray) -> np.ndarray:
    channels, height, width = x.shape
    pooled: np.ndarray = x.reshape(channels, height // 2, 2, width // 2, 2).max(axis=(2, 4))
    return pooled


@pytest.mark.parametrize(
    ("make_model", "points", "message"),
    [
        (lambda: None, 0, "`make_model` returns None: not written yet, or without its `return`?"),
        (lambda: 390410, 0, "`make_model()`, trained parameters is a int, expected a torch.nn.Module."),
        (
            lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(99, 10)),
            0,
            "`make_model()`, trained parameters cannot be compared: the model refuses images (5, 3, 32, 32)",
        ),
        (
            lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(10)),
            0,
            "a lazy layer has no sizes yet. Give them, as in Linear(2048, 64).",
        ),
        (
            lambda: torch.nn.Conv2d(3, 32, 5, pad=2),  # type: ignore[call-arg]
            0,
            "`make_model()`, trained parameters cannot be counted: the function raises TypeError (",
        ),
        (
            lambda: torch.nn.Linear(5000, 5000),
            0,
            "`make_model()`, trained parameters has more than 20,000,000 parameters.",
        ),
        (
            lambda: torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3072, 10)),
            1,
            "`make_model()`, trained parameters is 30730, which is not right. 2 of 4 parts are right.",
        ),
    ],
)
def test_what_is_no_such_model_is_told_so(make_model: Any, points: float, message: str) -> None:
    diagnosis = diagnose(question("make-model"), make_model)
    assert (diagnosis.points, message in diagnosis.message) == (points, True), diagnosis.message


def test_64_images_learnt_by_heart_earn_the_point_and_an_untrained_model_none() -> None:
    names = _run("make-model", "learn-by-heart")
    torch.manual_seed(0)
    model = names["make_model"]()
    assert [flaw.id for flaw in diagnose(question("memory"), model).mistakes] == ["not-learnt"]
    names["learn_by_heart"](model, *map(torch.from_numpy, few_images()))
    assert diagnose(question("memory"), model).points == 1


def test_probabilities_are_told_apart_from_a_model_that_has_not_learnt() -> None:
    def probabilities(x: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(torch.from_numpy(few_images()[1]), 10).float()

    assert [flaw.id for flaw in diagnose(question("memory"), probabilities).mistakes] == ["probabilities"]

    def unlearnt(x: torch.Tensor) -> torch.Tensor:
        return torch.full((len(x), 10), 0.1)

    losses = diagnose(question("memory"), [2.3, 1.1])
    assert losses.message == (
        "`memory` is a list, expected a model. Give the model that has learnt, not its losses."
    )
    diagnosis = diagnose(question("memory"), unlearnt)
    assert [flaw.id for flaw in diagnosis.mistakes] == ["probabilities"]
    assert "the model ends with a softmax" in diagnosis.message


# --- functions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("split-of", "split_of"),
        ("prepare", "prepare"),
        ("curves-of", "curves_of"),
        ("stop-and-best", "stop_and_best"),
        ("kept", "kept"),
    ],
)
def test_the_notebooks_functions_are_right_on_other_inputs_as_well(id: str, name: str) -> None:
    entry, function = question(id), _run(id)[name]
    assert isinstance(entry, FunctionQuestion)
    assert entry.draw is not None
    for seed in range(20):
        drawn = replace(entry, inputs=entry.draw(np.random.default_rng(seed)))
        assert diagnose(drawn, function).verdict == "correct"


def test_the_notebook_watches_as_the_question_does() -> None:
    entry = question("compute-loss-and-accuracy")
    assert isinstance(entry, FunctionQuestion)
    names = _run("compute-loss-and-accuracy", "watch")
    ours = watching(names["compute_loss_and_accuracy"])
    for probe in entry.probes:
        assert np.array_equal(probe.outcome(names["watch"]), probe.outcome(ours))


def test_loss_and_accuracy_are_those_of_nn_evaluate() -> None:
    def measure(loader: Any, model: Any) -> tuple[float, float]:
        metrics = nn.evaluate(model, loader)
        return metrics.loss, metrics.accuracy

    diagnosis = diagnose(question("compute-loss-and-accuracy"), watching(measure))
    assert (diagnosis.verdict, diagnosis.points) == ("correct", 3)


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (lambda loader, model: 0.5, "it gives 0.5, expected two numbers: loss, accuracy"),
        (lambda loader, model: (0.5, None), "it gives (0.5, None), expected two numbers: loss, accuracy"),
        (lambda loader, model: (99.0, 99.0), "gives another loss and accuracy."),
    ],
)
def test_what_is_no_loss_and_accuracy_is_told_so(measure: Any, message: str) -> None:
    diagnosis = diagnose(question("compute-loss-and-accuracy"), watching(measure))
    assert message in diagnosis.message
    names = _run("watch") | {"compute_loss_and_accuracy": measure}
    exec(CELLS["watch"], names)
    assert message in diagnose(question("compute-loss-and-accuracy"), names["watch"]).message


def test_rounded_numbers_are_told_so() -> None:
    def measure(loader: Any, model: Any) -> tuple[float, float]:
        metrics = nn.evaluate(model, loader)
        return round(metrics.loss, 3), round(metrics.accuracy, 3)

    message = diagnose(question("compute-loss-and-accuracy"), watching(measure)).message
    assert "but off by more than 1e-05. Return both numbers as they are, not rounded." in message


def test_a_function_that_is_not_written_yet_is_missing() -> None:
    diagnosis = diagnose(question("compute-loss-and-accuracy"), watching(lambda loader, model: None))  # type: ignore[arg-type,return-value]
    assert diagnosis.verdict == "missing"


def test_a_function_of_the_kit_is_refused_where_torch_is_allowed() -> None:
    from cnnkit.answers.borrowing import borrowed

    def made() -> Any:
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(4, 2))

    def borrows() -> Any:
        return nn.build(zoo.report_cnn())

    assert borrowed(made, ("torch",)) is None
    assert borrowed(made) == "torch"
    assert str(borrowed(borrows, ("torch",))).startswith("cnnkit.")


@pytest.mark.parametrize(
    ("id", "mistake", "points"),
    [
        ("prepare", "validation-augmented", 0.5),
        ("prepare", "test-augmented", 0.5),
        ("prepare", "augmented-everywhere", 0.5),
        ("prepare", "not-augmented", 1.5),
        ("prepare", "seed-ignored", 1.5),
        ("prepare", "not-reproducible", 1.5),
        ("prepare", "changed-in-place", 1.5),
        ("split-of", "all-are-trained-on", 0),
        ("compute-loss-and-accuracy", "mean-of-batch-means", 1.5),
        ("make-model", "softmax-at-end", 2),
    ],
)
def test_a_property_earns_its_part_whole_or_not_at_all(id: str, mistake: str, points: float) -> None:
    entry = question(id)
    assert isinstance(entry, FunctionQuestion)
    method = next(each.method for each in entry.mistakes if each.id == mistake)
    assert diagnose(entry, method).points == points


def test_prepare_is_told_in_words_what_no_usual_mistake_explains() -> None:
    def seldom(images: Any, split: str, mean: Any, std: Any, seed: int) -> Any:
        x = images / 255
        if split == "train":
            x[np.random.default_rng(seed).random(len(x)) < 0.1] = x[0, ..., ::-1]
        return (x - mean[:, None, None]) / std[:, None, None]

    diagnosis = diagnose(question("prepare"), seldom)
    assert diagnosis.points == 1.5
    assert "`prepare` with train images mirrors too few of 64, expected about half." in diagnosis.message


def test_mirroring_the_first_half_whatever_the_seed_is_found() -> None:
    def first_half(images: Any, split: str, mean: Any, std: Any, seed: int) -> Any:
        x = images / 255
        if split == "train":
            x[: len(x) // 2] = x[: len(x) // 2, ..., ::-1]
        return (x - mean[:, None, None]) / std[:, None, None]

    diagnosis = diagnose(question("prepare"), first_half)
    assert ([each.id for each in diagnosis.mistakes], diagnosis.points) == (["seed-ignored"], 1.5)


def test_a_split_that_no_usual_mistake_explains_is_told_in_words() -> None:
    def short(n: int, held_out: int, seed: int) -> Any:
        order = np.random.default_rng(seed).permutation(n)
        return order[held_out - 1 :], order[: held_out - 1]

    message = diagnose(question("split-of"), short).message
    assert "holds out another number of images." in message
    assert "cells" not in message
    masks = diagnose(question("split-of"), lambda n, held_out, seed: (np.ones(n, bool), np.ones(n, bool)))
    assert "Return whole numbers from 0 to n - 1, no masks" in masks.message
    assert "TypeError" not in masks.message


def test_early_stopping_is_that_of_the_kit() -> None:
    entry = question("stop-and-best")
    rng = np.random.default_rng(0)
    for _ in range(300):
        losses, patience = rng.integers(0, 6, 9).tolist(), int(rng.integers(1, 5))
        assert entry.method(losses, patience) == nn.early_stop(losses, patience)


def test_the_kept_weights_are_those_that_fit_keeps(tmp_path: Path) -> None:
    run = _fitted(_small(), tmp_path / "run.jsonl", examples=600, evaluate_every=100)
    assert run.best is not None
    assert run.log is not None
    assert question("kept").method(run.log.read_text("utf-8")) == (run.best.updates, 0)
    curves = question("curves-of").method(run.log.read_text("utf-8"))
    expected = [[row.examples, row.train.loss, row.validation.loss] for row in run.history]
    assert np.array_equal(curves, expected)


def test_the_kits_own_split_has_the_properties_that_are_asked_for() -> None:
    dataset = data.load("shapes10")
    images = {part.tobytes() for part in dataset.validation.images}
    assert not images & {part.tobytes() for part in dataset.train.images}
    assert len(dataset.train) + len(dataset.validation) == 10_000


def test_the_first_losses_are_what_torch_computes() -> None:
    right = question("first-loss").right
    assert abs(right["untrained"] - float(cross_entropy(torch.zeros(1, 10), torch.tensor([4])))) < 1e-6
    perfect = torch.nn.functional.one_hot(torch.tensor([4]), 10).double()
    assert abs(right["floor"] - float(cross_entropy(perfect, torch.tensor([4])))) < 1e-9
    assert round(right["floor"], 4) == 1.4612


def test_batch_normalisation_holds_what_torch_says() -> None:
    right = question("bn-facts").right
    norm, maps = torch.nn.BatchNorm1d(10), torch.nn.BatchNorm2d(32)
    assert right["trainable"] == sum(each.numel() for each in norm.parameters()) == 20
    running = [buffer.numel() for name, buffer in norm.named_buffers() if name.startswith("running")]
    assert right["not_trainable"] == sum(running) == 20
    assert right["keras_total"] == 40
    assert right["maps_trainable"] == sum(each.numel() for each in maps.parameters())
    separated = norm(1000 * torch.eye(10)).softmax(dim=1)
    assert abs(right["highest"] - separated.max().item()) < 1e-4
    assert round(highest_probability(10), 3) == 0.757


# --- experiments --------------------------------------------------------------------------------------------


def _small(bn: bool = False, dropout: bool = False, filters: int = 4) -> Network:
    layers: list[Layer] = [Conv2d(3, filters, 3, stride=4, padding=1)]
    layers += [BatchNorm2d(filters)] if bn else []
    layers += [ReLU(), AvgPool2d(4), Flatten(), *([Dropout(0.5)] if dropout else []), Linear(4 * filters, 10)]
    return Network((3, 32, 32), layers)


def _cifar() -> data.Dataset:
    return replace(data.load("shapes10"), name="cifar10", stand_in="shapes10")


def _fitted(network: Network, log: Path, **options: Any) -> nn.Run:
    how: dict[str, Any] = {"examples": 6000, "batch_size": 300, "lr": 0.01, "progress": False} | options
    return nn.fit(network, _cifar(), log=log, **how)


def _judged(id: str, answer: object, **changes: Any) -> Diagnosis:
    entry = question(id)
    assert isinstance(entry, EvidenceQuestion)
    return judge(replace(entry, **changes), answer)


def _flaws(diagnosis: Diagnosis) -> list[str]:
    return [flaw.id for flaw in diagnosis.mistakes if isinstance(flaw, Flaw)]


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, list[nn.Run]]:
    """Return short runs of the four combinations, three seeds each."""
    folder = tmp_path_factory.mktemp("runs")
    cells = {"plain": (False, False), "bn": (True, False), "dropout": (False, True), "both": (True, True)}
    return {
        name: [_fitted(_small(*which), folder / f"{name}{seed}.jsonl", seed=seed) for seed in range(3)]
        for name, which in cells.items()
    }


def test_the_four_combinations_earn_full_marks(four: Mapping[str, list[nn.Run]]) -> None:
    verdicts = nn.compare(four).verdicts
    beats = {name: sum(verdict.better == name for verdict in verdicts) for name in four}
    best = next((name for name, beaten in beats.items() if beaten == 3), "neither")
    diagnosis = _judged("bn-dropout", {**four, "best": best})
    assert (diagnosis.verdict, diagnosis.points) == ("correct", 2)


def test_networks_under_each_others_name_are_found(four: Mapping[str, list[nn.Run]]) -> None:
    swapped = {**four, "bn": four["dropout"], "dropout": four["bn"], "best": "neither"}
    diagnosis = _judged("bn-dropout", swapped)
    assert "not-a-factorial" in _flaws(diagnosis)
    assert '"bn" has no batch normalisation and dropout.' in diagnosis.message


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("dropout", lambda layers: [*layers[:-2], Dropout(0.3), layers[-1]], 'of "both" is not that of'),
        ("dropout", lambda layers: [*layers[:-2], layers[-1], layers[-2]], "elsewhere than before the last"),
        ("dropout", lambda layers: [*layers[:-1], Dropout(0.5), layers[-1]], "has 2 layers of dropout"),
        ("bn", lambda layers: [layers[0], layers[2], layers[1], *layers[3:]], "elsewhere than once behind"),
    ],
)
def test_the_four_differ_in_nothing_but_the_two_factors(
    four: Mapping[str, list[nn.Run]], name: str, change: Callable[[Any], Any], said: str
) -> None:
    network = four[name][0].network
    assert network is not None
    other = Network(network.input_shape, change(network.layers))
    groups = {each: (Trained(each, runs[0]),) for each, runs in four.items()}
    assert _is_factorial(Experiment(groups)) is None
    groups[name] = (Trained(name, replace(four[name][0], network=other)),)
    assert said in str(_is_factorial(Experiment(groups)))


@pytest.mark.parametrize("layer", [Dropout(0.0), MaxPool2d(1), ReLU()])
def test_a_layer_without_effect_makes_no_other_network(
    four: Mapping[str, list[nn.Run]], layer: Layer
) -> None:
    run = four["plain"][0]
    assert run.network is not None
    layers = list(run.network.layers)
    twin = replace(run, network=Network((3, 32, 32), [*layers[:2], layer, *layers[2:]], name="another"))
    pair = {"first": (Trained("a", run),), "second": (Trained("b", twin),)}
    differ = ask.different_networks(1).check
    assert "b has the same network as a." in str(differ(Experiment(pair)))
    assert differ(Experiment(pair | {"second": (Trained("b", four["dropout"][0]),)})) is None


@pytest.mark.parametrize(
    ("id", "names"),
    [("two-models", ("first", "second")), ("bn-dropout", ("plain", "bn", "dropout", "both"))],
)
def test_runs_of_one_example_earn_nothing(tmp_path: Path, id: str, names: tuple[str, ...]) -> None:
    runs = {
        name: _fitted(_small(place % 2 == 1, place > 1), tmp_path / f"{name}.jsonl", examples=1)
        for place, name in enumerate(names)
    }
    diagnosis = _judged(id, runs | ({"best": "neither"} if id == "bn-dropout" else {}))
    assert (_flaws(diagnosis), diagnosis.points) == (["short-budget"], 0)
    assert "saw 1 of " in diagnosis.message
    first = _judged("base-run", runs[names[0]])
    assert (_flaws(first), first.points) == (["short-budget"], 0)


def test_a_combination_with_other_layers_is_found(four: Mapping[str, list[nn.Run]], tmp_path: Path) -> None:
    wider = [_fitted(_small(True, True, 5), tmp_path / f"{seed}.jsonl", seed=seed) for seed in range(3)]
    diagnosis = _judged("bn-dropout", {**four, "both": wider, "best": "neither"})
    assert '"both" differs from "plain" in other layers as well.' in diagnosis.message


@pytest.mark.parametrize(
    ("options", "flaws"),
    [
        ({"lr": 0.011}, []),
        ({"augment": "flip"}, []),
        ({"lr": 0.011, "momentum": 0.1}, ["several-factors"]),
        ({}, ["factor-not-varied"]),
    ],
)
def test_before_and_after_differ_in_one_thing(
    four: Mapping[str, list[nn.Run]], tmp_path: Path, options: dict[str, Any], flaws: list[str]
) -> None:
    after = [
        _fitted(_small(True), tmp_path / f"{seed}.jsonl", seed=seed + 3 * (not options), **options)
        for seed in range(3)
    ]
    pair = {"before": four["bn"], "after": after}
    better = nn.compare(pair).verdict("before", "after").better or "neither"
    assert _flaws(_judged("before-after", {**pair, "better": better})) == flaws


def test_too_small_a_budget_shows_in_the_tiers_alone(four: Mapping[str, list[nn.Run]]) -> None:
    diagnosis = _judged("two-models", {"first": four["plain"][0], "second": four["bn"][0]})
    assert (_flaws(diagnosis), diagnosis.points) == (["below-tier"], 2)


def test_one_network_twice_is_found(four: Mapping[str, list[nn.Run]]) -> None:
    diagnosis = _judged("two-models", {"first": four["plain"][0], "second": four["plain"][1]})
    assert _flaws(diagnosis) == ["same-network", "below-tier"]


@pytest.mark.parametrize(
    ("first", "second", "points"), [(0.99, 0.99, 6), (0.76, 0.99, 6), (0.74, 0.86, 4), (0.61, 0.61, 3)]
)
def test_tiers_ask_both_models_for_the_lower_and_one_for_the_upper_half(
    four: Mapping[str, list[nn.Run]], first: float, second: float, points: float
) -> None:
    entry = question("two-models")
    assert isinstance(entry, EvidenceQuestion)
    measured = [
        Trained(name, run, {"test": replace(run.final.test, accuracy=accuracy)}, has_weights=True)  # type: ignore[type-var]
        for name, run, accuracy in (("a", four["plain"][0], first), ("b", four["bn"][0], second))
    ]
    experiment = Experiment({"first": (measured[0],), "second": (measured[1],)})
    assert points == sum(each.points for each in entry.requirements if each.check(experiment) is None)


def test_tiers_rise_and_are_lower_for_photographs() -> None:
    for tiers in TIERS.values():
        assert all(a < b for a, b in pairwise(tiers))
    assert all(a < b for a, b in zip(TIERS[None], TIERS["shapes10"], strict=True))
    for tier in (*TIERS[None], *TIERS["shapes10"]):
        assert f"{tier:.0%}".replace("%", " %") in CELLS["two-models-question"]
    assert f"**{SECONDS} CPU seconds**" in CELLS["two-models-text"]
    assert f"below {LEARNT}" in CELLS["over-or-under"]


def test_the_base_run_must_be_table_2_with_a_curve(four: Mapping[str, list[nn.Run]]) -> None:
    diagnosis = _judged("base-run", four["plain"][0])
    assert (_flaws(diagnosis), diagnosis.points) == (["other-network", "no-curve"], 0.5)


def test_a_loss_that_begins_far_from_chance_is_found(tmp_path: Path) -> None:
    # weights as large as their inputs are many: logits of a hundred
    network = Network((3, 32, 32), [Flatten(), Linear(3072, 300), ReLU(), Linear(300, 10)])
    module = nn.build(network)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(20)
    run = nn.fit(module, _cifar(), examples=4000, lr=1e-5, log=tmp_path / "run.jsonl", progress=False)
    assert run.history[0].train.loss > log(10) + 0.3
    assert "strange-start" in _flaws(_judged("base-run", run))


def _numbers(run: nn.Run) -> dict[str, Any]:
    found: dict[str, Any] = {"run": run}
    for part in ("train", "validation", "test"):
        metrics = getattr(run.final, part)
        found |= {f"{part}_loss": metrics.loss, f"{part}_accuracy": metrics.accuracy}
    return found


def _percent(numbers: dict[str, Any]) -> dict[str, Any]:
    return numbers | {"test_accuracy": 100 * numbers["test_accuracy"]}


def _of_validation(numbers: dict[str, Any]) -> dict[str, Any]:
    return numbers | {f"test_{what}": numbers[f"validation_{what}"] for what in ("loss", "accuracy")}


@pytest.mark.parametrize(
    ("change", "flaws", "points"),
    [
        (lambda numbers: numbers, [], 2),
        (_percent, ["in-percent"], 1.3),
        (_of_validation, ["other-split"], 1.3),
        (lambda numbers: numbers | {"train_loss": 1.0}, ["numbers-not-reproduced"], 1.4),
    ],
)
def test_numbers_on_all_splits_are_those_of_the_weights(
    four: Mapping[str, list[nn.Run]],
    change: Callable[[dict[str, Any]], dict[str, Any]],
    flaws: list[str],
    points: float,
) -> None:
    diagnosis = _judged("all-splits", change(_numbers(four["bn"][0])))
    assert (_flaws(diagnosis), diagnosis.points) == (flaws, points)


def test_the_notebook_measures_training_on_the_images_that_fit_does(four: Mapping[str, list[nn.Run]]) -> None:
    cifar, run = _cifar(), four["bn"][0]
    sample = cifar.train.take(max(2000, len(cifar.test)))
    assert "sample = cifar.train.take(max(2000, len(cifar.test)))" in CELLS["all-splits"]
    assert run.model is not None
    assert abs(nn.evaluate(run.model, sample).loss - run.final.train.loss) < 1e-6  # type: ignore[union-attr]


@pytest.mark.parametrize("given", ["0.1", float("nan"), True, [0.1, 0.2]])
def test_a_number_that_is_none_is_told_so(four: Mapping[str, list[nn.Run]], given: Any) -> None:
    diagnosis = _judged("fit-report", {"run": four["bn"][0], "gap": given, "class": "ok"})
    assert "claim-unsaid" in _flaws(diagnosis)
    assert '`fit_report["gap"]` is ' in diagnosis.message
    assert "expected a number. Fill it in from what the runs show." in diagnosis.message


GAPS: tuple[tuple[str, Callable[[nn.Run], float]], ...] = (
    ("gap-reversed", lambda run: run.final.validation.accuracy - run.final.train.accuracy),  # type: ignore[union-attr]
    (
        "gap-of-running-accuracy",
        lambda run: run.history[-1].running.accuracy - run.history[-1].validation.accuracy,
    ),  # type: ignore[union-attr]
    ("gap-of-test", lambda run: run.final.train.accuracy - run.final.test.accuracy),  # type: ignore[union-attr]
    ("gap-of-losses", lambda run: run.final.validation.loss - run.final.train.loss),  # type: ignore[union-attr]
    ("in-percent", lambda run: 100 * (run.final.train.accuracy - run.final.validation.accuracy)),  # type: ignore[union-attr]
    ("other-gap", lambda run: 0.5),
)


@pytest.mark.parametrize(("flaw", "gap"), GAPS)
def test_each_wrong_gap_is_named(
    four: Mapping[str, list[nn.Run]], flaw: str, gap: Callable[[nn.Run], float]
) -> None:
    run = four["bn"][1]
    assert run.final.train is not None
    assert run.final.validation is not None
    gap_here = run.final.train.accuracy - run.final.validation.accuracy
    margin = 2 * (run.final.train.standard_error**2 + run.final.validation.standard_error**2) ** 0.5
    right = "over" if gap_here > margin else "under"
    diagnosis = _judged("fit-report", {"run": run, "gap": gap(run), "class": right})
    assert (_flaws(diagnosis), diagnosis.points) == ([flaw], 1)
    assert _judged("fit-report", {"run": run, "gap": gap_here, "class": right}).points == 2
    wrong = _judged("fit-report", {"run": run, "gap": gap_here, "class": "ok"})
    assert (_flaws(wrong), wrong.points) == (["other-class"], 1)
    assert _flaws(_judged("fit-report", {"run": run, "gap": gap_here, "class": "good"})) == ["claim-unknown"]


def test_the_notebooks_own_networks_are_those_that_it_describes() -> None:
    names = _run("make-model") | {"cifar": _cifar(), "Network": Network}
    names |= {
        kind.__name__: kind for kind in (BatchNorm2d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU)
    }
    exec(CELLS["network-with"], names)
    plain, bn, dropout, both = (
        names["network_with"](*which)
        for which in ((False, False), (True, False), (False, True), (True, True))
    )
    assert plain.ledger().total == dropout.ledger().total
    assert bn.ledger().trainable == plain.ledger().total + 2 * (8 + 16 + 32) == both.ledger().trainable
    assert nn.describe(names["make_model"](), (3, 32, 32)).layers == zoo.report_cnn().layers
