"""Notebook 06: its numbers from a second side, and what odd answers are told."""

from __future__ import annotations

import json
import warnings
from collections import OrderedDict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop
from PIL import Image
from scipy import ndimage
from torch import nn as torch_nn
from torchvision.models import resnet18

from cnnkit import data, functional, nn, plot, strokes, zoo
from cnnkit.answers import diagnose, question
from cnnkit.answers.looking_inside import drawings, fooling, grids, guiding, hooks, patches, small, turning

SOURCE = Path(__file__).parent.parent / "solutions/06-looking-inside/06-looking-inside.ipynb"
CELLS = {cell["id"]: "".join(cell["source"]) for cell in json.loads(SOURCE.read_text("utf-8"))["cells"]}


def _names(*ids: str) -> dict[str, Any]:
    """Run cells of the notebook's source and return their names."""
    names: dict[str, Any] = {"np": np, "nn": nn, "data": data, "torch": torch, "strokes": strokes, "zoo": zoo}
    names |= {"Image": Image, "OrderedDict": OrderedDict, "reader": nn.pretrained("digits").model}
    names["seer"] = nn.pretrained("cifar10").model
    for id in ids:
        exec(CELLS[id], names)
    return names


def _message(id: str, answer: object) -> str:
    return diagnose(question(id), answer).message  # type: ignore[arg-type]


# --- drawings -----------------------------------------------------------------------------------------------


def _by_numpy(image: np.ndarray) -> np.ndarray:
    """Return the digit network's probabilities, computed without torch."""
    model = nn.pretrained("digits").model
    assert model is not None
    w = {name: tensor.double().numpy() for name, tensor in model.state_dict().items()}
    x = (image[None, None] / 255 - 0.13066661803610333) / 0.3081035751616447
    for name in ("conv1", "conv2"):
        x = functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], padding=2)
        x = functional.max_pool2d(functional.relu(x), 2)
    return functional.softmax(x.reshape(1, -1) @ w["fc.weight"].T + w["fc.bias"])[0]


@pytest.mark.parametrize("name", ["sure", "confusing", "moved"])
def test_what_the_network_makes_of_a_drawing_is_the_same_in_numpy(name: str) -> None:
    image = drawings.DRAWINGS.method(name)
    assert np.abs(drawings._probabilities(image) - _by_numpy(image)).max() < 1e-5
    first, second = np.sort(_by_numpy(image))[::-1][:2]
    held = {"sure": first > 0.9, "confusing": first - second < 0.2, "moved": _by_numpy(image).argmax() != 1}
    assert held[name]


def test_the_notebooks_drawings_are_judged_right() -> None:
    made = _names("probabilities", "drawings")["drawings"]
    assert diagnose(question("drawings"), made.get).points == 4  # type: ignore[arg-type]


LEFT_OUT = object()
DOT = strokes.draw([[(14, 14)]])
FOUR = strokes.draw([[(9, 5), (7, 15), (20, 15)], [(17, 5), (16, 24)]], centred=True)


@pytest.mark.parametrize(
    ("changed", "points", "text"),
    [
        ({"sure": FOUR / 255}, 1.5, '`drawings["sure"]` holds float64, expected uint8, 0 to 255.'),
        (
            {"sure": FOUR[None]},
            1.5,
            '`drawings["sure"]` has shape (1, 28, 28), expected an array of shape (28, 28).',
        ),
        ({"sure": FOUR.tolist()}, 1.5, '`drawings["sure"]` is a list, expected an array of shape (28, 28).'),
        ({"digit": "1"}, 1.5, "\"digit\" is '1', expected 0 to 9."),
        ({"digit": None}, 1.5, "is not answered yet"),
        (
            {"digit": LEFT_OUT},
            1.5,
            '`drawings["sure"]` cannot be judged: "digit" is not there. Keep the names that the cell began'
            ' with. `drawings["moved"]` waits for "digit".',
        ),
        ({"sure": LEFT_OUT}, 1.5, '`drawings["sure"]` is not there. Keep the names'),
        ({"sure": DOT}, 1.5, '`drawings["sure"]`: Perhaps there is hardly any ink in it? Draw something'),
        ({"moved": DOT}, 3, "Perhaps there is hardly any ink in it? Draw something"),
        ({"moved": 255 - FOUR}, 3, "Perhaps it is black on white? MNIST is white on black"),
        (
            {"sure": DOT, "confusing": FOUR / 255},
            0,
            'at least 20 pixels must be half white or more. `drawings["confusing"]` holds float64',
        ),
        ({"confusing": None}, 2.5, '`drawings["confusing"]` is not answered yet.'),
        ({"moved": FOUR}, 3, 'Perhaps it is not "sure" moved by whole pixels'),
    ],
)
def test_odd_drawings_are_told_what_is_odd(changed: dict[str, Any], points: float, text: str) -> None:
    right = {name: drawings.DRAWINGS.method(name) for name in ("digit", "sure", "confusing", "moved")}
    made = {name: each for name, each in (right | changed).items() if each is not LEFT_OUT}
    found = diagnose(question("drawings"), made.__getitem__)  # type: ignore[arg-type]
    assert found.points == points
    assert text in found.message


