"""cnnkit.nn: from a Network to a torch module and back, the weights included."""

import numpy as np
import pytest
import torch
from torch import nn as torch_nn
from torch.nn import functional

from cnnkit import nn, zoo
from cnnkit.errors import ArgumentError, ShapeError
from cnnkit.layers import (
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    ReLU6,
    Sigmoid,
    Softmax,
    Tanh,
)  # fmt: skip
from cnnkit.network import Network

ZOO = {name: getattr(zoo, name)() for name in zoo.__all__}
SMALL = Network((1, 8, 8), [Conv2d(1, 4, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(36, 5)])


def every_option():
    """Return a network with one of everything that a layer can say."""
    layers = [
        Conv2d(3, 6, 3, padding="same"), BatchNorm2d(6), Tanh(),
        Conv2d(6, 8, (3, 5), stride=(1, 2), padding=(1, 2), groups=2, bias=False), ReLU6(),
        Conv2d(8, 8, 4, stride=2, padding="keras-same"), Sigmoid(),
        MaxPool2d(3, stride=1, padding=1), AvgPool2d(2, ceil_mode=True),
        Conv2d(8, 8, 2, dilation=2, padding=1),
        MaxPool2d(2, stride=1, padding="keras-same"), AvgPool2d(2, padding="keras-same"),
        Flatten(), Dropout(0.25), Linear(48, 7, bias=False), Softmax(), Linear(7, 4),
    ]  # fmt: skip
    return Network((3, 21, 17), layers)


NETWORKS = {**ZOO, "small": SMALL, "every_option": every_option()}


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_statistics_and_shapes_agree_with_the_ledger(name):
    network = NETWORKS[name]
    module = nn.build(network)
    ledger = network.ledger()
    shapes = {}
    for child_name, child in module.named_children():
        child.register_forward_hook(
            lambda part, x, y, child_name=child_name: shapes.update({child_name: tuple(y.shape[1:])})
        )
    module.eval()(torch.zeros(2, *network.input_shape))
    assert {stage.name: stage.output_shape for stage in network} == shapes
    assert ledger.trainable == sum(p.numel() for p in module.parameters() if p.requires_grad)
    kept = {key: b.numel() for key, b in module.named_buffers() if not key.endswith("num_batches_tracked")}
    assert ledger.statistics == sum(kept.values())
    for row in ledger:
        assert row.trainable == sum(p.numel() for p in module.get_submodule(row.name).parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_describe_undoes_build(name):
    network = NETWORKS[name]
    again = nn.describe(nn.build(network), network.input_shape, name=network.name)
    assert network == again
    assert [stage.name for stage in network] == [stage.name for stage in again]


def test_keras_padding_computes_what_tensorflow_documents():
    torch.manual_seed(0)
    x = torch.randn(2, 2, 5, 6, dtype=torch.float64)
    conv = Conv2d(2, 3, 2, stride=2, padding="keras-same")
    module = nn.build(Network((2, 5, 6), [conv])).double()
    wanted = functional.conv2d(
        functional.pad(x, (0, 0, 0, 1)), module.conv.weight, module.conv.bias, stride=2
    )  # 5 rows need one more, behind; 6 columns need none
    assert torch.equal(wanted, module(x))
    row = torch.tensor([[[[-3.0, -1.0, -2.0]]]])
    largest = nn.build(Network((1, 1, 3), [MaxPool2d((1, 2), padding="keras-same")]))
    mean = nn.build(Network((1, 1, 3), [AvgPool2d((1, 2), padding="keras-same")]))
    assert [[[[-1.0, -2.0]]]] == largest(row).tolist()
    assert [[[[-2.0, -2.0]]]] == mean(row).tolist()


def test_a_softmax_at_the_end_is_described_but_logits_come_out():
    model = nn.build(zoo.tfjs_mnist())
    x = torch.randn(3, 1, 28, 28)
    logits = model(x)
    without = torch_nn.Sequential(*list(model.children())[:-1])
    assert torch.equal(without(x), logits)
    assert not torch.allclose(logits.sum(dim=1), torch.ones(3))
    assert Softmax() == nn.describe(model, (1, 28, 28)).layers[-1]


def test_a_softmax_inside_the_network_is_computed():
    model = nn.build(Network((4,), [Linear(4, 3), Softmax(), Linear(3, 2)]))
    inside = model.softmax(model.fc1(torch.randn(5, 4)))
    assert torch.allclose(torch.ones(5), inside.sum(dim=1))


def test_weights_go_through_numpy_and_back():
    model = nn.build(every_option(), seed=3)
    copy = nn.build(every_option(), weights=nn.weights(model)).eval()
    x = torch.randn(2, 3, 21, 17)
    assert torch.equal(model.eval()(x), copy(x))


def test_weights_of_an_unnamed_module_fit_its_description():
    model = torch_nn.Sequential(
        torch_nn.Sequential(torch_nn.Conv2d(1, 2, 3), torch_nn.BatchNorm2d(2), torch_nn.ReLU(inplace=True)),
        torch_nn.Identity(),
        torch_nn.Flatten(),
        torch_nn.Linear(72, 3),
    ).eval()
    network = nn.describe(model, (1, 8, 8))
    copy = nn.build(network, weights=nn.weights(model, network)).eval()
    x = torch.randn(2, 1, 8, 8)
    assert torch.allclose(model(x), copy(x), atol=1e-6)  # the weights lie otherwise in memory


def test_weights_of_convnetjs_give_its_probabilities():
    from cnnkit import convnetjs

    text = (
        "[{type:'input', out_sx:8, out_sy:8, out_depth:1}, {type:'conv', sx:3, filters:4, activation:'relu'},"
        " {type:'pool', sx:2, stride:2}, {type:'softmax', num_classes:5}]"
    )
    theirs = convnetjs.Net(text, seed=1)
    names = [name.rpartition(".")[0] for name in theirs.weights][::2]
    ours = [
        (names[0], Conv2d(1, 4, 3)),
        ReLU(),
        MaxPool2d(2),
        Flatten(),
        (names[1], Linear(36, 5)),
        Softmax(),
    ]
    model = nn.build(Network((1, 8, 8), ours), weights=theirs.weights).double()
    nn.load_weights(model, theirs.weights)
    x = np.random.default_rng(0).random((3, 1, 8, 8))
    probabilities = torch.softmax(model(torch.from_numpy(x)), dim=1).detach().numpy()
    np.testing.assert_allclose(theirs.forward(x), probabilities, rtol=0, atol=1e-12)


# --- first weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("init", "variance"),
    [("kaiming", 2 / 400), ("xavier", 2 / 1000), ("torch", 1 / 1200), ("convnetjs", 1 / 400)],
)
def test_the_variance_of_first_weights_follows_the_formula(init, variance):
    model = nn.build(Network((400,), [Linear(400, 600), ReLU(), Linear(600, 10)]), init=init)
    assert variance == pytest.approx(model.fc1.weight.var().item(), rel=0.02)
    biases = model.fc1.bias.detach()
    if init == "torch":
        assert 0 < biases.abs().max() <= 1 / 20
    else:
        assert torch.equal(torch.full((600,), 0.1 if init == "convnetjs" else 0.0), biases)
        assert torch.equal(torch.zeros(10), model.fc2.bias)


def test_the_first_loss_is_near_the_logarithm_of_the_number_of_classes():
    x = torch.randn(64, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    y = torch.arange(64) % 10
    for seed in range(3):
        model = nn.build(zoo.report_cnn(), init="kaiming", seed=seed)
        assert np.log(10) == pytest.approx(functional.cross_entropy(model(x), y).item(), abs=0.3)
        assert model.fc2.weight.std().item() == pytest.approx(0.01, rel=0.1)


def test_the_same_seed_draws_the_same_weights_and_leaves_torchs_numbers_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, second, other = (nn.weights(nn.build(SMALL, seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(expected, torch.rand(3))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["conv.weight"], other["conv.weight"])


def test_xavier_reaches_every_layer():
    model = nn.initialise(nn.build(SMALL, init="torch"), "xavier", seed=0)
    bound = np.sqrt(6 / (9 + 4 * 9))
    assert bound * 0.9 < model.conv.weight.abs().max() <= bound


# --- what cannot work ------------------------------------------------------------------------------------


def said(kind, call):
    with pytest.raises(kind) as error:
        call()
    return str(error.value)


def test_an_unknown_init_suggests_the_nearest():
    assert said(ArgumentError, lambda: nn.build(SMALL, init="kaimng")) == (
        "initialise: `init` is 'kaimng', expected one of kaiming, xavier, torch, convnetjs."
        " Did you mean 'kaiming'?"
    )


def test_build_wants_a_network():
    assert said(ArgumentError, lambda: nn.build([Linear(3, 2)])) == (
        "build: `network` is of type list, expected a cnnkit Network."
        " Describe one, or take one from cnnkit.zoo."
    )


def test_weights_that_do_not_fit_change_nothing():
    model = nn.build(SMALL)
    before = nn.weights(model)
    given = {**before, "conv.weight": np.ones((4, 1, 3, 3)), "fc.bias": np.ones(6)}
    assert said(ShapeError, lambda: nn.load_weights(model, given)) == (
        "load_weights: `fc.bias` has shape (6,), expected (5,). Give the weights of this very network."
    )
    del given["fc.bias"]
    given["fc2.bias"] = np.ones(5)
    assert said(ArgumentError, lambda: nn.load_weights(model, given)) == (
        "load_weights: `weights` lacks fc.bias and has fc2.bias too many,"
        " expected conv.bias, conv.weight, fc.bias, fc.weight. Give the weights of this very network."
    )
    assert all(np.array_equal(before[name], array) for name, array in nn.weights(model).items())


class Functional(torch_nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch_nn.Conv2d(1, 4, 3)
        self.fc = torch_nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(functional.relu(self.conv(x)).mean(dim=(2, 3)))


class Skip(torch_nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch_nn.Linear(4, 4)

    def forward(self, x):
        return x + self.fc(x)


@pytest.mark.parametrize(
    ("module", "shape", "places"),
    [(Functional(), (1, 8, 8), "`conv` and `fc`"), (Skip(), (4,), "`fc` and the output")],
)
def test_what_is_no_chain_of_layers_is_not_described(module, shape, places):
    assert said(ArgumentError, lambda: nn.describe(module, shape)) == (
        f"describe: between {places} the forward of `module` does something that is no layer,"
        " expected layers that follow one another. Use modules such as nn.ReLU() and nn.Flatten() instead of"
        " functions; a skip connection cannot be described."
    )
    assert not module.fc._forward_hooks
    assert module.training


@pytest.mark.parametrize(
    "part",
    [
        torch_nn.LeakyReLU(),
        torch_nn.Conv2d(1, 1, 3, padding=1, padding_mode="reflect"),
        torch_nn.BatchNorm2d(1, momentum=0.2),
        torch_nn.AvgPool2d(2, padding=1, count_include_pad=False),
        torch_nn.Flatten(2),
    ],
)
def test_an_option_that_no_layer_has_is_named(part):
    assert said(ArgumentError, lambda: nn.describe(torch_nn.Sequential(part), (1, 6, 6))) == (
        f"describe: `0` is {part!r}, expected a layer that cnnkit.layers has, with its options."
        " Describe the network without it, or count it by hand."
    )


def test_an_input_that_does_not_fit_is_named_in_torchs_words():
    message = said(ShapeError, lambda: nn.describe(torch_nn.Linear(4, 2), (5,)))
    assert message.startswith("describe: `module` cannot take an input of (1, 5): mat1 and mat2")
    assert message.endswith("Give the `input_shape` of one example, without the batch.")
