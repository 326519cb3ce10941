"""Deletions of a workspace: responses of the API, and concurrent changes."""

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
from beamctl.model.api_call import ApiCall, NoResponse, Response, cause
from beamctl.plan.contents import Deletion, DeletionStatus
from beamctl.workflow.destroy import contents_of, destroy
from tests.fakes.resources import resource
from tests.fakes.service_accounts import service_account
from tests.fakes.wording import lost, words
from tests.fakes.workspace import FakeWorkspace, person, request_line
from tests.workflow.destroyable import (
    ACCOUNTS,
    CONNECTIONS,
    COUNTED,
    DELETE,
    DOMAINS,
    ENVIRONMENTS,
    IMAGE_SHARES,
    IMAGES,
    ITSELF,
    KEYS,
    POLICIES,
    SECRETS,
    USERS,
    workspace,
)

LOST = lost("api.example.test answered HTTP 502: Bad Gateway")


def destroyed(live: FakeWorkspace, stop: Event | None = None) -> Deletion:
    return destroy(contents_of("acme", live), live, live, stop=stop or Event())


def respond(live: FakeWorkspace, line: str, answer: Response | NoResponse | Exception) -> FakeWorkspace:
    """The request with this line gets another response."""
    live.answers[line] = answer
    return live


def delete_and_respond(live: FakeWorkspace, answer: Response | NoResponse) -> FakeWorkspace:
    """The deletion is carried out, but gets another response."""
    live.after = lambda call, given: answer if request_line(call) == DELETE else given
    return live


def test_workspace_is_read_again_and_deleted_once() -> None:
    live = workspace()
    assert destroyed(live) == Deletion(DeletionStatus.DELETED)
    shares = [IMAGES, IMAGE_SHARES, DOMAINS]
    reads = [COUNTED, USERS, ACCOUNTS, ACCOUNTS, KEYS, POLICIES, CONNECTIONS, ENVIRONMENTS, SECRETS, *shares]
    assert live.calls == [*reads, *reads, DELETE, ITSELF]


UNCERTAIN = [
    Response(200, {}),
    Response(204),
    Response(202, {"name": "acme"}),
    Response(200, {"error": "no", "code": 403}),
]


@pytest.mark.parametrize("answer", UNCERTAIN, ids=lambda answer: f"{answer.status} {answer.body}")
def test_workspace_that_still_exists_after_a_success_was_not_deleted(answer: Response) -> None:
    live = respond(workspace(), DELETE, answer)
    with pytest.raises(ApiError, match=f"acme still exists: the API responded with {answer.status}"):
        destroyed(live)
    assert live.calls.count(DELETE) == 1
    assert live.calls[-4:] == [ITSELF] * 4


@pytest.mark.parametrize("answer", UNCERTAIN, ids=lambda answer: f"{answer.status} {answer.body}")
def test_deletion_may_take_a_moment(answer: Response) -> None:
    live = respond(workspace(), DELETE, answer)
    waited: list[float] = []

    def pause(seconds: float) -> bool:
        waited.append(seconds)
        if len(waited) > 1:
            live.deleted = True
        return True

    found = destroy(contents_of("acme", live), live, live, stop=Event(), pause=pause)
    assert found == Deletion(DeletionStatus.DELETED)
    assert waited == [0.5, 1.0]


@pytest.mark.parametrize("answer", UNCERTAIN, ids=lambda answer: f"{answer.status} {answer.body}")
@pytest.mark.parametrize("error", [ForbiddenError("no access"), UnauthenticatedError("no access")])
def test_losing_access_confirms_the_deletion(answer: Response, error: ApiError) -> None:
    live = respond(workspace(), DELETE, answer)
    shown = contents_of("acme", live)

    live.answers[ITSELF] = error
    if answer.certain:
        assert destroy(shown, live, live, stop=Event()) == Deletion(DeletionStatus.DELETED)
    else:
        with pytest.raises(ApiError, match="it is not known whether acme was deleted"):
            destroy(shown, live, live, stop=Event())


def test_lost_response_to_a_deletion() -> None:
    live = delete_and_respond(workspace(), LOST)
    assert destroyed(live) == Deletion(DeletionStatus.FOUND_GONE, LOST.fact)
    assert live.calls[-2:] == [DELETE, ITSELF]


def test_lost_deletion_request() -> None:
    live = respond(workspace(), DELETE, LOST)
    with pytest.raises(ApiError) as caught:
        destroyed(live)
    assert caught.value.message == f"acme still exists: {words(LOST.fact)}"
    assert caught.value.hint == (
        "The API may still be deleting it. Check again in a minute.\nCheck whether it exists:  beamctl show -w acme"
    )
    assert live.calls.count(DELETE) == 1


