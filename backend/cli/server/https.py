"""Encryption without a third party: an own authority, a certificate for this host, a page to pair phones.

Phones give camera, service worker and push only to pages over https. `script/server --https` makes an
authority once, signs a certificate for every address this machine has, and prints a QR code that leads a
phone to the authority's certificate first and to the portal second.
"""

from __future__ import annotations

import html
import ipaddress
import os
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from backend.kernel import clock

AUTHORITY_YEARS = 10
SERVER_DAYS = 397
"""Longer-lived server certificates are refused by phones."""


def certificate(folder: Path) -> tuple[Path, Path]:
    """Return the paths of a valid certificate for this machine's present addresses and of its key."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, authority_key = _authority(folder)
    names, addresses = ["localhost", socket.gethostname()], lan_addresses()
    path, key_path = folder / "server.crt", folder / "server.key"
    if not _covers(path, addresses):
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.DNSName(n) for n in dict.fromkeys(names)]
        alternatives += [x509.IPAddress(ipaddress.ip_address(a)) for a in ["127.0.0.1", "::1", *addresses]]
        signed = (
            _builder("Enerfield on this machine", authority, key, timedelta(days=SERVER_DAYS))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(authority_key, hashes.SHA256())
        )
        _write_key(key_path, key)
        path.write_bytes(_pem(signed) + _pem(authority))
    return path, key_path


def lan_addresses() -> list[str]:
    """Return this machine's IPv4 addresses that others in the network can reach."""
    found = [a.address for one in psutil.net_if_addrs().values() for a in one if a.family == socket.AF_INET]
    return sorted(a for a in found if not ipaddress.ip_address(a).is_loopback)


def qr(text: str) -> str:
    """Draw a QR code for a terminal."""
    import io

    import qrcode

    code = qrcode.QRCode(border=2)
    code.add_data(text)
    drawn = io.StringIO()
    code.print_ascii(out=drawn, invert=True)
    return drawn.getvalue()


def pairing_page(folder: Path, address: str, port: int) -> ThreadingHTTPServer:
    """Serve, unencrypted, the authority's certificate and a page that leads on to `address`."""
    authority = (folder / "authority.crt").read_bytes()
    page = _page(address)

    class Pairing(BaseHTTPRequestHandler):
        """Two documents."""

        def do_GET(self) -> None:
            """Answer with the certificate or the page."""
            is_certificate = self.path == "/enerfield.crt"
            body = authority if is_certificate else page
            self.send_response(200)
            self.send_header(
                "Content-Type",
                "application/x-x509-ca-cert" if is_certificate else "text/html; charset=utf-8",
            )
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the supervisor's terminal is for people."""

    server = ThreadingHTTPServer(("0.0.0.0", port), Pairing)  # noqa: S104  # phones in the network reach it
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def _page(address: str) -> bytes:
    link = html.escape(address)
    return (
        "<!doctype html><meta name=viewport content='width=device-width'><title>Enerfield</title>"
        "<body style='font:18px system-ui;max-width:30em;margin:2em auto;padding:0 1em'>"
        "<h1>Enerfield</h1><ol>"
        "<li><a href=/enerfield.crt>Install this site's certificate</a> and trust it in the phone's settings"
        " (安装并信任证书)."
        f"<li><a href='{link}'>Open Enerfield</a> (打开).</ol>"
    ).encode()


def _authority(folder: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    path, key_path = folder / "authority.crt", folder / "authority.key"
    if path.exists() and key_path.exists():
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return x509.load_pem_x509_certificate(path.read_bytes()), key
    key = ec.generate_private_key(ec.SECP256R1())
    name = f"Enerfield on {socket.gethostname()}"
    made = (
        _builder(name, None, key, timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_may_sign(), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_path, key)
    path.write_bytes(_pem(made))
    return made, key


def _builder(
    name: str, issuer: x509.Certificate | None, key: ec.EllipticCurvePrivateKey, life: timedelta
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = clock.now()
    signer = issuer.public_key() if issuer else key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a phone's clock may be behind
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False)
    )


def _may_sign() -> x509.KeyUsage:
    return x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _covers(path: Path, addresses: list[str]) -> bool:
    """Tell whether a certificate is there, names these addresses and is good for another month."""
    if not path.exists():
        return False
    found = x509.load_pem_x509_certificate(path.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    named = {str(a) for a in names.get_values_for_type(x509.IPAddress)}
    return set(addresses) <= named and found.not_valid_after_utc > clock.now() + timedelta(days=30)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)


def _pem(signed: x509.Certificate) -> bytes:
    return signed.public_bytes(serialization.Encoding.PEM)
