"""Pages of feedback in Chromium: what a student wrote is shown, and neither runs nor fetches anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from autograde import feedback, report, similar
from autograde.answers import Answer
from autograde.course import find
from autograde.notebook import load
from autograde.result import Mark, Result, State
from tests.test_similar import honest, padded_out, renamed

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
EVIL = {
    "script": "<script>window.hit = 1; fetch('http://evil.invalid/script')</script>",
    "closing tags": "</pre></details></main></body><script>window.hit = 1</script>",
    "handler": "<img src=x onerror='window.hit = 1'><svg onload='window.hit = 1'></svg>",
    "link": "<a href='javascript:window.hit=1' id=evil>click</a> [md](javascript:window.hit=1)",
    "image": "<img src='http://evil.invalid/a.png'> ![md](http://evil.invalid/b.png)",
    "style": "</style><style>body { background: url(http://evil.invalid/c.png) } * { display: none }</style>",
    "frame": "<iframe src='http://evil.invalid/f'></iframe><object data='http://evil.invalid/o'></object>",
    "refresh": "<meta http-equiv=refresh content='0;url=http://evil.invalid/r'><base href='http://evil.invalid/'>",
    "attribute": '" autofocus onfocus="window.hit = 1" x=\'',
    "template": "{{ 7 * 7 }}{% raw %}{{ self.__init__.__globals__ }}",
    "backticks": '`<script>window.hit = 1</script>` `"onmouseover="window.hit=1`',
    "direction": "\u202egnp.\u2066txt\u2069\u202c",
    "terminal": "\x1b[31mred\x1b[2J\x07\x00",
    "half a character": "\ud83d",
    "entities": "&lt;script&gt;window.hit = 1&lt;/script&gt; &#60;img onerror=1&#62;",
}
PICTURES = {
    "svg": "data:image/svg+xml,<svg onload='window.hit=1'/>",
    "attribute": 'iVBORw0KGgo=" onload="window.hit=1',
    "address": "http://evil.invalid/p.png",
}


def hostile(text: str, picture: str) -> str:
    """Return the page of a student who wrote `text` wherever a student can."""
    assignment = find(ROOT).choose(["5"])[0]
    marks = tuple(
        Mark(each.id, 0.0, each.points, "failed", (text,), text, text) for each in assignment.questions
    )
    result = Result(text, assignment.name, State.PARTLY, assignment.points, text, (text,), marks)
    outputs: tuple[dict[str, object], ...] = (
        {"output_type": "stream", "name": "stdout", "text": text},
        {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]},
        {"output_type": "execute_result", "data": {"text/plain": text, "text/html": text}},
        {"output_type": "display_data", "data": {"image/png": picture, "image/svg+xml": text}},
        {"output_type": "display_data", "data": {"text/html": text, "application/javascript": text}},
    )
    ids = {name for names in feedback.asked_by(load(assignment.source)).values() for name in names}
    answers = {
        name: Answer(name, kind, text, "", outputs)
        for name, kind in zip(sorted(ids), ["code", "markdown"] * len(ids), strict=False)
    }
    return feedback.page("Course", assignment, result, answers, dict.fromkeys(ids, text))


@pytest.fixture
def opened(page: Page, tmp_path: Path) -> Iterator[Callable[..., tuple[Page, list[str]]]]:
    """Return a function html -> the page, opened as a file, and the addresses that it asked for."""
    contexts = []

    def opened(html: str, **options: object) -> tuple[Page, list[str]]:
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        assert page.context.browser is not None
        contexts.append(page.context.browser.new_context(**options))  # type: ignore[arg-type]
        own, asked = contexts[-1].new_page(), []
        own.on("request", lambda request: asked.append(request.url))
        own.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
        own.goto(path.as_uri())
        return own, [url for url in asked if url != path.as_uri() and not url.startswith("data:image/png")]

    yield opened
    for context in contexts:
        context.close()


def without_policy(html: str) -> str:
    """Take the page's content security policy away: escaping has to hold by itself."""
    assert "Content-Security-Policy" in html
    return html.replace("Content-Security-Policy", "X-None")


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("guard", [str, without_policy])
def test_nothing_that_a_student_wrote_runs_or_is_fetched(
    opened: Callable[..., tuple[Page, list[str]]], name: str, guard: Callable[[str], str]
) -> None:
    for picture in list(PICTURES.values())[:: 1 if name == "script" else len(PICTURES)]:
        own, asked = opened(guard(hostile(EVIL[name], picture)))
        own.locator("summary").first.hover()
        own.locator("summary").first.focus()
        assert own.evaluate("window.hit") is None
        assert asked == []
        assert (
            own.locator("script, iframe, object, embed, base, link, a, svg, form, style ~ style").count() == 0
        )
        assert own.locator("main img").count() == 0
        handlers = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
        assert not [x for x in own.evaluate(handlers) if x.startswith("on")]
        assert own.url.startswith("file:")
        if name in ("script", "frame", "entities", "link"):
            assert EVIL[name] in own.locator("main pre").first.text_content()


