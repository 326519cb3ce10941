"""How much of a workspace its document manages: every live object is managed, unmanaged or excluded.

A module of its own: kinds, workflows and reports use it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from beamctl.model.fact import Fact


class Coverage(StrEnum):
    """Whether a document decides about a live object."""

    MANAGED = "managed"
    """The document lists it, or would remove it because it lists everything else."""
    UNMANAGED = "unmanaged"
    """The document says nothing about it: there is no such section, or the section is additive."""
    EXCLUDED = "excluded"
    """It cannot be managed (a directory manages it, it is built in), or the document skips it."""


@dataclass(frozen=True, slots=True)
class Covered:
    """One live object.

    Attributes:
        key: Identifies it within its kind, as in changes.
        name: Display name.
    """

    key: str
    name: str
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class KindCoverage:
    """The live objects of one kind.

    Attributes:
        section: The heading in reports.
        objects: All that could be read.
        unread: What could not be read, and why, to follow the section's name; None if the objects are complete.
    """

    kind: str
    section: str
    objects: tuple[Covered, ...]
    unread: Fact | None = None

    def names(self, coverage: Coverage) -> tuple[str, ...]:
        """The names of the objects with this coverage."""
        return tuple(each.name for each in self.objects if each.coverage is coverage)


def percent_managed(kinds: Sequence[KindCoverage]) -> float:
    """The share of managed objects among those that can be managed, in percent, not rounded up; 100 if there are
    none, and 0 if something could not be read."""
    if any(each.unread for each in kinds):
        return 0.0
    managed, unmanaged = (
        sum(len(each.names(coverage)) for each in kinds) for coverage in (Coverage.MANAGED, Coverage.UNMANAGED)
    )
    return 100.0 * managed / (managed + unmanaged) if unmanaged else 100.0


def listed_or_whole(key: str, section: Collection[str] | None, *, additive: bool) -> Coverage:
    """The coverage of an object by a section without exceptions: its keys, or None if it is absent."""
    if section is None or (additive and key not in section):
        return Coverage.UNMANAGED
    return Coverage.MANAGED
