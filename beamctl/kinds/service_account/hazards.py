"""What is dangerous about a set of changes to service accounts. It must not know how they came about."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from beamctl.document.document import Guards
from beamctl.kinds.service_account.live import Accounts
from beamctl.model.identity import Identity
from beamctl.model.role import Role
from beamctl.model.text import printable
from beamctl.plan.change import Change, Reason
from beamctl.plan.hazard import Hazard, Risk


def ourselves(live: Accounts, guards: Guards, identity: Identity | None) -> frozenset[str]:
    """The client ids that beamctl may run as: what the document says, and what the credential tells."""
    said = guards.runs_as.service_account if guards.runs_as is not None else ""
    told = {identity.client_id, identity.sub} if identity is not None else set()
    return frozenset(key for key, account in live.by_id.items() if key in told or (said and account.name == said))


def hazards(changes: Sequence[Change], ours: Collection[str]) -> list[Hazard]:
    """Every risk that only this kind can see."""
    found = []
    for change in (each for each in changes if each.takes):
        name = printable(change.name)
        what = "which would be demoted" if change.after else "which would be deleted"
        if change.key in ours:
            found.append(Hazard(Risk.SELF_LOCKOUT, name, f"beamctl runs as {name}, {what}"))
        if change.after is None:
            because = f"{name} would be deleted: its credentials die at once, and never come back"
            if change.reason is Reason.NOT_HANDED_OVER:
                because = (
                    f"{name} would be deleted: its client secret was not handed over, it says, but it may be in use"
                )
            found.append(Hazard(Risk.DELETES_SERVICE_ACCOUNT, name, because))
        elif (change.before or {})["role"] == Role.ADMIN.value:
            found.append(Hazard(Risk.REMOVES_ADMIN, name, f"{name} is an admin, and would be demoted"))
    return found


def strangers(live: Accounts, identity: Identity | None) -> list[Hazard]:
    """Whom beamctl runs as, and the API does not show: then what it shows may not be all."""
    client_id = identity.client_id if identity is not None else ""
    if not client_id or client_id in live.by_id or not live.known:
        return []
    name = printable(client_id)
    return [Hazard(Risk.LIVE_WITHOUT_US, name, f"beamctl runs as the service account {name}, which is not shown")]
