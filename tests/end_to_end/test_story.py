"""The main workflow through the command line, from an empty directory to a workspace that matches its document."""

import json
from collections.abc import Callable

import pytest

from beamctl.emulator import BehaviorFlag
from tests.end_to_end.conftest import KEY, AtOnce, Playground

SEED = f"""
workspaces: [{{name: acme, displayName: Acme}}]
users:
  - {{email: ada@example.com, apiKey: {KEY}, workspaces: {{acme: admin}}}}
  - {{email: grace@example.com, apiKey: bl_grace, workspaces: {{acme: member}}}}
  - {{email: eve@example.com, apiKey: bl_eve, workspaces: {{acme: member}}}}
invitations:
  - {{workspace: acme, email: old@example.com, role: member, expiresAt: 2020-01-01T00:00:00Z}}
serviceAccounts:
  - {{workspace: acme, name: ci, role: viewer}}
"""
DOCUMENT = """
version: 1
workspace: acme
settings: {displayName: Acme (production)}
members:
  ada@example.com: admin
  grace@example.com: admin
  kim@example.com: viewer
  old@example.com: member
guards: {self: {email: ada@example.com}}
"""
QUIRKS = [
    *[frozenset({quirk}) for quirk in BehaviorFlag],
    frozenset({BehaviorFlag.INVITE_IGNORES_ROLE, BehaviorFlag.INVITES_AS_ADMIN}),
]


def test_from_a_file_to_a_workspace(playground: Playground, serve: Callable[..., str]) -> None:
    serve(SEED, "--quirk", "put-replaces")
    apply_and_check(playground)


@pytest.mark.parametrize("quirks", QUIRKS, ids=lambda quirks: "+".join(sorted(quirks)))
def test_with_every_documented_behavior(at_once: AtOnce, quirks: frozenset[BehaviorFlag]) -> None:
    with at_once.serving(SEED, quirks):
        apply_and_check(at_once)


def apply_and_check(playground: Playground) -> None:
    playground.write("beamctl.yaml", DOCUMENT)
    assert playground.beamctl("validate").out == "Valid: 1 workspace (acme).\n"
    planned = playground.beamctl("plan", "--detailed-exitcode", code=2).out
    assert "Plan: 1 to invite, 1 to resend, 1 role to change, 1 to remove, 1 setting to change." in planned
    assert planned == playground.beamctl("plan").out
    applied = playground.beamctl("apply", "--auto-approve").out
    assert "Applied to acme: 5 done." in applied
    assert "No changes. acme matches beamctl.yaml." in playground.beamctl("plan", "--detailed-exitcode").out
    playground.beamctl("emulator", "call", "--as", "kim@example.com", "POST", "/workspaces/acme/join")
    assert "4 unchanged · 1 waiting for the invitee" in playground.beamctl("plan", "--detailed-exitcode").out
    shown = json.loads(playground.beamctl("show", "-o", "json").out)
    people = {row["email"]: (row["role"], row["standing"]) for row in shown["members"]}
    assert people["grace@example.com"] == ("admin", "accepted")
    assert people["kim@example.com"] == ("viewer", "accepted")
    assert "eve@example.com" not in people
    by_hand = ["emulator", "call", "--as", "ada@example.com", "-w", "acme"]
    assert '"name":"ci","role":"viewer"' in playground.beamctl(*by_hand, "GET", "/service_accounts").out  # unchanged


def test_role_that_waits_for_acceptance(at_once: AtOnce) -> None:
    with at_once.serving(SEED, frozenset({BehaviorFlag.INVITE_IGNORES_ROLE, BehaviorFlag.NO_ROLE_ON_PENDING})):
        at_once.write("beamctl.yaml", DOCUMENT.replace("kim@example.com: viewer", "kim@example.com: admin"))
        said = at_once.beamctl("apply", "--auto-approve").out
        assert "invited as member; the first apply after the invitation is accepted sets the role admin" in said
        assert "1 waiting for the invitee" in said
        for _ in range(2):  # until they accept, there are no changes and no other e-mails
            plan = at_once.beamctl("plan", "--detailed-exitcode").out
            assert "kim@example.com is invited as member, and the API does not change the role of an invitation" in plan
            assert at_once.beamctl("drift").out.endswith("No drift. acme matches beamctl.yaml.\n")
            assert "No changes" in at_once.beamctl("apply", "--auto-approve").out
        at_once.beamctl("emulator", "call", "--as", "kim@example.com", "POST", "/workspaces/acme/join")
        assert "~ role  kim@example.com  member → admin" in at_once.beamctl("apply", "--auto-approve").out
        at_once.beamctl("plan", "--detailed-exitcode")