def test_nothing_that_can_be_wrong_with_a_drawing_goes_without_words() -> None:
    right = {name: drawings.DRAWINGS.method(name) for name in ("digit", "sure", "confusing", "moved")}
    odd = (DOT, 255 - FOUR, FOUR, FOUR / 255, FOUR[None], 3, "4", None, right["sure"])
    for name in drawings.NAMES:
        for image in odd:
            found = drawings._found(name, right | {name: image})
            assert len(str(found)) > 8, (name, image)


# --- turning ------------------------------------------------------------------------------------------------


def test_the_notebook_turns_as_the_room_does() -> None:
    images = data.load("digits").test.images[:20]
    for angle in (0, 5, 30, -45):
        assert np.array_equal(_names("turned")["turned"](images, angle), turning.turned(images, angle))


def test_the_curve_is_about_that_of_another_way_to_turn() -> None:
    model, split = nn.pretrained("digits").model, data.load("digits").test
    assert model is not None
    expected = []
    for angle in turning.ANGLES:
        images = ndimage.rotate(split.images[:200], angle, axes=(2, 3), reshape=False, order=1)
        with torch.no_grad():
            answer = model(nn.as_input("digits", images)).argmax(dim=1).numpy()
        expected.append((answer == split.labels[:200]).mean())
    right = question("rotation").right  # type: ignore[union-attr]
    assert np.abs(right["accuracy"] - expected).max() < 0.025
    assert right["below_half"] == turning.ANGLES[np.flatnonzero(np.array(expected) < 0.5)[0]]


# --- filters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("columns", [8, 7])
def test_the_picture_of_filters_is_that_of_plot_and_of_inspect(shared: bool, columns: int) -> None:
    model, scale = nn.pretrained("cifar10").model, "shared" if shared else "own"
    assert model is not None
    weight = model.get_parameter("conv1.weight").detach().numpy()
    tiles = nn.inspect.filter_grid(model, "conv1", columns, scale)
    rows = len(tiles)
    expected = np.nan_to_num(tiles, nan=0.5).transpose(0, 2, 1, 3, 4).reshape(rows * 5, columns * 5, 3)
    for write in (grids.FILTER_PICTURE.method, _names("filter-picture")["filter_picture"]):
        assert np.abs(write(weight, columns, shared) - expected).max() < 1e-6
    if columns == 8:
        shown = plot.filter_grid(weight, columns, scale).axes[0].images[0].get_array()
        assert np.abs(np.asarray(shown)[..., :3] - expected).max() < 1 / 255 + 1e-6


def test_the_share_of_colour_is_what_a_loop_over_pixels_finds() -> None:
    weight = grids._weight()
    for n in (0, 14, 49):
        lost = sum(((pixel - pixel.mean()) ** 2).sum() for pixel in weight[n].reshape(3, -1).T)
        assert abs(lost / (weight[n] ** 2).sum() - grids.colour_share(weight)[n]) < 1e-12


def test_no_chosen_filter_is_near_the_limit_and_both_kinds_are_there() -> None:
    shares = grids.colour_share(grids._weight())[list(grids.CHOSEN)]
    assert np.abs(shares - 0.5).min() > 0.05
    assert len(set((shares > 0.5).tolist())) == 2


# --- hooks --------------------------------------------------------------------------------------------------


def test_the_notebooks_small_network_is_the_rooms() -> None:
    weights = small.random_weights(np.random.default_rng(0))
    theirs, ours = _names("tried-hook")["small_model"](weights), small.small_model(weights)
    assert repr(theirs) == repr(ours)
    assert all(torch.equal(a, b) for a, b in zip(theirs.parameters(), ours.parameters(), strict=True))


