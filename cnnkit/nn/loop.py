"""The training loop: update, evaluate, keep the best, stop in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite, sqrt
from time import perf_counter, process_time

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnnkit.errors import TrainingError
from cnnkit.nn.config import Config
from cnnkit.nn.evaluate import Metrics, evaluate, require_tensor
from cnnkit.nn.modules import channels_last
from cnnkit.nn.optimizers import make_optimizer
from cnnkit.nn.patience import improves
from cnnkit.nn.precision import computing, resolve_precision
from cnnkit.nn.run import Evaluation
from cnnkit.nn.schedule import Plateau
from cnnkit.nn.sources import Batch, Dataset, training_batches
from cnnkit.nn.state import Counters, State, copied, optimizer_tensors, restore_optimizer, weights_hash

__all__ = ["Loop", "Update"]

SAMPLE = 2000  # training examples that are evaluated again and again


@dataclass(frozen=True)
class Update:
    """What `on_step` is told after each update.

    Parameters
    ----------
    updates, examples, epoch : int, since the start
    loss, accuracy : float, of this batch, in training mode, before the update
    lr : float
    cpu_seconds : float, spent on training since the start
    forward_seconds, backward_seconds : float, of this batch, by the clock on the wall
        Backward is with the change of the weights.
    """

    updates: int
    examples: int
    epoch: int
    loss: float
    accuracy: float
    lr: float
    cpu_seconds: float
    forward_seconds: float = 0.0
    backward_seconds: float = 0.0


class Loop:
    """One run in progress.

    Parameters
    ----------
    model, dataset, config
    state : State, optional
        Where an earlier run stopped.
    on_row : called with each Evaluation
    on_step : called with each Update
    asked_to_stop : called between updates
    """

    def __init__(
        self,
        model: nn.Module,
        dataset: Dataset,
        config: Config,
        state: State | None,
        on_row: Callable[[Evaluation], None],
        on_step: Callable[[Update], object],
        asked_to_stop: Callable[[], bool],
    ) -> None:
        self.model = channels_last(model)
        self.dataset, self.config = dataset, config
        self.on_row, self.on_step, self.asked_to_stop = on_row, on_step, asked_to_stop
        self.size = len(dataset.train)
        self.sample = dataset.train.take(min(SAMPLE, self.size), seed=0)
        self.optimizer = make_optimizer(config.optimizer, config.options, model)
        self.optimizer.zero_grad()
        self.optimizer.step()  # changes nothing yet; torch loads its compiler here, which is no training
        self.counters = Counters()
        self.best = copied(model.state_dict())
        self.device = next(model.parameters()).device
        self.precision = resolve_precision(config.precision)
        torch.manual_seed(config.seed)
        if state is not None:
            self.counters = Counters(**{**vars(state.counters), "running": list(state.counters.running)})
            self.best = copied(state.best)
            model.load_state_dict(state.model)
            restore_optimizer(self.optimizer, state.optimizer)
            torch.set_rng_state(state.random)
        self._batches = self._from_here()
        self.model.train()

    def state(self) -> State:
        """Return where training stands, as copies."""
        counters = Counters(**{**vars(self.counters), "running": list(self.counters.running)})
        sums = optimizer_tensors(self.optimizer)
        return State(
            counters, copied(self.model.state_dict()), copied(self.best), sums, torch.get_rng_state()
        )

    def go(self) -> str:
        """Train until something ends it, and return what: "finished", "early stop" or "interrupted".

        Raises
        ------
        TrainingError
            A loss is infinite or no number.
        """
        while True:
            reason = self.step()
            if reason is not None:
                return reason

    def step(self) -> str | None:
        """Evaluate if it is time to, then update once; return what ends the training, None if nothing does.

        Raises
        ------
        TrainingError
            As `go`.
        """
        if self._evaluation_is_due():
            self._evaluate()
        if self._out_of_patience():
            return "early stop"
        if self._spent() >= 1:
            return "finished"
        if self.asked_to_stop():
            return "interrupted"
        update = self._update()
        try:
            self.on_step(update)
        except KeyboardInterrupt:
            return "interrupted"
        return None

    def change(self, config: Config) -> None:
        """Go on with other settings from the next update on.

        Another optimizer begins without its sums. Another batch size begins a new pass over the data: the
        places of the old batches mean nothing to the new ones.
        """
        before, self.config = self.config, config
        if config.optimizer != before.optimizer:
            self.optimizer = make_optimizer(config.optimizer, config.options, self.model)
        else:
            for group in self.optimizer.param_groups:
                group.update({name: value for name, value in config.options.items() if name in group})
        if config.batch_size != before.batch_size:
            self.counters.epoch += self.counters.batch > 0
            self.counters.batch = 0
            self._batches = self._from_here()

    def _spent(self) -> float:
        counters = self.counters
        return self.config.budget.share(counters.examples, counters.cpu_seconds, self.size)

    def _evaluation_is_due(self) -> bool:
        seen, last = self.counters.examples, self.counters.evaluated
        if seen == last:
            return False
        every = self.config.evaluate_every or self.size
        return last < 0 or seen // every > last // every or self._spent() >= 1

    def _out_of_patience(self) -> bool:
        return self.config.early_stop is not None and self.counters.since_best >= self.config.early_stop

    def _from_here(self) -> Iterator[tuple[bool, Batch]]:
        """Yield the batches from where training stands, and whether each is its epoch's last."""
        skip = self.counters.batch
        while True:
            batches = training_batches(self.dataset, self.config, self.counters.epoch)
            last = len(batches) - 1
            for place, batch in enumerate(batches):
                if place < skip:
                    continue
                yield place == last, batch
            skip = 0

    def _update(self) -> Update:
        began, start = process_time(), perf_counter()
        counters, config = self.counters, self.config
        last, (x, y) = next(self._batches)
        left = config.budget.left(counters.examples, self.size)
        if left is not None:
            x, y = x[:left], y[:left]
        x, y = x.to(self.device), y.to(self.device)
        counters.lr = config.options["lr"] * config.schedule.factor(self._spent(), counters.drops)
        for group in self.optimizer.param_groups:
            group["lr"] = counters.lr
        with computing(self.precision, self.device):
            logits = require_tensor("fit", self.model(x)).float()
        loss = functional.cross_entropy(logits, y, label_smoothing=config.label_smoothing)
        self._require_finite("loss", loss.item())
        forward = perf_counter()
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        backward = perf_counter()
        each, correct = self._note(logits.detach(), y)
        counters.updates += 1
        counters.examples += len(y)
        counters.epoch, counters.batch = (
            (counters.epoch + 1, 0) if last else (counters.epoch, counters.batch + 1)
        )
        counters.cpu_seconds += process_time() - began
        return Update(
            counters.updates,
            counters.examples,
            counters.epoch,
            each,
            correct / len(y),
            counters.lr,
            counters.cpu_seconds,
            forward - start,
            backward - forward,
        )

    def _note(self, logits: Tensor, y: Tensor) -> tuple[float, int]:
        """Add a batch to the running sums; return its mean loss, unsmoothed, and right answers."""
        losses = functional.cross_entropy(logits, y, reduction="none").double()
        correct = int((logits.argmax(dim=1) == y).sum())
        batch = (len(y), losses.sum().item(), losses.square().sum().item(), correct)
        self.counters.running = [a + b for a, b in zip(self.counters.running, batch, strict=True)]
        return batch[1] / len(y), correct

    def _running(self) -> Metrics | None:
        n, total, squares, correct = self.counters.running
        if not n:
            return None
        loss, accuracy = total / n, correct / n
        spread = sqrt(max(squares / n - loss**2, 0.0) / n)
        return Metrics(loss, accuracy, int(n), sqrt(accuracy * (1 - accuracy) / n), spread)

    def _evaluate(self) -> None:
        began = process_time()
        counters, config = self.counters, self.config
        train = evaluate(self.model, self.sample)
        validation = evaluate(self.model, self.dataset.validation)
        self._require_finite("validation loss", validation.loss)
        measured = getattr(validation, config.monitor)
        better = improves(measured, counters.best, config.monitor)
        counters.since_best = 0 if better else counters.since_best + 1
        counters.since_drop = 0 if better else counters.since_drop + 1
        if better:
            counters.best = measured
            self.best = copied(self.model.state_dict())
        if isinstance(config.schedule, Plateau) and counters.since_drop >= config.schedule.patience:
            counters.drops, counters.since_drop = counters.drops + 1, 0
        running, counters.running = self._running(), [0, 0.0, 0.0, 0]
        counters.evaluated = counters.examples
        counters.evaluation_seconds += process_time() - began
        self.on_row(
            Evaluation(
                updates=counters.updates,
                examples=counters.examples,
                epoch=counters.examples / self.size,
                cpu_seconds=counters.cpu_seconds,
                evaluation_seconds=counters.evaluation_seconds,
                lr=counters.lr,
                running=running,
                train=train,
                validation=validation,
                best=better,
                weights=weights_hash(self.model.state_dict()),
            )
        )

    def _require_finite(self, what: str, value: float) -> None:
        if not isfinite(value):
            lr = self.counters.lr
            raise TrainingError(
                f"fit: the {what} is {value} at update {self.counters.updates + 1}"
                f" ({self.counters.examples:,} examples seen, learning rate {lr:g}), expected a finite"
                f" number. Try lr={self.config.options['lr'] / 10:g}; if that fails too, init='kaiming', or"
                " look for images that are not normalised."
            )
