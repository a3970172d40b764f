"""Is A better than B? Only a gap of two standard errors says so, over seeds, at equal budgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from math import sqrt
from statistics import fmean, variance

from cnnkit.errors import ArgumentError
from cnnkit.nn.names import require_known
from cnnkit.nn.run import Run

__all__ = ["Comparison", "Group", "Verdict", "compare"]

SEEDS = 3  # fewer say too little about the next one
FINISHED = ("finished", "early stop")


@dataclass(frozen=True)
class Group:
    """Runs that differ in their seed alone.

    `standard_error` of the mean accuracy has two parts: the spread between the seeds, and that the split is
    a sample: sqrt(s² / k + p (1 - p) / n) with k runs and n images. Its second part is the same for all
    groups that are measured on one split, so that the verdicts are on the careful side.
    """

    name: str
    runs: tuple[Run, ...]
    split: str

    @property
    def accuracies(self) -> tuple[float, ...]:
        """One for each seed."""
        return tuple(getattr(run.final, self.split).accuracy for run in self.runs)

    @property
    def accuracy(self) -> float:
        """Mean over the seeds."""
        return fmean(self.accuracies)

    @property
    def standard_error(self) -> float:
        """Of the mean."""
        n, k = getattr(self.runs[0].final, self.split).n, len(self.runs)
        spread = variance(self.accuracies) / k if k > 1 else 0.0
        return sqrt(spread + self.accuracy * (1 - self.accuracy) / n)


@dataclass(frozen=True)
class Verdict:
    """What two groups of runs show about each other.

    Parameters
    ----------
    first, second : str, names
    better : str or None
        The name of the better one, if these runs can show that there is one.
    gap, standard_error : float
        Of the accuracies: first minus second, and its standard error.
    why_not : str
        Why the two cannot be compared, or empty.
    """

    first: str
    second: str
    better: str | None
    gap: float
    standard_error: float
    why_not: str = ""

    def __str__(self) -> str:
        """Return the verdict as a sentence."""
        if self.why_not:
            return f"{self.first} and {self.second} cannot be compared: {self.why_not}"
        numbers = f"gap {abs(self.gap):.1%}, two standard errors {2 * self.standard_error:.1%}"
        if self.better:
            worse = self.second if self.better == self.first else self.first
            return f"{self.better} is better than {worse}: {numbers}"
        return f"{self.first} and {self.second}: no difference that these runs can show: {numbers}"


@dataclass(frozen=True, repr=False)
class Comparison:
    """Groups of runs, and a verdict on each two of them; its repr is the table."""

    groups: tuple[Group, ...]
    verdicts: tuple[Verdict, ...]
    split: str

    def verdict(self, first: str, second: str) -> Verdict:
        """Return what the runs show about two groups, in either order.

        Raises
        ------
        ArgumentError
            An unknown name.
        """
        names = [group.name for group in self.groups]
        for name in (first, second):
            require_known("verdict", "name", name, names)
        for verdict in self.verdicts:
            if {verdict.first, verdict.second} == {first, second}:
                return verdict
        raise ArgumentError(f"verdict: `{first}` is given twice, expected two names. Name two groups.")

    def _table(self) -> Iterator[tuple[str, str, str]]:
        yield "", "seeds", f"{self.split} accuracy"
        for group in self.groups:
            yield group.name, str(len(group.runs)), f"{group.accuracy:.1%} ± {group.standard_error:.1%}"

    def __repr__(self) -> str:
        """Return the table and the verdicts as text."""
        table = list(self._table())
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            f"{name:<{widths[0]}}  {seeds:>{widths[1]}}  {accuracy:>{widths[2]}}"
            for name, seeds, accuracy in table
        ]
        return "\n".join([*lines, "─" * len(lines[0]), *map(str, self.verdicts)])

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        head, *body = self._table()
        rows = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{escape(cell)}</td>" for cell in row) + "</tr>"
            for row in body
        )
        verdicts = "".join(f"<li>{escape(str(verdict))}</li>" for verdict in self.verdicts)
        titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
        return f"<table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table><ul>{verdicts}</ul>"


def compare(runs: Mapping[str, Sequence[Run]] | Sequence[Run], split: str = "validation") -> Comparison:
    """Compare what was trained: which is better, or that these runs cannot show it.

    Parameters
    ----------
    runs : dict of name to runs that differ in their seed alone, or a list of runs
        A list is grouped by what the runs have in common, and the groups are named by how they differ.
    split : "validation" or "test"
        Where the accuracies come from. To choose, use validation: a test split that helps to choose is a
        test split no more.

    Returns
    -------
    Comparison
        Its repr is a table with a verdict on each two groups. "A is better" needs 3 seeds each, finished
        runs, equal budgets, the same data, and a gap above two standard errors of the difference.

    Raises
    ------
    ArgumentError
        No run; two runs of a group share a seed, or differ in more than the seed.
    """
    require_known("compare", "split", split, ("validation", "test"))
    named = dict(runs) if isinstance(runs, Mapping) else _grouped(list(runs))
    if not named or not all(named.values()):
        raise ArgumentError("compare: `runs` is empty, expected at least 1 run in each group. Give some.")
    for name, group in named.items():
        _require_seeds_only(name, group)
    measured = {
        name: Group(name, tuple(run for run in group if getattr(run.final, split) is not None), split)
        for name, group in named.items()
    }
    verdicts = tuple(
        _judge(measured[first], measured[second], named[first], named[second])
        for first, second in combinations(named, 2)
    )
    return Comparison(tuple(group for group in measured.values() if group.runs), verdicts, split)


def _judge(first: Group, second: Group, given: Sequence[Run], others: Sequence[Run]) -> Verdict:
    why_not = _why_not(given, others)
    if not first.runs or not second.runs:
        return Verdict(first.name, second.name, None, 0.0, 0.0, why_not)
    gap = first.accuracy - second.accuracy
    error = sqrt(first.standard_error**2 + second.standard_error**2)
    better = None
    if not why_not and abs(gap) > 2 * error:
        better = first.name if gap > 0 else second.name
    return Verdict(first.name, second.name, better, gap, error, why_not)


def _why_not(first: Sequence[Run], second: Sequence[Run]) -> str:
    """Return why the runs cannot be compared, or an empty string."""
    every = [*first, *second]
    unfinished = [run for run in every if run.reason not in FINISHED]
    if unfinished:
        return f"run {unfinished[0].id} is {unfinished[0].reason}; finish it."
    changed = [run for run in every if run.changes]
    if changed:
        return f"run {changed[0].id} was changed while it trained; train it with fixed settings."
    budgets = sorted({_budget(run) for run in every})
    if len(budgets) > 1:
        return f"their budgets differ ({', '.join(budgets)}); train all with the same."
    if any(run.data != every[0].data for run in every):
        return "they were not trained and measured on the same data."
    fewest = min(len(first), len(second))
    if fewest < SEEDS:
        return f"there {'is 1 seed' if fewest == 1 else f'are {fewest} seeds'}, at least {SEEDS} are needed."
    return ""


def _budget(run: Run) -> str:
    if "seconds" in run.config:
        return f"{run.config['seconds']:g} CPU seconds"
    examples = run.config.get("examples") or run.config["epochs"] * run.data["train"]["n"]
    return f"{examples:,} examples"


def _recipe(run: Run) -> dict[str, object]:
    """Return everything that decides a run but its seed."""
    return {name: value for name, value in run.config.items() if name != "seed"} | {"network": run.signature}


def _require_seeds_only(name: str, runs: Sequence[Run]) -> None:
    seeds = [run.seed for run in runs]
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise ArgumentError(
            f"compare: `{name}` has two runs with seed {twice}, expected each seed once: the same seed trains"
            " the same model. Leave one of them out."
        )
    for run in runs:
        differing = [key for key, value in _recipe(run).items() if _recipe(runs[0]).get(key) != value]
        if differing:
            raise ArgumentError(
                f"compare: the runs of `{name}` differ in {', '.join(differing)}, expected in their seed"
                " alone. Put them into groups of their own."
            )


def _grouped(runs: list[Run]) -> dict[str, list[Run]]:
    """Group runs by everything but the seed; name each group by what tells it from the others."""
    groups: list[list[Run]] = []
    for run in runs:
        for group in groups:
            if _recipe(group[0]) == _recipe(run):
                group.append(run)
                break
        else:
            groups.append([run])
    recipes = [_recipe(group[0]) for group in groups]
    keys = (
        [key for key in recipes[0] if any(r.get(key) != recipes[0][key] for r in recipes)] if recipes else []
    )
    named: dict[str, list[Run]] = {}
    for group, recipe in zip(groups, recipes, strict=True):
        words = [_word(key, recipe.get(key), group[0]) for key in keys] or ["all"]
        name = ", ".join(words)
        named[name if name not in named else f"{name} ({group[0].signature[:6]})"] = group
    return named


def _word(key: str, value: object, run: Run) -> str:
    if key == "network":
        return (run.network and run.network.name) or f"network {run.signature[:6]}"
    if isinstance(value, dict):
        value = value.get("name")
    return f"{key}={value}"
