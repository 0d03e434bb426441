"""Recordings on disk: found by city, host and day; the newest of a day, the native protocol first."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonground.errors import Misconfigured, NotFound, Unreadable
from commonground.protocols.base import Holdings
from commonground.protocols.recordings import Recording, find, newest, save

DAYS = (date(2020, 1, 1), date(2021, 1, 1))


@pytest.mark.parametrize(("protocol", "name"), [("socrata", "socrata.jsonl.gz"), ("dcat-us", "dcat-us.json.gz")])
def test_what_is_saved_is_found(protocol: str, name: str, tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [{"id": "a", "text": "é \ud800 \x00 \n"}, {}, {"n": 2**70}]
    path = save(tmp_path, city="some", day=DAYS[0], protocol=protocol, holdings=Holdings("a.example", records))
    assert path == tmp_path / "some" / "a.example" / f"2020-01-01.{name}"
    assert find(tmp_path) == [Recording("some", "a.example", DAYS[0], protocol, path)]
    held = find(tmp_path)[0].holdings()
    assert (held.host, held.records) == ("a.example", records)
    again = save(tmp_path, city="some", day=DAYS[0], protocol=protocol, holdings=held)
    assert again.read_bytes() == path.read_bytes()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


@given(st.permutations([(day, protocol) for day in DAYS for protocol in ("socrata", "dcat-us")]))
def test_the_newest(order: list[tuple[date, str]]) -> None:
    recordings = [Recording("some", "a.example", day, protocol, Path()) for day, protocol in order]
    for at, expected in ((None, DAYS[1]), (date(2020, 6, 1), DAYS[0]), (DAYS[0], DAYS[0])):
        chosen = newest(recordings, at)["a.example"]
        assert (chosen.day, chosen.protocol) == (expected, "socrata")
    assert newest(recordings, date(2019, 12, 31)) == {}


def test_folders_that_will_not_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No folder"):
        find(tmp_path / "none")
    with pytest.raises(NotFound, match="No recordings in"):
        find(tmp_path)
    folder = tmp_path / "some" / "a.example"
    folder.mkdir(parents=True)
    (folder / "notes.gz").write_bytes(b"")
    with pytest.raises(NotFound):
        find(tmp_path)
    (folder / "2020-02-30.socrata.jsonl.gz").write_bytes(b"")
    with pytest.raises(Misconfigured, match="“2020-02-30” is no date"):
        find(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("2020-01-01.socrata.jsonl.gz", gzip.compress(b'{"a": 1}\n\n{"b"\n', mtime=0), "line 3"),
        ("2020-01-01.socrata.jsonl.gz", gzip.compress(b"[1]\n", mtime=0), "line 1 holds no object"),
        ("2020-01-01.socrata.jsonl.gz", gzip.compress(b"[" * 100_000, mtime=0), "line 1"),
        (
            "2020-01-01.socrata.jsonl.gz",
            gzip.compress(json.dumps({"a": "x" * 10_000}).encode(), mtime=0)[:-20],
            "cannot be read",
        ),
        ("2020-01-01.socrata.jsonl.gz", b"no gzip", "cannot be read"),
        ("2020-01-01.socrata.jsonl.gz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03ruined", "cannot be read"),
        ("2020-01-01.dcat-us.json.gz", gzip.compress(b"{}", mtime=0), "no list “dataset”"),
        ("2020-01-01.dcat-us.json.gz", gzip.compress(b"[]", mtime=0), "no list “dataset”"),
        ("2020-01-01.dcat-us.json.gz", gzip.compress(b"<html>", mtime=0), "cannot be read"),
    ],
)
def test_broken_files_are_named(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    folder = tmp_path / "some" / "a.example"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    with pytest.raises(Unreadable, match=said) as caught:
        find(tmp_path)[0].holdings()
    assert str(folder / name) in caught.value.message
    assert caught.value.advice
