"""How it stands, for people: what differs and why, what a withheld harvest would take away, and who decides."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from commonground.catalog import index, removal, tasks
from commonground.catalog.models import Dataset, Harvest
from commonground.words import Portal
from commonground.work import store as work
from tests.catalog.faults import client_for, discovery, portal, record
from tests.web.reading import HERE, read, said

pytestmark = pytest.mark.usefixtures("home")

MANY = [record(f"chic-{number:04}") for number in range(120)]
ADMIN = "/admin/catalog/harvest/"


def harvest(listed: list[dict[str, Any]]) -> Harvest:
    """Read Chicago, as a portal of that name on loopback."""
    chicago: Portal = replace(portal("chicago"), slug="chicago", city="chicago")
    with client_for({"chicago": discovery(listed)}) as client:
        (run,) = tasks.harvest(tasks.Order([chicago], client))
    index.follow()
    return run


@pytest.fixture
def withheld() -> Harvest:
    """A run that did not list 110 of 120."""
    harvest(MANY)
    run = harvest(MANY[:10])
    assert run.withheld
    return run


def rows(client: Client, where: str) -> list[dict[str, str]]:
    body = b"".join(client.get(where))
    return list(csv.DictReader(io.StringIO(body.decode())))


def test_what_differs_is_told_with_its_reason(client: Client) -> None:
    harvest([*MANY, MANY[0]])
    harvest([*MANY[1:], MANY[1]])
    page = said(read(client, "/status"))
    assert "data.cityofchicago.org Chicago 120 120 −1 with an id that was listed before" in page
    assert "+1 not listed any more, kept for a grace period" in page
    assert "Read to the end" in page
    assert "0 minutes ago" in page
    assert "120 documents, 120 data sets" in page
    assert "Not explained" in page
    told = {one["portal"]: one for one in client.get("/status.json").json()["portals"]}
    assert [one["why"] for one in told["chicago"]["differences"]] == ["duplicate-id", "missing"]
    assert told["boston"]["differences"] == [{"why": "never-read", "count": 0, "change": 0, "url": None}]
    for one in told["chicago"]["differences"]:
        assert client.get(one["url"]).status_code == 200
    line = next(one for one in rows(client, "/status.csv") if one["portal"] == "chicago")
    assert (line["declared"], line["held"], line["missing"]) == ("120", "119", "1")
    assert line["differences"] == "duplicate-id -1; missing +1"
    assert "with an id that was listed before" in read(client, "/harvests/chicago")


def test_what_nothing_explains_is_never_hidden(client: Client) -> None:
    harvest(MANY)
    Dataset.objects.filter(native_id="chic-0003").update(state="withdrawn")
    page = said(read(client, "/status"))
    assert "−1 not explained" in page
    assert "Not explained 1 records between declared and held" in page
    assert '<li class="unexplained">' in read(client, "/status")


def test_index_and_database_are_compared_when_asked(client: Client) -> None:
    harvest(MANY)
    assert "Compare one by one" in read(client, "/status")
    assert "differing" not in client.get("/status.json").json()["index"]
    Dataset.objects.update(series="odd")
    page = said(read(client, "/status?index=compare"))
    assert "Wrong The index differs from the database." in page
    assert "Compared one by one, 120 differ. chicago/chic-0000" in page
    assert "20 of 120 shown." in page
    assert "chicago/chic-0020" not in page
    assert len(client.get("/status.json?index=compare").json()["index"]["differing"]) == 120


def test_a_broken_index_is_told(client: Client, settings: Any, tmp_path: Path) -> None:
    harvest(MANY)
    settings.HOME = shutil.copytree(settings.HOME / "search", tmp_path / "copy" / "search").parent
    (meta,) = settings.HOME.glob("search/*/*/meta.json")
    meta.write_text("{")
    form = client.get("/status.json?index=compare").json()
    assert form["index"] == {"state": "broken", "database": 120}
    assert "Wrong The index cannot be opened." in said(read(client, "/status"))


def test_a_live_portal_that_grows_old(client: Client) -> None:
    harvest(MANY)
    Harvest.objects.update(finished=timezone.now() - timedelta(days=3, hours=2))
    page = said(read(client, "/status"))
    assert "portals were not read to their end for two days." in page
    assert "3 days ago Late" in page


def test_the_work_is_told(client: Client) -> None:
    harvest(MANY)
    run = work.claim(tasks.HARVEST, "chicago")
    assert run
    type(run).objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(minutes=1))
    work.claim(tasks.HARVEST, "chicago")
    page = said(read(client, "/status"))
    assert "A run is under way" in page
    assert "last sign of life 0 minutes ago" in page
    assert "Taken over from another process" in page
    assert "its lease ran out." in page


@pytest.mark.parametrize("where", ["/harvests", "/cities/chicago"])
def test_a_withheld_harvest_is_shown_red(client: Client, withheld: Harvest, where: str) -> None:
    page = read(client, where)
    assert '<span class="usa-tag error">Withheld</span>' in page
    assert '<a href="/harvests/chicago/withheld">110 data sets would go</a>' in page
    removal.discard(withheld, "ana")
    page = read(client, where)
    assert '<span class="usa-tag warning">Withheld, then discarded</span>' in page
    assert "would go" not in page


def test_a_withheld_harvest_says_what_would_go(client: Client, withheld: Harvest) -> None:
    page = read(client, "/harvests/chicago")
    assert withheld.reason == "110 of 120 data sets vanished at once, more than 10 %."
    for words in (
        f"Withheld. {withheld.reason} 110 data sets would be called missing.",
        f"They are gone: commonground release {withheld.pk} ",
        f"The listing was wrong: commonground release {withheld.pk} --discard",
        "All 110 data sets",
    ):
        assert words in said(page)
    assert page.count('<a href="http://127.0.0.1:8000/datasets/chicago/chic-') == 10
    assert "admin" not in page
    assert "1 harvest is withheld." in said(read(client, "/status"))

    second = read(client, "/harvests/chicago/withheld?page=2")
    assert second.count("/datasets/chicago/chic-") == 10
    form = client.get("/harvests/chicago/withheld.json").json()
    assert (form["total"], form["harvest"]["id"], len(form["datasets"])) == (110, withheld.pk, 100)
    assert form["next"] == f"{HERE}/harvests/chicago/withheld.json?page=2"
    listed = rows(client, "/harvests/chicago/withheld.csv")
    assert len(listed) == 110
    assert listed[0]["id"] == "chicago/chic-0010"


def test_decisions_are_kept_in_the_table_of_runs(client: Client, withheld: Harvest) -> None:
    removal.discard(withheld, "ana")
    later = harvest(MANY[:10])
    newest = harvest(MANY)
    page = said(read(client, "/harvests/chicago"))
    assert "Withheld, then discarded" in page
    assert "Withheld, then overtaken by a newer run" in page
    assert f"by harvest {newest.pk}" in page
    assert later.pk != newest.pk
    assert "ana" not in page.replace("Chicana", "").split()  # who decided is told to operators only
    client.force_login(User.objects.create_superuser("clerk"))
    assert "by ana" in said(read(client, "/harvests/chicago"))
    assert "No harvest of this portal is withheld" in read(client, "/harvests/chicago/withheld")
    assert client.get("/harvests/chicago/withheld.json").json()["harvest"] is None


def test_a_run_that_went_on_says_so(client: Client) -> None:
    run = harvest(MANY)
    Harvest.objects.filter(pk=run.pk).update(resumed=1, returned=7, withdrawn=3)
    page = read(client, "/harvests/chicago")
    assert "Went on where another process died" in page
    assert '<td class="number" data-label="Returned">7</td>' in page
    assert '<td class="number" data-label="Withdrawn">3</td>' in page


def test_the_feed_says_that_a_harvest_is_withheld(client: Client, withheld: Harvest) -> None:
    feed = client.get("/harvests/chicago.atom").content.decode()
    assert "<title>Withheld: chicago.example</title>" in feed
    assert withheld.reason in feed
    before = client.get("/harvests/chicago.atom")["Last-Modified"]
    Harvest.objects.update(finished=timezone.now() - timedelta(hours=1))
    removal.release(withheld, "ana")
    after = client.get("/harvests/chicago.atom")
    assert "Withheld, then released: chicago.example" in after.content.decode()
    assert after["Last-Modified"] >= before


def test_what_is_not_listed_any_more(client: Client) -> None:
    harvest(MANY)
    harvest(MANY[2:])
    Dataset.objects.filter(native_id="chic-0001").update(state="withdrawn")
    page = said(read(client, "/harvests/chicago/missing"))
    assert "Title of chic-0000 chicago/chic-0000 No longer listed" in page
    assert "Its grace is over" in page
    first, second = rows(client, "/harvests/chicago/missing.csv")
    assert (first["id"], first["state"], second["state"]) == ("chicago/chic-0000", "missing", "withdrawn")
    assert first["until"] > first["missing_since"]
    assert second["until"] == ""
    assert client.get("/harvests/chicago/missing.json").json()["total"] == 2


@pytest.mark.parametrize("which", ["withheld", "missing"])
def test_lists_of_portals_that_were_never_read_are_empty(client: Client, which: str) -> None:
    assert client.get(f"/harvests/boston/{which}.json").json()["datasets"] == []
    assert client.get(f"/harvests/atlantis/{which}").status_code == 404


@pytest.fixture
def clerk(client: Client) -> Callable[..., User]:
    """Signs somebody in to the admin, with those permissions on harvests."""

    def sign_in(name: str, *permissions: str) -> User:
        user = User.objects.create_user(name, is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=[f"{one}_harvest" for one in permissions]))
        client.force_login(user)
        return user

    return sign_in


def decide(client: Client, run: Harvest, action: str) -> str:
    response = client.post(ADMIN, {"action": action, "_selected_action": [run.pk]}, follow=True)
    run.refresh_from_db()
    return said(response.content.decode())


def test_who_may_decides_in_the_admin(client: Client, withheld: Harvest, clerk: Callable[..., User]) -> None:
    clerk("ana", "view", "change")
    page = read(client, "/harvests/chicago")
    assert f'<a href="{ADMIN}?id={withheld.pk}">' in page
    assert "Title of chic-0119 (chicago/chic-0119)" in read(client, f"{ADMIN}{withheld.pk}/change/")
    listed = read(client, f"{ADMIN}?id={withheld.pk}")
    assert '<option value="release">' in listed
    assert "110 data sets are missing from now on." in decide(client, withheld, "release")
    assert (withheld.decision, withheld.decided_by) == ("released", "ana")
    assert Dataset.objects.filter(state="missing").count() == 110
    assert "Nothing." in read(client, f"{ADMIN}{withheld.pk}/change/")

    clerk("bo", "view", "change")
    said_to_bo = decide(client, withheld, "discard")
    assert "does not wait for a decision. It was released by ana." in said_to_bo
    assert withheld.decision == "released"


def test_who_may_only_look_does_not_decide(client: Client, withheld: Harvest, clerk: Callable[..., User]) -> None:
    clerk("cy", "view")
    assert "in the admin" not in read(client, "/harvests/chicago")
    assert '<option value="release">' not in read(client, ADMIN)
    decide(client, withheld, "release")
    assert withheld.withheld
    client.force_login(User.objects.create_user("dee"))
    assert client.get(ADMIN).status_code == 302
    decide(client, withheld, "release")
    assert withheld.withheld
