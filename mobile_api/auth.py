"""Log in, stay logged in, log out; one's own profile and phones."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import current_app, g, request
from flask.views import MethodView

from backend.infra.tokens import LASTS, derive_key
from backend.tenancy import rules, service
from mobile_api.fields import Area, Id, Schema, few, instant

blp = Area("auth", __name__, url_prefix="/auth", description="Log in, stay logged in, log out.")

_PASSWORD = ma.validate.Length(1, 200)
_DEVICE = ma.validate.Length(1, 100)
_NAME = ma.validate.Length(1, 200)
_EMAIL = ma.validate.Length(3, 254)
_ANYBODY: dict[str, Any] = {"security": []}


class LogInSchema(Schema):
    """Who wants in, and on which device."""

    email = ma.fields.String(required=True, validate=_EMAIL, metadata={"example": "li@example.org"})
    password = ma.fields.String(required=True, validate=_PASSWORD, load_only=True)
    device_id = ma.fields.String(
        required=True, validate=_DEVICE, metadata={"description": "Made once by the app, kept on the device."}
    )
    device_name = ma.fields.String(load_default=None, validate=_DEVICE, metadata={"example": "Pixel 9"})


class RefreshSchema(Schema):
    """The refresh token, from the device it was given to."""

    refresh_token = ma.fields.String(required=True, validate=_NAME)
    device_id = ma.fields.String(required=True, validate=_DEVICE)


class TokensSchema(Schema):
    """What the device keeps: a short access token and a refresh token for the next one."""

    access_token = ma.fields.String(required=True)
    token_type = ma.fields.String(required=True, metadata={"example": "Bearer"})
    expires_in = ma.fields.Integer(required=True, metadata={"description": "Seconds.", "example": 900})
    refresh_token = ma.fields.String(required=True)
    refresh_expires_at = instant(required=True)


class RoleSchema(Schema):
    """A role at a node; it extends to everything below."""

    id = Id(required=True)
    role = ma.fields.String(required=True, metadata={"example": "dispatcher"})
    organisation_id = Id(required=True)


class MeSchema(Schema):
    """The person who asks."""

    id = Id(dump_only=True)
    email = ma.fields.String(dump_only=True)
    name = ma.fields.String(validate=_NAME)
    locale = ma.fields.String(validate=ma.validate.OneOf(rules.LOCALES))
    preferences = ma.fields.Dict(keys=ma.fields.String(validate=_DEVICE), values=ma.fields.Raw())
    roles = few(ma.fields.Nested(RoleSchema), rules.MOST_ROLES, dump_only=True)


class DeviceSchema(Schema):
    """A phone somebody is logged in on."""

    id = Id(required=True)
    device_id = ma.fields.String()
    name = ma.fields.String(allow_none=True)
    started_at = instant()
    used_at = instant()


class ChangePasswordSchema(Schema):
    """The present password and the next."""

    old = ma.fields.String(required=True, validate=_PASSWORD)
    new = ma.fields.String(required=True, validate=_PASSWORD)


class ForgottenSchema(Schema):
    """Whose password was forgotten."""

    email = ma.fields.String(required=True, validate=_EMAIL)


class NewPasswordSchema(Schema):
    """The token from the letter and the password to set."""

    token = ma.fields.String(required=True, validate=_NAME)
    purpose = ma.fields.String(
        load_default=service.RESET, validate=ma.validate.OneOf([service.INVITATION, service.RESET])
    )
    password = ma.fields.String(required=True, validate=_PASSWORD)


@blp.route("/login")
class LogIn(MethodView):
    """The door."""

    @blp.doc(**_ANYBODY)
    @blp.arguments(LogInSchema)
    @blp.response(200, TokensSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Log a device in by address and password.

        After five failures a minute this account waits on this network; 429 says how long.
        """
        person = service.log_in(
            g.session, current_app.gate, email=given["email"], password=given["password"],
            network=request.remote_addr or "",
        )  # fmt: skip
        return _tokens(
            service.open_device(
                g.session, person, device_id=given["device_id"], device_name=given["device_name"]
            )
        )


