"""The gate: log in, forgotten password, invitation, reset; and what a browser remembers: language and look."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.app import security
from backend.infra.attempts import network_of
from backend.kernel.errors import Refused, TooManyAttempts, Unauthenticated
from backend.tenancy import rules, service
from portal import language, navigation
from portal.pages import own_path, pages
from portal.setup import THEME_COOKIE, THEMES

YEAR_S = 31_536_000


@pages.get("/")
def first_page() -> Response:
    """Lead everybody to the page their work begins with."""
    return redirect(url_for(f"portal.{navigation.first_page()}"), code=302)


@pages.route("/login", methods=["GET", "POST"])
def log_in() -> str | Response | tuple[str, int]:
    """Let somebody in by address and password."""
    wanted = own_path(request.values.get("next"))
    if request.method == "GET":
        return (
            redirect(wanted)
            if g.person
            else render_template("tenancy/log_in.html", next=wanted, email="", wrong="")
        )
    email = request.form.get("email", "")
    try:
        person = service.log_in(
            g.session,
            current_app.gate,
            email=email,
            password=request.form.get("password", ""),
            network=_network(),
        )
    except Unauthenticated:
        wrong = _("Address or password is wrong. Try again, or ask for a new password.")
        return render_template("tenancy/log_in.html", next=wanted, email=email, wrong=wrong), 401
    except TooManyAttempts as error:
        wrong = _("Too many tries. Wait %(minutes)s min, or ask for a new password.", minutes=_minutes(error))
        return render_template("tenancy/log_in.html", next=wanted, email=email, wrong=wrong), 429
    return _enter(person, wanted)


@pages.post("/logout")
def log_out() -> Response:
    """End this browser's log-in."""
    service.end_session(g.session, g.scope, g.session_id)
    response = redirect(url_for("portal.log_in"), code=303)
    security.clear_session_cookie(response, current_app.settings)
    return response


@pages.route("/forgotten", methods=["GET", "POST"])
def forgot_password() -> str | tuple[str, int]:
    """Send a link to set a new password; the answer does not tell whether the address is known."""
    page: dict[str, Any] = {"is_sent": False, "wrong": "", "email": request.form.get("email", "")}
    if request.method == "GET":
        return render_template("tenancy/forgotten.html", **page)
    try:
        service.ask_for_reset(g.session, current_app.gate, email=page["email"], network=_network())
    except TooManyAttempts as error:
        page["wrong"] = _("Too many letters were asked for. Wait %(minutes)s min.", minutes=_minutes(error))
        return render_template("tenancy/forgotten.html", **page), 429
    return render_template("tenancy/forgotten.html", **page | {"is_sent": True})


@pages.route("/reset/<token>", methods=["GET", "POST"])
def set_password(token: str) -> str | Response | tuple[str, int]:
    """Set a new password by the link in a letter."""
    return _by_letter(token, service.RESET, _("Set a new password"))


@pages.route("/invitation/<token>", methods=["GET", "POST"])
def accept_invitation(token: str) -> str | Response | tuple[str, int]:
    """Set the first password by the link in an invitation."""
    return _by_letter(token, service.INVITATION, _("Welcome to Enerfield"))


@pages.post("/language")
def change_language() -> Response:
    """Change the language: of the person, or of this browser where nobody has logged in."""
    locale = request.form.get("locale")
    if locale not in language.LOCALES:
        raise Refused("this language is not there", field="locale", value=locale, remedy="use en or zh")
    response = redirect(own_path(request.form.get("next")), code=303)
    if g.person is not None:
        service.change_person(g.session, g.scope, locale=locale)
    response.set_cookie("locale", locale, max_age=YEAR_S, httponly=True, samesite="Lax")
    return response


@pages.post("/look")
def change_theme() -> Response:
    """Change the look: light, dark, for sunlight, or as the device says."""
    theme = request.form.get("theme")
    if theme not in dict(THEMES):
        raise Refused(
            "this look is not there", field="theme", value=theme, remedy="use " + ", ".join(dict(THEMES))
        )
    response = redirect(own_path(request.form.get("next")), code=303)
    if g.person is not None:
        service.change_person(g.session, g.scope, preferences={"theme": theme})
    response.set_cookie(THEME_COOKIE, theme, max_age=YEAR_S, httponly=True, samesite="Lax")
    return response


def _by_letter(token: str, purpose: str, title: str) -> str | Response | tuple[str, int]:
    page = {"title": title, "holder": None, "wrong": ""}
    try:
        page["holder"] = service.token_holder(g.session, token, purpose=purpose)
        if request.method == "GET":
            return render_template("tenancy/set_password.html", **page)
        person = service.set_password(
            g.session, current_app.gate.passwords, token=token, purpose=purpose,
            password=request.form.get("password", ""),
        )  # fmt: skip
    except Refused as error:
        if error.field == "password":
            page["wrong"] = _("Too easy to guess. Use 10 characters or more, not your address.")
        return render_template("tenancy/set_password.html", **page), 422
    return _enter(person, url_for("portal.first_page"))


def _enter(person, target: str) -> Response:
    token = service.open_session(
        g.session, person, user_agent=request.headers.get("User-Agent"), network=_network()
    )
    response = redirect(target, code=303)
    lasting = int(rules.SESSION_LONGEST.total_seconds())
    security.set_session_cookie(response, token, current_app.settings, max_age_s=lasting)
    return response


def _minutes(error: TooManyAttempts) -> int:
    return max(round(error.context.get("retry_after_s", 60) / 60), 1)


def _network() -> str:
    return network_of(request.remote_addr or "")
