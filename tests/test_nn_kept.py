"""A log that holds the very run stands for it; what a run hands over as evidence."""

import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cnnkit import nn
from cnnkit.errors import ArgumentError, RunLogError
from cnnkit.layers import BatchNorm2d, Conv2d, Flatten, Linear
from cnnkit.network import Network
from tests.test_nn_runlog import NET, OPTIONS, edit, forge, said


@pytest.fixture(scope="module")
def data(blobs):
    return blobs(stand_in="corners")


@pytest.fixture
def run(data, tmp_path):
    return nn.fit(NET, data, **OPTIONS, log=tmp_path / "run.jsonl")


def never(update):
    raise AssertionError("it trained")


def test_the_same_call_returns_the_kept_run_without_training(run, data, capsys):
    before = {path: path.read_bytes() for path in run.log.parent.iterdir()}
    again = nn.fit(NET, data, **OPTIONS, log=run.log, on_step=never)
    assert capsys.readouterr().out == f"{run.log} holds this very run; delete it to train again.\n"
    assert again == run
    assert again.history == run.history
    assert before == {path: path.read_bytes() for path in run.log.parent.iterdir()}
    assert nn.evaluate(again.model, data.test) == run.final.test


DIFFERENT = {
    "another option": ({"lr": 0.2}, "its `lr` is 0.1, this call's is 0.2"),
    "another budget": ({"epochs": 3}, "its `epochs` is 2, this call's is 3"),
    "another kind of budget": ({"epochs": None, "examples": 9}, "its `examples` is None, this call's is 9"),
    "another seed": ({"seed": 1}, "its `seed` is 0, this call's is 1"),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_another_call_is_told_what_differs(run, data, what):
    options, text = DIFFERENT[what]
    assert said(ArgumentError, lambda: nn.fit(NET, data, **(OPTIONS | options), log=run.log)) == (
        f"fit: `log` is {run.log}, where another run is kept: {text}, expected the same."
        " Give another name, or delete that file to train again."
    )


def test_what_is_frozen_belongs_to_a_run(data, tmp_path):
    def model():
        return nn.build(Network((1, 6, 6), [Conv2d(1, 2, 3), BatchNorm2d(2), Flatten(), Linear(32, 4)]))

    options = OPTIONS | {"log": tmp_path / "run.jsonl"}
    assert "frozen" not in nn.fit(model(), data, **options).config
    partly = model()
    partly[0].requires_grad_(False)
    still = nn.transfer.freeze(model(), but="fc")
    for other, names in ((partly, "['conv.bias', 'conv.weight']"), (still, "['bn (statistics)', ")):
        message = said(ArgumentError, lambda other=other: nn.fit(other, data, **options))
        assert f"its `frozen` is None, this call's is {names}" in message
    run = nn.fit(still, data, **OPTIONS, log=tmp_path / "still.jsonl")
    assert run.config["frozen"] == [
        "bn (statistics)",
        "bn.bias",
        "bn.weight",
        "conv.bias",
        "conv.weight",
    ]
    again = nn.transfer.freeze(model(), but="fc")
    assert nn.fit(again, data, **OPTIONS, log=tmp_path / "still.jsonl", on_step=never) == run
    longer = nn.fit(again, data, **(OPTIONS | {"epochs": 3}), resume=nn.runlog.read(tmp_path / "still.jsonl"))
    assert longer.config["frozen"] == run.config["frozen"]


def test_another_network_or_data_set_is_told_apart(run, data, blobs):
    flat = Network((1, 6, 6), [Flatten(), Linear(36, 4)], name="flat")
    message = said(ArgumentError, lambda: nn.fit(flat, data, **OPTIONS, log=run.log))
    assert f"its `model` is 'tiny ({run.signature[:6]})', this call's is 'flat (" in message
    other = blobs(seed=1, stand_in="corners")
    assert "its `dataset.train` is {" in said(
        ArgumentError, lambda: nn.fit(NET, other, **OPTIONS, log=run.log)
    )


def test_a_run_on_the_real_data_stands_where_only_their_stand_in_is_here(blobs, tmp_path, capsys):
    log = tmp_path / "run.jsonl"
    real = nn.fit(NET, blobs(), **OPTIONS, log=log)
    there = nn.fit(NET, blobs(seed=1, stand_in="corners"), **OPTIONS, log=log, on_step=never)
    assert there.data == real.data
    assert there.stand_in is None
    assert (
        f"{log} holds this run on blobs itself, for which corners stands in here;" in capsys.readouterr().out
    )


def test_a_run_on_a_stand_in_does_not_stand_for_the_real_data(run, blobs):
    message = said(ArgumentError, lambda: nn.fit(NET, blobs(), **OPTIONS, log=run.log))
    assert "its `dataset.stand_in` is 'corners', this call's is None" in message


def test_a_module_with_other_first_weights_gets_the_kept_ones_and_is_told(data, tmp_path, capsys):
    log = tmp_path / "run.jsonl"
    run = nn.fit(nn.build(NET, seed=0), data, **OPTIONS, log=log)
    nn.fit(nn.build(NET, seed=0), data, **OPTIONS, log=log, on_step=never)
    assert "holds this very run" in capsys.readouterr().out
    other = nn.build(NET, seed=1)
    nn.fit(other, data, **OPTIONS, log=log, on_step=never)
    assert f"{log} holds this run, begun with other weights;" in capsys.readouterr().out
    assert nn.evaluate(other, data.test) == run.final.test


def test_a_run_without_its_weights_is_returned_without_a_model(run, data, capsys):
    run.weights.unlink()
    again = nn.fit(NET, data, **OPTIONS, log=run.log, on_step=never)
    assert "Its weights are missing, without which it is half of the evidence." in capsys.readouterr().out
    assert (again.model, again.weights) == (None, None)
    assert again.evidence() == {"log": run.log.read_text(), "weights": None}


def test_an_edited_log_stands_for_nothing(run, data):
    edit(run, 3, lambda line: line.replace('"accuracy": 0.', '"accuracy": 0.9'))
    assert "line 3 of" in said(RunLogError, lambda: nn.fit(NET, data, **OPTIONS, log=run.log))


def test_the_kinds_of_trouble_have_names(run):
    def kind():
        with pytest.raises(RunLogError) as error:
            nn.runlog.read(run.log)
        return error.value.kind

    forge(run, lambda line: line.update(examples=1) if line.get("updates") == 12 else None)
    assert kind() == "counters"
    edit(run, 2, lambda line: line.replace('"lr": 0', '"lr": 1'))
    assert kind() == "edited"
    edit(run, 2, lambda line: line[:20])
    assert kind() == "damaged"
    run.log.write_text("")
    assert kind() == "empty"


def test_evidence_is_the_logs_text_and_the_weights_as_arrays(run):
    found = run.evidence()
    assert {"log", "weights"} == set(found)
    assert found["log"] == run.log.read_text()
    assert all(type(array) is np.ndarray for array in found["weights"].values())
    tensors = {name: torch.from_numpy(array) for name, array in found["weights"].items()}
    assert nn.state.weights_hash(tensors) == run.best.weights
    read, promise = nn.runlog.parse(found["log"], "the log")
    nn.runlog.require_promised(tensors, promise, "the weights")
    assert read == replace(run, log=None, weights=None)


def test_a_run_without_a_log_has_no_evidence(data):
    assert said(RunLogError, nn.fit(NET, data, **OPTIONS).evidence) == (
        "evidence: the run has no log, expected one. Train with log='runs/NAME.jsonl' and hand it in."
    )


# --- begun, and not finished -----------------------------------------------------------------------------


def stopped(data, log, **options):
    """Return a run that somebody stopped in its second epoch."""

    def stop(update):
        if update.updates == 8:
            raise KeyboardInterrupt

    return nn.fit(NET, data, **OPTIONS, **options, log=log, on_step=stop)


def test_the_same_call_goes_on_with_a_run_that_was_stopped(data, tmp_path, capsys):
    log = tmp_path / "run.jsonl"
    assert stopped(data, log).reason == "interrupted"
    seen = []
    run = nn.fit(NET, data, **OPTIONS, log=log, on_step=lambda update: seen.append(update.updates))
    told = f"{log} holds the beginning of this very run; it goes on from update 8.\n"
    assert told == capsys.readouterr().out
    assert [9, 10, 11, 12] == seen
    straight = nn.fit(NET, data, **OPTIONS)
    assert straight.final == run.final
    assert [row.weights for row in straight.history] == [row.weights for row in run.history]
    assert run == nn.runlog.read(log) == nn.fit(NET, data, **OPTIONS, log=log, on_step=never)


def test_another_call_does_not_go_on_with_it(data, tmp_path):
    log = tmp_path / "run.jsonl"
    stopped(data, log)
    before = log.read_bytes()
    message = said(ArgumentError, lambda: nn.fit(NET, data, **(OPTIONS | {"lr": 0.2}), log=log))
    assert "where another run is kept: its `lr` is 0.1, this call's is 0.2" in message
    assert log.read_bytes() == before


def test_a_run_on_the_real_data_does_not_go_on_with_their_stand_in(blobs, tmp_path):
    log = tmp_path / "run.jsonl"
    stopped(blobs(), log)
    message = said(ArgumentError, lambda: nn.fit(NET, blobs(seed=1, stand_in="corners"), **OPTIONS, log=log))
    assert "its `dataset.stand_in` is None, this call's is 'corners'" in message


def test_a_module_with_other_first_weights_goes_on_with_the_kept_ones_and_is_told(data, tmp_path, capsys):
    log = tmp_path / "run.jsonl"
    begun = nn.build(NET, seed=0)

    def stop(update):
        raise KeyboardInterrupt

    nn.fit(begun, data, **OPTIONS, log=log, on_step=stop)
    run = nn.fit(nn.build(NET, seed=1), data, **OPTIONS, log=log)
    assert "holds the beginning of this very run, with other weights; it goes on" in capsys.readouterr().out
    assert run.final == nn.fit(nn.build(NET, seed=0), data, **OPTIONS).final


def test_a_run_that_lost_its_state_says_what_to_delete(data, tmp_path):
    log = tmp_path / "run.jsonl"
    stopped(data, log)
    nn.runlog.state_path(log).unlink()
    assert said(ArgumentError, lambda: nn.fit(NET, data, **OPTIONS, log=log)) == (
        f"fit: `log` is {log}, where the beginning of this run is kept, without run.state.safetensors,"
        " expected that file beside it. Put it back, or delete all that begins with run. to train from the"
        " beginning."
    )


def test_a_run_that_was_killed_before_anything_was_measured_begins_anew(run, data, tmp_path):
    log = tmp_path / "new.jsonl"
    log.write_text(run.log.read_text().splitlines(keepends=True)[0])
    assert nn.fit(NET, data, **OPTIONS, log=log).final == run.final
    assert nn.runlog.read(log).reason == "finished"


def test_weights_that_are_newer_than_the_state_are_put_back(run, data, tmp_path):
    stopped(data, tmp_path / "part.jsonl")
    # killed after the last evaluation wrote its line and its weights, and before it wrote the state
    run.log.write_text("".join(run.log.read_text().splitlines(keepends=True)[:4]))
    nn.runlog.state_path(tmp_path / "part.jsonl").replace(nn.runlog.state_path(run.log))
    assert [row.updates for row in nn.runlog.read(run.log).history if row.best] == [0, 6, 12]

    def stop(update):
        raise KeyboardInterrupt

    again = nn.fit(NET, data, **OPTIONS, log=run.log, on_step=stop)
    assert again == nn.runlog.read(run.log)
    assert [row.updates for row in again.history if row.best] == [0, 6]


ELSEWHERE = """
    import sys
    sys.path.insert(0, {tests!r})
    from conftest import small_data
    from cnnkit import nn
    from test_nn_runlog import NET, OPTIONS

    def wait(update):
        if update.updates == 8:
            print("here", flush=True)
            sys.stdin.read()

    nn.fit(NET, small_data(stand_in="corners"), **OPTIONS, log={log!r}, on_step=wait)
"""


@pytest.fixture
def elsewhere(tmp_path):
    """Return the log of a run that another process trains just now, and that process."""
    log = tmp_path / "run.jsonl"
    script = textwrap.dedent(ELSEWHERE).format(tests=str(Path(__file__).parent), log=str(log))
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"here\n"
        try:
            yield log, process
        finally:
            process.kill()


def test_a_run_that_another_process_trains_is_left_to_it(elsewhere, data):
    log, process = elsewhere
    before = log.read_bytes()
    for given in ({}, {"resume": nn.runlog.read(log)}):
        assert said(ArgumentError, lambda given=given: nn.fit(NET, data, **OPTIONS, log=log, **given)) == (
            f"fit: `log` is {log}, into which another kernel or command is training just now, expected a log"
            " of its own. Wait until that one is done, or stop it."
        )
    assert log.read_bytes() == before
    process.stdin.close()  # it goes on
    assert process.wait() == 0
    assert nn.fit(NET, data, **OPTIONS, log=log, on_step=never).reason == "finished"


def test_a_run_whose_process_was_killed_goes_on_with_the_same_call(elsewhere, data, capsys):
    log, process = elsewhere
    process.kill()
    process.wait()
    run = nn.fit(NET, data, **OPTIONS, log=log)
    assert "it goes on from update 6." in capsys.readouterr().out  # where it was evaluated last
    assert run.final == nn.fit(NET, data, **OPTIONS).final
    assert run == nn.runlog.read(log)
