"""From a bill to PDF."""

from __future__ import annotations

from pathlib import Path

from backend.billing.rules.documents.bill import BillDocument
from reports.bill.content import content
from reports.typesetting import Template

TEMPLATE = Template(Path(__file__).with_name("template.typ"))


def pdf(bill: BillDocument, locale: str) -> bytes:
    """Return a bill or note as PDF on A4, in 'zh' or 'en'."""
    return TEMPLATE.pdf(content(bill, locale))


def pictures(bill: BillDocument, locale: str, *, ppi: float = 144) -> list[bytes]:
    """Return its pages as PNG, to be looked at and read again."""
    return TEMPLATE.pictures(content(bill, locale), ppi=ppi)
