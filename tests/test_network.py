"""Networks against torch: shapes, weights, costs, and what a gradient shows each unit to see."""

import copy
import dataclasses
import pickle
import random
from contextlib import suppress
from math import prod

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnkit import layers, zoo
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import (
    AvgPool2d,
    BatchNorm1d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    MaxPool2d,
    ReLU,
    Softmax,
    Tanh,
    Windowed,
)
from cnnkit.network import Network
from cnnkit.receptive import ReceptiveField
from cnnkit.shapes import Axis

ZOO = [getattr(zoo, name)() for name in zoo.__all__] + [
    zoo.convnetjs_mnist(pooling=False),
    zoo.convnetjs_mnist(extra_conv=True),
    zoo.convnetjs_mnist(extra_conv=True, last_pool=False),
    zoo.pa2_2019(padding=1),
]


def random_conv(pick, channels):
    groups = pick.choice([1, channels])
    return Conv2d(
        channels,
        groups * pick.randint(1, 3),
        kernel_size=pick.choice([1, 2, 3, 5, (3, 1), (2, 4)]),
        stride=pick.choice([1, 1, 2, (1, 3)]),
        padding=pick.choice([0, 1, (2, 1)]),
        dilation=pick.choice([1, 1, 2]),
        groups=groups,
        bias=pick.random() < 0.8,
    )


def random_pool(pick, channels):
    kind = pick.choice([MaxPool2d, AvgPool2d])
    stride, padding = pick.choice([None, 2, (3, 1)]), pick.choice([0, 1])
    return kind(pick.choice([2, 3, (3, 2)]), stride, padding, ceil_mode=pick.random() < 0.5)


def random_network(seed):
    """Return eight layers, less those that do not fit, and two fully connected ones behind them."""
    pick = random.Random(seed)
    input_shape = shape = (pick.randint(1, 4), pick.randint(12, 40), pick.randint(12, 40))
    makers = [random_conv, random_pool, lambda _, channels: BatchNorm2d(channels), lambda *_: ReLU()]
    body = []
    for maker in pick.choices(makers, weights=[4, 2, 1, 1], k=8):
        layer = maker(pick, shape[0])
        with suppress(ShapeError):
            shape = layer.output_shape(shape)
            body.append(layer)
    head = [Flatten(), Linear(prod(shape), 7), BatchNorm1d(7), Tanh(), Dropout(), Linear(7, 4, bias=False)]
    return Network(input_shape, [*body, *head, Softmax()])


RANDOM = [random_network(seed) for seed in range(100)]


@pytest.fixture(scope="module")
def build(torch_twin):
    """Return a function Network -> nn.Sequential without memory, in evaluation."""
    return lambda net: nn.Sequential(*map(torch_twin, net.layers)).to("meta").eval()


@pytest.fixture(scope="module")
def stand_in(torch_twin):
    """Return a function layers -> module that passes a gradient wherever the layers pass anything.

    One channel, all weights 1, and means in place of maxima, so that nothing cancels or vanishes.
    """

    def twin(layer):
        if isinstance(layer, Conv2d):
            layer = dataclasses.replace(layer, in_channels=1, out_channels=1, groups=1, bias=False)
        elif isinstance(layer, MaxPool2d):
            layer = AvgPool2d(layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode)
        module = torch_twin(layer).double()
        for weight in module.parameters():
            nn.init.ones_(weight)
        return module

    return lambda layers: nn.Sequential(*(twin(layer) for layer in layers if isinstance(layer, Windowed)))


def windowed_stages(net):
    """Return each convolution and pooling layer's stage, and all layers up to it."""
    stages = enumerate(net.stages, start=1)
    return [(stage, net.layers[:depth]) for depth, stage in stages if isinstance(stage.layer, Windowed)]


