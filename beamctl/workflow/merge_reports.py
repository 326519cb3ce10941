"""Joins the JSON reports of the shards of one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from beamctl.document.problem import Place
from beamctl.errors import MissingShardError, UsageError
from beamctl.model.shard import Shard, ShardScope
from beamctl.model.strict_json import read_json
from beamctl.model.text import printable, some
from beamctl.plan.hazard import refused
from beamctl.plan.known_drift import Known, KnownResult
from beamctl.plan.plan_json import FORMAT_VERSION
from beamctl.report.data import CommandName, DriftDetails, ReportData, WorkspaceFailure, in_order
from beamctl.report.json_reader import report_of
from beamctl.system.files import read_file, unreadable
from beamctl.workflow.failures import ordered

LARGEST = 64 * 1024 * 1024
LARGEST_TOGETHER = 8 * LARGEST
MOST_FILES = 10_000
_HINT = "The directory must have the JSON reports of one run, one for each shard, and no other .json file."


@dataclass(frozen=True, slots=True)
class ShardReport:
    """The report of one shard.

    Attributes:
        path: Its file.
        data: Its content.
        scope: What it is a part of; a report of a whole run is shard 1 of 1.
    """

    path: Path
    data: ReportData
    scope: ShardScope


def merge_reports(folder: Path) -> ReportData:
    """The report of the whole run. The workspaces of a missing shard have failed.

    Args:
        folder: The directory with the JSON reports of all shards, also in subdirectories.

    Raises:
        UsageError: A file is not a report of this run, or the directory cannot be read.
        MissingShardError: There is no report of a shard, and which workspaces that leaves unknown is not known either.
    """
    parts, failed = [], []
    for path, data in _contents(folder):
        if why := _failure(data):
            failed.append(f"{printable(str(path))}: {printable(why)}")
        else:
            parts.append(_part(path, data))
    if parts:
        _refuse_mixed(parts)
    missing = _missing(parts, failed, folder)
    return _merged(sorted(parts, key=lambda part: part.scope.shard.index), missing)


def _contents(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The JSON files. Links are not followed."""
    try:
        if not folder.is_dir():
            raise UsageError(f"{folder} is not a directory", _HINT)
        found = sorted(path for path in folder.rglob("*.json") if path.is_file() and not path.is_symlink())
    except OSError as error:
        raise unreadable(folder, error) from None
    if not found:
        raise UsageError(f"there is no .json file in {folder}", _HINT)
    if len(found) > MOST_FILES:
        raise UsageError(f"there are more than {MOST_FILES:,} .json files in {folder}", _HINT)
    left = LARGEST_TOGETHER
    for path in found:
        content = read_file(path, LARGEST)
        left -= len(content)
        if left < 0:
            raise UsageError(f"the reports in {folder} together are larger than {LARGEST_TOGETHER:,} bytes", _HINT)
        try:
            data = read_json(content)
        except ValueError:
            raise _no_report(path, "not valid JSON; it may be truncated") from None
        if not isinstance(data, dict):
            raise _no_report(path, "no object")
        yield path, data


def _failure(data: Mapping[str, Any]) -> str:
    """Why a command failed, if its output is not a report but an error."""
    match data:
        case {"error": {"message": str(message)}}:
            return message
        case {"valid": False}:
            return "the documents are invalid"
        case _:
            return ""


def _part(path: Path, data: Mapping[str, Any]) -> ShardReport:
    if data.get("format_version") != FORMAT_VERSION:
        message = f"it has a format that this version of beamctl cannot read (expected {FORMAT_VERSION})"
        raise _no_report(path, message)
    try:
        found = report_of(data)
    except ValueError as error:
        raise _no_report(path, str(error)) from None
    whole = ShardScope(Shard(1, 1), found.workspaces, "")
    part = ShardReport(path, found, found.scope or whole)
    if other := min(set(found.workspaces) ^ set(part.scope.covered), default=""):
        raise _no_report(path, f"the workspaces are not those of shard {part.scope.shard}: see {other!r}")
    return part


