"""`plan --out` and `apply PLAN`: exactly the reviewed changes are made, or nothing, with a reason."""

import json
import os
import re
import shutil
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from beamctl.plan.plan_file import read_saved, saved_text
from tests.cli.loopback import Api
from tests.cli.process import process, room_for, terminal
from tests.cli.world import AS_IS, CANARY, CHANGED, REFUSED, Cli, People, Write, document, error_in
from tests.fakes.saved_plans import by_hand
from tests.fakes.schemas import problems_with

NEW_PLAN = "  Make and review a new plan:  beamctl plan --out p.json\n"


@pytest.fixture
def saved(cli: Cli, write: Write, api: Api, directory: Path) -> Path:
    """The plan of CHANGED, made with ada's key against the emulator on a socket. The document is deleted."""
    write("beamctl.yaml", CHANGED)
    ran = cli("plan", "--out", "p.json")
    assert ran.code == 0
    assert api.writes == []
    (directory / "beamctl.yaml").unlink()
    return directory / "p.json"


@pytest.fixture
def operator(cli: Cli) -> Cli:
    """Changes the workspace manually."""

    def call(*arguments: str) -> Any:
        ran = cli("emulator", "call", "--as", "ada@example.com", "-w", "acme", *arguments)
        assert ran.code == 0
        return ran

    return call


def refused(cli: Cli, code: int, *arguments: str) -> str:
    """The error for a refused plan, which is the same in both formats."""
    ran = cli("apply", "p.json", "--auto-approve", *arguments)
    assert (ran.code, ran.out) == (code, "")
    machine = cli("apply", "p.json", "--auto-approve", "-o", "json", *arguments)
    assert error_in(machine)["exit_code"] == code
    assert machine.err == ran.err
    return ran.err


def test_plan_is_saved_and_its_expiry_is_shown(cli: Cli, write: Write, api: Api, directory: Path) -> None:
    write("beamctl.yaml", CHANGED)
    bare = cli("plan")
    ran = cli("plan", "--out", "a plan.json", "--expires", "90m")
    assert (ran.code, ran.out) == (0, bare.out)
    data = json.loads((directory / "a plan.json").read_text())
    assert problems_with("plan", data) == []
    assert data["saved"]["commit"] == ""
    created, expires = (datetime.fromisoformat(data["saved"][key]) for key in ("created_at", "expires_at"))
    assert expires - created == timedelta(minutes=90)
    assert abs(datetime.now(UTC) - created) < timedelta(minutes=1)
    assert (
        ran.err == f"Saved the plan. It is valid until {expires:%Y-%m-%d %H:%M} UTC. "
        "To apply it:  beamctl apply 'a plan.json'\n"
    )
    assert data["workspaces"][0]["api_url"] == api.url
    assert data["workspaces"][0]["workspace_id"] != ""
    assert CANARY not in (directory / "a plan.json").read_text()
    assert sorted(path.name for path in directory.iterdir()) == [".beamctl", "a plan.json", "beamctl.yaml"]
    assert cli("plan", "--out", "a plan.json", "-q").err == ""
    machine = cli("plan", "--out", "a plan.json", "-o", "json")
    assert problems_with("plan", machine.json) == []
    assert "saved" not in machine.json


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--out", ""], "--out is empty"),
        (["--out", "-"], "--out needs a file, not standard output"),
        (["--out", "."], ". is not a regular file"),
        (["--out", "/dev/null"], "/dev/null is not a regular file"),
        (["--out", "no/such/p.json"], "cannot write the plan to no/such/p.json: No such file or directory"),
        (["--out", "n" * 5000], "File name too long"),
        (["--out", "p.json", "--expires", "31d"], "--expires: '31d' is not a valid lifetime of a plan"),
        (["--out", "p.json", "--expires", "0h"], "--expires: '0h' is not a valid lifetime of a plan"),
        (["--out", "p.json", "--expires", "soon"], "--expires: 'soon' is not a valid lifetime of a plan"),
        (["--expires", "1d"], "--expires applies only to a saved plan"),
    ],
)
def test_plan_that_cannot_be_saved(cli: Cli, write: Write, directory: Path, options: list[str], said: str) -> None:
    write("beamctl.yaml", CHANGED)
    ran = cli("plan", *options)
    assert ran.code == 3
    assert said in ran.err
    machine = cli("plan", *options, "-o", "json")
    assert said in error_in(machine)["message"]
    assert sorted(path.name for path in directory.iterdir()) == [".beamctl", "beamctl.yaml"]


