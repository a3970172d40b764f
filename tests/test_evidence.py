"""Questions about experiments: what runs earn, and which flaw is named when they do not."""

import json
from dataclasses import dataclass, replace
from shutil import copy

import numpy as np
import pytest
import torch
from torch import nn as torch_nn

from cnnkit import answers, check, data, nn
from cnnkit.answers import judge
from cnnkit.answers.evidence import EvidenceQuestion, Finding, Requirement, ask, flaws
from cnnkit.data import Split
from cnnkit.errors import ArgumentError, WrongAnswer
from cnnkit.layers import Flatten, Linear, ReLU
from cnnkit.network import Network
from tests.test_nn_runlog import edit, forge

FLAT = Network((1, 28, 28), [Flatten(), Linear(784, 10)], name="flat")
DEEP = Network((1, 28, 28), [Flatten(), Linear(784, 16), ReLU(), Linear(16, 10)], name="deep")
OPTIONS = {"examples": 600, "batch_size": 20, "lr": 0.02, "progress": False}

ONE = EvidenceQuestion(
    id="one-run",
    code="T-1",
    variable="run",
    ask="Train the flat network on 600 examples.",
    data=("digits",),
    requirements=(
        ask.options(1, optimizer="sgd", lr={0.02, 0.1}, schedule="constant"),
        ask.network(1, FLAT),
        ask.equal_budgets(1, examples=600),
        ask.reaches(1, 0.5),
        ask.logits(1),
        ask.within_seconds(1, 60),
    ),
)
TWO = EvidenceQuestion(
    id="two-batches",
    code="T-2",
    variable="two_batches",
    ask="Batches of 20 or of 200, three seeds each: which is better?",
    data=("digits",),
    groups=("20", "200"),
    claims=("better",),
    requirements=(
        ask.seeds(1, 3),
        ask.equal_budgets(1),
        ask.one_factor(1, "batch_size"),
        ask.verdict(2, "better"),
    ),
)
# The same network and options twice: whatever the numbers say, nothing but luck tells them apart.
NOISE = replace(TWO, id="noise", requirements=(ask.verdict(2, "better"),))


@pytest.fixture(scope="module")
def digits():
    return data.load("digits")


@pytest.fixture(scope="module")
def made(digits, tmp_path_factory):
    """Return a function name, network, options -> the run of that name, trained once."""
    folder = tmp_path_factory.mktemp("runs")
    return lambda name, network=FLAT, dataset=digits, **options: nn.fit(
        network, dataset, **(OPTIONS | options), log=folder / f"{name}.jsonl"
    )


@pytest.fixture(scope="module")
def batches(made):
    return {str(b): [made(f"b{b}-{s}", batch_size=b, seed=s) for s in range(3)] for b in (20, 200)}


@pytest.fixture
def run(made, tmp_path):
    """Return a run whose files may be damaged."""
    kept = made("b20-0", seed=0)
    for path in (kept.log, kept.weights):
        copy(path, tmp_path / f"mine{path.suffix}")
    return nn.runlog.read(tmp_path / "mine.jsonl")


def flaw(diagnosis):
    return [each.id for each in diagnosis.mistakes]


def condemned(question, given, expected):
    """Check that a hand-in earns nothing for one flaw, and return what it is told."""
    diagnosis = judge(question, given)
    assert (flaw(diagnosis), diagnosis.points, diagnosis.verdict) == ([expected.id], 0.0, "mistake")
    assert diagnosis.message.endswith(expected.cure)
    return diagnosis.message


# --- what is right -----------------------------------------------------------------------------------------


def test_an_honest_run_earns_everything(run):
    diagnosis = judge(ONE, run)
    assert (diagnosis.verdict, diagnosis.points) == ("correct", 6.0)
    test = nn.runlog.read(run.log).final.test
    assert diagnosis.message == (
        f"`run` holds: 1 run, measured again; the best reaches {test.accuracy:.1%}"
        f" ± {test.standard_error:.1%} on test (n=359)."
    )


