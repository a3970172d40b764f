"""The official sets: what they hold, where they come from, and how their files are recognised."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CIFAR10", "FASHION_MNIST", "MNIST", "OFFICIAL", "File", "Official"]


@dataclass(frozen=True)
class File:
    """A file of a set: its name, and the MD5 sum that it must have."""

    name: str
    md5: str


@dataclass(frozen=True)
class Official:
    """A published data set.

    Attributes
    ----------
    name : str
        As `load` knows it, and as a folder of images is called.
    stand_in : str
        The built-in set that takes its place where it cannot be had.
    classes : tuple of str
    shape : (C, H, W) of one image
    counts : (int, int)
        Official numbers of training and test images.
    folder : str
        Where torchvision keeps its files, below the root.
    files : tuple of File
        What must lie in there, training before test.
    downloads : tuple of File
        What is fetched.
    mirrors : tuple of str
        Where from: addresses to which the name of a file is added.
    megabytes : int
        How much that is.
    """

    name: str
    stand_in: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    counts: tuple[int, int]
    folder: str
    files: tuple[File, ...]
    downloads: tuple[File, ...]
    mirrors: tuple[str, ...]
    megabytes: int


# Addresses and sums are torchvision's; a test compares them.
CIFAR10 = Official(
    name="cifar10",
    stand_in="shapes10",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    shape=(3, 32, 32),
    counts=(50_000, 10_000),
    folder="cifar-10-batches-py",
    files=(
        File("data_batch_1", "c99cafc152244af753f735de768cd75f"),
        File("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
        File("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
        File("data_batch_4", "634d18415352ddfa80567beed471001a"),
        File("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
        File("test_batch", "40351d587109b95175f43aff81a1287e"),
    ),
    downloads=(File("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),),
    mirrors=("https://www.cs.toronto.edu/~kriz/",),
    megabytes=170,
)

# torchvision knows the sums of the packed files only; those in `files` are of what is in them.
MNIST = Official(
    name="mnist",
    stand_in="digits",
    classes=tuple("0123456789"),
    shape=(1, 28, 28),
    counts=(60_000, 10_000),
    folder="MNIST/raw",
    files=(
        File("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
        File("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
        File("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
        File("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
    ),
    downloads=(
        File("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        File("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        File("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        File("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    ),
    mirrors=("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
    megabytes=12,
)

FASHION_MNIST = Official(
    name="fashion_mnist",
    stand_in="shapes10_grey",
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    shape=(1, 28, 28),
    counts=(60_000, 10_000),
    folder="FashionMNIST/raw",
    files=(
        File("train-images-idx3-ubyte", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
        File("train-labels-idx1-ubyte", "9018921c3c673c538a1fc5bad174d6f9"),
        File("t10k-images-idx3-ubyte", "8181f5470baa50b63fa0f6fddb340f0a"),
        File("t10k-labels-idx1-ubyte", "15d484375f8d13e6eb1aabb0c3f46965"),
    ),
    downloads=(
        File("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        File("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        File("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        File("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    megabytes=31,
)

OFFICIAL = {official.name: official for official in (CIFAR10, MNIST, FASHION_MNIST)}
