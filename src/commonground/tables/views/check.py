"""Check a file against a standard, without an account: as a page, and as one line in a city's own checks."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from math import ceil
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from commonground.catalog import browse
from commonground.errors import Crowded, NotFound, PortalError, Usage
from commonground.pages.errors import problem, too_many
from commonground.pages.limits import Bucket, client
from commonground.pages.twins import MEDIA_TYPES
from commonground.standards import files
from commonground.standards.check.report import HEADS
from commonground.tables import apart
from commonground.tables.apart.checking import Checking

SECONDS: Final = 45.0
"""How long one check may take."""
_FETCH: Final = 20.0
_PAUSE: Final = 10
_OFTEN: Final = 6
_MOST_SHOWN: Final = 400
"""Lines of the report on the page; its downloads have all."""
_LONGEST_NAME: Final = 100
_FORM: Final = 64 * 2**10
"""Bytes of a form beside its file."""
_ADVICE: Final = "Split it, or run commonground check, which has no limit."
_tries = Bucket(1 / _PAUSE, most=_OFTEN)
Form = dict[str, Any]


def most() -> int:
    """Bytes that a file may have."""
    return int(settings.CHECK_MB * 2**20)


# The size is looked at before the body is read, so the token is checked only then.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form, and the list of what to put right. Nothing of the file is kept."""
    if request.method != "POST":
        return _page(request, {})
    if wait := _wait(request):
        return too_many(request, wait=wait)
    if _too_long(request):
        return _page(request, {}, error=Usage(_large(), advice=_ADVICE))
    return _checked(request)


@csrf_protect
def _checked(request: HttpRequest) -> HttpResponse:
    try:
        found = _check(request)
    except Crowded as error:
        return too_many(request, wait=error.wait)
    except (Usage, PortalError) as error:
        return _page(request, {}, error=error)
    return _page(request, _shown(found))


# A program sends no cookie, and nothing is done in anybody's name: there is nothing to guard with a token.
@csrf_exempt
@require_POST
def data(request: HttpRequest, form: str) -> HttpResponse:
    """The report for a program; `standard` and `city` stand in the form or in the address."""
    if wait := _wait(request):
        return too_many(request, wait=wait)
    if _too_long(request):
        return problem(request, 400, f"{_large()} {_ADVICE}")
    try:
        found = _check(request)
    except Crowded as error:
        return too_many(request, wait=error.wait)
    except (Usage, PortalError) as error:
        return problem(request, 400, f"{error.message} {error.advice}".strip())
    body = _json(found) if form == "json" else _csv(found)
    response = HttpResponse(body, content_type=MEDIA_TYPES[form])
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "no-store"
    return response


def _wait(request: HttpRequest) -> int:
    """Seconds until this visitor may check again; 0 is now. This machine itself is not counted."""
    address = client(request)
    return ceil(_tries.take(address)) if address and settings.RATE else 0


def _too_long(request: HttpRequest) -> bool:
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return True
    return length > most() + _FORM


def _large() -> str:
    return f"The file is larger than {most() // 2**20} MB."


def _check(request: HttpRequest) -> Form:
    """What `Checking` gives. Raises `Usage` or a `PortalError` for what cannot be checked."""
    name, slug = _given(request, "standard"), _given(request, "city")
    if not name:
        raise Usage("No standard is named.", advice=f"Give standard=: {', '.join(files.standards())}.")
    standard = files.standard(name, _given(request, "version") or None)
    cities = browse.known_cities()
    if slug and slug not in cities:
        raise NotFound(f"There is no city “{slug}”.", advice=f"Cities: {', '.join(sorted(cities))}.")
    with _at_hand(request) as path:
        task = Checking(path, standard.name, standard.version, cities.get(slug))
        found: Form = apart.run(task, seconds=SECONDS)
    return found


def _given(request: HttpRequest, name: str) -> str:
    return (request.POST.get(name) or request.GET.get(name) or "").replace("\x00", "").strip()


@contextmanager
def _at_hand(request: HttpRequest) -> Iterator[Path]:
    """The file on disk until the block ends: the one sent, or the one at an address."""
    sent, url = request.FILES.get("file"), _given(request, "url")
    if isinstance(sent, UploadedFile):
        if (sent.size or 0) > most():
            raise Usage(_large(), advice=_ADVICE)
        with TemporaryDirectory(prefix="commonground-check-") as folder:
            path = Path(folder) / _plain(sent.name or "")
            with path.open("wb") as file:
                for chunk in sent.chunks():
                    file.write(chunk)
            yield path
        return
    if not url:
        raise Usage("No file is given.", advice="Choose a file, or write the address of one.")
    with _fetched(url) as path:
        yield path


@contextmanager
def _fetched(url: str) -> Iterator[Path]:
    from commonground.protocols.http import Client, Manners
    from commonground.protocols.rows.files import fetched

    if urlsplit(url).scheme not in {"http", "https"}:
        raise Usage(f"“{url[:80]}” is no address of a file.", advice="Write one that begins with https://.")
    manners = Manners(connect=5.0, read=10.0, total=_FETCH, max_bytes=most(), attempts=1, longest_wait=0.0)
    with (
        Client(allow_private=settings.ALLOW_PRIVATE, contact=settings.CONTACT, manners=manners) as client_,
        fetched(client_, url, _plain(PurePosixPath(urlsplit(url).path).name)) as path,
    ):
        yield path


def _plain(name: str) -> str:
    """A name that a file of ours can have."""
    kept = "".join(sign for sign in PurePosixPath(name.replace("\\", "/")).name if sign.isprintable())
    return kept.encode("utf-8", "ignore").decode()[-_LONGEST_NAME:].strip(". ") or "rows"


def _shown(found: Form) -> Form:
    """The report for the page; its downloads are part of the page, because nothing is kept."""
    report = found["report"]
    groups, left = [], _MOST_SHOWN
    for one in report["groups"]:
        groups.append({**one, "samples": one["samples"][: max(left, 0)]})
        left -= len(one["samples"])
    return {
        "report": {**report, "groups": groups},
        "downloads": [
            {
                "form": form,
                "url": f"data:{MEDIA_TYPES[form].partition(';')[0]};base64,{base64.b64encode(body).decode()}",
            }
            for form, body in (("json", _json(found)), ("csv", _csv(found)))
        ],
    }


def _json(found: Form) -> bytes:
    return orjson.dumps(found["report"], option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _csv(found: Form) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADS)
    writer.writerows(found["rows"])
    return text.getvalue().encode()


def _page(request: HttpRequest, context: Form, error: Usage | PortalError | None = None) -> HttpResponse:
    known = files.standards()
    given = {name: _given(request, name) for name in ("standard", "city", "url")} if error is None else _spared(request)
    context = {
        "standards": [{"name": one.name, "title": one.title} for one in known.values()],
        "cities": sorted(browse.known_cities().values(), key=lambda one: one.name),
        "given": given,
        "error": error,
        "most": most() // 2**20,
        "seconds": int(SECONDS),
        "site": settings.SITE_URL,
        "canonical": "/check",
        "twins": {},
        **context,
    }
    status = HTTPStatus.BAD_REQUEST if error else HTTPStatus.OK
    response = render(request, "tables/check.html", context, status=status)
    patch_cache_control(response, no_store=True)
    return response


def _spared(request: HttpRequest) -> dict[str, str]:
    """What was filled in, where the form was read; a form that is too long is not."""
    if request.method == "POST" and _too_long(request):
        return {}
    return {name: _given(request, name) for name in ("standard", "city", "url")}
