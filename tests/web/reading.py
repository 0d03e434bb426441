"""How tests read a page."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

from django.test import Client

HERE = "http://127.0.0.1:8000"
"""Where the site says that it is, whatever host the tests name."""
HOSTILE = "/datasets/boston/" + quote('a/b"c<d>.json')


def read(client: Client, where: str) -> str:
    response = client.get(where)
    assert response.status_code == 200, where
    return response.content.decode()


def said(text: str) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))
