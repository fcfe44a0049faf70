"""What supply costs and who paid: tariffs, contracts, bills, payments, and the ledger they stand in."""
