"""Removes people from all documents, and plans what follows, changing nothing in a workspace."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import partial
from typing import Any

from beamctl.document.data_edit import Edit, Put
from beamctl.document.desired import LEAVERS, Desired
from beamctl.document.edit import edited
from beamctl.document.load import SourceText
from beamctl.document.mentions import Mention, addresses_in, mentions, removals
from beamctl.document.splice import UneditableError
from beamctl.document.yaml_loader import parse
from beamctl.errors import DocumentError, UsageError
from beamctl.model.email import folded
from beamctl.model.text import printable
from beamctl.plan.adoption import EditedFile
from beamctl.plan.guards import Bounds
from beamctl.plan.plan import Plan
from beamctl.plan.whereabouts import NotNamed, Offboarding, Remaining
from beamctl.report.data import WorkspaceFailure
from beamctl.report.wording import words
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LastRuns
from beamctl.workflow.adopt import patch_labels, refuse_standard_input
from beamctl.workflow.concurrent_reads import WorkspaceReads, read_workspaces
from beamctl.workflow.connection import Access, open_link
from beamctl.workflow.documents import desired_in, validate
from beamctl.workflow.failures import failure_of, separated
from beamctl.workflow.plan import plan_from, readings
from beamctl.workflow.where import addresses, people_in, people_readings


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What follows from the edited documents.

    Attributes:
        plans: The plan of each workspace that could be read.
        remaining: Who keeps access.
        failures: The other workspaces.
    """

    plans: tuple[Plan, ...]
    remaining: tuple[Remaining, ...]
    failures: tuple[WorkspaceFailure, ...]


def offboard(sources: Sequence[SourceText], emails: Sequence[str], leaver: str, today: date) -> Offboarding:
    """Remove people from all documents.

    Args:
        sources: All files of the documents.
        emails: The people.
        leaver: The reason for which they are added to `leavers`; empty to not add them.
        today: The day from which they are leavers.

    Raises:
        DocumentError: A document has problems, or would have without the people.
        UsageError: A text is not an e-mail address, or a file cannot be edited.
    """
    keys = addresses(emails)
    refuse_standard_input(sources)
    desired_in(sources)
    found = [each for source in sources for each in _mentions(source, keys)]
    known_leavers = {folded(each.email) for each in found if each.is_leaver}
    added = {email: leaver for key, email in keys.items() if leaver and key not in known_leavers}
    target = _leavers_target(sources) if added else ("", 0)
    after = [_edited(each, keys, target, {name: _entry(today, why) for name, why in added.items()}) for each in sources]
    checked = validate(after)
    if checked.problems:
        raise DocumentError(checked.problems)
    changed = [(old, new) for old, new in zip(sources, after, strict=True) if old.content != new.content]
    folder, labels = patch_labels([old.name for old, _ in changed])
    return Offboarding(
        tuple(EditedFile(old.name, labels[old.name], old.content, new.content) for old, new in changed),
        checked.desired,
        tuple(each for each in found if each.is_removable),
        tuple(each for each in found if not each.is_removable and not each.is_leaver),
        _unknown(sources, keys, found),
        folder,
    )


def _mentions(source: SourceText, keys: Mapping[str, str]) -> list[Mention]:
    return [each for draft in parse(source.content, source.name).drafts for each in mentions(draft.document, keys)]


def _leavers_target(sources: Sequence[SourceText]) -> tuple[str, int]:
    """The file and the document in it that gets new leavers: the first that has some, else the first of all."""
    drafts = [
        (source.name, index, draft.document.data)
        for source in sources
        for index, draft in enumerate(parse(source.content, source.name).drafts)
    ]
    name, index, _ = next((each for each in drafts if LEAVERS in each[-1]), drafts[0])
    return name, index


def _entry(today: date, reason: str) -> Mapping[str, str]:
    return {"since": today.isoformat(), "reason": reason}


def _edited(
    source: SourceText, keys: Mapping[str, str], target: tuple[str, int], leavers: Mapping[str, Mapping[str, str]]
) -> SourceText:
    """A file without the people.

    Raises:
        UsageError: It cannot be edited without a guess or a loss.
    """
    mark = codecs.BOM_UTF8 if source.content.startswith(codecs.BOM_UTF8) else b""
    content = source.content.removeprefix(mark)
    for index, draft in enumerate(parse(source.content, source.name).drafts):
        document = draft.document
        named = list(mentions(document, keys))
        edits: list[Edit] = removals(document.data, named)
        if (source.name, index) == target:
            edits += [Put((LEAVERS, email), entry) for email, entry in leavers.items()]
        if not edits:
            continue
        try:
            content = edited(content.decode(), index, edits).encode()
        except UnicodeDecodeError:
            raise UsageError(f"{printable(source.name)} is not UTF-8", "Convert it. No file was edited.") from None
        except UneditableError as error:
            places = ", ".join(str(each.place.line) for each in named if each.is_removable)
            hint = f"Remove them from line {places} by hand, and run the command again. No file was edited."
            raise UsageError(f"{printable(source.name)} cannot be edited: {words(error.why)}", hint) from None
    return SourceText(source.name, mark + content)


def _unknown(sources: Sequence[SourceText], keys: Mapping[str, str], found: Sequence[Mention]) -> tuple[NotNamed, ...]:
    named = {folded(each.email) for each in found}
    missing = [key for key in keys if key not in named]
    if not missing:
        return ()
    known = {
        folded(each)
        for source in sources
        for draft in parse(source.content, source.name).drafts
        for each in addresses_in(draft.document)
    }
    return tuple(NotNamed(keys[key], next(iter(get_close_matches(key, sorted(known), 1, 0.8)), "")) for key in missing)


def plan_after(
    found: Offboarding, emails: Sequence[str], access: Access, records: RecordFolder, floors: Bounds
) -> Aftermath:
    """Plan every workspace with the edited documents. One that cannot be planned does not affect the others."""
    last, keys = LastRuns(records), addresses(emails)
    with ExitStack() as stack:

        def opened(desired: Desired) -> WorkspaceReads[tuple[Plan, list[Remaining]]]:
            name = desired.workspace
            link = stack.enter_context(open_link(access, name))
            before = last.of(name, link.api_url)

            def planned(live: Mapping[str, Any]) -> tuple[Plan, list[Remaining]]:
                made, people = plan_from(live, desired, link, before, floors=floors), people_in(live)
                gone = {change.key for change in made.changes if change.after is None}
                return made, [Remaining(keys[key], name) for key in keys if key in people and key not in gone]

            return WorkspaceReads(name, link.silent_reader, {**people_readings(name), **readings(desired)}, planned)

        results = read_workspaces([partial(opened, each) for each in found.desired], access.reads)
    done, failed = separated(found.desired, results)
    return Aftermath(
        tuple(plan for _, (plan, _) in done),
        tuple(each for _, (_, stay) in done for each in stay),
        tuple(failure_of(each, error) for each, error in failed),
    )
