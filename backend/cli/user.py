"""`enerfield user`: add people, give them roles, reset a password. For the administrator of the machine."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from backend.kernel.scope import Role

ROLES = click.Choice([role.value for role in Role])
WHERE = click.option("--at", "where", help="Organisation, by id or name (default: the only region).")
PASSWORD = click.option("--password", envvar="ENERFIELD_PASSWORD", help="Else one is made and shown once.")


@click.group()
def command() -> None:
    """Add people, give them roles, reset a password."""


@command.command()
@click.argument("email")
@click.option("--name", required=True, help="The person's name.")
@click.option("--role", type=ROLES, required=True, help="What they are.")
@WHERE
@click.option("--locale", type=click.Choice(["en", "zh"]), default="en", show_default=True)
@PASSWORD
def add(email: str, name: str, role: str, where: str | None, locale: str, password: str | None) -> None:
    """Add a person with a role and a password, who can log in at once."""
    from backend.tenancy import service

    with office() as (session, scope):
        node = named_node(session, scope, where)
        if service.find_person(session, scope, email) is not None:
            raise click.ClickException(
                f"{email} is there already: give them a role with `enerfield user role`"
            )
        person = service.add_person(session, email=email, name=name, locale=locale)
        service.grant(session, scope, person=person, organisation_id=node.id, role=Role(role))
        made = _set_password(session, scope, person, password)
    click.echo(f"{person.email} is {role} at {node.name}{made}")


@command.command("role")
@click.argument("email")
@click.argument("role", type=ROLES)
@WHERE
@click.option("--take-away", is_flag=True, help="Take the role away instead.")
def change_role(email: str, role: str, where: str | None, take_away: bool) -> None:
    """Give a person a role at an organisation, or take it away."""
    from backend.tenancy import service

    with office() as (session, scope):
        node, person = named_node(session, scope, where), _person(session, scope, email)
        if take_away:
            held = service.memberships(session, scope, [person.id])
            ids = [one.id for one in held if (one.organisation_id, one.role) == (node.id, role)]
            if not ids:
                raise click.ClickException(f"{email} is not {role} at {node.name}")
            service.withdraw(session, scope, ids[0])
        else:
            service.grant(session, scope, person=person, organisation_id=node.id, role=Role(role))
    click.echo(f"{email} is {'no longer ' if take_away else ''}{role} at {node.name}")


@command.command("reset-password")
@click.argument("email")
@PASSWORD
def reset_password(email: str, password: str | None) -> None:
    """Set a new password and end every log-in of a person."""
    with office() as (session, scope):
        person = _person(session, scope, email)
        made = _set_password(session, scope, person, password)
    still = "" if person.status.value == "active" else f", but is {person.status.value} and cannot log in"
    click.echo(f"{email} has a new password{made}{still}")


@contextmanager
def office() -> Iterator[tuple[Any, Any]]:
    """Open one transaction in a system scope over all trees."""
    from backend.kernel.db import database
    from backend.kernel.scope import Scope
    from backend.tenancy import service

    reason = "enerfield user"
    everywhere = [scope.organisations for scope in service.system_scopes(database(), reason)]
    scope = Scope.system(frozenset().union(*everywhere), reason)
    with database().transaction(scope) as session:
        yield session, scope


def named_node(session: Any, scope: Any, where: str | None) -> Any:
    from backend.kernel.ids import show
    from backend.tenancy import service

    tops = service.tops(session, scope)
    nodes = tops if where is None else [n for top in tops for n in service.subtree(session, scope, top.id)]
    found = [n for n in nodes if where in (None, n.name, n.name_zh, show(n.id), str(n.id))]
    if len(found) != 1:
        named = ", ".join(n.name for n in tops) or "none; see `enerfield init`"
        raise click.ClickException(f"name one organisation with --at (regions: {named})")
    return found[0]


def _person(session: Any, scope: Any, email: str) -> Any:
    from backend.tenancy import service

    found = service.find_person(session, scope, email)
    if found is None:
        raise click.ClickException(f"nobody has the address {email}: add them with `enerfield user add`")
    return found


def _set_password(session: Any, scope: Any, person: Any, password: str | None) -> str:
    """Set the password; returns what to show of one that was made."""
    from backend.infra.passwords import Argon2Passwords
    from backend.tenancy import service

    given = password or secrets.token_urlsafe(12)
    service.give_password(session, scope, Argon2Passwords(), person, given)
    return "" if password else f"; password: {given}"
