"""Bills themselves on schedule: each a PDF in a folder of the period, or all of them in a letter."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from backend.billing.models import DocumentDelivery, DocumentSchedule
from backend.billing.rules.documents.schedule import Form
from backend.billing.service import Road, documents, schedules
from backend.kernel.errors import Refused
from backend.kernel.scope import Scope
from backend.kernel.settings import settings
from backend.worker.delivery import Made, folder_of, mail_out, stem_of, write
from reports import bill as papers
from reports.tabular import MEDIA

MOST_BY_MAIL = 200
"""More bills make a letter no mail server takes: about 10 MB."""

AT_ONCE = 200
"""So many are gathered at a time."""

TITLES = {"en": "Bills", "zh": "账单"}


def hand_over(
    session: Session, scope: Scope, schedule: DocumentSchedule, delivery: DocumentDelivery
) -> list[str]:
    """Send a period's bills; returns the name of the folder, or of what is enclosed; none where none was issued."""
    first, until = delivery.first, delivery.until
    bill_ids = schedules.bills_issued(session, scope, one=schedule, first=first, until=until)
    if not bill_ids:
        return []
    stem = stem_of(schedule, delivery)
    if schedule.road is Road.FOLDER:
        for _, made in files(session, scope, schedule.locale, bill_ids):
            write(folder_of(schedule) / stem / made.name, made.data)
        return [stem]
    if len(bill_ids) > MOST_BY_MAIL:
        raise Refused(
            f"{len(bill_ids)} bills do not fit a letter", field="recipients", value=len(bill_ids),
            remedy="have them put into a folder, or make the period shorter",
        )  # fmt: skip
    some = list(files(session, scope, schedule.locale, bill_ids))
    made = some[0][1] if len(some) == 1 else _zipped(stem, [file for _, file in some])
    mail_out(schedule, delivery, (TITLES[schedule.locale], some[0][0]), [made])
    return [made.name]


def files(
    session: Session, scope: Scope, locale: str, bill_ids: Sequence[UUID]
) -> Iterator[tuple[str, Made]]:
    """Yield bills as files in order, each with its seller's name."""
    for at in range(0, len(bill_ids), AT_ONCE):
        lot = bill_ids[at : at + AT_ONCE]
        told = documents.bill_documents(session, scope, bill_ids=lot, base_url=settings().base_url)
        some = [told[bill_id] for bill_id in lot]
        for one, data in zip(some, papers.pdfs(some, locale), strict=True):
            seller = (one.seller.name_zh if locale == "zh" else None) or one.seller.name
            yield seller, Made(f"bill-{one.number}.pdf", MEDIA[Form.PDF], data)


def _zipped(stem: str, some: Sequence[Made]) -> Made:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as whole:
        for one in some:
            whole.writestr(one.name, one.data)
    return Made(f"{stem}.zip", "application/zip", out.getvalue())
