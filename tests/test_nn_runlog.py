"""The run log: what stands in it, what is left of it after a kill, and what it says when it was edited."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn as torch_nn

from cnnkit import nn
from cnnkit.errors import ArgumentError, RunLogError, TrainingError
from cnnkit.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnkit.network import Network

NET = Network((1, 6, 6), [Conv2d(1, 4, 3), ReLU(), MaxPool2d(2), Flatten(), Linear(16, 4)], name="tiny")
OPTIONS = {"epochs": 2, "lr": 0.1, "batch_size": 16, "progress": False}


@pytest.fixture
def data(blobs):
    return blobs(stand_in="corners")


@pytest.fixture
def run(data, tmp_path):
    return nn.fit(NET, data, **OPTIONS, log=tmp_path / "run.jsonl")


def said(kind, call):
    with pytest.raises(kind) as error:
        call()
    return str(error.value)


def lines(run):
    return [json.loads(line) for line in run.log.read_text().splitlines()]


def edit(run, number, change):
    """Change line `number` (from 1) as someone in an editor would."""
    content = run.log.read_text().splitlines()
    content[number - 1] = change(content[number - 1])
    run.log.write_text("\n".join(content) + "\n")


def test_what_is_read_is_what_fit_returned(run):
    again = nn.runlog.read(run.log)
    assert run == again
    assert run.history == again.history
    assert run.network == again.network == NET


def test_the_log_holds_what_evidence_needs(run, data):
    start, *rows, end = lines(run)
    assert start["event"] == "start"
    assert start["config"]["momentum"] == 0
    assert start["config"]["schedule"] == {"name": "constant"}
    assert start["data"]["stand_in"] == "corners"
    assert data.validation.hash == start["data"]["validation"]["hash"]
    assert start["parameters"] == NET.ledger().total
    assert {"python", "torch", "threads"} == set(start["machine"])
    assert [row["event"] for row in rows] == ["evaluation"] * 3
    for row in rows:
        assert row["mode"] == "eval"
        assert row["validation"]["n"] == 60
        assert {"updates", "examples", "cpu_seconds", "running", "train", "lr", "weights"} <= set(row)
    assert "test" not in rows[-1]
    assert end["reason"] == "finished"
    assert end["final"]["test"]["n"] == 80
    assert end["best"]["weights"] == nn.state.weights_hash(load_file(run.weights))


def test_a_folder_gives_each_run_a_file_of_its_own(data, tmp_path):
    first, second = (nn.fit(NET, data, **OPTIONS, seed=seed, log=tmp_path / "runs") for seed in (0, 1))
    assert [tmp_path / "runs" / f"{run.id}.jsonl" for run in (first, second)] == [first.log, second.log]
    assert first.weights.parent == second.weights.parent == tmp_path / "runs"


def test_the_log_of_a_run_that_diverged_is_never_overwritten(data, tmp_path):
    log = tmp_path / "run.jsonl"
    options = OPTIONS | {"lr": 1e30}
    with pytest.raises(TrainingError):
        nn.fit(NET, data, **options, log=log)
    before = log.read_bytes()
    assert said(ArgumentError, lambda: nn.fit(NET, data, **options, log=log)) == (
        f"fit: `log` is {log}, where a run is kept already, expected a new name."
        " Give another name, or resume=run to go on with that run."
    )
    assert log.read_bytes() == before


def test_weights_without_their_log_are_never_overwritten(run, data):
    run.log.unlink()
    before = run.weights.read_bytes()
    assert said(ArgumentError, lambda: nn.fit(NET, data, **OPTIONS, log=run.log)) == (
        f"fit: `log` is {run.log}, beside which run.safetensors lies, expected a new name. Give another"
        " name, or delete that file too, if it is of a run that you deleted."
    )
    assert run.weights.read_bytes() == before


def test_a_log_ends_in_jsonl(data, tmp_path):
    assert said(ArgumentError, lambda: nn.fit(NET, data, **OPTIONS, log=tmp_path / "run.txt")) == (
        f"fit: `log` is {tmp_path / 'run.txt'}, expected a file whose name ends in .jsonl, or a folder."
        " Write log='run.jsonl'."
    )


def test_a_resumed_run_goes_on_in_its_log(data, tmp_path):
    def stop(update):
        if update.updates == 8:
            raise KeyboardInterrupt

    stopped = nn.fit(NET, data, **OPTIONS, log=tmp_path / "run.jsonl", on_step=stop)
    assert nn.runlog.read(stopped.log).reason == "interrupted"
    resumed = nn.fit(NET, data, **OPTIONS, resume=nn.runlog.read(stopped.log))
    assert resumed == nn.runlog.read(stopped.log)
    straight = nn.fit(NET, data, **OPTIONS)
    assert straight.final == resumed.final
    assert [row.weights for row in straight.history] == [row.weights for row in resumed.history]
    assert [line["event"] for line in lines(resumed)] == [
        "start", "evaluation", "evaluation", "end", "resume", "evaluation", "end",
    ]  # fmt: skip


def test_a_run_goes_on_in_no_other_log(run, data, tmp_path):
    other = tmp_path / "other.jsonl"
    assert said(ArgumentError, lambda: nn.fit(NET, data, **OPTIONS, resume=run, log=other)) == (
        f"fit: `log` is {other}, the run to be resumed has {run.log}, expected the same."
        " Leave `log` out: a run goes on in its own log."
    )
    assert not other.exists()
    assert nn.fit(NET, data, **OPTIONS, resume=run, log=run.log).final == run.final


def test_numpys_numbers_are_written_down_as_numbers(data, tmp_path):
    options = OPTIONS | {"lr": np.float32(0.125), "batch_size": np.int64(16), "seed": np.int64(3)}
    run = nn.fit(NET, data, **options, label_smoothing=np.float64(0.1), log=tmp_path / "run.jsonl")
    again = nn.runlog.read(run.log)
    assert (0.125, 16, 3, 0.1) == tuple(
        again.config[name] for name in ("lr", "batch_size", "seed", "label_smoothing")
    )


KILLED = """
    import os, signal, sys
    sys.path.insert(0, {tests!r})
    from conftest import small_data
    from cnnkit import nn
    from test_nn_runlog import NET, OPTIONS

    def kill(update):
        if update.updates == 8:
            os.kill(os.getpid(), signal.SIGKILL)

    nn.fit(NET, small_data(stand_in="corners"), **OPTIONS, log={log!r}, on_step=kill)
