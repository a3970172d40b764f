"""Training: one call that checks everything first, trains, keeps the best, and writes down what happened."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cnnkit.errors import ArgumentError, TrainingError
from cnnkit.network import Network
from cnnkit.nn.arguments import require_dataset, require_function, require_path, require_run
from cnnkit.nn.beginning import final, module_of, run_of
from cnnkit.nn.budget import Budget
from cnnkit.nn.checks import require_ready
from cnnkit.nn.config import Config
from cnnkit.nn.held import held
from cnnkit.nn.interrupt import between_updates
from cnnkit.nn.kept import FINISHED, kept_run
from cnnkit.nn.loop import Loop, Update
from cnnkit.nn.progress import Progress, never_better
from cnnkit.nn.recorder import Recorder
from cnnkit.nn.run import Evaluation, Final, Run
from cnnkit.nn.runlog import Log, state_path
from cnnkit.nn.schedule import Schedule
from cnnkit.nn.sources import Dataset
from cnnkit.nn.state import State

__all__ = ["fit"]


def fit(
    model: nn.Module | Network,
    dataset: Dataset,
    *,
    epochs: int | None = None,
    examples: int | None = None,
    seconds: float | None = None,
    batch_size: int = 64,
    optimizer: str = "sgd",
    lr: float | None = None,
    momentum: float | None = None,
    weight_decay: float | None = None,
    schedule: str | Schedule | Mapping[str, Any] | None = None,
    patience: int | None = None,
    early_stop: int | None = None,
    monitor: str = "loss",
    label_smoothing: float = 0.0,
    precision: str | None = None,
    augment: Any = None,
    init: str | None = None,
    seed: int = 0,
    evaluate_every: int | None = None,
    on_step: Callable[[Update], object] | None = None,
    log: str | os.PathLike[str] | None = None,
    resume: Run | None = None,
    progress: bool = True,
    **options: Any,
) -> Run:
    """Train a model and return what happened, with the best model found.

    Parameters
    ----------
    model : Network or torch.nn.Module
        A Network is built first, by `init` ("kaiming" if not given) and `seed`. A module is trained in
        place, from the weights it has, unless `init` is given. It must give logits (N, classes).
    dataset : Dataset
        As ``cnnkit.data.load`` gives it.
    epochs, examples, seconds : exactly one of them
        The budget. `examples` is kept to the example: the last batch is cut. `seconds` are CPU seconds of
        this process spent on updates, all threads together; evaluations are not counted.
    batch_size : int, at most the training split's size
    optimizer : "sgd", "adam", "adamw", "adagrad", "adadelta", "rmsprop" or "muon"
    lr, momentum, weight_decay, **options : the optimizer's, by torch's names and with torch's defaults
        For instance ``nesterov=True``, ``betas=(0.9, 0.99)``, ``rho=0.95``. "muon" is Muon for filters,
        AdamW for all else; see `cnnkit.nn.muon`.
    schedule : "constant", "one_cycle", "cosine", "step", "plateau", or one of `cnnkit.nn.schedule`
    patience : int, in evaluations
        With "plateau" (the schedule if none is named): divide the rate by 10 after so many evaluations
        without improvement.
    early_stop : int, in evaluations
        Stop after so many evaluations without improvement.
    monitor : "loss" or "accuracy"
        What "improvement" and "best" look at, on the validation split. Equal is no improvement.
    label_smoothing : float, 0 to 1; in updates only, not in anything that is reported
    precision : "bfloat16", or None for float32
        bfloat16 in updates, where the CPU computes it faster than float32 (AVX-512 BF16 or AMX), else None:
        the run's `config` says which it was. Weights and evaluations stay in float32.
    augment : passed to the training split's loader alone
    init : "kaiming", "xavier", "torch" or "convnetjs"; see `initialise`
    seed : int
        Decides first weights, the order of batches, augmentation and dropout.
    evaluate_every : int, in examples; each epoch if not given
        There is an evaluation before the first update and one after the last as well.
    on_step : function of an `Update`, called after each
        A KeyboardInterrupt raised in it stops the run like Ctrl-C does.
    log : path of a ``.jsonl`` file, or a folder
        The run log; in a folder the file is named by the run's id. The best weights and the state for
        `resume` come to lie beside it. Nothing is overwritten. Where the file holds this very run, it is
        read if it was finished, and goes on if it was stopped or its process was killed.
    resume : Run, stopped or read from its log
        Go on with it, with the arguments of its own call; only the budget, counted from its start, may be
        larger.
    progress : bool
        A bar in notebooks and terminals, a line for each evaluation elsewhere; False for none.

    Returns
    -------
    Run
        `run.model` has the weights of the best evaluation. The test split is used once, at the end. After
        Ctrl-C or the notebook's stop button, `run.reason` is "interrupted" and there is no final
        measurement yet. Where the training loss never fell and the best weights are the first ones, a
        sentence says so.

    Raises
    ------
    ArgumentError, ShapeError
        Before anything is trained: an unknown name (with the nearest known one), a budget that is not
        one, a batch larger than the data, labels out of range, an output that is not one logit a class; a
        `log` that holds another run, with what differs, is being written elsewhere, or cannot be written.
    TrainingError
        The loss is infinite or no number. The model has the best weights so far; `error.run` is the run.

    Notes
    -----
    With `epochs` or `examples`, the same call on the same machine, torch and number of threads gives the
    same weights bit for bit, also when it was interrupted and resumed. With `seconds`, a faster machine
    gets further, and the order of the work is the same.

    Examples
    --------
    >>> from cnnkit import data, zoo
    >>> run = fit(zoo.tfjs_mnist(), data.load("digits"), examples=640, lr=0.05, progress=False)
    >>> [row.updates for row in run.history], run.final.test.n
    ([0, 10], 359)
    """
    require_dataset(dataset)
    if on_step is not None:
        require_function("on_step", on_step)
    if log is not None:
        require_path("fit", "log", log)
    if resume is not None:
        require_run(resume)
    budget = Budget.of(epochs, examples, seconds)
    given = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
    config = Config.of(
        budget,
        batch_size=batch_size,
        optimizer=optimizer,
        options={name: value for name, value in given.items() if value is not None} | options,
        schedule=schedule,
        patience=patience,
        early_stop=early_stop,
        monitor=monitor,
        label_smoothing=label_smoothing,
        precision=precision,
        augment=augment,
        init=init or ("kaiming" if isinstance(model, Network) else None),
        seed=seed,
        evaluate_every=evaluate_every,
    )
    module = module_of(model, config)
    config = replace(config, frozen=held(module))
    name = model.name if isinstance(model, Network) else None
    if log is not None and resume is None and os.path.isfile(log):
        resume = kept_run(log, run_of(module, dataset, config, name))
        if resume is not None and resume.reason in FINISHED:
            return resume
    require_ready(module, dataset, config)
    start = run_of(module, dataset, config, name)
    if resume is not None:
        start = _resumed(resume, start, config)
        _require_its_log(log, resume)
        _require_log_there(resume)
        state = resume.state or State.load(state_path(_log_of(resume)))
        log = resume.log
    else:
        state = None
    written = None if log is None else Log(log, start.id, goes_on=resume is not None)
    recorder = Recorder(start, written)
    recorder.begin(state)
    bar = Progress(budget, len(dataset.train), progress)

    def on_row(row: Evaluation) -> None:
        recorder.add(row, loop)
        bar.evaluated(row)

    def after_update(update: Update) -> None:
        bar.advance(update.examples, update.cpu_seconds)
        if on_step is not None:
            on_step(update)

    with torch.random.fork_rng(devices=[]), between_updates() as interruption:
        loop = Loop(module, dataset, config, state, on_row, after_update, lambda: interruption.asked)
        try:
            reason = loop.go()
            end = loop.state()
        except TrainingError as error:
            module.load_state_dict(loop.best)
            error.run = recorder.end("diverged", Final(), None)
            raise
        finally:
            bar.close()
            if written is not None:
                written.close()
    module.load_state_dict(loop.best)
    measured = Final() if reason == "interrupted" else final(module, dataset, recorder.run)
    run = recorder.end(reason, measured, end)
    if reason != "interrupted" and (sentence := never_better(run)):
        print(sentence)
    return run


def _resumed(run: Run, start: Run, config: Config) -> Run:
    """Return `run` as the beginning of this one, or raise because they are not the same."""
    config.require_same(run.config)
    for what, theirs, ours in (
        ("model", run.signature, start.signature),
        ("dataset", run.data, start.data),
    ):
        if theirs != ours:
            raise ArgumentError(
                f"fit: `{what}` is not that of the run to be resumed, expected the same. Repeat the call of"
                " that run; only the budget may grow."
            )
    return replace(
        run, config=start.config, model=start.model, final=Final(), reason="unfinished", state=None
    )


def _require_its_log(log: str | os.PathLike[str] | None, run: Run) -> None:
    if log is not None and (run.log is None or Path(log) not in (run.log, run.log.parent)):
        raise ArgumentError(
            f"fit: `log` is {log}, the run to be resumed has {run.log or 'none'}, expected the same."
            " Leave `log` out: a run goes on in its own log."
        )


def _require_log_there(run: Run) -> None:
    if run.log is not None and not run.log.is_file():
        raise ArgumentError(
            f"fit: `resume` is a run that goes on in {run.log}, expected that file to be there."
            " Put it back, or train from the beginning without `resume`."
        )


def _log_of(run: Run) -> Path:
    if run.log is None:
        raise ArgumentError(
            "fit: `resume` is a run without state and without a log, expected a run that was stopped."
            " Give what fit returned, or what runlog.read returns."
        )
    return run.log
