"""Letters: sent by SMTP, or written as files where no server is given."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from backend.kernel import clock, ids
from backend.kernel.errors import SettingWrong, Unavailable
from backend.kernel.settings import Settings


@dataclass(frozen=True)
class Enclosure:
    """A file that goes with a letter."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Letter:
    """A plain-text letter to one person.

    id: the same each time it is tried, so that a letter handed over twice is one to who receives it
    """

    to: str
    subject: str
    text: str
    id: str | None = None
    enclosures: Sequence[Enclosure] = ()


class Post(Protocol):
    """Something that takes letters."""

    def send(self, letter: Letter) -> None:
        """Hand the letter over; raises Unavailable when that must be tried again."""


@dataclass(frozen=True)
class FilePost:
    """Writes letters into a folder, one file each: for private installations and tests."""

    folder: Path
    sender: str

    def send(self, letter: Letter) -> None:
        """Write the letter, readable by this account only, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = self.folder / f"{letter.id or ids.show(ids.new_id())}.eml"
        half = name.with_suffix(f".{ids.show(ids.new_id())}.part")
        with open(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(bytes(compose(letter, self.sender)))
        half.rename(name)


@dataclass(frozen=True)
class SmtpPost:
    """Sends letters through a mail server: `smtp://user:password@host:587` or `smtps://…:465`."""

    url: str
    sender: str
    timeout_s: float = 20.0

    def send(self, letter: Letter) -> None:
        """Hand the letter to the server; a password is only ever sent encrypted."""
        parts, context = urlsplit(self.url), ssl.create_default_context()
        host, secure = parts.hostname or "localhost", parts.scheme == "smtps"
        try:
            server = (
                smtplib.SMTP_SSL(host, parts.port or 465, timeout=self.timeout_s, context=context)
                if secure
                else smtplib.SMTP(host, parts.port or 25, timeout=self.timeout_s)
            )
            with server:
                server.ehlo()
                if not secure and server.has_extn("starttls"):
                    server.starttls(context=context)
                    secure = True
                if parts.username and secure:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                elif parts.username:
                    raise SettingWrong("the mail server offers no encryption for the password")
                server.send_message(compose(letter, self.sender))
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"the mail server does not take the letter: {error}") from error


def post(settings: Settings) -> Post:
    """Return where letters go by the settings."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    sender = f"Enerfield <noreply@{host}>"
    url = settings.mail_url
    if url is None:
        return FilePost(settings.home / "mail", sender)
    scheme, rest = url.split(":", 1) if ":" in url else (url, "")
    if scheme == "file":
        return FilePost(Path(rest.removeprefix("//")), sender)
    if scheme not in {"smtp", "smtps"}:
        raise SettingWrong(
            "ENERFIELD_MAIL_URL is not understood", field="ENERFIELD_MAIL_URL",
            remedy="use smtp://…, smtps://… or file:folder",
        )  # fmt: skip
    return SmtpPost(url, sender)


def compose(letter: Letter, sender: str) -> EmailMessage:
    """Return the letter as a message; line breaks in headers are refused by the library."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"] = formatdate(clock.now().timestamp())
    domain = sender.rsplit("@", 1)[-1].rstrip(">")
    message["Message-ID"] = f"<{letter.id}@{domain}>" if letter.id else make_msgid(domain=domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    for one in letter.enclosures:
        kind, _, kind_of = one.media_type.partition("/")
        message.add_attachment(one.data, maintype=kind, subtype=kind_of, filename=one.name)
    return message
