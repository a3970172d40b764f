"""Notebook 07: its numbers from a second side, what student's own code is told, and its experiment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from cnnkit import data, nn
from cnnkit.answers import Question, diagnose, judge, question
from cnnkit.answers.evidence import Finding
from cnnkit.answers.evidence.experiment import Experiment, Trained
from cnnkit.answers.evidence.reading import read
from cnnkit.answers.transfer_and_style.freezing import watching
from cnnkit.answers.transfer_and_style.taking_over import (
    EXAMPLES,
    IMAGES,
    PAIRS,
    TAKING_OVER,
    alike,
    five_classes,
)

SOURCE = Path(__file__).parent.parent / "solutions/07-transfer-and-style/07-transfer-and-style.ipynb"
CELLS = {cell["id"]: "".join(cell["source"]) for cell in json.loads(SOURCE.read_text("utf-8"))["cells"]}


def _run(*ids: str, **given: Any) -> dict[str, Any]:
    """Run cells of the notebook's source and return their names."""
    names: dict[str, Any] = {"np": np, "torch": torch, "nn": nn, "data": data, **given}
    for id in ids:
        exec(CELLS[id], names)
    return names


def _asked(id: str) -> Question:
    entry = question(id)
    assert isinstance(entry, Question)
    return entry


# --- ResNet-18 ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def resnet() -> torch.nn.Module:
    with torch.device("meta"):
        return nn.transfer.resnet18(classes=10, pretrained=False)


