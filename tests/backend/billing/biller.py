"""A process that takes a bill run as far as it goes, a step a transaction; made to be killed.

`python -m tests.backend.billing.biller URL RUN REGION` says 'step' after each, and waits for a line before the
next when told to by BILLER_WAITS.
"""

from __future__ import annotations

import os
import sys
from uuid import UUID

from backend.billing.service import runs
from backend.kernel.db import Database
from backend.kernel.scope import Scope
from backend.tenancy import service as tenancy

runs.LOT, runs.ISSUED_AT_ONCE = 3, 2
"""Many small steps, so that there is much between them."""


def main(url: str, run_id: str, region: str) -> None:
    """Step until there is nothing to do."""
    database = Database(url)
    with database.transaction(Scope.public()) as session:
        scope = tenancy.system_scope(session, UUID(region), reason="a bill run that is killed")
    more = True
    while more:
        with database.transaction(scope) as session:
            more = runs.advance(session, scope, run_id=UUID(run_id))
        print("step", flush=True)
        if os.environ.get("BILLER_WAITS"):
            sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