def test_an_experiment_with_seeds_and_a_true_verdict_earns_everything(batches):
    assert nn.compare(batches).verdict("20", "200").better == "20"
    diagnosis = judge(TWO, batches | {"better": "20"})
    assert (diagnosis.verdict, diagnosis.points, TWO.points) == ("correct", 5.0, 5.0)


def test_the_check_in_a_notebook_takes_runs_as_it_takes_numbers(run, batches, monkeypatch, capsys):
    monkeypatch.setitem(answers.EXPERIMENTS, TWO.id, TWO)
    points = check.answer("two-batches", batches | {"better": "20"})
    assert (points, type(points)) == (5.0, float)
    assert capsys.readouterr().out.endswith(" 5 of 5 points.\n")
    assert check.answer("two-batches", {"20": None, "200": None, "better": ""}) == 0.0
    assert capsys.readouterr().out == "○ `two_batches` is not answered yet. 0 of 5 points.\n"
    with pytest.raises(WrongAnswer, match=r'has no entry "?\'better\'. Keep the names that were there'):
        check.answer("two-batches", batches)


def test_a_stand_in_counts_for_what_it_stands_for(made, monkeypatch):
    monkeypatch.setenv("CNNKIT_OFFLINE", "1")
    monkeypatch.setenv("CNNKIT_DATA", "")
    run = made("stand-in", dataset=replace(data.load("digits"), name="mnist", stand_in="digits"))
    assert judge(replace(ONE, data=("mnist",)), run).verdict == "correct"


def test_an_early_stop_is_an_end(made):
    run = made("stopped", early_stop=1, evaluate_every=20, lr=0.1, examples=600)
    assert run.reason == "early stop"
    assert judge(replace(ONE, requirements=ONE.requirements[:2]), run).verdict == "correct"


def test_a_run_that_was_stopped_in_the_middle_of_a_line_and_resumed_is_whole(made, digits):
    def stop(update):
        if update.updates == 20:
            raise KeyboardInterrupt

    stopped = made("resumed", on_step=stop, evaluate_every=100)
    with stopped.log.open("a") as file:
        file.write('{"event": "evaluation", "upd')
    run = nn.fit(FLAT, digits, **OPTIONS, evaluate_every=100, resume=nn.runlog.read(stopped.log))
    assert judge(ONE, run).verdict == "correct"


# --- what cannot be believed -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Shaken(Split):
    """A validation split whose images are augmented, as one report had them."""

    def loader(self, batch_size, **options):
        split = Split("train", self.images, self.labels, self.classes, self.training)
        return split.loader(batch_size, **(options | {"augment": "shift"}))


def test_augmented_validation_is_recognised_by_measuring(made, digits):
    kept = digits.validation
    shaken = Shaken("validation", kept.images, kept.labels, kept.classes, kept.training)
    run = made("shaken", dataset=replace(digits, validation=shaken))
    assert run.data["validation"]["hash"] == kept.hash  # the hash alone would not tell
    message = condemned(ONE, run, flaws.AUGMENTED)
    assert "The log of `run` claims" in message


def test_fit_augments_training_images_alone_and_says_so_in_the_log(made, digits):
    run = made("augmented", augment="shift")
    assert run.config["augment"] == "shift"
    assert judge(replace(ONE, requirements=ONE.requirements[:1]), run).verdict == "correct"
    with pytest.raises(ArgumentError):
        digits.validation.loader(20, augment="shift")


def test_metrics_of_the_training_mode_are_recognised_by_measuring(made):
    class Stuck(torch_nn.Sequential):
        def train(self, mode=True):
            return super().train(True)

    torch.manual_seed(0)
    model = Stuck(torch_nn.Flatten(), torch_nn.Dropout(0.6), torch_nn.Linear(784, 10))
    run = made("train-mode", network=model, lr=0.1)
    condemned(ONE, run, flaws.TRAIN_MODE)


