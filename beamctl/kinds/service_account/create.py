"""Making a service account. What is the same for all that has a secret stands in `kinds.making`; this must not
know how a call travels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from beamctl.kinds import create_with_secret
from beamctl.kinds.create_with_secret import Creation, SecretKind
from beamctl.kinds.creation_key import beside
from beamctl.kinds.operations import APPLY, PLAN, Asking, Talk, failed, text_in
from beamctl.kinds.service_account.live import Account, accounts, premise_of
from beamctl.kinds.service_account.lookup import LISTING, find, look, put
from beamctl.kinds.service_account.pending_marker import CLIENT_SECRET, Description
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from beamctl.model.role import live_role
from beamctl.plan.change import Change
from beamctl.plan.kind import Outcome

_SORT = SecretKind(
    thing="account",
    secret="client secret",  # noqa: S106 - a word
    it="its client secret",
    id="client_id",
    handed={"clientId": "client_id", "clientSecret": "client_secret"},
)

_TAKEN = "another run took it for one that was stopped, and deleted it"


def make(change: Change) -> Talk:
    """Make an account, beside those that the plan knows of its name."""
    after = change.after or {}
    found = yield from look()
    if isinstance(found, NoResponse):
        return failed(f"the service accounts cannot be looked up: {found.why}", APPLY)
    there = found.named(after["name"])
    if premise_of(after["name"], there) != change.key:
        return _not_as_planned(change, there)
    under_way = Creation(
        sort=_SORT,
        what=f"the client secret of {after['name']}",
        places=change.secrets,
        creation=ApiCall(Method.POST, LISTING, {**after, "description": CLIENT_SECRET}),
        named=lambda listing: [each.client_id for each in accounts(listing).named(after["name"])],
        before=[each.client_id for each in there],
        finish=partial(_finish, change),
    )
    return (yield from create_with_secret.make(under_way))


def _not_as_planned(change: Change, there: Sequence[Account]) -> Outcome:
    known = beside(change.key)
    if any(each.client_id not in known and not each.unfinished for each in there):
        return create_with_secret.meanwhile(change.secrets, "its client secret", "account")
    if any(each.client_id not in known for each in there):
        return failed("another run is making it, or was stopped before its client secret was handed over", PLAN)
    return failed("those of its name are no longer as they were planned, so it was not made", PLAN)


def _finish(change: Change, client_id: str) -> Asking[str | NoResponse | Outcome]:
    """Give it its description, without the mark, and see which role it has."""
    after = change.after or {}
    role, made = after["role"], Account(client_id, after["name"], live_role(""), Description())
    answer = yield put(made, Description(after["description"]), role=role)
    told = yield from _role_shown(client_id, answer)
    if told is None:
        return create_with_secret.meanwhile(
            change.secrets, "the client secret of the one that is there", "account", _TAKEN
        )
    if isinstance(told, NoResponse):
        return told
    if told not in (role, ""):
        return failed(f"the API answered that the role is '{told}', not '{role}'", PLAN)
    return "" if told else ", and the API does not tell its role"


def _role_shown(client_id: str, answer: Response | NoResponse) -> Asking[str | NoResponse | None]:
    """The role of an account that should be finished by now, empty if the API does not show it; `NoResponse` if it is
    not finished, and None if it is gone."""
    if answer.certain and text_in(answer, "client_id") in (client_id, ""):
        marked = CLIENT_SECRET in text_in(answer, "description")
        return NoResponse("the API did not take the description") if marked else text_in(answer, "role")
    now = yield from find(client_id)
    if isinstance(now, NoResponse):
        return NoResponse(f"{answer.why}, and it cannot be looked up: {now.why}")
    if now is None:
        return None
    return NoResponse(answer.why) if now.unfinished else str(now.role)
