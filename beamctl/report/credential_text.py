"""Which credential each workspace would use: where it comes from, never its value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from beamctl.model.text import printable, some
from beamctl.report.style import PLAIN, Style, Tone, table


class CredentialKind(Enum):
    """The kinds of credentials; the values are those in JSON."""

    API_KEY = "api-key"
    CLIENT_CREDENTIALS = "client-credentials"
    TOKEN = "token"  # noqa: S105 - a name
    NOT_NEEDED = "not-needed"
    NONE = "none"


_KINDS = {
    CredentialKind.API_KEY: "API key",
    CredentialKind.CLIENT_CREDENTIALS: "client credentials",
    CredentialKind.TOKEN: "login",
    CredentialKind.NOT_NEEDED: "not needed",
    CredentialKind.NONE: "none",
}


@dataclass(frozen=True, slots=True)
class CredentialError:
    """Why a workspace has no usable credential.

    Attributes:
        code: The code of the error in JSON.
    """

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """The credential that a workspace would use.

    Attributes:
        workspace: The workspace.
        kind: The kind of credential.
        credential_from: Where it was found; empty if it was not.
        api_url: The base URL; empty if there is no credential.
        url_from: Where the URL was found.
        error: Why there is none.
        passed_over: Where other credentials were found that are not used.
    """

    workspace: str
    kind: CredentialKind
    credential_from: str = ""
    api_url: str = ""
    url_from: str = ""
    error: CredentialError | None = None
    passed_over: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CredentialUses:
    """The credentials of several workspaces.

    Attributes:
        uses: One for each workspace.
        unmatched: Variables that are set and meant for a workspace, but for none of these.
        expected: The variables that these workspaces read.
    """

    uses: Sequence[CredentialUse]
    unmatched: Sequence[str] = ()
    expected: Sequence[str] = ()


def credentials_text(found: CredentialUses, style: Style = PLAIN) -> str:
    """A line for each workspace: its name, the kind of credential, where it comes from, and the URL. Then what was
    found but not used, with the names of the workspaces if it is not the same for all."""
    lines = zip(table([_row(each) for each in found.uses]), found.uses, strict=True)
    shown = [style(Tone.CHANGED, line) if use.error else line for line, use in lines]
    passed_over: dict[tuple[str, ...], list[str]] = {}
    for use in found.uses:
        passed_over.setdefault(tuple(use.passed_over), []).append(use.workspace)
    for others, names in passed_over.items():
        if others:
            where = f" ({printable(some(names))})" if len(passed_over) > 1 else ""
            shown.append(f"{not_used_text(others)}{where}")
    return "".join(f"{line}\n" for line in shown)


def credential_line(use: CredentialUse) -> str:
    """The kind of credential and where it comes from."""
    others = f". {not_used_text(use.passed_over)}" if use.passed_over else ""
    return f"Credential: {_KINDS[use.kind]} from {printable(use.credential_from)}{others}"


def not_used_text(passed_over: Sequence[str]) -> str:
    """Where other credentials were found."""
    return f"Found but not used: {'; '.join(map(printable, passed_over))}"


def _row(use: CredentialUse) -> tuple[str, ...]:
    if use.error:
        return printable(use.workspace), "none", printable(use.error.message), ""
    is_same = use.url_from in ("", use.credential_from)
    url = use.api_url if is_same else f"{use.api_url} ({use.url_from})"
    return printable(use.workspace), _KINDS[use.kind], printable(use.credential_from), printable(url)


def hint_text(error: CredentialError) -> str:
    """What to do about a missing or invalid credential."""
    return "\n".join(map(printable, error.hint.splitlines()))


def unmatched_notes(found: CredentialUses) -> list[str]:
    """A note for each variable that matches no workspace, with the most similar name that would."""
    from difflib import get_close_matches

    notes = []
    for name in found.unmatched:
        near = get_close_matches(name.upper(), found.expected, 1, 0.8)
        suggestion = f" Did you mean {near[0]}?" if near else ""
        notes.append(f"Note: {printable(name)} is set, but matches none of these workspaces.{suggestion}")
    return notes
