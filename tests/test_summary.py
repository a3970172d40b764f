"""The class report's figures, held to numpy, scipy and scikit-learn's own arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from autograde.course import Assignment, Question
from autograde.result import Mark, Result, State
from autograde.summary import ENOUGH, Discrimination, summarise


def class_of(points, most=4.0):
    """Return the summary of a class: points is a table of students by questions."""
    made = Assignment("01-a", None, None)
    names = [f"test-q{number}" for number in range(len(points[0]))]
    vars(made)["questions"] = tuple(Question(name, most) for name in names)
    results = [
        Result(
            f"s{number:02}",
            "01-a",
            State.GRADED,
            most * len(names),
            marks=tuple(
                Mark(name, None if value is None else float(value), most, "correct")
                for name, value in zip(names, row, strict=True)
            ),
        )
        for number, row in enumerate(points)
    ]
    return summarise(made, results)


@pytest.fixture
def sixty():
    rng = np.random.default_rng(7)
    skill = rng.normal(size=(60, 1))
    return np.clip(np.round(2 + skill * [1.5, 1.5, 1.5, -1.2, 0.0] + rng.normal(size=(60, 5)), 1), 0, 4)


def test_the_distribution_is_numpys(sixty):
    summary = class_of(sixty.tolist())
    totals = sixty.sum(axis=1)
    assert summary.mean == pytest.approx(totals.mean())
    assert summary.median == pytest.approx(np.median(totals))
    assert summary.spread == pytest.approx(totals.std(ddof=1))
    assert summary.quarters == pytest.approx(tuple(np.percentile(totals, [25, 75])))
    assert summary.histogram == np.histogram(totals, bins=10, range=(0, 20))[0].tolist()


def test_difficulty_and_discrimination_are_scipys(sixty):
    summary = class_of(sixty.tolist())
    for place, question in enumerate(summary.questions):
        assert question.mean == pytest.approx(sixty[:, place].mean() / 4)
        rest = np.delete(sixty, place, axis=1).sum(axis=1)
        expected = stats.pearsonr(sixty[:, place], rest)
        interval = expected.confidence_interval(0.95)
        found = summary.discrimination(question)
        assert found.students == 60
        assert found.value == pytest.approx(expected.statistic)
        assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    words = [summary.discrimination(question).words for question in summary.questions]
    assert words[3] == "who does well elsewhere fails here: look at its test"
    assert words[4] == "cannot be told from chance"
    assert words[0].startswith("tells apart")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20)), min_size=ENOUGH, max_size=40))
def test_discrimination_is_a_correlation_or_nothing(pairs):
    own, rest = zip(*pairs, strict=True)
    found = Discrimination.of(own, rest)
    if len(set(own)) == 1 or len(set(rest)) == 1:
        assert (found.value, found.words) == (None, "the same for all")
    else:
        assert found.value == pytest.approx(np.corrcoef(own, rest)[0, 1], abs=1e-9)
        assert -1 <= found.low <= found.value <= found.high <= 1


def test_a_question_that_a_person_still_reads_counts_for_nobody(sixty):
    open_ = [[*row[:4], None if number < 5 else row[4]] for number, row in enumerate(sixty.tolist())]
    summary = class_of(open_)
    expected = stats.pearsonr(sixty[:, 0], sixty[:, 1:4].sum(axis=1)).statistic
    assert summary.discrimination(summary.questions[0]).value == pytest.approx(expected)
    last = summary.discrimination(summary.questions[4])
    assert last.students == 55
    assert last.value == pytest.approx(stats.pearsonr(sixty[5:, 4], sixty[5:, :4].sum(axis=1)).statistic)
    assert summary.waiting == 5


def test_from_a_few_students_nothing_is_said_about_questions(sixty):
    few = class_of(sixty[: ENOUGH - 1].tolist())
    found = few.discrimination(few.questions[0])
    assert (found.value, found.words) == (None, f"too few to say ({ENOUGH - 1})")
    assert few.few
    assert few.quarters is None
    assert not class_of(sixty[:ENOUGH].tolist()).few
