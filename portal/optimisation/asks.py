"""Targets: what a region asks of a plant, what it means to the plant, and what either answers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _

from backend.kernel.errors import EnerfieldError, Refused
from backend.kernel.ids import parse, show
from backend.network import service as network
from backend.optimisation import service
from backend.optimisation.rules.coordination.asking import Reason, State
from backend.optimisation.rules.model.document import UNITS
from backend.optimisation.rules.targets import Kind
from backend.optimisation.service import bound, joining, targets
from backend.optimisation.service.targets import NewTarget
from backend.tenancy import service as tenancy
from portal import forms
from portal.billing.words import coin
from portal.forms import Field, Page
from portal.navigation import look
from portal.optimisation import together_words as words
from portal.pages import done, pages
from portal.words import CARRIERS, named_here, zone_name

PRICE = {"step": "0.01", "min": "0"}
AMOUNT = {"step": "any", "min": "0"}


@pages.get("/together/targets/<uuid:coordination_target_id>", endpoint="coordination_target")
def show_target(coordination_target_id: UUID) -> Any:
    """Answer: what is asked of this plant, what does it mean to it, and what may be answered?"""
    look()
    return _page(targets.target(g.session, g.scope, target_id=coordination_target_id))


@pages.post("/together/targets/<uuid:coordination_target_id>/answer", endpoint="answer_coordination_target")
def answer_target(coordination_target_id: UUID) -> Any:
    """Let the plant accept, counter, or refuse with a reason."""
    here = {"target_id": coordination_target_id}
    return _taken(coordination_target_id, {
        "accept": lambda: targets.accept(g.session, g.scope, **here),
        "counter": lambda: targets.counter(
            g.session, g.scope, **here, amount=forms.needed("amount"), wants=_money("wants")
        ),
        "refuse": lambda: targets.refuse(
            g.session, g.scope, **here, reason=Reason(forms.among("reason", words.REASONS)),
            remark=forms.text("remark", 2000),
        ),
    })  # fmt: skip


@pages.post(
    "/together/targets/<uuid:coordination_target_id>/settlement", endpoint="settle_coordination_target"
)
def settle_target(coordination_target_id: UUID) -> Any:
    """Let the region take a counter, ask anew, or take the target back."""
    here = {"target_id": coordination_target_id}
    return _taken(coordination_target_id, {
        "agree": lambda: targets.agree(g.session, g.scope, **here),
        "withdraw": lambda: targets.withdraw(g.session, g.scope, **here),
        "revise": lambda: targets.revise(
            g.session, g.scope, **here, most=forms.needed("most"), pays=_money("pays"), answer_by=_moment("answer_by")
        ),
    })  # fmt: skip


@pages.route("/together/targets/new", methods=["GET", "POST"], endpoint="new_coordination_target")
def new_target() -> Any:
    """Ask a plant below for something."""
    node = look()
    known = joining.members(g.session, g.scope, organisation_id=node.id)
    page = Page(
        title=_("Ask a plant for a target"),
        question=_("What it means to the plant is worked out before it is asked; it may counter or refuse"),
        steps=[{"name": _("Planned together"), "link": _home(node.id)}], button=_("Ask the plant"),
        fields=_fields([(show(plant.id), named_here(at)) for _member, plant, at in known]),
        aside=_("Times are those of %(zone)s.", zone=zone_name(g.zone)),
    )  # fmt: skip
    if request.method == "GET":
        return forms.show(page)
    try:
        made = targets.propose(
            g.session, g.scope, organisation_id=node.id, plant_id=parse(forms.text("plant_id")), new=_new()
        )
    except EnerfieldError as error:
        error.value = None if error.field == "plant_id" else error.value
        return forms.show(page, error)
    return done(_("The plant is asked."), _link(made.id, node.id))


def _fields(plants: list[tuple[str, str]]) -> list[Field]:
    return [
        Field("plant_id", _("Plant"), kind="select", options=plants),
        Field("kind", _("What is limited"), kind="select", options=list(words.KINDS.items())),
        Field("carrier", _("Carrier"), "electricity", "select",
              options=[("", _("none: CO2 counts them all")), *((one, CARRIERS[one]) for one in UNITS)]),
        Field("most", _("At most"), "", "number", attributes=AMOUNT,
              hint=_("kW for a highest rate of electricity, heat or cooling; kWh for an amount; kg for CO2")),
        Field("begins_at", _("Begins"), "", "datetime-local"), Field("ends_at", _("Ends"), "", "datetime-local"),
        Field("answer_by", _("Answer until"), "", "datetime-local"),
        Field("pays", _("Paid for it"), "0", "number", attributes=PRICE, hint=_("0 where nothing is paid")),
    ]  # fmt: skip


def _new() -> NewTarget:
    return NewTarget(
        Kind(forms.among("kind", words.KINDS)), forms.needed("most"), _moment("begins_at"), _moment("ends_at"),
        _moment("answer_by"), forms.among("carrier", ["", *UNITS]), _money("pays"),
    )  # fmt: skip


def _taken(target_id: UUID, steps: dict[str, Callable[[], Any]]) -> Any:
    """Take the step a form asks for; what is wrong with it stands beside its field, with what was typed."""
    look()
    found = targets.target(g.session, g.scope, target_id=target_id)
    try:
        steps[forms.among("deed", steps)]()
    except EnerfieldError as error:
        error.field = "amount" if error.field == "counter" else error.field
        return _page(found, error)
    _sign, word = words.STATES[targets.state_now(found)]
    return done(_("Now: %(state)s.", state=word), _link(found.id))


def _page(found: Any, error: EnerfieldError | None = None) -> Any:
    about = service.described(g.session, g.scope, plant_id=found.plant_id)
    plant = about.plant
    g.zone = network.site_of(g.session, g.scope, plant.site_id).timezone
    kept = bound.judged(g.session, g.scope, about=about, found=found)
    state = targets.state_now(found)
    sign, word = words.STATES[state]
    answers, settles = _offered(found, state)
    judged = forms.judged([*answers, *settles], error)
    region = tenancy.organisations_by_id(g.session, g.scope, {found.region_id}).get(found.region_id)
    drawn = render_template(
        "optimisation/target.html", one=found, sign=sign, word=word, kind=words.KINDS[found.kind],
        place=network.position(g.session, g.scope, plant.site_id), back=_home(None), region=region,
        agreed=joining.member(g.session, g.scope, plant_id=found.plant_id), plan=url_for("portal.plan", plant=plant.id),
        reason=words.REASONS[found.reason] if found.reason else "", wrong=judged["wrong"], above=judged["above"],
        field={one.name: one for one in (*answers, *settles)}, may_answer=bool(answers), may_settle=bool(settles),
        is_countered=state is State.COUNTERED, kept=kept,
        outcome=words.OUTCOMES_OF_TARGETS[kept.outcome] if kept else None,
    )  # fmt: skip
    return drawn if error is None else (drawn, 422)


def _offered(found: Any, state: State) -> tuple[list[Field], list[Field]]:
    """Return the fields of the plant's answer and of the region's, where it is this asker's turn."""
    answers, settles = [], []
    if state is State.PROPOSED and _holds(found.organisation_id, service.MAKERS):
        answers = [
            Field("amount", _("We would keep to [%(unit)s]", unit=found.unit), "", "number", attributes=AMOUNT,
                  hint=_("above what is asked, below what the plan comes to anyway")),
            Field("wants", _("For [%(money)s]", money=coin(found.currency)), "0", "number", attributes=PRICE),
            Field("reason", _("Why"), kind="select", options=list(words.REASONS.items())),
            Field("remark", _("In words"), "", "note", is_required=False),
        ]  # fmt: skip
    if state in (State.PROPOSED, State.COUNTERED) and _holds(found.region_id, joining.ASKERS):
        settles = [
            Field("most", _("At most [%(unit)s]", unit=found.unit), f"{found.most:g}", "number", attributes=AMOUNT),
            Field("pays", _("Paid for it [%(money)s]", money=coin(found.currency)), f"{found.pays:.2f}", "number",
                  attributes=PRICE),
            Field("answer_by", _("Answer until"), "", "datetime-local"),
        ]  # fmt: skip
    return answers, settles


def _holds(organisation_id: UUID, roles: Any) -> bool:
    return any(organisation_id in g.scope.where(role) for role in roles)


def _money(name: str) -> Decimal:
    return Decimal(repr(forms.number(name) or 0.0))


def _moment(name: str) -> Any:
    found = forms.moment(name, g.zone)
    if found is None:
        raise Refused(_("A date and time is missing here"), field=name, remedy=_("choose it"))
    return found


def _home(organisation_id: UUID | None) -> str:
    at = request.args.get("at") or (show(organisation_id) if organisation_id else None)
    return url_for("portal.together", at=at)


def _link(target_id: UUID, organisation_id: UUID | None = None) -> str:
    at = request.args.get("at") or (show(organisation_id) if organisation_id else None)
    return url_for("portal.coordination_target", coordination_target_id=target_id, at=at)
