"""Which live service account each entry of a document means. Names are not unique in the API, ids are. It must not know
what is done with them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from beamctl.document.document import Document
from beamctl.document.problem import Problem
from beamctl.document.quoting import quoted
from beamctl.errors import DocumentError
from beamctl.kinds.service_account.desired import SECTION, DesiredAccount
from beamctl.kinds.service_account.live import Account, Accounts


@dataclass(frozen=True, slots=True)
class Pair:
    """One entry, and what there is of it.

    Attributes:
        wanted: The entry.
        live: The account that it means; None where there is none that anybody has the client secret of.
        orphans: Accounts of its name whose client secret was not handed over.
    """

    wanted: DesiredAccount
    live: Account | None
    orphans: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True)
class Matched:
    """A whole section, and what there is.

    Attributes:
        pairs: One an entry.
        others: Accounts that no entry means.
    """

    pairs: tuple[Pair, ...]
    others: tuple[Account, ...]


def match(section: Sequence[DesiredAccount], live: Accounts, document: Document, orphaned: Container[str]) -> Matched:
    """Find what each entry means.

    Args:
        section: The entries.
        live: What there is.
        document: Where the entries are.
        orphaned: The ids of those whose client secret was lost (`orphans`).

    Raises:
        DocumentError: An entry could mean several accounts, or names an id that is not there.
    """
    named_by_id = {each.client_id for each in section if each.client_id}
    problems: list[Problem] = []
    pairs = []
    for each in section:
        free = [account for account in live.named(each.name) if account.client_id not in named_by_id]
        orphans = tuple(account for account in free if account.client_id in orphaned)
        whole = [account for account in free if account.client_id not in orphaned]
        if each.client_id:
            found = live.by_id.get(each.client_id)
            problems += [] if found else [_not_there(each, whole, document)]
            pairs.append(Pair(each, found, orphans))
            continue
        problems += [_several(each, whole, document)] if len(whole) > 1 else []
        pairs.append(Pair(each, whole[0] if whole else None, orphans))
    if problems:
        raise DocumentError(problems, compared=True)
    meant = {account.client_id for pair in pairs for account in (pair.live, *pair.orphans) if account}
    return Matched(tuple(pairs), tuple(each for key, each in live.by_id.items() if key not in meant))


def _several(each: DesiredAccount, whole: Sequence[Account], document: Document) -> Problem:
    message = f"there are {len(whole)} service accounts named {quoted(each.name)}"
    choices = "; ".join(f"clientId: {account.client_id} ({_told(account)})" for account in whole)
    return Problem(document.key_place(SECTION, each.name), message, f"say which one is meant: {choices}")


def _not_there(each: DesiredAccount, whole: Sequence[Account], document: Document) -> Problem:
    message = f"there is no service account with the clientId {quoted(each.client_id)}"
    ids = "; ".join(f"{account.client_id} ({_told(account)})" for account in whole)
    hint = f"of that name there is {ids}" if whole else "one that was deleted never comes back: delete the line"
    return Problem(document.place(SECTION, each.name, "clientId"), message, hint)


def _told(account: Account) -> str:
    role = str(account.role) or "in a role that is not told"
    return f"{role}, {quoted(said)}" if (said := str(account.description)) else role
