"""What keeps a browser from being used against its owner: headers, a nonce, a cookie, a CSRF token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from backend.infra.tokens import derive_key
from backend.kernel.errors import Forbidden
from backend.kernel.settings import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
YEAR_S = 31_536_000
FIELD, HEADER = "csrf_token", "X-CSRF-Token"


def register(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer, and nonce and token within reach of templates."""
    app.config["CSRF_KEY"] = derive_key(settings.secret_key, "csrf")
    headers = static_headers(settings)
    tiles = _origin(settings.tile_url)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy(nonce(), tiles))
        if request.endpoint not in {"static", "portal.static"}:
            response.headers.setdefault("Cache-Control", "no-store")
        return answer_unchanged(response)

    app.context_processor(lambda: {"csrf_token": csrf_token, "csp_nonce": nonce})


def answer_unchanged(response: Response) -> Response:
    """Let a phone that has an answer already be told that it still holds (304), instead of getting it again."""
    is_lasting = request.method == "GET" and request.path.startswith("/api/") and response.status_code == 200
    if not is_lasting or response.is_streamed or response.direct_passthrough:
        return response
    if response.headers["Cache-Control"] == "no-store":
        response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    return response.make_conditional(request)


def static_headers(settings: Settings) -> dict[str, str]:
    """Return the headers that are the same on every answer, files included."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    }
    if settings.base_url.startswith("https:"):
        headers["Strict-Transport-Security"] = f"max-age={YEAR_S}"
    return headers


def policy(nonce: str, tiles: str = "") -> str:
    """Return the content security policy: our own host, and nothing inline without the nonce.

    tiles: origin of the optional base map; MapLibre starts its workers from blobs
    """
    rules = {
        "default-src": "'none'",
        "script-src": f"'self' 'nonce-{nonce}'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": f"'self' data: blob: {tiles}".strip(),
        "font-src": "'self'",
        "connect-src": f"'self' {tiles}".strip(),
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def field_policy(tile_url: str | None = None) -> str:
    """Return the policy of the field app: nothing inline at all, and the scanner's WebAssembly."""
    tiles = _origin(tile_url)
    rules = {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": "'self'",
        "img-src": f"'self' data: blob: {tiles}".strip(),
        "media-src": "'self' blob:",
        "connect-src": f"'self' {tiles}".strip(),
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def nonce() -> str:
    """Return this request's nonce for inline scripts and styles."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def cookie_name(settings: Settings) -> str:
    """Return the session cookie's name; with https the browser itself keeps it to this host."""
    return "__Host-enerfield" if settings.secure_cookies else "enerfield"


def set_session_cookie(response: Response, token: str, settings: Settings, *, max_age_s: int) -> None:
    """Give the browser its session token."""
    response.set_cookie(
        cookie_name(settings), token, max_age=max_age_s, path="/", httponly=True, samesite="Lax",
        secure=settings.secure_cookies,
    )  # fmt: skip


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Take the session token back."""
    response.delete_cookie(
        cookie_name(settings), path="/", httponly=True, samesite="Lax", secure=settings.secure_cookies
    )


def csrf_token() -> str:
    """Return the token a form or htmx must send back; empty for who is not logged in by cookie."""
    token = g.get("session_token")
    if not token:
        return ""
    return hmac.new(current_app.config["CSRF_KEY"], token.encode(), hashlib.sha256).hexdigest()


def check_same_site() -> None:
    """Refuse an unsafe request that a browser says comes from another site."""
    if request.method in SAFE:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    foreign = site not in {None, "same-origin", "none"}
    if origin is not None and _host(origin) != request.host:
        foreign = True
    if foreign:
        raise Forbidden("this request comes from another site", remedy="open the page again here")


def check_csrf() -> None:
    """Refuse an unsafe request of a browser session without its token."""
    if request.method in SAFE:
        return
    sent = request.headers.get(HEADER) or request.form.get(FIELD) or ""
    if not hmac.compare_digest(sent.encode(), csrf_token().encode()):
        raise Forbidden("this page has grown old", remedy="load it again and repeat")


def _host(origin: str) -> str | None:
    """Return the host a browser says it comes from; None for what is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _origin(url: str | None) -> str:
    if not url:
        return ""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
