"""API calls on service accounts that several changes use: reading them and setting a description."""

from __future__ import annotations

from beamctl.kinds.operations import NONE_AT_ALL
from beamctl.kinds.operations import look as looking
from beamctl.kinds.service_account.live import Account, Accounts, accounts
from beamctl.kinds.service_account.pending_marker import Description
from beamctl.model.api_call import ApiCall, Method, NoResponse, segment
from beamctl.plan.kind import Operation

LISTING = "/service_accounts"


def look() -> Operation[Accounts | NoResponse]:
    """All service accounts as the API shows them now."""
    return looking(LISTING, accounts)


def find(client_id: str) -> Operation[Account | NoResponse | None]:
    """One account; None if others exist but not this one. An empty list counts as unknown."""
    found = yield from look()
    return found if isinstance(found, NoResponse) else found.by_id.get(client_id) if found.by_id else NONE_AT_ALL


def one(client_id: str) -> str:
    """The path of a service account."""
    return f"{LISTING}/{segment(client_id)}"


def keys_path(client_id: str) -> str:
    """The path of its API keys."""
    return f"{one(client_id)}/api_keys"


def put(account: Account, noted: Description, *, name: str = "", role: str = "") -> ApiCall:
    """The call that sets an account's description, and its name or role if given.

    A role that the API shows is sent again, because the API may make an account without one an admin.
    """
    body = {"name": name or account.name, "description": str(noted)}
    role = role or str(account.role)
    return ApiCall(Method.PUT, one(account.client_id), body | ({"role": role} if role else {}))
