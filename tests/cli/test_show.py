"""`beamctl show` and `beamctl export` with a credential that cannot see everything: the visible part, and exit code
4."""

import pytest

from tests.cli.loopback import Api
from tests.cli.world import GRACE, Cli, Write

REFUSED = ("403 Forbidden", "Content-Type: application/json", b'{"error": "not for you", "code": 403}')
WHY = "cannot be read with this credential: 127.0.0.1 does not allow GET /policies?limit=200: not for you"


@pytest.fixture
def refusing(api: Api) -> Api:
    api.override = lambda call: REFUSED if call.startswith("GET /policies") else None
    return api


@pytest.mark.usefixtures("refusing")
def test_a_section_without_permission_is_reported(cli: Cli) -> None:
    ran = cli("show", "-w", "acme")
    assert ran.code == 4
    assert f"\n  policies (unknown)\n    ! {WHY}\n\n  integrations (0)\n" in ran.out
    assert "ada@example.com" in ran.out
    assert ran.err == "This credential cannot read all of acme (exit 4). Left out: policies.\n"
    assert cli("show", "-w", "acme", "-q").err == ""
    found = cli("show", "-w", "acme", "-o", "json")
    assert found.code == 4
    assert (found.json["policies"], found.json["integrations"]) == (None, [])
    assert {name: each["text"] for name, each in found.json["unavailable"].items()} == {"policies": WHY}


@pytest.mark.usefixtures("refusing")
def test_a_section_without_permission_is_exported_as_a_comment(cli: Cli, write: Write) -> None:
    ran = cli("export", "-w", "acme")
    assert ran.code == 4
    assert ran.out.startswith(f"version: 1\nworkspace: acme\n# left out: policies {WHY}\n\nsettings:\n")
    assert ran.err == "This credential cannot read all of acme (exit 4). Left out: policies.\n"
    write("beamctl.yaml", ran.out)
    assert cli("plan", "--detailed-exitcode").code == 0
    split = cli("export", "-w", "acme", "-w", "labs", "--split", "access")
    assert split.code == 4
    assert split.err.startswith("Wrote access/acme.yaml, access/labs.yaml.")
    assert "\nThis credential cannot read all of labs (exit 4)" in split.err


@pytest.mark.usefixtures("api")
def test_a_member_cannot_see_api_keys(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    call = ["emulator", "call", "--as", "ada@example.com", "-w", "acme", "POST", "/service_accounts"]
    assert cli(*call, '{"name": "ci", "role": "member"}').code == 0
    monkeypatch.setenv("BEAMCTL_API_KEY", GRACE)
    ran = cli("show", "-w", "acme")
    assert ran.code == 4
    assert "\n  apiKeys (0 seen)\n    ! those of ci cannot be read with this credential\n" in ran.out
    assert cli("export", "-w", "acme").code == 4
    assert cli("show", "-w", "labs").code == 4  # none of which is visible
