"""JSON posted to a server that shares a secret with us, signed as its own calls to us are (billing's rules.signing)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from requests import RequestException, Session

from backend.billing.rules import signing
from backend.kernel import clock
from backend.kernel.errors import Refused, Unavailable

REFUSALS = frozenset(range(400, 500)) - {401, 408, 429}
"""Answers that stay the same however often one asks."""


@dataclass
class SignedPost:
    """A server at an address. who: how it is called in errors; within_s: it may take so long to answer [s]."""

    url: str
    secret: str
    who: str
    within_s: float = 5.0
    session: Session = field(default_factory=Session)

    def post(self, path: str, said: dict[str, Any], *wanted: str) -> list[str]:
        """Post something; return the texts that stand under `wanted` in the answer.

        raises Unavailable when it does not answer as agreed, Refused where it will not, however often it is asked
        """
        body = json.dumps(said, ensure_ascii=False).encode()
        signed = signing.sign(self.secret, clock.now_us() // 1_000_000, body)
        headers = {"Content-Type": "application/json", signing.HEADER: signed}
        try:
            answer = self.session.post(
                f"{self.url}/{path}", data=body, headers=headers, timeout=self.within_s
            )
            if answer.status_code in REFUSALS:
                raise Refused(f"{self.who} refuses: {answer.text[:200]}", remedy=f"settle it with {self.who}")
            answer.raise_for_status()
            found = answer.json()
            return [str(found[name]) for name in wanted]
        except (RequestException, ValueError, KeyError, TypeError) as error:
            raise Unavailable(f"{self.who} does not answer", remedy="try again later") from error
