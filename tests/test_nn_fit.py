"""cnnkit.nn.fit: what it does, that it does it again, and what it says to what cannot work."""

import io
import os
import signal
import sys

import numpy as np
import pytest
import torch
from torch import nn as torch_nn
from torch.nn import functional

from cnnkit import nn, zoo
from cnnkit.errors import ArgumentError, ShapeError, TrainingError
from cnnkit.layers import BatchNorm1d, Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU, Softmax
from cnnkit.network import Network
from cnnkit.nn.budget import Budget
from cnnkit.nn.progress import Progress

LAYERS = [Conv2d(1, 4, 3), ReLU(), MaxPool2d(2), Flatten(), Dropout(0.2), Linear(16, 4)]
NET = Network((1, 6, 6), LAYERS, name="tiny")
FLAT = Network((1, 6, 6), [Flatten(), Linear(36, 4)])
QUIET = {"progress": False, "batch_size": 16}


@pytest.fixture
def data(blobs):
    return blobs()


def fit(data, model=NET, **options):
    return nn.fit(model, data, **(QUIET | {"lr": 0.1} | options))


def said(kind, call):
    with pytest.raises(kind) as error:
        call()
    return str(error.value)


def same(one, other):
    ours, theirs = nn.weights(one.model), nn.weights(other.model)
    return ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in ours)


# --- what it does ----------------------------------------------------------------------------------------


def test_a_small_network_learns(data):
    run = fit(data, epochs=15, momentum=0.9)
    assert run.history[0].validation.accuracy < 0.5
    assert run.final.test.accuracy > 0.8
    assert run.reason == "finished"


