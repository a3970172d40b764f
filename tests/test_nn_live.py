"""cnnkit.nn.Live: the loop of `fit` in a thread, paused, changed, and written down as what it was."""

import gc
import json
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from cnnkit import nn
from cnnkit.errors import ArgumentError, TrainingError
from cnnkit.layers import Conv2d, Dropout, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.network import Network
from cnnkit.nn.curve import Curve
from cnnkit.nn.live import Live

NET = Network((1, 6, 6), [Conv2d(1, 4, 3), ReLU(), MaxPool2d(2), Flatten(), Dropout(0.2), Linear(16, 4)])
OPTIONS = {"batch_size": 16, "lr": 0.1}


@pytest.fixture
def data(blobs):
    return blobs()


@pytest.fixture
def live(data):
    """Return a function options -> Live; all of them stand still after the test."""
    made = []

    def live(**options):
        made.append(Live(NET, data, **(OPTIONS | options)))
        return made[-1]

    yield live
    for each in made:
        each.pause()


class Stop:
    """Waits for an update in the middle of training."""

    def __init__(self, at):
        self.at, self.there, self.go_on = at, threading.Event(), threading.Event()

    def __call__(self):
        if self.live.updates == self.at:
            self.there.set()
            assert self.go_on.wait(60)


@pytest.fixture
def stopped(live):
    """Return a function at, options -> Live that waits after so many updates, and what lets it go on."""

    def stopped(at, **options):
        stop = Stop(at)
        stop.live = live(news=stop, **options)
        stop.live.start()
        assert stop.there.wait(60)
        return stop.live, stop.go_on

    return stopped


def paused(live, at):
    """Train until so many updates, in a run that nobody looks at."""
    live.news = lambda: live.updates >= at and live.pause()
    live.start()
    live.wait()
    assert live.updates == at
    return live


def without_times(run):
    return [replace(row, cpu_seconds=0, evaluation_seconds=0) for row in run.history]


# --- the same as fit ---


@pytest.mark.parametrize("pauses", [(), (3, 4, 11)])
def test_a_run_with_a_budget_and_no_change_is_that_of_fit_bit_for_bit(data, live, pauses):
    fitted = nn.fit(NET, data, examples=400, momentum=0.9, progress=False, **OPTIONS)
    here = live(examples=400, momentum=0.9)
    for at in pauses:
        paused(here, at)
        torch.rand(3)  # somebody else's numbers
    here.news = lambda: None
    here.start()
    here.wait()
    assert without_times(fitted) == without_times(here.run)
    assert (fitted.final, fitted.config, "finished") == (here.run.final, here.run.config, here.run.reason)


def test_torchs_own_random_numbers_are_left_alone(live):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    paused(live(), 5)
    assert torch.equal(expected, torch.rand(3))


def test_the_log_of_such_a_run_is_read_as_any_other(data, live, tmp_path):
    here = live(examples=200, log=tmp_path / "live.jsonl")
    here.start()
    here.wait()
    found = nn.runlog.read(tmp_path / "live.jsonl")
    assert (found.reason, found.changes, found.history) == ("finished", (), here.run.history)
    assert nn.verify(found, data).agrees


# --- pausing ---


def test_after_a_pause_there_is_no_update(live):
    here = live()
    for _ in range(20):
        here.start()
        before = here.updates
        here.pause()
        after = here.updates
        assert not here.running
        assert [thread for thread in threading.enumerate() if thread.name == "cnnkit-training"] == []
        assert before <= after == here.updates


def test_a_pause_waits_for_the_update_that_is_being_made_and_for_no_other(stopped):
    here, go_on = stopped(5)
    pausing = threading.Thread(target=here.pause)
    pausing.start()
    while not here._asked.is_set():
        pass
    go_on.set()
    pausing.join()
    assert here.updates == 5


def test_starting_twice_makes_one_thread(stopped):
    here, go_on = stopped(2)
    here.start()
    assert sum(thread.name == "cnnkit-training" for thread in threading.enumerate()) == 1
    go_on.set()


def test_other_code_runs_while_it_trains(stopped):
    here, go_on = stopped(3)
    assert here.running
    assert here.run.reason == "unfinished"
    go_on.set()
    while here.updates < 10:  # this loop is the other code
        pass
    here.pause()
    assert here.updates >= 10


