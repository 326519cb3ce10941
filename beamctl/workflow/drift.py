"""Compares workspaces with their documents, changing nothing.

A module of its own: there is one for each story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from beamctl.document.document import Desired
from beamctl.errors import UsageError
from beamctl.plan.plan import Plan
from beamctl.report.wording import words
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LastRun, last_run
from beamctl.workflow.connection import Access, Link, open_link, skew_note
from beamctl.workflow.documents import read_desired, unread
from beamctl.workflow.plan import plan_now

Notify = Callable[[str], None]
Look = Callable[[Desired, Link, LastRun], Plan]
"""Plans one workspace as it is now."""


def drift(
    files: Sequence[str],
    workspaces: Sequence[str],
    access: Access,
    records: RecordFolder,
    note: Notify,
    look: Look = plan_now,
) -> list[Plan]:
    """The plan of each workspace, without floors: hazards do not matter, because nothing is changed.

    Args:
        files: The documents.
        workspaces: The workspaces; empty for all.
        access: How to reach the API.
        records: The run records.
        note: Called with notes for the user.
        look: Plans each workspace.
    """
    with ExitStack() as stack:
        documents = read_desired(files, workspaces)
        if text := unread(files):
            note(text)
        links = [(each, stack.enter_context(open_link(access, each.workspace))) for each in documents]
        plans = [look(each, link, _last_run(records, each.workspace, link.api_url, note)) for each, link in links]
        for text in filter(None, dict.fromkeys(words(skew_note(link.skew())) for _, link in links)):
            note(f"Note: {text}.")
    return plans


def _last_run(records: RecordFolder, workspace: str, api: str, note: Notify) -> LastRun:
    """The last recorded run, if records can be read. Drift needs it only to explain unfinished secrets."""
    try:
        return last_run(records, workspace, api)
    except UsageError as error:
        note(f"Note: run records were not read: {error.message}.")
        return LastRun()