def test_one_epoch_is_what_torch_does_by_hand(blobs):
    data = blobs(train=30)
    run = fit(data, FLAT, epochs=1, momentum=0.9, nesterov=True)
    model = nn.build(FLAT, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    seed = int(np.random.SeedSequence([0, 0]).generate_state(1)[0])
    losses = []
    for x, y in data.train.loader(16, shuffle=True, seed=seed):
        loss = functional.cross_entropy(model(x), y, reduction="none")
        losses += loss.tolist()
        optimizer.zero_grad()
        loss.mean().backward()
        optimizer.step()
    last = run.history[-1]
    assert (2, 30, 1.0) == (last.updates, last.examples, last.epoch)
    assert np.mean(losses) == pytest.approx(last.running.loss, rel=1e-6)
    by_hand = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    assert last.validation == nn.evaluate(nn.build(FLAT, weights=by_hand), data.validation)


def test_the_history_starts_before_the_first_update_and_ends_after_the_last(data):
    run = fit(data, epochs=2)
    assert [(0, 0), (6, 90), (12, 180)] == [(row.updates, row.examples) for row in run.history]
    first = run.history[0]
    assert first.running is None
    assert np.log(4) == pytest.approx(first.validation.loss, abs=0.7)
    assert [row.running.n for row in run.history[1:]] == [90, 90]
    assert all(row.train.n == 90 and row.validation.n == 60 for row in run.history)


def test_a_budget_of_examples_is_kept_to_the_example(data):
    run = fit(data, examples=100)
    assert (7, 100) == (run.history[-1].updates, run.history[-1].examples)  # 5 * 16 + 10, then 10


def test_a_budget_of_seconds_counts_what_this_process_computes(data, monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr("cnnkit.nn.loop.process_time", lambda: next(clock))
    run = fit(data, seconds=4.0)
    assert (4, 4) == (run.history[-1].updates, run.history[-1].cpu_seconds)
    assert run.config["seconds"] == 4.0


def test_evaluations_come_when_asked_for(data):
    run = fit(data, epochs=1, evaluate_every=30)
    assert [0, 32, 64, 90] == [row.examples for row in run.history]


def test_the_best_checkpoint_is_chosen_by_validation_and_restored(data):
    run = fit(data, epochs=8, lr=1.5, momentum=0.9)
    losses = [row.validation.loss for row in run.history]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1, "choose a learning rate that overshoots"
    assert run.history[best] == run.best
    assert run.best.validation == run.final.validation == nn.evaluate(run.model, data.validation)
    assert run.final.test == nn.evaluate(run.model, data.test)
    assert run.best.weights == nn.state.weights_hash(run.model.state_dict())


def test_the_best_can_be_chosen_by_accuracy(data):
    run = fit(data, epochs=6, monitor="accuracy")
    accuracies = [row.validation.accuracy for row in run.history]
    assert run.history[int(np.argmax(accuracies))] == run.best


def test_the_test_split_is_used_once_and_after_everything_else(data, monkeypatch):
    order = []
    monkeypatch.setattr(
        "cnnkit.nn.loop.evaluate", lambda model, split: order.append(id(split)) or nn.evaluate(model, split)
    )
    monkeypatch.setattr(
        "cnnkit.nn.beginning.evaluate",
        lambda model, split: order.append(id(split)) or nn.evaluate(model, split),
    )
    fit(data, epochs=2)
    assert order.count(id(data.test)) == 1
    assert order[-1] == id(data.test)


def test_early_stopping_stops_where_the_replay_says(data):
    run = fit(data, epochs=60, early_stop=2, lr=0.5, momentum=0.9)
    stop, best = nn.early_stop([row.validation.loss for row in run.history], patience=2)
    assert run.reason == "early stop"
    assert len(run.history) == stop
    assert run.history[best - 1] == run.best


def test_a_plateau_divides_the_rate_by_ten(data):
    run = fit(data, epochs=12, lr=1.0, patience=1)
    rates = [row.lr for row in run.history[1:]]
    worse = [not row.best for row in run.history[1:]]
    expected, rate = [], 1.0
    for bad in worse:
        expected.append(rate)
        rate *= 0.1 if bad else 1.0
    assert any(worse)
    assert expected == pytest.approx(rates)
    assert {"name": "plateau", "patience": 1, "multiply": 0.1} == run.config["schedule"]


def test_one_cycle_ends_near_zero_whatever_the_budget(data):
    rates = []
    fit(data, examples=320, schedule="one_cycle", on_step=lambda update: rates.append(update.lr))
    peak = int(np.argmax(rates))
    assert rates[0] == pytest.approx(0.1 / 25)
    assert 0.095 < rates[peak] <= 0.1
    assert peak == pytest.approx(0.3 * len(rates), abs=1)
    assert rates[-1] < 0.004


def test_label_smoothing_changes_the_updates_but_not_the_report(data):
    losses = {}
    for smoothing in (0.0, 0.3):
        seen = []
        fit(data, examples=16, label_smoothing=smoothing, on_step=lambda u, seen=seen: seen.append(u.loss))
        losses[smoothing] = seen
    assert losses[0.0] == losses[0.3]  # one update: the loss before it
    assert not same(fit(data, epochs=1), fit(data, epochs=1, label_smoothing=0.3))


def test_augmentation_reaches_the_training_split_alone(data):
    asked = []

    class Asking:
        def __init__(self, part, name):
            self.part, self.name = part, name

        def __getattr__(self, attribute):
            return getattr(self.part, attribute)

        def __len__(self):
            return len(self.part)

        def loader(self, batch_size, **options):
            asked.append((self.name, options.get("augment")))
            return self.part.loader(batch_size, **options)

    names = ("train", "validation", "test")
    fit(type(data)(*(Asking(getattr(data, name), name) for name in names)), epochs=2, augment="flip")
    assert ("train", "flip") in asked
    assert {augment for name, augment in asked if name != "train"} == {None}


def test_a_module_of_ones_own_is_trained_in_place(data, own_module):
    torch.manual_seed(0)
    model = own_module()
    before = model.fc.weight.detach().clone()
    run = fit(data, model, epochs=3)
    assert run.model is model
    assert run.network is None
    assert not torch.equal(before, model.fc.weight)
    assert run.final.test.accuracy > 0.5


def test_frozen_layers_stay_as_they_are(data):
    model = nn.build(NET)
    model.conv.requires_grad_(False)
    before = nn.weights(model)
    fit(data, model, epochs=1)
    after = nn.weights(model)
    assert np.array_equal(before["conv.weight"], after["conv.weight"])
    assert not np.array_equal(before["fc.weight"], after["fc.weight"])


@pytest.mark.parametrize(
    ("name", "own"),
    [(kind.lower(), kind) for kind in ("SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "RMSprop")],
)
def test_every_optimizer_trains_with_torchs_own_defaults_written_down(data, name, own):
    run = nn.fit(NET, data, epochs=1, optimizer=name, **QUIET)
    defaults = vars(torch.optim)[own]([torch.zeros(1, requires_grad=True)]).defaults
    assert run.config["optimizer"] == name
    written = {option: run.config[option] for option in defaults if option in run.config}
    assert {"lr", "weight_decay"} <= set(written)
    plain = {option: list(v) if isinstance(v, tuple) else v for option, v in defaults.items()}
    assert {option: plain[option] for option in written} == written


# --- again -----------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_weights_bit_for_bit(data):
    first, second, other = (fit(data, epochs=2, seed=seed) for seed in (1, 1, 2))
    assert same(first, second)
    assert not same(first, other)
    assert [row.validation for row in first.history] == [row.validation for row in second.history]


def test_torchs_own_random_numbers_are_left_alone(data):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    fit(data, epochs=1)
    assert torch.equal(expected, torch.rand(2))


def stop_at(update):
    def on_step(step):
        if step.updates == update:
            raise KeyboardInterrupt

    return on_step


RECIPE = {"epochs": 4, "optimizer": "adam", "lr": 0.01, "schedule": "one_cycle", "evaluate_every": 40}


@pytest.mark.parametrize("update", [1, 6, 9, 18, 24])
def test_interrupted_and_resumed_is_the_same_as_straight_through(data, update):
    straight = fit(data, **RECIPE)
    stopped = fit(data, **RECIPE, on_step=stop_at(update))
    assert stopped.reason == "interrupted"
    assert stopped.final == nn.Final()
    resumed = fit(data, **RECIPE, resume=stopped)
    assert same(straight, resumed)
    assert straight.final == resumed.final
    for ours, theirs in zip(straight.history, resumed.history, strict=True):
        assert (ours.updates, ours.running, ours.weights) == (theirs.updates, theirs.running, theirs.weights)


def test_a_run_goes_on_with_a_larger_budget(data):
    straight = fit(data, epochs=4)
    longer = fit(data, epochs=4, resume=fit(data, epochs=2))
    assert same(straight, longer)
    assert longer.config["epochs"] == 4


def test_after_an_interrupt_the_model_has_the_best_weights_so_far(data):
    stopped = fit(data, epochs=4, on_step=stop_at(15))
    assert stopped.best.validation == nn.evaluate(stopped.model, data.validation)


def test_ctrl_c_is_heard_between_two_updates(data):
    def press(step):
        if step.updates == 3:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    run = fit(data, epochs=2, on_step=press)
    assert run.reason == "interrupted"
    assert run.state.counters.updates in (3, 4)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_does_not_wait(data):
    def press(step):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the second signal should have ended this")

    before = signal.getsignal(signal.SIGINT)
    run = fit(data, epochs=2, on_step=press)
    assert run.reason == "interrupted"
    assert signal.getsignal(signal.SIGINT) is before


# --- what is seen of it ----------------------------------------------------------------------------------


def test_in_a_log_each_evaluation_is_one_line_on_standard_output(data, capsys):
    run = fit(data, epochs=2, progress=True)
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert len(lines) == len(run.history) == 3
    last = run.history[-1]
    assert lines[-1] == (
        f"      180 examples, {last.cpu_seconds:7.1f} CPU s: training loss {last.train.loss:.3f},"
        f" validation loss {last.validation.loss:.3f}, accuracy {last.validation.accuracy:.1%}"
        f" ± {last.validation.standard_error:.1%}"
    )


def test_without_progress_nothing_is_printed(data, capsys):
    fit(data, epochs=1)
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_one_bar_reaches_its_end(data, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    bar = Progress(Budget.of(epochs=2), 90, place="terminal")
    row = fit(data, epochs=1).history[-1]
    for examples in (90, 180):
        bar.advance(examples, 1.0)
        bar.evaluated(row)
    bar.close()
    text = screen.getvalue()
    assert "100%" in text
    assert "180/180 examples" in text
    assert text.count("\n") == 1


# --- what cannot work ------------------------------------------------------------------------------------


def test_a_misspelt_optimizer_suggests_the_nearest(data):
    assert said(ArgumentError, lambda: fit(data, epochs=1, optimizer="adadelata")) == (
        "fit: `optimizer` is 'adadelata', expected one of sgd, adam, adamw, adagrad, adadelta, rmsprop, muon."
        " Did you mean 'adadelta'?"
    )


def test_a_misspelt_option_suggests_the_nearest(data):
    assert said(ArgumentError, lambda: fit(data, epochs=1, weigth_decay=0.1)) == (
        "fit: `weigth_decay` is no option of fit or of sgd, expected for sgd only lr, momentum, dampening,"
        " weight_decay, nesterov. Did you mean 'weight_decay'?"
    )
    assert said(ArgumentError, lambda: fit(data, epochs=1, batchsize=3)).endswith(
        "Did you mean 'batch_size'?"
    )
    assert said(ArgumentError, lambda: fit(data, epochs=1, optimizer="adam", momentum=0.9)) == (
        "fit: `momentum` is no option of fit or of adam, expected for adam only lr, betas, eps, weight_decay,"
        " amsgrad. Leave it out, or take an optimizer that has it: sgd, rmsprop, muon."
    )
    for name in ("learning_rate", "lerning_rate"):
        assert said(ArgumentError, lambda name=name: fit(data, epochs=1, **{name: 0.1})) == (
            f"fit: `{name}` is no option of fit or of sgd, expected for sgd only lr, momentum, dampening,"
            " weight_decay, nesterov. Did you mean 'lr'?"
        )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), "nan, expected a finite number of at least 0"),
        (float("inf"), "inf, expected a finite number of at least 0"),
        (np.float32("nan"), "nan, expected a finite number of at least 0"),
        ("0.1", "'0.1', expected a number of at least 0"),
        (-1, "-1, expected a number of at least 0"),
        ([0.1], "[0.1], expected a number of at least 0"),
        (torch.tensor([1.0, 2.0]), "tensor([1., 2.]), expected a number of at least 0"),
    ],
)
@pytest.mark.parametrize("name", ["lr", "momentum"])
def test_what_is_no_number_is_named_before_training(data, name, value, expected):
    updates = []
    most = " and at most 1" if name == "momentum" else ""
    assert said(ArgumentError, lambda: fit(data, epochs=1, on_step=updates.append, **{name: value})) == (
        f"fit: `{name}` is {expected}{most}. Write {name} as a plain number."
    )
    assert not updates


def test_a_momentum_that_grows_without_end_is_named_before_training(data):
    assert said(ArgumentError, lambda: fit(data, epochs=1, momentum=9)) == (
        "fit: `momentum` is 9, expected a number of at least 0 and at most 1."
        " Write momentum as a plain number."
    )


def test_what_torch_refuses_is_said_in_its_words(data):
    assert said(ArgumentError, lambda: fit(data, epochs=1, nesterov=True)) == (
        "fit: sgd has the options lr=0.1, momentum=0, dampening=0, weight_decay=0, nesterov=True, expected"
        " values that torch takes: Nesterov momentum requires a momentum and zero dampening."
        " Change that option."
    )


@pytest.mark.parametrize(
    ("given", "got"), [({}, "none"), ({"epochs": 1, "seconds": 2.0}, "epochs=1 and seconds=2.0")]
)
def test_there_is_exactly_one_budget(data, given, got):
    assert said(ArgumentError, lambda: fit(data, **given)) == (
        f"fit: the budget is {got}, expected exactly one of epochs, examples, seconds."
        " Write for instance epochs=2."
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"epochs": 0},
            "fit: `epochs` is 0, expected a whole number of at least 1. Write for instance epochs=1.",
        ),
        (
            {"seconds": -1.0},
            "fit: `seconds` is -1.0, expected a number above 0. Write seconds as a plain number.",
        ),
        (
            {"epochs": 1, "schedule": "onecycle"},
            "fit: `schedule` is 'onecycle', expected one of constant, one_cycle, cosine, step, plateau."
            " Did you mean 'one_cycle'?",
        ),
        (
            {"epochs": 1, "schedule": {"name": "step", "when": [0.5]}},
            "fit: `when` is no option of the schedule step, expected only at, multiply. Take one of these.",
        ),
        (
            {"epochs": 1, "schedule": "cosine", "patience": 3},
            "fit: `patience` is 3 with the schedule cosine, expected it with 'plateau' by name. Leave"
            " `patience` out, or give schedule='plateau'; `early_stop` is the patience of stopping.",
        ),
        (
            {"epochs": 1, "monitor": "los"},
            "fit: `monitor` is 'los', expected one of loss, accuracy. Did you mean 'loss'?",
        ),
        (
            {"epochs": 1, "batch_size": 128},
            "fit: `batch_size` is 128, expected at most 90, the examples of the training split."
            " Give batch_size=64.",
        ),
        (
            {"epochs": 1, "init": "He"},
            "fit: `init` is 'He', expected one of kaiming, xavier, torch, convnetjs. Take one of these.",
        ),
    ],
)
def test_an_argument_that_cannot_work_is_named(data, options, message):
    assert message == said(ArgumentError, lambda: fit(data, **options))


