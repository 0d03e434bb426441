"""DCAT-US (`data.json`), which several protocols speak: the document, its records, and ours as such records."""

from commonground.protocols.data_json.dataset import normalize_record
from commonground.protocols.data_json.document import stream
from commonground.protocols.data_json.envelope import ENVELOPE, document
from commonground.protocols.data_json.reader import DataJsonReader, document_pages
from commonground.protocols.data_json.record import record, record_3

__all__ = [
    "ENVELOPE",
    "DataJsonReader",
    "document",
    "document_pages",
    "normalize_record",
    "record",
    "record_3",
    "stream",
]
