"""What a Net computes: against torch, against itself one example at a time, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnnkit.convnetjs import MathRandom, Net, augment, network_of
from cnnkit.errors import ArgumentError, ShapeError

INPUT = "layer_defs.push({type:'input', out_sx:%d, out_sy:%d, out_depth:%d});"
SOFTMAX = "layer_defs.push({type:'softmax', num_classes:%d});"
DEMO = (
    INPUT % (24, 24, 1)
    + """
layer_defs.push({type:'conv', sx:5, filters:8, stride:1, pad:2, activation:'relu'});
layer_defs.push({type:'pool', sx:2, stride:2});
layer_defs.push({type:'conv', sx:5, filters:16, stride:1, pad:2, activation:'relu'});
layer_defs.push({type:'pool', sx:3, stride:3});"""
    + SOFTMAX % 10
)
ODD = (
    INPUT % (11, 7, 3)
    + """
layer_defs.push({type:'conv', sx:4, sy:2, filters:5, stride:2, pad:1, activation:'tanh'});
layer_defs.push({type:'pool', sx:3, sy:2, stride:1, pad:1});
layer_defs.push({type:'fc', num_neurons:6, activation:'sigmoid'});"""
    + SOFTMAX % 3
)
DROPOUT = (
    INPUT % (4, 3, 2)
    + """
