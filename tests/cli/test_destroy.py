"""`beamctl destroy`, against the emulator: who may, who is asked, what is sent, and what is said of it."""

import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from beamctl.emulator import (
    FaultScript,
    Instruments,
    Quirk,
    as_operator,
    ask,
    create_app,
    instrument,
    load_seed,
    read_rule,
)
from tests.cli.loopback import Api, Bent, serving
from tests.cli.process import process, running, terminal
from tests.cli.world import CANARY, GRACE, Cli, Write, error_in

VIEWER, ACCOUNT = "bl_viewer_canary", "bl_account_canary"
SECRET = "sk_canary_of_the_connection"
SEED = {
    "workspaces": [{"name": "acme", "displayName": "Acme"}, {"name": "labs"}],
    "users": [
        {"email": "ada@example.com", "apiKey": CANARY, "workspaces": {"acme": "admin", "labs": "admin"}},
        {"email": "grace@example.com", "apiKey": GRACE, "workspaces": {"acme": "member"}},
        {"email": "vic@example.com", "apiKey": VIEWER, "workspaces": {"acme": "viewer"}},
    ],
    "invitations": [{"workspace": "acme", "email": "kim@example.com", "role": "viewer"}],
    "serviceAccounts": [{"workspace": "acme", "name": "ci", "role": "admin", "apiKey": ACCOUNT}],
}
MAY_GO = "version: 1\nworkspace: acme\nguards: {preventDestroy: false}\n"
CONFIRMED = ("destroy", "acme", "--confirm", "acme")
READS = [
    "GET /workspaces/acme",
    "GET /users",
    "GET /service_accounts",
    "GET /service_accounts",
    "GET /service_accounts/ID/api_keys",
    "GET /policies",
    "GET /integrations/connections",
    "GET /environments",
    "GET /workspaces/acme",  # it exists, only the listing does not
]
END = "  Remove its document (beamctl.yaml), or the next plan will not find acme.\n"
FIRST = "Stopping after the calls in flight. Interrupt again to stop at once.\n"


class Plane:
    """The control plane itself, past whatever a test does to its answers."""

    def __init__(self, database: Path) -> None:
        self.app = create_app(database, quirks=frozenset({Quirk.ECHOED_SECRETS}))
        self._operator = as_operator(self.app)

    def do(self, method: str, path: str, body: object = None) -> int:
        return ask(self._operator, method, path, body, "acme")[0]

    def shows(self, path: str) -> str:
        return ask(self._operator, "GET", path, None, "acme")[1]

    @property
    def has_acme(self) -> bool:
        return self.do("GET", "/workspaces/acme") == 200


def faulty(plane: Plane, *rules: str) -> FaultScript:
    """Lets these faults hit the requests that are counted from now on."""
    script = FaultScript([read_rule(rule) for rule in rules])
    instrument(plane.app, Instruments(script=script))
    return script


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a seeded database, to be copied."""
    path = tmp_path_factory.mktemp("doomed") / "emulator.db"
    load_seed(path, SEED)
    policy = {
        "metadata": {"name": "eu"},
        "spec": {"type": "location", "locations": [{"type": "continent", "name": "eu"}]},
    }
    connection = {"metadata": {"name": "gpt"}, "spec": {"integration": "openai", "secret": {"apiKey": SECRET}}}
    plane = Plane(path)
    assert plane.do("POST", "/policies", policy) == 200
    assert plane.do("POST", "/integrations/connections", connection) == 200
    assert plane.do("POST", "/agents", {"metadata": {"name": "bot"}, "spec": {}}) == 200
    return path.parent


@pytest.fixture
def plane(made: Path, directory: Path, write: Write) -> Plane:
    shutil.copytree(made, directory / ".beamctl")
    write("beamctl.yaml", MAY_GO)
    return Plane(directory / ".beamctl" / "emulator.db")


@pytest.fixture
def api(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The plane on a socket, as ada."""
    with serving(plane.app) as server:
        monkeypatch.setenv("BEAMCTL_API_URL", server.url)
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        yield server


