"""What can be done with tags. The caller owns the transaction."""

from backend.assets.queries.tags import TagFilter
from backend.assets.rules.clones import Place
from backend.assets.rules.tags import TagForged, TagRetired, TagTaken
from backend.assets.service.tags.binding import Circumstances, bind, bind_scanned, rebind, retire
from backend.assets.service.tags.codes import code_of, payload_of, read
from backend.assets.service.tags.finding import (
    Asset,
    TagRow,
    asset_of_scan,
    batch,
    batches,
    history,
    resolve,
    tag,
    tags,
    tags_of,
)
from backend.assets.service.tags.index import IndexPage, index
from backend.assets.service.tags.making import add_alias, list_aliases, make_batch, register_tag, remove_alias
from backend.assets.service.tags.seeing import (
    acknowledge_warning,
    record_sighting,
    sightings,
    warnings,
)
from backend.assets.service.tags.showing import PublicTag, public_tag

__all__ = [
    "Asset", "Circumstances", "IndexPage", "Place", "PublicTag", "TagFilter", "TagForged", "TagRetired", "TagRow",
    "TagTaken", "acknowledge_warning", "add_alias", "asset_of_scan", "batch", "batches", "bind", "bind_scanned",
    "code_of", "history", "index", "list_aliases", "make_batch", "payload_of", "public_tag", "read", "rebind",
    "record_sighting", "register_tag", "remove_alias", "resolve", "retire", "sightings", "tag", "tags", "tags_of",
    "warnings",
]  # fmt: skip
