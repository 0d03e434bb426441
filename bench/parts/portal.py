"""Portals of made records, in a process of their own: `python bench/parts/portal.py FILE SLUG=PROTOCOL:COUNT …`.

Writes the city that they belong to, as a TOML file that `commonground harvest --cities` reads, once they answer.
Nothing that they say can be kept (no ETag, no Last-Modified), so that every harvest reads and compares all of it.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from parts import made
from werkzeug.wrappers import Request, Response

from commonground.protocols.base import WSGIApp
from commonground.protocols.serving import application, loopback

DOMAIN = "made.example"
_CHUNK = 500
_CITY = """
name = "Bench"
short = "BEN"
state = "IL"
timezone = "America/Chicago"
fips = "1714000"
latitude = 41.9
longitude = -87.6
languages = ["en"]
website = "https://bench.example"
population = {count = 1, year = 2020, source = "made"}
extent = {west = -88.0, south = 41.0, east = -87.0, north = 42.0}
contact = {name = "Office of measurements"}
"""
_PORTAL = """
[[portals]]
slug = "{slug}"
name = "{slug}"
url = "{url}"
protocol = "{protocol}"
options = {{domain = "{domain}"}}
"""


def socrata(count: int) -> WSGIApp:
    """Discovery, by offset up to 10,000 and by `scroll_id` beyond, as Socrata's is."""
    held = made.Holdings(made.discovery(DOMAIN), count)

    def catalog(request: Request) -> Response:
        offset, limit = request.args.get("offset", 0, int), request.args.get("limit", 100, int)
        if after := request.args.get("scroll_id"):
            offset = held.after(after)
        body = b",".join(held[offset : offset + limit])
        return Response(b'{"results":[%s],"resultSetSize":%d}' % (body, len(held)), content_type="application/json")

    return application({"/api/catalog/v1": catalog})


def dcat_us(count: int) -> WSGIApp:
    """One data.json, sent as it is made."""
    held = made.Holdings(made.data_json(), count)

    def pieces() -> Iterator[bytes]:
        yield b'{"conformsTo":"https://project-open-data.cio.gov/v1.1/schema","dataset":['
        for begin in range(0, len(held), _CHUNK):
            yield (b",\n" if begin else b"") + b",\n".join(held[begin : begin + _CHUNK])
        yield b"]}"

    return application({"/data.json": lambda _: Response(pieces(), content_type="application/json")})


def main(city: Path, wanted: list[str]) -> None:
    """Serve until stopped."""
    protocols, apps = {}, {}
    for one in wanted:
        slug, _, told = one.partition("=")
        protocols[slug], _, count = told.partition(":")
        apps[slug] = {"socrata": socrata, "dcat-us": dcat_us}[protocols[slug]](int(count))
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with loopback(apps) as routes:
        tables = [
            _PORTAL.format(slug=slug, url=url, protocol=protocols[slug], domain=DOMAIN) for slug, url in routes.items()
        ]
        partial = city.with_suffix(".part")
        partial.write_text(_CITY + "".join(tables))
        partial.replace(city)
        stop.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
