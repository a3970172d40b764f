import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnkit import data
from cnnkit.data import loading, places
from cnnkit.data.catalogue import OFFICIAL
from cnnkit.data.get import get
from cnnkit.errors import ArgumentError, DataDamagedError, DataNotFoundError, DownloadError

REAL = os.environ.get(places.VARIABLE)  # before the tests hide it
real = pytest.mark.skipif(not REAL, reason=f"{places.VARIABLE} names no folder with real data")


@pytest.mark.parametrize(
    ("name", "stand_in"), [("cifar10", "shapes10"), ("mnist", "digits"), ("fashion_mnist", "shapes10_grey")]
)
def test_a_set_that_is_not_here_is_stood_in_for_loudly_and_once(name, stand_in, capsys):
    loaded = data.load(name)
    assert (loaded.name, loaded.stand_in, loaded.title) == (name, stand_in, f"{name} (stand-in: {stand_in})")
    assert loaded.input_shape == OFFICIAL[name].shape
    assert loaded.test.hash == data.load(stand_in).test.hash
    said = capsys.readouterr()
    assert said.out == (
        f"⚠ {name} is not here, {stand_in} stands in for it: OTHER IMAGES, OTHER ACCURACIES.\n"
        "  Why: CNNKIT_OFFLINE is set.\n"
        f"  For the real set: cnnkit data get {name}, or set CNNKIT_DATA to a folder that holds it.\n"
    )
    assert said.err == ""
    assert data.load(name).stand_in == stand_in
    assert capsys.readouterr().out == ""


def test_a_stand_in_can_be_refused():
    with pytest.raises(DataNotFoundError) as caught:
        data.load("mnist", stand_in=False, download=False)
    assert str(caught.value) == (
        "load: mnist is not here and was not fetched: download=False forbids fetching it."
        " Run: cnnkit data get mnist. Or set CNNKIT_DATA to a folder that holds it."
    )
    assert isinstance(caught.value, FileNotFoundError)


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("cifer10", "Did you mean 'cifar10'?"),
        ("CIFAR-10", "Did you mean 'cifar10'?"),
        ("imagenet", "Take one of these names."),
    ],
)
def test_an_unknown_name_is_said_with_the_nearest_one(name, cure):
    with pytest.raises(ArgumentError) as caught:
        data.load(name)
    assert str(caught.value) == (
        f"load: `name` is {name!r}, expected one of cifar10, mnist, fashion_mnist, digits, shapes10,"
        f" shapes10_grey. {cure}"
    )


def test_the_folder_named_in_the_environment_comes_first(small_mnist, tmp_path, monkeypatch):
    small_mnist.unpack(tmp_path / "data")
    there = small_mnist.unpack(tmp_path / "named")
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "named"))
    assert data.load("mnist").source == str(there)


def test_a_named_folder_without_the_set_leaves_the_others_to_be_searched(small_mnist, tmp_path, monkeypatch):
    here = small_mnist.unpack(tmp_path / "data")
    (tmp_path / "named").mkdir()
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "named"))
    assert data.load("mnist").source == str(here)


def test_a_named_folder_that_is_none_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "dta"))
    with pytest.raises(DataNotFoundError) as caught:
        data.load("mnist")
    assert str(caught.value) == (
        f"load: `CNNKIT_DATA` is {str(tmp_path / 'dta')!r}, expected a folder that exists."
        " Correct the variable, or unset it to use data/."
    )


def test_a_notebook_finds_the_data_of_the_project_around_it(small_mnist, tmp_path, monkeypatch):
    folder = small_mnist.unpack(tmp_path / "data")
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "notebooks/05-build").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "notebooks/05-build")
    assert data.load("mnist").source == str(folder)
    (tmp_path / "pyproject.toml").unlink()
    assert data.load("mnist").stand_in == "digits"


def test_damaged_files_are_an_error_and_never_stood_in_for(small_mnist, tmp_path):
    (small_mnist.unpack(tmp_path / "data") / "t10k-labels-idx1-ubyte").write_bytes(b"torn")
    with pytest.raises(DataDamagedError, match="t10k-labels-idx1-ubyte has the MD5 sum"):
        data.load("mnist")


