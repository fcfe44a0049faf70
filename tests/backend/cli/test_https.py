"""Encryption on the local network: a phone that trusts the authority trusts the server, by each address."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import urllib.request

import pytest
from cryptography import x509
from cryptography.x509 import verification

from backend.cli.server import https, ports


@pytest.fixture
def site(tmp_path):
    """A server with our certificate on all addresses; returns its port."""
    certificate, key = https.certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_who_trusts_the_authority_trusts_the_server_by_every_address(tmp_path, site):
    trusting = ssl.create_default_context(cafile=str(tmp_path / "authority.crt"))
    for host in ("localhost", "127.0.0.1", *https.lan_addresses()):
        with (
            socket.create_connection((host, site), timeout=5) as bare,
            trusting.wrap_socket(bare, server_hostname=host) as phone,
        ):
            assert phone.version() == "TLSv1.3"


def test_a_phone_that_trusts_another_authority_does_not_trust_this_server(tmp_path):
    own, other = tmp_path / "own", tmp_path / "other"
    served = x509.load_pem_x509_certificate(https.certificate(own)[0].read_bytes())
    https.certificate(other)
    for folder, is_trusted in ((own, True), (other, False)):
        authority = x509.load_pem_x509_certificate((folder / "authority.crt").read_bytes())
        phone = verification.PolicyBuilder().store(verification.Store([authority]))
        verifier = phone.build_server_verifier(x509.DNSName("localhost"))
        if is_trusted:
            assert len(verifier.verify(served, [])) == 2
        else:
            with pytest.raises(verification.VerificationError):
                verifier.verify(served, [])


def test_the_authority_stays_and_the_certificate_follows_the_addresses(tmp_path, monkeypatch):
    first = [path.read_bytes() for path in https.certificate(tmp_path)]
    authority = (tmp_path / "authority.crt").read_bytes()
    assert [path.read_bytes() for path in https.certificate(tmp_path)] == first
    monkeypatch.setattr(https, "lan_addresses", lambda: ["192.0.2.7"])
    certificate, _ = https.certificate(tmp_path)
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "192.0.2.7" in {str(a) for a in names.get_values_for_type(x509.IPAddress)}
    assert (tmp_path / "authority.crt").read_bytes() == authority


def test_private_keys_are_for_the_owner_only(tmp_path):
    https.certificate(tmp_path)
    for name in ("authority.key", "server.key"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_the_pairing_page_gives_the_authority_and_never_its_key(tmp_path):
    https.certificate(tmp_path)
    port = ports.any_free()
    server = https.pairing_page(tmp_path, "https://192.0.2.7:8000", port)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
            assert b"https://192.0.2.7:8000" in page.read()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/enerfield.crt", timeout=5) as page:
            assert page.read() == (tmp_path / "authority.crt").read_bytes()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/authority.key", timeout=5) as page:
            assert b"PRIVATE" not in page.read()
    finally:
        server.shutdown()
        server.server_close()


def test_the_code_to_scan_is_drawn_in_the_terminal():
    assert len(https.qr("http://192.0.2.7:8001/").splitlines()) > 10
