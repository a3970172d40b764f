"""Training in a thread of its own: started, paused, changed and looked at while it goes on."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakSet

import torch
from torch import nn

from cnnkit.errors import ArgumentError, TrainingError
from cnnkit.network import Network
from cnnkit.nn.arguments import require_dataset
from cnnkit.nn.beginning import final, module_of, run_of
from cnnkit.nn.budget import Budget
from cnnkit.nn.checks import require_ready
from cnnkit.nn.config import Config
from cnnkit.nn.curve import Curve
from cnnkit.nn.held import held
from cnnkit.nn.loop import Loop, Update
from cnnkit.nn.recorder import Recorder
from cnnkit.nn.run import Change, Evaluation, Final, Run
from cnnkit.nn.runlog import Log
from cnnkit.nn.sources import Dataset

__all__ = ["Live", "Pace"]

OPEN_END = 10**9  # examples: training that goes on until somebody stops it
KEPT = 0.98  # of a running mean, at an update


@dataclass(frozen=True)
class Pace:
    """Seconds for one example, by the clock on the wall: running means over about 50 updates."""

    forward: float = 0.0
    backward: float = 0.0

    def after(self, update: Update, examples: int) -> Pace:
        """Return the pace with another update in it."""
        kept = KEPT if self.forward else 0.0
        return Pace(
            kept * self.forward + (1 - kept) * update.forward_seconds / examples,
            kept * self.backward + (1 - kept) * update.backward_seconds / examples,
        )


class Live:
    """A run that trains in the background.

    Parameters
    ----------
    model : Network or torch.nn.Module
    dataset : Dataset
    examples : int, optional
        The budget. Without it training goes on until it is paused, and the run never counts as finished.
    batch_size, optimizer, lr, momentum, weight_decay, init, seed, evaluate_every, log, **options
        As for `fit`.
    news : function of nothing, called in the training thread after each update and when training ends

    Attributes
    ----------
    most : float or None
        Examples per second, for watching a network that would have learnt all in a blink; None for no limit.
    run : Run, as it stands
    model : torch.nn.Module, the one that is being trained
    curve : Curve, what the training batches showed
    pace : Pace
    reason : str or None, what ended the run; None while it can go on
    error : Exception or None, what stopped the thread

    Raises
    ------
    ArgumentError, ShapeError
        As `fit`, before anything is trained.

    Notes
    -----
    The loop is that of `fit`. With a budget, the same arguments and no change, the run is the same bit for
    bit, pauses or not, if no other cell draws torch's random numbers meanwhile and torch has as many
    threads. A run that was changed holds its changes in its configuration and in its log, and no comparison
    takes it for one of fixed settings.

    There is a thread only while training goes on. Pausing ends it, after the update that it is in; starting
    makes another, which goes on where the last one stopped.

    Examples
    --------
    >>> from cnnkit import data, zoo
    >>> live = Live(zoo.tfjs_mnist(), data.load("digits"), examples=640, lr=0.05)
    >>> live.start()
    >>> live.wait()
    >>> live.updates, live.run.reason
    (10, 'finished')
    """

    def __init__(
        self,
        model: nn.Module | Network,
        dataset: Dataset,
        *,
        examples: int | None = None,
        batch_size: int = 64,
        optimizer: str = "sgd",
        lr: float | None = None,
        momentum: float | None = None,
        weight_decay: float | None = None,
        init: str | None = None,
        seed: int = 0,
        evaluate_every: int | None = None,
        log: str | os.PathLike[str] | None = None,
        news: Callable[[], object] = lambda: None,
        **options: Any,
    ) -> None:
        require_dataset(dataset)
        given = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay} | options
        config = Config.of(
            Budget.of(examples=OPEN_END if examples is None else examples),
            batch_size=batch_size,
            optimizer=optimizer,
            options={name: value for name, value in given.items() if value is not None},
            schedule=None,
            patience=None,
            early_stop=None,
            monitor="loss",
            label_smoothing=0.0,
            precision=None,
            augment=None,
            init=init or ("kaiming" if isinstance(model, Network) else None),
            seed=seed,
            evaluate_every=evaluate_every,
        )
        self.model = module_of(model, config)
        config = replace(config, frozen=held(self.model))
        require_ready(self.model, dataset, config)
        run = run_of(self.model, dataset, config, model.name if isinstance(model, Network) else None)
        self._recorder = Recorder(run, None if log is None else Log(log, run.id))
        self.dataset, self.news = dataset, news
        self.curve, self.pace = Curve(), Pace()
        self.most: float | None = None
        self.reason: str | None = None
        self.error: BaseException | None = None
        self._thread: threading.Thread | None = None
        self._begun = self._held = False
        self._seen = 0
        self._asked, self._control = threading.Event(), threading.RLock()
        with torch.random.fork_rng(devices=[]):
            self._loop = Loop(
                self.model, dataset, config, None, self._evaluated, self._updated, self._asked.is_set
            )
            self._random = torch.get_rng_state()

    # --- where it stands ---

    @property
    def run(self) -> Run:
        """The run with all that happened in it so far."""
        return self._recorder.run

    @property
    def config(self) -> Config:
        """The settings of the next update."""
        return self._loop.config

    @property
    def updates(self) -> int:
        """Updates so far."""
        return self._loop.counters.updates

    @property
    def examples(self) -> int:
        """Examples seen so far."""
        return self._loop.counters.examples

    @property
    def running(self) -> bool:
        """Whether it is training now."""
        return self._held or (self._alive and not self._asked.is_set())

    @property
    def _alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    # --- what one can do ---

    def start(self) -> None:
        """Train, or go on; nothing happens where it is training already, or the run has ended."""
        with self._control:
            if self._asked.is_set():
                self.pause()  # the thread itself may have asked, and be about to end
            if self._alive or self.reason is not None:
                return
            if not self._begun:
                self._recorder.begin(None)
                self._begun = True
            TRAINING.add(self)
            self._asked.clear()
            self._thread = threading.Thread(target=self._work, name="cnnkit-training", daemon=True)
            self._thread.start()

    def pause(self) -> None:
        """Stop after the update that is being made; there is none once this has returned."""
        self._asked.set()
        if self._thread is threading.current_thread():
            return
        with self._control:
            if self._thread is not None:
                self._thread.join()
                self._thread = None

    def wait(self) -> None:
        """Wait until training stops by itself."""
        thread = self._thread
        if thread is not None:
            thread.join()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold the training between two updates, and let it go on afterwards."""
        with self._control:
            self._held = before = self._alive and not self._asked.is_set()
            self.pause()
            try:
                yield
            finally:
                if before:
                    self.start()
                self._held = False

    def change(self, **settings: Any) -> tuple[Change, ...]:
        """Change settings from the next update on; returns what is different now.

        Parameters
        ----------
        **settings : optimizer, batch_size, or options of the optimizer

        Raises
        ------
        ArgumentError
            As `fit`; or the run has ended. Nothing is changed then.
        """
        with self.still():
            if self.reason is not None:
                raise ArgumentError(
                    f"change: the run is {self.reason}, expected one that goes on. Begin a new one."
                )
            before = self.config
            config = before.changed(**settings)
            changes = tuple(
                Change(self.updates, self.examples, name, old, new)
                for name, old, new in _differences(before.record(), config.record())
            )
            if not changes:
                return ()
            require_ready(self.model, self.dataset, config)
            self._loop.change(config)
            if not self._begun:
                self._recorder.run = replace(self.run, config=config.record())
                return changes
            for change in changes:
                self._recorder.change(change)
            return changes

    def close(self) -> None:
        """End the run where it is: its log says "interrupted"."""
        with self._control:
            self.pause()
            if self.reason is None:
                self.reason = "interrupted"
                with self._own_random():
                    state = self._loop.state() if self.run.log is not None else None
                if self._begun:
                    self._recorder.end(self.reason, Final(), state)

    # --- in the thread ---

    def _work(self) -> None:
        # Of this thread alone: one core stays for the cells that are run meanwhile.
        torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 2) - 1)))
        try:
            while self._step():
                self.news()
                if self.most is not None:
                    self._asked.wait(self.config.batch_size / self.most)
        except BaseException as error:  # whatever it is: nobody else would ever hear of it
            self.error = error
            if self.reason is None:
                self.reason = "diverged" if isinstance(error, TrainingError) else "failed"
                self.model.load_state_dict(self._loop.best)
                self._recorder.end(self.reason, Final(), None)
        finally:
            self._asked.set()  # whoever is told looks at a run that stands still
            self.news()

    def _step(self) -> bool:
        """Take a step and return whether there is another."""
        with self._own_random():
            reason = self._loop.step()
            if reason == "interrupted":
                return False
            if reason is None:
                return True
            state = self._loop.state()
            self.model.load_state_dict(self._loop.best)
            self._recorder.end(reason, final(self.model, self.dataset, self.run), state)
            self.reason = reason
            return False

    @contextmanager
    def _own_random(self) -> Iterator[None]:
        """Draw torch's random numbers where this run left off, and leave everybody else's as they were."""
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._random)
            try:
                yield
            finally:
                self._random = torch.get_rng_state()

    def _evaluated(self, row: Evaluation) -> None:
        self._recorder.add(row, self._loop)

    def _updated(self, update: Update) -> None:
        examples = update.examples - self._seen
        self._seen = update.examples
        self.curve.add(examples, update.loss, round(update.accuracy * examples))
        self.pace = self.pace.after(update, examples)


TRAINING: WeakSet[Live] = WeakSet()


@atexit.register
def _stop_all() -> None:
    """Leave no thread inside torch when the interpreter goes."""
    for live in list(TRAINING):
        live.pause()


def _differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    for name in dict.fromkeys([*before, *after]):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)
