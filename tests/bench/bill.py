"""From stored intervals to issued bills: `python -m tests.bench.bill [CUSTOMERS]`, a JSON line a result.

Customers (10,000 unless said otherwise) with a month of 15-minute intervals each, on a tariff with time of use, demand,
standing charge and taxes; a run is previewed, approved and issued, with lines and ledger postings, as the product
does. The limit is reading the same intervals into arrays by a bare binary COPY, in the same lots: as whole point-months
(one array a point, as bills are read), and for comparison row by row, which sends five times as many bytes.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from sqlalchemy import text

from backend.billing.service import ledger, runs, tariffs
from backend.billing.service.rating import Rater
from backend.kernel import clock
from backend.kernel.bulk import payload
from backend.kernel.db import Database
from backend.kernel.periods import day
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy
from tests.bench.common import Durable, Region, plain_region, say

CUSTOMERS = 10_000
ZONE = "Asia/Shanghai"
FIRST, NEXT = date(2026, 10, 1), date(2026, 11, 1)
QUARTER_US = 900_000_000
GOAL_SECONDS, GOAL_RATIO, GOAL_MB = 120, 0.25, 1536


def _rule(period: str, hours: str) -> dict[str, str]:
    return {"period": period, "hours": hours}


TARIFF: dict[str, Any] = {
    "code": "industry", "name": {"en": "Industry, two-part, time of use", "zh": "工商业两部制分时"},
    "carrier": "electricity", "currency": "CNY", "zone": ZONE,
    "versions": [{
        "from": "2026-01-01", "calendar": "CN",
        "schedules": {"tou": {
            "periods": {name: {"en": name} for name in ("sharp", "peak", "flat", "valley")},
            "rules": [
                _rule("sharp", "19:00-21:00"), _rule("peak", "08:00-11:00"), _rule("peak", "18:00-22:00"),
                _rule("valley", "22:00-06:00"), {"period": "flat"},
            ],
        }},
        "components": [
            {"kind": "energy", "code": "energy", "name": {"en": "Energy", "zh": "电度电费"}, "unit": "kWh", "by": "tou",
             "price": {"sharp": 1.2834, "peak": 1.0695, "flat": 0.6471, "valley": 0.2781}},
            {"kind": "demand", "code": "demand", "name": {"en": "Demand", "zh": "需量电费"}, "price": 38.4},
            {"kind": "standing", "code": "standing", "name": {"en": "Standing charge", "zh": "固定费"}, "per": "month",
             "price": 12},
            {"kind": "share", "code": "levy", "name": {"en": "Levy", "zh": "附加"}, "of": ["energy"], "rate": 0.03},
            {"kind": "share", "code": "vat", "name": {"en": "VAT", "zh": "增值税"},
             "of": ["energy", "demand", "standing", "levy"], "rate": 0.13},
        ],
    }],
}  # fmt: skip


@dataclass(frozen=True)
class Town:
    """Who is billed: an operator and its customers' points."""

    region: Region
    scope: Scope
    operator: UUID
    keys: np.ndarray


def settle_town(database: Database, customers: int) -> Town:
    """Make customers, a contract and a point of each, and an operator who keeps a book."""
    region = plain_region(database, customers)
    with database.transaction(region.scope) as session:
        operator = region.points[0].organisation_id
        ledger.open_book(session, region.scope, organisation_id=operator, name="Bench")
        tariff = tariffs.store_tariff(session, region.scope, organisation_id=operator, document=TARIFF)
        ids = {
            "operator": operator,
            "tariff": tariff.tariff_id,
            "currency": "CNY",
            "zone": ZONE,
            "first": FIRST,
        }
        session.execute(text(
            "INSERT INTO organisation (id, parent_id, path, kind, name, created_at, is_simulated)"
            " SELECT p.id, o.id, o.path || replace(p.id::text, '-', '')::ltree, 'customer', 'Customer ' || p.key,"
            " now(), true FROM point p JOIN organisation o ON o.id = :operator"), ids)  # fmt: skip
        region_id = operator
    with database.transaction(Scope.public()) as session:
        scope = tenancy.system_scope(session, region_id, reason="bench")
    with database.transaction(scope) as session:
        session.execute(text(
            "INSERT INTO supply_contract (id, organisation_id, customer_id, number, tariff_id, zone, currency,"
            " starts_on, months, day, first, due_days, facts, is_prepaid, is_protected, created_at)"
            " SELECT id, :operator, id, 'C-' || key, :tariff, :zone, :currency, :first, 1, 1, 1, 14, '{}', false,"
            " false, now() FROM point"), ids)  # fmt: skip
        session.execute(text(
            "INSERT INTO contract_point (id, organisation_id, contract_id, point_id, register, share)"
            " SELECT gen_random_uuid(), :operator, id, id, 'import', 1000000 FROM point"), ids)  # fmt: skip
    return Town(region, scope, operator, region.keys)


