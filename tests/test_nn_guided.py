"""Saliency, guided backpropagation, deconvnet and Grad-CAM: captum is the oracle."""

import warnings

import numpy as np
import pytest
import torch
from captum import attr as captum
from torch import nn as torch_nn
from torch.nn import functional

from cnnkit import nn, zoo
from cnnkit.errors import ArgumentError
from cnnkit.nn import inspect

NETWORKS = ["report_cnn", "tfjs_mnist", "convnetjs_mnist", "cs7011"]
OURS = {"guided": inspect.guided_backprop, "deconvnet": inspect.deconvnet, "saliency": inspect.saliency}
CAPTUMS = {
    "guided": (captum.GuidedBackprop, captum.NeuronGuidedBackprop),
    "deconvnet": (captum.Deconvolution, captum.NeuronDeconvolution),
    "saliency": (captum.Saliency, captum.NeuronGradient),
}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    """Return a network with weights that were not trained, but whose biases and statistics are no zeros."""
    net = getattr(zoo, request.param)()
    model = nn.build(net, seed=4).eval()
    generator = torch.Generator().manual_seed(5)
    for name, tensor in model.state_dict().items():
        if name.endswith(("bias", "running_mean")):
            tensor.copy_(0.1 * torch.randn(tensor.shape, generator=generator))
    return model, torch.randn(3, *net.input_shape, generator=generator)


def by_captum(call):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum warns of its hooks, and of the gradients that it asks for
        return call().detach().numpy()


def relative(expected, found):
    assert expected.shape == found.shape
    assert np.abs(expected).max() > 0
    return np.abs(expected - found).max() / np.abs(expected).max()


@pytest.mark.parametrize("method", OURS)
@pytest.mark.parametrize("target", [2, [0, 9, 4]])
def test_the_gradient_of_a_class_is_captums(network, method, target):
    model, x = network
    plain = {"abs": False} if method == "saliency" else {}
    expected = by_captum(lambda: CAPTUMS[method][0](model).attribute(x.clone(), target, **plain))
    found = OURS[method](model, x, target)
    assert np.abs(expected - found).max() <= 1e-6
    assert relative(expected, found) <= 1e-6