def test_an_output_that_is_not_one_logit_a_class_is_an_error_before_training(data):
    wide = Network((1, 6, 6), [Flatten(), Linear(36, 10)])
    assert said(ShapeError, lambda: fit(data, wide, epochs=1)) == (
        "fit: the model's output has shape (N, 10), expected (N, 4): one number for each of the 4 classes."
        " Give its last layer out_features=4."
    )


def test_images_that_the_model_cannot_take_are_an_error_before_training(data):
    message = said(ShapeError, lambda: fit(data, zoo.report_cnn(), epochs=1))
    assert message.startswith("fit: `model` cannot take images of (1, 6, 6): Given groups=1")


def test_labels_out_of_range_are_an_error_before_training(data):
    part = type(data.train)(data.train.images, data.train.labels + 1)
    wrong = type(data)(data.train, part, data.test)
    assert said(ArgumentError, lambda: fit(wrong, epochs=1)) == (
        "fit: `dataset.validation` has labels from 1 to 4, expected 0 to 3 for 4 classes."
        " Number the classes from 0, or name all of them in `classes`."
    )


def test_a_softmax_of_ones_own_at_the_end_is_an_error_before_training(data):
    model = torch_nn.Sequential(torch_nn.Flatten(), torch_nn.Linear(36, 4), torch_nn.Softmax(dim=1))
    assert said(ArgumentError, lambda: fit(data, model, epochs=1)) == (
        "fit: the model gives probabilities, expected logits: the loss applies the softmax itself, and after"
        " a second one it could not go below 0.7437. Leave the softmax out of the model."
    )


