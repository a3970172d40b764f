"""The site that `make docs` builds: whole, without a link into nothing, and fetched from nowhere."""

import ast
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser.conftest import CONTRAST
from tests.missing import cannot_run

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "docs/site"


def build(config, to):
    # what Material says about another project's future is no warning about these pages
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--config-file", config, "--site-dir", to]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, [line for line in done.stderr.splitlines() if not line.startswith("INFO")]


class Reading(HTMLParser):
    """Collects what a page loads when it is opened, where its links lead, and the places that it has."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.links, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.add(given.get("id"))
        self.links += [given["href"]] if tag == "a" and given.get("href") else []
        loaded = [given.get(name) for name in ("src", "srcset", "data", "poster")]
        loaded += [given.get("href")] if tag == "link" else []
        self.loads += [address for address in loaded if address]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the folder of the built site."""
    to = tmp_path_factory.mktemp("docs")
    assert build(SITE / "mkdocs.yml", to) == (0, [])
    return to


@pytest.fixture(scope="session")
def pages(site):
    """Return every page of the site as path -> Reading."""
    return {path: Reading(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}


def test_the_make_job_builds_what_is_tested_here():
    shown = subprocess.run(
        ["make", "--dry-run", "docs"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "mkdocs build --config-file docs/site/mkdocs.yml" in shown  # told to be quiet, it is not strict


def test_every_page_of_the_repository_is_on_the_site_and_can_be_reached(site, pages):
    written = {path.relative_to(ROOT).with_suffix(".html").as_posix() for path in ROOT.glob("docs/*.md")}
    written |= {
        path.relative_to(ROOT).with_suffix(".html").as_posix() for path in ROOT.glob("docs/results/*/*.md")
    }
    written = {name.replace("README.html", "index.html") for name in written}
    assert written | {"index.html", "CONTRIBUTING.html", "CHANGELOG.html", "data/index.html"} <= {
        path.relative_to(site).as_posix() for path in pages
    }
    reached = {
        (path.parent / unquote(urlsplit(link).path)).resolve()
        for path, page in pages.items()
        for link in page.links
        if not urlsplit(link).scheme
    }
    assert {path for path in pages if path.name != "404.html"} <= reached


def test_no_link_leads_into_nothing(site, pages):
    broken = []
    for path, page in pages.items():
        if path.name == "404.html":  # its links are from the root of wherever it is put
            continue
        for link in page.links + page.loads:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            if not target.is_file() or (place and target in pages and place not in pages[target].ids):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_every_name_that_a_public_module_lists_is_described(site, pages):
    described = {name for page in pages.values() for name in page.ids}
    packages = {path.stem for path in (site / "api").glob("*.html")}
    assert {
        "cnnkit.functional",
        "cnnkit.nn",
        "cnnkit.nn.inspect",
        "cnnkit.widgets",
        "autograde.course",
    } <= packages
    found, lacking = described | packages, []
    for module in packages:
        place = ROOT.joinpath(*module.split("."))
        source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        tree = ast.parse(source.read_text(encoding="utf-8"))
        listed = next(
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        )
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        functions |= {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
        }
        lacking += [
            f"{module}.{name}"
            for name in listed
            if name in functions
            and not name.isupper()
            and found.isdisjoint({f"{module}.{name}", f"{module}.{name}.{name}"})
        ]
    assert lacking == []


def test_no_page_loads_anything_from_elsewhere(site, pages):
    outside = {address for page in pages.values() for address in page.loads if urlsplit(address).netloc}
    assert outside == set()
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert not [address for address in re.findall(r"url\(([^)]+)\)", styles) if "//" in address[:10]]


@pytest.fixture
def small(tmp_path):
    """Return a repository of one page, with our site's machinery, and the function that builds it."""
    shutil.copytree(SITE, tmp_path / "docs/site")
    (tmp_path / "README.md").write_text("# Small\n\n[another](docs/another.md#here)\n")
    (tmp_path / "docs/another.md").write_text("# Another\n\n## Here\n")
    shutil.copytree(
        ROOT / "docs",
        tmp_path / "docs",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("*.md", "results", "site"),
    )
    return tmp_path


def test_a_new_page_of_docs_is_found_and_needs_no_entry_anywhere(small):
    assert build(small / "docs/site/mkdocs.yml", small / "out") == (0, [])
    assert (small / "out/docs/another.html").is_file()
    assert ">More<" in re.sub(r"\s+", "", (small / "out/index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("link", ["docs/missing.md", "docs/another.md#nowhere", "LICENCE"])
def test_a_broken_link_fails_the_build_and_is_named(small, link):
    with (small / "README.md").open("a") as page:
        page.write(f"\n[broken]({link})\n")
    code, said = build(small / "docs/site/mkdocs.yml", small / "out")
    assert code == 1
    assert any("README.md" in line and link.partition("#")[0] in line for line in said)


@pytest.fixture(params=["light", "dark"])
def browsed(request, site, playwright):
    """Return a page of Chromium in one of the two palettes, and the addresses elsewhere that it asked for."""
    program = shutil.which("chromium") or cannot_run("chromium is not installed: the site cannot be opened")
    asked = []
    browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
    page = browser.new_page(color_scheme=request.param, viewport={"width": 1280, "height": 900})
    page.on("request", lambda made: asked.append(made.url) if urlsplit(made.url).netloc else None)
    yield page, asked
    browser.close()


@pytest.mark.browser
def test_opened_as_files_the_site_can_be_read_and_searched_and_asks_nobody(site, browsed):
    page, asked = browsed
    for name in ("index.html", "CONTRIBUTING.html", "docs/security.html", "api/cnnkit.functional.html"):
        page.goto((site / name).as_uri())
        words = page.locator(".md-content :is(p, h1, h2, a:not(.headerlink), td, li)")
        seen = words.evaluate_all(f"(all) => all.map((word) => [word.innerText, ({CONTRAST})(word)])")
        assert len(seen) > 10
        assert [(text, contrast) for text, contrast in seen if text.strip() and contrast < 4.5] == []
        width = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert width[0] <= width[1]
    page.locator(".md-search__input").click()
    page.keyboard.type("correlate2d")
    page.locator(".md-search-result__link").first.click()
    page.wait_for_url("**/api/cnnkit.functional.html*")
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert asked == []
