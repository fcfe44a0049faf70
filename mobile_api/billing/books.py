"""The ledger: books, their trial balance, closing, verification."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.billing.service import ledger
from backend.kernel import clock
from backend.kernel.periods import local_date
from backend.network import service as network
from mobile_api.billing import book_schemas as shape
from mobile_api.billing.blueprint import blp
from mobile_api.fields import PageQuery, page_of


@blp.route("/books")
class Books(MethodView):
    """Books."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.BookSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List books by name (managers, administrators)."""
        return ledger.books(g.session, g.scope, **page)

    @blp.arguments(shape.NewBookSchema)
    @blp.response(201, shape.BookSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Open an operator's book with the usual accounts (managers, administrators)."""
        return ledger.open_book(g.session, g.scope, **new)


@blp.route("/books/<id:book_id>/trial-balance")
class TrialBalance(MethodView):
    """What stands on the accounts."""

    @blp.arguments(shape.UntilQuery, location="query")
    @blp.response(200, shape.TrialBalanceSchema)
    def get(self, query: dict[str, Any], book_id: UUID) -> Any:
        """Sum up each account and currency."""
        accounts = ledger.trial_balance(g.session, g.scope, book_id=book_id, **query)
        return {"until": query["until"], "accounts": accounts[: shape.MOST_ACCOUNTS]}


@blp.route("/books/<id:book_id>/closings")
class Closings(MethodView):
    """Periods that are closed."""

    @blp.arguments(shape.BookClosingSchema)
    @blp.response(201, shape.BookSchema)
    def post(self, said: dict[str, Any], book_id: UUID) -> Any:
        """Close a book until a local day that is over (managers, administrators)."""
        book = ledger.book(g.session, g.scope, book_id=book_id)
        zone = network.zone_of(g.session, g.scope, book.organisation_id) or "UTC"
        ledger.close(g.session, g.scope, book_id=book_id, today=local_date(clock.now(), zone), **said)
        return book


@blp.route("/books/<id:book_id>/verification")
class Verification(MethodView):
    """Whether the chain holds."""

    @blp.response(200, shape.ChainVerificationSchema)
    def get(self, book_id: UUID) -> Any:
        """Recompute the chain; name the first entry that does not hold."""
        broken = ledger.verify(g.session, g.scope, book_id=book_id)
        return {
            "is_sound": broken is None, "sequence": broken and broken.sequence, "reason": broken and broken.reason
        }  # fmt: skip
