"""The live training dashboard: a network trains while one watches, changes its settings, looks inside."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import traitlets

from cnnkit.errors import ArgumentError
from cnnkit.network import Network
from cnnkit.widgets.parts.assets import script, style
from cnnkit.widgets.parts.fallback import PicturedWidget, in_grading
from cnnkit.widgets.parts.settings import Choice, Number, Switch, WholeNumber
from cnnkit.widgets.training_dashboard.plan import Plan, fitted, planned
from cnnkit.widgets.training_dashboard.settings import (
    LEARNING_RATES,
    SETTINGS,
    WITH_MOMENTUM,
    begun,
    in_our_name,
    said_of,
    unsigned,
)
from cnnkit.widgets.training_dashboard.value import Standing
from cnnkit.widgets.training_dashboard.watch import Watch, take_over_the_cell

if TYPE_CHECKING:
    from torch import nn

    from cnnkit.data import Dataset
    from cnnkit.nn import Live, Run

__all__ = ["TrainingDashboard", "training_dashboard"]

TABS = ("predictions", "layers", "network", "runs")
PERIOD = 0.2  # seconds between two frames; a server may drop what comes faster than a megabyte a second
LOOK = 0.7  # ... between two looks inside
WINDOW = 100  # examples, for `value`
EARLIER = 8  # runs that are kept for comparing


class TrainingDashboard(PicturedWidget):
    """A dashboard for training; `training_dashboard` makes one.

    The attributes `optimizer`, `lr`, `momentum`, `weight_decay`, `batch_size` are the settings: set one, and
    the next update is the first with it. `seed` counts from the next run on.
    """

    called = "training_dashboard"
    _esm = script(called)
    _css = style(called)

    optimizer = Choice(LEARNING_RATES).tag(sync=True)
    lr = Number(0, 1000, "Give a learning rate such as 0.01.").tag(sync=True)
    momentum = Number(0, 0.9999, "Give the share that is kept, such as 0.9.").tag(sync=True)
    weight_decay = Number(0, 100, "Give a weight decay such as 0.001.").tag(sync=True)
    batch_size = WholeNumber(1, 65536, "examples").tag(sync=True)
    seed = WholeNumber(0, 2**31 - 1).tag(sync=True)
    speed = WholeNumber(0, 10**6, "examples per second; 0 is as fast as it can").tag(sync=True)

    x_axis = Choice(("examples", "updates")).tag(sync=True)
    window = WholeNumber(1, 100_000, "examples").tag(sync=True)
    zoom = Switch(False).tag(sync=True)
    tab = Choice(TABS).tag(sync=True)
    image = WholeNumber(0, 11).tag(sync=True)
    layer = traitlets.Unicode("").tag(sync=True)
    shared_scale = Switch(False).tag(sync=True)

    network = traitlets.Dict(read_only=True).tag(sync=True)
    images = traitlets.Dict(read_only=True).tag(sync=True)
    frame = traitlets.Dict({"status": "ready"}, read_only=True).tag(sync=True)
    panel = traitlets.Dict(read_only=True).tag(sync=True)
    earlier: traitlets.List[dict[str, Any]] = traitlets.List(read_only=True).tag(sync=True)
    said = traitlets.Dict(read_only=True).tag(sync=True)
    no_momentum = traitlets.List(
        [name for name in LEARNING_RATES if name not in WITH_MOMENTUM], read_only=True
    ).tag(sync=True)

    def __init__(self, plan: Plan, dataset: Dataset, begin: Mapping[str, Any], **settings: Any) -> None:
        self._given, self._begin = dataset, dict(begin)
        self._live: Live | None = None
        self._weights: Mapping[str, Any] | None = None
        self._over: list[tuple[str, Run]] = []
        self._numbered = self._sayings = 0
        self._sent = self._looked = 0.0
        self._silent = False
        self._watch = Watch(lambda: self._live is not None and self._live.running, self.pause)
        super().__init__(**{**plan.settings, **settings})
        self._plan_to(plan)
        self.observe(self._setting_changed, names=["optimizer", *SETTINGS])
        self.observe(self._look_anew, names=["tab", "image", "layer"])
        self.observe(self._limit, names=["speed"])
        self.on_msg(self._hear)
        take_over_the_cell(self)

    # --- where it stands ---

    @property
    def status(self) -> str:
        """One of "ready", "running", "paused", "finished", "diverged", "failed"."""
        live = self._live
        if live is None:
            return "ready"
        if live.running:
            return "running"
        if live.reason in (None, "interrupted"):
            return "paused" if live.updates else "ready"
        return live.reason

    @property
    def value(self) -> Standing:
        """Where the run stands now."""
        live, title = self._live, self._dataset_title
        if live is None:
            return Standing("ready", data=title)
        run, last = live.run, live.curve.last(WINDOW)
        row = run.history[-1] if run.history else None
        return Standing(
            status=self.status,
            examples=live.examples,
            updates=live.updates,
            running=None if last is None else _running(last),
            train=row.train if row else None,
            validation=row.validation if row else None,
            test=run.final.test,
            changes=run.changes,
            data=title,
            error="" if live.error is None else str(live.error),
        )

    @property
    def run(self) -> Run | None:
        """The run as evidence sees it; None before the first start. Changes stand in its configuration."""
        return None if self._live is None else self._live.run

    @property
    def runs(self) -> dict[str, Run]:
        """The earlier runs by their names on the page, without their models."""
        return dict(self._over)

    @property
    def model(self) -> nn.Module | None:
        """The module that is being trained; None before the first start."""
        return None if self._live is None else self._live.model

    @property
    def error(self) -> BaseException | None:
        """What stopped the training thread, if anything did."""
        return None if self._live is None else self._live.error

    # --- what one can do ---

    def start(self) -> None:
        """Train, or go on. A run that has ended gives way to a new one.

        While a notebook is graded nothing is trained, and a sentence says so.
        """
        if in_grading():
            print("training_dashboard: nothing is trained live while a notebook is graded.")
            return
        if self._live is not None and self._live.reason is not None:
            self.reset()
        self._made().start()
        self._watch.go_on()
        self._show()

    def pause(self) -> None:
        """Stop after the update that is being made; there is none once this has returned."""
        if self._live is not None:
            self._live.pause()
            self._show()

    def wait(self) -> None:
        """Wait until training stops by itself: at the end of its budget, or with an error."""
        if self._live is not None:
            self._live.wait()
            self._show()

    def reset(self) -> None:
        """Begin anew with first weights; a run that has seen something stays as a faint curve."""
        self._retire()
        self._show()

    def change_network(self, network: Network | str) -> None:
        """Train another network from now on, in a new run.

        Parameters
        ----------
        network : Network, or the text of layer_defs
            A line that makes a trainer sets optimizer, rate, momentum, batch and decay as well.

        Raises
        ------
        ArgumentError, ShapeError
            It cannot be, or does not fit the data. Nothing is changed then.
        """
        plan = planned(network)
        self._require(plan)
        self._retire()
        self._weights = None
        self._plan_to(plan)
        self._show()
        self._say("network", True, f"{_named(plan)} is the network now. {plan.note}".strip())

    def snapshot(self, path: str | os.PathLike[str] | None = None) -> dict[str, Any]:
        """Return the network as ConvNetJS's JSON, and write it to `path` if one is given.

        Raises
        ------
        ArgumentError
            ConvNetJS has not all of the layers; the message names the first.

        Notes
        -----
        ConvNetJS reads and ignores one entry more, "cnnkit": how the images were scaled in training.
        """
        from cnnkit.widgets.training_dashboard.snapshot import saved

        live = self._made()
        with live.still():
            found = saved(self._plan.network, live.model, live.dataset)
        if path is not None:
            Path(path).write_text(json.dumps(found), encoding="utf-8")
        return found

    def load(self, source: str | os.PathLike[str] | Mapping[str, Any]) -> None:
        """Go on from a saved network, in a new run.

        Parameters
        ----------
        source : path, text or content of ConvNetJS's JSON

        Raises
        ------
        ArgumentError, ShapeError
            It is no such file, or its network does not fit the data. Nothing is changed then.
        """
        from cnnkit.widgets.training_dashboard.snapshot import loaded

        plan, weights, note = loaded(source)
        self._require(plan)
        self._retire()
        self._plan_to(plan)
        self._weights = weights
        self._show()
        self._say("snapshot", True, note)

    def close(self) -> None:
        """Stop training for good and leave the page; where the run stood can still be asked."""
        if self._live is not None:
            self._live.close()
        self._watch.close()
        super().close()

    # --- a run, from its making to its end ---

    def _require(self, plan: Plan) -> None:
        """Raise unless the plan fits the data and its settings are within their limits."""
        fitted(plan.network, self._given)
        for name, value in plan.settings.items():
            self.traits()[name].validate(self, value)

    def _plan_to(self, plan: Plan) -> None:
        from cnnkit.widgets.training_dashboard.frames import SHOWN, shown_images

        self._plan = plan
        self._data = fitted(plan.network, self._given)
        self._options = dict(plan.options)
        with self._quietly():
            for name, value in plan.settings.items():
                setattr(self, name, value)
        self.set_trait("network", plan.record())
        pictures = shown_images(self._data)
        self.set_trait(
            "images",
            {
                "title": self._dataset_title,
                "stand_in": self._data.stand_in or "",
                "classes": list(self._data.classes),
                "counts": [len(self._data.train), len(self._data.validation), len(self._data.test)],
                "shape": list(pictures.shape),
                "pixels": pictures.tobytes(),
                "labels": [int(label) for label in self._data.validation.labels[:SHOWN]],
            },
        )

    def _made(self) -> Live:
        """Return the run, made now if there is none."""
        if self._live is None:
            from cnnkit.nn import Live, build

            begin = dict(self._begin)
            model: Any = self._plan.network
            if self._weights is not None:
                model, begin["init"] = build(model, weights=self._weights), None
            measured = len(self._data.validation) + min(2000, len(self._data.train))
            begin.setdefault("evaluate_every", max(measured // 3, 1))  # as long looking as learning
            options = {name: getattr(self, name) for name in SETTINGS} | self._options
            if self.optimizer not in WITH_MOMENTUM:
                del options["momentum"]
            with in_our_name():
                self._live = Live(
                    model,
                    self._data,
                    optimizer=self.optimizer,
                    seed=self.seed,
                    news=self._news,
                    **(begin | options),
                )
            self._live.most = self.speed or None
        return self._live

    def _retire(self) -> None:
        """End the run; keep it for comparing if it has seen anything."""
        from dataclasses import replace

        from cnnkit.widgets.training_dashboard.frames import earlier_frame

        live, self._live = self._live, None
        self.set_trait("panel", {})
        if live is None:
            return
        status = live.reason or "paused"
        live.close()
        if not live.updates:
            return
        self._numbered += 1
        name = f"run {self._numbered}"
        settings = f"{_named(self._plan)}, {said_of(live.run.config)}"
        frame = earlier_frame(live.run, live.curve, name, status, settings)
        self.set_trait("earlier", [*self.earlier, frame][-EARLIER:])
        self._over = [*self._over, (name, replace(live.run, model=None, state=None))][-EARLIER:]

    # --- news from the thread, and to the page ---

    def _news(self) -> None:
        """Show how far it is; called in the training thread, which nothing here may stop or slow down."""
        live = self._live
        if live is not None and (not live.running or monotonic() - self._sent >= PERIOD):
            with suppress(Exception):  # a page that is gone; training goes on, and the next frame is whole
                self._show()
                if live.running and monotonic() - self._looked >= LOOK:
                    self._look(live)

    def _show(self) -> None:
        from cnnkit.widgets.training_dashboard.frames import live_frame

        self._sent = monotonic()
        live = self._live
        if live is None:
            self.set_trait("frame", {"status": "ready"})
            return
        error = "" if live.error is None else str(live.error) or type(live.error).__name__
        settings = f"{_named(self._plan)}, {said_of(live.run.config)}"
        self.set_trait("frame", live_frame(live, self.status, settings, error))
        if not live.running:  # only the training thread may look at a network that is being changed
            self._look(live)

    def _look(self, live: Live) -> None:
        """Look inside the network, if the page shows that."""
        from cnnkit.widgets.training_dashboard.frames import layers_frame, predictions_frame

        self._looked = monotonic()
        if self.tab == "predictions":
            self.set_trait("panel", predictions_frame(live))
        elif self.tab == "layers":
            image = min(self.image, len(live.dataset.validation) - 1)
            self.set_trait("panel", layers_frame(live, image, self.layer))

    def _look_anew(self, change: Any) -> None:
        live = self._live
        self._looked = 0.0
        if live is not None and not live.running:  # else the thread will
            self._look(live)

    def _setting_changed(self, change: Any) -> None:
        if self._silent:
            return
        if change["name"] == "optimizer":
            self._options = {}
            with self._quietly():
                self.lr = LEARNING_RATES[self.optimizer]
        live = self._live
        if live is None or live.reason is not None:
            return
        settings = {name: getattr(self, name) for name in SETTINGS}
        if self.optimizer not in WITH_MOMENTUM:
            del settings["momentum"]
        try:
            with in_our_name():
                live.change(optimizer=self.optimizer, **settings)
        except ArgumentError:
            with self._quietly():
                for name in ("optimizer", *SETTINGS):
                    setattr(self, name, _current(live, name, getattr(self, name)))
            raise
        self._show()

    def _limit(self, change: Any) -> None:
        if self._live is not None:
            self._live.most = self.speed or None

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        before, self._silent = self._silent, True
        try:
            yield
        finally:
            self._silent = before

    # --- what the page asks ---

    def _hear(self, widget: object, content: Mapping[str, Any], buffers: object) -> None:
        where = "snapshot" if content.get("do") in ("load", "snapshot") else str(content.get("do"))
        try:
            self._do(content)
        except Exception as error:  # whatever it is, who pressed a button should hear of it
            self._say(where, False, unsigned(error))

    def _do(self, content: Mapping[str, Any]) -> None:
        asked = content.get("do")
        if asked in ("start", "pause", "reset"):
            getattr(self, asked)()
        elif asked == "set" and content.get("name") in ("optimizer", "seed", "speed", *SETTINGS):
            setattr(self, content["name"], content.get("value"))
            self._say("set", True, "")
        elif asked == "network":
            self.change_network(content.get("text"))  # type: ignore[arg-type]
        elif asked == "load":
            text = str(content.get("text"))
            if not text.lstrip().startswith("{"):  # else it would be taken for a path
                raise ArgumentError("load: the file holds no object in braces. Load what ConvNetJS saved.")
            self.load(text)
        elif asked == "snapshot":
            self.send({"snapshot": json.dumps(self.snapshot()), "view": content.get("view")})
        elif asked == "name":
            self._rename(str(content.get("run")), str(content.get("value")))
        elif asked == "view":
            self._watch.heard(str(content.get("view")), bool(content.get("here")))

    def _rename(self, run: str, name: str) -> None:
        name = name.strip()[:40]
        taken = {frame["name"] for frame in self.earlier if frame["run"] != run} | {"this run"}
        if not name or name in taken:
            self._say("name", False, f"`{name}` is taken. Give another." if name else "A run needs a name.")
            return
        self._say("name", True, "")
        self.set_trait("earlier", [f | {"name": name} if f["run"] == run else f for f in self.earlier])
        self._over = [(name if each.id == run else old, each) for old, each in self._over]

    def _say(self, where: str, good: bool, words: str) -> None:
        self._sayings += 1
        self.set_trait("said", {"number": self._sayings, "where": where, "good": good, "words": words})

    # --- without a page ---

    @property
    def _dataset_title(self) -> str:
        return str(getattr(self._data, "title", self._data.name))

    def picture(self) -> bytes:
        """Return the curves so far, or the network if there are none, as a PNG."""
        from cnnkit.widgets.training_dashboard.picture import picture

        return picture(self)

    def __repr__(self) -> str:
        """Return the summary that a notebook shows where there is no browser."""
        settings = f"{self.optimizer}, lr {self.lr:g}"
        if self.optimizer in WITH_MOMENTUM:
            settings += f", momentum {self.momentum:g}"
        settings += f", weight decay {self.weight_decay:g}, batch {self.batch_size}, seed {self.seed}"
        total = f"{self._plan.network.ledger().total:,} parameters"
        return f"training_dashboard: {_named(self._plan)}, {total}; {settings}\n{self.value!r}"


def training_dashboard(
    network: Network | str,
    dataset: Dataset,
    *,
    optimizer: str | None = None,
    lr: float | None = None,
    momentum: float | None = None,
    weight_decay: float | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    init: str | None = None,
    examples: int | None = None,
    evaluate_every: int | None = None,
    speed: int = 0,
    log: str | os.PathLike[str] | None = None,
) -> TrainingDashboard:
    """Return a dashboard that trains a network while one watches it and changes its settings.

    Parameters
    ----------
    network : Network, or the text of ConvNetJS's layer_defs
        A trainer in the text sets what is not given here.
    dataset : Dataset
        Where the network reads smaller images, it gets their middle.
    optimizer : "sgd" if not given, "adam", "adamw", "adagrad", "adadelta", "rmsprop" or "muon"
    lr : float; if not given, 0.01 for sgd, torch's default for most others
    momentum : float, 0.9 if not given; for sgd and muon
    weight_decay : float, 0 if not given
    batch_size : int, 20 if not given
    seed : int
    init : "kaiming", "xavier", "torch" or "convnetjs"; the last for a text if not given, else the first
    examples : int, optional
        Finish after so many, and measure the test split then. Without it training goes on until it is paused.
    evaluate_every : int, in examples; if not given, a third of what an evaluation looks at
    speed : int, in examples per second
        The most, for watching a small network learn; 0 is as fast as it can.
    log : folder, optional
        Each run leaves its log there, as `cnnkit.nn.fit` does. One whose settings were changed while it
        trained says so, and counts nowhere as a run of fixed settings.

    Returns
    -------
    TrainingDashboard
        Shown as the last line of a cell. Nothing is trained before Start is pressed or `start()` is called.
        Its `value` says where it stands, `run` is the evidence so far; `pause()`, `wait()`, `reset()`,
        ``snapshot("net.json")`` and ``load("net.json")`` do what the buttons do.

    Raises
    ------
    ArgumentError, ShapeError
        The network cannot be, or does not fit the data; a setting is outside its limits.

    Notes
    -----
    Training runs in a thread of the kernel; other cells can be run meanwhile. What is pressed on the page is
    heard between cells: while one runs, Pause waits for its end. Training pauses when the last view of the
    dashboard is closed, and stops when its cell is run again.

    Examples
    --------
    >>> from cnnkit import data, zoo
    >>> board = training_dashboard(zoo.tfjs_mnist(), data.load("digits"), lr=0.05)
    >>> board.value
    ready: not trained yet, on digits
    """
    if not hasattr(dataset, "validation"):
        raise ArgumentError(
            f"training_dashboard: `dataset` is of type {type(dataset).__name__}, expected a data set."
            ' Load one: cnnkit.data.load("mnist").'
        )
    plan = planned(network)
    fitted(plan.network, dataset)
    given = {"optimizer": optimizer, "lr": lr, "momentum": momentum}
    given |= {"weight_decay": weight_decay, "batch_size": batch_size}
    begin: dict[str, Any] = {"init": init or ("convnetjs" if isinstance(network, str) else "kaiming")}
    begin |= {"examples": examples, "log": log}
    if evaluate_every is not None:
        begin["evaluate_every"] = evaluate_every
    return TrainingDashboard(begun(plan, given), dataset, begin, seed=seed, speed=speed)


def _running(last: Any) -> Any:
    """Return the metrics of some training batches; the spread of their losses is not known."""
    from math import nan, sqrt

    from cnnkit.nn import Metrics

    p = last.correct / last.examples
    return Metrics(last.loss / last.examples, p, last.examples, sqrt(p * (1 - p) / last.examples), nan)


def _named(plan: Plan) -> str:
    return plan.network.name or "network"


def _current(live: Live, name: str, otherwise: Any) -> Any:
    return live.config.record().get(name, otherwise)
