import gzip
import pickle
from dataclasses import replace

import numpy as np
import pytest

from cnnkit import data
from cnnkit.data.catalogue import OFFICIAL, File
from cnnkit.errors import DataDamagedError


def arrays(dataset):
    """Return the official training and test images of a set, its validation split put back, sorted."""
    images = np.concatenate([dataset.train.images, dataset.validation.images])
    labels = np.concatenate([dataset.train.labels, dataset.validation.labels])
    order = np.lexsort(images.reshape(len(images), -1).T)
    return images[order], labels[order]


def same(dataset, small):
    order = np.lexsort(small.train[0].reshape(len(small.train[0]), -1).T)
    images, labels = arrays(dataset)
    np.testing.assert_array_equal(images, small.train[0][order])
    np.testing.assert_array_equal(labels, small.train[1][order])
    np.testing.assert_array_equal(dataset.test.images, small.test[0])
    np.testing.assert_array_equal(dataset.test.labels, small.test[1])
    assert dataset.stand_in is None


def test_mnist_is_read_as_torchvision_lays_it_out(small_mnist, tmp_path):
    folder = small_mnist.unpack(tmp_path / "data")
    mnist = data.load("mnist")
    same(mnist, small_mnist)
    assert mnist.input_shape == (1, 28, 28)
    assert mnist.source == str(folder)


def test_mnist_is_read_as_it_was_downloaded(small_mnist, tmp_path):
    folder = tmp_path / "data/MNIST/raw"
    folder.mkdir(parents=True)
    for name, content in small_mnist.files.items():
        # packed anew: the checksum that counts is that of what is inside
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1, mtime=1))
    same(data.load("mnist"), small_mnist)


def test_cifar10_is_read_as_torchvision_lays_it_out(small_cifar, tmp_path):
    small_cifar.unpack(tmp_path / "data")
    same(data.load("cifar10"), small_cifar)


def test_the_batches_of_the_test_are_what_python_reads_as_cifar10(small_cifar):
    batch = pickle.loads(small_cifar.files["data_batch_1"], encoding="latin1")
    assert batch["data"].shape == (8, 3072)
    np.testing.assert_array_equal(batch["data"].reshape(-1, 3, 32, 32), small_cifar.train[0][:8])


def test_a_batch_that_would_run_a_program_is_refused(small_cifar, tmp_path, monkeypatch):
    from hashlib import md5

    evil = b"cos\nmkdir\n(X\x04\x00\x00\x00evilIo511\ntR."
    official = small_cifar.official
    sums = [File(file.name, md5(evil, usedforsecurity=False).hexdigest()) for file in official.files]
    monkeypatch.setitem(OFFICIAL, "cifar10", replace(official, files=tuple(sums)))
    folder = small_cifar.unpack(tmp_path / "data")
    for file in official.files:
        (folder / file.name).write_bytes(evil)
    with pytest.raises(DataDamagedError, match=r"it asks for os\.mkdir, expected numbers and text only"):
        data.load("cifar10")
    assert not (tmp_path / "evil").exists()


def test_a_torn_file_is_named_and_left_alone(small_cifar, tmp_path):
    folder = small_cifar.unpack(tmp_path / "data")
    torn = small_cifar.files["data_batch_3"][:1000]
    (folder / "data_batch_3").write_bytes(torn)
    with pytest.raises(DataDamagedError) as caught:
        data.load("cifar10")
    wanted = small_cifar.official.files[2].md5
    assert str(caught.value).startswith(f"load: {folder / 'data_batch_3'} has the MD5 sum ")
    assert str(caught.value).endswith(
        f"expected {wanted}: it is damaged, or not the official file (1,000 bytes)."
        " Fetch it anew, which deletes nothing: cnnkit data get cifar10."
    )
    assert (folder / "data_batch_3").read_bytes() == torn


def test_a_torn_packed_file_is_named(small_mnist, tmp_path):
    folder = tmp_path / "data/MNIST/raw"
    folder.mkdir(parents=True)
    for name, content in small_mnist.downloads.items():
        (folder / name).write_bytes(content[:-20])
    with pytest.raises(
        DataDamagedError, match=r"train-images-idx3-ubyte\.gz cannot be read: .*Fetch it anew"
    ):
        data.load("mnist")


