"""Service accounts: their listing. It must not know their keys."""

from __future__ import annotations

from beamctl.emulator.call import Answer, Call, Reach, Route
from beamctl.emulator.permission import Permission
from beamctl.emulator.store import service_account


def list_service_accounts(call: Call) -> Answer:
    """The service accounts of the workspace."""
    return Answer(service_account.of_workspace(call.rows, call.here.id))


ROUTES = (Route("GET", "/service_accounts", Reach.WORKSPACE, Permission.GET, list_service_accounts),)
