"""Runs are claimed by one worker only, come back when it dies, and wait longer when they fail."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from commonground.errors import Unreachable
from commonground.work import owners, store, worker
from commonground.work.models import Run
from commonground.work.registry import Task
from commonground.work.worker import work


@pytest.fixture(autouse=True)
def _home(settings: Any, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Task]:
    """An empty registry."""
    empty: dict[str, Task] = {}
    monkeypatch.setattr(worker, "TASKS", empty)
    monkeypatch.setattr(worker, "SCHEDULES", [])
    return empty


def later(**pause: float) -> None:
    """Let time pass: all that is written moves into the past."""
    for run in Run.objects.all():
        for name in ("due", "heartbeat", "leased_until", "started", "finished"):
            if moment := getattr(run, name):
                setattr(run, name, moment - timedelta(**pause))
        run.save()


@pytest.mark.django_db
def test_one_open_run_a_subject() -> None:
    assert store.schedule("count", "birds")
    assert store.schedule("count", "birds") is None
    run = store.claim("count", "birds")
    assert run
    assert store.claim("count", "birds") is None
    assert store.schedule("count", "birds") is None
    assert store.schedule("count", "bees")
    assert store.finish(run)
    assert store.schedule("count", "birds")


@pytest.mark.django_db
def test_only_what_is_due_and_known() -> None:
    store.schedule("count", "later", due=timezone.now() + timedelta(hours=1))
    store.schedule("other", "birds")
    first = store.schedule("count", "first", due=timezone.now() - timedelta(hours=1))
    store.schedule("count", "second")
    run = store.claim_next(["count"])
    assert first
    assert run == first
    assert run.attempt == 1
    second = store.claim_next(["count"])
    assert second
    assert second.subject == "second"
    assert store.claim_next(["count"]) is None


@pytest.mark.django_db
def test_a_lease_that_ran_out() -> None:
    """Another worker goes on; the first one, waking up, can neither beat nor end what is no longer its own."""
    store.schedule("count", "birds", every=timedelta(days=1))
    first = store.claim_next(["count"])
    assert first
    later(minutes=9)
    assert store.claim_next(["count"]) is None
    assert store.beat(first)
    later(minutes=9)
    assert store.claim_next(["count"]) is None
    later(minutes=2)
    second = store.claim_next(["count"])
    assert second
    assert (second.pk, second.attempt) == (first.pk, 2)
    assert not store.beat(first)
    assert not store.finish(first)
    assert store.beat(second)
    assert store.finish(second)
    assert not store.finish(second)
    assert Run.objects.filter(state="due").count() == 1


@pytest.mark.django_db
def test_a_run_of_a_dead_process_is_free_at_once(settings: Any) -> None:
    folder = settings.HOME / "owners"
    program = textwrap.dedent(f"""
        import sys; from pathlib import Path; from commonground.work import owners
        print(owners.name(Path({str(folder)!r})), flush=True); sys.stdin.read()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        name = other.stdout.readline().strip()
        store.schedule("count", "birds")
        now = timezone.now()
        Run.objects.update(state="running", owner=name, leased_until=now + timedelta(minutes=9), heartbeat=now)
        assert not owners.dead(folder, name)
        assert store.claim_next(["count"]) is None
        other.kill()
        other.wait()
    assert owners.dead(folder, name)
    run = store.claim_next(["count"])
    assert run
    assert run.owner == store.owner() != name
    assert run.reaped.startswith(f"Attempt 0 gave its last sign of life at {now:%Y-%m-%d %H:%M:%S}")
    assert run.reaped.endswith("its process has died.")
    assert not owners.dead(folder, run.owner)
    (folder / "left-long-ago").touch()
    os.utime(folder / "left-long-ago", (0, 0))
    os.utime(folder / run.owner, (0, 0))
    owners._sweep(folder)
    assert {path.name for path in folder.iterdir()} == {name, run.owner}
    assert not owners.dead(folder, "of another home")
    assert not owners.dead(folder, "")


