"""How long to train: epochs, examples, or CPU seconds; exactly one of them."""

from __future__ import annotations

from dataclasses import dataclass

from cnnkit.errors import ArgumentError
from cnnkit.nn.names import require_number, require_whole

__all__ = ["KINDS", "Budget"]

KINDS = ("epochs", "examples", "seconds")


@dataclass(frozen=True)
class Budget:
    """A kind and an amount.

    Parameters
    ----------
    kind : "epochs", "examples" or "seconds"
        Seconds are those that this process keeps CPU cores busy with training, all threads together, so
        that another program on the machine does not change the result. Evaluation is not in them.
    amount : int, or float for seconds

    Examples
    --------
    >>> Budget.of(epochs=2).share(examples=500, cpu_seconds=3.0, size=1000)
    0.25
    >>> Budget.of(examples=1040).left(examples=1000, size=600)
    40
    """

    kind: str
    amount: float

    @classmethod
    def of(
        cls, epochs: int | None = None, examples: int | None = None, seconds: float | None = None
    ) -> Budget:
        """Return the one budget that is given.

        Raises
        ------
        ArgumentError
            None or several are given, or the amount is not positive.
        """
        given = {
            kind: amount
            for kind, amount in zip(KINDS, (epochs, examples, seconds), strict=True)
            if amount is not None
        }
        if len(given) != 1:
            got = " and ".join(f"{kind}={amount!r}" for kind, amount in given.items()) or "none"
            raise ArgumentError(
                f"fit: the budget is {got}, expected exactly one of epochs, examples, seconds."
                " Write for instance epochs=2."
            )
        kind, amount = next(iter(given.items()))
        if kind == "seconds":
            return cls(kind, float(require_number("fit", kind, amount, 0, above=True)))
        return cls(kind, require_whole("fit", kind, amount, 1))

    def total(self, size: int) -> int | None:
        """Return how many examples the budget buys of a training split of `size`; None for seconds."""
        if self.kind == "seconds":
            return None
        return int(self.amount) * (size if self.kind == "epochs" else 1)

    def share(self, examples: int, cpu_seconds: float, size: int) -> float:
        """Return the share that is spent, 0 to 1 (above 1 where the last update took too long)."""
        total = self.total(size)
        return cpu_seconds / self.amount if total is None else examples / total

    def left(self, examples: int, size: int) -> int | None:
        """Return how many more examples may be seen; None for seconds."""
        total = self.total(size)
        return None if total is None else total - examples
