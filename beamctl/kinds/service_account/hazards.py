"""The hazards of changes to service accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from beamctl.document.document import Guards
from beamctl.kinds.service_account.live import Accounts
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.identity import Identity, Role
from beamctl.model.text import printable
from beamctl.plan.change import Change, Reason
from beamctl.plan.hazard import Hazard, Risk


def own_keys(live: Accounts, guards: Guards, identity: Identity | None) -> frozenset[str]:
    """The client ids that beamctl may run as, from the document and the credential."""
    declared_name = guards.runs_as.service_account if guards.runs_as is not None else ""
    known = {identity.client_id, identity.sub} if identity is not None else set()
    return frozenset(
        key for key, account in live.by_id.items() if key in known or (declared_name and account.name == declared_name)
    )


def hazards(changes: Sequence[Change], ours: Collection[str]) -> list[Hazard]:
    """The hazards specific to this kind."""
    found = []
    for change in (each for each in changes if each.revokes_access):
        name = printable(change.name)
        if change.key in ours:
            loss = fact(Code.DEMOTED if change.after else Code.DELETED)
            found.append(Hazard(Risk.SELF_LOCKOUT, name, fact(Code.OWN_ACCOUNT_LOST, name=name, loss=loss)))
        if change.after is None:
            pending = change.reason is Reason.NOT_HANDED_OVER
            why = fact(Code.PENDING_ACCOUNT_DELETED if pending else Code.ACCOUNT_DELETED, name=name)
            found.append(Hazard(Risk.DELETES_SERVICE_ACCOUNT, name, why))
        elif (change.before or {})["role"] == Role.ADMIN.value:
            found.append(Hazard(Risk.REMOVES_ADMIN, name, fact(Code.ADMIN_DEMOTED, name=name)))
    return found


def own_identity_missing(live: Accounts, identity: Identity | None) -> list[Hazard]:
    """The account that beamctl runs as, if the API does not show it. The listing may then be incomplete."""
    client_id = identity.client_id if identity is not None else ""
    if not client_id or client_id in live.by_id or not live.known:
        return []
    name = printable(client_id)
    return [Hazard(Risk.LIVE_WITHOUT_US, name, fact(Code.OWN_ACCOUNT_NOT_SHOWN, name=name))]
