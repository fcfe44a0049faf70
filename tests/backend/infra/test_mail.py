"""Letters: into files, or to a mail server; never with headers somebody slipped in."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading

import pytest

from backend.infra.mail import FilePost, Letter, SmtpPost, post
from backend.kernel.errors import SettingWrong, Unavailable
from backend.kernel.settings import read

LETTER = Letter("li@example.org", "重置密码", "您好：\nhttps://energy.example/reset/x\n")
ADDRESSES = {
    "ENERFIELD_DATABASE_URL": "postgresql://x", "ENERFIELD_REDIS_URL": "redis://x", "ENERFIELD_MQTT_URL": "mqtt://x",
}  # fmt: skip


def parse(raw: bytes):
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_a_letter_is_written_whole_and_for_us_alone(tmp_path):
    FilePost(tmp_path / "mail", "Enerfield <noreply@energy.example>").send(LETTER)
    (file,) = (tmp_path / "mail").iterdir()
    assert file.suffix == ".eml"
    assert file.stat().st_mode & 0o077 == 0
    message = parse(file.read_bytes())
    assert (message["To"], message["Subject"]) == (LETTER.to, LETTER.subject)
    assert message.get_content() == LETTER.text


def test_no_header_is_slipped_in(tmp_path):
    with pytest.raises(ValueError):
        FilePost(tmp_path, "x <x@y.example>").send(Letter("a@b.example", "hello\nBcc: all@b.example", "text"))


@pytest.mark.parametrize(
    ("url", "kind"), [(None, FilePost), ("file:letters", FilePost), ("smtp://mail.example", SmtpPost)]
)
def test_the_settings_choose_the_post(tmp_path, url, kind):
    given = ADDRESSES | {"ENERFIELD_HOME": str(tmp_path)} | ({"ENERFIELD_MAIL_URL": url} if url else {})
    assert isinstance(post(read(given)), kind)


def test_a_mail_address_that_is_not_understood_is_said(tmp_path):
    given = ADDRESSES | {"ENERFIELD_HOME": str(tmp_path), "ENERFIELD_MAIL_URL": "pigeon://coop"}
    with pytest.raises(SettingWrong):
        post(read(given))


class _Server(socketserver.StreamRequestHandler):
    """As much SMTP as a letter needs."""

    def handle(self):
        self.wfile.write(b"220 ready\r\n")
        body, reading = [], False
        while line := self.rfile.readline():
            if reading:
                if line == b".\r\n":
                    self.server.letters.append(b"".join(body))
                    reading = False
                    self.wfile.write(b"250 taken\r\n")
                else:
                    body.append(line)
            elif line.upper().startswith(b"DATA"):
                reading = True
                self.wfile.write(b"354 go on\r\n")
            elif line.upper().startswith(b"QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 fine\r\n")


@pytest.fixture
def server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Server) as server:
        server.letters = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_letter_goes_to_the_mail_server(server):
    SmtpPost(f"smtp://127.0.0.1:{server.server_address[1]}", "Enerfield <n@e.example>").send(LETTER)
    assert parse(server.letters[0])["Subject"] == LETTER.subject


def test_a_password_is_not_sent_in_clear(server):
    with pytest.raises(SettingWrong):
        SmtpPost(f"smtp://me:sesame@127.0.0.1:{server.server_address[1]}", "x <n@e.example>").send(LETTER)


def test_a_mail_server_that_is_away_is_tried_again_later():
    with pytest.raises(Unavailable):
        SmtpPost("smtp://127.0.0.1:1", "Enerfield <n@e.example>").send(LETTER)
