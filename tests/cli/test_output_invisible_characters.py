"""Every output stream escapes invisible characters in every value that can have them."""

import json
from pathlib import Path

import pytest

from tests.cli.world import AS_IS, Cli, Write, document

HIDDEN = "\u034f\u3164\u2800\ufe0f\U000e0100\u00ad\u200b\u2028\u202e"
SEED = (
    f"""\
workspaces:
  - name: acme
    displayName: "{HIDDEN}"
    labels: {{"{HIDDEN}": "{HIDDEN}"}}
    groupMappings: [{{groupName: "g{HIDDEN}", role: member}}]
users: [{{email: ada@example.com, givenName: "{HIDDEN}", workspaces: {{acme: admin}}}}]
serviceAccounts: [{{workspace: acme, name: "ci{HIDDEN}", description: "{HIDDEN}", role: member}}]
policies: [{{workspace: acme, name: eu, displayName: "{HIDDEN}", spec: {{type: location}}}}]
""".encode("unicode_escape")
    .decode()
    .replace("\\n", "\n")
)
CHANGES = f'serviceAccounts: {{}}\npolicies: {{eu: {{displayName: "b{HIDDEN}", spec: {{type: flavor}}}}}}\n'
WRONG = f'"{HIDDEN}": 1\nsettings: {{labels: {{"{HIDDEN}": 1}}}}\n'


EMPTY = ("--allow", "empty-section=serviceAccounts")


def escaped(text: str) -> str:
    return text.replace(HIDDEN, HIDDEN.encode("unicode_escape").decode())


@pytest.fixture
def ran(cli: Cli, write: Write, monkeypatch: pytest.MonkeyPatch) -> Cli:
    write("seed.yaml", SEED)
    assert cli("emulator", "seed", "seed.yaml").code == 0
    monkeypatch.setenv("BEAMCTL_API_URL", "local")
    return cli


def test_no_stream_has_an_invisible_character(ran: Cli, write: Write) -> None:
    write("a.yaml", document(members="{ada@example.com: admin}", more=escaped(CHANGES)))
    write("wrong.yaml", document(more=escaped(WRONG)))
    allow = f"deletes-service-account={escaped(f'ci{HIDDEN}')}"
    runs = [
        ran("show", "-w", "acme", "--debug"),
        ran("plan", "-f", "a.yaml", "--out", "p.json"),
        ran("drift", "-f", "a.yaml"),
        ran("export", "-w", "acme"),
        ran("validate", "-f", "wrong.yaml"),
        ran("plan", "-f", f"{HIDDEN}.yaml"),
        ran("plan", "-f", "a.yaml", "-w", HIDDEN),
        ran("plan", "-f", "a.yaml", "--allow", f"{HIDDEN}=1"),
        ran("plan", f"--{HIDDEN}"),
        ran("plan", "-o", HIDDEN),
        ran(HIDDEN),
        ran("emulator", HIDDEN),
        ran("emulator", "call", "--as", "ada@example.com", "-w", "acme", "GET", "/service_accounts"),
        ran("runs", HIDDEN),
        ran("runs", "--record", HIDDEN),
        ran("apply", HIDDEN),
        ran("apply", "-f", "a.yaml", "--auto-approve", *("--allow", allow), *EMPTY),
        ran("runs", "last"),
        ran("undo", "last"),
    ]
    for each in runs:
        assert not set(HIDDEN) & set(each.out + each.err), each
        assert each.out + each.err
    assert "ci\\u034f\\u3164\\u2800" in runs[0].out
    assert runs[-3].code == 0, runs[-3]


def test_an_export_with_escapes_is_read_back_unchanged(ran: Cli, write: Write, directory: Path) -> None:
    out = ran("export", "-w", "acme").out
    write("beamctl.yaml", out)
    assert "labels has a name with an invisible character" in out
    assert "groupMappings has a name with an invisible character" in out
    assert ran("plan", "--detailed-exitcode").code == 0
    assert ran("export", "-w", "acme", "--split", "access").code == 0
    assert not set(HIDDEN) & set(next((directory / "access").iterdir()).read_text("utf-8"))


def test_json_output_is_ascii(ran: Cli, write: Write) -> None:
    write("a.yaml", AS_IS + escaped(CHANGES))
    out = ran("plan", "-f", "a.yaml", "-o", "json").out
    assert out.isascii()
    assert HIDDEN in json.dumps(json.loads(out), ensure_ascii=False)
