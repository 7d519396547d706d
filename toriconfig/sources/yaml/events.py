"""Building of the tree from the events of the YAML parser, in one pass, with positions and limits.

The code does not recurse, because the input may be deeply nested: the open collections are in a list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from toriconfig._core.tree import Node
from toriconfig.sources.yaml.findings import END_BITS, Frame, Stop
from toriconfig.sources.yaml.reading import Anchor, Reading
from toriconfig.sources.yaml.scalars import MERGE, MISSING, NUMERIC, REFUSED, WORDS, WORDS_OF_1_1


# One long function on purpose: the loop runs for each scalar, and a call would take as long as the rest of its branch.
def read_events(  # noqa: C901, PLR0912, PLR0915
    parser: Callable[[str], Any], text: str, reading: Reading
) -> Reading:
    """Read every document of a text into `reading`, and return `reading`.

    In each created `Node`, the attribute `at` is one number that contains the start and end index in the text.

    Args:
        parser: converts text into an object with `get_event`, which returns the next event, or None at the end.
        text: the text.
        reading: object to which the documents and problems are added.
    """
    # Most files have none of these characters. Tags and anchors are then not checked.
    special = "&" in text or "!" in text or "*" in text
    layer, max_depth, max_nodes = reading.layer, reading.limits.max_depth, reading.limits.max_nodes
    words, odd_words, missing, new_node, bits = WORDS, WORDS_OF_1_1, MISSING, Node, END_BITS
    anchors = reading.anchors
    stack: list[Frame] = []
    mapping: Any = None
    items: Any = None
    key: Any = None
    key_at: Any = None
    nodes = 0
    event: Any = None
    value: Any
    try:
        get_event = parser(text).get_event
        while True:
            event = get_event()
            kind = type(event)
            if kind is ScalarEvent:
                spelling = event.value
                if key is None and mapping is not None:
                    key_at = event.start_mark.index << bits | event.end_mark.index
                    key = spelling
                    if special or not spelling or spelling == "<<":
                        key = reading.key(event, (stack, mapping, items, key))
                    elif spelling[0] in NUMERIC or spelling in words:
                        key = reading.number_key(event, (stack, mapping, items, key))
                    if key in mapping:
                        reading.found.duplicate(key_at, (stack, mapping, items, key))
                    continue
                nodes += 1
                if nodes > max_nodes:
                    reading.found.many(event, max_nodes)
                if special and event.tag is not None:
                    value = reading.tagged(event, (stack, mapping, items, key))
                    if value is missing:
                        key = None
                        continue
                elif event.implicit[0]:
                    value = words.get(spelling, missing)
                    if value is missing:
                        if spelling[0] not in NUMERIC:
                            value = spelling
                            if spelling in odd_words:
                                reading.found.differs(event, value, (stack, mapping, items, key))
                        elif spelling.isdigit() and spelling[0] != "0" and len(spelling) < 20 and spelling.isascii():
                            value = int(spelling)
                        else:
                            value = reading.number(event, (stack, mapping, items, key))
                            if value is missing:
                                key = None
                                continue
                else:
                    value = spelling
                node = new_node(value, layer, event.start_mark.index << bits | event.end_mark.index, key_at)
                if special and event.anchor is not None:
                    anchors[event.anchor] = Anchor(node, spelling, 1)
                if mapping is not None:
                    mapping[key] = node
                    key = None
                elif items is not None:
                    items.append(node)
                else:
                    reading.root = node
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                where = (stack, mapping, items, key)
                if special and not reading.fits(event, kind is MappingStartEvent, where):
                    reading.skip(get_event, len(stack))
                    key = None
                    continue
                if key is None and mapping is not None:
                    reading.refuse_key(event, where)
                    reading.skip(get_event, len(stack))
                    key = REFUSED
                    continue
                nodes += 1
                if nodes > max_nodes:
                    reading.found.many(event, max_nodes)
                if len(stack) >= max_depth:
                    reading.too_deep(event)
                value = {} if kind is MappingStartEvent else []
                node = new_node(value, layer, event.start_mark.index << bits | event.end_mark.index, key_at)
                if mapping is not None:
                    mapping[key] = node
                elif items is not None:
                    items.append(node)
                else:
                    reading.root = node
                anchor = event.anchor
                if anchor is not None:
                    anchors[anchor] = Anchor(node, None, None)
                stack.append((mapping, items, key, key_at, anchor, nodes, event.flow_style))
                key = key_at = None
                if kind is MappingStartEvent:
                    mapping, items = value, None
                else:
                    mapping, items = None, value
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                if mapping is not None and MERGE in mapping:
                    reading.merge(mapping, (stack, mapping, items, key))
                mapping, items, key, key_at, anchor, before, _ = stack.pop()
                if anchor is not None and anchors[anchor] is not None:
                    anchors[anchor].size = nodes - before + 1
                if mapping is not None:
                    key = None
            elif kind is AliasEvent:
                where = (stack, mapping, items, key)
                if key is None and mapping is not None:
                    key_at = event.start_mark.index << bits | event.end_mark.index
                    key = reading.key(event, where)
                    if key in mapping:
                        reading.found.duplicate(key_at, (stack, mapping, items, key))
                    continue
                known = reading.alias(event, where)
                if known is None:
                    key = None
                    continue
                nodes += known.size or 0
                if nodes > max_nodes:
                    reading.found.many(event, max_nodes)
                node = new_node(known.node.value, layer, known.node.at, key_at)
                if mapping is not None:
                    mapping[key] = node
                    key = None
                elif items is not None:
                    items.append(node)
            elif kind is DocumentStartEvent:
                reading.begin(event)
                mapping = items = key = key_at = None
            elif kind is DocumentEndEvent:
                reading.finish()
            elif event is None:
                break
    except Stop:
        reading.cut(stack, mapping, event)
    except MarkedYAMLError as error:
        reading.syntax(error, stack)
        reading.cut(stack, mapping, event, error.problem_mark)
    except (YAMLError, UnicodeError) as error:
        reading.unreadable(error, event)
        reading.cut(stack, mapping, event)
    return reading
