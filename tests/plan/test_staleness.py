"""Whether a saved plan is stale, and what changes if someone else applies it."""

import subprocess
import sys
from dataclasses import replace
from datetime import date

from beamctl.model.identity import Identity
from beamctl.plan.hazard import Risk
from beamctl.plan.kind import Quorum
from beamctl.plan.staleness import StaleObject, ends, is_as
from beamctl.report.drift_text import stale_text
from tests.fakes.one_workspace import recheck_plan
from tests.fakes.runs import document, planned
from tests.fakes.wording import words
from tests.fakes.workspace import FakeWorkspace, person

PEOPLE = [person("root@x.io", "admin"), person("bob@x.io", "admin", sub="s-bob"), person("old@x.io")]
WANT = document({"root@x.io": "admin", "new@x.io": "member"}, guards={"maxRemovals": "100%"})


def workspace() -> FakeWorkspace:
    return FakeWorkspace.of(PEOPLE)


def test_own_removal_comes_last_and_is_a_hazard() -> None:
    plan = planned(WANT, workspace(), identity=Identity(email="root@x.io"))
    assert [change.name for change in plan.changes] == ["new@x.io", "bob@x.io", "old@x.io"]
    for identity in (Identity(email="Bob@x.io"), Identity(sub="s-bob")):
        found = recheck_plan(plan, workspace(), identity).plan
        assert [change.name for change in found.changes] == ["new@x.io", "old@x.io", "bob@x.io"]
        assert found.changes[-1].stage.name == "OURSELVES"
        assert [hazard.value for hazard in found.hazards if hazard.risk is Risk.SELF_LOCKOUT] == ["bob@x.io"]
        assert found.runs_as == identity.name


def test_planners_removal_stays_last_if_the_identity_is_unknown() -> None:
    plan = planned(WANT, workspace(), identity=Identity(email="bob@x.io"))
    found = recheck_plan(plan, workspace(), None).plan
    assert found.changes == plan.changes
    assert found.hazards == plan.hazards
    assert found.runs_as == "bob@x.io"
    again = recheck_plan(plan, workspace(), Identity(email="bob@x.io")).plan
    assert again == plan  # the hazard is listed once


def test_email_that_now_belongs_to_another_person() -> None:
    plan = planned(WANT, workspace())
    live = workspace()
    live.users["bob@x.io"]["sub"] = "s-other"
    assert stale_text(recheck_plan(plan, live, None).stale_objects) == ['bob@x.io: sub was "s-bob", is now "s-other"']


def test_another_workspace_with_the_same_name() -> None:
    one = FakeWorkspace.of(PEOPLE, settings={"name": "acme", "id": "w1", "createdAt": "2026-01-01"})
    two = FakeWorkspace.of(PEOPLE, settings={"name": "acme", "createdAt": "2026-01-01"})
    plan = planned(WANT, one)
    ids = [recheck_plan(plan, live, None).workspace_id for live in (one, two, workspace())]
    assert ids == ["w1", "2026-01-01", ""]


def test_changed_settings() -> None:
    groups = [{"groupName": "ops", "role": "member"}, {"groupName": "dev", "role": "viewer"}]
    was = {"name": "acme", "displayName": "A", "groupMappings": groups, "labels": {"a": "1"}}
    want = document(settings={"displayName": "B", "labels": {}, "groupMappings": []})
    plan = planned(want, FakeWorkspace(settings=dict(was)))
    same = FakeWorkspace(settings={**was, "groupMappings": groups[::-1], "other": 1})
    assert recheck_plan(plan, same, None).stale_objects == ()
    groups = [{"groupName": "ops", "role": "admin"}, groups[1]]
    now = FakeWorkspace(settings={"name": "acme", "displayName": "\x1b[2J", "groupMappings": groups})
    assert stale_text(recheck_plan(plan, now, None).stale_objects) == [
        'displayName: was "A", is now "\\u001b[2J"',
        'labels: a was "1", is now nothing',
        'groupMappings: ops.role was "member", is now "admin"',
    ]


