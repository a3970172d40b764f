"""The trained networks that come with the course: what their cards say is what they do."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from cnnkit import data, nn
from cnnkit.__main__ import main
from cnnkit.errors import ArgumentError, RunLogError
from cnnkit.nn import trained

NAMES = trained.shipped()


def test_each_has_its_log_its_weights_and_its_card_and_all_are_small() -> None:
    assert "digits" in NAMES
    files = sorted(path.name for path in trained.FOLDER.iterdir() if path.is_file())
    assert files == sorted(f"{name}.{kind}" for name in NAMES for kind in ("jsonl", "md", "safetensors"))
    assert sum(path.stat().st_size for path in trained.FOLDER.rglob("*")) < 6_000_000


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_the_log_says(name: str) -> None:
    run, card = nn.pretrained(name), (trained.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert run.network is not None
    assert (run.reason, run.stand_in) == ("finished", None)
    for measured in (run.final.validation, run.final.test):
        assert measured is not None
        assert f"{measured.accuracy:.2%} ± {measured.standard_error:.2%} (n={measured.n:,})" in card
    assert f"{run.network.ledger().total:,} parameters" in card
    assert f"{(trained.FOLDER / f'{name}.safetensors').stat().st_size:,} bytes" in card
    assert f"{run.network}" in card


def test_the_digits_of_other_writers_are_recognised_too() -> None:
    other = data.load("digits")  # eight by eight pixels, enlarged: another scan of other hands
    model = nn.pretrained("digits").model
    assert model is not None
    assert not model.training
    assert nn.evaluate(model, other.test).accuracy > 0.8


@pytest.mark.parametrize("name", NAMES)
def test_measured_again_on_the_real_images_each_does_what_its_log_says(name: str) -> None:
    run = nn.pretrained(name)
    dataset = data.load(run.data["name"], download=False)
    if dataset.stand_in:
        pytest.skip(f"{run.data['name']} is not here")
    found = nn.verify(run, dataset)
    assert found.agrees, str(found)


def test_the_command_lists_them_and_says_what_it_cannot_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    code = main(["weights"])
    said = capsys.readouterr().out
    assert re.search(r"^digits: 28,938 parameters, trained on mnist$", said, re.MULTILINE)
    if data.load("mnist", download=False).stand_in:
        assert code == 0
        assert "  not measured: mnist is not here. Fetch it: cnnkit data get mnist" in said


def test_a_name_that_is_none_of_them_is_answered_with_the_nearest() -> None:
    with pytest.raises(ArgumentError, match=r"`name` is 'digit', expected .*Did you mean 'digits'"):
        nn.pretrained("digit")


def test_weights_that_are_not_those_of_the_log_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(trained.FOLDER, tmp_path / "weights")
    path = tmp_path / "weights/digits.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(trained, "FOLDER", tmp_path / "weights")
    with pytest.raises(RunLogError, match="weights"):
        nn.pretrained("digits")