def test_full_disk_keeps_the_old_plan(write: Write, saved: Path) -> None:
    before, names = saved.read_bytes(), sorted(saved.parent.iterdir())
    write("other.yaml", AS_IS)
    ran = process("plan", "-f", "other.yaml", "--out", "p.json", prelude=room_for(500))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("Error: cannot write the plan to p.json: File too large\n")
    assert saved.read_bytes() == before
    assert sorted(saved.parent.iterdir()) == sorted([*names, saved.parent / "other.yaml"])


@pytest.mark.parametrize("output", ["text", "json"])
def test_saved_plan_is_applied_without_a_document(
    cli: Cli, people: People, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    before, origin = people(), json.loads(saved.read_text())["saved"]
    (tmp_path / "elsewhere").mkdir()
    shutil.move(saved, tmp_path / "elsewhere" / "q.json")
    monkeypatch.chdir(tmp_path / "elsewhere")
    ran = cli("apply", "q.json", "--auto-approve", "-o", output)
    assert (ran.code, ran.err) == (0, "")
    if output == "text":
        origin, recorded, empty, head, *_ = ran.out.splitlines()
        assert re.fullmatch(
            r"Saved [-0-9]{10} [:0-9]{8} UTC from an unknown commit, valid until [-0-9]{10} [:0-9]{8} UTC\.", origin
        )
        assert recorded.startswith("Covers members of acme. Recorded for later plans: minAdmins 1, maxRemovals ")
        assert (empty, head[:7]) == ("", "acme · ")
        assert "  ~ role    grace@example.com  member → admin  beamctl.yaml:6\n" in ran.out
        assert ran.out.endswith("\nApplied to acme: 2 done.\n")
    else:
        assert problems_with("plan", ran.json) == []
        assert ran.json["summary"]["done"] == 2
        assert ran.json["saved"] == origin
    monkeypatch.chdir(saved.parent)
    assert people() == {**before, "grace@example.com": "admin", "kim@example.com": "viewer"}


def test_saved_plan_can_be_applied_once(cli: Cli, operator: Cli, saved: Path, api: Api) -> None:
    assert cli("apply", "p.json", "--auto-approve").code == 0
    done = list(api.writes)
    run = cli("runs", "-o", "json").json["runs"][0]["run"]
    assert refused(cli, 6) == f"Error: p.json was already applied, in the run {run}\n" + NEW_PLAN
    operator("PUT", "/users/grace@example.com", '{"role": "member"}')
    operator("DELETE", "/users/kim@example.com")
    assert "was already applied, in the run" in refused(cli, 6)
    shutil.rmtree(saved.parent / ".beamctl" / "runs")
    assert cli("apply", "p.json", "--auto-approve").code == 0
    shutil.rmtree(saved.parent / ".beamctl" / "runs")
    assert refused(cli, 6) == "Error: p.json was already applied: acme matches it\n" + NEW_PLAN
    assert len(api.writes) == 2 * len(done)


MOVES = [
    (
        ["PUT", "/users/grace@example.com", '{"role": "viewer"}'],
        'grace@example.com: role was "member", is now "viewer"',
    ),
    (["DELETE", "/users/grace@example.com"], "grace@example.com no longer exists; it was: "),
    (["POST", "/users", '{"email": "kim@example.com", "role": "admin"}'], "kim@example.com now exists: email "),
]


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize(("call", "said"), MOVES, ids=["role", "gone", "new"])
def test_stale_plan_names_the_change(cli: Cli, operator: Cli, api: Api, call: list[str], said: str) -> None:
    operator(*call)
    told = refused(cli, 6)
    assert told.startswith("Error: acme changed since p.json was made, so nothing was changed\n")
    assert f"\n  {said}" in told
    assert told.endswith(NEW_PLAN)
    assert api.writes == []


@pytest.mark.usefixtures("saved")
def test_changes_already_in_effect_are_reported(cli: Cli, operator: Cli) -> None:
    operator("PUT", "/users/grace@example.com", '{"role": "admin"}')
    assert '  grace@example.com: role was "member", is now "admin"\n  1 of its 2 changes are already in place.\n' in (
        refused(cli, 6)
    )


def test_changed_admin_or_setting_makes_a_plan_stale(cli: Cli, write: Write, operator: Cli, api: Api) -> None:
    settings = "settings: {labels: {env: prod}, displayName: Acme 2}\n"
    write("beamctl.yaml", AS_IS.replace("  eve@example.com: member\n", "") + settings)
    assert cli("plan", "--out", "p.json").code == 0
    operator("PUT", "/users/bob@example.com", '{"role": "member"}')
    operator("PUT", "/workspaces/acme", '{"displayName": "Mine", "labels": {"env": "dev", "new": "1"}}')
    told = refused(cli, 6)
    for line in (
        'bob@example.com: role was "admin", is now "member"',
        'displayName: was "Acme", is now "Mine"',
        'labels: env was "test", is now "dev"',
        'labels: new was nothing, is now "1"',
    ):
        assert f"\n  {line}\n" in told
    assert api.writes == []


@pytest.mark.usefixtures("saved")
def test_unrelated_change_does_not_make_a_plan_stale(cli: Cli, operator: Cli) -> None:
    operator("POST", "/users", '{"email": "new@example.com", "role": "member"}')
    operator("DELETE", "/users/eve@example.com")
    operator("PUT", "/users/bob@example.com", '{"role": "member"}')  # nothing is removed, so no admin is relied on
    operator("PUT", "/workspaces/acme", '{"displayName": "Mine"}')
    assert cli("apply", "p.json", "--auto-approve").code == 0


@pytest.mark.usefixtures("saved")
def test_another_workspace_with_the_same_name(cli: Cli, database: Path, api: Api, tmp_path: Path) -> None:
    seed = tmp_path / "again.yaml"
    people = {"ada": "admin", "bob": "admin", "grace": "member", "eve": "member"}
    users = "\n".join(f"  - {{email: {who}@example.com, workspaces: {{acme: {role}}}}}" for who, role in people.items())
    assert cli("emulator", "call", "--as", "ada@example.com", "DELETE", "/workspaces/acme").code == 0
    seed.write_text(f"workspaces: [{{name: acme, displayName: Acme, labels: {{env: test}}}}]\nusers:\n{users}\n")
    assert cli("emulator", "seed", str(seed), "--db", str(database)).code == 0
    assert refused(cli, 6) == (
        "Error: acme is not the workspace that p.json was made for, but another with the same name\n" + NEW_PLAN
    )
    assert api.writes == []


def test_saved_plan_expires(cli: Cli, saved: Path, api: Api) -> None:
    found = read_saved(saved.read_bytes(), "p.json")
    saved.write_text(saved_text(replace(found, expires=datetime(2026, 1, 2, 3, 4, tzinfo=UTC))))
    assert refused(cli, 6) == "Error: p.json was valid until 2026-01-02 03:04 UTC\n" + NEW_PLAN
    assert api.writes == []


@pytest.mark.parametrize(
    ("created", "expires", "said"),
    [
        (timedelta(minutes=10), timedelta(hours=1), "p.json was created in the future"),
        (timedelta(minutes=4), timedelta(days=30, minutes=4), "p.json is valid until"),
    ],
)
def test_plan_with_impossible_times(
    cli: Cli, saved: Path, api: Api, created: timedelta, expires: timedelta, said: str
) -> None:
    times = {"created_at": created, "expires_at": expires}
    now = datetime.now(UTC)
    written = {key: f"{now + after:%Y-%m-%dT%H:%M:%SZ}" for key, after in times.items()}
    saved.write_bytes(by_hand(saved.read_bytes(), lambda data: data["saved"].update(written)))
    assert f"Error: {said}" in refused(cli, 3)
    assert api.writes == []


def test_plan_expires_with_the_access_it_grants(cli: Cli, write: Write, directory: Path, api: Api) -> None:
    today = datetime.now(UTC).date()
    end = today + timedelta(days=3)
    write("beamctl.yaml", f"{AS_IS}  kim@example.com: {{role: viewer, until: {end}}}\n")
    assert cli("plan", "--out", "p.json", "--expires", "30d").code == 0
    file = directory / "p.json"
    assert json.loads(file.read_text())["saved"]["expires_at"] == f"{end}T00:00:00Z"

    def as_of_yesterday(data: dict[str, Any]) -> None:
        data["resource_changes"][0]["declared"]["until"] = str(today)

    file.write_bytes(by_hand(file.read_bytes(), as_of_yesterday))
    assert refused(cli, 6) == f"Error: p.json was valid until {today} 00:00 UTC\n" + NEW_PLAN
    assert api.writes == []


@pytest.mark.usefixtures("saved")
def test_saved_plan_of_another_workspace_or_api(cli: Cli, api: Api, people: People) -> None:
    before = people()
    assert refused(cli, 3, "-w", "labs") == (
        "Error: p.json is for acme, not 'labs'\n  Use -w with a workspace in the plan.\n"
    )
    assert refused(cli, 3, "--api-url", "local") == (
        f"Error: p.json is for {api.url}, but --api-url is local\n  Use the API of the plan, or make a new plan.\n"
    )
    assert refused(cli, 3, "-f", "beamctl.yaml") == (
        "Error: a saved plan cannot be combined with -f\n  Use either PLAN or -f.\n"
    )
    assert people() == before


def test_file_that_is_not_a_plan(cli: Cli, saved: Path, write: Write, api: Api) -> None:
    text = saved.read_text()
    printed = cli("plan", "-o", "json", "-f", "-", stdin=CHANGED.encode()).out
    for content, said in (
        ("", "p.json is not JSON, so it is not a beamctl plan"),
        (text[:-9], "p.json is truncated"),
        (text.replace("viewer", "admin"), "p.json was modified after it was saved"),
        (printed, "p.json is the output of `beamctl plan -o json`, not a saved plan"),
        (
            by_hand(text, lambda data: data.update(format_version="9")).decode(),
            "p.json has a format that this version of beamctl cannot read",
        ),
    ):
        saved.write_text(content)
        assert refused(cli, 3).startswith(f"Error: {said}")
    saved.unlink()
    assert refused(cli, 3).startswith("Error: cannot read p.json: No such file or directory\n")
    os.mkfifo(saved)
    assert refused(cli, 3).startswith("Error: p.json is not a regular file\n")
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "beamctl.yaml").err == (
        "Error: beamctl.yaml is not a saved plan\n  To apply a document, use -f:  beamctl apply -f beamctl.yaml\n"
    )
    assert api.writes == []


