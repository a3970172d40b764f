"""The table of attacks, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tests.attacks.attack import FAMILIES, Attack

__all__ = ["placed", "table"]

MARKER = "<!-- python -m tests.attacks --write docs/security.md -->\n"

WORDS = {True: "**succeeds**", False: "fails", None: "not run"}


def table(
    attacks: Sequence[Attack],
    stock: Mapping[str, bool],
    ours: Mapping[str, bool],
    versions: Mapping[str, str],
) -> str:
    """Lay out what became of each attack, a row for each and a line of totals.

    Parameters
    ----------
    attacks : sequence of Attack
        In the order of rows.
    stock, ours : mapping of str to bool
        Attack -> whether it succeeded; one that is missing was not run.
    versions : mapping of str to str
        What stock was run with.
    """
    return "\n".join(_lines(attacks, stock, ours, versions))


def placed(page: str, text: str) -> str:
    """Put a table behind the marker of a page, in place of what stood there."""
    head, marker, _ = page.partition(MARKER)
    if not marker:
        raise ValueError(f"the page has no line {MARKER.strip()!r}. Write it where the table shall stand.")
    return f"{head}{marker}\n{text}\n"


def _lines(
    attacks: Sequence[Attack],
    stock: Mapping[str, bool],
    ours: Mapping[str, bool],
    versions: Mapping[str, str],
) -> Iterator[str]:
    made = ", ".join(f"{name} {version}" for name, version in versions.items())
    for who, succeeded in ((f"Stock nbgrader ({made})", stock), ("`autograde grade`", ours)):
        run = [succeeded[attack.name] for attack in attacks if attack.name in succeeded]
        if run:
            yield f"{who}: {sum(run)} of {len(run)} attacks succeed."
            yield ""
    yield "| attack | family | stock | ours |"
    yield "| --- | --- | --- | --- |"
    for attack in attacks:
        name, tries = attack.name.replace("-", " "), attack.tries.replace("|", r"\|")
        words = [WORDS[succeeded.get(attack.name)] for succeeded in (stock, ours)]
        yield f"| **{name}**: {tries} | {FAMILIES[attack.family]} | {' | '.join(words)} |"