def test_load_fetches_what_is_not_here(small_cifar, server, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(loading.OFFLINE)
    server.serve(small_cifar, monkeypatch)
    loaded = data.load("cifar10")
    assert (loaded.stand_in, loaded.source) == (None, str(tmp_path / "data/cifar-10-batches-py"))
    assert capsys.readouterr().out == f"cifar10 is not here: fetching 170 MB into {tmp_path / 'data'} ...\n"
    data.load("cifar10")
    assert len(server.asked) == 1


def test_load_asks_once_in_a_session_and_then_says_why_not(small_mnist, server, monkeypatch, capsys):
    monkeypatch.delenv(loading.OFFLINE)
    server.serve(small_mnist, monkeypatch)
    server.files.clear()
    for _ in range(2):
        assert data.load("mnist").stand_in == "digits"
    assert len(server.asked) == 1
    said = re.sub(r"127.0.0.1:\d+", "HOST", capsys.readouterr().out)
    assert (
        "  Why: train-images-idx3-ubyte.gz could not be fetched (HOST: 404 Not Found)."
        " Check the connection and try again.\n"
    ) in said
    with pytest.raises(DataNotFoundError, match=r"was not fetched: train-images-idx3-ubyte\.gz could not"):
        data.load("mnist", stand_in=False)


def test_get_makes_a_set_that_torchvision_takes(small_mnist, server, tmp_path, monkeypatch):
    from torchvision.datasets import MNIST

    server.serve(small_mnist, monkeypatch)
    files, kept = get(small_mnist.official, tmp_path)
    assert (files.damage(), kept) == ("", [])
    assert sorted(path.name for path in files.path.iterdir()) == sorted(
        [*small_mnist.files, *small_mnist.downloads]
    )
    np.testing.assert_array_equal(MNIST(tmp_path).data.numpy()[:, None], small_mnist.train[0])


def test_get_keeps_a_damaged_file_aside_and_mends_the_rest(small_cifar, server, tmp_path, monkeypatch):
    server.serve(small_cifar, monkeypatch)
    folder = small_cifar.unpack(tmp_path)
    (folder / "data_batch_2").write_bytes(b"torn")
    (folder / "data_batch_5").unlink()
    (folder / "notes.txt").write_text("mine")
    files, kept = get(small_cifar.official, tmp_path)
    assert kept == [folder / "data_batch_2.damaged"]
    assert kept[0].read_bytes() == b"torn"
    assert (folder / "notes.txt").read_text() == "mine"
    assert files.damage() == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "cifar-10-batches-py",
        "cifar-10-python.tar.gz",
    ]


def test_a_sound_set_is_not_fetched_again(small_cifar, tmp_path):
    small_cifar.unpack(tmp_path)
    assert get(small_cifar.official, tmp_path)[1] == []  # its server does not exist


def test_an_archive_that_is_here_needs_only_unpacking(small_cifar, tmp_path):
    for name, content in small_cifar.downloads.items():
        (tmp_path / name).write_bytes(content)
    assert get(small_cifar.official, tmp_path)[0].damage() == ""


def test_get_goes_on_after_a_cut_in_the_second_of_four_files(small_mnist, server, tmp_path, monkeypatch):
    server.serve(small_mnist, monkeypatch)
    second = list(small_mnist.downloads)[1]
    server.cuts = [10**9, 20, 0]
    with pytest.raises(DownloadError, match=f"{second} could not be fetched"):
        get(small_mnist.official, tmp_path)
    assert data.load("mnist").stand_in == "digits"
    server.asked.clear()
    assert get(small_mnist.official, tmp_path)[0].damage() == ""
    assert server.asked == [
        (second, "bytes=20-"),
        *((name, None) for name in list(small_mnist.downloads)[2:]),
    ]


def test_a_disk_that_fills_up_while_unpacking_leaves_no_half_set(small_cifar, tmp_path, files_of_at_most):
    for name, content in small_cifar.downloads.items():
        (tmp_path / name).write_bytes(content)
    with files_of_at_most(30_000), pytest.raises(DownloadError, match=f"no space is left for {tmp_path}"):
        get(small_cifar.official, tmp_path)  # five batches of 24,576 pixels fit, the last one does not
    assert sorted(path.name for path in tmp_path.iterdir()) == list(small_cifar.downloads)
    assert get(small_cifar.official, tmp_path)[0].damage() == ""


def test_the_checksum_of_an_archive_with_other_contents_is_not_enough(small_cifar, tmp_path):
    official = replace(small_cifar.official, files=tuple(reversed(small_cifar.official.files[1:])))
    other = replace(official, files=(*official.files, replace(official.files[0], name="data_batch_9")))
    for name, content in small_cifar.downloads.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataDamagedError, match="lacks data_batch_9, expected 6 files"):
        get(other, tmp_path)


@real
def test_real_mnist_has_the_recorded_hashes(monkeypatch):
    monkeypatch.setenv(places.VARIABLE, REAL)
    if not (Path(REAL) / "MNIST/raw").is_dir():
        pytest.skip("no MNIST in there")
    mnist = data.load("mnist", stand_in=False, download=False)
    assert [len(split) for split in mnist.splits] == [54_000, 6_000, 10_000]
    np.testing.assert_allclose(mnist.train.mean, [0.1307], atol=1e-4)
    np.testing.assert_allclose(mnist.train.std, [0.3081], atol=1e-4)
    assert [split.hash for split in mnist.splits] == [
        "2d9852a7dfd6616991961dc122ed8a20bc050d87a2108a2b528ad18583ab2578",
        "902628c4dc0cdf03f3453f6c3e4df905c883a03a97b96e33119fcda9b9817d48",
        "4718853ea946af656684509414983beff2e65cf414265c27966161014c003b8b",
    ]


@real
def test_real_cifar10_has_ten_equal_classes(monkeypatch):
    monkeypatch.setenv(places.VARIABLE, REAL)
    if not any((Path(REAL) / name).is_dir() for name in ("cifar10", "cifar-10-batches-py")):
        pytest.skip("no CIFAR-10 in there")
    cifar = data.load("cifar10", stand_in=False, download=False)
    for split, each in zip(cifar.splits, (4500, 500, 1000), strict=True):
        assert np.bincount(split.labels).tolist() == [each] * 10
    np.testing.assert_allclose(cifar.train.mean, [0.4914, 0.4822, 0.4465], atol=2e-3)
    np.testing.assert_allclose(cifar.train.std, [0.2470, 0.2435, 0.2616], atol=3e-3)
