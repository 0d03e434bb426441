"""The sign-in, and forms that come from elsewhere."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from commonground.pages.limits import Bucket
from commonground.site import accounts
from tests.web.reading import read, said


@pytest.mark.usefixtures("catalog")
def test_forms_of_other_sites_are_refused(ann: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann)
    refused = strict.post("/overlap/decide", {"kind": "place"})
    assert refused.status_code == 403
    assert "Load its page again." in said(refused.content.decode())


@pytest.mark.usefixtures("catalog")
def test_signing_in_leads_back_and_out(client: Client) -> None:
    User.objects.create_user("ann", password="correct horse battery")
    assert 'href="/sign-in?next=/cities"' in read(client, "/cities")
    page = read(client, "/sign-in?next=/cities")
    assert 'name="next" value="/cities"' in page
    wrong = client.post("/sign-in", {"username": "ann", "password": "x"})
    assert "This name and password do not belong together." in said(wrong.content.decode())
    given = {"username": "ann", "password": "correct horse battery"}
    assert client.post("/sign-in", {**given, "next": "/cities"}).headers["Location"] == "/cities"
    assert "ann Sign out" in said(read(client, "/cities"))
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").headers["Location"] == "/"
    away = client.post("/sign-in", {**given, "next": "https://evil.example/"})
    assert away.headers["Location"] == "/"


@pytest.mark.usefixtures("catalog")
def test_guessing_passwords_is_slow(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_tries", Bucket(1 / 30, lambda: 0.0, most=accounts.TRIES))
    statuses = [client.post("/sign-in", {"username": "Ann", "password": "x"}).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert client.post("/sign-in", {"username": "aNN", "password": "x"}).headers["Retry-After"] == "30"
    assert client.post("/sign-in", {"username": "bob", "password": "x"}).status_code == 200


@pytest.mark.usefixtures("catalog")
def test_right_passwords_are_not_counted(ann: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_tries", Bucket(1 / 30, lambda: 0.0, most=2))
    ann.set_password("correct horse battery")
    ann.save()
    for _ in range(4):
        given = {"username": ann.username, "password": "correct horse battery"}
        assert client.post("/sign-in", given).status_code == 302
        client.post("/sign-out")
    assert client.post("/sign-in", {"username": ann.username, "password": "x"}).status_code == 200