layer_defs.push({type:'conv', sx:2, filters:4, activation:'relu', drop_prob:0.3});
layer_defs.push({type:'fc', num_neurons:9, drop_prob:0.8});"""
    + SOFTMAX % 4
)
VECTOR = INPUT % (1, 1, 4) + SOFTMAX % 3


def examples(net, count, seed=0):
    rng = np.random.default_rng(seed)
    outputs = net.layers[-1].spec.output_size.depth
    return rng.normal(size=(count, *net.input_shape)), rng.integers(0, outputs, count)


def as_torch(net, twin):
    """Return the same network as a torch module in float64, without its softmax."""
    network = network_of(net)
    module = torch.nn.Sequential()
    for stage in list(network)[:-1]:
        module.add_module(stage.name, twin(stage.layer))
    module.double().load_state_dict({name: torch.tensor(value) for name, value in net.weights.items()})
    return module


@pytest.mark.parametrize("text", [DEMO, ODD, VECTOR])
def test_outputs_losses_and_gradients_are_torchs(torch_twin, text):
    net = Net(text, seed=2)
    x, y = examples(net, 7)
    module = as_torch(net, torch_twin)
    logits = module(torch.tensor(x))
    losses = torch.nn.functional.cross_entropy(logits, torch.tensor(y), reduction="none")
    losses.sum().backward()

    np.testing.assert_allclose(net.forward(x), logits.softmax(1).detach(), rtol=0, atol=1e-14)
    net.forward(x, training=True)
    np.testing.assert_allclose(net.backward(y), losses.detach(), rtol=1e-12)
    net.load_weights({name: value.grad for name, value in module.named_parameters()})
    wanted = [parameter.value.copy() for parameter in net.parameters]

    net = Net(text, seed=2)
    net.forward(x, training=True)
    net.backward(y)
    for parameter, grad in zip(net.parameters, wanted, strict=True):
        np.testing.assert_allclose(parameter.grad, grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("text", [DEMO, ODD, DROPOUT])
def test_a_batch_gives_what_its_examples_give_one_by_one(text):
    together, apart = Net(text, seed=3), Net(text, seed=3)
    x, y = examples(together, 23)
    np.testing.assert_allclose(
        together.forward(x), np.concatenate([apart.forward(one[None]) for one in x]), rtol=0, atol=1e-14
    )
    outputs = together.forward(x, training=True)
    losses = together.backward(y)
    for place in range(len(x)):
        one = slice(place, place + 1)
        np.testing.assert_allclose(apart.forward(x[one], training=True), outputs[one], rtol=0, atol=1e-14)
        np.testing.assert_allclose(apart.backward(y[one]), losses[one], rtol=1e-12)
    for one, other in zip(together.parameters, apart.parameters, strict=True):
        np.testing.assert_allclose(one.grad, other.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("loss", "ratio"),
    [
        ("{type:'softmax', num_classes:3}", 1),
        ("{type:'svm', num_classes:3}", 1),
        # release 0.3.0 reports four times the loss whose gradient it takes
        ("{type:'regression', num_neurons:3}", 4),
    ],
)
def test_the_gradient_is_the_slope_of_the_loss(loss, ratio):
    net = Net(
        INPUT % (3, 3, 1)
        + "layer_defs.push({type:'conv', sx:2, filters:2, activation:'tanh'}, {type:'fc', num_neurons:4,"
        + f"activation:'sigmoid', drop_prob:0.4}}, {loss});",
        seed=1,
    )
    x, y = examples(net, 5)
    y = np.random.default_rng(1).normal(size=(5, 3)) if "regression" in loss else y

    def total():
        net.random = MathRandom(8)  # the same units drop out at every call
        net.forward(x, training=True)
        return net.backward(y).sum()

    total()
    grads = [parameter.grad.copy() for parameter in net.parameters]
    step = 1e-6
    for parameter, grad in zip(net.parameters, grads, strict=True):
        for place in np.ndindex(grad.shape):
            kept = parameter.value[place]
            parameter.value[place] = kept + step
            above = total()
            parameter.value[place] = kept - step
            slope = (above - total()) / (2 * step)
            parameter.value[place] = kept
            assert slope == pytest.approx(ratio * grad[place], abs=1e-7)


def test_weights_start_as_gaussian_numbers_of_variance_one_over_the_inputs():
    net = Net(DEMO, seed=0)
    weights = net.weights
    for name, inputs in (("conv2", 200), ("fc", 256)):
        assert weights[f"{name}.weight"].std() == pytest.approx(inputs**-0.5, rel=0.1)
        assert abs(weights[f"{name}.weight"].mean()) < 4 * (inputs * weights[f"{name}.weight"].size) ** -0.5
    assert set(weights["conv1.bias"]) == set(weights["conv2.bias"]) == {0.1}
    assert set(weights["fc.bias"]) == {0.0}


def test_weights_come_in_torchs_shapes_and_go_back():
    net, other = Net(ODD, seed=1), Net(ODD, seed=2)
    shapes = {name: value.shape for name, value in net.weights.items()}
    assert shapes == {
        "conv.weight": (5, 3, 2, 4),
        "conv.bias": (5,),
        "fc1.weight": (6, 5 * 5 * 5),
        "fc1.bias": (6,),
        "fc2.weight": (3, 6),
        "fc2.bias": (3,),
    }
    x, _ = examples(net, 3)
    assert not np.array_equal(other.forward(x), net.forward(x))
    other.load_weights(net.weights)
    np.testing.assert_array_equal(other.forward(x), net.forward(x))
    net.weights["conv.bias"][:] = 9
    assert set(net.weights["conv.bias"]) == {0.0}


def test_the_same_seed_makes_the_same_net_and_one_generator_goes_on():
    random = MathRandom(4)
    first, second, again = Net(ODD, random), Net(ODD, random), Net(ODD, 4)
    np.testing.assert_array_equal(first.weights["conv.weight"], again.weights["conv.weight"])
    assert not np.array_equal(first.weights["conv.weight"], second.weights["conv.weight"])


def test_dropout_multiplies_by_drop_prob_outside_training():
    text = INPUT % (1, 1, 4) + "layer_defs.push({type:'dropout', drop_prob:%s});" + SOFTMAX % 3
    x = np.ones((1, 4, 1, 1))
    scaled, plain = Net(text % 0.25, seed=1), Net(VECTOR, seed=1)
    np.testing.assert_allclose(scaled.forward(x), plain.forward(x * 0.25), rtol=1e-15)
    never = Net(text % 0, seed=1)
    np.testing.assert_array_equal(never.forward(x), np.full((1, 3), 1 / 3))
    np.testing.assert_array_equal(never.forward(x, training=True), plain.forward(x))


def test_dropout_drops_as_often_as_it_says():
    net = Net(
        INPUT % (1, 1, 2000) + "layer_defs.push({type:'dropout', drop_prob:0.3});" + SOFTMAX % 2, seed=1
    )
    net.forward(np.ones((50, 2000)), training=True)
    dropped = net.layers[1].forward(np.ones((50, 1, 1, 2000)), True) == 0
    assert dropped.mean() == pytest.approx(0.3, abs=0.005)


def test_of_equal_cells_the_first_column_by_column_gets_the_gradient():
    net = Net(INPUT % (3, 3, 1) + "layer_defs.push({type:'pool', sx:3});" + SOFTMAX % 2)
    pool = net.layers[1]
    x = np.array([[0, 0, 7], [0, 7, 0], [7, 7, 7]], dtype=float)
    assert pool.forward(x[None, :, :, None], True).item() == 7
    grad = pool.backward(np.ones((1, 1, 1, 1)))[0, :, :, 0]
    np.testing.assert_array_equal(grad, [[0, 0, 0], [0, 0, 0], [1, 0, 0]])


def test_pooling_passes_over_what_is_no_number():
    net = Net(INPUT % (2, 2, 1) + "layer_defs.push({type:'pool', sx:2});" + SOFTMAX % 2)
    pool = net.layers[1]
    x = np.array([np.nan, 3, -np.inf, 5]).reshape(1, 2, 2, 1)
    assert pool.forward(x, True).item() == 5
    np.testing.assert_array_equal(pool.backward(np.ones((1, 1, 1, 1))).ravel(), [0, 0, 0, 1])


def test_large_numbers_do_not_overflow():
    text = INPUT % (1, 1, 3) + "layer_defs.push({type:'%s'});" + SOFTMAX % 2
    x = np.array([[-800.0, 0.0, 800.0]])[:, :, None, None]
    for kind, wanted in (("sigmoid", [0, 0.5, 1]), ("tanh", [-1, 0, 1])):
        layer = Net(text % kind).layers[1]
        np.testing.assert_array_equal(layer.forward(x.transpose(0, 2, 3, 1), False).ravel(), wanted)
    assert np.isfinite(Net(VECTOR).forward([[1e6, -1e6, 0, 0]])).all()


def test_an_impossible_class_costs_infinitely_much_as_in_convnetjs():
    net = Net(VECTOR)
    net.load_weights({"fc.weight": [[1000.0] * 4, [0] * 4, [0] * 4], "fc.bias": np.zeros(3)})
    net.forward(np.ones((1, 4)), training=True)
    assert net.backward([1])[0] == np.inf


def test_any_real_numbers_will_do_and_no_example_gives_no_output():
    net = Net(VECTOR)
    ones = net.forward(np.ones((2, 4)))
    for x in ([[1] * 4] * 2, np.ones((2, 4, 1, 1), bool), np.ones((2, 4), np.float32)):
        np.testing.assert_array_equal(net.forward(x), ones)
    assert net.forward(np.ones((0, 4))).shape == (0, 3)
    assert net.predict(np.eye(4)).tolist() == net.forward(np.eye(4)).argmax(1).tolist()


def trained_once(net):
    net.forward(np.ones((1, 4)), training=True)
    net.backward([0])
    return net


SHAPE_ERRORS = [
    (
        lambda: Net(DEMO).forward(np.zeros((2, 1, 28, 28))),
        "Net.forward: `x` has shape (2, 1, 28, 28), expected (N, 1, 24, 24). Crop it: augment(x, 24).",
    ),
    (
        lambda: Net(ODD).forward(np.zeros((2, 3, 8, 12))),
        "Net.forward: `x` has shape (2, 3, 8, 12), expected (N, 3, 7, 11). Crop it.",
    ),
    (
        lambda: Net(DEMO).forward(np.zeros((1, 24, 24))),
        "Net.forward: `x` has shape (1, 24, 24), expected (N, 1, 24, 24). Add the batch: x[None].",
    ),
    (
        lambda: Net(DEMO).forward(np.zeros((2, 576))),
        "Net.forward: `x` has shape (2, 576), expected (N, 1, 24, 24). Reshape it.",
    ),
    (
        lambda: Net(VECTOR).check(np.ones((2, 4)), [0, 1, 2]),
        "Net.check: `target` has shape (3,), expected (2,): one class for each example."
        " Give as many classes as examples.",
    ),
    (
        lambda: Net(VECTOR.replace("softmax", "regression").replace("num_classes", "num_neurons")).check(
            np.ones((2, 4)), [0, 1]
        ),
        "Net.check: `target` has shape (2,), expected (2, 3): a row of numbers for each example. Reshape it.",
    ),
    (
        lambda: Net(VECTOR).load_weights({"fc.weight": np.ones((4, 3)), "fc.bias": np.ones(3)}),
        "Net.load_weights: `fc.weight` has shape (4, 3), expected (3, 4)."
        " Take it from a network of the same layers.",
    ),
    (
        lambda: augment(np.ones((28, 28)), 24, 0, 0),
        "augment: `x` has shape (28, 28), expected 4 axes: (N, C, H, W)."
        " Add the missing axes: x[None, None].",
    ),
    (
        lambda: augment(np.ones((1, 1, 28, 20)), 24, 0, 0),
        "augment: `crop` is 24, expected at most 20: the images are 28 × 20. Use a smaller crop.",
    ),
]
ARGUMENT_ERRORS = [
    (
        lambda: Net(VECTOR).forward([["a"] * 4]),
        "Net.forward: `x` holds <U1, expected real numbers. Convert it first: np.array(x, dtype=float).",
    ),
    (
        lambda: Net(VECTOR).backward([0]),
        "Net.backward: there is no batch to go back through, expected a forward(x, training=True) before each"
        " backward. Call it first.",
    ),
    (
        lambda: trained_once(Net(VECTOR)).backward([0]),
        "Net.backward: there is no batch to go back through, expected a forward(x, training=True) before each"
        " backward. Call it first.",
    ),
    (
        lambda: Net(VECTOR).check(np.ones((2, 4)), [0, 3]),
        "Net.check: `target` has the class 3, expected integers from 0 to 2."
        " Count classes from 0, or give the softmax layer more of them.",
    ),
    (
        lambda: Net(VECTOR).check(np.ones((1, 4)), [1.0]),
        "Net.check: `target` holds float64, expected integers from 0 to 2."
        " Convert it first: target.astype(int).",
    ),
    (
        lambda: Net(VECTOR.replace("softmax", "regression").replace("num_classes", "num_neurons")).check(
            np.ones((1, 4)), [["a", "b", "c"]]
        ),
        "Net.check: `target` holds <U1, expected numbers. Convert it first: target.astype(float).",
    ),
    (
        lambda: Net(VECTOR).load_weights({"fc1.weight": np.ones((3, 4))}),
        "Net.load_weights: `weights` has fc1.weight, expected fc.bias, fc.weight."
        " Take them from a network of the same layers.",
    ),
    (
        lambda: Net(VECTOR, seed=-1),
        "MathRandom: `seed` is -1, expected an integer from 0 to 4294967295. Give 0, for example.",
    ),
    (
        lambda: augment(np.ones((1, 1, 28, 28)), 0, 0, 0),
        "augment: `crop` is 0, expected an integer of at least 1. Give a whole number of pixels.",
    ),
    (
        lambda: augment(np.ones((1, 1, 28, 28)), 24),
        "augment: `random` is None, expected a MathRandom where dx or dy is left out."
        " Give random=MathRandom(0), or both offsets.",
    ),
]


@pytest.mark.parametrize(("call", "message"), SHAPE_ERRORS)
def test_shapes_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ShapeError) as error:
        call()
    assert str(error.value) == message


@pytest.mark.parametrize(("call", "message"), ARGUMENT_ERRORS)
def test_arguments_that_cannot_work_are_refused(call, message):
    with pytest.raises(ArgumentError) as error:
        call()
    assert str(error.value) == message


def test_crops_never_reach_the_last_row_and_column():
    x = np.arange(28 * 28).reshape(1, 1, 28, 28).repeat(2000, axis=0)
    corners = np.unique(augment(x, 24, random=MathRandom(0))[:, 0, 0, 0])
    assert corners.tolist() == [28 * row + column for row in range(4) for column in range(4)]
