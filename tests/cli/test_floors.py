"""Guards that a document cannot loosen: floors set by options or variables, and the guards of earlier runs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from beamctl.cli.floors import floors_of
from tests.cli.world import AS_IS, CHANGED, Cli, People, Write, document, error_in
from tests.fakes.saved_plans import by_hand
from tests.fakes.schemas import problems_with

RUNS = Path(".beamctl") / "runs"
FEWER_MEMBERS = document(members="{ada@example.com: admin, bob@example.com: admin, kim@new.io: viewer}")
"""Removes grace and eve, and invites kim from another domain."""
LOOSE = FEWER_MEMBERS + "guards: {minAdmins: 0, maxRemovals: 9}\n"
FLOORS = [
    # option, variable, stricter value, looser value, hazard
    ("--max-removals", "BEAMCTL_MAX_REMOVALS", "1", "2", "mass-removal=2"),
    ("--max-removals", "BEAMCTL_MAX_REMOVALS", "25%", "50%", "mass-removal=2"),
    ("--max-removals", "BEAMCTL_MAX_REMOVALS", "25%", "9", "mass-removal=2"),
    ("--protect", "BEAMCTL_PROTECT", "x@x.io, Grace@example.com", "x@x.io", "removes-protected=grace@example.com"),
    (
        "--allowed-domains",
        "BEAMCTL_ALLOWED_DOMAINS",
        "example.com",
        "Example.com,new.io",
        "grants-outside-domain=kim@new.io",
    ),
]
FEWER = document(
    members="{ada@example.com: admin, bob@example.com: member, grace@example.com: member, eve@example.com: member}"
)
ATTACK = """\
version: 1
workspace: acme
members:
  ada@example.com: admin
  bob@example.com: admin
  evil@attacker.example: admin
guards:
  maxRemovals: 100%
  allowedDomains: [example.com, attacker.example]
