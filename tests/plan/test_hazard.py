"""Hazards from several sources are merged into one list."""

from beamctl.plan.hazard import Hazard, Risk, merged
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
    assert [(each.risk.label, each.value, words(each.fact)) for each in merged(known, more)] == [
        ("last-admin", "none", "new"),
        ("mass-removal", "3", "known"),
        ("removes-admin", "a@x.io", "new"),
        ("removes-admin", "b@x.io", "known"),
    ]
