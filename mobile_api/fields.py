"""What all schemas share: strict input, ids as people read them, pages."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import marshmallow as ma
from flask_smorest import Blueprint
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.routing import BaseConverter, ValidationError

from backend.kernel import ids, paging
from backend.kernel.errors import Refused

ID_DESCRIBED = {
    "type": "string", "pattern": "^[0-9A-HJKMNP-TV-Z]{26}$", "example": "01KASG2V3W4X5Y6Z7A8B9C0D1E",
}  # fmt: skip

MOST_CURSOR = 2000
CURSOR = "WyJIYXJib3VyIHBhcmsiLCAiMDE5OWIxOTAifV0"
MONEY = {"type": "string", "example": "1234.50", "pattern": r"^\d{1,11}(\.\d{1,2})?$"}


class StrictParser(FlaskParser):
    """Refuses what it does not know, in addresses too: a misspelt filter is not silently ignored."""

    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.RAISE, "query": ma.RAISE}

    def load_files(self, req: Any, schema: ma.Schema) -> Any:
        """Read a multipart body as one: its files, and what is said of them beside."""
        parts = MultiDict(req.form)
        parts.update(req.files)
        return self._makeproxy(parts, schema)


class Area(Blueprint):
    """The views of one area."""

    ARGUMENTS_PARSER = StrictParser()


class Schema(ma.Schema):
    """A shape of this API; what is not in it is refused."""

    class Meta:
        """Refuse unknown fields."""

        unknown = ma.RAISE


class Id(ma.fields.Field[UUID]):
    """An identifier: 26 characters (Crockford base 32); the usual 36 are understood too."""

    def __init__(self, **said: Any) -> None:
        described = {"pattern": ID_DESCRIBED["pattern"], "example": ID_DESCRIBED["example"]}
        super().__init__(**said | {"metadata": described | said.get("metadata", {})})

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else ids.show(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:
        try:
            return ids.parse(value)
        except (Refused, AttributeError):
            raise ma.ValidationError("Not an identifier.") from None


class IdConverter(BaseConverter):
    """An identifier inside an address."""

    regex = "[0-9A-Za-z-]{26,36}"

    def to_python(self, value: str) -> UUID:
        """Read the id; what is none leads nowhere (404)."""
        try:
            return ids.parse(value)
        except Refused:
            raise ValidationError from None

    def to_url(self, value: UUID) -> str:
        """Write the id as people read it."""
        return ids.show(value)


class PageQuery(Schema):
    """Which page of a list."""

    cursor = ma.fields.String(
        load_default=None,
        validate=ma.validate.Length(max=MOST_CURSOR),
        metadata={"description": "`next` of the page before; without it, the first page.", "example": CURSOR},
    )
    limit = ma.fields.Integer(
        load_default=50,
        validate=ma.validate.Range(1, paging.MOST),
        metadata={"description": "How many at most.", "example": 50},
    )


@cache
def page_of(schema: type[ma.Schema]) -> type[ma.Schema]:
    """Return the schema of a page of items."""
    return Schema.from_dict(
        {
            "items": few(ma.fields.Nested(schema), paging.MOST, required=True),
            "next": ma.fields.String(
                attribute="next_cursor",
                allow_none=True,
                metadata={"description": "Cursor of the next page; null on the last.", "example": CURSOR},
            ),
        },
        name=schema.__name__.removesuffix("Schema") + "Page",
    )


def few(item: Any, most: int, **said: Any) -> ma.fields.List:
    """Return the field of a list that never holds more than `most`; the description says so (maxItems)."""
    return ma.fields.List(item, validate=ma.validate.Length(max=most), **said)


def instant(**said: Any) -> ma.fields.AwareDateTime:
    """Return the field of an instant: RFC 3339 with an offset; answers are in UTC."""
    metadata = said.pop("metadata", {})
    return ma.fields.AwareDateTime(format="iso", metadata=metadata, **said)


def within(low: int, high: int) -> Callable[[Decimal], None]:
    """Return a check that an exact number lies within limits; the description has it as text with a pattern."""

    def check(value: Decimal) -> None:
        if not low <= value <= high:
            raise ma.ValidationError(f"Not between {low} and {high}.")

    return check
