"""The words of efficiency, intensity, benefit and benchmarks on pages."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

MAKES = {
    "boiler": _l("Boiler"), "chp": _l("Combined heat and power"), "chiller": _l("Chiller"),
    "absorption": _l("Absorption chiller"), "heat_pump": _l("Heat pump"), "same": _l("Store, transformer or network"),
    "other": _l("Other plant"),
}  # fmt: skip
PERS = {"area": "m²", "heads": _l("head"), "product": _l("unit of product")}
"""What use is told per, by what it is divided by."""
BASES = {"area": _l("floor area"), "heads": _l("heads"), "product": _l("production")}
DRIVERS = {
    "production": _l("Production"), "hours": _l("Operating hours"), "area": _l("Floor area"), "heads": _l("Heads"),
    "temperature": _l("Outdoor temperature"),
}  # fmt: skip
SOURCES = {"page": _l("typed in"), "file": _l("from a file"), "api": _l("by a program")}
KINDS = {
    "calorific": _l("Standard coal, calorific value"), "equivalent": _l("Standard coal, equivalent value"),
    "co2": _l("CO2"),
}  # fmt: skip
DOUBTS = {
    "loose": _l("The fit is off by more than 30 %, so savings may be chance."),
    "biased": _l("The fit is off to one side by more than 10 %."),
    "beyond": _l("More than a tenth of these days lie outside the weather or production it was fitted on."),
    "short": _l("The fit has not seen three seasons: what it says of other weather is a guess."),
    "old": _l("The fit is older than three years: plant and people have changed since."),
    "constant": _l("The fit knows neither weather nor production: it compares with the mean only."),
}  # fmt: skip
FORMS = {
    "1P": _l("independent of the weather"), "2P": _l("a straight line over the temperature"),
    "3PH": _l("heating below a change point"), "3PC": _l("cooling above a change point"),
    "4P": _l("heating below and cooling above one change point"),
    "5P": _l("heating and cooling with a dead band between"),
}  # fmt: skip
WIDTHS = {
    "trade_and_size": _l("others of your trade and size"), "trade": _l("others of your trade"),
    "size": _l("others of your size"), "all": _l("all other customers"),
}  # fmt: skip
QUARTERS = {
    1: ("good", _l("You are in the quarter that uses least.")),
    2: ("good", _l("You use less than the middle one.")),
    3: ("attention", _l("You use more than the middle one.")),
    4: ("attention", _l("You are in the quarter that uses most.")),
}  # fmt: skip
