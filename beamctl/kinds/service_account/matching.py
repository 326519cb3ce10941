"""Which live service account each entry refers to, because names are not unique. Accounts whose secret was not handed
over need the proof of a run record: anyone who can edit a description can write a marker."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from beamctl.document.document import Document
from beamctl.document.problem import Problem, ProblemCode, quoted
from beamctl.errors import DocumentError
from beamctl.kinds.create_with_secret import left_by
from beamctl.kinds.service_account.desired import SECTION, DesiredAccount
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


def left_alone(name: str, described: str, secret: str, risk: Risk) -> Fact:
    """The note about an object with a marker but without a record, which is neither deleted nor replaced.

    Args:
        name: How it is shown.
        described: The service account with the marker.
        secret: What was not handed over: see `SecretKind`.
        risk: The hazard that allows its deletion.
    """
    allow = f"{risk}={printable(name)}"
    return fact(Code.MARKED_WITHOUT_RECORD, name=name, account=described, secret=secret, allow=allow)


def with_id(account: Account) -> str:
    """The display name of an account that shares its name with another one."""
    return f"{account.name} ({account.client_id})"


@dataclass(frozen=True, slots=True)
class Pair:
    """One entry and its live accounts.

    Attributes:
        desired: The entry.
        live: The account it refers to; None if there is none with a usable client secret.
        orphans: Accounts of that name whose client secret was not handed over.
    """

    desired: DesiredAccount
    live: Account | None
    orphans: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """A section with its live accounts.

    Attributes:
        pairs: One per entry.
        others: Accounts that no entry refers to.
    """

    pairs: tuple[Pair, ...]
    others: tuple[Account, ...]


def match(section: Sequence[DesiredAccount], live: Accounts, document: Document, orphaned: Container[str]) -> Matched:
    """Find the account that each entry refers to.

    Args:
        section: The entries.
        live: All live accounts.
        document: For the places of problems.
        orphaned: The ids of accounts whose client secret was lost (`orphans`).

    Raises:
        DocumentError: An entry is ambiguous, or names an id that does not exist.
    """
    named_by_id = {each.client_id for each in section if each.client_id}
    problems: list[Problem] = []
    pairs = []
    for each in section:
        free = [account for account in live.named(each.name) if account.client_id not in named_by_id]
        orphans = tuple(account for account in free if account.client_id in orphaned)
        usable = [account for account in free if account.client_id not in orphaned]
        if each.client_id:
            found = live.by_id.get(each.client_id)
            problems += [] if found else [_not_there(each, usable, document)]
            pairs.append(Pair(each, found, orphans))
            continue
        problems += [_several(each, usable, document)] if len(usable) > 1 else []
        pairs.append(Pair(each, usable[0] if usable else None, orphans))
    if problems:
        raise DocumentError(problems, compared=True)
    matched = {account.client_id for pair in pairs for account in (pair.live, *pair.orphans) if account}
    return Matched(tuple(pairs), tuple(each for key, each in live.by_id.items() if key not in matched))


def _several(each: DesiredAccount, usable: Sequence[Account], document: Document) -> Problem:
    message = f"there are {len(usable)} service accounts named {quoted(each.name)}"
    choices = "; ".join(f"clientId: {account.client_id} ({_summary(account)})" for account in usable)
    return Problem(
        document.key_place(SECTION, each.name), ProblemCode.AMBIGUOUS_ACCOUNT, message, f"add one of: {choices}"
    )


def _not_there(each: DesiredAccount, usable: Sequence[Account], document: Document) -> Problem:
    message = f"there is no service account with the clientId {quoted(each.client_id)}"
    ids = "; ".join(f"{account.client_id} ({_summary(account)})" for account in usable)
    hint = f"accounts with this name: {ids}" if usable else "a deleted account cannot be restored: remove the line"
    return Problem(document.place(SECTION, each.name, "clientId"), ProblemCode.UNKNOWN_ACCOUNT, message, hint)


def _summary(account: Account) -> str:
    role = str(account.role) or "unknown role"
    return f"{role}, {quoted(text)}" if (text := str(account.description)) else role