def test_allowances_are_saved(cli: Cli, write: Write, api: Api) -> None:
    write("beamctl.yaml", REFUSED)
    assert cli("plan", "--out", "p.json").code == 5
    ran = cli("apply", "p.json", "--auto-approve")
    assert ran.code == 5
    assert "  To allow it in this plan only:  beamctl apply p.json --allow mass-removal=2\n" in ran.out
    assert api.writes == []
    assert "has no effect" in cli("apply", "p.json", "--auto-approve", "--allow", "removes-admin=x").err
    assert cli("plan", "--out", "q.json", "--allow", "mass-removal=2").code == 0
    allowed = cli("apply", "q.json", "--auto-approve")
    assert (allowed.code, "Allowed: mass-removal=2 — " in allowed.out) == (0, True)


def test_allowances_can_be_added_at_apply(cli: Cli, write: Write, api: Api) -> None:
    write("beamctl.yaml", REFUSED)
    cli("plan", "--out", "p.json")
    assert cli("apply", "p.json", "--auto-approve", "--allow", "mass-removal=2").code == 0
    assert len(api.writes) == 2


@pytest.mark.usefixtures("api")
def test_several_workspaces(cli: Cli, write: Write, people: People) -> None:
    labs = document("labs", "{ada@example.com: admin, kim@example.com: viewer}")
    write("beamctl.yaml", f"{CHANGED}---\n{labs}")
    assert cli("plan", "--out", "p.json").code == 0
    assert "--allow acme:mass-removal=2\n" in refused(cli, 3, "--allow", "mass-removal=2")
    only = cli("apply", "p.json", "--auto-approve", "-w", "labs")
    assert only.out.endswith("Applied to labs: 1 done.\n")
    assert "kim@example.com" not in people()
    rest = cli("apply", "p.json", "--auto-approve")
    assert (rest.code, rest.out.endswith("Applied to acme: 2 done.\n")) == (6, True)
    assert "Error: labs (beamctl.yaml): p.json was already applied, in the run" in rest.err
    assert people()["kim@example.com"] == "viewer"


