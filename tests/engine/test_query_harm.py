"""Every way to do harm with a question in SQL: refused, and the next question has its answer."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonground.engine.query import ANSWER, EXPORT, Catalog, Pool, ask
from commonground.errors import CommonGroundError, Crowded, NotFound, QuestionRefused, TooBig, TooLong
from tests.engine.conftest import ROWS, rows, well

SHORT = replace(ANSWER, seconds=0.7)
SOON = 30  # seconds, on a busy machine too; what is asked here would take hours


def place(tmp: Path) -> str:
    return str(tmp / "written")


ATTACKS: list[tuple[str, type[CommonGroundError], str]] = [
    # writes
    ("insert into permits values (1)", QuestionRefused, "writes rows"),
    ("delete from permits", QuestionRefused, "deletes rows"),
    ("update permits set cost = 0", QuestionRefused, "changes rows"),
    ("create table t as select 1", QuestionRefused, "makes a table"),
    ("create or replace view permits as select 1", QuestionRefused, "makes a table"),
    ("drop view permits", QuestionRefused, "drops a table"),
    ("with x as (insert into permits values (1) returning *) from x", QuestionRefused, "writes"),
    ("with x as (delete from permits returning *) select 1", QuestionRefused, "writes"),
    ("copy permits to '{}'", QuestionRefused, "writes files"),
    ("copy (select 1) to '{}' (format parquet)", QuestionRefused, "writes files"),
    ("export database '{}'", QuestionRefused, "writes files"),
    ("select 1; drop view permits", QuestionRefused, "2 statements"),
    ("select 1) ; copy (select 1) to '{}'; select (1", QuestionRefused, "yntax"),
    ("select 1 \n) limit 1; drop view permits; select * from (select 1", QuestionRefused, "yntax"),
    # attaches, loads, sets
    ("attach '{}'", QuestionRefused, "attaches"),
    ("detach memory", QuestionRefused, "detaches"),
    ("install httpfs", QuestionRefused, "loads an extension"),
    ("load httpfs", QuestionRefused, "loads an extension"),
    ("set memory_limit = '100GB'", QuestionRefused, "settings"),
    ("reset memory_limit", QuestionRefused, "Only SELECT"),
    ("set enable_external_access = true", QuestionRefused, "settings"),
    ("pragma database_list", QuestionRefused, "settings"),
    ("pragma enable_logging", QuestionRefused, "settings"),
    ("call enable_logging()", QuestionRefused, "procedure"),
    ("checkpoint", QuestionRefused, "procedure"),
    ("use memory", QuestionRefused, "settings"),
    ("create secret s (type s3, key_id 'a', secret 'b')", QuestionRefused, "makes"),
    ("prepare p as select 1", QuestionRefused, "Only SELECT"),
    ("execute p", QuestionRefused, "Only SELECT"),
    ("begin", QuestionRefused, "transaction"),
    ("explain analyze select 1", QuestionRefused, "plan"),
    ("vacuum", QuestionRefused, "Only SELECT"),
    ("pivot permits on city", QuestionRefused, "FILTER"),
    # reads files, settings, the environment
    ("select * from '/etc/passwd'", NotFound, "/etc/passwd"),
    ("select * from '{secret}'", NotFound, "No table"),
    ('select * from "{secret}"', NotFound, "No table"),
    ("from '{own}'", NotFound, "No table"),
    ('with "{secret}" as (select 1) from "{secret}"', QuestionRefused, "cannot be called"),
    ("select * from 'https://example.org/x.parquet'", NotFound, "No table"),
    *[
        (f"select * from {name}('{{secret}}')", QuestionRefused, name)
        for name in (
            *(
                "read_csv",
                "read_csv_auto",
                "read_parquet",
                "parquet_scan",
                "read_json",
                "read_json_auto",
                "read_ndjson",
            ),
            *("read_text", "read_blob", "glob", "sniff_csv", "parquet_metadata", "parquet_schema", "read_duckdb"),
            *("query", "query_table", "json_execute_serialized_sql", "arrow_scan", "pandas_scan"),
        )
    ],
    *[
        (f"select * from {name}()", QuestionRefused, name)
        for name in (
            *("duckdb_settings", "duckdb_secrets", "duckdb_views", "duckdb_functions", "duckdb_databases"),
            *("duckdb_external_file_cache", "duckdb_temporary_files", "duckdb_variables", "pragma_version"),
            *("which_secret", "test_all_types", "pg_timezone_names"),
        )
    ],
    ("from duckdb_views", NotFound, "duckdb_views"),
    ("from system.main.duckdb_views", NotFound, "duckdb_views"),
    ("from sqlite_master", NotFound, "sqlite_master"),
    ("from pg_catalog.pg_views", NotFound, "pg_views"),
    ("from information_schema.tables", NotFound, "tables"),
    (
        "with a as (with duckdb_views as (select 1) from duckdb_views) from duckdb_views",
        QuestionRefused,
        "duckdb_views",
    ),
    ("show all tables", QuestionRefused, "SHOW TABLES"),
    ("show databases", QuestionRefused, "SHOW TABLES"),
    ("describe '{secret}'", NotFound, "No table"),
    ("summarize '{secret}'", NotFound, "No table"),
    ("select getenv('HOME')", QuestionRefused, "getenv"),
    ("select main.getenv('HOME')", QuestionRefused, "getenv"),
    ("select 'HOME'.getenv()", QuestionRefused, "getenv"),
    ("select list_transform(['HOME'], lambda x: getenv(x))", QuestionRefused, "getenv"),
    ("select current_setting('home_directory')", QuestionRefused, "current_setting"),
    ("select getvariable('x')", QuestionRefused, "getvariable"),
    ("select (select count(*) from read_text('/etc/*')) from permits", QuestionRefused, "read_text"),
    ("select * from permits where exists (from read_csv('/etc/passwd'))", QuestionRefused, "read_csv"),
    ("from READ_CSV('{secret}')", QuestionRefused, "read_csv"),
    ("select pg_sleep(100)", QuestionRefused, "pg_sleep"),
    ("select sleep_ms(100000)", QuestionRefused, "sleep_ms"),
    ("select write_log('x')", QuestionRefused, "write_log"),
    ("select nextval('s')", QuestionRefused, "nextval"),
    # nonsense
    ("", QuestionRefused, "empty"),
    ("-- nothing", QuestionRefused, "empty"),
    (";", QuestionRefused, "empty"),
    ("select \0", QuestionRefused, "NUL"),
    ("select '\ud800'", QuestionRefused, "UTF-8"),
    ("select " + "(" * 5_000 + "1" + ")" * 5_000, QuestionRefused, "inside each other"),
    ("select " + "[" * 900 + "]" * 900, QuestionRefused, "inside each other"),
    ("select " + "1+" * 6_000 + "1", QuestionRefused, "inside each other"),
    ("select " + "x" * 30_000, TooBig, "at most 20,000"),
    ("select ?", QuestionRefused, "blank"),
    ("select $name", QuestionRefused, "blank"),
]


@pytest.mark.parametrize(
    ("sql", "kind", "said"), ATTACKS, ids=lambda value: str(value)[:60] if isinstance(value, str) else ""
)
def test_harm_is_refused(
    *, pool: Pool, catalog: Catalog, folder: Path, tmp_path: Path, sql: str, kind: type[CommonGroundError], said: str
) -> None:
    files = {"{secret}": str(folder / "secret.csv"), "{own}": str(folder / "0.parquet"), "{}": place(tmp_path)}
    for mark, path in files.items():
        sql = sql.replace(mark, path)
    with pytest.raises(kind) as refused:
        ask(catalog, sql, pool=pool)  # refused for what it is, however slow the machine
    told = refused.value
    assert said in f"{told.message} {told.advice}"
    assert told.advice
    assert "hunter2" not in str(told)
    assert not any(tmp_path.iterdir())
    assert well(pool, catalog)


GREEDY = [
    ("with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t", TooLong),
    ("select sum(a.i + b.i) from range(100000000) a(i), range(100000000) b(i)", (TooLong, TooBig)),
    ("select count(*) from range(1000000000000) a, range(1000000000000) b", (TooLong, TooBig)),
    ("select repeat('x', 4000000000)", (TooLong, TooBig)),
    ("select repeat('x', 10000000000)", QuestionRefused),
    ("select repeat('x', 100000000) from range(100)", (TooLong, TooBig)),
    ("select list(i) from range(1000000000) t(i)", (TooLong, TooBig)),
    ("select range(1000000000)", (TooLong, TooBig)),
    ("select string_agg(repeat('x', 1000)) from range(100000000) t(i)", (TooLong, TooBig)),
    ("select * from range(100000000) a(i) order by hash(i), random()", (TooLong, TooBig)),
    ("select * from permits a, permits b, permits c order by a.cost + b.cost + c.cost", (TooLong, TooBig)),
]


@pytest.mark.parametrize(("sql", "kind"), GREEDY, ids=[sql[:60] for sql, _ in GREEDY])
def test_greed_is_ended_in_time(
    pool: Pool, catalog: Catalog, sql: str, kind: type[CommonGroundError] | tuple[type[CommonGroundError], ...]
) -> None:
    began = time.monotonic()
    with pytest.raises(kind) as refused:
        ask(catalog, sql, limits=replace(SHORT, rows=EXPORT.rows), pool=pool)
    assert time.monotonic() - began < SOON
    assert refused.value.advice
    assert well(pool, catalog)


def test_an_answer_that_is_too_large(pool: Pool, catalog: Catalog) -> None:
    with pytest.raises(TooBig, match="larger than 1 MB"):
        ask(catalog, "select repeat('x', 10000) from range(1000)", limits=replace(ANSWER, bytes=2**20), pool=pool)
    assert well(pool, catalog)


def test_calling_a_question_off(pool: Pool, catalog: Catalog) -> None:
    off = Event()
    Timer(0.3, off.set).start()
    began = time.monotonic()
    with pytest.raises(TooLong, match="called off"):
        ask(
            catalog,
            "select sum(a.i + b.i) from range(1000000) a(i), range(1000000) b(i), range(1000) c(i)",
            cancel=off.is_set,
            pool=pool,
        )
    assert time.monotonic() - began < SOON
    assert well(pool, catalog)


def test_twenty_at_once_with_a_few_that_do_harm(pool: Pool, catalog: Catalog) -> None:
    def one(number: int) -> bool:
        if number % 7 == 3:
            with pytest.raises(CommonGroundError):
                ask(catalog, GREEDY[number % len(GREEDY)][0], limits=replace(SHORT, seconds=0.5), pool=pool)
            return True
        return rows(pool, catalog, f"select count(*) + {number} from permits") == [(2 * ROWS + number,)]

    with ThreadPoolExecutor(20) as clients:
        assert all(clients.map(one, range(60)))
    assert len(pool._idle) <= 3


def test_who_waits_too_long_is_told_so(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonground.engine.query.pool.PATIENCE", 0.2)
    small = Pool(1)
    loop = "select sum(a.i + b.i) from range(1000000) a(i), range(1000000) b(i), range(1000) c(i)"
    try:
        with ThreadPoolExecutor(1) as other:
            busy = other.submit(ask, catalog, loop, limits=replace(ANSWER, seconds=3), pool=small)
            time.sleep(1)
            with pytest.raises(Crowded) as refused:
                ask(catalog, "select 1", pool=small)
            assert (refused.value.wait, refused.value.retry) == (5, True)
            assert isinstance(busy.exception(), TooLong)
        assert well(small, catalog)
    finally:
        small.close()


def test_the_process_knows_no_secrets_and_is_bound(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody")
    made = Pool(1)
    try:
        assert well(made, catalog)
        child = made._idle[0]._child.pid
        environment = Path(f"/proc/{child}/environ").read_bytes()
        limits = Path(f"/proc/{child}/limits").read_text()
    finally:
        made.close()
    assert b"DATABASE_URL" not in environment
    assert b"COMMONGROUND" not in environment
    bound = {line[:25].strip(): line[25:].split()[0] for line in limits.splitlines()[1:]}
    assert (bound["Max core file size"], bound["Max file size"]) == ("0", "0")
    assert int(bound["Max address space"]) < 10 * 2**30
    assert bound["Max cpu time"] != "unlimited"


def test_processes_end_with_the_pool(catalog: Catalog) -> None:
    made = Pool(2)
    made.warm()
    children = [one._child.pid for one in made._idle]
    assert well(made, catalog)
    made.close()
    assert len(children) == 2
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


@settings(max_examples=150)
@given(text=st.text(max_size=80))
def test_no_text_breaks_it(pool: Pool, catalog: Catalog, text: str) -> None:
    try:
        ask(catalog, text, limits=SHORT, pool=pool)
    except (NotFound, QuestionRefused):
        assert well(pool, catalog)


WORDS = st.sampled_from(
    [
        "select",
        "from",
        "permits",
        "where",
        "city",
        "cost",
        "(",
        ")",
        ",",
        "*",
        "1",
        "'a'",
        "=",
        "and",
        "or",
        "not",
        "group",
        "by",
        "order",
        "limit",
        "10",
        "join",
        "on",
        "with",
        "as",
        "union",
        "all",
        "case",
        "when",
        "then",
        "else",
        "end",
        "null",
        "::",
        "int",
        "[",
        "]",
        "{",
        "}",
        ".",
        ";",
        "--",
        "/*",
        "*/",
        "$$",
        "?",
        '"',
        "lambda",
        ":",
        "over",
        "partition",
        "exists",
        "in",
        "values",
        "show",
        "describe",
        "summarize",
        "unnest",
        "read_csv",
        "getenv",
        "pivot",
        "copy",
        "to",
    ]
)


@settings(max_examples=200)
@given(words=st.lists(WORDS, max_size=14))
def test_no_words_of_sql_break_it(pool: Pool, catalog: Catalog, words: list[str]) -> None:
    try:
        ask(catalog, " ".join(words), limits=SHORT, pool=pool)
    except (NotFound, QuestionRefused):
        assert well(pool, catalog)