def some_units(stage, count):
    """Return the corner units, the one in the middle, and others drawn at random."""
    _, height, width = stage.output_shape
    pick = random.Random(height)
    drawn = [(pick.randrange(height), pick.randrange(width)) for _ in range(count)]
    return {(0, 0), (height - 1, width - 1), (height // 2, width // 2), *drawn}


def pixels_seen(module, image, units):
    """Return, for each unit, the mask of the pixels that its gradient reaches."""
    x = torch.ones(1, 1, *image, dtype=torch.float64, requires_grad=True)
    y = module(x)
    return {unit: torch.autograd.grad(y[0, 0, *unit], x, retain_graph=True)[0][0, 0] != 0 for unit in units}


@pytest.mark.parametrize("net", [*ZOO, *RANDOM], ids=lambda net: net.name)
def test_shapes_weights_and_buffers_are_those_of_torchs_sequential(build, net):
    x = torch.empty(1, *net.input_shape, device="meta")
    twin = build(net)
    for stage, module in zip(net.stages, twin, strict=True):
        assert tuple(x.shape[1:]) == stage.input_shape
        x = module(x)
        assert tuple(x.shape[1:]) == stage.output_shape
    assert tuple(x.shape[1:]) == net.output_shape
    ledger = net.ledger()
    assert sum(weight.numel() for weight in twin.parameters()) == ledger.trainable
    buffers = [b.numel() for name, b in twin.named_buffers() if not name.endswith("num_batches_tracked")]
    assert sum(buffers) == ledger.statistics
    assert ledger.trainable + ledger.statistics == ledger.total
    assert ledger.trainable == net.ledger("torch").total


@pytest.mark.parametrize("net", [*ZOO, *RANDOM], ids=lambda net: net.name)
def test_multiply_adds_are_half_the_operations_that_torch_counts(build, net):
    x = torch.empty(1, *net.input_shape, device="meta")
    with FlopCounterMode(display=False) as counter:
        build(net)(x)
    assert counter.get_total_flops() == 2 * net.ledger().multiply_adds


@pytest.mark.parametrize("net", ZOO, ids=lambda net: net.name)
def test_units_of_every_zoo_network_see_the_pixels_that_their_gradient_reaches(stand_in, net):
    for stage, up_to_it in windowed_stages(net):
        units = some_units(stage, count=5)
        for unit, seen in pixels_seen(stand_in(up_to_it), net.input_shape[1:], units).items():
            expected = torch.zeros_like(seen)
            expected[stage.receptive_field.box(*unit)] = True
            assert torch.equal(expected, seen), (stage.name, unit)


@pytest.mark.parametrize("net", RANDOM[:50], ids=range(50))
def test_receptive_fields_end_where_the_gradient_ends(stand_in, net):
    """Never outside; where a field is cut, a stride longer than its kernel may leave a hole at the cut."""
    uncut = 0
    for stage, up_to_it in windowed_stages(net):
        field = stage.receptive_field
        units = some_units(stage, count=3)
        for unit, seen in pixels_seen(stand_in(up_to_it), net.input_shape[1:], units).items():
            box = field.box(*unit)
            reached = seen.nonzero()
            assert len(reached) == seen[box].sum(), (stage.name, unit)
            if tuple(edge.stop - edge.start for edge in box) == field.size:
                ends = list(zip(reached.amin(0).tolist(), (reached.amax(0) + 1).tolist(), strict=True))
                assert ends == [(edge.start, edge.stop) for edge in box], (stage.name, unit)
                uncut += 1
    assert uncut


@pytest.mark.parametrize(
    ("net", "name", "size", "jump", "start"),
    [
        (zoo.cs7011(), "conv4", 26, 4, -11),
        (zoo.cs7011(), "pool3", 30, 8, -11),
        (zoo.report_cnn(), "conv3", 32, 4, -14),
    ],
)
def test_receptive_fields_that_the_course_asks_for(net, name, size, jump, start):
    field = net[name].receptive_field
    assert ((size, size), (jump, jump), (start, start)) == (field.size, field.jump, field.start)
    row = 5
    expected = slice(max(jump * row + start, 0), min(jump * row + start + size, 32))
    assert expected == field.box(row, 0)[0]


def test_a_unit_that_sees_padding_alone_has_an_empty_box():
    field = Network((1, 6, 6), [Conv2d(1, 1, 2, padding=4)])["conv"].receptive_field
    image = torch.ones(6, 6)
    assert image[field.box(0, 3)].numel() == 0
    assert image[field.box(12, 12)].numel() == 0
    assert image[field.box(4, 4)].numel() == 4


def test_behind_flatten_a_unit_sees_the_whole_image():
    net = zoo.tfjs_mnist()
    assert net["fc"].receptive_field == ReceptiveField.of_image((1, 28, 28))
    assert net["fc"].receptive_field.box(0, 0) == (slice(0, 28), slice(0, 28))


def test_through_adds_one_window_per_axis():
    field = ReceptiveField.of_pixel((3, 20, 30)).through((Axis(20, 5, 2, 1), Axis(30, 3, 1, 0, 2)))
    assert field == ReceptiveField((5, 5), (2, 1), (-1, 0), (20, 30))


@pytest.mark.parametrize(
    ("input_shape", "given", "message"),
    [
        (
            (1, 24, 24),
            [Conv2d(1, 8, 10, padding=2), ReLU(), MaxPool2d(2), Conv2d(8, 16, 15, padding=2)],
            "Network: layer 4, `conv2` = Conv2d(8, 16, 15, padding=2), cannot take its input (8, 9, 9): its"
            " 15×15 kernel does not fit into the 9×9 input (13×13 with padding); the output would be −1×−1."
            " Change this layer or the ones before it.",
        ),
        (
            (1, 28, 28),
            [Conv2d(1, 8, 5), Conv2d(16, 8, 5)],
            "Network: layer 2, `conv2` = Conv2d(16, 8, 5), cannot take its input (8, 24, 24): its input has 8"
            " channels, expected in_channels=16. Change this layer or the ones before it.",
        ),
        (
            (3, 32, 32),
            [("head", Linear(3072, 10))],
            "Network: layer 1, `head` = Linear(3072, 10), cannot take its input (3, 32, 32): its input is"
            " (3, 32, 32), expected (3072,): put Flatten() before it."
            " Change this layer or the ones before it.",
        ),
        (
            (3, 4, 4),
            [MaxPool2d(2), MaxPool2d(2), MaxPool2d(2)],
            "Network: layer 3, `pool3` = MaxPool2d(2), cannot take its input (3, 1, 1): its 2×2 kernel does"
            " not fit into the 1×1 input (1×1 with padding); the output would be 0×0."
            " Change this layer or the ones before it.",
        ),
    ],
)
def test_an_impossible_network_names_the_layer_its_input_and_the_kernel(input_shape, given, message):
    with pytest.raises(ShapeError) as caught:
        Network(input_shape, given)
    assert message == str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ((3, 0, 32), []),
            "Network: `input_shape` is (3, 0, 32), expected positive integers (C, H, W) or (features,)."
            " Leave out the batch.",
        ),
        (
            ((None, 3, 32, 32), []),
            "Network: `input_shape` is (None, 3, 32, 32), expected positive integers (C, H, W) or"
            " (features,). Leave out the batch.",
        ),
        (
            ((), []),
            "Network: `input_shape` is (), expected positive integers (C, H, W) or (features,)."
            " Leave out the batch.",
        ),
        (
            ((3, 32, 32), [ReLU(), "relu"]),
            "Network: layer 2 is 'relu', expected a layer such as Conv2d(3, 32, 5)."
            " Take the layers from cnnkit.layers.",
        ),
        (
            ((3, 32, 32), [ReLU]),
            "Network: layer 1 is <class 'cnnkit.layers.ReLU'>, expected a layer such as Conv2d(3, 32, 5)."
            " Take the layers from cnnkit.layers.",
        ),
        (
            ((3, 32, 32), [("act", ReLU()), ("act", ReLU())]),
            "Network: the layer name 'act' stands twice, expected each name once. Rename one of them.",
        ),
        (
            ((3, 32, 32), [("relu1", Tanh()), ReLU(), ReLU()]),
            "Network: the layer name 'relu1' stands twice, expected each name once. Rename one of them.",
        ),
    ],
)
def test_what_is_no_network_is_refused(arguments, message):
    with pytest.raises(ArgumentError) as caught:
        Network(*arguments)
    assert message == str(caught.value)