@pytest.mark.usefixtures("saved")
@pytest.mark.parametrize("moved", [False, True])
def test_saved_plan_is_checked_again_after_confirmation(people: People, operator: Cli, moved: bool) -> None:  # noqa: FBT001 - both ways
    before = people()
    with terminal("apply", "p.json", "--no-color") as screen:
        seen = screen.read_until("accepted: ")
        assert "Plan: 1 to invite, 1 role to change." in seen
        if moved:
            operator("DELETE", "/users/grace@example.com")
        screen.type("yes\n")
        code, seen = screen.end()
    if not moved:
        assert (code, people()["kim@example.com"]) == (0, "viewer")
        return
    assert code == 6
    assert "Error: acme changed since p.json was made, so nothing was changed\n" in seen
    assert "  grace@example.com no longer exists; it was: " in seen
    assert people() == {who: role for who, role in before.items() if who != "grace@example.com"}


@pytest.mark.usefixtures("api")
def test_hazard_that_appears_during_confirmation(cli: Cli, write: Write, people: People, operator: Cli) -> None:
    operator("PUT", "/users/bob@example.com", '{"role": "member"}')
    wanted = document(members="{ada@example.com: admin, bob@example.com: member}")
    write("beamctl.yaml", wanted + "guards: {maxRemovals: 2}\n")
    assert cli("plan", "--out", "p.json").code == 0
    with terminal("apply", "p.json", "--max-removals", "33%") as screen:  # two of four
        screen.read_until("accepted: ")
        operator("DELETE", "/users/bob@example.com")  # of three, only one
        before = people()
        screen.type("yes\n")
        code, seen = screen.end()
    assert (code, people()) == (6, before)
    assert "Error: acme changed while waiting for approval, so nothing was changed\n" in seen


