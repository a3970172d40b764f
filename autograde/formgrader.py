"""nbgrader's formgrader, made safe to look at students' work in.

It shows a student's Markdown with whatever HTML is in it, on a page that has the rights of its reader: a
script there could run anything on the instructor's Jupyter server. ``nbgrader_config.py`` names `markdown` as
the filter to use instead; nbgrader's own feedback pages use it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import pass_context

if TYPE_CHECKING:
    from jinja2.runtime import Context

__all__ = ["markdown"]

TAGS = (
    "a blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span strong sub sup"
    " table tbody td th thead tr ul"
)
ATTRIBUTES = {"a": ("href", "title"), "img": ("src", "alt", "title"), "*": ("class", "id")}
PROTOCOLS = ("http", "https", "mailto", "data")


@pass_context
def markdown(context: Context, source: str) -> str:
    """Turn a cell's Markdown into HTML that runs nothing and fetches nothing.

    Parameters
    ----------
    context : jinja2.runtime.Context
        Where nbconvert puts the cell, for its attachments.
    source : str
        What the cell says. HTML in it is shown as text; a picture from elsewhere becomes its description.
    """
    import bleach
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    attachments = (context.get("cell") or {}).get("attachments", {})
    renderer = IPythonRenderer(escape=True, attachments=attachments, anchor_link_text=" ")
    html: str = MarkdownWithMath(renderer=renderer).render(source)
    return str(
        bleach.clean(html, tags=TAGS.split(), attributes=_harmless, protocols=PROTOCOLS, strip_comments=True)
    )


def _harmless(tag: str, name: str, value: str) -> bool:
    if (tag, name) == ("img", "src"):
        return value.startswith(("data:image/png;", "data:image/jpeg;", "data:image/gif;"))
    if (tag, name) == ("a", "href"):
        return not value.startswith("data:")
    allowed: dict[str, Any] = ATTRIBUTES
    return name in (*allowed.get(tag, ()), *allowed["*"])
