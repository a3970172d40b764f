"""The published totals of the course's networks, each from two sides: cnnkit, and torch or a formula."""

import pytest
from torch import nn

from cnnkit import zoo
from cnnkit.errors import ShapeError
from cnnkit.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Softmax
from cnnkit.network import Network


def conv_lines(*lines):
    """Count convolutions from (in_channels, out_channels, kernel_size) by the textbook's formula."""
    return [out_channels * (in_channels * size * size + 1) for in_channels, out_channels, size in lines]


def fc_lines(*lines):
    return [(in_features + 1) * out_features for in_features, out_features in lines]


def wider_and_larger_kernels():
    """Return the ConvNetJS network with twice the filters, 10x10 large: W251's second question."""
    layers = [Conv2d(1, 16, 10, padding=2), ReLU(), MaxPool2d(2)]
    layers += [Conv2d(16, 32, 10, padding=2), ReLU(), MaxPool2d(3)]
    return Network((1, 24, 24), [*layers, Flatten(), Linear(32, 10), Softmax()])


@pytest.mark.parametrize(
    ("net", "formula", "total"),
    [
        (
            zoo.report_cnn(),
            conv_lines((3, 32, 5), (32, 64, 5), (64, 128, 5)) + fc_lines((2048, 64), (64, 10)),
            390_410,
        ),
        (
            zoo.cs7011(),
            conv_lines((3, 64, 3), (64, 128, 3), (128, 256, 3), (256, 256, 3))
            + fc_lines((4096, 1024), (1024, 1024), (1024, 10))
            + [2 * 10],
            6_216_094,
        ),
        (zoo.convnetjs_mnist(), conv_lines((1, 8, 5), (8, 16, 5)) + fc_lines((256, 10)), 5_994),
        (
            zoo.convnetjs_mnist(pooling=False),
            conv_lines((1, 8, 5), (8, 16, 5)) + fc_lines((24 * 24 * 16, 10)),
            95_594,
        ),
        (
            zoo.convnetjs_mnist(extra_conv=True),
            conv_lines((1, 8, 5), (8, 16, 5), (16, 16, 5)) + fc_lines((16, 10)),
            10_010,
        ),
        (
            zoo.convnetjs_mnist(extra_conv=True, last_pool=False),
            conv_lines((1, 8, 5), (8, 16, 5), (16, 16, 5)) + fc_lines((256, 10)),
            12_410,
        ),
        (wider_and_larger_kernels(), conv_lines((1, 16, 10), (16, 32, 10)) + fc_lines((32, 10)), 53_178),
        (zoo.tfjs_mnist(), conv_lines((1, 8, 5), (8, 16, 5)) + fc_lines((256, 10)), 5_994),
        (
            zoo.pa2_2019(),
            conv_lines((3, 32, 5), (32, 32, 5), (32, 64, 3), (64, 64, 3), (64, 64, 3), (64, 128, 3))
            + fc_lines((6272, 256), (256, 20)),
            1_805_300,
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Network) else None,
)
def test_published_totals(torch_twin, net, formula, total):
    lines = [row.trainable for row in net.ledger() if row.trainable]
    assert formula == lines
    in_torch = sum(weight.numel() for weight in nn.Sequential(*map(torch_twin, net.layers)).parameters())
    assert total == sum(formula) == in_torch == net.ledger().trainable


def test_cs7011_is_booked_as_its_report_books_it(torch_twin):
    net = zoo.cs7011()
    ledger = net.ledger()
    modules = [torch_twin(layer) for layer in net.layers]

    def in_torch(kind):
        return sum(w.numel() for m in modules if isinstance(m, kind) for w in m.parameters())

    lines = [1_792, 73_856, 295_168, 590_080, 4_195_328, 1_049_600, 10_250, 20]
    assert lines == [row.trainable for row in ledger if row.trainable]
    assert (ledger.total, ledger.trainable, ledger.statistics) == (6_216_114, 6_216_094, 20)
    assert ledger.of_kind("conv").total == in_torch(nn.Conv2d) == 960_896
    assert ledger.of_kind("fc").total == in_torch(nn.Linear) == 5_255_178
    assert ledger.of_kind("bn").total == 40


def test_cs7011_has_the_neurons_and_multiply_adds_that_the_course_asks_for():
    ledger = zoo.cs7011().ledger()
    convs = [(3, 64, 32), (64, 128, 16), (128, 256, 8), (256, 256, 8)]  # in, out, height = width
    neurons = sum(out_channels * size**2 for _, out_channels, size in convs)
    multiply_adds = sum(c_in * c_out * 3 * 3 * size**2 for c_in, c_out, size in convs)
    assert (neurons, multiply_adds) == (131_072, 77_266_944)
    assert ledger.of_kind("conv").neurons == neurons
    assert ledger.of_kind("conv").multiply_adds == multiply_adds
    assert ledger.of_kind("fc").neurons == 1024 + 1024 + 10 == 2_058
    assert ledger.of_kind("fc").multiply_adds == 4096 * 1024 + 1024 * 1024 + 1024 * 10 == 5_253_120
    assert sum(row.units for row in ledger.of_kind("pool")) == 28_672


def test_convnetjs_has_nine_layers_once_its_classifier_is_written_out():
    # The demo has no Flatten: its fully connected layer takes the 4x4x16 volume as it is.
    shapes = [stage.output_shape for stage in zoo.convnetjs_mnist() if stage.name != "flatten"]
    assert len([(1, 24, 24), *shapes]) == 9
    sizes = [(8, 24, 24), (8, 24, 24), (8, 12, 12), (16, 12, 12), (16, 12, 12), (16, 4, 4), (10,), (10,)]
    assert sizes == shapes


def test_larger_kernels_shrink_the_digits_to_one_pixel():
    heights = [stage.output_shape[1] for stage in wider_and_larger_kernels() if len(stage.output_shape) == 3]
    assert heights == [19, 19, 9, 4, 4, 1]


def test_a_15x15_kernel_makes_the_second_convolution_impossible():
    with pytest.raises(ShapeError, match=r"layer 4, `conv2`.* the output would be −1×−1"):
        Network(
            (1, 24, 24),
            [Conv2d(1, 8, 10, padding=2), ReLU(), MaxPool2d(2), Conv2d(8, 16, 15, padding=2), ReLU()],
        )


def test_pa2_2019_has_the_inputs_of_its_table_with_the_padding_that_is_same():
    inputs = [zoo.pa2_2019(padding)["fc1"].input_shape[0] for padding in range(5)]
    assert inputs == [6 * 6 * 128, 6 * 6 * 128, 7 * 7 * 128, 7 * 7 * 128, 8 * 8 * 128]
    assert (inputs[1], inputs[2]) == (4608, 6272)
    heights = [s.output_shape[1] for s in zoo.pa2_2019(1) if s.layer.kind in ("conv", "pool")]
    assert heights == [62, 60, 30, 30, 30, 15, 15, 13, 6]
    keeps_its_size = [padding for padding in range(5) if zoo.pa2_2019(padding)["conv1"].output_shape[1] == 64]
    assert keeps_its_size == [2]


@pytest.mark.parametrize("name", zoo.__all__)
def test_networks_are_named_as_their_functions(name):
    assert name == getattr(zoo, name)().name
