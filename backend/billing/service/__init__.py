"""What can be done with contracts, bills, payments and the ledger. The caller owns the transaction."""