def test_the_arithmetic_of_resnet18_is_torchvisions(resnet: torch.nn.Module) -> None:
    frozen = [name for name, _ in resnet.named_children() if name not in ("layer4", "fc")]
    parameters = dict(resnet.named_parameters())
    kept = {name: value for name, value in parameters.items() if name.split(".")[0] in frozen}
    right = _asked("resnet-counts").right
    assert right["total"] == sum(value.numel() for value in parameters.values())
    assert right["frozen"] == sum(value.numel() for value in kept.values())
    assert right["trained"] == right["total"] - right["frozen"]
    norms = [m for n in frozen for m in getattr(resnet, n).modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert right["statistics"] == sum(2 * norm.num_features for norm in norms)
    wrong = _asked("resnet-counts").wrong
    assert wrong["fc-of-1000-classes"]["total"] == 11_689_512
    assert wrong["batches-counted"]["statistics"] == right["statistics"] + len(norms)
    shortcuts = [value.numel() for name, value in parameters.items() if "downsample.0" in name]
    assert right["total"] - wrong["shortcuts-forgotten"]["total"] == sum(shortcuts)


def test_the_sizes_are_those_of_maps_that_resnet18_makes(resnet: torch.nn.Module) -> None:
    def heights(size: int) -> dict[str, int]:
        x, found = torch.zeros(1, 3, size, size, device="meta"), {}
        for name in ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4"):
            x = getattr(resnet.eval(), name)(x)
            found[name] = x.shape[-2]
        return found

    right = _asked("resnet-sizes").right
    of = {size: heights(size) for size in (112, 224, 32)}
    assert {name: of[112][name] for name in list(right)[:6]} == {n: right[n] for n in list(right)[:6]}
    assert (of[224]["layer4"], of[32]["layer4"]) == (right["layer4 of 224"], right["layer4 of 32"])


# --- freezing -----------------------------------------------------------------------------------------------


def _kits(model: Any, trained: tuple[str, ...]) -> None:
    nn.transfer.unfreeze(model.train())
    nn.transfer.freeze(model, but=trained)


def test_the_kits_own_freezing_is_right() -> None:
    assert diagnose(_asked("freeze"), watching(_kits)).points == 2


@pytest.mark.parametrize("trained", [("body", "fc"), ("fc",), ("stem", "body", "fc")])
def test_the_notebook_watches_as_the_check_does(trained: tuple[str, ...]) -> None:
    solution = _run("freeze", "watch-freeze")
    for freeze in (solution["freeze"], _kits, lambda model, trained: None):
        solution["freeze"] = freeze
        assert np.array_equal(solution["watch_freeze"](trained, 3), watching(freeze)(trained, 3))


def _by_parameter(model: Any, trained: tuple[str, ...]) -> None:
    model.train()
    for name, weight in model.named_parameters():
        weight.requires_grad = name.split(".")[0] in trained


def _eval_then_train(model: Any, trained: tuple[str, ...]) -> None:
    for name, part in model.named_children():
        part.requires_grad_(name in trained)
        if name not in trained:
            part.eval()
    model.train()


def _eval_all(model: Any, trained: tuple[str, ...]) -> None:
    _by_parameter(model, trained)
    model.eval()


@pytest.mark.parametrize(
    ("freeze", "mistake"),
    [
        (_by_parameter, "statistics-move"),
        (_eval_then_train, "statistics-move"),
        (_eval_all, "all-in-evaluation-mode"),
        (lambda model, trained: model.requires_grad_(False).eval(), "all-frozen"),
        (lambda model, trained: model.requires_grad_(True).train(), "nothing-frozen"),
    ],
)
def test_ways_of_freezing_that_people_write_get_their_names(freeze: Callable[..., Any], mistake: str) -> None:
    assert [each.id for each in diagnose(_asked("freeze"), watching(freeze)).mistakes] == [mistake]


def test_a_freezing_that_is_not_written_yet_or_fails_is_told_so() -> None:
    def missing(trained: tuple[str, ...], seed: int) -> None:
        return None

    def fails(model: Any, trained: tuple[str, ...]) -> None:
        model.no_such_part.eval()

    assert diagnose(_asked("freeze"), missing).verdict == "missing"
    assert "AttributeError" in diagnose(_asked("freeze"), watching(fails)).message


# --- preparing ----------------------------------------------------------------------------------------------


def test_preparing_is_torchs_nearest_neighbour_and_torchvisions_normalisation() -> None:
    from torchvision.transforms.v2 import functional as vision

    entry = _asked("prepare-images")
    for probe in entry.inputs["probes"]:
        images, factor, mean, std = probe.arguments.values()
        large = functional.interpolate(torch.from_numpy(images).double() / 255, scale_factor=factor)
        expected = vision.normalize(large, mean.tolist(), std.tolist()).numpy()
        assert np.abs(entry.right[probe.label] - expected).max() < 1e-12


# --- content and style --------------------------------------------------------------------------------------


def test_the_gram_matrix_and_the_content_loss_agree_with_loops_and_with_torch() -> None:
    entry = _asked("gram")
    for probe in entry.inputs["probes"]:
        x = probe.arguments["features"]
        slow = np.zeros((len(x), len(x)))
        for i, j, h, w in np.ndindex(len(x), *x.shape):
            slow[i, j] += x[i, h, w] * x[j, h, w] / x.size
        right = entry.right[probe.label]
        assert np.abs(right - slow).max() < 1e-12
        assert np.abs(right - nn.style.gram(torch.from_numpy(x)).numpy()).max() < 1e-12
    entry = _asked("content-loss")
    for probe in entry.inputs["probes"]:
        one, other = map(torch.from_numpy, probe.arguments.values())
        right = entry.right[probe.label]
        assert right == pytest.approx(float(functional.mse_loss(one, other)), rel=1e-12)
        assert right == pytest.approx(float(nn.style.content_loss(one, other)), rel=1e-12)


def test_what_changes_the_gram_matrix_is_what_torch_says_of_the_notebooks_own_maps() -> None:
    names = _run("changed-maps")
    before = nn.style.gram(torch.from_numpy(names["maps"]))
    for change, right in _asked("gram-changes").right.items():
        after = nn.style.gram(torch.from_numpy(names["changed_maps"][change].copy()))
        assert right == pytest.approx(float((after - before).norm() / before.norm()), abs=1e-12)


# --- filters again and again --------------------------------------------------------------------------------


def _torchs(x: np.ndarray, size: int, times: int, padding: str) -> np.ndarray:
    kernel = torch.full((1, 1, size, size), 1 / size**2, dtype=torch.float64)
    y = torch.from_numpy(x)[None, None].double()
    for _ in range(times):
        mode = "constant" if padding == "zeros" else "reflect"
        y = functional.conv2d(functional.pad(y, (size // 2,) * 4, mode), kernel)
    return np.asarray(y[0, 0])


def test_repeated_blurs_agree_with_torch_and_with_the_kits_filters() -> None:
    entry = _asked("blurred")
    for probe in entry.inputs["probes"]:
        x, size, times, padding = probe.arguments.values()
        right = entry.right[probe.label]
        assert np.abs(right - _torchs(x, size, times, padding)).max() < 1e-12
        kits = nn.style.repeat(nn.style.box_blur(size, padding), x, times)[-1]
        assert np.abs(right - kits).max() < 1e-12


def test_the_ring_is_half_a_kernel_wider_after_each_pass() -> None:
    right = _asked("ring").right
    for name, (size, times) in {
        "3×3, 5 passes": (3, 5),
        "5×5, 3 passes": (5, 3),
        "9×9, 4 passes": (9, 4),
    }.items():
        assert right[name] == times * (size - 1) // 2
        assert right[name] == nn.style.ring(nn.style.box_blur(size), times)[-1].width
    assert right["3×3, 5 passes, reflect"] == 0
    white = _torchs(np.ones((64, 64)), 3, 5, "zeros")
    assert (right["edge"], right["corner"]) == pytest.approx((white[0, 30], white[0, 0]), abs=1e-12)
    # the published table of edges, pass by pass, and the corner, which is the square of the edge
    assert [round(_torchs(np.ones((64, 64)), 3, t, "zeros")[0, 30], 3) for t in range(1, 6)] == [
        0.667, 0.556, 0.481, 0.432, 0.395,
    ]  # fmt: skip
    assert right["corner"] == pytest.approx(right["edge"] ** 2)


def test_two_kernels_commute_inside_and_with_relu_they_do_not() -> None:
    names = _run("two-filters")
    right = _asked("order").right
    kernels = names["blur"], names["relief"]
    for entry, relu in (("linear", False), ("with relu", True)):
        first, second = (nn.style.convolution(kernel, relu=relu) for kernel in kernels)
        gap = nn.style.order_gap(first, second, names["picture"], border=2)
        assert right[entry] == pytest.approx(gap, abs=1e-12)
    assert right["linear"] < 1e-14
    assert right["with relu"] > 1
    assert _asked("order").wrong["border-compared"]["linear"] > 0.01


# --- taking over --------------------------------------------------------------------------------------------


def test_the_network_of_the_question_is_the_one_that_is_shipped() -> None:
    shipped = nn.pretrained("five_classes").network
    assert shipped is not None
    assert (shipped.input_shape, shipped.layers) == (five_classes().input_shape, five_classes().layers)


@pytest.fixture(scope="module")
def few() -> data.Dataset:
    dataset = data.load("cifar10", download=False)
    if not dataset.stand_in:
        pytest.skip("the stand-in is what offline students have")
    others = dataset.only(range(5, 10))
    return replace(others, train=others.train.take(IMAGES))


def _taken_over(seed: int) -> torch.nn.Module:
    model = nn.pretrained("five_classes").model
    assert model is not None
    torch.manual_seed(seed)
    model.fc = torch.nn.Linear(2048, 5)
    return model


Fit = Callable[..., nn.Run]


@pytest.fixture(scope="module")
def fit(few: data.Dataset, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    """Return a short training with a log of its own: the budget alone is not the question's."""
    folder = tmp_path_factory.mktemp("runs")

    def short(model: Any, seed: int, dataset: Any = few, **options: Any) -> nn.Run:
        how = {"examples": 100, "batch_size": 25, "optimizer": "adam", "lr": 0.0005, "monitor": "accuracy"}
        log = folder / f"{len(list(folder.glob('*.jsonl')))}.jsonl"
        return nn.fit(model, dataset, seed=seed, log=log, progress=False, **how | options)

    return short


@pytest.fixture(scope="module")
def answer(fit: Fit) -> dict[str, Any]:
    """Return a whole answer but for the budget, with what nn.compare says of it."""
    seeds = range(3)
    runs: dict[str, list[nn.Run]] = {
        "scratch": [fit(five_classes(), seed) for seed in seeds],
        "frozen": [fit(nn.transfer.freeze(_taken_over(seed), but="fc"), seed) for seed in seeds],
        "fine-tuned": [fit(_taken_over(seed), seed) for seed in seeds],
    }
    compared = nn.compare(runs)
    return {**runs, **{claim: compared.verdict(*pair).better or "neither" for claim, pair in PAIRS.items()}}


@pytest.fixture(scope="module")
def found_in() -> Callable[[Mapping[str, Any]], dict[str, str]]:
    """Return a function answer -> flaws with their facts; each run is measured once for all tests."""
    known: dict[str, Trained] = {}

    def read_once(run: nn.Run, name: str) -> Trained:
        if run.id not in known:
            trained = read(TAKING_OVER, run, name)
            assert isinstance(trained, Trained), trained
            known[run.id] = trained
        return replace(known[run.id], name=name)

    def flaws(given: Mapping[str, Any]) -> dict[str, str]:
        groups = {
            name: tuple(read_once(run, f"{name} {run.seed}") for run in given[name])
            for name in ("scratch", "frozen", "fine-tuned")
        }
        experiment = Experiment(groups, {claim: given[claim] for claim in PAIRS})
        every = [requirement.check(experiment) for requirement in TAKING_OVER.requirements]
        return {finding.flaw.id: finding.fact for finding in every if finding is not None}

    return flaws


Flaws = Callable[[Mapping[str, Any]], dict[str, str]]


def test_an_answer_as_the_question_asks_lacks_only_the_budget_here(answer: dict[str, Any]) -> None:
    diagnosis = judge(TAKING_OVER, answer)
    assert ([each.id for each in diagnosis.mistakes], diagnosis.points) == (["other-budget"], 3.75)
    assert f"saw 100 examples, asked was {EXAMPLES:,}" in diagnosis.message


def test_frozen_features_that_moved_are_told_apart_from_statistics_that_did(
    answer: dict[str, Any], fit: Fit, found_in: Flaws
) -> None:
    assert found_in(answer).keys() == {"other-budget"}
    by_hand = _taken_over(0).requires_grad_(False)
    by_hand.fc.requires_grad_(True)
    found = found_in({**answer, "frozen": [fit(by_hand, 0), *answer["frozen"][1:]]})
    assert "statistics-moved" in found
    assert "running_mean" in found["statistics-moved"]
    assert "features-moved" not in found
    assert "features-moved" in found_in({**answer, "frozen": answer["fine-tuned"]})


def test_runs_under_each_others_names_are_found(answer: dict[str, Any], found_in: Flaws) -> None:
    swapped = {**answer, "frozen": answer["scratch"], "scratch": answer["frozen"]}
    assert {"not-from-scratch", "not-taken-over"} <= found_in(swapped).keys()
    swapped = {**answer, "frozen": answer["fine-tuned"], "fine-tuned": answer["frozen"]}
    assert {"features-moved", "not-tuned"} <= found_in(swapped).keys()
    swapped = {**answer, "fine-tuned": answer["scratch"], "scratch": answer["fine-tuned"]}
    assert {"not-from-scratch", "not-taken-over"} <= found_in(swapped).keys()


def test_other_images_are_found(answer: dict[str, Any], fit: Fit, few: data.Dataset, found_in: Flaws) -> None:
    whole = data.load("cifar10", download=False).only(range(5, 10))
    for train, fact in (
        (whole.train.take(300), "had 300 images"),
        (whole.train.take(IMAGES, 1), "had other images"),
    ):
        other = fit(five_classes(), 0, replace(few, train=train))
        found = found_in({**answer, "scratch": [other, *answer["scratch"][1:]]})
        assert fact in found["other-images"]


def test_the_classes_that_the_network_knows_are_not_those_of_the_question(fit: Fit) -> None:
    known = data.load("cifar10", download=False).only(range(5))
    run = fit(five_classes(), 0, replace(known, train=known.train.take(IMAGES)))
    found = read(TAKING_OVER, run, "a run")
    assert isinstance(found, Finding)
    assert found.flaw.id == "other-data"
    assert found.fact.startswith(
        "a run was trained on cifar10 of 0-4 (shapes10 of 0-4), the question asks for"
    )


@pytest.mark.parametrize("claim", PAIRS)
def test_each_claim_is_held_against_the_runs(answer: dict[str, Any], claim: str, found_in: Flaws) -> None:
    for said in (*PAIRS[claim], "neither"):
        found = found_in({**answer, claim: said}).keys() - {"other-budget"}
        wanted: set[str] = set()
        if said != answer[claim]:
            reversed_or_overlooked = "difference-overlooked" if said == "neither" else "claim-reversed"
            wanted = {"claim-inside-noise" if answer[claim] == "neither" else reversed_or_overlooked}
        assert found == wanted
    assert "claim-unknown" in found_in({**answer, claim: "both"})


def test_ways_that_differ_in_more_or_in_too_few_seeds_show_nothing(
    answer: dict[str, Any], fit: Fit, found_in: Flaws
) -> None:
    brisk = [fit(five_classes(), seed, lr=0.001) for seed in range(3)]
    assert "several-factors" in found_in({**answer, "scratch": brisk})
    assert "too-few-seeds" in found_in({**answer, "scratch": answer["scratch"][:2]})


def test_filters_of_the_same_first_layer_are_alike_and_drawn_ones_are_not(answer: dict[str, Any]) -> None:
    def first(run: nn.Run) -> np.ndarray:
        return np.asarray(dict(run.model.named_parameters())["conv1.weight"].detach())

    shipped = first(nn.pretrained("five_classes"))
    assert all(alike(first(run), shipped) > 0.9 for run in answer["fine-tuned"])
    assert all(abs(alike(first(run), shipped)) < 0.3 for run in answer["scratch"])


def test_the_notebooks_points_add_up_to_twenty() -> None:
    cells = json.loads(SOURCE.read_text("utf-8"))["cells"]
    assert sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells) == 20
