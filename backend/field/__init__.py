"""What phones in the field hold and send: operations, changes, uploads."""