@pytest.mark.parametrize("layer", ["conv1", "norm1", "relu1", "conv2", "fc"])
def test_activations_read_by_a_hook_are_those_of_inspect_and_of_hand(layer: str) -> None:
    model = small.small_model(small.random_weights(np.random.default_rng(1))).eval()
    x = torch.from_numpy(np.random.default_rng(2).normal(size=(4, *small.IMAGE)))
    by_hand = x
    with torch.no_grad():
        for name, part in model.named_children():
            by_hand = part(by_hand)
            if name == layer:
                break
    expected = nn.inspect.activations(model, x, layer)
    assert np.abs(expected - by_hand.numpy()).max() < 1e-12
    for read in (_names("activations-of")["activations_of"], hooks._reads()):
        assert np.abs(read(model, x, layer).detach().numpy() - expected).max() < 1e-12


def test_the_notebook_tries_hooks_as_the_room_does() -> None:
    names = _names("activations-of", "tried-hook")
    for probe in hooks.ACTIVATIONS.probes:
        theirs, ours = (probe.outcome(f) for f in (names["tried_hook"], hooks.tried(names["activations_of"])))
        assert all(np.array_equal(a, b) for a, b in zip(theirs, ours, strict=True))


def test_the_last_convolution_of_resnet18_is_torchvisions() -> None:
    right = question("last-convolution").right  # type: ignore[union-attr]
    with torch.device("meta"):
        model = resnet18().eval()
    for size in (224, 112):
        shapes = []
        hook = model.layer4[1].conv2.register_forward_hook(
            lambda m, i, output, to=shapes: to.append(output.shape)
        )
        model(torch.empty(1, 3, size, size, device="meta"))
        hook.remove()
        assert right[f"resnet18_{size}"] == tuple(shapes[0])
    for name, built, layer in (
        ("cifar10", nn.pretrained("cifar10").model, "conv5"),
        ("cs7011", nn.build(zoo.cs7011()), "conv4"),
    ):
        assert built is not None
        assert nn.inspect.activations(built, torch.zeros(1, 3, 32, 32), layer).shape == right[name]


def test_a_function_that_returns_no_tensor_is_told_so() -> None:
    message = _message("activations-of", hooks.tried(lambda model, x, layer: 3))
    assert "raises AttributeError ('int' object has no attribute 'detach')" in message


# --- receptive fields and favourites ------------------------------------------------------------------------


def _support(model: torch_nn.Module, unit: tuple[int, int], size: int) -> tuple[int, ...]:
    """Return the rows and columns on which a unit's gradient is not zero."""
    x = torch.rand(1, 3, size, size, dtype=torch.float64).requires_grad_()
    (gradient,) = torch.autograd.grad(model(x)[0, 0, unit[0], unit[1]], x)
    rows, columns = (gradient.abs().sum(dim=(0, 1, axis)).nonzero().flatten() for axis in (3, 2))
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


