"""The table of moves is whole: every status can be left or is the end, every guard and effect exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.kernel.errors import Conflict
from backend.workorders.rules import guards, machine, table
from backend.workorders.rules.machine import MOVES, OVER, VISIT_MOVES, OrderStatus, VisitStatus
from backend.workorders.service.effects import EFFECTS

ENDS = OVER | {OrderStatus.CANNOT_COMPLETE}


def test_every_guard_and_effect_of_the_table_exists_and_none_is_idle():
    moves = (*MOVES, *VISIT_MOVES)
    assert {name for move in moves for name in move.guards} == set(guards.GUARDS)
    assert {name for move in moves for name in move.effects} == set(EFFECTS)


def test_every_status_can_be_reached_and_left():
    reached = {move.after for move in MOVES}
    left = {status for move in MOVES for status in move.before if status}
    assert reached == set(OrderStatus)
    assert set(OrderStatus) - left == ENDS - {OrderStatus.CLOSED}


def test_every_visit_status_is_reached_and_left_or_ends():
    assert {move.after for move in VISIT_MOVES} | {VisitStatus.PLANNED} == set(VisitStatus)
    left = {status for move in VISIT_MOVES for status in move.before}
    assert set(VisitStatus) - left == machine.ENDED


def test_from_one_status_a_command_leads_to_one_place():
    pairs = [(move.command, before) for move in MOVES for before in move.before]
    assert len(pairs) == len(set(pairs))


def test_a_command_that_is_not_possible_names_what_is():
    with pytest.raises(Conflict) as said:
        machine.find("close", OrderStatus.READY)
    assert "schedule" in said.value.remedy


@pytest.mark.parametrize(
    ("visits", "order"),
    [
        ([], None),
        (["planned"], None),
        (["working"], "in_progress"),
        (["done", "planned"], "in_progress"),
        (["done", "done"], "field_complete"),
        (["done", "cancelled"], "field_complete"),
        (["partial"], "ready"),
        (["done", "partial"], "ready"),
        (["partial", "done"], "field_complete"),
        (["partial", "working"], "in_progress"),
        (["no_access"], "ready"),
    ],
)
def test_visits_roll_up_to_their_order(visits, order):
    assert machine.rolled_up([VisitStatus(one) for one in visits]) == (order and OrderStatus(order))


def test_the_readme_shows_the_table_as_it_is():
    readme = Path(table.__file__).parents[1] / "README.md"
    assert table.as_markdown() in readme.read_text()
