"""A view as the kind of file that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backend.billing.rules.documents.schedule import Form
from reports.analysis.content import Report
from reports.analysis.printing import pdf
from reports.analysis.workbook import xlsx
from reports.tabular import MEDIA, Document
from reports.tabular.lines import csv

_MAKERS: dict[Form, Callable[[Report], bytes]] = {
    Form.PDF: pdf, Form.XLSX: xlsx, Form.CSV: lambda report: csv(listed(report)),
}  # fmt: skip


def listed(report: Report) -> Document:
    """Return the document with the table first that becomes CSV."""
    return replace(report.document, tables=[report.document.tables[report.listed]])


def file_of(report: Report, form: Form) -> tuple[bytes, str]:
    """Return a view as a file, and its media type."""
    return _MAKERS[form](report), MEDIA[form]
