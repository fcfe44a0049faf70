"""How values stand in a document: read with every finding at once, written back the same.

A dataclass is read from a mapping by the `Form` in the metadata of each field (`said`), so that a class
and its readable form cannot drift apart. A field at its default is not written.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from backend.kernel.errors import Refused
from backend.kernel.money import How, Rounding

MOST_DIGITS, FINEST = 15, 20
"""A number in a tariff has at most so many digits before the point (less one), and after it."""
SMALLEST_STEP, LARGEST_STEP = Decimal("0.000001"), Decimal(1_000_000)


class Findings:
    """What is wrong with a document: path, value, message and remedy of each."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def add(self, path: str, value: Any, message: str, remedy: str | None = None) -> None:
        """Note one finding."""
        self.found.append({"field": path, "value": value, "message": message, "remedy": remedy})

    def refuse(self) -> None:
        """Raise Refused with all that was found; do nothing where nothing was."""
        if not self.found:
            return
        first = self.found[0]
        others = len(self.found) - 1
        more = f" (and {others} more)" if others else ""
        raise Refused(
            f"{first['field']}: {first['message']}{more}",
            field=first["field"],
            value=first["value"],
            remedy=first["remedy"],
            findings=self.found,
        )


class Wrong(Exception):
    """A value that cannot be read; its finding is already noted."""


@dataclass(frozen=True)
class Form:
    """How one kind of value is read from a document (value, path, findings) and written back."""

    read: Callable[[Any, str, Findings], Any]
    write: Callable[[Any], Any] = lambda value: value


def said(form: Form, default: Any = dataclasses.MISSING) -> Any:
    """Return a dataclass field that stands in a document; without a default it must be there."""
    return field(default=default, metadata={"form": form})


def wrong(findings: Findings, path: str, value: Any, message: str, remedy: str | None = None) -> Wrong:
    """Note a finding and return what to raise."""
    findings.add(path, shown(value), message, remedy)
    return Wrong()


def shown(value: Any) -> Any:
    """Return a value as it is shown to people: numbers as they are, all else as text that is not endless."""
    return value if isinstance(value, int | None) and not _is_endless(value) else str(value)[:60]


def _is_endless(value: int | None) -> bool:
    return value is not None and abs(value) > 10**30


def _text(value: Any, path: str, findings: Findings) -> str:
    if not isinstance(value, str) or not value.strip():
        raise wrong(findings, path, value, f"'{shown(value)}' is not a text")
    return value


def _code(value: Any, path: str, findings: Findings) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", value):
        raise wrong(
            findings,
            path,
            value,
            f"'{shown(value)}' is no code",
            "use small letters, digits and _ (peak, block_2)",
        )
    return value


def _decimal(value: Any, path: str, findings: Findings) -> Decimal:
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise InvalidOperation
        number = Decimal(str(value))  # YAML hands 0.1 over as a float, whose text is what was written
        if (
            not number.is_finite()
            or number.adjusted() > MOST_DIGITS
            or int(number.as_tuple().exponent) < -FINEST
        ):
            raise InvalidOperation
    except (InvalidOperation, ValueError):
        raise wrong(findings, path, value, f"'{shown(value)}' is not a number") from None
    return number


def _whole(value: Any, path: str, findings: Findings) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong(findings, path, value, f"'{shown(value)}' is not a whole number")
    return value


def _flag(value: Any, path: str, findings: Findings) -> bool:
    if not isinstance(value, bool):
        raise wrong(findings, path, value, f"'{shown(value)}' is neither true nor false")
    return value


def _date(value: Any, path: str, findings: Findings) -> date:
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise wrong(findings, path, value, f"'{shown(value)}' is not a date", "write 2026-01-31") from None


def _plain(number: Decimal) -> int | str:
    whole = number == number.to_integral_value()
    return int(number) if whole else format(number, "f")


def _rounding(value: Any, path: str, findings: Findings) -> Rounding:
    to, _, how = str(value).partition(" ")
    try:
        if not SMALLEST_STEP <= (step := Decimal(to)) <= LARGEST_STEP:
            raise ValueError
        return Rounding(step, How(how or How.HALF_UP))
    except (ArithmeticError, ValueError, Refused):
        raise wrong(
            findings, path, value, f"'{value}' is no rounding", "write 0.01 half_up (half_even, down, up)"
        ) from None


TEXT = Form(_text)
CODE = Form(_code)
WORD = Form(lambda value, path, findings: str(value))
DECIMAL = Form(_decimal, _plain)
WHOLE = Form(_whole)
FLAG = Form(_flag)
ROUNDING = Form(_rounding, lambda rounding: f"{rounding.to} {rounding.how}")
DATE = Form(_date, lambda on: on.isoformat())