"""
STRICT = "guards: {minAdmins: 2, maxRemovals: 1, allowedDomains: [example.com], protected: [grace@example.com]}\n"
FOUR = {"minAdmins", "maxRemovals", "allowedDomains", "protected"}


def hazards(cli: Cli, *arguments: str) -> list[str]:
    """The blocking hazards, as --allow takes them."""
    ran = cli(*arguments, "-o", "json")
    assert problems_with("plan", ran.json) == []
    found = [each["allow"] for each in ran.json["workspaces"][0]["hazards"] if each["refused"]]
    assert (ran.code == 5) is bool(found)
    return found


def loosened(found: list[str]) -> set[str]:
    return {each.partition("=")[2] for each in found if each.startswith("loosens-guards=")}


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(("option", "variable", "strict", "loose", "hazard"), FLOORS)
def test_a_floor_overrides_looser_guards_of_the_document(  # noqa: PLR0913, PLR0917 - a row of a table
    cli: Cli,
    write: Write,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    variable: str,
    strict: str,
    loose: str,
    hazard: str,
) -> None:
    before = people()
    write("beamctl.yaml", LOOSE)
    assert hazards(cli, "plan", option, loose) == []
    assert hazards(cli, "plan", option, strict) == [hazard]
    assert f"{option} / {variable}" in cli("plan", option, strict).out
    monkeypatch.setenv(variable, strict)
    assert hazards(cli, "plan") == [hazard]
    assert hazards(cli, "plan", option, loose) == [hazard]  # an option does not loosen a variable
    assert cli("apply", "--auto-approve").code == 5
    monkeypatch.setenv(variable, loose)
    assert hazards(cli, "plan", option, strict) == [hazard]
    assert people() == before
    assert cli("apply", "--auto-approve", option, strict, "--allow", hazard).code == 0


@pytest.mark.usefixtures("local")
def test_enough_admins_must_remain(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("beamctl.yaml", FEWER)
    assert hazards(cli, "plan", "--min-admins", "1") == ["removes-admin=bob@example.com"]
    monkeypatch.setenv("BEAMCTL_MIN_ADMINS", "2")
    expected = ["too-few-admins=1", "removes-admin=bob@example.com"]
    assert hazards(cli, "plan", "--min-admins", "1") == hazards(cli, "apply", "--auto-approve") == expected


@pytest.mark.usefixtures("local")
def test_repeated_options_are_combined(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", LOOSE)
    assert hazards(cli, "plan", "--allowed-domains", "example.com", "--allowed-domains", "new.io") == []
    both = hazards(cli, "plan", "--protect", "eve@example.com", "--protect", "grace@example.com")
    assert both == ["removes-protected=eve@example.com", "removes-protected=grace@example.com"]


WRONG = [
    ("--min-admins", ["0", "-1", "two", "1.5", "٣", "9" * 10], "is not a number of admins"),
    ("--max-removals", ["0", "0%", "-5", "101%", "1000%", "5 %", "%", "half"], "is not a limit on removals"),
    (
        "--protect",
        ["ada", "ada@", "@example.com", "a@x.io b@x.io", "a*@x.io"],
        "is not an e-mail address or '*@DOMAIN'",
    ),
    ("--protect", ["\u201cgrace@example.com\u201d"], ": it cannot contain U+201C (left double quotation mark)"),
    ("--protect", ["gr\u0430ce@example.com", "\u212aim@example.com"], "is not an e-mail address in a single alphabet"),
    ("--allowed-domains", ["@example.com", "*.example.com", "a b", "https://x.io", "a!b", "-x.io"], "is not a domain"),
]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(("option", "values", "said"), WRONG)
def test_an_invalid_floor_exits_with_3(
    cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch, option: str, values: list[str], said: str
) -> None:
    write("beamctl.yaml", AS_IS)
    variable = "BEAMCTL" + option.replace("-", "_").upper()[1:]
    for value in values:
        ran = cli("plan", f"{option}={value}", "-o", "json")
        assert ran.code == 3
        assert error_in(ran)["message"].startswith(f"{option}: ")
        assert error_in(ran)["message"].endswith(said)
    for empty in ("", " "):
        assert error_in(cli("undo", "last", f"{option}={empty}", "-o", "json"))["message"] == f"{option} is empty"
        monkeypatch.setenv(variable, empty)
        ran = cli("apply", "--auto-approve")
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.startswith(f"Error: {variable} is empty\n")
    monkeypatch.setenv(variable, values[0])
    assert cli("plan").err.startswith(f"Error: {variable}: ")
    assert cli("drift").code == 0  # it blocks nothing


def test_a_floor_accepts_unicode_and_ascii_domains() -> None:
    one, other = (
        floors_of(None, None, [f"*@{host}", f"a@{host}"], [host], {}) for host in ("b\xfccher.de", "XN--bcher-kva.de")
    )
    assert one == other
    assert (one.protected, one.allowed_domains) == (("*@xn--bcher-kva.de", "a@xn--bcher-kva.de"), ("xn--bcher-kva.de",))


def test_an_invalid_protect_value_says_what_is_accepted(cli: Cli) -> None:
    assert " ".join(cli("plan", "--protect", "ada").err.split()) == (
        "Error: --protect: 'ada' is not an e-mail address or '*@DOMAIN' "
        "Write ada@example.com, or '*@example.com' for everyone at a domain. Separate several with commas."
    )
    help_text = " ".join(cli("plan", "--help").out.split())
    assert "'*@DOMAIN' means everyone at the domain, without its subdomains." in help_text


@pytest.mark.usefixtures("local")
def test_a_saved_plan_is_checked_against_the_floors_of_the_run_that_applies_it(
    cli: Cli, write: Write, people: People
) -> None:
    before = people()
    write("beamctl.yaml", LOOSE)
    assert cli("plan", "--out", "p.json").code == 0
    saved = ["apply", "p.json", "--auto-approve"]
    for option, _, strict, loose, hazard in FLOORS:
        assert hazards(cli, *saved, option, strict) == [hazard]
        assert f"beamctl apply p.json --allow {hazard}\n" in cli(*saved, option, strict).out
        assert cli(*saved, option, strict, "-w", "acme", "--allow", "removes-admin=x@x.io").code == 5
        assert loose
    assert people() == before
    assert cli(*saved, "--max-removals", "1", "--allow", "mass-removal=2").code == 0


@pytest.mark.usefixtures("local")
def test_an_allowance_in_a_plan_file_does_not_lift_a_floor(cli: Cli, write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", LOOSE)
    floor = ["--max-removals", "1"]
    assert cli("plan", *floor, "--allow", "mass-removal=2", "--out", "p.json").code == 0
    refused = cli("apply", "p.json", "--auto-approve", *floor)
    assert refused.code == 5
    assert "mass-removal — 2 would lose access or be deleted; --max-removals / BEAMCTL_MAX_REMOVALS is 1." in (
        refused.out
    )

    def without_hazards(data: dict[str, Any]) -> None:
        data["workspaces"][0]["hazards"] = []

    Path("p.json").write_bytes(by_hand(Path("p.json").read_bytes(), without_hazards))
    assert hazards(cli, "apply", "p.json", "--auto-approve", *floor) == ["mass-removal=2"]
    assert people() == before


@pytest.mark.usefixtures("local")
def test_undo_is_checked_against_floors(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    demoted = "removes-admin=grace@example.com"
    assert hazards(cli, "undo", "last") == [demoted]
    assert hazards(cli, "undo", "last", "--max-removals", "1") == ["mass-removal=2", demoted]
    assert hazards(cli, "undo", "last", "--min-admins", "3") == ["too-few-admins=2", demoted]


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize("steps", ["one", "two"])
def test_loosening_guards_and_using_them_in_one_run_is_blocked(
    cli: Cli, write: Write, people: People, steps: str
) -> None:
    before = people()
    write("beamctl.yaml", AS_IS + STRICT)
    assert cli("apply", "--auto-approve").code == 0  # nothing to change; the guards are recorded
    assert len(list(RUNS.iterdir())) == 1
    if steps == "two":
        write("beamctl.yaml", AS_IS + "guards" + ATTACK.partition("guards")[2])
        assert cli("apply", "--auto-approve").code == 0
        assert len(list(RUNS.iterdir())) == 1  # looser guards that were not allowed are not recorded
    write("beamctl.yaml", ATTACK)
    found = hazards(cli, "plan")
    assert loosened(found) == FOUR
    assert set(found) == {f"loosens-guards={guard}" for guard in FOUR}
    text = cli("apply", "--auto-approve").out
    assert "guards.minAdmins is looser than in the last recorded run: 2 → 1 (beamctl.yaml:8)." in text
    assert "guards.maxRemovals is looser than in the last recorded run: 1 → 100% (beamctl.yaml:8)." in text
    assert "recorded run: adds attacker.example (beamctl.yaml:9)." in text
    assert "recorded run: no longer lists grace@example.com (beamctl.yaml:8)." in text
    assert people() == before
    flags = [word for each in found for word in ("--allow", each)]
    assert cli("apply", "--auto-approve", *flags).code == 0
    write("beamctl.yaml", ATTACK.replace("  evil@attacker.example: admin\n", ""))
    assert hazards(cli, "plan") == []  # what was allowed is recorded


@pytest.mark.usefixtures("local")
def test_floors_block_the_same_document_without_records(
    cli: Cli, write: Write, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = people()
    write("beamctl.yaml", ATTACK)
    assert hazards(cli, "plan") == []
    monkeypatch.setenv("BEAMCTL_MAX_REMOVALS", "1")
    monkeypatch.setenv("BEAMCTL_PROTECT", "grace@example.com")
    monkeypatch.setenv("BEAMCTL_ALLOWED_DOMAINS", "example.com")
    expected = ["mass-removal=2", "removes-protected=grace@example.com", "grants-outside-domain=evil@attacker.example"]
    assert hazards(cli, "plan") == expected == hazards(cli, "apply", "--auto-approve")
    assert people() == before


@pytest.mark.usefixtures("local")
def test_a_saved_plan_includes_the_guards_of_its_document(cli: Cli, write: Write, people: People) -> None:
    before = people()
    write("beamctl.yaml", AS_IS + STRICT)
    assert cli("plan", "--out", "p.json").code == 0
    assert problems_with("plan", json.loads(Path("p.json").read_text())) == []
    for _ in range(2):
        assert cli("apply", "p.json", "--auto-approve").code == 0
    assert len(list(RUNS.iterdir())) == 1
    write("beamctl.yaml", ATTACK)
    assert cli("plan", "--out", "q.json", "--record", "elsewhere").code == 0  # a CI job without the records
    assert loosened(hazards(cli, "apply", "q.json", "--auto-approve")) == FOUR
    assert people() == before
    flags = [word for guard in sorted(FOUR) for word in ("--allow", f"loosens-guards={guard}")]
    assert cli("plan", "--out", "q.json", *flags).code == 0
    assert cli("apply", "q.json", "--auto-approve").code == 0


def day(days: int) -> str:
    return str(datetime.now(UTC).date() + timedelta(days=days))


@pytest.mark.usefixtures("local")
def test_an_admin_entry_first_seen_after_its_expiry_date(cli: Cli, write: Write) -> None:
    admin = "bob@example.com: admin"
    write("beamctl.yaml", AS_IS.replace(admin, f"bob@example.com: {{role: admin, until: {day(-1)}}}"))
    assert hazards(cli, "plan") == ["removes-admin=bob@example.com"]
    assert cli("apply", "--auto-approve").code == 5
    write("beamctl.yaml", AS_IS.replace(admin, f"bob@example.com: {{role: admin, until: {day(9)}}}"))
    assert cli("apply", "--auto-approve").code == 0
    (path,) = RUNS.iterdir()
    first, end = (json.loads(line) for line in path.read_text().splitlines())
    assert [problem for line in (first, end) for problem in problems_with("run", line)] == []
    assert first["ends"] == {"member": {"bob@example.com": day(9)}}
    later = f"bob@example.com: {{role: admin, until: {day(-1)}}}"
    path.write_text(path.read_text().replace(day(9), day(-2)))  # as if it had been recorded on that day
    write("beamctl.yaml", AS_IS.replace(admin, later))
    assert hazards(cli, "plan") == []
    assert cli("apply", "--auto-approve").code == 0


@pytest.mark.usefixtures("local")
def test_a_run_without_changes_is_listed_and_does_not_affect_undo(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    (changing,) = RUNS.iterdir()
    write("beamctl.yaml", CHANGED + STRICT)
    quiet = cli("apply", "--auto-approve", "-o", "json")
    assert (quiet.code, quiet.json["results"], quiet.json["summary"]["done"]) == (0, [], 0)
    idle = max(RUNS.iterdir())
    assert idle != changing
    first, second = cli("runs").out.splitlines()[1:]
    assert first.endswith("  nothing to change")
    assert second.endswith("  2 done")
    assert cli("runs", "last").out.endswith("\nnothing to change\n")
    assert cli("runs", "last", "-o", "json").json["runs"][0]["changes"] == []
    undone = cli("undo", "last")
    assert "  ~ role    grace@example.com  admin → member" in undone.out
    assert f"undoes run {changing.stem}\n" in undone.out
    assert "Nothing to undo: " in cli("undo", idle.stem).out
    changing.unlink()
    assert cli("undo", "last").err.startswith("Error: no apply with changes is recorded in .beamctl/runs\n")


@pytest.mark.usefixtures("local")
def test_a_run_without_changes_does_not_hide_missing_members(cli: Cli, write: Write) -> None:
    additive = "manage: {members: additive}\n"
    members = "{ada@example.com: admin, kim@example.com: viewer}"
    write("beamctl.yaml", document(members=members, more=additive))
    assert cli("apply", "--auto-approve").code == 0
    for name in ("grace", "eve", "bob"):
        assert (
            cli(
                "emulator", "call", "--as", "ada@example.com", "-w", "acme", "DELETE", f"/users/{name}@example.com"
            ).code
            == 0
        )
    write("beamctl.yaml", document(members=members, more=additive + "guards: {protected: [ada@example.com]}\n"))
    assert cli("apply", "--auto-approve").code == 0
    assert len(list(RUNS.iterdir())) == 2
    more = members.replace("}", ", zoe@example.com: viewer}")
    write("beamctl.yaml", document(members=more, more=additive + "guards: {protected: [ada@example.com]}\n"))
    assert hazards(cli, "plan") == ["live-shrank=3"]


@pytest.mark.usefixtures("local")
def test_a_run_over_several_workspaces_records_each(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", f"{CHANGED}---\n{document('labs')}")
    assert cli("apply", "--auto-approve").code == 0
    assert sorted(cli("runs", path.stem).out.splitlines()[-1] for path in RUNS.iterdir()) == [
        "2 done",
        "nothing to change",
    ]
    assert cli("apply", "--auto-approve").code == 0
    assert len(list(RUNS.iterdir())) == 2


@pytest.mark.usefixtures("local")
def test_guards_that_cannot_be_recorded_are_a_warning_if_there_are_no_changes(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("apply", "--auto-approve", "--record", "/proc/nowhere")
    assert ran.code == 0
    assert ran.out == cli("apply", "--auto-approve").out
    assert ran.err.startswith("Warning: the record of this run cannot be written: /proc/nowhere: ")
    assert ran.err.endswith("\n  Name a writable directory:  beamctl apply --record DIR\n")
    write("beamctl.yaml", f"{CHANGED}---\n{document('labs')}")
    ran = cli("apply", "--auto-approve", "--record", "/proc/nowhere")
    assert ran.code == 3  # one of the workspaces changes
    assert ran.err.startswith("Error: the record of this run cannot be written, so nothing was changed: ")


@pytest.mark.usefixtures("local")
def test_guards_of_another_workspace_or_api_are_not_compared(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS + STRICT)
    assert cli("apply", "--auto-approve").code == 0
    (path,) = RUNS.iterdir()
    write("beamctl.yaml", ATTACK)
    assert loosened(hazards(cli, "plan")) == FOUR
    for old, new in (
        ('"workspace": "acme"', '"workspace": "labs"'),
        ('"api_url": "local"', '"api_url": "https://x.io/v0"'),
    ):
        text = path.read_text()
        path.write_text(text.replace(old, new))
        assert hazards(cli, "plan") == []
        path.write_text(text)


@pytest.mark.usefixtures("local")
def test_records_without_guards_are_ignored(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS + STRICT)
    assert cli("apply", "--auto-approve").code == 0
    (path,) = RUNS.iterdir()
    first, *rest = path.read_text().splitlines(keepends=True)
    data = json.loads(first)
    del data["guards"], data["ends"]
    for name in ("20200101T000000000Z-acme-abc123", "29990101T000000000Z-acme-abc123"):
        (RUNS / f"{name}.jsonl").write_text("".join([json.dumps(data | {"run": name}) + "\n", *rest]))
    write("beamctl.yaml", ATTACK)
    assert cli("runs").code == 0
    assert loosened(hazards(cli, "plan")) == FOUR
    path.unlink()
    assert hazards(cli, "plan") == []
