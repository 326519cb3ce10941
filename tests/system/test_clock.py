"""beamctl stops with an error if the clock of the machine is obviously wrong."""

import pytest

from tests.cli.process import process
from tests.cli.world import AS_IS, Write

PRELUDE = """
import datetime
class Moved(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls({moment}, tzinfo=tz)
datetime.datetime = Moved
"""
WRONG = {
    "1, 1, 1": "0001-01-01",
    "1970, 1, 1": "1970-01-01",
    "9999, 12, 31, 23, 59, 59": "9999-12-31",
    "10000, 1, 1": "",
}
LAST = "9999, 12, 31, 23, 59, 59"
RUNS = [
    *((each, ("plan", "--out", "p.json")) for each in WRONG),
    (LAST, ("apply", "--auto-approve")),
    (LAST, ("export", "-w", "acme")),
]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(("moment", "command"), RUNS)
def test_an_obviously_wrong_clock_is_an_error(write: Write, moment: str, command: tuple[str, ...]) -> None:
    write("beamctl.yaml", AS_IS)
    ran = process(*command, prelude=f"exec({PRELUDE.format(moment=moment)!r})")
    assert ran.code == 3, ran
    assert ran.err.startswith("Error: the clock of this machine cannot be right")
    assert WRONG[moment] in ran.err
    assert "Traceback" not in ran.err
