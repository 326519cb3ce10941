"""The desired state that a valid document describes, with its general sections (guards, manage)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from math import ceil
from typing import Any

from beamctl.document.document import Document
from beamctl.document.problem import Place, Problem
from beamctl.model import email


class Mode(StrEnum):
    """What happens to live objects that a section does not list."""

    AUTHORITATIVE = "authoritative"
    """They are removed."""
    ADDITIVE = "additive"
    """They are left alone."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many removals one apply may make.

    Attributes:
        number: A count, or a percentage.
        percent: Whether `number` is a percentage.
    """

    number: int
    percent: bool = False

    def of(self, population: int) -> int:
        """The number allowed out of `population`; percentages are rounded up, so 25% of 3 is 1."""
        return ceil(population * self.number / 100) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


@dataclass(frozen=True, slots=True)
class Self:
    """The identity that beamctl runs as, declared in the document.

    Attributes:
        email: E-mail of a person, as written; empty for a service account.
        service_account: Name of a service account; empty for a person.
    """

    email: str = ""
    service_account: str = ""

    def __str__(self) -> str:
        return f"email {self.email}" if self.email else f"serviceAccount {self.service_account}"


@dataclass(frozen=True, slots=True)
class Guards:
    """Settings that decide when a change is a hazard.

    Attributes:
        min_admins: Accepted admins that must remain.
        max_removals: Removals, demotions and revocations allowed in one apply.
        allowed_domains: Folded domains whose users may get access; None means all, empty means none.
        protected: Folded e-mails of members who are never removed or demoted.
        secret_sources: Additional files and folders that secrets may be read from.
        allowed_workspaces: Workspaces with which images and custom domains may be shared.
        prevent_destroy: Whether the workspace must not be deleted.
        runs_as: The identity that beamctl runs as, if the document declares it.
        source: The document that sets them; None for defaults, and for guards read from a run record.
    """

    min_admins: int = 1
    max_removals: Limit = field(default_factory=lambda: Limit(25, percent=True))
    allowed_domains: tuple[str, ...] | None = None
    protected: tuple[str, ...] = ()
    secret_sources: tuple[str, ...] = ()
    allowed_workspaces: tuple[str, ...] = ()
    prevent_destroy: bool = True
    runs_as: Self | None = None
    source: Document | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Skip:
    """A person who is left alone for a while, regardless of the document and the workspace.

    Attributes:
        email: As written.
        until: The first day, in UTC, on which they are managed again.
        reason: Why.
        place: The line and column of the entry.
    """

    email: str
    until: date
    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class Leaver:
    """A person who must be in no workspace, whatever a document or a group says.

    Attributes:
        email: As written.
        since: The first day, in UTC, without access.
        reason: Why.
        place: The line and column of the entry.
    """

    email: str
    since: date
    reason: str
    place: Place


@dataclass(frozen=True, slots=True)
class GroupStep:
    """One step from a workspace to a person through groups: a group, and the line that names it or, last, the person.

    Attributes:
        name: The group; in the last step the e-mail as written.
        place: The line and column of the entry.
    """

    name: str
    place: Place


_MAX_REINVITES = 3
SKIP = "manage", "skip"
"""The path of the people who are left alone."""
LEAVERS = "leavers"


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired state from a valid document.

    Attributes:
        workspace: The name of the workspace.
        document: The document; each kind reads its own sections.
        guards: The guards, with defaults filled in.
        manage: The mode of each section that sets one; the others are authoritative.
        skip: People who are left alone for a while, by folded e-mail.
        max_reinvites: How often an expired invitation is sent again.
        warnings: What is probably not as intended.
        leavers: People who must be in no workspace, by folded e-mail.
        through: By folded e-mail, the ways through groups that give the person the role they have, or will have later;
            none for people who are named directly.
    """

    workspace: str
    document: Document
    guards: Guards = field(default_factory=Guards)
    manage: Mapping[str, Mode] = field(default_factory=dict)
    skip: Mapping[str, Skip] = field(default_factory=dict)
    max_reinvites: int = _MAX_REINVITES
    warnings: tuple[Problem, ...] = ()
    leavers: Mapping[str, Leaver] = field(default_factory=dict)
    through: Mapping[str, tuple[tuple[GroupStep, ...], ...]] = field(default_factory=dict)

    @property
    def sources(self) -> tuple[str, ...]:
        """All files that it depends on, that of the document first."""
        leavers = (each.place.source for each in self.leavers.values())
        return tuple(dict.fromkeys((*self.document.sources, *leavers)))

    def mode(self, section: str) -> Mode:
        """The mode of a section."""
        return self.manage.get(section, Mode.AUTHORITATIVE)

    @property
    def keys(self) -> Collection[str]:
        """The keys of the document, with `leavers` if there are any in this run."""
        return {*self.document.data, LEAVERS} if self.leavers else self.document.data

    def leaver(self, key: str, today: date) -> Leaver | None:
        """The entry of a person who has left, by folded e-mail; None for everyone else, also before the day."""
        found = self.leavers.get(key)
        return found if found and found.since <= today else None

    def section(self, name: str) -> Any:  # noqa: ANN401 - each kind reads its own data
        """The data of a section, or None if it is absent and so not managed."""
        return self.document.data.get(name)


def desired_of(document: Document) -> Desired:
    """The desired state from a valid document."""
    data = document.data
    manage = {section: Mode(mode) for section, mode in data.get("manage", {}).items() if section != SKIP[-1]}
    declared = data.get("guards", {})
    guards = replace(guards_of(declared), source=document)
    max_reinvites = int(declared.get("maxReinvites", _MAX_REINVITES))
    return Desired(data["workspace"], document, guards, manage, _skip(document), max_reinvites)


def _skip(document: Document) -> dict[str, Skip]:
    skipped = document.data.get("manage", {}).get("skip", {})
    return {
        email.folded(address): Skip(
            address, date.fromisoformat(entry["until"]), entry["reason"], document.key_place(*SKIP, address)
        )
        for address, entry in skipped.items()
    }


def guards_of(data: Mapping[str, Any]) -> Guards:
    """The guards from a document or a run record, with defaults filled in."""
    default = Guards()
    runs_as = data.get("self")
    return Guards(
        min_admins=int(data.get("minAdmins", default.min_admins)),
        max_removals=_limit(data["maxRemovals"]) if "maxRemovals" in data else default.max_removals,
        allowed_domains=tuple(map(email.folded, data["allowedDomains"])) if "allowedDomains" in data else None,
        protected=tuple(email.folded(address) for address in data.get("protected", ())),
        secret_sources=tuple(data.get("secretSources", default.secret_sources)),
        allowed_workspaces=tuple(data.get("allowedWorkspaces", default.allowed_workspaces)),
        prevent_destroy=data.get("preventDestroy", default.prevent_destroy),
        runs_as=Self(runs_as.get("email", ""), runs_as.get("serviceAccount", "")) if runs_as else None,
    )


def _limit(written: str | float) -> Limit:
    if isinstance(written, str):
        return Limit(int(written.removesuffix("%")), percent=True)
    return Limit(int(written))