@pytest.mark.parametrize("method", OURS)
@pytest.mark.parametrize("layer", ["conv1", "conv2", "relu2", "pool2"])
def test_the_gradient_of_a_neuron_is_captums(network, method, layer):
    model, x = network
    shape = inspect.activations(model, x, layer).shape[1:]
    unit = (shape[0] // 2, shape[1] // 2, shape[2] - 1)
    part = getattr(model, layer)
    expected = by_captum(lambda: CAPTUMS[method][1](model, part).attribute(x.clone(), unit))
    found = OURS[method](model, x, unit, layer)
    assert np.abs(expected - found).max() <= 1e-6


@pytest.mark.parametrize("layer", ["conv2", "relu2"])
def test_grad_cam_is_captums(network, layer):
    model, x = network
    cam = captum.LayerGradCam(model, getattr(model, layer))
    expected = by_captum(lambda: cam.attribute(x.clone(), 3, relu_attributions=True))
    found = inspect.grad_cam(model, x, layer, 3)
    assert relative(expected[:, 0], found) <= 1e-6
    large = captum.LayerAttribution.interpolate(torch.from_numpy(expected), x.shape[2:], "bilinear").numpy()
    assert relative(large[:, 0], inspect.grad_cam(model, x, layer, 3, upsample=True)) <= 1e-6


def test_the_three_differ(network):
    model, x = network
    found = [each(model, x, 2) for each in OURS.values()]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert relative(found[one], found[other]) > 1e-3


def test_guided_backprop_is_the_plain_gradient_where_no_gradient_is_negative(network):
    model, x = network
    twin = torch_nn.Sequential(*[_positive(part) for part in model.children()])
    assert relative(inspect.saliency(twin, x, 1), inspect.guided_backprop(twin, x, 1)) <= 1e-6


def _positive(part):
    if not isinstance(part, (torch_nn.Conv2d, torch_nn.Linear)):
        return part
    options = (
        (part.in_channels, part.out_channels, part.kernel_size, part.stride, part.padding)
        if isinstance(part, torch_nn.Conv2d)
        else (part.in_features, part.out_features)
    )
    twin = type(part)(*options)
    with torch.no_grad():
        twin.weight.copy_(part.weight.abs())
        twin.bias.copy_(part.bias)
    return twin


def test_without_a_target_the_models_own_answer_is_taken(network):
    model, x = network
    with torch.no_grad():
        answers = model(x).argmax(dim=1)
    assert np.array_equal(inspect.guided_backprop(model, x, answers), inspect.guided_backprop(model, x))
    assert np.array_equal(inspect.grad_cam(model, x, "conv2", answers), inspect.grad_cam(model, x, "conv2"))


def test_of_a_channel_the_strongest_place_in_each_image_is_taken(network):
    model, x = network
    maps = inspect.activations(model, x, "conv2")[:, 1]
    found = inspect.guided_backprop(model, x, 1, "conv2")
    for n, each in enumerate(maps):
        place = np.unravel_index(each.argmax(), each.shape)
        alone = inspect.guided_backprop(model, x[n : n + 1], (1, *map(int, place)), "conv2")
        assert np.allclose(alone[0], found[n], atol=1e-6)


@pytest.mark.parametrize("form", [list, np.array, torch.tensor])
def test_more_images_than_go_at_once_are_those_that_go_alone(network, form):
    model, x = network
    many = x.repeat(23, 1, 1, 1)  # 69
    targets = [n % 10 for n in range(69)]
    found = inspect.guided_backprop(model, many, form(targets))
    cams = inspect.grad_cam(model, many, "conv2", form(targets))
    for n in (0, 63, 64, 68):
        alone = inspect.guided_backprop(model, many[n : n + 1], targets[n])
        assert np.allclose(alone[0], found[n], atol=1e-6)
        assert np.allclose(
            inspect.grad_cam(model, many[n : n + 1], "conv2", targets[n])[0], cams[n], atol=1e-6
        )


def test_nothing_is_left_behind(network):
    model, x = network
    model.train()
    modes = [part.training for part in model.modules()]
    for each in OURS.values():
        each(model, x, 2)
        each(model, x, 0, "conv1")
    inspect.grad_cam(model, x, "conv2")
    assert modes == [part.training for part in model.modules()]
    model.eval()
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not x.requires_grad
    for part in model.modules():
        assert not part._forward_hooks
        assert not part._forward_pre_hooks
        assert not part._backward_hooks
    plain = x.clone().requires_grad_()
    model(plain)[:, 2].sum().backward()
    assert np.allclose(plain.grad.numpy(), inspect.saliency(model, x, 2), atol=1e-6)
    model.zero_grad()


# --- ReLUs of other kinds --------------------------------------------------------------------------------


class Small(torch_nn.Module):
    """Two convolutions, whose ReLU is what a test wants it to be."""

    def __init__(self, relu):
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.conv2 = torch_nn.Conv2d(1, 4, 3), torch_nn.Conv2d(4, 4, 3)
        self.fc = torch_nn.Linear(64, 3)
        self.relu = relu

    def forward(self, x):
        return self.fc(self.relu(self.conv2(self.relu(self.conv1(x)))).flatten(1))


class Function:
    """A ReLU that no hook can see."""

    def __init__(self, function):
        self.function = function

    def __call__(self, x):
        return self.function(x)


@pytest.fixture
def x():
    return torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(1))


class Apart(Small):
    """The same with a ReLU for each place."""

    def __init__(self):
        super().__init__(torch_nn.ReLU())
        self.relu2 = torch_nn.ReLU()

    def forward(self, x):
        return self.fc(self.relu2(self.conv2(self.relu(self.conv1(x)))).flatten(1))


