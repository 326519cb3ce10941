"""Builds the plain data of one document from YAML events, with the position of every key and value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamctl.document.document import Path, Positions
from beamctl.document.problem import MOST_PROBLEMS, Place, Problem, ProblemCode, quoted
from beamctl.document.scalars import LONGEST_NUMBER, TooLongError, resolve
from beamctl.document.syntax import DEEPEST, TOO_DEEP, UnreadableError

Event = Any
"""One of PyYAML's many event classes."""
NextEvent = Callable[[], Event]

MOST_VALUES = 2_000_000
"""Values in one file, including empty documents."""
MOST_COPIED = 100_000
"""Values that the aliases of one file may expand to."""

_DISCARDED = -1
"""The path step of values that are read but discarded; no list item has this index."""
_SPECIAL_KEYS = frozenset({"<<", ""})
_CORE = "tag:yaml.org,2002:"


class Tally:
    """Counters over all documents of one file.

    Attributes:
        name: The file name given by the user.
        most_values: The limit of `values`.
        values: Values read so far.
        copied: Values that aliases expanded to so far.
        problems: Problems found so far; only the first are kept.
        anchors: All anchors so far, although each is valid only in its document.
    """

    def __init__(self, name: str, most_values: int = MOST_VALUES) -> None:
        self.name = name
        self.most_values = most_values
        self.values = 0
        self.copied = 0
        self.problems = 0
        self.anchors: set[str] = set()


class Builder:
    """Builds one document.

    Attributes:
        problems: The problems found; the values concerned are left out of the data, or kept as text.
        keys: The position of each key.
        values: The position of each value.
    """

    def __init__(self, tally: Tally, next_event: NextEvent) -> None:
        from yaml import AliasEvent, MappingEndEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

        self.problems: list[Problem] = []
        self.keys = Positions()
        self.values = Positions()
        self._tally = tally
        self._next_event = next_event
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._alias_class, self._scalar_class = AliasEvent, ScalarEvent
        self._sequence_class, self._sequence_end, self._mapping_end = (
            SequenceStartEvent,
            SequenceEndEvent,
            MappingEndEvent,
        )

    def root(self, event: Event) -> Any:  # noqa: ANN401 - plain data of any shape
        """The data of the document that begins with `event`. All its events are consumed.

        Raises:
            UnreadableError: A limit is exceeded.
        """
        self.values.root = event.start_mark
        return self._value(event, ())

    def _value(self, event: Event, path: Path) -> Any:  # noqa: ANN401 - as above
        self._count(event)
        if type(event) is self._alias_class:
            return self._alias(event)
        if event.tag is not None:
            self._tag(event)
        if event.anchor is None:
            return self._untagged(event, path)
        return self._anchored(event, path)

    def _count(self, event: Event) -> None:
        tally = self._tally
        tally.values += 1
        if tally.values > tally.most_values:
            raise self._limit_error(event, f"the file has more than {tally.most_values} values", "split it")

    def _untagged(self, event: Event, path: Path) -> Any:  # noqa: ANN401 - as above
        if type(event) is self._scalar_class:
            return event.value if event.style else self._plain(event)
        if len(path) >= DEEPEST:
            raise self._limit_error(event, *TOO_DEEP)
        if type(event) is self._sequence_class:
            return self._sequence(path)
        return self._mapping(path)

    def _plain(self, event: Event) -> str | float | bool | None:
        try:
            return resolve(event.value)
        except TooLongError:
            message = f"a number with more than {LONGEST_NUMBER} characters"
            self._report(event, ProblemCode.LIMIT_EXCEEDED, message, "put quotes around it")
            return str(event.value)

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        marks = self.values.of_children(path)
        while type(event := self._next_event()) is not self._sequence_end:
            marks[len(items)] = event.start_mark
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        items: dict[str, Any] = {}
        next_event, value, is_key, count = self._next_event, self._value, self._is_key, self._count
        plain, scalar, end = self._plain, self._scalar_class, self._mapping_end
        key_marks, value_marks = self.keys.of_children(path), self.values.of_children(path)
        while type(event := next_event()) is not end:
            name = event.value if type(event) is scalar and event.anchor is None and event.tag is None else None
            if name is None or name in items or name in _SPECIAL_KEYS:  # few keys
                if not is_key(event, path, items):
                    value(next_event(), (*path, _DISCARDED))
                    continue
                name = event.value
            key_marks[name] = event.start_mark
            event = next_event()
            value_marks[name] = event.start_mark
            if type(event) is scalar and event.anchor is None and event.tag is None:  # nearly all values
                count(event)
                items[name] = event.value if event.style else plain(event)
            else:
                items[name] = value(event, (*path, name))
        return items

    def _is_key(self, event: Event, path: Path, items: dict[str, Any]) -> bool:
        """Whether the event is a valid key; otherwise its events are consumed and the problem is reported."""
        if type(event) is not self._scalar_class:
            hint = "put quotes around it, and around a value such as {{x}}"
            self._report(event, ProblemCode.INVALID_KEY, "a key must be plain text", hint)
            self._value(event, (*path, _DISCARDED))
            return False
        name = event.value
        if name in items:
            line = self.keys[*path, name][0]
            hint = "delete one of them"
            self._report(event, ProblemCode.DUPLICATE_KEY, f"duplicate key {quoted(name)}, first on line {line}", hint)
            return False
        if event.tag is not None:
            self._tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = name, 1
            self._tally.anchors.add(event.anchor)
        if name == "<<" and not event.style:
            hint = "write the merged keys out"
            self._report(event, ProblemCode.UNSUPPORTED_YAML, "merge keys (<<) are not supported", hint)
            return False
        if not name and not event.style:
            hint = "add one, or put quotes around the text"
            self._report(event, ProblemCode.INVALID_KEY, "the key before this colon is missing", hint)
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
                self._report(event, ProblemCode.INVALID_ALIAS, message, "repeat the value here")
            else:
                hint = "put quotes around a value that begins with *"
                self._report(event, ProblemCode.INVALID_ALIAS, f"the alias {name} has no anchor before it", hint)
            return "*" + event.anchor
        anchored = self._anchors[event.anchor]
        if anchored is None:
            self._report(event, ProblemCode.INVALID_ALIAS, f"the alias {name} refers to itself", "write the value out")
            return "*" + event.anchor
        data, size = anchored
        self._tally.copied += size
        if self._tally.copied > MOST_COPIED:
            raise self._limit_error(
                event, f"aliases expand to more than {MOST_COPIED} values", "write them out, or use fewer aliases"
            )
        return data

    def _tag(self, event: Event) -> None:
        tag = event.tag
        shown = "!!" + tag.removeprefix(_CORE) if tag.startswith(_CORE) else tag
        hint = "put quotes around the value instead" if tag == _CORE + "str" else "delete it"
        self._report(event, ProblemCode.UNSUPPORTED_YAML, f"tags such as {quoted(shown)} are not supported", hint)

    def _report(self, event: Event, code: ProblemCode, message: str, hint: str) -> None:
        self._tally.problems += 1
        if self._tally.problems <= MOST_PROBLEMS + 1:
            self.problems.append(Problem(self._place(event), code, message, hint))

    def _limit_error(self, event: Event, message: str, hint: str) -> UnreadableError:
        return UnreadableError(Problem(self._place(event), ProblemCode.LIMIT_EXCEEDED, message, hint))

    def _place(self, event: Event) -> Place:
        return Place(self._tally.name, event.start_mark.line + 1, event.start_mark.column + 1)
