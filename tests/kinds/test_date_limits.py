"""Extreme dates, from the API and from the clock, never cause an overflow."""

from datetime import UTC, date, datetime
from itertools import product

import pytest

from beamctl.kinds.api_key.decide import verdict
from beamctl.kinds.api_key.live import api_keys
from beamctl.kinds.service_account.desired import DesiredKey, desired_accounts
from beamctl.report.drift_text import drift_text
from beamctl.report.plan_text import plan_text
from beamctl.workflow.show import export
from tests.fakes.journal import interrupted_runs
from tests.fakes.runs import TODAY, document, planned
from tests.fakes.service_accounts import FakeServiceAccounts, api_key, service_account
from tests.fakes.workspace import FakeWorkspace, person

MOMENTS = [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-10T00:00:00Z",
    "2026-11-24T00:00:00Z",
    "9999-12-20T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00",
    "10000-01-01T00:00:00Z",
]
LIVES = ["", "90d", "999999w", "9999999999", "0", "-1"]
DAYS = [date.min, TODAY, date.max]
KEY = {"expiresIn": "90d", "rotateBefore": "14d", "keepOld": "3d"}
(WANTED,) = desired_accounts({"ci": {"role": "member", "apiKeys": {"hub": KEY}}})


def test_plan_with_keys_of_any_age_at_any_time() -> None:
    moments = [datetime.min, datetime(2026, 11, 24), datetime.max]  # noqa: DTZ001, DTZ901
    wants: list[DesiredKey] = [*(WANTED.keys or ()), DesiredKey("hub", "90d"), DesiredKey("hub")]
    for first, second, lives in product(MOMENTS, MOMENTS, LIVES):
        keys = api_keys([api_key("k1", "hub", first, lives), api_key("k2", "hub", second, lives)])
        for want, now in product(wants, moments):
            found = verdict(want, keys, (), now.replace(tzinfo=UTC))
            assert found.current is None or found.current in keys


@pytest.mark.parametrize("today", DAYS)
@pytest.mark.parametrize("until", ["0001-01-01", "9999-12-31"])
def test_plan_on_any_day(today: date, until: str) -> None:
    keys = [api_key(f"k{number}", "hub", moment, "90d") for number, moment in enumerate(MOMENTS)]
    noted = "(beamctl: client secret not handed over yet)"
    kept = {
        "c1": service_account("c1", "ci"),
        "c2": service_account("c2", "x", "member", noted) | {"created_at": MOMENTS[-2]},
    }
    live = FakeWorkspace.of(
        [person("root@x.io", "admin"), person("eve@x.io", expired=True)],
        accounts=FakeServiceAccounts(kept, {"c1": keys}),
    )
    want = document(
        {"root@x.io": "admin", "eve@x.io": {"role": "member", "until": until}},
        serviceAccounts={"ci": {"role": "member", "apiKeys": {"hub": KEY}}, "x": {"role": "member"}},
        manage={"skip": {"kim@x.io": {"until": until, "reason": "x"}}},
    )
    for began in (datetime.min, datetime.max):  # noqa: DTZ901
        plan = planned(
            want, live, today=today, interrupted=interrupted_runs("x", "ci/hub", began=began.replace(tzinfo=UTC))
        )
        assert plan_text(plan)
        assert drift_text(plan)
    now = datetime.combine(today, datetime.max.time(), UTC)
    assert "eve@x.io" in export("acme", live, now).text
