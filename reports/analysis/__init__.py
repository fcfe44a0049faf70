"""Documents of analysis: every view as workbook, PDF, CSV and picture, now or on schedule."""
