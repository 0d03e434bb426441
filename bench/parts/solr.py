"""A stand-in for Solr, just enough for CKAN to start, index and list: `python bench/parts/solr.py PORT SCHEMA`.

Solr itself is not to be had from package registries. This keeps documents in memory, answers queries by the equality
of a few fields, and commits for nothing: cheaper than a real Solr, so it flatters CKAN. Say so beside every figure.
"""

from __future__ import annotations

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

Document = dict[str, Any]

_FIELDS = ("id", "name", "index_id", "entity_type", "state", "dataset_type", "site_id")
_TERM = re.compile(rf'\+?\b({"|".join(_FIELDS)}):\(?"?([^"\s()]+)"?')
held: dict[str, Document] = {}


def select(asked: dict[str, list[str]]) -> Document:
    """What the query and its filters ask for, as far as they name values of those fields; facets of all of it."""
    q = asked.get("q", ["*:*"])[0]
    found = list(held.values())
    for terms, some in ((_TERM.findall(q), any), *((_TERM.findall(one), all) for one in asked.get("fq", []))):
        wanted = [(name, value) for name, value in terms if value != "*"]
        if wanted:
            found = [one for one in found if some(str(one.get(name)) == value for name, value in wanted)]
    begin, rows = int(asked.get("start", ["0"])[0]), int(asked.get("rows", ["10"])[0])
    facets = {name: _counts(found, name) for name in asked.get("facet.field", [])}
    return {
        "responseHeader": {"status": 0},
        "response": {"numFound": len(found), "start": begin, "docs": found[begin : begin + rows]},
        "facet_counts": {"facet_fields": facets},
    }


def _counts(found: list[Document], name: str) -> list[Any]:
    counts: dict[str, int] = {}
    for one in found:
        value = one.get(name) or []
        for each in value if isinstance(value, list) else [value]:
            counts[str(each)] = counts.get(str(each), 0) + 1
    return [part for pair in sorted(counts.items(), key=lambda pair: -pair[1])[:50] for part in pair]


def update(body: str) -> Document:
    """Documents as JSON are kept, `<delete>` in XML takes out what its query names; all else is a commit."""
    if body.lstrip().startswith(("[", "{")):
        for one in json.loads(body):
            held[str(one["index_id"])] = one
    for query in re.findall(r"<query>(.*?)</query>", body, re.DOTALL):
        terms = _TERM.findall(query)
        for key, one in list(held.items()):
            if all(str(one.get(name)) == value for name, value in terms):
                del held[key]
    return {"responseHeader": {"status": 0}}


class Handler(BaseHTTPRequestHandler):
    """Solr's paths, of one core."""

    protocol_version = "HTTP/1.1"
    schema = b""

    def do_GET(self) -> None:
        """Select, or the schema."""
        parts = urlsplit(self.path)
        if "/schema" in parts.path or "/admin/file" in parts.path:
            self._send(self.schema, "application/xml")
        else:
            self._send(json.dumps(select(parse_qs(parts.query))).encode())

    def do_POST(self) -> None:
        """Select with a long query, or update."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        answer = select(parse_qs(body)) if "/select" in self.path else update(body)
        self._send(json.dumps(answer).encode())

    def _send(self, body: bytes, kind: str = "application/json") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Handler.schema = Path(sys.argv[2]).read_bytes()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
