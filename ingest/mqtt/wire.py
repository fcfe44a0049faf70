"""One MQTT connection: persistent session, acknowledged by hand, back within seconds of any fault.

What paho leaves to its user, and what is done about it here:
- it acknowledges before the work is done: `manual_ack`, and the sink says when a message is durable;
- packet numbers mean nothing in the next connection: an acknowledgement from before is dropped, the
  broker delivers the message again and storing it again is a no-op;
- a callback that raises kills or freezes its thread: none of ours lets anything out, and a message that
  defeats its handler becomes a dead letter instead of coming again for ever;
- a client that stays disconnected for a minute is thrown away and made anew (`check`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import structlog
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from backend.kernel import ids
from backend.kernel.errors import Refused
from ingest.loop import always
from ingest.mqtt.acknowledge import Done
from ingest.mqtt.client import Client
from ingest.notebook import Notebook
from ingest.plan import Connection
from ingest.ports import Sink

log = structlog.get_logger(__name__)

SESSION_SECONDS = 7 * 86_400
"""The broker keeps a worker's session and messages so long [s]."""

RECEIVE_MAXIMUM = 2_000
"""Messages the broker may send ahead of our acknowledgements."""

LARGEST_PACKET = 1_048_576
KEEP_ALIVE_SECONDS = 10
CONNECT_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 4
GIVE_UP_SECONDS = 60.0
FAREWELL_SECONDS = 2.0

LATE_SECONDS = 60.0
PAUSE_SECONDS = 0.5
"""After a session was taken up again, messages may have waited at the broker: until a pause, or so long [s]."""


def introduce(client: paho.Client, connection: Connection, url: SplitResult) -> None:
    """Say who we are at a broker: user, password and certificates; raises Refused where a secret is not set.

    A password comes from the environment, or from the installation's own broker address.
    """
    address = connection.address
    if address.get("user"):
        name = address.get("secret_name")
        if name and name not in os.environ:
            raise Refused(
                f"the environment has no {name}", field="secret_name", value=name, remedy=f"set {name}"
            )
        client.username_pw_set(address["user"], os.environ.get(name) if name else None)
    elif url.username:
        client.username_pw_set(unquote(url.username), unquote(url.password) if url.password else None)
    if url.scheme == "mqtts":
        tls = address.get("tls", {})
        client.tls_set(ca_certs=tls.get("ca"), certfile=tls.get("certificate"), keyfile=tls.get("key"))


class Handler(Protocol):
    """What a wire does with its messages."""

    filters: tuple[str, ...]

    @property
    def error(self) -> str | None:
        """What is wrong with the mapping or the devices, in words."""

    def take(
        self, topic: str, payload: bytes, *, is_retained: bool, done: Done | None, is_late: bool = False
    ) -> None:
        """Hand a message to the sink; `done` is to be called once it is durable.

        is_late: it may have waited at the broker, so that now is not when it was sent
        """

    def connected(self, publish: Callable[[str, bytes, int], None]) -> None:
        """Note that the broker is reached; `publish(topic, payload, qos)` sends while it is."""

    def leaving(self, publish: Callable[[str, bytes, int], None]) -> None:
        """Say goodbye, while the broker is still reached."""

    def tick(self) -> None:
        """Do what is due; called about once a second."""


