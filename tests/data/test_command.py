import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from cnnkit import doctor
from cnnkit.__main__ import main
from cnnkit.data import places

ROOT = Path(__file__).resolve().parents[2]


def run(capsys, *arguments):
    """Return the exit code, and what was said on both channels."""
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = stop.code
    return code, *capsys.readouterr()


def rows(said):
    return {cells[0]: cells[1:] for line in said.splitlines() if (cells := re.split(r"  +", line))}


def test_the_list_says_of_every_set_where_it_is_and_what_stands_in(small_mnist, tmp_path, capsys):
    folder = small_mnist.unpack(tmp_path / "data")
    code, said, _ = run(capsys, "data")
    assert code == 0
    found = rows(said)
    assert found["set"] == ["where", "training", "test", "state"]
    assert found["mnist"] == [str(folder), "40", "20", "here"]
    assert found["cifar10"] == ["–", "–", "–", "not here; shapes10 stands in for it"]
    assert found["digits"] == ["built in", "stands in for mnist"]
    assert f"Looked in {tmp_path / 'data'}. To fetch a set: cnnkit data get NAME." in said


def test_the_list_says_what_is_damaged_and_fails(small_mnist, tmp_path, capsys):
    folder = small_mnist.unpack(tmp_path / "data")
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"torn")
    code, said, _ = run(capsys, "data")
    assert code == 1
    assert rows(said)["mnist"] == [str(folder), "–", "–", "DAMAGED"]
    assert f"\n{folder / 't10k-labels-idx1-ubyte'} has the MD5 sum " in said


def test_the_list_says_how_much_of_a_download_is_there(small_cifar, server, tmp_path, monkeypatch, capsys):
    server.serve(small_cifar, monkeypatch)
    server.cuts = [1000, 0]
    code, _, told = run(capsys, "data", "get", "cifar10")
    assert code == 1
    assert re.search(
        r"^cnnkit: get: cifar-10-python.tar.gz could not be fetched .*1,000 bytes are kept", told
    )
    said = run(capsys, "data")[1]
    assert rows(said)["cifar10"][-1] == "not here; shapes10 stands in for it; 1,000 bytes of it are fetched"


def test_get_fetches_and_says_where(small_cifar, server, tmp_path, monkeypatch, capsys):
    server.serve(small_cifar, monkeypatch)
    folder = tmp_path / "data/cifar-10-batches-py"
    here = f"cifar10: 40 training and 20 test images, sound, in {folder}\n"
    assert run(capsys, "data", "get", "cifar10") == (0, here, "")
    assert run(capsys, "data", "get", "cifar10") == (0, here, "")
    assert len(server.asked) == 1
    (folder / "test_batch").write_bytes(b"torn")
    kept = f"cifar10: a damaged file was in its place, and is kept as {folder / 'test_batch.damaged'}\n"
    assert run(capsys, "data", "get", "cifar10") == (0, kept + here, "")


def test_get_goes_where_it_is_told(small_mnist, server, tmp_path, monkeypatch, capsys):
    server.serve(small_mnist, monkeypatch)
    assert run(capsys, "data", "get", "mnist", "--to", str(tmp_path / "there"))[0] == 0
    assert (tmp_path / "there/MNIST/raw/train-images-idx3-ubyte").is_file()
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "named"))
    assert run(capsys, "data", "get", "mnist")[0] == 0
    assert (tmp_path / "named/MNIST/raw/train-images-idx3-ubyte").is_file()


def test_built_in_sets_need_no_fetching(capsys):
    said = "shapes10 is built in: there is nothing to fetch.\n"
    assert run(capsys, "data", "get", "shapes10") == (0, said, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["dta"], "cnnkit: there is no command 'dta'. Did you mean 'data'?"),
        (["docter"], "cnnkit: there is no command 'docter'. Did you mean 'doctor'?"),
        (["xyz"], "cnnkit: there is no command 'xyz'. There are lab, check, submit, data, weights, doctor."),
        (["data", "gte"], "cnnkit data: there is no command 'gte'. Did you mean 'get'?"),
        (["data", "get"], "cnnkit data get: the following arguments are required: NAME"),
        ([], "cnnkit: the following arguments are required: COMMAND"),
        (
            ["data", "get", "cifar100"],
            "cnnkit: get: `name` is 'cifar100', expected one of cifar10, mnist, fashion_mnist, digits,"
            " shapes10, shapes10_grey. Did you mean 'cifar10'?",
        ),
    ],
)
def test_a_slip_is_answered_with_one_line_and_exit_code_2(capsys, arguments, told):
    assert run(capsys, *arguments) == (2, "", f"{told}\n")


def test_a_wrong_variable_is_one_line_and_no_traceback(tmp_path):
    environment = os.environ | {places.VARIABLE: str(tmp_path / "none")}
    command = [sys.executable, "-m", "cnnkit", "data"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"cnnkit: load: `CNNKIT_DATA` is {str(tmp_path / 'none')!r}, expected a folder that exists."
        " Correct the variable, or unset it to use data/.\n"
    )


def test_the_doctor_finds_what_this_environment_has(small_mnist, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "SECONDS", 0.0)
    folder = small_mnist.unpack(tmp_path / "data")
    code, said, _ = run(capsys, "doctor")
    assert code == 0
    assert f"✓ Python: {sys.version.split()[0]} ({sys.executable})" in said
    assert re.search(r"^✓ packages: .*\bnumpy \d.*\btorch \d", said, flags=re.M)
    assert f"✓ mnist: 40 + 20 images in {folder}" in said
    assert "– cifar10: not here; shapes10 stands in for it. Run: cnnkit data get cifar10" in said
    assert re.search(r"^✓ torch: .* trains [\d,]+ small images a second on \d+ threads?$", said, flags=re.M)
    assert said.endswith("All that the notebooks need is here.\n")


def test_the_doctor_fails_where_data_is_damaged(small_mnist, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "SECONDS", 0.0)
    folder = small_mnist.unpack(tmp_path / "data")
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"torn")
    code, said, _ = run(capsys, "doctor")
    assert code == 1
    assert f"✗ mnist: the files in {folder} are damaged. Run: cnnkit data" in said
    assert said.endswith("Something that the notebooks need is missing (✗).\n")


def test_the_doctor_names_packages_that_are_missing_or_old():
    def installed(name):
        if name == "torch":
            raise PackageNotFoundError(name)
        return "1.0" if name == "numpy" else "99"

    found = {finding.what: str(finding) for finding in doctor._packages(installed)}
    assert re.fullmatch(
        r"✗ torch: not installed, expected \S+ or newer\. Run: pip install -e \.", found["torch"]
    )
    assert re.fullmatch(r"✗ numpy: this is 1\.0, expected 2\.0 or newer\. Run: .*", found["numpy"])
    assert "matplotlib 99" in found["packages"]


def test_the_doctor_asks_for_jupyterlab_except_on_colab(monkeypatch):
    def installed(name):
        if name == "jupyterlab":
            raise PackageNotFoundError(name)
        return "99"

    def lab():
        return next(found for found in doctor._packages(installed) if found.what == "jupyterlab")

    assert str(lab()).startswith("✗ jupyterlab: not installed")
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert str(lab()).startswith("– jupyterlab: not installed")


def test_the_doctor_notices_a_torch_that_does_not_learn(monkeypatch):
    import torch

    monkeypatch.setattr(doctor, "SECONDS", 0.0)
    monkeypatch.setattr(torch.optim.SGD, "step", lambda self: None)
    finding = doctor._torch()
    assert not finding.found
    assert re.search(r"does not learn: the loss went from (\d\.\d\d) to \1\.", str(finding))
