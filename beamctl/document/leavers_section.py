"""The section `leavers` of all documents of a run: people who must be in no workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from beamctl.document.desired import Leaver
from beamctl.document.document import Document
from beamctl.document.grants import MEMBERS
from beamctl.document.groups import Groups
from beamctl.document.problem import Place, Problem, ProblemCode, quoted
from beamctl.document.rules import at_line, check_people, same_person
from beamctl.model.email import folded

LEAVERS = "leavers"


def leavers_of(documents: Sequence[Document]) -> tuple[dict[str, Leaver], list[Problem]]:
    """Everyone who leaves, and what is wrong with their entries."""
    found: dict[str, Leaver] = {}
    problems: list[Problem] = []
    for document in documents:
        section = document.data.get(LEAVERS) if isinstance(document.data, dict) else None
        if not isinstance(section, dict):
            continue
        problems += check_people(document, (LEAVERS,), "{since: …, reason: …}", day="since")
        for email, entry in section.items():
            place, key = document.key_place(LEAVERS, email), folded(email)
            since, reason = (entry.get("since"), entry.get("reason")) if isinstance(entry, dict) else (None, None)
            if key in found:
                if found[key].place.source != place.source or email == found[key].email:
                    problems.append(same_person(email, found[key].email, place, found[key].place))
            elif (day := _day(since)) and isinstance(reason, str):
                found[key] = Leaver(email, day, reason, place)
    return found, problems


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def still_listed(leavers: Mapping[str, Leaver], documents: Sequence[Document], groups: Groups) -> Iterator[Problem]:
    """A warning for each place that still lists a leaver."""
    for document in documents:
        members = document.data.get(MEMBERS) if isinstance(document.data, dict) else None
        for email in members if isinstance(members, dict) else ():
            if leaver := leavers.get(folded(email)):
                yield _still_listed(email, leaver, document.key_place(MEMBERS, email))
    for group in groups:
        for key in sorted(group.people.keys() & leavers.keys()):
            yield _still_listed(group.people[key], leavers[key], group.document.key_place(*group.path(key)))


def _still_listed(email: str, leaver: Leaver, place: Place) -> Problem:
    other = at_line(leaver.place, place)
    message = f"{quoted(email)} is still listed, but leaves on {leaver.since.isoformat()} ({LEAVERS} {other})"
    return Problem(place, ProblemCode.LISTED_LEAVER, message, "delete this entry once they have left")