def test_the_attacks_would_be_seen(opened: Callable[..., tuple[Page, list[str]]]) -> None:
    own, asked = opened(f"<body>{EVIL['script']}{EVIL['image']}</body>")
    assert own.evaluate("window.hit") == 1
    assert [url for url in asked if "evil.invalid" in url]


def test_marks_of_direction_are_shown_by_their_number(opened: Callable[..., tuple[Page, list[str]]]) -> None:
    own, _ = opened(hostile(EVIL["direction"], ""))
    text = own.locator("body").inner_text()
    assert "\\u202e" in text
    assert not set("\u202e\u2066\u2069\u202c") & set(own.content())


def test_huge_outputs_are_cut(opened: Callable[..., tuple[Page, list[str]]]) -> None:
    html = hostile("long " * 1_000_000, "")
    assert len(html) < 15_000_000
    outputs = opened(html)[0].locator("pre.text").all_inner_texts()
    assert outputs
    assert max(map(len, outputs)) < 3_100


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_its_window_and_can_be_read(
    opened: Callable[..., tuple[Page, list[str]]],
    contrasts: Callable[..., dict[str, float]],
    width: int,
    scheme: str,
) -> None:
    words = "def convolve(image, kernel):\n    return image  # " + "w" * 300
    own, _ = opened(hostile(words, ""), viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert own.evaluate("document.documentElement.scrollWidth") <= width
    found = contrasts(own.locator("body"), "p, h1, h2, h3, summary span, pre, blockquote")
    assert found
    assert min(found.values()) >= 4.5
    code = contrasts(own.locator("body"), "pre span")
    assert min(code.values()) >= 4.5


def test_a_page_has_headings_names_and_a_language_for_those_who_listen(
    opened: Callable[..., tuple[Page, list[str]]],
) -> None:
    own, _ = opened(hostile("x = 1", ""))
    assert own.locator("html").get_attribute("lang") == "en"
    assert own.get_by_role("heading", level=1).count() == 1
    questions = find(ROOT).choose(["5"])[0].questions
    assert own.get_by_role("heading", level=2).count() == len(questions)
    assert own.get_by_role("main").count() == 1
    assert all(each.get_attribute("alt") for each in own.locator("img").all())
    assert own.get_by_role("region").first.get_attribute("aria-label").startswith("Your answer")  # type: ignore[union-attr]


def look_alike_page() -> str:
    """Return the instructor's page of a class in which two handed in what two others wrote."""
    assignment = find(ROOT).choose(["1"])[0]
    release, source = (load(path) for path in (assignment.release, assignment.source))
    solution = {cell["id"]: cell["source"] for cell in source["cells"]}
    given = next(cell["source"] for cell in release["cells"] if cell["id"] == "conv2d")
    works = {f"s{number:02}": text for number, text in enumerate(honest(), start=1)}
    works |= {
        "s31": renamed(works["s10"]) + f"  # {EVIL['script']}",
        "s44": padded_out(renamed(works["s02"])),
    }
    pairs = similar.alike(
        [
            piece
            for student, text in works.items()
            for piece in similar.pieces(
                student, {"conv2d": Answer("conv2d", "code", text, given)}, solution, {"np"}
            )
        ]
    )
    assert [(pair.first.student, pair.second.student) for pair in pairs] == [("s10", "s31"), ("s02", "s44")]
    noon = datetime(2030, 1, 2, 12, 0, tzinfo=UTC)
    return report.look_alikes("A made-up class", [(assignment.name, pairs)], noon)


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_answers_that_look_alike_stand_side_by_side(
    opened: Callable[..., tuple[Page, list[str]]],
    contrasts: Callable[..., dict[str, float]],
    tmp_path: Path,
    width: int,
    scheme: str,
) -> None:
    viewport = {"width": width, "height": 900}
    own, asked = opened(without_policy(look_alike_page()), viewport=viewport, color_scheme=scheme)
    assert own.evaluate("document.documentElement.scrollWidth") <= width
    assert own.evaluate("window.hit") is None
    assert asked == []
    first, second = (own.locator("section").nth(place).bounding_box() for place in (0, 1))
    assert first is not None
    assert second is not None
    assert (first["y"] == second["y"]) == (width > 760)
    assert (
        min(contrasts(own.locator("body"), "h1, h2, h3, p, summary span, pre mark, pre span").values()) >= 4.5
    )
    if (width, scheme) == (1200, "light"):
        folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
        own.screenshot(path=folder / "similar.png", full_page=True)


def test_on_paper_the_answers_that_are_folded_up_are_there(
    opened: Callable[..., tuple[Page, list[str]]],
) -> None:
    html = hostile("folded = 1", "").replace(" open>", ">")
    own, _ = opened(html)
    first = own.locator("pre").first
    assert not first.is_visible()
    own.emulate_media(media="print")
    assert first.is_visible()
