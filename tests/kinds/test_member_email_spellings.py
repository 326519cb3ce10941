"""E-mails in several spellings, and live e-mails that a document cannot contain."""

import pytest

from beamctl.plan.hazard import Risk
from beamctl.plan.plan_file import saved_text
from beamctl.workflow.saved_plan import open_plan
from tests.fakes.runs import all_done, applied, document, planned
from tests.fakes.saved_plans import saved
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

ROOT = person("root@x.io", "admin")
ADMIN = {"root@x.io": "admin"}
GUARDS = {"maxRemovals": 9}
SPELLINGS = ["j\xf6rg@m\xfcller.example", "J\xd6RG@xn--mller-kva.example", "j\xf6rg@XN--MLLER-KVA.example"]


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("live", SPELLINGS)
@pytest.mark.parametrize("written", SPELLINGS)
def test_domain_in_another_spelling_is_no_change(written: str, live: str, *, accepted: bool) -> None:
    workspace = FakeWorkspace.of([ROOT, person(live, accepted=accepted)])
    assert planned(document(ADMIN | {written: "member"}), workspace).changes == ()
    (change,) = planned(document(ADMIN | {written: "viewer"}), workspace).changes
    assert change.name == live
    assert all_done(applied(planned(document(ADMIN), workspace), workspace))
    assert set(workspace.users) == {"root@x.io"}


def test_two_spellings_in_one_document_are_one_person() -> None:
    with pytest.raises(AssertionError, match="is the same person as"):
        document(dict.fromkeys(SPELLINGS, "member"))


@pytest.mark.parametrize("accepted", [True, False])
def test_dropped_plus_tag_is_a_suspected_rename(*, accepted: bool) -> None:
    workspace = FakeWorkspace.of([ROOT, person("Ada@example.com", accepted=accepted)])
    plan = planned(document(ADMIN | {"ada+x@example.com": "member"}, guards=GUARDS), workspace)
    (hazard,) = plan.hazards
    assert (hazard.risk, hazard.value) == (Risk.RENAME_SUSPECT, "Ada@example.com,ada+x@example.com")
    assert "the API may drop the +tag" in words(hazard.fact)
    assert "write Ada@example.com" in words(hazard.fact)


@pytest.mark.parametrize(
    "more", [{"manage": {"members": "additive"}}, {"members": ADMIN | {"ada@example.com": "member"}}]
)
def test_dropped_plus_tag_is_noted_if_no_one_is_removed(more: dict[str, dict[str, str]]) -> None:
    workspace = FakeWorkspace.of([ROOT, person("ada@example.com", accepted=False)])
    members = more.get("members", ADMIN) | {"ada+x@example.com": "member"}
    manage = {key: value for key, value in more.items() if key == "manage"}
    plan = planned(document(members, **manage), workspace)
    assert ([change.name for change in plan.changes], plan.hazards) == (["ada+x@example.com"], ())
    (note,) = plan.notes
    assert "write ada@example.com" in words(note.fact)
    assert note.place is not None


@pytest.mark.parametrize(
    ("live", "written"), [("ada+x@x.io", "ada@x.io"), ("ada@y.io", "ada+x@x.io"), ("kim@x.io", "a+x@x.io")]
)
def test_emails_without_a_dropped_tag(live: str, written: str) -> None:
    plan = planned(document(ADMIN | {written: "member"}, guards=GUARDS), FakeWorkspace.of([ROOT, person(live)]))
    assert [words(note.fact) for note in plan.notes] == []
    assert not [hazard for hazard in plan.hazards if "+tag" in words(hazard.fact)]


ODD = [
    "\u201cbarbara@example.com\u201d",
    "barbara\u2019@example.com",
    "bar\u200bbara@example.com",
    "b\u0430rbara@example.com",
]


@pytest.mark.parametrize("odd", ODD)
def test_live_lookalike_of_an_invited_email_is_a_suspected_rename(odd: str) -> None:
    workspace = FakeWorkspace.of([ROOT, person(odd)])
    plan = planned(document(ADMIN | {"barbara@example.com": "member"}, guards=GUARDS), workspace)
    assert [hazard.risk for hazard in plan.hazards] == [Risk.RENAME_SUSPECT]


@pytest.mark.parametrize(
    "odd", [*ODD, "no address", "@", "a@" + "b" * 64, "a@xn--a", "a@b_c", "\u0661@\u0661", "a@x..io."]
)
@pytest.mark.parametrize("accepted", [True, False])
def test_person_with_any_live_email_can_be_removed(odd: str, *, accepted: bool) -> None:
    workspace = FakeWorkspace.of([ROOT, person(odd, accepted=accepted)])
    plan = planned(document(ADMIN, guards=GUARDS), workspace)
    assert [change.name for change in plan.changes] == [odd]
    (again,) = open_plan(saved_text(saved(plan)).encode(), "p.json").plans
    assert again.changes == plan.changes
    assert all_done(applied(plan, workspace))
    assert set(workspace.users) == {"root@x.io"}


@pytest.mark.parametrize("protected", ["ada@example.com", "*@example.com"])
@pytest.mark.parametrize("live", ["ada@example.com", "kim@x.io"])
def test_protected_email_that_is_absent_is_noted(protected: str, live: str) -> None:
    want = document(ADMIN, guards={"protected": [protected]}, manage={"members": "additive"})
    plan = planned(want, FakeWorkspace.of([ROOT, person(live)]))
    said = [
        f"guards.protected lists {protected}, who is neither in the workspace nor under members: check the spelling"
    ]
    assert [words(note.fact) for note in plan.notes] == ([] if live == "ada@example.com" else said)
