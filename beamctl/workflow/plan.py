"""Plans one workspace or several: reads the documents and the workspaces, and compares them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from beamctl.document.document import Desired
from beamctl.errors import UsageError
from beamctl.kinds.registry import kinds_for
from beamctl.model.api_call import Reader, segment
from beamctl.model.code import Code
from beamctl.model.fact import fact
from beamctl.model.text import printable
from beamctl.plan.across_kinds import read
from beamctl.plan.comparison import Note, Situation
from beamctl.plan.guards import NO_FLOORS, Bounds
from beamctl.plan.hazard import Allowance, refused, unused
from beamctl.plan.plan import Plan, make_plan, managed, may_delete
from beamctl.plan.plan_json import plans_data
from beamctl.runs.commit import commit_of
from beamctl.runs.folder import RecordFolder
from beamctl.runs.last_run import LastRun, last_run
from beamctl.secrets.sources import with_source_hazards
from beamctl.workflow.connection import Access, Link, api_time, open_link, skew_note
from beamctl.workflow.documents import read_desired

if TYPE_CHECKING:
    from beamctl.plan.base_guards import BaseDocument

LazySituation = Situation | Callable[[], Situation]
"""A function is called after the workspace was read, because the date may depend on the API's clock."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and the connection to its workspace.

    Attributes:
        plan: The plan.
        link: The connection.
        still: Plans again and returns whether the plan is unchanged.
        commit: Returns the commit of the documents; empty if there is none.
        digest: Returns the digest that identifies the plan in run records.
        unrecorded: Whether the last recorded run declared something else.
    """

    plan: Plan
    link: Link
    still: Callable[[], bool]
    commit: Callable[[], str]
    digest: Callable[[], str]
    unrecorded: bool = False


@dataclass(frozen=True, slots=True)
class Checks:
    """What plans are checked against, besides their documents.

    Attributes:
        floors: Guards set for this run.
        records: The run records.
        base: The commit whose documents' guards must not be loosened unseen; empty for none.
    """

    floors: Bounds
    records: RecordFolder
    base: str = ""


def plan(desired: Desired, reader: Reader, situation: LazySituation) -> Plan:
    """Read the declared kinds and compare."""
    live = read_declared(desired, reader)
    return compared(desired, live, situation() if callable(situation) else situation)


def read_declared(desired: Desired, reader: Reader) -> Mapping[str, Any]:
    """The live state of each kind that a document declares."""
    kinds = managed(kinds_for(desired.document.data), desired)
    return {kind.name: read(kind, desired.workspace, reader, may_delete(kind, desired)) for kind in kinds}


def compared(desired: Desired, live: Mapping[str, Any], situation: Situation) -> Plan:
    """The plan for a live state that was read."""
    made = make_plan(managed(kinds_for(desired.document.data), desired), desired, live, situation)
    return replace(made, notes=(*_warnings(desired), *made.notes))


def _warnings(desired: Desired) -> Iterator[Note]:
    """Warnings about a document, except the one about `guards.self`: a plan knows who is in the workspace."""
    known = desired.document.place("guards", "self", "email")
    warnings = (each for each in desired.warnings if each.place != known)
    return (
        Note(fact(Code.DOCUMENT_WARNING, problem=each.code.value, message=each.message, hint=each.hint), each.place)
        for each in warnings
    )


def plan_all(
    files: Sequence[str],
    workspaces: Sequence[str],
    access: Access,
    stack: ExitStack,
    granted: Sequence[Allowance],
    checks: Checks,
) -> list[Planned]:
    """Plan every workspace of the documents. An error in one stops all, before anything is changed.

    Args:
        files: The documents.
        workspaces: The workspaces to plan; empty for all.
        access: How to reach the API.
        stack: Closes the connections.
        granted: The allowed hazards.
        checks: What the plans are checked against.

    Raises:
        UsageError: A hazard is allowed, but the run covers several workspaces.
    """
    documents = read_desired(files, workspaces)
    refuse_shared(granted, [desired.workspace for desired in documents])
    bases: Mapping[str, BaseDocument] = {}
    if checks.base:
        from beamctl.workflow.base_document import guard_bases

        bases = guard_bases(documents, checks.base, files, is_whole=not workspaces)
    links = [(desired, stack.enter_context(open_link(access, desired.workspace))) for desired in documents]
    return [_planned(desired, link, granted, checks, bases.get(desired.workspace)) for desired, link in links]


def refuse_shared(granted: Sequence[Allowance], workspaces: Sequence[str]) -> None:
    """Refuse allowed hazards in a run over several workspaces.

    Raises:
        UsageError: A hazard is allowed, but the run covers several workspaces.
    """
    if granted and len(workspaces) > 1:
        hint = f"Pick one with -w: {', '.join(workspaces)}."
        raise UsageError("--allow applies to one plan, but this run makes several", hint)


def plan_now(
    desired: Desired,
    link: Link,
    last: LastRun,
    floors: Bounds = NO_FLOORS,
    granted: Sequence[Allowance] = (),
    base: BaseDocument | None = None,
) -> Plan:
    """Plan one workspace as it is now.

    Args:
        desired: The desired state.
        link: The connection to the workspace.
        last: The last recorded run.
        floors: Guards set for this run.
        granted: The allowed hazards.
        base: The document at an earlier commit, whose guards must not be loosened unseen.
    """

    def current_situation() -> Situation:
        return replace(situation(link, last, floors), allowed=tuple(granted), base=base)

    made = with_clocks(with_source_hazards(plan(desired, link.reader, current_situation)), link)
    return replace(made, notes=(*base.notes(), *made.notes)) if base else made


def with_clocks(plan: Plan, link: Link) -> Plan:
    """The plan, with a note if the clocks of this machine and the API differ."""
    note = skew_note(link.skew())
    return replace(plan, notes=(Note(note), *plan.notes)) if note else plan


def situation(link: Link, last: LastRun, floors: Bounds) -> Situation:
    """What a plan currently depends on. Call it after reading the workspace, because that reads the API's clock."""
    now = api_time(link.skew())
    return Situation(
        now.date(),
        link.api_url,
        link.identity,
        last.left,
        now=now,
        floors=floors,
        recorded=last.declared,
        interrupted=last.interrupted,
        resent=last.resent,
        deferred=last.deferred,
        withdrawn=last.withdrawn,
    )


