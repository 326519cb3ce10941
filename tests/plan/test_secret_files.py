"""Allowed paths of secret files, and the value of the hazard about them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from beamctl.document.problem import Place
from beamctl.model.text import printable
from beamctl.plan.change import ALL_ATTRIBUTES, Action, Change, Reason, Stage
from beamctl.plan.hazard import exact, folders_of


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
