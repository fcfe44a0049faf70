"""Our own certificate, and the servers' that we trust: kept under the installation's home."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from asyncua.crypto.cert_gen import (
    dump_private_key_as_pem,
    generate_private_key,
    generate_self_signed_app_certificate,
)
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from backend.kernel import clock
from backend.kernel.errors import Refused

YEARS = 10
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Identity:
    """Who we are to OPC UA servers: application URI, certificate (DER) and private key (PEM)."""

    application_uri: str
    certificate: Path
    key: Path


def identity(folder: Path) -> Identity:
    """Return our identity, made on first use and again a month before it ends."""
    name = socket.gethostname()
    found = Identity(f"urn:{name}:enerfield:ingest", folder / "own.der", folder / "own.pem")
    if not _is_usable(found):
        folder.mkdir(parents=True, exist_ok=True)
        key = generate_private_key()
        certificate = generate_self_signed_app_certificate(
            key,
            found.application_uri,
            {"organizationName": "Enerfield"},
            [x509.UniformResourceIdentifier(found.application_uri), x509.DNSName(name)],
            [ExtendedKeyUsageOID.CLIENT_AUTH],
            days=365 * YEARS,
        )
        _write(found.key, dump_private_key_as_pem(key))
        _write(found.certificate, certificate.public_bytes(Encoding.DER))
    return found


def check_server(certificate: bytes, *, pinned: str | None, memory: Path) -> None:
    """Refuse a server whose certificate is not the one pinned, or not the one first seen.

    certificate: as the server presents it (DER)
    pinned: SHA-256 in hex, from the connection's settings
    memory: file that keeps the fingerprint of the first certificate seen
    """
    shown = hashlib.sha256(certificate).hexdigest()
    known = pinned.replace(":", "").lower() if pinned else None
    if known is None and memory.exists():
        known = memory.read_text(encoding="ascii").strip()
    if known is None:
        memory.parent.mkdir(parents=True, exist_ok=True)
        _write(memory, shown.encode())
    elif known != shown:
        raise Refused(
            "the server's certificate is not the one known",
            field="fingerprint",
            value=shown,
            remedy=f"if it was renewed, enter fingerprint {shown} or delete {memory.name}",
        )


def _is_usable(found: Identity) -> bool:
    if not (found.key.exists() and found.certificate.exists()):
        return False
    certificate = x509.load_der_x509_certificate(found.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    is_ours = found.application_uri in names.get_values_for_type(x509.UniformResourceIdentifier)
    return is_ours and certificate.not_valid_after_utc - clock.now() > RENEW_BEFORE


def _write(path: Path, content: bytes) -> None:
    """Write a file only its owner may read, at once or not at all."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
