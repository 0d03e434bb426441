"""Reads portals that publish a `data.json` and nothing better. The option `path` says where, if elsewhere."""

from __future__ import annotations

from typing import ClassVar

from commonground.protocols.data_json import DataJsonReader


class DcatUs(DataJsonReader):
    """`/data.json`; the native id is the record's `identifier`, whole."""

    name: ClassVar[str] = "dcat-us"
