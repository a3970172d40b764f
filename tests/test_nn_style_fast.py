"""Fast style transfer: training it, the log of that, and the three networks that come with the course."""

from __future__ import annotations

import json
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn as torch_nn

from cnnkit import data, nn, zoo
from cnnkit.__main__ import main
from cnnkit.errors import ArgumentError, RunLogError, ShapeError, TrainingError
from cnnkit.nn import style, trained
from cnnkit.nn.style.crops import crops
from cnnkit.nn.style.painters import folder
from cnnkit.nn.style.records import read

NAMES = ("ink", "mosaic", "waves")


def pictures(count: int = 2, size: int = 40) -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (count, 3, size, size), dtype=np.uint8))


def network() -> style.LossNetwork:
    return style.LossNetwork(nn.build(zoo.cs7011(), seed=1), content=("relu2",), style=("relu1", "relu2"))


def fit(**changes: Any) -> style.StyleRun:
    options = {"steps": 3, "batch_size": 2, "crop": 32, "model": network(), "progress": False} | changes
    return style.fit_style(
        options.pop("style", pictures(1)[0]), options.pop("contents", pictures()), **options
    )


def test_it_learns_the_style_of_a_painting() -> None:
    contents = [data.photograph(name, size=128) for name in ("china", "flower")]
    wanted = data.painting("waves", size=128)
    run = fit(style=wanted, contents=contents, model="cifar10", crop=48, steps=30)
    assert run.reason == "finished"
    assert run.history[-1].losses.style < run.history[0].losses.style / 2
    assert run.history[-1].losses.total < run.history[0].losses.total / 2


@pytest.mark.parametrize("padding", ["reflect", "zeros"])
def test_a_seed_trains_the_same_network_again(padding: str) -> None:
    torch.rand(7)  # torch's own numbers do not count
    first, again, other = (fit(seed=seed, padding=padding).model for seed in (1, 1, 2))
    x = torch.rand(1, 3, 21, 34)
    assert torch.equal(first(x), again(x))
    assert not torch.equal(first(x), other(x))
    modes = {part.padding_mode for part in first.modules() if isinstance(part, torch_nn.Conv2d)}
    assert modes == {padding}


@pytest.mark.parametrize("height", [16, 17, 18, 19])
def test_a_painting_is_as_large_as_its_picture(height: int) -> None:
    painted = style.TransformNetwork()(torch.rand(2, 3, height, 23)).detach()
    assert painted.shape == (2, 3, height, 23)
    assert 0 <= float(painted.min()) <= float(painted.max()) <= 1


def test_each_picture_is_normalised_by_itself() -> None:
    model = style.TransformNetwork().eval()
    x = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(model(x)[:1], model(x[:1]))


def test_pieces_come_from_every_picture_and_every_place() -> None:
    values = [np.full((3, 20, 30), each, np.float32) for each in (0.25, 0.75)]
    values[1] += np.arange(30, dtype=np.float32) / 1000
    rng = np.random.default_rng(0)
    drawn = torch.cat([next(crops(values, 4, 16, rng)) for _ in range(60)])
    assert drawn.shape == (240, 3, 16, 16)
    plain = drawn[:, 0, 0, 0] == 0.25
    assert 90 < int(plain.sum()) < 150
    steps = drawn[~plain, 0, 0, 1] - drawn[~plain, 0, 0, 0]
    assert 40 < int((steps > 0).sum()) < 80  # the others are mirrored
    assert len(set(drawn[~plain, 0, 0].amin(dim=1).tolist())) == 15  # every column that one can begin at


def test_a_log_is_read_again_with_its_weights(tmp_path: Path) -> None:
    run = fit(steps=4, log=tmp_path / "run.jsonl")
    again = read(tmp_path / "run.jsonl")
    assert again == run
    x = torch.rand(1, 3, 32, 32)
    assert torch.equal(again.model(x), run.model(x))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.jsonl", "run.safetensors"]
    assert [row.steps for row in again.history] == [1, 2, 3, 4]
    assert repr(again).startswith("StyleRun(finished, 8 pieces in 4 steps, ")
    with pytest.raises(ArgumentError, match="where a run is kept already"):
        fit(log=tmp_path / "run.jsonl")


def changed(path: Path, **fields: Any) -> None:
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([json.dumps(json.loads(first) | fields), *rest]) + "\n", encoding="utf-8")


