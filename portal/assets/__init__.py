"""Assets: the register with its map, one device, documents, parts and stock, customers' files, tables."""

from portal.assets import customers, device, documents, register, stock, table

__all__ = ["customers", "device", "documents", "register", "stock", "table"]
