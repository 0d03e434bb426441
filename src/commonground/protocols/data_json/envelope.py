"""The document around the records."""

from __future__ import annotations

from collections.abc import Sequence

from commonground.words import Raw

ENVELOPE: Raw = {
    "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
    "@type": "dcat:Catalog",
    "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
    "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
}
"""What every DCAT-US 1.1 catalog says of itself."""


def document(envelope: Raw, records: Sequence[Raw]) -> Raw:
    """A catalog document: its own envelope as it was, the usual one where it has none."""
    return {**(envelope or ENVELOPE), "dataset": list(records)}
