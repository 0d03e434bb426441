"""What tests of the client share."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import Any

import pytest

from tests.protocols.rough import HOST


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Say what the resolver answers for `data.example.gov`: each time the next list of addresses, the last for ever.

    Gives a list of the times that it was asked, by name.
    """
    real = socket.getaddrinfo

    def become(*answers: str | list[str]) -> list[str]:
        lists = [[one] if isinstance(one, str) else one for one in answers]
        turns: Iterator[list[str]] = chain(lists, repeat(lists[-1]))
        asked: list[str] = []

        def answer(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
            if host != HOST:
                return real(host, port, *rest, **more)
            asked.append(host)
            return [one for address in next(turns) for one in real(address, port, *rest, **more)]

        monkeypatch.setattr(socket, "getaddrinfo", answer)
        return asked

    return become
