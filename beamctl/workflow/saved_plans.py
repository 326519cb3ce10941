"""Saves plans to files, and opens them again if they are not stale."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from beamctl.errors import StalePlanError, UsageError
from beamctl.model.duration import duration
from beamctl.model.text import printable
from beamctl.plan.hazard import Allowance, Hazard, unused
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import LARGEST, LONGEST, Saved, refuse_untimely, saved_text
from beamctl.plan.staleness import ends
from beamctl.report.text.drift import moved_text
from beamctl.runs.store import applied_before, last_run
from beamctl.secrets.output_redaction import require_no_secrets
from beamctl.secrets.reserved_files import ReservedFiles, file_kind
from beamctl.secrets.sources import with_source_hazards
from beamctl.system.files import read_file
from beamctl.workflow.clock import api_time, current_time
from beamctl.workflow.connection import Access, Link, open_link
from beamctl.workflow.documents import YAML
from beamctl.workflow.planning import Checks, Planned, quoted, refuse_shared, with_clocks
from beamctl.workflow.questions import Recheck, identify, look_again, open_plan

_USUAL = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to save plans.

    Attributes:
        file: The file; None to not save them.
        lasts: How long they are valid.
    """

    file: str | None
    lasts: timedelta


def target_of(out: str | None, expires: str | None, records: Path) -> Target:
    """Parse the options of `options.saving`.

    Args:
        out: The file.
        expires: How long the plan is valid.
        records: The folder of run records.

    Raises:
        UsageError: The file must not be written or replaced, the time is invalid or too long, or no file is given.
    """
    if out == "-":
        raise UsageError("--out needs a file, not standard output", "For a machine-readable plan, use -o json.")
    if out is not None and (why := _why_not_to(Path(out), records)):
        raise UsageError(f"--out: {out} {why}, so it was not written", "Name another file with --out.")
    if expires is None:
        return Target(out, _USUAL)
    lasts = duration(expires)
    if lasts is None or lasts > LONGEST:
        hint = f"Write it like 30m, 24h or 7d. The maximum is {LONGEST.days}d."
        raise UsageError(f"--expires: {printable(expires)!r} is not a valid lifetime of a plan", hint)
    if out is None:
        raise UsageError("--expires applies only to a saved plan", "Save the plan with --out FILE.")
    return Target(out, lasts)


def _why_not_to(path: Path, records: Path) -> str:
    """Why a plan must not be written to a file; empty if it may. Only saved plans and empty files are replaced."""
    if why := ReservedFiles(records=records).why_not_to(path, read=False):
        return why
    try:
        if path.is_symlink():  # writing would replace the link itself, for example /dev/stdout
            return "is a symbolic link"
        if not path.exists() or path.stat().st_size == 0:
            return ""
    except (OSError, ValueError):  # writing it reports the error
        return ""
    return "" if not path.is_file() or file_kind(path) == "saved plan" else "already exists and is not a saved plan"


def save(planned: Sequence[Planned], allowed: Sequence[Allowance], target: Target) -> str:
    """Write plans to the target file, atomically.

    Returns:
        A message that says until when the plans are valid; empty without a target file.

    Raises:
        UsageError: The file cannot be written.
        ApiError: The ID of a workspace cannot be read.
    """
    if target.file is None:
        return ""
    created = current_time().replace(microsecond=0)
    saved = Saved(
        plans=tuple(each.plan for each in planned),
        allowed=tuple(allowed),
        workspace_ids={each.plan.workspace: identify(each.plan.workspace, each.link.reader) for each in planned},
        commit=max((each.commit() for each in planned), key=len, default=""),  # a dirty one is longer
        created=created,
        expires=min([created + target.lasts, *(_begin_of(day) for each in planned if (day := ends(each.plan)))]),
    )
    _write(Path(target.file), require_no_secrets(saved_text(saved), "the plan"))
    return (
        f"Saved the plan. It is valid until {_time(saved.expires)}. To apply it:  beamctl apply {quoted(target.file)}"
    )


