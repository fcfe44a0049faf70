"""Pages by keyset: whatever the order, page after page says what the whole list says."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import pytest
from sqlalchemy import Boolean, Column, Date, DateTime, Enum, Integer, MetaData, Table, Text, Uuid, select

from backend.kernel import ids, paging
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope


class Kind(StrEnum):
    VAN = "van"
    HOUSE = "house"


T = Table(
    "paged", MetaData(), Column("id", Uuid, primary_key=True), Column("name", Text), Column("at", DateTime(True)),
    Column("day", Date), Column("is_open", Boolean), Column("level", Integer),
    Column("kind", Enum(Kind, native_enum=False)), prefixes=["TEMPORARY"], postgresql_on_commit="DROP",
)  # fmt: skip
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORDERS = {
    "up": (T.c.name, T.c.id), "down": (T.c.at.desc(), T.c.id.desc()), "mixed": (T.c.level, T.c.at.desc(), T.c.id),
    "by day": (T.c.day.desc(), T.c.id), "open first": (T.c.is_open.desc(), T.c.name, T.c.id.desc()),
    "by kind": (T.c.kind.desc(), T.c.name, T.c.id), "only by id": (T.c.id.desc(),),
}  # fmt: skip


@pytest.fixture
def session(owner_database):
    with owner_database.transaction(Scope.public()) as opened:
        T.create(opened.connection())
        ties = itertools.product(("泵房", "ä", "a' OR 1"), (0, 1), (False, True))
        rows = [
            {"id": ids.new_id(), "name": name, "at": NOON + timedelta(microseconds=level), "is_open": is_open,
             "day": date(2026, 1, 1 + level), "level": level, "kind": Kind.VAN if is_open else Kind.HOUSE}
            for name, level, is_open in [*ties] * 2
        ]  # fmt: skip
        opened.execute(T.insert(), rows)
        yield opened


@pytest.mark.parametrize("limit", [1, 5, 24])
@pytest.mark.parametrize("by", ORDERS.values(), ids=ORDERS.keys())
def test_read_by_pages_a_list_says_what_it_says_read_at_once(session, by, limit):
    whole = session.execute(select(T).order_by(*by)).all()
    assert len(whole) == 24
    read = paging.every(lambda cursor: paging.page(session, select(T), by=by, cursor=cursor, limit=limit))
    assert list(read) == whole


def test_the_last_page_has_no_cursor_and_none_is_longer_than_allowed(session):
    page = paging.page(session, select(T.c.id), by=(T.c.id,), limit=24)
    assert page.next_cursor is None
    assert page.items == sorted(page.items)
    assert len(paging.page(session, select(T), by=(T.c.id,), limit=-3).items) == 1


def test_rows_keep_their_names_and_say_nothing_of_the_key(session):
    (row,) = paging.page(session, select(T.c.name.label("called"), T.c.level), by=(T.c.id,), limit=1).items
    assert row._fields == ("called", "level")
    assert paging.page(session, select(T.c.level), by=ORDERS["mixed"]).each(str).items[:2] == ["0", "0"]


def test_a_cursor_of_another_order_is_refused(session):
    cursor = paging.page(session, select(T), by=ORDERS["mixed"], limit=1).next_cursor
    with pytest.raises(Refused):
        paging.page(session, select(T), by=ORDERS["up"], cursor=cursor)


def test_a_long_chinese_name_still_fits_into_an_address():
    from mobile_api.fields import MOST_CURSOR

    longest = paging.encode("泵" * 200, "表" * 200, str(ids.new_id()))
    assert paging.decode(longest, str, str, type(ids.new_id()))[0] == "泵" * 200
    assert len(longest) <= MOST_CURSOR
