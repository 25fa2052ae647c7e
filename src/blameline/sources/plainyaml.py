"""YAML as plain text: mappings, lists and the words as they were written.

No tag makes an object, no alias grows without bound, and ``1.10``, ``off`` and ``12:30`` stay what a person typed.
"""

from __future__ import annotations

from typing import Any

import yaml

_STANDARD = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "seq", "map", "timestamp", "merge", "value")
)
_MOST_NODES = 200_000
_DEEPEST = 50
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Refused(Exception):
    """The YAML asks for something that a list of records has no use for; ``line`` says where."""

    def __init__(self, message: str, line: int) -> None:
        """What is refused, and where."""
        super().__init__(message)
        self.message = message
        self.line = line


def compose(text: str) -> yaml.Node | None:
    """The nodes of one document.

    Raises ``yaml.YAMLError`` when it is no YAML, and ``Refused`` for a tag, an alias that contains itself, or aliases
    that grow without bound.
    """
    depth = nodes = 0
    for event in yaml.parse(text, Loader=_LOADER):  # the composer calls itself for each level: look before it does
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > _DEEPEST or nodes > _MOST_NODES:
            said = "lists are nested too deep" if depth > _DEEPEST else f"it has more than {_MOST_NODES} values"
            raise Refused(said, event.start_mark.line + 1 if event.start_mark else 1)
    node = yaml.compose(text, Loader=_LOADER)
    if node is not None:
        _weigh(node, {}, ())
    return node


def _weigh(node: yaml.Node, known: dict[int, int], above: tuple[int, ...]) -> int:
    if id(node) in above or len(above) > _DEEPEST:
        raise Refused("an alias contains itself, or lists are nested too deep", line_of(node))
    if id(node) in known:
        return known[id(node)]
    if node.tag not in _STANDARD:
        raise Refused(f"the tag {node.tag.replace('tag:yaml.org,2002:', '!!')} is not allowed", line_of(node))
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        inner = list(node.value)
    elif isinstance(node, yaml.MappingNode):
        inner = [part for pair in node.value for part in pair]
    size = 1 + sum(_weigh(part, known, (*above, id(node))) for part in inner)
    if size > _MOST_NODES:
        raise Refused("its aliases grow without bound", line_of(node))
    known[id(node)] = size
    return size


def plain(node: yaml.Node | None) -> Any:  # noqa: ANN401  JSON or YAML of any shape
    """A node as mappings, lists, text and ``None``."""
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return None
    if isinstance(node, yaml.SequenceNode):
        return [plain(part) for part in node.value]
    if isinstance(node, yaml.MappingNode):
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    merged = {**(plain(part) if isinstance(part, yaml.MappingNode) else {}), **merged}
            else:
                own[str(plain(key))] = plain(value)
        return {**merged, **own}
    return str(node.value)


def line_of(node: yaml.Node) -> int:
    """The line where a node starts, from 1."""
    return int(node.start_mark.line) + 1
