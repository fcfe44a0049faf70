"""When things happened, whatever a phone's clock is set to: property over whole shifts of clocks that lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.field.rules.dating import Mark, Receipt, Said, Ticks, date

MORNING = datetime(2026, 11, 27, 8, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


def ticks(seconds: float, boot: str = "b") -> Ticks:
    return Ticks(boot, seconds * 1000)


def test_the_worked_example_of_the_rules_page_holds():
    heard = Mark(MORNING, ticks(60))
    received = Receipt(MORNING + 1.5 * HOUR, ticks(5_460))
    for wall in (MORNING + DAY + HOUR / 2, MORNING - DAY, MORNING + HOUR / 2):
        found = date(Said(wall, 0 * HOUR, ticks(1_860), heard), received=received, previous=None)
        assert found.at == MORNING + HOUR / 2


NOON = MORNING + 4 * HOUR
CASES = {
    "a wall that is right is believed": (Said(NOON, 0 * HOUR), NOON),
    "its offset is added": (Said(NOON + DAY, -DAY), NOON),
    "set ahead with nothing counted: as of the receipt": (Said(NOON + DAY, 0 * HOUR), NOON + HOUR),
    "set ahead, counted since we spoke": (
        Said(NOON + DAY, 0 * HOUR, ticks(7_200), Mark(MORNING + 2 * HOUR, ticks(0))), NOON),
    "set back, counted since we spoke": (
        Said(NOON - DAY, 0 * HOUR, ticks(7_200), Mark(MORNING + 2 * HOUR, ticks(0))), NOON),
    "slept since we spoke: the wall knows": (Said(NOON, 0 * HOUR, ticks(60), Mark(MORNING, ticks(0))), NOON),
    "a little ahead of the receipt is no setting": (
        Said(NOON + HOUR + MINUTE, 0 * HOUR, ticks(60), Mark(MORNING, ticks(0))), NOON + HOUR),
    "what another boot counted says nothing": (
        Said(NOON, 0 * HOUR, ticks(7_200), Mark(MORNING + 3 * HOUR, ticks(0, "other"))), NOON),
}  # fmt: skip


@pytest.mark.parametrize(("said", "at"), CASES.values(), ids=CASES)
def test_times_of_one_entry_received_at_one(said, at):
    assert date(said, received=Receipt(NOON + HOUR), previous=None).at == at


def test_an_entry_is_never_before_the_one_its_phone_counted_before_it():
    before = Mark(NOON, ticks(0, "other"))
    found = date(Said(MORNING, 0 * HOUR), received=Receipt(NOON + HOUR), previous=before)
    assert found.at == NOON and found.is_odd


def test_durations_are_those_of_the_monotonic_clock_though_the_wall_jumps_in_between():
    first = date(Said(NOON, 0 * HOUR, ticks(0)), received=Receipt(NOON + 2 * HOUR), previous=None)
    then = Said(NOON - DAY, 0 * HOUR, ticks(1_234.5))
    second = date(then, received=Receipt(NOON + 2 * HOUR), previous=Mark(first.at, ticks(0)))
    assert second.at - first.at == timedelta(seconds=1_234.5)


# --- whole shifts


@dataclass
class Shift:
    """A phone through a day: true time, ticks, how wrong its wall is, when it last heard us in this boot."""

    now: datetime = MORNING
    ms: float = 0.0
    boot: int = 0
    wrong: timedelta = timedelta(0)
    offset: timedelta = timedelta(0)
    heard: Mark | None = None
    taps: list[tuple[datetime, Said]] = field(default_factory=list)

    @property
    def ticks(self) -> Ticks:
        return Ticks(str(self.boot), self.ms)

    def go(self, what: str, seconds: float) -> None:
        """Let something happen, and some seconds go by."""
        self.now += timedelta(seconds=seconds)
        if what == "boot":
            self.boot, self.ms, self.heard = self.boot + 1, 0.0, None
        elif what != "sleep":
            self.ms += seconds * 1000
        if what == "set":
            self.wrong = timedelta(seconds=seconds * 40 - 300_000)
        if what == "hear":
            self.heard, self.offset = Mark(self.now, self.ticks), -self.wrong
        if what == "tap":
            self.taps.append((self.now, Said(self.now + self.wrong, self.offset, self.ticks, self.heard)))

    def judged(self) -> list[tuple[datetime, Said, datetime, timedelta]]:
        """Send all now; return of each: truly at, what was said, dated at, doubt."""
        found, previous = [], None
        for truly, said in self.taps:
            dated = date(
                said, received=Receipt(self.now, self.ticks, self.now + self.wrong), previous=previous
            )
            previous = Mark(dated.at, said.ticks)
            found.append((truly, said, dated.at, timedelta(seconds=dated.uncertainty_s)))
        return found


def shifts(*happenings: str) -> st.SearchStrategy[list[tuple[str, float]]]:
    return st.lists(st.tuples(st.sampled_from(happenings), st.floats(0.01, 15_000)), max_size=25)


def lived(what: list[tuple[str, float]]) -> Shift:
    shift = Shift()
    for one in what:
        shift.go(*one)
    shift.go("wait", 1)
    return shift


@given(shifts("tap", "tap", "sleep", "set", "boot", "hear"))
def test_whatever_the_clocks_do_entries_keep_their_order_and_none_is_from_the_future(what):
    shift = lived(what)
    times = [at for _, _, at, _ in shift.judged()]
    assert all(one <= other for one, other in pairwise(times))
    assert all(at <= shift.now for at in times)


@given(shifts("set", "sleep"), shifts("tap", "tap", "wait"))
def test_a_wall_set_wrong_before_and_never_told_of_us_is_found_out_by_the_sending(before, what):
    for truly, _, at, _ in lived(before + what).judged():
        assert abs(at - truly) < timedelta(milliseconds=1)


@given(shifts("tap", "tap", "set", "hear", "wait"))
def test_once_it_heard_of_us_a_boot_that_never_slept_is_exact_though_its_wall_is_set(what):
    for truly, _, at, _ in lived([("hear", 1.0), *what]).judged():
        assert abs(at - truly) < timedelta(milliseconds=1)


@given(shifts("tap", "tap", "set", "wait"), st.booleans())
def test_and_so_it_is_though_it_died_before_it_sent(what, goes_back):
    shift = Shift()
    shift.go("hear", 10)
    for one, seconds in what:
        shift.go(one, seconds)
        if one == "set":
            shift.wrong = (-1 if goes_back else 1) * (20 * DAY)
    shift.go("boot", 5)
    for truly, _, at, _ in shift.judged():
        assert abs(at - truly) < timedelta(milliseconds=1)


@given(shifts("tap", "tap", "sleep", "boot", "hear", "wait"))
def test_a_wall_that_nobody_set_is_believed_through_sleep_and_restarts(what):
    for truly, _, at, _ in lived(what).judged():
        assert abs(at - truly) < timedelta(milliseconds=1)


@given(shifts("tap", "tap", "sleep", "set", "hear", "wait"))
def test_asleep_or_set_within_one_boot_no_time_is_further_off_than_the_phone_slept(what):
    shift = lived([("hear", 1.0), *what])
    slept = sum(seconds for kind, seconds in what if kind == "sleep")
    for truly, _, at, _ in shift.judged():
        assert abs(at - truly) <= timedelta(seconds=slept, milliseconds=1)