def test_two_processes_that_start_at_once_both_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = owners.dead

    def swept_by_another(folder: Path, owner: str) -> bool:
        (folder / owner).unlink()
        for path in folder.iterdir():
            path.unlink()
        return dead(folder, owner)

    for name in ("one", "other"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    monkeypatch.setattr(owners, "dead", swept_by_another)
    owners._sweep(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.django_db
def test_failing_regular_runs_wait_longer() -> None:
    store.schedule("count", "birds", every=timedelta(days=1))
    pauses = []
    for _ in range(9):
        run = store.claim("count", "birds")
        assert run
        store.finish(run, error="no birds")
        pauses.append(Run.objects.get(state="due").due - timezone.now())
    minutes = [round(pause.total_seconds() / 60) for pause in pauses]
    assert minutes == [10, 20, 40, 80, 160, 320, 320, 320, 320]
    run = store.claim("count", "birds")
    assert run
    store.finish(run)
    due = Run.objects.get(state="due")
    assert due.attempt == 0
    assert due.due - timezone.now() > timedelta(hours=23)
    assert Run.objects.filter(state="failed", error="no birds").count() == 9


@pytest.mark.django_db
def test_a_short_interval_is_never_lengthened_by_failing() -> None:
    store.schedule("count", "birds", every=timedelta(minutes=1))
    run = store.claim("count", "birds")
    assert run
    store.finish(run, error="no")
    assert Run.objects.get(state="due").due - timezone.now() <= timedelta(minutes=1)


@pytest.mark.django_db
def test_what_was_claimed_can_be_given_back() -> None:
    regular = store.schedule("count", "birds", every=timedelta(days=1), due=timezone.now() + timedelta(hours=3))
    assert regular
    for subject in ("birds", "bees"):
        run = store.claim("count", subject)
        assert run
        store.release(run)
    assert list(Run.objects.values_list("subject", "state", "attempt", "due")) == [("birds", "due", 0, regular.due)]


@pytest.mark.django_db
def test_the_worker(tasks: dict[str, Task], monkeypatch: pytest.MonkeyPatch) -> None:
    """One that fails and one that breaks are told; the others are done."""
    seen: list[str] = []

    def count(subject: str, beat: Callable[[], bool]) -> None:
        assert beat()
        seen.append(subject)
        if subject == "bees":
            raise Unreachable("No bees.", advice="Wait for spring.")
        if subject == "bugs":
            raise ZeroDivisionError("a mistake")

    tasks["count"] = count
    monkeypatch.setattr(
        worker, "SCHEDULES", [lambda: [store.schedule("count", one) for one in ("bees", "birds", "bugs")]]
    )
    said: list[str] = []
    done = work(once=True, say=said.append)
    assert {one["subject"]: one["error"] for one in done} == {
        "birds": "",
        "bees": "No bees. Wait for spring.",
        "bugs": "A mistake in Common Ground: ZeroDivisionError: a mistake",
    }
    assert sorted(seen) == ["bees", "birds", "bugs"]
    assert len(said) == 3
    assert dict(Run.objects.values_list("subject", "state")) == {"birds": "done", "bees": "failed", "bugs": "failed"}
    assert "count birds: done" in said


def race(count: int, do: Callable[[], None]) -> None:
    """Call it in so many threads at once, each with a connection of its own."""
    gate = threading.Barrier(count)
    problems: list[BaseException] = []

    def one() -> None:
        try:
            gate.wait()
            do()
        except BaseException as problem:  # noqa: BLE001 - told below
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.django_db(transaction=True)
def test_eight_workers_share_forty_runs() -> None:
    for number in range(40):
        store.schedule("count", str(number), every=timedelta(days=1))
    claimed: list[str] = []

    def share() -> None:
        while run := store.claim_next(["count"]):
            claimed.append(run.subject)
            assert store.beat(run)
            assert store.finish(run)

    race(8, share)
    assert Counter(claimed) == Counter(str(number) for number in range(40))
    assert Run.objects.filter(state="done").count() == 40
    assert Run.objects.filter(state="due").count() == 40


@pytest.mark.django_db(transaction=True)
def test_eight_claims_of_one_subject() -> None:
    won: list[Run] = []

    def claim() -> None:
        if run := store.claim("count", "birds"):
            won.append(run)

    race(8, claim)
    assert len(won) == 1
    assert Run.objects.get().state == "running"


@pytest.mark.django_db(transaction=True)
def test_generations_commit_in_order() -> None:
    """Whoever reads a number has seen all changes up to it: the search index relies on that."""
    from django.db import transaction

    from commonground.catalog import counter

    numbers: list[int] = []

    def change() -> None:
        for _ in range(5):
            with transaction.atomic():
                number = counter.next_generation()
                Run.objects.create(task="mark", subject=str(number), due=timezone.now())
            seen = counter.generation()
            marks = set(map(int, Run.objects.filter(task="mark").values_list("subject", flat=True)))
            assert marks >= set(range(1, seen + 1))
            numbers.append(number)

    race(6, change)
    assert sorted(numbers) == list(range(1, 31))


@pytest.mark.django_db(transaction=True)
def test_processes_share_runs_too(settings: Any, tmp_path: Path) -> None:
    for number in range(20):
        store.schedule("count", str(number))
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        url = f"sqlite:///{connection.settings_dict['NAME']}"
    else:
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{connection.settings_dict['NAME']}"
    program = textwrap.dedent("""
        import django; django.setup()
        from commonground.work import store
        while run := store.claim_next(["count"]):
            print(run.subject, flush=True)
            assert store.finish(run)
    """)
    env = {**os.environ, "DATABASE_URL": url, "COMMONGROUND_HOME": str(tmp_path)}
    workers = [
        subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    told = [subject for worker in workers for subject in worker.communicate(timeout=60)[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert Counter(told) == Counter(str(number) for number in range(20))