"""


def test_a_killed_run_leaves_a_log_that_can_be_read_and_resumed(data, tmp_path):
    log = tmp_path / "run.jsonl"
    script = textwrap.dedent(KILLED).format(tests=str(Path(__file__).parent), log=str(log))
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    left = nn.runlog.read(log)
    assert left.reason == "unfinished"
    assert [0, 6] == [row.updates for row in left.history]
    with log.open("a") as file:
        file.write('{"event": "evaluation", "upd')  # as if it had died in the middle of a line
    assert left.history == nn.runlog.read(log).history
    resumed = nn.fit(NET, data, **OPTIONS, resume=nn.runlog.read(log))
    straight = nn.fit(NET, data, **OPTIONS)
    assert straight.final == resumed.final
    assert resumed == nn.runlog.read(log)


def test_a_run_that_was_read_repeats_its_report(run):
    test = run.final.test
    assert repr(nn.runlog.read(run.log)).splitlines()[0] == (
        f"run {run.id}: 180 examples of blobs (stand-in: corners), seed 0, finished"
    )
    assert f"accuracy {test.accuracy:.1%} ± {test.standard_error:.1%} (n=80)" in repr(run)


# --- edited, damaged, missing ----------------------------------------------------------------------------

EDITS = {
    "a better accuracy": (3, lambda line: line.replace('"accuracy": 0.', '"accuracy": 0.9')),
    "another seed": (1, lambda line: line.replace('"seed": 0', '"seed": 7')),
    "another hash": (1, lambda line: line.replace('"hash": "', '"hash": "0')),
    "another seal": (5, lambda line: line.replace('"seal": "', '"seal": "0')),
    "another test result": (5, lambda line: line.replace('"n": 80', '"n": 10000')),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edited_line_is_named(run, what):
    number, change = EDITS[what]
    edit(run, number, change)
    assert said(RunLogError, lambda: nn.runlog.read(run.log)) == (
        f"read: line {number} of {run.log} does not fit its seal: it, or a line before it, was changed or"
        " removed, expected the lines that fit wrote. Hand in the log as it was written."
    )


def test_a_removed_line_is_noticed(run):
    content = run.log.read_text().splitlines(keepends=True)
    run.log.write_text("".join([*content[:2], *content[3:]]))
    assert "line 3 of" in said(RunLogError, lambda: nn.runlog.read(run.log))


def test_a_line_that_is_no_json_is_named(run):
    edit(run, 2, lambda line: line[:-9])
    assert said(RunLogError, lambda: nn.runlog.read(run.log)).startswith(
        f"read: line 2 of {run.log} is no line of a run log, expected"
    )


def forge(run, change):
    """Change the log and seal it anew, as someone who knows how would."""
    before, forged = "", []
    for line in lines(run):
        line.pop("seal")
        change(line)
        before = nn.runlog._seal(before, line)
        forged.append(json.dumps(line | {"seal": before}) + "\n")
    run.log.write_text("".join(forged))


@pytest.mark.parametrize(("name", "value"), [("updates", 3), ("examples", 50), ("cpu_seconds", -1.0)])
def test_counters_that_go_backwards_are_named_even_behind_a_good_seal(run, name, value):
    last = run.history[1]

    def change(line):
        if line.get("updates") == 12:
            line[name] = value

    forge(run, change)
    assert said(RunLogError, lambda: nn.runlog.read(run.log)) == (
        f"read: line 4 of {run.log}: `{name}` is {value} after {getattr(last, name)} in line 3,"
        " expected counters that grow. Lines were exchanged or edited: hand in the log as it was."
    )


def test_missing_weights_are_named_with_the_line_that_promises_them(run):
    run.weights.unlink()
    number = 2 + max(place for place, row in enumerate(run.history) if row.best)
    assert said(RunLogError, lambda: nn.runlog.read(run.log)) == (
        f"read: line {number} of {run.log}: the weights run.safetensors are missing, expected them beside the"
        " log. Put the file back; a log without weights shows nothing."
    )


def test_other_weights_are_named(run):
    tensors = load_file(run.weights)
    tensors["fc.bias"] += 1
    save_file(tensors, run.weights)
    found, named = nn.state.weights_hash(tensors), run.best.weights
    assert said(RunLogError, lambda: nn.runlog.read(run.log)) == (
        f"read: line 5 of {run.log}: the weights in run.safetensors have the hash {found[:12]}…, expected"
        f" {named[:12]}…. Put the weights of this very run beside the log."
    )


def test_damaged_weights_are_named(run):
    run.weights.write_bytes(run.weights.read_bytes()[:50])
    message = said(RunLogError, lambda: nn.runlog.read(run.log))
    assert message.startswith(f"read: {run.weights} is damaged (")
    assert message.endswith("expected a safetensors file. Put the right one there.")


def test_an_empty_file_is_no_log(tmp_path):
    (tmp_path / "run.jsonl").write_text("")
    assert said(RunLogError, lambda: nn.runlog.read(tmp_path / "run.jsonl")) == (
        f"read: {tmp_path / 'run.jsonl'} is empty, expected a run log. Give the file that fit wrote."
    )


# --- what is no log, and where there can be none ---------------------------------------------------------


def test_a_place_that_cannot_be_written_is_an_error_before_training(data, tmp_path):
    (tmp_path / "file").write_text("")
    updates = []
    for log, why in (
        (tmp_path / "file" / "run.jsonl", "File exists"),
        (tmp_path / "file" / "below" / "run.jsonl", "Not a directory"),
        (tmp_path / f"{'a' * 300}.jsonl", "File name too long"),
        (f"{tmp_path}/a\0b.jsonl", "embedded null byte"),
    ):
        call = lambda log=log: nn.fit(NET, data, **OPTIONS, log=log, on_step=updates.append)  # noqa: E731
        assert said(ArgumentError, call) == (
            f"fit: `log` is {str(log)!r}, which cannot be written ({why}), expected a file in a folder of"
            " your own. Write for instance log='runs/first.jsonl'."
        )
    assert not updates
    assert ["file"] == [path.name for path in tmp_path.iterdir()]


def test_a_folder_is_no_log(run, tmp_path):
    assert said(ArgumentError, lambda: nn.runlog.read(tmp_path)) == (
        f"read: `path` is {tmp_path}, a folder, expected a .jsonl file that fit wrote."
        f" Give one in it, such as {run.log}."
    )
    (tmp_path / "empty").mkdir()
    assert said(ArgumentError, lambda: nn.runlog.read(tmp_path / "empty")).endswith(
        "There is none in it: give another."
    )


def test_a_file_that_is_no_text_is_no_log(run, data, tmp_path):
    message = (
        "read: {} is no text, expected the run log that fit wrote."
        " Give the file whose name ends in .jsonl, as it was written."
    )
    binary = tmp_path / "binary.jsonl"
    binary.write_bytes(b"\x80\xff\x00")
    assert said(RunLogError, lambda: nn.runlog.read(binary)) == message.format(binary)
    assert said(RunLogError, lambda: nn.fit(NET, data, **OPTIONS, log=binary)) == message.format(binary)
    assert binary.read_bytes() == b"\x80\xff\x00"


def test_a_run_is_no_path(run):
    assert said(ArgumentError, lambda: nn.runlog.read(run)) == (
        "read: `path` is of type Run, expected a path, as text or a Path."
        " Write for instance path='runs/first.jsonl'."
    )


# --- verify ----------------------------------------------------------------------------------------------


def test_honest_weights_do_what_the_log_says(run, data):
    found = nn.verify(nn.runlog.read(run.log), data)
    assert found.agrees
    assert {"validation", "test"} == {check.split for check in found.checks}
    assert all(check.claimed == check.measured for check in found.checks)
    assert repr(found).endswith("The weights do what the log says.")


def test_a_forged_claim_is_found_by_measuring(run, data):
    def change(line):
        if line["event"] == "end":
            line["final"]["test"]["accuracy"] = 0.99

    forge(run, change)
    found = nn.verify(nn.runlog.read(run.log), data)
    assert not found.agrees
    measured = run.final.test
    assert (
        f"test: DIFFERS: claimed 99.00% (loss {measured.loss:.4f}, n=80), measured {measured.accuracy:.2%}"
        in repr(found)
    )
    assert repr(found).endswith("The weights do not do what the log says.")


def test_other_data_are_named(run, blobs):
    found = nn.verify(run, blobs(seed=1))
    assert not found.agrees
    assert "The data are not those of the log: validation, test." in repr(found)


def test_a_module_that_cannot_be_described_is_given_to_verify(data, tmp_path, own_module):
    nn.fit(own_module(), data, **OPTIONS, log=tmp_path / "run.jsonl")
    run = nn.runlog.read(tmp_path / "run.jsonl")
    assert run.network is None
    assert nn.verify(run, data, model=own_module()).agrees
    assert said(ArgumentError, lambda: nn.verify(run, data)) == (
        "verify: `model` is None, expected a module: the log of this run does not hold its layers."
        " Give a module of the class that was trained."
    )
    wrong = said(RunLogError, lambda: nn.verify(run, data, model=torch_nn.Linear(3, 2)))
    assert wrong.startswith(
        "verify: the weights in run.safetensors do not fit the run's network (load_weights:"
    )


def test_a_module_without_names_is_rebuilt_from_its_log(data, tmp_path):
    torch.manual_seed(0)
    model = torch_nn.Sequential(torch_nn.Sequential(torch_nn.Flatten()), torch_nn.Linear(36, 4))
    run = nn.fit(model, data, **OPTIONS, log=tmp_path / "run.jsonl")
    assert nn.verify(nn.runlog.read(run.log), data).agrees


def test_a_run_without_weights_cannot_be_verified(data):
    assert said(RunLogError, lambda: nn.verify(nn.fit(NET, data, **OPTIONS), data)) == (
        "verify: the run has no saved weights, expected those of its best evaluation."
        " Train with log='run.jsonl'."
    )


def test_the_hash_sees_names_shapes_and_every_bit():
    one = {"a": torch.zeros(2, 3)}
    hashes = [
        nn.state.weights_hash(weights)
        for weights in (
            one,
            {"b": torch.zeros(2, 3)},
            {"a": torch.zeros(3, 2)},
            {"a": torch.zeros(2, 3) - 0.0},
        )
    ]
    flipped = torch.zeros(2, 3)
    flipped[1, 2] = 1e-45
    assert len({*hashes[:3], nn.state.weights_hash({"a": flipped})}) == 4
    assert hashes[0] == hashes[3]
