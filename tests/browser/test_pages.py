"""Every page as people meet it: with a screen reader, on a phone, by keyboard, on paper, without scripts."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import violations

PAGES = {
    "home": "/",
    "home in Spanish": "/?lang=es",
    "search": "/search",
    "search with words": "/search?q=building+permits",
    "search with filters": "/search?city=chicago&kind=table&order=updated",
    "search without results": "/search?q=zzzzqqqq+xxyyzz",
    "search in Spanish": "/search?q=permits&lang=es",
    "cities": "/cities",
    "city": "/cities/washington_dc",
    "harvests": "/harvests",
    "harvest": "/harvests/seattle",
    "harvest of a portal never read": "/harvests/boston-maps",
    "withheld": "/harvests/boston/withheld",
    "missing": "/harvests/boston/missing",
    "status": "/status?index=compare",
    "findings": "/findings",
    "findings of a portal, fixed ones too": "/findings?portal=chicago&state=all&severity=loud",
    "findings of a kind": "/findings?city=boston&code=no-license",
    "no findings": "/findings?portal=chicago&severity=error",
    "about": "/about",
    "developers": "/developers",
    "not found": "/datasets/chicago/none-here",
}


def found(site: str, query: str) -> str:
    """The path of the first dataset that a search finds."""
    with urllib.request.urlopen(f"{site}/search.json?{query}&limit=1") as answer:
        return str(json.load(answer)["results"][0]["url"]).removeprefix(site)


@pytest.fixture(scope="module")
def dataset(site: str) -> str:
    """A dataset with columns and files."""
    return found(site, "q=crime&city=chicago&kind=table")


def test_axe_finds_what_is_wrong(page: Page) -> None:
    page.set_content("<html lang='en'><title>A form</title><main><h1>A form</h1><input><input></main></html>")
    assert [one.partition(":")[0] for one in violations(page)] == ["label", "label"]


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_axe_finds_nothing(site: str, page: Page, path: str) -> None:
    page.goto(site + path)
    assert violations(page) == []


@pytest.mark.parametrize(
    "query", ["city=chicago", "city=washington_dc", "city=boston", "q=crime", "kind=external_link"]
)
def test_axe_finds_nothing_on_datasets(site: str, page: Page, query: str) -> None:
    page.goto(site + found(site, query))
    assert violations(page) == []


@pytest.mark.parametrize(
    "path", ["/", "/search?q=permits", "/cities/new_york", "/harvests/washington-dc", "/findings", "/status"]
)
@pytest.mark.parametrize("width", [320, 640, 768, 1024])
def test_no_page_scrolls_sideways(site: str, browser: Browser, path: str, width: int, dataset: str) -> None:
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        for each in (path, dataset):
            page.goto(site + each)
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_is_reached_by_keyboard(site: str, page: Page) -> None:
    page.goto(site)
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_text(re.compile("Skip to main content"))
    expect(focused).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main"))
    page.get_by_role("searchbox").first.focus()
    page.keyboard.type("street trees")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=street\+trees"))
    expect(page.locator("#count")).to_contain_text("street trees")


def test_every_focus_is_seen(site: str, page: Page) -> None:
    page.goto(f"{site}/search?q=permits")
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_a_filter_narrows_and_the_address_says_so(site: str, page: Page) -> None:
    page.goto(f"{site}/search?q=permits")
    summary = page.locator("summary", has_text="Narrow")
    if summary.first.is_visible():
        summary.first.click()
    before = page.locator("#count").inner_text()
    page.locator("a[href*='city=chicago']").first.click()
    expect(page).to_have_url(re.compile("city=chicago"))
    expect(page.locator("#count")).not_to_have_text(before)
    page.go_back()
    expect(page.locator("#count")).to_have_text(before)
    page.reload()
    expect(page.locator("#count")).to_have_text(before)


def test_all_of_it_works_without_scripts(site: str, browser: Browser) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site)
        page.get_by_role("searchbox").first.fill("crime")
        page.get_by_role("button", name="Search").first.click()
        page.locator("main ol li h3 a").first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.get_by_role("link", name="Record as JSON").click()
        assert json.loads(page.locator("body").inner_text())["title"]


def test_spanish_is_kept_from_page_to_page(site: str, browser: Browser) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(site)
        page.get_by_role("link", name="Español").click()
        expect(page.locator("html")).to_have_attribute("lang", "es")
        page.get_by_role("searchbox").first.fill("permits")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.get_by_role("button", name="Buscar").first).to_be_visible()


def test_paper_has_no_navigation(site: str, page: Page, dataset: str) -> None:
    page.goto(site + dataset)
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_policy_allows_nothing_inline(site: str, page: Page, dataset: str) -> None:
    answered = page.goto(site + dataset)
    assert answered
    policy = answered.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert page.locator("[style], [onclick], style").count() == 0
    assert json.loads(page.locator("script[type='application/ld+json']").inner_text())["@type"] == "Dataset"
