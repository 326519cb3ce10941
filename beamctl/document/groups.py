"""Groups of people: reads them from all documents of a run, checks them, and finds who is in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from beamctl.document.document import Document, Path
from beamctl.document.problem import Place, Problem, ProblemCode, closest, quoted
from beamctl.document.rules import at_line, check_people, is_no_day
from beamctl.document.schema import load_schema, quick_check
from beamctl.model.email import fault, folded

SECTION = "groups"
MOST_EXPANDED = 2_000_000
"""People that the groups of one run expand to, over all groups and workspaces."""
FOREVER = "~"
"""The end of what has no end: later than every day as text."""
_HINT = "declare it under groups; if its file is not part of this run, name that with -f too"


@dataclass(frozen=True, slots=True)
class DeclaredGroup:
    """One group.

    Attributes:
        name: Its name.
        document: The document that declares it.
        people: The valid e-mail addresses as written, by folded e-mail.
        includes: The included groups that exist, by name, with their index in the list.
    """

    name: str
    document: Document
    people: Mapping[str, str]
    includes: Mapping[str, int]

    @property
    def owner(self) -> str:
        """Who is responsible for it; empty if it does not say."""
        owner = self.document.data[SECTION][self.name].get("owner", "")
        return owner if isinstance(owner, str) else ""

    def path(self, key: str) -> Path:
        """The path of a person, by folded e-mail."""
        return SECTION, self.name, "members", self.people[key]

    def entry(self, key: str) -> Mapping[str, Any]:
        """What it says about a person, by folded e-mail."""
        entry = self.document.data[SECTION][self.name]["members"][self.people[key]]
        return entry if isinstance(entry, dict) else {}

    def end(self, key: str) -> str:
        """The first day on which a person is no longer in it, or `FOREVER`."""
        until = self.entry(key).get("until", FOREVER)
        return until if isinstance(until, str) else FOREVER

    def include_place(self, name: str) -> Place:
        """The line that includes another group."""
        return self.document.place(SECTION, self.name, "includes", self.includes[name])


class Groups:
    """All groups of a run.

    Attributes:
        problems: What is wrong with them.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        """The groups of these documents, whose order must not depend on that of the files."""
        self.problems: list[Problem] = []
        self._groups: dict[str, DeclaredGroup] = {}
        self._reached: dict[str, dict[str, str]] = {}
        self._people: dict[str, Mapping[str, tuple[DeclaredGroup, ...]]] = {}
        declared = [each for each in documents if isinstance(each.data, dict)]
        declared = [each for each in declared if isinstance(each.data.get(SECTION), dict)]
        places: dict[str, Place] = {}
        for document in declared:
            for name in document.data[SECTION]:
                place = document.key_place(SECTION, name)
                if name in places:
                    message = f"the group {quoted(name)} is declared twice, first {at_line(places[name], None)}"
                    self.problems.append(
                        Problem(place, ProblemCode.DUPLICATE_GROUP, message, "keep one of them, or rename one")
                    )
                elif name in load_schema("workspace")["properties"]:
                    message = f"a group cannot be named {quoted(name)}, which is a key of documents"
                    self.problems.append(Problem(place, ProblemCode.INVALID_NAME, message, "rename it, or indent less"))
                places.setdefault(name, place)
        self._names = frozenset(places)
        for document in declared:
            for name, data in document.data[SECTION].items():
                if name not in self._groups and isinstance(data, dict):
                    self._groups[name] = self._group(document, name, data)
        self.problems += self._cycles()

    def __contains__(self, name: object) -> bool:
        """Whether a group has this name."""
        return name in self._names

    def __len__(self) -> int:
        """How many names there are."""
        return len(self._names)

    def __iter__(self) -> Iterator[DeclaredGroup]:
        """All groups, by name."""
        return (self._groups[name] for name in sorted(self._groups))

    def get(self, name: str) -> DeclaredGroup | None:
        """The group with this name; None if there is none, or if it is not a mapping."""
        return self._groups.get(name)

    def unknown(self, name: str, place: Place) -> Iterator[Problem]:
        """The problem with a name that no group has, unless it cannot be one, which the schema reports."""
        if name not in self._names and quick_check("workspace", "groupName")(name):
            match = closest(name, sorted(self._names))
            hint = f"did you mean {quoted(match)}? Otherwise, {_HINT}" if match else _HINT
            yield Problem(place, ProblemCode.UNKNOWN_GROUP, f"there is no group {quoted(name)}", hint)

    def reached(self, name: str) -> Mapping[str, str]:
        """The groups whose people belong to a group, nearest first, each with the group that includes it: the group
        itself first, with an empty name."""
        if name not in self._reached:
            found = {name: ""} if name in self._groups else {}
            waiting = list(found)
            for each in waiting:  # grows
                for inner in sorted(self._groups[each].includes):
                    if inner not in found and inner in self._groups:
                        found[inner] = each
                        waiting.append(inner)
            self._reached[name] = found
        return self._reached[name]

    def people(self, name: str) -> Mapping[str, tuple[DeclaredGroup, ...]]:
        """Everyone in a group by folded e-mail, with the groups that list the person, nearest first."""
        if name not in self._people:
            found: dict[str, tuple[DeclaredGroup, ...]] = {}
            several: dict[str, list[DeclaredGroup]] = {}
            for each in self.reached(name):
                group = self._groups[each]
                again = found.keys() & group.people.keys()
                for key in again:
                    several.setdefault(key, [*found[key]]).append(group)
                found |= dict.fromkeys(group.people.keys() - again if again else group.people, (group,))
            self._people[name] = found | {key: tuple(listing) for key, listing in several.items()}
        return self._people[name]

    def warnings(self, used: frozenset[str] | None) -> Iterator[Problem]:
        """What is probably not as intended: groups that nothing uses, and people who are in a group twice.

        Args:
            used: The groups that workspaces name; None if there are no workspaces.
        """
        named = frozenset[str]().union(used or (), *(each.includes for each in self))
        work = 0
        for group in self:
            if used is not None and group.name not in named:
                message = f"no workspace and no other group uses the group {quoted(group.name)}"
                place = group.document.key_place(SECTION, group.name)
                yield Problem(place, ProblemCode.UNUSED_GROUP, message, "name it under members.groups, or delete it")
            for each in list(self.reached(group.name))[1:]:
                inner = self._groups[each]
                work += min(len(inner.people), len(group.people)) + 1
                if work > MOST_EXPANDED:
                    return
                for key in sorted(inner.people.keys() & group.people.keys()):
                    yield self._twice(group, inner, key)

    def _twice(self, group: DeclaredGroup, inner: DeclaredGroup, key: str) -> Problem:
        place = group.document.key_place(*group.path(key))
        other = at_line(inner.document.key_place(*inner.path(key)), place)
        message = (
            f"{quoted(group.people[key])} is in {quoted(group.name)} directly and through {quoted(inner.name)}, {other}"
        )
        return Problem(place, ProblemCode.DUPLICATE_MEMBERSHIP, message, "delete one of them; the later end counts")

    def _group(self, document: Document, name: str, data: Mapping[str, Any]) -> DeclaredGroup:
        members, includes = data.get("members"), data.get("includes")
        people: dict[str, str] = {}
        if isinstance(members, dict):
            self.problems += check_people(document, (SECTION, name, "members"), "{reason: …}")
            for email, entry in members.items():
                if not fault(email) and not is_no_day(entry.get("until") if isinstance(entry, dict) else None):
                    people.setdefault(folded(email), email)
        found: dict[str, int] = {}
        for index, each in enumerate(includes if isinstance(includes, list) else ()):
            if not isinstance(each, str):
                continue
            place = document.place(SECTION, name, "includes", index)
            self.problems += self.unknown(each, place)
            if each in found:
                message = f"{quoted(each)} is included twice"
                self.problems.append(Problem(place, ProblemCode.DUPLICATE_ENTRY, message, "delete one of them"))
            if each in self._names:
                found.setdefault(each, index)
        return DeclaredGroup(name, document, people, found)

    def _cycles(self) -> Iterator[Problem]:
        """Groups that include themselves, each cycle once. Without recursion: a chain may be long."""
        done: set[str] = set()
        reported: set[str] = set()
        for start in sorted(self._groups):
            trail: list[str] = []
            on_trail: dict[str, int] = {}
            waiting: list[tuple[str, bool]] = [] if start in done else [(start, False)]
            while waiting:
                name, is_left = waiting.pop()
                if is_left:
                    del on_trail[trail.pop()]
                    done.add(name)
                elif name in on_trail:
                    cycle = trail[on_trail[name] :]
                    if reported.isdisjoint(cycle):
                        yield self._cycle(cycle)
                    reported.update(cycle)
                elif name not in done:
                    on_trail[name] = len(trail)
                    trail.append(name)
                    inner = [each for each in sorted(self._groups[name].includes) if each in self._groups]
                    waiting += [(name, True), *((each, False) for each in reversed(inner))]

    def _cycle(self, cycle: Sequence[str]) -> Problem:
        steps = [*zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        places = [self._groups[name].include_place(inner) for name, inner in steps]
        path = " → ".join([*map(quoted, cycle[:_SHOWN]), *(["…"] if len(cycle) > _SHOWN else []), quoted(cycle[0])])
        where = ", ".join(f"{each.source}:{each.line}" for each in places[:_SHOWN])
        message = f"groups include each other: {path} ({where})"
        return Problem(places[-1], ProblemCode.GROUP_CYCLE, message, "delete one of these includes")


_SHOWN = 10
"""Groups of a cycle that are shown."""
