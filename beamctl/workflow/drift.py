"""Compares workspaces with their documents, changing nothing.

A module of its own: there is one for each story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from beamctl.errors import UsageError
from beamctl.plan.plan import Plan
from beamctl.report.wording import words
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LastRun, last_run
from beamctl.workflow.connection import Access, open_link, skew_note
from beamctl.workflow.documents import read_desired, unread_note
from beamctl.workflow.plan import plan_now

Notify = Callable[[str], None]


def drift(
    files: Sequence[str], workspaces: Sequence[str], access: Access, records: RecordFolder, note: Notify
) -> list[Plan]:
    """The plan of each workspace, without floors: hazards do not matter, because nothing is changed.

    Args:
        files: The documents.
        workspaces: The workspaces; empty for all.
        access: How to reach the API.
        records: The run records.
        note: Called with notes for the user.
    """
    with ExitStack() as stack:
        documents = read_desired(files, workspaces)
        if text := unread_note(files):
            note(text)
        links = [(each, stack.enter_context(open_link(access, each.workspace))) for each in documents]
        plans = [plan_now(each, link, _last_run(records, each.workspace, link.api_url, note)) for each, link in links]
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
