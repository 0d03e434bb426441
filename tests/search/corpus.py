"""The recordings as search documents: the newest recording of each host, read by the protocols' own readers."""

from __future__ import annotations

import gzip
import html
import json
import re
from pathlib import Path
from typing import Any

SLUGS = {
    "data.sfgov.org": "san-francisco",
    "data.cityofnewyork.us": "new-york",
    "data.seattle.gov": "seattle",
    "performance.seattle.gov": "seattle-performance",
    "opendata.dc.gov": "washington-dc",
    "data.boston.gov": "boston",
    "data.lacity.org": "los-angeles",
    "controllerdata.lacity.org": "los-angeles-controller",
    "data.cityofchicago.org": "chicago",
}
NAMES = {
    "san_francisco": "San Francisco",
    "new_york": "New York",
    "seattle": "Seattle",
    "washington_dc": "Washington, DC",
    "boston": "Boston",
    "los_angeles": "Los Angeles",
    "chicago": "Chicago",
}
KINDS = {
    "dataset": "table",
    "map": "map_layer",
    "filter": "filtered_view",
    "chart": "chart",
    "story": "story",
    "href": "external_link",
    "federated_href": "external_link",
    "file": "file",
    "calendar": "filtered_view",
}


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text or ""))).strip()


def socrata(r: dict[str, Any]) -> dict[str, Any]:
    res, cl = r["resource"], r["classification"]
    columns = sorted(
        zip(res.get("columns_name") or [], res.get("columns_field_name") or [], res.get("columns_description") or []),
        key=lambda c: c[1],
    )
    meta = {m["key"]: m["value"] for m in cl.get("domain_metadata") or []}
    dept = next((v for k, v in meta.items() if re.search(r"Agency|Department|Owner", k) and not k.endswith("Link")), "")
    return {
        "native_id": res["id"],
        "title": res["name"],
        "kind": KINDS.get(res["type"], "other"),
        "description": plain(res.get("description") or ""),
        "publisher": dept or res.get("attribution") or "",
        "license": {"text": r["metadata"].get("license") or "", "spdx": None, "url": None},
        "themes": [cl["domain_category"]] if cl.get("domain_category") else [],
        "keywords": sorted(cl.get("domain_tags") or []),
        "modified": {"at": res.get("updatedAt"), "text": ""},
        "data_updated": {"at": res.get("data_updated_at"), "text": ""},
        "issued": None,
        "columns": [
            {"name": n, "field": f, "type": "text", "description": d} for n, f, d in columns if not f.startswith(":@")
        ],
        "distributions": [{"url": "", "format": "CSV"}],
        "row_count": None,
        "parents": res.get("parent_fxf") or [],
        "series": "",
    }


def ckan(r: dict[str, Any]) -> dict[str, Any]:
    fields = [f["id"] for x in r["resources"] for f in x.get("x_datastore_fields", []) if f["id"] != "_id"]
    return {
        "native_id": r["id"],
        "title": r["title"],
        "kind": "table",
        "description": r["notes"],
        "publisher": r["organization"]["title"],
        "license": {"text": r["license_title"], "spdx": "PDDL-1.0", "url": None},
        "themes": [g["title"] for g in r["groups"]],
        "keywords": [t["name"] for t in r["tags"]],
        "modified": {"at": r["metadata_modified"] + "Z", "text": ""},
        "data_updated": None,
        "issued": None,
        "columns": [{"name": f, "field": f, "type": "text", "description": ""} for f in fields],
        "distributions": [{"url": x["url"], "format": x["format"]} for x in r["resources"]],
        "row_count": None,
        "parents": [],
        "series": "",
    }


def hub(r: dict[str, Any]) -> dict[str, Any]:
    return {
        "native_id": r["identifier"].rsplit("/", 1)[1],
        "title": r["title"],
        "kind": "map_layer",
        "description": plain(r.get("description", "")),
        "publisher": r["publisher"]["name"],
        "license": {"text": r.get("license") or "", "spdx": None, "url": None},
        "themes": r.get("theme") or [],
        "keywords": r.get("keyword") or [],
        "modified": {"at": r.get("modified"), "text": ""},
        "data_updated": None,
        "issued": {"at": r.get("issued"), "text": ""},
        "columns": None,
        "distributions": [
            {"url": d.get("accessURL") or "", "format": d.get("format") or "Other"} for d in r.get("distribution", [])
        ],
        "row_count": None,
        "parents": [],
        "series": "",
    }


def documents(folder: Path) -> list[dict[str, Any]]:
    """All documents, of each host the newest recording in its native protocol, one for each id."""
    newest: dict[str, Path] = {}
    for path in sorted(folder.glob("*/*/*.gz")):
        if ".dcat-us." not in path.name:
            newest[path.parts[-2]] = path
    found = {}
    for host, path in newest.items():
        with gzip.open(path, "rt") as file:
            if path.name.endswith(".jsonl.gz"):
                records = [json.loads(line) for line in file]
            else:
                records = json.load(file)["dataset"]
        read = socrata if ".socrata." in path.name else ckan if ".ckan." in path.name else hub
        city = path.parts[-3]
        for record in records:
            form = read(record)
            form |= {
                "id": f"{SLUGS[host]}/{form['native_id']}",
                "city": city,
                "portal": SLUGS[host],
                "host": host,
                "city_name": NAMES[city],
                "portal_name": host,
            }
            found[form["id"]] = form
    return list(found.values())