def test_fifty_starts_leave_no_thread_no_hook_and_no_memory(live):
    here = live()
    paused(here, 3)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(50):
        paused(here, here.updates + 1)
    gc.collect()
    assert not any(t.name == "cnnkit-training" for t in threading.enumerate())
    hooks = [part for part in here.model.modules() if part._forward_hooks or part._backward_hooks]
    assert hooks == []
    assert len(gc.get_objects()) - before < 50 * 8, "each start keeps something"


def test_fifty_runs_are_forgotten_with_their_models(data):
    import weakref

    models = []
    for _ in range(50):
        here = Live(NET, data, **OPTIONS)
        paused(here, 1)
        here.close()
        models.append(weakref.ref(here.model))
        del here
    gc.collect()
    assert [model for model in models if model() is not None] == []


# --- changes ---


def test_a_change_counts_from_the_next_update_on_and_is_remembered(live):
    here = paused(live(), 4)
    (change,) = here.change(lr=0.01)
    assert (change.updates, change.examples, change.name) == (4, 64, "lr")
    assert (change.before, change.after, str(change)) == (0.1, 0.01, "lr 0.1 → 0.01")
    paused(here, 5)
    assert here._loop.optimizer.param_groups[0]["lr"] == here._loop.counters.lr == 0.01
    assert here.run.changes == (change,)
    assert "changed while it trained: lr 0.1 → 0.01 at 64" in repr(here.run)


def test_a_change_while_it_trains_does_not_stop_it(stopped):
    here, go_on = stopped(4)
    changing = threading.Thread(target=here.change, kwargs={"momentum": 0.5})
    changing.start()
    go_on.set()
    changing.join()
    assert here.running
    while here.updates < 12:
        pass
    here.pause()
    assert [change.name for change in here.run.changes] == ["momentum"]
    assert here._loop.optimizer.param_groups[0]["momentum"] == 0.5


def test_before_the_first_start_a_change_is_only_another_setting(live, tmp_path):
    here = live(log=tmp_path / "live.jsonl")
    here.change(lr=0.02, batch_size=10)
    paused(here, 1)
    start = json.loads((tmp_path / "live.jsonl").read_text().splitlines()[0])
    assert here.run.changes == ()
    assert (start["config"]["lr"], start["config"]["batch_size"], here.examples) == (0.02, 10, 10)


def test_what_is_the_same_already_is_no_change(live):
    here = paused(live(), 2)
    assert here.change(lr=0.1) == ()
    assert here.run.changes == ()


def test_another_batch_size_begins_a_new_pass_over_the_data(live, data):
    here = paused(live(), 2)
    here.change(batch_size=30)
    paused(here, 5)
    assert (here.examples, here._loop.counters.epoch) == (32 + 90, 2)


