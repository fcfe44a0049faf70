"""Which readings are there already."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel.scope import Scope


def places_with_reading(
    session: Session, scope: Scope, keys: Sequence[int], at_us: Sequence[int]
) -> set[int]:
    """Places (from 0) of those points and instants [us] that have a reading; points of others have none."""
    return set(
        session.scalars(
            text(
                "SELECT i.place - 1 FROM unnest(cast(:keys AS int8[]), cast(:instants AS int8[]))"
                " WITH ORDINALITY AS i(point_key, at_us, place)"
                " JOIN point p ON p.key = i.point_key AND p.organisation_id = ANY (:organisations)"
                " JOIN reading r ON r.point_key = i.point_key"
                " AND r.read_at = timestamptz 'epoch' + i.at_us * interval '1 microsecond'"
            ),
            {"keys": list(keys), "instants": list(at_us), "organisations": list(scope.organisations)},
        )
    )
