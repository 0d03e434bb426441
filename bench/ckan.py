"""The same feed harvested by CKAN 2.12 (ckanext-harvest, ckanext-dcat) and by us: `python bench/ckan.py [--scale 0.1]`.

1,500 real records of four cities as one data.json (DCAT-US), first and then unchanged. CKAN is installed into a
temporary environment, with a private PostgreSQL and Redis; where one of these is not to be had, the measurement is
left out and says why. Solr is not to be had from registries: a stand-in keeps documents in memory (parts/solr.py),
which is cheaper than Solr with a commit for each dataset, so the figures flatter CKAN. One gather and one fetch
consumer run, as its manual says.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harvest import PARTS, harvest, portals, work
from parts.clients import Asked, ask, wait
from parts.machine import COMMONGROUND, REPOSITORY, Goal, child, environment, free_port, options, run, told

sys.path.insert(0, str(REPOSITORY))

from tests import postgres

WANTED = ("ckan[requirements]==2.12.*", "ckanext-harvest==1.6.*", "ckanext-dcat==2.4.*", "setuptools<81")
REDIS = "redis<6"  # with the newer one that CKAN asks for, its consumers end after some idle seconds
PLUGINS = "activity harvest dcat dcat_json_harvester"
PATIENCE = 3_600.0
PAGES = 60


class LeftOutError(Exception):
    """Why CKAN cannot run here."""


@dataclass(frozen=True, slots=True)
class Site:
    """A CKAN that is set up: its folder and program, its database, where it answers."""

    folder: Path
    program: Path
    database: str
    url: str

    def ckan(self, *words: str, fails: bool = False) -> None:
        """Run its command."""
        run([self.program, "-c", self.folder / "ckan.ini", *words], environment(self.folder), fails=fails)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask its database."""
        import psycopg

        with psycopg.connect(self.database) as database:
            return database.execute(sql.encode()).fetchall()


def installed(folder: Path) -> Path:
    """CKAN's program in an environment of its own. Raises `LeftOut`."""
    if not shutil.which("redis-server"):
        raise LeftOutError("There is no redis-server on this machine (Debian: apt-get install redis-server).")
    uv, python = Path(sys.executable).parent / "uv", folder / "bin" / "python"
    commands: tuple[list[str | Path], ...] = (
        [uv, "venv", "-q", "-p", sys.executable, folder],
        [uv, "pip", "install", "-q", "-p", python, *WANTED],
        [uv, "pip", "install", "-q", "-p", python, REDIS],
    )
    for command in commands:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise LeftOutError(f"CKAN could not be installed: {done.stderr.strip()[-500:]}")
    return folder / "bin" / "ckan"


@contextmanager
def running(folder: Path, program: Path) -> Iterator[Site]:
    """A CKAN with its servers and consumers, until the block ends."""
    env, log = environment(folder), folder / "log"
    solr, redis, web = free_port(), free_port(), free_port()
    with ExitStack() as stack:
        database = stack.enter_context(postgres.server())
        schema = next(program.parent.parent.glob("lib/python*/site-packages/ckan/config/solr/schema.xml"))
        stack.enter_context(child([sys.executable, PARTS / "solr.py", str(solr), schema], env, log))
        stack.enter_context(
            child(
                ["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", "", "--dir", folder], env, log
            )
        )
        site = Site(folder, program, database, f"http://127.0.0.1:{web}")
        _configure(site, solr, redis)
        for words in (("db", "init"), ("db", "pending-migrations", "--apply")):
            site.ckan(*words)
        ini = folder / "ckan.ini"
        serve = ["run", "--host", "127.0.0.1", "--port", str(web), "--disable-reloader"]
        for command in (["harvester", "gather-consumer"], ["harvester", "fetch-consumer"], serve):
            stack.enter_context(child([program, "-c", ini, *command], env, log))
        wait(site.url)
        yield site


def _configure(site: Site, solr: int, redis: int) -> None:
    run([site.program, "generate", "config", site.folder / "ckan.ini"], environment(site.folder))
    settings = {
        "sqlalchemy.url": site.database,
        "solr_url": f"http://127.0.0.1:{solr}/solr/ckan",
        "ckan.redis.url": f"redis://127.0.0.1:{redis}/0",
        "ckan.site_url": site.url,
        "ckan.storage_path": str(site.folder / "storage"),
        "ckan.plugins": PLUGINS,
        "ckan.auth.create_unowned_dataset": "true",
        "ckan.harvest.mq.type": "redis",
        "ckan.harvest.mq.hostname": "127.0.0.1",
        "ckan.harvest.mq.port": str(redis),
        "ckan.harvest.mq.redis_db": "0",
    }
    changes = [f"{name}={value}" for name, value in settings.items()]
    run([site.program, "config-tool", site.folder / "ckan.ini", *changes], environment(site.folder))


