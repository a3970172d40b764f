"""The flaws of experiments that have names."""

from __future__ import annotations

from cnnkit.answers.evidence.question import Flaw

__all__ = ["REQUIRED", "UNSOUND"]

# --- before anything counts: the whole question earns nothing ---------------------------------------------

NO_LOG = Flaw("no-log", "A run without a log.", "Train with log='runs/NAME.jsonl', and hand in that folder.")
LOG_DAMAGED = Flaw("log-damaged", "A log that cannot be read.", "Hand in the file that fit wrote.")
LOG_EDITED = Flaw(
    "log-edited", "A log that was changed after it was written.", "Hand in the log as it was written."
)
COUNTERS = Flaw(
    "counters-backwards", "Counters of a log that go backwards.", "Hand in the log as it was written."
)
IMPOSSIBLE = Flaw(
    "counters-impossible",
    "Counters of a log that no training could give.",
    "Hand in the log as it was written.",
)
OTHER_WEIGHTS = Flaw(
    "weights-of-another-run",
    "Weights that are not those which the log names.",
    "Put the weights that fit saved beside the log: same name, ending in .safetensors.",
)
OTHER_DATA = Flaw("other-data", "A run on other data than the question asks for.", "Train on those.")
SWAPPED = Flaw(
    "test-used-for-selection",
    "The best weights were chosen on the test split.",
    "Choose on validation images; the test split is for the one measurement at the end.",
)
NOT_CHOSEN = Flaw(
    "not-chosen-by-validation",
    "The weights that were kept are not those that were best on the validation split.",
    "Hand in the log as it was written.",
)
UNFINISHED = Flaw("unfinished", "A run that did not reach its end.", "Go on with it: resume=run.")
CHANGED = Flaw(
    "changed-while-training",
    "A run whose settings were changed while it trained: it shows nothing about any one of them.",
    "Train again with fit, with the settings that you want to show from the first update on.",
)
SAME_RUN = Flaw(
    "same-run-twice",
    "One run that is given several times.",
    "Train once for each seed, and give each run once.",
)
AUGMENTED = Flaw(
    "validation-augmented",
    "Metrics that were measured on augmented images.",
    "Augment training images alone: fit(..., augment=...) does.",
)
TRAIN_MODE = Flaw(
    "measured-in-train-mode",
    "Metrics that were measured while dropout and batch normalisation were training.",
    "Measure with nn.evaluate, which switches to evaluation mode and back.",
)
NOT_MEASURED = Flaw(
    "claim-not-reproduced",
    "Weights that do not do what their log says.",
    "Hand in the log and the weights of one and the same run.",
)
# half
NO_WEIGHTS = Flaw(
    "weights-missing",
    "A log without weights: nobody can measure again.",
    "Hand in the .safetensors file beside the log.",
)

UNSOUND = (
    NO_LOG, LOG_DAMAGED, LOG_EDITED, COUNTERS, IMPOSSIBLE, OTHER_WEIGHTS, OTHER_DATA, SWAPPED, NOT_CHOSEN,
    UNFINISHED, CHANGED, SAME_RUN, AUGMENTED, TRAIN_MODE, NOT_MEASURED,
)  # fmt: skip

# --- what a requirement may find --------------------------------------------------------------------------

OTHER_OPTIONS = Flaw(
    "other-options",
    "A run with other options than were asked for.",
    "Train with the options of the question.",
)
OTHER_NETWORK = Flaw("other-network", "A run of another network.", "Train the network of the question.")
SAME_NETWORK = Flaw(
    "same-network", "Runs of one network where several were asked for.", "Change the layers themselves."
)
UNEQUAL_BUDGETS = Flaw(
    "unequal-budgets",
    "Runs that are compared although they did not see equally many examples.",
    "Give all runs the same budget.",
)
OTHER_BUDGET = Flaw("other-budget", "A run with another budget.", "Train with the budget of the question.")
SEVERAL_FACTORS = Flaw(
    "several-factors",
    "Runs that are compared although they differ in several things.",
    "Change one thing at a time.",
)
NOT_VARIED = Flaw(
    "factor-not-varied", "The thing that was to be changed is the same everywhere.", "Change it."
)
FEW_SEEDS = Flaw(
    "too-few-seeds",
    "Too few seeds to tell a difference from luck.",
    "Train with more seeds: the next one may say something else.",
)
BELOW = Flaw("below-threshold", "Accuracy below what was asked for.", "Train longer, or another network.")
DOUBLE_SOFTMAX = Flaw(
    "double-softmax",
    "A softmax before the loss, which applies one itself.",
    "Give the loss logits: leave the softmax out of the model.",
)
INSIDE_NOISE = Flaw(
    "claim-inside-noise",
    "Something is called better that is not so by two standard errors.",
    "A gap inside two standard errors shows nothing: say 'neither', or train with more seeds.",
)
REVERSED = Flaw("claim-reversed", "The worse one is called the better.", "Look at the numbers again.")
OVERLOOKED = Flaw(
    "difference-overlooked",
    "A difference beyond two standard errors is called none.",
    "Compare the gap with two standard errors: nn.compare does.",
)
UNKNOWN_CLAIM = Flaw("claim-unknown", "A word that none of the runs is called.", "Copy one of these names.")
UNSAID = Flaw(
    "claim-unsaid",
    "A word or a number beside the runs that is missing, or something else.",
    "Fill it in from what the runs show.",
)

REQUIRED = (
    OTHER_OPTIONS, OTHER_NETWORK, SAME_NETWORK, UNEQUAL_BUDGETS, OTHER_BUDGET, SEVERAL_FACTORS, NOT_VARIED,
    FEW_SEEDS, BELOW, DOUBLE_SOFTMAX, INSIDE_NOISE, REVERSED, OVERLOOKED,
    UNKNOWN_CLAIM, UNSAID,
)  # fmt: skip
