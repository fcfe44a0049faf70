"""Claims against a real database and a clock that stands still, runs and jumps."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from backend.kernel.db import Database
from ingest.claims import EVERY_SECONDS, LEASE_SECONDS, MARGIN_SECONDS, SETTLE_SECONDS, Claims
from ingest.notebook import Notebook


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def make_claims(database, tmp_path):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM lease")

    def maker(name: str, base=database) -> tuple[Claims, Clock]:
        clock = Clock()
        how = {"holder": f"{name} of {tmp_path}", "changed": lambda: None, "now": clock}
        return Claims(base, ("modbus",), Notebook(tmp_path / name), **how), clock

    return maker


@pytest.fixture
def nowhere():
    made = Database("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1", pool_size=1)
    yield made
    made.dispose()


async def turn(claims: Claims) -> None:
    await claims._turn()
    claims.stopped(running=claims.ours)


async def test_of_two_workers_one_holds_a_connection_and_the_other_gets_it_when_it_is_let_go(make_claims):
    one = uuid4()
    (a, _), (b, _) = make_claims("a"), make_claims("b")
    for claims in (a, b):
        claims.want({one: "modbus"})
        await turn(claims)
    assert a.holds(one)
    assert not b.holds(one)
    await a.leave()
    await turn(b)
    assert b.holds(one)
    await b.leave()


async def test_two_workers_come_to_an_equal_share(make_claims):
    wanted = {uuid4(): "modbus" for _ in range(4)}
    (a, _), (b, _) = make_claims("a"), make_claims("b")
    a.want(wanted)
    await turn(a)
    assert len(a.ours) == 4
    b.want(wanted)
    await turn(b)
    assert len(b.ours) == 0, "nothing is taken from anybody"
    await turn(a)
    assert len(a.ours) == 2, "whoever has too much gives back"
    await turn(a)
    await turn(b)
    assert b.ours == wanted.keys() - a.ours
    await a.leave()
    await b.leave()


async def test_a_worker_that_stood_still_asks_the_database_before_it_goes_on(make_claims):
    one = uuid4()
    a, clock = make_claims("a")
    a.want({one: "modbus"})
    await turn(a)
    clock.now += LEASE_SECONDS - 0.1
    assert a.holds(one)
    clock.now += 0.2
    assert not a.holds(one)
    await turn(a)
    assert a.holds(one), "nobody took it meanwhile"
    await a.leave()


async def test_a_worker_that_stood_still_and_lost_its_lease_reads_no_more(make_claims):
    one = uuid4()
    (a, clock), (b, _) = make_claims("a"), make_claims("b")
    a.want({one: "modbus"})
    await turn(a)
    clock.now += 60
    await asyncio.to_thread(a._release_all)  # as if it had run out
    with a._database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM lease")
    b.want({one: "modbus"})
    await turn(b)
    assert not a.holds(one)
    await turn(a)
    assert not a.ours
    assert b.holds(one)
    await b.leave()


async def test_a_worker_whose_database_is_away_goes_on_with_what_it_holds_and_takes_nothing_new(
    make_claims, nowhere
):
    one, other = uuid4(), uuid4()
    a, clock = make_claims("a")
    a.want({one: "modbus"})
    await turn(a)
    there, a._database = a._database, nowhere
    a.want({one: "modbus", other: "modbus"})
    for _ in range(3):
        clock.now += LEASE_SECONDS
        await turn(a)
        assert a.holds(one)
    assert not a.holds(other)
    clock.now += LEASE_SECONDS
    assert not a.holds(one), "the finding that the database is away grows old, too"
    a._database = there
    await turn(a)
    assert a.holds(one)
    assert a.holds(other)
    await a.leave()


async def test_an_attempt_during_which_the_process_stood_still_proves_nothing(make_claims, nowhere):
    one = uuid4()
    a, clock = make_claims("a")
    a.want({one: "modbus"})
    await turn(a)
    there, a._database = a._database, nowhere

    async def stand_still() -> None:
        await asyncio.sleep(0)
        clock.now += 30

    await asyncio.gather(a._turn(), stand_still())
    assert not a.holds(one)
    a._database = there
    await a.leave()


async def test_a_worker_that_was_alone_goes_on_after_a_restart_once_it_finds_the_database_away(
    make_claims, nowhere
):
    one = uuid4()
    a, _ = make_claims("a")
    a.want({one: "modbus"})
    await turn(a)
    again, _ = make_claims("a", nowhere)
    again.recall()
    again.want({one: "modbus"})
    assert not again.holds(one), "the database may have something to say"
    await turn(again)
    assert again.holds(one)
    await a.leave()


async def test_a_worker_that_was_not_alone_goes_on_after_a_restart_only_while_its_lease_lasts(
    make_claims, nowhere
):
    one, two = uuid4(), uuid4()
    (a, _), (b, _) = make_claims("a"), make_claims("b")
    for claims in (b, a, b, b, a):
        claims.want({one: "modbus", two: "modbus"})
        await turn(claims)
    (held,) = a.ours
    again, _ = make_claims("a", nowhere)
    again.recall()
    again.want({one: "modbus", two: "modbus"})
    assert again.holds(held)
    late, _ = make_claims("a", nowhere)
    note = late._notebook.recall("claims")
    late._notebook.remember("claims", note | {"until_us": note["until_us"] - 10_000_000})
    late.recall()
    await turn(late)
    assert not late.ours
    await a.leave()
    await b.leave()


async def test_a_worker_that_comes_back_after_its_lease_ran_out_takes_its_own_at_once(make_claims):
    one, two = uuid4(), uuid4()
    wanted = {one: "modbus", two: "modbus"}
    (a, _), (b, _) = make_claims("a"), make_claims("b")
    for claims in (b, a, b, b, a):
        claims.want(wanted)
        await turn(claims)
    (held,), (of_b,) = a.ours, b.ours
    with a._database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lease SET until = now() - interval '1 s'")
    (a._notebook._path.parent / "a").write_bytes(b"{}")  # it came too late to go on by its own note
    again, _ = make_claims("a")
    again.recall()
    again.want(wanted)
    await turn(again)
    assert again.ours == {held}, "nobody else can use what bears its name; the other's may still be in use"
    await turn(b)
    assert b.ours == {of_b}
    await again.leave()
    await b.leave()


async def test_what_a_dead_worker_held_is_asked_for_as_soon_as_it_runs_out(make_claims):
    one = uuid4()
    (a, _), (b, _) = make_claims("a"), make_claims("b")
    a.want({one: "modbus"})
    await turn(a)
    b.want({one: "modbus"})
    await turn(b)
    assert b._pause == EVERY_SECONDS
    with a._database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lease SET until = now() + interval '0.4 s'")
    await turn(b)
    assert b._pause <= 0.4 + MARGIN_SECONDS
    await a.leave()
    await b.leave()


async def test_a_lease_that_ran_out_while_the_database_was_away_is_left_to_its_holder_for_a_while(
    make_claims, nowhere
):
    one, other = uuid4(), uuid4()
    (a, _), (b, of_b) = make_claims("a"), make_claims("b")
    a.want({one: "modbus"})
    await turn(a)
    with a._database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE lease SET until = now() - interval '1 s'")
    b.want({one: "modbus", other: "modbus"})
    await turn(b)
    assert b.ours == {other}, "what nobody ever held is free"
    there, b._database = b._database, nowhere
    of_b.now += SETTLE_SECONDS + 1
    await turn(b)
    b._database = there
    await turn(b)
    assert b.ours == {other}, "the database was away just now: its holder may not know yet"
    for _ in range(4):
        of_b.now += 2
        await turn(b)
    assert b.ours == {one, other}
    await b.leave()
