"""Our datasets as DCAT-US records, valid against the schema that data.gov validates non-federal catalogs with.

Not carried: columns, row counts, the kind, when the data moved apart from the record, a license without an
address (it goes into `rights`), a period with an open end, series (in 1.1), and the words of a frequency.
Where the schema demands a value that we do not have, the nearest true one stands in: the title for the
description, the host for the publisher, themes or the kind for keywords.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from commonground.protocols.base import Notes
from commonground.protocols.fields.extents import extent, period
from commonground.protocols.fields.moments import moment
from commonground.words import Contact, Dataset, Distribution, Extent, Frequency, Moment, Period, Raw

Identify = Callable[[str], str]
"""Makes the identifier of a record from a native id."""

_MOST_TEXT, _MOST_RIGHTS, _MOST_KEYWORD, _MOST_KEYWORDS = 10_000, 255, 1_000, 1_000
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,6})?Z)?", re.ASCII)
_REPEATS = re.compile(r"R/P(?=[\dT])(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?", re.ASCII)
_MAILBOX = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_MEDIA = re.compile(r"[-\w]+/[-\w]+(\.[-\w]+)*([+][-\w]+)?")
_WEB = re.compile(r"(https?|ftp)://([^/?#@:\[\]]+@)?[^/?#@:\[\]]+(:\d+)?([/?#].*)?", re.DOTALL | re.ASCII)
_LOOSE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PAGES = {"HTML", "API", "Esri REST", "WMS", "WFS"}
_UNKNOWN_RHYTHM = "R/P"


def record(
    dataset: Dataset,
    *,
    contact: Contact | None = None,
    modified: datetime | None = None,
    identify: Identify = str,
) -> Raw:
    """One record of version 1.1. `contact` is asked where the dataset names no mailbox (the schema demands one);
    `modified` says since when we hold this state, for datasets that tell no date.
    """
    made = {
        "@type": "dcat:Dataset",
        "identifier": identify(dataset.native_id),
        "title": dataset.title or dataset.native_id,
        "description": _description(dataset),
        "keyword": _keywords(dataset),
        "theme": list(dict.fromkeys(filter(None, dataset.themes))),
        "issued": _date(dataset.issued),
        "modified": _modified(dataset, modified),
        "publisher": {"@type": "org:Organization", "name": dataset.publisher or dataset.host},
        "contactPoint": {"@type": "vcard:Contact", **_contact(dataset, contact)},
        "accessLevel": "public",
        "license": _uri(dataset.license.url or "") if dataset.license else "",
        "rights": _rights(dataset),
        "accrualPeriodicity": _rhythm(dataset.frequency),
        "spatial": _spatial(dataset.spatial),
        "temporal": _temporal(dataset.temporal),
        "landingPage": _uri(dataset.landing_page),
        "isPartOf": identify(dataset.parents[0]) if dataset.parents else "",
        "distribution": [one for way in dataset.distributions if (one := _distribution(way))],
    }
    return {key: value for key, value in made.items() if value}


def record_3(
    dataset: Dataset,
    *,
    contact: Contact | None = None,
    modified: datetime | None = None,
    identify: Identify = str,
) -> Raw:
    """One record of version 3.0, which says more with objects: places, periods, series, pages."""
    made = record(dataset, contact=contact, modified=modified, identify=identify)
    made["@type"] = "Dataset"
    made["publisher"] |= {"@type": "Organization"}
    made["contactPoint"] |= {"@type": "Kind"}
    for gone in ("accessLevel", "isPartOf", "license", "rights"):
        made.pop(gone, None)
    made["accessRights"] = "public"
    if made["modified"].startswith(_UNKNOWN_RHYTHM):
        del made["modified"]  # a rhythm is no date in 3.0
    license_text = dataset.license and (dataset.license.url or dataset.license.text)
    made["distribution"] = [
        {**one, "@type": "Distribution", **({"license": license_text} if license_text else {})}
        for one in made.get("distribution", ())
    ]
    if license_text and not made["distribution"]:
        made["rights"] = [license_text]
    if dataset.spatial:
        made["spatial"] = {"@type": "Location", "bbox": _wkt(dataset.spatial)}
    if dataset.temporal and (dataset.temporal.start or dataset.temporal.end):
        made["temporal"] = [_period_of_time(dataset.temporal)]
    if "landingPage" in made:
        made["landingPage"] = {"@type": "Document", "title": made["title"], "accessURL": made["landingPage"]}
    if dataset.series:
        about = {"@type": "DatasetSeries", "title": dataset.series, "description": dataset.series}
        made["inSeries"] = [about]
    return made


def _description(dataset: Dataset) -> str:
    for told in (dataset.description_html, dataset.description):
        if told and len(told) <= _MOST_TEXT:
            return told
    cut = dataset.description[: _MOST_TEXT - 1]
    return f"{cut}…" if cut else dataset.title or dataset.native_id


def _keywords(dataset: Dataset) -> list[str]:
    words = [word[:_MOST_KEYWORD] for word in (dataset.keywords or dataset.themes) if word]
    return words[:_MOST_KEYWORDS] or [dataset.kind.value.replace("_", " ")]


def _contact(dataset: Dataset, fallback: Contact | None) -> Raw:
    for one in (dataset.contact, fallback):
        if one and one.email and _MAILBOX.fullmatch(one.email):
            return {"fn": one.name or dataset.publisher or dataset.host, "hasEmail": f"mailto:{one.email}"}
    named = dataset.contact or fallback
    return {"fn": (named.name if named else "") or dataset.publisher or dataset.host}


def _modified(dataset: Dataset, fallback: datetime | None) -> str:
    """The newest date that is known, else the rhythm of updates (which the schema allows here), else the fallback."""
    told = _date(dataset.modified) or _date(dataset.data_updated) or _date(dataset.issued)
    if told:
        return told
    if fallback:
        return _instant(fallback)
    rhythm = _rhythm(dataset.frequency)
    return rhythm if rhythm.startswith(_UNKNOWN_RHYTHM) else _UNKNOWN_RHYTHM


def _date(given: Moment | None) -> str:
    """The portal's own text where it is plain ISO 8601, else the instant; "" for what was no date."""
    if given is None or given.at is None:
        return ""
    if _DATE.fullmatch(given.text) and moment(given.text, Notes(), "") == given:
        return given.text
    return _instant(given.at)