@pytest.mark.parametrize(
    ("windows", "size"),
    [(patches.CS7011, 32), (patches.REPORT, 32), (patches.STRIDED, 63), (patches._windows("conv4"), 32)],
)
def test_boxes_are_the_support_of_the_gradient(windows: list[tuple[int, int, int]], size: int) -> None:
    layers: list[torch_nn.Module] = []
    for kernel, stride, padding in windows:
        # a convolution in the place of each pooling: a maximum passes the gradient of one cell only
        conv = torch_nn.Conv2d(3, 3, kernel, stride, padding).double()
        for weight in conv.parameters():
            torch_nn.init.constant_(weight, 0.1)
        layers.append(conv)
    model = torch_nn.Sequential(*layers)
    last = model(torch.zeros(1, 3, size, size, dtype=torch.float64)).shape[-1] - 1
    for unit in ((0, last), (last // 2, 1), (1, last // 2), (last, 0)):
        expected = _support(model, unit, size)
        assert patches._box(windows, *unit, size) == expected
        assert _names("receptive-box")["receptive_box"](windows, *unit, size) == expected


def test_conv4_of_cs7011_sees_rows_4i_minus_11_to_4i_plus_14() -> None:
    field = zoo.cs7011()["conv4"].receptive_field
    for i in range(8):
        rows, columns = field.box(i, 7 - i)
        found = patches._box(patches.CS7011, i, 7 - i, 32)
        assert found == (rows.start, rows.stop - 1, columns.start, columns.stop - 1)
        assert found[:2] == (max(4 * i - 11, 0), min(4 * i + 14, 31))


def test_the_favourites_are_those_of_top_patches() -> None:
    model, images = nn.pretrained("cifar10").model, data.load("shapes10").test.images[:500]
    assert model is not None
    top = nn.inspect.top_patches(model, nn.as_input("cifar10", images), patches.LAYER, patches.CHANNEL)
    right = question("favourites").right  # type: ignore[union-attr]
    assert right["images"].tolist() == top.index.tolist()
    rows, columns = top.boxes[0]
    assert right["box"] == (rows.start, rows.stop - 1, columns.start, columns.stop - 1)
    write = _names("strongest")["strongest"]
    maps = nn.inspect.activations(model, nn.as_input("cifar10", images), patches.LAYER)[:, patches.CHANNEL]
    assert write(maps, 9).tolist() == [
        [n, *place] for n, place in zip(top.index, top.position.tolist(), strict=True)
    ]
    assert (
        np.abs(np.diff(np.sort(maps.reshape(500, -1).max(axis=1))[-10:])).min() > 1e-3
    )  # no rank by rounding


def test_the_shapes_that_the_text_names_are_among_the_favourites() -> None:
    split, right = data.load("shapes10").test, question("favourites").right  # type: ignore[union-attr]
    liked = [split.classes[split.labels[n]] for n in right["images"]]
    assert {"ring", "crescent", "triangle"} <= set(liked)
    for word in ("rings", "crescents", "triangle", "on CIFAR-10"):
        assert word in CELLS["neurons-show-text"]


def test_favourites_are_asked_for_in_the_form_that_is_read() -> None:
    right = question("favourites").right  # type: ignore[union-attr]
    assert '`"images"`: an array' in CELLS["favourites-question"]
    assert _message("favourites", right | {"images": right["images"].tolist()}).startswith(
        '`favourites["images"]` is a list, expected a numpy array. Wrap it: np.array('
    )


# --- guided backpropagation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["report_cnn", "cs7011", "cifar10"])
def test_guided_gradients_are_captums_and_inspects_on_three_networks(name: str) -> None:
    model = nn.pretrained(name).model if name == "cifar10" else nn.build(getattr(zoo, name)(), seed=3)
    assert model is not None
    model, x = (
        model.double().eval(),
        torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)).double(),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum warns of its hooks, and of the gradients that it asks for
        expected = GuidedBackprop(model).attribute(x.clone(), 4).detach()
    for guide in (_names("guided-backprop")["guided_backprop"], guiding._guide()):
        found = guide(model, x, (4,))
        assert float((found - expected).abs().max()) <= 1e-6
        assert np.abs(found.numpy() - nn.inspect.guided_backprop(model, x, 4)).max() <= 1e-6


def test_a_neurons_guided_gradient_lies_inside_its_box() -> None:
    model = nn.pretrained("cifar10").model
    assert model is not None
    upto = model[: list(dict(model.named_children())).index("conv4") + 1]  # type: ignore[index]
    x = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    gradient = _names("guided-backprop")["guided_backprop"](upto, x, (55, 1, 6))
    top, bottom, left, right = patches._box(patches._windows("conv4"), 1, 6, 32)
    inside = gradient[:, :, top : bottom + 1, left : right + 1]
    assert float(inside.abs().sum()) == float(gradient.abs().sum()) > 0


def test_without_negative_weights_guided_and_plain_are_the_same() -> None:
    probe = next(p for p in guiding.GUIDED.probes if "negative" in p.label)
    guided, plain = (probe.outcome(guiding.tried(guiding._guide(rule))) for rule in (guiding._guided, None))
    assert np.array_equal(guided[0], plain[0])
    assert (plain[0] >= 0).all()


def test_the_notebook_tries_guides_as_the_room_does() -> None:
    names = _names("guided-backprop", "tried-hook", "tried-guide")
    for probe in guiding.GUIDED.probes:
        theirs, ours = (
            probe.outcome(f) for f in (names["tried_guide"], guiding.tried(names["guided_backprop"]))
        )
        assert all(np.array_equal(a, b) for a, b in zip(theirs, ours, strict=True))


def test_hooks_that_are_left_behind_change_the_next_gradient() -> None:
    rows = question("guided-backprop").wrong["hooks-left-behind"][hooks.LEFT]  # type: ignore[union-attr]
    assert (rows[:, 0] > 0).all()
    assert rows[0].tolist() == [2, 1]


# --- fooling ------------------------------------------------------------------------------------------------


def _changed_by_loop(images: np.ndarray, order: np.ndarray, count: int) -> np.ndarray:
    found = images.copy()
    for n, pixels in enumerate(order):
        for pixel in pixels[:count]:
            row, column = divmod(int(pixel), images.shape[3])
            for channel in range(images.shape[1]):
                found[n, channel, row, column] = 1.0 if images[n, channel, row, column] < 0.5 else 0.0
    return found


@pytest.mark.parametrize("count", [0, 1, 5, 12])
def test_changed_pixels_are_those_of_a_loop_and_the_images_stay(count: int) -> None:
    rng = np.random.default_rng(count)
    images, order = rng.random((3, 2, 3, 4)), np.stack([rng.permutation(12) for _ in range(3)])
    before = images.copy()
    for change in (_names("changed")["changed"], fooling._changed):
        assert np.array_equal(change(images, order, count), _changed_by_loop(images, order, count))
        assert np.array_equal(images, before)


def test_the_notebook_tries_changes_as_the_room_does() -> None:
    names = _names("changed", "tried-change")
    for change in (names["changed"], fooling._in_place, lambda images, order, count: None):
        names["changed"] = change
        for probe in fooling.CHANGED.probes:
            theirs, ours = (probe.outcome(f) for f in (names["tried_change"], fooling.tried(change)))
            assert (theirs is None) is (ours is None)
            assert theirs is None or (np.array_equal(theirs[0], ours[0]) and theirs[1:] == ours[1:])


def _by_loop_in_place(images: np.ndarray, order: np.ndarray, count: int) -> np.ndarray:
    images[...] = _changed_by_loop(images, order, count)
    return images


def test_who_changes_the_images_themselves_is_told_so_and_does_not_spoil_the_next_question() -> None:
    found = diagnose(question("changed"), fooling.tried(_by_loop_in_place))  # type: ignore[arg-type]
    assert ([mistake.id for mistake in found.mistakes], found.points) == (["changed-in-place"], 1.77)
    assert found.message == (
        "Perhaps it changes the images that it was given? Work on a copy, images.copy(), or build new ones"
        " with np.where."
    )
    names = _names("turned", "changed", "orders") | {"changed": _by_loop_in_place}
    exec(CELLS["fooled"], names)
    assert diagnose(question("fooled"), names["fooled"]).verdict == "correct"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "verdict", "text"),
    [
        (lambda images, order, count: None, "missing", "`changed` returns None: not written yet"),
        (lambda images, order, count: images[0, 5], "unrecognised", "raises IndexError"),
        (lambda images, order, count: images.tolist(), "invalid", "is a list, expected a numpy array."),
    ],
)
def test_a_change_that_gives_no_images_is_told_so(change: Any, verdict: str, text: str) -> None:
    found = diagnose(question("changed"), fooling.tried(change))  # type: ignore[arg-type]
    assert (found.verdict, text in found.message) == (verdict, True), found.message