@pytest.mark.parametrize("method", ["guided", "deconvnet"])
@pytest.mark.parametrize("relu", [torch_nn.ReLU(), torch_nn.ReLU(inplace=True)], ids=["shared", "in place"])
def test_a_relu_module_that_is_shared_or_works_in_place_is_as_good(x, method, relu):
    expected = by_captum(lambda: CAPTUMS[method][0](Apart()).attribute(x.clone(), 1))
    assert relative(expected, OURS[method](Small(relu), x, 1)) <= 1e-6


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (functional.relu, "ReluBackward0"),
        (torch.relu, "ReluBackward0"),
        (torch.relu_, "ReluBackward0"),
        (lambda x: x.clamp(min=0), "ClampBackward1"),
        (lambda x: x.clamp_min(0), "ClampMinBackward0"),
        (lambda x: functional.threshold(x, 0, 0), "ThresholdBackward0"),
    ],
)
@pytest.mark.parametrize("method", [inspect.guided_backprop, inspect.deconvnet])
def test_a_relu_that_is_a_function_is_refused(x, function, name, method):
    with pytest.raises(ArgumentError) as error:
        method(Small(Function(function)), x, 1)
    assert str(error.value) == (
        f"{method.__name__}: the forward of `model` cuts off at zero by a function ({name}), which no"
        f" hook can"
        " see, expected modules. Write self.relu = nn.ReLU() in its __init__ and call that."
    )
    inspect.saliency(Small(Function(function)), x, 1)  # needs no rule


def test_a_function_behind_the_neuron_does_not_matter(x):
    expected = inspect.guided_backprop(Small(torch_nn.ReLU()), x, (0, 3, 3), "conv1")
    found = inspect.guided_backprop(Small(Function(functional.relu)), x, (0, 3, 3), "conv1")
    assert np.array_equal(expected, found)


def test_an_in_place_relu_whose_input_is_used_again_is_refused(x):
    class Again(Small):
        def forward(self, x):
            first = self.conv1(x)
            second = self.relu(first)
            return self.fc(self.conv2(first + second).flatten(1))

    inspect.guided_backprop(Again(torch_nn.ReLU()), x, 1)
    with pytest.raises(ArgumentError, match="works in place on a tensor that its forward uses again"):
        inspect.guided_backprop(Again(torch_nn.ReLU(inplace=True)), x, 1)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda m, x: inspect.saliency(m, x, 3),
            "saliency: `target` holds 3, expected 0 to 2: `the output` has 3 of them. Count from 0.",
        ),
        (
            lambda m, x: inspect.grad_cam(m, x, "conv1", [0, 1, 2]),
            "grad_cam: `target` holds 3 classes for 2 images, expected 1 or 2. Give the labels of"
            " these images.",
        ),
        (
            lambda m, x: inspect.grad_cam(m, x, "fc"),
            "grad_cam: `layer` 'fc' gives (2, 3), expected (N, F, H, W). Take a convolution, or its ReLU.",
        ),
        (
            lambda m, x: inspect.guided_backprop(m, x, (4, 0, 0), "conv1"),
            "guided_backprop: `unit` is (4, 0, 0), expected a channel or (channel, row, column)"
            " inside (4, 6, 6),"
            " what `conv1` gives. Count from 0.",
        ),
        (
            lambda m, x: inspect.deconvnet(m.conv1, x),
            "deconvnet: the model gives (2, 4, 6, 6), expected (N, classes). Name a layer and a unit of it"
            " instead.",
        ),
        (
            lambda m, x: inspect.deconvnet(m, x, 0, "conv3"),
            "deconvnet: `layer` is 'conv3', expected one of conv1, conv2, fc, relu. Did you mean 'conv2'?",
        ),
    ],
)
def test_what_cannot_work_is_said_with_its_cure(x, call, expected):
    with pytest.raises(ArgumentError) as error:
        call(Small(torch_nn.ReLU()), x)
    assert expected == str(error.value)
