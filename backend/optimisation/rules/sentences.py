"""What is said to people: English sentences with named places, so that they can be translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Sentence:
    """A sentence; template: with named places, values: what stands in them."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The sentence, in English."""
        return self.template % self.values
