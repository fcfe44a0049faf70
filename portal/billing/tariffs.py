"""Tariffs: as people read them, version by version, and as text that is checked before it is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from backend.billing import tariffs as shipped
from backend.billing.rules import tariff as rules
from backend.billing.rules.tariff.text import LONGEST
from backend.billing.service import accounts, tariffs
from backend.kernel.errors import EnerfieldError, Refused
from portal.address import asked, following
from portal.billing import desk, readable, words
from portal.navigation import look
from portal.pages import done, pages


@pages.get("/tariffs", endpoint="tariffs")
def list_tariffs() -> str:
    """Answer: which tariffs do we have, and since when do they say what they say?"""
    look()
    page = tariffs.tariffs(g.session, g.scope, cursor=asked(), limit=50)
    return render_template(
        "billing/tariffs.html", next=following(page),
        rows=[
            {"name": words.in_tongue(version.document.get("name"), one.code), "code": one.code,
             "carrier": version.document.get("carrier"), "revision": version.revision, "at": version.created_at,
             "link": url_for("portal.tariff", tariff_id=one.id)}
            for one, version in page.items
        ],
    )  # fmt: skip


@pages.get("/tariffs/<uuid:tariff_id>", endpoint="tariff")
def show_tariff(tariff_id: UUID) -> str:
    """Answer: what does it charge, when, and from which day on?"""
    look()
    version, tariff = tariffs.parsed(g.session, g.scope, tariff_id=tariff_id)
    g.zone = tariff.zone
    return render_template(
        "billing/tariff.html", tariff=tariff, revision=version, name=words.in_tongue(dict(tariff.name), tariff.code),
        versions=[_version(one, tariff) for one in reversed(tariff.versions)], text=rules.write(tariff),
        revisions=accounts.revisions(g.session, g.scope, tariff_id=tariff_id, limit=20).items,
        edit=url_for("portal.new_tariff", like=tariff.code),
    )  # fmt: skip


def _version(one: Any, tariff: Any) -> dict[str, Any]:
    used = {name for each in one.components if (name := getattr(each, "by", None))}
    return {
        "starts_on": one.from_, "until": one.until,
        "components": [readable.component_words(each, one, tariff.currency) for each in one.components],
        "schedules": [readable.schedule_words(one, code) for code in (one.schedules or {}) if code in used],
    }  # fmt: skip


@pages.route("/tariffs/new", methods=["GET", "POST"])
def new_tariff() -> Any:
    """Check a tariff's text, and keep it: the first of its code, or the next revision."""
    book = desk.book_here()
    if request.method == "GET":
        return _form(_text_of(request.args.get("like")))
    text = _typed()
    try:
        tariff = rules.read(text)
        if request.form.get("deed") != "keep":
            return _form(text, checked=tariff)
        if book is None:
            raise Refused("this operator keeps no book yet", remedy="open one")
        version = tariffs.store_tariff(
            g.session, g.scope, organisation_id=book.organisation_id, document=rules.dump(tariff)
        )
    except EnerfieldError as error:
        g.undo = True
        return _form(text, error=error), 422
    return done(
        _("Kept as revision %(number)s.", number=version.revision),
        url_for("portal.tariff", tariff_id=version.tariff_id),
    )


def _typed() -> str:
    """Return the text of the form, or of the file that was sent."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return file.read(LONGEST * 4).decode("utf-8", errors="replace")
    return request.form.get("text", "")


def _text_of(code: str | None) -> str:
    """Return the text to begin from: of one's own tariff of a code, or one that comes with the product."""
    if not code:
        return ""
    for one, version in tariffs.tariffs(g.session, g.scope, limit=200).items:
        if one.code == code:
            return rules.write(rules.parse(version.document))
    return shipped.text(code) if code in shipped.codes() else ""


def _form(text: str, *, checked: Any = None, error: EnerfieldError | None = None) -> str:
    findings = (error.context or {}).get("findings", []) if error is not None else []
    return render_template(
        "billing/new_tariff.html", text=text, checked=checked, error=error, findings=findings,
        summary=_summary(checked) if checked is not None else "", shipped=shipped.codes(),
    )  # fmt: skip


def _summary(tariff: Any) -> str:
    count = sum(len(one.components) for one in tariff.versions)
    return ngettext(
        "%(name)s: %(num)d component, %(versions)s version(s), %(currency)s",
        "%(name)s: %(num)d components, %(versions)s version(s), %(currency)s", count,
        name=words.in_tongue(dict(tariff.name), tariff.code), versions=len(tariff.versions), currency=tariff.currency,
    )  # fmt: skip
