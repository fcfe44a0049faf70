"""What the pages of assets share: who may do what, rows as templates show them, days of forms."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g, request, url_for
from flask_babel import gettext as _

from backend.assets import service
from backend.assets.rules import life
from backend.assets.service import About
from backend.kernel import clock
from backend.kernel.errors import Refused
from backend.kernel.scope import Role
from portal.address import asked, following
from portal.assets import words
from portal.terms import word
from portal.words import carriers_in_order
from portal.words import named_here as named


def may_edit() -> bool:
    """Tell whether the asker keeps a register anywhere; the services look at where."""
    return g.scope.holds(*life.EDITORS)


def may_mend() -> bool:
    """Tell whether the asker puts things up and takes them down."""
    return g.scope.holds(*life.MENDERS)


def may_read_files() -> bool:
    """Tell whether the asker is staff that reads customers' files."""
    return g.scope.holds(*life.MENDERS, Role.MANAGER)


def files() -> Any:
    """Return the store of files."""
    return current_app.files  # type: ignore[attr-defined]


def title_of(device: Any) -> str:
    """Return how a device is called: maker and model."""
    return f"{device.manufacturer} {device.model}"


def status_of(device: Any) -> dict[str, str]:
    """Return a device's light and word."""
    status = device.status.value
    return {"light": words.LIGHTS[status], "words": word(words.STATUSES, status)}


def row_of(asset: Any) -> dict[str, Any]:
    """Return a device as a row of a list: what it is, where it stands, how long its warranty runs."""
    device, place = asset.device, asset.position
    return {
        "id": device.id, "title": title_of(device), "serial": device.serial_number, "status": status_of(device),
        "link": url_for("portal.device", device_id=device.id), "warranty": device.warranty_until,
        "is_over": device.warranty_until is not None and device.warranty_until < clock.now().date(),
        "place": named(place) if place else "", "carriers": carriers_in_order(place.carriers) if place else [],
        "place_link": url_for("portal.position", position_id=place.id) if place else "",
        "at": [asset.longitude, asset.latitude] if asset.longitude is not None else None,
        "distance_m": asset.distance_m,
    }  # fmt: skip


def record_of(steps: Any, *, of_position: bool = False) -> list[dict[str, Any]]:
    """Return a life record as lines: when, what, where or which device, who, why."""
    devices = (
        service.devices_by_id(g.session, g.scope, {one.device_id for one in steps}) if of_position else {}
    )
    lines = []
    for one in steps:
        device = devices.get(one.device_id)
        about, link = "", ""
        if device is not None:
            about = f"{title_of(device)} · {device.serial_number}"
            link = url_for("portal.device", device_id=device.id)
        elif one.position is not None and not of_position:
            about, link = named(one.position), url_for("portal.position", position_id=one.position.id)
        lines.append({
            "at": one.at, "words": word(words.DONE, one.step), "about": about, "link": link, "reason": one.reason,
            "actor": one.actor or ("" if one.actor_kind == "person" else _("the system")),
        })  # fmt: skip
    return lines


def documents_of(about: About) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the documents of a thing as rows, and the address of the next."""
    page = service.documents_of(g.session, g.scope, about, cursor=asked("documents"), limit=20)
    rows = [
        {
            "id": one.id, "title": one.title, "kind": word(words.DOCUMENT_KINDS, one.kind), "at": one.created_at,
            "size_kb": max(1, one.size_bytes // 1024), "is_shared": one.is_shared,
            "link": url_for("portal.document", document_id=one.id),
            "picture": url_for("portal.document", document_id=one.id, small=1) if one.preview_sha256 else "",
        }
        for one in page.items
    ]  # fmt: skip
    return rows, following(page, "documents")


def said(name: str) -> str | None:
    """Return a field of the form, None where it is empty."""
    return request.form.get(name, "").strip() or None


def day(name: str) -> date | None:
    """Return a day of the form; raises Refused where it is none."""
    text = said(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(_("'%(text)s' is not a day", text=text), field=name) from None


def number(name: str) -> Decimal | None:
    """Return a number of the form, exact; raises Refused where it is none."""
    text = said(name)
    try:
        return Decimal(text.replace(",", ".")) if text else None
    except InvalidOperation:
        raise Refused(_("'%(text)s' is not a number", text=text), field=name) from None


def instant_of(name: str, zone: str) -> datetime:
    """Return an instant of the form, read in the site's zone; now where it is empty."""
    text = said(name)
    if text is None:
        return clock.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(_("'%(text)s' is not a time", text=text), field=name) from None
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
