"""Pages of field work."""

from portal.workorders import (
    board,
    desk,
    hosting,
    needs,
    orders,
    public,
    quality,
    reporting,
    rounds,
    shifts,
    tickets,
)

__all__ = [
    "board", "desk", "hosting", "needs", "orders", "public", "quality", "reporting", "rounds", "shifts", "tickets",
]  # fmt: skip