def gathered(site: Site, source: str) -> dict[str, Any]:
    """One harvest of the source, from its beginning to its last import."""
    before = site.rows("SELECT count(*) FROM harvest_job")[0][0]
    site.ckan("harvester", "job", source)
    site.ckan("harvester", "run")
    until = time.monotonic() + PATIENCE
    while not _finished(site, before):
        if time.monotonic() > until:
            raise SystemExit(f"CKAN did not end: {(site.folder / 'log').read_text()[-2_000:]}")
        time.sleep(0.5)
    newest = "(SELECT id FROM harvest_job ORDER BY created DESC LIMIT 1)"
    ((seconds,),) = site.rows(
        "SELECT extract(epoch FROM max(o.import_finished) - min(j.gather_started)) FROM harvest_object o"
        f" JOIN harvest_job j ON j.id = o.harvest_job_id WHERE j.id = {newest}"
    )
    reports = site.rows(
        f"SELECT coalesce(report_status, state), count(*) FROM harvest_object WHERE harvest_job_id = {newest} GROUP BY 1"
    )
    site.ckan("harvester", "run")  # closes the job, so that the next one may begin
    counts = dict(reports)
    return {
        "seconds": round(float(seconds), 1),
        "objects": counts,
        "records_per_s": round(sum(counts.values()) / float(seconds), 1),
    }


def _finished(site: Site, before: int) -> bool:
    """Whether the newest job has gathered, and each of its objects is imported or refused."""
    jobs = site.rows("SELECT id, gather_finished FROM harvest_job ORDER BY created DESC")
    if len(jobs) <= before or jobs[0][1] is None:
        return False
    ((total, left),) = site.rows(
        "SELECT count(*), count(*) FILTER (WHERE state NOT IN ('COMPLETE', 'ERROR'))"
        f" FROM harvest_object WHERE harvest_job_id = '{jobs[0][0]}'"
    )
    return bool(total) and not left


def theirs(folder: Path, feed: str) -> dict[str, Any]:
    """CKAN's figures."""
    program = installed(folder / "environment")
    with running(folder, program) as site:
        # It makes the source, and then fails to print it.
        site.ckan("harvester", "source", "create", "bench", feed, "dcat_json", "Bench", "true", fails=True)
        first = gathered(site, "bench")
        held = site.rows("SELECT name, metadata_modified FROM package WHERE type = 'dataset' ORDER BY name")
        unchanged = gathered(site, "bench")
        again = dict(site.rows("SELECT name, metadata_modified FROM package WHERE type = 'dataset'"))
        pages = visited(site.url, [f"/dataset/{name}" for name, _ in held[:PAGES]])
        return {
            "first": {**first, "held": len(held)},
            "unchanged": {**unchanged, "rewritten": sum(again.get(name) != at for name, at in held)},
            "dataset_pages_per_s": round(pages.a_second, 1),
        }


def ours(folder: Path, cities: Path) -> dict[str, Any]:
    """Our figures of the same feed, whole processes."""
    home = folder / "home"
    home.mkdir()
    harvest(folder, cities)  # byte code
    first, unchanged = harvest(home, cities), harvest(home, cities)
    port = free_port()
    with child([COMMONGROUND, "serve", "--port", str(port)], environment(home), folder / "serve.log"):
        url = f"http://127.0.0.1:{port}"
        wait(url)
        listed = json.loads(run([COMMONGROUND, "search", "--json", "--limit", str(PAGES)], environment(home)).out)
        pages = visited(url, [urlsplit(one["url"]).path for one in listed["results"]])
    return {"first": first, "unchanged": unchanged, "dataset_pages_per_s": round(pages.a_second, 1)}


def visited(url: str, paths: list[str]) -> Asked:
    """The pages at four clients, of a server that is up and has answered each of them before: either loads templates
    and code with its first answers, and with 60 pages that would be most of what is measured.
    """
    ask(url, paths, 4)
    return ask(url, paths * 3, 4)


def main() -> int:
    """Print one JSON document."""
    given = options(__doc__)
    count = max(50, round(1_500 * given.scale))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        with portals(folder, f"feed=dcat-us:{count}") as cities:
            feed = tomllib.loads((cities / "bench.toml").read_text())["portals"][0]["url"]
            mine = ours(folder, cities)
            try:
                other = theirs(folder, f"{feed}/data.json")
            except LeftOutError as error:
                print(json.dumps({"ckan": "left out", "why": str(error), "ours": mine}, indent=2))
                return 0
    figures = {
        "records": count,
        "note": "A stand-in for Solr that commits for nothing flatters CKAN.",
        "ckan": other,
        "ours": mine,
    }
    lost = count - other["first"]["held"]
    # Ours without the start of the process: CKAN's processes are up before its clock begins.
    goals = {
        "first: times as fast": Goal(other["first"]["seconds"] / work(mine["first"]), ">=", 6, anywhere=True),
        "unchanged: times as fast": Goal(
            other["unchanged"]["seconds"] / work(mine["unchanged"]), ">=", 20, anywhere=True
        ),
        "records that we lost": Goal(count - mine["first"]["added"], "<=", 0, anywhere=True),
        "records that CKAN lost": Goal(lost, ">=", 0),
        "data set page: times as fast": Goal(
            mine["dataset_pages_per_s"] / other["dataset_pages_per_s"], ">=", 2, anywhere=True
        ),
    }
    return told(figures, goals, check=given.check)


if __name__ == "__main__":
    sys.exit(main())