def test_a_set_that_is_here_in_part_is_said(small_cifar, tmp_path):
    folder = small_cifar.unpack(tmp_path / "data")
    (folder / "data_batch_4").unlink()
    (folder / "test_batch").unlink()
    with pytest.raises(DataDamagedError) as caught:
        data.load("cifar10")
    assert str(caught.value) == (
        f"load: {folder} lacks data_batch_4, test_batch, expected 6 files:"
        " it is unpacked or downloaded in part."
        " Fetch it anew, which deletes nothing: cnnkit data get cifar10."
    )


def test_a_folder_that_holds_something_else_is_said(small_mnist, tmp_path):
    folder = tmp_path / "data/MNIST/raw"
    folder.mkdir(parents=True)
    (folder / "holiday.jpg").write_bytes(b"")
    with pytest.raises(DataDamagedError) as caught:
        data.load("mnist")
    assert str(caught.value) == (
        f"load: {folder} holds something else (holiday.jpg), expected the files of mnist"
        " (train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and 1 more)."
        " Move it away, then run: cnnkit data get mnist."
    )


@pytest.mark.parametrize("leftover", [None, "train-images-idx3-ubyte.gz.part", ".DS_Store"])
def test_an_empty_folder_or_an_unfinished_download_is_as_if_nothing_were_there(
    small_mnist, tmp_path, leftover
):
    folder = tmp_path / "data/MNIST/raw"
    folder.mkdir(parents=True)
    if leftover:
        (folder / leftover).write_bytes(b"half")
    assert data.load("mnist").stand_in == "digits"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda labels: labels[:8] + bytes([10]) + labels[9:],
            "`labels` holds 10 at place 0, expected 0 to 9",
        ),
        (lambda labels: labels[:-1], "cannot be read as mnist: buffer is smaller"),
        (lambda labels: b"\x7fELF" + labels[4:], "begins with 7f454c46, expected 000008"),
        (lambda labels: b"\0\0\x08\x01" + bytes([0, 0, 0, 39]) + labels[8:], "expected 40 integers"),
    ],
)
def test_files_with_the_right_checksum_and_wrong_contents_are_said(
    small_mnist, tmp_path, monkeypatch, spoil, message
):
    from hashlib import md5

    name = "train-labels-idx1-ubyte"
    wrong = spoil(small_mnist.files[name])
    sums = [
        File(file.name, md5(wrong, usedforsecurity=False).hexdigest() if file.name == name else file.md5)
        for file in small_mnist.official.files
    ]
    monkeypatch.setitem(OFFICIAL, "mnist", replace(small_mnist.official, files=tuple(sums)))
    (small_mnist.unpack(tmp_path / "data") / name).write_bytes(wrong)
    with pytest.raises(DataDamagedError, match=message):
        data.load("mnist")


def test_addresses_and_checksums_are_torchvisions():
    from torchvision.datasets import CIFAR10, MNIST, FashionMNIST

    cifar = OFFICIAL["cifar10"]
    assert (cifar.mirrors[0] + cifar.downloads[0].name, cifar.downloads[0].md5) == (
        CIFAR10.url,
        CIFAR10.tgz_md5,
    )
    assert [[file.name, file.md5] for file in cifar.files] == CIFAR10.train_list + CIFAR10.test_list
    assert cifar.folder == CIFAR10.base_folder
    for name, theirs in (("mnist", MNIST), ("fashion_mnist", FashionMNIST)):
        ours = OFFICIAL[name]
        assert [(file.name, file.md5) for file in ours.downloads] == theirs.resources
        assert list(ours.mirrors) == theirs.mirrors
        assert [f"{file.name}.gz" for file in ours.files] == [file.name for file in ours.downloads]
    assert list(OFFICIAL["fashion_mnist"].classes) == FashionMNIST.classes
    assert [name[0] for name in MNIST.classes] == list(OFFICIAL["mnist"].classes)


def test_torchvision_reads_the_small_files_as_we_do(small_mnist, tmp_path):
    from torchvision.datasets import MNIST

    theirs = MNIST(small_mnist.unpack(tmp_path / "data").parents[1], train=False)
    np.testing.assert_array_equal(theirs.data.numpy()[:, None], data.load("mnist").test.images)
    np.testing.assert_array_equal(theirs.targets.numpy(), data.load("mnist").test.labels)
