"""Who mends, looks after and runs what in the demo region: policies, technicians, inspections, hosted customers.

Everything goes through the services people use. Verification watches for seconds only, so that a demonstration sees it.
"""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from backend.assets import service as assets
from backend.demo.calendar import TIMEZONE
from backend.demo.founding import Ground
from backend.demo.people import REGION
from backend.demo.weather import LATITUDE, LONGITUDE
from backend.kernel import clock, periods
from backend.workorders import service as work
from backend.workorders.rules.defaults import WINDOWS_S
from backend.workorders.service import NewPlan, hosting
from backend.workorders.service.hosting import Duty, NewContract, NewPatrol

WINDOW_S, SAMPLES = 20.0, 3
HOSTED = (
    ("hotel", "LW-T-001", "Plant rooms of the hotel 酒店机房托管"),
    ("hospital", "LW-T-002", "Heat, cooling and steam of the hospital 医院冷热汽托管"),
    ("mall", "LW-T-003", "Cooling of the mall 商场供冷托管"),
)
ELECTRICAL = {"name": "electrical", "valid_until": "2028-12-31"}
PRESSURE = {"name": "pressure vessels", "valid_until": "2027-06-30"}
CREW = (  # person, trades, certificates, days of the week, from, until, break
    ("technician", ("electricity", "metering", "cooling", "water"), (ELECTRICAL,), range(6), "08:00", "17:00", "11:30"),
    ("mechanic", ("heat", "cooling", "gas", "water"), (PRESSURE,), range(5), "08:00", "17:00", "12:00"),
    ("evening", ("electricity", "heat", "cooling", "gas", "water", "metering"), (ELECTRICAL, PRESSURE), range(7),
     "16:00", "24:00", "19:00"),
)  # fmt: skip
ROSTER = (  # role, duty, days of the week, from, until
    ("dispatcher", Duty.DISPATCH, range(5), "08:00", "20:00"),
    ("manager", Duty.DISPATCH, (5, 6), "08:00", "20:00"),
    ("operator", Duty.PLANT, range(7), "20:00", "08:00"),
    ("technician", Duty.FIELD, range(6), "08:00", "17:00"),
    ("mechanic", Duty.FIELD, range(5), "08:00", "17:00"),
    ("evening", Duty.FIELD, range(7), "16:00", "23:59"),
)


def serve(session: Session, ground: Ground) -> None:
    """Set up field work and hosted operation, in the caller's transaction."""
    today = periods.local_date(clock.now(), TIMEZONE)
    _policies(session, ground)
    _crew(session, ground)
    _inspections(session, ground, today)
    _host(session, ground, today)
    _roster(session, ground, today)


def _policies(session: Session, ground: Ground) -> None:
    scope, region = ground.scope, ground.organisations[REGION]
    work.found_policies(session, scope, organisation_id=region, timezone=TIMEZONE)
    for carrier in WINDOWS_S:
        work.set_verification(
            session, scope, organisation_id=region, carrier=carrier, window_s=WINDOW_S, samples=SAMPLES
        )


def _crew(session: Session, ground: Ground) -> None:
    for key, skills, certificates, days, begins, ends, rest in CREW:
        person = ground.people[key]
        vans = assets.list_stores(session, ground.scope, person_id=person).items
        work.set_technician(
            session, ground.scope, organisation_id=ground.organisations[REGION], person_id=person, timezone=TIMEZONE,
            base=(LONGITUDE, LATITUDE), skills=skills, certificates=certificates,
            shift={str(day): [[begins, ends]] for day in days},
            breaks=({"earliest": rest, "latest": f"{int(rest[:2]) + 2}:30", "minutes": 45},),
            store_id=vans[0][0].id if vans else None,
        )  # fmt: skip


def _inspections(session: Session, ground: Ground, today: date) -> None:
    lists = {one.code: one.id for one in work.checklists(session, ground.scope)}
    for key, name, name_zh, months in (
        ("boiler", "Boiler: monthly look", "锅炉月度检查", 1), ("hotel", "Hotel: meters", "酒店表计检查", 3),
    ):  # fmt: skip
        said = {"every": months, "unit": "month", "anchor": (today + timedelta(days=20)).isoformat()}
        new = NewPlan(ground.positions[key], name, lists["round"], "calendar", said, name_zh=name_zh)
        work.plan_inspection(session, ground.scope, new=new)


def _host(session: Session, ground: Ground, today: date) -> None:
    scope, region = ground.scope, ground.organisations[REGION]
    lists = {one.code: one.id for one in work.checklists(session, scope)}
    since = date(today.year - 1, 1, 1)
    for customer, number, title in HOSTED:
        new = NewContract(
            ground.organisations[customer], number, title, since, patrols=20, rounds=0,
            fee="12 000 CNY a month, reviewed each January 每月 12000 元，每年 1 月复核",
        )  # fmt: skip
        made = hosting.add_contract(session, scope, organisation_id=region, new=new)
        if customer == "hotel":
            walk = NewPatrol(
                "Morning round 早间巡视", lists["round"], [ground.positions[key] for key in ("boiler", "hotel")],
                range(5), contract_id=made.id,
            )  # fmt: skip
            hosting.plan_patrol(session, scope, new=walk)


def _roster(session: Session, ground: Ground, today: date) -> None:
    scope, region = ground.scope, ground.organisations[REGION]
    monday = today - timedelta(days=today.weekday())
    for role, duty, days, begins, ends in ROSTER:
        for day in days:
            hosting.add_shift(
                session, scope, organisation_id=region, person_id=ground.people[role], duty=duty,
                on=monday + timedelta(days=day), begins=begins, ends=ends, zone=TIMEZONE,
            )  # fmt: skip
    hosting.repeat_week(session, scope, organisation_id=region, week=today, weeks=3, zone=TIMEZONE)
