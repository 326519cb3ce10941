"""`beamctl destroy` against the emulator: permissions, confirmation, requests and reports."""

import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from beamctl.emulator import (
    BehaviorFlag,
    FaultScript,
    MiddlewareOptions,
    add_middleware,
    as_operator,
    ask,
    create_app,
    load_seed,
    read_rule,
)
from tests.cli.loopback import Api, Override, serving
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
    "secrets": [{"workspace": "acme", "name": "STRIPE_KEY"}],
    "images": [{"workspace": "acme", "name": "bot", "resourceType": "agent", "sharedWith": ["labs"]}],
}
MAY_GO = "version: 1\nworkspace: acme\nguards: {preventDestroy: false}\n"
CONFIRMED = ("destroy", "acme", "--confirm", "acme")
READS = [
    "GET /workspaces/acme",
    "GET /users",
    "GET /service_accounts",
    "GET /service_accounts/ID/api_keys",
    "GET /policies",
    "GET /integrations/connections",
    "GET /environments",
    "GET /secrets",
    "GET /images",
    "GET /images/agent/bot/share",
    "GET /customdomains",
    "GET /workspaces/acme",  # it exists; only the listing leaves it out
]
END = "  Remove its document (beamctl.yaml), or the next plan will not find acme.\n"
FIRST = "Stopping after the calls in flight. Interrupt again to stop at once.\n"


class Emulator:
    """The emulator itself, without the changes that a test makes to its responses."""

    def __init__(self, database: Path) -> None:
        self.app = create_app(database, flags=frozenset({BehaviorFlag.ECHOED_SECRETS}))
        self._operator = as_operator(self.app)

    def do(self, method: str, path: str, body: object = None) -> int:
        return ask(self._operator, method, path, body, "acme")[0]

    def shows(self, path: str) -> str:
        return ask(self._operator, "GET", path, None, "acme")[1]

    @property
    def has_acme(self) -> bool:
        return self.do("GET", "/workspaces/acme") == 200


def faulty(emulator: Emulator, *rules: str) -> FaultScript:
    """Let these faults hit requests, which are counted from now on."""
    script = FaultScript([read_rule(rule) for rule in rules])
    add_middleware(emulator.app, MiddlewareOptions(script=script))
    return script


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded database, to be copied."""
    path = tmp_path_factory.mktemp("doomed") / "emulator.db"
    load_seed(path, SEED)
    policy = {
        "metadata": {"name": "eu"},
        "spec": {"type": "location", "locations": [{"type": "continent", "name": "eu"}]},
    }
    connection = {"metadata": {"name": "gpt"}, "spec": {"integration": "openai", "secret": {"apiKey": SECRET}}}
    emulator = Emulator(path)
    assert emulator.do("POST", "/policies", policy) == 200
    assert emulator.do("POST", "/integrations/connections", connection) == 200
    assert emulator.do("POST", "/agents", {"metadata": {"name": "bot"}, "spec": {}}) == 200
    return path


@pytest.fixture
def emulator(made: Path, directory: Path, write: Write) -> Emulator:
    database = directory / ".beamctl" / "emulator.db"
    database.parent.mkdir()
    with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(database)) as copy:
        source.backup(copy)  # not the files: another connection may be removing its write-ahead log
    write("beamctl.yaml", MAY_GO)
    return Emulator(database)


@pytest.fixture
def api(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """The emulator on a socket, as ada."""
    with serving(emulator.app) as server:
        monkeypatch.setenv("BEAMCTL_API_URL", server.url)
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        yield server


@pytest.fixture
def local(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator in beamctl's own process, as the operator."""
    monkeypatch.setenv("BEAMCTL_API_URL", "local")
    return emulator