def test_drift_is_worded_from_the_live_side(at_once: AtOnce) -> None:
    with at_once.serving(SEED):
        at_once.write("beamctl.yaml", DOCUMENT)
        at_once.beamctl("apply", "--auto-approve")
        assert at_once.beamctl("drift").out.endswith("No drift. acme matches beamctl.yaml.\n")
        by_hand = ["emulator", "call", "--as", "ada@example.com", "-w", "acme"]
        at_once.beamctl(*by_hand, "POST", "/users", '{"email": "mallory@example.com"}')
        at_once.beamctl(*by_hand, "DELETE", "/users/kim@example.com")
        text = at_once.beamctl("drift", code=2).out
        assert "mallory@example.com  is invited as member; not in beamctl.yaml" in text
        assert "kim@example.com      is missing; beamctl.yaml says viewer" in text
        data = json.loads(at_once.beamctl("drift", "-o", "json", code=2).out)
        assert [each["name"] for each in data["resource_drift"]] == ["kim@example.com", "mallory@example.com"]
        before = at_once.beamctl("show").out
        at_once.beamctl("drift", code=2)
        assert at_once.beamctl("show").out == before


def test_member_can_read_but_not_change(at_once: AtOnce) -> None:
    with at_once.serving(SEED):
        at_once.write("beamctl.yaml", DOCUMENT)
        at_once.monkeypatch.setenv("BEAMCTL_API_KEY", "bl_grace")
        at_once.beamctl("plan")
        ran = at_once.beamctl("apply", "--auto-approve", code=4)
        assert "0 done, 5 failed" in ran.out
        assert "the API responded with 403" in ran.out
        assert "Error: the API does not allow any of these changes to acme" in ran.err
        assert "The credential comes from BEAMCTL_API_KEY." in ran.err


@pytest.mark.parametrize(("key", "code", "message"), [("bl_nobody", 4, "rejected the credential"), ("bl_eve", 0, "")])
def test_credentials_that_can_plan(at_once: AtOnce, key: str, code: int, message: str) -> None:
    with at_once.serving(SEED):
        at_once.write("beamctl.yaml", DOCUMENT)
        at_once.monkeypatch.setenv("BEAMCTL_API_KEY", key)
        ran = at_once.beamctl("plan", code=code)
        assert message in ran.err
        assert key not in ran.err + ran.out


def test_client_credential_is_exchanged_for_a_token(playground: Playground, serve: Callable[..., str]) -> None:
    client = "clientId: 11111111-2222-4333-8444-555555555555, clientSecret: CANARYSECRET"
    account = f"{{workspace: acme, name: deployer, role: admin, {client}}}"
    serve(f"{SEED}  - {account}\n")
    playground.write("beamctl.yaml", DOCUMENT.replace("guards: {self: {email: ada@example.com}}", ""))
    del playground.environment["BEAMCTL_API_KEY"]
    playground.environment["BL_CLIENT_CREDENTIALS"] = "11111111-2222-4333-8444-555555555555:CANARYSECRET"
    ran = playground.beamctl("apply", "--auto-approve", "--debug")
    assert "as 11111111-2222-4333-8444-555555555555" in ran.out
    assert "POST /oauth/token" in ran.err
    assert "CANARYSECRET" not in ran.out + ran.err
    playground.beamctl("plan", "--detailed-exitcode")


def test_two_workspaces_in_one_run_and_one_selected(at_once: AtOnce) -> None:
    seed = SEED.replace("displayName: Acme}", "displayName: Acme}, {name: labs}")
    with at_once.serving(seed.replace("{acme: admin}", "{acme: admin, labs: admin}")):
        labs = "---\nversion: 1\nworkspace: labs\nmembers: {ada@example.com: admin, new@example.com: viewer}\n"
        at_once.write("beamctl.yaml", DOCUMENT + labs)
        only = json.loads(at_once.beamctl("plan", "-w", "labs", "-o", "json").out)
        assert [each["address"] for each in only["resource_changes"]] == ['labs.member["new@example.com"]']
        done = json.loads(at_once.beamctl("apply", "--auto-approve", "-o", "json").out)
        assert done["summary"] == {"done": 6, "deferred": 0, "failed": 0, "not_attempted": 0, "not_confirmed": 0}
        at_once.beamctl("drift")
