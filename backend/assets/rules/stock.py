"""What may be written into the ledger of stock. Pure."""

from __future__ import annotations

from decimal import Decimal

from backend.kernel.errors import Refused

COMING = frozenset({"received", "returned"})
GOING = frozenset({"used", "scrapped"})
STEP = Decimal("0.001")
MOST = Decimal(1_000_000)


def demand_move(delta: Decimal, reason: str) -> None:
    """Refuse a movement that is none, is finer than 0.001, or whose sign does not fit its reason."""
    if not delta.is_finite() or delta == 0 or abs(delta) > MOST or delta % STEP != 0:
        raise Refused(
            f"{delta} is no quantity to move", field="delta", value=str(delta),
            remedy="use a number other than 0, with three decimals at most",
        )  # fmt: skip
    if (reason in COMING and delta < 0) or (reason in GOING and delta > 0):
        raise Refused(
            f"what is {reason} does not change the stock by {delta}", field="delta", value=str(delta),
            remedy="take the other sign",
        )  # fmt: skip
