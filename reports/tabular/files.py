"""A document as the kind of file that was asked for."""

from __future__ import annotations

from collections.abc import Callable

from backend.billing.rules.documents.schedule import Form
from reports.tabular.content import Document
from reports.tabular.lines import csv
from reports.tabular.printing import pdf
from reports.tabular.workbook import xlsx

MEDIA = {
    Form.PDF: "application/pdf", Form.CSV: "text/csv",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
"""Kind of file -> media type."""

_MAKERS: dict[Form, Callable[[Document], bytes]] = {Form.PDF: pdf, Form.XLSX: xlsx, Form.CSV: csv}


def made(document: Document, form: Form) -> bytes:
    """Return a document as a file."""
    return _MAKERS[form](document)
