"""Whose turn it is: exports and long questions beside prompt ones, and one who asks much beside others."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from commonground.engine.query import ANSWER, EXPORT, Catalog, Pool, ask
from commonground.engine.query.lanes import Lane, Turn
from commonground.errors import Crowded
from tests.engine.conftest import well

LOOP = "select sum(a.i + b.i) from range(1000000) a(i), range(1000000) b(i), range(1000) c(i)"


def test_an_export_and_a_long_question_keep_no_prompt_one_waiting(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonground.engine.query.pool.PROMPT", 0.2)
    pool, off = Pool(1, 2), threading.Event()
    try:
        with ThreadPoolExecutor(2) as others:
            export = others.submit(ask, catalog, LOOP, limits=EXPORT, cancel=off.is_set, pool=pool)
            long = others.submit(ask, catalog, f"{LOOP} -- too", limits=EXPORT_LESS, cancel=off.is_set, pool=pool)
            assert well(pool, catalog)  # there is one prompt turn, and it is free again
            time.sleep(0.3)
            assert well(pool, catalog)
            off.set()
            assert export.exception(10)
            assert long.exception(10)
        assert well(pool, catalog)
    finally:
        pool.close()


EXPORT_LESS = replace(EXPORT, rows=ANSWER.rows)


def test_every_thread_of_what_makes_way_does(catalog: Catalog) -> None:
    pool = Pool(1)
    try:
        ask(catalog, "select 1", limits=EXPORT, pool=pool)
        assert well(pool, catalog)
        (patient,), (prompt,) = pool._idle_patient, pool._idle
        first = os.getpriority(os.PRIO_PROCESS, prompt._child.pid)
        later = os.getpriority(os.PRIO_PROCESS, patient._child.pid)
        assert first < later or first == 19
        tasks = Path(f"/proc/{patient._child.pid}/task")
        if tasks.is_dir():
            assert {os.getpriority(os.PRIO_PROCESS, int(one.name)) for one in tasks.iterdir()} == {later}
    finally:
        pool.close()


def test_too_many_exports_are_sent_away_at_once(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonground.engine.query.pool.LINE", 0)
    pool, off = Pool(1, 1), threading.Event()
    try:
        with ThreadPoolExecutor(1) as other:
            running = other.submit(ask, catalog, LOOP, limits=EXPORT, cancel=off.is_set, pool=pool)
            while pool._patient._free:
                time.sleep(0.01)
            with pytest.raises(Crowded):
                ask(catalog, "select 1", limits=EXPORT, pool=pool)
            assert well(pool, catalog)
            off.set()
            assert running.exception(10)
    finally:
        pool.close()


def test_the_next_turn_goes_to_who_has_the_fewest() -> None:
    lane, came = Lane(2), []
    assert lane.take("many", 0)
    assert lane.take("many", 0)

    def wait(who: str, number: int) -> None:
        assert lane.take(who, 10)
        came.append((who, number))

    with ThreadPoolExecutor(3) as waiting:
        for number, who in enumerate(("many", "many", "few")):
            waiting.submit(wait, who, number)
            while len(lane._waiting) <= number:
                time.sleep(0.01)
        for number, who in enumerate(("many", "few", "many")):
            lane.give(who)
            while len(came) <= number:
                time.sleep(0.01)
    assert came == [("few", 2), ("many", 0), ("many", 1)]


def test_a_turn_goes_over_once_and_only_where_there_is_room() -> None:
    prompt, patient = Lane(1), Lane(1)
    first, second = (Turn(prompt, patient, "", long=False) for _ in range(2))
    assert first.begin(0)
    assert not second.begin(0)
    assert first.lengthen()
    assert second.begin(0)
    assert not second.lengthen()
    first.end()
    assert second.lengthen()
    second.end()
    assert not Turn(prompt, Lane(0), "", long=False).lengthen()
    assert (prompt._free, patient._free) == (1, 1)
