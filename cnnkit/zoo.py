"""The course's networks by name. Each docstring says where the network comes from and what it counts to."""

from __future__ import annotations

from cnnkit.layers import BatchNorm1d, Conv2d, Dropout, Flatten, Layer, Linear, MaxPool2d, ReLU, Softmax
from cnnkit.network import Network

__all__ = ["convnetjs_mnist", "cs7011", "pa2_2019", "report_cnn", "tfjs_mnist"]


def report_cnn() -> Network:
    """Return the network of NTNU's TDT4265 assignment 3, table 2: three 5x5 convolutions for CIFAR-10.

    It has 390,410 parameters; the report that the course audits printed 137,611.

    Examples
    --------
    >>> report_cnn().ledger().total
    390410
    """
    layers: list[Layer] = []
    for in_channels, out_channels in ((3, 32), (32, 64), (64, 128)):
        layers += [Conv2d(in_channels, out_channels, 5, padding=2), ReLU(), MaxPool2d(2)]
    layers += [Flatten(), Linear(2048, 64), ReLU(), Linear(64, 10)]
    return Network((3, 32, 32), layers, name="report_cnn")


def convnetjs_mnist(last_pool: bool = True, pooling: bool = True, extra_conv: bool = False) -> Network:
    """Return the default network of the ConvNetJS MNIST demo, or one of the variants that its lab tries.

    Parameters
    ----------
    pooling : bool
        False removes every pooling layer: 95,594 parameters instead of 5,994.
    extra_conv : bool
        True adds a third 5x5 convolution with 16 kernels, its ReLU and a 3x3 pooling layer: 10,010.
    last_pool : bool
        False leaves out the pooling that follows the extra convolution: 12,410.

    Examples
    --------
    >>> convnetjs_mnist().ledger().total, convnetjs_mnist(pooling=False).ledger().total
    (5994, 95594)
    """
    layers: list[Layer] = [Conv2d(1, 8, 5, padding=2), ReLU()]
    layers += [MaxPool2d(2)] if pooling else []
    layers += [Conv2d(8, 16, 5, padding=2), ReLU()]
    layers += [MaxPool2d(3)] if pooling else []
    size = 4 if pooling else 24
    if extra_conv:
        layers += [Conv2d(16, 16, 5, padding=2), ReLU()]
        if last_pool and pooling:
            layers += [MaxPool2d(3)]
            size = 1
    layers += [Flatten(), Linear(16 * size * size, 10), Softmax()]
    return Network((1, 24, 24), layers, name="convnetjs_mnist")


def tfjs_mnist() -> Network:
    """Return the network of the TensorFlow.js MNIST example of 2018 (MIT 6.S198, assignment 3).

    Examples
    --------
    >>> tfjs_mnist().ledger().total
    5994
    """
    layers: list[Layer] = []
    for in_channels, out_channels in ((1, 8), (8, 16)):
        layers += [Conv2d(in_channels, out_channels, 5), ReLU(), MaxPool2d(2)]
    layers += [Flatten(), Linear(256, 10), Softmax()]
    return Network((1, 28, 28), layers, name="tfjs_mnist")


def cs7011() -> Network:
    """Return the CIFAR-10 network of IIT Madras CS7011, assignment 2: four 3x3 convolutions, three fc.

    Batch normalisation stands on the ten logits alone: 6,216,114 parameters, 6,216,094 of them trained.

    Examples
    --------
    >>> ledger = cs7011().ledger()
    >>> ledger.total, ledger.trainable, ledger.of_kind("conv").total, ledger.of_kind("fc").total
    (6216114, 6216094, 960896, 5255178)
    """
    layers: list[Layer] = [Conv2d(3, 64, 3, padding=1), ReLU(), MaxPool2d(2)]
    layers += [Conv2d(64, 128, 3, padding=1), ReLU(), MaxPool2d(2)]
    layers += [Conv2d(128, 256, 3, padding=1), ReLU(), Conv2d(256, 256, 3, padding=1), ReLU(), MaxPool2d(2)]
    layers += [Flatten(), Linear(4096, 1024), ReLU(), Dropout(), Linear(1024, 1024), ReLU(), Dropout()]
    layers += [Linear(1024, 10), BatchNorm1d(10), Softmax()]
    return Network((3, 32, 32), layers, name="cs7011")


def pa2_2019(padding: int = 2) -> Network:
    """Return the network of the 2019 edition of that assignment (64x64 images, 20 classes).

    Parameters
    ----------
    padding : int, in pixels
        Padding of the two 5x5 convolutions. The text calls 1 "same", but 2 is, and 2 gives the first
        fully connected layer the 6272 inputs of the text's table; with 1 it has 4608. (3 gives 6272
        as well: the last pooling rounds its extra pixel away.)

    Examples
    --------
    >>> pa2_2019().ledger().total, pa2_2019()["fc1"].input_shape, pa2_2019(padding=1)["fc1"].input_shape
    (1805300, (6272,), (4608,))
    """
    layers: list[Layer] = [Conv2d(3, 32, 5, padding=padding), ReLU(), Conv2d(32, 32, 5, padding=padding)]
    layers += [ReLU(), MaxPool2d(2)]
    layers += [Conv2d(32, 64, 3, padding=1), ReLU(), Conv2d(64, 64, 3, padding=1), ReLU(), MaxPool2d(2)]
    layers += [Conv2d(64, 64, 3, padding=1), ReLU(), Conv2d(64, 128, 3), ReLU(), MaxPool2d(2), Flatten()]
    features = Network((3, 64, 64), layers).output_shape[0]
    layers += [Linear(features, 256), ReLU(), Linear(256, 20)]
    return Network((3, 64, 64), layers, name="pa2_2019")
