"""Plans in files: writes what was planned, and opens it again only where it still holds. It must not decide what is in
a plan, nor make it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from beamctl.cli.connect import Access, Link, link
from beamctl.cli.documents import YAML
from beamctl.cli.files import read_file
from beamctl.cli.machine_clock import judged, moment
from beamctl.cli.output_redaction import as_it_is
from beamctl.cli.planning import Checks, Planned, quoted, refuse_shared, with_clocks
from beamctl.cli.reserved_files import ReservedFiles, what_is
from beamctl.cli.run_records import applied_before, last_run
from beamctl.cli.secret_sources import with_source_hazards
from beamctl.errors import StalePlanError, UsageError
from beamctl.model.duration import duration
from beamctl.model.text import printable
from beamctl.plan.hazard import Allowance, Hazard, unused
from beamctl.plan.plan import Plan
from beamctl.plan.plan_file import LARGEST, LONGEST, Saved, refuse_untimely, saved_text
from beamctl.plan.staleness import ends
from beamctl.report.text.stale import moved_text
from beamctl.workflow.questions import Recheck, identify, look_again, open_plan

_USUAL = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Target:
    """Where plans are to be saved.

    Attributes:
        file: The file; None for nowhere.
        lasts: How long they are good.
    """

    file: str | None
    lasts: timedelta


def target_of(out: str | None, expires: str | None, records: Path) -> Target:
    """What the options of `options.saving` ask for.

    Args:
        out: The file.
        expires: How long the plan is good.
        records: The folder of run records.

    Raises:
        UsageError: The file must not be written or replaced; or there is no such time, or it is longer than a plan may
            be good, or no file for it.
    """
    if out == "-":
        raise UsageError("--out is a file, and not standard output", "A plan to be read by machines:  -o json")
    if out is not None and (why := _why_not_to(Path(out), records)):
        raise UsageError(f"--out: {out} {why}, so it was not written", "Name another file with --out.")
    if expires is None:
        return Target(out, _USUAL)
    lasts = duration(expires)
    if lasts is None or lasts > LONGEST:
        hint = f"Write it like 30m, 24h or 7d; {LONGEST.days}d at most."
        raise UsageError(f"--expires: {printable(expires)!r} is no time that a plan may be good", hint)
    if out is None:
        raise UsageError("--expires is about a plan that is saved, and this one is not", "Name a file too:  --out FILE")
    return Target(out, lasts)


def _why_not_to(path: Path, records: Path) -> str:
    """Why a plan must not be written to a file; empty if it may: only a saved plan or an empty file is replaced."""
    if why := ReservedFiles(records=records).why_not_to(path, read=False):
        return why
    try:
        if path.is_symlink():  # what replaces it would replace the link, of /dev/stdout for one
            return "is a symbolic link"
        if not path.exists() or path.stat().st_size == 0:
            return ""
    except (OSError, ValueError):  # writing it says what is wrong
        return ""
    return "" if not path.is_file() or what_is(path) == "saved plan" else "is already there and is not a saved plan"


def save(planned: Sequence[Planned], allowed: Sequence[Allowance], target: Target) -> str:
    """Write plans into a file where that is asked for, whole or not at all.

    Returns:
        What to say of it: until when they may be applied; nothing where nothing was asked for.

    Raises:
        UsageError: The file cannot be written.
        ApiError: What tells a workspace from another one of its name cannot be read.
    """
    if target.file is None:
        return ""
    created = moment().replace(microsecond=0)
    saved = Saved(
        plans=tuple(each.plan for each in planned),
        allowed=tuple(allowed),
        workspace_ids={each.plan.workspace: identify(each.plan.workspace, each.link.reader) for each in planned},
        commit=max((each.commit() for each in planned), key=len, default=""),  # one that is dirty is longer
        created=created,
        expires=min([created + target.lasts, *(_begin_of(day) for each in planned if (day := ends(each.plan)))]),
    )
    _write(Path(target.file), as_it_is(saved_text(saved), "the plan"))
    return f"Saved, and good until {_told(saved.expires)}:  beamctl apply {quoted(target.file)}"


def open_saved(
    file: str,
    access: Access,
    stack: ExitStack,
    workspaces: Sequence[str],
    granted: Sequence[Allowance],
    checks: Checks,
) -> tuple[list[Planned], tuple[Allowance, ...], Saved]:
    """The plans of a file that still hold.

    Args:
        file: The file as the user named it.
        access: How to reach the workspaces.
        stack: Closes the ways to them.
        workspaces: Those that are meant; none for all.
        granted: The hazards that somebody allows now.
        checks: What the plans are checked against.

    Returns:
        The plans; all hazards that are allowed, now or when they were made (what the floors of this run refuse is only
        allowed now: the file may have been made without them); and what was in the file.

    Raises:
        UsageError: It is no saved plan, its times cannot be right, or it is about another workspace or API than was
            named.
        StalePlanError: It does not hold any more.
    """
    if Path(file).suffix in YAML:
        hint = f"Documents are named with -f:  beamctl apply -f {quoted(file)}"
        raise UsageError(f"{file} is no saved plan", hint)
    saved = open_plan(read_file(Path(file), LARGEST), file)
    refuse_untimely(saved, file, datetime.now(UTC))
    names = [plan.workspace for plan in saved.plans]
    if foreign := [name for name in workspaces if name not in names]:
        raise UsageError(f"{file} is about {', '.join(names)}, not about {foreign[0]!r}", "Pick with -w what is in it.")
    picked = [plan for plan in saved.plans if not workspaces or plan.workspace in workspaces]
    refuse_shared(granted, [plan.workspace for plan in picked])
    _refuse_expired(saved, picked, file, moment())
    for plan in picked:
        if run := applied_before(checks.records, plan.workspace, saved.digest):
            raise _stale(file, f"{file} was applied already, in the run {run}")
    opened = [(plan, stack.enter_context(link(access, plan.workspace))) for plan in picked]
    held = [_held(saved, file, plan, way, checks) for plan, way in opened]
    before = unused([hazard for _, below in held for hazard in below], saved.allowed)
    return [planned for planned, _ in held], (*granted, *before), saved


def _held(saved: Saved, file: str, plan: Plan, way: Link, checks: Checks) -> tuple[Planned, tuple[Hazard, ...]]:
    """The plan as it is now, and what the floors refuse of it."""
    if way.api_url != plan.api:
        raise UsageError(
            f"{file} is for {plan.api}, and --api-url names {way.api_url}", "Apply it where it was made, or plan anew."
        )

    last = last_run(checks.records, plan.workspace, plan.api)

    def held() -> Recheck:
        def today() -> date:
            return judged(way.skew()).date()

        _refuse_expired(saved, [plan], file, moment())
        found = look_again(plan, way.reader, way.identity, floors=checks.floors, recorded=last.declared, today=today)
        _refuse_expired(saved, [plan], file, judged(way.skew()))
        _refuse_moved(saved, file, found)
        return replace(found, plan=with_clocks(with_source_hazards(found.plan), way))

    def still() -> bool:
        return held().plan.hazards == first.plan.hazards  # it says itself what else moved

    first = held()
    unrecorded = first.plan.declared not in (None, last.declared)
    planned = Planned(first.plan, way, still, lambda: saved.commit, lambda: saved.digest, unrecorded=unrecorded)
    return planned, first.below_floors


def _refuse_expired(saved: Saved, plans: Sequence[Plan], file: str, now: datetime) -> None:
    """A plan must not let in somebody whose access has ended, whatever its file says of its own end."""
    until = min([saved.expires, *(_begin_of(day) for plan in plans if (day := ends(plan)))])
    if now >= until:
        raise _stale(file, f"{file} was good until {_told(until)}")


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _refuse_moved(saved: Saved, file: str, found: Recheck) -> None:
    name = found.plan.workspace
    if saved.workspace_ids[name] != found.workspace_id:
        raise _stale(file, f"{name} is another workspace than the one of that name that {file} was made for")
    if not found.moved:
        return
    if found.plan.changes and len(found.in_place) == len(found.plan.changes):
        raise _stale(file, f"{file} was applied already: {name} is as it says")
    done = f"{len(found.in_place)} of its {len(found.plan.changes)} changes are in place already."
    why = f"{name} is no longer what {file} was made from, so nothing was changed"
    raise _stale(file, why, *moved_text(found.moved), *([done] if found.in_place else []))


def _stale(file: str, why: str, *lines: str) -> StalePlanError:
    again = f"Make a new plan, and look at it:  beamctl plan --out {quoted(file)}"
    return StalePlanError(why, "\n".join([*lines, again]))


def _told(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _write(path: Path, text: str) -> None:
    """Beside the file first, and then in its place: whoever reads it never sees half of it."""
    beside = ""
    try:
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a regular file", "Name another one with --out.")
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(beside).replace(path)
    except (OSError, ValueError) as error:
        with suppress(OSError):
            Path(beside).unlink() if beside else None
        why = error.strerror if isinstance(error, OSError) else "no file can be named so"
        raise UsageError(f"cannot write the plan to {path}: {why}", "Name another file with --out.") from None
