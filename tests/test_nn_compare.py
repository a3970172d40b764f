"""compare: a verdict needs two standard errors, three seeds, equal budgets and the same data."""

from dataclasses import replace

import pytest

from cnnkit import nn, plot
from cnnkit.errors import ArgumentError
from cnnkit.layers import Flatten, Linear, ReLU
from cnnkit.network import Network

FLAT = Network((1, 6, 6), [Flatten(), Linear(36, 4)], name="flat")
DEEP = Network((1, 6, 6), [Flatten(), Linear(36, 8), ReLU(), Linear(8, 4)], name="deep")
DATA = {"name": "d", "stand_in": None, **{s: {"n": 100, "hash": s} for s in ("train", "validation", "test")}}


def claimed(accuracy, seed, n=2000, lr=0.1, network="a" * 64, **others):
    """Return a finished run with this accuracy, without training one."""
    metrics = nn.Metrics(1.0, accuracy, n, (accuracy * (1 - accuracy) / n) ** 0.5)
    config = {"epochs": 2, "lr": lr, "seed": seed} | others.pop("config", {})
    options = {"history": (), "final": nn.Final(metrics, metrics, metrics), "reason": "finished"} | others
    return nn.Run(f"run{seed}", config, None, network, DATA, **options)


def group(accuracies, **options):
    return [claimed(accuracy, seed, **options) for seed, accuracy in enumerate(accuracies)]


def said(kind, call):
    with pytest.raises(kind) as error:
        call()
    return str(error.value)


def test_a_gap_of_more_than_two_standard_errors_is_a_verdict():
    found = nn.compare({"A": group([0.70, 0.71, 0.72]), "B": group([0.60, 0.61, 0.59], lr=1.0)})
    verdict = found.verdict("B", "A")
    # by hand: variances of the seeds 1e-4 each, / 3; and p(1-p)/2000
    error = (2e-4 / 3 + 0.71 * 0.29 / 2000 + 0.60 * 0.40 / 2000) ** 0.5
    assert error == pytest.approx(verdict.standard_error)
    assert verdict.better == "A"
    assert str(verdict) == f"A is better than B: gap 11.0%, two standard errors {2 * error:.1%}"


def test_a_claim_inside_the_noise_is_none():
    found = nn.compare({"A": group([0.70, 0.71, 0.72]), "B": group([0.68, 0.69, 0.70], lr=1.0)})
    assert found.verdict("A", "B").better is None
    assert str(found.verdict("A", "B")) == (
        "A and B: no difference that these runs can show: gap 2.0%, two standard errors 3.3%"
    )


def test_small_splits_show_less():
    accuracies = {"A": [0.70, 0.71, 0.72], "B": [0.60, 0.61, 0.59]}
    runs = {name: group(values, n=100, lr=len(name)) for name, values in accuracies.items()}
    assert nn.compare(runs).verdict("A", "B").better is None


def test_fewer_than_three_seeds_show_nothing():
    found = nn.compare({"A": group([0.9]), "B": group([0.5, 0.5, 0.5], lr=1.0)})
    assert str(found.verdict("A", "B")) == (
        "A and B cannot be compared: there is 1 seed, at least 3 are needed."
    )
    assert found.verdict("A", "B").better is None


def test_unequal_budgets_are_said_and_equal_ones_are_recognised():
    more = group([0.9, 0.9, 0.9], config={"epochs": 20})
    less = group([0.5, 0.5, 0.5])
    assert nn.compare({"more": more, "less": less}).verdict("more", "less").why_not == (
        "their budgets differ (2,000 examples, 200 examples); train all with the same."
    )
    counted = [replace(run, config={"examples": 200, "lr": 0.1, "seed": run.seed}) for run in less]
    assert nn.compare({"epochs": less, "examples": counted}).verdict("epochs", "examples").why_not == ""


def test_unfinished_runs_and_other_data_are_said():
    whole, broken = group([0.9, 0.9, 0.9]), group([0.5, 0.5, 0.5])
    broken[1] = replace(broken[1], reason="interrupted", final=nn.Final())
    assert nn.compare({"A": whole, "B": broken}).verdict("A", "B").why_not == (
        "run run1 is interrupted; finish it."
    )
    elsewhere = [replace(run, data=DATA | {"name": "other"}) for run in whole]
    assert nn.compare({"A": whole, "B": elsewhere}).verdict("A", "B").why_not == (
        "they were not trained and measured on the same data."
    )


def test_the_table_holds_groups_and_verdicts():
    found = nn.compare({"A": group([0.70, 0.71, 0.72]), "<B>": group([0.6, 0.61, 0.59])})
    lines = repr(found).splitlines()
    assert lines[0].split() == ["seeds", "validation", "accuracy"]
    assert lines[1].split() == ["A", "3", "71.0%", "±", "1.2%"]
    assert lines[-1] == str(found.verdict("A", "<B>"))
    assert "&lt;B&gt;" in found._repr_html_()
    assert "<B>" not in found._repr_html_()


def test_real_runs_are_grouped_by_what_they_share(blobs):
    data = blobs(noise=20)
    options = {"epochs": 5, "batch_size": 16, "progress": False}
    runs = [
        nn.fit(net, data, lr=lr, seed=seed, **options)
        for net, lr in ((FLAT, 0.05), (FLAT, 0.0001), (DEEP, 0.05))
        for seed in range(3)
    ]
    found = nn.compare(runs)
    assert ["lr=0.05, flat", "lr=0.0001, flat", "lr=0.05, deep"] == [group.name for group in found.groups]
    assert found.verdict("lr=0.05, flat", "lr=0.0001, flat").better == "lr=0.05, flat"
    assert len(found.verdicts) == 3
    named = {group.name: group.runs for group in found.groups}
    assert len(plot.before_after(named).axes[0].lines) == 3
    curve = plot.learning_curves(runs[0]).axes[0].lines[2]
    assert [row.validation.loss for row in runs[0].history] == curve.get_ydata().tolist()


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "compare: `runs` is empty, expected at least 1 run in each group. Give some."),
        (
            {"A": [claimed(0.5, 1), claimed(0.6, 1)]},
            "compare: `A` has two runs with seed 1, expected each seed once: the same seed trains the same"
            " model. Leave one of them out.",
        ),
        (
            {"A": [claimed(0.5, 1), claimed(0.6, 2, lr=1.0)]},
            "compare: the runs of `A` differ in lr, expected in their seed alone."
            " Put them into groups of their own.",
        ),
    ],
)
def test_runs_that_are_no_groups_are_named(runs, message):
    assert message == said(ArgumentError, lambda: nn.compare(runs))


def test_an_unknown_group_suggests_the_nearest():
    found = nn.compare({"wide": group([0.7] * 3), "deep": group([0.6] * 3)})
    assert said(ArgumentError, lambda: found.verdict("wide", "dep")) == (
        "verdict: `name` is 'dep', expected one of wide, deep. Did you mean 'deep'?"
    )
