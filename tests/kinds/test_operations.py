"""Unconfirmed deletions, for kinds whose listing may be empty."""

from collections.abc import Sequence
from typing import Any

import pytest

from beamctl.kinds.operations import delete, look
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import NoResponse, Response
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.kind import Operation, Outcome
from tests.fakes.wording import lost, words

LOST = lost("the connection was reset")
ACCOUNT = {"client_id": "c1", "name": "ci", "role": "member"}
KEY = {"id": "k1", "name": "hub", "createdAt": "2026-01-01T00:00:00Z"}
OTHER = {"service_account": ACCOUNT | {"client_id": "c2"}, "api_key": KEY | {"id": "k2"}}
BEFORE: dict[str, dict[str, Any]] = {
    "service_account": {"name": "ci", "role": "member", "description": ""},
    "api_key": {"account": "ci", "name": "hub", "id": "k1", "clientId": "c1"},
}


def outcome_of(operation: Operation[Outcome], *answers: Response | NoResponse) -> Outcome:
    next(operation)
    for answer in answers:
        try:
            operation.send(answer)
        except StopIteration as end:
            found: Outcome = end.value
            return found
    pytest.fail("it asks more than that")


def deleted(kind: str, answer: Response | NoResponse, listed: str | None, *more: Response | NoResponse) -> str:
    """The remark of a deletion with this response, if the listing then shows `it`, only the `other`, or is `empty`."""
    (one,) = [each for each in all_kinds() if each.name == kind]
    key = "c1" if kind == "service_account" else "k1"
    change = Change(kind, key, "ci", Action.DELETE, Stage.DELETE, "role", BEFORE[kind], None, Reason.NOT_DECLARED, None)
    it = ACCOUNT if kind == "service_account" else KEY
    lists: dict[str | None, Sequence[Any]] = {"it": [it, OTHER[kind]], "other": [OTHER[kind]], "empty": []}
    reads = [Response(200, [it])] if kind == "api_key" else []  # first it looks for a newer key
    outcome = outcome_of(one.perform(change, "acme"), *reads, answer, Response(200, lists.get(listed)), *more)
    return f"{outcome.status.value} {words(outcome.remark)}"


@pytest.mark.parametrize("kind", ["service_account", "api_key"])
@pytest.mark.parametrize(
    ("answer", "listed", "said"),
    [
        (Response(200), None, "done "),
        (Response(404, None, "not found"), "other", "done was already gone"),
        (Response(404, None, "not found"), "empty", "done was already gone"),
        (Response(409, None, "in use"), None, "failed the API responded with 409: in use"),
        (LOST, "it", "failed the connection was reset; nothing was changed"),
    ],
)
def test_remark_of_a_deletion(kind: str, answer: Response | NoResponse, listed: str | None, said: str) -> None:
    assert deleted(kind, answer, listed) == said


@pytest.mark.parametrize("kind", ["service_account", "api_key"])
@pytest.mark.parametrize("listed", ["other", "empty"])
@pytest.mark.parametrize(
    ("again", "said"),
    [
        (Response(200), "done "),
        (Response(404, None, "not found"), "done "),
        (Response(409, None, "in use"), "failed the API responded with 409: in use"),
        (
            LOST,
            "failed the connection was reset; the result is unknown: the API does not confirm that it is gone",
        ),
    ],
    ids=["deleted", "already deleted", "refused", "lost again"],
)
def test_lost_deletion_is_not_confirmed_by_a_listing(
    kind: str, listed: str, again: Response | NoResponse, said: str
) -> None:
    assert deleted(kind, LOST, listed, again) == said


def test_unreadable_listing_confirms_nothing() -> None:
    outcome = outcome_of(delete("/x/1", look("/x", lambda _: None)), LOST, Response(500, None, "down"))
    assert words(outcome.remark) == "the connection was reset; the result is unknown: the API responded with 500: down"


PENDING = ACCOUNT | {"description": "(beamctl: client secret not handed over yet)"}


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (Response(200, [PENDING]), "done "),
        (Response(200, [OTHER["service_account"]]), "done "),
        (Response(200, [ACCOUNT]), "failed its client secret was stored in the meantime"),
        (Response(200, []), "failed it cannot be read whether its client secret was stored: the API shows none"),
        (LOST, "failed it cannot be read whether its client secret was stored: the connection was reset"),
    ],
    ids=["still pending", "deleted", "stored", "not listed", "lost"],
)
def test_account_is_deleted_only_if_its_marker_is_still_there(look: Response | NoResponse, said: str) -> None:
    (one,) = [each for each in all_kinds() if each.name == "service_account"]
    before = BEFORE[one.name] | {"clientId": "c1", "unfinished": "yes"}
    change = Change(
        one.name, "c1", "ci", Action.DELETE, Stage.UPDATE, "role", before, None, Reason.NOT_HANDED_OVER, None
    )
    reads = [look, Response(200, [])] if said == "done " else [look]
    outcome = outcome_of(one.perform(change, "acme"), *reads, Response(200))
    assert f"{outcome.status.value} {words(outcome.remark)}".startswith(said)


@pytest.mark.parametrize("kind", ["service_account", "api_key"])
@pytest.mark.parametrize(("status", "refusal"), [(409, 409), (422, 422), (403, 403), (402, 402), (429, 0), (408, 0)])
def test_refused_deletion_has_its_status(kind: str, status: int, refusal: int) -> None:
    (one,) = [each for each in all_kinds() if each.name == kind]
    change = Change(kind, "x", "ci", Action.DELETE, Stage.DELETE, "role", BEFORE[kind], None, Reason.NOT_DECLARED, None)
    reads = [Response(200, [KEY])] if kind == "api_key" else []
    assert outcome_of(one.perform(change, "acme"), *reads, Response(status, None, "no")).refusal == refusal