def test_the_curve_begins_with_the_accuracy_and_its_sets_are_nested() -> None:
    model, split = nn.pretrained("digits").model, data.load("digits").test
    x, labels = nn.as_input("digits", split.images[:200]), torch.from_numpy(split.labels[:200].copy())
    clean = nn.evaluate(model, [(x, labels)]).accuracy  # type: ignore[arg-type]
    assert abs(question("fooled").right["clean"] - clean) < 1e-12  # type: ignore[union-attr]
    images, _ = fooling._digits()
    for order in (fooling._by_chance(), fooling.by_gradient()):
        sets = [fooling._changed(images, order, count) != images for count in fooling.COUNTS]
        assert [int(each[0].sum()) for each in sets] == list(fooling.COUNTS)
        assert all((more | fewer == more).all() for fewer, more in pairwise(sets))


def test_the_notebooks_orders_are_the_rooms() -> None:
    names = _names("turned", "orders")
    assert np.array_equal(names["by_chance"], fooling._by_chance())
    assert np.array_equal(names["by_gradient"], fooling.by_gradient())


def test_the_first_pixel_of_the_gradients_order_promises_most() -> None:
    images, labels = fooling._digits()
    model = nn.pretrained("digits").model
    assert model is not None
    x = nn.as_input("digits", np.rint(255 * images[:5]).astype(np.uint8)).requires_grad_()
    score = model(x)[torch.arange(5), torch.from_numpy(labels[:5].copy())].sum()
    (gradient,) = torch.autograd.grad(score, x)
    rise = gradient.numpy() * (np.where(images[:5] < 0.5, 1, 0) - images[:5])
    assert fooling.by_gradient()[:5, 0].tolist() == rise.reshape(5, -1).argmin(axis=1).tolist()