@pytest.fixture
def local(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> Plane:
    """The plane in beamctl's own process, as its operator."""
    monkeypatch.setenv("BEAMCTL_API_URL", "local")
    return plane


def test_what_would_be_lost_is_shown_and_then_it_goes(cli: Cli, api: Api, plane: Plane) -> None:
    ran = cli(*CONFIRMED)
    head, _, rest = ran.out.partition("\n\n  members (4)\n")
    assert head.startswith(f'acme · {api.url}\n\n  "Acme", created 20')
    assert rest == (
        "    admin, accepted   ada@example.com\n"
        "    member, accepted  grace@example.com\n"
        "    viewer, accepted  vic@example.com\n"
        "    viewer, invited   kim@example.com\n"
        "  serviceAccounts (1)\n"
        "    admin  ci\n"
        "  apiKeys (1)\n"
        "    ci  seed\n"
        "  policies (1)\n"
        "    location  eu\n"
        "  integrations (1)\n"
        "    openai  gpt\n"
        "  environments: unknown — the API does not list them\n"
        "  resource counts: agents 1, integrationconnections 1, policies 1, serviceaccounts 1\n"
        "\nDeleting acme deletes all of this and anything else in it. This cannot be undone.\n"
        f"\nDeleted acme and everything in it.\n{END}"
    )
    assert (ran.code, ran.err) == (0, "")
    calls = [re.sub("/service_accounts/[^/]+/", "/service_accounts/ID/", call) for call in api.calls]
    assert calls == [*READS, *READS, "DELETE /workspaces/acme", "GET /workspaces/acme"]
    assert not plane.has_acme
    assert plane.do("GET", "/workspaces/labs") == 200
    assert cli("plan").code == 0  # the document has no section, so nothing is read
    assert cli("show").code == 1


def test_a_machine_gets_one_object(cli: Cli, api: Api, plane: Plane) -> None:
    ran = cli(*CONFIRMED, "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["workspace"], ran.json["ending"], ran.json["not_known"]) == (
        "acme",
        "deleted",
        {"environments": {"code": "not-listed", "fields": {}, "text": "the API does not list them"}},
    )
    assert ran.json["api_url"] == api.url
    assert ran.json["lost"]["members"][-1] == {"name": "kim@example.com", "role": "viewer", "standing": "invited"}
    assert ran.json["lost"]["integrations"] == [{"name": "gpt", "integration": "openai"}]
    assert ran.json["lost"]["counts"]["agents"] == 1
    assert not plane.has_acme


@pytest.mark.parametrize("key", [GRACE, VIEWER])
@pytest.mark.parametrize("output", ["text", "json"])
def test_who_is_no_admin_may_not(
    cli: Cli, api: Api, plane: Plane, monkeypatch: pytest.MonkeyPatch, key: str, output: str
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", key)
    ran = cli(*CONFIRMED, "-o", output)
    assert ran.code == 4
    assert ran.err.startswith("Error: not permitted to delete acme: the API answered 403: ")
    assert ran.err.endswith("\n  Only workspace admins can. Nothing was deleted.\n")
    assert output == "text" or error_in(ran)["message"].startswith("not permitted to delete acme")
    assert api.writes == ["DELETE /workspaces/acme"]
    assert plane.has_acme


def test_a_service_account_that_is_admin_ends_its_own_workspace(
    cli: Cli, api: Api, plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", ACCOUNT)
    assert cli(*CONFIRMED).code == 0
    assert api.writes == ["DELETE /workspaces/acme"]
    assert not plane.has_acme


def test_a_stranger_sees_nothing(cli: Cli, api: Api, plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", "bl_nobody")
    ran = cli(*CONFIRMED)
    assert (ran.code, ran.out, api.writes) == (4, "", [])
    assert plane.has_acme


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("version: 1\nworkspace: acme\n", 5, "Error: guards.preventDestroy defaults to true"),
        (MAY_GO.replace("false", "true"), 5, "Error: guards.preventDestroy is true (beamctl.yaml:3), so acme was not"),
        (MAY_GO.replace("acme", "labs"), 5, "Error: no document declares acme, and guards.preventDestroy"),
        (None, 5, "Error: no document declares acme, and guards.preventDestroy defaults to true"),
        (
            MAY_GO + "members: {ada@example.com: admn}\n",
            3,
            "beamctl.yaml:4:28: 'admn' is not one of ['admin', 'memb",
        ),
        (MAY_GO + "---\nversion: 1\nworkspace: labs\nnonsense: 1\n", 3, "beamctl.yaml:7:1: unknown key 'nonsense'"),
    ],
)
@pytest.mark.parametrize("output", ["text", "json"])
def test_the_document_decides_and_nothing_is_even_read(  # noqa: PLR0913, PLR0917 - what is written, and what is said
    cli: Cli, api: Api, directory: Path, text: str | None, code: int, said: str, output: str
) -> None:
    if text is None:
        (directory / "beamctl.yaml").unlink()
    else:
        (directory / "beamctl.yaml").write_text(text)
    ran = cli(*CONFIRMED, "-o", output)
    assert ran.code == code
    assert ran.err.startswith(said)
    assert ran.out == "" if output == "text" else ran.json["format_version"] == "1.1"
    assert api.calls == []


def test_a_document_may_be_named(cli: Cli, write: Write, directory: Path, local: Plane) -> None:
    (directory / "beamctl.yaml").unlink()
    write("more/acme.yaml", MAY_GO)
    write("more/labs.yaml", MAY_GO.replace("acme", "labs"))
    refused = cli("destroy", "acme", "-f", "more")
    assert "  To delete acme without being asked:  beamctl destroy acme -f more --confirm acme\n" in refused.err
    ran = cli(*CONFIRMED, "-f", "more")
    assert ran.code == 0
    assert "Remove its document (more/acme.yaml)" in ran.out
    assert (
        cli("destroy", "labs", "--confirm", "labs", "-f", "-", stdin=MAY_GO.replace("acme", "labs").encode()).code == 0
    )
    assert not local.has_acme
    assert cli(*CONFIRMED, "-f", "missing.yaml").code == 3


@pytest.mark.parametrize("output", ["text", "json"])
def test_nobody_to_ask(cli: Cli, api: Api, plane: Plane, output: str) -> None:
    ran = cli("destroy", "acme", "-o", output, stdin=b"acme\n")
    assert ran.code == 5
    assert ran.err == (
        "Error: there is no terminal to ask on, so nothing was deleted\n"
        "  To delete acme without being asked:  beamctl destroy acme --confirm acme\n"
    )
    assert output == "json" or "members (4)" in ran.out
    assert cli("destroy", "acme", "-f", "-", stdin=MAY_GO.encode()).err.startswith("Error: standard input is the docum")
    assert api.writes == []
    assert plane.has_acme


@pytest.mark.parametrize("name", ["Acme", "acme ", "acme\n", "acm", "labs", CANARY])
def test_another_name_confirms_nothing_and_is_not_repeated(cli: Cli, api: Api, name: str) -> None:
    ran = cli("destroy", "acme", "--confirm", name)
    assert (ran.code, ran.out) == (5, "")
    assert ran.err == (
        "Error: --confirm is not the name of the workspace, so nothing was deleted\n"
        "  Type the name exactly as given in WORKSPACE.\n"
    )
    assert api.calls == []


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("flag", ["-y", "--yes", "--force", "--auto-approve", "--allow", "--conf"])
def test_there_is_no_shortcut(cli: Cli, plane: Plane, flag: str) -> None:
    assert cli("destroy", "acme", flag).code == 3
    assert cli("destroy").code == 3
    assert cli("destroy", "acme", "labs", "--confirm", "acme").code == 3
    assert plane.has_acme


def test_no_secret_is_shown(cli: Cli, api: Api, plane: Plane) -> None:
    assert SECRET in plane.shows("/integrations/connections")
    ran = cli(*CONFIRMED, "--debug")
    assert ran.code == 0
    assert "< 200 in " in ran.err
    assert api.writes == ["DELETE /workspaces/acme"]
    for secret in (SECRET, VIEWER, ACCOUNT):
        assert secret not in ran.out + ran.err


def test_a_workspace_that_is_not_there(cli: Cli, api: Api, plane: Plane) -> None:
    plane.do("DELETE", "/workspaces/acme")
    ran = cli(*CONFIRMED)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: 127.0.0.1 does not have GET /workspaces/acme")
    assert "Check that the workspace acme" in ran.err
    assert api.writes == []


def test_what_the_api_does_not_tell_is_said(cli: Cli, api: Api, plane: Plane) -> None:
    refusals = {
        "GET /policies": ("403 Forbidden", "A: b", b'{"error": "not yours"}'),
        "GET /service_accounts": ("404 Not Found", "A: b", b'{"error": "no such thing"}'),
    }
    api.bend = refusals.get
    ran = cli(*CONFIRMED)
    assert ran.code == 0
    assert "  policies: unknown — 127.0.0.1 does not allow GET /policies?limit=200: not yours\n" in ran.out
    for section in ("serviceAccounts", "apiKeys"):
        assert f"  {section}: unknown — the API does not list them\n" in ran.out
    assert not plane.has_acme


class Bend:
    """Does something as the deletion arrives, and answers it so; or passes it on."""

    def __init__(
        self, plane: Plane, answer: Bent | None, *, deletes: bool = False, at: str = "DELETE", nth: int = 1
    ) -> None:
        self.plane, self.answer, self.deletes, self.at, self.left = plane, answer, deletes, at, nth

    def __call__(self, call: str) -> Bent | None:
        if not call.startswith(self.at):
            return None
        self.left -= 1
        if self.left:
            return None
        if self.deletes:
            assert self.plane.do("DELETE", "/workspaces/acme") == 200
        return self.answer


GATEWAY: Bent = ("502 Bad Gateway", "Content-Type: text/html", b"<html>")
CUT: Bent = ("200 OK", "Content-Type: application/json", b'{"name": "ac')
MISSING: Bent = ("404 Not Found", "Content-Type: application/json", b'{"error": "Workspace not found"}')


@pytest.mark.parametrize("answer", [GATEWAY, CUT])
def test_a_lost_answer_is_looked_into_and_not_asked_for_again(cli: Cli, api: Api, plane: Plane, answer: Bent) -> None:
    api.bend = Bend(plane, answer, deletes=True)
    ran = cli(*CONFIRMED)
    assert ran.code == 0
    assert "\nacme and everything in it are gone, although the response was lost: " in ran.out
    assert ran.out.endswith(END)
    assert api.calls[-2:] == ["DELETE /workspaces/acme", "GET /workspaces/acme"]
    assert api.writes == ["DELETE /workspaces/acme"]


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_deletion_that_did_not_happen(cli: Cli, api: Api, plane: Plane, output: str) -> None:
    api.bend = Bend(plane, ("500 Oops", "A: b", b'{"error": "it broke"}'))
    ran = cli(*CONFIRMED, "-o", output)
    assert ran.code == 1
    assert ran.err == (
        "Error: acme still exists: 127.0.0.1 responded with HTTP 500: it broke\n"
        "  The API may still be deleting it. Check again in a minute.\n"
        "  Check whether it exists:  beamctl show -w acme\n"
    )
    assert output == "text" or error_in(ran)["message"].startswith("acme still exists")
    assert api.writes == ["DELETE /workspaces/acme"]
    assert plane.has_acme


def test_a_credential_that_went_with_the_workspace_cannot_tell(
    cli: Cli, api: Api, plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", ACCOUNT)
    api.bend = Bend(plane, GATEWAY, deletes=True)
    ran = cli(*CONFIRMED)
    assert ran.code == 1
    assert ran.err.startswith("Error: it is not known whether acme was deleted: 127.0.0.1 responded with HTTP 502")
    assert api.writes == ["DELETE /workspaces/acme"]


def test_somebody_was_faster(cli: Cli, api: Api, plane: Plane) -> None:
    api.bend = Bend(plane, MISSING, deletes=True)
    ran = cli(*CONFIRMED)
    assert ran.code == 0
    assert "\nacme was already gone when the API responded: the API answered 404: Workspace not found.\n" in ran.out


def test_a_request_that_arrives_twice(cli: Cli, plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty(plane, "duplicate@DELETE")
    with serving(plane.app) as server:
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        ran = cli(*CONFIRMED, "--api-url", server.url)
    assert (ran.code, plane.has_acme) == (0, False)
    assert "somebody" not in ran.out + ran.err  # it was us
    assert "\nacme was already gone when the API responded: the API answered 404: Workspace not found.\n" in ran.out


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("empty-list@/users", "the API shows no members"),
        ("short-list:1@/users", "the API shows no accepted admin among 1 person"),
    ],
)
def test_a_listing_of_nobody_or_of_no_admin_is_not_believed(
    cli: Cli, plane: Plane, monkeypatch: pytest.MonkeyPatch, fault: str, why: str
) -> None:
    assert plane.do("POST", "/users", {"email": "a@example.com"}) == 200  # the first of the listing
    script = faulty(plane, fault)
    with serving(plane.app) as server:
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        monkeypatch.setenv("BEAMCTL_API_URL", server.url)
        shown = cli("destroy", "acme")
        assert f"\n  members: unknown \N{EM DASH} {why}\n  serviceAccounts (1)\n" in shown.out
        assert "(0)" not in shown.out
        script.set([read_rule(f"{fault}#1")])  # whole again after it was shown: more would be lost
        ran = cli(*CONFIRMED)
    assert ran.code == 6
    assert "members now include ada@example.com (admin, accepted) and 4 more" in ran.err
    assert plane.has_acme


def test_gone_while_it_was_looked_at(cli: Cli, api: Api, plane: Plane) -> None:
    api.bend = Bend(plane, None, deletes=True, at="GET /workspaces/acme", nth=2)
    ran = cli(*CONFIRMED)
    assert ran.code == 6
    assert ran.err.startswith("Error: acme is already gone, so nothing was sent\n")
    assert api.writes == []


@pytest.mark.parametrize("output", ["text", "json"])
def test_what_came_meanwhile_is_not_deleted(cli: Cli, api: Api, plane: Plane, output: str) -> None:
    def invite(call: str) -> None:
        if call == "GET /users" and api.calls.count(call) == 2:
            assert plane.do("POST", "/users", {"email": "new@example.com"}) == 200

    api.bend = invite
    ran = cli(*CONFIRMED, "-o", output)
    assert ran.code == 6
    assert ran.err == (
        "Error: acme changed since it was shown, so nothing was deleted: "
        "members now include new@example.com (member, invited)\n"
        "  Run `beamctl destroy acme` again to see the current state.\n"
    )
    assert output == "text" or error_in(ran)["exit_code"] == 6
    assert api.writes == []
    assert plane.has_acme


def test_the_name_on_a_terminal(local: Plane) -> None:
    with terminal("destroy", "acme", "--no-color") as screen:
        seen = screen.read_until("for good: ")
        assert seen.index("  members (4)\n") < seen.index("This cannot be undone.\n")
        assert seen.endswith("\nType acme to delete it for good: ")
        assert local.has_acme
        screen.type("acme\n")
        code, seen = screen.end()
    assert code == 0
    assert seen.endswith(f"\nDeleted acme and everything in it.\n{END}")
    assert not local.has_acme


@pytest.mark.parametrize("typed", ["yes\n", "acme \n", "\x04"])
def test_anything_else_on_a_terminal(local: Plane, typed: str) -> None:
    with terminal("destroy", "acme") as screen:
        screen.read_until("for good: ")
        screen.type(typed)
        code, seen = screen.end()
    assert code == 5
    assert "Error: that is not the name of the workspace, so nothing was deleted\n" in seen
    assert local.has_acme


def test_a_key_that_was_pasted_is_not_repeated(local: Plane) -> None:
    with terminal("destroy", "acme", "-o", "json") as screen:
        seen = screen.read_until("for good: ")
        assert seen.count("  members (4)\n") == 1  # nobody agrees to lose what they have not seen
        assert "\x1b" not in seen
        screen.type(f"{CANARY}\n")
        code, seen = screen.end()
    assert code == 5
    assert seen.count(CANARY) == 1  # the terminal's own echo
    assert local.has_acme


def test_control_c_at_the_question(local: Plane) -> None:
    with terminal("destroy", "acme") as screen:
        screen.read_until("for good: ")
        screen.interrupt()
        code, _ = screen.end()
    assert code == 130
    assert local.has_acme


def test_a_workspace_made_anew_while_somebody_thought(local: Plane) -> None:
    with terminal("destroy", "acme") as screen:
        screen.read_until("for good: ")
        assert local.do("DELETE", "/workspaces/acme") == 200
        assert local.do("POST", "/workspaces", {"name": "acme", "displayName": "Acme"}) == 200
        screen.type("acme\n")
        code, seen = screen.end()
    assert code == 6
    assert (
        "acme changed since it was shown, so nothing was deleted: it is a different workspace with the same name\n"
        in seen
    )
    assert local.has_acme


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_deletion_in_flight_is_waited_for(api: Api, plane: Plane, number: signal.Signals) -> None:
    api.hold = "DELETE"
    with running(*CONFIRMED) as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(number)
        assert started.stderr is not None
        assert started.stderr.readline() == FIRST
        api.gate.set()
        out, err = started.communicate()
    assert (started.returncode, err) == (130, "")
    assert out.endswith(f"\nDeleted acme and everything in it.\n{END}")
    assert not plane.has_acme


def test_a_second_signal_stops_at_once(api: Api) -> None:
    api.hold = "DELETE"
    with running(*CONFIRMED) as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(signal.SIGINT)
        assert started.stderr is not None
        assert started.stderr.readline() == FIRST
        started.send_signal(signal.SIGINT)
        out, err = started.communicate()
    assert started.returncode == 130
    assert err == "Stopped. Changes in flight may or may not have been made. To check, run `beamctl show -w acme`.\n"
    assert "Deleted" not in out


@pytest.mark.parametrize("answers", [True, False])
def test_a_signal_before_it_is_sent_is_in_time(api: Api, plane: Plane, *, answers: bool) -> None:
    def hold(call: str) -> None:
        if call == "GET /users" and api.calls.count(call) == 2:
            api.arrived.release()
            api.gate.wait(30)

    api.bend = hold
    with running(*CONFIRMED) as started:
        assert api.arrived.acquire(timeout=20)
        started.send_signal(signal.SIGINT)
        assert started.stderr is not None
        assert started.stderr.readline() == FIRST
        if answers:
            api.gate.set()
        _, err = started.communicate(timeout=10)
    assert started.returncode == 130
    assert err == "Error: interrupted, so acme was not deleted\n"
    assert api.writes == []
    assert plane.has_acme


@pytest.mark.parametrize(("output", "stays"), [("text", True), ("json", False)])
def test_a_full_disk(local: Plane, output: str, *, stays: bool) -> None:
    """What cannot be shown is not deleted; where only the end could not be told, that it went is said."""
    with Path("/dev/full").open("w") as full:
        ran = process(*CONFIRMED, "-o", output, stdout=full)
    assert ran.code == 1
    hint = "" if stays else "  acme was deleted anyway.\n"
    assert ran.err == f"Error: cannot write the output: No space left on device\n{hint}"
    assert local.has_acme is stays
