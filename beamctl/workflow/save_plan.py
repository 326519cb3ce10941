"""Saves plans to a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from beamctl.document.scalars import duration
from beamctl.errors import UsageError
from beamctl.model.secret import RecordRedactor
from beamctl.model.text import printable
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan_file import LONGEST, Saved, saved_text
from beamctl.system.clock import current_time
from beamctl.system.files import replace_file
from beamctl.system.signature import sign, signature_of, why_not_sign
from beamctl.workflow.concurrent_reads import WorkspaceReads
from beamctl.workflow.failures import failure, ordered, raise_if_alone, separated
from beamctl.workflow.plan import identifying
from beamctl.workflow.plan_all import AllPlanned, Planned, read_planned

_USUAL = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to save plans.

    Attributes:
        file: The file.
        lasts: How long they are valid.
        key: The key that signs the file, if any.
    """

    file: str
    lasts: timedelta
    key: str | None = None

    @property
    def signing_files(self) -> tuple[str, ...]:
        """The key and the signature, which nothing else may replace; empty if the plan is not signed."""
        return (self.key, str(signature_of(self.file))) if self.key else ()


def target_of(out: str | None, expires: str | None, key: str | None, records: Path | None) -> Target:
    """Parse the options of `options.saving`.

    Args:
        out: The file; None if it is missing.
        expires: How long the plan is valid.
        key: The key that signs it, if any.
        records: The folder of run records.

    Raises:
        UsageError: The file must not be written or replaced, the time is invalid or too long, or no file is given.
    """
    if out == "-":
        raise UsageError("--out needs a file, not standard output", "For a machine-readable plan, use -o json.")
    if out is not None and (why := _why_not_to(Path(out), records)):
        raise UsageError(f"--out: {out} {why}, so it was not written", "Name another file with --out.")
    lasts = _USUAL if expires is None else duration(expires)
    if lasts is None or lasts > LONGEST:
        hint = f"Write it like 30m, 24h or 7d. The maximum is {LONGEST.days}d."
        raise UsageError(f"--expires: {printable(expires or '')!r} is not a valid lifetime of a plan", hint)
    if out is None:
        option = "--sign" if expires is None else "--expires"
        raise UsageError(f"{option} applies only to a saved plan", "Save the plan with --out FILE.")
    if key is not None and (why := why_not_sign(out, Path(key))):
        raise UsageError(f"--sign: {why}", "Name a private key, or the public key of one that ssh-agent holds.")
    return Target(out, lasts, key)


def _why_not_to(path: Path, records: Path | None) -> str:
    """Why a plan must not be written to a file; empty if it may. Only saved plans and empty files are replaced."""
    from beamctl.secrets.file import FileKind, ReservedFiles, file_kind

    if why := ReservedFiles(records=records).why_not_to(path, read=False):
        return why
    try:
        if path.is_symlink():  # writing would replace the link itself, for example /dev/stdout
            return "is a symbolic link"
        if not path.exists() or path.stat().st_size == 0:
            return ""
    except (OSError, ValueError):  # writing it reports the error
        return ""
    is_ours = not path.is_file() or file_kind(path) is FileKind.SAVED_PLAN
    return "" if is_ours else "already exists and is not a saved plan"


def identified(found: AllPlanned) -> AllPlanned:
    """The plans with the API's ids of their workspaces, which `save` needs. If one cannot be read, the workspace has
    failed.

    Raises:
        BeamctlError: It is the only workspace of the run.
    """

    def reads(each: Planned) -> WorkspaceReads[str]:
        name = each.plan.workspace
        return WorkspaceReads(name, each.link.silent_reader, {name: identifying(name)}, lambda live: live[name])

    done, errors = separated(found.planned, (read for _, read in read_planned(found.planned, reads)))
    total = len(found.scope.workspaces) if found.scope else len(found.planned) + len(found.failures)
    raise_if_alone((error for _, error in errors), total)
    planned = tuple(replace(each, identifier=read) for each, read in done)
    more = (failure(each.plan.workspace, each.place, error) for each, error in errors)
    return replace(found, planned=planned, failures=ordered([*found.failures, *more], found.order))


def save(
    planned: Sequence[Planned],
    allowed: Sequence[Allowance],
    missing: Sequence[str],
    target: Target,
    redactor: RecordRedactor,
) -> Saved:
    """Write plans to the target file, atomically, and the signature next to it. Returns what was saved.

    Args:
        planned: The plans.
        allowed: The hazards that are allowed.
        missing: The workspaces that could not be planned.
        target: The file.
        redactor: Refuses secrets.

    Raises:
        UsageError: The file cannot be written or signed.
    """
    from beamctl.workflow.open_saved import valid_until

    created = current_time().replace(microsecond=0)
    saved = Saved(
        plans=tuple(each.plan for each in planned),
        allowed=tuple(allowed),
        workspace_ids={each.plan.workspace: each.identifier for each in planned},
        commit=max((each.commit() for each in planned), key=len, default=""),  # a dirty one is longer
        created=created,
        expires=valid_until(created + target.lasts, [each.plan for each in planned] if len(planned) == 1 else ()),
        missing=tuple(missing),
    )
    text = redactor.require_no_secrets(saved_text(saved), "the plan")
    hint = "Name another file with --out."
    signature = sign(text.encode("ascii"), Path(target.key)) if target.key else None
    replace_file(Path(target.file), text, "the plan", hint)
    if signature is not None:
        replace_file(signature_of(target.file), signature, "the signature", hint)
    return saved
