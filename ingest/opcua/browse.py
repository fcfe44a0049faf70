"""Look for variables a server has and nobody reads yet, to offer them for adoption."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from asyncua import Client, ua

MOST_NODES = 5000
DEEPEST = 8
AT_ONCE = 100
NUMERIC = {
    ua.VariantType.Boolean, ua.VariantType.SByte, ua.VariantType.Byte, ua.VariantType.Int16,
    ua.VariantType.UInt16, ua.VariantType.Int32, ua.VariantType.UInt32, ua.VariantType.Int64,
    ua.VariantType.UInt64, ua.VariantType.Float, ua.VariantType.Double,
}  # fmt: skip

Found = tuple[ua.NodeId, str]
"""(node id, browse path)"""


async def variables(client: Client) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield (node id, sample) of the numeric variables below Objects, breadth first.

    The server's own diagnostics (namespace 0) are left out; at most 5000 nodes are visited.
    """
    level: list[Found] = [(ua.NodeId(ua.ObjectIds.ObjectsFolder), "")]
    seen = {level[0][0]}
    for _ in range(DEEPEST):
        below: list[Found] = []
        for start in range(0, len(level), AT_ONCE):
            children = await _children(client, level[start : start + AT_ONCE])
            fresh = [(node, path, kind) for node, path, kind in children if node not in seen]
            seen.update(node for node, _, _ in fresh)
            found = [(node, path) for node, path, kind in fresh if kind == ua.NodeClass.Variable]
            for offer in await _samples(client, found):
                yield offer
            below += [(node, path) for node, path, _ in fresh]
        level = below
        if not level or len(seen) > MOST_NODES:
            return


async def _children(client: Client, nodes: Sequence[Found]) -> list[tuple[ua.NodeId, str, ua.NodeClass]]:
    session = client.uaclient.session
    request = ua.BrowseParameters(
        NodesToBrowse=[
            ua.BrowseDescription(
                NodeId=node,
                ReferenceTypeId=ua.NodeId(ua.ObjectIds.HierarchicalReferences),
                NodeClassMask=int(ua.NodeClass.Object | ua.NodeClass.Variable),
                ResultMask=int(ua.BrowseResultMask.All),
            )
            for node, _ in nodes
        ]
    )
    found: list[tuple[ua.NodeId, str, ua.NodeClass]] = []
    for (_, path), result in zip(nodes, await session.browse(request), strict=True):
        references = list(result.References or ())
        while result.ContinuationPoint:
            more = ua.BrowseNextParameters(ContinuationPoints=[result.ContinuationPoint])
            result = (await session.browse_next(more))[0]
            references += result.References or ()
        for reference in references:
            node = reference.NodeId
            if node.NamespaceIndex == 0:
                continue
            plain = ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)
            found.append((plain, f"{path}/{reference.BrowseName.Name}".lstrip("/"), reference.NodeClass))
    return found


async def _samples(client: Client, found: Sequence[Found]) -> list[tuple[str, dict[str, Any]]]:
    if not found:
        return []
    values = await client.uaclient.session.read_attributes([node for node, _ in found], ua.AttributeIds.Value)
    return [
        (
            node.to_string(),
            {"name": path, "type": value.Value.VariantType.name, "value": value.Value.Value},
        )
        for (node, path), value in zip(found, values, strict=True)
        if value.Value is not None and value.Value.VariantType in NUMERIC and not value.Value.is_array
    ]
