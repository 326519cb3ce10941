"""A workspace behind the ports: enough of the API to plan against and apply to, without HTTP.

It answers as `schemas/api` promises, can take either answer where the API's behaviour is not documented, counts what it
is asked, and notes the number of accepted admins after every call, and everybody to whom an invitation is sent.
"""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from beamctl.errors import MissingError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from tests.fakes import contract
from tests.fakes.accounts import FakeAccounts
from tests.fakes.things import FakeThings

ROLES = {"admin", "member", "viewer"}


@dataclass
class FakeWorkspace:
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: {"name": "acme", "displayName": "Acme"})
    things: FakeThings = field(default_factory=FakeThings)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    quirks: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    loses: frozenset[str] = frozenset()
    calls: list[str] = field(default_factory=list)
    admins: list[int] = field(default_factory=list)
    invited: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def of(people: Iterable[Mapping[str, Any]], **more: Any) -> "FakeWorkspace":
        return FakeWorkspace({str(each["email"]).lower(): dict(each) for each in people}, **more)

    def get(self, path: str) -> Any:
        answer = self.send(ApiCall(Method.GET, path))
        if not isinstance(answer, Response) or not answer.ok:
            raise MissingError("no such path", status=404)
        return answer.body

    def send(self, call: ApiCall) -> Response | NoResponse:
        contract.observe(call.method.value, call.path, call.body)
        with self.lock:
            spelled = f"{call.method.value} {unquote(call.path)}"
            self.calls.append(spelled)
            if spelled in self.refuses:
                return Response(422, None, "refused on purpose")
            answer = self._answer(call)
            self.admins.append(sum(bool(u["accepted"]) and u["role"] == "admin" for u in self.users.values()))
            if spelled in self.loses:
                self.loses -= {spelled}
                return NoResponse("the connection was reset")
            return answer

    def _answer(self, call: ApiCall) -> Response:
        parts = [unquote(part) for part in call.path.strip("/").split("/")]
        body = call.body or {}
        match call.method, parts:
            case Method.GET, ["users"]:
                return Response(200, [self._shown(user) for user in self.users.values()])
            case Method.POST, ["users"]:
                return self._invite(body)
            case Method.PUT, ["users", email]:
                return self._set_role(email, body)
            case Method.DELETE, ["users", email]:
                gone = self.users.pop(email.lower(), None)
                return Response(200) if gone else Response(404, None, "Workspace or user not found")
            case Method.GET, ["workspaces", _]:
                return Response(200, dict(self.settings))
            case Method.PUT, ["workspaces", _]:
                self.settings = dict(body) if "put-replaces" in self.quirks else self.settings | body
                return Response(200, dict(self.settings))
            case method, ["service_accounts", *rest]:
                return self.accounts.answer(method.value, rest, body)
            case _:
                return self.things.answer(call.method.value, unquote(call.path), body, self.quirks)

    def _shown(self, user: Mapping[str, Any]) -> dict[str, Any]:
        shown = dict(user)
        if not user["accepted"] and "no-invited-role" in self.quirks:
            shown.pop("role")
        return shown

    def _invite(self, body: Mapping[str, Any]) -> Response:
        key = body["email"].lower()
        there = self.users.get(key)
        if there and (not there.get("expired") or "reinvite-conflicts" in self.quirks):
            return Response(409, None, "already in the workspace or has a pending invitation")
        role = "member" if "invite-ignores-role" in self.quirks else body["role"]
        self.invited.append(key)
        self.users[key] = {"email": body["email"], "role": role, "accepted": False, "source": "invitation"}
        return Response(
            200, {key: value for key, value in self._shown(self.users[key]).items() if key in ("email", "role")}
        )

    def _set_role(self, email: str, body: Mapping[str, Any]) -> Response:
        there = self.users.get(email.lower())
        if there is None or (not there["accepted"] and "no-role-on-pending" in self.quirks):
            return Response(404, None, "Workspace or user not found")
        if body["role"] not in ROLES:
            return Response(400, None, "Invalid role provided")
        there["role"] = body["role"]
        return Response(200, self._shown(there))

    def accept_all(self) -> None:
        for user in self.users.values():
            if not user.get("expired"):
                user["accepted"] = True


def person(email: str, role: str = "member", *, accepted: bool = True, **more: Any) -> dict[str, Any]:
    return {"email": email, "role": role, "accepted": accepted, **more}
