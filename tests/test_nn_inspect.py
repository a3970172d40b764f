"""cnnkit.nn.inspect: activations, filters, top patches and fooling, held to torch and to gradients."""

import numpy as np
import pytest
import torch
from torch import nn as torch_nn

from cnnkit import data, nn, plot, zoo
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import AvgPool2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Softmax
from cnnkit.network import Network
from cnnkit.nn import inspect

ZOO = [getattr(zoo, name)() for name in zoo.__all__] + [
    zoo.convnetjs_mnist(pooling=False),
    zoo.convnetjs_mnist(extra_conv=True),
    zoo.convnetjs_mnist(extra_conv=True, last_pool=False),
    zoo.pa2_2019(padding=1),
]


@pytest.fixture(scope="module")
def model():
    return nn.build(zoo.report_cnn(), seed=1)


@pytest.fixture(scope="module")
def images():
    return torch.randn(7, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def digits():
    return data.load("digits").test.take(60)


@pytest.fixture(scope="module")
def digit_model():
    layers = [Conv2d(1, 4, 5, padding=2), MaxPool2d(2), Conv2d(4, 6, 3)]
    return nn.build(Network((1, 28, 28), layers), seed=3)


def hooks(model):
    return sum(
        len(getattr(part, name))
        for part in model.modules()
        for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    )


def state(model):
    """Return what looking inside must leave as it was."""
    modes = [part.training for part in model.modules()]
    grads = [parameter.grad is None for parameter in model.parameters()]
    weights = [tensor.clone() for tensor in model.state_dict().values()]
    return hooks(model), modes, grads, torch.is_grad_enabled(), weights


def assert_same_state(before, after):
    assert before[:-1] == after[:-1]
    assert all(torch.equal(*pair) for pair in zip(before[-1], after[-1], strict=True))


# --- activations -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 3, 250])
def test_activations_are_those_of_the_layers_up_to_there(model, images, batch_size):
    with torch.no_grad():
        expected = images
        for name, part in model.eval().named_children():
            expected = part(expected)
            found = inspect.activations(model, images, name, batch_size=batch_size)
            assert np.allclose(expected.numpy(), found, atol=1e-5), name


def test_activations_of_chosen_channels_keep_their_order_and_their_axis(model, images):
    everything = inspect.activations(model, images, "conv2")
    assert (7, 64, 16, 16) == everything.shape
    assert np.array_equal(
        everything[:, [52, 14, 26]], inspect.activations(model, images, "conv2", [52, 14, 26])
    )
    assert np.array_equal(everything[:, [5]], inspect.activations(model, images, "conv2", 5))


def test_activations_of_a_layer_that_is_then_overwritten_in_place_are_its_own(images):
    conv = torch_nn.Conv2d(3, 4, 3)
    followed = torch_nn.Sequential(conv, torch_nn.ReLU(inplace=True))
    with torch.no_grad():
        expected = conv(images).numpy()
    found = inspect.activations(followed, images, "0")
    assert found.min() < 0
    assert np.array_equal(expected, found)


def test_activations_of_a_split_are_those_of_its_loader(digit_model, digits):
    ((x, _),) = digits.loader(60, shuffle=False)
    from_split = inspect.activations(digit_model, digits, "conv2", batch_size=17)
    assert np.allclose(inspect.activations(digit_model, x, "conv2"), from_split, atol=1e-6)


def test_activations_are_measured_in_evaluation_and_leave_the_model_as_it_was(images):
    model = nn.build(zoo.cs7011()).train()
    model.bn.eval()
    before = state(model)
    first, second = (inspect.activations(model, images, "fc3") for _ in range(2))
    assert np.array_equal(first, second)  # no dropout
    assert_same_state(before, state(model))


def test_the_model_is_left_as_it_was_after_an_error_too(model, images):
    model.train()
    before = state(model)
    for call in (
        lambda: inspect.activations(model, images[:, :1], "conv1"),
        lambda: inspect.guided_backprop(model, images[:, :, :20, :20]),
        lambda: inspect.grad_cam(model, images, "fc1"),
    ):
        with pytest.raises((ArgumentError, ShapeError)):
            call()
    assert_same_state(before, state(model))


# --- filters ---------------------------------------------------------------------------------------------


def test_the_filter_grid_holds_the_64_filters_in_their_order():
    model = nn.build(zoo.cs7011(), seed=2)
    weight = model.conv1.weight.detach().numpy()
    grid = inspect.filter_grid(model, "conv1")
    assert ((8, 8, 3, 3, 3), np.float32) == (grid.shape, grid.dtype)
    for n in range(64):
        assert np.array_equal(weight[n].transpose(1, 2, 0), grid[n // 8, n % 8])


def test_a_scaled_filter_grid_has_mid_grey_at_zero_and_the_largest_at_an_end():
    model = nn.build(zoo.cs7011(), seed=2)
    weight = inspect.filter_grid(model, "conv1")
    own, shared = (inspect.filter_grid(model, "conv1", scale=scale) for scale in ("own", "shared"))
    size = np.abs(weight).max(axis=(2, 3, 4), keepdims=True)
    assert np.allclose(0.5 + weight / (2 * size), own, atol=1e-6)
    assert np.allclose(0.5 + weight / (2 * size.max()), shared, atol=1e-6)
    assert np.allclose(0.5, np.abs(own - 0.5).max(axis=(2, 3, 4)))
    assert np.count_nonzero(np.isclose(0.5, np.abs(shared - 0.5).max(axis=(2, 3, 4)))) == 1


@pytest.mark.parametrize("scale", ["own", "shared"])
@pytest.mark.parametrize("columns", [8, 5])
def test_the_grid_as_an_array_is_the_grid_as_a_figure(scale, columns):
    model = nn.build(zoo.cs7011(), seed=2)
    (ax,) = plot.filter_grid(nn.weights(model)["conv1.weight"], columns, scale).axes
    shown = np.asarray(ax.images[0].get_array())
    grid = inspect.filter_grid(model, "conv1", columns, scale)
    rows, columns, height, width, _ = grid.shape
    side_by_side = grid.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, 3)
    there = np.isfinite(side_by_side)
    assert 64 * 27 == there.sum()
    assert np.allclose(side_by_side[there], shown[there], atol=1e-6)


def test_chosen_filters_come_in_the_order_asked_for_and_share_their_own_scale(model):
    everything = inspect.filter_grid(model, "conv1", columns=32)
    chosen = inspect.filter_grid(model, "conv1", columns=2, filters=[26, 14, 31])
    assert (2, 2, 5, 5, 3) == chosen.shape
    assert np.array_equal(everything[0, [26, 14, 31]], chosen.reshape(4, 5, 5, 3)[:3])
    assert np.isnan(chosen[1, 1]).all()
    shared = inspect.filter_grid(model, "conv1", columns=2, filters=[26, 14, 31], scale="shared")
    assert np.nanmax(np.abs(shared - 0.5)) == pytest.approx(0.5)


# --- patches ---------------------------------------------------------------------------------------------


def test_conv4_of_cs7011_sees_26_by_26_pixels_every_4():
    top = inspect.top_patches(nn.build(zoo.cs7011()), torch.randn(3, 3, 32, 32), "conv4", 0, k=3)
    assert ((26, 26), (4, 4), (-11, -11)) == (top.field.size, top.field.jump, top.field.start)
    for (row, column), box in zip(top.position, top.boxes, strict=True):
        expected = [slice(max(0, 4 * i - 11), min(32, 4 * i + 15)) for i in (row, column)]
        assert expected == list(box)


def reached(module, layer, unit, shape):
    """Return the mask of the pixels that the gradient of a unit of `layer` reaches in any channel."""
    x = torch.ones(1, *shape, requires_grad=True)
    y = module[: [name for name, _ in module.named_children()].index(layer) + 1](x)[0]
    # the units of a Flatten see one place each, those of a layer behind it all that they see together
    score = y.sum() if layer == "flatten" else y[unit]
    return (torch.autograd.grad(score, x)[0] != 0).any(dim=1)[0].numpy()


@pytest.mark.parametrize("net", ZOO, ids=lambda net: net.name)
def test_the_box_of_every_layer_of_every_zoo_network_is_the_support_of_the_gradient(net):
    # In the twin nothing cancels and no way is closed: means in place of maxima, weights above zero.
    means = [
        AvgPool2d(layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode)
        if isinstance(layer, MaxPool2d)
        else layer
        for layer in net.layers
    ]
    twin = nn.build(Network(net.input_shape, zip([stage.name for stage in net], means, strict=True))).eval()
    for weight in twin.parameters():
        torch_nn.init.constant_(weight, 0.01)
    model = nn.build(net, seed=1)
    noise = torch.randn(2, *net.input_shape, generator=torch.Generator().manual_seed(1))
    for stage in net:
        _, *sizes = stage.output_shape
        for place in {tuple(0 for _ in sizes), tuple(n // 2 for n in sizes), tuple(n - 1 for n in sizes)}:
            unit = (0, *place)
            top = inspect.top_patches(model, noise, stage.name, unit, k=2)
            expected = np.zeros(net.input_shape[1:], dtype=bool)
            expected[top.boxes[0]] = True
            assert np.array_equal(expected, reached(twin, stage.name, unit, net.input_shape)), (
                stage.name,
                unit,
            )
            # with maxima a gradient may reach less in one image, but nothing outside
            outside = inspect.saliency(model, noise, unit, stage.name)[:, :, ~expected]
            assert not outside.any(), (stage.name, unit)


@pytest.mark.parametrize("unit", [3, (3, 5, 7)])
@pytest.mark.parametrize("batch_size", [7, 250])
def test_top_patches_are_the_strongest_images_in_their_order(digit_model, digits, unit, batch_size):
    top = inspect.top_patches(digit_model, digits, "conv2", unit, k=9, batch_size=batch_size)
    maps = inspect.activations(digit_model, digits, "conv2")[:, 3]
    strongest = maps[:, 5, 7] if isinstance(unit, tuple) else maps.max(axis=(1, 2))
    assert np.allclose(sorted(strongest, reverse=True)[:9], top.value, atol=1e-5)
    assert 9 == len(top) == len(set(top.index.tolist()))
    for n, value, place, patch, box in zip(
        top.index, top.value, top.position, top.patches, top.boxes, strict=True
    ):
        assert maps[n][tuple(place)] == pytest.approx(value, abs=1e-5)
        assert np.array_equal(digits.images[n][:, *box], patch)
    assert np.uint8 == top.images.dtype


def test_of_equal_values_the_image_that_comes_first_wins(digit_model):
    same = np.zeros((6, 1, 28, 28), dtype=np.float32)
    same[4, 0, 14, 14] = same[2, 0, 14, 14] = 3.0
    for k in (1, 2, 4):
        index = inspect.top_patches(digit_model, same, "conv1", (0, 14, 14), k=k).index.tolist()
        weight = float(digit_model.conv1.weight[0, 0, 2, 2].detach())
        assert ([2, 4, 0, 1] if weight > 0 else [0, 1, 3, 5])[:k] == index


def test_a_neuron_behind_the_flatten_sees_the_whole_image(model, images):
    top = inspect.top_patches(model, images, "fc2", 4, k=2)
    assert ((slice(0, 32), slice(0, 32)),) * 2 == top.boxes
    assert np.array_equal(top.images[0], top.patches[0])


def test_top_patches_of_torchs_own_names(images):
    features = torch_nn.Sequential(torch_nn.Conv2d(3, 4, 3), torch_nn.ReLU(), torch_nn.MaxPool2d(2))
    model = torch_nn.ModuleDict({"features": features, "other": torch_nn.Conv2d(4, 2, 3, stride=2)})
    model.forward = lambda x: model["other"](model["features"](x))
    top = inspect.top_patches(model, images, "other", 1, k=2)
    assert ((8, 8), (4, 4)) == (top.field.size, top.field.jump)


def test_top_patches_show_themselves_as_a_table(model, images):
    lines = repr(inspect.top_patches(model, images, "conv1", (0, 0, 10), k=2)).splitlines()
    assert "conv1, (0, 0, 10): sees 5 × 5 pixels" == lines[0]
    assert 4 == len(lines)
    assert all(line.endswith("0, 10      0–2     8–12") for line in lines[2:])


# --- fooling ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained():
    """Return a small trained network and 120 images to fool it with."""
    digits = data.load("digits")
    net = Network((1, 28, 28), [Conv2d(1, 8, 5, stride=3), ReLU(), Flatten(), Linear(512, 10)])
    run = nn.fit(net, digits, epochs=3, batch_size=32, lr=0.05, seed=0, progress=False)
    return run.model, digits.test.take(120)


@pytest.mark.parametrize("order", ["random", "gradient"])
def test_without_changed_pixels_the_curve_is_the_accuracy(trained, order):
    curve = inspect.fooling_curve(*trained, pixels=[0, 400, 784], order=order)
    clean = nn.evaluate(*trained)
    assert clean.accuracy > 0.7
    assert curve.accuracy[0] == pytest.approx(clean.accuracy)
    assert curve.standard_error[0] == pytest.approx(clean.standard_error)
    assert curve.accuracy[2] < 0.3
    assert 120 == curve.n


def test_the_gradient_fools_with_fewer_pixels_than_chance(trained):
    chance, chosen = (
        inspect.fooling_curve(*trained, order=order).accuracy for order in ("random", "gradient")
    )
    assert chance[0] == chosen[0]
    assert (chosen[4:] < chance[4:] - 0.2).all()


@pytest.mark.parametrize("order", ["random", "gradient"])
def test_the_curve_does_not_depend_on_batches_or_on_which_counts_are_asked_for(trained, order):
    whole = inspect.fooling_curve(*trained, pixels=[0, 8, 32, 64], order=order)
    parts = inspect.fooling_curve(*trained, pixels=[64, 8], order=order, batch_size=37)
    assert whole.accuracy[[3, 1]].tolist() == parts.accuracy.tolist()


@pytest.mark.parametrize("order", ["random", "gradient"])
def test_changed_pixels_stay_changed_and_go_to_the_darkest_or_brightest(trained, order):
    model, split = trained
    ((x, y),) = split.loader(120, shuffle=False)
    seen = []
    handle = model.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach().clone()))
    inspect.fooling_curve(model, [(x, y)], pixels=[0, 5, 20], order=order)
    handle.remove()
    changed = [(images != x).any(dim=1) for images in seen[-3:]]
    assert not changed[0].any()
    assert (changed[1] <= changed[2]).all()
    for mask, images, count in zip(changed[1:], seen[-2:], (5, 20), strict=True):
        assert (mask.sum(dim=(1, 2)) <= count).all()
        assert mask.sum() > 0.5 * count * 120  # what the gradient would push past the end is there already
        values = images[mask[:, None]]
        assert torch.isin(values, torch.stack([x.min(), x.max()])).all()


def test_random_pixels_depend_on_the_seed_alone(trained):
    curves = [inspect.fooling_curve(*trained, pixels=[16, 32, 64], seed=seed) for seed in (0, 0, 1)]
    assert curves[0].accuracy.tolist() == curves[1].accuracy.tolist() != curves[2].accuracy.tolist()


def test_the_fooling_curve_shows_itself_and_can_be_drawn(trained):
    curve = inspect.fooling_curve(*trained, pixels=[0, 16])
    assert repr(curve).startswith("pixels changed (random), accuracy, n=120\n     0 ")
    figure = plot.history({"random": curve.accuracy}, x=curve.pixels, xlabel="pixels changed")
    assert [0, 16] == figure.axes[0].lines[0].get_xdata().tolist()


# --- what cannot work ------------------------------------------------------------------------------------


class Twice(torch_nn.Module):
    """One layer that runs twice, one that never runs, one that gives a pair."""

    def __init__(self):
        super().__init__()
        self.conv = torch_nn.Conv2d(3, 3, 3, padding=1)
        self.spare = torch_nn.ReLU()
        self.memory = torch_nn.LSTM(32, 4)

    def forward(self, x):
        return self.memory(self.conv(self.conv(x))[:, 0])[0]


ERRORS = {
    "a layer that does not exist": (
        lambda m, x: inspect.activations(m, x, "conv4"),
        ArgumentError,
        "activations: `layer` is 'conv4', expected one of conv1, relu1, pool1, conv2, relu2, pool2,"
        " conv3, relu3,"
        " pool3, flatten, fc1, relu4, fc2. Did you mean 'conv3'?",
    ),
    "a layer that is no name": (
        lambda m, x: inspect.top_patches(m, x, 3, 0),
        ArgumentError,
        "top_patches: `layer` is 3, expected one of conv1, relu1, pool1, conv2, relu2, pool2, conv3,"
        " relu3, pool3,"
        " flatten, fc1, relu4, fc2. Take one of these.",
    ),
    "a network that is no model": (
        lambda m, x: inspect.activations(zoo.report_cnn(), x, "conv1"),
        ArgumentError,
        "activations: `model` is of type Network, expected a torch module. Build one: nn.build(network).",
    ),
    "a run in the place of its model": (
        lambda m, x: inspect.activations(nn.pretrained("cifar10"), x, "conv1"),
        ArgumentError,
        "activations: `model` is of type Run, expected a torch module. Take its `.model`.",
    ),
    "a run whose gradient is asked for": (
        lambda m, x: inspect.saliency(nn.pretrained("cifar10"), x),
        ArgumentError,
        "saliency: `model` is of type Run, expected a torch module. Take its `.model`.",
    ),
    "a run to be fooled": (
        lambda m, x: inspect.fooling_curve(nn.pretrained("cifar10"), []),
        ArgumentError,
        "fooling_curve: `model` is of type Run, expected a torch module. Take its `.model`.",
    ),
    "a layer that runs twice": (
        lambda m, x: inspect.activations(Twice(), x, "conv"),
        ArgumentError,
        "activations: `layer` 'conv' is called 2 times in one pass, expected once. Take the layer before or"
        " after.",
    ),
    "a layer that never runs": (
        lambda m, x: inspect.activations(Twice(), x, "spare"),
        ArgumentError,
        "activations: `layer` 'spare' is never called in one pass, expected once. Take the layer"
        " before or after.",
    ),
    "a layer that gives a pair": (
        lambda m, x: inspect.activations(Twice(), x, "memory"),
        ArgumentError,
        "activations: `layer` 'memory' gives a tuple, expected one tensor. Take a layer inside it.",
    ),
    "a model that is no chain": (
        lambda m, x: inspect.top_patches(Twice(), x, "memory", 0),
        ArgumentError,
        "top_patches: `layer` 'memory' gives a tuple, expected one tensor. Take a layer inside it.",
    ),
    "a channel past the last": (
        lambda m, x: inspect.activations(m, x, "conv1", [3, 32]),
        ArgumentError,
        "activations: `channels` holds 32, expected 0 to 31: `conv1` has 32 of them. Count from 0.",
    ),
    "a filter past the last": (
        lambda m, x: inspect.filter_grid(m, "conv1", filters=[14, 26, 32]),
        ArgumentError,
        "filter_grid: `filters` holds 32, expected 0 to 31: `conv1` has 32 of them. Count from 0.",
    ),
    "a filter before the first": (
        lambda m, x: inspect.filter_grid(m, "conv1", filters=[-1]),
        ArgumentError,
        "filter_grid: `filters` holds -1, expected 0 to 31: `conv1` has 32 of them. Count from 0.",
    ),
    "no filter": (
        lambda m, x: inspect.filter_grid(m, "conv1", filters=[]),
        ArgumentError,
        "filter_grid: `filters` is empty, expected at least 1 number. Name one.",
    ),
    "filters of a layer without": (
        lambda m, x: inspect.filter_grid(m, "fc1"),
        ArgumentError,
        "filter_grid: `layer` 'fc1' is a Linear, expected a convolution. This model's are conv1,"
        " conv2, conv3.",
    ),
    "an unknown scale": (
        lambda m, x: inspect.filter_grid(m, "conv1", scale="log"),
        ArgumentError,
        "filter_grid: `scale` is 'log', expected 'shared' (one colour scale for all) or 'own' (each its own)."
        " Use scale='shared' to compare sizes, scale='own' to see patterns.",
    ),
    "a unit past the last": (
        lambda m, x: inspect.top_patches(m, x, "conv2", (0, 16, 3)),
        ArgumentError,
        "top_patches: `unit` is (0, 16, 3), expected a channel or (channel, row, column) inside (64, 16, 16),"
        " what `conv2` gives. Count from 0.",
    ),
    "a place behind the flatten": (
        lambda m, x: inspect.top_patches(m, x, "fc2", (0, 1)),
        ArgumentError,
        "top_patches: `unit` is (0, 1), expected a whole number inside (10,), what `fc2` gives."
        " Count from 0.",
    ),
    "more patches than images": (
        lambda m, x: inspect.top_patches(m, x, "conv1", 0, k=8),
        ArgumentError,
        "top_patches: `k` is 8, expected at most 7, the number of images. Take more images.",
    ),
    "grey images for a colour network": (
        lambda m, x: inspect.activations(m, x[:, :1], "conv1"),
        ShapeError,
        "activations: `images` has shape (7, 1, 32, 32) and gives `conv1` 1 channel, expected 3. Copy a grey"
        " image's channel for a colour network: np.repeat(x, 3, axis=1).",
    ),
    "colour images for a grey network": (
        lambda m, x: inspect.saliency(nn.build(zoo.tfjs_mnist()), x[:, :, :28, :28]),
        ShapeError,
        "saliency: `images` has shape (7, 3, 28, 28) and gives `conv1` 3 channels, expected 1. Take"
        " grey images"
        " for a network of grey images: x.mean(1, keepdims=True).",
    ),
    "images of another size": (
        lambda m, x: inspect.guided_backprop(m, x[:, :, :24, :24]),
        ShapeError,
        "guided_backprop: `images` has shape (7, 3, 24, 24) and gives `fc1` 1152 features, expected"
        " 2048. Give"
        " images of the size that the network was trained on.",
    ),
    "images too small for a kernel": (
        lambda m, x: inspect.activations(nn.build(zoo.tfjs_mnist()), x[:, :1, :3, :3], "conv1"),
        ShapeError,
        "activations: `images` has shape (7, 1, 3, 3) and gives `conv1` (7, 1, 3, 3), expected what it takes:"
        " Calculated padded input size per channel: (3 x 3). Kernel size: (5 x 5). Kernel size can't"
        " be greater"
        " than actual input size. Give images of the size that the network was trained on.",
    ),
    "a single image": (
        lambda m, x: inspect.activations(m, x[0], "conv1"),
        ShapeError,
        "activations: `images` has shape (3, 32, 32), expected (N, C, H, W) with at least 1 along"
        " each axis. A"
        " single image is x[None].",
    ),
    "bytes": (
        lambda m, x: inspect.activations(m, np.zeros((2, 3, 32, 32), np.uint8), "conv1"),
        ArgumentError,
        "activations: `images` are uint8, expected floats, normalised as the network was trained."
        " Give a split of"
        " a data set, or what its loader gives: x, y = next(iter(split.loader(64))).",
    ),
    "pixels up to 255": (
        lambda m, x: inspect.saliency(m, np.linspace(0, 255, 3072).reshape(1, 3, 32, 32)),
        ArgumentError,
        "saliency: `images` run from 0 to 255, expected normalised numbers of at most ±30. Give a"
        " split of a data"
        " set, or what its loader gives: x, y = next(iter(split.loader(64))).",
    ),
    "numbers that are none": (
        lambda m, x: inspect.grad_cam(m, x * float("nan"), "conv3"),
        ArgumentError,
        "grad_cam: `images` run from nan to nan, expected normalised numbers of at most ±30. Give a"
        " split of a"
        " data set, or what its loader gives: x, y = next(iter(split.loader(64))).",
    ),
    "images that are a name": (
        lambda m, x: inspect.activations(m, "digits", "conv1"),
        ArgumentError,
        "activations: `images` is of type str, expected a split, or an array (N, C, H, W) of numbers. Give a"
        " split of a data set, or what its loader gives: x, y = next(iter(split.loader(64))).",
    ),
    "weights of another network": (
        lambda m, x: nn.load_weights(nn.build(zoo.report_cnn()), nn.weights(nn.build(zoo.tfjs_mnist()))),
        ArgumentError,
        "load_weights: `weights` lacks conv3.bias, conv3.weight, fc1.bias, fc1.weight, fc2.bias,"
        " fc2.weight and"
        " has fc.bias, fc.weight too many, expected conv1.bias, conv1.weight, conv2.bias, conv2.weight,"
        " conv3.bias, conv3.weight, fc1.bias, fc1.weight, fc2.bias, fc2.weight. Give the weights of this very"
        " network.",
    ),
    "too many pixels": (
        lambda m, x: inspect.fooling_curve(m, [(x, torch.zeros(7, dtype=torch.int64))], pixels=[0, 1025]),
        ArgumentError,
        "fooling_curve: `pixels` is 1025, expected a whole number of at least 0 and at most 1024. Write for"
        " instance pixels=1.",
    ),
    "an unknown order": (
        lambda m, x: inspect.fooling_curve(m, [(x, torch.zeros(7, dtype=torch.int64))], order="gradients"),
        ArgumentError,
        "fooling_curve: `order` is 'gradients', expected one of random, gradient. Did you mean 'gradient'?",
    ),
    "a label that is no class": (
        lambda m, x: inspect.fooling_curve(m, [(x, torch.full((7,), 10))]),
        ArgumentError,
        "fooling_curve: `split` holds 10, expected 0 to 9: `the output` has 10 of them. Count from 0.",
    ),
    "no batch": (
        lambda m, x: inspect.fooling_curve(m, []),
        ArgumentError,
        "fooling_curve: `split` is empty, expected at least 1 example. Give a larger one.",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_cannot_work_is_said_with_its_cure(model, images, case):
    call, kind, expected = ERRORS[case]
    with pytest.raises(kind) as error:
        call(model, images)
    assert expected == str(error.value)


def test_of_many_layers_the_nearest_are_listed(images):
    model = torch_nn.Sequential()
    for n in range(30):
        model.add_module(f"block{n}", torch_nn.ReLU())
    with pytest.raises(ArgumentError) as error:
        inspect.activations(model, images, "blok17")
    said = str(error.value)
    assert said.startswith(
        "activations: `layer` is 'blok17', expected one of 30 names, of which the nearest are"
    )
    assert said.endswith("Did you mean 'block17'?")
    assert 8 == said.count("block") - 1


def test_a_skip_connection_has_no_receptive_field_here(images):
    class Skip(torch_nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = torch_nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x):
            return x + self.conv(x)

    with pytest.raises(ArgumentError) as error:
        inspect.top_patches(Skip(), images, "conv", 0, k=1)
    assert str(error.value).startswith(
        "top_patches: what `layer` 'conv' sees of an image is known for chains of layers alone, and"
        " this model is"
        " none: describe: between `conv` and the output"
    )
    assert (7, 3, 32, 32) == inspect.activations(Skip(), images, "conv").shape  # the rest works


def test_normalised_brings_each_to_its_own_ends():
    assert inspect.normalised(np.array([[-2.0, 2.0], [0.0, 1.0]])).tolist() == [[0.0, 1.0], [0.5, 1.0]]
    assert inspect.normalised(np.zeros((1, 2))).tolist() == [[0.5, 0.5]]


def test_signals_are_what_torch_finds_by_hand():
    torch.manual_seed(0)
    network = Network((1, 6, 6), [Conv2d(1, 3, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(12, 4), Softmax()])
    model = nn.build(network)
    image = torch.randn(1, 6, 6)
    found = {each.name: each for each in inspect.signals(model, image, label=2)}
    outputs = {}
    x = image[None].requires_grad_()
    for name, part in model.named_children():
        x = part(x)
        x.retain_grad()
        outputs[name] = x
    torch.nn.functional.cross_entropy(x, torch.tensor([2])).backward()
    for name, output in outputs.items():
        np.testing.assert_allclose(found[name].activation, output[0].detach().numpy(), atol=1e-6)
        np.testing.assert_allclose(found[name].gradient, output.grad[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(found["fc"].weight_gradient, model.fc.weight.grad.numpy(), atol=1e-6)
    np.testing.assert_allclose(found["conv"].weight, model.conv.weight.detach().numpy())
    assert found["relu"].weight is None


def test_signals_leave_modes_gradients_and_hooks_as_they_were():
    model = nn.build(Network((1, 6, 6), [Conv2d(1, 3, 3), ReLU(), Flatten(), Linear(48, 4)]))
    model.train()
    inspect.signals(model, torch.zeros(1, 6, 6), label=0)
    assert all(part.training for part in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(part._forward_hooks for part in model.modules())


def test_signals_refuse_what_is_no_chain_and_no_class():
    with pytest.raises(ArgumentError, match="signals: `model` is of type Linear, expected"):
        inspect.signals(torch.nn.Linear(2, 2), torch.zeros(2), label=0)
    model = nn.build(Network((4,), [Linear(4, 2)]))
    with pytest.raises(ArgumentError, match="`label` is 2, expected 0 to 1"):
        inspect.signals(model, torch.zeros(4), label=2)
