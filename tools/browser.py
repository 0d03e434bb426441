"""Print the path of a Chromium for the browser tests; get one where there is none.

The system's own first; as root on Debian its package; else Playwright's download into the user's cache.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def find() -> str | None:
    """What CHROMIUM names, what is installed, or what Playwright fetched before."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    for name in NAMES:
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        fetched = Path(playwright.chromium.executable_path)
    return str(fetched) if fetched.exists() else None


def get() -> str | None:
    """A browser by whatever way this machine allows."""
    ways: list[list[str]] = []
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        ways.append(["sh", "-c", "apt-get update -q && apt-get install -q -y --no-install-recommends chromium"])
    ways.append([sys.executable, "-m", "playwright", "install", "chromium"])
    for way in ways:
        print(f"No Chromium here: {' '.join(way[-3:])} …", file=sys.stderr)
        # What installers print is talk: stdout is for the path alone.
        subprocess.run(way, check=False, stdout=sys.stderr)
        if found := find():
            return found
    return None


def main() -> int:
    """Print the path, or say what to do."""
    if os.environ.get("CHROMIUM") and not find():
        print(f"CHROMIUM names “{os.environ['CHROMIUM']}”, which is no program.", file=sys.stderr)
        return 1
    found = find() or get()
    if not found:
        print("No browser for the tests. Install Chromium, or name one: CHROMIUM=/path/to/chromium", file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