def test_destroy_shows_what_will_be_deleted_and_deletes_it(cli: Cli, api: Api, emulator: Emulator) -> None:
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
        "  secrets (1)\n"
        "    STRIPE_KEY\n"
        "  shares (1)\n"
        "    labs  images/agent/bot/labs\n"
        "  resource counts: agents 1, images 1, integrationconnections 1, policies 1, serviceaccounts 1\n"
        "\nDeleting acme deletes all of this and anything else in it. This cannot be undone.\n"
        f"\nDeleted acme and everything in it.\n{END}"
    )
    assert (ran.code, ran.err) == (0, "")
    calls = [re.sub("/service_accounts/[^/]+/", "/service_accounts/ID/", call) for call in api.calls]
    looks = [calls[: len(READS)], calls[len(READS) : 2 * len(READS)]]  # kinds are read at the same time
    assert [(look[0], sorted(look)) for look in looks] == 2 * [(READS[0], sorted(READS))]
    assert calls[2 * len(READS) :] == ["DELETE /workspaces/acme", "GET /workspaces/acme"]
    assert not emulator.has_acme
    assert emulator.do("GET", "/workspaces/labs") == 200
    assert cli("plan").code == 0  # the document has no such section, so it is not read
    assert cli("show").code == 1


def test_json_output_is_one_object(cli: Cli, api: Api, emulator: Emulator) -> None:
    ran = cli(*CONFIRMED, "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    assert (ran.json["workspace"], ran.json["status"], ran.json["unavailable"]) == (
        "acme",
        "deleted",
        {"environments": {"code": "not-listed", "fields": {}, "text": "the API does not list them"}},
    )
    assert ran.json["api_url"] == api.url
    assert ran.json["contents"]["members"][-1] == {"name": "kim@example.com", "role": "viewer", "standing": "invited"}
    assert ran.json["contents"]["integrations"] == [{"name": "gpt", "integration": "openai"}]
    assert ran.json["contents"]["counts"]["agents"] == 1
    assert not emulator.has_acme