def test_unordered_values_are_compared_as_one() -> None:
    """If thousands changed, none is compared in detail."""
    code = (
        "import sys; from beamctl.plan.diff import same; "
        "assert not same({'role': 'admin'}, {'role': 'member'}) and not same(None, {}) and not same('a', ['a']) "
        "and not same({'labels': {'a': '1'}}, {'labels': {}}) and same({'a': 1}, {'a': 1}); "
        "assert 'deepdiff' not in sys.modules; assert same({'a': [1, 2]}, {'a': [2, 1]})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_only_the_first_changes_are_compared_in_detail() -> None:
    many = [
        StaleObject("member", f"p{n:02}", {"role": "admin", "sub": "1"}, {"role": "viewer", "sub": "2"})
        for n in range(30)
    ]
    text = stale_text(many)
    assert (len(text), text[1], text[-1]) == (21, 'p00: sub was "1", is now "2"', "and 30 more")
    assert len(stale_text(many[:10])) == 20


def test_long_differences_are_shortened() -> None:
    many = [person(f"p{number:02}@x.io") for number in range(30)]
    plan = planned(document({"root@x.io": "admin"}), FakeWorkspace.of([*PEOPLE[:1], *many]))
    text = stale_text(recheck_plan(plan, workspace(), None).stale_objects)
    assert len(text) == 21
    assert text[0] == (
        'p00@x.io no longer exists; it was: email "p00@x.io", role "member", standing "accepted", source "local"'
    )
    assert text[-1] == "and 10 more"


def test_changes_already_in_effect() -> None:
    plan = planned(WANT, workspace())
    invite, remove = plan.changes[0], plan.changes[-1]
    assert is_as(remove.after, None)
    assert not is_as(invite.after, None)
    assert not is_as(remove.after, remove.before)
    assert is_as(invite.after, {**(invite.after or {}), "sub": "s1"})
    assert not is_as(invite.after, {**(invite.after or {}), "role": "admin"})
    live = workspace()
    del live.users["old@x.io"]
    assert recheck_plan(plan, live, None).in_effect == (remove,)
    assert recheck_plan(replace(plan, changes=()), live, None).in_effect == ()


def test_forged_revokes_access_flag_is_ignored() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io", "admin")])
    plan = replace(planned(document({"c@x.io": "admin"}), live), hazards=(), quorums={})
    found = recheck_plan(plan, live, None).plan
    assert [hazard.risk for hazard in found.hazards] == [Risk.LAST_ADMIN]
    one = replace(planned(document({"a@x.io": "admin"}), live), hazards=(), quorums={})
    assert recheck_plan(one, live, None).plan.quorums == {"member": Quorum(("a@x.io",), 1)}


def test_population_is_counted_again() -> None:
    plan = planned(WANT, workspace())
    live = workspace()
    live.users["new@x.io"] = person("new@x.io")
    assert recheck_plan(plan, live, None).plan.seen["member"] == plan.seen["member"] + 1


def test_note_if_an_admin_loses_access_and_the_identity_is_unknown() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("b@x.io", "admin")])
    plan = planned(document({"a@x.io": "admin"}, guards={"self": {"email": "a@x.io"}}), live)
    text = "the owner of the credential is unknown, so beamctl cannot tell whether this would remove your own access"
    assert text in [words(note.fact) for note in recheck_plan(plan, live, None).plan.notes]
    assert text not in [words(note.fact) for note in recheck_plan(plan, live, Identity(email="a@x.io")).plan.notes]


def test_saved_plan_expires_with_the_access_it_grants() -> None:
    live = FakeWorkspace.of([person("a@x.io", "admin"), person("d@x.io", "admin"), person("e@x.io")])
    members = {
        "a@x.io": "admin",
        "b@x.io": {"role": "member", "until": "2027-03-01"},
        "c@x.io": {"role": "member", "until": "2027-02-01"},
        "d@x.io": {"role": "member", "until": "2027-01-01"},  # demoted
    }
    assert ends(planned(document(members), live)) == date(2027, 2, 1)
    assert ends(planned(document({"a@x.io": "admin"}), live)) is None