def _instant(at: datetime) -> str:
    at = at.astimezone(UTC) if at.tzinfo else at
    return f"{at.replace(tzinfo=None).isoformat()}Z"


def _rhythm(given: Frequency | None) -> str:
    if given is None:
        return ""
    if _REPEATS.fullmatch(given.text):
        return given.text
    if given.text == "irregular":
        return given.text
    if not given.days:
        return ""
    return f"R/P{given.days:.10f}".rstrip("0").rstrip(".") + "D"


def _rights(dataset: Dataset) -> str:
    if dataset.license is None or dataset.license.url or not dataset.license.text:
        return ""
    return f"License: {dataset.license.text}"[:_MOST_RIGHTS]


def _spatial(given: Extent | None) -> str:
    if given is None:
        return ""
    if given.text and extent(given.text, Notes(), "") == given:
        return given.text
    return f"{given.west!r},{given.south!r},{given.east!r},{given.north!r}"


def _wkt(box: Extent) -> str:
    corners = [(box.west, box.south), (box.east, box.south), (box.east, box.north), (box.west, box.north)]
    return f"POLYGON(({', '.join(f'{x!r} {y!r}' for x, y in [*corners, corners[0]])}))"


def _temporal(given: Period | None) -> str:
    if given is None or given.start is None or given.end is None:
        return ""
    start, _, end = given.text.partition("/")
    if _DATE.fullmatch(start) and _DATE.fullmatch(end) and period(given.text, Notes(), "") == given:
        return given.text
    return f"{_instant(given.start)}/{_instant(given.end)}"


def _period_of_time(given: Period) -> Raw:
    ends = {"startDate": given.start, "endDate": given.end}
    return {"@type": "PeriodOfTime", **{key: _instant(at) for key, at in ends.items() if at}}


def _distribution(way: Distribution) -> Raw:
    url = _uri(way.url)
    if not url:
        return {}
    media = way.media_type.split(";")[0].strip()
    media = media if _MEDIA.fullmatch(media) else ""
    key = "downloadURL" if media and way.format not in _PAGES else "accessURL"
    told = {"@type": "dcat:Distribution", key: url, "mediaType": media, "format": way.format, "title": way.title}
    return {name: value for name, value in told.items() if value}


def _uri(url: str) -> str:
    """The address with what a URI cannot hold escaped; "" when it is no address of a page or a file."""
    match = _WEB.fullmatch(url)
    if match is None:
        return ""
    safe = _LOOSE_PERCENT.sub("%25", quote(url, safe=":/?#@!$&'()*+,;=%~", errors="replace"))
    start, mark, fragment = safe.partition("#")
    return f"{start}{mark}{fragment.replace('#', '%23')}"
