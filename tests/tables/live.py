"""A portal whose rows change between two builds: SODA over rows that a test names, with what it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_plus

from werkzeug.exceptions import NotFound
from werkzeug.test import Client as Caller
from werkzeug.wrappers import Request, Response

from commonground.cities import cities
from commonground.protocols.base import Holdings, WSGIApp
from commonground.protocols.http import Client, Manners
from commonground.protocols.registry import server
from commonground.protocols.serving import loopback
from commonground.tables.portals import Live
from commonground.words import Portal

HOST, ID = "data.example.gov", "abcd-2345"
SOURCE = f"example/{ID}"
Row = dict[str, str]


@dataclass
class Rows:
    """A `RowSource` whose rows have their own `:updated_at`, so that the portal can tell what changed since.

    `renamed` has the name that the portal gives a column now, by the one it has here.
    """

    held: dict[str, tuple[str, Row]] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def put(self, when: str, *rows: Row) -> None:
        """Add rows, or change those of the same `Id`."""
        for row in rows:
            self.held[row["Id"]] = (when, row)

    def drop(self, identifier: str) -> None:
        """Delete a row; the portal does not tell."""
        del self.held[identifier]

    @property
    def columns(self) -> list[str]:
        """The columns by the names that the portal gives them now."""
        return [self.renamed.get(one, one) for one in ("Id", "Kind", "Note")]

    def told(self, key: str) -> Row:
        """A row as the portal gives it."""
        when, row = self.held[key]
        named = {self.renamed.get(name, name): value for name, value in row.items()}
        return {":id": f"row-{key}", ":updated_at": when, **named}

    def pages(self) -> int:
        """How many answers with rows were given."""
        return sum(":id,:updated_at,*" in one or "rows.csv" in one for one in self.asked)


def app(rows: Rows) -> WSGIApp:
    """SODA for these rows: what the reader asks and nothing more."""
    inner = server("socrata")(Holdings(HOST, []))

    def answer(environ: Any, start: Any) -> Any:
        request = Request(environ)
        rows.asked.append(unquote_plus(request.full_path))
        if not request.path.startswith("/resource/"):
            if request.path == f"/api/views/{ID}.json":
                return _json(_view(rows))(environ, start)
            return Caller(inner, Response).open(request.full_path)(environ, start)
        return _json(_soda(rows, request.args), rows.columns)(environ, start)

    return answer


def _view(rows: Rows) -> Any:
    columns = [{"fieldName": one, "name": one} for one in rows.columns]
    return {"id": ID, "columns": columns, "rowsUpdatedAt": max((when for when, _ in rows.held.values()), default="")}


def _soda(rows: Rows, asked: Any) -> Any:
    found = [rows.told(key) for key in sorted(rows.held)]
    for test in filter(None, asked.get("$where", "").split(" and ")):
        name, _, value = test.partition(" > ")
        found = [one for one in found if one[name] > value.strip("'")]
    select = asked.get("$select", "")
    if select.startswith("count"):
        return [{"told": str(len(found))}]
    if select.startswith("max"):
        return [{"told": max((one[":updated_at"] for one in found), default=None)}]
    if not select.startswith(":id"):
        raise NotFound(select)
    return found[: int(asked["$limit"])]


def _json(told: Any, columns: Iterable[str] = ()) -> Response:
    import orjson

    response = Response(orjson.dumps(told), content_type="application/json")
    if columns:
        response.headers["X-SODA2-Fields"] = orjson.dumps([":id", ":updated_at", *columns]).decode()
    return response


@contextmanager
def live(rows: Rows, *, whole: bool = False) -> Iterator[Live]:
    """The portal of a city “chicago”, whose rows these are."""
    portal = Portal("example", "chicago", "Example", HOST, "socrata", f"https://{HOST}", options={"rows": "pages"})
    city = replace(cities()["chicago"], portals=(portal,))
    with (
        loopback({HOST: app(rows)}) as routes,
        Client(routes=routes, sealed=True, manners=Manners(attempts=1)) as client,
    ):
        yield Live(client, {"chicago": city}, whole)
