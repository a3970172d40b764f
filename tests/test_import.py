"""What a name at the top level or in an ``__all__`` promises is there."""

import importlib
import pkgutil
from pathlib import Path

import pytest

import cnnkit

MODULES = [
    found.name
    for package in ("cnnkit", "autograde")
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    if not found.name.endswith("__main__")
]


@pytest.mark.parametrize("name", ["cnnkit", *MODULES])
def test_every_name_in_all_exists_and_stands_there_once(name):
    module = importlib.import_module(name)
    promised = getattr(module, "__all__", [])
    assert [thing for thing in promised if not hasattr(module, thing)] == []
    assert len(promised) == len(set(promised))


def test_cnnkit_offers_each_of_its_modules_and_its_two_short_cuts():
    folder = Path(cnnkit.__file__).parent
    modules = {found.name for found in pkgutil.iter_modules([str(folder)])} - {"__main__"}
    assert modules | set(cnnkit.HOMES) == set(cnnkit.__all__)


def test_dir_lists_what_can_be_asked_for():
    assert sorted(cnnkit.__all__) == dir(cnnkit)


@pytest.mark.parametrize(("name", "home"), cnnkit.HOMES.items())
def test_short_cuts_are_the_things_themselves(name, home):
    assert getattr(cnnkit, name) is getattr(importlib.import_module(f"cnnkit.{home}"), name)


def test_a_name_that_cnnkit_lacks_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'cnnkit' has no attribute 'convolve'"):
        cnnkit.convolve  # noqa: B018 - the look-up is the test
