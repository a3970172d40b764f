"""What happens in a run, kept as it happens: in memory, and where there is a log, in its files."""

from __future__ import annotations

import platform
from dataclasses import asdict, replace

import torch

from cnnkit.nn.loop import Loop
from cnnkit.nn.run import CHANGES, Change, Evaluation, Final, Run
from cnnkit.nn.runlog import FORMAT, Log, state_path, weights_path
from cnnkit.nn.signature import network_record
from cnnkit.nn.state import State, save_tensors

__all__ = ["Recorder"]


class Recorder:
    """Keep a run as it grows.

    Parameters
    ----------
    run : Run, before its first update or as it was when it stopped
    log : Log or None
    """

    def __init__(self, run: Run, log: Log | None) -> None:
        self.run, self.log = run, log
        if log is not None:
            self.run = replace(run, log=log.path)

    def begin(self, state: State | None) -> None:
        """Write down what is going to be done; `state` is where an earlier run stopped."""
        run = self.run
        if state is not None:
            rows = tuple(row for row in run.history if row.updates <= state.counters.updates)
            self.run = replace(run, history=rows)
            if self.log is not None and any(row.best for row in rows):
                # a process may have been killed after it wrote weights, and before it wrote the state
                self.run = replace(self.run, weights=weights_path(self.log.path))
                save_tensors(weights_path(self.log.path), state.best)
        if self.log is None:
            return
        if state is not None:
            self.log.write("resume", {"updates": state.counters.updates, "config": run.config})
            return
        self.log.write(
            "start",
            {
                "format": FORMAT,
                "run": run.id,
                "parent": run.parent,
                "config": run.config,
                "network": network_record(run.network) if run.network else None,
                "signature": run.signature,
                "paths": list(run.paths),
                "module": str(run.model) if run.network is None else None,
                "parameters": sum(p.numel() for p in run.model.parameters()) if run.model else None,
                "data": run.data,
                "machine": {
                    "python": platform.python_version(),
                    "torch": torch.__version__,
                    "threads": torch.get_num_threads(),
                },
            },
        )

    def add(self, row: Evaluation, loop: Loop) -> None:
        """Keep an evaluation, its weights if they are the best, and the state for going on."""
        self.run = replace(self.run, history=(*self.run.history, row))
        if self.log is None:
            return
        self.log.write("evaluation", row.record())
        if row.best:
            path = weights_path(self.log.path)
            save_tensors(path, loop.best)
            self.run = replace(self.run, weights=path)
        loop.state().save(state_path(self.log.path))

    def change(self, change: Change) -> None:
        """Keep what was changed in the middle of the run."""
        changes = [*self.run.config.get(CHANGES, []), change.record()]
        self.run = replace(self.run, config=self.run.config | {CHANGES: changes})
        if self.log is not None:
            self.log.write("change", change.record())

    def end(self, reason: str, final: Final, state: State | None) -> Run:
        """Write down how it ended and return the run."""
        self.run = replace(self.run, reason=reason, final=final, state=state)
        if self.log is not None:
            best = self.run.best
            kept = {"updates": best.updates, "weights": best.weights} if best else {}
            self.log.write("end", {"reason": reason, "best": kept, "final": asdict(final)})
            if state is not None:
                state.save(state_path(self.log.path))
            self.log.close()
        return self.run
