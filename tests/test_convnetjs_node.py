"""cnnkit.convnetjs against real ConvNetJS in node: the same draws, outputs, losses, weights and files."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest

from cnnkit.convnetjs import (
    MathRandom,
    Net,
    Trainer,
    augment,
    format_layer_defs,
    load_snapshot,
    parse_layer_defs,
    parse_trainer,
    save_snapshot,
    snapshot,
)

pytestmark = pytest.mark.node

FILE = Path(__file__).parent / "oracle" / "oracle.py"
SPEC = importlib.util.spec_from_file_location("convnetjs_oracle", FILE)
oracle = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(oracle)

DEMO = (Path(__file__).parent / "fixtures/convnetjs_demo.js").read_text(encoding="utf-8")
NETS = {
    "the demo's": DEMO,
    "wide and odd": """
        layer_defs.push({type:'input', out_sx:11, out_sy:7, out_depth:3});
        layer_defs.push({type:'conv', sx:3, sy:2, filters:4, stride:2, pad:1, activation:'tanh'});
        layer_defs.push({type:'pool', sx:3, sy:2, stride:2, pad:1, activation:'sigmoid'});
        layer_defs.push({type:'fc', num_neurons:6, activation:'sigmoid', bias_pref:0.2});
        layer_defs.push({type:'softmax', num_classes:3});""",
    "one stride larger than its filter": """
        layer_defs.push({type:'input', out_sx:8, out_sy:9, out_depth:2});
        layer_defs.push({type:'conv', sx:2, filters:3, stride:3, l1_decay_mul:0.5, l2_decay_mul:2});
        layer_defs.push({type:'conv', sx:3, filters:2, pad:3, activation:'relu'});
        layer_defs.push({type:'pool', sx:3, stride:1});
        layer_defs.push({type:'softmax', num_classes:2});""",
    "pools that overlap and look out": """
        layer_defs.push({type:'input', out_sx:6, out_sy:5, out_depth:1});
        layer_defs.push({type:'conv', sx:3, filters:4, pad:1, activation:'relu'});
        layer_defs.push({type:'pool', sx:3, stride:1, pad:2});
        layer_defs.push({type:'pool', sx:2, stride:2, pad:1});
        layer_defs.push({type:'softmax', num_classes:4});""",
    "dropout": """
        layer_defs.push({type:'input', out_sx:6, out_sy:6, out_depth:2, drop_prob:0.1});
        layer_defs.push({type:'conv', sx:3, filters:5, activation:'relu', drop_prob:0.3});
        layer_defs.push({type:'relu'});
        layer_defs.push({type:'fc', num_neurons:7, activation:'relu', drop_prob:0.6});
        layer_defs.push({type:'dropout'});
        layer_defs.push({type:'softmax', num_classes:4});""",
    "svm": """
        layer_defs.push({type:'input', in_sx:1, in_sy:1, in_depth:5});
        layer_defs.push({type:'fc', filters:6, activation:'tanh'});
        layer_defs.push({type:'svm', num_classes:3});""",
    "regression": """
        layer_defs.push({type:'input', out_sx:3, out_sy:2, out_depth:2});
        layer_defs.push({type:'fc', num_neurons:5, activation:'relu'});
        layer_defs.push({type:'regression', num_neurons:2});""",
}
METHODS = [
    {"method": "sgd", "learning_rate": 0.05},
    {"method": "sgd", "learning_rate": 0.05, "momentum": 0},
    {"method": "adagrad", "learning_rate": 0.02},
    {"method": "windowgrad", "learning_rate": 0.02, "ro": 0.9},
    {"method": "adadelta"},
    {"method": "adadelta", "eps": 1e-8, "ro": 0.9},
]


@pytest.fixture(scope="module")
def installed():
    try:
        oracle.install()
    except oracle.OracleMissingError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"real ConvNetJS is not here: {error}")


@pytest.fixture
def real(installed):
    process = oracle.Oracle()
    yield process
    process.close()


def examples(net, count, seed=0):
    """Return images with flat parts in them, whose windows have several equal maxima, and targets."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, *net.input_shape)).round(1)
    x[:, :, : x.shape[2] // 2] = 0.5
    outputs = net.layers[-1].spec.output_size.depth
    kind = net.layers[-1].spec.type
    y = rng.normal(size=(count, outputs)) if kind == "regression" else rng.integers(0, outputs, count)
    return x, y


def assert_same_weights(ours, real, tolerance=1e-12):
    theirs = load_snapshot(real.ask("save"))
    for mine, other in zip(ours.parameters, theirs.parameters, strict=True):
        np.testing.assert_allclose(mine.value, other.value, rtol=0, atol=tolerance)


def assert_same_outputs(ours, real, x, tolerance=1e-12):
    theirs = np.array(real.ask("forward", oracle.volumes(x)))
    assert theirs.shape == (len(x), ours.layers[-1].spec.output_size.depth)
    np.testing.assert_allclose(ours.forward(x), theirs, rtol=0, atol=tolerance)


@pytest.mark.parametrize("seed", [0, 1, 20140201, 2**32 - 1])
def test_the_generator_draws_what_mulberry32_draws_in_javascript(real, seed):
    real.ask("seed", seed)
    ours = MathRandom(seed)
    assert real.ask("random", 1001) == ours.uniform(1001).tolist()
    theirs = real.ask("gauss", 999)
    mine = np.concatenate([ours.normal(count) for count in (1, 2, 700, 0, 296)])
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=2e-15)
    assert real.ask("random", 5) == ours.uniform(5).tolist()


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_the_same_seed_makes_the_same_layers_and_weights(real, text):
    real.ask("seed", 7)
    random = MathRandom(7)
    for _ in range(2):  # the second goes on with the first one's spare number
        net = Net(text, random)
        real.ask("make", parse_layer_defs(text))
        sizes = [[spec.type, *spec.output_size] for spec in net.specs]
        assert real.ask("sizes") == sizes
        assert_same_weights(net, real, 1e-15)
        assert_same_outputs(net, real, examples(net, 3)[0])


