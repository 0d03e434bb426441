"""Subjects of the register as city staff change them on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.test import Client

from commonground.overlap import register
from tests.web.reading import read, said

if TYPE_CHECKING:
    from django.http import HttpResponse

pytestmark = pytest.mark.usefixtures("catalog")
TREES = "/overlap/subjects/trees/edit"
RINKS = {
    "label": "Ice rinks",
    "theme": "parks-and-culture",
    "definition": "Places with ice to skate on.",
    "row": "one rink",
    "grain": "reference",
    "synonyms": "Skating rinks and arenas\r\n\r\n Curling sheets ",
}


def sent(client: Client, path: str = TREES, **fields: str) -> HttpResponse:
    """The form of trees as it stands, with some fields otherwise."""
    before = register.subjects()["trees"]
    plain = {name: str(getattr(before, name)) for name in ("label", "definition", "row", "grain")}
    given = {**plain, "synonyms": "\n".join(before.synonyms), "seen": "0", "do": "edit", **fields}
    return client.post(path, given)  # type: ignore[return-value]


def test_only_staff_may_change_a_subject(client: Client) -> None:
    assert client.get(TREES).headers["Location"] == f"/sign-in?next={TREES}"
    assert client.post(TREES).status_code == 302
    assert "Change this subject" not in read(client, "/overlap/subjects/trees")
    client.force_login(User.objects.create_user("visitor"))
    assert client.get(TREES).status_code == 403
    assert sent(client, label="Mine").status_code == 403
    assert not register.versions("trees")


@pytest.mark.usefixtures("ann")
def test_a_change_is_a_version_with_who_and_why(client: Client) -> None:
    assert TREES in read(client, "/overlap/subjects/trees")
    assert "Nobody has changed it" in said(read(client, TREES))
    before = register.subjects()["trees"]
    response = sent(client, label="City trees", synonyms="\r\n".join([*before.synonyms, "Arboretum"]), why="Parks too.")
    assert (response.status_code, response.headers["Location"]) == (303, "/overlap/subjects/trees")
    after = register.find("arboretum")
    assert after is not None
    assert (after.label, after.near, after.sources) == ("City trees", before.near, before.sources)
    page = read(client, TREES)
    assert "“Parks too.” Ann Lee" in said(page)
    assert 'name="seen" value="1"' in page
    assert client.get("/overlap/subjects/Trees/edit").headers["Location"] == TREES
    assert client.get("/overlap/subjects/penguins/edit").status_code == 404


@pytest.mark.usefixtures("ann")
def test_who_comes_second_sees_what_the_first_wrote(client: Client) -> None:
    register.edit("trees", {"label": "City trees"}, "Bob", seen=0, why="Shorter.")
    response = sent(client, label="Urban forest")
    page = response.content.decode()
    assert response.status_code == 409
    assert "Bob changed “trees” meanwhile: version 1 stands." in said(page)
    assert "“Shorter.”" in page
    assert 'name="label" value="Urban forest"' in page
    assert 'name="seen" value="1"' in page
    assert sent(client, label="Urban forest", seen="1").status_code == 303
    assert register.subjects()["trees"].label == "Urban forest"


@pytest.mark.usefixtures("ann")
def test_what_cannot_stand_is_told_and_nothing_typed_is_lost(client: Client) -> None:
    response = sent(client, label="T", why="Because.")
    page = response.content.decode()
    assert response.status_code == 400
    assert "Not kept yet: trees: label: 'T' will not do." in said(page)
    assert 'value="T"' in page
    assert ">Because.</textarea>" in page
    assert sent(client, grain="heap").status_code == 400
    assert not register.versions("trees")


@pytest.mark.usefixtures("ann")
def test_a_new_subject_and_merging_it(client: Client) -> None:
    assert 'value="Ice &lt;rinks&gt;"' in read(client, "/overlap/subjects/new?name=Ice+%3Crinks%3E")
    refused = client.post("/overlap/subjects/new", {**RINKS, "theme": "x"})
    assert (refused.status_code, "Curling sheets" in refused.content.decode()) == (400, True)
    assert client.post("/overlap/subjects/new", {**RINKS, "label": "New"}).status_code == 400
    made = client.post("/overlap/subjects/new", RINKS)
    assert made.headers["Location"] == "/overlap/subjects/ice-rinks"
    assert register.subjects()["ice-rinks"].synonyms == ("Skating rinks and arenas", "Curling sheets")
    path = "/overlap/subjects/ice-rinks/edit"
    assert sent(client, path, do="merge", into="no-such", seen="1").status_code == 400
    assert sent(client, path, do="merge", into="park-facilities", seen="0").status_code == 409
    merged = sent(client, path, do="merge", into="park-facilities", seen="1", why="The same.")
    assert merged.headers["Location"] == "/overlap/subjects/park-facilities"
    assert register.resolve("ice-rinks") == "park-facilities"
    assert client.get("/overlap/subjects/ice-rinks").headers["Location"].endswith("/overlap/subjects/park-facilities")
