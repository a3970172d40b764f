"""What training batches showed, in a bounded number of points however long training goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST", "Curve", "Point"]

MOST = 1024  # points; an even number


@dataclass
class Point:
    """Updates in a row: how many, of how many examples, their losses added up, the right answers."""

    updates: int
    examples: int
    loss: float
    correct: int

    def add(self, other: Point) -> None:
        """Take another's updates as well."""
        self.updates += other.updates
        self.examples += other.examples
        self.loss += other.loss
        self.correct += other.correct


class Curve:
    """Sums over the updates of a run, one after the other.

    Attributes
    ----------
    points : list of Point
    every : int
        Updates in a point; the last one may have fewer. It doubles whenever there would be too many points,
        as the x axis of ConvNetJS's page does.

    Examples
    --------
    >>> curve = Curve(most=4)
    >>> for _ in range(5):
    ...     curve.add(examples=20, loss=2.0, correct=5)
    >>> curve.every, [point.updates for point in curve.points]
    (2, [2, 2, 1])
    """

    def __init__(self, most: int = MOST) -> None:
        self.most, self.every = most, 1
        self.points: list[Point] = []

    def add(self, examples: int, loss: float, correct: int) -> None:
        """Add an update: its examples, the mean of their losses, and how many were answered right."""
        update = Point(1, examples, loss * examples, correct)
        if self.points and self.points[-1].updates < self.every:
            self.points[-1].add(update)
            return
        if len(self.points) == self.most:
            self._halve()
        self.points.append(update)

    def last(self, window: int) -> Point | None:
        """Return the sums over the last points that hold `window` examples, or all; None before the first."""
        found: Point | None = None
        for point in reversed(self.points):
            if found is None:
                found = Point(0, 0, 0.0, 0)
            found.add(point)
            if found.examples >= window:
                break
        return found

    def array(self) -> NDArray[np.float32]:
        """Return (points, 4): updates, examples, losses and right answers of each point."""
        rows = [(point.updates, point.examples, point.loss, point.correct) for point in self.points]
        return np.array(rows, dtype=np.float32).reshape(-1, 4)

    def halved(self) -> Curve:
        """Return a copy with half as many points, each of twice as many updates."""
        copy = Curve(self.most)
        copy.every = self.every
        copy.points = [Point(**vars(point)) for point in self.points]
        if len(copy.points) % 2:
            copy.points.append(Point(0, 0, 0.0, 0))
        copy._halve()
        return copy

    def _halve(self) -> None:
        for first, second in zip(self.points[::2], self.points[1::2], strict=True):
            first.add(second)
        self.points = self.points[::2]
        self.every *= 2
