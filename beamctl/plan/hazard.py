"""Hazards: the named risks of a plan, and which of them were allowed; and where secrets may be read from files."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from posixpath import dirname

from beamctl.errors import UsageError
from beamctl.model.fact import Fact
from beamctl.model.secret import SECRETS_FROM, SOURCES_ALLOWED, File, place_of
from beamctl.model.text import printable
from beamctl.plan.change import Change, Reason


class Risk(StrEnum):
    """The name of a hazard. `schemas/README.md` says why each is one."""

    LAST_ADMIN = "last-admin"
    SELF_LOCKOUT = "self-lockout"
    TOO_FEW_ADMINS = "too-few-admins"
    MASS_REMOVAL = "mass-removal"
    REMOVES_ADMIN = "removes-admin"
    REMOVES_PROTECTED = "removes-protected"
    RENAME_SUSPECT = "rename-suspect"
    UNMAPS_ADMINS = "unmaps-admins"
    UNMAPS_GROUP = "unmaps-group"
    DELETES_SERVICE_ACCOUNT = "deletes-service-account"
    DELETES_API_KEY = "deletes-api-key"
    GRANTS_OUTSIDE_DOMAIN = "grants-outside-domain"
    SHARES_OUTSIDE = "shares-outside"
    LOOSENS_GUARDS = "loosens-guards"
    DELETES_POLICY_IN_USE = "deletes-policy-in-use"
    SECRET_SOURCE = "secret-source"  # noqa: S105 - the name of a hazard
    EMPTY_SECTION = "empty-section"
    LIVE_EMPTY = "live-empty"
    LIVE_WITHOUT_ADMINS = "live-without-admins"
    LIVE_WITHOUT_US = "live-without-us"
    LIVE_SHRANK = "live-shrank"


NEVER_ALLOWED = frozenset({Risk.LAST_ADMIN})
"""These cannot be allowed: no apply may remove the last accepted admin."""

DO_NOT_TRUST = frozenset({Risk.LIVE_EMPTY, Risk.LIVE_WITHOUT_ADMINS, Risk.LIVE_WITHOUT_US, Risk.LIVE_SHRANK})
"""The API's response may be wrong. These are reported even if there are no changes."""


@dataclass(frozen=True, slots=True)
class Hazard:
    """One risk of one plan.

    Attributes:
        value: What exactly: an e-mail, a count, a section. An allowance must name the same value.
        fact: Why it is one here.
    """

    risk: Risk
    value: str
    fact: Fact

    @property
    def liftable(self) -> bool:
        """Whether it can be allowed at all."""
        return self.risk not in NEVER_ALLOWED


@dataclass(frozen=True, slots=True)
class Allowance:
    """A hazard that was allowed by name for this plan.

    Attributes:
        workspace: The workspace; empty for the only one of a run.
    """

    risk: Risk
    value: str
    workspace: str = ""

    def __str__(self) -> str:
        return scoped(f"{self.risk}={self.value}", self.workspace)

    def holds_for(self, workspace: str) -> bool:
        """Whether it allows a hazard of this workspace."""
        return self.workspace in ("", workspace)


def scoped(allowed: str, workspace: str) -> str:
    """An allowance as the value of `--allow`; a run over several workspaces needs the name of one."""
    return f"{workspace}:{allowed}" if workspace else allowed


def allowance(text: str) -> Allowance:
    """Parse `NAME=VALUE` or `WORKSPACE:NAME=VALUE`.

    Raises:
        UsageError: The hazard is unknown or cannot be allowed, or there is no value or no workspace before the colon.
    """
    scope, _, value = text.partition("=")
    workspace, colon, label = scope.rpartition(":")
    if colon and not workspace:
        raise UsageError(f"--allow {text}: there is no workspace before the colon", f"Use --allow {text[1:]}.")
    risk = next((risk for risk in Risk if risk == label), None)
    if risk is None:
        known = ", ".join(risk for risk in Risk if risk not in NEVER_ALLOWED)
        raise UsageError(f"--allow: unknown hazard {label!r}", f"Known hazards: {known}.")
    if risk in NEVER_ALLOWED:
        why = "no accepted admin would remain, and no one could restore access"
        raise UsageError(f"--allow: {label} cannot be allowed: {why}", "Name another admin in the document first.")
    if not value:
        raise UsageError(f"--allow {scope} needs a value", f"Use --allow {scope}=VALUE as printed with the hazard.")
    return Allowance(risk, value, workspace)