def test_a_name_that_no_layer_has_is_told_the_names():
    message = (
        "Network: `conv4` is no layer of this network, expected one of conv1, relu1, pool1, conv2, relu2,"
        " pool2, flatten, fc, softmax. Take one of these names."
    )
    with pytest.raises(ArgumentError) as caught:
        zoo.tfjs_mnist()["conv4"]
    assert message == str(caught.value)


def test_layers_are_numbered_by_kind_and_only_where_there_are_several():
    given = [Conv2d(3, 8, 3), ReLU(), ("mine", Conv2d(8, 8, 3)), MaxPool2d(2), Conv2d(8, 8, 3), AvgPool2d(2)]
    names = [stage.name for stage in Network((3, 32, 32), given)]
    assert names == ["conv1", "relu", "mine", "pool1", "conv2", "pool2"]


def test_a_network_reads_as_the_sequence_of_its_stages():
    net = zoo.tfjs_mnist()
    assert len(net) == len(net.layers) == 9
    assert tuple(net) == net.stages
    assert net["conv2"] is net.stages[3]
    assert Network((3, 8, 8), []).output_shape == (3, 8, 8)


def test_the_layers_may_come_from_any_iterable():
    generated = Network(iter((3, 8, 8)), (layer for layer in [ReLU(), Flatten()]))
    assert Network((3, 8, 8), [ReLU(), Flatten()]) == generated