def test_a_log_that_was_edited_or_is_of_another_kind_is_refused(tmp_path: Path) -> None:
    fit(log=tmp_path / "run.jsonl")
    changed(tmp_path / "run.jsonl", parameters=1)
    with pytest.raises(RunLogError, match=r"line 1 of .* does not fit its seal"):
        read(tmp_path / "run.jsonl")
    with pytest.raises(RunLogError, match=r"line 1 of .* is not what fit_style writes"):
        read(trained.FOLDER / "digits.jsonl")
    fit(log=tmp_path / "cut.jsonl")
    lines = (tmp_path / "cut.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_text("".join(lines[:-1]))
    with pytest.raises(RunLogError, match=r"cut\.jsonl has no end: its training was cut off"):
        read(tmp_path / "cut.jsonl")
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(RunLogError, match=r"empty\.jsonl is empty"):
        read(tmp_path / "empty.jsonl")


def test_weights_of_another_run_are_refused(tmp_path: Path) -> None:
    fit(log=tmp_path / "a.jsonl", seed=1)
    fit(log=tmp_path / "b.jsonl", seed=2)
    shutil.copy(tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    with pytest.raises(RunLogError, match=r"Put the weights of this very run beside the log"):
        read(tmp_path / "b.jsonl")


def test_the_stop_button_ends_it_and_keeps_what_there_is(tmp_path: Path) -> None:
    def stop(step: int, losses: style.Losses) -> None:
        if step == 2:
            signal.raise_signal(signal.SIGINT)

    run = fit(steps=50, on_step=stop, log=tmp_path / "run.jsonl")
    assert run.reason == "interrupted"
    assert run.history[-1].steps < 50
    assert read(tmp_path / "run.jsonl") == run


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"contents": []}, ArgumentError, "fit_style: `contents` is empty, expected at least 1 picture."),
        (
            {"crop": 64},
            ArgumentError,
            "fit_style: `crop` is 64, and contents[0] is (3, 40, 40), expected at most its shorter side."
            " Write crop=40.",
        ),
        ({"contents": [np.zeros((40, 40))]}, ShapeError, "fit_style: `contents[0]` has shape (40, 40)"),
        ({"padding": "mirror"}, ArgumentError, "`padding` is 'mirror', expected one of zeros, reflect."),
        ({"steps": 0}, ArgumentError, "fit_style: `steps` is 0"),
        ({"precision": "float16"}, ArgumentError, "`precision` is 'float16', expected one of bfloat16."),
        ({"lr": 1e30, "steps": 9}, TrainingError, "expected a finite number. Try a smaller step, lr=1e+29."),
    ],
)
def test_what_cannot_be_trained_says_why(options: dict[str, Any], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=re.escape(words)):
        fit(**options)


def test_the_three_styles_have_their_log_their_weights_and_their_card_and_are_small() -> None:
    assert style.shipped() == sorted(NAMES)
    files = sorted(path.name for path in folder().iterdir())
    assert files == sorted(f"{name}.{kind}" for name in NAMES for kind in ("jsonl", "md", "safetensors"))
    assert all(path.stat().st_size < 260_000 for path in folder().iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_the_card_says_what_the_log_says(name: str) -> None:
    run, card = style.pretrained(name), (folder() / f"{name}.md").read_text(encoding="utf-8")
    assert run.reason == "finished"
    assert f"content {run.final.content:.4f}, style {run.final.style:.4f}" in card
    assert f"{sum(weight.numel() for weight in run.model.parameters()):,} parameters" in card
    assert f"{(folder() / f'{name}.safetensors').stat().st_size:,} bytes" in card
    assert f"{run.history[-1].examples:,} pieces" in card


@pytest.mark.parametrize("name", NAMES)
def test_measured_again_each_does_what_its_log_says(name: str) -> None:
    found = style.verify(style.pretrained(name), data.painting(name), data.photograph("china"))
    assert found.agrees, str(found)
    assert found.measured.style < 0.5


def test_a_network_is_not_taken_for_another() -> None:
    found = style.verify(style.pretrained("waves"), data.painting("ink"), data.photograph("china"))
    assert not found.agrees
    assert "DIFFERS" in str(found)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_gives_photographs_its_own_style_and_no_others(name: str) -> None:
    x = data.photograph("flower", size=128)
    painted = torch.from_numpy(style.stylise(x, name))[None].float() / 255
    loss = style.loss_network()
    gaps = {}
    for other in NAMES:
        wanted = loss(torch.from_numpy(data.painting(other))[None].float() / 255, ["conv1", "relu3"])
        ours = loss(painted, ["conv1", "relu3"])
        gaps[other] = sum(
            float(style.style_loss(ours[layer], wanted[layer]) / style.gram(wanted[layer]).square().sum())
            for layer in wanted
        )
    assert min(gaps, key=gaps.__getitem__) == name


def test_stylise_keeps_kind_and_size_and_shrinks_with_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    x = data.photograph("china", size=65)
    painted = style.stylise(x, "ink")
    assert (painted.shape, painted.dtype) == (x.shape, np.uint8)
    floats = style.stylise(x / 255, "ink")
    assert floats.dtype == np.float64
    assert np.abs(floats * 255 - painted).max() < 0.51
    assert capsys.readouterr().out == ""
    large = np.zeros((3, 400, 4000), np.uint8)
    assert style.stylise(large, "ink", size=320).shape == (3, 32, 320)
    assert capsys.readouterr().out == (
        "stylise: `image` has 400 × 4000 pixels and is made smaller, 32 × 320;"
        " size=4000 leaves it as it is.\n"
    )


def test_stylise_says_what_it_cannot_paint() -> None:
    with pytest.raises(ArgumentError, match=r"stylise: `style` is 'wave', expected .*Did you mean 'waves'"):
        style.stylise(pictures(1)[0], "wave")
    with pytest.raises(ArgumentError, match=r"stylise: `style` is of type int, expected a name"):
        style.stylise(pictures(1)[0], 3)  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"stylise: `image` has shape \(40, 40\).*It is grey"):
        style.stylise(np.zeros((40, 40)), "waves")


def test_the_command_measures_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["weights", *NAMES]) == 0
    said = capsys.readouterr().out
    for name in NAMES:
        assert re.search(rf"^{name}: 60,483 parameters, paints in the style of", said, re.MULTILINE)
    assert said.count("  painting: agrees: claimed content") == 3
    assert main(["weights", "wave"]) == 2
    assert "Did you mean 'waves'?" in capsys.readouterr().err
