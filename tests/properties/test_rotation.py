"""API keys over simulated months with applies at any time: once there is a key, the stored one is always valid, none is
used after it expired, and their number is limited."""

from datetime import timedelta
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from beamctl.document.desired import Desired
from tests.fakes.emulated_accounts import EmulatedAccounts
from tests.fakes.runs import all_done, document

HOUR = timedelta(hours=1)
PLACE = "the file hub"


def wanted(lives: int, rotates: int, keeps: int) -> Desired:
    key = {"expiresIn": f"{lives}h", "rotateBefore": f"{rotates}h", "keepOld": f"{keeps}h", "secretTo": {"file": "hub"}}
    ci = {"role": "member", "secretTo": {"file": "ci.json"}, "apiKeys": {"hub": key}}
    return document(serviceAccounts={"ci": ci}, manage={"serviceAccounts": "additive"})


@st.composite
def rotations(draw: st.DrawFn) -> tuple[int, int, int, list[int]]:
    lives = draw(st.integers(20, 24 * 120))
    rotates = draw(st.integers(8, lives - 4))
    keeps = draw(st.integers(1, rotates))
    often = draw(st.integers(1, max(1, rotates // 2)))  # applies are frequent enough to renew a key in time
    return lives, rotates, keeps, draw(st.lists(st.integers(1, often), min_size=4, max_size=8))


@settings(max_examples=6, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # each example is slow
@given(rotations())
@example((429, 410, 80, [19] * 9))
def test_there_is_always_a_valid_key_and_never_many(rotation: tuple[int, int, int, list[int]]) -> None:
    lives, rotates, keeps, pauses = rotation
    want = wanted(lives, rotates, keeps)
    with TemporaryDirectory() as folder:
        accounts = EmulatedAccounts(Path(folder))
        made = 0
        for pause in pauses:
            plan = accounts.plan(want)
            assert plan.hazards == ()
            assert all_done(accounts.apply(plan))
            assert accounts.plan(want).changes == ()  # one apply is always enough
            made = max(made, len(accounts.vault.given))
            keys = accounts.keys("ci")
            assert 1 <= len(keys) <= 2 + ceil(keeps / (lives - rotates))
            assert accounts.is_valid(accounts.vault.holds[PLACE])
            accounts.clock.forward(pause * HOUR)
            assert accounts.is_valid(accounts.vault.holds[PLACE]), "the stored key is not valid"
        assert made <= 3 + sum(pauses) / (lives - rotates)


def test_previous_key_is_kept_for_keep_old(tmp_path: Path) -> None:
    accounts = EmulatedAccounts(tmp_path)
    want = wanted(90 * 24, 14 * 24, 3 * 24)
    accounts.apply(accounts.plan(want))
    first = accounts.vault.holds[PLACE]
    found = []
    for day in range(73, 100):
        accounts.clock.forward((73 if day == 73 else 1) * 24 * HOUR)
        plan = accounts.plan(want)
        found += [(day, change.action.value, change.reason.value) for change in plan.changes]
        assert accounts.is_valid(first) is (day <= 79)
        accounts.apply(plan)
    assert found == [(76, "create", "expires"), (79, "delete", "superseded")]
