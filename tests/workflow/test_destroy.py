"""What comes of a deletion, whatever the API answers and whoever else is at work."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from beamctl.errors import (
    ApiError,
    ForbiddenError,
    GarbledError,
    InterruptedRunError,
    MissingError,
    StalePlanError,
    UnauthenticatedError,
    UnreachableError,
)
from beamctl.model.api_call import NoResponse, Response
from beamctl.plan.contents import Deletion, DeletionStatus
from beamctl.workflow.destroy import contents_of, destroy
from tests.fakes.doomed import (
    ACCOUNTS,
    CONNECTIONS,
    COUNTED,
    ENVIRONMENTS,
    ITSELF,
    KEYS,
    POLICIES,
    USERS,
    Doomed,
)
from tests.fakes.wording import saying
from tests.fakes.workspace import person

LOST = NoResponse("api.example.test answered HTTP 502: Bad Gateway")


def destroyed(doomed: Doomed, stop: Event | None = None) -> Deletion:
    return destroy(contents_of("acme", doomed), doomed, doomed, stop=stop or Event())


def test_the_workspace_is_looked_at_again_and_then_deleted_once() -> None:
    doomed = Doomed()
    assert destroyed(doomed) == Deletion(DeletionStatus.DELETED)
    reads = [COUNTED, USERS, ACCOUNTS, ACCOUNTS, KEYS, POLICIES, CONNECTIONS, ENVIRONMENTS]
    assert doomed.asked == [*reads, *reads, "DELETE", ITSELF]


UNCERTAIN = [
    Response(200, {}),
    Response(204),
    Response(202, {"name": "acme"}),
    Response(200, {"error": "no", "code": 403}),
]


@pytest.mark.parametrize("answer", UNCERTAIN, ids=lambda answer: f"{answer.status} {answer.body}")
def test_a_workspace_that_is_still_there_after_any_success_was_not_deleted(answer: Response) -> None:
    doomed = Doomed(answer=answer, deletes=False)
    with pytest.raises(ApiError, match=f"acme still exists: the API answered {answer.status}"):
        destroyed(doomed)
    assert doomed.deletions == 1
    assert doomed.asked[-4:] == [ITSELF] * 4


@pytest.mark.parametrize("answer", UNCERTAIN, ids=lambda answer: f"{answer.status} {answer.body}")
def test_a_workspace_may_take_a_moment_to_go(answer: Response) -> None:
    doomed = Doomed(answer=answer, deletes=False)
    waited: list[float] = []

    def pause(seconds: float) -> bool:
        waited.append(seconds)
        if len(waited) > 1:
            doomed.go()
        return True

    found = destroy(contents_of("acme", doomed), doomed, doomed, stop=Event(), pause=pause)
    assert found == Deletion(DeletionStatus.DELETED)
    assert waited == [0.5, 1.0]


@pytest.mark.parametrize("answer", UNCERTAIN, ids=lambda answer: f"{answer.status} {answer.body}")
@pytest.mark.parametrize("error", [ForbiddenError("no access"), UnauthenticatedError("no access")])
def test_our_own_access_goes_with_the_workspace(answer: Response, error: ApiError) -> None:
    doomed = Doomed(answer=answer, deletes=False)
    shown = contents_of("acme", doomed)

    class Leaving(Doomed):
        def delete_workspace(self) -> Response | NoResponse:
            told = super().delete_workspace()
            self.payloads = dict.fromkeys(self.payloads, error)
            return told

    leaving = Leaving(answer=answer, deletes=False)
    if answer.certain:
        assert destroy(shown, leaving, leaving, stop=Event()) == Deletion(DeletionStatus.DELETED)
    else:
        with pytest.raises(ApiError, match="it is not known whether acme was deleted"):
            destroy(shown, leaving, leaving, stop=Event())


def test_a_lost_answer_to_a_deletion_that_was_made() -> None:
    doomed = Doomed(answer=LOST)
    assert destroyed(doomed) == Deletion(DeletionStatus.FOUND_GONE, saying(LOST.why))
    assert doomed.asked[-2:] == ["DELETE", ITSELF]


def test_a_lost_answer_to_a_deletion_that_was_not_made() -> None:
    doomed = Doomed(answer=LOST, deletes=False)
    with pytest.raises(ApiError) as caught:
        destroyed(doomed)
    assert caught.value.message == f"acme still exists: {LOST.why}"
    assert caught.value.hint == (
        "The API may still be deleting it. Check again in a minute.\nCheck whether it exists:  beamctl show -w acme"
    )
    assert doomed.deletions == 1


def renamed(doomed: Doomed, what: str) -> None:
    """Somebody makes another workspace of that name as soon as the first is gone."""
    if what == ITSELF:
        doomed.payloads[COUNTED] = {"name": "acme", "id": "w2", "createdAt": "2026-11-24T00:00:00Z"}


def test_another_workspace_of_that_name_is_not_taken_for_the_one_that_went() -> None:
    doomed = Doomed(answer=LOST, before=renamed)
    assert destroyed(doomed) == Deletion(DeletionStatus.FOUND_GONE, saying(LOST.why))
    assert doomed.deletions == 1


@pytest.mark.parametrize("told", [{}, {"id": None}, {"id": "w1", "createdAt": "2025-03-01"}, {"id": ""}])
def test_a_workspace_that_tells_less_of_itself_than_before_is_not_taken_for_another(told: dict[str, Any]) -> None:
    def silent(doomed: Doomed, what: str) -> None:
        if what == ITSELF:
            doomed.payloads[COUNTED] = {"name": "acme", **told}

    with pytest.raises(ApiError, match="acme still exists"):
        destroyed(Doomed(answer=LOST, before=silent, deletes=False))


@pytest.mark.parametrize(
    "sight",
    [
        ForbiddenError("no access", status=403),  # perhaps how the API says that there is none
        UnauthenticatedError("no access", status=401),  # a service account goes with its workspace
        UnreachableError("no access"),
        GarbledError("no access"),
    ],
)
def test_who_cannot_look_cannot_tell(sight: ApiError) -> None:
    def blinded(doomed: Doomed, what: str) -> None:
        if what == ITSELF:
            doomed.payloads[COUNTED] = sight

    doomed = Doomed(answer=LOST, before=blinded)
    with pytest.raises(ApiError) as caught:
        destroyed(doomed)
    assert type(caught.value) is ApiError
    assert caught.value.message == f"it is not known whether acme was deleted: {LOST.why}; then no access"
    assert doomed.deletions == 1


@pytest.mark.parametrize("payload", [None, [], {"name": "other"}])
def test_a_sight_that_is_no_workspace_tells_nothing(payload: Any) -> None:
    def garbled(doomed: Doomed, what: str) -> None:
        if what == ITSELF:
            doomed.payloads[COUNTED] = payload

    with pytest.raises(ApiError, match="is not known"):
        destroyed(Doomed(answer=LOST, before=garbled))


def test_a_member_is_told_who_may() -> None:
    doomed = Doomed(answer=Response(403, None, "Forbidden"), deletes=False)
    with pytest.raises(ForbiddenError) as caught:
        destroyed(doomed)
    assert caught.value.message == "not permitted to delete acme: the API answered 403: Forbidden"
    assert caught.value.hint == "Only workspace admins can. Nothing was deleted."
    assert doomed.asked[-1] == "DELETE"


@pytest.mark.parametrize("status", [400, 404, 408, 409, 429, 302])
def test_a_refusal_of_what_is_still_there(status: int) -> None:
    doomed = Doomed(answer=Response(status, None, "no"), deletes=False)
    with pytest.raises(ApiError) as caught:
        destroyed(doomed)
    assert caught.value.message == f"acme still exists: the API answered {status}: no"
    assert doomed.deletions == 1


def test_somebody_else_was_faster() -> None:
    doomed = Doomed(answer=Response(404, None, "Workspace not found"))
    refused = saying("the API answered 404: Workspace not found")
    assert destroyed(doomed) == Deletion(DeletionStatus.GONE_AT_ANSWER, refused)


def test_no_credential_any_more() -> None:
    class Unknown(Doomed):
        def delete_workspace(self) -> Response | NoResponse:
            raise UnauthenticatedError("the API does not accept the credential", status=401)

    with pytest.raises(UnauthenticatedError):
        destroyed(Unknown())


Meanwhile = Callable[[Doomed], object]

MORE: list[tuple[str, Meanwhile, str]] = [
    ("another", lambda it: it.payloads[COUNTED].update(id="w2"), "it is a different workspace with the same name"),
    (
        "recreated",
        lambda it: it.payloads[COUNTED].update(createdAt="2026"),
        "it is a different workspace with the same name",
    ),
    (
        "a member",
        lambda it: it.payloads[USERS].append(person("mal@x.io")),
        "members now include mal@x.io (member, accepted)",
    ),
    (
        "a role",
        lambda it: it.payloads[USERS][1].update(role="admin"),
        "members now include eve@x.io (admin, accepted)",
    ),
    (
        "an acceptance",
        lambda it: it.payloads[USERS][2].update(accepted=True),
        "members now include kim@x.io (viewer, accepted)",
    ),
    (
        "an account",
        lambda it: it.payloads[ACCOUNTS].extend({"client_id": f"n{n}", "name": "new"} for n in range(1201)),
        "serviceAccounts now include new and 1,200 more",
    ),
    (
        "a policy",
        lambda it: it.payloads[POLICIES]["data"].append({"metadata": {"name": "us"}, "spec": {}}),
        "policies now include us",
    ),
    (
        "a connection",
        lambda it: it.payloads[CONNECTIONS].append({"metadata": {"name": "hf"}, "spec": {"integration": "hf"}}),
        "integrations now include hf (hf)",
    ),
    (
        "a key",
        lambda it: it.payloads[KEYS].append({"id": "k2", "name": "deploy"}),
        "apiKeys now include deploy (ci)",
    ),
    (
        "another account of the same name",
        lambda it: (
            it.payloads[ACCOUNTS][0].update(client_id="c2") or it.payloads.update({KEYS.replace("c1", "c2"): []})
        ),
        "serviceAccounts now include ci (admin)",
    ),
    (
        "keys that cannot be read",
        lambda it: it.payloads.update({KEYS: ForbiddenError("no", status=403)}),
        "apiKeys can no longer be read completely: those of ci cannot be read with this credential",
    ),
    (
        "an environment",
        lambda it: it.payloads[ENVIRONMENTS].append({"metadata": {"name": "qa"}, "spec": {}}),
        "environments now include qa",
    ),
    (
        "no environments",
        lambda it: it.payloads.update({ENVIRONMENTS: MissingError("no", status=404)}),
        "environments can no longer be read: the API does not list them",
    ),
    ("a count", lambda it: it.payloads[COUNTED]["resourceCounts"].update(agents=4), "agents: 4 instead of 3"),
    ("a first", lambda it: it.payloads[COUNTED]["resourceCounts"].update(models=1), "models: 1 instead of 0"),
    (
        "silence",
        lambda it: it.payloads.update({POLICIES: ApiError("it broke", status=500)}),
        "policies can no longer be read: it broke",
    ),
    (
        "no counts",
        lambda it: it.payloads[COUNTED].pop("resourceCounts"),
        "resource counts can no longer be read: the API does not list them",
    ),
    (
        "a long name",
        lambda it: it.payloads[CONNECTIONS].append({"metadata": {"name": "x" * 1_000}, "spec": {}}),
        "integrations now include " + "x" * 80,
    ),
]


@pytest.mark.parametrize(("meanwhile", "why"), [case[1:] for case in MORE], ids=[case[0] for case in MORE])
def test_what_was_not_shown_is_not_deleted(meanwhile: Meanwhile, why: str) -> None:
    doomed = Doomed()
    shown = contents_of("acme", doomed)
    meanwhile(doomed)
    with pytest.raises(StalePlanError) as caught:
        destroy(shown, doomed, doomed, stop=Event())
    assert caught.value.message == f"acme changed since it was shown, so nothing was deleted: {why}"
    assert caught.value.hint == "Run `beamctl destroy acme` again to see the current state."
    assert doomed.deletions == 0


LESS: list[Meanwhile] = [
    lambda it: it.payloads[USERS].pop(1),
    lambda it: it.payloads[ACCOUNTS].clear(),
    lambda it: it.payloads[COUNTED]["resourceCounts"].update(agents=0),
    lambda it: it.payloads[COUNTED]["resourceCounts"].pop("agents"),
    lambda it: it.payloads[COUNTED].update(displayName="Other", updatedAt="now"),
    lambda it: it.payloads[USERS].reverse(),
]


@pytest.mark.parametrize("meanwhile", LESS)
def test_that_less_would_be_lost_is_no_reason_to_stop(meanwhile: Meanwhile) -> None:
    doomed = Doomed()
    shown = contents_of("acme", doomed)
    meanwhile(doomed)
    assert destroy(shown, doomed, doomed, stop=Event()) == Deletion(DeletionStatus.DELETED)


@pytest.mark.parametrize("path", [USERS, POLICIES, COUNTED])
def test_what_was_not_known_and_then_is_was_not_shown(path: str) -> None:
    doomed = Doomed()
    known = doomed.payloads[path]
    doomed.payloads[path] = {"name": "acme", "id": "w1", "createdAt": known["createdAt"]} if path == COUNTED else None
    shown = contents_of("acme", doomed)
    same = Doomed(payloads=dict(doomed.payloads))
    assert destroy(shown, same, same, stop=Event()) == Deletion(DeletionStatus.DELETED)  # still not known: as was shown
    doomed.payloads[path] = known
    with pytest.raises(StalePlanError):
        destroy(shown, doomed, doomed, stop=Event())
    assert doomed.deletions == 0


def test_gone_before_it_was_asked_for() -> None:
    doomed = Doomed()
    shown = contents_of("acme", doomed)
    doomed.go()
    with pytest.raises(StalePlanError, match="acme is already gone, so nothing was sent"):
        destroy(shown, doomed, doomed, stop=Event())
    assert doomed.deletions == 0


@pytest.mark.parametrize("error", [ForbiddenError("no"), UnauthenticatedError("no"), UnreachableError("no")])
def test_what_cannot_be_looked_at_again_is_not_deleted(error: ApiError) -> None:
    doomed = Doomed()
    shown = contents_of("acme", doomed)
    doomed.payloads[COUNTED] = error
    with pytest.raises(type(error)):
        destroy(shown, doomed, doomed, stop=Event())
    assert doomed.deletions == 0


def test_an_interruption_while_it_is_looked_at_again() -> None:
    stop = Event()

    def interrupt(_: Doomed, what: str) -> None:
        if what == CONNECTIONS:
            stop.set()

    doomed = Doomed(before=interrupt)
    with pytest.raises(InterruptedRunError, match="interrupted, so acme was not deleted"):
        destroyed(doomed, stop)
    assert doomed.deletions == 0


def test_an_interruption_while_it_is_looked_for_is_no_answer() -> None:
    class Pausing(Doomed):
        def get(self, path: str) -> Any:
            if path == ITSELF:
                raise InterruptedRunError("interrupted while the API asked for a pause")
            return super().get(path)

    with pytest.raises(ApiError, match="it is not known whether acme was deleted"):
        destroyed(Pausing(answer=LOST))
