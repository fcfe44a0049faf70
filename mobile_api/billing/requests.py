"""What customers ask of the office: instalments, refunds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import g
from flask.views import MethodView

from backend.billing.service import RequestKind, RequestStatus, Way, requests
from backend.billing.service.requests import LONGEST, PARTS, Granted
from backend.kernel.errors import Refused
from mobile_api.billing.blueprint import blp
from mobile_api.billing.schemas import currency, exact, local_day
from mobile_api.fields import MONEY, Id, PageQuery, Schema, instant, page_of, within


def said(**more: Any) -> ma.fields.String:
    """Return the field of what somebody says."""
    return ma.fields.String(validate=ma.validate.Length(max=LONGEST), **more)


class NewAccountRequestSchema(Schema):
    """What is asked for: instalments (bill_id, parts), or a refund (contract_id, amount, text: where to)."""

    kind = ma.fields.Enum(RequestKind, by_value=True, required=True)
    bill_id = Id(load_default=None)
    parts = ma.fields.Integer(load_default=None, validate=ma.validate.Range(PARTS[0], PARTS[-1]))
    contract_id = Id(load_default=None)
    amount = ma.fields.Decimal(
        places=2, load_default=None, validate=within(0, 10**11), as_string=True, metadata=MONEY
    )
    text = said(load_default="", metadata={"example": "To the account I pay from"})


class AccountRequestSchema(ma.Schema):
    """A request and what became of it."""

    id = Id()
    organisation_id = Id()
    customer_id = Id()
    kind = ma.fields.String(attribute="kind.value", metadata={"enum": [one.value for one in RequestKind]})
    bill_id = Id(allow_none=True)
    parts = ma.fields.Integer(allow_none=True)
    amount = exact(allow_none=True)
    currency = currency()
    text = ma.fields.String()
    status = ma.fields.String(
        attribute="status.value", metadata={"enum": [one.value for one in RequestStatus]}
    )
    answer = ma.fields.String(allow_none=True)
    asked_at = instant()
    answered_at = instant(allow_none=True)


class AccountRequestQuery(PageQuery):
    """Which requests; open: only those nobody answered."""

    open = ma.fields.Boolean(load_default=False)


class RequestGrantSchema(Schema):
    """What is granted: first_on (and other parts than asked) of instalments; paid_on and way of a refund."""

    answer = said(load_default="")
    first_on = local_day("2026-12-01", load_default=None)
    parts = ma.fields.Integer(load_default=None, validate=ma.validate.Range(2, 36))
    paid_on = local_day("2026-12-01", load_default=None)
    way = ma.fields.Enum(Way, by_value=True, load_default=Way.BANK)


class RequestRefusalSchema(Schema):
    """Why not."""

    answer = said(required=True)


@blp.route("/account-requests")
class AccountRequests(MethodView):
    """What customers ask for."""

    @blp.arguments(AccountRequestQuery, location="query")
    @blp.response(200, page_of(AccountRequestSchema))
    def get(self, query: dict[str, Any]) -> Any:
        """List requests, the newest first; customers see theirs."""
        return requests.requests(g.session, g.scope, is_open=query.pop("open"), **query)

    @blp.arguments(NewAccountRequestSchema)
    @blp.response(201, AccountRequestSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Ask to pay in parts, or to have credit back (customers)."""
        if new["kind"] is RequestKind.INSTALMENTS:
            _demand(new, "bill_id", "parts")
            return requests.ask_instalments(
                g.session, g.scope, bill_id=new["bill_id"], parts=new["parts"], text=new["text"]
            )
        _demand(new, "contract_id", "amount")
        return requests.ask_refund(
            g.session, g.scope, contract_id=new["contract_id"], amount=new["amount"], text=new["text"]
        )


def _demand(new: dict[str, Any], *names: str) -> None:
    for name in names:
        if new[name] is None:
            raise Refused("this is missing", field=name, value=None, remedy="say " + " and ".join(names))


@blp.route("/account-requests/<id:request_id>/grant")
class RequestGrant(MethodView):
    """A request is granted."""

    @blp.arguments(RequestGrantSchema)
    @blp.response(200, AccountRequestSchema)
    def post(self, granted: dict[str, Any], request_id: UUID) -> Any:
        """Do what is asked for: agree on instalments, or give credit back (managers, administrators)."""
        return requests.grant(g.session, g.scope, request_id=request_id, granted=Granted(**granted))


@blp.route("/account-requests/<id:request_id>/refusal")
class RequestRefusal(MethodView):
    """A request is declined."""

    @blp.arguments(RequestRefusalSchema)
    @blp.response(200, AccountRequestSchema)
    def post(self, why: dict[str, Any], request_id: UUID) -> Any:
        """Say no, and why (managers, administrators)."""
        return requests.decline(g.session, g.scope, request_id=request_id, **why)