def test_a_test_split_in_the_place_of_validation_is_known_by_its_hash(made, digits):
    swapped = replace(digits, validation=digits.test, test=digits.validation)
    message = condemned(ONE, made("swapped", dataset=swapped), flaws.SWAPPED)
    assert message.startswith("What `run` used as validation images are the test images of digits.")


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.get("config", {}).update(monitor="test accuracy"),
        lambda line: line.update(test=line["validation"]) if line["event"] == "evaluation" else None,
    ],
)
def test_a_log_that_watches_the_test_split_is_named(run, change):
    forge(run, change)
    message = condemned(ONE, run, flaws.SWAPPED)
    assert message.startswith("The log of `run` shows test images before training was over.")


def test_weights_that_were_not_chosen_by_validation_are_named(run):
    def change(line):
        if line.get("updates") == 0 and line["event"] == "evaluation":
            line["validation"]["loss"] = 0.0

    forge(run, change)
    message = condemned(ONE, run, flaws.NOT_CHOSEN)
    assert message.startswith(
        "`run` did not keep what was best on validation: At update 30 the validation loss"
    )


def test_an_edited_log_breaks_its_seal(run):
    edit(run, 3, lambda line: line.replace('"accuracy": 0.', '"accuracy": 0.9'))
    message = condemned(ONE, run, flaws.LOG_EDITED)
    assert message.startswith("Line 3 of the log of `run` does not fit its seal")


def test_counters_that_go_backwards_are_named(run):
    forge(run, lambda line: line.update(examples=-5) if line.get("updates") == 30 else None)
    assert "`examples` is -5 after 0" in condemned(ONE, run, flaws.COUNTERS)


@pytest.mark.parametrize("examples", [599, 60_000])
def test_counters_that_no_training_gives_are_named(run, examples):
    def change(line):
        if line.get("updates") == 30 and "examples" in line:
            line["examples"] = examples

    forge(run, change)
    condemned(ONE, run, flaws.IMPOSSIBLE)


def test_weights_of_another_run_are_named(run, made):
    copy(made("b20-1", seed=1).weights, run.weights)
    condemned(ONE, run, flaws.OTHER_WEIGHTS)


def claims(number):
    def change(line):
        if line["event"] == "end":
            line["final"]["test"]["accuracy"] = number

    return change


def test_a_claim_that_the_weights_do_not_keep_is_named_even_behind_good_seals(run):
    forge(run, claims(0.99))
    message = condemned(ONE, run, flaws.NOT_MEASURED)
    assert message.startswith("The log of `run` claims 99.0% on test (loss ")


def test_other_data_are_named(made, digits, run):
    condemned(replace(ONE, data=("cifar10",)), run, flaws.OTHER_DATA)
    fewer = made("fewer", dataset=replace(digits, train=digits.train.take(700)))
    message = condemned(ONE, fewer, flaws.OTHER_DATA)
    assert message == "`run` was not trained on digits: the train images are others. Train on those."
    assert judge(replace(ONE, subset=True), fewer).verdict == "correct"


def test_an_interrupted_run_is_no_evidence_yet(made):
    def stop(update):
        raise KeyboardInterrupt

    condemned(ONE, made("interrupted", on_step=stop), flaws.UNFINISHED)


def test_a_run_that_was_changed_while_it_trained_shows_nothing_about_its_settings(digits, tmp_path):
    live = nn.Live(FLAT, digits, examples=600, batch_size=20, lr=0.02, log=tmp_path / "live.jsonl")
    live.news = lambda: live.updates == 10 and live.pause()
    live.start()
    live.wait()
    live.change(lr=0.1)
    live.start()
    live.wait()
    message = condemned(ONE, live.run, flaws.CHANGED)
    assert message.startswith("`run` had lr 0.02 → 0.1 after 200 examples.")


def test_a_live_run_that_was_left_alone_is_evidence_like_any_other(digits, tmp_path):
    live = nn.Live(FLAT, digits, examples=600, batch_size=20, lr=0.02, log=tmp_path / "live.jsonl")
    live.start()
    live.wait()
    assert judge(ONE, live.run).verdict == "correct"


