"""What if: the same hours under other prices, loads, sun, another CO2 price, with units out of service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from backend.kernel.errors import Refused
from backend.optimisation.rules.horizon import Floats
from backend.optimisation.rules.model.given import Given


@dataclass(frozen=True)
class Changes:
    """What is otherwise than given; the defaults change nothing.

    price_factor: on what electricity costs and earns; load_factor: on all demand; sun_factor: on sun and wind
    out: names of units out of service; co2_price: [currency per t], None: the model's
    comfort: how far demand may be moved and rooms may drift, of what the model allows (0: not at all)
    """

    price_factor: float = 1.0
    load_factor: float = 1.0
    sun_factor: float = 1.0
    out: tuple[str, ...] = ()
    co2_price: float | None = None
    comfort: float = 1.0

    def __post_init__(self) -> None:
        bounds = {
            "price_factor": 5.0,
            "load_factor": 3.0,
            "sun_factor": 3.0,
            "comfort": 3.0,
            "co2_price": 5000.0,
        }
        for name, most in bounds.items():
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                raise Refused(f"{name} is {value:g}", field=name, value=value, remedy=f"give 0 to {most:g}")

    @property
    def is_none(self) -> bool:
        """Tell whether nothing is otherwise."""
        return self == Changes()


def changed(given: Given, changes: Changes, electric: frozenset[str]) -> Given:
    """Return what is given under changes. electric: names of units that buy or sell electricity."""
    return replace(
        given,
        demand=_times(given.demand, changes.load_factor),
        available=_times(given.available, changes.sun_factor),
        prices={
            name: values * (changes.price_factor if name in electric else 1.0)
            for name, values in given.prices.items()
        },
        margins=_times(given.margins, changes.load_factor),
    )


def _times(series: Mapping[str, Floats], factor: float) -> dict[str, Floats]:
    return {name: values * factor for name, values in series.items()}
