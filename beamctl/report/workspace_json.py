"""JSON of live workspaces: `show`, `show --credentials`, `where` and `destroy`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from beamctl.plan.contents import Deletion, Unknown, WorkspaceContents
from beamctl.plan.whereabouts import Whereabouts
from beamctl.report.credential_text import CredentialUse, CredentialUses
from beamctl.report.data import WorkspaceFailure
from beamctl.report.failures_json import failure_data
from beamctl.report.json_report import dumps, said
from beamctl.report.workspace_text import Sections, deletion_summary


def show_json(workspace: str, api: str, sections: Sections, used: CredentialUse | None = None) -> str:
    """The current state of a workspace, and the credential that read it. A section that cannot be read is null;
    `unavailable` says why."""
    return dumps(_shown(workspace, api, sections, used))


def show_all_json(
    shown: Sequence[tuple[str, str, Sections, CredentialUse]], failures: Sequence[WorkspaceFailure]
) -> str:
    """The current state of several workspaces (name, API, sections, credential), and the errors of the others."""
    return dumps({"workspaces": [_shown(*each) for each in shown], "failures": list(map(failure_data, failures))})


def _shown(workspace: str, api: str, sections: Sections, used: CredentialUse | None) -> dict[str, Any]:
    rows = {name: None if shown.rows is None else list(shown.rows) for name, shown in sections.items()}
    unseen = {name: said(shown.unread) for name, shown in sections.items() if shown.unread}
    credential = {"credential": _credential(used)} if used else {}
    return {"workspace": workspace, "api_url": api, **credential, **rows, "unavailable": unseen}


def where_json(people: Sequence[Whereabouts], failures: Sequence[WorkspaceFailure]) -> str:
    """The access of people in all workspaces, and the errors of the workspaces that could not be read."""
    from beamctl.report.whereabouts import where_data

    return dumps({"people": where_data(people), "failures": list(map(failure_data, failures))})


def credentials_json(found: CredentialUses) -> str:
    """Which credential each workspace would use, never its value."""
    rows = [
        {
            "workspace": each.workspace,
            "credential": _credential(each),
            "api_url": each.api_url or None,
            "api_url_from": each.url_from or None,
            "error": asdict(each.error) if each.error else None,
        }
        for each in found.uses
    ]
    return dumps({"credentials": rows, "unmatched_variables": list(found.unmatched)})


def _credential(use: CredentialUse) -> dict[str, Any]:
    return {"kind": use.kind.value, "from": use.credential_from or None, "not_used": list(use.passed_over)}


def destroyed_json(contents: WorkspaceContents, api: str, deletion: Deletion) -> str:
    """What was deleted with a workspace, null where unknown, and how the deletion ended."""
    unknown = {part.section: said(part.items.why) for part in contents.parts if isinstance(part.items, Unknown)}
    unknown |= {part.section: said(part.unread) for part in contents.parts if part.unread}
    unknown |= {"counts": said(contents.counts.why)} if isinstance(contents.counts, Unknown) else {}
    parts = {
        part.section: None
        if isinstance(part.items, Unknown)
        else [{"name": each.name, **dict(zip(part.grouped_by, each.group, strict=True))} for each in part.items]
        for part in contents.parts
    }
    counts = None if isinstance(contents.counts, Unknown) else dict(contents.counts)
    return dumps(
        {
            "workspace": contents.workspace,
            "api_url": api,
            "id": contents.id,
            "created_at": contents.created_at,
            "display_name": contents.display_name,
            "contents": parts | {"counts": counts},
            "unavailable": unknown,
            "status": deletion.status.value,
            "text": deletion_summary(contents.workspace, deletion),
        }
    )
