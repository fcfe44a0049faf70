"""Field work: work orders, visits, dispatch, verification, hosted operation."""
