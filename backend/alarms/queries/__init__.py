"""Every SELECT of alarms, each confined to a scope: what its organisations own, and for customers what
happened where they are supplied, while they were."""
