"""Tables of the area, a file per subject."""

from backend.billing.models.ledger import (
    JournalEntry,
    LedgerAccount,
    LedgerBook,
    LedgerClosing,
    LedgerPosting,
)

__all__ = ["JournalEntry", "LedgerAccount", "LedgerBook", "LedgerClosing", "LedgerPosting"]
