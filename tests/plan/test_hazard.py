"""Merging hazards from several sources, and the values of hazards about secret files."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from beamctl.document.problem import Place
from beamctl.model.text import printable
from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, Reason, Stage
from beamctl.plan.hazard import Hazard, Risk, exact, folders_of, merged
from tests.fakes.wording import failure, words


def test_hazards_are_unique_and_the_first_is_kept() -> None:
    known = [
        Hazard(Risk.REMOVES_ADMIN, "b@x.io", failure("known")),
        Hazard(Risk.MASS_REMOVAL, "3", failure("known")),
    ]
    more = [
        Hazard(Risk.REMOVES_ADMIN, "b@x.io", failure("again")),
        Hazard(Risk.REMOVES_ADMIN, "a@x.io", failure("new")),
        Hazard(Risk.REMOVES_ADMIN, "a@x.io", failure("new, again")),
        Hazard(Risk.LAST_ADMIN, "none", failure("new")),
    ]
    assert [(each.risk.value, each.value, words(each.fact)) for each in merged(known, more)] == [
        ("last-admin", "none", "new"),
        ("mass-removal", "3", "known"),
        ("removes-admin", "a@x.io", "new"),
        ("removes-admin", "b@x.io", "known"),
    ]


@given(st.text(), st.text())
def test_hazard_value_is_unique_to_a_path(one: str, other: str) -> None:
    assert printable(exact(one)) == exact(one)
    assert (exact(one) == exact(other)) == (one == other)
    assert exact(exact(one)) == exact(one) or exact(one)[0] in "'\""


def change(place: Place | None, reason: Reason = Reason.NOT_THERE, **secrets: Any) -> Change:
    after = {"integration": "x"}
    return Change(
        "integration",
        "k",
        "k",
        Action.CREATE,
        Stage.CREATE,
        ALL_ATTRIBUTES,
        None,
        after,
        reason,
        place,
        secrets=secrets,
    )


def test_allowed_paths_of_secret_files() -> None:
    assert folders_of(change(Place("access/a.yaml", 1, 1), allowed=["/run"])) == ("access", "/run")
    assert folders_of(change(Place("a.yaml", 1, 1))) == (".",)
    assert folders_of(change(Place("-", 1, 1))) == (".",)
    assert folders_of(change(None, Reason.UNDOES)) == (".",)
    assert folders_of(change(None)) == ()