@pytest.mark.parametrize("options", METHODS, ids=lambda options: "-".join(map(str, options.values())))
@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_training_gives_the_same_losses_and_weights(real, text, options):
    options = {"batch_size": 3, "l2_decay": 0.01, "l1_decay": 0.002, **options}
    real.ask("seed", 3)
    net = Net(text, 3)
    real.ask("make", parse_layer_defs(text))
    real.ask("trainer", options)
    trainer = Trainer(net, options)
    x, y = examples(net, 11)
    for part in (slice(0, 4), slice(4, 11)):
        trained = trainer.train(x[part], y[part])
        stats = real.ask("train", {"x": oracle.volumes(x[part]), "y": y[part].tolist()})["stats"]
        for name in ("cost_loss", "l1_decay_loss", "l2_decay_loss", "loss"):
            theirs = [one[name] for one in stats]
            np.testing.assert_allclose(getattr(trained, name), theirs, rtol=1e-12, atol=1e-12, err_msg=name)
    assert trainer.k == 11
    assert_same_weights(net, real)
    assert_same_outputs(net, real, x)


def test_windows_without_a_cell_give_minus_99999_and_pass_no_gradient(real):
    text = """
        layer_defs.push({type:'input', out_sx:3, out_sy:2, out_depth:2});
        layer_defs.push({type:'fc', num_neurons:4});
        layer_defs.push({type:'pool', sx:2, stride:1, pad:3});
        layer_defs.push({type:'regression', num_neurons:2});"""
    real.ask("seed", 8)
    net = Net(text, 8)
    real.ask("make", parse_layer_defs(text))
    x, y = examples(net, 5)
    x[0] = -1e6
    assert_same_outputs(net, real, x, 1e-8)
    options = {"method": "adagrad", "batch_size": 5}
    real.ask("trainer", options)
    Trainer(net, options).train(x, y)
    real.ask("train", {"x": oracle.volumes(x), "y": y.tolist()})
    assert_same_weights(net, real)


def test_the_demos_text_trains_there_as_it_does_here(real):
    real.ask("seed", 5)
    real.ask("run", DEMO)
    net = Net(DEMO, 5)
    trainer = Trainer(net, parse_trainer(DEMO))
    x, y = examples(net, 60)
    trained = trainer.train(x, y)
    answer = real.ask("train", {"x": oracle.volumes(x), "y": y.tolist()})
    assert trained.updates == 3
    np.testing.assert_allclose(trained.loss, [one["loss"] for one in answer["stats"]], rtol=1e-12)
    assert_same_weights(net, real)