class Wire:
    """Keeps one client connected and hands its messages to a handler."""

    def __init__(
        self, connection: Connection, handler: Handler, sink: Sink, notebook: Notebook, *, worker: str,
        default_url: str, will: tuple[str, bytes] | None = None, ours: Callable[[], bool] = always,
    ) -> None:  # fmt: skip
        """Prepare; raises Refused where the address cannot be used.

        default_url: the broker where the connection names none
        ours: tells whether this worker may speak for the connection now
        """
        self.connection = connection
        self.client_id = f"enerfield-{worker}-{ids.show(connection.id)}"
        self._handler = handler
        self._sink = sink
        self._notebook = notebook
        self._url = urlsplit(str(connection.address.get("url") or default_url))
        if self._url.scheme not in ("mqtt", "mqtts") or not self._url.hostname:
            raise Refused(
                "the broker's address is not mqtt:// or mqtts://", field="url", value=self._url.geturl()
            )
        self._share = connection.address.get("share")
        self._refused: list[str] = []
        self._wanted: list[str] = []
        self._told: str | None = None
        self._late_until = 0.0
        self._heard_at = 0.0
        self._will = will
        self._ours = ours
        self._epoch = 0
        self._guard = threading.Lock()
        self._error: str | None = None
        self._lost_since = time.monotonic()
        self._is_up = False
        self._client: paho.Client | None = None

    def start(self) -> None:
        """Begin to connect, and keep connected until stopped."""
        self._lost_since = time.monotonic()
        client = self._make()
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_SECONDS
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = LARGEST_PACKET
        try:
            port = self._url.port or (8883 if self._url.scheme == "mqtts" else 1883)
        except ValueError:
            raise Refused(
                "the broker's port is none", field="url", value=self._url.netloc, remedy="1 to 65535"
            ) from None
        client.connect_async(
            self._url.hostname or "",
            port,
            keepalive=KEEP_ALIVE_SECONDS,
            clean_start=False,  # a session that does not exist yet is begun, one that does goes on
            properties=properties,
        )
        self._client = client
        client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session for next time."""
        client, self._client = self._client, None
        if client is None:
            return
        if self._is_up and self._ours():
            self._guarded(
                lambda: self._handler.leaving(lambda t, p, q: self._publish(client, t, p, q, patient=True))
            )
        client.disconnect()
        client.loop_stop()

    def check(self) -> None:
        """Do what is due, and make a client anew that has not come back by itself."""
        if self._is_up:
            self._guarded(self._handler.tick)
            self._tell()
        elif self._client is not None and time.monotonic() - self._lost_since > GIVE_UP_SECONDS:
            log.warning("client made anew", connection=self.connection.name)
            gone = self._client
            self.start()  # raises where a secret or a file is gone: the present client stays then
            gone.disconnect()
            gone.loop_stop()

    # --- paho

    def _make(self) -> paho.Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=self.client_id, protocol=paho.MQTTv5, manual_ack=True
        )
        client.connect_timeout = CONNECT_SECONDS
        client.reconnect_delay_set(1, LONGEST_PAUSE_SECONDS)
        client.on_pre_connect = self._until_ours
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        introduce(client, self.connection, self._url)
        if self._will is not None:
            client.will_set(*self._will, qos=1, retain=True)
        return client

    def _on_connect(self, client: paho.Client, _: Any, flags: Any, reason: Any, __: Any) -> None:
        if reason.is_failure:
            self._failed(f"the broker refuses: {reason}")
            return
        with self._guard:
            self._epoch += 1
        self._refused = []
        self._heard_at = time.monotonic()
        self._late_until = self._heard_at + LATE_SECONDS if flags.session_present else 0.0
        self._guarded(lambda: self._subscribe(client))
        self._is_up = True
        if self._error is not None:
            log.info("broker back", connection=self.connection.name, session_kept=flags.session_present)
        self._error = None
        self._tell(anew=True)
        self._guarded(lambda: self._handler.connected(lambda t, p, q: self._publish(client, t, p, q)))

    def _subscribe(self, client: paho.Client) -> None:
        """Subscribe to what the handler wants, and to nothing that an earlier plan wanted."""
        wanted = [f"$share/{self._share}/{f}" if self._share else f for f in self._handler.filters]
        stale = [f for f in self._notebook.recall(self.client_id) or () if f not in wanted]
        if stale:
            client.unsubscribe(stale)
        how = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        self._wanted = wanted
        client.subscribe([(f, how) for f in wanted])
        self._notebook.remember(self.client_id, wanted)

    def _on_subscribe(self, _client: paho.Client, _: Any, _mid: int, reasons: Any, __: Any) -> None:
        """Note which filters the broker does not let us hear."""
        self._refused = [
            f"the broker refuses the subscription to {wanted}: {reason}"
            for wanted, reason in zip(self._wanted, reasons, strict=False)
            if reason.is_failure
        ]
        if self._refused:
            log.warning("subscription refused", connection=self.connection.name, filters=self._refused[:5])
        self._tell()

    def _tell(self, *, anew: bool = False) -> None:
        """Say that the broker is reached, and what is wrong all the same, when that changed."""
        words = "; ".join([*self._refused[:3], *filter(None, [self._handler.error])]) or None
        if anew or words != self._told:
            self._told = words
            self._sink.contact(self.connection.id, error=words)

    def _is_late(self) -> bool:
        """Tell whether a message may have waited at the broker: until the first pause in a kept session."""
        now, before = time.monotonic(), self._heard_at
        self._heard_at = now
        if now >= self._late_until or now - before > PAUSE_SECONDS:
            self._late_until = 0.0
        return self._late_until > 0

    def _until_ours(self, client: paho.Client, *_: Any) -> None:
        """Wait until the connection is ours; raises OSError where it is given up before that."""
        while not self._ours():
            if self._client is not client:
                raise ConnectionAbortedError("another worker reads this connection")
            time.sleep(0.05)

    def _on_connect_fail(self, *_: Any) -> None:
        if self._client is not None:
            self._failed(f"no connection to {self._url.hostname}:{self._url.port or ''}")

    def _on_disconnect(self, *arguments: Any) -> None:
        with self._guard:
            self._epoch += 1
        self._is_up = False
        self._lost_since = time.monotonic()
        if self._client is not None and self._ours():
            self._failed(f"the connection to the broker was lost: {arguments[3]}")

    def _failed(self, error: str) -> None:
        if error != self._error:
            if self._error is None:
                log.warning("broker lost", connection=self.connection.name, error=error)
            self._error = error
            self._sink.contact(self.connection.id, error=error)

    def _on_message(self, client: paho.Client, _: Any, message: paho.MQTTMessage) -> None:
        done = partial(self._ack, client, self._epoch, message.mid) if message.qos else None
        topic = "?"
        try:
            self._until_ours(client)
            topic = message.topic
            self._handler.take(
                topic, message.payload, is_retained=message.retain, done=done, is_late=self._is_late()
            )
        except ConnectionAbortedError:
            pass  # not acknowledged: the broker gives it to whoever reads the connection now
        except Exception as error:  # whatever a message does to us, it must not come again for ever
            log.exception("message defeated its handler", connection=self.connection.name, topic=topic)
            self._sink.refuse(
                message.payload,
                connection_id=self.connection.id,
                address=topic,
                reason=f"could not be handled: {type(error).__name__}: {error}",
                done=done,
            )

    def _ack(self, client: paho.Client, epoch: int, mid: int) -> None:
        with self._guard:
            if epoch == self._epoch:
                client.ack(mid, 1)

    def _publish(
        self, client: paho.Client, topic: str, payload: bytes, qos: int, *, patient: bool = False
    ) -> None:
        """Send; patient: wait until the broker has it, for a farewell."""
        sent = client.publish(topic, payload, qos=qos, retain=topic.startswith("spBv1.0/STATE/"))
        if patient:
            sent.wait_for_publish(FAREWELL_SECONDS)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # an exception would freeze paho's thread
            log.exception("handler fault", connection=self.connection.name)
