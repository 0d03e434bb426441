"""Plain words, one for each thing; links that lead somewhere; paths that exist."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.apps import apps

from commonground import words
from tests.docs.manual import PAGES, ROOT, anchors, blocks, by_hand, inline, name, steps, text, tokens

BANNED = {
    r"catalogue": "catalog",
    r"neighbourhood": "neighborhood",
    r"harmoni[sz]e": "agree, bring into one form",
    r"normalis\w+": "bring into our form",
    r"licen[c]e\w*": "license",
    r"colour\w*": "color",
    r"organis\w+": "organiz…",
    r"behaviour": "behavior",
    r"sanitis\w+": "sanitiz…",
    r"labelled": "labeled",
    r"centre": "center",
    r"datasets?": "data set",
    r"crawl\w*|scrap(?:e|er|ing)|ingest\w*": "harvest",
    r"please|simply|click here|oops|easily|just": "nothing",
    r"e\.g\.|i\.e\.|etc\.": "say it",
}
"""What is not written, and what is. Code, links and generated parts are left alone."""

BUILT_LATER = {"engine/", "overlap/", "standards/", "tables/", "agreements/", "service_requests/", "solutions/", "api/"}
ROOMS = [
    "src",
    "tests",
    "docs",
    "assets",
    "tools",
    "bench",
    "catalog",
    "protocols",
    "site",
    "cli",
    "pages",
    "work",
    "demo",
    "cities",
]


def prose(page: Path) -> str:
    """What a reader reads: no code, no addresses, nothing generated."""
    found = re.sub(r"```.*?```", "", by_hand(page), flags=re.DOTALL)
    return re.sub(r"`[^`]*`|<https?://[^>]*>|\]\([^)]*\)|<!--.*?-->", "", found, flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_plain_words(page: Path) -> None:
    found = prose(page)
    for pattern, instead in BANNED.items():
        hits = [hit[0] for hit in re.finditer(rf"\b(?:{pattern})\b", found, re.IGNORECASE) if hit[0] != "Dataset"]
        assert not hits, f"{name(page)}: {hits}; write: {instead}"
    assert not re.search(r"\w!(?:\s|$)", found), f"{name(page)}: an exclamation mark"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_pages_begin_with_one_title_in_sentence_case(page: Path) -> None:
    titles = [one for one in tokens(page) if one.type == "heading_open" and one.tag == "h1"]
    assert len(titles) == 1
    capitals = {"PostgreSQL", "Python", "WSGI", "USWDS", "JSON", "SQLite", "Common", "Ground", "TOML"}
    for line in re.findall(r"^#+ (.+)$", by_hand(page), re.MULTILINE):
        later = re.findall(r"(?<![.:] )(?<!\A)\b[A-Z][a-z]+\b", line.partition(" ")[2])
        assert set(later) <= capitals | {"Socrata", "Replay"} or "`" in line, f"{name(page)}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [str(one.attrs["href"]) for one in inline(page, "link_open")]
    links += [str(one.attrs["src"]) for one in inline(page, "image")]
    for link in links:
        if re.match(r"[a-z]+:", link):
            assert link.startswith(("https://", "http://127.0.0.1:8000")), f"{name(page)}: {link}"
            continue
        target, _, anchor = unquote(link).partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), f"{name(page)}: {link}"
        if anchor:
            assert anchor in anchors(path), f"{name(page)}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_exist(page: Path) -> None:
    for one in inline(page, "code_inline"):
        path = one.content.partition(" ")[0]
        if not re.fullmatch(rf"(?:{'|'.join(ROOMS)})/[\w./*-]*", path) or path in BUILT_LATER:
            continue
        places = [ROOT, ROOT / "src/commonground"]
        assert any(list(place.glob(path.rstrip("/"))) for place in places), f"{name(page)}: {path}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    spoken = set(re.findall(r"`make ([a-z-]+)[^`]*`", text(page)))
    spoken |= {
        step.command.split()[1]
        for one in blocks(page)
        if one.language == "console"
        for step in steps(one)
        if step.command.startswith("make ")
    }
    assert spoken <= targets, name(page)


def test_every_page_can_be_found() -> None:
    """From README on, by links alone."""
    found, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in found or page.suffix != ".md":
            continue
        found.add(page)
        hrefs = [str(one.attrs["href"]).partition("#")[0] for one in inline(page, "link_open")]
        waiting += [(page.parent / href).resolve() for href in hrefs if href and ":" not in href]
    assert {name(page) for page in PAGES} - {name(page) for page in found} == set()


def entries() -> set[str]:
    """The words that the glossary explains."""
    return set(re.findall(r"^\*\*([^*]+)\*\*.* — ", text(ROOT / "GLOSSARY.md"), re.MULTILINE))


def spoken(kind: str) -> str:
    """`ColumnType` as people say it: Column type."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).capitalize()


def test_every_word_of_the_house_is_in_the_glossary() -> None:
    house = {one.__name__ for one in vars(words).values() if isinstance(one, type) and one.__module__ == words.__name__}
    tables = {one.__name__ for one in apps.get_models() if one.__module__.startswith("commonground.")}
    assert len(house) > 15
    assert len(tables) > 4
    assert {spoken(one) for one in house | tables} - entries() == set()


def test_the_glossary_says_each_word_once() -> None:
    every = re.findall(r"^\*\*([^*]+)\*\*", text(ROOT / "GLOSSARY.md"), re.MULTILINE)
    assert len(every) == len(set(every))


def test_every_room_is_in_the_picture() -> None:
    picture = text(ROOT / "docs/architecture.md").partition("```text")[2].partition("```")[0]
    drawn = set(re.findall(r"^  (\w+)/ ", picture, re.MULTILINE))
    folders = {
        path.name for path in (ROOT / "src/commonground").iterdir() if path.is_dir() and path.name != "__pycache__"
    }
    assert drawn == folders


def test_pictures_are_small_and_used() -> None:
    pictures = sorted((ROOT / "docs/pictures").glob("*"))
    used = {(page.parent / str(one.attrs["src"])).resolve() for page in PAGES for one in inline(page, "image")}
    assert set(pictures) == used
    assert all(path.stat().st_size < 300_000 for path in pictures)
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    said = [one.content for page in PAGES for one in inline(page, "image")]
    assert all(len(one) > 20 for one in said), "say what the picture shows"
