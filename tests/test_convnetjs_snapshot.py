"""ConvNetJS's files: numbers that it computed itself, and files that are not what they should be."""

from __future__ import annotations

import copy
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnkit.convnetjs import Net, Trainer, augment, load_snapshot, network_of, save_snapshot, snapshot
from cnnkit.errors import ArgumentError, ShapeError

SHARED = Path(os.environ.get("CNNKIT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
RAW = SHARED / "data" / "MNIST" / "raw"
TEXT = """
layer_defs.push({type:'input', out_sx:5, out_sy:4, out_depth:2});
layer_defs.push({type:'conv', sx:3, sy:2, filters:3, pad:1, activation:'relu', l1_decay_mul:0.5});
layer_defs.push({type:'pool', sx:2, stride:3, pad:1, drop_prob:0.25});
layer_defs.push({type:'softmax', num_classes:3});
"""


def digits(part, offset, shape):
    """Return the first 60 digits of MNIST's training data, or their classes."""
    return np.frombuffer(gzip.decompress((RAW / part).read_bytes()), np.uint8, offset=offset)[
        : np.prod(shape)
    ]


@pytest.fixture(scope="module", params=[("npm-0.3.0", "0.3.0"), ("head", "head")], ids=lambda param: param[0])
def recorded(request):
    """Return what node computed, the release that did, and the 60 crops and classes that it was given."""
    file, release = request.param
    path = SHARED / "data" / "convnetjs" / f"mnist-default-{file}.json"
    for needed in (path, RAW / "train-images-idx3-ubyte.gz"):
        if not needed.exists():
            pytest.skip(f"{needed.name} is not here; CNNKIT_SHARED is the folder that holds data/")
    x = digits("train-images-idx3-ubyte.gz", 16, (60, 1, 28, 28)).reshape(60, 1, 28, 28)
    y = digits("train-labels-idx1-ubyte.gz", 8, 60).astype(int)
    return json.loads(path.read_text()), release, augment(x / 255, 24, dx=2, dy=2), y


def test_recorded_probabilities_are_ours(recorded):
    saved, _, x, _ = recorded
    np.testing.assert_allclose(
        load_snapshot(saved["j0"]).forward(x[:1])[0], saved["probs"], rtol=0, atol=1e-12
    )


def test_recorded_probabilities_are_torchs_with_our_weights(recorded, torch_twin):
    saved, _, x, _ = recorded
    net = load_snapshot(saved["j0"])
    network = network_of(net)
    module = torch.nn.Sequential()
    for stage in network:
        module.add_module(stage.name, torch_twin(stage.layer))
    module.double().load_state_dict({name: torch.tensor(value) for name, value in net.weights.items()})
    np.testing.assert_allclose(module(torch.tensor(x[:1])).detach()[0], saved["probs"], rtol=0, atol=1e-12)


def test_three_recorded_updates_are_ours(recorded):
    saved, release, x, y = recorded
    net = load_snapshot(saved["j0"])
    trainer = Trainer(net, method="adadelta", batch_size=20, l2_decay=0.001, release=release)
    trained = trainer.train(x, y)
    np.testing.assert_allclose(trained.cost_loss, saved["losses"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(trained.l2_decay_loss, saved["l2"], rtol=0, atol=1e-12)
    for ours, theirs in zip(net.parameters, load_snapshot(saved["j1"]).parameters, strict=True):
        np.testing.assert_allclose(ours.value, theirs.value, rtol=0, atol=1e-12)


def test_the_other_releases_eps_would_have_been_noticed(recorded):
    saved, release, x, y = recorded
    net = load_snapshot(saved["j0"])
    other = {"0.3.0": "head", "head": "0.3.0"}[release]
    Trainer(net, method="adadelta", batch_size=20, l2_decay=0.001, release=other).train(x, y)
    wanted = load_snapshot(saved["j1"]).weights["fc.weight"]
    assert np.abs(net.weights["fc.weight"] - wanted).max() > 1e-3


def test_a_snapshot_says_what_convnetjs_would_say():
    layers = snapshot(Net(TEXT))["layers"]
    assert [list(layer) for layer in layers] == [
        ["out_depth", "out_sx", "out_sy", "layer_type"],
        [
            "out_depth",
            "out_sx",
            "out_sy",
            "layer_type",
            "sx",
            "sy",
            "stride",
            "l1_decay_mul",
            "l2_decay_mul",
            "pad",
            "in_depth",
            "filters",
            "biases",
        ],
        ["out_depth", "out_sx", "out_sy", "layer_type"],
        ["out_depth", "out_sx", "out_sy", "layer_type", "sx", "sy", "stride", "pad", "in_depth"],
        ["out_depth", "out_sx", "out_sy", "layer_type", "drop_prob"],
        [
            "out_depth",
            "out_sx",
            "out_sy",
            "layer_type",
            "l1_decay_mul",
            "l2_decay_mul",
            "num_inputs",
            "filters",
            "biases",
        ],
        ["out_depth", "out_sx", "out_sy", "layer_type", "num_inputs"],
    ]
    assert list(layers[1]["filters"][0]["w"]) == [str(place) for place in range(3 * 2 * 2)]


def test_a_file_keeps_every_bit(tmp_path):
    net = Net(TEXT, seed=3)
    path = save_snapshot(net, tmp_path / "net.json")
    for source in (path, str(path), path.read_text(), json.loads(path.read_text())):
        back = load_snapshot(source)
        assert [(spec.type, spec.options) for spec in back.specs if spec.type not in ("conv", "fc")] == [
            (spec.type, spec.options) for spec in net.specs if spec.type not in ("conv", "fc")
        ]
        for ours, theirs in zip(net.parameters, back.parameters, strict=True):
            np.testing.assert_array_equal(ours.value, theirs.value)
            assert (ours.l1_decay_mul, ours.l2_decay_mul) == (theirs.l1_decay_mul, theirs.l2_decay_mul)
    assert [file.name for file in tmp_path.iterdir()] == ["net.json"]


def test_lists_and_integers_are_read_as_floats():
    saved = snapshot(Net(TEXT))
    layer = saved["layers"][5]
    for vol in [*layer["filters"], layer["biases"]]:
        vol["w"] = [1] * len(vol["w"])
    net = load_snapshot(saved)
    assert set(net.weights["fc.weight"].ravel()) == {1.0}
    Trainer(net).train(np.ones((1, 2, 4, 5)), [0])
    assert net.weights["fc.bias"] == pytest.approx([1 + 0.01 * 2 / 3, 1 - 0.01 / 3, 1 - 0.01 / 3])


def test_old_files_get_the_defaults_of_convnetjs_reader():
    saved = snapshot(Net(TEXT.replace("pad:1", "pad:0")))
    for layer in saved["layers"]:
        for name in ("pad", "l1_decay_mul", "l2_decay_mul"):
            layer.pop(name, None)
    net = load_snapshot(saved)
    assert [(p.l1_decay_mul, p.l2_decay_mul) for p in net.parameters] == [(1, 1), (0, 0), (1, 1), (0, 0)]
    assert [spec.options["pad"] for spec in net.specs if spec.type in ("conv", "pool")] == [0, 0]


def changed(path, value):
    """Return a good snapshot with one thing changed; None takes it out."""
    saved = copy.deepcopy(snapshot(Net(TEXT)))
    *steps, last = path
    place = saved
    for step in steps:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return saved


NULL = {"sx": 1, "sy": 1, "depth": 3, "w": [0, None, 1]}
AGAIN = "Save the whole net again."
KINDS = "input, conv, pool, fc, relu, sigmoid, tanh, dropout, softmax, svm, regression"
BAD = [
    (
        {"j0": {}, "probs": []},
        ArgumentError,
        "`source` has the keys j0, probs, expected an object with a list of `layers`."
        " Give what net.toJSON() gives.",
    ),
    (
        {"layers": []},
        ArgumentError,
        "`layers` goes from None to None, expected from 'input' to one of softmax, svm, regression."
        " Save the whole net.",
    ),
    (
        changed(["layers", 6], None),
        ArgumentError,
        "`layers` goes from 'input' to 'fc', expected from 'input' to one of softmax, svm, regression."
        " Save the whole net.",
    ),
    (
        changed(["layers", 2, "layer_type"], "maxout"),
        ArgumentError,
        f"`layer_type` of layer 3 is 'maxout', expected one of {KINDS}, an input first and a loss last."
        " ConvNetJS has it, this port has not.",
    ),
    (
        changed(["layers", 2, "layer_type"], "rlu"),
        ArgumentError,
        f"`layer_type` of layer 3 is 'rlu', expected one of {KINDS}, an input first and a loss last."
        " Did you mean 'relu'?",
    ),
    (
        changed(["layers", 1, "sx"], None),
        ArgumentError,
        "`sx` of layer 2 (conv) is missing, expected an integer of at least 1. Add sx:5, for example.",
    ),
    (
        changed(["layers", 1, "out_depth"], None),
        ArgumentError,
        "`out_depth` of layer 2 (conv) is missing, expected an integer of at least 1."
        " Add out_depth:8, for example.",
    ),
    (
        changed(["layers", 0, "out_sy"], 0),
        ArgumentError,
        "`out_sy` of layer 1 (input) is 0, expected an integer of at least 1. Write out_sy:24, for example.",
    ),
    (
        changed(["layers", 1, "stride"], "1"),
        ArgumentError,
        "`stride` of layer 2 (conv) is '1', expected an integer of at least 1. Write stride:1, for example.",
    ),
    (
        changed(["layers", 3, "in_depth"], 4),
        ShapeError,
        f"`in_depth` of layer 4 (pool) is 4, expected 3: its input is 5x5x3. {AGAIN}",
    ),
    (
        changed(["layers", 5, "num_inputs"], 75),
        ShapeError,
        f"`num_inputs` of layer 6 (fc) is 75, expected 12: its input is 2x2x3. {AGAIN}",
    ),
    (
        changed(["layers", 1, "out_sx"], 9),
        ShapeError,
        f"`out_sx` of layer 2 (conv) is 9, expected 5: its input is 5x4x2. {AGAIN}",
    ),
    (
        changed(["layers", 1, "filters", 1], None),
        ShapeError,
        f"layer 2 (conv) has 2 filters, expected 3, its out_depth. {AGAIN}",
    ),
    (
        changed(["layers", 1, "filters"], None),
        ShapeError,
        f"layer 2 (conv) has no list of filters, expected 3, its out_depth. {AGAIN}",
    ),
    (
        changed(["layers", 1, "filters", 1, "w", "3"], None),
        ShapeError,
        f"filter 2 of layer 2 (conv) has 11 numbers in w, expected those from 0 to 11. {AGAIN}",
    ),
    (
        changed(["layers", 1, "filters", 1, "w"], [1, 2]),
        ShapeError,
        f"filter 2 of layer 2 (conv) has 2 numbers in w, expected 12. {AGAIN}",
    ),
    (
        changed(["layers", 1, "filters", 1, "w"], "base64"),
        ShapeError,
        f"filter 2 of layer 2 (conv) has 'base64' in w, expected 12. {AGAIN}",
    ),
    (
        changed(["layers", 1, "filters", 0, "sy"], 3),
        ShapeError,
        f"filter 1 of layer 2 (conv) has the size 3x3x2, expected 3x2x2. {AGAIN}",
    ),
    (
        changed(["layers", 5, "biases"], None),
        ArgumentError,
        f"biases of layer 6 (fc) is null, expected a volume with sx, sy, depth and w. {AGAIN}",
    ),
    (
        changed(["layers", 5, "biases"], NULL),
        ArgumentError,
        "biases of layer 6 (fc) has null in w, expected finite numbers. ConvNetJS writes null for NaN:"
        " train again with a smaller learning rate.",
    ),
    (
        changed(["layers", 5, "biases", "w", "0"], float("nan")),
        ArgumentError,
        "biases of layer 6 (fc) has nan in w, expected finite numbers. ConvNetJS writes null for NaN:"
        " train again with a smaller learning rate.",
    ),
]


@pytest.mark.parametrize(("saved", "kind", "message"), BAD)
def test_a_snapshot_that_does_not_hold_together_is_refused(saved, kind, message):
    with pytest.raises(kind) as error:
        load_snapshot(saved)
    assert str(error.value) == f"load_snapshot: {message}"


def test_a_layer_that_does_not_fit_is_refused_with_its_number():
    with pytest.raises(
        ShapeError, match=r"^load_snapshot: `sx` of layer 2 \(conv\) is 9, expected at most 7: "
    ):
        load_snapshot(changed(["layers", 1, "sx"], 9))


def test_half_a_file_is_refused(tmp_path):
    path = save_snapshot(Net(TEXT), tmp_path / "net.json")
    path.write_text(path.read_text()[:700])
    with pytest.raises(ArgumentError) as error:
        load_snapshot(path)
    assert str(error.value).startswith(f"load_snapshot: `source` ({path}) is no JSON from line 1, column ")
    assert str(error.value).endswith("what ConvNetJS's net.toJSON() gives. Was it cut off? Save it again.")


def test_a_list_and_a_missing_file_are_refused(tmp_path):
    path = tmp_path / "net.json"
    with pytest.raises(FileNotFoundError):
        load_snapshot(path)
    path.write_text("[1, 2]")
    with pytest.raises(ArgumentError) as error:
        load_snapshot(path)
    assert str(error.value) == (
        "load_snapshot: `source` has list, expected an object with a list of `layers`."
        " Give what net.toJSON() gives."
    )


def test_weights_that_are_no_numbers_are_not_saved_over_a_good_file(tmp_path):
    path = save_snapshot(Net(TEXT), tmp_path / "net.json")
    before = path.read_bytes()
    net = Net(TEXT)
    net.parameters[2].value[0, 0] = np.inf
    with pytest.raises(ArgumentError) as error:
        save_snapshot(net, path)
    assert str(error.value) == (
        "snapshot: layer 6 (fc) holds weights that are no finite numbers, expected finite ones."
        " Train again with a smaller learning rate."
    )
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["net.json"]
