"""Tags: the desk's pages, labels to print, and what anybody sees who scans one."""

from portal.tags import batches, desk, public

__all__ = ["batches", "desk", "public"]
