"""Positions and devices as a workbook: out, and in again after a look that names every fault."""

from __future__ import annotations

from typing import Any

from flask import Response as Answer
from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from backend.assets import service
from backend.assets.rules.files import XLSX
from backend.kernel.errors import EnerfieldError, Refused
from portal.assets import views, words
from portal.assets.register import here_again
from portal.navigation import look
from portal.pages import done, pages, refused
from portal.terms import word
from reports import asset_list

SHOWN = 200
"""So many faults are listed; mending these shows the next."""


@pages.get("/assets/table.xlsx")
def export_assets() -> Answer:
    """Give positions and devices of the organisation as a workbook."""
    node = look()
    data = asset_list.write(service.export_sheet(g.session, g.scope, organisation_id=node.id))
    return Answer(data, mimetype=XLSX, headers={"Content-Disposition": 'attachment; filename="assets.xlsx"'})


@pages.route("/assets/table", methods=["GET", "POST"])
def import_assets() -> str | Response:
    """Look through a workbook; write it when that was asked for and nothing is wrong."""
    node = look()
    report = None
    if request.method == "POST":
        try:
            report = _report(node)
        except EnerfieldError as error:
            return refused(error, here_again("import_assets"))
        if report.is_written:
            return done(
                _("%(new)s new, %(changed)s changed, %(same)s as before.", new=len(report.created),
                  changed=len(report.changed), same=report.unchanged), url_for("portal.assets"),
            )  # fmt: skip
    return render_template(
        "assets/table.html", node=node, report=report, shown=SHOWN, may_edit=views.may_edit(),
        fault=lambda text: word(words.FAULTS, text),
    )  # fmt: skip


def _report(node: Any) -> service.SheetReport:
    kept = views.said("kept")
    if kept:
        with views.files().open(kept) as stream:
            return _looked_through(node, stream.read(), write=True)
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Refused(_("no file was chosen"), field="file", remedy=_("choose one, then send"))
    file.stream.seek(0)
    data = file.read()
    report = _looked_through(node, data, write=False)
    if not report.problems:
        g.kept_table = views.files().put(data)
    return report


def _looked_through(node: Any, data: bytes, *, write: bool) -> service.SheetReport:
    return service.import_sheet(
        g.session, g.scope, organisation_id=node.id, given=asset_list.read(data), write=write
    )
