"""Questions in SQL: what is kept out of downloads, answers that are kept, and who waits for whom."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.test import Client

from commonground.api.answers import Answers
from commonground.api.views import sql as views
from commonground.api.written import written
from commonground.engine.query import Told
from commonground.errors import NotFound, TooLong
from tests.web.reading import said
from tests.web.test_sql import ROWS, STANDARD, table

__all__ = ["table"]
COUNT = f"select city, count(*) as n from {STANDARD} group by city"


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("listed", ["boston", f"{STANDARD}/boston"])
@pytest.mark.usefixtures("table")
def test_a_city_that_is_kept_out_of_downloads_is_in_no_answer(client: Client, settings: Any, listed: str) -> None:
    settings.TABLES_NO_DOWNLOAD = [listed]
    answer = client.get("/sql.json", {"q": COUNT})
    told = json.loads(body(answer))
    assert told["rows"] == [{"city": "chicago", "n": ROWS}]
    assert "Boston" in told["left_out"][f"{STANDARD}/boston"]
    assert answer.headers["X-Left-Out"] == f"{STANDARD}/boston"
    rows = pq.read_table(io.BytesIO(body(client.get("/sql.parquet", {"q": f"from {STANDARD}"}))))
    assert set(rows["city"].to_pylist()) == {"chicago"}
    assert "The rows of Boston can be seen here, but" in said(client.get("/sql", {"q": COUNT}).content.decode())
    other = client.get("/sql.json", {"q": "select 1 as one"})
    assert "X-Left-Out" not in other.headers
    assert "left_out" not in json.loads(body(other))


@pytest.mark.usefixtures("table")
def test_a_table_of_which_nothing_is_given_says_why(client: Client, settings: Any) -> None:
    settings.TABLES_NO_DOWNLOAD = ["boston", "chicago"]
    refused = client.get("/sql.json", {"q": COUNT})
    assert refused.status_code == 400
    assert "The rows of Chicago can be seen here, but" in refused.json()["detail"]
    assert "The rows of Boston" in said(client.get("/sql", {"q": COUNT}).content.decode())


@pytest.mark.usefixtures("table")
def test_an_answer_is_kept_as_long_as_it_holds(client: Client, settings: Any) -> None:
    asked = {"q": f"{COUNT} order by city"}
    first, again = client.get("/sql.json", asked), client.get("/sql.json", asked)
    assert body(first) == body(again)  # with the same seconds: it was not answered anew
    settings.TABLES_NO_DOWNLOAD = ["boston"]
    assert json.loads(body(client.get("/sql.json", asked)))["rows"] == [{"city": "chicago", "n": ROWS}]
    drawn = {json.loads(body(client.get("/sql.json", {"q": "select random() as r"})))["rows"][0]["r"] for _ in "ab"}
    assert len(drawn) == 2


def test_equal_questions_at_once_are_answered_once() -> None:
    answers, begun, go, times = Answers[int](lambda _: 1), threading.Event(), threading.Event(), []

    def make() -> int:
        times.append(1)
        begun.set()
        assert go.wait(10)
        return 7

    with ThreadPoolExecutor(5) as clients:
        first = clients.submit(answers.of, "same", make, _never)
        assert begun.wait(10)
        others = [clients.submit(answers.of, "same", make, _never) for _ in range(3)]
        impatient = clients.submit(answers.of, "same", make, lambda: True)
        assert isinstance(impatient.exception(10), TooLong)
        go.set()
        assert [one.result(10) for one in (first, *others)] == [7] * 4
    assert len(times) == 1


def test_a_refusal_is_for_all_and_kept_for_nobody() -> None:
    answers = Answers[int](lambda _: 1)
    with pytest.raises(NotFound):
        answers.of("key", _raises(NotFound("no")), _never)
    assert answers.of("key", lambda: 3, _never) == 3


def test_who_calls_off_does_so_only_for_himself() -> None:
    answers, begun, go, off = Answers[int](lambda _: 1), threading.Event(), threading.Event(), threading.Event()

    def called_off() -> int:
        begun.set()
        assert go.wait(10)
        off.set()
        raise TooLong("off")

    with ThreadPoolExecutor(2) as clients:
        first = clients.submit(answers.of, "key", called_off, off.is_set)
        assert begun.wait(10)
        second = clients.submit(answers.of, "key", lambda: 5, _never)
        go.set()
        assert isinstance(first.exception(10), TooLong)
        assert second.result(10) == 5


def test_no_more_is_kept_than_is_allowed() -> None:
    answers = Answers[int](lambda made: made, kept=10, largest=6)
    for size in (4, 5, 7, 6):
        answers.of(f"of {size}", lambda size=size: size, _never)  # type: ignore[misc]
    assert answers.bytes == 6
    assert [answers.of(f"of {size}", lambda: 0, _never) for size in (6, 7)] == [6, 0]


def test_a_large_answer_is_read_by_several_at_once() -> None:
    whole = bytes(range(256)) * 2**15

    def write(sink: Any) -> Told:
        sink.write(whole)
        return Told(rows=1)

    made = written(write)
    file = made.file
    readers = [made.pieces() for _ in range(3)]
    pieces = [b"".join(one) for one in zip(*readers, strict=True)]
    assert b"".join(pieces) == b"".join(whole[i : i + 2**16] * 3 for i in range(0, len(whole), 2**16))
    assert views._written._size(made) is None
    del made, readers
    assert file.closed


def _never() -> bool:
    return False


def _raises(error: Exception) -> Callable[[], int]:
    def make() -> int:
        raise error

    return make