@blp.route("/refresh")
class Refresh(MethodView):
    """The next access token."""

    @blp.doc(**_ANYBODY)
    @blp.arguments(RefreshSchema)
    @blp.response(200, TokensSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Exchange the refresh token, once, for the next pair.

        Asked again within 60 s by the same device it answers the same (the answer was lost). Any
        other second use ends the whole log-in.
        """
        key = derive_key(current_app.settings.secret_key, "refresh token")
        return _tokens(
            service.refresh(g.session, token=given["refresh_token"], device_id=given["device_id"], key=key)
        )


@blp.route("/logout")
class LogOut(MethodView):
    """The way out."""

    @blp.response(204)
    def post(self) -> None:
        """End this device's log-in."""
        service.end_device(g.session, g.scope, g.family_id)


@blp.route("/me")
class Me(MethodView):
    """The person who asks."""

    @blp.response(200, MeSchema)
    def get(self) -> dict[str, Any]:
        """Tell who asks and which roles they hold where."""
        return _me(g.person)

    @blp.arguments(MeSchema)
    @blp.response(200, MeSchema)
    def patch(self, given: dict[str, Any]) -> dict[str, Any]:
        """Change one's own name, language or preferences (merged into those kept)."""
        return _me(service.change_person(g.session, g.scope, **given))


@blp.route("/devices")
class Devices(MethodView):
    """One's own phones."""

    @blp.response(200, DeviceSchema(many=True))
    def get(self) -> Any:
        """List the phones one is logged in on, the last used first."""
        return service.devices(g.session, g.scope)


@blp.route("/devices/<id:device>")
class OneDevice(MethodView):
    """One of one's own phones."""

    @blp.response(204)
    def delete(self, device: UUID) -> None:
        """Log a phone out, for instance a lost one."""
        service.end_device(g.session, g.scope, device)


@blp.route("/password")
class Password(MethodView):
    """One's own password."""

    @blp.arguments(ChangePasswordSchema)
    @blp.response(204)
    def put(self, given: dict[str, Any]) -> None:
        """Change the password; ends every log-in, this one too."""
        network = request.remote_addr or ""
        service.change_password(g.session, g.scope, current_app.gate, network=network, **given)


@blp.route("/forgotten-password")
class ForgottenPassword(MethodView):
    """A letter to who forgot."""

    @blp.doc(**_ANYBODY)
    @blp.arguments(ForgottenSchema)
    @blp.response(202)
    def post(self, given: dict[str, Any]) -> None:
        """Have a letter sent with a link to set a new password.

        The answer does not tell whether anybody has this address. Asked too often, it is 429 and says
        how long to wait; within ten minutes nobody gets a second letter.
        """
        network = request.remote_addr or ""
        service.ask_for_reset(g.session, current_app.gate, email=given["email"], network=network)


@blp.route("/new-password")
class NewPassword(MethodView):
    """A password by letter."""

    @blp.doc(**_ANYBODY)
    @blp.arguments(NewPasswordSchema)
    @blp.response(204)
    def post(self, given: dict[str, Any]) -> None:
        """Set a password with the token of an invitation or reset."""
        service.set_password(g.session, current_app.gate.passwords, **given)


def _tokens(login: service.DeviceLogin) -> dict[str, Any]:
    return {
        "access_token": current_app.tokens.give(login.person.id, login.family_id),
        "token_type": "Bearer",
        "expires_in": int(LASTS.total_seconds()),
        "refresh_token": login.refresh_token,
        "refresh_expires_at": login.expires_at,
    }


def _me(person: Any) -> dict[str, Any]:
    shown = {name: getattr(person, name) for name in ("id", "email", "name", "locale", "preferences")}
    return shown | {"roles": service.memberships(g.session, g.scope, [person.id])}
