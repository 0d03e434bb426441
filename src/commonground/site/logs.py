"""Logs: one line an event on stderr, as JSON for machines or as text for people. Pure.

Nothing in a line tells who asked: no address, no query, no browser. What is logged with `extra=` becomes a field
of the JSON line (`route`, `portal`, `run` …); each line of a request carries its id.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The id of the request that this thread answers; empty outside of requests."""


class Marked(logging.Filter):
    """Gives each record the id of its request. Django's own attribute, the whole request, is taken away."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true."""
        record.__dict__.pop("request", None)
        if request := REQUEST.get():
            record.request_id = request
        return True


class Meant(logging.Filter):
    """Drops what the server says of more threads than processors: ours wait for answers in SQL, and are so many on
    purpose.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is said."""
        return "Python threads" not in record.getMessage()


class Plain(logging.Formatter):
    """The message alone; what is worse than a notice says so in front."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and below it the trace where there is one."""
        text = super().format(record)
        return text if record.levelno <= logging.INFO else f"{record.levelname.capitalize()}: {text}"


def configuration(form: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`: `json` and `text` tell every event, an empty form only warnings, as text."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"marked": {"()": Marked}, "meant": {"()": Meant}},
        "formatters": {
            "text": {"()": Plain},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": "%(levelname)s %(name)s %(message)s",
                "rename_fields": {"levelname": "level", "name": "logger"},
                "timestamp": "time",
            },
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "filters": ["marked"], "formatter": form or "text"},
        },
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "commonground": {"level": "INFO" if form else "WARNING"},
            # The server's name for itself.
            "_granian": {"level": "INFO" if form else "WARNING", "filters": ["meant"]},
            # Django's own lines would tell each refused request a second time; its traces of mistakes are kept.
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }
