"""Which rules keep a technician from a job whatever the day looks like."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from backend.workorders.rules.dispatch.values import Exclusion, Job, Key, Technician


def exclusions(
    job: Job, technician: Technician, *, day: date, store: Mapping[Key, int]
) -> tuple[Exclusion, ...]:
    """Return every rule that keeps `technician` from `job` on `day`; none when they may do it.

    store: parts that can be reserved for any van
    """
    found = []
    if job.is_frozen and job.current is not None and job.current.technician != technician.id:
        found.append(Exclusion("frozen", str(job.current.technician)))
    if technician.id in job.declined_by:
        found.append(Exclusion("declined"))
    found += [Exclusion("skill", skill) for skill in sorted(job.skills - technician.skills)]
    for certificate in sorted(job.certificates):
        last_day = technician.certificates.get(certificate)
        if last_day is None:
            found.append(Exclusion("certificate", certificate))
        elif last_day < day:
            found.append(Exclusion("certificate_expired", f"{certificate} {last_day.isoformat()}"))
    for part, amount in job.parts.items():
        if technician.parts.get(part, 0) + store.get(part, 0) < amount:
            found.append(Exclusion("parts", str(part)))
    return tuple(found)
