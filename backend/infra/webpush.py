"""Telling phones of news: Web Push (RFC 8030), signed by our key (VAPID, RFC 8292), sealed for the phone (RFC 8291)."""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests import RequestException, Session

from backend.field.models import PushSubscription
from backend.field.service.subscriptions import Notice

_log = structlog.get_logger(__name__)

LIFE_S = 86_400
"""A push service keeps a notice for a phone that is away this long [s]."""
TIMEOUT_S = 10
GONE = (404, 410)


@dataclass(frozen=True)
class WebPush:
    """Sends notices. home: where the key lies; contact: who runs this installation, for the push service's operator"""

    home: Path
    contact: str
    session: Session = field(default_factory=Session)

    def public_key(self) -> str:
        """Return the public key a phone subscribes with (uncompressed point, base64url)."""
        point = (
            self._key()
            .public_key()
            .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        )
        return base64.urlsafe_b64encode(point).decode().rstrip("=")

    def send(self, subscription: PushSubscription, notice: Notice) -> bool:
        """Send a notice; False where the subscription is gone for good. Other failures are logged: pulls follow."""
        if not _is_public(subscription.endpoint):
            _log.warning("push refused: not a public address", host=urlsplit(subscription.endpoint).hostname)
            return False
        # Brings in a whole HTTP client of its own: only who sends needs it.
        from pywebpush import WebPushException, webpush

        try:
            webpush(
                {"endpoint": subscription.endpoint, "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth}},
                json.dumps(notice.__dict__, ensure_ascii=False), vapid_private_key=self._raw(), ttl=LIFE_S,
                vapid_claims={"sub": self.contact}, timeout=TIMEOUT_S, requests_session=self.session,
            )  # fmt: skip
        except WebPushException as error:
            status = error.response.status_code if error.response is not None else None
            _log.warning("push failed", status=status)
            return status not in GONE
        except (RequestException, ValueError) as error:
            _log.warning("push failed", error=type(error).__name__)
        return True

    def _key(self) -> ec.EllipticCurvePrivateKey:
        """Return the installation's key, made once: phones are subscribed to this one and no other."""
        place = self.home / "push_key.pem"
        if not place.exists():
            made = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            fresh = place.with_suffix(f".{os.getpid()}.new")
            with open(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
                file.write(made)
            try:
                os.link(fresh, place)  # whoever is first; the other takes what is there
            except FileExistsError:
                pass
            finally:
                fresh.unlink()
        key = serialization.load_pem_private_key(place.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey), "push_key.pem holds another kind of key"
        return key

    def _raw(self) -> str:
        number = self._key().private_numbers().private_value
        return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")


def _is_public(endpoint: str) -> bool:
    """Tell whether a push service lies in the open network: nobody may have us knock at doors inside."""
    parts = urlsplit(endpoint)
    if parts.scheme != "https" or not parts.hostname:
        return False
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, proto=socket.IPPROTO_TCP)
    except OSError:
        return True  # not reachable now: the try will say so
    return all(ipaddress.ip_address(address[4][0]).is_global for address in found)
