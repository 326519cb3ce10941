"""Notes and counts of a plan: access that ends soon, and members that beamctl does not manage."""

from dataclasses import replace

import pytest

from beamctl.document.problem import Place
from beamctl.plan.change import Action
from beamctl.plan.comparison import Note
from tests.fakes.runs import document, planned
from tests.fakes.wording import counts, failure, words
from tests.fakes.workspace import FakeWorkspace, person

ROOT = person("root@x.io", "admin")
AT = Place("access.yaml", 5, 3)
NONE = failure("")


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("2026-11-25", "a@x.io loses access on 2026-11-25 (1 day from now)"),
        ("2026-11-26", "a@x.io loses access on 2026-11-26 (2 days from now)"),
        ("2026-12-08", "a@x.io loses access on 2026-12-08 (14 days from now)"),
        ("2026-12-09", ""),
        ("2026-11-24", ""),
    ],
)
def test_note_two_weeks_before_access_ends(until: str, said: str) -> None:
    live = FakeWorkspace.of([ROOT, person("a@x.io")])
    plan = planned(document({"root@x.io": "admin", "a@x.io": {"role": "member", "until": until}}), live)
    assert [(words(note.fact), replace(note, fact=NONE)) for note in plan.notes] == (
        [(said, Note(NONE, AT))] if said else []
    )


@pytest.mark.parametrize("until", [None, "2027-01-01"])
@pytest.mark.parametrize(
    ("resent", "most", "invitations"),
    [
        (0, None, ""),
        (2, None, ""),
        (3, None, "4"),
        (4, None, "5"),
        (0, 0, "1"),
        (1, 1, "2"),
        (3, 4, ""),
        (12, 3, "13"),
    ],
)
def test_no_invitation_is_sent_after_max_reinvites(
    resent: int, most: int | None, invitations: str, until: str | None
) -> None:
    live = FakeWorkspace.of([ROOT, person("A@x.io", "viewer", accepted=False, expired=True)])
    entry = {"role": "member"} | ({"until": until} if until else {})
    guards = {} if most is None else {"guards": {"maxReinvites": most}}
    want = document({"root@x.io": "admin", "a@x.io": entry}, **guards)
    plan = planned(want, live, resent={"member": {"a@x.io": resent}})
    assert len(plan.changes) == (not invitations)
    assert plan.differs
    if invitations:
        (note,) = plan.notes
        assert words(note.fact).startswith(
            f"a@x.io: invitation {invitations} expired, and no more are sent (guards.max"
        )
        assert note.place == want.document.key_place("members", "a@x.io")
        assert (note.differs, note.excused) == (True, False)
        gone = planned(
            document({"root@x.io": "admin"}, guards={"maxRemovals": 9}), live, resent={"member": {"a@x.io": 9}}
        )
        assert [each.action for each in gone.changes] == [Action.REVOKE]


IN_THE_DIRECTORY = "change it in the directory or in settings.groupMappings"
ENDED = {"role": "member", "until": "2026-11-24"}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("member", ""),
        ("viewer", f"a@x.io is member through directory sync; the document says viewer: {IN_THE_DIRECTORY}"),
        (ENDED, f"a@x.io is member through directory sync; their access ended: {IN_THE_DIRECTORY}"),
        (None, ""),
    ],
)
def test_note_if_the_directory_disagrees_with_the_document(wanted: object, said: str) -> None:
    live = FakeWorkspace.of([ROOT, person("a@x.io", source="directory_sync")])
    plan = planned(document({"root@x.io": "admin"} | ({"a@x.io": wanted} if wanted else {})), live)
    assert plan.changes == ()
    assert [(words(note.fact), replace(note, fact=NONE)) for note in plan.notes] == (
        [(said, Note(NONE, AT, differs=True))] if said else []
    )


@pytest.mark.parametrize(("wanted", "place"), [(None, None), (ENDED, AT)])
def test_unknown_role_is_noted_and_left_alone(wanted: object, place: Place | None) -> None:
    live = FakeWorkspace.of([ROOT, person("a@x.io", "owner")])
    plan = planned(document({"root@x.io": "admin"} | ({"a@x.io": wanted} if wanted else {})), live)
    assert (plan.changes, plan.differs) == ((), True)
    (note,) = plan.notes
    assert words(note.fact).startswith("a@x.io has the unknown role 'owner' and is not changed")
    assert (note.place, note.differs) == (place, True)


def test_members_left_alone_are_counted() -> None:
    live = FakeWorkspace.of(
        [
            ROOT,
            *(person(f"d{n}@x.io", source="directory_sync") for n in range(3)),
            *(person(f"o{n}@x.io", "owner") for n in range(2)),
            *(person(f"i{n}@x.io", accepted=False) for n in range(2)),
        ]
    )
    plan = planned(document({"root@x.io": "admin", "i0@x.io": "member", "i1@x.io": "member"}), live)
    assert counts(plan) == {
        "in a role that beamctl does not know": 2,
        "managed by directory sync": 3,
        "unchanged": 1,
        "waiting for the invitee": 2,
    }
