"""Unconfirmed deletions: what is reported for kinds whose listing may be empty, also when it is."""

from collections.abc import Sequence
from typing import Any

import pytest

from beamctl.kinds.operations import delete, look
from beamctl.kinds.registry import all_kinds
from beamctl.model.api_call import NoResponse, Response
from beamctl.plan.change import Action, Change, Reason, Stage
from beamctl.plan.kind import Operation, Outcome
from tests.fakes.wording import words

LOST = NoResponse("the connection was reset")
ACCOUNT = {"client_id": "c1", "name": "ci", "role": "member"}
KEY = {"id": "k1", "name": "hub", "createdAt": "2026-01-01T00:00:00Z"}
OTHER = {"service_account": ACCOUNT | {"client_id": "c2"}, "api_key": KEY | {"id": "k2"}}
BEFORE: dict[str, dict[str, Any]] = {
    "service_account": {"name": "ci", "role": "member", "description": ""},
    "api_key": {"account": "ci", "name": "hub", "id": "k1", "clientId": "c1"},
}


def told(talk: Operation[Outcome], *answers: Response | NoResponse) -> Outcome:
    next(talk)
    for answer in answers:
        try:
            talk.send(answer)
        except StopIteration as end:
            found: Outcome = end.value
            return found
    pytest.fail("it asks more than that")


def deleted(kind: str, answer: Response | NoResponse, listed: str | None, *more: Response | NoResponse) -> str:
    """What is said of a deletion that is answered so, when the listing shows `it`, only the `other`, or is `empty`."""
    (one,) = [each for each in all_kinds() if each.name == kind]
    key = "c1" if kind == "service_account" else "k1"
    change = Change(kind, key, "ci", Action.DELETE, Stage.DELETE, "role", BEFORE[kind], None, Reason.NOT_DECLARED, None)
    it = ACCOUNT if kind == "service_account" else KEY
    lists: dict[str | None, Sequence[Any]] = {"it": [it, OTHER[kind]], "other": [OTHER[kind]], "empty": []}
    looks = [Response(200, [it])] if kind == "api_key" else []  # it looks for a newer one before
    outcome = told(one.perform(change, "acme"), *looks, answer, Response(200, lists.get(listed)), *more)
    return f"{outcome.status.value} {words(outcome.remark)}"


@pytest.mark.parametrize("kind", ["service_account", "api_key"])
@pytest.mark.parametrize(
    ("answer", "listed", "said"),
    [
        (Response(200), None, "done "),
        (Response(404, None, "not found"), "other", "done was already gone"),
        (Response(404, None, "not found"), "empty", "done was already gone"),
        (Response(409, None, "in use"), None, "failed the API answered 409: in use"),
        (LOST, "it", "failed the connection was reset; nothing was changed"),
    ],
)
def test_what_is_said_of_a_deletion(kind: str, answer: Response | NoResponse, listed: str | None, said: str) -> None:
    assert deleted(kind, answer, listed) == said


@pytest.mark.parametrize("kind", ["service_account", "api_key"])
@pytest.mark.parametrize("listed", ["other", "empty"])
@pytest.mark.parametrize(
    ("again", "said"),
    [
        (Response(200), "done "),
        (Response(404, None, "not found"), "done "),
        (Response(409, None, "in use"), "failed the API answered 409: in use"),
        (
            LOST,
            "failed the connection was reset, and reading it failed: the API does not confirm that it is gone",
        ),
    ],
    ids=["gone now", "gone before", "refused", "lost again"],
)
def test_where_the_answer_is_lost_no_list_is_believed(
    kind: str, listed: str, again: Response | NoResponse, said: str
) -> None:
    assert deleted(kind, LOST, listed, again) == said


def test_a_listing_that_cannot_be_read_tells_nothing() -> None:
    outcome = told(delete("/x/1", look("/x", lambda _: None)), LOST, Response(500, None, "down"))
    assert words(outcome.remark) == "the connection was reset, and reading it failed: the API answered 500: down"


ORPHAN = ACCOUNT | {"description": "(beamctl: client secret not handed over yet)"}


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (Response(200, [ORPHAN]), "done "),
        (Response(200, [OTHER["service_account"]]), "done "),
        (Response(200, [ACCOUNT]), "failed its client secret was handed over in the meantime"),
        (Response(200, []), "failed reading whether its client secret was handed over failed: the API shows none"),
        (LOST, "failed reading whether its client secret was handed over failed: the connection was reset"),
    ],
    ids=["still an orphan", "gone", "handed over", "none shown", "lost"],
)
def test_an_orphan_is_deleted_only_where_it_is_seen_to_be_one(look: Response | NoResponse, said: str) -> None:
    (one,) = [each for each in all_kinds() if each.name == "service_account"]
    before = BEFORE[one.name] | {"clientId": "c1", "unfinished": "yes"}
    change = Change(
        one.name, "c1", "ci", Action.DELETE, Stage.UPDATE, "role", before, None, Reason.NOT_HANDED_OVER, None
    )
    looks = [look, Response(200, [])] if said == "done " else [look]
    outcome = told(one.perform(change, "acme"), *looks, Response(200))
    assert f"{outcome.status.value} {words(outcome.remark)}".startswith(said)


@pytest.mark.parametrize("kind", ["service_account", "api_key"])
@pytest.mark.parametrize(("status", "refusal"), [(409, 409), (422, 422), (403, 403), (402, 402), (429, 0), (408, 0)])
def test_a_deletion_that_is_refused_says_how(kind: str, status: int, refusal: int) -> None:
    (one,) = [each for each in all_kinds() if each.name == kind]
    change = Change(kind, "x", "ci", Action.DELETE, Stage.DELETE, "role", BEFORE[kind], None, Reason.NOT_DECLARED, None)
    looks = [Response(200, [KEY])] if kind == "api_key" else []
    assert told(one.perform(change, "acme"), *looks, Response(status, None, "no")).refusal == refusal