def fill(database: Database, keys: np.ndarray) -> int:
    """Store a month of quarter-hours for every point; return how many."""
    start_us, end_us = _borders()
    starts = np.arange(start_us, end_us, QUARTER_US)
    shape = 800 + 600 * np.sin(np.arange(len(starts)) * 2 * np.pi / 96)
    with psycopg.connect(database.url, autocommit=True) as bare:
        for month in (start_us, end_us - 1):
            bare.execute("SELECT ensure_month('interval', %s)", [clock.from_us(month)])
        for place in range(0, len(keys), 200):
            some = keys[place : place + 200]
            noise = np.random.default_rng(place).random((len(some), len(starts)))
            amounts = (shape * (0.5 + noise)).astype(np.int64)
            columns: Any = {
                "point_key": (np.repeat(some, len(starts)), "int8"),
                "start": (np.tile(starts, len(some)), "timestamptz"),
                "minutes": (15, "int2"), "version": (0, "int2"), "method": (0, "int2"), "rule": (1, "int2"),
                "amount": (amounts.ravel(), "int8"),
            }  # fmt: skip
            with bare.cursor().copy(
                f'COPY "interval" ({", ".join(columns)}) FROM STDIN (FORMAT binary)'
            ) as copy:
                copy.write(payload(columns))
        bare.execute('VACUUM ANALYZE "interval"')
    return len(keys) * len(starts)


def _borders() -> tuple[int, int]:
    return clock.to_us(day(FIRST, ZONE).start), clock.to_us(day(NEXT, ZONE).start)


WIRE = np.dtype([("fields", ">i2"), ("l0", ">i4"), ("key", ">i8"), ("l1", ">i4"), ("start", ">i8"), ("l2", ">i4"),
                 ("amount", ">i8")])  # fmt: skip