@pytest.mark.parametrize("changes", [5, [5], [{"name": "lr"}], [{}], "lr"])
def test_changes_that_are_none_make_a_log_unreadable(run, changes):
    forge(run, lambda line: line.get("config", {}).update(changes=changes))
    condemned(ONE, run, flaws.LOG_DAMAGED)


def test_one_run_does_not_stand_for_three(batches, tmp_path):
    first, *_ = batches["20"]
    condemned(TWO, batches | {"20": [first] * 3, "better": "20"}, flaws.SAME_RUN)
    copy(first.weights, tmp_path / "twin.safetensors")
    twin = replace(first, log=tmp_path / "twin.jsonl")
    copy(first.log, twin.log)

    def rename(line):
        if line["event"] == "start":
            line["run"], line["config"]["seed"] = "another", 7

    forge(twin, rename)
    condemned(TWO, batches | {"20": [first, twin], "better": "20"}, flaws.SAME_RUN)


def test_a_run_without_a_log_is_no_evidence(digits):
    run = nn.fit(FLAT, digits, **OPTIONS | {"examples": 20})
    message = condemned(ONE, run, flaws.NO_LOG)
    assert message == (
        "`run` has nothing to show: the run has no log, expected one."
        " Train with log='runs/NAME.jsonl', and hand in that folder."
    )


@pytest.mark.parametrize("given", [0.97, "0.97", {"accuracy": 0.97}, print, lambda: None, [3, 4]])
def test_what_is_no_run_is_said_to_be_none(given):
    diagnosis = judge(ONE, given)
    assert (diagnosis.verdict, diagnosis.points) == ("invalid", 0.0)
    assert "is no run, but a" in diagnosis.message


def test_a_typo_in_the_optimizer_is_an_error_before_anything_is_trained(digits, tmp_path):
    with pytest.raises(ArgumentError, match="Did you mean 'adadelta'"):
        nn.fit(FLAT, digits, **OPTIONS, optimizer="adadelata", log=tmp_path / "run.jsonl")
    assert not list(tmp_path.iterdir())


# --- what the requirements find ----------------------------------------------------------------------------


def found(question, given, *expected):
    """Check which flaws are found, and return the points."""
    diagnosis = judge(question, given)
    assert [each.id for each in expected] == flaw(diagnosis)
    return diagnosis.points


def test_a_log_without_weights_earns_half(run, batches):
    run.weights.unlink()
    assert found(ONE, run, flaws.NO_WEIGHTS) == 3.0
    given = {**batches, "20": [run, *batches["20"][1:]], "better": "20"}
    assert found(TWO, given, flaws.NO_WEIGHTS) == 2.5


def test_without_weights_an_invented_claim_still_earns_no_more_than_half(run):
    run.weights.unlink()
    forge(run, claims(1.0))
    assert found(ONE, run, flaws.NO_WEIGHTS) == 3.0


def test_a_claim_inside_two_standard_errors_is_named(made, batches):
    again = [made(f"again-{s}", seed=s + 3) for s in range(3)]
    alike = {"20": batches["20"], "200": again}
    assert nn.compare(alike).verdict("20", "200").better is None
    assert found(NOISE, alike | {"better": "neither"}) == 2.0
    for better in ("20", "200"):
        assert found(NOISE, alike | {"better": better}, flaws.INSIDE_NOISE) == 0.0
    assert "no difference that these runs can show" in judge(NOISE, alike | {"better": "20"}).message