def test_networks_are_equal_where_their_input_and_layers_are():
    given = [Conv2d(3, 8, 3), Flatten()]
    net = Network((3, 8, 8), given)
    assert {net: 1}[Network((3, 8, 8), given)] == 1
    assert net == Network((3, 8, 8), [("first", given[0]), given[1]], name="labelled")
    assert net != Network((3, 8, 9), given)
    assert net != Network((3, 8, 8), given[:1])


@pytest.mark.parametrize("attribute", ["input_shape", "layers", "name", "stages"])
def test_a_network_cannot_be_changed(attribute):
    net = zoo.tfjs_mnist()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(net, attribute, ())
    assert isinstance(net.layers, tuple)


def test_a_network_does_not_follow_the_list_that_it_was_made_from():
    given = [Conv2d(3, 8, 3), ReLU()]
    net = Network((3, 8, 8), given)
    given.append(Flatten())
    assert len(net) == 2


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_a_network_arrives_whole_in_another_process(travel):
    net = Network((3, 8, 8), [("first", Conv2d(3, 8, 3)), ReLU()], name="sent")
    assert net.stages == travel(net).stages
    assert repr(net) == repr(travel(net))


@pytest.mark.parametrize("net", ZOO, ids=lambda net: net.name)
def test_the_repr_of_a_network_is_the_code_that_makes_it(net):
    again = eval(repr(net), vars(layers) | {"Network": Network})
    assert net.stages == again.stages
    assert net.name == again.name


def test_the_repr_says_the_shape_behind_each_layer_and_keeps_given_names():
    net = Network((1, 8, 8), [("edges", Conv2d(1, 4, 3)), ReLU(), Flatten(), Linear(144, 10)])
    expected = """\
Network((1, 8, 8), [
    ('edges', Conv2d(1, 4, 3)),  # (4, 6, 6)
    ('relu', ReLU()),            # (4, 6, 6)
    ('flatten', Flatten()),      # (144,)
    ('fc', Linear(144, 10)),     # (10,)
])"""
    assert expected == repr(net)
    assert net.stages == eval(expected, vars(layers) | {"Network": Network}).stages


def test_a_layer_of_ones_own_takes_part():
    class Halve(Layer):
        kind = "halve"

        def output_shape(self, input_shape):
            return (input_shape[0] // 2,)

    assert Network((10,), [Halve(), Halve()]).output_shape == (2,)
