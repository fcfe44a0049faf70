"""Assets in the API: devices and their lives, documents, parts and stock, customers' files."""

from mobile_api.assets import customers, devices, documents, stock, tables
from mobile_api.assets.blueprint import blp

__all__ = ["blp", "customers", "devices", "documents", "stock", "tables"]
