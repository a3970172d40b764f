"""The HTML pages that grading writes: each is one file, needs nothing else, and escapes every text."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["page", "save"]

TICKS = re.compile(r"`([^`\n]+)`")
TEMPLATES = Path(__file__).with_name("templates")


def page(template: str, /, **values: object) -> str:
    """Fill in a template.

    Parameters
    ----------
    template : str
        A file in ``templates/``. A value that it asks for and does not get is an error.
    **values
        What it shows; texts are escaped.
    """
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"points": points, "percent": percent, "ticks": ticks, "r": r}
    return environment


def points(value: float | None) -> str:
    """Write points with at most two decimals.

    Examples
    --------
    >>> points(2.0), points(1 / 3), points(None)
    ('2', '0.33', '–')
    """
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def percent(value: float | None) -> str:
    """Write a share in percent.

    Examples
    --------
    >>> percent(0.256), percent(None)
    ('26 %', '–')
    """
    return "–" if value is None else f"{100 * value:.0f} %"


def r(value: float) -> str:
    """Write a correlation with two decimals.

    Examples
    --------
    >>> r(0.456), r(-0.2)
    ('.46', '−.20')
    """
    return f"{value:.2f}".replace("0.", ".", 1).replace("-", "−")


def ticks(text: str) -> Markup:
    """Set what stands between backticks as code; all else, and all in it, is escaped.

    Examples
    --------
    >>> ticks("`x` is <b>")
    Markup('<code>x</code> is &lt;b&gt;')
    """
    from markupsafe import Markup, escape

    return Markup(TICKS.sub(r"<code>\1</code>", str(escape(text))))


def save(path: Path, html: str) -> None:
    """Write a page in one step: whoever interrupts it leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_text(html, encoding="utf-8")
    half.replace(path)
