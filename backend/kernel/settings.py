"""Settings from the environment (`ENERFIELD_…`), typed, with a message that says what is wrong."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from backend.kernel.errors import SettingWrong


@dataclass(frozen=True)
class Settings:
    """Everything that differs from one installation to the next.

    database_url: `postgresql://…` of the database
    redis_url, mqtt_url: `redis://…` or `unix://…`, `mqtt://…`
    home: folder of private servers, logs, spool and files
    secret_key: signs sessions and tokens; at least 32 characters
    base_url: how people reach this installation
    tile_url: optional base map `https://…/{z}/{x}/{y}`; without it the map uses its own vector data
    mail_url: `smtp://…` or `file:…`; without it mail is written to `home/mail`
    payment_url, payment_secret: a payment provider that is sent orders, and what its calls are signed with
    invoice_url, invoice_secret: an office of statutory invoices, and what is signed with it
    roads_url: a road service that answers OSRM's `/table`; without it driving goes by great circles
    weather_url: a weather provider that answers as Open-Meteo does; without it weather comes by files alone
    trusted_proxies: how many proxies before us add to X-Forwarded-For; what others say there is ignored
    metrics_token: lets `/metrics` be read from elsewhere than this machine
    spool_mb: an ingest worker's spool never grows beyond this [MB]
    tag_host: host printed on tags; without it that of base_url
    tag_key, tag_older_keys: the character that names today's key of tags, and the secrets of older ones
    """

    database_url: str
    redis_url: str
    mqtt_url: str
    home: Path
    secret_key: str
    base_url: str
    port: int
    tile_url: str | None
    mail_url: str | None
    secure_cookies: bool
    max_upload_mb: int
    trusted_proxies: int
    metrics_token: str | None
    spool_mb: int = 1024
    tag_host: str | None = None
    tag_key: str = "1"
    tag_older_keys: Mapping[str, str] = field(default_factory=dict)
    roads_url: str | None = None
    weather_url: str | None = None
    payment_url: str | None = None
    payment_secret: str | None = None
    invoice_url: str | None = None
    invoice_secret: str | None = None


@dataclass(frozen=True)
class Place:
    """Where an installation keeps what it has: all that a backup and a restore have to know."""

    database_url: str
    home: Path


def place() -> Place:
    """Return where this installation keeps what it has; nothing else needs to be set."""
    return Place(_database(os.environ), _home(os.environ))


@cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Settings:
    """Read settings from an environment; raises SettingWrong naming the variable and the remedy."""
    home = _home(environment)
    port = _integer(environment, "PORT", 8000)
    base_url = environment.get("ENERFIELD_BASE_URL", f"http://localhost:{port}").rstrip("/")
    return Settings(
        database_url=_database(environment),
        redis_url=_url(environment, "ENERFIELD_REDIS_URL", ("redis", "rediss", "unix")),
        mqtt_url=_url(environment, "ENERFIELD_MQTT_URL", ("mqtt", "mqtts")),
        home=home,
        secret_key=_secret(environment, home),
        base_url=base_url,
        port=port,
        tile_url=environment.get("ENERFIELD_TILE_URL") or None,
        mail_url=environment.get("ENERFIELD_MAIL_URL") or None,
        secure_cookies=base_url.startswith("https:"),
        max_upload_mb=_integer(environment, "ENERFIELD_MAX_UPLOAD_MB", 64),
        trusted_proxies=_integer(environment, "ENERFIELD_TRUSTED_PROXIES", 0),
        metrics_token=environment.get("ENERFIELD_METRICS_TOKEN") or None,
        spool_mb=_integer(environment, "ENERFIELD_SPOOL_MB", 1024),
        tag_host=environment.get("ENERFIELD_TAG_HOST") or None,
        tag_key=_key_number(environment.get("ENERFIELD_TAG_KEY") or "1", "ENERFIELD_TAG_KEY"),
        tag_older_keys=_older_keys(environment.get("ENERFIELD_TAG_OLDER_KEYS", "")),
        roads_url=_web(environment, "ENERFIELD_ROADS_URL"),
        weather_url=_web(environment, "ENERFIELD_WEATHER_URL"),
        payment_url=_web(environment, "ENERFIELD_PAYMENT_URL"),
        payment_secret=_shared_secret(environment, "PAYMENT", "the provider"),
        invoice_url=_web(environment, "ENERFIELD_INVOICE_URL"),
        invoice_secret=_shared_secret(environment, "INVOICE", "the office"),
    )


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("ENERFIELD_HOME", "var")).absolute()


def _database(environment: Mapping[str, str]) -> str:
    return _url(environment, "ENERFIELD_DATABASE_URL", ("postgresql", "postgres"))


def _url(environment: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    value = environment.get(name, "")
    if urlsplit(value).scheme not in schemes:
        raise SettingWrong(
            f"{name} is {'not set' if not value else f'{value!r}'}",
            field=name,
            value=value or None,
            remedy=f"set it to a {schemes[0]}://… address, or start with script/server, which sets it",
        )
    return value


def _web(environment: Mapping[str, str], name: str) -> str | None:
    value = environment.get(name, "").rstrip("/")
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query):
        raise SettingWrong(f"{name} is {value!r}", field=name, value=value, remedy="use http://host:5000")
    return value or None


def _shared_secret(environment: Mapping[str, str], whose: str, who: str) -> str | None:
    name = f"ENERFIELD_{whose}_SECRET"
    secret = environment.get(name, "")
    if len(secret) < 32 and (secret or environment.get(f"ENERFIELD_{whose}_URL")):
        raise SettingWrong(
            f"{name} is too short", field=name, remedy=f"agree on at least 32 random characters with {who}"
        )
    return secret or None


def _integer(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, "")
    if not value:
        return default
    if not value.isdigit():
        raise SettingWrong(f"{name} is {value!r}", field=name, value=value, remedy="use a whole number")
    return int(value)


def _key_number(value: str, name: str) -> str:
    if len(value) != 1 or value not in "0123456789ABCDEFGHJKMNPQRSTVWXYZ":
        raise SettingWrong(
            f"{name}: {value!r} does not name a key",
            field=name,
            value=value,
            remedy="use one digit or letter",
        )
    return value


def _older_keys(value: str) -> dict[str, str]:
    """Read `1=old secret,2=another`: secrets whose labels still hang outside, by the key's number."""
    name, found = "ENERFIELD_TAG_OLDER_KEYS", {}
    for part in filter(None, value.split(",")):
        number, _, secret = part.partition("=")
        if len(secret) < 32:
            raise SettingWrong(f"{name} holds a secret that is too short", field=name, value=number,
                               remedy="write number=secret,number=secret")  # fmt: skip
        found[_key_number(number.strip(), name)] = secret
    return found


def _secret(environment: Mapping[str, str], home: Path) -> str:
    """Take the secret from the environment; a private installation makes its own and keeps it."""
    given = environment.get("ENERFIELD_SECRET_KEY", "")
    if given:
        if len(given) < 32:
            raise SettingWrong(
                "ENERFIELD_SECRET_KEY is too short",
                field="ENERFIELD_SECRET_KEY",
                remedy="use at least 32 random characters",
            )
        return given
    kept = home / "secret_key"
    home.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    return kept.read_text()
