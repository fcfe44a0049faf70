"""Words for what happens to tags."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

TAG_STATES = {"unbound": _l("waiting"), "bound": _l("bound"), "retired": _l("out of use")}
TAG_EVENTS = {
    "made": _l("Made"), "bound": _l("Bound"), "rebound": _l("Moved"), "retired": _l("Taken out of use"),
    "alias_added": _l("Another name"), "alias_removed": _l("Name taken away"),
}  # fmt: skip
SURROUNDINGS = {
    "indoors": _l("indoors"), "outdoors": _l("outdoors"), "harsh": _l("dirt, chemicals, scratches"),
}  # fmt: skip
READ_BY = {
    "camera": _l("camera"), "nfc": "NFC", "rfid": "RFID", "wedge": _l("reader"), "typed": _l("typed"),
    "link": _l("opened the address"),
}  # fmt: skip
