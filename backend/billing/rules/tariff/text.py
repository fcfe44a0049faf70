"""The readable form of a tariff: YAML, of which only what is plain is taken.

A number stays the text it was written as, so that no digit is lost; `true`, `false` and whole numbers are what
they look like, and all else is text: no hour is read as a number to the base sixty, no `off` as false.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import Any

import yaml

from backend.billing.rules.tariff.tariff import Tariff, dump, parse
from backend.kernel.errors import Refused

LONGEST = 200_000
_PLAIN = {
    "tag:yaml.org,2002:bool": (r"^(true|false)$", "tf"),
    "tag:yaml.org,2002:int": (r"^-?(0|[1-9][0-9]{0,17})$", "-0123456789"),
    "tag:yaml.org,2002:null": (r"^(null|~|)$", ["n", "~", ""]),
}


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML comes without types
    """Reads plain YAML: no aliases, no key twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None, None, "aliases are not taken", self.peek_event().start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := next((key for number, key in enumerate(keys) if key in keys[:number]), None):
            raise yaml.constructor.ConstructorError(
                None, None, f"'{twice}' stands there twice", node.start_mark
            )
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # likewise
    """Writes what `_Loader` reads, without aliases and without quotes where none are needed."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True


for _tag, (_pattern, _first) in _PLAIN.items():
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), _first)
    _Dumper.add_implicit_resolver(_tag, re.compile(_pattern), _first)


def read(text: str) -> Tariff:
    """Read a tariff from YAML; raises Refused with the line where the text is no YAML, else as `parse` does."""
    return parse(mapping(text, "a tariff's text", "a tariff is a mapping with code, name, carrier, …"))


def mapping(text: str, called: str, wanted: str) -> Mapping[str, Any]:
    """Read plain YAML that is a mapping; raises Refused with the line where it is none.

    called: what it is ("a tariff's text"); wanted: what is said where it is no mapping
    """
    if len(text) > LONGEST:
        raise Refused(f"{called} has at most {LONGEST} characters", field="document", value=len(text))
    try:
        document = yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the text"
        why = getattr(error, "problem", None) or "cannot be read"
        raise Refused(f"{where}: {why}", field="document", remedy="mend the YAML there") from None
    if not isinstance(document, Mapping):
        raise Refused(wanted, field="document")
    return document


def write(tariff: Tariff) -> str:
    """Return a tariff as YAML: read(write(tariff)) == tariff."""
    return written(dump(tariff))


def written(document: Mapping[str, Any]) -> str:
    """Return a document as YAML that `mapping` reads back."""
    text: str = yaml.dump(dict(document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
    return text
