"""An in-memory API of one workspace, without HTTP: the fake for unit tests of everything below `api`.

It responds as `schemas/api` declares; where the API's behavior is not documented, `quirks` select it. Faults are
arguments of `FakeWorkspace`. Tests that need the real client, HTTP, permissions, e-mail or time use the emulator
instead: `tests/fakes/emulator.py` reads its state, and `tests/fakes/faulty_emulator.py` adds faults to its responses.
"""

import copy
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote

from beamctl.errors import MissingError
from beamctl.model.api_call import ApiCall, Method, NoResponse, Response
from tests.fakes import contract
from tests.fakes.resources import FakeResources
from tests.fakes.secrets_and_shares import FakeSecrets, FakeShares
from tests.fakes.service_accounts import FakeServiceAccounts
from tests.fakes.wording import lost

ROLES = {"admin", "member", "viewer"}


Answer = Response | NoResponse
Before = Callable[[ApiCall], Answer | None]
After = Callable[[ApiCall, Any], Answer | None]


def request_line(call: ApiCall) -> str:
    """The request as tests write it, such as `PUT /users/ada@x.io`."""
    path, mark, query = call.path.partition("?")
    return f"{call.method.value} {unquote(path)}{mark}{query}"


def raises(error: Exception) -> Before:
    """A fault: every request raises the error."""

    def fail(_: ApiCall) -> None:
        raise error

    return fail


@dataclass
class FakeWorkspace:
    """Implements `Reader`, `Sender` and `Deleter`. Requests are named by their `request_line`.

    Attributes:
        users: By e-mail, in lower case.
        quirks: Behavior of the API that is not documented.
        refuses: Requests that are answered 422.
        loses: Requests that are carried out, but whose response is lost, once each.
        answers: What requests are answered instead of being carried out; an exception is raised.
        before: Called before each request. Its response, if any, replaces the API's, and the request is not carried
            out.
        after: Called with each request and its response. Its response, if any, replaces the API's.
        deleted: Whether the workspace was deleted.
        calls: Every request.
        admins: How many accepted admins there were after each request.
        invited: The e-mail of each invitation that was sent.
    """

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=lambda: {"name": "acme", "displayName": "Acme"})
    resources: FakeResources = field(default_factory=FakeResources)
    accounts: FakeServiceAccounts = field(default_factory=FakeServiceAccounts)
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    shares: FakeShares = field(default_factory=FakeShares)
    quirks: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    loses: frozenset[str] = frozenset()
    answers: dict[str, Any] = field(default_factory=dict)
    before: Before = lambda _: None
    after: After = lambda _, response: response
    deleted: bool = False
    calls: list[str] = field(default_factory=list)
    admins: list[int] = field(default_factory=list)
    invited: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.settings = dict(self.settings)

    @staticmethod
    def of(people: Iterable[Mapping[str, Any]], **more: Any) -> "FakeWorkspace":
        return FakeWorkspace({str(each["email"]).lower(): dict(each) for each in people}, **more)

    def with_faults(self, **faults: Any) -> "FakeWorkspace":
        """The same workspace as seen by a client whose requests have these faults."""
        client = copy.copy(self)
        for name, value in faults.items():
            setattr(client, name, value)
        return client

    def copied(self) -> "FakeWorkspace":
        """Another workspace with the same content."""
        content = ("users", "settings", "resources", "accounts", "secrets", "shares")
        kept = {name: copy.deepcopy(getattr(self, name)) for name in content}
        return replace(self, **kept, calls=[], admins=[], invited=[], lock=threading.Lock())

    def get(self, path: str) -> Any:
        answer = self.send(ApiCall(Method.GET, path))
        if not isinstance(answer, Response) or not answer.ok:
            raise MissingError("no such path", status=404)
        return answer.body

    def delete_workspace(self) -> Answer:
        return self.send(ApiCall(Method.DELETE, f"/workspaces/{self.settings['name']}"))

    def send(self, call: ApiCall) -> Answer:
        contract.observe(call.method.value, call.path, call.body)
        line = request_line(call)
        self.calls.append(line)
        answer = self.before(call) or self.answers.get(line)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            answer = self._carry_out(call, line)
        return self.after(call, answer) or answer

    def _carry_out(self, call: ApiCall, line: str) -> Answer:
        if line in self.refuses:
            return Response(422, None, "refused on purpose")
        with self.lock:
            answer = self._answer(call)
            self.admins.append(sum(bool(u["accepted"]) and u["role"] == "admin" for u in self.users.values()))
            if line in self.loses:
                self.loses -= {line}
                return lost("the connection was reset")
            return answer

    def _answer(self, call: ApiCall) -> Response:
        parts = [unquote(part) for part in call.path.strip("/").split("/")]
        body = call.body or {}
        match call.method, parts:
            case _ if self.deleted:
                return Response(404, None, "Workspace not found")
            case _, ["users", *rest]:
                return self._answer_about_users(call.method, rest, body)
            case Method.GET, ["workspaces", _]:
                return Response(200, copy.deepcopy(self.settings))
            case Method.PUT, ["workspaces", _]:
                if "put-replaces" in self.quirks:
                    self.settings.clear()
                self.settings |= body
                return Response(200, copy.deepcopy(self.settings))
            case Method.DELETE, ["workspaces", _]:
                self.deleted = True
                return Response(200, {})
            case method, ["service_accounts", *rest]:
                return self.accounts.answer(method.value, rest, body)
            case method, ["secrets", *rest]:
                return self.secrets.answer(method.value, rest, body)
            case method, ["images" | "customdomains" as root, *rest]:
                return self.shares.answer(method.value, root, rest, body)
            case _:
                return self.resources.answer(call.method.value, unquote(call.path), body, self.quirks)

    def _answer_about_users(self, method: Method, rest: list[str], body: Mapping[str, Any]) -> Response:
        match method, rest:
            case Method.GET, []:
                return Response(200, [self._shown(user) for user in self.users.values()])
            case Method.POST, []:
                return self._invite(body)
            case Method.PUT, [email]:
                return self._set_role(email, body)
            case Method.DELETE, [email] if self.users.pop(email.lower(), None):
                return Response(200)
            case _:
                return Response(404, None, "Workspace or user not found")

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
