"""Adopts drift: edits the documents so that they say what is live, as far as a document can say it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from beamctl.document.document import Desired
from beamctl.document.load import SourceText
from beamctl.document.yaml_loader import parse
from beamctl.errors import UsageError
from beamctl.kinds.registry import kinds_for
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.across_kinds import read
from beamctl.plan.adoption import AdoptedDrift, Adoption, EditedFile, NewEntry, NotAdopted
from beamctl.plan.plan import Plan, may_delete
from beamctl.runs.last_run import LastRun
from beamctl.system.files import real_path, rewrite_file, why_not_rewritten
from beamctl.system.git import repository_of
from beamctl.workflow.adoption_check import AdoptionCheck, RecordedReader, largest
from beamctl.workflow.connection import Link, api_time
from beamctl.workflow.plan import plan_now


class DriftAdopter:
    """Plans workspaces, and edits the texts of their documents on the way."""

    def __init__(self, sources: Sequence[SourceText]) -> None:
        """Begin with the documents.

        Raises:
            UsageError: One is standard input.
        """
        self._sources = {source.name: source.content for source in sources}
        if "-" in self._sources:
            hint = "Name a file with -f, so that the patch has a name for it."
            raise UsageError("--patch and --write need files: standard input cannot be edited", hint)
        self._texts = dict(self._sources)
        self._adopted = 0
        self._left: list[NotAdopted] = []
        self._remarks: list[NewEntry] = []

    def look(self, desired: Desired, link: Link, last: LastRun) -> Plan:
        """Plan one workspace, and edit its document so that the plan would be empty.

        Raises:
            UsageError: The document was changed in the meantime.
        """
        recorded = replace(link, reader=RecordedReader(link.reader))
        plan = plan_now(desired, recorded, last)
        self._left += [NotAdopted(plan.workspace, "", "", each.fact, each.place) for each in plan.notes if each.differs]
        if plan.changes:
            self._adopt(desired, plan, recorded, partial(plan_now, link=recorded, last=last))
        return plan

    def result(self) -> AdoptedDrift:
        """The edits of all workspaces so far."""
        files = tuple(
            EditedFile(name, *_label(name), content, self._texts[name])
            for name, content in self._sources.items()
            if content != self._texts[name]
        )
        return AdoptedDrift(files, self._adopted, tuple(self._left), tuple(self._remarks))

    def _adopt(self, desired: Desired, plan: Plan, link: Link, plan_again: Callable[[Desired], Plan]) -> None:
        name = desired.document.source
        content = self._texts.get(name, b"")
        if all(draft.document.data != desired.document.data for draft in parse(content, name).drafts):
            raise UsageError(f"{name} was changed while it was read", "Run the command again.")
        found = _adoptions(desired, plan, link)
        possible = [each for each in found if each.edits]
        possible.sort(key=lambda each: (each.change.after is not None, each.change.before is None))  # additions first
        check = AdoptionCheck(desired, plan, content, plan_again)
        accepted, refused = largest(possible, check)
        if accepted:
            self._texts[name] = check.content(accepted)
        whys = [(each.change, why) for each in found for why in each.whys]
        for change, why in sorted([*whys, *refused], key=lambda each: plan.changes.index(each[0])):
            section = plan.sections[change.kind]
            self._left.append(NotAdopted(plan.workspace, section, change.name, why, change.place))
        self._adopted += sum(not each.whys for each in accepted)
        self._remarks += [
            NewEntry(plan.workspace, plan.sections[each.change.kind], each.change.name, remark)
            for each in accepted
            for remark in each.remarks
        ]


def _adoptions(desired: Desired, plan: Plan, link: Link) -> list[Adoption]:
    """How to adopt each change, according to its kind. If the API may have shown too little, none is adopted."""
    if plan.anomalies:
        whys = tuple(fact(Code.ADOPT_DOUBTFUL, why=why) for why in plan.anomalies)
        return [Adoption(change, whys=whys[:1]) for change in plan.changes]
    found = []
    for kind in kinds_for(desired.document.data):
        changes = [change for change in plan.changes if change.kind == kind.name]
        if changes:
            live = read(kind, desired.workspace, link.reader, may_delete(kind, desired))
            exported, adopter = kind.export(live, api_time(link.skew())), kind.adopter()
            found += [adopter.adoption(change, desired, exported) for change in changes]
    return found


def _label(name: str) -> tuple[str, str]:
    """The name of a file in a patch, and the folder it is relative to: empty for the current directory, or else its
    repository or own folder."""
    real, here = Path(real_path(name)), Path(real_path("."))
    if real.is_relative_to(here):
        return real.relative_to(here).as_posix(), ""
    repository = repository_of(real.parent)
    folder = repository.folder if repository and real.is_relative_to(repository.folder) else real.parent
    return real.relative_to(folder).as_posix(), os.fspath(folder)


def write_files(files: Sequence[EditedFile]) -> None:
    """Edit the files in place, each atomically. None is edited if one of them cannot be.

    Raises:
        UsageError: One cannot be edited, or was changed after it was read.
    """
    for each in files:
        if why := why_not_rewritten(Path(each.name), each.before):
            others = " No file was edited." if len(files) > 1 else ""
            raise UsageError(f"{each.name} {why}", f"The file is unchanged.{others}")
    for each in files:
        rewrite_file(Path(each.name), each.before, each.after)