def test_another_optimizer_brings_its_own_defaults_and_forgets_the_sums(live):
    here = paused(live(momentum=0.9), 3)
    changes = {change.name: change.after for change in here.change(optimizer="adam")}
    assert (changes["optimizer"], changes["lr"]) == ("adam", 0.001)
    assert isinstance(here._loop.optimizer, torch.optim.Adam)
    assert not here._loop.optimizer.state
    paused(here, 4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "adadelata"}, "did you mean 'adadelta'"),
        ({"lr": -1}, "`lr` is -1"),
        ({"batch_size": 91}, "`batch_size` is 91"),
        ({"learning_rate": 0.1}, "'lr'"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(live, settings, message):
    here = paused(live(), 2)
    before = here.config
    with pytest.raises(ArgumentError) as refused:
        here.change(**settings)
    assert message.lower() in str(refused.value).lower()
    assert (here.config, here.run.changes) == (before, ())
    paused(here, 3)


# --- what a changed run is worth ---


@pytest.fixture
def changed(live, tmp_path):
    here = live(examples=400, log=tmp_path / "changed.jsonl")
    paused(here, 5)
    here.change(lr=0.05)
    here.news = lambda: None
    here.start()
    here.wait()
    return here


def test_its_log_holds_the_change_under_the_seals(changed):
    found = nn.runlog.read(changed.run.log)
    assert found.reason == "finished"
    assert found.changes == changed.run.changes
    assert found.config["lr"] == 0.1
    text = changed.run.log.read_text()
    line = next(line for line in text.splitlines() if '"change"' in line)
    for forged in (line.replace("0.05", "0.1"), ""):
        changed.run.log.write_text(text.replace(line, forged))
        with pytest.raises(nn.runlog.RunLogError, match="changed or removed"):
            nn.runlog.read(changed.run.log)


def test_it_is_never_taken_for_a_run_of_fixed_settings(data, changed):
    fixed = [nn.fit(NET, data, examples=400, seed=seed, progress=False, **OPTIONS) for seed in range(3)]
    others = [replace(run, config=run.config | {"seed": 3 + run.seed}) for run in fixed[:2]]
    verdict = nn.compare({"fixed": fixed, "live": [changed.run]}).verdicts[0]
    assert verdict.better is None
    assert "was changed while it trained" in verdict.why_not
    with pytest.raises(ArgumentError, match="differ in changes"):
        nn.compare({"all": [*others, changed.run]})
    with pytest.raises(ArgumentError, match="changes"):
        nn.fit(NET, data, examples=400, log=changed.run.log, progress=False, **OPTIONS)


def test_going_on_with_it_does_not_wash_it_clean(data, changed, live, tmp_path):
    with pytest.raises(ArgumentError, match="changes"):
        nn.fit(NET, data, examples=800, resume=changed.run, progress=False, **OPTIONS)
    pretended = replace(
        changed.run, config={name: v for name, v in changed.run.config.items() if name != "changes"}
    )
    nn.fit(NET, data, examples=800, resume=pretended, progress=False, **OPTIONS)
    assert nn.runlog.read(changed.run.log).changes == changed.run.changes


# --- ends ---


def test_a_loss_that_is_no_number_ends_the_run_and_says_so(live):
    here = live(lr=1e30)
    here.start()
    here.wait()
    assert isinstance(here.error, TrainingError)
    assert (here.reason, here.run.reason, here.running) == ("diverged", "diverged", False)
    here.start()
    assert not here.running


def test_any_other_error_in_the_thread_is_kept(live):
    here = live(news=lambda: 1 / 0 if here.updates == 2 else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", lambda args: None)  # the last news fail as well
        here.start()
        here.wait()
    assert isinstance(here.error, ZeroDivisionError)
    assert here.reason == "failed"


def test_a_run_that_is_closed_is_interrupted_in_its_log(live, tmp_path):
    here = paused(live(log=tmp_path / "live.jsonl"), 3)
    here.close()
    assert nn.runlog.read(tmp_path / "live.jsonl").reason == "interrupted"
    with pytest.raises(ArgumentError, match="expected one that goes on"):
        here.change(lr=1)


def test_an_interpreter_that_goes_while_it_trains_goes_quietly(tmp_path):
    import subprocess

    script = (
        "from cnnkit import data, zoo\nfrom cnnkit.nn import Live\n"
        "live = Live(zoo.tfjs_mnist(), data.load('digits'))\nlive.start()\n"
        "while live.updates < 3: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


# --- the curve ---


def test_a_curve_keeps_every_sum_in_a_bounded_number_of_points():
    curve, rng = Curve(most=8), np.random.default_rng(0)
    losses = rng.random(1000)
    for place, loss in enumerate(losses):
        curve.add(20, loss, place % 21)
        assert len(curve.points) <= 8
    sums = curve.array().astype(float).sum(axis=0)
    assert sums == pytest.approx([1000, 20_000, 20 * losses.sum(), sum(p % 21 for p in range(1000))])
    assert {point.updates for point in curve.points[:-1]} == {curve.every} == {128}


def test_the_last_points_of_a_curve_hold_the_window_that_was_asked_for():
    curve = Curve()
    assert curve.last(100) is None
    for correct in (0, 5, 10, 20):
        curve.add(20, 1.0, correct)
    assert (curve.last(40).examples, curve.last(40).correct) == (40, 30)
    assert (curve.last(30).examples, curve.last(1000).examples) == (40, 80)


def test_the_pace_is_measured(live):
    here = paused(live(), 5)
    assert here.pace.forward > 0
    assert here.pace.backward > 0