@pytest.mark.usefixtures("saved")
def test_failed_change_needs_a_new_plan(cli: Cli, api: Api) -> None:
    api.override = lambda call: ("422 No", "A: b", b"{}") if call.startswith("POST") else None
    ran = cli("apply", "p.json", "--auto-approve")
    assert ran.code == 7
    assert ran.out.endswith("Fix the cause and make a new plan. Completed changes are skipped.\n")
    assert "was already applied, in the run" in refused(cli, 6)


@pytest.mark.usefixtures("saved")
def test_saved_plan_can_be_read_by_terraform_tools(cli: Cli, write: Write) -> None:
    """Only what tools for Terraform read."""
    write(
        "beamctl.yaml", document(members="{ada@example.com: admin, kim@example.com: admin, grace@example.com: viewer}")
    )
    cli("plan", "--out", "q.json")
    plan = json.loads(Path("q.json").read_text())
    major, _, _ = plan["format_version"].partition(".")
    assert major == "1"
    counts = Counter("/".join(each["change"]["actions"]) for each in plan["resource_changes"])
    assert counts == {"create": 1, "update": 1, "delete": 2}
    for each in plan["resource_changes"]:
        module, kind = each["module_address"], each["type"]
        assert each["address"] == f'{module}.{kind}["{each["name"]}"]'
        assert each["mode"] == "managed"
        actions, before, after = (each["change"][key] for key in ("actions", "before", "after"))
        assert (before is None, after is None) == (actions == ["create"], actions == ["delete"])
    reasons = {each["name"]: each["action_reason"] for each in plan["resource_changes"]}
    assert reasons["bob@example.com"] == "not_in_document"


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("files", [["-f", "one file.yaml"], ["-f", "one file.yaml", "-w", "acme"]])
def test_printed_command_names_the_same_documents(cli: Cli, write: Write, files: list[str]) -> None:
    write("one file.yaml", REFUSED)
    ran = cli("plan", *files)
    more = " -w acme" if "-w" in files else ""
    assert f"beamctl apply -f 'one file.yaml'{more} --allow mass-removal=2\n" in ran.out
    assert cli("apply", *files, "--auto-approve").out == ran.out
