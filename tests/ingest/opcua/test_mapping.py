"""Connections and channels of OPC UA, checked before anything is dialled."""

from uuid import uuid4

import pytest
from asyncua import ua

from backend.kernel.errors import Refused
from ingest.opcua import mapping
from ingest.plan import Channel, Connection


def connection(**address) -> Connection:
    return Connection(uuid4(), "opcua", "plant", {"url": "opc.tcp://plant:4840"} | address)


def channel(key: int, node: str) -> Channel:
    return Channel(key, uuid4(), {"node": node})


def test_security_is_on_unless_it_is_configured_off():
    server = mapping.server(connection())
    assert (server.policy, server.mode) == ("Basic256Sha256", "SignAndEncrypt")
    assert mapping.server(connection(policy="None")).policy == "None"


@pytest.mark.parametrize(
    ("address", "remedy"),
    [
        ({"url": "http://plant"}, "opc.tcp://host:4840/path"),
        ({"policy": "Basic128Rsa15"}, "use one of None, Basic256Sha256"),
        ({"mode": "None"}, "use one of Sign, SignAndEncrypt"),
        ({"publish_seconds": 0}, "between 0.05 and 60.0"),
        ({"username": "meter"}, "use one of url"),
    ],
)
def test_a_wrong_address_is_refused_with_the_remedy(address, remedy):
    with pytest.raises(Refused) as refused:
        mapping.server(connection(**address))
    assert remedy in refused.value.remedy


def test_points_of_one_variable_share_its_subscription():
    items, refused = mapping.items([channel(1, "ns=1;s=A"), channel(2, "ns=1;s=A"), channel(3, "ns=1;s=B")])
    assert [[c.point_key for c in item.channels] for item in items] == [[1, 2], [3]]
    assert refused == []


def test_a_channel_without_a_node_id_is_told_and_left_out():
    items, refused = mapping.items([channel(1, "Plant.Power"), channel(2, "ns=1;s=B")])
    assert [item.node for item in items] == ["ns=1;s=B"]
    assert refused[0][0].point_key == 1 and "write ns=2" in refused[0][1].remedy


def test_a_namespace_may_be_named_by_its_uri():
    table = ["http://opcfoundation.org/UA/", "urn:plant"]
    assert mapping.node_id("nsu=urn:plant;s=A", table) == ua.NodeId("A", 1)
    with pytest.raises(Refused, match="no namespace urn:other"):
        mapping.node_id("nsu=urn:other;s=A", table)
