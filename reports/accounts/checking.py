"""What ties a document out: a figure of the ledger beside the document's own."""

from __future__ import annotations

from decimal import Decimal

from reports import figures
from reports.accounts.words import say


def checked(label: str, ledger: Decimal, ours: Decimal, currency: str, locale: str) -> tuple[str, str, bool]:
    """Return label, text and whether both say the same, to the last place."""
    shown = figures.money(ledger, currency)
    if ledger == ours:
        return label, say("agrees", locale).format(shown), True
    return label, say("differs", locale).format(shown, figures.money(ours - ledger, currency)), False
