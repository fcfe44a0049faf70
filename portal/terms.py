"""Words for what the backend names in code: kinds, qualities, protocols, reasons, deeds."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import language, refusals

POSITION_KINDS = {
    "site": _l("site"), "building": _l("building"), "plant": _l("plant"), "unit": _l("unit"),
    "substation": _l("substation"), "station": _l("station"), "feeder": _l("feeder"), "room": _l("room"),
    "metering": _l("metering place"), "intake": _l("intake"), "stack": _l("stack"), "outfall": _l("outfall"),
}  # fmt: skip
POINT_KINDS = {
    "register": _l("register: counts up"), "interval": _l("amount per interval"), "instant": _l("value of the moment"),
    "state": _l("state"),
}  # fmt: skip
QUANTITIES = {
    "active energy": _l("active energy"),
    "reactive energy": _l("reactive energy"),
    "active power": _l("active power"),
    "reactive power": _l("reactive power"),
    "apparent power": _l("apparent power"),
    "voltage": _l("voltage"),
    "current": _l("current"),
    "frequency": _l("frequency"),
    "power factor": _l("power factor"),
    "heat energy": _l("heat energy"),
    "cooling energy": _l("cooling energy"),
    "heat power": _l("heat power"),
    "cooling power": _l("cooling power"),
    "thermal energy": _l("thermal energy"),
    "thermal power": _l("thermal power"),
    "energy": _l("energy"),
    "power": _l("power"),
    "volume": _l("volume"),
    "volume at base conditions": _l("volume at base conditions"),
    "volume at base conditions, disturbed": _l("volume at base conditions, disturbed"),
    "volume at measuring conditions": _l("volume at measuring conditions"),
    "conversion factor": _l("conversion factor"),
    "flow": _l("flow"),
    "flow at base conditions": _l("flow at base conditions"),
    "flow at measuring conditions": _l("flow at measuring conditions"),
    "pressure": _l("pressure"),
    "gas pressure": _l("gas pressure"),
    "temperature": _l("temperature"),
    "temperature difference": _l("temperature difference"),
    "alarm bits": _l("alarm bits"),
    "level": _l("fill level"),
    "coefficient of performance": _l("coefficient of performance"),
    "concentration in water": _l("concentration in water"),
    "state": _l("state"),
    "wind speed": _l("wind speed"),
    "irradiance": _l("irradiance"),
    "humidity": _l("humidity"),
    "concentration": _l("concentration"),
    "mass": _l("mass"),
    "mass flow": _l("mass flow"),
    "speed": _l("speed"),
    "acidity": _l("acidity"),
    "count": _l("count"),
    "running time": _l("running time"),
    "NOx": _l("nitrogen oxides (NOx)"),
    "SO2": _l("sulphur dioxide (SO2)"),
    "dust": _l("dust"),
    "COD": _l("chemical oxygen demand (COD)"),
    "pH": _l("acidity (pH)"),
    "ammonia": _l("ammonia nitrogen"),
}
QUALITIES = {0: _l("good"), 1: _l("uncertain"), 2: _l("bad"), 3: _l("substituted"), 4: _l("by hand")}
METHODS = {0: _l("measured"), 1: _l("estimated"), 2: _l("edited")}
CATEGORIES = {
    "lighting": _l("Lighting and sockets"),
    "hvac": _l("Air conditioning"),
    "power": _l("Lifts and pumps"),
    "special": _l("Special uses"),
    "domestic": _l("Domestic"),
    "process": _l("Process"),
    "cooking": _l("Cooking"),
    "heating": _l("Heating"),
    "hot water": _l("Hot water"),
    "supply": _l("Supply"),
}
PROTOCOLS = {
    "mqtt": "MQTT",
    "sparkplug": "Sparkplug B",
    "modbus": "Modbus TCP",
    "opcua": "OPC UA",
    "http": _l("HTTP push"),
    "file": _l("File"),
}
PRIORITIES = {1: _l("act now"), 2: _l("act soon"), 3: _l("look into it"), 4: _l("for the record")}
LEVELS = {
    "HH": _l("far too high (HH)"),
    "H": _l("too high (H)"),
    "L": _l("too low (L)"),
    "LL": _l("far too low (LL)"),
    "on": _l("condition met"),
    "rising": _l("rising too fast"),
    "falling": _l("falling too fast"),
    "silent": _l("silent"),
}
DEEDS = {
    "raised": _l("Raised"), "raised_again": _l("On again"), "worse": _l("Got worse"), "better": _l("Got better"),
    "returned": _l("Back to normal"), "acknowledged": _l("Acknowledged"), "commented": _l("Comment"),
    "suppressed": _l("Kept quiet"), "unsuppressed": _l("No longer kept quiet"), "withdrawn": _l("Withdrawn"),
}  # fmt: skip
MEASURES = {
    "alarms a day and operator": _l("alarms a day, per operator"),
    "alarms an hour and operator": _l("alarms an hour, per operator"),
    "alarms in ten minutes and operator": _l("alarms in ten minutes, per operator"),
    "most alarms in ten minutes and operator": _l("most alarms in ten minutes, per operator"),
    "time in flood [share]": _l("share of time in a flood of alarms"),
    "load of the ten most frequent rules [share]": _l("share of the ten most frequent rules"),
    "chattering rules": _l("rules that chatter"),
    "fleeting alarms": _l("fleeting alarms"),
    "stale alarms a day": _l("stale alarms a day"),
    "priority 1 [share]": _l("share of P1"),
    "priority 2 [share]": _l("share of P2"),
    "seconds until acknowledged (median)": _l("seconds until acknowledged (median)"),
}
TRADES = {
    "EV charging hub": _l("EV charging hub"), "cold store": _l("cold store"), "data centre": _l("data centre"),
    "hospital": _l("hospital"), "hotel": _l("hotel"), "light industry": _l("light industry"),
    "office tower": _l("office tower"), "residential block": _l("residential block"), "school": _l("school"),
    "shopping centre": _l("shopping centre"), "energy operator": _l("energy operator"),
}  # fmt: skip
PART_UNITS = {
    "pcs": _l("pcs"), "pair": _l("pair"), "set": _l("set"), "m": "m", "kg": "kg", "l": "l", "L": "L",
}  # fmt: skip
"""What parts are counted in; a unit without a word stands as it was typed."""
RULE_KINDS = {
    "limit": _l("Limit"), "rate": _l("Rate of change"), "silence": _l("Silence"), "state": _l("State"),
    "expression": _l("Several points"), "night_flow": _l("Night flow"),
}  # fmt: skip
ACTIONS = {
    "person.grant": _l("Role given"), "person.withdraw": _l("Role taken away"),
    "person.status": _l("Person suspended or let in"),
    "person.change": _l("Profile changed"), "person.invite_again": _l("Invitation sent again"),
    "organisation.create": _l("Organisation added"), "organisation.rename": _l("Organisation renamed"),
    "application.switch": _l("Application switched"), "position.created": _l("Position added"),
    "device.registered": _l("Device entered"), "device.installed": _l("Device installed"),
    "device.removed": _l("Device removed"), "supply_agreement.created": _l("Supply agreed"),
    "point.created": _l("Point added"), "connection.created": _l("Connection added"),
    "channel.created": _l("Channel added"), "alarms.create_rule": _l("Alarm rule made"),
    "alarms.change_rule": _l("Alarm rule changed"), "alarms.set_aside": _l("Alarm rule set aside"),
    "alarms.shelve": _l("Alarm shelved"), "alarms.unshelve": _l("Alarm taken off the shelf"),
    "alarms.acknowledge": _l("Alarm acknowledged"), "alarms.comment": _l("Comment on an alarm"),
    "alarms.take_out_of_service": _l("Alarm taken out of service"),
    "alarms.return_to_service": _l("Alarm back in service"), "alarms.suppression_ended": _l("Alarm watched again"),
    "connection.enabled": _l("Connection switched on"), "connection.disabled": _l("Connection switched off"),
    "connection.changed": _l("Connection changed"), "connection.removed": _l("Connection removed"),
    "connection.key_revoked": _l("Gateway key revoked"), "connection.tried": _l("Connection tried"),
    "channel.changed": _l("Channel changed"), "channel.removed": _l("Channel removed"),
    "point.changed": _l("Point changed"), "position.changed": _l("Place changed"), "site.changed": _l("Site changed"),
    "supply_agreement.ended": _l("Supply ended"),
    "connection.key_issued": _l("Gateway key issued"), "dead_letter.replay_asked": _l("Replay asked for"),
    "dead_letter.replayed": _l("Dead letter replayed"), "dead_letter.dismissed": _l("Dead letter dismissed"),
    "sighting.dismissed": _l("Device seen dismissed"), "register.reset": _l("Register reset"),
    "organisation.emergency_phone": _l("Emergency phone set"),
    "tag.batch_made": _l("Labels made"), "tag.registered": _l("Tag entered"), "tag.bound": _l("Tag bound"),
    "tag.rebound": _l("Tag moved"), "tag.retired": _l("Tag taken out of use"),
    "tag.alias_added": _l("Tag got another name"), "tag.alias_removed": _l("Tag lost a name"),
    "tag.warning_acknowledged": _l("Copied tag looked into"),
    "device.changed": _l("Device changed"), "device.put_into": _l("Device put into another"),
    "device.purchase": _l("Device ordered"), "device.receive": _l("Device taken into store"),
    "device.commission": _l("Device put into service"), "device.take_out": _l("Device taken out of service"),
    "device.return": _l("Device back in service"), "device.scrap": _l("Device scrapped"),
    "device.exchanged": _l("Device exchanged"), "document.added": _l("Document added"),
    "document.archived": _l("Document taken out of the list"), "part.added": _l("Part added"),
    "part.changed": _l("Part changed"), "store.created": _l("Store opened"),
    "customer_contact.added": _l("Contact added"), "customer_contact.archived": _l("Contact taken out"),
    "customer_note.added": _l("Note on a customer"), "contract_reference.added": _l("Contract referred to"),
    "register.exchange_refused": _l("Exchange of a register refused"),
    "register.exchange": _l("Meter exchanged"), "session.open": _l("Log-in"), "session.end": _l("Log-out"),
    "device.open": _l("Log-in by phone"), "device.end": _l("Phone logged out"), "password.set": _l("Password set"),
    "log_in.refused": _l("Log-in refused"), "password.refused": _l("Present password typed wrong"),
    "password.reset_wanted": _l("New password asked for"),
    "device.reuse_detected": _l("Phone's log-in used twice and ended"),
    "hosting.contract_added": _l("Contract added"), "hosting.contract_ended": _l("Contract ended"),
    "hosting.patrol_planned": _l("Patrol planned"), "hosting.patrol_ended": _l("Patrol ended"),
    "hosting.stop_passed": _l("Place of a patrol passed"), "hosting.round_planned": _l("Reading round planned"),
    "hosting.round_ended": _l("Reading round ended"), "hosting.register_read": _l("Register read by hand"),
    "hosting.report_written": _l("Month report written"), "roster.shift_added": _l("Put on duty"),
    "roster.shift_removed": _l("Taken off duty"), "roster.shift_swapped": _l("Shift swapped"),
    "roster.week_repeated": _l("Roster repeated"), "shift.entry_written": _l("Shift log written"),
    "shift.handed_over": _l("Shift handed over"), "shift.taken_over": _l("Shift taken over"),
    "ticket.issued": _l("Ticket issued"), "workorders.checklist_written": _l("Check-list written"),
    "workorders.inspection_planned": _l("Inspection planned"),
    "workorders.inspection_ended": _l("Inspection ended"),
    "workorders.policies_founded": _l("Promises founded"), "workorders.sla_changed": _l("Promise changed"),
    "workorders.technician_set": _l("Profile of a technician set"),
    "workorders.verification_set": _l("Check by sensors set"),
    "workorders.quality_checked": _l("Quality checked"),
    "workorders.quality_share_set": _l("Share of quality checks set"),
}  # fmt: skip

FIELD_ERRORS = (
    (r"within ([\d.]+) s$", _l("does not answer: no connection within %s s")),
    (r"did not answer within ([\d.]+) s", _l("the device did not answer within %s s")),
    (r"no connection to", _l("cannot be reached over the network")),
    (r"closed the connection", _l("the other side closed the connection")),
    (r"refuse", _l("the other side refuses us: check user, password or certificate")),
    (r"exception|malformed|illegal", _l("the device answers with an error")),
    (r"reply", _l("the device answers something else than was asked")),
    (r"silent|no message", _l("has gone silent")),
)
REFUSALS = (
    (r"no template fits", _l("No template fits the topic")),
    (r"no channel", _l("No channel reads this")),
    (r"not JSON", _l("The content is not JSON")),
    (r"future|clock", _l("The device's clock is wrong")),
    (r"instant|time|UTC", _l("The time is missing or cannot be read")),
    (r"missing", _l("A field is missing")),
    (r"value|number", _l("The value is not a number")),
)


def word(table: dict[Any, Any], key: Any) -> str:
    """Return the word for `key`; what has no word yet is shown as it is, so that nothing is lost."""
    return str(table.get(getattr(key, "value", key), key))


def in_words(table: tuple[tuple[str, Any], ...], text: str | None) -> str:
    """Return what a message of the machinery means; the message itself where no pattern knows it."""
    for pattern, meaning in table:
        if found := re.search(pattern, text or "", re.IGNORECASE):
            said = str(meaning)
            return said % found.group(1) if found.groups() and "%s" in said else said
    return text or ""


def _is_read_here(text: str) -> bool:
    """Tell whether a text is in the language of the page; Chinese texts have Chinese letters."""
    return language.current() != "zh" or any("\u4e00" <= letter <= "\u9fff" for letter in text)


def error_words(problem: dict[str, Any]) -> dict[str, str]:
    """Return an error as a page says it: what happened, what it means, what to do."""
    status = problem.get("status", 500)
    table = {
        403: (
            _("This is not for you"),
            _("Your role here does not include it."),
            _("Ask an administrator of your organisation."),
        ),
        404: (
            _("There is nothing here"),
            _("It was moved, or it belongs to somebody else."),
            _("Check the address, or start from the first page."),
        ),
        405: (
            _("That does not work here"),
            _("The page was asked in a way it does not know."),
            _("Go back and try again."),
        ),
        409: (
            _("Somebody was faster"),
            _("What you wanted contradicts what is there now."),
            _("Load the page again and look."),
        ),
        413: (_("Too large"), _("The file is larger than this server takes."), _("Send it in parts.")),
        422: (
            _("That cannot be taken"),
            _("Part of the input does not fit."),
            _("Go back, mend it, and send again."),
        ),
        429: (_("Too many tries"), _("This was asked too often."), _("Wait a few minutes.")),
        503: (
            _("Not ready"),
            _("The database does not answer just now."),
            _("Wait a moment and load the page again."),
        ),
    }
    if status == 422 and (told := refusals.in_words(problem.get("title"))) and _is_read_here(told):
        table[422] = (
            _("That cannot be taken"),
            refusals.sentences(told),
            refusals.sentences(refusals.in_words(problem.get("remedy")))
            or _("Go back, mend it, and send again."),
        )
    what, means, todo = table.get(
        status,
        (
            _("Something went wrong on our side"),
            _("Your data are safe; the page could not be made."),
            _("Try again. If it stays, tell us the reference below."),
        ),
    )
    return {"what": what, "means": means, "do": todo}
