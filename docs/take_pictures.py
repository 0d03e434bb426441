"""Takes the manual's pictures of a portal that shows the sample: `python docs/take_pictures.py http://127.0.0.1:8000`."""  # noqa: INP001 - a script beside its pages

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PICTURES = {
    "home": "/",
    "table": "/tables/building_permits",
    "overlap": "/overlap?sort=cities&open=building-permits",
    "dataset": "/datasets/chicago/ydr8-5enu",
    "harvest": "/harvests/chicago",
}
SIZE = {"width": 1280, "height": 860}
TALL = {"table"}  # whose map stands lower


def main(address: str) -> None:
    """One picture a page, as a desk sees it."""
    from tools import browser

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser.find(), args=["--no-sandbox"])
        for name, path in PICTURES.items():
            page = chromium.new_page(viewport=SIZE | {"height": 1100} if name in TALL else SIZE)  # type: ignore[arg-type] # a dict is what it takes
            page.goto(f"{address.rstrip('/')}{path}", wait_until="networkidle")
            page.screenshot(path=ROOT / f"docs/pictures/{name}.png")
        chromium.close()


if __name__ == "__main__":
    main(sys.argv[1])
