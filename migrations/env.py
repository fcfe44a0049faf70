"""Alembic's door to the database: runs as the owner, never as the application's role."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import create_engine, pool

import backend.alarms.models
import backend.analysis.models
import backend.assets.models
import backend.billing.models
import backend.kernel.audit
import backend.kernel.changes
import backend.kernel.events
import backend.kernel.leases
import backend.metering.models
import backend.network.models
import backend.tenancy.models  # noqa: F401  # imported so that the metadata is whole
from backend.kernel.db import Base, sqlalchemy_url
from backend.kernel.settings import settings


def ours(_object: Any, name: str | None, kind: str, reflected: bool, _other: Any) -> bool:
    """Leave out PostGIS's own tables and the monthly partitions."""
    return not (kind == "table" and reflected and name not in Base.metadata.tables)


def run() -> None:
    """Bring the database given by `-x url=…` or the settings to the wanted revision."""
    url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    engine = create_engine(sqlalchemy_url(url or settings().database_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=ours,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
