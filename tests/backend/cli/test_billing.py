"""`enerfield billing`: the workbook is written, looked through, and written whole."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from backend.billing.rules.migration import Given
from backend.billing.service import contracts, ledger, tariffs
from backend.cli.billing import command
from backend.kernel.sheets import Row
from reports import migration as workbook
from tests.billing import FLAT
from tests.world import make_world

ROW = {"number": "OLD-1", "customer": "East mill", "tariff": "flat", "starts_on": "2026-09-01"}


@pytest.fixture(scope="module")
def world(environment, database):
    """An operator with a book and a tariff."""
    made = make_world(database)
    where, scope = made.east.enterprise.id, made.east.scope
    with database.transaction(scope) as session:
        ledger.open_book(session, scope, organisation_id=where, name="East energy")
        tariffs.store_tariff(session, scope, organisation_id=where, document=FLAT)
    return made


def run(*said: str):
    return CliRunner().invoke(command, list(said))


def kept(world) -> list[str]:
    with world.database.transaction(world.east.scope) as session:
        return [one.number for one in contracts.contracts(session, world.east.scope).items]


def test_a_workbook_is_looked_through_written_once_and_its_faults_are_named(world, tmp_path):
    empty, good, bad = (tmp_path / name for name in ("empty.xlsx", "good.xlsx", "bad.xlsx"))
    assert run("template", str(empty)).exit_code == 0
    assert workbook.read(empty.read_bytes()).contracts == []
    good.write_bytes(workbook.write(Given(contracts=[Row(2, ROW)])))
    bad.write_bytes(workbook.write(Given(contracts=[Row(2, ROW | {"number": "N", "tariff": "none"})])))
    dry = run("import", str(good), "--at", "East energy")
    assert (dry.exit_code, dry.output) == (0, "Contracts: 1 would be written\n"), dry.output
    assert kept(world) == []
    assert run("import", str(good), "--at", "East energy", "--write").output == "Contracts: 1 written\n"
    assert kept(world) == ["OLD-1"]
    again = run("import", str(good), "--at", "East energy", "--write")
    assert again.output == "Contracts: 1 are here already\n"
    refused = run("import", str(bad), "--at", "East energy", "--write")
    assert refused.exit_code == 1
    assert "Contracts row 2, tariff (none): no tariff has this code; store the tariff first" in refused.output
    assert kept(world) == ["OLD-1"]
