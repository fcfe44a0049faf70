"""What operators keep for benefit and benchmarks: measures, own factors, quotas, what is bought."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import g, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.analysis.rules import factors
from backend.analysis.rules.factors import Kind
from backend.analysis.rules.peers import Basis
from backend.analysis.service import keeping as service
from backend.analysis.service.keeping import NewMeasure, NewPurchase, NewQuota
from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.kernel.units import Carrier
from portal import forms
from portal.analysis.drivers import day_of
from portal.analysis.terms import BASES, KINDS
from portal.billing.contracts import tariff_names
from portal.forms import Field, Page
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.picking import pick, picked
from portal.words import CARRIERS
from portal.words import named_here as named

COUNTED = [one.value for one in factors.BASE_UNITS]


def _carrier(**more: Any) -> Field:
    return Field(
        "carrier",
        _("Carrier"),
        "electricity",
        "select",
        options=[(one, CARRIERS[one]) for one in COUNTED],
        **more,
    )


def _page(node: Any, title: str, back: str, name: str, fields: list[Field]) -> Page:
    step = {"name": name, "link": url_for(back, at=request.args.get("at"))}
    return Page(
        title=title,
        question=_("For %(name)s and all below it", name=named(node)),
        steps=[step],
        button=_("Save"),
        fields=fields,
    )


def _filled(page: Page, save: Any, back: str) -> Any:
    """Show a form, or save what was sent."""
    if request.method == "GET":
        return forms.show(page)
    try:
        save()
    except EnerfieldError as error:
        return forms.show(page, error)
    return done(_("It is written down."), url_for(back, at=request.args.get("at")))


@pages.route("/analysis/measures/new", methods=["GET", "POST"], endpoint="new_measure")
def new_measure() -> Any:
    """Write down something that was done to use less."""
    node = look()
    page = _page(
        node,
        _("A measure"),
        "portal.benefit",
        _("Benefit"),
        [
            Field("name", _("What was done"), is_half=False),
            Field("begun_on", _("Since"), "", "date"),
            _carrier(),
            Field("outlay", _("Outlay"), hint=_("without taxes")),
            Field("yearly", _("To be saved a year")),
            Field("currency", _("Currency"), "CNY"),
            Field("years", _("Years it serves"), "10", "number"),
            Field("rate", _("Rate of discount [%]"), "6"),
        ],
    )

    def save() -> None:
        begun, years = day_of("begun_on"), forms.whole("years")
        if begun is None or years is None:
            raise Refused(
                _("This is missing."), field="begun_on" if begun is None else "years", remedy=_("fill it in")
            )
        new = NewMeasure(
            forms.text("name"),
            begun,
            _exact("outlay"),
            _exact("yearly"),
            years,
            _exact("rate") / 100,
            Carrier(forms.among("carrier", COUNTED)),
            forms.text("currency", 3),
        )
        service.record_measure(g.session, g.scope, organisation_id=node.id, new=new)

    return _filled(page, save, "portal.benefit")


@pages.route("/analysis/factors/new", methods=["GET", "POST"], endpoint="new_factor")
def new_factor() -> Any:
    """Say what a unit of a carrier counts as."""
    node = look()
    page = _page(
        node,
        _("An own factor"),
        "portal.benefit",
        _("Benefit"),
        [
            _carrier(),
            Field("kind", _("Counted as"), "co2", "select", options=list(KINDS.items())),
            Field("value", _("Factor"), hint=_("kg per kWh; gas and water per m³")),
            Field("from_on", _("Holds from"), "", "date"),
            Field("source", _("Source"), hint=_("Who says so: a supplier, a paper"), is_half=False),
        ],
    )

    def save() -> None:
        from_on = day_of("from_on")
        if from_on is None:
            raise Refused(_("This is missing."), field="from_on", remedy=_("fill it in"))
        service.record_factor(
            g.session,
            g.scope,
            organisation_id=node.id,
            carrier=Carrier(forms.among("carrier", COUNTED)),
            kind=Kind(forms.among("kind", set(Kind))),
            from_on=from_on,
            value=_exact("value"),
            source=forms.text("source"),
        )

    return _filled(page, save, "portal.benefit")


@pages.route("/analysis/quotas/new", methods=["GET", "POST"], endpoint="new_quota")
def new_quota() -> Any:
    """Keep what a standard allows a trade."""
    node = look()
    page = _page(
        node,
        _("A quota"),
        "portal.benchmark",
        _("Benchmark"),
        [
            Field("trade", _("Trade"), hint=_("as the organisations say it, such as 'hotel'")),
            _carrier(),
            Field("basis", _("Per"), "area", "select", options=list(BASES.items())),
            Field(
                "value",
                _("Allowed in a year"),
                "",
                "number",
                attributes={"step": "any"},
                hint=_("kWh or m³ per unit"),
            ),
            Field("from_on", _("Holds from"), "", "date"),
            Field("source", _("Standard"), hint=_("such as GB/T 51161-2016")),
        ],
    )

    def save() -> None:
        from_on, value = day_of("from_on"), forms.number("value")
        if from_on is None or value is None:
            raise Refused(
                _("This is missing."), field="from_on" if from_on is None else "value", remedy=_("fill it in")
            )
        new = NewQuota(
            forms.text("trade", 80),
            Carrier(forms.among("carrier", COUNTED)),
            Basis(forms.among("basis", set(Basis))),
            from_on,
            value,
            forms.text("source"),
        )
        service.record_quota(g.session, g.scope, organisation_id=node.id, new=new)

    return _filled(page, save, "portal.benchmark")


@pages.route("/analysis/purchases/new", methods=["GET", "POST"], endpoint="new_purchase")
def new_purchase() -> Any:
    """Say at which tariff something is bought."""
    node = look()
    tariffs = [(show(key), said) for key, said in tariff_names().items()]
    page = _page(
        node,
        _("What is bought"),
        "portal.benefit",
        _("Benefit"),
        [
            pick("point_id", _("Meter"), "billed_point", at=node.id, is_half=False),
            Field(
                "tariff_id",
                _("Tariff"),
                "",
                "select",
                options=tariffs,
                is_half=False,
                hint=_("Write the supplier's tariff down under Tariffs first."),
            ),
            Field("starts_on", _("Holds from"), "", "date"),
            Field("ends_on", _("Until"), "", "date", is_required=False),
        ],
    )

    def save() -> None:
        starts = day_of("starts_on")
        if starts is None:
            raise Refused(_("This is missing."), field="starts_on", remedy=_("fill it in"))
        tariff = forms.among("tariff_id", dict(tariffs))
        new = NewPurchase(
            picked("point_id", "billed_point", at=node.id), parse(tariff), starts, day_of("ends_on")
        )
        service.record_purchase(g.session, g.scope, organisation_id=node.id, new=new)

    return _filled(page, save, "portal.benefit")


@pages.post(
    "/analysis/kept/<any(measure,factor,quota,purchase):kind>/<uuid:kept_id>/remove", endpoint="remove_kept"
)
def remove_kept(kind: str, kept_id: UUID) -> Response:
    """Take back a measure, factor, quota or purchase."""
    node = look()
    back = url_for("portal.benchmark" if kind == "quota" else "portal.benefit", at=show(node.id))
    try:
        service.remove(g.session, g.scope, kind=kind, id_=kept_id)
    except EnerfieldError as error:
        return refused(error, back)
    return done(_("It is taken back."), back)


def _exact(name: str) -> Decimal:
    try:
        found = Decimal(forms.text(name))
    except InvalidOperation:
        raise Refused(_("This is not a number."), field=name, remedy=_("write it like 12.5")) from None
    if not found.is_finite():
        raise Refused(_("This is not a number."), field=name, remedy=_("write it like 12.5"))
    return found
