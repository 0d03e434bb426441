"""Checking a file over the web: the page, the forms for programs, what is refused, and that nothing is kept."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from commonground.tables.views import check
from tests.web.reading import read, said

GOOD = "permit_id,permit_type,permit_type_raw,issued_on\nB-1,building,Building,2024-03-01\n"
BAD = "permit_id,permit_type,permit_type_raw,issued_on\nB-1,house,=HYPERLINK(1),03/01/2024\nB-1,roof,Roof,2024-03-01\n"


def upload(text: str | bytes, name: str = "permits.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def sent(client: Client, text: str | bytes, *, form: str = "json", **more: Any) -> Any:
    given = {"standard": "building_permits", "city": "boston", "file": upload(text), **more}
    return client.post(f"/check.{form}", given)


@pytest.fixture(autouse=True)
def at_home(home: None) -> None:  # noqa: ARG001 - asked for, not looked at
    check._tries.forget("192.0.2.7")


def test_a_file_that_follows_the_standard(client: Client) -> None:
    told = sent(client, GOOD)
    assert (told.status_code, told["Access-Control-Allow-Origin"], told["Cache-Control"]) == (200, "*", "no-store")
    assert told.json()["summary"] == {"rows": 1, "errors": 0, "warnings": 0, "ok": True}
    assert (told.json()["file"], told.json()["standard"]) == ("permits.csv", "building_permits@1.0.0")
    assert not told.cookies


def test_errors_say_row_value_and_what_to_write(client: Client) -> None:
    report = sent(client, BAD).json()
    assert report["summary"]["ok"] is False
    by_rule = {(one["column"], one["rule"]): one for one in report["groups"]}
    wrong = by_rule["issued_on", "type"]["samples"][0]
    assert (wrong["row"], wrong["value"], wrong["how"]) == (1, "03/01/2024", "Write 2024-03-01.")
    assert ("permit_type", "code") in by_rule
    assert any(rule == "key" for _, rule in by_rule)


def test_the_address_may_say_standard_and_city(client: Client) -> None:
    told = client.post("/check.json?standard=building_permits&city=boston", {"file": upload(GOOD)})
    assert told.json()["summary"]["ok"] is True
    assert told.json()["city"] == "boston"


def test_csv_runs_no_formula(client: Client) -> None:
    rows = list(csv.DictReader(io.StringIO(sent(client, BAD, form="csv").content.decode())))
    assert rows[0].keys() >= {"severity", "row", "column", "value", "rule", "who", "how"}
    assert not [one for one in rows if one["value"].startswith("=")]


def test_the_page_shows_the_list_and_gives_it_away(client: Client) -> None:
    assert "Nothing of the file is kept." in said(read(client, "/check"))
    answer = client.post("/check", {"standard": "building_permits", "city": "boston", "file": upload(BAD)})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    told = said(page)
    assert "03/01/2024" in told
    assert "Write 2024-03-01." in told
    downloads = dict(re.findall(r'href="data:([^;]*);base64,([^"]*)"', page))
    report = json.loads(base64.b64decode(unescape(downloads["application/json"])))
    assert report["summary"]["errors"] >= 2
    assert base64.b64decode(downloads["text/csv"]).startswith(b"severity,row,line")


def test_nothing_is_kept(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sent(client, BAD)
    assert not list(tmp_path.glob("**/*.csv"))
    assert not list(tmp_path.glob("commonground-*"))


def test_the_page_asks_for_a_token(db: None) -> None:  # noqa: ARG001 - asked for, not looked at
    strict = Client(enforce_csrf_checks=True)
    given = {"standard": "building_permits", "file": upload(GOOD)}
    assert strict.post("/check", given).status_code == 403
    assert strict.post("/check.json", {**given, "file": upload(GOOD)}).status_code == 200


@pytest.mark.parametrize(
    ("given", "said_of_it"),
    [
        ({}, "No standard is named."),
        ({"standard": "building_permit"}, "No standard “building_permit”."),
        ({"standard": "building_permits"}, "No file is given."),
        ({"standard": "building_permits", "city": "gotham"}, "There is no city “gotham”."),
        ({"standard": "building_permits", "url": "file:///etc/passwd"}, "is no address of a file"),
        ({"standard": "building_permits", "url": "http://127.0.0.1:1/x.csv"}, "private"),
        ({"standard": "building_permits", "url": "http://169.254.169.254/latest"}, "private"),
    ],
)
def test_what_cannot_be_checked_is_said(client: Client, given: dict[str, str], said_of_it: str) -> None:
    answer = client.post("/check.json", given)
    assert answer.status_code == 400
    assert said_of_it in answer.json()["detail"]
    page = client.post("/check", given)
    assert page.status_code == 400
    assert said_of_it in said(page.content.decode())


@pytest.mark.parametrize(
    "content", [b"%PDF-1.4 not rows", b"<html><body>no</body></html>", b"PK\x03\x04broken", b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_file_of_rows_is_said(client: Client, content: bytes) -> None:
    answer = sent(client, content)
    assert answer.status_code == 400
    assert "permits.csv" in answer.json()["detail"]


def test_a_file_that_is_too_large_is_not_read(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "most", lambda: 1000)
    for size in (2000, 200_000):
        answer = sent(client, b"a,b\n" + b"1,2\n" * (size // 4))
        assert answer.status_code == 400
        assert "larger than" in answer.json()["detail"]
        page = client.post("/check", {"standard": "building_permits", "file": upload(b"1" * size)})
        assert page.status_code == 400


def test_a_check_that_takes_too_long_is_ended(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "SECONDS", 0.05)
    answer = sent(client, GOOD)
    assert answer.status_code == 400
    assert "took longer than 0.05 seconds" in answer.json()["detail"]


def test_who_checks_too_often_waits(client: Client) -> None:
    codes = [client.post("/check.json", {}, REMOTE_ADDR="192.0.2.7").status_code for _ in range(8)]
    assert codes[:6] == [400] * 6
    assert 429 in codes[6:]


def test_names_of_files_stay_names(client: Client) -> None:
    answer = client.post(
        "/check.json",
        {"standard": "building_permits", "file": SimpleUploadedFile("../../etc/\u202epasswd\n.csv", GOOD.encode())},
    )
    assert answer.status_code == 200
    assert "/" not in answer.json()["file"]


def test_one_in_thousands_is_found_and_named(client: Client) -> None:
    rows = "".join(f"B-{n},building,Building,2024-03-01\n" for n in range(60_000))
    lines = rows.splitlines()
    lines[41_233] = "B-41233,building,Building,2024-02-30"
    report = sent(client, "permit_id,permit_type,permit_type_raw,issued_on\n" + "\n".join(lines)).json()
    assert report["summary"]["rows"] == 60_000
    group = next(one for one in report["groups"] if one["column"] == "issued_on")
    assert (group["count"], group["samples"][0]["row"], group["samples"][0]["value"]) == (1, 41_234, "2024-02-30")
