"""Work for a region of the small world: an order with a visit and a photo, a plan, a conflict, an upload."""

from __future__ import annotations

from datetime import timedelta

from backend.field import service as field
from backend.field.models import FieldConflict
from backend.kernel import clock, ids
from backend.workorders import service
from backend.workorders.models import KnowledgeCard, QualityCheck
from backend.workorders.service import NewPlan, Photo, Report, Source
from tests.world import Region, World

ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(7)}


def put_to_work(world: World, region: Region) -> None:
    """Fill `region.ids` with order, visit, photo, plan, conflict and upload, all made through the services."""
    technician = region.people["technician"]
    with world.database.transaction(region.scope) as session:
        scope = region.scope
        service.found_policies(session, scope, organisation_id=region.region.id, timezone="Asia/Shanghai")
        service.set_technician(
            session, scope, organisation_id=region.region.id, person_id=technician.id, timezone="Asia/Shanghai",
            base=(121.5, 31.2), shift=ALWAYS,
        )  # fmt: skip
        new = Report(
            position_id=region.ids["plant"], title=f"{region.name} pump stands still", fault_class="noise"
        )
        order = service.report(session, scope, new=new, source=Source.DISPATCHER).order
        service.triage(session, scope, order_id=order.id, fault_class="noise")
        visit = service.schedule(
            session, scope, order_id=order.id, technician_id=technician.id, start=clock.now()
        )
        photo = service.attach(
            session, scope, order_id=order.id, photo=Photo("before", "a" * 64, 9, "image/jpeg", clock.now())
        )
        rounds = next(one for one in service.checklists(session, scope) if one.code == "round")
        plan = service.plan_inspection(
            session, scope,
            new=NewPlan(region.ids["plant"], f"{region.name} round", rounds.id, "calendar",
                        {"every": 1, "unit": "month", "anchor": (clock.now() + timedelta(days=90)).date().isoformat()}),
        )  # fmt: skip
        conflict = FieldConflict(
            id=ids.new_id(), organisation_id=region.enterprise.id, person_id=technician.id, op_id=ids.new_id(),
            entity="work_order", entity_id=order.id, kind="state", command="start", mine={}, theirs={},
            raised_at=clock.now(),
        )  # fmt: skip
        card = KnowledgeCard(
            id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, cycle=1,
            fault_class="noise", problem_code="MECHANICAL", cause_code="WEAR", remedy_code="REPLACED",
            text=f"{region.name} bearing", status="proposed", proposed_at=clock.now(),
        )  # fmt: skip
        check = QualityCheck(
            id=ids.new_id(), organisation_id=order.organisation_id, work_order_id=order.id, cycle=1, share=0.1,
            event_id=service.look(session, scope, order_id=order.id).events[0].id, drawn_at=clock.now(),
        )  # fmt: skip
        session.add_all([conflict, card, check])
        region.ids |= {
            "order": order.id,
            "visit": visit.id,
            "photo": photo.id,
            "plan": plan.id,
            "conflict": conflict.id,
            "card": card.id,
            "check": check.id,
        }
    scope = world.scope(region, "technician")
    with world.database.transaction(scope) as session:
        begun = field.begin(session, scope, sha256="b" * 64, size=9, mime="image/jpeg")
        assert begun.upload is not None
        region.ids["upload"] = begun.upload.id
