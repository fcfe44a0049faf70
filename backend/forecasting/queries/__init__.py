"""Every question forecasting asks the database, each confined to a scope."""