def test_new_workspace_with_the_same_name_does_not_hide_the_deletion() -> None:
    live = delete_and_respond(workspace(), LOST)
    live.answers[ITSELF] = Response(200, {"name": "acme", "id": "w2", "createdAt": "2026-11-24T00:00:00Z"})
    assert destroyed(live) == Deletion(DeletionStatus.FOUND_GONE, LOST.fact)
    assert live.calls.count(DELETE) == 1


@pytest.mark.parametrize("told", [{}, {"id": None}, {"id": "w1", "createdAt": "2025-03-01"}, {"id": ""}])
def test_workspace_with_fewer_details_is_the_same_workspace(told: dict[str, Any]) -> None:
    live = respond(respond(workspace(), DELETE, LOST), ITSELF, Response(200, {"name": "acme", **told}))
    with pytest.raises(ApiError, match="acme still exists"):
        destroyed(live)


@pytest.mark.parametrize(
    "sight",
    [
        ForbiddenError("no access", status=403),  # the API may report a missing workspace like this
        UnauthenticatedError("no access", status=401),  # a service account is deleted with its workspace
        UnreachableError("no access"),
        GarbledError("no access"),
    ],
)
def test_deletion_is_unknown_if_the_workspace_cannot_be_read(sight: ApiError) -> None:
    live = respond(delete_and_respond(workspace(), LOST), ITSELF, sight)
    with pytest.raises(ApiError) as caught:
        destroyed(live)
    assert type(caught.value) is ApiError
    assert caught.value.message == f"it is not known whether acme was deleted: {words(LOST.fact)}; then no access"
    assert live.calls.count(DELETE) == 1


@pytest.mark.parametrize("payload", [None, [], {"name": "other"}])
def test_deletion_is_unknown_if_the_workspace_is_malformed(payload: Any) -> None:
    with pytest.raises(ApiError, match="is not known"):
        destroyed(respond(delete_and_respond(workspace(), LOST), ITSELF, Response(200, payload)))


def test_member_cannot_delete_and_gets_a_hint() -> None:
    live = respond(workspace(), DELETE, Response(403, None, "Forbidden"))
    with pytest.raises(ForbiddenError) as caught:
        destroyed(live)
    assert caught.value.message == "not permitted to delete acme: the API responded with 403: Forbidden"
    assert caught.value.hint == "Only workspace admins can. Nothing was deleted."
    assert live.calls[-1] == DELETE


@pytest.mark.parametrize("status", [400, 404, 408, 409, 429, 302])
def test_refused_deletion_of_an_existing_workspace(status: int) -> None:
    live = respond(workspace(), DELETE, Response(status, None, "no"))
    with pytest.raises(ApiError) as caught:
        destroyed(live)
    assert caught.value.message == f"acme still exists: the API responded with {status}: no"
    assert live.calls.count(DELETE) == 1


def test_workspace_deleted_by_someone_else() -> None:
    live = delete_and_respond(workspace(), Response(404, None, "Workspace not found"))
    refused = cause(Response(404, None, "Workspace not found"))
    assert destroyed(live) == Deletion(DeletionStatus.GONE_AT_ANSWER, refused)


def test_expired_credential() -> None:
    error = UnauthenticatedError("the API does not accept the credential", status=401)
    with pytest.raises(UnauthenticatedError):
        destroyed(respond(workspace(), DELETE, error))


Edit = Callable[[FakeWorkspace], object]

ADDITIONS: list[tuple[str, Edit, str]] = [
    ("another workspace", lambda it: it.settings.update(id="w2"), "it is a different workspace with the same name"),
    (
        "recreated",
        lambda it: it.settings.update(createdAt="2026"),
        "it is a different workspace with the same name",
    ),
    (
        "a member",
        lambda it: it.users.update({"mal@x.io": person("mal@x.io")}),
        "members now include mal@x.io (member, accepted)",
    ),
    (
        "a role",
        lambda it: it.users["eve@x.io"].update(role="admin"),
        "members now include eve@x.io (admin, accepted)",
    ),
    (
        "an accepted invitation",
        lambda it: it.users["kim@x.io"].update(accepted=True),
        "members now include kim@x.io (viewer, accepted)",
    ),
    (
        "an account",
        lambda it: it.accounts.kept.update({f"n{n}": {"client_id": f"n{n}", "name": "new"} for n in range(1201)}),
        "serviceAccounts now include new and 1,200 more",
    ),
    (
        "a policy",
        lambda it: it.resources.kept["policies"].update(us=resource("us")),
        "policies now include us",
    ),
    (
        "a connection",
        lambda it: it.resources.kept["integrations"].update(hf=resource("hf", integration="hf")),
        "integrations now include hf (hf)",
    ),
    (
        "a key",
        lambda it: it.accounts.keys["c1"].append({"id": "k2", "name": "deploy"}),
        "apiKeys now include deploy (ci)",
    ),
    (
        "another account of the same name",
        lambda it: it.accounts.kept.update(
            c1=service_account("c2", "ci", "admin"), c2=service_account("c2", "ci", "admin")
        ),
        "serviceAccounts now include ci (admin)",
    ),
    (
        "keys that cannot be read",
        lambda it: it.answers.update({KEYS: ForbiddenError("no", status=403)}),
        "apiKeys can no longer be read completely: those of ci cannot be read with this credential",
    ),
    (
        "an environment",
        lambda it: it.resources.kept["environments"].update(qa=resource("qa")),
        "environments now include qa",
    ),
    (
        "no environments",
        lambda it: it.answers.update({ENVIRONMENTS: MissingError("no", status=404)}),
        "environments can no longer be read: the API does not list them",
    ),
    ("a larger count", lambda it: it.settings["resourceCounts"].update(agents=4), "agents: 4 instead of 3"),
    ("a new count", lambda it: it.settings["resourceCounts"].update(models=1), "models: 1 instead of 0"),
    (
        "unreadable policies",
        lambda it: it.answers.update({POLICIES: ApiError("it broke", status=500)}),
        "policies can no longer be read: it broke",
    ),
    (
        "no counts",
        lambda it: it.settings.pop("resourceCounts"),
        "resource counts can no longer be read: the API does not list them",
    ),
    (
        "a long name",
        lambda it: it.resources.kept["integrations"].update({"x" * 1_000: resource("x" * 1_000)}),
        "integrations now include " + "x" * 80,
    ),
]


