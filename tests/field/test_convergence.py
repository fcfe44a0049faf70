"""Three phones and an office do what they like over a line that fails; in the end all hold the same, and all of it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.field.driver import Driver
from tests.field.machine import runs
from tests.field.office import Office

LONG = int(os.environ.get("ENERFIELD_RUNS", "10000"))
"""Runs of the long test together, in parts that each say that they are done."""
PARTS = 20


@pytest.fixture(scope="module")
def driver(office: Office) -> Iterator[Driver]:
    """One Node with the phones of all runs."""
    made = Driver(office.answer)
    yield made
    made.close()


@pytest.mark.timeout(1_800)
def test_phones_and_office_come_to_hold_the_same_and_lose_nothing(scene, office, driver):
    assert runs(scene, office, driver, 200, 12, is_the_same=True) >= 200


@pytest.mark.timeout(900)
def test_so_they_do_where_every_request_is_a_transaction_of_its_own(world, office, driver):
    assert runs(world, office, driver, 6, 25, is_the_same=True) >= 6


@pytest.mark.long
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("part", range(PARTS))
def test_they_do_ten_thousand_times(scene, office, driver, part):
    assert runs(scene, office, driver, LONG // PARTS, 12) >= LONG // PARTS


@pytest.mark.long
@pytest.mark.timeout(36_000)
def test_and_hundreds_of_times_for_long_in_transactions_of_their_own(world, office, driver):
    assert runs(world, office, driver, LONG // 50, 40) >= LONG // 50
