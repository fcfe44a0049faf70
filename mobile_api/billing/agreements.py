"""Tariffs and contracts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g
from flask.views import MethodView

from backend.billing.rules.periods import BillingCalendar
from backend.billing.service import contracts, tariffs
from backend.billing.service.contracts import NewContractPoint, NewSupplyContract
from mobile_api.billing import schemas as shape
from mobile_api.billing.blueprint import blp
from mobile_api.fields import PageQuery, page_of


@blp.route("/tariffs")
class Tariffs(MethodView):
    """Tariffs."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.TariffSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List tariffs by code (managers, administrators)."""
        return tariffs.tariffs(g.session, g.scope, **page).each(lambda row: _tariff(*row))

    @blp.arguments(shape.NewTariffSchema)
    @blp.response(201, shape.TariffSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Keep a tariff's document: the first of its code, or the next revision (managers, administrators)."""
        version = tariffs.store_tariff(g.session, g.scope, **new)
        return {"id": version.tariff_id, "organisation_id": version.organisation_id, "code": version.document["code"],
                "revision": version.revision}  # fmt: skip


def _tariff(one: Any, version: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "organisation_id": one.organisation_id,
        "code": one.code,
        "revision": version.revision,
    }


@blp.route("/contracts")
class Contracts(MethodView):
    """Contracts of supply."""

    @blp.arguments(PageQuery, location="query")
    @blp.response(200, page_of(shape.SupplyContractSchema))
    def get(self, page: dict[str, Any]) -> Any:
        """List contracts by number; customers see their own."""
        return contracts.contracts(g.session, g.scope, **page)

    @blp.arguments(shape.SupplyContractSchema)
    @blp.response(201, shape.SupplyContractSchema)
    def post(self, new: dict[str, Any]) -> Any:
        """Write down a contract (managers, administrators)."""
        where = new.pop("organisation_id")
        calendar = BillingCalendar(new.pop("months"), new.pop("day"), new.pop("first"))
        points = [NewContractPoint(**one) for one in new.pop("points")]
        said = NewSupplyContract(**new, points=points, calendar=calendar)
        return contracts.create_contract(g.session, g.scope, organisation_id=where, new=said)


@blp.route("/contracts/<id:contract_id>")
class OneContract(MethodView):
    """One contract."""

    @blp.response(200, shape.SupplyContractSchema)
    def get(self, contract_id: UUID) -> Any:
        """Show a contract."""
        return contracts.contract(g.session, g.scope, contract_id=contract_id)


@blp.route("/contracts/<id:contract_id>/end")
class ContractEnd(MethodView):
    """The end of a contract."""

    @blp.arguments(shape.SupplyEndSchema)
    @blp.response(200, shape.SupplyContractSchema)
    def post(self, said: dict[str, Any], contract_id: UUID) -> Any:
        """End a contract, and what its customer sees of the places only it covers (managers, administrators)."""
        return contracts.end_contract(g.session, g.scope, contract_id=contract_id, **said)
