"""What is wrong with the inputs of a plan, gathered so that all of it is said at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backend.kernel.errors import EnerfieldError
from backend.optimisation.rules.checking import BadInput

OTHERWISE = "mend it, or describe the plant otherwise"


class Faults:
    """Gathers refusals by what they are about."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    @contextmanager
    def about(self, name: str) -> Iterator[None]:
        """Note what is refused within, and go on."""
        try:
            yield
        except EnerfieldError as error:
            self.found.append(
                {
                    "field": name,
                    "value": error.value,
                    "message": error.message,
                    "remedy": error.remedy or OTHERWISE,
                }
            )

    def refuse(self) -> None:
        """Raise BadInput with all that was found; do nothing where nothing was."""
        if not self.found:
            return
        first = self.found[0]
        said = "; ".join(
            f"{one['field']}: {one['message']}: {one['remedy']}".rstrip(": ") for one in self.found
        )
        raise BadInput(
            said, field=first["field"], value=first["value"], remedy=first["remedy"], faults=self.found
        )