def open_saved(
    file: str,
    access: Access,
    stack: ExitStack,
    workspaces: Sequence[str],
    granted: Sequence[Allowance],
    checks: Checks,
) -> tuple[list[Planned], tuple[Allowance, ...], Saved]:
    """Open a saved plan and check that it is not stale.

    Args:
        file: The file as the user named it.
        access: How to reach the API.
        stack: Closes the connections.
        workspaces: The workspaces to apply to; empty for all.
        granted: The hazards that are allowed now.
        checks: What the plans are checked against.

    Returns:
        The plans, the allowed hazards and the content of the file. Hazards can be allowed now or when the plan was
        made, except those of this run's floors, which can be allowed only now: the plan may be older than the floors.

    Raises:
        UsageError: It is not a saved plan, its times are invalid, or it is for another workspace or API.
        StalePlanError: It is stale.
    """
    if Path(file).suffix in YAML:
        hint = f"To apply a document, use -f:  beamctl apply -f {quoted(file)}"
        raise UsageError(f"{file} is not a saved plan", hint)
    saved = open_plan(read_file(Path(file), LARGEST), file)
    refuse_untimely(saved, file, datetime.now(UTC))
    names = [plan.workspace for plan in saved.plans]
    if foreign := [name for name in workspaces if name not in names]:
        raise UsageError(
            f"{file} is for {', '.join(names)}, not {foreign[0]!r}", "Use -w with a workspace in the plan."
        )
    picked = [plan for plan in saved.plans if not workspaces or plan.workspace in workspaces]
    refuse_shared(granted, [plan.workspace for plan in picked])
    _refuse_expired(saved, picked, file, current_time())
    for plan in picked:
        if run := applied_before(checks.records, plan.workspace, saved.digest):
            raise _stale(file, f"{file} was already applied, in the run {run}")
    opened = [(plan, stack.enter_context(open_link(access, plan.workspace))) for plan in picked]
    held = [_held(saved, file, plan, link, checks) for plan, link in opened]
    before = unused([hazard for _, below in held for hazard in below], saved.allowed)
    return [planned for planned, _ in held], (*granted, *before), saved


def _held(saved: Saved, file: str, plan: Plan, link: Link, checks: Checks) -> tuple[Planned, tuple[Hazard, ...]]:
    """The rechecked plan, and the hazards of this run's floors."""
    if link.api_url != plan.api:
        raise UsageError(
            f"{file} is for {plan.api}, but --api-url is {link.api_url}", "Use the API of the plan, or make a new plan."
        )

    last = last_run(checks.records, plan.workspace, plan.api)

    def recheck() -> Recheck:
        def today() -> date:
            return api_time(link.skew()).date()

        _refuse_expired(saved, [plan], file, current_time())
        found = look_again(plan, link.reader, link.identity, floors=checks.floors, recorded=last.declared, today=today)
        _refuse_expired(saved, [plan], file, api_time(link.skew()))
        _refuse_moved(saved, file, found)
        return replace(found, plan=with_clocks(with_source_hazards(found.plan), link))

    def still() -> bool:
        return recheck().plan.hazards == first.plan.hazards  # other changes raise an error

    first = recheck()
    unrecorded = first.plan.declared not in (None, last.declared)
    planned = Planned(first.plan, link, still, lambda: saved.commit, lambda: saved.digest, unrecorded=unrecorded)
    return planned, first.below_floors


def _refuse_expired(saved: Saved, plans: Sequence[Plan], file: str, now: datetime) -> None:
    """Refuse an expired plan. It also expires when the access of one of its members ends, whatever the file says."""
    until = min([saved.expires, *(_begin_of(day) for plan in plans if (day := ends(plan)))])
    if now >= until:
        raise _stale(file, f"{file} was valid until {_time(until)}")


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _refuse_moved(saved: Saved, file: str, found: Recheck) -> None:
    name = found.plan.workspace
    if saved.workspace_ids[name] != found.workspace_id:
        raise _stale(file, f"{name} is not the workspace that {file} was made for, but another with the same name")
    if not found.moved:
        return
    if found.plan.changes and len(found.in_place) == len(found.plan.changes):
        raise _stale(file, f"{file} was already applied: {name} matches it")
    done = f"{len(found.in_place)} of its {len(found.plan.changes)} changes are already in place."
    why = f"{name} changed since {file} was made, so nothing was changed"
    raise _stale(file, why, *moved_text(found.moved), *([done] if found.in_place else []))


def _stale(file: str, why: str, *lines: str) -> StalePlanError:
    again = f"Make and review a new plan:  beamctl plan --out {quoted(file)}"
    return StalePlanError(why, "\n".join([*lines, again]))


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _write(path: Path, text: str) -> None:
    """Write atomically, through a temporary file."""
    temporary = ""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a regular file", "Name another file with --out.")
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).replace(path)
    except (OSError, ValueError) as error:
        with suppress(OSError):
            Path(temporary).unlink() if temporary else None
        why = error.strerror if isinstance(error, OSError) else "invalid file name"
        raise UsageError(f"cannot write the plan to {path}: {why}", "Name another file with --out.") from None
