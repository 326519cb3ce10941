"""The clock skew, measured from the Date header of responses."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamctl.api.clock import ClockSkew, measured
from beamctl.errors import ApiError
from tests.api.fakes import NOON, FakeClock, Script, opened, reply

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("headers", "ahead"),
    [
        ({"date": formatdate(NOON, usegmt=True)}, -timedelta(seconds=5)),
        ({"date": formatdate(NOON + 3605, usegmt=True)}, HOUR),
        ({"date": formatdate(NOON - 3595, usegmt=True)}, -HOUR),
        ({"date": formatdate(NOON - 3595, usegmt=True), "age": "3600"}, timedelta()),
        ({"date": formatdate(NOON + 5, usegmt=True), "age": "long"}, timedelta()),
        ({"date": "Friday, 15-Jan-27 08:00:05 GMT"}, timedelta()),
        ({"date": "Fri Jan 15 08:00:05 2027"}, timedelta()),
        ({"date": "yesterday"}, None),
        ({"date": ""}, None),
        ({}, None),
    ],
)
def test_clock_skew_is_measured_from_a_response(headers: Mapping[str, str], ahead: timedelta | None) -> None:
    found = measured(headers, NOON, NOON + 10)
    assert (found and found.ahead) == ahead


@given(st.text(max_size=40) | st.sampled_from([formatdate(0), "Fri, 31 Dec 9999 23:59:59 GMT"]), st.text(max_size=12))
def test_any_date_header_gives_a_skew_or_none(date: str, age: str) -> None:
    assert isinstance(measured({"date": date, "age": age}, NOON, NOON), ClockSkew | None)


def test_the_first_response_counts_whatever_its_status() -> None:
    later = formatdate(NOON + 3600, usegmt=True)
    script = Script(reply(), reply(404, date=later), reply(date=formatdate(NOON, usegmt=True)))
    with opened(script, FakeClock()) as api:
        assert api.skew() is None
        api.reader().get("/users")
        assert api.skew() is None
        with pytest.raises(ApiError):
            api.reader().get("/users")
        api.reader().get("/users")
        assert api.skew() == ClockSkew(datetime.fromtimestamp(NOON + 3600, UTC), datetime.fromtimestamp(NOON, UTC))
