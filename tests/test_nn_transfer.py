"""Freezing, counting and ResNet-18: held to torch's own numbers, and to what must not move."""

from __future__ import annotations

import copy
import hashlib
import io
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn as torch_nn

from cnnkit import data, nn
from cnnkit.data import loading
from cnnkit.errors import ArgumentError, DownloadError
from cnnkit.nn import published, transfer
from cnnkit.nn.published import fetched
from cnnkit.nn.transfer import UNTRAINED


def small() -> torch_nn.Sequential:
    torch.manual_seed(0)
    return torch_nn.Sequential(
        torch_nn.Conv2d(1, 4, 3),
        torch_nn.BatchNorm2d(4),
        torch_nn.ReLU(),
        torch_nn.Flatten(),
        torch_nn.BatchNorm1d(2704),
        torch_nn.Linear(2704, 10),
    )


def state(model: torch_nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}


def moved(model: torch_nn.Module, before: dict[str, torch.Tensor]) -> set[str]:
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}


def train(model: torch_nn.Module) -> None:
    nn.fit(model, data.load("digits"), examples=400, lr=0.001, progress=False)


def test_what_is_frozen_does_not_move_in_training_nor_do_its_statistics() -> None:
    model = transfer.freeze(small(), "0", "1")
    before = state(model)
    train(model)
    assert {name.partition(".")[0] for name in moved(model, before)} == {"4", "5"}
    assert {"4.running_mean", "4.running_var", "4.num_batches_tracked"} <= moved(model, before)


def test_without_freezing_the_statistics_the_means_would_move() -> None:
    model = small()
    model[:2].requires_grad_(False)
    before = state(model)
    train(model)
    assert {"1.running_mean", "1.running_var"} <= moved(model, before)


def test_what_is_not_named_in_but_is_frozen() -> None:
    named, others = transfer.freeze(small(), "0", "1", "4"), transfer.freeze(small(), but="5")
    for model in (named, others):
        before = state(model)
        train(model)
        assert moved(model, before) == {"5.weight", "5.bias"}


def test_frozen_twice_and_copied_it_still_thaws() -> None:
    model = copy.deepcopy(transfer.freeze(transfer.freeze(small())))
    assert transfer.count(model).trained == 0
    before = state(model)
    model.train()(torch.rand(4, 1, 28, 28))
    assert moved(model, before) == set()
    transfer.unfreeze(model, "1")
    model.train()(torch.rand(4, 1, 28, 28))
    assert moved(model, before) == {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert transfer.count(transfer.unfreeze(model)).frozen == 0


def test_resnet18_has_the_parameters_that_the_report_counts_and_keeps_its_means() -> None:
    model = transfer.freeze(transfer.resnet18(10, pretrained=False), but=("layer4", "fc"))
    counted = transfer.count(model)
    assert (counted.total, counted.trained, counted.frozen) == (11_181_642, 8_398_858, 2_782_784)
    assert {part.name: part.trained for part in counted.parts if part.trained} == {
        "layer4": 8_393_728,
        "fc": 5_130,
    }
    assert sum(weight.numel() for weight in model.parameters() if weight.requires_grad) == counted.trained
    before = state(model)
    model.train()(torch.rand(2, 3, 64, 64))
    assert {name.partition(".")[0] for name in moved(model, before)} == {"layer4"}


def test_a_parameter_that_two_parts_share_counts_once() -> None:
    first = torch_nn.Linear(3, 3)
    assert transfer.count(torch_nn.Sequential(first, first)).total == 12
    second = torch_nn.Linear(3, 3, bias=False)
    second.weight = first.weight
    assert [part.trained for part in transfer.count(torch_nn.Sequential(first, second)).parts] == [12]


def said(call: partial[object]) -> str:
    with pytest.raises(ArgumentError) as error:
        call()
    return str(error.value)


def test_a_layer_that_does_not_exist_is_named_with_the_near_ones() -> None:
    model = transfer.resnet18(pretrained=False)
    for function, call in (
        ("freeze", partial(transfer.freeze, model, "layr4")),
        ("freeze", partial(transfer.freeze, model, but="layr4")),
        ("unfreeze", partial(transfer.unfreeze, model, "layr4")),
    ):
        message = said(call)
        assert message.startswith(f"{function}: `layer` is 'layr4', expected one of ")
        assert message.endswith("Did you mean 'layer4'?")
    assert transfer.count(model).frozen == 0


@pytest.mark.parametrize("name", ["freeze", "unfreeze", "count"])
def test_who_gives_a_run_is_told_to_take_its_model(name: str) -> None:
    told = rf"^{name}: `model` is of type Run, expected a torch module\. Take its `\.model`\.$"
    with pytest.raises(ArgumentError, match=told):
        getattr(nn.transfer, name)(nn.pretrained("digits"))


def test_both_ways_of_saying_what_is_frozen_are_one_too_many() -> None:
    assert said(partial(transfer.freeze, small(), "0", but="5")) == (
        "freeze: `layers` are 0 and `but` is 5, expected one of them. Say what is frozen, or what is not."
    )
    assert "`classes` is 0, expected a whole number" in said(partial(transfer.resnet18, 0))


def test_where_the_weights_cannot_be_had_the_courses_own_network_stands_in_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setenv("CNNKIT_OFFLINE", "1")
    model = transfer.resnet18(classes=7)
    said = capsys.readouterr().out
    assert said.startswith(
        "⚠ resnet18 is not here, five_classes stands in for it: ANOTHER NETWORK, 32 × 32 PIXELS, OTHER"
        " ACCURACIES.\n  Why: the weights cannot be fetched from https://"
    )
    assert "CNNKIT_OFFLINE is set.\n" in said
    assert said.endswith("  For ResNet-18 without weights: resnet18(pretrained=False).\n")
    assert model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    shipped = nn.pretrained("five_classes").model
    assert shipped is not None
    kept = state(shipped)
    assert moved(model, kept | {name: model.state_dict()[name] for name in ("fc.weight", "fc.bias")}) == set()
    assert transfer.count(transfer.resnet18(10)).total == 113_962
    assert published.OFFLINE == loading.OFFLINE
    with pytest.raises(DownloadError, match=r"resnet18: the weights cannot be fetched from .*OFFLINE is set"):
        transfer.resnet18(stand_in=False)


def test_weights_are_fetched_checked_and_kept(served: tuple[str, Path]) -> None:
    address, folder = served
    model = small()
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    good = f"small-{hashlib.sha256(file.getvalue()).hexdigest()[:8]}.pth"
    (folder / good).write_bytes(file.getvalue())
    (folder / "small-00000000.pth").write_bytes(file.getvalue())
    found = fetched("resnet18", address + good, UNTRAINED)
    assert all(torch.equal(found[name], value) for name, value in model.state_dict().items())
    (folder / good).unlink()
    assert fetched("resnet18", address + good, UNTRAINED).keys() == found.keys()
    for name, why in (("small-00000000.pth", "invalid hash value"), ("gone-11111111.pth", "404")):
        with pytest.raises(DownloadError, match=why) as error:
            fetched("resnet18", address + name, UNTRAINED)
        assert str(error.value).endswith("or build it untrained: resnet18(pretrained=False).")
    assert [path.name for path in Path(torch.hub.get_dir()).rglob("small*")] == [good]
