"""Numbers of messages as several workers tell of them: what is missing is missed, and nothing else."""

from __future__ import annotations

import pytest

from backend.kernel import clock
from backend.metering import service as metering
from backend.metering.models.connection import Protocol
from backend.metering.service import sequences
from backend.metering.service.sequences import Numbers
from tests.ingest.field import make_field


@pytest.fixture
def missing(database, environment):
    """Hear of a device's numbers, one report after another; return how many are missing in the end."""
    field = make_field(database, protocol=Protocol.MQTT, address={})

    def hear(*reports: Numbers) -> int:
        for report in reports:
            with database.transaction(field.scope) as session:
                sequences.hear_numbers(
                    session, field.scope, connection_id=field.connection_id,
                    organisation_id=field.organisation_id, heard={"m1": report},
                )  # fmt: skip
        with database.transaction(field.scope) as session:
            return sum(gap.missing for gap in sequences.close_gaps(session, field.scope, grace_seconds=-1))

    return hear


def test_what_was_counted_as_missed_and_comes_after_all_is_counted_no_more(database, environment):
    field = make_field(database, protocol=Protocol.MQTT, address={})

    def heard(*ranges: tuple[int, int], run_us: int = 0) -> int:
        with database.transaction(field.scope) as session:
            sequences.hear_numbers(
                session, field.scope, connection_id=field.connection_id, organisation_id=field.organisation_id,
                heard={"m1": Numbers(ranges, run_us, 1_000)},
            )  # fmt: skip
            for gap in sequences.close_gaps(session, field.scope, grace_seconds=-1):
                sequences.note_gap(session, field.scope, gap, last_gap={})
        return field.state().missed

    with database.transaction(field.scope) as session:
        metering.note_contact(session, field.scope, connection_id=field.connection_id,
                              organisation_id=field.organisation_id, contact_at=clock.now(), error=None)  # fmt: skip
    assert heard((0, 10), (1000, 1001)) == 990
    assert heard((10, 400)) == 600
    assert heard((300, 400)) == 600  # again is nothing new
    assert (
        heard((0, 5), run_us=500) == 600
    )  # the device begins anew: its new numbers are not the missing ones
    assert heard((5, 7), (8, 9), run_us=500) == 601
    assert heard((7, 8), run_us=500) == 600


def test_numbers_of_the_run_before_that_come_late_are_no_gap(missing):
    before, now = Numbers([(1000, 1003)], last_us=50), Numbers([(0, 4)], run_us=100, last_us=140)
    assert missing(before, now, Numbers([(1003, 1005)], last_us=60)) == 0


def test_two_workers_that_saw_a_device_begin_anew_at_different_messages_tell_of_one_run(missing):
    first, second = Numbers([(0, 1), (2, 3)], 100, 120), Numbers([(1, 2), (3, 4)], 110, 130)
    assert missing(Numbers([(1000, 1003)], last_us=50), first, second, Numbers([(4, 6)], 100, 150)) == 0


def test_what_is_missing_in_the_present_run_is_missed_still(missing):
    assert missing(Numbers([(1000, 1003)], last_us=50), Numbers([(0, 2), (4, 5)], 100, 140)) == 2


def test_a_report_of_an_earlier_run_is_known_even_without_its_instants(missing):
    before, now = Numbers([(1000, 1003)], 50, 60), Numbers([(0, 4)], 100, 140)
    assert missing(before, now, Numbers([(1003, 1005)], 50)) == 0


def test_a_worker_that_did_not_hear_the_beginning_adds_to_the_present_run(missing):
    assert (
        missing(Numbers([(0, 3)], 100, 140), Numbers([(3, 6)], last_us=150), Numbers([(7, 9)], 100, 160)) == 1
    )
