"""Documents of accounts as tables in Chinese or English: ageing, statements, bill runs, taxes."""

from reports.accounts.ageing import ageing
from reports.accounts.run import run_summary
from reports.accounts.statement import statement
from reports.accounts.tax import tax_export

__all__ = ["ageing", "run_summary", "statement", "tax_export"]
