"""Creates a service account and hands its client secret over (see `kinds.create_with_secret`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from beamctl.kinds import create_with_secret
from beamctl.kinds.create_with_secret import Creation, SecretKind
from beamctl.kinds.creation_key import ids_in
from beamctl.kinds.operations import APPLY, PLAN, cause, failed, text_in
from beamctl.kinds.service_account.live import Account, accounts, creation_key_of
from beamctl.kinds.service_account.lookup import LISTING, find, look, put
from beamctl.kinds.service_account.pending_marker import CLIENT_SECRET, Description, description
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.model.identity import live_role
from beamctl.plan.change import Change
from beamctl.plan.kind import Operation, Outcome

_SORT = SecretKind(
    thing="account",
    secret="client secret",  # noqa: S106 - a word
    it=fact(Code.ITS_CLIENT_SECRET),
    id="client_id",
    handed={"clientId": "client_id", "clientSecret": "client_secret"},
)


def make(change: Change) -> Operation[Outcome]:
    """Create an account, if the others of that name are still those in the plan."""
    after = change.after or {}
    found = yield from look()
    if isinstance(found, NoResponse):
        return failed(fact(Code.ACCOUNTS_UNREADABLE, detail=cause(found)), APPLY)
    there = found.named(after["name"])
    if creation_key_of(after["name"], there) != change.key:
        return _not_as_planned(change, there)
    under_way = Creation(
        sort=_SORT,
        what=f"the client secret of {after['name']}",
        places=change.secrets,
        call=ApiCall(Method.POST, LISTING, {**after, "description": CLIENT_SECRET}),
        named=lambda listing: [each.client_id for each in accounts(listing).named(after["name"])],
        before=[each.client_id for each in there],
        finish=partial(_finish, change),
    )
    return (yield from create_with_secret.make(under_way))


def _not_as_planned(change: Change, there: Sequence[Account]) -> Outcome:
    known = ids_in(change.key)
    if any(each.client_id not in known and not each.unfinished for each in there):
        return create_with_secret.meanwhile(change.secrets, _SORT.it, "account")
    if any(each.client_id not in known for each in there):
        return failed(fact(Code.OTHER_RUN_CREATES, secret=_SORT.it), PLAN)
    return failed(fact(Code.ACCOUNTS_CHANGED), PLAN)


def _finish(change: Change, client_id: str) -> Operation[Fact | NoResponse | Outcome | None]:
    """Set its description without the marker, and check its role."""
    after = change.after or {}
    role, made = after["role"], Account(client_id, after["name"], live_role(""), Description())
    answer = yield put(made, Description(after["description"]), role=role)
    shown_role = yield from _role_shown(client_id, answer)
    if shown_role is None:
        it = fact(Code.EXISTING_CLIENT_SECRET)
        return create_with_secret.meanwhile(change.secrets, it, "account", fact(Code.DELETED_BY_OTHER_RUN))
    if isinstance(shown_role, NoResponse):
        return shown_role
    if shown_role not in (role, ""):
        return failed(fact(Code.RETURNED_ANOTHER_ROLE, role=shown_role, desired=role), PLAN)
    return None if shown_role else fact(Code.ITS_ROLE_NOT_SHOWN)


def _role_shown(client_id: str, answer: Response | NoResponse) -> Operation[str | NoResponse | None]:
    """The role of an account that should be finished, empty if the API does not show it; `NoResponse` if it is not
    finished, None if it is gone."""
    if answer.certain and text_in(answer, "client_id") in (client_id, ""):
        marked = description(text_in(answer, "description")).unfinished
        return NoResponse(fact=fact(Code.DESCRIPTION_NOT_ACCEPTED)) if marked else text_in(answer, "role")
    now = yield from find(client_id)
    if isinstance(now, NoResponse):
        return NoResponse(fact=fact(Code.RESULT_UNREADABLE, why=cause(answer), detail=cause(now)))
    if now is None:
        return None
    return NoResponse(fact=cause(answer)) if now.unfinished else str(now.role)