def test_text_that_we_write_runs_there(real):
    options = parse_trainer("trainer = new convnetjs.Trainer(net, {method:'windowgrad', l1_decay:1e-7});")
    real.ask("seed", 2)
    real.ask("run", format_layer_defs(parse_layer_defs(DEMO), options))
    assert_same_weights(Net(DEMO, 2), real, 1e-15)
    theirs = real.ask("options", {})
    assert theirs == {name: getattr(options, name) for name in theirs}


def test_the_trainers_defaults_are_theirs(real):
    real.ask("make", parse_layer_defs(NETS["svm"]))
    real.ask("trainer", {})
    options = Trainer(Net(NETS["svm"])).options
    theirs = real.ask("options", {})
    assert theirs == {name: getattr(options, name) for name in theirs}


def test_options_may_change_while_training(real):
    text = NETS["one stride larger than its filter"]
    real.ask("seed", 1)
    net = Net(text, 1)
    real.ask("make", parse_layer_defs(text))
    real.ask("trainer", {"batch_size": 4})
    trainer = Trainer(net, batch_size=4)
    x, y = examples(net, 20)
    for start, changed in enumerate(
        ({}, {"batch_size": 3}, {"momentum": 0}, {"learning_rate": 0.5, "momentum": 0.8})
    ):
        real.ask("options", changed)
        trainer.change(**changed)
        part = slice(5 * start, 5 * start + 5)
        trainer.train(x[part], y[part])
        real.ask("train", {"x": oracle.volumes(x[part]), "y": y[part].tolist()})
        assert_same_weights(net, real)


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_a_net_saved_here_loads_there_and_gives_the_same(real, tmp_path, text):
    net = Net(text, 11)
    x, y = examples(net, 6)
    Trainer(net, method="adadelta", batch_size=2, l2_decay=0.001).train(x, y)
    real.ask("load", save_snapshot(net, tmp_path / "net.json").read_text())
    assert_same_outputs(net, real, x)
    assert_same_weights(net, real, 0)


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_a_net_saved_there_loads_here_and_gives_the_same(real, text):
    real.ask("seed", 11)
    real.ask("make", parse_layer_defs(text))
    saved = real.ask("save")
    net = load_snapshot(saved)
    assert_same_outputs(net, real, examples(net, 6)[0])
    assert json.loads(saved) == snapshot(net)


@pytest.mark.parametrize("text", NETS.values(), ids=NETS)
def test_nets_loaded_from_one_file_train_alike(real, text):
    saved = json.dumps(snapshot(Net(text, 4)))
    real.ask("load", saved)
    net = load_snapshot(saved)
    options = {"method": "adagrad", "batch_size": 2, "l2_decay": 0.01, "l1_decay": 0.01}
    real.ask("seed", 9)  # what is drawn from here on is dropout
    net.random = MathRandom(9)
    x, y = examples(net, 6)
    Trainer(net, options).train(x, y)
    real.ask("trainer", options)
    real.ask("train", {"x": oracle.volumes(x), "y": y.tolist()})
    assert_same_weights(net, real)


def test_crops_are_theirs(real):
    x = np.random.default_rng(0).normal(size=(40, 2, 9, 7))
    real.ask("seed", 6)
    theirs = real.ask("augment", {"x": oracle.volumes(x), "rest": [5]})
    ours = augment(x, 5, random=MathRandom(6))
    assert [volume["w"] for volume in oracle.volumes(ours)] == theirs


@pytest.mark.parametrize(
    "rest", [(5, 2, 4, True), (5, 2), (7, -2, 3, False), (3, 5, -1, True), (2, 20, 20, False)]
)
def test_crops_at_given_places_are_theirs(real, rest):
    x = np.random.default_rng(0).normal(size=(2, 2, 9, 7))
    real.ask("seed", 6)
    theirs = real.ask("augment", {"x": oracle.volumes(x), "rest": rest})
    ours = augment(x, *rest, random=MathRandom(6))
    assert [volume["w"] for volume in oracle.volumes(ours)] == theirs