def test_a_verdict_against_the_numbers_is_named(batches):
    assert found(TWO, batches | {"better": "200"}, flaws.REVERSED) == 3.0
    assert found(TWO, batches | {"better": "neither"}, flaws.OVERLOOKED) == 3.0
    assert found(TWO, batches | {"better": "both"}, flaws.UNKNOWN_CLAIM) == 3.0


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (None, "is not answered yet."),
        ("", "is not answered yet."),
        (20, "is 20, expected a word in quotes."),
        (["20"], "is ['20'], expected a word in quotes."),
    ],
)
def test_a_claim_that_is_open_costs_only_what_hangs_on_it(batches, said, fact):
    assert found(TWO, batches | {"better": said}, flaws.UNSAID) == 3.0
    message = judge(TWO, batches | {"better": said}).message
    assert message == f'`two_batches["better"]` {fact} Fill it in from what the runs show.'


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (None, "is not answered yet."),
        ("0.9", "is '0.9', expected a number."),
        (float("nan"), "is nan, expected a number."),
    ],
)
def test_a_number_that_is_open_costs_only_what_hangs_on_it(run, said, fact):
    def near(experiment):
        found = experiment.runs[0].metrics("test").accuracy
        return None if abs(experiment.numbers["test"] - found) < 0.01 else Finding(flaws.BELOW, "Far off.")

    parts = (ask.network(1, FLAT), Requirement("the number", 2, near, (flaws.BELOW,)))
    question = replace(ONE, groups=("run",), numbers=("test",), requirements=parts)
    assert found(question, {"run": run, "test": run.final.test.accuracy}) == 3.0
    assert found(question, {"run": run, "test": said}, flaws.UNSAID) == 1.0
    assert f'`run["test"]` {fact}' in judge(question, {"run": run, "test": said}).message
    assert judge(question, {"run": None, "test": None}).verdict == "missing"


def test_a_dict_in_the_place_of_a_list_of_runs_is_said_to_be_one(batches):
    given = batches | {"20": dict(enumerate(batches["20"])), "better": "20"}
    diagnosis = judge(TWO, given)
    assert (diagnosis.verdict, diagnosis.message) == (
        "invalid",
        '`two_batches["20"]` is a dict, expected a list of runs. Give its runs in a list.',
    )


def test_unequal_budgets_are_named(made, batches):
    longer = [made(f"longer-{s}", batch_size=200, seed=s, examples=800) for s in range(3)]
    given = batches | {"200": longer, "better": "20"}
    points = found(TWO, given, flaws.UNEQUAL_BUDGETS, flaws.SEVERAL_FACTORS)
    assert points == 1.0
    assert 'run 1 of `two_batches["20"]` had 600 examples' in judge(TWO, given).message


def test_a_second_factor_is_named(made, batches):
    deep = [made(f"deep-{s}", DEEP, batch_size=200, seed=s) for s in range(3)]
    given = batches | {"200": deep, "better": "20"}
    assert flaws.SEVERAL_FACTORS.id in flaw(judge(TWO, given))
    assert "The runs differ in `network` as well" in judge(TWO, given).message
    same = replace(TWO, requirements=(ask.one_factor(1, "optimizer", "batch_size", "network"),))
    assert found(same, given, flaws.NOT_VARIED) == 0.0


def test_too_few_seeds_are_named(batches):
    given = {name: runs[:2] for name, runs in batches.items()} | {"better": "20"}
    assert found(TWO, given, flaws.FEW_SEEDS) == 2.0


def test_other_options_networks_and_budgets_are_named(made):
    deep = made("deep", DEEP)
    assert found(ONE, deep, flaws.OTHER_NETWORK) == 5.0
    assert "has Linear(784, 16) as layer 2, asked was Linear(784, 10)." in judge(ONE, deep).message
    assert found(ONE, made("adam", optimizer="adam", lr=0.001), flaws.OTHER_OPTIONS) == 5.0
    assert found(ONE, made("short", examples=400), flaws.OTHER_BUDGET) == 5.0
    two = replace(ONE, requirements=(ask.different_networks(1),), runs=2)
    assert found(two, [made("b20-0", seed=0), made("b20-1", seed=1)], flaws.SAME_NETWORK) == 0.0
    assert found(two, [made("b20-0", seed=0), deep]) == 1.0


def test_accuracy_below_the_threshold_is_named(run):
    steep = replace(ONE, requirements=(ask.reaches(1, 0.999), ask.within_seconds(1, 60)))
    assert found(steep, run, flaws.BELOW) == 1.0


