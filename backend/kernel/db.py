"""The database: declarative base, common columns, and transactions confined to a scope."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Engine,
    Enum,
    ForeignKey,
    MetaData,
    Select,
    any_,
    create_engine,
    event,
    literal,
    text,
)
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from backend.kernel import ids
from backend.kernel.errors import NotFound
from backend.kernel.scope import Scope
from backend.kernel.settings import settings

APP_ROLE = "enerfield_app"
"""The role every statement runs as: owns nothing, so that row-level security binds it."""

Key = Annotated[UUID, mapped_column(primary_key=True, default=ids.new_id)]


def _values(kind: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in kind]


class Base(DeclarativeBase):
    """All tables. Constraint names are derived, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        enum.Enum: Enum(enum.Enum, native_enum=False, length=32, values_callable=_values),
    }


class TenantOwned:
    """A row that belongs to an organisation; row-level security confines it (see `migrations/`)."""

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)


class Database:
    """One database, reached through a pool, as the unprivileged role."""

    def __init__(self, url: str, *, pool_size: int = 8, as_role: str | None = APP_ROLE) -> None:
        self.url = url
        self.engine = _engine(url, pool_size, as_role)

    @contextmanager
    def transaction(self, scope: Scope, *, patience_seconds: int | None = None) -> Iterator[Session]:
        """Open a session whose one transaction sees only `scope`; commit at the end, or roll back.

        patience_seconds: how long a statement of it may take [s]; as long as it takes where None
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            confine(session, scope, patience_seconds)
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def required(session: Session, query: Select[Any], missing: str, **asked: UUID) -> Any:
    """Return the row a query is about; raises NotFound, saying what is missing and by which id it was asked for."""
    found = session.scalar(query)
    if found is None:
        ((field, identifier),) = asked.items()
        raise NotFound(missing, field=field, value=str(identifier))
    return found


def among(column: Any, values: Collection[UUID]) -> ColumnElement[bool]:
    """Condition: the column is one of many ids.

    They are sent as one array: `IN` makes a parameter of each, which takes longer than the query itself where there
    are thousands.
    """
    found: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(UuidType)))
    return found


def confine(session: Session, scope: Scope, patience_seconds: int | None = None) -> None:
    """Tell the database who asks, for this transaction only (pooled connections must not remember)."""
    said = {
        "enerfield.organisations": "{" + ",".join(str(i) for i in sorted(scope.organisations)) + "}",
        "enerfield.actor": str(scope.actor_id or ""),
    }
    if patience_seconds is not None:
        said["statement_timeout"] = f"{patience_seconds}s"
    names = ", ".join(f"set_config('{name}', :v{i}, true)" for i, name in enumerate(said))
    session.execute(text(f"SELECT {names}"), {f"v{i}": value for i, value in enumerate(said.values())})


@cache
def database() -> Database:
    """Return this process's database."""
    return Database(settings().database_url)


def sqlalchemy_url(url: str) -> str:
    """Name the psycopg driver in a plain `postgresql://` address."""
    scheme, rest = url.split("://", 1)
    return f"postgresql+psycopg://{rest}" if "+" not in scheme else url


def _engine(url: str, pool_size: int, as_role: str | None) -> Engine:
    engine = create_engine(
        sqlalchemy_url(url), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, pool_timeout=10
    )

    @event.listens_for(engine, "connect")
    def become_unprivileged(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            if as_role:
                cursor.execute(f"SET ROLE {as_role}")
            cursor.execute("SET TIME ZONE 'UTC'")
            cursor.execute(
                "SET jit = off"
            )  # our statements are short; compiling them costs more than it saves
        connection.commit()

    return engine