@pytest.mark.parametrize(("edit", "why"), [case[1:] for case in ADDITIONS], ids=[case[0] for case in ADDITIONS])
def test_workspace_with_more_than_was_shown_is_not_deleted(edit: Edit, why: str) -> None:
    live = workspace()
    shown = contents_of("acme", live)
    edit(live)
    with pytest.raises(StalePlanError) as caught:
        destroy(shown, live, live, stop=Event())
    assert caught.value.message == f"acme changed since it was shown, so nothing was deleted: {why}"
    assert caught.value.hint == "Run `beamctl destroy acme` again to see the current state."
    assert live.calls.count(DELETE) == 0


REMOVALS: list[Edit] = [
    lambda it: it.users.pop("eve@x.io"),
    lambda it: it.accounts.kept.clear(),
    lambda it: it.settings["resourceCounts"].update(agents=0),
    lambda it: it.settings["resourceCounts"].pop("agents"),
    lambda it: it.settings.update(displayName="Other", updatedAt="now"),
    lambda it: it.users.update({"ada@x.io": it.users.pop("ada@x.io")}),
]


@pytest.mark.parametrize("edit", REMOVALS)
def test_workspace_with_less_than_was_shown_is_deleted(edit: Edit) -> None:
    live = workspace()
    shown = contents_of("acme", live)
    edit(live)
    assert destroy(shown, live, live, stop=Event()) == Deletion(DeletionStatus.DELETED)


@pytest.mark.parametrize("path", [USERS, POLICIES, COUNTED])
def test_section_that_became_readable_was_not_shown(path: str) -> None:
    live = workspace()
    unknown = {key: value for key, value in live.settings.items() if key != "resourceCounts"}
    live.answers[path] = Response(200, unknown if path == COUNTED else None)
    shown = contents_of("acme", live)
    same = live.copied()
    assert destroy(shown, same, same, stop=Event()) == Deletion(DeletionStatus.DELETED)  # still unknown, as shown
    del live.answers[path]
    with pytest.raises(StalePlanError):
        destroy(shown, live, live, stop=Event())
    assert live.calls.count(DELETE) == 0


def test_workspace_that_is_already_gone() -> None:
    live = workspace()
    shown = contents_of("acme", live)
    live.deleted = True
    with pytest.raises(StalePlanError, match="acme is already gone, so nothing was sent"):
        destroy(shown, live, live, stop=Event())
    assert live.calls.count(DELETE) == 0


@pytest.mark.parametrize("error", [ForbiddenError("no"), UnauthenticatedError("no"), UnreachableError("no")])
def test_workspace_that_cannot_be_read_again_is_not_deleted(error: ApiError) -> None:
    live = workspace()
    shown = contents_of("acme", live)
    live.answers[COUNTED] = error
    with pytest.raises(type(error)):
        destroy(shown, live, live, stop=Event())
    assert live.calls.count(DELETE) == 0


def test_interrupt_while_reading_again() -> None:
    stop = Event()

    def interrupt(call: ApiCall) -> None:
        if request_line(call) == CONNECTIONS:
            stop.set()

    live = workspace()
    live.before = interrupt
    with pytest.raises(InterruptedRunError, match="interrupted, so acme was not deleted"):
        destroyed(live, stop)
    assert live.calls.count(DELETE) == 0


def test_interrupt_while_checking_the_deletion() -> None:
    error = InterruptedRunError("interrupted while the API asked for a pause")
    with pytest.raises(ApiError, match="it is not known whether acme was deleted"):
        destroyed(respond(delete_and_respond(workspace(), LOST), ITSELF, error))
