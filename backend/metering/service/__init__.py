"""What can be done with meters. The caller owns the transaction; bulk paths work on arrays."""
