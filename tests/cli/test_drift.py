"""`beamctl drift`: why something differs, since when, what is accepted, and how much is managed."""

import json
import shutil
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from beamctl.document.schema import load_schema, quick_check
from beamctl.workflow.looks import BETWEEN_LOOKS
from tests.cli.hostile import git
from tests.cli.process import Ran
from tests.cli.world import AS_IS, CANARY, CHANGED, Cli, Write

pytestmark = pytest.mark.usefixtures("local")

ByHand = Callable[..., None]
Commit = Callable[[str], str]
GRACE, EVE, KIM = "grace@example.com", "eve@example.com", "kim@example.com"
LATER = (date.today() + timedelta(days=400)).isoformat()  # noqa: DTZ011 - a day that is far away


@pytest.fixture
def by_hand(cli: Cli) -> ByHand:
    """Set the role of a member, without beamctl's knowledge."""

    def call(email: str, role: str) -> None:
        ran = cli(
            "emulator",
            "call",
            "--as",
            "ada@example.com",
            "-w",
            "acme",
            "PUT",
            f"/users/{email}",
            f'{{"role": "{role}"}}',
        )
        assert ran.code == 0, ran.err

    return call


@pytest.fixture
def commit(directory: Path, write: Write) -> Commit:
    """Commit a document."""
    git(directory, "init", "--quiet")

    def call(text: str) -> str:
        write("beamctl.yaml", text)
        git(directory, "add", "beamctl.yaml")
        git(directory, "commit", "--quiet", "--message", "access")
        return git(directory, "rev-parse", "HEAD")

    return call


def causes(ran: Ran) -> dict[str, str]:
    return {each["name"]: each.get("cause", "") for each in ran.json["resource_drift"]}


def test_a_named_base_says_why(cli: Cli, commit: Commit, by_hand: ByHand) -> None:
    first = commit(AS_IS)
    commit(CHANGED.replace("eve@example.com: member", "eve@example.com: viewer"))
    by_hand("bob@example.com", "member")
    by_hand(EVE, "admin")
    ran = cli("drift", "--base", "HEAD~1")
    assert ran.code == 2
    rows = [line for line in ran.out.splitlines() if "@example.com  " in line]
    lines = {line.split()[1]: " ".join(line.split()) for line in rows}
    assert "is member; beamctl.yaml says admin" in lines["bob@example.com"]
    assert "says admin changed by hand beamctl.yaml:5" in lines["bob@example.com"]
    assert " merged, not applied yet beamctl.yaml:6" in lines[GRACE]
    assert " changed by hand, and changed in the document beamctl.yaml:7" in lines[EVE]
    assert f"Compared with beamctl.yaml at HEAD~1 ({first[:12]}), as if it had been applied." in ran.out
    found = cli("drift", "--base", first, "-o", "json")
    assert causes(found) == {
        "bob@example.com": "changed-by-hand",
        GRACE: "not-applied",
        EVE: "both",
        KIM: "not-applied",
    }
    assert found.json["bases"] == [
        {"workspace": "acme", "revision": first, "commit": first, "run": None, "fine_now": []}
    ]


def test_what_is_fine_now(cli: Cli, commit: Commit, by_hand: ByHand) -> None:
    commit(AS_IS)
    commit(AS_IS.replace("grace@example.com: member", "grace@example.com: viewer"))
    by_hand(GRACE, "viewer")
    ran = cli("drift", "--base", "HEAD~1")
    assert ran.code == 0
    assert "Changed since then, and as declared now: grace@example.com." in ran.out


