"""What an apply is asked for, what it returns, and how it shows itself to the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

from beamctl.apply.executor import is_not_permitted
from beamctl.apply.record import Event
from beamctl.errors import BeamctlError, UsageError
from beamctl.model.shard import ShardScope
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan_file import Saved
from beamctl.report.apply_text import totals
from beamctl.report.data import WorkspaceFailure
from beamctl.secrets.redaction import OutputRedaction
from beamctl.secrets.terminal import SecretTerminal
from beamctl.system.signature import SUFFIX
from beamctl.workflow.connection import Access
from beamctl.workflow.documents import named_files
from beamctl.workflow.failures import failure, ordered, raise_if_alone
from beamctl.workflow.plan_all import Checks, Planned


class ApplyStatus(Enum):
    """How an apply ended, in one workspace or in all."""

    DONE = "done"
    REFUSED = "refused"
    PARTLY = "partly applied"
    NOT_PERMITTED = "not permitted"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What to apply, and how.

    Attributes:
        saved: The file of a saved plan, as the user named it; None to plan the documents.
        files: The documents.
        workspaces: The workspaces; empty for all.
        allowed: The hazards that are allowed now.
        checks: What the plans are checked against.
        parallelism: How many changes may run at the same time.
        screen: The terminal that shows new secrets, if any.
        signers: The file of those who may sign the saved plan; None to not verify its signature.
    """

    saved: str | None
    files: Sequence[str]
    workspaces: Sequence[str]
    allowed: Sequence[Allowance]
    checks: Checks
    parallelism: int
    screen: SecretTerminal | None = None
    signers: str | None = None


def inputs_of(saved: str | None, files: Sequence[str], signers: str | None) -> list[str]:
    """The documents, or the saved plan and the files that its signature is verified with.

    Raises:
        UsageError: There is no such file, or a signature but no saved plan.
    """
    if saved is not None:
        return [saved] if signers is None else [saved, f"{saved}{SUFFIX}", signers]
    if signers is not None:
        hint = "Save and sign the plan first:  beamctl plan --out plan.json --sign KEY"
        raise UsageError("--verify needs a saved plan", hint)
    return named_files(files)


@dataclass(frozen=True, slots=True)
class Review:
    """The plans to review. All are in the order of the documents.

    Attributes:
        planned: The plans.
        allowed: The hazards that are allowed.
        saved: The saved plan they come from, if any. It can be applied only once.
        command: The command that makes these plans again.
        failures: The workspaces that could not be planned, and those whose plans are refused.
        scope: What the shard is a part of; None if the run is not divided.
        order: All workspaces.
    """

    planned: Sequence[Planned]
    allowed: Sequence[Allowance]
    saved: Saved | None
    command: str
    failures: Sequence[WorkspaceFailure] = ()
    scope: ShardScope | None = None
    order: Sequence[str] = ()

    @property
    def several(self) -> bool:
        """Whether the run covers several workspaces."""
        return len({*(each.plan.workspace for each in self.planned), *(each.workspace for each in self.failures)}) > 1

    @property
    def due(self) -> Sequence[Planned]:
        """The plans that may be applied."""
        failed = {each.workspace for each in self.failures}
        return [each for each in self.planned if each.plan.workspace not in failed]

    def without(self, errors: Mapping[str, BeamctlError]) -> Review:
        """The review after more plans were refused, by workspace.

        Raises:
            BeamctlError: It is the only workspace.
        """
        raise_if_alone(errors.values(), 2 if self.several else 1)
        found = {each.workspace: each for each in self.failures}
        for each in self.planned:
            if (name := each.plan.workspace) in errors and name not in found:
                found[name] = failure(name, each.place, errors[name])
        return replace(self, failures=ordered(found.values(), self.order))


@dataclass(frozen=True, slots=True)
class ApplyProgress:
    """How far an apply is.

    Attributes:
        changes: How many changes have ended, of `of_changes`.
        runs: In how many workspaces it has ended, of `of_runs`.
    """

    changes: int
    of_changes: int
    runs: int
    of_runs: int


@dataclass(frozen=True, slots=True)
class AppliedPlan:
    """A plan that was begun, with its events."""

    planned: Planned
    events: Sequence[Event]

    @property
    def status(self) -> ApplyStatus:
        """How the apply ended in this workspace."""
        if is_not_permitted(self.events):
            return ApplyStatus.NOT_PERMITTED
        return ApplyStatus.DONE if totals(self.events).complete else ApplyStatus.PARTLY


class ApplyView(Protocol):
    """Shows an apply to the user and asks for approval."""

    def show(self, review: Review) -> None:
        """Show the plans."""

    def note(self, text: str) -> None:
        """Show a note."""

    def warn(self, text: str) -> None:
        """Show a warning."""

    def confirm(self, review: Review) -> bool:
        """Ask for approval, unless it was given in advance. Returns whether the user was asked.

        Raises:
            RefusedError: The user did not approve, or cannot be asked.
        """

    def progress(self, progress: ApplyProgress) -> None:
        """Show how far the apply is. Called at each event of any workspace, and about once a second."""

    def event(self, event: Event, total: int) -> None:
        """Show an event of an apply with `total` changes.

        Raises:
            UnwritableError: It cannot be shown.
        """

    def ended(self, applied: AppliedPlan) -> None:
        """Show the result in one workspace.

        Raises:
            UnwritableError: It cannot be shown.
        """


@dataclass(frozen=True, slots=True)
class Applied:
    """The result of an apply.

    Attributes:
        review: The plans, with the workspaces that were not changed because of an error.
        results: Each plan that was begun.
        ended_early: How the whole apply ended if it did not run to its end; None if it did.
    """

    review: Review
    results: Sequence[AppliedPlan]
    ended_early: ApplyStatus | None = None

    @property
    def statuses(self) -> Sequence[ApplyStatus]:
        """How it ended, in each workspace and in all."""
        return [*(each.status for each in self.results), *filter(None, [self.ended_early])]


@dataclass(frozen=True, slots=True)
class ApplySession:
    """What an apply works with.

    Attributes:
        access: How to reach the API.
        view: Shows the apply and asks for approval.
        redaction: Hides secrets in records and in output.
        interrupt: While this context is open, an interruption sets `access.stop`.
    """

    access: Access
    view: ApplyView
    redaction: OutputRedaction
    interrupt: AbstractContextManager[object]