def refuse_misdirected(allowed: Sequence[Allowance], workspaces: Sequence[str]) -> None:
    """Refuse allowances that are not for one workspace of the run.

    Raises:
        UsageError: One names a workspace that the run does not cover, or none although the run covers several.
    """
    for each in allowed:
        if each.workspace and each.workspace not in workspaces:
            raise UsageError(
                f"--allow {each}: this run does not cover the workspace {each.workspace!r}",
                f"It covers {_some(workspaces)}.",
            )
        if not each.workspace and len(workspaces) > 1:
            example = shlex.quote(str(replace(each, workspace=workspaces[0])))
            raise UsageError(
                f"--allow {each} does not name a workspace, but this run covers several",
                f"Name one of {_some(workspaces)}, such as:  --allow {example}",
            )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def allowed_in(workspace: str, allowed: Sequence[Allowance]) -> tuple[Allowance, ...]:
    """The allowances for one workspace, without its name."""
    return tuple(replace(each, workspace="") for each in allowed if each.holds_for(workspace))


def refused(hazards: Iterable[Hazard], allowed: Sequence[Allowance], workspace: str) -> tuple[Hazard, ...]:
    """The hazards of one workspace that were not allowed."""
    granted = {(each.risk, each.value) for each in allowed if each.holds_for(workspace)}
    return tuple(each for each in hazards if not each.liftable or (each.risk, each.value) not in granted)


def listed(hazards: Iterable[Hazard]) -> tuple[Hazard, ...]:
    """Hazards in the order of `Risk`, then by value."""
    order = {risk: place for place, risk in enumerate(Risk)}
    return tuple(sorted(hazards, key=lambda each: (order[each.risk], each.value)))


def merged(known: Iterable[Hazard], more: Iterable[Hazard]) -> tuple[Hazard, ...]:
    """The known hazards, plus those of `more` with another risk or value."""
    found = tuple(known)
    seen = {(each.risk, each.value) for each in found}
    new: dict[tuple[Risk, str], Hazard] = {}
    for each in more:
        if (each.risk, each.value) not in seen:
            new.setdefault((each.risk, each.value), each)
    return listed((*found, *new.values()))


def unused(hazards: Iterable[Hazard], allowed: Sequence[Allowance], workspace: str) -> tuple[Allowance, ...]:
    """The allowances for one workspace that match no hazard of its plan."""
    present = {(each.risk, each.value) for each in hazards}
    return tuple(each for each in allowed if each.holds_for(workspace) and (each.risk, each.value) not in present)


_SHOWN = 5
_HERE = "."
STANDARD_INPUT = "-"


def files_of(change: Change) -> Iterator[tuple[str, str]]:
    """Each part of the secret that comes from a file, and the file's path."""
    for part, written in change.secrets.get(SECRETS_FROM, {}).items():
        if isinstance(place := place_of(written), File):
            yield part, place.path


def folders_of(change: Change) -> Sequence[str]:
    """Where its files may be: the document's folder and `guards.secretSources`. An undo has no document and standard
    input has no folder; both use the current directory."""
    allowed = change.secrets.get(SOURCES_ALLOWED, ())
    if change.place is not None and change.place.source != STANDARD_INPUT:
        return (dirname(change.place.source) or _HERE, *allowed)
    return (_HERE, *allowed) if change.place or change.reason is Reason.UNDOES else allowed


def exact(path: str) -> str:
    """A path as the value of a hazard: printable and unambiguous."""
    return path if printable(path) == path and path[:1] not in ("'", '"') else ascii(path)