@pytest.mark.parametrize("key", [GRACE, VIEWER])
@pytest.mark.parametrize("output", ["text", "json"])
def test_only_an_admin_can_destroy(
    cli: Cli, api: Api, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, key: str, output: str
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", key)
    ran = cli(*CONFIRMED, "-o", output)
    assert ran.code == 4
    assert ran.err.startswith("Error: not permitted to delete acme: the API responded with 403: ")
    assert ran.err.endswith(
        "\n  Only workspace admins can. Nothing was deleted. The API key comes from BEAMCTL_API_KEY.\n"
    )
    assert output == "text" or error_in(ran)["message"].startswith("not permitted to delete acme")
    assert api.writes == ["DELETE /workspaces/acme"]
    assert emulator.has_acme


def test_an_admin_service_account_can_destroy_its_own_workspace(
    cli: Cli, api: Api, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", ACCOUNT)
    assert cli(*CONFIRMED).code == 0
    assert api.writes == ["DELETE /workspaces/acme"]
    assert not emulator.has_acme


def test_a_user_who_is_not_a_member_sees_nothing(
    cli: Cli, api: Api, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", "bl_nobody")
    ran = cli(*CONFIRMED)
    assert (ran.code, ran.out, api.writes) == (4, "", [])
    assert emulator.has_acme


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
def test_a_document_that_forbids_it_stops_destroy_before_any_request(  # noqa: PLR0913, PLR0917 - a row of a table
    cli: Cli, api: Api, directory: Path, text: str | None, code: int, said: str, output: str
) -> None:
    if text is None:
        (directory / "beamctl.yaml").unlink()
    else:
        (directory / "beamctl.yaml").write_text(text)
    ran = cli(*CONFIRMED, "-o", output)
    assert ran.code == code
    assert ran.err.startswith(said)
    assert ran.out == "" if output == "text" else ran.json["format_version"] == "1.2"
    assert api.calls == []


def test_a_document_can_be_named_by_option(cli: Cli, write: Write, directory: Path, local: Emulator) -> None:
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
def test_destroy_is_refused_if_it_cannot_ask(cli: Cli, api: Api, emulator: Emulator, output: str) -> None:
    ran = cli("destroy", "acme", "-o", output, stdin=b"acme\n")
    assert ran.code == 5
    assert ran.err == (
        "Error: there is no terminal to ask on, so nothing was deleted\n"
        "  To delete acme without being asked:  beamctl destroy acme --confirm acme\n"
    )
    assert output == "json" or "members (4)" in ran.out
    assert cli("destroy", "acme", "-f", "-", stdin=MAY_GO.encode()).err.startswith("Error: standard input is the docum")
    assert api.writes == []
    assert emulator.has_acme


@pytest.mark.parametrize("name", ["Acme", "acme ", "acme\n", "acm", "labs", CANARY])
def test_a_wrong_name_is_refused_and_not_repeated(cli: Cli, api: Api, name: str) -> None:
    ran = cli("destroy", "acme", "--confirm", name)
    assert (ran.code, ran.out) == (5, "")
    assert ran.err == (
        "Error: --confirm is not the name of the workspace, so nothing was deleted\n"
        "  Type the name exactly as given in WORKSPACE.\n"
    )
    assert api.calls == []


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("flag", ["-y", "--yes", "--force", "--auto-approve", "--allow", "--conf"])
def test_no_option_skips_the_confirmation(cli: Cli, emulator: Emulator, flag: str) -> None:
    assert cli("destroy", "acme", flag).code == 3
    assert cli("destroy").code == 3
    assert cli("destroy", "acme", "labs", "--confirm", "acme").code == 3
    assert emulator.has_acme


def test_no_secret_is_shown(cli: Cli, api: Api, emulator: Emulator) -> None:
    assert SECRET in emulator.shows("/integrations/connections")
    ran = cli(*CONFIRMED, "--debug")
    assert ran.code == 0
    assert "< 200 in " in ran.err
    assert api.writes == ["DELETE /workspaces/acme"]
    for secret in (SECRET, VIEWER, ACCOUNT):
        assert secret not in ran.out + ran.err


def test_a_missing_workspace_is_an_error(cli: Cli, api: Api, emulator: Emulator) -> None:
    emulator.do("DELETE", "/workspaces/acme")
    ran = cli(*CONFIRMED)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("Error: 127.0.0.1 found nothing for GET /workspaces/acme")
    assert "Check that the workspace acme" in ran.err
    assert api.writes == []


def test_destroy_says_what_could_not_be_listed(cli: Cli, api: Api, emulator: Emulator) -> None:
    refusals = {
        "GET /policies": ("403 Forbidden", "A: b", b'{"error": "not yours"}'),
        "GET /service_accounts": ("404 Not Found", "A: b", b'{"error": "no such thing"}'),
    }
    api.override = refusals.get
    ran = cli(*CONFIRMED)
    assert ran.code == 0
    assert "  policies: unknown — 127.0.0.1 does not allow GET /policies?limit=200: not yours\n" in ran.out
    for section in ("serviceAccounts", "apiKeys"):
        assert f"  {section}: unknown — the API does not list them\n" in ran.out
    assert not emulator.has_acme


class OverrideDeletion:
    """Does something when the deletion arrives and answers it, or passes the request on."""

    def __init__(
        self, emulator: Emulator, answer: Override | None, *, deletes: bool = False, at: str = "DELETE", nth: int = 1
    ) -> None:
        self.emulator, self.answer, self.deletes, self.at, self.left = emulator, answer, deletes, at, nth

    def __call__(self, call: str) -> Override | None:
        if not call.startswith(self.at):
            return None
        self.left -= 1
        if self.left:
            return None
        if self.deletes:
            assert self.emulator.do("DELETE", "/workspaces/acme") == 200
        return self.answer


GATEWAY: Override = ("502 Bad Gateway", "Content-Type: text/html", b"<html>")
CUT: Override = ("200 OK", "Content-Type: application/json", b'{"name": "ac')
MISSING: Override = ("404 Not Found", "Content-Type: application/json", b'{"error": "Workspace not found"}')


@pytest.mark.parametrize("answer", [GATEWAY, CUT])
def test_a_lost_response_is_checked_and_the_deletion_is_not_repeated(
    cli: Cli, api: Api, emulator: Emulator, answer: Override
) -> None:
    api.override = OverrideDeletion(emulator, answer, deletes=True)
    ran = cli(*CONFIRMED)
    assert ran.code == 0
    assert "\nacme and everything in it are gone, although the response was lost: " in ran.out
    assert ran.out.endswith(END)
    assert api.calls[-2:] == ["DELETE /workspaces/acme", "GET /workspaces/acme"]
    assert api.writes == ["DELETE /workspaces/acme"]


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_deletion_that_did_not_happen_is_an_error(cli: Cli, api: Api, emulator: Emulator, output: str) -> None:
    api.override = OverrideDeletion(emulator, ("500 Oops", "A: b", b'{"error": "it broke"}'))
    ran = cli(*CONFIRMED, "-o", output)
    assert ran.code == 1
    assert ran.err == (
        "Error: acme still exists: 127.0.0.1 responded with HTTP 500: it broke\n"
        "  The API may still be deleting it. Check again in a minute.\n"
        "  Check whether it exists:  beamctl show -w acme\n"
    )
    assert output == "text" or error_in(ran)["message"].startswith("acme still exists")
    assert api.writes == ["DELETE /workspaces/acme"]
    assert emulator.has_acme


def test_a_credential_deleted_with_the_workspace_cannot_confirm_the_result(
    cli: Cli, api: Api, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMCTL_API_KEY", ACCOUNT)
    api.override = OverrideDeletion(emulator, GATEWAY, deletes=True)
    ran = cli(*CONFIRMED)
    assert ran.code == 1
    assert ran.err.startswith("Error: it is not known whether acme was deleted: 127.0.0.1 responded with HTTP 502")
    assert api.writes == ["DELETE /workspaces/acme"]


def test_a_workspace_that_was_just_deleted_by_another_client_is_reported(
    cli: Cli, api: Api, emulator: Emulator
) -> None:
    api.override = OverrideDeletion(emulator, MISSING, deletes=True)
    ran = cli(*CONFIRMED)
    assert ran.code == 0
    assert (
        "\nacme was already gone when the API responded: the API responded with 404: Workspace not found.\n" in ran.out
    )


def test_a_duplicated_request_counts_as_success(cli: Cli, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    faulty(emulator, "duplicate@DELETE")
    with serving(emulator.app) as server:
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        ran = cli(*CONFIRMED, "--api-url", server.url)
    assert (ran.code, emulator.has_acme) == (0, False)
    assert "someone" not in ran.out + ran.err  # it was our request
    assert (
        "\nacme was already gone when the API responded: the API responded with 404: Workspace not found.\n" in ran.out
    )


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("empty-list@/users", "the API shows no members"),
        ("short-list:1@/users", "the API shows no accepted admin among 1 person"),
    ],
)
def test_a_listing_without_members_or_admins_stops_destroy(
    cli: Cli, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, why: str
) -> None:
    assert emulator.do("POST", "/users", {"email": "a@example.com"}) == 200  # only the first listing
    script = faulty(emulator, fault)
    with serving(emulator.app) as server:
        monkeypatch.setenv("BEAMCTL_API_KEY", CANARY)
        monkeypatch.setenv("BEAMCTL_API_URL", server.url)
        shown = cli("destroy", "acme")
        assert f"\n  members: unknown \N{EM DASH} {why}\n  serviceAccounts (1)\n" in shown.out
        assert "(0)" not in shown.out
        script.set([read_rule(f"{fault}#1")])  # complete again after it was shown, so more would be lost
        ran = cli(*CONFIRMED)
    assert ran.code == 6
    assert "members now include ada@example.com (admin, accepted) and 4 more" in ran.err
    assert emulator.has_acme


def test_a_workspace_deleted_while_it_is_read_is_reported(cli: Cli, api: Api, emulator: Emulator) -> None:
    api.override = OverrideDeletion(emulator, None, deletes=True, at="GET /workspaces/acme", nth=2)
    ran = cli(*CONFIRMED)
    assert ran.code == 6
    assert ran.err.startswith("Error: acme is already gone, so nothing was sent\n")
    assert api.writes == []


@pytest.mark.parametrize("output", ["text", "json"])
def test_contents_added_after_the_confirmation_stop_destroy(
    cli: Cli, api: Api, emulator: Emulator, output: str
) -> None:
    def invite(call: str) -> None:
        if call == "GET /users" and api.calls.count(call) == 2:
            assert emulator.do("POST", "/users", {"email": "new@example.com"}) == 200

    api.override = invite
    ran = cli(*CONFIRMED, "-o", output)
    assert ran.code == 6
    assert ran.err == (
        "Error: acme changed since it was shown, so nothing was deleted: "
        "members now include new@example.com (member, invited)\n"
        "  Run `beamctl destroy acme` again to see the current state.\n"
    )
    assert output == "text" or error_in(ran)["exit_code"] == 6
    assert api.writes == []
    assert emulator.has_acme


def test_the_name_typed_on_a_terminal_confirms(local: Emulator) -> None:
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
def test_any_other_text_on_a_terminal_deletes_nothing(local: Emulator, typed: str) -> None:
    with terminal("destroy", "acme") as screen:
        screen.read_until("for good: ")
        screen.type(typed)
        code, seen = screen.end()
    assert code == 5
    assert "Error: that is not the name of the workspace, so nothing was deleted\n" in seen
    assert local.has_acme


def test_a_key_pasted_at_the_prompt_is_not_repeated(local: Emulator) -> None:
    with terminal("destroy", "acme", "-o", "json") as screen:
        seen = screen.read_until("for good: ")
        assert seen.count("  members (4)\n") == 1  # a user cannot agree to lose what was not shown
        assert "\x1b" not in seen
        screen.type(f"{CANARY}\n")
        code, seen = screen.end()
    assert code == 5
    assert seen.count(CANARY) == 1  # the terminal's own echo
    assert local.has_acme


def test_control_c_at_the_prompt_deletes_nothing(local: Emulator) -> None:
    with terminal("destroy", "acme") as screen:
        screen.read_until("for good: ")
        screen.interrupt()
        code, _ = screen.end()
    assert code == 130
    assert local.has_acme


def test_a_workspace_re_created_during_the_prompt_is_not_deleted(local: Emulator) -> None:
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
def test_an_interrupt_waits_for_the_deletion_in_flight(api: Api, emulator: Emulator, number: signal.Signals) -> None:
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
    assert not emulator.has_acme


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
def test_a_signal_before_the_request_prevents_the_deletion(api: Api, emulator: Emulator, *, answers: bool) -> None:
    def hold(call: str) -> None:
        if call == "GET /users" and api.calls.count(call) == 2:
            api.arrived.release()
            api.gate.wait(30)

    api.override = hold
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
    assert emulator.has_acme


@pytest.mark.parametrize(("output", "stays"), [("text", True), ("json", False)])
def test_a_full_disk_before_and_after_the_deletion(local: Emulator, output: str, *, stays: bool) -> None:
    """If the plan cannot be shown, nothing is deleted; if only the result cannot be written, the deletion is still
    reported."""
    with Path("/dev/full").open("w") as full:
        ran = process(*CONFIRMED, "-o", output, stdout=full)
    assert ran.code == 1
    hint = "" if stays else "  acme was deleted anyway.\n"
    assert ran.err == f"Error: cannot write the output: No space left on device\n{hint}"
    assert local.has_acme is stays
