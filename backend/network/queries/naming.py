"""What a place is called where it may stand beside others of its name: its site before it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func

from backend.network.models import Position

BETWEEN = " · "


def full_name(place: type[Position], site: type[Position]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return a place's name and Chinese name with its site's before them; site: joined by `place.site_id`."""
    is_below = site.id != place.id
    return (
        func.concat_ws(BETWEEN, case((is_below, site.name)), place.name),
        func.concat_ws(
            BETWEEN,
            case((is_below, func.coalesce(site.name_zh, site.name))),
            func.coalesce(place.name_zh, place.name),
        ),
    )
