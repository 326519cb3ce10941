"""Service accounts and API keys whose secret was not handed over: those that a run record shows to be an interrupted
run's, and those that only say so. Anyone who can edit a description can write such a text, so it deletes nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from beamctl.kinds.creation_key import left_by
from beamctl.kinds.service_account.live import Account, Accounts
from beamctl.model.text import printable
from beamctl.plan.comparison import Situation
from beamctl.plan.hazard import Allowance, Risk

KIND = "service_account"


@dataclass(frozen=True, slots=True)
class PendingSecrets:
    """What may be deleted of all that says that its secret was not handed over.

    Attributes:
        known: The ids of those that a record shows to be an interrupted run's.
        given_up: The ids of others whose deletion is allowed by name.
    """

    known: frozenset[str]
    given_up: frozenset[str]

    def __contains__(self, identifier: object) -> bool:
        return identifier in self.known or identifier in self.given_up


def orphans(live: Accounts, situation: Situation) -> PendingSecrets:
    """Of the service accounts."""
    said = [account for account in live.by_id.values() if account.unfinished]
    known = [
        each.client_id
        for each in said
        if left_by(situation.interrupted, KIND, {each.name}, each.client_id, each.created)
    ]
    given_up = [each.client_id for each in said if is_given_up(situation, Risk.DELETES_SERVICE_ACCOUNT, with_id(each))]
    return split(known, given_up)


def split(known: Iterable[str], given_up: Iterable[str]) -> PendingSecrets:
    """The same of any ids; what is known needs no allowance."""
    proven = frozenset(known)
    return PendingSecrets(proven, frozenset(given_up) - proven)


def is_given_up(situation: Situation, risk: Risk, name: str) -> bool:
    """Whether the deletion of what is shown by that name is allowed."""
    return Allowance(risk, printable(name)) in situation.allowed


def left_alone(name: str, described: str, secret: str, risk: Risk) -> str:
    """What to say of one that is in no record, and is neither deleted nor replaced.

    Args:
        name: How it is shown.
        described: The service account whose description says so.
        secret: What was not handed over.
        risk: What allows its deletion.
    """
    flag = shlex.quote(f"{risk.label}={printable(name)}")
    return (
        f"the description of {described} says that {secret} was not handed over, but no run record here shows that "
        f"run, so {name} is left alone; if nothing uses it, replace it with --allow {flag}, else delete that text"
    )


def with_id(account: Account) -> str:
    """How an account is shown that shares its name with another one."""
    return f"{account.name} ({account.client_id})"
