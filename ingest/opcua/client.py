"""One session with an OPC UA server: connected once, given up whole, never mended.

asyncua's client hangs when it reconnects over a dead link (opcua-asyncio 1660) and its own
reconnection doubles monitored items (2020), so every connection gets a new client, and the old one is
aborted with all its tasks. Notifications are acknowledged to the server only after they were handed over.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from asyncua import Client, ua
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties

from backend.kernel.errors import Refused
from ingest.opcua import certificates
from ingest.opcua.mapping import Server, node_id

logging.getLogger("asyncua").setLevel(logging.CRITICAL)  # a fault is logged once, by the loop

KEEP_ALIVE_SECONDS = 2.0
"""How often the server shows that a subscription lives when nothing changes [s]."""
SESSION_SECONDS = 10.0
"""How long the server keeps a session that fell silent [s]: small ones have room for few, so not long."""
CHANNEL_SECONDS = 600.0
AT_ONCE = 500
"""Most nodes in one request."""

OnChanges = Callable[[list[tuple[int, ua.DataValue]]], Awaitable[None]]


class SessionLost(Exception):
    """The session cannot be used any longer."""


class Session:
    """A connected session with at most one subscription.

    timeout: how long one request may take [s]
    """

    def __init__(self, server: Server, home: Path, memory: Path, *, timeout: float) -> None:
        self._server = server
        self._home = home
        self._memory = memory
        self._timeout = timeout
        self._client: Client | None = None
        self._namespaces: list[str] = []
        self._subscription = 0
        self._monitored: dict[int, ua.NodeId] = {}
        self._stale_after = 0.0
        self._published_at: float | None = None
        self._handing_over = False
        self._lost: str | None = None
        self._deliver: OnChanges | None = None

    async def open(self) -> None:
        """Connect with the configured security; raises what asyncua raises, or Refused."""
        client = Client(self._server.url, timeout=self._timeout, watchdog_intervall=self._timeout)
        client.name = client.description = "Enerfield"
        client.session_timeout = int(SESSION_SECONDS * 1000)
        client.secure_channel_timeout = int(CHANNEL_SECONDS * 1000)
        self._client = client
        await self._secure(client)
        if self._server.user is not None:
            client.set_user(self._server.user)
            client.set_password(_password(self._server.secret_name))
        await client.connect(auto_reconnect=False)
        self._namespaces = await client.get_namespace_array()

    async def subscribe(self, deliver: OnChanges) -> None:
        """Make the subscription; `monitor` puts variables on it.

        deliver: takes [(place of the node, data value)]; a notification is acknowledged when it returns
        """
        self._deliver = deliver
        session = self._connected.uaclient.session
        publish_ms = self._server.publish_seconds * 1000
        count = max(1, round(KEEP_ALIVE_SECONDS * 1000 / publish_ms))
        made = await session.create_subscription(
            ua.CreateSubscriptionParameters(
                RequestedPublishingInterval=publish_ms,
                RequestedLifetimeCount=count * 15,
                RequestedMaxKeepAliveCount=count,
                MaxNotificationsPerPublish=10_000,
            ),
            self._published,
        )
        keep_alive = made.RevisedPublishingInterval * made.RevisedMaxKeepAliveCount / 1000
        self._stale_after = 2 * keep_alive + self._timeout
        self._published_at = asyncio.get_running_loop().time()
        self._subscription = made.SubscriptionId

    async def monitor(self, nodes: Mapping[int, str]) -> dict[int, str]:
        """Subscribe to variables by place; returns those the server refuses, with its reason."""
        wanted: dict[int, ua.NodeId] = {}
        refused: dict[int, str] = {}
        for place, node in nodes.items():
            try:
                wanted[place] = node_id(node, self._namespaces)
            except Refused as error:
                refused[place] = error.message
        for some in _portions(wanted):
            refused |= await self._monitor(some)
        self._monitored |= {place: node for place, node in wanted.items() if place not in refused}
        return refused

    async def read(self) -> list[tuple[int, ua.DataValue]]:
        """Read what is monitored afresh, with both timestamps; returns [(place, data value)]."""
        found: list[tuple[int, ua.DataValue]] = []
        for some in _portions(self._monitored):
            values = await self._connected.uaclient.session.read(
                ua.ReadParameters(
                    TimestampsToReturn=ua.TimestampsToReturn.Both,
                    NodesToRead=[_value_of(node) for node in some.values()],
                )
            )
            found += zip(some, values, strict=True)
        return found

    def reads(self, node: str) -> bool:
        """Tell whether a node, named as the server does, is monitored."""
        return any(monitored.to_string() == node for monitored in self._monitored.values())

    def check(self) -> None:
        """Raise SessionLost where the connection is gone or the subscription fell silent."""
        if self._lost is not None:
            raise SessionLost(self._lost)
        if self._connected.state.value == "disconnected":
            raise SessionLost("the connection was lost")
        silent = 0.0
        if self._published_at is not None and not self._handing_over:
            silent = asyncio.get_running_loop().time() - self._published_at
        if silent > self._stale_after > 0:
            raise SessionLost(f"the subscription fell silent for {silent:.0f} s")

    async def close(self, *, at_once: bool) -> None:
        """End the session.

        at_once: without a word to the server, because it does not hear
        """
        client, self._client = self._client, None
        if client is None:
            return
        protocol = client.uaclient.protocol
        transport = protocol.transport if protocol is not None else None
        if at_once and transport is not None:
            transport.abort()
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(self._timeout):
                await client.disconnect()
        except Exception:
            logging.getLogger(__name__).debug("leaving a session failed", exc_info=True)
        finally:
            if transport is not None:
                transport.abort()

    @property
    def client(self) -> Client:
        """The connected client, for browsing."""
        return self._connected

    @property
    def _connected(self) -> Client:
        if self._client is None:
            raise SessionLost("the session is not open")
        return self._client

    async def _secure(self, client: Client) -> None:
        """Find the endpoint with the wanted security, check who is there, and set our certificate."""
        server = self._server
        mode = (
            ua.MessageSecurityMode.None_ if server.policy == "None" else ua.MessageSecurityMode[server.mode]
        )
        policy = getattr(security_policies, f"SecurityPolicy{server.policy}")
        endpoints = await client.connect_and_get_server_endpoints()
        endpoint = next(
            (e for e in endpoints if e.SecurityPolicyUri == policy.URI and e.SecurityMode == mode), None
        )
        if endpoint is None:
            offered = ", ".join(sorted({_named(e.SecurityPolicyUri, e.SecurityMode) for e in endpoints}))
            raise SessionLost(f"the server does not offer {_named(policy.URI, mode)}; it offers {offered}")
        if server.user is not None and not encrypts_passwords(endpoint, policy.URI):
            raise SessionLost("the server would take the password unencrypted; choose a security policy")
        if server.policy == "None":
            return
        certificates.check_server(endpoint.ServerCertificate, pinned=server.fingerprint, memory=self._memory)
        ours = certificates.identity(self._home)
        client.application_uri = ours.application_uri
        await client.set_security(
            policy,
            CertProperties(ours.certificate, "der"),
            CertProperties(ours.key, "pem"),
            server_certificate=CertProperties(endpoint.ServerCertificate, "der"),
            mode=mode,
        )

    async def _monitor(self, nodes: Mapping[int, ua.NodeId]) -> dict[int, str]:
        request = ua.CreateMonitoredItemsParameters(
            SubscriptionId=self._subscription, TimestampsToReturn=ua.TimestampsToReturn.Both
        )
        for place, node in nodes.items():
            request.ItemsToCreate.append(
                ua.MonitoredItemCreateRequest(
                    ItemToMonitor=_value_of(node),
                    MonitoringMode=ua.MonitoringMode.Reporting,
                    RequestedParameters=ua.MonitoringParameters(
                        ClientHandle=place,
                        SamplingInterval=self._server.publish_seconds * 1000,
                        QueueSize=10,
                        DiscardOldest=True,
                    ),
                )
            )
        results = await self._connected.uaclient.session.create_monitored_items(request)
        return {
            place: result.StatusCode.name
            for place, result in zip(nodes, results, strict=True)
            if not result.StatusCode.is_good()
        }

    async def _published(self, published: ua.PublishResult) -> None:
        """Hand a notification over; asyncua acknowledges it when this returns, so it must not on failure."""
        loop = asyncio.get_running_loop()
        self._published_at = loop.time()
        changes: list[tuple[int, ua.DataValue]] = []
        for part in published.NotificationMessage.NotificationData or ():
            if isinstance(part, ua.DataChangeNotification):
                changes += [(item.ClientHandle, item.Value) for item in part.MonitoredItems]
            elif isinstance(part, ua.StatusChangeNotification):
                is_end = (
                    part.Status.value == ua.StatusCodes.BadShutdown
                )  # asyncua's word for a lost connection
                reason = (
                    "the connection was lost" if is_end else f"the subscription ended: {part.Status.name}"
                )
                self._lost = reason
        if not changes or self._deliver is None:
            return
        self._handing_over = True
        try:
            await self._deliver(changes)
        except Exception as error:
            self._lost = f"readings could not be handed over: {error}"
            await asyncio.Event().wait()
        finally:
            self._handing_over = False
            self._published_at = loop.time()


def _password(secret_name: str | None) -> str:
    if secret_name is None:
        return ""
    if secret_name not in os.environ:
        raise Refused(
            f"the environment has no {secret_name}", field="secret_name", value=secret_name,
            remedy=f"set {secret_name}",
        )  # fmt: skip
    return os.environ[secret_name]


def _value_of(node: ua.NodeId) -> ua.ReadValueId:
    return ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value)


def _portions(nodes: Mapping[int, ua.NodeId]) -> Iterator[dict[int, ua.NodeId]]:
    """Cut nodes into portions a server takes in one request."""
    places = list(nodes)
    for start in range(0, len(places), AT_ONCE):
        yield {place: nodes[place] for place in places[start : start + AT_ONCE]}


def _named(policy_uri: str, mode: ua.MessageSecurityMode) -> str:
    policy = policy_uri.rpartition("#")[2].replace("_", "")
    return policy if policy == "None" else f"{policy} {mode.name}"


def encrypts_passwords(endpoint: ua.EndpointDescription, policy_uri: str) -> bool:
    """Tell whether a password given at an endpoint of this policy is never sent readable."""
    none = security_policies.SecurityPolicyNone.URI
    return all(
        (token.SecurityPolicyUri or policy_uri) != none
        or endpoint.SecurityMode == ua.MessageSecurityMode.SignAndEncrypt
        for token in endpoint.UserIdentityTokens
        if token.TokenType == ua.UserTokenType.UserName
    )
