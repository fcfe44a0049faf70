"""What forecasts and weather files refuse, in the reader's language."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

WORDS = (
    (r"the model in use is too young to be compared with another",
     _l("The model in use is too young to be compared with another")),
    (r"there are enough days to compare on from (?P<a>.+) on", _l("there are enough days to compare on from %(a)s on")),
    (r"this is not forecast any more", _l("This is not forecast any more")),
    (r"there is no such (?:forecast|model|weather place)", _l("There is no such forecast")),
    (r"this file is too large", _l("This file is too large")),
    (r"cut it into years", _l("cut it into years")),
    (r"this is no text in UTF-8", _l("This is no text in UTF-8")),
    (r"this is no table: .*", _l("This is no table")),
    (r"these are not the columns of weather", _l("These are not the columns of weather")),
    (r"use (?P<a>issued_at, .+)", _l("use %(a)s")),
    (r"no weather stands in this file", _l("No weather stands in this file")),
    (r"a column stands twice", _l("A column stands twice")),
    (r"row (?P<a>\d+) has another number of fields than the first",
     _l("Row %(a)s has another number of fields than the first")),
    (r"row (?P<a>\d+): this is no instant with an offset", _l("Row %(a)s: this is no instant with an offset")),
    (r"row (?P<a>\d+): this is no number", _l("Row %(a)s: this is no number")),
    (r"one step is said twice", _l("One step is said twice")),
    (r"steps of (?P<a>-?\d+) min, or uneven ones, are not taken",
     _l("Steps of %(a)s min, or uneven ones, are not taken")),
    (r"use even steps of (?P<a>.+) min", _l("use even steps of %(a)s min")),
    (r"the first line says no time zone", _l("The first line says no time zone")),
    (r"an EPW file begins with LOCATION, the zone in its ninth field",
     _l("an EPW file begins with LOCATION, the zone in its ninth field")),
    (r"line (?P<a>\d+): this is no hour of EPW", _l("Line %(a)s: this is no hour of EPW")),
    (r"weather has columns of one length, named (?P<a>.+)", _l("Weather has columns of one length, named %(a)s")),
    (r"the weather provider does not answer as agreed: .*", _l("The weather provider does not answer as agreed")),
    (r"try again later", _l("try again later")),
)  # fmt: skip
