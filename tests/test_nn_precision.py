"""Updates in bfloat16: what is computed in it, what is not, and what a CPU without it does."""

import pytest
import torch

from cnnkit import nn
from cnnkit.errors import ArgumentError
from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

LAYERS = [Conv2d(1, 8, 3, bias=False), MaxPool2d(2), BatchNorm2d(8), ReLU(), Flatten(), Linear(32, 4)]
NET = Network((1, 6, 6), LAYERS, name="tiny")
OPTIONS = {"epochs": 3, "batch_size": 16, "lr": 0.1, "momentum": 0.9, "progress": False}


@pytest.fixture
def data(blobs):
    return blobs()


@pytest.fixture
def able(monkeypatch):
    """Let this CPU pass for one with bfloat16; torch computes it on any."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True}, raising=False)


@pytest.fixture
def unable(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False}, raising=False)


def weights(run):
    return run.history[-1].weights


@pytest.mark.usefixtures("able")
def test_updates_compute_in_bfloat16_and_evaluations_in_float32(data):
    model = nn.build(NET)
    seen = set()
    model.conv.register_forward_hook(lambda part, x, y: seen.add((model.training, y.dtype)))
    run = nn.fit(model, data, precision="bfloat16", **OPTIONS)
    assert {(True, torch.bfloat16), (False, torch.float32)} == seen
    assert {torch.float32} == {weight.dtype for weight in model.parameters()}
    assert run.final.validation == nn.evaluate(model, data.validation)
    assert run.config["precision"] == "bfloat16"


@pytest.mark.usefixtures("able")
def test_it_learns_nearly_the_same(data):
    exact, rough = (nn.fit(NET, data, precision=name, **OPTIONS) for name in (None, "bfloat16"))
    assert weights(exact) != weights(rough)
    assert exact.final.validation.loss == pytest.approx(rough.final.validation.loss, abs=0.02)


@pytest.mark.usefixtures("able")
def test_a_stopped_run_goes_on_bit_for_bit(data):
    def stop(update):
        if update.updates == 7:
            raise KeyboardInterrupt

    options = OPTIONS | {"precision": "bfloat16"}
    part = nn.fit(NET, data, on_step=stop, **options)
    assert weights(nn.fit(NET, data, resume=part, **options)) == weights(nn.fit(NET, data, **options))


@pytest.mark.usefixtures("unable")
def test_a_cpu_without_it_computes_in_float32_and_the_run_says_so(data):
    asked, plain = (nn.fit(NET, data, precision=name, **OPTIONS) for name in ("bfloat16", None))
    assert (asked.config["precision"], asked.config["computed_in"]) == ("bfloat16", "float32")
    assert weights(asked) == weights(plain)


def test_a_run_that_another_cpu_computed_in_bfloat16_is_the_same_run_here(
    data, monkeypatch, tmp_path, capsys
):
    log, how = tmp_path / "run.jsonl", OPTIONS | {"precision": "bfloat16"}
    for can in (True, False):
        monkeypatch.setattr(
            torch.cpu, "get_capabilities", lambda can=can: {"avx512_bf16": can}, raising=False
        )
        run = nn.fit(NET, data, log=log, **how)
        assert run.config["computed_in"] == "bfloat16"
    assert "holds this very run" in capsys.readouterr().out
    with pytest.raises(ArgumentError, match="its `precision` is 'bfloat16', this call's is None"):
        nn.fit(NET, data, log=log, **OPTIONS)


def test_another_precision_is_an_error(data):
    with pytest.raises(ArgumentError) as error:
        nn.fit(NET, data, precision="bfloat", **OPTIONS)
    assert str(error.value) == (
        "fit: `precision` is 'bfloat', expected one of bfloat16. Did you mean 'bfloat16'?"
    )
