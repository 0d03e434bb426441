"""Documents are asked for conditionally: who has the newest one already is told so, and downloads nothing."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from commonground.errors import NotModified, Refused, Unreachable, Unreadable
from commonground.protocols.base import Holdings
from commonground.protocols.http import Client, Manners, Validators
from commonground.protocols.registry import readers, server
from commonground.protocols.serving import loopback
from commonground.words import Portal
from tests.protocols.rough import HASTY, HOST, URL, asking, wsgi

ETAG, DATE = '"a-1"', "Wed, 21 Oct 2015 07:28:00 GMT"


def conditions(request: Request) -> tuple[str | None, str | None]:
    return request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")


def saved(client: Client, url: str = URL) -> bytes:
    file = io.BytesIO()
    client.save(url, file, conditional=True)
    return file.getvalue()


@pytest.mark.parametrize(
    "told", [Validators(ETAG, DATE), Validators(ETAG), Validators(last_modified=DATE)], ids=["both", "etag", "date"]
)
def test_the_second_time_nothing_comes(told: Validators) -> None:
    asked: list[tuple[str | None, str | None]] = []

    def answer(request: Request) -> Response:
        asked.append(conditions(request))
        mine = {name: value for name, value in (("ETag", told.etag), ("Last-Modified", told.last_modified)) if value}
        return Response(b"", 304, mine) if any(asked[-1]) else Response(b"whole", headers=mine)

    with asking(answer) as client:
        assert saved(client) == b"whole"
        assert client.told == {URL: told}
    with asking(answer) as client:
        client.remember(URL, told)
        file = io.BytesIO(b"untouched")
        with pytest.raises(NotModified, match="/list is as it was") as caught:
            client.save(URL, file, conditional=True)
        assert (client.told, caught.value.url, file.getvalue()) == ({}, URL, b"untouched")
        client.save(URL, file)
        assert (file.getvalue(), client.told) == (b"whole", {})
    assert asked == [(None, None), (told.etag or None, told.last_modified or None), (None, None)]


def test_a_document_that_changed_comes_with_new_validators() -> None:
    with asking(lambda _: Response(b"new", headers={"ETag": '"b"'})) as client:
        client.remember(URL, Validators(ETAG, DATE))
        assert saved(client) == b"new"
        assert client.told == {URL: Validators('"b"')}


def test_nothing_is_told_of_an_answer_that_breaks_off() -> None:
    with asking(lambda _: Response(b" " * 2_000, headers={"ETag": ETAG}), max_bytes=1_000) as client:
        with pytest.raises(Unreadable):
            saved(client)
        assert client.told == {}


def test_304_is_no_answer_to_who_did_not_ask_so() -> None:
    with asking(lambda _: Response(b"", 304)) as client:
        for ask in (client.get, lambda url: saved(client, url)):
            with pytest.raises(Unreadable, match="answered 304, though we asked without a condition"):
                ask(URL)


def test_304_ends_a_row_of_failures_and_is_not_asked_for_again() -> None:
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        return Response(b"", 304 if len(asked) == 2 else 500)

    with asking(answer, attempts=1, patience=2) as client:
        client.remember(URL, Validators(ETAG))
        for expected in (Unreachable, NotModified, Unreachable, Unreachable, Unreachable):
            with pytest.raises(expected):
                saved(client)
    assert len(asked) == 4  # the last one was not sent: two in a row had failed


@pytest.mark.parametrize("location", ["/there", "https://other.example.gov/there"])
def test_another_host_is_not_told_what_we_have(location: str) -> None:
    """On one host a condition goes along with a redirect; what another one says is not kept for the first."""
    asked: dict[str, Any] = {}

    def there(request: Request) -> Response:
        asked["there"] = any(conditions(request))
        return Response(b"whole", headers={"ETag": '"of another"'})

    def here(request: Request) -> Response:
        if request.path == "/there":
            return there(request)
        asked["here"] = any(conditions(request))
        return Response(status=302, headers={"Location": location})

    apps = {HOST: wsgi(here), "other.example.gov": wsgi(there)}
    with loopback(apps) as routes, Client(routes=routes, sealed=True, manners=Manners(**HASTY)) as client:
        client.remember(URL, Validators(ETAG, DATE))
        assert saved(client) == b"whole"
        same = location.startswith("/")
        assert asked == {"here": True, "there": same}
        assert client.told == ({URL: Validators('"of another"')} if same else {})


@pytest.mark.parametrize("etag", ['"caf\u00e9"', f'"{"x" * 2_000}"'])
def test_what_could_not_be_sent_back_is_not_kept(etag: str) -> None:
    with asking(lambda _: Response(b"whole", headers={"ETag": etag, "Last-Modified": DATE})) as client:
        assert saved(client) == b"whole"
        assert client.told == {URL: Validators(last_modified=DATE)}


RECORDS = [{"identifier": f"https://{HOST}/d/{number}", "title": f"Title {number}"} for number in range(3)]


def portal(protocol: str) -> Portal:
    return Portal("here", "here", "Here", HOST, protocol, f"https://{HOST}")


@pytest.mark.parametrize("protocol", ["dcat-us", "arcgis-hub"])
def test_a_catalog_in_one_document_is_not_read_again(protocol: str) -> None:
    """Our own server tells the ETag, our own reader asks with it."""
    reader = readers(protocol)[0]

    def titles(client: Client) -> list[str]:
        return [raw["title"] for page in reader.pages(portal(protocol), client) for raw in page.records]

    def client_of(records: list[dict[str, str]]) -> Any:
        return loopback({HOST: server(protocol)(Holdings(HOST, records))})

    with client_of(RECORDS) as routes:
        with Client(routes=routes, sealed=True) as client:
            assert titles(client) == ["Title 0", "Title 1", "Title 2"]
            [(url, validators)] = client.told.items()
            assert validators.etag
        with Client(routes=routes, sealed=True) as client:
            client.remember(url, validators)
            with pytest.raises(NotModified):
                titles(client)
    with client_of(RECORDS[:2]) as routes, Client(routes=routes, sealed=True) as client:
        client.remember(url, validators)
        assert titles(client) == ["Title 0", "Title 1"]
        assert client.told[url] not in {validators, Validators()}


def test_a_path_that_is_gone_leads_to_the_next_one() -> None:
    """The feed moved: what is remembered of the other path still serves."""
    document = json.dumps({"dataset": RECORDS})

    def answer(request: Request) -> Response:
        if request.path != "/data.json":
            return Response("no", 404)
        return Response(b"", 304) if any(conditions(request)) else Response(document, headers={"ETag": ETAG})

    with asking(answer) as client:
        client.remember(f"https://{HOST}/api/feed/dcat-us/1.1.json", Validators('"old"'))
        client.remember(f"https://{HOST}/data.json", Validators(ETAG))
        with pytest.raises(NotModified):
            next(readers("arcgis-hub")[0].pages(portal("arcgis-hub"), client))


def test_a_refusal_stays_one() -> None:
    with asking(lambda _: Response("no", 412)) as client:
        client.remember(URL, Validators(ETAG))
        with pytest.raises(Refused):
            saved(client)
