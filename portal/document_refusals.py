"""What documents of billing and their schedules refuse, in the reader's language."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

WORDS = (
    (r"this document is not made as that", _l("This document is not made as that")),
    (r"take some of (?P<a>.+)", _l("take some of %(a)s")),
    (r"take XLSX", _l("take XLSX")),
    (
        r"a statement is of a customer, the others are of none",
        _l("A statement is of a customer, the others are of none"),
    ),
    (r"this customer has no contract here", _l("This customer has no contract here")),
    (
        r"mail has 1 to (?P<a>\d+) recipients, a folder none",
        _l("Mail has 1 to %(a)s recipients, a folder none"),
    ),
    (r"this is no address for mail", _l("This is no address for mail")),
    (r"it ends before it starts", _l("It ends before it starts")),
    (
        r"a period of months begins on a day every month has",
        _l("A period of months begins on a day every month has"),
    ),
    (r"begin on the 1st to the 28th", _l("begin on the 1st to the 28th")),
    (r"this schedule has ended already", _l("This schedule has ended already")),
    (r"this document went out already", _l("This document went out already")),
    (r"there is no (?:account of this customer|such account)", _l("There is no account of this customer")),
    (
        r"(?P<a>[\d-]+) to (?P<b>[\d-]+) is no period for a document",
        _l("%(a)s to %(b)s is no period for a document"),
    ),
    (
        r"end it after it begins, five years later at most",
        _l("end it after it begins, five years later at most"),
    ),
)