def _planned(
    desired: Desired, link: Link, granted: Sequence[Allowance], checks: Checks, base: BaseDocument | None
) -> Planned:
    last = last_run(checks.records, desired.workspace, link.api_url)
    make = partial(plan_now, desired, link, last, checks.floors, granted, base)
    first = make()
    source = desired.document.source
    return Planned(
        first,
        link,
        lambda: make() == first,
        lambda: commit_of(source),
        partial(digest_of_plan, first),
        unrecorded=first.declared != last.declared,
    )


def digest_of_plan(plan: Plan) -> str:
    """The digest that identifies a plan in run records."""
    from beamctl.plan.plan_file import digest_of

    return digest_of(plans_data([plan], ()))


def identify(workspace: str, reader: Reader) -> str:
    """The API's id of a workspace; empty if it shows none.

    Raises:
        ApiError: It cannot be read.
    """
    payload = reader.get(f"/workspaces/{segment(workspace)}")
    identifier = (payload.get("id") or payload.get("createdAt")) if isinstance(payload, dict) else None
    return identifier if isinstance(identifier, str) else ""


def is_refused(plans: Sequence[Plan], allowed: Sequence[Allowance]) -> bool:
    """Whether any plan has a hazard that is not allowed."""
    return any(refused(plan.hazards, allowed) for plan in plans)


def unused_allowances(plans: Sequence[Plan], allowed: Sequence[Allowance]) -> list[str]:
    """The allowances that match no hazard, as typed."""
    hazards = [hazard for plan in plans for hazard in plan.hazards]
    return [printable(str(each)) for each in unused(hazards, allowed)]
