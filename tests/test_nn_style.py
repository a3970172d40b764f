"""Style transfer by optimisation: the losses held to sums written out, the pictures to what is promised."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn as torch_nn

from cnnkit import data, nn, zoo
from cnnkit.errors import ArgumentError, DownloadError, ShapeError, TrainingError
from cnnkit.nn import style
from cnnkit.nn.style import networks
from cnnkit.nn.style.objective import Objective, Weights
from cnnkit.nn.style.progress import Steps


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def picture(height: int = 32, width: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (3, height, width), dtype=np.uint8)


def small_network(**changes: Any) -> style.LossNetwork:
    layers = {"content": ("relu2",), "style": ("relu1", "relu2")} | changes
    return style.LossNetwork(nn.build(zoo.cs7011(), seed=1), **layers)


def test_the_gram_matrix_is_the_mean_product_of_channels() -> None:
    maps = noise(2, 5, 4, 3)
    expected = torch.einsum("nihw,njhw->nij", maps, maps) / (5 * 4 * 3)
    torch.testing.assert_close(style.gram(maps), expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(style.gram(maps[1]), expected[1], rtol=0, atol=1e-12)


def test_the_losses_are_the_sums_that_their_pages_say() -> None:
    ours, wanted = noise(2, 5, 4, 3), noise(2, 5, 4, 3, seed=1)
    assert float(style.content_loss(ours, wanted)) == pytest.approx(float(((ours - wanted) ** 2).mean()))
    gap = style.gram(ours) - style.gram(wanted)
    assert float(style.style_loss(ours, wanted)) == pytest.approx(float((gap**2).sum(dim=(1, 2)).mean()))
    other_size = noise(2, 5, 9, 8, seed=2)
    assert float(style.style_loss(ours, other_size)) > 0
    down, across = ours.diff(dim=2), ours.diff(dim=3)
    expected = float((down**2).mean() + (across**2).mean())
    assert float(style.total_variation(ours)) == pytest.approx(expected)


@pytest.mark.parametrize("loss", [style.content_loss, style.style_loss])
def test_the_losses_have_the_gradients_of_their_numbers(loss: Callable[..., torch.Tensor]) -> None:
    ours = noise(1, 3, 4, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x, noise(1, 3, 4, 4, seed=1)), ours)
    assert torch.autograd.gradcheck(style.total_variation, ours)


def test_features_are_what_the_layers_give_in_the_whole_model() -> None:
    model = nn.build(zoo.report_cnn(), seed=2).eval()
    x = torch.rand(2, 3, 32, 32)
    names = [name for name, _ in model.named_children()][:8]
    found = style.features(model, x, names)
    assert list(found) == names
    for name in names:
        torch.testing.assert_close(found[name].detach().numpy(), nn.inspect.activations(model, x, name))


def test_a_layer_that_works_in_place_does_not_change_what_was_found_before() -> None:
    model = torch_nn.Sequential(torch_nn.Conv2d(3, 4, 3), torch_nn.ReLU(inplace=True))
    found = style.features(model, torch.rand(1, 3, 16, 16), ["0", "1"])
    assert float(found["0"].detach().min()) < 0
    assert float(found["1"].detach().min()) == 0


def test_a_classifier_takes_pictures_of_any_size_up_to_its_flatten() -> None:
    model = nn.pretrained("cifar10").model
    assert isinstance(model, torch_nn.Sequential)
    assert style.features(model, torch.rand(1, 3, 50, 90), ["relu3"])["relu3"].shape[2:] == (12, 22)
    with pytest.raises(ShapeError, match="features"):
        style.features(model, torch.rand(1, 3, 50, 90), ["fc"])


def test_your_own_model_is_left_as_it_was() -> None:
    model = nn.build(zoo.cs7011()).train()
    network = style.loss_network(model, content=["relu1"], style=["relu1"])
    style.transfer(picture(), picture(seed=1), model=network, steps=2, progress=False)
    assert model.training
    assert all(weight.requires_grad and weight.grad is None for weight in model.parameters())


def test_each_layers_losses_are_shares() -> None:
    network = small_network()
    content, wanted = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 40, 40)
    objective = Objective(network, wanted, Weights(2.0, 3.0, 5.0))
    same = objective.losses(objective.parts(wanted, objective.target(wanted)))
    assert (same.content, same.style) == (0.0, 0.0)
    losses = objective.losses(objective.parts(content, objective.target(content)))
    ours, theirs = network(content), network(wanted)
    shares = [
        float(style.style_loss(ours[name], theirs[name]) / style.style_loss(0 * theirs[name], theirs[name]))
        for name in network.style
    ]
    assert losses.style == pytest.approx(np.mean(shares), rel=1e-5)
    expected = 2 * losses.content + 3 * losses.style + 5 * losses.variation
    assert losses.total == pytest.approx(expected, rel=1e-5)


def test_optimisation_gives_a_photograph_the_style_of_a_painting() -> None:
    content, wanted = data.photograph("china", size=64), data.painting("waves", size=64)
    made = style.transfer(content, wanted, steps=25, progress=False)
    assert (made.image.shape, made.image.dtype) == (content.shape, np.uint8)
    assert made.history[-1].style < made.history[0].style / 4
    assert made.history[-1].total < made.history[0].total / 4
    assert len(made.history) == 26
    means = [x.mean(axis=(1, 2)) for x in (content, made.image, wanted)]
    assert np.abs(means[1] - means[2]).sum() < np.abs(means[0] - means[2]).sum()
    assert repr(made).startswith("Transfer(43 × 64, 25 steps: content 0.000 -> ")


def test_a_seed_makes_the_same_picture_again_and_another_seed_another() -> None:
    def made(seed: int) -> np.ndarray:
        torch.rand(seed + 3)  # torch's own numbers do not count
        options = {"model": small_network(), "start": "noise", "seed": seed, "steps": 3, "progress": False}
        return style.transfer(picture(), picture(seed=1), **options).image

    assert np.array_equal(made(1), made(1))
    assert not np.array_equal(made(1), made(2))


def test_floats_come_back_as_floats_of_the_same_kind() -> None:
    content = (picture() / 255).astype(np.float64)
    network = small_network()
    made = style.transfer(content, picture(seed=1), model=network, steps=1, progress=False).image
    assert made.dtype == np.float64
    assert 0 <= made.min() <= made.max() <= 1
    bytes_ = style.transfer(picture(), picture(seed=1), model=network, steps=1, progress=False).image
    assert np.abs(made * 255 - bytes_).max() < 0.51


def test_on_step_sees_every_step_and_may_end_it() -> None:
    seen: list[style.Step] = []

    def see(step: style.Step) -> None:
        seen.append(step)
        if step.step == 3:
            raise KeyboardInterrupt

    made = style.transfer(
        picture(), picture(seed=1), model=small_network(), steps=9, on_step=see, progress=False
    )
    assert [step.step for step in seen] == [1, 2, 3]
    assert np.array_equal(seen[-1].image, made.image)
    assert made.history[:3] == tuple(step.losses for step in seen)
    assert len(made.history) == 4


def test_in_a_log_progress_is_a_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    style.transfer(picture(), picture(seed=1), model=small_network(), steps=10)
    said, warned = capsys.readouterr()
    assert len(said.splitlines()) == 5
    assert said.splitlines()[0].startswith("     2 of 10 steps: content ")
    assert warned == ""


def test_elsewhere_progress_is_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Steps(4, place="terminal")
    bar.advance(4, style.Losses(0.5, 0.25, 0, 1))
    bar.close()
    assert "4/4" in capsys.readouterr().err


def test_a_large_photograph_is_made_smaller_and_a_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    large = np.zeros((3, 1000, 4000), np.uint8)
    made = style.transfer(large, picture(), model=small_network(), size=64, steps=1, progress=False)
    assert made.image.shape == (3, 16, 64)
    assert capsys.readouterr().out == (
        "transfer: `content` has 1000 × 4000 pixels and is made smaller, 16 × 64;"
        " size=4000 leaves it as it is.\n"
    )


BAD = {
    "a grey picture": (
        np.zeros((40, 40)),
        ShapeError,
        "has shape (40, 40), expected (3, H, W) with at least 16 pixels along each side. It is grey: copy its"
        " one channel, np.stack([x, x, x]) of an (H, W) array.",
    ),
    "channels last": (
        np.zeros((40, 50, 3), np.uint8),
        ShapeError,
        "has shape (40, 50, 3), expected (3, H, W) with at least 16 pixels along each side. The channels"
        " stand last: image.transpose(2, 0, 1).",
    ),
    "a batch": (np.zeros((2, 3, 40, 50)), ShapeError, "Give one picture: images[0]."),
    "transparency": (np.zeros((4, 40, 50)), ShapeError, "leave it out, image[:3]."),
    "too small": (np.zeros((3, 15, 50)), ShapeError, "Make it larger, to at least 16 × 16 pixels."),
    "bytes as floats": (
        np.full((3, 16, 16), 200.0),
        ArgumentError,
        "runs from 200 to 200, expected 0 to 1 for float64. These are bytes: x.astype(np.uint8).",
    ),
    "normalised": (
        np.linspace(-2, 2, 3 * 16 * 16).reshape(3, 16, 16),
        ArgumentError,
        "runs from -2 to 2, expected 0 to 1 for float64. Cut it: x.clip(0, 1).",
    ),
    "wide integers": (
        np.full((3, 16, 16), 300),
        ArgumentError,
        "runs from 300 to 300, expected 0 to 255 for int64. Cut it: x.clip(0, 255).",
    ),
    "no number": (np.full((3, 16, 16), np.nan), ArgumentError, "runs from nan to nan"),
    "a name": ("china", ArgumentError, "is 'china', expected a picture: an array (3, H, W) of uint8, or of"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("argument", ["content", "style"])
def test_what_is_no_picture_is_named_with_a_cure(case: str, argument: str) -> None:
    bad, kind, words = BAD[case]
    given = {"content": picture(), "style": picture()} | {argument: bad}
    with pytest.raises(kind) as error:
        style.transfer(**given, model=small_network(), steps=1, progress=False)
    assert str(error.value).startswith(f"transfer: `{argument}` ")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"model": "vgg"},
            "loss_network: `model` is 'vgg', expected one of cifar10, vgg19. Did you mean 'vgg19'?",
        ),
        ({"style_layers": ["rellu1"]}, "`layer` is 'rellu1', expected one of"),
        ({"style_layers": []}, "`layers` is empty, expected at least 1 name. Name one."),
        ({"start": "style"}, "transfer: `start` is 'style', expected one of content, noise."),
        ({"steps": 0}, "transfer: `steps` is 0, expected a whole number of at least 1."),
        ({"lr": 0}, "transfer: `lr` is 0, expected a number above 0."),
        ({"style_weight": -1}, "transfer: `style_weight` is -1, expected a number of at least 0."),
        ({"size": 8}, "transfer: `size` is 8, expected a whole number of at least 16."),
        ({"on_step": 3}, "transfer: `on_step` is 3, expected a function. Give its name, without brackets."),
        ({"model": nn.build(zoo.cs7011())}, "loss_network: `content` is None, expected names of layers"),
    ],
)
def test_an_argument_that_cannot_be_is_named_with_a_cure(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ArgumentError) as error:
        style.transfer(picture(), picture(), **{"steps": 1, "progress": False} | options)
    assert words in str(error.value)


def test_a_network_that_is_no_chain_is_refused() -> None:
    model = nn.transfer.resnet18(pretrained=False)
    with pytest.raises(ArgumentError, match=r"`model` is of type ResNet, expected a torch.nn.Sequential"):
        style.LossNetwork(model, ("layer1",), ("layer1",))  # type: ignore[arg-type]


def test_a_loss_that_is_no_number_ends_it() -> None:
    model = nn.build(zoo.cs7011())
    with torch.no_grad():
        model.conv1.weight.fill_(float("nan"))
    network = style.LossNetwork(model, ("relu1",), ("relu1",))
    with pytest.raises(TrainingError, match=r"the loss is nan, expected a finite number. Try a smaller step"):
        style.transfer(picture(), picture(), model=network, steps=1, progress=False)


def test_losses_of_maps_that_do_not_belong_together_say_why() -> None:
    maps = noise(1, 3, 4, 4)
    with pytest.raises(ShapeError, match=r"expected the same: content is compared place by place"):
        style.content_loss(maps, noise(1, 3, 4, 5))
    with pytest.raises(ShapeError, match=r"`features` has 3 channels, `target` has 4, expected the same"):
        style.style_loss(maps, noise(1, 4, 4, 4))
    with pytest.raises(ShapeError, match=r"`features` has shape \(3, 4\), expected \(C, H, W\) or"):
        style.gram(maps[0, 0, :3])
    with pytest.raises(ArgumentError, match=r"`features` is of type ndarray, expected a torch tensor"):
        style.gram(maps.numpy())  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match=r"expected at least 2 rows and 2 columns"):
        style.total_variation(maps[..., :1])


def test_vgg19_is_fetched_checked_and_looks_at_its_own_layers(
    served: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.models import vgg19

    address, folder = served
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in vgg19(init_weights=False).state_dict().items()}
    # one number each, in a file that says it is repeated: 80 MB would prove no more
    weights = {name: torch.full((1,), 0.01).expand(shape) for name, shape in shapes.items()}
    file = io.BytesIO()
    torch.save(weights, file)
    name = f"vgg19-{hashlib.sha256(file.getvalue()).hexdigest()[:8]}.pth"
    (folder / name).write_bytes(file.getvalue())
    (folder / "vgg19-00000000.pth").write_bytes(file.getvalue())
    monkeypatch.setattr(networks, "_named", networks._named.__wrapped__)
    monkeypatch.setattr(networks, "vgg19_url", lambda: f"{address}{name}")
    network = style.loss_network("vgg19")
    assert repr(network) == "LossNetwork(vgg19, content 22, style 1, 6, 11, 20, 29)"
    found = network(torch.rand(1, 3, 32, 32))
    assert [tuple(found[layer].shape[1:]) for layer in network.style] == [
        (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (512, 2, 2)
    ]  # fmt: skip
    monkeypatch.setattr(networks, "vgg19_url", lambda: f"{address}vgg19-00000000.pth")
    with pytest.raises(DownloadError, match="invalid hash value") as error:
        style.loss_network("vgg19")
    assert str(error.value).startswith("loss_network: the weights cannot be fetched from http://127.0.0.1:")
    assert str(error.value).endswith("or take the network that comes with the course: model='cifar10'.")
