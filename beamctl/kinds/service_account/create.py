"""Creates a service account and hands its client secret over (see `kinds.create_with_secret`)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from beamctl.kinds import create_with_secret
from beamctl.kinds.create_with_secret import Creation, SecretKind
from beamctl.kinds.creation_key import ids_in
from beamctl.kinds.operations import APPLY, PLAN, failed, text_in
from beamctl.kinds.service_account.live import Account, accounts, creation_key_of
from beamctl.kinds.service_account.lookup import LISTING, find, look, put
from beamctl.kinds.service_account.pending_marker import CLIENT_SECRET, Description
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.model.identity import live_role
from beamctl.plan.change import Change
from beamctl.plan.kind import Operation, Outcome

_SORT = SecretKind(
    thing="account",
    secret="client secret",  # noqa: S106 - a word
    it="its client secret",
    id="client_id",
    handed={"clientId": "client_id", "clientSecret": "client_secret"},
)

_TAKEN = "another run mistook it for one of an interrupted run and deleted it"


def make(change: Change) -> Operation[Outcome]:
    """Create an account, if the others of that name are still those in the plan."""
    after = change.after or {}
    found = yield from look()
    if isinstance(found, NoResponse):
        return failed(f"the service accounts cannot be read: {found.why}", APPLY)
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
        return create_with_secret.meanwhile(change.secrets, "its client secret", "account")
    if any(each.client_id not in known for each in there):
        return failed("another run is creating it, or was stopped before its client secret was handed over", PLAN)
    return failed("accounts with this name changed since the plan was made, so it was not created", PLAN)


def _finish(change: Change, client_id: str) -> Operation[str | NoResponse | Outcome]:
    """Set its description without the marker, and check its role."""
    after = change.after or {}
    role, made = after["role"], Account(client_id, after["name"], live_role(""), Description())
    answer = yield put(made, Description(after["description"]), role=role)
    shown_role = yield from _role_shown(client_id, answer)
    if shown_role is None:
        return create_with_secret.meanwhile(
            change.secrets, "the client secret of the existing account", "account", _TAKEN
        )
    if isinstance(shown_role, NoResponse):
        return shown_role
    if shown_role not in (role, ""):
        return failed(f"the API returned the role '{shown_role}' instead of '{role}'", PLAN)
    return "" if shown_role else ", and the API does not show its role"


def _role_shown(client_id: str, answer: Response | NoResponse) -> Operation[str | NoResponse | None]:
    """The role of an account that should be finished, empty if the API does not show it; `NoResponse` if it is not
    finished, None if it is gone."""
    if answer.certain and text_in(answer, "client_id") in (client_id, ""):
        marked = CLIENT_SECRET in text_in(answer, "description")
        return NoResponse("the API did not accept the description") if marked else text_in(answer, "role")
    now = yield from find(client_id)
    if isinstance(now, NoResponse):
        return NoResponse(f"{answer.why}, and reading it failed: {now.why}")
    if now is None:
        return None
    return NoResponse(answer.why) if now.unfinished else str(now.role)
