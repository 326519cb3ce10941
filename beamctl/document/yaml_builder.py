"""YAML events → the plain data of one document, with the line and column of every key and value. It must not know
where the events come from, nor what the data is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamctl.document.document import Path, Spot
from beamctl.document.problem import MOST_PROBLEMS, Place, Problem
from beamctl.document.quoting import quoted
from beamctl.document.yaml_errors import DEEPEST, TOO_DEEP
from beamctl.document.yaml_events import Event, NextEvent, UnreadableError
from beamctl.document.yaml_scalars import LONGEST_NUMBER, TooLongError, resolve

MOST_VALUES = 2_000_000
"""Values in one file, the empty documents among them."""
MOST_COPIED = 100_000
"""Values that the aliases of one file stand for."""

Plain = Callable[[str], str | float | bool | None]
"""What a plain scalar means."""

_NOWHERE = -1
"""A step in the path of what is read but is no part of the data; no item of a list has this index."""
_CORE = "tag:yaml.org,2002:"


class Tally:
    """What is counted over all documents of one file.

    Attributes:
        name: The file as the user named it.
        values: Values read so far.
        copied: Values that aliases stood for so far.
        problems: Problems found so far; of very many, only the first are kept.
        anchors: Every anchor so far; none of them holds beyond its document.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.values = 0
        self.copied = 0
        self.problems = 0
        self.anchors: set[str] = set()


class Builder:
    """Builds one document.

    Attributes:
        problems: What was wrong; the data then lacks it, or has the text that stood there.
        keys: Where each key begins.
        values: Where each value begins.
    """

    def __init__(self, tally: Tally, following: NextEvent, plain: Plain = resolve) -> None:
        from yaml import AliasEvent, MappingEndEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

        self.problems: list[Problem] = []
        self.keys: dict[Path, Spot] = {}
        self.values: dict[Path, Spot] = {}
        self._tally = tally
        self._following = following
        self._resolve = plain
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._alias_class, self._scalar_class = AliasEvent, ScalarEvent
        self._sequence_class, self._sequence_end, self._mapping_end = (
            SequenceStartEvent,
            SequenceEndEvent,
            MappingEndEvent,
        )

    def value(self, event: Event, path: Path) -> Any:  # noqa: ANN401 - plain data of any shape
        """The data that begins with `event`; all its events are taken.

        Raises:
            UnreadableError: A bound is exceeded.
        """
        mark = event.start_mark
        self.values[path] = mark.line + 1, mark.column + 1
        tally = self._tally
        tally.values += 1
        if tally.values > MOST_VALUES:
            raise self._beyond(event, f"the file has more than {MOST_VALUES} values", "split it")
        if type(event) is self._alias_class:
            return self._alias(event)
        if event.tag is not None:
            self._tag(event)
        if event.anchor is None:
            return self._untagged(event, path)
        return self._anchored(event, path)

    def _untagged(self, event: Event, path: Path) -> Any:  # noqa: ANN401 - as above
        if type(event) is self._scalar_class:
            return event.value if event.style else self._plain(event)
        if len(path) >= DEEPEST:
            raise self._beyond(event, *TOO_DEEP)
        if type(event) is self._sequence_class:
            return self._sequence(path)
        return self._mapping(path)

    def _plain(self, event: Event) -> str | float | bool | None:
        try:
            return self._resolve(event.value)
        except TooLongError:
            self._report(event, f"a number with more than {LONGEST_NUMBER} characters", "put quotes around it")
            return str(event.value)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while type(event := self._following()) is not self._sequence_end:
            items.append(self.value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        items: dict[str, Any] = {}
        following, value, keys = self._following, self.value, self.keys
        while type(event := following()) is not self._mapping_end:
            if not self._is_key(event, path, items):
                value(following(), (*path, _NOWHERE))
                continue
            name = event.value
            at = (*path, name)
            mark = event.start_mark
            keys[at] = mark.line + 1, mark.column + 1
            items[name] = value(following(), at)
        return items

    def _is_key(self, event: Event, path: Path, items: dict[str, Any]) -> bool:
        """Whether the event is a key that can be used; else its events are taken, and the problem is reported."""
        if type(event) is not self._scalar_class:
            self._report(event, "a key must be plain text", "put quotes around it, and around a value such as {{x}}")
            self.value(event, (*path, _NOWHERE))
            return False
        name = event.value
        if name in items:
            line = self.keys[*path, name][0]
            self._report(event, f"duplicate key {quoted(name)}, first on line {line}", "delete one of them")
            return False
        if event.tag is not None:
            self._tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = name, 1
            self._tally.anchors.add(event.anchor)
        if name == "<<" and not event.style:
            self._report(event, "merge keys (<<) are not supported", "write the merged keys out")
            return False
        if not name and not event.style:
            self._report(event, "the key before this colon is missing", "add one, or put quotes around the text")
            return False
        return True

    def _anchored(self, event: Event, path: Path) -> Any:  # noqa: ANN401 - as above
        tally = self._tally
        before = tally.values + tally.copied
        self._anchors[event.anchor] = None
        tally.anchors.add(event.anchor)
        data = self._untagged(event, path)
        self._anchors[event.anchor] = data, tally.values + tally.copied - before + 1
        return data

    def _alias(self, event: Event) -> Any:  # noqa: ANN401 - as above
        name = quoted("*" + event.anchor)
        if event.anchor not in self._anchors:
            if event.anchor in self._tally.anchors:
                message = f"the anchor of {name} is in an earlier document; anchors end at '---'"
                self._report(event, message, "repeat the value here")
            else:
                hint = "put quotes around a value that begins with *"
                self._report(event, f"the alias {name} has no anchor before it", hint)
            return "*" + event.anchor
        anchored = self._anchors[event.anchor]
        if anchored is None:
            self._report(event, f"the alias {name} refers to itself", "write the value out")
            return "*" + event.anchor
        data, size = anchored
        self._tally.copied += size
        if self._tally.copied > MOST_COPIED:
            raise self._beyond(
                event, f"aliases expand to more than {MOST_COPIED} values", "write them out, or use fewer aliases"
            )
        return data

    def _tag(self, event: Event) -> None:
        tag = event.tag
        shown = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
        hint = "put quotes around the value instead" if tag == _CORE + "str" else "delete it"
        self._report(event, f"tags such as {quoted(shown)} are not supported", hint)

    def _report(self, event: Event, message: str, hint: str) -> None:
        self._tally.problems += 1
        if self._tally.problems <= MOST_PROBLEMS + 1:
            self.problems.append(Problem(self._place(event), message, hint))

    def _beyond(self, event: Event, message: str, hint: str) -> UnreadableError:
        return UnreadableError(Problem(self._place(event), message, hint))

    def _place(self, event: Event) -> Place:
        return Place(self._tally.name, event.start_mark.line + 1, event.start_mark.column + 1)
