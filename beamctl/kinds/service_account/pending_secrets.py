"""Objects whose secret was not handed over: those proven by a run record, and those that only have a marker. Anyone who
can edit a description can write a marker, so it alone deletes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from beamctl.kinds.creation_key import left_by
from beamctl.kinds.service_account.live import Account, Accounts
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.text import printable
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Allowance, Risk

KIND = "service_account"


@dataclass(frozen=True, slots=True)
class PendingSecrets:
    """The objects with a marker that may be deleted.

    Attributes:
        known: The ids of those that a record attributes to an interrupted run.
        given_up: The ids of others whose deletion was allowed by name.
    """

    known: frozenset[str]
    given_up: frozenset[str]

    def __contains__(self, identifier: object) -> bool:
        return identifier in self.known or identifier in self.given_up


def orphans(live: Accounts, situation: Situation) -> PendingSecrets:
    """The service accounts whose secret was not handed over."""
    marked = [account for account in live.by_id.values() if account.unfinished]
    known = [
        each.client_id
        for each in marked
        if left_by(situation.interrupted, KIND, {each.name}, each.client_id, each.created)
    ]
    given_up = [
        each.client_id for each in marked if is_given_up(situation, Risk.DELETES_SERVICE_ACCOUNT, with_id(each))
    ]
    return split(known, given_up)


def split(known: Iterable[str], given_up: Iterable[str]) -> PendingSecrets:
    """The same for any ids. Known ones need no allowance."""
    proven = frozenset(known)
    return PendingSecrets(proven, frozenset(given_up) - proven)


def is_given_up(situation: Situation, risk: Risk, name: str) -> bool:
    """Whether deleting the object shown under this name is allowed."""
    return Allowance(risk, printable(name)) in situation.allowed


def left_alone(name: str, described: str, secret: Fact, risk: Risk) -> Fact:
    """The note about an object with a marker but without a record, which is neither deleted nor replaced.

    Args:
        name: How it is shown.
        described: The service account with the marker.
        secret: What was not handed over.
        risk: The hazard that allows its deletion.
    """
    allow = f"{risk.label}={printable(name)}"
    return fact(Code.MARKED_WITHOUT_RECORD, name=name, account=described, secret=secret, allow=allow)


def with_id(account: Account) -> str:
    """The display name of an account that shares its name with another one."""
    return f"{account.name} ({account.client_id})"