def test_the_softmax_of_a_network_is_none_of_those(data):
    run = fit(data, Network((1, 6, 6), [Flatten(), Linear(36, 4), Softmax()]), epochs=1)
    assert run.network.layers[-1] == Softmax()


def test_a_last_batch_of_one_is_an_error_where_it_cannot_be_normalised(blobs):
    net = Network((1, 6, 6), [Flatten(), Linear(36, 4), BatchNorm1d(4)])
    assert said(ArgumentError, lambda: fit(blobs(train=33), net, epochs=1)) == (
        "fit: `batch_size` is 16, which leaves a batch of 1 example, expected at least 2 because of the batch"
        " normalisation `bn`. Give another batch_size."
    )
    assert fit(blobs(train=34), net, epochs=1).reason == "finished"


def test_nothing_to_train_is_an_error(data):
    model = nn.build(NET).requires_grad_(False)
    assert said(ArgumentError, lambda: fit(data, model, epochs=1)) == (
        "fit: `model` has no parameter to train, expected at least 1 with requires_grad."
        " Unfreeze a layer: for p in layer.parameters(): p.requires_grad = True."
    )


def test_a_loss_that_is_no_number_ends_with_the_step_and_what_to_try(data):
    with pytest.raises(TrainingError) as error:
        fit(data, epochs=30, lr=1e20, init="kaiming")
    run = error.value.run
    assert run.reason == "diverged"
    message = str(error.value)
    assert message.startswith("fit: the loss is nan at update 2 (16 examples seen, learning rate 1e+20),")
    assert message.endswith(
        ", expected a finite number. Try lr=1e+19; if that fails too, init='kaiming', or look for images that"
        " are not normalised."
    )
    assert nn.evaluate(run.model, data.validation) == run.best.validation


