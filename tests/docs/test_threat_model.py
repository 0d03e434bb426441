"""What the threat model promises and no other test shows."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client

from commonground.catalog import browse
from tests.docs.conftest import Place
from tests.docs.manual import ROOT, text

PAGES = ("/", "/search?q=trees", "/cities", "/harvests", "/about", "/developers", "/no-such-page")


@pytest.fixture
def reader(db: None) -> Client:  # noqa: ARG001 - pages ask the database
    """A visitor."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("page", PAGES)
def test_the_browser_is_told_what_it_may_do(reader: Client, page: str) -> None:
    headers = reader.get(page).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("page", PAGES)
def test_readers_are_not_watched(reader: Client, page: str) -> None:
    response = reader.get(page)
    assert not response.cookies
    loaded = re.findall(rb"<(?:script|img|link rel=\"stylesheet\")[^>]*?(?:src|href)=\"([^\"]+)\"", response.content)
    assert loaded
    assert all(one.startswith((b"/", b"data:")) for one in loaded)


def test_a_chosen_language_is_the_only_cookie(reader: Client) -> None:
    assert set(reader.get("/?lang=es").cookies) == {"django_language"}


@pytest.mark.parametrize("page", ["/", "/cities.json", "/no-such-page"])
def test_another_host_is_refused(reader: Client, page: str) -> None:
    assert reader.get(page, headers={"host": "evil.example"}).status_code == 400


def test_the_admin_can_be_kept_off(place: Place) -> None:
    asked = (
        "import django; django.setup(); from django.test import Client;"
        "print(Client(headers={'host': 'localhost'}).get('/admin/login/').status_code)"
    )

    def status(admin: str) -> str:
        more = {"COMMONGROUND_ADMIN": admin, "DJANGO_SETTINGS_MODULE": "commonground.site.settings"}
        return subprocess.run(
            [sys.executable, "-c", asked], env=place.environment(**more), capture_output=True, text=True, check=True
        ).stdout.strip()

    assert (status("1"), status("0")) == ("200", "404")


@pytest.mark.parametrize("name", ["secret-key", "demo-password"])
def test_secrets_are_for_their_owner(place: Place, name: str) -> None:
    path = place.home / name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text()) >= 12


def test_https_makes_cookies_secure(place: Place) -> None:
    asked = (
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0, s.SESSION_COOKIE_HTTPONLY)"
    )
    more = {"COMMONGROUND_URL": "https://data.example.gov", "DJANGO_SETTINGS_MODULE": "commonground.site.settings"}
    done = subprocess.run(
        [sys.executable, "-c", asked], env=place.environment(**more), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True"] * 4


def test_editors_of_records_are_not_shown_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kept:
        dialect = "ckan"
        raw: Any = {
            "name": "Trees",
            "author": "A. Person",
            "maintainer_email": "a.person@example.gov",
            "creator_user_id": "ab12",
        }

    monkeypatch.setattr(browse, "revision", lambda *_: Kept)
    assert browse.raw(None) == {"name": "Trees"}  # type: ignore[arg-type] # the record alone is asked


def test_every_proof_is_there() -> None:
    page = text(ROOT / "docs/why/threat-model.md")
    rows = [line for line in page.splitlines() if line.startswith("| ") and line.count("|") == 4]
    assert len(rows) > 10
    assert all(
        re.search(r"`[\w./-]+`", line.split("|")[3]) for line in rows if "Proof" not in line and "---" not in line
    )
