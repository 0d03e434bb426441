"""Commands as processes that need not load Python's libraries anew: each is a fork of one that has loaded them.

What a command then does is its own: arguments, environment, folder, output, exit code, the end of its interpreter.
Run as a script it is the process that forks. It reads a line of JSON for each command and answers with two: the number
of the process, and how it ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

_LOADED = """
    asyncio concurrent.futures sqlite3 zoneinfo
    typer pydantic pydantic.types dj_database_url django_stubs_ext asgiref.sync
    django.apps django.core.checks django.core.handlers.wsgi django.core.management django.core.paginator
    django.core.serializers.json django.db.backends.sqlite3.base django.db.migrations.executor django.db.models
    django.forms django.forms.models django.http django.middleware.csrf django.shortcuts django.template.loader
    django.urls django.utils.autoreload django.utils.translation.trans_real django.views.decorators.csrf
    httpx2 markdown_it nh3 orjson tantivy
    commonground.cli.app
"""
"""What commands load and what reads no settings: neither `django.setup` nor a model may be behind any of these."""


class Forks:
    """The process that forks, from the first command on."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None
        self._turn = threading.Lock()

    def run(self, command: Sequence[str], env: Mapping[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` of `commonground` with these arguments; what it prints is text."""
        with self._turn, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            code = self._ended([str(one) for one in command], dict(env), (out.fileno(), err.fileno()), timeout)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read(), err.read())

    def _ended(self, command: list[str], env: dict[str, str], outputs: tuple[int, int], timeout: float) -> int:
        server = self._server = self._server or _started()
        assert server.stdin
        assert server.stdout
        paths = [f"/proc/{os.getpid()}/fd/{one}" for one in outputs]
        server.stdin.write(json.dumps([command, env, str(Path.cwd()), paths]) + "\n")
        server.stdin.flush()
        process = int(server.stdout.readline())
        if not select.select([server.stdout], [], [], timeout)[0]:
            os.kill(process, signal.SIGKILL)
            server.stdout.readline()
            raise subprocess.TimeoutExpired(command, timeout)
        return int(server.stdout.readline())

    def close(self) -> None:
        """End the process that forks."""
        if self._server:
            self._server.communicate()


def _started() -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, __file__]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=kept)


def serve() -> int:
    """Fork for each line, until there are no more. In a fork: the command, and its exit code."""
    for name in _LOADED.split():
        importlib.import_module(name)
    gc.freeze()  # a fork shares what it need not look through
    while line := sys.stdin.readline():
        process = os.fork()
        if not process:
            return command(*json.loads(line))
        _answer(process)
        _answer(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
    return 0


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def command(arguments: list[str], env: dict[str, str], folder: str, outputs: list[str]) -> int:
    """One command, in a process that is a fork."""
    from commonground.cli import main

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY), number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    sys.argv = arguments
    main()
    return 0


if __name__ == "__main__":
    sys.exit(serve())