def test_another_call_is_not_resumed(data):
    stopped = fit(data, epochs=3, on_step=stop_at(4))
    assert said(ArgumentError, lambda: fit(data, epochs=3, lr=0.2, resume=stopped)) == (
        "fit: `lr` is 0.2, the run to be resumed has 0.1, expected the same."
        " Repeat the call of that run; only the budget may grow."
    )
    other = FLAT
    assert said(ArgumentError, lambda: fit(data, other, epochs=3, resume=stopped)) == (
        "fit: `model` is not that of the run to be resumed, expected the same."
        " Repeat the call of that run; only the budget may grow."
    )
    assert "`examples` is 90, the run" in said(ArgumentError, lambda: fit(data, examples=90, resume=stopped))


def test_a_run_whose_log_is_gone_is_not_resumed(data, tmp_path):
    log = tmp_path / "a.jsonl"
    stopped = fit(data, epochs=3, on_step=stop_at(4), log=log)
    log.unlink()
    assert said(ArgumentError, lambda: fit(data, epochs=3, resume=stopped)) == (
        f"fit: `resume` is a run that goes on in {log}, expected that file to be there."
        " Put it back, or train from the beginning without `resume`."
    )


# --- another thing than was asked for --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "got"),
    [
        ("name", "'digits', {}. Load it first: data.load('digits')."),
        ("split", "a split, {}. Give the whole data set; fit takes the splits from it."),
        ("none", "of type NoneType and has no `train`, {}. Load one: data.load('digits')."),
    ],
)
def test_what_is_no_data_set_is_named(data, kind, got):
    given = {"name": "digits", "split": data.train, "none": None}[kind]
    expected = "expected a data set with the splits train, validation and test"
    assert said(ArgumentError, lambda: fit(given, epochs=1)) == f"fit: `dataset` is {got.format(expected)}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"resume": "runs/a.jsonl"},
            "fit: `resume` is 'runs/a.jsonl', expected a run that was stopped."
            " Read it first: resume=nn.runlog.read('runs/a.jsonl').",
        ),
        (
            {"resume": {}},
            "fit: `resume` is of type dict, expected a run that was stopped."
            " Give what fit returned, or what runlog.read returns.",
        ),
        ({"on_step": 3}, "fit: `on_step` is 3, expected a function. Give its name, without brackets."),
        (
            {"log": 3},
            "fit: `log` is of type int, expected a path, as text or a Path."
            " Write for instance log='runs/first.jsonl'.",
        ),
    ],
)
def test_an_argument_of_another_kind_is_named(data, options, message):
    assert said(ArgumentError, lambda: fit(data, epochs=1, **options)) == message


