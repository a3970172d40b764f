"""MkDocs's hook: which files of the repository are pages of the site, where, and in which order.

A page keeps its path in the repository, so that every link which leads somewhere there leads there here. What
pages link to and is no page (notebooks, run logs, programs) lies beside them. A page of docs/ that no door
below names is found all the same, under More.
"""

from __future__ import annotations

import ast
import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any
from urllib.parse import unquote

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
HOME = "README.md"
SHOWN = "docs/widgets.ipynb"  # a notebook with outputs, which is a page too
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>#]+)")
NOTHING_SAID = re.compile(r'\s*–\s*<div class="doc-md-description">\s*</div>')

# Who comes, and what is for them.
DOORS = {
    "Students": ["docs/students.md", "docs/widgets.md"],
    "Instructors": ["docs/instructors.md", "docs/feedback.md", "docs/scale.md", "docs/security.md"],
    "Authors": ["docs/authoring.md", "data/README.md"],
    "Contributors": ["CONTRIBUTING.md", "CHANGELOG.md"],
}
# The grader's rooms that its own commands are made of, in the order in which a notebook meets them.
GRADER = [
    "course",
    "notebook",
    "release",
    "kit",
    "intake",
    "filing",
    "grade",
    "gradebook",
    "report",
    "handback",
    "doctor",
    "demo",
]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Say what stands in the navigation: what there is."""
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")} | {"docs/widgets.md"}
    named = {page for door in DOORS.values() for page in door}
    sections: dict[str, list[Any]] = {
        door: [page for page in door_pages if page in pages or (ROOT / page).is_file()]
        for door, door_pages in DOORS.items()
    }
    cards = _found("data/weights/**/*.md")
    sections["Results"] = [
        *_found("docs/results/*/README.md"),
        *([{"Trained networks": cards}] if cards else []),
    ]
    sections["API"] = [
        {package: listed} for package in ("cnnkit", "autograde") if (listed := list(modules(package)))
    ]
    sections["More"] = sorted(pages - named)
    config.nav = [{"Home": HOME}, *({name: inside} for name, inside in sections.items() if inside)]
    config.watch += [str(ROOT / name) for name in ("cnnkit", "autograde", "docs", HOME)]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Give the site the pages that the navigation names, and what they link to."""
    for page in dict.fromkeys(_named(config.nav)):
        if page.startswith("api/"):
            files.append(File.generated(config, page, content=_api(page)))
        elif page == SHOWN.replace(".ipynb", ".md"):
            for name, content in _cells(ROOT / SHOWN):
                files.append(File.generated(config, name, content=content))
        else:
            files.append(_file(config, page, "index.html" if page == HOME else ""))
    for page in [file.src_uri for file in files.documentation_pages() if (ROOT / file.src_uri).is_file()]:
        for target in _linked(page):
            if (ROOT / target).is_file() and files.get_file_from_path(target) is None:
                files.append(_file(config, target))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Lead to the page that a notebook has; give a page the whole width where it is alone in its section."""
    if page.parent is None or len(page.parent.children or []) == 1:
        page.meta["hide"] = ["navigation"]
    name = SHOWN.rpartition("/")[2]
    return markdown.replace(f"{name})", f"{name.replace('.ipynb', '.md')})")


def on_page_content(html: str, **_: Any) -> str:
    """Take away the dash after a parameter whose type says all that there is to say."""
    return NOTHING_SAID.sub("", html)


def modules(package: str) -> Iterator[str]:
    """Yield the pages of a package's public modules: those that it lists in ``__all__``, and so on below."""
    for name in GRADER if package == "autograde" else _listed(package):
        below = f"{package}.{name}"
        if _is_module(package, name) and _listed(below):
            yield f"api/{below}.md"
            yield from modules(below)


def _found(pattern: str) -> list[str]:
    return sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))


def _file(config: MkDocsConfig, path: str, at: str = "") -> File:
    """Return a file of the repository, at the same place on the site unless another is given."""
    made = File.generated(config, path, abs_src_path=str(ROOT / path))
    made.inclusion = InclusionLevel.INCLUDED
    if at:
        made.dest_uri = at
    return made


def _named(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for inside in nav.values() if isinstance(nav, dict) else nav or ():
            yield from _named(inside)


def _linked(page: str) -> Iterator[str]:
    """Yield what a page links to within the repository."""
    for target in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        if ":" not in target:
            yield normpath(join(dirname(page), unquote(target)))


def _cells(path: Path) -> Iterator[tuple[str, str | bytes]]:
    """Yield the pictures of a notebook's outputs as files, and then its cells as a page."""
    page = path.relative_to(ROOT).with_suffix(".md").as_posix()
    parts = []
    for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
        parts.append(cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```")
        for output in cell.get("outputs", []):
            shown = output.get("data", {})
            if "image/png" in shown:
                name = f"{page.removesuffix('.md')}-{number}.png"
                yield name, b64decode(shown["image/png"])
                said = " ".join(shown.get("text/plain", "").split()).replace("[", "(").replace("]", ")")
                parts.append(f"![{said}]({name.rpartition('/')[2]})")
            elif "text/plain" in shown:
                parts.append(f"```text\n{shown['text/plain']}\n```")
    yield page, "\n\n".join(parts)


def _source(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


def _tree(module: str) -> ast.Module:
    source = _source(module)
    return ast.parse(source.read_text(encoding="utf-8") if source else "")


def _homes(package: str) -> dict[str, str]:
    """Return where the names come from that a package takes from its modules, by name."""
    taken = (node for node in ast.walk(_tree(package)) if isinstance(node, ast.ImportFrom))
    return {alias.name: f"{node.module}" for node in taken if node.module != package for alias in node.names}


def _is_module(package: str, name: str) -> bool:
    """Say whether a name that a package lists is a module of it, and no function called as its home is."""
    return _source(f"{package}.{name}") is not None and name not in _homes(package)


def _listed(module: str) -> list[str]:
    """Return what a module's ``__all__`` lists, without importing it."""
    for node in _tree(module).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def _api(page: str) -> str:
    """Write a module's page: its docstring, and what it lists that has no page of its own."""
    module = page.removeprefix("api/").removesuffix(".md")
    homes = _homes(module)
    members = [name for name in _listed(module) if not _is_module(module, name)]
    # griffe takes a function that is called as its module for the module, so it is asked for at home
    shadowed = [name for name in members if _source(f"{module}.{name}")]
    options = "".join(f"\n        - {name}" for name in members if name not in shadowed)
    parts = [f"# {module}\n\n::: {module}\n    options:\n      members:{options or ' false'}\n"]
    heading = "    options:\n      show_root_heading: true\n      show_root_toc_entry: true\n"
    parts += [f"::: {homes[name]}.{name}\n{heading}" for name in shadowed]
    return "\n".join(parts)