def number(*, least: Decimal | int | None = None, above: Decimal | int | None = None) -> Form:
    """Return the form of a number that is at least, or above, something."""

    def read(value: Any, path: str, findings: Findings) -> Decimal:
        found = _decimal(value, path, findings)
        if least is not None and found < least:
            raise wrong(findings, path, value, f"{found} is less than {least}")
        if above is not None and found <= above:
            raise wrong(findings, path, value, f"{found} is not more than {above}")
        return found

    return Form(read, _plain)


def one_of(words: Iterable[str]) -> Form:
    """Return the form of one of some words."""
    known = [str(word) for word in words]

    def read(value: Any, path: str, findings: Findings) -> str:
        if value not in known:
            raise wrong(findings, path, value, f"unknown '{shown(value)}'", _meant(value, known))
        return str(value)

    return Form(read, str)


def enum(kind: type[StrEnum]) -> Form:
    """Return the form of a member of an enumeration."""
    words = one_of(member.value for member in kind)
    return Form(lambda value, path, findings: kind(words.read(value, path, findings)), str)


def many(form: Form) -> Form:
    """Return the form of a list; a single value may stand for a list of one."""

    def read(value: Any, path: str, findings: Findings) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            return (form.read(value, path, findings),)
        if not value:
            raise wrong(findings, path, None, "at least one is needed here")
        return tuple(_each([(f"{path}[{number}]", one) for number, one in enumerate(value)], form, findings))

    return Form(read, lambda values: [form.write(value) for value in values])


def table(form: Form, keys: Form | None = None) -> Form:
    """Return the form of a mapping from words (codes, if `keys` says so) to values."""

    def read(value: Any, path: str, findings: Findings) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not value:
            raise wrong(findings, path, value, "a mapping of names to values is needed here")
        words = _each([(f"{path}.{key}", key) for key in value], keys or WORD, findings)
        return dict(
            zip(words, _each([(f"{path}.{k}", v) for k, v in value.items()], form, findings), strict=True)
        )

    return Form(read, lambda values: {key: form.write(value) for key, value in values.items()})


def _each(places: list[tuple[str, Any]], form: Form, findings: Findings) -> list[Any]:
    """Read values one by one, so that what is wrong with each is found."""
    values, failed = [], False
    for path, value in places:
        try:
            values.append(form.read(value, path, findings))
        except Wrong:
            failed = True
    if failed:
        raise Wrong
    return values


def record(kind: type[Any]) -> Form:
    """Return the form of a dataclass: a mapping with its fields."""
    return Form(lambda value, path, findings: read_record(kind, value, path, findings), write_record)


def read_record(kind: type[Any], value: Any, path: str, findings: Findings, skip: str | None = None) -> Any:
    """Read a dataclass from a mapping; `skip` names a key that was dealt with already."""
    if not isinstance(value, Mapping):
        raise wrong(findings, path, value, "a mapping is needed here")
    inside = f"{path}." if path else ""
    fields = {f.name.rstrip("_"): f for f in dataclasses.fields(kind)}
    failed = False
    for key in value:
        if key not in fields and key != skip:
            findings.add(
                inside + str(key), str(value[key]), f"nothing is called '{key}' here", _meant(key, fields)
            )
            failed = True
    given = {}
    for key, each in fields.items():
        try:
            if key in value:
                given[each.name] = each.metadata["form"].read(value[key], inside + key, findings)
            elif each.default is dataclasses.MISSING:
                raise wrong(findings, inside + key, None, f"'{key}' is missing")
        except Wrong:
            failed = True
    if failed:
        raise Wrong
    try:
        return kind(**given)
    except Refused as refused:  # what a value of this kind may not be, said by itself
        where = inside + refused.field if refused.field else path
        raise wrong(findings, where, refused.value, refused.message, refused.remedy) from None


def write_record(value: Any) -> dict[str, Any]:
    """Return the mapping a dataclass is read from; fields at their default are left out."""
    return {
        each.name.rstrip("_"): each.metadata["form"].write(getattr(value, each.name))
        for each in dataclasses.fields(value)
        if each.default is dataclasses.MISSING or getattr(value, each.name) != each.default
    }


def _meant(word: Any, known: Iterable[str]) -> str:
    listed = list(known)
    close = difflib.get_close_matches(str(word), listed, n=1)
    return f"did you mean '{close[0]}'?" if close else "use one of " + ", ".join(listed)
