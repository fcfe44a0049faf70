"""Words for what assets names in code: statuses, steps, kinds of documents and stores, reasons."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

STATUSES = {
    "planned": _l("planned"), "purchased": _l("ordered"), "stored": _l("in store"), "installed": _l("installed"),
    "in_service": _l("in service"), "out_of_service": _l("out of service"), "scrapped": _l("scrapped"),
}  # fmt: skip
LIGHTS = {
    "planned": "idle", "purchased": "idle", "stored": "idle", "installed": "attention", "in_service": "good",
    "out_of_service": "attention", "scrapped": "unknown",
}  # fmt: skip
"""Status -> which light is shown beside its word."""

STEPS = {
    "purchase": _l("Order"), "receive": _l("Take into store"), "commission": _l("Put into service"),
    "take_out": _l("Take out of service"), "return": _l("Put back into service"), "scrap": _l("Scrap"),
    "install": _l("Install"), "remove": _l("Take down"),
}  # fmt: skip
DONE = {
    "entered": _l("Entered in the register"), "purchase": _l("Ordered"), "receive": _l("Taken into store"),
    "install": _l("Installed"), "commission": _l("Put into service"), "take_out": _l("Taken out of service"),
    "return": _l("Back in service"), "remove": _l("Taken down"), "scrap": _l("Scrapped"),
}  # fmt: skip
DOCUMENT_KINDS = {
    "manual": _l("Manual"), "drawing": _l("Drawing"), "certificate": _l("Certificate"), "photo": _l("Photo"),
    "contract": _l("Contract"), "report": _l("Report"), "invoice": _l("Invoice"), "other": _l("Other"),
}  # fmt: skip
STORE_KINDS = {"warehouse": _l("Warehouse"), "van": _l("Van")}
REASONS = {
    "received": _l("received"), "used": _l("used"), "returned": _l("brought back"), "transferred": _l("carried over"),
    "counted": _l("counted"), "scrapped": _l("thrown away"),
}  # fmt: skip
FAULTS = {
    "unknown column": _l("unknown column"),
    "a formula; write its value": _l("a formula; write its value"),
    "a position has a name": _l("a position has a name"),
    "say what kind of place it is": _l("say what kind of place it is"),
    "longitude and latitude go together": _l("longitude and latitude go together"),
    "only a site stands under nothing": _l("only a site stands under nothing"),
    "a site stands under nothing": _l("a site stands under nothing"),
    "this position would stand under itself": _l("this position would stand under itself"),
    "a new site needs its time zone and currency": _l("a new site needs its time zone and currency"),
    "a position is not moved by a table": _l("a position is not moved by a table"),
    "no position of yours has this id": _l("no position of yours has this id"),
    "no device of yours has this id": _l("no device of yours has this id"),
    "read it off the rating plate": _l("read it off the rating plate"),
    "a price needs its currency": _l("a price needs its currency"),
    "already in the register under another id": _l("already in the register under another id"),
    "a status is changed by the steps of its life, not by a table": _l(
        "a status is changed by the steps of its life, not by a table"
    ),
    "a device is moved on its page, not by a table": _l("a device is moved on its page, not by a table"),
}
"""What an import finds wrong, where it always says the same."""
