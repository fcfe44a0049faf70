"""What the README says is what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from backend.alarms import rules
from backend.alarms.rules import parameters
from backend.alarms.rules.states import TABLE, Happening
from tests.backend.alarms.test_levels import START_US, batch, compiled, fed, rule

README = (Path(rules.__file__).parents[1] / "README.md").read_text()


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, without its head."""
    lines = README.split(heading, 1)[1].split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return [rows[0], *rows[2:]]


def test_the_worked_example_comes_out_as_written():
    rows = table("### A worked example")[1:]
    shown = [(int(second), float(value)) for second, value, _ in rows if value]
    expected = [int(second) for second, value, what in rows if "**" in what]
    worked = rule(parameters={"HH": 100, "H": 90}, deadband=5, on_delay_s=10, off_delay_s=20)
    changes = fed(compiled(worked), batch(*shown), until_s=200)
    assert [(change.at_us - START_US) // 1_000_000 for change in changes] == expected
    assert [change.after for change in changes] == [1, 2, 1, 0]
    raised, worse, _, returned = changes
    assert (raised.value, raised.limit, worse.value, worse.limit, returned.worst) == (92, 90, 104, 100, 104)


def test_the_table_of_states_is_the_one_in_the_code():
    head, *rows = table("## The life of an alarm")
    happenings = [Happening(word.replace(" ", "_")) for word in head[2:]]
    written = {}
    for state, _, *cells in rows:
        for happening, cell in zip(happenings, cells, strict=True):
            if cell.startswith("`"):
                written[(state.strip("`"), happening)] = cell.strip("`")
    assert written == TABLE


def test_every_kind_and_parameter_of_a_rule_is_in_the_table():
    rows = {row[0].strip("`"): row[1] for row in table("## Rules")[1:]}
    assert rows.keys() == parameters._READERS.keys()
    for kind, (_, known) in parameters._READERS.items():
        assert set(known) <= set(re.findall(r"`(\w+)`", rows[kind]))