def test_a_double_softmax_shows_in_the_running_loss(made):
    class Twice(torch_nn.Sequential):
        def forward(self, x):
            logits = super().forward(x)
            return logits.softmax(dim=1) if self.training else logits

    torch.manual_seed(0)
    model = Twice(torch_nn.Flatten(), torch_nn.Linear(784, 10))
    run = made("double", network=model, lr=0.02, momentum=0.9, examples=6000)
    least = min(row.running.loss for row in run.history[1:])
    assert least > np.log(np.e + 9) - 1
    question = replace(ONE, requirements=(ask.logits(1), ask.network(1, FLAT)))
    assert found(question, run, flaws.DOUBLE_SOFTMAX) == 1.0
    assert f"never falls below {least:.4f}; probabilities as logits cannot get below 1.4612." in (
        judge(question, run).message
    )


def test_data_that_are_not_here_leave_the_judgement_to_a_person(run, monkeypatch, tmp_path):
    monkeypatch.setenv("CNNKIT_DATA", str(tmp_path))

    def change(line):
        if line["event"] == "start":
            line["data"]["name"] = "cifar10"

    forge(run, change)
    cifar = replace(ONE, data=("cifar10",))
    diagnosis = judge(cifar, run)
    assert (diagnosis.verdict, diagnosis.points, diagnosis.mistakes) == ("by hand", 3.0, ())
    assert diagnosis.message == (
        "A person must look: `run` was not measured again, cifar10 is not on this machine."
    )
    monkeypatch.setitem(answers.EXPERIMENTS, ONE.id, cifar)
    assert check.answer("one-run", run) == 3.0


def test_a_network_that_would_take_for_ever_is_left_to_a_person(run, monkeypatch):
    monkeypatch.setattr("cnnkit.answers.evidence.measuring.LARGEST", 100)
    assert "its network is too large to be measured here" in judge(ONE, run).message


# --- logs that nobody's fit wrote --------------------------------------------------------------------------

JUNK = [None, "x", -1, 0.5, [], {}, [[]], {"a": 1}, True, float("nan"), 10**30]


def places(value, path=()):
    """Yield the path to every value inside a line."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*path, key))


def spoilt(number, path, junk):
    """Return a change that puts junk at one place of line `number` (from 0)."""
    passed = iter(range(100))

    def change(line):
        if next(passed) == number:
            *way, last = path
            for key in way:
                line = line[key]
            line[last] = junk

    return change


def test_whatever_stands_in_a_log_there_is_a_judgement_and_no_more_points(run):
    text = run.log.read_text()
    honest = [json.loads(line) for line in text.splitlines()]
    paths = [(number, path) for number, line in enumerate(honest) for path in places(line)]
    tried = 0
    for number, path in paths:
        if not path or path[0] in ("seal", "event"):
            continue
        for junk in JUNK[tried % 3 :: 3]:
            run.log.write_text(text)
            forge(run, spoilt(number, path, junk))
            assert judge(ONE, run).points <= ONE.points, (number, path, junk)
            tried += 1
    assert tried > 300


@pytest.mark.parametrize("text", ["", "[]", "no log", "[" * 100_000, '{"seal": ' + "[" * 100_000, "5\n\n{}"])
def test_a_text_that_is_no_log_at_all_is_damaged(run, text):
    run.log.write_text(text)
    condemned(ONE, run, flaws.LOG_DAMAGED)


def test_a_log_that_ends_in_rubbish_is_read_up_to_it(run):
    with run.log.open("a") as file:
        file.write("[" * 100_000)
    assert judge(ONE, run).verdict == "correct"


def test_every_flaw_has_an_id_of_its_own():
    known = [each.id for each in (*flaws.UNSOUND, *flaws.REQUIRED, flaws.NO_WEIGHTS)]
    assert len(known) == len(set(known))
    asked = {each for question in (ONE, TWO) for part in question.requirements for each in part.flaws}
    assert asked <= {*flaws.REQUIRED, *flaws.UNSOUND}
