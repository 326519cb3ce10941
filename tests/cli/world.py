"""The small test world of the command line: one seed, one document, and the texts to look for."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from tests.cli.process import Ran

CANARY = "bl_canary_that_nobody_may_ever_see"
GRACE = "bl_grace_canary_that_nobody_may_see"

SEED = f"""\
workspaces:
  - {{name: acme, displayName: Acme, labels: {{env: test}}}}
  - {{name: labs}}
  - {{name: quiet}}      # has no admin
  - {{name: hollow}}     # has no members
users:
  - {{email: ada@example.com, apiKey: {CANARY}, workspaces: {{acme: admin, labs: admin}}}}
  - {{email: bob@example.com, workspaces: {{acme: admin}}}}
  - {{email: grace@example.com, apiKey: {GRACE}, workspaces: {{acme: member, quiet: member}}}}
  - {{email: eve@example.com, workspaces: {{acme: member, quiet: member}}}}
"""

AS_IS = """\
version: 1
workspace: acme
members:
  ada@example.com: admin
  bob@example.com: admin
  grace@example.com: member
  eve@example.com: member
"""
"""The document of the seed."""

CHANGED = AS_IS.replace("grace@example.com: member", "grace@example.com: admin") + "  kim@example.com: viewer\n"
"""Changes a role and invites a user, without hazards."""

REFUSED = """\
version: 1
workspace: acme
members: {ada@example.com: admin, bob@example.com: admin}
guards: {maxRemovals: 1}
"""
"""Removes two members if one is allowed."""

WRONG = """\
version: 1
workspace: acme
members:
  ada@example.com: admn
"""

Cli = Callable[..., Ran]
"""Runs the command line in this process: arguments, and `stdin` for its input."""

Write = Callable[[str, str], None]
"""Writes a file into the current directory."""


class People(Protocol):
    """The members of an emulator workspace: role by e-mail."""

    def __call__(self, workspace: str = "acme") -> Mapping[str, str]: ...


def document(workspace: str = "acme", members: str = "{ada@example.com: admin}", more: str = "") -> str:
    return f"version: 1\nworkspace: {workspace}\nmembers: {members}\n{more}"


def error_in(ran: Ran) -> dict[str, Any]:
    """The error of a JSON response, which must contain nothing else."""
    answer = ran.json
    assert set(answer) == {"format_version", "error"}
    error: dict[str, Any] = answer["error"]
    assert set(error) == {"code", "message", "hint", "exit_code"}
    assert error["exit_code"] == ran.code
    return error
