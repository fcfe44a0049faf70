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
from urllib.parse import unquote, urlsplit

import structlog
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from backend.kernel import ids
from backend.kernel.errors import Refused
from ingest.mqtt.acknowledge import Done
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


class Handler(Protocol):
    """What a wire does with its messages."""

    filters: tuple[str, ...]

    def take(self, topic: str, payload: bytes, *, is_retained: bool, done: Done | None) -> None:
        """Hand a message to the sink; `done` is to be called once it is durable."""

    def connected(self, publish: Callable[[str, bytes, int], None]) -> None:
        """Note that the broker is reached; `publish(topic, payload, qos)` sends while it is."""

    def tick(self) -> None:
        """Do what is due; called about once a second."""


class Wire:
    """Keeps one client connected and hands its messages to a handler."""

    def __init__(
        self, connection: Connection, handler: Handler, sink: Sink, notebook: Notebook, *, worker: str,
        default_url: str, will: tuple[str, bytes] | None = None,
    ) -> None:  # fmt: skip
        """Prepare; raises Refused where the address cannot be used.

        default_url: the broker where the connection names none
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
        self._will = will
        self._epoch = 0
        self._guard = threading.Lock()
        self._error: str | None = None
        self._lost_since = time.monotonic()
        self._is_up = False
        self._client: paho.Client | None = None

    def start(self) -> None:
        """Begin to connect, and keep connected until stopped."""
        self._lost_since = time.monotonic()
        client = self._client = self._make()
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_SECONDS
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = LARGEST_PACKET
        client.connect_async(
            self._url.hostname or "",
            self._url.port or (8883 if self._url.scheme == "mqtts" else 1883),
            keepalive=KEEP_ALIVE_SECONDS,
            clean_start=False,  # a session that does not exist yet is begun, one that does goes on
            properties=properties,
        )
        client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session for next time."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def check(self) -> None:
        """Do what is due, and make a client anew that has not come back by itself."""
        if self._is_up:
            self._guarded(self._handler.tick)
        elif self._client is not None and time.monotonic() - self._lost_since > GIVE_UP_SECONDS:
            log.warning("client made anew", connection=self.connection.name)
            self.stop()
            self.start()

    # --- paho

    def _make(self) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=self.client_id, protocol=paho.MQTTv5, manual_ack=True
        )
        client.connect_timeout = CONNECT_SECONDS
        client.reconnect_delay_set(1, LONGEST_PAUSE_SECONDS)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        user, password = self._credentials()
        if user:
            client.username_pw_set(user, password)
        if self._url.scheme == "mqtts":
            tls = self.connection.address.get("tls", {})
            client.tls_set(ca_certs=tls.get("ca"), certfile=tls.get("certificate"), keyfile=tls.get("key"))
        if self._will is not None:
            client.will_set(*self._will, qos=1, retain=True)
        return client

    def _credentials(self) -> tuple[str | None, str | None]:
        """Return user and password; a password comes from the environment or the broker's own address."""
        address = self.connection.address
        if address.get("user"):
            name = address.get("secret_name")
            if name and name not in os.environ:
                raise Refused(
                    f"the environment has no {name}", field="secret_name", value=name, remedy=f"set {name}"
                )
            return address["user"], os.environ.get(name) if name else None
        password = unquote(self._url.password) if self._url.password else None
        return unquote(self._url.username) if self._url.username else None, password

    def _on_connect(self, client: paho.Client, _: Any, flags: Any, reason: Any, __: Any) -> None:
        if reason.is_failure:
            self._failed(f"the broker refuses: {reason}")
            return
        with self._guard:
            self._epoch += 1
        self._guarded(lambda: self._subscribe(client))
        self._is_up = True
        if self._error is not None:
            log.info("broker back", connection=self.connection.name, session_kept=flags.session_present)
        self._error = None
        self._sink.contact(self.connection.id)
        self._guarded(lambda: self._handler.connected(lambda t, p, q: self._publish(client, t, p, q)))

    def _subscribe(self, client: paho.Client) -> None:
        """Subscribe to what the handler wants, and to nothing that an earlier plan wanted."""
        wanted = [f"$share/{self._share}/{f}" if self._share else f for f in self._handler.filters]
        stale = [f for f in self._notebook.recall(self.client_id) or () if f not in wanted]
        if stale:
            client.unsubscribe(stale)
        how = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        client.subscribe([(f, how) for f in wanted])
        self._notebook.remember(self.client_id, wanted)

    def _on_connect_fail(self, *_: Any) -> None:
        self._failed(f"no connection to {self._url.hostname}:{self._url.port or ''}")

    def _on_disconnect(self, *arguments: Any) -> None:
        with self._guard:
            self._epoch += 1
        self._is_up = False
        self._lost_since = time.monotonic()
        if self._client is not None:
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
            topic = message.topic
            self._handler.take(topic, message.payload, is_retained=message.retain, done=done)
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

    def _publish(self, client: paho.Client, topic: str, payload: bytes, qos: int) -> None:
        client.publish(topic, payload, qos=qos, retain=topic.startswith("spBv1.0/STATE/"))

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # an exception would freeze paho's thread
            log.exception("handler fault", connection=self.connection.name)
