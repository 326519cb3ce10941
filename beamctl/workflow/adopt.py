"""Adopts drift: edits the documents so that they say what is live, as far as a document can say it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from beamctl.document.desired import Desired
from beamctl.document.load import SourceText, load
from beamctl.document.yaml_loader import parse
from beamctl.errors import UsageError
from beamctl.kinds.registry import adopter_of, kinds_for
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.plan.adoption import AdoptedDrift, Adoption, EditedFile, NewEntry, NotAdopted
from beamctl.system.files import real_path, rewrite_file, why_not_rewritten
from beamctl.system.git import repository_of
from beamctl.workflow.adoption_check import AdoptionCheck, largest
from beamctl.workflow.attribution import Seen
from beamctl.workflow.plan import compared


def refuse_standard_input(sources: Sequence[SourceText]) -> None:
    """Refuse documents that no patch can name.

    Raises:
        UsageError: One is standard input.
    """
    if any(source.name == "-" for source in sources):
        hint = "Name a file with -f, so that the patch has a name for it."
        raise UsageError("standard input cannot be edited", hint)


def adopt(sources: Sequence[SourceText], seen: Sequence[Seen]) -> AdoptedDrift:
    """Edit the documents so that they say what is live.

    Args:
        sources: The files of the documents.
        seen: The workspaces. Only the differences in their plans are adopted.

    Raises:
        UsageError: A document was changed in the meantime.
    """
    before = {source.name: source.content for source in sources}
    after = dict(before)
    results = []
    for each in seen:
        found = _adopt(each, before, after)
        after |= found.contents
        results.append(found)
    edited = [name for name, content in before.items() if content != after[name]]
    folder, labels = patch_labels(edited)
    return AdoptedDrift(
        tuple(EditedFile(name, labels[name], before[name], after[name]) for name in edited),
        sum(each.adopted for each in results),
        tuple(entry for each in results for entry in each.left),
        tuple(entry for each in results for entry in each.remarks),
        folder,
    )


@dataclass(frozen=True, slots=True)
class _OneWorkspace:
    """The result for one workspace: its edited files, and the parts of `AdoptedDrift`."""

    contents: Mapping[str, bytes]
    adopted: int
    left: tuple[NotAdopted, ...]
    remarks: tuple[NewEntry, ...]


def _adopt(seen: Seen, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> _OneWorkspace:
    desired, plan = seen.desired, seen.plan
    notes = [NotAdopted(plan.workspace, "", "", each.fact, each.place) for each in plan.notes if each.differs]
    if not plan.changes:
        return _OneWorkspace({}, 0, tuple(notes), ())
    is_composed = bool(desired.document.fragments or desired.leavers)
    names = [*before] if is_composed else [desired.document.source]  # groups may be in any file
    files = {name: after.get(name, b"") for name in names}
    if not _declares(files, desired, is_composed=is_composed):
        raise UsageError(f"{desired.document.source} was changed while it was read", "Run the command again.")
    found = _adoptions(seen)
    possible = [each for each in found if each.edits]
    possible.sort(key=lambda each: (each.change.after is not None, each.change.before is None))  # additions first
    check = AdoptionCheck(desired, before, files, partial(compared, live=seen.live, situation=seen.situation))
    accepted, refused = largest(possible, check)
    whys = [(each.change, why) for each in found for why in each.whys]
    left = [
        NotAdopted(plan.workspace, plan.sections[change.kind], change.name, why, change.place)
        for change, why in sorted([*whys, *refused], key=lambda each: plan.changes.index(each[0]))
    ]
    remarks = [
        NewEntry(plan.workspace, plan.sections[each.change.kind], each.change.name, remark)
        for each in accepted
        for remark in each.remarks
    ]
    edited = check.contents(accepted) if accepted else {}
    return _OneWorkspace(edited, sum(not each.whys for each in accepted), (*notes, *left), tuple(remarks))


def _declares(files: Mapping[str, bytes], desired: Desired, *, is_composed: bool) -> bool:
    """Whether the files still say what was compared."""
    if not is_composed:
        ((name, content),) = files.items()
        return any(draft.document.data == desired.document.data for draft in parse(content, name).drafts)
    now = load([SourceText(name, content) for name, content in files.items()]).desired
    return any(each.document.data == desired.document.data for each in now)


def _adoptions(seen: Seen) -> list[Adoption]:
    """How to adopt each change, according to its kind. If the API may have shown too little, none is adopted."""
    plan = seen.plan
    if plan.anomalies:
        why = fact(Code.ADOPT_DOUBTFUL, why=plan.anomalies[0])
        return [Adoption(change, whys=(why,)) for change in plan.changes]
    found = []
    for kind in kinds_for(seen.desired.keys):
        changes = [change for change in plan.changes if change.kind == kind.name]
        if changes:
            exported = kind.export(seen.live[kind.name], seen.situation.moment)
            found += [adopter_of(kind).adoption(change, seen.desired, exported) for change in changes]
    return found


def patch_labels(names: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """The folder in which a patch of these files is applied, and the name of each file in it.

    That is the current directory, empty in the result, or else the repository or folder that contains all of them.
    """
    real, here = {name: Path(real_path(name)) for name in names}, Path(real_path("."))
    folder = here
    if not all(path.is_relative_to(here) for path in real.values()):
        folder = Path(os.path.commonpath([path.parent for path in real.values()]))
        repository = repository_of(folder)
        folder = repository.folder if repository else folder
    labels = {name: path.relative_to(folder).as_posix() for name, path in real.items()}
    return "" if folder == here else os.fspath(folder), labels


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
