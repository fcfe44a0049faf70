"""From a bill to PDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from backend.billing.rules.documents.bill import BillDocument
from reports.bill.content import content
from reports.typesetting import Template

TEMPLATE = Template(Path(__file__).with_name("template.typ"))
MANY = Template(Path(__file__).with_name("many.typ"))
AT_ONCE = 20
"""So many are set in one go: more is hardly faster, and holds what is drawn of all of them in memory."""


def pdf(bill: BillDocument, locale: str) -> bytes:
    """Return a bill or note as PDF on A4, in 'zh' or 'en'."""
    return TEMPLATE.pdf(content(bill, locale))


def pdfs(some: Iterable[BillDocument], locale: str) -> Iterator[bytes]:
    """Yield bills and notes as PDFs in order, a third faster than one by one; `Template.pdfs` says what they lack."""
    left = iter(some)
    while lot := [content(one, locale) for one in islice(left, AT_ONCE)]:
        yield from MANY.pdfs({"bills": lot})


def pictures(bill: BillDocument, locale: str, *, ppi: float = 144) -> list[bytes]:
    """Return its pages as PNG, to be looked at and read again."""
    return TEMPLATE.pictures(content(bill, locale), ppi=ppi)
