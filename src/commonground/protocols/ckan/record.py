"""Makes CKAN packages from our datasets, as a portal that published them would answer.

What CKAN cannot carry, and how it comes back:

- `series` is left out: it is ours, not a portal's.
- A column's `published_type` becomes the nearest type of CKAN's datastore; money, percent, places and
  the like come back as the type that the datastore has for them.
- A column without a name, or named `_id` (the datastore's row number), is left out.
- `row_count` needs known columns, `data_updated` a resource: without them both are left out.
- `landing_page` is always `<portal>/dataset/<name>`; another address is not kept.
- The text of a `period`, a `moment` or an `extent` is kept as it was given; one without text is left out.

CKAN itself would refuse some of these packages (tags with punctuation); its answers can carry them.
"""

from __future__ import annotations

import re
import unicodedata
from uuid import NAMESPACE_URL, uuid5

from commonground.protocols.ckan import words
from commonground.protocols.ckan.package import is_html
from commonground.words import Column, Dataset, Distribution, Moment, Raw

_PAGE = re.compile(r"/dataset/([^/?#]+)/?$")
_LONGEST_NAME = 100


def record(dataset: Dataset) -> Raw:
    """One package, as `package_show` gives it. Facts that are unknown are left out, as CKAN does."""
    package: Raw = {
        "id": dataset.native_id,
        "name": _name(dataset),
        "title": dataset.title,
        "notes": _notes(dataset),
        "type": "dataset",
        "state": "active",
        "private": False,
        "tags": [{"name": word, "display_name": word, "state": "active"} for word in dataset.keywords],
        "groups": [{"name": _slug(theme, dataset.portal), "title": theme} for theme in dataset.themes],
        "resources": _resources(dataset),
        "extras": [{"key": key, "value": value} for key, value in _extras(dataset).items() if value],
    }
    if dataset.publisher:
        package["organization"] = {"name": _slug(dataset.publisher, dataset.portal), "title": dataset.publisher}
    if dataset.contact:
        package |= {"maintainer": dataset.contact.name, "maintainer_email": dataset.contact.email}
    if dataset.license:
        package |= {
            "license_id": dataset.license.spdx,
            "license_title": dataset.license.text,
            "license_url": dataset.license.url,
        }
    if dataset.parents:
        package["relationships_as_subject"] = [
            {"subject_package_id": dataset.native_id, "object_package_id": parent, "type": "child_of"}
            for parent in dataset.parents
        ]
    moments = {"metadata_created": dataset.issued, "metadata_modified": dataset.modified}
    package |= {key: moment.text for key, moment in moments.items() if moment}
    return package | {"num_resources": len(package["resources"]), "num_tags": len(package["tags"])}


def _extras(dataset: Dataset) -> dict[str, str]:
    return {
        "btype": dataset.kind.value,
        "accrual_periodicity": dataset.frequency.text if dataset.frequency else "",
        "spatial": dataset.spatial.text if dataset.spatial else "",
        "temporal": dataset.temporal.text if dataset.temporal else "",
    }


def _notes(dataset: Dataset) -> str:
    """The description as HTML, which Markdown allows; bare text at its beginning becomes a paragraph."""
    html = dataset.description_html
    return html if not html or is_html(html) else f"<p>{html}</p>"


def _resources(dataset: Dataset) -> list[Raw]:
    """One resource a distribution; the first CSV one (else the first) carries the datastore's table.

    Columns without any distribution live in a resource that is a table of the datastore alone.
    """
    ways = list(dataset.distributions)
    table = next((index for index, way in enumerate(ways) if way.format == "CSV"), 0)
    if dataset.columns is not None and not ways:
        ways = [Distribution("", "", dataset.title)]
    found = []
    for index, way in enumerate(ways):
        resource: Raw = {
            "id": str(uuid5(NAMESPACE_URL, f"{dataset.id}/{index}")),
            "package_id": dataset.native_id,
            "name": way.title,
            "url": way.url,
            "format": way.format,
            "mimetype": way.media_type or None,
            "position": index,
            "state": "active",
            "datastore_active": index == table and dataset.columns is not None,
            "last_modified": _text(dataset.data_updated) if index == 0 else None,
        }
        if resource["datastore_active"]:
            resource[words.FIELDS] = [{"id": words.ROW_NUMBER, "type": "int"}, *_fields(dataset.columns or ())]
            if dataset.row_count is not None:
                resource[words.TOTAL] = dataset.row_count
        found.append(resource)
    return found


def _text(moment: Moment | None) -> str | None:
    return moment.text if moment else None


def _fields(columns: tuple[Column, ...]) -> list[Raw]:
    """Datastore fields; a name or a description of its own goes to the data dictionary (`info`)."""
    found = []
    for column in columns:
        if not column.field or column.field == words.ROW_NUMBER:
            continue
        field: Raw = {"id": column.field, "type": words.published_type(column.type, column.published_type)}
        info = {"label": column.name if column.name != column.field else "", "notes": column.description}
        if any(info.values()):
            field["info"] = info
        found.append(field)
    return found


def _name(dataset: Dataset) -> str:
    """The last part of the package's address: kept where the dataset has one, else made from its title."""
    known = _PAGE.search(dataset.landing_page)
    return known[1] if known else _slug(dataset.title, dataset.native_id)


def _slug(text: str, salt: str) -> str:
    """Lower-case letters, digits and dashes; a text without any gets a name made from `salt` and itself."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:_LONGEST_NAME]
    return slug or str(uuid5(NAMESPACE_URL, f"{salt}/{text}"))
