"""Notebook 08, handed in wrong."""

from __future__ import annotations

from tests.wrong.submission import Caught, Wrong

NOTEBOOK = "08-referee"
CASES = (
    "counted-by-hand",
    "larger-kernels",
    "neuron-window",
    "plateau",
    "slow-start",
    "what-is-dear",
    "four-variants",
    "extra-layer",
    "big-batch",
    "written-sizes",
)
# Cells that only show something, and that no question needs.
EXHIBITS = ("counted-by-hand", "neuron-window", "plateau", "slow-start", "what-is-dear", "four-variants")
SHOWN = ("desk", *(f"{case}-exhibit" for case in EXHIBITS), *(f"{case}-opened" for case in CASES))

CLASS = (
    Wrong(
        "believes-everything",
        "Computes every number, and finds a good reason for whatever is printed.",
        (
            Caught("counted-by-hand", 0.5, ("custom-believed",)),
            Caught("larger-kernels", 0.5, ("blur-believed",)),
            Caught("plateau", 0.5, ("unsure-believed",)),
            Caught("slow-start", 0.5, ("accuracy-first-believed",)),
            Caught("what-is-dear", 0.5, ("once-each-believed",)),
            Caught("extra-layer", 0.5, ("overfitting-believed",)),
            Caught("big-batch", 0.5, ("blur-believed",)),
            Caught("written-sizes", 0.5, ("rounding-believed",)),
        ),
        edits={
            "counted-by-hand": ('"claim": 1, "reason": "d"', '"claim": 0, "reason": "f"'),
            "larger-kernels": ('"claim": 2, "reason": "b"', '"claim": 0, "reason": "e"'),
            "plateau": ('"claim": 1, "reason": "f"', '"claim": 0, "reason": "d"'),
            "slow-start": ('"claim": 3, "reason": "c"', '"claim": 0, "reason": "e"'),
            "what-is-dear": ('"claim": 2, "reason": "a"', '"claim": 0, "reason": "e"'),
            "extra-layer": ('"claim": 3, "reason": "e"', '"claim": 0, "reason": "d"'),
            "big-batch": ('"claim": 2, "reason": "b"', '"claim": 0, "reason": "e"'),
            "written-sizes": ('"claim": 3, "reason": "d"', '"claim": 0, "reason": "e"'),
        },
    ),
    Wrong(
        "accuses-everybody",
        "Finds something in every excerpt, since that is what a referee is there for.",
        (
            Caught("neuron-window", 0.5, ("edges-accused",)),
            Caught("four-variants", 0.5, ("caution-accused",)),
        ),
        edits={
            "neuron-window": ('"claim": 0, "reason": "e"', '"claim": 2, "reason": "b"'),
            "four-variants": ('"claim": 0, "reason": "c"', '"claim": 2, "reason": "a"'),
        },
    ),
    Wrong(
        "acquits-for-the-wrong-reason",
        "Lets the right excerpts pass, for reasons that would let others pass too.",
        (
            Caught("neuron-window", 0.75, ("shrinking-believed",)),
            Caught("four-variants", 0.75, ("all-good-believed",)),
        ),
        edits={
            "neuron-window": ('"reason": "e"', '"reason": "f"'),
            "four-variants": ('"reason": "c"', '"reason": "f"'),
        },
    ),
    Wrong(
        "remembers-another-ledger",
        "Knows from notebook 02 that a sum was off by one, and takes the total from this excerpt.",
        (Caught("counted-by-hand", 0, ("channels-forgotten", "sum-accused")),),
        answers={"counted-by-hand": 'case_1 = {"parameters": 137_610, "claim": 3, "reason": "b"}'},
    ),
    Wrong(
        "rounds-up",
        "Lets a window hang over wherever a size does not come out even.",
        (
            Caught("larger-kernels", 0, ("rounded-up", "pooling-accused", "padding-believed")),
            Caught("extra-layer", 1, ("rounded-up",)),
        ),
        answers={"larger-kernels": 'case_2 = {"conv2_height": 0, "claim": 1, "reason": "a"}'},
        edits={
            "extra-layer": (
                '"after": zoo.convnetjs_mnist(extra_conv=True)["fc"].input_shape[0]',
                '"after": 16 * 2 * 2',
            )
        },
    ),
    Wrong(
        "nothing-below-zero",
        "Hands a perfect answer to the loss in thought, and forgets the softmax inside it.",
        (Caught("plateau", 0.25, ("floor-zero",)),),
        answers={"plateau": 'case_4 = {"least_loss": 0.0, "claim": 1, "reason": "b"}'},
    ),
    Wrong(
        "one-error-is-enough",
        "Compares a difference with the standard error of one of the two.",
        (Caught("slow-start", 0.25, ("one-batch-only", "accuracy-first-believed", "one-error-believed")),),
        answers={
            "slow-start": """
case_5 = {"guessing_loss": np.log(10), "error_of_difference": (0.1 * 0.9 / 100) ** 0.5}
case_5 |= {"claim": 0, "reason": "f"}
"""
        },
    ),
    Wrong(
        "parameters-are-work",
        "Reads the column of the parameters for that of the multiply-adds.",
        (Caught("what-is-dear", 0.75, ("parameters-as-work",)),),
        edits={
            "what-is-dear": (
                '{"conv": ledger.of_kind("conv").multiply_adds, "fc": ledger.of_kind("fc").multiply_adds}',
                '{"conv": ledger.of_kind("conv").total, "fc": ledger.of_kind("fc").total}',
            )
        },
    ),
    Wrong(
        "forgets-the-root",
        "Gives variances for standard errors.",
        (Caught("four-variants", 0.75, ("root-forgotten",)),),
        edits={
            "four-variants": (
                '{"error_100": (0.96 * 0.04 / 100) ** 0.5, "error_10": (0.6 * 0.4 / 10) ** 0.5}',
                '{"error_100": 0.96 * 0.04 / 100, "error_10": 0.6 * 0.4 / 10}',
            )
        },
    ),
    Wrong(
        "counts-an-epoch",
        "Divides the 60,000 digits of MNIST, and thinks that equal digits give equal updates.",
        (Caught("big-batch", 0.75, ("one-epoch", "equal-examples")),),
        edits={
            "big-batch": (
                '"updates": 40_000 // 2000, "examples_for_as_many": (40_000 // 20) * 2000',
                '"updates": 60_000 // 2000, "examples_for_as_many": 40_000',
            )
        },
    ),
    Wrong(
        "recites-notebook-02",
        "Remembers 4,608 from the specification with padding 1, and that padding 1 was the trouble.",
        (Caught("written-sizes", 0, ("padding-1", "padding-accused")),),
        answers={"written-sizes": 'case_10 = {"fc1_inputs": 4608, "claim": 1, "reason": "a"}'},
    ),
    Wrong(
        "computes-and-keeps-quiet",
        "Gives the numbers of a case, and no verdict on it.",
        (Caught("counted-by-hand", 0.5, (), "missing"),),
        answers={
            "counted-by-hand": """
case_1 = {"parameters": zoo.report_cnn().ledger().total, "claim": None, "reason": None}
"""
        },
    ),
)