def test_the_default_base_is_the_last_complete_apply(cli: Cli, commit: Commit, by_hand: ByHand) -> None:
    first = commit(CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    (run,) = cli("runs", "-o", "json").json["runs"]
    commit(CHANGED.replace("kim@example.com: viewer", "kim@example.com: member"))
    by_hand("bob@example.com", "member")
    by_hand(GRACE, "member")
    ran = cli("drift", "-o", "json")
    assert causes(ran) == {"bob@example.com": "changed-by-hand", GRACE: "changed-by-hand", KIM: "not-applied"}
    assert (ran.json["bases"][0]["commit"], ran.json["bases"][0]["run"]) == (first, run["run"])
    last = {each["name"]: each.get("last_set") for each in ran.json["resource_drift"]}
    assert last["bob@example.com"] is None
    assert last[GRACE] == last[KIM] == {"run": run["run"], "at": run["began"], "commit": first, "undo": False}
    shown = cli("drift").out
    assert f"changed by hand · last set by run {run['run']} ({run['began'][:10]}, commit {first[:12]})" in shown
    assert causes(cli("drift", "--base", "HEAD", "-o", "json"))["bob@example.com"] == "changed-by-hand"


def test_an_apply_that_fails_in_part_does_not_become_the_base(cli: Cli, commit: Commit) -> None:
    first = commit(CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    second = CHANGED.replace("grace@example.com: admin", "grace@example.com: viewer")
    commit(second + "serviceAccounts: {ci: {role: member, secretTo: {command: ['false']}}}\n")
    assert cli("apply", "--auto-approve", "--allow", f"removes-admin={GRACE}").code == 7
    commit(CHANGED)
    ran = cli("drift", "-o", "json")
    assert ran.json["bases"][0]["commit"] == first
    assert causes(ran) == {GRACE: "not-applied"}  # beamctl itself set it


def test_a_later_complete_apply_outdates_what_a_run_set(cli: Cli, commit: Commit, by_hand: ByHand) -> None:
    commit(CHANGED)  # sets grace to admin
    assert cli("apply", "--auto-approve").code == 0
    by_hand(GRACE, "viewer")
    commit(
        CHANGED.replace("grace@example.com: admin", "grace@example.com: viewer").replace(
            "eve@example.com: member", "eve@example.com: viewer"
        )
    )
    assert cli("apply", "--auto-approve").code == 0
    by_hand(GRACE, "admin")  # as the first run left it, but not the second
    assert causes(cli("drift", "-o", "json")) == {GRACE: "changed-by-hand"}


def test_an_apply_without_changes_becomes_the_base(cli: Cli, commit: Commit, by_hand: ByHand) -> None:
    commit(AS_IS)
    assert cli("apply", "--auto-approve").code == 0
    by_hand(GRACE, "viewer")
    second = commit(AS_IS.replace("grace@example.com: member", "grace@example.com: viewer"))
    assert cli("apply", "--auto-approve").code == cli("apply", "--auto-approve").code == 0
    assert [each["commit"] for each in cli("runs", "-o", "json").json["runs"]].count(second) == 1
    by_hand(GRACE, "member")  # as at the first commit
    ran = cli("drift", "-o", "json")
    assert causes(ran) == {GRACE: "changed-by-hand"}
    assert ran.json["bases"][0]["commit"] == second


def test_an_undo_does_not_become_the_base(cli: Cli, commit: Commit) -> None:
    first = commit(AS_IS.replace("grace@example.com: member", "grace@example.com: viewer"))
    assert cli("apply", "--auto-approve").code == 0
    assert cli("undo", "last", "--out", "undo.json").code == 0
    assert cli("apply", "undo.json", "--auto-approve").code == 0
    (found,) = cli("drift", "-o", "json").json["resource_drift"]
    assert (found["cause"], found["last_set"]["undo"]) == ("changed-by-hand", True)
    assert first[:12] in (shown := cli("drift").out)
    assert ", an undo" in shown


def test_without_records_and_base_nothing_is_said_about_causes(cli: Cli, commit: Commit) -> None:
    commit(CHANGED)
    ran = cli("drift", "-o", "json")
    assert set(causes(ran).values()) == {""}
    assert "bases" not in ran.json
    assert ran.err == ""


@pytest.mark.parametrize("text", [CHANGED + "# not committed\n"])
def test_an_apply_of_changes_that_were_not_committed_is_no_base(
    cli: Cli, commit: Commit, write: Write, by_hand: ByHand, text: str
) -> None:
    commit(CHANGED)
    write("beamctl.yaml", text)
    assert cli("apply", "--auto-approve").code == 0
    by_hand("bob@example.com", "member")
    ran = cli("drift", "-o", "json")
    assert causes(ran) == {"bob@example.com": "cannot-tell"}
    assert "Note: why acme differs is not known: " in ran.err
    assert "changes that were not committed" in ran.err


SHALLOW = "Fetch the whole history: `fetch-depth: 0` for actions/checkout"


def test_a_shallow_clone(cli: Cli, commit: Commit, directory: Path, by_hand: ByHand) -> None:
    commit(CHANGED)
    assert cli("apply", "--auto-approve").code == 0
    commit(CHANGED + "# later\n")
    by_hand(GRACE, "member")
    git(directory, "clone", "--quiet", "--depth", "1", f"file://{directory}", "shallow")
    shutil.rmtree(directory / ".git")
    shutil.move(directory / "shallow" / ".git", directory / ".git")
    named = cli("drift", "--base", "HEAD~1")
    assert (named.code, named.out) == (3, "")
    assert f"Error: --base: 'HEAD~1' is not in this shallow clone\n  {SHALLOW}" in named.err
    recorded = cli("drift", "-o", "json")
    assert recorded.code == 2
    assert SHALLOW in recorded.err
    assert causes(recorded) == {GRACE: "cannot-tell"}


UNUSABLE = {
    "": "--base is empty",
    "nope": "there is no commit 'nope' in",
    "--all": "there is no commit '--all' in",
    "HEAD\n": "there is no commit 'HEAD\\\\n' in",
    "HEAD..HEAD": "there is no commit 'HEAD..HEAD' in",
    "invalid": "beamctl.yaml:3:1: unknown key 'membrs'",
    "other": "beamctl.yaml does not declare acme, but labs",
    "missing": "beamctl.yaml does not exist at missing (",
}


def test_a_base_that_cannot_be_used(cli: Cli, commit: Commit, directory: Path) -> None:
    git(directory, "commit", "--quiet", "--allow-empty", "--message", "x")
    git(directory, "tag", "missing")
    for name, text in (("invalid", AS_IS.replace("members", "membrs")), ("other", AS_IS.replace("acme", "labs"))):
        commit(text)
        git(directory, "tag", name)
    commit(CHANGED)
    for revision, said in UNUSABLE.items():
        for command in ("drift",) if revision == "missing" else ("drift", "plan", "apply"):
            ran = cli(command, "--base", revision)
            assert (ran.code, ran.out) == (3, "")
            assert said in ran.err


def test_documents_without_a_history(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    assert "--base: beamctl.yaml is not in a git repository" in cli("drift", "--base", "HEAD").err
    ran = cli("drift", "-f", "-", "--base", "HEAD", stdin=CHANGED.encode())
    assert ran.code == 3
    assert "--base: standard input has no history" in ran.err


def test_a_document_that_was_renamed_or_moved_to_another_file(
    cli: Cli, commit: Commit, directory: Path, write: Write, by_hand: ByHand
) -> None:
    commit(AS_IS)
    (directory / "access").mkdir()
    git(directory, "mv", "beamctl.yaml", "access/acme.yaml")
    git(directory, "commit", "--quiet", "--message", "moved")
    by_hand(GRACE, "admin")
    ran = cli("drift", "-f", "access", "--base", "HEAD~1", "-o", "json")
    assert causes(ran) == {GRACE: "changed-by-hand"}
    labs = "version: 1\nworkspace: labs\nmembers: {ada@example.com: admin}\n"
    write("access/both.yaml", f"{AS_IS}---\n{labs}")
    write("access/acme.yaml", labs.replace("labs", "quiet").replace("ada@example.com: admin", ""))
    git(directory, "add", "access")
    git(directory, "commit", "--quiet", "--message", "other files")
    ran = cli("drift", "-f", "access", "-w", "acme", "--base", "HEAD~1", "-o", "json")
    assert causes(ran) == {GRACE: "changed-by-hand"}  # found in the other file
    (directory / "access" / "acme.yaml").unlink()
    ran = cli("drift", "-f", "access", "-w", "acme", "--base", "HEAD~1")
    assert ran.code == 3
    assert "access/both.yaml does not exist at HEAD~1" in ran.err


def test_the_number_of_looks_is_limited(cli: Cli) -> None:
    assert cli("drift", "--confirm", "0").code == cli("drift", "--confirm", "11").code == 3


def during_pauses(monkeypatch: pytest.MonkeyPatch, do: Callable[[], object], *, stopped: bool = False) -> list[float]:
    """Do something in each pause between two looks, which takes no time. Returns the length of each pause."""
    pauses: list[float] = []
    wait = threading.Event.wait

    def act(event: threading.Event, timeout: float | None = None) -> bool:
        if timeout != BETWEEN_LOOKS:
            return wait(event, timeout)
        pauses.append(timeout)
        do()
        return stopped

    monkeypatch.setattr(threading.Event, "wait", act)
    return pauses


def test_what_was_only_passing_is_not_drift(
    cli: Cli, write: Write, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("beamctl.yaml", AS_IS)
    by_hand(GRACE, "admin")
    pauses = during_pauses(monkeypatch, lambda: by_hand(GRACE, "member"))
    ran = cli("drift", "--confirm", "4")
    assert (ran.code, len(pauses)) == (0, 1)  # there is nothing to confirm any more
    assert "Not counted, because it did not differ every time: grace@example.com." in ran.out
    by_hand(GRACE, "admin")
    found = cli("drift", "--confirm", "2", "-o", "json").json
    assert (found["drift"], found["not_confirmed"]) == (False, [{"workspace": "acme", "names": [GRACE]}])


def test_a_difference_that_changes_is_not_confirmed(
    cli: Cli, write: Write, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("beamctl.yaml", AS_IS)
    by_hand(GRACE, "admin")
    by_hand(EVE, "admin")
    pauses = during_pauses(monkeypatch, lambda: by_hand(GRACE, "viewer"))
    ran = cli("drift", "--confirm", "3", "-o", "json")
    assert (ran.code, list(causes(ran)), len(pauses)) == (2, [EVE], 2)


def test_no_pause_without_drift_or_confirmation(
    cli: Cli, write: Write, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = during_pauses(monkeypatch, list)
    write("beamctl.yaml", AS_IS)
    assert cli("drift", "--confirm", "2").code == 0
    by_hand(GRACE, "admin")
    assert cli("drift").code == 2
    assert pauses == []


def test_an_interrupt_between_two_looks(
    cli: Cli, write: Write, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("beamctl.yaml", AS_IS)
    by_hand(GRACE, "admin")
    during_pauses(monkeypatch, list, stopped=True)
    ran = cli("drift", "--confirm", "2")
    assert (ran.code, ran.out) == (130, "")


KNOWN = """\
version: 1
known:
  member:Grace@Example.com: {until: %s, reason: TICKET-1}
  member:nobody@example.com: {until: %s, reason: TICKET-2}
  member:eve@example.com: {until: 2026-01-01, reason: TICKET-3}
  settings:displayName: {until: 2026-01-01, reason: TICKET-4, workspace: labs}
  member:bob@example.com: {until: 2026-01-01, reason: TICKET-5}
"""


def test_known_drift(cli: Cli, write: Write, by_hand: ByHand) -> None:
    write("beamctl.yaml", AS_IS)
    write("known.yaml", KNOWN % (LATER, LATER))
    by_hand(GRACE, "admin")
    ran = cli("drift", "--known", "known.yaml")
    assert ran.code == 0
    assert f"member:Grace@Example.com is known drift, accepted until {LATER}: TICKET-1  (known.yaml:3)" in ran.out
    assert "known.yaml:4: member:nobody@example.com matches no difference." in ran.out
    assert "known.yaml:7: member:bob@example.com was accepted until 2026-01-01, and no longer differs." in ran.out
    assert "TICKET-4" not in ran.out
    by_hand(EVE, "admin")
    ran = cli("drift", "--known", "known.yaml")
    assert ran.code == 2
    assert "eve@example.com  is admin; beamctl.yaml says member" in ran.out
    said = "known.yaml:5: member:eve@example.com was accepted until 2026-01-01 (TICKET-3), and is drift again."
    assert said in ran.out
    assert "Other differences, by address: member:eve@example.com.\n" in ran.out
    found = cli("drift", "--known", "known.yaml", "-o", "json", "--report", "text=drift.txt")
    states = {each["known_as"]: (each["state"], each["workspaces"]) for each in found.json["known"]}
    assert states == {
        "member:Grace@Example.com": ("accepted", ["acme"]),
        "member:nobody@example.com": ("unmatched", []),
        "member:eve@example.com": ("expired", ["acme"]),
        "member:bob@example.com": ("expired", []),
    }
    assert [each["known_as"] for each in found.json["resource_drift"]] == ["member:eve@example.com"]
    assert found.json["excused"][0]["code"] == "known-drift"
    assert said in Path("drift.txt").read_text()


def test_what_is_not_counted_is_not_said_to_match(
    cli: Cli, commit: Commit, write: Write, by_hand: ByHand, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(AS_IS)
    write("known.yaml", f"version: 1\nknown: {{member:grace@example.com: {{until: {LATER}, reason: x}}}}\n")
    by_hand(GRACE, "admin")
    said = "No drift between acme and beamctl.yaml, except what is not counted, as noted above."
    ran = cli("drift", "--known", "known.yaml", "--base", "HEAD")
    assert ran.code == 0
    assert said in ran.out
    assert "as declared now" not in ran.out
    during_pauses(monkeypatch, lambda: by_hand(GRACE, "viewer"))
    ran = cli("drift", "--confirm", "2", "--base", "HEAD")
    assert ran.code == 0
    assert said in ran.out
    assert "as declared now" not in ran.out


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "'member:*@example.com': {until: 2027-01-01, reason: x}",
            "known.yaml:3:3: 'member:*@example.com' has a wildcard",
        ),
        ("member:a@x.io: {until: 2027-01-01}", "known.yaml:3:3: 'reason' is a required property"),
        ("member:a@x.io: {until: 2027-01-01, reason: ''}", "known.yaml:3:46: 'reason' should be non-empty"),
        ("member:a@x.io: {until: 2027-01-01, reason: ' '}", "known.yaml:3:46: the reason is blank"),
        ("member:a@x.io: {reason: x}", "'until' is a required property"),
        ("member:a@x.io: {until: 2027-02-30, reason: x}", "known.yaml:3:26: '2027-02-30' is not a valid date"),
        ("member:a@x.io: {until: soon, reason: x}", "known.yaml:3:26: 'soon' is not a date"),
        ("a@x.io: {until: 2027-01-01, reason: x}", "known.yaml:3:3: 'a@x.io' is not an address"),
        ("'member:': {until: 2027-01-01, reason: x}", "is not an address"),
        ("members:a@x.io: {until: 2027-01-01, reason: x}", "unknown kind 'members'\n    did you mean 'member'?"),
        ("member:a@x.io: {until: 2027-01-01, reason: x, who: y}", "unknown key 'who'"),
        ("member:a@x.io: {until: 2027-01-01, reason: x}\n  member:a@x.io: {}", "duplicate"),
        ("member:a@x.io: yes", "must be a mapping"),
    ],
)
def test_known_drift_with_problems(cli: Cli, write: Write, entry: str, said: str) -> None:
    write("beamctl.yaml", AS_IS)
    write("known.yaml", f"version: 1\nknown:\n  {entry}\n")
    ran = cli("drift", "--known", "known.yaml")
    assert ran.code == 3
    assert said in ran.err + ran.out


@pytest.mark.parametrize(
    "text", ["", "version: 1\n", "version: 2\nknown: {}\n", "[]\n", "version: 1\nknown: {}\n---\nversion: 1\n"]
)
def test_a_file_that_is_no_known_drift(cli: Cli, write: Write, text: str) -> None:
    write("beamctl.yaml", AS_IS)
    write("known.yaml", text)
    assert cli("drift", "--known", "known.yaml").code == 3
    assert cli("drift", "--known", "missing.yaml").code == 3
    assert cli("drift", "--known", "known.yaml", "--report", "text=known.yaml").code == 3
    assert Path("known.yaml").read_text() == text


@pytest.mark.usefixtures("api")
def test_a_secret_in_a_reason_is_hidden(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", CHANGED)
    write("known.yaml", f"version: 1\nknown: {{member:kim@example.com: {{until: {LATER}, reason: {CANARY}}}}}\n")
    ran = cli("drift", "--known", "known.yaml", "--report", "text=r.txt", "--report", "json=r.json")
    assert ran.code == 2
    for name in ("r.txt", "r.json"):
        assert "known drift" in (text := Path(name).read_text())
        assert CANARY not in text


def test_the_schema_of_known_drift_accepts_its_examples() -> None:
    schema = load_schema("known-drift")
    Draft202012Validator.check_schema(schema)
    for example in schema["examples"]:
        assert quick_check("known-drift")(example)
        assert Draft202012Validator(schema).is_valid(example)


def test_coverage(cli: Cli, write: Write) -> None:
    write("beamctl.yaml", AS_IS)
    ran = cli("drift", "--coverage")
    assert ran.code == 0
    assert "members: 4 = 4 managed\n" in ran.out
    assert "settings: 2 = 2 unmanaged\n    not managed: displayName, labels\n" in ran.out
    found = cli("drift", "--coverage", "-o", "json").json["coverage"][0]
    for section in found["sections"]:
        assert section["total"] == section["managed"] + section["unmanaged"] + section["excluded"]
    assert json.dumps(found["percent"]) == "66.66666666666667"
    below = cli("drift", "--require-coverage", "100%")
    assert below.code == 2
    assert "Coverage of acme is 66.6%; 100% is required. Not covered: settings displayName, labels" in below.err
    assert cli("drift", "--require-coverage", "66.5").code == 0
    write("beamctl.yaml", AS_IS + "settings: {displayName: Acme, labels: {env: test}}\n")
    assert cli("drift", "--require-coverage", "100%").code == 0
    for text in ("", "101%", "-1", "all", "1e2", "٣"):
        assert cli("drift", "--require-coverage", text).code == 3


STRICT = AS_IS + "guards: {minAdmins: 2, protected: [ada@example.com]}\n"


def test_plan_with_a_base_refuses_looser_guards(cli: Cli, commit: Commit) -> None:
    base = commit(STRICT)
    commit(AS_IS)
    ran = cli("plan", "--base", "HEAD~1")
    assert ran.code == 5
    said = f"loosens-guards — guards.minAdmins is looser than in {base[:12]}:beamctl.yaml: 2 → 1 (beamctl.yaml:1)."
    assert said in ran.out
    assert "beamctl apply --base 'HEAD~1' --allow loosens-guards=minAdmins --allow loosens-guards=protected" in ran.out
    allowed = ("--allow", "loosens-guards=minAdmins", "--allow", "loosens-guards=protected")
    assert cli("plan", "--base", "HEAD~1", *allowed).code == 0
    assert cli("apply", "--base", "HEAD~1", "--auto-approve").code == 5
    assert cli("apply", "--base", "HEAD~1", "--auto-approve", *allowed).code == 0
    assert cli("plan").code == cli("plan", "--base", "HEAD").code == 0


def test_a_saved_plan_keeps_what_its_base_showed(cli: Cli, commit: Commit) -> None:
    commit(STRICT)
    commit(CHANGED)
    assert cli("plan", "--base", "HEAD~1", "--out", "p.json").code == 5
    refused = cli("apply", "p.json", "--auto-approve")
    assert refused.code == 5
    assert "loosens-guards — guards.protected is looser than in" in refused.out
    assert cli("apply", "p.json", "--base", "HEAD", "--auto-approve").code == 3
