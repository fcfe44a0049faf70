"""The demo region: a made coastal district whose figures close, for trying the product without a meter.

Nothing here is measured. Everything the loader writes is marked as simulated, see README.md.
"""


def logins() -> list[tuple[str, str, str]]:
    """Return (role, e-mail, password) of one person per role, in the order of the tree."""
    from backend.demo.people import PASSWORD, people

    first: dict[str, tuple[str, str, str]] = {}
    for person in people():
        first.setdefault(person.role, (person.role, person.email, PASSWORD))
    return list(first.values())
