"""What plans and run records keep of a document: its guards, the days on which access ends, and its sections.

A module of its own: `plan.plan` would be too long with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beamctl.document.desired import Desired
from beamctl.document.problem import Place
from beamctl.plan.change import Change
from beamctl.plan.comparison import Comparison, Situation, sizes
from beamctl.plan.guards import Declared, declared_to_record


@dataclass(frozen=True, slots=True)
class DeclaredSection:
    """For reports, the place of a section (of the file, if there is no section), and the names in it, as written."""

    place: Place
    names: tuple[str, ...] = ()


def declared_by(
    desired: Desired, situation: Situation, found: Mapping[str, Comparison], changes: Sequence[Change]
) -> Declared | None:
    """What the run record keeps of a document; None if there is no document. A partial plan approves no looser
    guards."""
    if desired.guards.source is None:
        return None
    last = situation.recorded
    ends = dict(last.ends) if last else {}  # keeps those of kinds that this document does not declare
    ends |= {name: _shown_ends(situation, name, each) for name, each in found.items() if each.ends is not None}
    declared, is_approved = Declared(desired.guards, ends), bool(changes) and situation.chosen is None
    return declared_to_record(last, declared, sizes(found.values()), changes=is_approved)


def _shown_ends(situation: Situation, kind: str, found: Comparison) -> Mapping[str, str]:
    """The days on which access ends. A partial plan adds only those of the people it is about."""
    ends = found.ends or {}
    if situation.chosen is None:
        return ends
    known = situation.recorded.ends.get(kind, {}) if situation.recorded else {}
    return {key: day for key, day in ends.items() if known.get(key) == day or (kind, key) in situation.chosen}


def declared_section(desired: Desired, section: str) -> DeclaredSection:
    """What a document declares in a section."""
    document, data = desired.document, desired.section(section)
    is_known = (section,) in document.keys or (section,) in document.fragments
    place = document.key_place(section) if is_known else Place(document.source)
    return DeclaredSection(place, tuple(data) if isinstance(data, Mapping) else ())
