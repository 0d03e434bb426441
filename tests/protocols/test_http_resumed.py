"""What was cut off is fetched on from where it broke off, and never from the middle of something else."""

from __future__ import annotations

import io

import pytest
from werkzeug.wrappers import Request, Response

from commonground.errors import Refused, Unreadable
from tests.protocols.rough import URL, asking

WHOLE = bytes(range(256)) * 400
ETAG = '"a-1"'


def portions(request: Request) -> Response:
    """A server of portions, as RFC 9110 has it."""
    first = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
    current = request.headers.get("If-Range", ETAG) == ETAG
    if not first or not current:
        return Response(WHOLE, headers={"ETag": ETAG})
    if first >= len(WHOLE):
        return Response(b"", 416, {"Content-Range": f"bytes */{len(WHOLE)}"})
    told = {"ETag": ETAG, "Content-Range": f"bytes {first}-{len(WHOLE) - 1}/{len(WHOLE)}"}
    return Response(WHOLE[first:], 206, told)


@pytest.mark.parametrize("have", [0, 1, 1000, len(WHOLE) - 1])
def test_the_rest_comes(have: int) -> None:
    asked: list[str | None] = []

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("Range"))
        return portions(request)

    file = io.BytesIO(WHOLE[:have])
    with asking(answer) as client:
        head = client.resume(URL, file, etag=ETAG)
    assert (file.getvalue(), head.status) == (WHOLE, 206 if have else 200)
    assert asked == [f"bytes={have}-" if have else None]


def test_of_another_state_the_whole_comes() -> None:
    file = io.BytesIO(b"something else")
    with asking(portions) as client:
        assert client.resume(URL, file, etag='"older"').status == 200
    assert file.getvalue() == WHOLE


def test_a_server_without_portions_sends_the_whole() -> None:
    file = io.BytesIO(WHOLE[:5])
    with asking(lambda _: Response(WHOLE)) as client:
        client.resume(URL, file)
    assert file.getvalue() == WHOLE


def test_another_part_than_the_one_asked_for_is_not_taken() -> None:
    file = io.BytesIO(WHOLE[:100])
    told = {"Content-Range": f"bytes 50-{len(WHOLE) - 1}/{len(WHOLE)}"}
    with asking(lambda _: Response(WHOLE[50:], 206, told)) as client, pytest.raises(Unreadable, match="another part"):
        client.resume(URL, file)


def test_what_is_whole_already() -> None:
    with asking(portions) as client, pytest.raises(Refused) as refused:
        client.resume(URL, io.BytesIO(WHOLE), etag=ETAG)
    assert refused.value.status == 416


def test_each_new_try_goes_on() -> None:
    asked: list[str | None] = []

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("Range"))
        if len(asked) == 1:  # promises more than it sends
            return Response(iter([WHOLE[:7000]]), headers={"Content-Length": str(len(WHOLE))})
        return portions(request)

    file = io.BytesIO()
    with asking(answer) as client:
        client.resume(URL, file)
    assert file.getvalue() == WHOLE
    assert asked == [None, "bytes=7000-"]
