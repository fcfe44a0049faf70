"""`enerfield init`: start an empty installation."""

from __future__ import annotations

import click


@click.command()
@click.option("--region", "region_name", prompt="Name of the region", help="The organisation at the top.")
@click.option("--email", prompt="E-mail of the first administrator")
@click.option("--name", prompt="Name of the first administrator")
@click.option(
    "--password",
    prompt="Password",
    hide_input=True,
    confirmation_prompt=True,
    envvar="ENERFIELD_INIT_PASSWORD",
    help="Better asked for, or in ENERFIELD_INIT_PASSWORD: arguments can be seen by others.",
)
def command(region_name: str, email: str, name: str, password: str) -> None:
    """Bring the database to its newest version, found a region, and make its first administrator."""
    from backend.cli import db
    from backend.infra.passwords import Argon2Passwords
    from backend.kernel.db import database
    from backend.kernel.scope import Role, Scope
    from backend.kernel.settings import settings
    from backend.tenancy import service as tenancy

    db.upgrade(settings().database_url)
    with database().transaction(Scope.public()) as session:
        region, scope = tenancy.found_region(session, name=region_name)
        administrator = tenancy.add_person(session, email=email, name=name)
        tenancy.grant(
            session, scope, person=administrator, organisation_id=region.id, role=Role.ADMINISTRATOR
        )
        tenancy.give_password(session, scope, Argon2Passwords(), administrator, password)
    click.echo(f"{region_name} is founded; {email} can log in at {settings().base_url} and invite others")
