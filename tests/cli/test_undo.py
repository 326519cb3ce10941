"""`undo` turns a run into its inverse: a plan to review, save and apply."""

import json
from pathlib import Path

import pytest

from tests.cli.loopback import Api
from tests.cli.process import running
from tests.cli.world import AS_IS, CHANGED, Cli, People, Write, document, error_in
from tests.fakes.schemas import problems_with

RUNS = Path(".beamctl") / "runs"
FLAGS = ["--allow", "removes-admin=grace@example.com"]


@pytest.mark.usefixtures("local")
def test_undo_makes_a_plan_that_reverses_a_run(cli: Cli, write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    (name,) = [path.stem for path in RUNS.iterdir()]
    refused = cli("undo", "last")
    assert refused.code == 5
    assert "  ~ role    grace@example.com  admin → member" in refused.out
    assert f"undoes run {name}\n" in refused.out
    assert f"beamctl undo {name} --out FILE {' '.join(FLAGS)}\n" in refused.out
    assert people() != before
    ran = cli("undo", name[:19], *FLAGS)
    assert ran.code == 0
    assert ran.err == (
        f"Nothing was changed. To make these changes, save the plan and apply the file:  "
        f"beamctl undo {name} --out FILE\n"
    )
    machine = cli("undo", "last", *FLAGS, "-o", "json")
    assert problems_with("plan", machine.json) == []
    assert {each["action_reason"] for each in machine.json["resource_changes"]} == {"undoes_run"}
    assert cli("undo", "last", *FLAGS, "--out", "undo.json", "-q").err == ""
    assert cli("apply", "undo.json", "--auto-approve").code == 0
    assert people() == before
    again = cli("undo", name)
    assert again.code == 0
    assert f"Nothing to undo: the changes of run {name} were already reverted or changed again since.\n" in again.out
    back = cli("undo", "last")
    assert "  ~ role    grace@example.com  member → admin" in back.out
    assert cli("undo", "last", "--out", "back.json").code == 0
    assert cli("apply", "back.json", "--auto-approve").code == 0
    assert people() == {**before, "grace@example.com": "admin", "kim@example.com": "viewer"}


@pytest.mark.usefixtures("local")
def test_changes_that_cannot_be_undone_are_listed(cli: Cli, write: Write, people: People) -> None:
    write("beamctl.yaml", AS_IS.replace("  eve@example.com: member\n", ""))
    assert cli("apply", "--auto-approve").code == 0
    ran = cli("undo", "last")
    assert ran.code == 0
    assert "  ! eve@example.com is invited again, and has access after accepting\n" in ran.out
    assert "eve@example.com" not in people()


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("where", [(), ("--record", "some where")])
def test_undo_names_the_other_workspaces_of_the_run(cli: Cli, write: Write, where: tuple[str, ...]) -> None:
    kept = Path(where[1]) if where else RUNS
    more = " --record 'some where'" if where else ""
    labs = document("labs", "{ada@example.com: admin, kim@example.com: viewer}")
    write("beamctl.yaml", f"{CHANGED}---\n{labs}")
    assert cli("apply", "--auto-approve", *where).code == 0
    acme, other = sorted(path.stem for path in kept.iterdir())
    assert (acme[:19], acme[-6:]) == (other[:19], other[-6:])
    ran = cli("undo", "last", *where)
    assert "labs · local\n" in ran.out
    assert f"  ! that run also changed acme:  beamctl undo {acme}{more}\n" in ran.out
    assert ran.err.endswith(f"beamctl undo {other}{more} --out FILE\n")
    assert f"  ! that run also changed labs:  beamctl undo {other}{more}\n" in cli("undo", acme, *where).out
    first = (kept / f"{acme}.jsonl").read_text().splitlines(keepends=True)[0]
    (kept / f"{acme}.jsonl").write_text(first)  # it was killed before it reached that
    assert "also changed" not in cli("undo", other, *where).out
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve", *where).code == 0
    assert "also changed" not in cli("undo", "last", *where).out


def test_a_killed_run_can_be_undone(cli: Cli, write: Write, api: Api, people: People) -> None:
    write("beamctl.yaml", AS_IS + "  k1@example.com: viewer\n  k2@example.com: viewer\n")
    before = people()
    api.hold = "POST"
    with running("apply", "--auto-approve", "--parallelism", "1") as started:
        assert api.arrived.acquire(timeout=20)
        started.kill()
        started.communicate()
    nothing = cli("undo", "last")
    assert nothing.code == 0
    assert "Nothing to undo: " in nothing.out
    assert "  ! that run did not make 1 of its changes\n" in nothing.out
    cli("emulator", "call", "--as", "ada@example.com", "-w", "acme", "POST", "/users",
        '{"email": "k1@example.com", "role": "viewer"}')  # fmt: skip
    ran = cli("undo", "last", "--out", "u.json")
    assert "  - revoke  k1@example.com  invited as viewer" in ran.out
    assert "  ! it is not known whether that run or someone else changed k1@example.com\n" in ran.out
    assert cli("apply", "u.json", "--auto-approve").code == 0
    assert people() == before
    api.gate.set()


@pytest.mark.usefixtures("local")
def test_undo_uses_the_guards_of_the_document(cli: Cli, write: Write, people: People) -> None:
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    after = people()
    strict = AS_IS + "guards: {protected: [grace@example.com]}\n"
    write("beamctl.yaml", strict)
    assert "removes-protected — grace@example.com is protected" in cli("undo", "last").out
    write("beamctl.yaml", AS_IS + 'manage: {skip: {grace@example.com: {until: 2099-01-01, reason: "T-1"}}}\n')
    skipped = cli("undo", "last")
    assert skipped.code == 0
    assert "grace@example.com is skipped until 2099-01-01: T-1" in skipped.out
    assert "~ role" not in skipped.out
    Path("beamctl.yaml").unlink()
    write("other.yaml", strict)
    bare = cli("undo", "last")
    assert bare.err == "Note: no document here declares acme, so only the default guards apply.\n"
    assert "removes-protected" not in bare.out
    named = cli("undo", "last", "-f", "other.yaml")
    assert "removes-protected" in named.out
    assert " --out FILE -f other.yaml --allow " in named.out
    write("other.yaml", document("labs"))
    assert cli("undo", "last", "-f", "other.yaml").err.startswith("Error: no document declares the workspace 'acme'\n")
    assert people() == after


@pytest.mark.usefixtures("api")
@pytest.mark.parametrize("output", ["text", "json"])
def test_undo_refuses_runs_it_cannot_undo(cli: Cli, write: Write, api: Api, output: str) -> None:
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    (path,) = RUNS.iterdir()
    elsewhere = cli("undo", "last", "--api-url", "local", "-o", output)
    assert elsewhere.code == 3
    assert elsewhere.err == (
        f"Error: {path.stem} was made at {api.url}, but --api-url is local\n  Use the API of the run.\n"
    )
    first, *rest = path.read_text().splitlines()
    forged = json.loads(first)
    change = forged["changes"][0]["change"]
    change["before"]["email"] = change["after"]["email"] = "bob@example.com"
    path.write_text("\n".join([json.dumps(forged), *rest]) + "\n")
    ran = cli("undo", "last", "-o", output)
    assert ran.code == 3
    assert ran.err.startswith(
        f"Error: the record of {path.stem} has a change that beamctl would not plan: set role grace@example.com\n"
    )
    assert output == "text" or error_in(ran)
    path.write_text(first[:-5])
    assert cli("undo", "last", "-o", output).err == f"Error: {path} cannot be read: it is not a run record\n"
    asked = api.writes
    assert len(asked) == 2


@pytest.mark.usefixtures("local")
def test_undo_is_blocked_by_a_doubtful_listing_even_without_changes(cli: Cli, write: Write) -> None:
    write("hollow.yaml", document("hollow", "{kim@example.com: admin}"))
    assert cli("apply", "-f", "hollow.yaml", "--auto-approve", "--allow", "live-empty=members").code == 0
    cli("emulator", "call", "--as", "kim@example.com", "POST", "/workspaces/hollow/decline")
    ran = cli("undo", "last", "-f", "hollow.yaml")
    assert ran.code == 5
    assert "Nothing to undo: " in ran.out
    assert "Refused (exit 5): live-empty — the API shows no members." in ran.out
