"""The page of a crosswalk: read by everybody, tried and saved by stewards of the city, and what a draft may not do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from commonground.site.store import give_roles
from commonground.tables.models import CrosswalkDraft, Release
from commonground.tables.views import crosswalk
from tests.web import drafted
from tests.web.drafted import CITY, STANDARD, TEXT
from tests.web.reading import read, said

PAGE = f"/tables/{STANDARD}/cities/{CITY}/crosswalk"


@pytest.fixture
def sam(client: Client, home: None) -> User:  # noqa: ARG001 - asked for, not looked at
    """A steward of Seattle, signed in, with rows to try on."""
    drafted.permits()
    user = drafted.steward()
    client.force_login(user)
    crosswalk._tries.forget(f"user {user.pk}")
    return user


def tried(client: Client, text: str, do: str = "try") -> Any:
    return client.post(f"{PAGE}/draft", {"text": text, "do": do})


@pytest.mark.usefixtures("home")
def test_everybody_reads_and_nobody_edits_unasked(client: Client) -> None:
    page = read(client, PAGE)
    told = said(page)
    assert "How Seattle's rows become “Building permits”" in told
    assert "permit_id" in told
    assert "[codes.status]" in told
    assert "<textarea" not in page
    form = client.get(f"{PAGE}.json").json()
    assert (form["standard"], form["city"], form["drafts"]) == (STANDARD, CITY, [])
    assert form["crosswalk"]["sources"][0]["dataset"] == drafted.DATASET
    assert tried(client, TEXT).status_code == 302
    assert not CrosswalkDraft.objects.exists()


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("path", [PAGE.replace(CITY, "gotham"), PAGE.replace(STANDARD, "spells"), f"{PAGE}/drafts/1"])
def test_what_is_not_there(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.usefixtures("home")
def test_a_city_without_a_crosswalk_has_a_page(client: Client) -> None:
    assert "has no crosswalk to this standard yet" in said(read(client, PAGE.replace(STANDARD, "capital_projects")))


@pytest.mark.usefixtures("sam")
def test_a_steward_sees_the_effect(client: Client) -> None:
    assert "<textarea" in read(client, PAGE)
    answer = tried(client, TEXT)
    told = said(answer.content.decode())
    assert answer.status_code == 200
    assert "Of 200 rows tried 200 are mapped and 0 withheld." in told
    assert "20 rows, raw beside mapped" in told
    assert "issued_on Not made 4 200" in told.replace("Before ", "")
    assert "Permit Closed 20" in told
    assert re.search(r"issued_on Issued 03/(\d\d)/2024 2024-03-\1", told)
    assert not CrosswalkDraft.objects.exists()
    assert not Release.objects.exists()


@pytest.mark.usefixtures("sam")
def test_faults_are_told_line_by_line(client: Client) -> None:
    wrong = TEXT.replace('"permit_issued"', '"permit_isued"').replace("permit_id =", "permit_number =")
    answer = tried(client, wrong)
    told = said(answer.content.decode())
    assert answer.status_code == 400
    assert "Line 8: fields.permit_number: building_permits@1.0.0 has no field “permit_number”" in told
    assert f"Line {wrong.splitlines().index('[codes.status]') + 2}: codes.status: seattle maps" in told
    assert "permit_number = " in answer.content.decode().replace("&quot;", '"')
    assert "Line 3: This is not TOML" in said(tried(client, "a = 1\nb = 2\nc = = 3\n").content.decode())


@pytest.mark.usefixtures("sam")
def test_drafts_are_kept_with_who_and_what_changed(client: Client) -> None:
    answer = tried(client, TEXT, "save")
    assert (answer.status_code, answer["Location"]) == (303, f"{PAGE}/drafts/1")
    changed = TEXT.replace("[codes.status]\n", '[codes.status]\n"Permit Closed" = "permit_finaled"\n')
    assert tried(client, changed, "save")["Location"] == f"{PAGE}/drafts/2"
    assert tried(client, changed, "save")["Location"] == f"{PAGE}/drafts/2"
    client.logout()
    page = said(read(client, f"{PAGE}/drafts/2"))
    assert "Saved by Sam Oh" in page
    assert "Against draft 1." in page
    assert '+"Permit Closed" = "permit_finaled"' in page
    form = client.get(f"{PAGE}/drafts/2.json").json()
    lost = {one["field"]: one["lost"] for one in form["result"]["trial"]["fields"]}
    assert (lost["status"], lost["issued_on"]) == (0, 4)
    assert "rows" not in form["result"]["trial"]
    assert "Draft 2 Sam Oh" in said(read(client, PAGE))
    assert CrosswalkDraft.objects.count() == 2
    assert not Release.objects.exists()


@pytest.mark.usefixtures("sam")
def test_a_draft_with_faults_may_be_kept(client: Client) -> None:
    assert tried(client, "standard = 1", "save").status_code == 303
    assert "things are wrong" in said(read(client, PAGE))
    assert "standard = 1" in read(client, f"{PAGE}?draft=1")


@pytest.mark.parametrize("role", ["city staff", "secretary", "resident"])
def test_others_may_not(client: Client, home: None, role: str) -> None:  # noqa: ARG001 - asked for, not looked at
    give_roles()
    user = User.objects.create_user("eve", password="correct horse battery")
    user.groups.add(Group.objects.get(name=role), Group.objects.create(name=f"city: {CITY}"))
    client.force_login(user)
    assert "<textarea" not in read(client, PAGE)
    assert tried(client, TEXT, "save").status_code == 403


@pytest.mark.usefixtures("home")
def test_stewards_edit_their_own_city_and_operators_all(client: Client) -> None:
    client.force_login(drafted.steward("boston"))
    assert "city: seattle" in read(client, PAGE)
    assert tried(client, TEXT, "save").status_code == 403
    operator = User.objects.create_user("op", password="correct horse battery")
    operator.groups.add(Group.objects.get(name="operator"))
    client.force_login(operator)
    assert tried(client, TEXT, "save").status_code == 303


@pytest.mark.usefixtures("sam")
@pytest.mark.parametrize(
    "source",
    ['file = "/etc/passwd"', 'file = "../../secret-key"', 'file = "secret-key"', 'dataset = "boston/abcd-1234"'],
)
def test_a_draft_reads_nothing_else(client: Client, source: str) -> None:
    drafted.keep("secret-key", {"Permit": ["hidden words"], "Issued": ["03/01/2024"], "Cost": ["1"], "Status": [""]})
    answer = tried(client, TEXT.replace(f'dataset = "{drafted.DATASET}"', source))
    told = said(answer.content.decode())
    assert "hidden words" not in told
    assert "root:" not in told
    assert answer.status_code == 400 or "are at hand" in told


@pytest.mark.usefixtures("sam")
def test_nor_joins_anything_else(client: Client) -> None:
    drafted.keep("boston/people.csv", {"Permit": ["P-1"], "Name": ["hidden words"]})
    join = 'join = [{ file = "boston/people.csv", on = "Permit", columns = ["Name"] }]'
    text = TEXT.replace(f'"{drafted.DATASET}"\n', f'"{drafted.DATASET}"\n{join}\n') + "\n"
    text = text.replace('status_raw = "Status"', 'status_raw = "Status"\ndescription = "Name"')
    told = said(tried(client, text).content.decode())
    assert "No rows of boston/people.csv, which is joined" in told
    assert "hidden words" not in told


@pytest.mark.usefixtures("sam")
def test_bounds(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    long = said(tried(client, TEXT + "#" * 200_000).content.decode())
    assert "at most 200,000 are read" in long
    assert tried(client, TEXT + "#" * 200_000, "save").status_code == 400
    assert not CrosswalkDraft.objects.exists()
    deep = "a = " + "[" * 5_000
    assert tried(client, deep).status_code == 400
    monkeypatch.setattr(crosswalk, "SECONDS", 0.05)
    assert "took longer than 0.05 seconds" in said(tried(client, TEXT).content.decode())


@pytest.mark.usefixtures("sam")
def test_a_draft_that_explodes_is_ended(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crosswalk, "SECONDS", 4.0)
    inner = '{ column = "Permit" }'
    for _ in range(5):
        inner = f"{{ first = [{inner}], each = 99 }}"
    told = said(tried(client, TEXT.replace('permit_id = "Permit"', f"permit_id = {inner}")).content.decode())
    assert "took longer than 4 seconds" in told or "wrong" in told or "memory" in told


@pytest.mark.usefixtures("sam")
def test_many_rows_are_sampled(client: Client) -> None:
    drafted.permits(120_000)
    told = said(tried(client, TEXT).content.decode())
    count = int(told.split("Of ")[1].split(" rows tried")[0].replace(",", ""))
    assert 30_000 <= count <= 50_200
