"""Makes DCAT-US records from our datasets; what they cannot carry is told in `data_json.record`."""

from commonground.protocols.data_json import record, record_3

__all__ = ["record", "record_3"]
