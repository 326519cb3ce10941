"""Looking at the service accounts in the middle of a change, and the words for how one ended. It must not know how a
call travels."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

from beamctl.errors import GarbledError
from beamctl.kinds.service_account.live import Account, Accounts, accounts
from beamctl.kinds.service_account.mark import Description
from beamctl.model.api_call import Answer, ApiCall, Lost, Method, segment
from beamctl.model.secret import Fetch, HandOver
from beamctl.plan.kind import Ending, Outcome

LISTING = "/service_accounts"
MISSING = 404
PLAN = "Run `beamctl plan` to see how it stands."
APPLY = "Run `beamctl apply` again."
MEND = "Mend or remove the entry, or ask the API's owner; then run `beamctl apply` again."

T = TypeVar("T")
Asking = Generator[ApiCall | HandOver | Fetch, Answer | Lost, T]
"""A part of a conversation, which finds something out."""
Talk = Asking[Outcome]


def look() -> Asking[Accounts | Lost]:
    """All service accounts as the API shows them now."""
    answer = yield ApiCall(Method.GET, LISTING)
    if isinstance(answer, Lost):
        return answer
    if not answer.ok:
        return Lost(answer.why)
    try:
        return accounts(answer.body)
    except GarbledError as error:
        return Lost(error.message)


def one(client_id: str) -> str:
    """The path of a service account."""
    return f"{LISTING}/{segment(client_id)}"


def put(account: Account, noted: Description, *, name: str = "", role: str = "") -> ApiCall:
    """What gives an account another description, and another name or role where one is given.

    A role that the API shows is sent again: an API that took its absence for a change would make the account an admin.
    """
    body = {"name": name or account.name, "description": str(noted)}
    role = role or str(account.role)
    return ApiCall(Method.PUT, one(account.client_id), body | ({"role": role} if role else {}))


def is_gone(answer: Answer | Lost) -> bool:
    """Whether a deletion left nothing there."""
    return isinstance(answer, Answer) and (answer.ok or answer.status == MISSING)


def text_in(answer: Answer | Lost, name: str) -> str:
    """A text in the body of an answer; empty where there is none."""
    body: Any = answer.body if isinstance(answer, Answer) and answer.ok else None
    told = body.get(name) if isinstance(body, dict) else None
    return told if isinstance(told, str) else ""


def done(remark: str = "") -> Outcome:
    """It is as it should be."""
    return Outcome(Ending.DONE, remark)


def failed(remark: str, hint: str = MEND) -> Outcome:
    """It is not."""
    return Outcome(Ending.FAILED, remark, hint)


def unseen(answer: Answer | Lost, seen: Lost) -> Outcome:
    """Nothing is known: neither from the answer nor from looking."""
    return failed(f"{answer.why}, and it cannot be looked up: {seen.why}", PLAN)
