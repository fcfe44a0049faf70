"""Documents made of tables: PDF, workbook and CSV of the same figures."""

from reports.tabular.content import AMOUNT, COUNT, DATE, NUMBER, PERCENT, TEXT, Column, Document, Table
from reports.tabular.files import MEDIA, made
from reports.tabular.lines import csv
from reports.tabular.printing import pdf, pictures
from reports.tabular.workbook import xlsx

__all__ = [
    "AMOUNT", "COUNT", "DATE", "MEDIA", "NUMBER", "PERCENT", "TEXT", "Column", "Document", "Table", "csv", "made",
    "pdf", "pictures", "xlsx",
]  # fmt: skip