@pytest.mark.parametrize("seed", [2**70, -1, 1.5])
def test_a_seed_that_torch_cannot_take_is_named(data, seed):
    expected = (
        f"`seed` is {seed}, expected a whole number of at least 0 and at most 18446744073709551615."
        " Write for instance seed=1."
    )
    assert said(ArgumentError, lambda: fit(data, epochs=1, seed=seed)) == f"fit: {expected}"
    assert said(ArgumentError, lambda: nn.build(FLAT, seed=seed)) == f"initialise: {expected}"


def test_the_largest_seed_trains(data):
    assert fit(data, examples=16, seed=2**64 - 1).reason == "finished"


class Talkative(torch_nn.Module):
    """Gives more than its logits: always, or like GoogLeNet only in training."""

    def __init__(self, always):
        super().__init__()
        self.fc, self.always = torch_nn.Linear(36, 4), always

    def forward(self, x):
        logits = self.fc(x.flatten(1))
        return (logits, x) if self.always or self.training else logits


@pytest.mark.parametrize("always", [True, False])
def test_a_model_that_returns_more_than_its_logits_is_an_error_before_training(data, always):
    model = Talkative(always)
    before = model.fc.weight.detach().clone()
    expected = (
        "the model's output is of type tuple of 2, expected one tensor (N, classes) of logits."
        " Let its forward return the logits alone."
    )
    assert said(ShapeError, lambda: fit(data, model, epochs=1)) == f"fit: {expected}"
    assert torch.equal(before, model.fc.weight)
    if always:
        assert said(ShapeError, lambda: nn.evaluate(model, data.test)) == f"evaluate: {expected}"


@pytest.mark.parametrize(
    ("lr", "cure"),
    [(1e5, "Try a smaller learning rate, lr=10000."), (0.0, "Give a learning rate above 0.")],
)
def test_a_run_that_never_got_better_says_so_when_it_ends(data, capsys, lr, cure):
    run = fit(data, FLAT, epochs=2, lr=lr)
    first, *rest = [row.train.loss for row in run.history]
    assert run.reason == "finished"
    assert run.best == run.history[0]
    assert capsys.readouterr().out == (
        f"The training loss never fell below the {first:.4g} it began with (lowest {min(rest):.4g}), and the"
        f" best weights are those from before the first update. {cure}\n"
    )


def test_a_run_whose_training_loss_fell_says_nothing_even_if_its_first_weights_are_the_best(blobs, capsys):
    data = blobs()
    wrong = type(data.validation)(data.validation.images, (data.validation.labels + 1) % 4)
    run = fit(type(data)(data.train, wrong, data.test), epochs=4)
    assert run.best == run.history[0]
    assert run.history[-1].train.loss < run.history[0].train.loss
    assert capsys.readouterr().out == ""
