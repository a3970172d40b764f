"""Questions about experiments: graded from run logs and saved weights, not from what is said about them.

A notebook's room declares a question by what it asks of the runs, each requirement with its points::

    from cnnkit.answers.evidence import EvidenceQuestion, ask

    EvidenceQuestion(
        id="batch-sizes",
        code="A3-7",
        variable="batch_sizes",
        ask="Train with batches of 20 and of 200 on 20,000 examples, three seeds each. Which is better?",
        data=("mnist",),                      # or what stands in for it
        groups=("20", "200"),                 # the entries of the dict that hold runs
        claims=("better",),                   # ... and those that hold a word
        requirements=(
            ask.options(1, optimizer="sgd"),
            ask.seeds(0.5, 3),
            ask.equal_budgets(0.5, examples=20_000),
            ask.one_factor(1, "batch_size"),
            ask.verdict(1, "better"),
        ),
    )

It is checked like every other question, in the student's notebook and in the grader by the same code::

    batch_sizes = {"20": [run_a, run_b, run_c], "200": [run_d, run_e, run_f], "better": "20"}
    check.answer("batch-sizes", batch_sizes)

Without `groups` and `claims` the answer is one run, or a list of runs; with ``groups=None`` a dict whose
names are the student's own; `numbers` are entries that hold a number. In a room, evidence questions stand in
the tuple QUESTIONS beside the others.

What is read of a run is ``run.evidence()``: the text of its log and the arrays of its weights. Before any
requirement counts, the log must be whole, of a finished run on the right data, and its weights must do what
it says, measured again: otherwise the whole question earns nothing, and the flaw is named (`flaws.UNSOUND`).
A log without weights earns half. Where the data that the log names are not here, a person must look: the
verdict is "by hand".
"""

from __future__ import annotations

from cnnkit.answers.evidence import ask, flaws
from cnnkit.answers.evidence.experiment import Experiment, Trained
from cnnkit.answers.evidence.question import EvidenceQuestion, Finding, Flaw, Requirement

__all__ = ["EvidenceQuestion", "Experiment", "Finding", "Flaw", "Requirement", "Trained", "ask", "flaws"]
