"""What figures on a plate cannot be, beyond the bounds of each."""

from __future__ import annotations

from backend.kernel.errors import Refused

MOST_OF_FUEL = 1.1
"""Of the lower heating value, on which condensing machines reach a little more than 1."""


def demand_engine(electric: float, thermal: float, least_load: float, at_least: float | None) -> None:
    """Raise Refused where an engine gives more than its gas holds, or would take less gas the more it gives.

    electric, thermal: shares of the gas at full load; at_least: electric share at `least_load`, None where alike
    """
    if electric + thermal > MOST_OF_FUEL:
        raise Refused(
            f"more comes out than the gas holds: {electric + thermal:.2f} of it", field="thermal", value=thermal,
            remedy="give shares of the gas's lower heating value",
        )  # fmt: skip
    if at_least is None:
        return
    if least_load >= 1:
        raise Refused(
            "an engine that runs at full load only has no other efficiency", field="electric_at_least", value=at_least,
            remedy="leave it out, or lower least_load",
        )  # fmt: skip
    if at_least < least_load * electric:
        raise Refused(
            "it would take less gas the more it gives", field="electric_at_least", value=at_least,
            remedy=f"give at least {least_load * electric:g}",
        )  # fmt: skip
