"""Plans in files: writes what was planned, and opens it again only where it still holds. It must not decide what is in
a plan, nor make it."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beamctl.cli.connect import Access, Link, link
from beamctl.cli.files import read_file
from beamctl.cli.output import Output
from beamctl.cli.planning import Planned
from beamctl.cli.run_records import applied_before
from beamctl.errors import StalePlanError, UsageError
from beamctl.model.duration import duration
from beamctl.model.text import printable
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan import Plan
from beamctl.plan.saved import LARGEST, Saved, saved_text
from beamctl.report.text.stale import moved_text
from beamctl.usecases import Recheck, identify, look_again, open_plan

LONGEST = timedelta(days=30)
"""How long a saved plan may be good."""

_DOCUMENTS = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class Target:
    """Where plans are to be saved.

    Attributes:
        file: The file; None for nowhere.
        lasts: How long they are good.
    """

    file: str | None
    lasts: timedelta


def target_of(out: str | None, expires: str) -> Target:
    """What the options of `options.saving` ask for.

    Raises:
        UsageError: There is no such file, or no such time, or it is longer than a plan may be good.
    """
    if out == "":
        raise UsageError("--out names nothing", "Is a variable empty?")
    lasts = duration(expires)
    if lasts is None or lasts > LONGEST:
        hint = f"Write it like 30m, 24h or 7d; {LONGEST.days}d at most."
        raise UsageError(f"--expires: {printable(expires)!r} is no time that a plan may be good", hint)
    return Target(out, lasts)


def save(planned: Sequence[Planned], allowed: Sequence[Allowance], target: Target, out: Output) -> None:
    """Write plans into a file where that is asked for, whole or not at all, and say until when they may be applied.

    Raises:
        UsageError: The file cannot be written.
        ApiError: What tells a workspace from another one of its name cannot be read.
    """
    if target.file is None:
        return
    created = datetime.now(UTC).replace(microsecond=0)
    saved = Saved(
        plans=tuple(each.plan for each in planned),
        allowed=tuple(allowed),
        workspace_ids={each.plan.workspace: identify(each.plan.workspace, each.link.reader) for each in planned},
        commit=next((each.commit() for each in planned), ""),
        created=created,
        expires=created + target.lasts,
    )
    _write(Path(target.file), saved_text(saved))
    command = f"beamctl apply {shlex.quote(printable(target.file))}"
    out.talk(f"Saved, and good until {_told(saved.expires)}:  {command}")


def open_saved(
    file: str, access: Access, stack: ExitStack, workspaces: Sequence[str], records: Path | None
) -> tuple[list[Planned], tuple[Allowance, ...]]:
    """The plans of a file that still hold, and the hazards that were allowed when they were made.

    Raises:
        UsageError: It is no saved plan, or is about another workspace or API than was named.
        StalePlanError: It does not hold any more.
    """
    if Path(file).suffix in _DOCUMENTS:
        raise UsageError(f"{file} is no saved plan", f"Documents are named with -f:  beamctl apply -f {file}")
    saved = open_plan(read_file(Path(file), LARGEST), file)
    names = [plan.workspace for plan in saved.plans]
    if foreign := [name for name in workspaces if name not in names]:
        raise UsageError(f"{file} is about {', '.join(names)}, not about {foreign[0]!r}", "Pick with -w what is in it.")
    if datetime.now(UTC) >= saved.expires:
        raise _stale(file, f"{file} was good until {_told(saved.expires)}")
    picked = [plan for plan in saved.plans if not workspaces or plan.workspace in workspaces]
    for plan in picked:
        if run := applied_before(records, plan.workspace, saved.digest):
            raise _stale(file, f"{file} was applied already, in the run {run}")
    opened = [(plan, stack.enter_context(link(access, plan.workspace))) for plan in picked]
    return [_held(saved, file, plan, way) for plan, way in opened], saved.allowed


def _held(saved: Saved, file: str, plan: Plan, way: Link) -> Planned:
    if way.api_url != plan.api:
        raise UsageError(
            f"{file} is for {plan.api}, and --api-url names {way.api_url}", "Apply it where it was made, or plan anew."
        )

    def held() -> Plan:
        found = look_again(plan, way.reader, way.identity)
        _refuse_moved(saved, file, found)
        return found.plan

    return Planned(held(), way, lambda: bool(held()), lambda: saved.commit, lambda: saved.digest)


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
    again = f"Make a new plan, and look at it:  beamctl plan --out {printable(file)}"
    return StalePlanError(why, "\n".join([*lines, again]))


def _told(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _write(path: Path, text: str) -> None:
    """Beside the file first, and then in its place: whoever reads it never sees half of it."""
    if path.exists() and not path.is_file():
        raise UsageError(f"{path} is no regular file", "Name another one with --out.")
    beside = ""
    try:
        descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(beside).replace(path)
    except (OSError, ValueError) as error:
        with suppress(OSError):
            Path(beside).unlink() if beside else None
        why = error.strerror if isinstance(error, OSError) else "no file can be named so"
        raise UsageError(f"cannot write the plan to {path}: {why}", "Name another file with --out.") from None