def bare_read(url: str, keys: np.ndarray) -> float:
    """Read the same intervals into arrays by binary COPY, in the same lots; return how long it took [s]."""
    start_us, end_us = _borders()
    began, count = time.perf_counter(), 0
    with psycopg.connect(url) as bare:
        for place in range(0, len(keys), runs.LOT):
            some = ",".join(map(str, keys[place : place + runs.LOT]))
            query = (
                f'COPY (SELECT point_key, start, amount FROM "interval" WHERE point_key IN ({some})'
                f" AND start >= '{clock.from_us(start_us)}' AND start < '{clock.from_us(end_us)}')"
                " TO STDOUT (FORMAT binary)"
            )
            with bare.cursor().copy(query) as copy:
                raw = b"".join(copy)
            rows = np.frombuffer(raw, WIRE, offset=19, count=(len(raw) - 21) // WIRE.itemsize)
            count += len(rows["amount"].astype(np.int64))
    assert count == len(keys) * ((end_us - start_us) // QUARTER_US)
    return time.perf_counter() - began


ARRAY_HEAD = 2 + 4 + 8 + 4 + 20
"""Bytes before an array's elements: fields, key with its length, length of the array, and the array's own head."""
ELEMENT = np.dtype([("length", ">i4"), ("amount", ">i8")])


def bare_arrays(url: str, keys: np.ndarray) -> float:
    """Read the same intervals as one array a point by binary COPY, in the same lots; return how long it took [s]."""
    start_us, end_us = _borders()
    began, count = time.perf_counter(), 0
    with psycopg.connect(url) as bare:
        for place in range(0, len(keys), runs.LOT):
            some = ",".join(map(str, keys[place : place + runs.LOT]))
            query = (
                f'COPY (SELECT key, (SELECT array_agg(amount) FROM (SELECT amount FROM "interval" WHERE point_key = key'
                f" AND start >= '{clock.from_us(start_us)}' AND start < '{clock.from_us(end_us)}' ORDER BY start) i)"
                f" FROM unnest(ARRAY[{some}]::int8[]) key) TO STDOUT (FORMAT binary)"
            )
            with bare.cursor().copy(query) as copy:
                raw = b"".join(copy)
            count += sum(len(amounts) for amounts in _arrays(raw))
    assert count == len(keys) * ((end_us - start_us) // QUARTER_US)
    return time.perf_counter() - began


def _arrays(raw: bytes) -> Iterator[np.ndarray]:
    """Yield the arrays of a binary COPY of (int8, int8[]), none of them null."""
    at = 19
    while raw[at : at + 2] != b"\xff\xff":
        length = int.from_bytes(raw[at + 14 : at + 18], "big")
        elements = np.frombuffer(
            raw, ELEMENT, offset=at + ARRAY_HEAD, count=(length - 20) // ELEMENT.itemsize
        )
        yield elements["amount"].astype(np.int64)
        at += 18 + length


def _advance(database: Database, town: Town, run_id: UUID, rater: Rater) -> float:
    began = time.perf_counter()
    more = True
    while more:
        with database.transaction(town.scope) as session:
            more = runs.advance(session, town.scope, run_id=run_id, rater=rater)
    return time.perf_counter() - began


def main(customers: int) -> None:
    """Fill, read bare, bill."""
    with Durable({"shared_buffers": "1GB"}) as durable:
        database = Database(durable.url)
        town = settle_town(database, customers)
        began = time.perf_counter()
        intervals = fill(database, town.keys)
        say("bill", "filled", intervals / (time.perf_counter() - began), "intervals/s")
        limits = {bare: [bare(durable.url, town.keys)] for bare in (bare_arrays, bare_read)}
        before_mb = _peak_mb()
        with database.transaction(town.scope) as session:
            run_id = runs.start_run(session, town.scope, organisation_id=town.operator, on=FIRST).id
        rater = Rater()
        rated = _advance(database, town, run_id, rater)
        with database.transaction(town.scope) as session:
            runs.approve(session, town.scope, run_id=run_id, issue_on=NEXT)
        issued = _advance(database, town, run_id, rater)
        peak_mb = _peak_mb()
        for bare, took in limits.items():
            took.append(bare(durable.url, town.keys))
        arrays, rows = (sum(took) / len(took) for took in limits.values())
        _tell(database, town, customers, Took(intervals, rated, issued, arrays, rows))
        say(
            "bill",
            "peak memory",
            peak_mb,
            "MB",
            goal=GOAL_MB,
            met=peak_mb < GOAL_MB,
            before_mb=round(before_mb),
        )


@dataclass(frozen=True)
class Took:
    """How many intervals were billed, and how long it took [s]: rating, issuing, and the bare reads."""

    intervals: int
    rated: float
    issued: float
    arrays: float
    rows: float


def _tell(database: Database, town: Town, customers: int, took: Took) -> None:
    intervals, rated, issued = took.intervals, took.rated, took.issued
    whole = rated + issued
    with database.transaction(town.scope) as session:
        done = session.execute(
            text("SELECT count(*) AS bills, sum(total) AS total FROM bill WHERE status = 'issued'")
        ).one()
        lines = session.scalar(text("SELECT count(*) FROM bill_line"))
        postings = session.scalar(text("SELECT count(*) FROM ledger_posting"))
        began = time.perf_counter()
        assert done.bills == customers, f"{done.bills} bills for {customers} customers"
        book = ledger.book_of(session, town.scope, organisation_id=town.operator)
        assert ledger.verify(session, town.scope, book_id=book.id) is None
        verified = time.perf_counter() - began
    goal = GOAL_SECONDS * customers / CUSTOMERS
    for how, limit in (("arrays", took.arrays), ("rows", took.rows)):
        say("bill", f"{customers:,} customers, stored intervals to issued bills, by COPY of {how}", whole, "s",
            limit=limit, goal=goal, met=whole < goal and limit / whole >= GOAL_RATIO, intervals=intervals,
            lines=lines, postings=postings)  # fmt: skip
    say(
        "bill",
        "read, rated and drafted",
        intervals / rated,
        "intervals/s",
        limit=intervals / took.arrays,
        rate=True,
    )
    say("bill", "numbered, issued and posted", customers / issued, "bills/s")
    say("bill", "whole run", customers / whole, "bills/s")
    say("bill", "ledger verified", customers / verified, "entries/s")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS)