def _no_report(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is not a report of plan, drift or apply: {why}", _HINT)


def _refuse_mixed(parts: Sequence[ShardReport]) -> None:
    """Refuse reports of different runs, and two of the same shard."""
    first, *others = parts
    seen = {first.scope.shard.index: first}
    for each in others:
        for what, one, other in (
            ("command", first.data.command.value, each.data.command.value),
            ("number of shards", str(first.scope.shard.count), str(each.scope.shard.count)),
            ("commit", first.scope.commit or "unknown", each.scope.commit or "unknown"),
            ("list of workspaces", _listed(first.scope), _listed(each.scope)),
            ("documents", first.scope.source, each.scope.source),
            ("saved plan", first.data.saved and first.data.saved.digest, each.data.saved and each.data.saved.digest),
        ):
            if one != other:
                message = f"{each.path} is not of the same run as {first.path}: another {what} ({other}, not {one})"
                raise UsageError(message, _HINT)
        same = seen.setdefault(each.scope.shard.index, each)
        if same is not each:
            raise UsageError(f"{same.path} and {each.path} are both reports of shard {each.scope.shard}", _HINT)
    if len({each.scope.workspaces for each in parts}) > 1:
        raise UsageError("the reports list the workspaces in different orders", _HINT)


def _listed(scope: ShardScope) -> str:
    return f"{len(scope.workspaces)}: {some(sorted(scope.workspaces))}"


def _missing(parts: Sequence[ShardReport], failed: Sequence[str], folder: Path) -> Sequence[WorkspaceFailure]:
    """The workspaces of shards without a report."""
    count = parts[0].scope.shard.count if parts else 0
    found = {each.scope.shard.index for each in parts}
    missing = [Shard(index, count) for index in range(1, count + 1) if index not in found]
    hint = "\n".join([*failed, "Run the missing shards again."])
    unknown = [
        WorkspaceFailure(
            name, Place(str(folder)), MissingShardError.code, f"shard {shard} of its run has no report", hint
        )
        for name in (parts[0].scope.workspaces if parts else ())
        for shard in missing
        if shard.has(name)
    ]
    if not unknown and (missing or failed or not parts):
        numbers = some([str(each.index) for each in missing])
        which = f"{len(missing)} of {count} shards have no report in {folder}: {numbers}"
        raise MissingShardError(which if missing else f"a report in {folder} says that its command failed", hint)
    return unknown


def _merged(parts: Sequence[ShardReport], missing: Sequence[WorkspaceFailure]) -> ReportData:
    """One report. The workspaces are in the order of the documents."""
    first = parts[0].data
    order = {name: index for index, name in enumerate(parts[0].scope.workspaces)}
    plans = sorted((plan for each in parts for plan in each.data.plans), key=lambda plan: order[plan.workspace])
    results = [result for each in parts for result in each.data.results]
    failures = [*(each for part in parts for each in part.data.failures), *missing]
    allowed = tuple(dict.fromkeys(each for part in parts for each in part.data.allowed))
    for part in parts:
        for plan in part.data.plans:
            if refused(plan.hazards, allowed, plan.workspace) != refused(
                plan.hazards, part.data.allowed, plan.workspace
            ):
                raise UsageError(f"{part.path} allows other hazards than the other reports", _HINT)
    return ReportData(
        first.command,
        tuple(plans),
        allowed,
        tuple(sorted(results, key=lambda result: order[result[0].workspace])),
        first.saved,
        details=_details([part.data.details for part in parts], order),
        failures=ordered(failures, order),
        order=parts[0].scope.workspaces,
    )


def _details(found: Sequence[DriftDetails], order: Mapping[str, int]) -> DriftDetails:
    def joined(name: str) -> dict[str, Any]:
        entries = {key: value for each in found for key, value in getattr(each, name).items()}
        return {key: entries[key] for key in in_order(entries, order)}

    required = {each.required_coverage for each in found if each.coverage}
    if len(required) > 1:
        raise UsageError("the reports require different coverages", _HINT)
    return DriftDetails(
        joined("compared_with"),
        {key: origin for each in found for key, origin in each.origins.items()},
        joined("fine_now"),
        _known([result for each in found for result in each.known], order),
        joined("coverage"),
        joined("passing"),
        next(iter(required), None),
    )


def _known(results: Sequence[KnownResult], order: Mapping[str, int]) -> tuple[KnownResult, ...]:
    """The result of each entry of known drift. An entry for all workspaces has a result in every shard."""
    found: dict[Known, list[KnownResult]] = {}
    for each in results:
        found.setdefault(each.known, []).append(each)

    def together(known: Known) -> KnownResult:
        accepted = {name for each in found[known] for name in each.accepted}
        expired = {name for each in found[known] for name in each.expired}
        is_past = any(each.is_past for each in found[known])
        return KnownResult(known, in_order(sorted(accepted), order), in_order(sorted(expired), order), is_past)

    return tuple(map(together, sorted(found, key=lambda known: (known.place.line, known.place.column))))


def is_interrupted(data: ReportData) -> bool:
    """Whether an apply was interrupted before it attempted all changes."""
    from beamctl.apply.record import NotAttempted
    from beamctl.model.code import Code

    events = (event for _, events in data.results for event in events)
    return data.command is CommandName.APPLY and any(
        isinstance(event, NotAttempted) and event.why.code is Code.INTERRUPTED for event in events
    )
