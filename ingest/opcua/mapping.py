"""Turn a connection and its channels into what one server's session needs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from asyncua import ua

from backend.kernel.errors import Refused
from ingest.fields import Field, check_table
from ingest.plan import Channel, Connection

POLICIES = ("None", "Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss")
MODES = ("Sign", "SignAndEncrypt")

SERVER_FIELDS = {
    "url": Field(str),
    "policy": Field(str, "Basic256Sha256", among=POLICIES),
    "mode": Field(str, "SignAndEncrypt", among=MODES),
    "user": Field(str, None),
    "secret_name": Field(str, None),
    "fingerprint": Field(str, None),
    "publish_seconds": Field(float, 0.5, low=0.05, high=60.0),
    "reread_seconds": Field(float, 60.0, low=1.0, high=86_400.0),
    "browse": Field(bool, True),
}
NODE_FIELDS = {"node": Field(str)}


@dataclass(frozen=True)
class Server:
    """Where a server is and how it is spoken to.

    policy: `None` only where it is configured so; mode: Sign or SignAndEncrypt
    user, secret_name: who we are, and the environment variable that holds the password
    fingerprint: SHA-256 of the server's certificate in hex; without it the first one seen is kept
    publish_seconds: how often the server sends changes [s]
    reread_seconds: how often every item is read again as a safety net [s]
    browse: whether new variables are looked for
    """

    url: str
    policy: str
    mode: str
    user: str | None
    secret_name: str | None
    fingerprint: str | None
    publish_seconds: float
    reread_seconds: float
    browse: bool


@dataclass(frozen=True)
class Item:
    """One variable of a server and the points it feeds."""

    node: str
    channels: tuple[Channel, ...]


def server(connection: Connection) -> Server:
    """Return how the server is spoken to; raises Refused naming the wrong field."""
    where = f"connection '{connection.name}'"
    found = check_table(where, connection.address, SERVER_FIELDS)
    parts = urlsplit(found["url"])
    if parts.scheme != "opc.tcp" or not parts.hostname:
        raise Refused(
            f"{where}.url is {found['url']!r}",
            field=f"{where}.url",
            value=found["url"],
            remedy="opc.tcp://host:4840/path",
        )
    return Server(**found)


def items(channels: Iterable[Channel]) -> tuple[list[Item], list[tuple[Channel, Refused]]]:
    """Return the variables to subscribe, and the channels that name none with the reason."""
    by_node: dict[str, list[Channel]] = defaultdict(list)
    refused: list[tuple[Channel, Refused]] = []
    for channel in channels:
        where = f"channel of point {channel.point_key}"
        try:
            node = check_table(where, channel.address, NODE_FIELDS)["node"]
            node_id(node, [])
        except Refused as error:
            refused.append((channel, error))
        else:
            by_node[node].append(channel)
    return [Item(node, tuple(of_node)) for node, of_node in by_node.items()], refused


def node_id(text: str, namespaces: Sequence[str]) -> ua.NodeId:
    """Read a node id; `nsu=<uri>;...` finds its index among the server's namespaces.

    namespaces: the server's namespace table; empty to check the text only
    """
    prefix, _, rest = text.partition(";")
    if prefix.startswith("nsu="):
        uri = prefix.removeprefix("nsu=")
        if namespaces and uri not in namespaces:
            raise Refused(f"the server has no namespace {uri}", field="node", value=text)
        text = f"ns={list(namespaces).index(uri) if namespaces else 0};{rest}"
    try:
        return ua.NodeId.from_string(text)
    except (ua.UaError, ValueError):
        raise Refused(
            f"{text!r} is no node id",
            field="node",
            value=text,
            remedy="write ns=2;s=Meter.Power or nsu=uri;i=7",
        ) from None
